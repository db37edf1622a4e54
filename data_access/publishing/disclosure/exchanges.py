"""Exchanges: parts of other months' tables that take back what a month's table does to published sums.

See `yearly` for why they are a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data_access.publishing.disclosure.certificate import OFF
from data_access.publishing.disclosure.holdings import MEASURES
from data_access.publishing.disclosure.program import _solver as solver_of
from data_access.publishing.disclosure.suppress import Step
from data_access.publishing.disclosure.year import Block, Year

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TRIES: Final = 80
"""Programs for one table before its blocks are given up."""

FULL: Final = 1 + 1e-9
"""Parts of tables may add up to this."""

ROOM: Final = 1 - 1e-7
"""What programs let them add up to, so that rounding does not matter."""

SLACK: Final = 1e-8
"""A block's sum may be off by this part of the largest move of it in a program."""

MISSING: Final = 1e3
"""What it costs a program not to keep a block's sum, over a whole table."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Parts of other months' tables that take back what a month's table does to published sums.

    `parts` are (month, table, λ).
    """

    month: int
    table: int
    parts: tuple[tuple[int, int, float], ...]


@dataclass(slots=True)
class Column:
    """Tables of a month that move blocks: their moves of each block (table x block x measure), whom they serve, what
    share of them each attacker can follow, and how many times over."""

    month: int
    tables: Ints
    moved: Floats
    used: Bools
    share: Floats
    far: Floats


@dataclass(slots=True)
class Exchanges:
    """Exchanges for all tables that need one; new blocks that stay without are given up.

    `earlier` are those of the sums published before, which are tried first. `stuck` counts tables for which none is
    found though nothing is left to give up: a certificate without them is not accepted.
    """

    year: Year
    old: set[Block]
    new: set[Block]
    earlier: Sequence[Exchange] = ()
    step: Step | None = None
    programs: int = 0
    stuck: int = 0
    found: list[Exchange] = field(default_factory=list)

    def run(self) -> None:
        """Look for all of them."""
        order = sorted(self.old | self.new)
        also = {(month, table) for exchange in self.earlier for month, table, _ in exchange.parts}
        columns = columns_of(self.year, order, also)
        for done, one in enumerate(columns):
            if self.step is not None:
                self.step("year to date", done, len(columns))
            for row in range(len(one.tables)):
                search = _Search(order, columns, one, row, self)
                while (given_up := search.run()) & self.new:
                    self.new -= given_up
                self.stuck += bool(given_up)
                self.found += search.found

    def words(self) -> list[list[object]]:
        """As they are written down."""
        return [[one.month, one.table, [list(part) for part in one.parts]] for one in self.found]


def exchanges_of(words: Iterable[Sequence[object]]) -> list[Exchange]:
    """What `Exchanges.words` wrote down. Raises ValueError where that is something else."""
    found = []
    for month, table, parts in words:
        if not isinstance(month, int) or not isinstance(table, int) or not isinstance(parts, list):
            raise ValueError("the certificate cannot be read: its exchanges are of another kind")
        found.append(Exchange(month, table, tuple((int(m), int(t), float(part)) for m, t, part in parts)))
    return found


def columns_of(year: Year, blocks: Sequence[Block], also: Iterable[tuple[int, int]] = ()) -> list[Column]:
    """The tables of each month that move some block, and these (month, table) `also`."""
    found = []
    for number in sorted({month for block in blocks for month in block.months} | {month for month, _ in also}):
        month = year.month(number)
        moved = np.zeros((len(month.moves), len(blocks), MEASURES))
        for place, block in enumerate(blocks):
            if number in block.months:
                moved[:, place] = month.moves[:, :, month.cell(block.key)]
        asked = np.array([table for there, table in also if there == number], np.int64)
        tables = np.union1d(np.flatnonzero(moved.any(axis=(1, 2))), asked).astype(np.int64)
        found.append(
            Column(number, tables, moved[tables], month.used(tables), month.shares(tables), month.reach(tables))
        )
    return found


class _Search:
    """Exchanges of one table, for all whom it serves."""

    def __init__(
        self, order: Sequence[Block], columns: Sequence[Column], own: Column, row: int, work: Exchanges
    ) -> None:
        self.order, self.own, self.row, self.work = order, own, row, work
        others = [one for one in columns if one.month != own.month]
        self.months = np.concatenate([np.zeros(0, np.int64), *(np.full(len(one.tables), one.month) for one in others)])
        self.tables = np.concatenate([np.zeros(0, np.int64), *(one.tables for one in others)])
        self.moved = np.concatenate([np.zeros((0, len(order), MEASURES)), *(one.moved for one in others)])
        self.far = np.concatenate([np.zeros((0, own.far.shape[1])), *(one.far for one in others)])
        self.share = own.share[row]
        self.found: list[Exchange] = []

    def run(self) -> set[Block]:
        """Blocks for which there is no exchange for somebody; none where all are served."""
        self.found = []
        live = self.work.old | self.work.new
        kept = np.array([block in live for block in self.order], bool)
        if not self.own.moved[self.row][kept].any():
            return set()
        open_ = self.own.used[self.row] & (self.share > 0) & ~self._served_before(kept)
        return self._serve(np.flatnonzero(open_), kept)

    def _served_before(self, kept: Bools) -> Bools:
        """Attackers whom earlier exchanges serve that keep all sums still."""
        place = {one: row for row, one in enumerate(zip(self.months.tolist(), self.tables.tolist(), strict=True))}
        served = np.zeros(len(self.share), bool)
        for exchange in self.work.earlier:
            rows = [place.get((month, table), -1) for month, table, _ in exchange.parts]
            if (exchange.month, exchange.table) != (self.own.month, self.own.tables[self.row]) or -1 in rows:
                continue
            parts = np.zeros(len(self.months))
            parts[rows] = [part for _, _, part in exchange.parts]
            if not self._off(parts, kept).any():
                served |= served_by(parts, self.months, self.share, self.far)
                self.found.append(exchange)
        return served

    def _off(self, parts: Floats, kept: Bools) -> Bools:
        """Block x measure: sums (of those kept) that parts of other tables do not keep."""
        own, moved = self.own.moved[self.row], self.moved
        size = np.maximum(np.abs(moved).max(axis=0, initial=0.0), np.abs(own))
        off: Bools = np.abs(np.tensordot(parts, moved, 1) + own) > SLACK * np.maximum(size, 1.0)
        return off & kept[:, None]

    def _serve(self, attackers: Ints, kept: Bools) -> set[Block]:
        stack, tries = _batches(attackers, self.share), 0
        while stack:
            some = stack.pop()
            tries += 1
            ratio = _ratio(self.share[some], self.far[:, some])
            parts = self._solve(ratio.max(axis=1, initial=0.0), kept)
            served = served_by(parts, self.months, self.share, self.far)
            off = self._off(parts, kept)
            if not off.any() and served[some].all():
                self.found.append(self._exchange(parts))
                stack = [rest for batch in stack if len(rest := batch[~served[batch]])]
            elif len(some) > 1 and tries < TRIES:
                stack += [some[len(some) // 2 :], some[: len(some) // 2]]
            else:
                live = {block for block, there in zip(self.order, kept, strict=True) if there}
                wrong = {self.order[row] for row in np.flatnonzero(np.any(off, axis=1)).tolist()}
                return wrong if wrong & self.work.new else live
        return set()

    def _exchange(self, parts: Floats) -> Exchange:
        there = np.flatnonzero(parts)
        return Exchange(
            self.own.month,
            int(self.own.tables[self.row]),
            tuple((int(self.months[i]), int(self.tables[i]), float(parts[i])) for i in there),
        )

    def _solve(self, weight: Floats, kept: Bools) -> Floats:
        """Parts of the other tables that keep the sums as well as can be; `weight` is what a whole one takes up."""
        self.work.programs += 1
        wanted = -self.own.moved[self.row][kept].ravel()
        moved = self.moved[:, kept].reshape(len(self.moved), len(wanted))
        usable = np.flatnonzero(np.isfinite(weight) & moved.any(axis=1))
        size = np.maximum(np.abs(moved[usable]).max(axis=0, initial=0.0), np.abs(wanted))
        rows = np.flatnonzero(size > 0)
        parts = np.zeros(len(self.moved))
        parts[usable] = _program(
            (moved[usable][:, rows] / size[rows]).T, wanted[rows] / size[rows], weight[usable], self.months[usable]
        )
        return parts


def _batches(attackers: Ints, share: Floats) -> list[Ints]:
    """Attackers in the order in which they are served, the last batch first: the outsider alone, as it asks most and
    most others follow what it follows, then all others."""
    if not len(attackers):
        return []
    first = attackers[[int(share[attackers].argmax())]]
    rest = np.setdiff1d(attackers, first)
    return [rest, first] if len(rest) else [first]


def _ratio(share: Floats, far: Floats) -> Floats:
    """Table x attacker: how much of what an attacker can follow a whole table takes; infinite where none."""
    found: Floats = np.full(np.broadcast_shapes(share.shape, far.shape), np.inf)
    np.divide(share, far, out=found, where=far > 0)
    return found


def served_by(parts: Floats, months: Ints, share: Floats, far: Floats) -> Bools:
    """Attackers that follow parts of tables as far as `share`: in each month these take up no more than there is."""
    there = np.flatnonzero(parts)
    taken = parts[there, None] * _ratio(share, far[there])
    served = np.ones(len(share), bool)
    for month in np.unique(months[there]):
        served &= taken[months[there] == month].sum(axis=0) <= FULL
    return served


def _program(moved: Floats, wanted: Floats, weight: Floats, months: Ints) -> Floats:
    """Parts of tables (columns of `moved`) whose moves add up to what is wanted as nearly as possible, and that take up
    no more than one whole table in any month; the smallest such, or none where the solver finds none."""
    rows, columns = moved.shape
    named = np.unique(months)
    room = (months[None, :] == named[:, None]) * weight
    matrix = np.block([
        [moved, np.eye(rows), -np.eye(rows)],
        [room, np.zeros((len(named), 2 * rows))],
    ])  # fmt: skip
    cost = np.concatenate([np.ones(columns), np.full(2 * rows, MISSING)])
    upper = np.full(len(cost), np.inf)
    lower = np.concatenate([wanted, np.full(len(named), -np.inf)])
    solver = solver_of(csr_array(matrix), cost, upper, lower, np.concatenate([wanted, np.full(len(named), ROOM)]))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.zeros(columns)
    parts = np.array(solver.getSolution().col_value)[:columns]
    return np.where(parts > 0, parts, 0.0)


def unserved(year: Year, blocks: Sequence[Block], exchanges: Sequence[Exchange]) -> Iterator[str]:
    """Tables that move a published sum and serve attackers without an exchange that keeps all sums."""
    if not blocks:
        return
    also = {(m, t) for exchange in exchanges for m, t, _ in exchange.parts}
    columns = {one.month: one for one in columns_of(year, blocks, also)}
    place = {(m, int(t)): row for m, one in columns.items() for row, t in enumerate(one.tables)}
    served = {month: np.zeros_like(one.used) for month, one in columns.items()}
    limit = OFF * np.sum([year.month(number).joint.joint.figures.max(axis=1) for number in columns], axis=0)
    for exchange in exchanges:
        own = place.get((exchange.month, exchange.table))
        if own is None:
            continue
        months = np.array([m for m, _, _ in exchange.parts], np.int64)
        rows = [place.get((m, t), -1) for m, t, _ in exchange.parts]
        parts = np.array([part for _, _, part in exchange.parts])
        column = columns[exchange.month]
        moved = column.moved[own].copy()
        far = np.zeros((len(rows), column.far.shape[1]))
        for number, row in enumerate(rows):
            if row >= 0:
                moved += parts[number] * columns[months[number]].moved[row]
                far[number] = columns[months[number]].far[row]
        good = (np.abs(moved) <= limit).all() and (parts > 0).all() and np.isfinite(parts).all()
        if good and exchange.month not in months and -1 not in rows:
            served[exchange.month][own] |= served_by(parts, months, column.share[own], far)
    for month, column in columns.items():
        left = (column.used & (column.share > 0) & ~served[month]).sum(axis=1)
        left[~np.any(column.moved, axis=(1, 2))] = 0
        for row in np.flatnonzero(left).tolist():
            where = f"{year.months[month].month}, table {column.tables[row]}"
            yield f"{where}: {int(left[row])} attackers learn from published sums"
