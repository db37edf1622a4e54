"""Releases of the small market, made by the publication itself, week after week."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import LICENSES, RAW_PUBLIC
from data_access.publishing.publish import publish
from data_access.publishing.sources.vintages import write_month
from tests.attack.market import CODES, License, records

CENSUS = {"CAN": "1220", "MEX": "2010", "ARE": "5200", "CHN": "5700", "DEU": "4280"}
POLICY = """\
name = "attacked"
secret = "00112233445566778899aabbccddeeff"
ranges = true

[rules]
p = 10
n_min = 3

[calendar]
close_days = 7
final_days = 75
listed = 3

[review]
least = 100000
"""
CLOSE_DAYS = 7
LISTED = frozenset({"CAN", "MEX", "ARE"})


def publish_week(base: Path, licenses: Sequence[License], day: str) -> Path:
    """Publish the licenses as they stand on a day, after the weeks before.

    Gives a directory in which that release stays the current one when the next week comes.
    """
    if not (base / "policy.toml").exists():
        (base / "policy.toml").write_text(POLICY)
        _write_public(base / "public")
    path = base / f"licenses-{day}.parquet"
    pq.write_table(pa.Table.from_pylist(records(licenses, day), schema=LICENSES), path)
    publish(
        public=base / "public",
        licenses=path,
        policy=base / "policy.toml",
        out=base / "releases",
        state=base / "state",
        decisions=None,
        as_of=date.fromisoformat(day),
        progress=False,
    )
    week = base / "weeks" / day
    week.mkdir(parents=True)
    (week / "current").symlink_to((base / "releases" / "current").resolve())
    return week


def is_weekly(month: str, day: str) -> bool:
    """Whether a month is not closed on a day."""
    end = date(int(month[:4]), int(month[5:]), monthrange(int(month[:4]), int(month[5:]))[1])
    return date.fromisoformat(day) < end + timedelta(days=CLOSE_DAYS)


def _write_public(directory: Path) -> None:
    """Public statistics of the years before: they tell which countries are listed, and how large cells may be."""
    sizes = dict(zip(CENSUS, (9, 6, 5, 2, 2), strict=True))
    for month in ("2024-06", "2025-06"):
        rows = [_raw(month, code, CENSUS[country], size) for code in CODES for country, size in sizes.items()]
        rows += [_raw(month, code, "-", sum(sizes.values())) for code in CODES]
        table = pa.Table.from_pylist(rows, schema=RAW_PUBLIC)
        write_month(directory, level="HS10", month=month, rows=table, pulled_at=datetime(2026, 1, 8, tzinfo=UTC))


def _raw(month: str, code: str, country: str, size: int) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(RAW_PUBLIC.names)
    value, kg = 100_000 * size, 30_000 * size
    row |= {"month": month, "hts": code, "level": "HS10", "cty_code": country, "cty_name": f"COUNTRY {country}"}
    row |= {"general_value": value, "consumption_value": value, "general_qty1": kg, "consumption_qty1": kg}
    return row | {"unit1": "KG", "unit2": "-"}
