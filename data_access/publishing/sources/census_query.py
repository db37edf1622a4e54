"""Queries to the Census API of imports by HS code: what is asked of it, and how a query that is too large is halved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

API_PATH: Final = "/data/timeseries/intltrade/imports/hs"
CHAPTER: Final = "76"
DIGITS: Final = {"HS2": 2, "HS4": 4, "HS6": 6, "HS10": 10}
"""Level of a pull to the length of its codes."""

VARIABLES: Final = {
    "I_COMMODITY": "hts",
    "CTY_CODE": "cty_code",
    "CTY_NAME": "cty_name",
    "GEN_VAL_MO": "general_value",
    "CON_VAL_MO": "consumption_value",
    "GEN_QY1_MO": "general_qty1",
    "CON_QY1_MO": "consumption_qty1",
    "UNIT_QY1": "unit1",
    "GEN_QY2_MO": "general_qty2",
    "CON_QY2_MO": "consumption_qty2",
    "UNIT_QY2": "unit2",
    "GEN_QY1_MO_FLAG": "general_qty1_flag",
    "CON_QY1_MO_FLAG": "consumption_qty1_flag",
    "GEN_QY2_MO_FLAG": "general_qty2_flag",
    "CON_QY2_MO_FLAG": "consumption_qty2_flag",
    "LAST_UPDATE": "last_update",
}
"""Variables asked for, to columns of `contracts.RAW_PUBLIC`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Rows by country of the codes with one of these beginnings, in these consecutive months (YYYY-MM)."""

    level: str
    months: tuple[str, ...]
    stems: tuple[str, ...] = (CHAPTER,)

    def parameters(self) -> list[tuple[str, str]]:
        """As the API takes them, without the key.

        Several commodities are a repeated parameter: a list with commas answers 204. `DET` leaves out the groups of
        countries, which overlap.
        """
        first, last = self.months[0], self.months[-1]
        return [
            ("get", ",".join(VARIABLES)),
            ("time", first if first == last else f"from {first} to {last}"),
            *(("I_COMMODITY", f"{stem}*") for stem in self.stems),
            ("COMM_LVL", self.level),
            ("SUMMARY_LVL", "DET"),
        ]

    def halves(self) -> tuple[Query, Query] | None:
        """Two queries that give together what this one gives, or None for a single code in a single month."""
        if len(self.months) > 1:
            middle = len(self.months) // 2
            return replace(self, months=self.months[:middle]), replace(self, months=self.months[middle:])
        stems = self.stems
        if len(stems) == 1:
            if len(stems[0]) >= DIGITS[self.level]:
                return None
            stems = tuple(f"{stems[0]}{digit}" for digit in range(10))
        middle = len(stems) // 2
        return replace(self, stems=stems[:middle]), replace(self, stems=stems[middle:])

    def __str__(self) -> str:
        codes = "" if self.stems == (CHAPTER,) else f", codes from {', '.join(self.stems)} on"
        return f"chapter {CHAPTER} at {self.level}, {spans(self.months)}{codes}"


def month_range(start: str, end: str) -> tuple[str, ...]:
    """Months YYYY-MM from start to end, both included."""
    first, last = _ordinal(start), _ordinal(end)
    return tuple(_month(ordinal) for ordinal in range(first, last + 1))


def runs(months: Iterable[str], *, longest: int) -> Iterator[tuple[str, ...]]:
    """Months in order, cut into runs of consecutive ones, none longer than `longest`."""
    run: list[str] = []
    for month in sorted(months):
        if run and (len(run) == longest or _ordinal(month) != _ordinal(run[-1]) + 1):
            yield tuple(run)
            run = []
        run.append(month)
    if run:
        yield tuple(run)


def spans(months: Sequence[str]) -> str:
    """Months for a reader: '2013-01 to 2013-06, 2014-02'."""
    found = runs(months, longest=len(months) + 1)
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in found)


def _ordinal(month: str) -> int:
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def _month(ordinal: int) -> str:
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"
