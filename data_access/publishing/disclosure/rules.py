"""Primary suppression: which cells are unsafe, and how much each attacker must be left in the dark about them.

Rules and levels follow the Handbook on Statistical Disclosure Control (section 4.2): a minimum number of units, the
p % rule, optionally (n,k) dominance; all on the absolute net per unit, under every unit map, for the outsider and for
every firm with what it knows. Inequalities are strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.holdings import MEASURES, Holdings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOLERANCE = 1e-9
"""Relative: below it two sums are equal and differ by rounding of binary fractions only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Parameters: `p` percent, `n_min` units; `n`, `k` (percent) of the dominance rule, or None."""

    p: float
    n_min: int
    n: int | None = None
    k: float | None = None


@dataclass(frozen=True, slots=True)
class UnitMap:
    """What each unit of a map has in each cell, and what each firm knows of it.

    Rows of `cell`, `unit` are sorted by cell, then unit, those of `known_*` by cell, firm, unit; `amount` and `known`
    are measure x row, net. Unit number `firms` is nobody: what belongs to no unit, neither counted nor protected, yet
    part of its cell.
    """

    cells: int
    firms: int
    cell: Ints
    unit: Ints
    amount: Floats
    known_cell: Ints
    known_firm: Ints
    known_unit: Ints
    known: Floats

    def united(self, group: Ints, member: Ints, *, groups: int) -> UnitMap:
        """The map of unions of cells: union `group[i]` holds cell `member[i]`; a cell may be in several."""
        pair, row = _rows_of(self.cell, member, self.cells)
        known_pair, known_row = _rows_of(self.known_cell, member, self.cells)
        return _unit_map(
            groups,
            self.firms,
            (group[pair], self.unit[row], self.amount[:, row]),
            (group[known_pair], self.known_firm[known_row], self.known_unit[known_row], self.known[:, known_row]),
        )


def _rows_of(sorted_cell: Ints, cell: Ints, cells: int) -> tuple[Ints, Ints]:
    """For each entry of `cell` its rows in an array sorted by cell: positions of entries and of rows."""
    start = np.searchsorted(sorted_cell, np.arange(cells + 1))
    length = start[cell + 1] - start[cell]
    entry = np.repeat(np.arange(len(cell)), length)
    offset = np.arange(len(entry)) - np.repeat(np.cumsum(length) - length, length)
    return entry, start[cell][entry] + offset


def unit_maps(holdings: Holdings, amounts: Floats, record: Ints, cell: Ints, *, cells: int) -> tuple[UnitMap, ...]:
    """One `UnitMap` for each unit map of the holdings.

    `amounts` is measure x record (US$, kg); record `record[i]` is in cell `cell[i]`, each pair once.
    """
    order = np.argsort(record, kind="stable")
    pair, row = _rows_of(record[order], holdings.known_record, amounts.shape[1])
    known_cell, known_record, known_firm = cell[order][row], record[order][row], holdings.known_firm[pair]
    maps = []
    for of_record in holdings.units:
        unit = np.where(of_record < 0, holdings.firms, of_record)
        held = (cell, unit[record], amounts[:, record])
        known = (known_cell, known_firm, unit[known_record], amounts[:, known_record])
        maps.append(_unit_map(cells, holdings.firms, held, known))
    return tuple(maps)


def _unit_map(
    cells: int, firms: int, held: tuple[Ints, Ints, Floats], known: tuple[Ints, Ints, Ints, Floats]
) -> UnitMap:
    base = firms + 1
    key, amount = _sums(held[0] * base + held[1], held[2])
    known_key, known_amount = _sums((known[0] * base + known[1]) * base + known[2], known[3])
    return UnitMap(
        cells=cells,
        firms=firms,
        cell=key // base,
        unit=key % base,
        amount=amount,
        known_cell=known_key // (base * base),
        known_firm=known_key // base % base,
        known_unit=known_key % base,
        known=known_amount,
    )


def _sums(key: Ints, amount: Floats) -> tuple[Ints, Floats]:
    keys, where = np.unique(key, return_inverse=True)
    return keys, np.stack([_totals(where, row, len(keys)) for row in amount])


def _totals(index: Ints, amount: Floats, length: int) -> Floats:
    return np.bincount(index, amount, minlength=length).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Levels:
    """Unsafe cells of one measure and the levels they need; 0 where nothing is needed.

    `outsider` holds for the outsider and every firm outside the cell; `level` and `known` (same unit) for the firms
    inside: pair i is firm `firm[i]` in cell `cell[i]`, sorted by cell, then firm.
    """

    unsafe: Bools
    outsider: Floats
    cell: Ints
    firm: Ints
    known: Floats
    level: Floats


def required_levels(maps: Sequence[UnitMap], measure: int, rules: Rules) -> Levels:
    """Unsafe cells of a measure and the level that each attacker needs there: the largest shortfall over all maps."""
    parts = [_levels(one, measure, rules) for one in maps]
    first = parts[0]
    return Levels(
        unsafe=np.logical_or.reduce([part.unsafe for part in parts]),
        outsider=np.maximum.reduce([part.outsider for part in parts]),
        cell=first.cell,
        firm=first.firm,
        known=np.maximum.reduce([part.known for part in parts]),
        level=np.maximum.reduce([part.level for part in parts]),
    )


def all_levels(maps: Sequence[UnitMap], rules: Rules) -> tuple[Levels, ...]:
    """The levels of every measure."""
    return tuple(required_levels(maps, measure, rules) for measure in range(MEASURES))


def unsafe_cells(levels: Sequence[Levels]) -> Bools:
    """Cells unsafe in any measure: value and quantity have one pattern."""
    unsafe: Bools = np.logical_or.reduce([one.unsafe for one in levels])
    return unsafe


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Units of each cell by size: rows from `start[c]` to `start[c + 1]` are those of cell c, the largest first.

    `gross` is the sum over all units and nobody's part.
    """

    start: Ints
    unit: Ints
    size: Floats
    gross: Floats

    def at(self, rank: int, cells: Ints) -> Floats:
        """Size of the unit of this rank in each of `cells`, 0 where it has fewer."""
        row = self.start[cells] + rank
        there = row < self.start[cells + 1]
        return np.where(there, self.size[np.where(there, row, 0)] if len(self.size) else 0.0, 0.0)


def _ranked(units: UnitMap, measure: int) -> _Ranked:
    size = np.abs(units.amount[measure])
    gross = _totals(units.cell, size, units.cells)
    somebody = units.unit < units.firms
    cell, unit, size = units.cell[somebody], units.unit[somebody], size[somebody]
    order = np.lexsort((-size, cell))
    start = np.searchsorted(cell, np.arange(units.cells + 1)).astype(np.int64)
    return _Ranked(start, unit[order], size[order], gross)


def _levels(units: UnitMap, measure: int, rules: Rules) -> Levels:
    ranked = _ranked(units, measure)
    share = rules.p / 100
    every = np.arange(units.cells)
    counted = (units.amount[measure] != 0) & (units.unit < units.firms)
    count = np.bincount(units.cell, counted, minlength=units.cells)
    few = (np.diff(ranked.start) > 0) & (count < rules.n_min)
    top = ranked.at(0, every)
    dominance = np.maximum(_dominance(ranked, rules), 0.0)
    outsider = np.maximum((1 + share) * top - ranked.gross, dominance)
    outsider = _beyond(np.where(few, np.maximum(outsider, share * top), outsider), ranked.gross)

    cell, firm, known, best, largest = _insiders(units, measure, ranked, share)
    shortfall = best - (ranked.gross[cell] - known)
    level = np.where(few[cell], np.maximum(shortfall, share * largest), shortfall)
    level = np.where(largest > 0, np.maximum(level, dominance[cell]), 0.0)
    level = _beyond(level, ranked.gross[cell])

    unsafe = few | (outsider > 0)
    unsafe[cell[level > 0]] = True
    return Levels(unsafe, outsider, cell, firm, known, level)


def _beyond(level: Floats, gross: Floats) -> Floats:
    """Levels, 0 where they are none or rounding only: the inequalities are strict."""
    return np.where(level > TOLERANCE * gross, level, 0.0)


def _dominance(ranked: _Ranked, rules: Rules) -> Floats:
    if rules.n is None or rules.k is None:
        return np.zeros_like(ranked.gross)
    every = np.arange(len(ranked.gross))
    top = np.sum([ranked.at(rank, every) for rank in range(rules.n)], axis=0)
    level: Floats = 100 / rules.k * top - ranked.gross
    return level


def _insiders(units: UnitMap, measure: int, ranked: _Ranked, share: float) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    """For each firm in each cell: what it knows, the largest (1 + p) x_h - k_h and the largest x_h over all units h
    that it does not know wholly (0 where it knows all)."""
    base = units.firms + 1
    pair_key, pair = np.unique(units.known_cell * base + units.known_firm, return_inverse=True)
    cell, firm = pair_key // base, pair_key % base
    k_h = np.abs(units.known[measure])
    known = _totals(pair, k_h, len(pair_key))
    row = np.searchsorted(units.cell * base + units.unit, units.known_cell * base + units.known_unit)
    x_h = np.abs(units.amount[measure])[row]

    largest = _largest_unknown(units, ranked, cell, pair_key)
    best = (1 + share) * largest
    partly = (x_h - k_h > TOLERANCE * x_h) & (units.known_unit < units.firms)
    np.maximum.at(largest, pair[partly], x_h[partly])
    np.maximum.at(best, pair[partly], ((1 + share) * x_h - k_h)[partly])
    return cell, firm, known, best, largest


def _largest_unknown(units: UnitMap, ranked: _Ranked, cell: Ints, pair_key: Ints) -> Floats:
    """Size of the largest unit of which the firm of a (cell, firm) pair knows nothing, 0 where there is none."""
    base = units.firms + 1
    known_key = (units.known_cell * base + units.known_firm) * base + units.known_unit
    largest = np.zeros(len(pair_key))
    row, waiting = ranked.start[cell].copy(), np.arange(len(pair_key))
    while len(waiting := waiting[row[waiting] < ranked.start[cell[waiting] + 1]]):
        at = row[waiting]
        key = pair_key[waiting] * base + ranked.unit[at]
        found = np.minimum(np.searchsorted(known_key, key), len(known_key) - 1)
        free = known_key[found] != key
        largest[waiting[free]] = ranked.size[at[free]]
        row[waiting] += 1
        waiting = waiting[~free]
    return largest
