"""Months and the periods made of them, as numbers: month number = 12 · year + month − 1."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from data_access.filters import Freq

ROLLING = {Freq.ROLL3: 3, Freq.ROLL12: 12}
"""Months of a rolling period."""


class Period(NamedTuple):
    """A period: its id in answers, and the numbers of its first and last month."""

    id: str
    first: int
    last: int


def number(month: str) -> int:
    """'2025-03' as a month number."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


@lru_cache(maxsize=4096)
def text(month: int) -> str:
    """A month number as '2025-03'."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def shifted(month: str, by: int) -> str:
    """A month so many months later (earlier if negative)."""
    return text(number(month) + by)


def year_before(period: Period, freq: Freq) -> Period:
    """The same period of the year before."""
    first, last = period.first - 12, period.last - 12
    match freq:
        case Freq.QUARTER:
            id_ = f"{first // 12}-Q{first % 12 // 3 + 1}"
        case Freq.YEAR:
            id_ = str(first // 12)
        case Freq.RANGE:
            id_ = f"{text(first)}/{text(last)}"
        case Freq.MONTH | Freq.YTD | Freq.ROLL3 | Freq.ROLL12:
            id_ = text(last)
    return Period(id_, first, last)


def periods(freq: Freq, start: str, end: str) -> tuple[Period, ...]:
    """The periods of a range of months.

    Quarters and years are whole ones, those that any month of the range lies in: '2025' is January to December also
    where the range begins in March. Year to date is a period for each month, from January on; rolling periods are the 3
    or 12 months that end in each month. `range` is the range.
    """
    first, last = number(start), number(end)
    match freq:
        case Freq.MONTH:
            return tuple(Period(text(month), month, month) for month in range(first, last + 1))
        case Freq.YTD:
            return tuple(Period(text(month), month - month % 12, month) for month in range(first, last + 1))
        case Freq.ROLL3 | Freq.ROLL12:
            return tuple(Period(text(month), month - ROLLING[freq] + 1, month) for month in range(first, last + 1))
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
