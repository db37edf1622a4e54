"""What the checks of all tables share: findings with their place, and tests of single cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

from data_access.reference.tables import Row

Lines = list[tuple[int, Row]]
"""Rows of a table with their line in the file."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Whether a text is a month as YYYY-MM."""
    return _MONTH.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Whether a text is a day as YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def month_before(month: str) -> str:
    """The month before a month (YYYY-MM)."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"


def finding(table: str, line: int, column: str, expected: str, found: str) -> str:
    """One finding: where, what was expected, what was found."""
    return f"{table}.csv, line {line}, {column}: expected {expected}, found {found or 'nothing'}"


def filled(table: str, lines: Lines, columns: Iterable[str]) -> Iterator[str]:
    """Findings of cells that must not be empty."""
    for line, row in lines:
        for column in columns:
            if not row[column]:
                yield finding(table, line, column, "an entry", "")


def unique(table: str, lines: Lines, column: str) -> Iterator[str]:
    """Findings of a column whose cells must differ."""
    seen: dict[str, int] = {}
    for line, row in lines:
        first = seen.setdefault(row[column], line)
        if first != line and row[column]:
            yield finding(table, line, column, f"an entry of its own (line {first} has the same)", row[column])


def among(table: str, lines: Lines, column: str, allowed: Iterable[str]) -> Iterator[str]:
    """Findings of a column whose cells must be one of some words."""
    words = list(allowed)
    for line, row in lines:
        if row[column] not in words:
            yield finding(table, line, column, f"one of {', '.join(words)}", row[column])


def months(table: str, lines: Lines, columns: Iterable[str]) -> Iterator[str]:
    """Findings of cells that must be a month or empty."""
    for line, row in lines:
        for column in columns:
            if row[column] and not is_month(row[column]):
                yield finding(table, line, column, "a month as YYYY-MM, or nothing", row[column])


def in_order(table: str, lines: Lines, first: str, last: str) -> Iterator[str]:
    """Findings of spans that end before they begin."""
    for line, row in lines:
        if row[first] and row[last] and row[first] > row[last]:
            yield finding(table, line, last, f"no month before {first} {row[first]}", row[last])
