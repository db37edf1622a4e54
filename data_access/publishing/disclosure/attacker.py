"""The attacker's system: everything that is known of withheld cells, in one linear program.

Variables are relative moves z of the cells, measure x cell: a table that the attacker cannot tell from the truth has
the figures X·(1 + z). It satisfies, all together:

1. the additive equations (published cells do not move);
2. 0 <= x <= the smallest published cell above;
3. unit values: value within (1 ± β)·π·quantity, π the cell's true unit value;
4. public knowledge: x within ±ε of the truth;
5. a firm's own figures as lower bounds; what it knows wholly does not move.

1 and 3 belong to the system, the others are bounds of single cells: the room. The truth, z = 0, is always a solution
and the set of solutions is convex, so every table may be scaled back towards the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.optimize import linprog

from data_access.publishing.disclosure.holdings import MEASURES, QUANTITY, VALUE

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OPTIMAL = 0
"""Status of a solved program; any other proves nothing."""

FEASIBLE = 1e-9
"""Tolerance of the solver, relative to a cell."""

ACCEPTED = 1e-7
"""How far a table may miss its goal or exceed a unit value, relative to a cell."""

BALANCED = 1e-10
"""How far an equation may be off, relative to the sum of its cells."""


@dataclass(frozen=True, slots=True)
class Room:
    """How far each cell may move down and up, relative to its figure; both measure x cell, never negative."""

    down: Floats
    up: Floats

    def without(self, unknown: Floats) -> Room:
        """The room that is left to a firm to which only the fractions `unknown` of the figures are unknown."""
        wholly = unknown <= ACCEPTED
        return Room(np.where(wholly, 0.0, np.minimum(self.down, unknown)), np.where(wholly, 0.0, self.up))


@dataclass(frozen=True, slots=True)
class System:
    """The attacker's system of a table.

    `figures` is measure x cell; `equations` row x cell, their products with the figures constant; `ceiling` measure x
    cell, the smallest published cell above; `unit_value` β and `public` ε per cell, infinite for none.
    """

    figures: Floats
    equations: Floats
    ceiling: Floats
    unit_value: Floats
    public: Floats
    _bands: tuple[Floats, Floats] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bands", _bands(self.figures, self.unit_value))

    def room(self) -> Room:
        """The outsider's room."""
        size = np.abs(self.figures)
        there = size > 0
        above = np.divide(self.ceiling - self.figures, size, out=np.zeros_like(size), where=there)
        down = np.where(there, np.minimum(self.public, 1.0), 0.0)
        return Room(down, np.clip(np.minimum(above, self.public), 0.0, None))

    def table(self, goal: Floats, *, withheld: Bools, room: Room) -> Floats | None:
        """An alternative table that moves cells at least by `goal` and stays as far from all bounds as it can.

        `goal` is relative and signed, measure x cell, 0 where nothing is asked. None where no table was found; that
        is no proof that there is none, and the cell then counts as not protected.
        """
        program = _Program(self, withheld, room)
        moves = program.solve(goal)
        return None if moves is None else self._checked(moves, goal, withheld, room)

    def slack(self, table: Floats) -> float:
        """The largest t <= 1 for which the table turned round, -t·z, satisfies the unit values."""
        rows, limits = self._bands
        turned = -(rows @ table.ravel())
        tight = turned > 0
        return float(min(1.0, np.min(limits[tight] / turned[tight], initial=1.0)))

    def holds(self, table: Floats, *, withheld: Bools, room: Room) -> bool:
        """Whether a table satisfies the whole system, by arithmetic."""
        rows, limits = self._bands
        sizes = np.abs(self.equations) @ np.abs(self.figures).T
        off = np.abs(self.equations @ (self.figures * table).T)
        return bool(
            not np.any(table[:, ~withheld])
            and np.all(table <= room.up)
            and np.all(table >= -room.down)
            and np.all(rows @ table.ravel() <= limits + ACCEPTED)
            and np.all(off <= BALANCED * sizes)
        )

    def _checked(self, moves: Floats, goal: Floats, withheld: Bools, room: Room) -> Floats | None:
        """The table with its equations balanced to the last digit; None if that breaks a bound or misses the goal."""
        moves = np.clip(moves, -room.down, room.up)
        slack = np.where(withheld, np.minimum(room.up - moves, room.down + moves), 0.0)
        for measure, figures in enumerate(self.figures):
            balance = self.equations * figures
            weighted = balance * slack[measure]
            moves[measure] -= weighted.T @ np.linalg.pinv(weighted @ balance.T) @ (balance @ moves[measure])
        reached = np.all(moves * np.sign(goal) >= np.abs(goal) * (1 - ACCEPTED))
        return moves if reached and self.holds(moves, withheld=withheld, room=room) else None


def _bands(figures: Floats, unit_value: Floats) -> tuple[Floats, Floats]:
    """Unit values as rows over (value moves, quantity moves): row · z <= limit; none where a figure is 0.

    With v = V(1 + z_v), q = Q(1 + z_q) and π = V/Q, v <= (1 + β)·π·q is z_v - (1 + β)·z_q <= β.
    """
    cells = figures.shape[1]
    if len(figures) < MEASURES:
        return np.zeros((0, cells)), np.zeros(0)
    banded = np.flatnonzero(np.isfinite(unit_value) & (figures != 0).all(axis=0))
    beta = unit_value[banded]
    rows = np.zeros((MEASURES, len(banded), MEASURES, cells))
    each = np.arange(len(banded))
    for bound, sign in enumerate((1.0, -1.0)):
        rows[bound, each, VALUE, banded] = sign
        rows[bound, each, QUANTITY, banded] = -(sign + beta)
    return rows.reshape(MEASURES * len(banded), MEASURES * cells), np.concatenate([beta, beta])


class _Program:
    """The linear program over the moves of withheld cells that have room, and the share λ of it that they use."""

    def __init__(self, system: System, withheld: Bools, room: Room) -> None:
        self.shape = system.figures.shape
        self.free = np.flatnonzero((withheld & (room.down + room.up > 0)).ravel())
        self.down, self.up = room.down.ravel()[self.free], room.up.ravel()[self.free]
        rows, limits = system._bands
        picked = rows[:, self.free]
        kept = picked.any(axis=1)
        self.rows, self.limits = picked[kept], limits[kept]
        size = np.abs(system.figures).max(axis=1, initial=0.0)[:, None, None]
        scaled = system.equations * system.figures[:, None, :] / np.where(size > 0, size, 1.0)
        self.equal = block_diag(*scaled)[:, self.free]

    def solve(self, goal: Floats) -> Floats | None:
        """Moves that reach the goal and use the smallest share of the other cells' room; None where none were found."""
        asked = goal.ravel()[self.free]
        low = np.where(asked > 0, asked, -self.down)
        high = np.where(asked < 0, asked, self.up)
        if np.count_nonzero(asked) < np.count_nonzero(goal) or np.any(low > high):
            return None
        solved = self._linprog(low, high, np.flatnonzero(asked == 0))
        if solved is None:
            return None
        moves = np.zeros(self.shape)
        moves.ravel()[self.free] = solved
        return moves

    def _linprog(self, low: Floats, high: Floats, other: NDArray[np.intp]) -> Floats | None:
        """Minimize λ over (z, λ) with z and -z of the other cells at most λ times their room."""
        cells, bands = len(self.free), len(self.limits)
        rows = np.zeros((bands + 2 * len(other), cells + 1))
        rows[:bands, :cells] = self.rows
        for sign, room, first in ((1.0, self.up, bands), (-1.0, self.down, bands + len(other))):
            rows[first + np.arange(len(other)), other] = sign
            rows[first : first + len(other), -1] = -room[other]
        try:
            answer = linprog(
                np.append(np.zeros(cells), 1.0),
                A_ub=rows,
                b_ub=np.append(self.limits, np.zeros(2 * len(other))),
                A_eq=np.pad(self.equal, ((0, 0), (0, 1))),
                b_eq=np.zeros(len(self.equal)),
                bounds=[*zip(low.tolist(), high.tolist(), strict=True), (0.0, 1.0)],
                method="highs",
                options={
                    "presolve": False,
                    "primal_feasibility_tolerance": FEASIBLE,
                    "dual_feasibility_tolerance": FEASIBLE,
                },
            )
        except ValueError:
            return None
        return np.asarray(answer.x[:-1]) if answer.status == OPTIMAL and answer.x is not None else None
