"""What attackers know of the cells of a breakdown, and how far each must be left in the dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.attacker import ACCEPTED, Room
from data_access.publishing.disclosure.rules import Levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CAP = 0.93
"""Levels are at most this part of a cell's own bounds: nobody can be left more in the dark than those allow."""

UP, DOWN = 0, 1
SIGNS = (1.0, -1.0)

OTHERS = 0
"""Column of everybody whose own figures do not narrow the room: the outsider and most firms."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What attackers know and need. Columns: `OTHERS`, then each firm whose own figures narrow its room somewhere.

    `unknown` (firm x measure x cell) is the fraction of a cell unknown to the firm; `needed` (direction x measure x
    cell x column) the relative move that must be possible.
    """

    unknown: Floats
    needed: Floats

    def room(self, outsider: Room, attackers: Ints) -> Room:
        """The room that all these attackers (columns) have in common."""
        firms = attackers[attackers != OTHERS] - 1
        if not len(firms):
            return outsider
        return outsider.without(self.unknown[firms].min(axis=0))

    def follow(self, table: Floats) -> Floats:
        """How far along a table each attacker can go, 0 to 1."""
        moved = table != 0
        unknown, moves = self.unknown[:, moved], table[moved]
        far = np.where(moves < 0, unknown / np.abs(moves), 1.0)
        far[unknown <= ACCEPTED] = 0.0
        return np.append(1.0, np.minimum(1.0, far.min(axis=1, initial=1.0)))


def knowledge_of(levels: Sequence[Levels], figures: Floats, room: Room) -> Knowledge:
    """What firms know of cells, and the levels they need, capped at the cells' own bounds."""
    size = np.abs(figures)
    cells = figures.shape[1]
    known = [
        np.divide(one.known, size[m][one.cell], out=np.zeros(len(one.cell)), where=size[m][one.cell] > 0)
        for m, one in enumerate(levels)
    ]
    narrow = np.logical_or.reduce([1 - known[m] < room.down[m][one.cell] for m, one in enumerate(levels)])
    firms = np.unique(levels[0].firm[narrow])
    unknown = np.ones((len(firms), len(levels), cells))
    needed = np.zeros((len(SIGNS), len(levels), cells, 1 + len(firms)))
    for measure, one in enumerate(levels):
        column = np.searchsorted(firms, one.firm)
        special = (
            np.zeros(len(column), bool) if not len(firms) else firms[np.minimum(column, len(firms) - 1)] == one.firm
        )
        unknown[column[special], measure, one.cell[special]] = (1 - known[measure][special]).clip(0.0)
        needed[:, measure] = one.outsider[:, None]
        inside = np.where(special, column + 1, OTHERS)
        needed[:, measure, one.cell[special], inside[special]] = one.level[special]
        for direction in range(len(SIGNS)):
            np.maximum.at(needed[direction, measure], (one.cell[~special], OTHERS), one.level[~special])
    relative = np.divide(needed, size[:, :, None], out=np.zeros_like(needed), where=size[:, :, None] > 0)
    relative[UP] = np.minimum(relative[UP], CAP * room.up[:, :, None])
    relative[DOWN] = np.minimum(relative[DOWN], CAP * room.down[:, :, None])
    relative[DOWN, :, :, 1:] = np.minimum(relative[DOWN, :, :, 1:], CAP * np.moveaxis(unknown, 0, -1))
    return Knowledge(unknown, relative)
