"""Months and the periods made of them, as numbers: month number = 12 · year + month − 1."""

from __future__ import annotations

from typing import NamedTuple

from data_access.filters import Freq


class Period(NamedTuple):
    """A period: its id in answers, and the numbers of its first and last month."""

    id: str
    first: int
    last: int


def number(month: str) -> int:
    """'2025-03' as a month number."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def text(month: int) -> str:
    """A month number as '2025-03'."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def periods(freq: Freq, start: str, end: str) -> tuple[Period, ...]:
    """The periods of a range of months.

    Quarters and years are whole ones, those that any month of the range lies in: '2025' is January to December also
    where the range begins in March. Year to date is a period for each month, from January on. `range` is the range.
    """
    first, last = number(start), number(end)
    match freq:
        case Freq.MONTH:
            return tuple(Period(text(month), month, month) for month in range(first, last + 1))
        case Freq.YTD:
            return tuple(Period(text(month), month - month % 12, month) for month in range(first, last + 1))
        case Freq.QUARTER:
            return tuple(
                Period(f"{month // 12}-Q{month % 12 // 3 + 1}", month, month + 2)
                for month in range(first - first % 3, last + 1, 3)
            )
        case Freq.YEAR:
            return tuple(
                Period(str(month // 12), month, month + 11) for month in range(first - first % 12, last + 1, 12)
            )
        case Freq.RANGE:
            return (Period(f"{start}/{end}", first, last),)
