"""A Census API of the test's own, with four months of three codes from three countries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_census import FakeCensus, month_rows, serving


@pytest.fixture
def census() -> Iterator[FakeCensus]:
    with serving() as fake:
        fake.rows = [row for month in range(1, 5) for row in month_rows(f"2025-{month:02d}")]
        yield fake
