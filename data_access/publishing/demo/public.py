"""Public statistics of the demonstration: the layout and writer of a pull from the Census API."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data_access.contracts import RAW_PUBLIC
from data_access.publishing.demo.imports import Imports
from data_access.publishing.demo.revisions import Revisions
from data_access.publishing.sources.vintages import write_month
from data_access.reference import Reference

LEVEL: Final = "HS10"
TOTAL: Final = "-"
TOTAL_NAME: Final = "TOTAL FOR ALL COUNTRIES"

DELAY: Final = timedelta(days=37)
"""From a month's end to its figures: five to seven weeks, here always as many days."""

HOUR: Final = time(13, 30, tzinfo=UTC)
"""8.30 in Washington in winter, when statistics appear."""

CENSUS_UNIT: Final = {"kg": "KG", "No.": "NO", "m2": "M2"}
"""Units of the reference tables as the Census API writes them."""

KG_PER_UNIT: Final = {
    "7611": 80.0, "761210": 0.02, "761290": 0.02, "7613": 9.0, "7615": 1.1, "7616995130": 7.0, "7616995140": 2.0,
    "7607116": 0.1,
}  # fmt: skip
"""Weight of a piece, or of a square meter of foil, by first digits of a code (assumed)."""

FIGURES: Final = ("value", "kg")


def last_public_month(as_of: date) -> str:
    """The last month whose public figures are out."""
    end = as_of.replace(day=1) - timedelta(days=1)
    while end + DELAY > as_of:
        end = end.replace(day=1) - timedelta(days=1)
    return f"{end:%Y-%m}"


def pulled_at(month: str) -> datetime:
    """When a pull was made whose last month is this one: the hour its figures appeared."""
    year, number = int(month[:4]), int(month[5:])
    end = date(year, number, calendar.monthrange(year, number)[1])
    return datetime.combine(end + DELAY, HOUR)


def write_public(
    directory: Path,
    imports: Imports,
    *,
    lasts: Sequence[str],
    revisions: Revisions,
    reference: Reference,
    step: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Write pulls of level HS10, one up to each month of `lasts` (in order); gives the number of months.

    The first pull holds all months up to its last, a later one what is new or revised since. The newest of a month that
    is old enough tells the figures of `imports`.
    """
    count = 0
    for last in lasts:
        end = imports.months.index(last) + 1
        known = revisions.as_of(imports, end - 1)
        # A month that is settled in the pull before has its figures there.
        first = max(count - revisions.oldest, 0)
        write = range(first if count else 0, end)
        _write_pull(directory, known, write, at=pulled_at(last), reference=reference, step=step)
        count = end
    return count


def _write_pull(
    directory: Path,
    imports: Imports,
    places: range,
    *,
    at: datetime,
    reference: Reference,
    step: Callable[[int, int], None],
) -> None:
    """Write the months of these places as known at that time."""
    rows = _with_totals(imports.where((imports.month >= places.start) & (imports.month < places.stop)))
    table = _table(rows, imports, reference, at)
    for done, place in enumerate(places, start=1):
        first, end = np.searchsorted(rows["month"], [place, place + 1])
        part = table.slice(first, end - first)
        write_month(directory, level=LEVEL, month=imports.months[place], rows=part, pulled_at=at, demonstration=True)
        step(done, len(places))


Rows = dict[str, NDArray[np.int64]]


def _with_totals(imports: Imports) -> Rows:
    """The rows, and for each month and code the sum of its countries (country -1), by month."""
    new = (np.diff(imports.month, prepend=-1) != 0) | (np.diff(imports.code, prepend=-1) != 0)
    first = np.flatnonzero(new)
    rows = {
        "month": np.append(imports.month, imports.month[first]),
        "code": np.append(imports.code, imports.code[first]),
        "country": np.append(imports.country, np.full(len(first), -1)),
    }
    amounts = {
        "general_value": imports.general_value,
        "consumption_value": imports.value,
        "general_kg": imports.general_kg,
        "consumption_kg": imports.kg,
        "general_units": _units(imports.general_kg, imports),
        "consumption_units": _units(imports.kg, imports),
    }
    rows |= {name: np.append(amount, np.add.reduceat(amount, first)) for name, amount in amounts.items()}
    order = np.argsort(rows["month"], kind="stable")
    return {name: column[order] for name, column in rows.items()}


def _units(kg: NDArray[np.int64], imports: Imports) -> NDArray[np.int64]:
    """Pieces or square meters that weigh so much."""
    weight = [next((kg for start, kg in KG_PER_UNIT.items() if code.startswith(start)), 1.0) for code in imports.codes]
    return np.asarray(np.ceil(kg / np.array(weight)[imports.code]), np.int64)


def _table(rows: Rows, imports: Imports, reference: Reference, at: datetime) -> pa.Table:
    units = [reference.products[code].units for code in imports.codes]
    census = [_census(country, reference) for country in imports.countries] + [(TOTAL, TOTAL_NAME)]
    size = len(rows["month"])
    columns: dict[str, Any] = {
        "month": _taken(imports.months, rows["month"]),
        "hts": _taken(imports.codes, rows["code"]),
        "level": _taken([LEVEL], np.zeros(size, np.int64)),
        "cty_code": _taken([code for code, _ in census], rows["country"] % len(census)),
        "cty_name": _taken([name for _, name in census], rows["country"] % len(census)),
        "last_update": _taken([f"{at:%Y-%m-%d}"], np.zeros(size, np.int64)),
    }
    for number in (1, 2):
        unit = [of_code[number - 1] if len(of_code) >= number else None for of_code in units]
        columns[f"unit{number}"] = _taken([CENSUS_UNIT[one] if one else None for one in unit], rows["code"])
        in_kg = np.array([one == "kg" for one in unit])[rows["code"]]
        missing = np.array([one is None for one in unit])[rows["code"]]
        for basis in ("general", "consumption"):
            figures = np.where(in_kg, rows[f"{basis}_kg"], rows[f"{basis}_units"])
            columns[f"{basis}_qty{number}"] = pa.array(figures, mask=missing)
    columns |= {f"{basis}_value": pa.array(rows[f"{basis}_value"]) for basis in ("general", "consumption")}
    absent = {field.name: pa.nulls(size, field.type) for field in RAW_PUBLIC if field.name not in columns}
    return pa.table({field.name: (columns | absent)[field.name] for field in RAW_PUBLIC}, schema=RAW_PUBLIC)


def _census(country: str, reference: Reference) -> tuple[str, str]:
    found = reference.countries[country]
    return found.census_codes[0], found.name.upper()


def _taken(values: Any, indices: NDArray[np.int64]) -> Any:
    return pa.array(list(values), pa.string()).take(pa.array(indices, pa.int64()))
