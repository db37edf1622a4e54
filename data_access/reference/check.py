"""`reference check`: are the tables sound, and which codes do data hold that they lack?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.errors import UserError
from data_access.reference import Reference, load
from data_access.reference.check_countries import check_countries, check_events, check_groups
from data_access.reference.check_glossary import check_glossary
from data_access.reference.check_orders import check_orders, check_watch
from data_access.reference.check_products import check_changes, check_products
from data_access.reference.checks import Lines
from data_access.reference.product import is_chapter_code
from data_access.reference.tables import COLUMNS, read_rows

TOTAL = "-"
"""Country code of the row that totals all countries."""

_FIGURES = ("general_value", "consumption_value", "general_qty1", "consumption_qty1")


def check_reference(public: Path | None = None, *, directory: Path | None = None) -> tuple[list[str], list[str]]:
    """Check the reference tables of a directory (by default those of this package).

    Gives errors of the tables, and notes on the pulls of public statistics in `public`: codes and countries that the
    tables lack, and codes with figures outside their validity. Notes are no errors: such figures are kept.
    """
    errors = check_tables(directory)
    if public is None or errors:
        return errors, []
    if not public.is_dir():
        return [f"{public}: expected a directory of pulls of public statistics, found none"], []
    seen, unreadable = _read_pulls(public)
    return unreadable, _notes(seen, load(directory))


def check_tables(directory: Path | None = None) -> list[str]:
    """What is wrong with the tables of a directory, all findings at once."""
    tables: dict[str, Lines] = {}
    errors = []
    for name in COLUMNS:
        try:
            tables[name] = list(enumerate(read_rows(directory, name), start=2))
        except UserError as error:
            errors.append(str(error))
    return errors or list(_findings(tables))


def _findings(tables: dict[str, Lines]) -> Iterator[str]:
    yield from check_products(tables["products"])
    yield from check_changes(tables["code_changes"], tables["products"])
    yield from check_countries(tables["countries"])
    yield from check_groups(tables["groups"], tables["countries"])
    yield from check_events(tables["events"])
    yield from check_orders(tables["orders"], tables["products"], tables["countries"])
    yield from check_watch(tables["watch"], tables["countries"])
    yield from check_glossary(tables["glossary"])


@dataclass(slots=True)
class _Seen:
    """Codes that pulls hold: months of each product code, months with a figure, months and names of countries."""

    codes: dict[str, set[str]] = field(default_factory=dict)
    figures: dict[str, set[str]] = field(default_factory=dict)
    countries: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def _read_pulls(public: Path) -> tuple[_Seen, list[str]]:
    seen = _Seen()
    unreadable = []
    for path in sorted(public.glob("*/*/*.parquet")):
        try:
            rows = pq.read_table(path, columns=["month", "hts", "cty_code", "cty_name", *_FIGURES])
        except (OSError, pa.ArrowException) as error:
            unreadable.append(f"{path}: expected a pull of public statistics, found {error}; pull the month anew")
            continue
        _collect(rows, seen)
    return seen, unreadable


def _collect(rows: pa.Table, seen: _Seen) -> None:
    for month, code in _distinct(rows, ["month", "hts"]):
        seen.codes.setdefault(code, set()).add(month)
    with_figure = reduce(or_, (pc.field(name) != 0 for name in _FIGURES))
    for month, code in _distinct(rows.filter(with_figure), ["month", "hts"]):
        seen.figures.setdefault(code, set()).add(month)
    for month, code, name in _distinct(rows, ["month", "cty_code", "cty_name"]):
        seen.countries.setdefault(code, set()).add(month)
        seen.names[code] = name


def _distinct(rows: pa.Table, columns: list[str]) -> list[tuple[str, ...]]:
    found = rows.group_by(columns).aggregate([]).select(columns).to_pydict()
    return list(zip(*found.values(), strict=True))


def _notes(seen: _Seen, reference: Reference) -> list[str]:
    if not seen.codes:
        return ["no pulls of public statistics found"]
    unknown = sorted(code for code in seen.codes if code not in reference.products)
    products = reference.products.with_observed(code for code in unknown if is_chapter_code(code))
    notes = []
    for code in unknown:
        kept = f"kept under {products[code].parent}" if code in products else "of no place in the tree, so not kept"
        notes.append(f"product code {code}, seen {_span(seen.codes[code])}, is not in products.csv; {kept}")
    notes += [
        f"country code {code} ({seen.names[code]}), seen {_span(months)}, is not in countries.csv; kept as C{code}"
        for code, months in sorted(seen.countries.items())
        if code != TOTAL and reference.countries.by_census(code) is None
    ]
    for code, months in sorted(seen.figures.items()):
        outside = {month for month in months if code in products and not products.is_valid(code, month)}
        if outside:
            notes.append(f"product code {code} has figures outside its validity, {_span(outside)}: mend products.csv")
    return notes


def _span(months: set[str]) -> str:
    first, last = min(months), max(months)
    return first if first == last else f"{first} to {last} ({len(months)} months)"
