"""A Census API of the test's own, and a pull from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_census import FAST, KEY, FakeCensus, serving

from data_access.publishing.sources.census import pull_imports

NOW = dt.datetime(2024, 6, 20, 12, 0, tzinfo=dt.UTC)

Pull = Callable[..., str]


@pytest.fixture
def census() -> Iterator[FakeCensus]:
    with serving() as fake:
        yield fake


@pytest.fixture
def pull(census: FakeCensus, tmp_path: Path) -> Pull:
    """Pull from the test's own API into tmp_path/public; the clock stands at 20 June 2024 unless told otherwise."""

    def run(start: str = "2024-01", end: str = "2024-03", **changes: object) -> str:
        arguments: dict[str, object] = {
            "out": tmp_path / "public",
            "key": KEY,
            "base_url": census.url,
            "level": "HS10",
            "progress": False,
            "pace": FAST,
            "clock": lambda: NOW,
        }
        return pull_imports(start=start, end=end, **{**arguments, **changes})  # type: ignore[arg-type]

    return run
