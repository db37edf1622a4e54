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
    are measure x row, net.
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

    def merged(self, into: Ints, cells: int) -> UnitMap:
        """The map after cells were united: cell c becomes `into[c]`, or is dropped where that is negative."""
        new, new_known = into[self.cell], into[self.known_cell]
        keep, keep_known = new >= 0, new_known >= 0
        return _unit_map(
            cells,
            self.firms,
            (new[keep], self.unit[keep], self.amount[:, keep]),
            (
                new_known[keep_known],
                self.known_firm[keep_known],
                self.known_unit[keep_known],
                self.known[:, keep_known],
            ),
        )


def unit_maps(holdings: Holdings, cell: Ints, *, cells: int) -> tuple[UnitMap, ...]:
    """One `UnitMap` for each unit map of the holdings; `cell` is the cell of each record, negative for none."""
    inside = cell >= 0
    record, firm = holdings.known_record, holdings.known_firm
    seen = inside[record]
    record, firm = record[seen], firm[seen]
    return tuple(
        _unit_map(
            cells,
            holdings.firms,
            (cell[inside], unit[inside], holdings.amounts[:, inside]),
            (cell[record], firm, unit[record], holdings.amounts[:, record]),
        )
        for unit in holdings.units
    )


def _unit_map(
    cells: int, firms: int, held: tuple[Ints, Ints, Floats], known: tuple[Ints, Ints, Ints, Floats]
) -> UnitMap:
    key, amount = _sums(held[0] * firms + held[1], held[2])
    known_key, known_amount = _sums((known[0] * firms + known[1]) * firms + known[2], known[3])
    known_pair = known_key // firms if firms else known_key
    return UnitMap(
        cells=cells,
        firms=firms,
        cell=key // max(firms, 1),
        unit=key % max(firms, 1),
        amount=amount,
        known_cell=known_pair // max(firms, 1),
        known_firm=known_pair % max(firms, 1),
        known_unit=known_key % max(firms, 1),
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


def unsafe_cells(maps: Sequence[UnitMap], rules: Rules) -> Bools:
    """Cells unsafe in either measure, for any attacker, under any map."""
    unsafe: Bools = np.logical_or.reduce([required_levels(maps, measure, rules).unsafe for measure in range(MEASURES)])
    return unsafe


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Units of each cell by size: rows from `start[c]` to `start[c + 1]` are those of cell c, the largest first."""

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
    order = np.lexsort((-size, units.cell))
    start = np.searchsorted(units.cell, np.arange(units.cells + 1)).astype(np.int64)
    gross = _totals(units.cell, size, units.cells)
    return _Ranked(start, units.unit[order], size[order], gross)


def _levels(units: UnitMap, measure: int, rules: Rules) -> Levels:
    ranked = _ranked(units, measure)
    share = rules.p / 100
    every = np.arange(units.cells)
    count = np.bincount(units.cell, units.amount[measure] != 0, minlength=units.cells)
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
    firms = max(units.firms, 1)
    pair_key, pair = np.unique(units.known_cell * firms + units.known_firm, return_inverse=True)
    cell, firm = pair_key // firms, pair_key % firms
    k_h = np.abs(units.known[measure])
    known = _totals(pair, k_h, len(pair_key))
    row = np.searchsorted(units.cell * firms + units.unit, units.known_cell * firms + units.known_unit)
    x_h = np.abs(units.amount[measure])[row]

    largest = _largest_unknown(units, ranked, cell, pair_key)
    best = (1 + share) * largest
    partly = x_h - k_h > TOLERANCE * x_h
    np.maximum.at(largest, pair[partly], x_h[partly])
    np.maximum.at(best, pair[partly], ((1 + share) * x_h - k_h)[partly])
    return cell, firm, known, best, largest


def _largest_unknown(units: UnitMap, ranked: _Ranked, cell: Ints, pair_key: Ints) -> Floats:
    """Size of the largest unit of which the firm of a (cell, firm) pair knows nothing, 0 where there is none."""
    firms = max(units.firms, 1)
    known_key = (units.known_cell * firms + units.known_firm) * firms + units.known_unit
    largest = np.zeros(len(pair_key))
    row, waiting = ranked.start[cell].copy(), np.arange(len(pair_key))
    while len(waiting := waiting[row[waiting] < ranked.start[cell[waiting] + 1]]):
        at = row[waiting]
        key = pair_key[waiting] * firms + ranked.unit[at]
        found = np.minimum(np.searchsorted(known_key, key), len(known_key) - 1)
        free = known_key[found] != key
        largest[waiting[free]] = ranked.size[at[free]]
        row[waiting] += 1
        waiting = waiting[~free]
    return largest
