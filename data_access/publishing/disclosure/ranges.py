"""Ranges of withheld cells: what anyone can work out from the published cells of one month, and nothing else.

This module reads rows of a release and the public product tree; it knows of no record, unit or rule. Whatever it finds
is already told by the cells beside it, so that it adds nothing to what an attacker has. In its linear program

- every cell is at least 0, and a published one is what it is;
- a product is the sum of its parts and a cell of all countries the sum of the countries, at all levels published;
- where a level hides presence, a cell without a row may be anything, and so may members that have no row at all;
- a figure held from an earlier release binds nothing: licenses come and are cancelled, so that the newer one may be
  more or less.

The ranges are the exact smallest and largest figures of such tables. Both measures stand alone: prices, public
statistics and other months would tell more, to those who trust them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combinations
from typing import Final

import highspy
import numpy as np
import pandas as pd
from highspy._core import _Highs
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.csgraph import connected_components

from data_access.contracts import ALL, MEMBERS, RANGES, Absent, Status

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Key = tuple[str, ...]
"""Product, then the member of each dimension."""

MEASURES: Final = ("value", "kg")
DEPTHS: Final = ("total", "group", "hts6")
BETWEEN: Final = "×"
"""Joins depth and dimensions in a level's name."""

ELSEWHERE: Final = "*"
"""All members together that no row names."""

SCALE: Final = 1e4
"""What the largest figure of a program is scaled to, as suits a solver's absolute tolerances."""

TOLERANCE: Final = 1e-9
ROUNDING: Final = 0.05
"""US$ or kg that a bound may be off by the solver's rounding; figures are whole, so no range becomes too narrow."""


class Contradiction(ValueError):  # noqa: N818 - reads as what it is
    """The published cells of a month do not add up: no table holds them."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of the tables: number of its product depth, its dimensions, and whether absent cells are 0."""

    depth: int
    dimensions: frozenset[str]
    is_zero: bool

    def refines(self, other: _Level) -> bool:
        return self != other and other.depth <= self.depth and other.dimensions <= self.dimensions


def ranges(
    rows: pd.DataFrame,
    *,
    tree: pd.DataFrame,
    levels: Mapping[str, Absent],
    as_of: str | None = None,
    total: str = "aim",
) -> pd.DataFrame:
    """The columns `contracts.RANGES` (Int64), on the index of `rows`: whole US$ and kg, rounded outward.

    `rows` are those of one month, each once: product, origin, smelt, smelt2, cast, value, kg, status and, with `as_of`
    (the date of the month's newest figures), as_of; a published row of another date is a held one. `tree` gives group
    and HTS6 by ten-digit code (index hts10, HTS6 missing where a group has none of its own), `levels` what an absent
    row means at each level published. Null: of rows that are not withheld, of a largest figure where there is none,
    and where the solver found none. Raises Contradiction where the published cells do not add up.
    """
    cells = _Cells.of(rows, tree, levels, total)
    equations = cells.equations()
    held = rows["as_of"].to_numpy(object) != as_of if as_of is not None else np.zeros(len(rows), bool)
    published = (rows["status"].to_numpy(object) == Status.PUBLISHED) & ~held
    targets = np.flatnonzero(rows["status"].to_numpy(object) == Status.WITHHELD)
    found = pd.DataFrame(index=rows.index)
    for measure, names in zip(MEASURES, (RANGES[:2], RANGES[2:]), strict=True):
        known = np.full(len(cells.keys), np.nan)
        known[np.flatnonzero(published)] = rows.loc[published, measure].to_numpy(np.float64)
        bounds = _bounds(equations, known, targets)
        for name, bound in zip(names, bounds, strict=True):
            column = np.full(len(rows), np.nan)
            column[targets] = bound
            found[name] = pd.array(column, dtype="Float64").astype("Int64")
    return found


def month_levels(levels: Mapping[str, Absent], *, running: bool) -> dict[str, Absent]:
    """Of the levels of a manifest those of a month: all of one dimension at most, or what is published weekly of a
    running month, where countries that are not on the list have no row."""
    found = {name: Absent(absent) for name, absent in levels.items() if name.count(BETWEEN) <= 1}
    if not running:
        return found
    weekly = {DEPTHS[0]: Absent.ZERO, DEPTHS[1]: found.get(DEPTHS[1], Absent.HIDDEN)}
    listed = (BETWEEN.join((DEPTHS[0], member)) for member in MEMBERS)
    return weekly | {name: Absent.HIDDEN for name in listed if name in found}


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a month: first those of rows, in their order, then those without a row that may be anything."""

    keys: list[Key]
    above: Mapping[str, Sequence[str]]
    """Of each product its total, group and HTS6, those that it has."""
    levels: list[_Level]
    of_level: list[list[Key]]

    @classmethod
    def of(cls, rows: pd.DataFrame, tree: pd.DataFrame, levels: Mapping[str, Absent], total: str) -> _Cells:
        present = list(zip(*(rows[name].astype(str) for name in ("product", *MEMBERS)), strict=True))
        above = _above(tree, total)
        found = sorted((_level(name, absent) for name, absent in levels.items()), key=_coarse_first)
        there = set(present)
        if len(there) < len(present):
            raise ValueError("expected each row of a month once, found one twice")
        members = {name: [*sorted(set(rows[name].astype(str)) - {ALL}), ELSEWHERE] for name in MEMBERS}
        of_level: list[list[Key]] = []
        keys = list(present)
        for level in found:
            mine = [key for key in present if _is_of(key, level, above)]
            if not level.is_zero:
                zero = [other for other in found if other.is_zero and level.refines(other)]
                hidden = [
                    key
                    for key in _candidates(level, above, members)
                    if key not in there and all(_projected(key, other, above) in there for other in zero)
                ]
                mine += hidden
                keys += hidden
            of_level.append(mine)
        return cls(list(dict.fromkeys(keys)), above, found, of_level)

    def equations(self) -> csr_array:
        """Equation x cell: -1 for the sum, 1 for its parts. A cell that equals its only part is one with it by this."""
        place = {key: number for number, key in enumerate(self.keys)}
        row, column, factor = [], [], []
        number = 0
        for coarse, fine in self._covers():
            parts: dict[int, list[int]] = {place[key]: [] for key in self.of_level[coarse]}
            for key in self.of_level[fine]:
                parent = place.get(_projected(key, self.levels[coarse], self.above))
                if parent is not None and parent != place[key]:
                    parts[parent].append(place[key])
            for parent, of in parts.items():
                if self._is_undivided(self.keys[parent], self.levels[fine]):
                    continue
                row += [number] * (1 + len(of))
                column += [parent, *of]
                factor += [-1.0] + [1.0] * len(of)
                number += 1
        return csr_array(coo_array((factor, (row, column)), shape=(number, len(self.keys))))

    def _is_undivided(self, key: Key, fine: _Level) -> bool:
        """Whether a cell is its own only part: a group without HTS6."""
        return _is_of(key, fine, self.above)

    def _covers(self) -> Iterator[tuple[int, int]]:
        """Pairs (coarse, fine) of levels with none in between."""
        count = range(len(self.levels))
        refines = {(a, b) for a in count for b in count if self.levels[b].refines(self.levels[a])}
        for a, b in sorted(refines):
            if not any((a, between) in refines and (between, b) in refines for between in count):
                yield a, b


def _level(name: str, absent: Absent) -> _Level:
    depth, *dimensions = name.split(BETWEEN)
    return _Level(DEPTHS.index(depth), frozenset(dimensions), Absent(absent) is Absent.ZERO)


def _coarse_first(level: _Level) -> tuple[int, int, list[str]]:
    return len(level.dimensions), level.depth, sorted(level.dimensions)


def _above(tree: pd.DataFrame, total: str) -> dict[str, Sequence[str]]:
    """Of each product the one at each depth, coarse to fine; a group without HTS6 stands at that depth too."""
    found: dict[str, Sequence[str]] = {total: (total,)}
    for group, hts6 in tree[["group", "hts6"]].drop_duplicates().itertuples(index=False):
        if isinstance(hts6, str):
            found[hts6] = (total, str(group), hts6)
            found.setdefault(str(group), (total, str(group)))
        else:
            found[str(group)] = (total, str(group), str(group))
    return found


def _is_of(key: Key, level: _Level, above: Mapping[str, Sequence[str]]) -> bool:
    named = {name for name, member in zip(MEMBERS, key[1:], strict=True) if member != ALL}
    path = above[key[0]]
    return named == level.dimensions and len(path) > level.depth and path[level.depth] == key[0]


def _projected(key: Key, level: _Level, above: Mapping[str, Sequence[str]]) -> Key:
    """The cell of a coarser level that a cell is part of."""
    members = (member if name in level.dimensions else ALL for name, member in zip(MEMBERS, key[1:], strict=True))
    return (above[key[0]][level.depth], *members)


def _candidates(
    level: _Level, above: Mapping[str, Sequence[str]], members: Mapping[str, Sequence[str]]
) -> Iterator[Key]:
    """All cells that there could be at a level."""
    products = [id_ for id_, path in above.items() if len(path) > level.depth and path[level.depth] == id_]
    choices = [members[name] if name in level.dimensions else [ALL] for name in MEMBERS]
    return combinations(products, *choices)


def _bounds(equations: csr_array, known: Floats, targets: Ints) -> tuple[Floats, Floats]:
    """Smallest and largest figure of each target over all tables; infinite or missing ones are missing."""
    fixed = np.isfinite(known)
    right = -(equations @ np.where(fixed, known, 0.0))
    free = csc_array(equations[:, ~fixed])
    left_over = np.abs(right) > ROUNDING
    if (np.bincount(free.indices, minlength=free.shape[0])[left_over] == 0).any():
        raise Contradiction("published cells do not add up to the published cell that they are parts of")
    place = np.cumsum(~fixed) - 1
    _, part = connected_components(abs(free).T @ abs(free), directed=False)
    low, high = np.zeros(len(targets)), np.full(len(targets), np.nan)
    of_target = part[place[targets]]
    for number in np.unique(of_target):
        columns = np.flatnonzero(part == number)
        block = csr_array(free[:, columns])
        rows = np.flatnonzero(np.diff(block.indptr))
        mine = np.flatnonzero(of_target == number)
        wanted = np.searchsorted(columns, place[targets[mine]])
        low[mine], high[mine] = _Program(csr_array(block[rows]), right[rows]).extremes(wanted)
    return low, high


class _Program:
    """Tables of one block of cells: sums as they must be, nothing below 0."""

    def __init__(self, equations: csr_array, right: Floats) -> None:
        self._unit = max(float(np.abs(right).max(initial=0.0)), 1.0) / SCALE
        self._size = equations.shape[1]
        self._solver = _solver(equations, right / self._unit)
        self._least = np.full(self._size, np.inf)
        self._most = np.full(self._size, -np.inf)
        self._asked: int | None = None

    def extremes(self, columns: Ints) -> tuple[Floats, Floats]:
        """Smallest and largest of each of these columns, rounded outward to whole figures."""
        low = np.array([self._extreme(column, 1.0) for column in columns])
        high = np.array([self._extreme(column, -1.0) for column in columns])
        low, high = low * self._unit, high * self._unit
        return np.maximum(np.floor(low + ROUNDING), 0.0), np.ceil(high - ROUNDING)

    def _extreme(self, column: int, sign: float) -> float:
        """Of one column; a 0 that any table found so far has needs no program of its own."""
        if sign > 0 and self._least[column] <= TOLERANCE:
            return 0.0
        if self._asked is not None and self._asked != column:
            self._solver.changeColCost(self._asked, 0.0)
        self._solver.changeColCost(int(column), sign)
        self._asked = int(column)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            table = np.array(self._solver.getSolution().col_value)
            np.minimum(self._least, table, out=self._least)
            return float(table[column])
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Contradiction("published cells of a month contradict each other: no table holds them all")
        return np.nan


def _solver(equations: csr_array, right: Floats) -> _Highs:
    # The solver below `highspy.Highs`, which prints a banner.
    solver = _Highs()
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "presolve": "off",
        "simplex_strategy": 4,
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
    }
    for option, value in options.items():
        solver.setOptionValue(option, value)
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = equations.shape
    size = program.num_col_
    program.col_cost_, program.col_lower_, program.col_upper_ = np.zeros(size), np.zeros(size), np.full(size, np.inf)
    program.row_lower_ = program.row_upper_ = right
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = equations.indptr
    program.a_matrix_.index_ = equations.indices
    program.a_matrix_.value_ = equations.data
    solver.passModel(program)
    return solver
