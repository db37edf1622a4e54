"""License tables of a release as arrays: published cells, and the status of those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_access.filters import ALL, MONTH
from data_access.serving.cube.figures import (
    FROM_LICENSE,
    NO_DATE,
    NOT_PUBLISHED,
    NOT_REPORTED,
    NOT_YET,
    PUBLISHED,
    Figures,
    Integers,
    Ranks,
    nothing,
)
from data_access.serving.periods import number

Key = tuple[str, ...]
"""Product, then the place in each dimension of the table."""


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """One row of a license table; `value` in US$ and `kg` are None unless published, `as_of` is an index of dates."""

    period: str
    key: Key
    value: int | None
    kg: int | None
    status: int
    as_of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """License months as numbers: the first and last closed one, and those still filling."""

    first: int
    last: int
    filling: frozenset[int]

    def status(self, first: int, last: int) -> Ranks:
        """What a cell without a row is, month by month: before the first, after the last closed one, in between."""
        months = np.arange(first, last + 1)
        status = np.full(len(months), NOT_PUBLISHED, np.int8)
        status[months < self.first] = NOT_REPORTED
        status[months > self.last] = NOT_YET
        return status


@dataclass(frozen=True, slots=True)
class _Months:
    """The monthly cells of one key, from the first month of the table on."""

    value: Integers
    kg: Integers
    status: Ranks
    as_of: npt.NDArray[np.int16]


class LicenseTable:
    """The cells of one table, by key and month; cells of quarters and years beside them."""

    __slots__ = ("_base", "_calendar", "_levels", "_longer", "_months", "_width")

    def __init__(self, rows: Iterable[LicenseRow], calendar: Calendar) -> None:
        self._calendar = calendar
        rows = list(rows)
        months = [number(row.period) for row in rows if MONTH.fullmatch(row.period)] or [calendar.first]
        self._base = min(months)
        self._width = max(months) - self._base + 1
        self._months: dict[Key, _Months] = {}
        self._longer: dict[tuple[Key, str], LicenseRow] = {}
        for row in rows:
            self._put(row)
        self._levels = {_level(row.key) for row in rows}

    def _put(self, row: LicenseRow) -> None:
        if not MONTH.fullmatch(row.period):
            self._longer[row.key, row.period] = row
            return
        if row.key not in self._months:
            self._months[row.key] = self._empty()
        cells, place = self._months[row.key], number(row.period) - self._base
        cells.status[place] = row.status
        cells.as_of[place] = row.as_of
        # A row that is not published holds null; were it otherwise, its figure would still stay out.
        if row.status == PUBLISHED and row.value is not None and row.kg is not None:
            cells.value[place] = row.value
            cells.kg[place] = row.kg

    def _empty(self) -> _Months:
        return _Months(
            value=np.zeros(self._width, np.int64),
            kg=np.zeros(self._width, np.int64),
            status=self._calendar.status(self._base, self._base + self._width - 1),
            as_of=np.full(self._width, NO_DATE, np.int16),
        )

    def places(self, product: str, dimension: int) -> frozenset[str]:
        """The places of one dimension for which the table has a row of the product, `all` left out."""
        keys = [*self._months, *(key for key, _ in self._longer)]
        return frozenset(key[dimension + 1] for key in keys if key[0] == product and key[dimension + 1] != ALL)

    def months(self, key: Key, first: int, last: int) -> Figures:
        """The cells of a key for months `first` to `last` (month numbers), one row of figures.

        A product that the table does not break down so far is not published in any month.
        """
        figures = nothing((1, last - first + 1), status=NOT_PUBLISHED, source=FROM_LICENSE)
        if _level(key) not in self._levels:
            return figures
        figures.status[0] = self._calendar.status(first, last)
        cells = self._months.get(key)
        low, high = max(first, self._base), min(last, self._base + self._width - 1)
        if cells is not None and low <= high:
            here, there = slice(low - first, high - first + 1), slice(low - self._base, high - self._base + 1)
            figures.status[0, here] = cells.status[there]
            figures.as_of[0, here] = cells.as_of[there]
            figures.value[0, here] = figures.weighed[0, here] = cells.value[there]
            figures.kg[0, here] = cells.kg[there]
        figures.weight_status[0] = figures.status[0]
        return figures

    def period(self, key: Key, period: str) -> LicenseRow | None:
        """The cell of a longer period, where the table has one of its own."""
        return self._longer.get((key, period))


def _level(key: Key) -> tuple[str | bool, ...]:
    return (key[0], *(place == ALL for place in key[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseCube:
    """The license tables of a release, by name."""

    calendar: Calendar
    tables: Mapping[str, LicenseTable]
