"""What was current on a day: pulls made after it do not count."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from data_access.contracts import RAW_PUBLIC
from data_access.publishing.sources.vintages import newest, pulled_at, write_month

MAY, JUNE = (dt.datetime(2024, month, 7, 23, 59, tzinfo=dt.UTC) for month in (5, 6))
ROW = {"level": "HS10", "hts": "7601103000", "cty_code": "1220", "cty_name": "CANADA"}


@pytest.fixture
def pulls(tmp_path: Path) -> Path:
    """March pulled in May and June, April in June alone."""
    for at, month, value in ((MAY, "2024-03", 5), (JUNE, "2024-03", 6), (JUNE, "2024-04", 7)):
        rows = pa.Table.from_pylist([ROW | {"month": month, "consumption_value": value}], schema=RAW_PUBLIC)
        write_month(tmp_path, level="HS10", month=month, rows=rows, pulled_at=at)
    return tmp_path


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2024, 5, 7), {"2024-03": MAY}),
        (dt.date(2024, 6, 6), {"2024-03": MAY}),
        (dt.date(2024, 6, 7), {"2024-03": JUNE, "2024-04": JUNE}),
        (None, {"2024-03": JUNE, "2024-04": JUNE}),
    ],
)
def test_a_pull_counts_from_its_day_on(pulls: Path, day: dt.date | None, expected: dict[str, dt.datetime]) -> None:
    assert {month: pulled_at(path) for (_, month), path in newest(pulls, until=day).items()} == expected


def test_where_every_pull_is_later_all_count(pulls: Path) -> None:
    assert newest(pulls, until=dt.date(2024, 5, 6)) == newest(pulls)
