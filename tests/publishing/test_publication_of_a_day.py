"""A publication with a date takes public statistics as they were known on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from publication_inputs import CANADA, TOTAL, raw_row, write_raw

from data_access.contracts import read_manifest
from data_access.publishing.publish import publish

CODE = "7601103000"
FIRST, SECOND = datetime(2025, 5, 7, tzinfo=UTC), datetime(2025, 6, 6, tzinfo=UTC)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """March out in May, revised in June when April came out."""
    directory = tmp_path / "public"
    for month, value, pulled in (("2025-03", 100, FIRST), ("2025-03", 110, SECOND), ("2025-04", 120, SECOND)):
        rows = [raw_row(CODE, country, value, 10) for country in (CANADA, TOTAL)]
        write_raw(directory, month, rows, pulled=pulled)
    return directory


def released(public: Path, out: Path, day: date | None) -> tuple[str, list[int], dict[str, str]]:
    """Newest public month, value of March, and vintages of a release."""
    publish(public=public, licenses=None, policy=None, out=out, state=None, decisions=None, as_of=day, progress=False)
    manifest = read_manifest(out / "current")
    rows = pq.read_table(out / "current" / "public.parquet").to_pylist()
    march = [row["consumption_value"] for row in rows if (row["month"], row["country"]) == ("2025-03", "CAN")]
    return manifest.public.as_of, march, dict(manifest.public.vintages)


def test_a_later_pull_is_not_used(public: Path, tmp_path: Path) -> None:
    as_of, march, vintages = released(public, tmp_path / "releases", date(2025, 6, 5))
    assert (as_of, march) == ("2025-03", [100])
    assert vintages == {"2025-03": "2025-05-07T00-00-00Z"}


@pytest.mark.parametrize("day", [date(2025, 6, 6), None])
def test_a_pull_of_the_day_is_and_so_is_any_where_no_day_is_named(
    public: Path, tmp_path: Path, day: date | None
) -> None:
    as_of, march, _ = released(public, tmp_path / "releases", day)
    assert (as_of, march) == ("2025-04", [110])


def test_a_later_release_holds_the_revision(public: Path, tmp_path: Path) -> None:
    out = tmp_path / "releases"
    assert released(public, out, date(2025, 5, 20))[1] == [100]
    assert released(public, out, date(2025, 6, 20))[1] == [110]
