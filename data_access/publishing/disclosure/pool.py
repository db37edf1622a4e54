"""The pool of alternative tables: each serves every attacker up to its own share of the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.attacker import SIGNS, Inside
from data_access.publishing.disclosure.holdings import MEASURES
from data_access.publishing.disclosure.program import Goal, ranges

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ENOUGH: Final = 1 - 1e-5
"""A table serves an attacker if it moves the target by this part of the level."""

BLOCK: Final = 8
"""Tables that are tried at once; most attackers are served by the first few."""


def follow(moves: Floats, inside: Sequence[Inside], attackers: int) -> Floats:
    """How far along a table (measure x cell) each attacker could believe it, 0 to 1.

    Truth + t·y is a table for every t from 0 to 1; a firm can follow until a cell falls below its own figures, and
    nowhere if the table moves a cell that it knows wholly.
    """
    far = np.ones(attackers)
    for measure, one in enumerate(inside):
        moved = np.flatnonzero(moves[measure])
        entry = ranges(one.by_cell[moved], one.by_cell[moved + 1])
        move, unknown = moves[measure, one.cell[entry]], one.unknown[entry]
        held = (move < 0) | (unknown == 0)
        limit = unknown[held] / np.abs(move[held])
        np.minimum.at(far, 1 + one.firm[entry[held]], limit)
    return far


class Pool:
    """Tables found so far; arrays grow by doubling."""

    def __init__(self, cells: int, inside: Sequence[Inside], attackers: int) -> None:
        self.inside, self.attackers = inside, attackers
        self.size = 0
        self._moves = np.zeros((64, MEASURES, cells))
        self._far = np.zeros((64, attackers), np.float32)

    @property
    def moves(self) -> Floats:
        """Table x measure x cell."""
        return self._moves[: self.size]

    @property
    def far(self) -> NDArray[np.float32]:
        """Table x attacker: how far each can follow."""
        return self._far[: self.size]

    def add(self, moves: Floats) -> None:
        """Take in a table (value moves, then quantity moves)."""
        if self.size == len(self._moves):
            self._moves = np.concatenate([self._moves, np.zeros_like(self._moves)])
            self._far = np.concatenate([self._far, np.zeros_like(self._far)])
        self._moves[self.size] = moves.reshape(MEASURES, -1)
        self._far[self.size] = follow(self._moves[self.size], self.inside, self.attackers)
        self.size += 1

    def keep(self, tables: Bools) -> None:
        """Forget all other tables."""
        kept = np.flatnonzero(tables)
        self._moves[: len(kept)] = self._moves[kept]
        self._far[: len(kept)] = self._far[kept]
        self.size = len(kept)

    def reached(self, goal: Goal) -> Floats:
        """How far each table moves a goal's target in its direction."""
        moved = self.moves[:, goal.measure, list(goal.cells)].sum(axis=1)
        return np.asarray(moved * SIGNS[goal.direction])

    def reached_by(self, goal: Goal, table: int) -> float:
        """How far one table moves a goal's target in its direction."""
        return float(self.moves[table, goal.measure, list(goal.cells)].sum() * SIGNS[goal.direction])

    def witnesses(self, goal: Goal, needed: Floats, *, tables: Ints | None = None) -> tuple[Ints, Ints]:
        """Attackers with a level that no table (of `tables`) serves; for each attacker a table that does, else -1."""
        reached = self.reached(goal)
        candidate = np.flatnonzero(reached > 0) if tables is None else tables[reached[tables] > 0]
        candidate = candidate[np.argsort(-reached[candidate], kind="stable")]
        witness = np.full(self.attackers, -1, np.int64)
        open_ = np.flatnonzero(needed > 0)
        asked = needed * ENOUGH
        for first in range(0, len(candidate), BLOCK):
            if not len(open_):
                break
            block = candidate[first : first + BLOCK]
            serves = self._far[np.ix_(block, open_)] * reached[block, None] >= asked[open_]
            served = serves.any(axis=0)
            witness[open_[served]] = block[serves[:, served].argmax(axis=0)]
            open_ = open_[~served]
        return open_, witness
