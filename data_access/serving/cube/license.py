"""License tables of a release as arrays: published cells, the status of those that are not, and what absent rows mean.

An absent cell is no object: its level and its period tell what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data_access.contracts import ALL, LICENSE_DIMENSIONS, MEMBERS, Absent
from data_access.filters import MONTH
from data_access.serving.cube.figures import (
    FROM_LICENSE,
    HIDDEN,
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

Key = tuple[str, str, str, str, str]
"""Product, then the member of each of `MEMBERS`: a country, `all`, `not_applicable` or `unknown`."""
Bounds = tuple[int | None, int | None]
"""The least and the most that a withheld figure can be; None where the release gives no such bound."""
Dates = npt.NDArray[np.int16]
TABLE_OF = {frozenset(own): name for name, own in LICENSE_DIMENSIONS.items()} | {frozenset(): "origin"}
"""The table of cells that name a member in these dimensions; products of all countries are in `origin`."""
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """The one cell of a longer period; `value` in US$ and `kg` are None unless published, `as_of` is an index of
    dates. `ranges` are bounds of value and weight."""

    value: int | None
    kg: int | None
    status: int
    as_of: int
    ranges: tuple[Bounds, Bounds] | None = None


class Own(NamedTuple):
    """A period as license tables name it, '2025-Q1', '2025-01/2025-06' or '2025-03', None where they have no such
    rows; and its first and last month."""

    id: str | None
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The rows of a license table as columns, in any order.

    `key` (row of it: product, then the table's own dimensions) holds indices of `ids`, `period` those of `periods`.
    `value` (US$) and `kg` mean nothing unless `status` is published. `ranges` has a row for each of value_low,
    value_high, kg_low, kg_high, −1 where there is none; None where the release has no ranges.
    """

    ids: Sequence[str]
    periods: Sequence[str]
    key: npt.NDArray[np.int32]
    period: npt.NDArray[np.int16]
    value: Integers
    kg: Integers
    status: Ranks
    as_of: Dates
    ranges: Integers | None = None


class LicenseTable:
    """The rows of one table, sorted by key and period; a key is one number, so that none costs an object."""

    __slots__ = ("_codes", "_columns", "_ids", "_month", "_periods", "_starts")

    def __init__(self, columns: Columns) -> None:
        base = max(len(columns.ids), 1)
        codes = np.zeros(len(columns.value), np.int64)
        for part in columns.key:
            codes = codes * base + part
        order = np.lexsort((columns.period, codes))
        self._codes, starts = np.unique(codes[order], return_index=True)
        self._starts = np.append(starts, len(order)).astype(np.int64)
        self._columns = _taken(columns, order)
        self._ids = {id_: place for place, id_ in enumerate(columns.ids)}
        self._periods = {period: place for place, period in enumerate(columns.periods)}
        months = [number(period) if MONTH.fullmatch(period) else NOWHERE for period in columns.periods]
        self._month = np.array(months or [NOWHERE], np.int32)

    def _rows(self, parts: Sequence[str]) -> slice:
        """The rows of a key: product and members of the table's own dimensions."""
        code = 0
        for part in parts:
            place = self._ids.get(part)
            if place is None:
                return slice(0, 0)
            code = code * len(self._ids) + place
        found = int(np.searchsorted(self._codes, code))
        if found == len(self._codes) or self._codes[found] != code:
            return slice(0, 0)
        return slice(int(self._starts[found]), int(self._starts[found + 1]))

    def fill(self, parts: Sequence[str], figures: Figures, row: int, first: int) -> None:
        """Put the monthly rows of a key into a row of figures whose first month has this number."""
        rows = self._rows(parts)
        column = self._month[self._columns.period[rows]] - first
        inside = (column >= 0) & (column < figures.status.shape[1])
        column = column[inside]
        taken = {name: getattr(self._columns, name)[rows][inside] for name in ("value", "kg", "status", "as_of")}
        # A row that is not published holds no figure; were it otherwise, the figure would still stay out.
        shown = taken["status"] == PUBLISHED
        figures.status[row, column] = taken["status"]
        figures.as_of[row, column] = taken["as_of"]
        figures.value[row, column] = np.where(shown, taken["value"], 0)
        figures.kg[row, column] = np.where(shown, taken["kg"], 0)

    def rows(self, parts: Sequence[str], periods: Sequence[str | None]) -> list[LicenseRow | None]:
        """The rows of a key in these periods, None where the table has none."""
        rows = self._rows(parts)
        if rows.start == rows.stop:
            return [None] * len(periods)
        places = {place: offset for offset, place in enumerate(self._columns.period[rows].tolist())}
        found = [places.get(self._periods.get(period or "", NOWHERE)) for period in periods]
        made = self._made(rows)
        return [None if at is None else made(at) for at in found]

    def _made(self, rows: slice) -> Callable[[int], LicenseRow]:
        """What makes the rows of a slice by their place in it."""
        columns, ranges = self._columns, self._columns.ranges
        value, kg = columns.value[rows].tolist(), columns.kg[rows].tolist()
        status, as_of = columns.status[rows].tolist(), columns.as_of[rows].tolist()
        bounds = None if ranges is None else ranges[:, rows].T.tolist()

        def row(at: int) -> LicenseRow:
            shown = status[at] == PUBLISHED
            return LicenseRow(
                value=value[at] if shown else None,
                kg=kg[at] if shown else None,
                status=status[at],
                as_of=as_of[at],
                ranges=None if bounds is None else (_bounds(bounds[at][0:2]), _bounds(bounds[at][2:4])),
            )

        return row

    def members(self, product: str, chosen: Sequence[Collection[str] | None]) -> Iterator[tuple[str, ...]]:
        """Members of the table's own dimensions for which it has any row of a product, each among the `chosen` ones of
        its dimension (None: any)."""
        place = self._ids.get(product)
        if place is None:
            return
        parts = self._parts()
        kept = parts[0] == place
        for wanted, part in zip(chosen, parts[1:], strict=True):
            if wanted is not None:
                kept &= np.isin(part, [self._ids[one] for one in wanted if one in self._ids])
        ids = list(self._ids)
        for row in np.stack(parts[1:])[:, kept].T.tolist():
            yield tuple(ids[one] for one in row)

    def _parts(self) -> list[Integers]:
        base, rest, parts = max(len(self._ids), 1), self._codes, []
        for _ in range(len(self._columns.key)):
            parts.append(rest % base)
            rest = rest // base
        return parts[::-1]


def _taken(columns: Columns, order: npt.NDArray[np.intp]) -> Columns:
    return replace(
        columns,
        key=columns.key[:, :0],
        period=columns.period[order],
        value=columns.value[order],
        kg=columns.kg[order],
        status=columns.status[order],
        as_of=columns.as_of[order],
        ranges=None if columns.ranges is None else columns.ranges[:, order],
    )


def _bounds(pair: Sequence[int]) -> Bounds:
    low, high = pair
    return None if low < 0 else low, None if high < 0 else high


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """License months as numbers: the closed ones with the index of their date, and those still running; quarters by
    id, as '2025-Q1', with the index of theirs."""

    closed: Mapping[int, int]
    running: frozenset[int]
    quarters: Mapping[str, int]

    @property
    def first(self) -> int:
        """The first month that license data know of; above `last` where there is none."""
        return min([*self.closed, *self.running], default=0)

    @property
    def last(self) -> int:
        """The last closed month."""
        return max(self.closed, default=-1)

    def months(self, first: int, last: int) -> tuple[Ranks, Dates]:
        """What cells without a row are, month by month, and of which date: `PUBLISHED` where the month is closed."""
        months = np.arange(first, last + 1)
        status = np.full(len(months), NOT_PUBLISHED, np.int8)
        status[months > self.last] = NOT_YET
        status[months < self.first] = NOT_REPORTED
        as_of = np.full(len(months), NO_DATE, np.int16)
        for place, month in enumerate(months.tolist()):
            if month in self.closed:
                status[place], as_of[place] = PUBLISHED, self.closed[month]
            elif month in self.running:
                status[place] = NOT_YET
        return status, as_of

    def quarter(self, id_: str, first: int, last: int) -> tuple[int, int]:
        """The same of the cells of a quarter, `first` to `last` being its months."""
        if id_ in self.quarters:
            return PUBLISHED, self.quarters[id_]
        if last < self.first:
            return NOT_REPORTED, NO_DATE
        behind = all(month in self.closed for month in range(first, last + 1)) and any(
            later > id_ for later in self.quarters
        )
        return (NOT_PUBLISHED if behind or first < self.first else NOT_YET), NO_DATE


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseCube:
    """The license tables of a release by name, what an absent row means at each level published, and the depth
    ('total', 'group', 'hts6') of each product that has one."""

    calendar: Calendar
    tables: Mapping[str, LicenseTable]
    levels: Mapping[str, Absent]
    depths: Mapping[str, str]

    def months(self, keys: Sequence[Key], first: int, last: int) -> Figures:
        """The cells of keys (rows) in months `first` to `last` (columns; month numbers)."""
        figures = nothing((len(keys), last - first + 1), status=NOT_PUBLISHED, source=FROM_LICENSE)
        status, as_of = self.calendar.months(first, last)
        for row, key in enumerate(keys):
            own = own_members(key)
            absent = self.absent(key)
            # Tables of two dimensions are by quarter.
            if absent is None or len(own) > 1:
                continue
            figures.status[row] = _absent_ranks(status, absent)
            figures.as_of[row] = as_of
            self._table(own).fill(_parts(key, own), figures, row, first)
        figures.weighed[:] = figures.value
        figures.weight_status[:] = figures.status
        return figures

    def own(self, key: Key, periods: Sequence[Own]) -> list[LicenseRow | None]:
        """The cells that longer periods, or single months, have of their own; None where they are sums of months."""
        own, absent = own_members(key), self.absent(key)
        if absent is None:
            return [None] * len(periods)
        rows = self._table(own).rows(_parts(key, own), [period.id for period in periods])
        if len(own) < 2:
            return rows
        return [row or self._absent_quarter(period, absent) for row, period in zip(rows, periods, strict=True)]

    def _absent_quarter(self, period: Own, absent: Absent) -> LicenseRow | None:
        if period.id is None or "Q" not in period.id:
            return None
        status, as_of = self.calendar.quarter(period.id, period.first, period.last)
        if status != PUBLISHED:
            return LicenseRow(None, None, status, as_of)
        return LicenseRow(0, 0, PUBLISHED, as_of) if absent is Absent.ZERO else LicenseRow(None, None, HIDDEN, as_of)

    def absent(self, key: Key) -> Absent | None:
        """What an absent row of the level of a key means, None where the release does not publish that level."""
        own = own_members(key)
        depth = self.depths.get(key[0])
        if depth is None or frozenset(own) not in TABLE_OF:
            return None
        return self.levels.get("×".join((depth, *own)))

    def is_crossed(self, key: Key) -> bool:
        """Whether a key is of a table of two dimensions, which has quarters alone."""
        return len(own_members(key)) > 1 and self.absent(key) is not None

    def members(self, product: str, chosen: Mapping[str, Collection[str] | None], dimension: str) -> frozenset[str]:
        """Members of a dimension for which there is any row of a product, `all` left out.

        `chosen` maps each dimension that the rows name a member of to the members that may be, None for any.
        """
        own = tuple(name for name in MEMBERS if name in chosen)
        name = TABLE_OF.get(frozenset(own))
        if name is None:
            return frozenset()
        place = own.index(dimension)
        found = self.tables[name].members(product, [chosen[one] for one in own])
        return frozenset(row[place] for row in found) - {ALL}

    def last_running(self) -> int | None:
        """The last running month that has a published figure of all licensed products."""
        total: Key = ("aim", ALL, ALL, ALL, ALL)
        for month in sorted(self.calendar.running, reverse=True):
            if self.months([total], month, month).status[0, 0] == PUBLISHED:
                return month
        return None

    def _table(self, own: tuple[str, ...]) -> LicenseTable:
        return self.tables[TABLE_OF[frozenset(own)]]


def own_members(key: Key) -> tuple[str, ...]:
    """The dimensions in which a key names a member."""
    return tuple(name for name, member in zip(MEMBERS, key[1:], strict=True) if member != ALL)


def _parts(key: Key, own: tuple[str, ...]) -> tuple[str, ...]:
    """The key as its table has it."""
    if not own:
        return (key[0], ALL)
    return (key[0], *(key[1 + MEMBERS.index(name)] for name in own))


def _absent_ranks(status: Ranks, absent: Absent) -> Ranks:
    if absent is Absent.ZERO:
        return status
    ranks: Ranks = np.where(status == PUBLISHED, HIDDEN, status).astype(np.int8)
    return ranks
