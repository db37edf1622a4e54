"""The months of a year together: what each shows, their systems and proofs, and what published sums give away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.publishing.disclosure.certificate import read_certificate
from data_access.publishing.disclosure.final_months import (
    FinalMonth,
    PeriodLevel,
    SolvedPeriod,
    months_from,
    require_months,
)
from data_access.publishing.disclosure.holdings import MEASURES, Holdings
from data_access.publishing.disclosure.layers import JointMonth, month_problem
from data_access.publishing.disclosure.month import shows
from data_access.publishing.disclosure.pool import follow
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import UnitMap, unit_maps
from data_access.publishing.disclosure.tables import ALL, DIMENSIONS, Depth, Level, Split
from data_access.publishing.disclosure.unions import doubtful_ranges, given_away, mask_of, union_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

YEARLY: Final = (
    Level(Depth.TOTAL),
    Level(Depth.GROUP),
    *(Level(Depth.TOTAL, (name,)) for name in ("origin", "smelt", "cast")),
)
"""Levels of years to date."""

ZEROS: Final = frozenset({Level(Depth.TOTAL), Level(Depth.GROUP), Level(Depth.TOTAL, ("origin",))})
"""Levels at which a month without a row is known to be 0, by default."""

TOTAL: Final = "aim"


FARTHEST: Final = 1e6
"""No table is followed farther than so many times."""


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Months (0 is January) whose withheld figures of a key add up to what published sums tell."""

    key: str
    months: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month's system and proof; firms are numbered over the whole year, attacker 0 is the outsider."""

    joint: JointMonth
    moves: Floats
    """Table x measure x cell, US$ and kg."""
    witness: Ints
    """Goal x attacker of the month, the outsider first, then the firms of the joint system."""
    firm: Ints
    """Firm (of the year) of each firm of the joint system."""
    firms: int

    def cell(self, key: str) -> int:
        """The cell of a key in the newest layer."""
        return self.joint.rows[-1][key]

    def used(self, tables: Ints) -> Bools:
        """Table x attacker: whom each of these tables serves. Firms outside the month are served as the outsider."""
        place = np.full(len(self.moves) + 1, -1)
        place[tables] = np.arange(len(tables))
        found = np.zeros((len(tables), 1 + self.firms), bool)
        column = np.append(0, 1 + self.firm)
        table = place[self.witness]
        goal, attacker = np.nonzero(table >= 0)
        found[table[goal, attacker], column[attacker]] = True
        outside = np.ones(1 + self.firms, bool)
        outside[column] = False
        found[:, outside] |= found[:, :1]
        return found

    def shares(self, tables: Ints) -> Floats:
        """Table x attacker: how far each can follow each of these tables, at most all of it."""
        problem = self.joint.problem
        found = np.ones((len(tables), 1 + self.firms))
        for row, table in enumerate(tables):
            found[row, 1 + self.firm] = follow(self._scaled(table), problem.inside, 1 + problem.firms)[1:]
        return found

    def reach(self, tables: Ints) -> Floats:
        """Table x attacker: the same, also beyond the table: the multiple up to which its moves satisfy all that an
        attacker knows."""
        system, inside = self.joint.problem.system, self.joint.problem.inside
        found = np.zeros((len(tables), 1 + self.firms))
        for row, table in enumerate(tables):
            moves = self._scaled(table)
            rooms = [_multiple(np.where(moves > 0, system.up, system.down), np.abs(moves))]
            rooms.append(_multiple(system.limits, system.bands @ moves.ravel()))
            found[row] = min(part.min(initial=np.inf) for part in rooms)
            for measure, one in enumerate(inside):
                move = moves[measure, one.cell]
                held = np.flatnonzero((move < 0) | ((one.unknown == 0) & (move != 0)))
                limit = one.unknown[held] / np.abs(move[held])
                np.minimum.at(found[row], 1 + self.firm[one.firm[held]], limit)
        return np.minimum(found, FARTHEST)

    def _scaled(self, table: int) -> Floats:
        scaled: Floats = self.moves[table] / self.joint.problem.system.scale[:, None]
        return scaled


def _multiple(room: Floats, moved: Floats) -> Floats:
    """How many times each move fits its room."""
    there = moved > 0
    fits: Floats = np.maximum(room[there], 0.0) / moved[there]
    return fits


class Year:
    """All months from January on."""

    def __init__(
        self,
        months: Sequence[FinalMonth],
        *,
        tree: pd.DataFrame,
        numbers: pd.Series,
        listed: frozenset[str],
        regime: Regime,
        zeros: frozenset[Level],
        systems: MutableMapping[str, JointMonth] | None = None,
    ) -> None:
        first = months[0].month if months else ""
        require_months(months, months_from(f"{first[:4]}-01", len(months)) if months else ["from January on"])
        self.months, self.tree, self.numbers, self.listed, self.regime = months, tree, numbers, listed, regime
        self.zeros = zeros
        self.figures = [month.figures() for month in months]
        self.groups = set(tree["group"])
        self._problems: MutableMapping[str, JointMonth] = {} if systems is None else systems
        self._open: dict[int, Month] = {}
        self._unions: dict[int, frozenset[int] | None] = {}

    @cached_property
    def firms(self) -> Ints:
        """Numbers of all firms of the year, in order."""
        known = [self.system(number).joint.ids for number in range(len(self.months)) if self._has_proof(number)]
        return np.unique(np.concatenate([self.numbers[list(ids)].to_numpy(np.int64) for ids in known]))

    def _has_proof(self, number: int) -> bool:
        layer = self.months[number].newest
        return len(layer.licenses) > 0 and shows(layer)

    def system(self, number: int) -> JointMonth:
        """A month's system, all of it decided."""
        month = self.months[number]
        if month.month not in self._problems:
            self._problems[month.month] = month_problem(
                month.layers, tree=self.tree, numbers=self.numbers, listed=self.listed, regime=self.regime
            )
        return self._problems[month.month]

    def month(self, number: int) -> Month:
        """A month's system and proof. Raises ValueError where the certificate is about other cells."""
        if number not in self._open:
            joint, proof = self.system(number), read_certificate(self.months[number].certificate)
            place = {name: number for number, name in enumerate(proof.firms)}
            if proof.keys != joint.joint.names or not set(joint.joint.ids) <= set(place):
                raise ValueError(f"{self.months[number].month}: the certificate is not about these cells")
            column = [0, *(1 + place[name] for name in joint.joint.ids)]
            self._open[number] = Month(
                joint=joint,
                moves=proof.moves,
                witness=proof.witness if proof.firms == joint.joint.ids else proof.witness[:, column],
                firm=self.place(joint.joint.ids),
                firms=len(self.firms),
            )
        return self._open[number]

    def place(self, ids: Sequence[str]) -> Ints:
        """Numbers (of the year) of these firms."""
        numbers = self.numbers[list(ids)].to_numpy(np.int64)
        place = np.searchsorted(self.firms, numbers)
        if (self.firms[np.minimum(place, len(self.firms) - 1)] != numbers).any():
            raise ValueError("a certificate names firms that its month lacks")
        return place.astype(np.int64)

    def all_keys(self) -> list[str]:
        """Keys of the levels of years to date that have records in some month."""
        levels = set(YEARLY) & set(self.regime.levels)
        return sorted({key for month in self.figures for key in month if self.level(key) in levels})

    def level(self, key: str) -> Level | None:
        """The level of a row, None for products other than total and groups."""
        product, *members = key.split("|")
        if product != TOTAL and product not in self.groups:
            return None
        dimensions = tuple(name for name, member in zip(DIMENSIONS, members, strict=True) if member != ALL)
        return Level(Depth.TOTAL if product == TOTAL else Depth.GROUP, dimensions)

    def withheld(self, key: str) -> list[int]:
        """Months that withhold a key."""
        return [number for number, month in enumerate(self.figures) if key in month and month[key] is None]

    def told(self, published: Sequence[SolvedPeriod]) -> dict[str, list[int]]:
        """Months up to which a sum of a key is published already, in order."""
        found: dict[str, list[int]] = {}
        names = [month.month for month in self.months]
        for solved in published:
            first, last = solved.period.split("/")
            if first != names[0] or last not in names[:-1]:
                raise ValueError(f"expected earlier years to date of {names[0][:4]}, found {solved.period}")
            for key in solved.published():
                found.setdefault(key, []).append(names.index(last))
        return {key: sorted(set(last)) for key, last in found.items()}

    def blocks(self, told: Mapping[str, Sequence[int]]) -> set[Block]:
        """Blocks whose sum is told."""
        found = set()
        for key, lasts in told.items():
            first = -1
            for last in lasts:
                months = tuple(number for number in self.withheld(key) if first < number <= last)
                first = last
                if months:
                    found.add(Block(key, months))
        return found

    def open_blocks(self, told: Mapping[str, Sequence[int]]) -> set[Block]:
        """What would be told by a sum up to the newest month."""
        found = set()
        for key in self.all_keys():
            last = max(told.get(key, ()), default=-1)
            months = tuple(number for number in self.withheld(key) if number > last)
            if months and all(self._has_proof(number) for number in months):
                found.add(Block(key, months))
        return found

    def may_show(self, key: str, told: Mapping[str, Sequence[int]], blocks: set[str]) -> bool:
        """Whether the sum up to the newest month is published, and is no sum of shown months."""
        withheld = self.withheld(key)
        last = max(told.get(key, ()), default=-1)
        open_ = [number for number in withheld if number > last]
        if not withheld or (open_ and key not in blocks):
            return False
        missing = any(key not in month for number, month in enumerate(self.figures) if number > last)
        return self.level(key) in self.zeros or bool(open_) or not missing

    def sum_of(self, key: str) -> tuple[int, int]:
        """US$ and kg of a key over all months."""
        found = np.zeros(MEASURES, np.int64)
        for number, month in enumerate(self.figures):
            if key in month:
                known = month[key]
                found += np.array(self._truth(number, key) if known is None else known, np.int64)
        return int(found[0]), int(found[1])

    def _truth(self, number: int, key: str) -> Ints:
        one = self.system(number)
        return np.asarray(one.joint.figures[:, one.rows[-1][key]], np.int64)

    def are_safe(self, blocks: Collection[Block]) -> bool:
        """Whether these blocks, and all unions that they give away with each other and with the months, pass the
        primary rules."""
        return not blocks or _Union(self, sorted(blocks)).is_safe(self.regime)

    def safe_beside(self, old: Collection[Block], new: Collection[Block]) -> set[Block]:
        """Of new blocks as many as are found to be safe together with the old ones."""
        if self.are_safe({*old, *new}):
            return set(new)
        if len(new) <= 1:
            return set()
        ordered = sorted(new)
        first = self.safe_beside(old, ordered[: len(ordered) // 2])
        return first | self.safe_beside({*old, *first}, ordered[len(ordered) // 2 :])

    def unions(self, number: int) -> frozenset[int] | None:
        """Sets of withheld cells that a month gives away, None where there are too many to tell."""
        if number not in self._unions:
            problem, shown = self.system(number).problem, self.system(number).shown
            found = given_away(problem.splits, ~shown) if problem.search is None else problem.search(~shown)
            self._unions[number] = found.sets if found.complete else None
        return self._unions[number]

    def summary(self, shown: Mapping[str, object]) -> dict[str, PeriodLevel]:
        """By level: keys, and those known over the whole span, by months that are all shown or by a sum."""
        found = {}
        for level in YEARLY:
            there = [key for key in self.all_keys() if self.level(key) == level]
            seen = [key for key in there if key in shown or not self.withheld(key)]
            value, value_shown = (float(sum(self.sum_of(key)[0] for key in keys)) for keys in (there, seen))
            found[level.name] = PeriodLevel(cells=len(there), shown=len(seen), value=value, value_shown=value_shown)
        return found


BLOCKS: Final = -1
"""Level of the sums of blocks; those of months that hold cells of blocks lie below, in steps by their own level."""


class _Union:
    """Withheld cells of several months that blocks can be told from, numbered together.

    These are the cells of the blocks, those that a month gives away together with them, and all below.
    """

    def __init__(self, year: Year, blocks: Sequence[Block]) -> None:
        self.year, self.blocks = year, blocks
        self.months = sorted({month for block in blocks for month in block.months})
        self.number: dict[tuple[int, int], int] = {}
        self.withheld: list[bool] = []
        cells = [[self._add(m, year.system(m).rows[-1][block.key]) for m in block.months] for block in blocks]
        self.splits = [Split(self._root(), tuple(of_block), BLOCKS) for of_block in cells]
        for month in self.months:
            self._above(month)
            self._below(month)

    def _root(self) -> int:
        """A sum that is told."""
        self.withheld.append(False)
        return len(self.withheld) - 1

    def _above(self, month: int) -> None:
        """Adds the sums that a month shows of cells here."""
        there = {cell for m, cell in self.number if m == month}
        system = self.year.system(month)
        for split in system.problem.splits:
            if system.shown[split.parent] and there & set(split.children):
                children = tuple(self._add(month, child) for child in split.children if not system.shown[child])
                self.splits.append(Split(self._root(), children, BLOCKS - 1 - split.level))

    def _add(self, month: int, cell: int) -> int:
        place = (month, cell)
        if place not in self.number:
            self.number[place] = len(self.withheld)
            self.withheld.append(not bool(self.year.system(month).shown[cell]))
        return self.number[place]

    def _below(self, month: int) -> None:
        """Adds the cells that withheld ones of a month may be replaced by."""
        by_parent: dict[int, list[Split]] = {}
        for split in self.year.system(month).problem.splits:
            by_parent.setdefault(split.parent, []).append(split)
        waiting = [cell for m, cell in self.number if m == month]
        done: set[int] = set()
        while waiting:
            cell = waiting.pop()
            if cell in done or not self.withheld[self._add(month, cell)]:
                continue
            done.add(cell)
            for split in by_parent.get(cell, ()):
                children = tuple(self._add(month, child) for child in split.children)
                self.splits.append(Split(self._add(month, cell), children, split.level * len(self.year.months) + month))
                waiting += split.children

    def is_safe(self, regime: Regime) -> bool:
        """Whether all sets pass the primary rules; also not where they are too many to look at."""
        found = given_away(self.splits, np.array(self.withheld))
        own = [self._own(month) for month in self.months]
        if not found.complete or any(sets is None for sets in own):
            return False
        sets = set(found.sets) | {mask_of(self.splits[number].children) for number in range(len(self.blocks))}
        fixed = [mask for month in own for mask in month or ()]
        sets |= {mask & ~other for mask in list(sets) for other in [*fixed, *found.sets] if not other & ~mask}
        looked, maps = sorted(sets - {0}), self.maps(regime)
        if doubtful_ranges(found.ranges, maps, regime.rules):
            return False
        return not union_levels(looked, maps, regime.rules)[1].any()

    def _own(self, month: int) -> list[int] | None:
        """Sets that a month gives away, of cells that are numbered here."""
        sets = self.year.unions(month)
        if sets is None:
            return None
        numbered = {cell: number for (m, cell), number in self.number.items() if m == month}
        here = mask_of(numbered)
        inside = [mask for mask in sets if not mask & ~here]
        return [mask_of(number for cell, number in numbered.items() if mask >> cell & 1) for mask in inside]

    def maps(self, regime: Regime) -> tuple[UnitMap, ...]:
        """Unit maps of these cells, firms numbered over the year."""
        amounts, units, known, record, cell = [], [], [], [], []
        count = 0
        for month in self.months:
            joint = self.year.system(month).joint
            number = np.full(joint.cells, -1)
            for (m, there), here in self.number.items():
                if m == month:
                    number[there] = here
            inside = number[joint.cell] >= 0
            firm = np.append(self.year.place(joint.ids), -1)
            amounts.append(joint.amounts)
            units.append(np.stack([np.where(one < 0, -1, firm[one]) for one in joint.holdings.units]))
            known.append(np.stack([joint.holdings.known_record + count, firm[joint.holdings.known_firm]]))
            record.append(joint.record[inside] + count)
            cell.append(number[joint.cell[inside]])
            count += joint.amounts.shape[1]
        together = np.concatenate(amounts, axis=1)
        pairs = np.concatenate(known, axis=1)
        holdings = Holdings(
            amounts=together,
            units=tuple(np.concatenate(units, axis=1).astype(np.int64)),
            known_record=pairs[0].astype(np.int64),
            known_firm=pairs[1].astype(np.int64),
            firms=len(self.year.firms),
        )
        pairs_of = np.concatenate(record).astype(np.int64), np.concatenate(cell).astype(np.int64)
        return unit_maps(holdings, together, *pairs_of, cells=len(self.withheld))
