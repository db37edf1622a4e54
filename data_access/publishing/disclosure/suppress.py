"""Complementary suppression of one breakdown of a published total.

Unsafe cells are withheld. Further cells join them one after another, in an order that does not depend on the figures,
until what the total gives away passes the primary rules and every attacker is left in the dark about every unsafe
cell. The alternative tables found on the way are the proof; each serves every attacker that can follow it so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.attacker import ACCEPTED, Room, System
from data_access.publishing.disclosure.holdings import MEASURES
from data_access.publishing.disclosure.knowledge import SIGNS, Knowledge, knowledge_of
from data_access.publishing.disclosure.rules import Rules, UnitMap, required_levels, unsafe_cells

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Cells that add up to a published total, and nothing else links them.

    `figures` measure x cell; `unit_value` β and `public` ε per cell; `order` the cells in the order in which they may
    join the withheld ones.
    """

    figures: Floats
    maps: tuple[UnitMap, ...]
    unit_value: Floats
    public: Floats
    order: Sequence[int]

    @property
    def held(self) -> Bools:
        """Cells that hold a record; the others are known to be 0."""
        there: Bools = np.bincount(self.maps[0].cell, minlength=self.figures.shape[1]) > 0
        return there


@dataclass(frozen=True, slots=True)
class Pattern:
    """Cells to withhold, and the alternative tables (relative moves, table x measure x cell) that prove it enough."""

    withheld: Bools
    tables: Floats


def suppress(breakdown: Breakdown, rules: Rules) -> Pattern | None:
    """The cells to withhold; None where withholding all of them would not do, so that the total must go too."""
    setting = _Setting.of(breakdown, rules)
    if not setting.unsafe.any():
        return Pattern(setting.unsafe, np.zeros((0, *breakdown.figures.shape)))
    held = breakdown.held
    joining = [cell for cell in breakdown.order if held[cell] and not setting.unsafe[cell]]
    work = _Work(setting, setting.unsafe, joining)
    if not work.run():
        return None
    work = _cleaned(work, [cell for cell in joining if work.withheld[cell]])
    return Pattern(work.withheld, np.array(work.tables).reshape(-1, *breakdown.figures.shape))


def _cleaned(work: _Work, joined: list[int]) -> _Work:
    """Show again what joined in vain: all of these cells at once, else by halves, the last to join first."""
    if not joined:
        return work
    fewer = work.withheld.copy()
    fewer[joined] = False
    trial = _Work(work.setting, fewer, [])
    if trial.run():
        return trial
    if len(joined) == 1:
        return work
    half = len(joined) // 2
    return _cleaned(_cleaned(work, joined[half:]), joined[:half])


@dataclass(frozen=True, slots=True)
class _Setting:
    """What does not change during a run."""

    breakdown: Breakdown
    rules: Rules
    unsafe: Bools
    system: System
    room: Room
    knowledge: Knowledge

    @classmethod
    def of(cls, breakdown: Breakdown, rules: Rules) -> _Setting:
        """Primary rules and the attacker's system of a breakdown."""
        figures = breakdown.figures
        levels = [required_levels(breakdown.maps, measure, rules) for measure in range(MEASURES)]
        system = System(
            figures=figures,
            equations=np.ones((1, figures.shape[1])),
            ceiling=np.broadcast_to(figures.sum(axis=1, keepdims=True), figures.shape),
            unit_value=breakdown.unit_value,
            public=breakdown.public,
        )
        room = system.room()
        unsafe: Bools = np.logical_or.reduce([one.unsafe for one in levels])
        return cls(breakdown, rules, unsafe, system, room, knowledge_of(levels, figures, room))


class _Work:
    """One run: what is withheld so far, the tables found, and how far they serve whom."""

    def __init__(self, setting: _Setting, withheld: Bools, joining: Sequence[int]) -> None:
        self.setting = setting
        self.withheld = withheld.copy()
        self.served = np.zeros_like(setting.knowledge.needed)
        self.tables: list[Floats] = []
        self.joining = iter(joining)

    def run(self) -> bool:
        """Whether it was possible to make everything safe; `unite` again last, as more may have joined."""
        return self.unite() and self.protect() and self.unite()

    def unite(self) -> bool:
        """Withhold more until the withheld cells together pass the primary rules; False where none is left to join."""
        while not self._union_is_safe():
            if not self._join():
                return False
        return True

    def _union_is_safe(self) -> bool:
        if self.withheld.sum() < 2:
            return False
        into = np.where(self.withheld, 0, -1).astype(np.int64)
        return not unsafe_cells([one.merged(into, 1) for one in self.setting.breakdown.maps], self.setting.rules).any()

    def _join(self) -> bool:
        cell = next(self.joining, None)
        if cell is not None:
            self.withheld[cell] = True
        return cell is not None

    def protect(self) -> bool:
        """Find tables for every unsafe cell, direction and attacker, withholding more where none is found."""
        for cell, direction in self._goals():
            hard: Ints | None = None
            while (open_ := self._open(cell, direction)).any():
                failed = self._serve(cell, direction, np.flatnonzero(open_), hard)
                if failed is None:
                    break
                hard = failed
                if not self._join():
                    return False
        return True

    def _goals(self) -> Iterator[tuple[int, int]]:
        """Unsafe cells and directions, the largest levels first: their tables serve the most others."""
        size = (self.setting.knowledge.needed.max(axis=3) * np.abs(self.setting.breakdown.figures)).max(axis=1)
        for place in np.argsort(-size, axis=None, kind="stable"):
            direction, cell = np.unravel_index(place, size.shape)
            if size[direction, cell] > 0:
                yield int(cell), int(direction)

    def _open(self, cell: int, direction: int) -> Bools:
        """Attackers (columns) that no table serves in one measure or both."""
        needed, served = self.setting.knowledge.needed[direction, :, cell], self.served[direction, :, cell]
        unserved: Bools = np.any(needed > served * (1 + ACCEPTED), axis=0)
        return unserved

    def _serve(self, cell: int, direction: int, attackers: Ints, hard: Ints | None) -> Ints | None:
        """Serve these attackers: all at once, else in halves; gives those that cannot be served, None if there are
        none. `hard` were those before, and are tried first."""
        stack = [attackers] if hard is None else [attackers, hard]
        while stack:
            some = stack.pop()
            some = some[self._open(cell, direction)[some]]
            if not len(some):
                continue
            self._find(cell, direction, some)
            left = some[self._open(cell, direction)[some]]
            if len(left) == len(some) == 1:
                return some
            # Fewer are left: try these once more. As many are left: too many at once.
            half = len(left) if len(left) < len(some) else len(left) // 2
            stack += [left[half:], left[:half]]
        return None

    def _find(self, cell: int, direction: int, attackers: Ints) -> None:
        """Look for one table for all these attackers and both measures, else for one a measure."""
        needed = self.setting.knowledge.needed[direction, :, cell][:, attackers].max(axis=1)
        room = self.setting.knowledge.room(self.setting.room, attackers)
        goal = np.zeros_like(self.setting.breakdown.figures)
        goal[:, cell] = SIGNS[direction] * needed * (1 + ACCEPTED)
        if not self._try(goal, room) and np.all(needed > 0):
            for measure in range(MEASURES):
                self._try(np.where(np.arange(MEASURES)[:, None] == measure, goal, 0.0), room)

    def _try(self, goal: Floats, room: Room) -> bool:
        if not self._could_balance(goal, room):
            return False
        table = self.setting.system.table(goal, withheld=self.withheld, room=room)
        if table is None:
            return False
        self._keep(table)
        self._keep(self._turned(table))
        return True

    def _could_balance(self, goal: Floats, room: Room) -> bool:
        """Whether the room of the other withheld cells is as large as the goal: cheap, and often enough to say no."""
        size = np.abs(self.setting.breakdown.figures)
        others = self.withheld & ~goal.any(axis=0)
        for measure in range(MEASURES):
            move = goal[measure].sum()
            against = room.down if move > 0 else room.up
            asked = (np.abs(goal[measure]) * size[measure]).sum()
            if asked > (against[measure] * size[measure])[others].sum() * (1 + ACCEPTED):
                return False
        return True

    def _turned(self, table: Floats) -> Floats:
        """The table turned round, as far as the room and the unit values allow."""
        room = np.where(table > 0, self.setting.room.down, self.setting.room.up)
        moved = table != 0
        share = np.min(room[moved] / np.abs(table[moved]), initial=self.setting.system.slack(table))
        return table * -float(share)

    def _keep(self, table: Floats) -> None:
        follow = self.setting.knowledge.follow(table)
        for direction, sign in enumerate(SIGNS):
            reached = np.maximum(sign * table, 0.0)[:, :, None] * follow
            np.maximum(self.served[direction], reached, out=self.served[direction])
        self.tables.append(table)
