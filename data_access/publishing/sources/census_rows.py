"""Answers of the Census API to typed rows: columns by name, countries only, figures as whole numbers, nulls kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from data_access.contracts import RAW_PUBLIC
from data_access.errors import UserError
from data_access.publishing.sources.census_client import Table
from data_access.publishing.sources.census_query import CHAPTER, DIGITS, VARIABLES, Query

Record = Mapping[str, str | None]
"""One row of an answer: variable to text."""

TOTAL: Final = "-"
"""Country code of the row TOTAL FOR ALL COUNTRIES."""

_COUNTRY = re.compile(r"[1-9]\d{3}")
_GROUP = re.compile(r"0\d{3}|\dXXX")
_WHOLE = re.compile(r"-?\d+")
_FIGURES: Final = tuple(f.name for f in RAW_PUBLIC if f.type == pa.int64())
_UNITS: Final = ("unit1", "unit2")
_NO_UNIT: Final = ("", "-")


def records(table: Table, query: Query) -> dict[str, list[Record]]:
    """Rows of an answer by month, without groups of countries, which overlap (SUMMARY_LVL=CGP).

    Raises UserError where the answer lacks a column, a row is of another length, or of a month not asked for.
    """
    header = table[0]
    lacking = [name for name in (*VARIABLES, "time") if name not in header]
    if lacking:
        raise UserError(f"Census API, {query}: expected a column {', '.join(lacking)}, found none")
    # A predicate that is asked for as well comes twice: the first is the one asked for.
    place = {name: header.index(name) for name in (*VARIABLES, "time", "SUMMARY_LVL") if name in header}
    by_month: dict[str, list[Record]] = {}
    for number, row in enumerate(table[1:], start=1):
        if len(row) != len(header):
            raise UserError(
                f"Census API, {query}: row {number:,}: expected {len(header)} values, found {len(row)}; try again later"
            )
        record = {name: row[index] for name, index in place.items()}
        if record["time"] not in query.months:
            raise UserError(
                f"Census API, {query}: row {number:,}, column time: expected a month asked for, found {record['time']}"
            )
        if record.get("SUMMARY_LVL") != "CGP" and not _GROUP.fullmatch(record["CTY_CODE"] or ""):
            by_month.setdefault(record["time"] or "", []).append(record)
    return by_month


def typed(found: Sequence[Record], *, month: str, level: str) -> tuple[pa.Table, list[str]]:
    """Rows of one month as `contracts.RAW_PUBLIC`, and all problems with them; the table holds if there is none.

    A null stays null. A row that comes twice with the same content counts once.
    """
    rows: dict[tuple[str | None, str | None], dict[str, str | int | None]] = {}
    problems: list[str] = []
    for record in found:
        code, country = record["I_COMMODITY"], record["CTY_CODE"]
        where = f"{month}, code {code}, country {country}"
        faults = _key_problems(record, level=level)
        row, bad = _row(record, month=month, level=level)
        if rows.setdefault((code, country), row) != row:
            faults.append("expected one row, found two that differ")
        problems += [f"{where}: {fault}" for fault in faults + bad]
    table = pa.Table.from_pylist([] if problems else list(rows.values()), schema=RAW_PUBLIC)
    return table, problems


def _key_problems(record: Record, *, level: str) -> list[str]:
    code, country = record["I_COMMODITY"] or "", record["CTY_CODE"] or ""
    problems = []
    if not (len(code) == DIGITS[level] and code.isdigit() and code.startswith(CHAPTER)):
        problems.append(f"column I_COMMODITY: expected a code of {DIGITS[level]} digits from {CHAPTER} on")
    if country != TOTAL and not _COUNTRY.fullmatch(country):
        problems.append("column CTY_CODE: expected a code of Schedule C (four digits), or '-' for the total")
    return problems


def _row(record: Record, *, month: str, level: str) -> tuple[dict[str, str | int | None], list[str]]:
    row: dict[str, str | int | None] = {"month": month, "level": level}
    problems = []
    for variable, column in VARIABLES.items():
        text = record[variable]
        if column in _FIGURES and text is not None:
            if _WHOLE.fullmatch(text):
                row[column] = int(text)
            else:
                problems.append(f"column {variable}: expected a whole number or null, found {text[:40]!r}")
        elif column in _UNITS and (text or "").strip() in _NO_UNIT:
            row[column] = None
        else:
            row[column] = text
    row["cty_name"] = row["cty_name"] or ""
    return row, problems
