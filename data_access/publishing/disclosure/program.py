"""The cheapest alternative table, by linear programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from highspy._core import _Highs
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, hstack, vstack

from data_access.publishing.disclosure.attacker import DOWN, UP, Inside, System
from data_access.publishing.disclosure.holdings import MEASURES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEASIBLE: Final = 1e-9
"""Tolerance of the solver, in the system's figures (1e4 in all)."""

STILL: Final = 1e-8
"""Smaller moves are the solver's rounding and count as none."""

BALANCED: Final = 1e-6
"""How far an equation or bound may be off in an accepted table; a few cents where the total is a billion US$."""

DISCOUNT: Final = 2e-3
"""What moving a cell costs once it is withheld, over what it cost before."""

OPTIONS: Final[dict[str, bool | int | float | str]] = {
    "output_flag": False,
    "threads": 1,
    "presolve": "off",
    "primal_feasibility_tolerance": FEASIBLE,
    "dual_feasibility_tolerance": 1e-7,
}

OUTSIDER: Final = np.zeros(1, np.int64)
"""The attackers of a program for the outsider alone."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A target is to move in one measure and direction; `index` is its place among the targets, cells or unions."""

    cells: tuple[int, ...]
    measure: int
    direction: int
    index: int


class Program:
    """Minimize the price of all moves over the tables that attackers cannot tell from the truth.

    Built once; each question changes bounds and takes them back. Columns are the moves up, then those down, of value
    and quantity. `threads` is 1 everywhere: HiGHS fails every run of a process that mixes thread counts.
    """

    def __init__(
        self, system: System, inside: Sequence[Inside], *, price: Floats, withheld: Bools, frozen: Bools
    ) -> None:
        self.system, self.inside, self.price = system, inside, price
        self.solved = 0
        moves = MEASURES * system.cells
        self._free = np.concatenate([np.where(frozen, 0.0, room).ravel() for room in (system.up, system.down)])
        self._upper = self._free.copy()
        both = csr_array(vstack([block_diag([system.equations] * MEASURES), system.bands]))
        equal = np.zeros(MEASURES * system.equations.shape[0])
        lower = np.concatenate([equal, np.full(len(system.limits), -np.inf)])
        upper = np.concatenate([equal, system.limits])
        cost = np.tile(np.where(withheld, DISCOUNT, 1.0) * price, 2 * MEASURES)
        matrix = csr_array(hstack([both, -both]))
        self._solver = _solver(matrix, cost, self._upper, lower, upper)
        self._moves = moves

    def reprice(self, cells: Ints, *, withheld: bool) -> None:
        """Tell the program that cells are withheld now, or shown again."""
        columns = np.concatenate([cells + part * self.system.cells for part in range(2 * MEASURES)])
        cost = np.tile(self.price[cells] * (DISCOUNT if withheld else 1.0), 2 * MEASURES)
        self._solver.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def hold(self, cells: Ints, *, still: bool) -> None:
        """Forbid these cells to move from now on, or allow it again."""
        columns = np.concatenate([cells + part * self.system.cells for part in range(2 * MEASURES)])
        self._upper[columns] = 0.0 if still else self._free[columns]
        self._solver.changeColsBounds(
            len(columns), columns.astype(np.int32), np.zeros(len(columns)), self._upper[columns]
        )

    def solve(self, goal: Goal, level: float, *, attackers: Ints = OUTSIDER) -> Floats | None:
        """The cheapest table in which the target moves by `level` and which all these attackers could believe.

        None where no such table was found, for whatever reason: the solver's word that
        there is none, or any state but optimal, or a table that arithmetic does not confirm.
        """
        upper = self._room(attackers)
        column, opposite = self._columns(goal)
        lower = np.zeros_like(upper)
        if len(goal.cells) == 1:
            lower[column] = level
            upper[opposite] = 0.0
            if (level > upper[column]).any():
                return None
            return self._run(lower, upper)
        row = self._solver.getNumRow()
        signs = np.concatenate([np.ones(len(column)), -np.ones(len(opposite))])
        self._solver.addRow(level, np.inf, len(signs), np.concatenate([column, opposite]).astype(np.int32), signs)
        moves = self._run(lower, upper)
        self._solver.deleteRows(1, np.array([row], np.int32))
        return moves

    def _columns(self, goal: Goal) -> tuple[Ints, Ints]:
        """Columns that move a goal's cells in its direction, and the other way."""
        up = np.array(goal.cells, np.int64) + goal.measure * self.system.cells
        down = up + self._moves
        return (up, down) if goal.direction == UP else (down, up)

    def _room(self, attackers: Ints) -> Floats:
        """Upper bounds of the columns that all these attackers have in common."""
        upper = self._upper.copy()
        firms = attackers[attackers > 0] - 1
        for measure, inside in enumerate(self.inside if len(firms) else ()):
            entry = inside.by_firm[ranges(inside.firm_start[firms], inside.firm_start[firms + 1])]
            cell, unknown = inside.cell[entry] + measure * self.system.cells, inside.unknown[entry]
            np.minimum.at(upper, self._moves + cell, unknown)
            upper[cell[unknown == 0]] = 0.0
        return upper

    def _run(self, lower: Floats, upper: Floats) -> Floats | None:
        changed = np.flatnonzero((upper != self._upper) | (lower != 0)).astype(np.int32)
        if len(changed):
            self._solver.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
        self._solver.run()
        self.solved += 1
        moves = None
        if self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            columns = np.array(self._solver.getSolution().col_value)
            moves = columns[: self._moves] - columns[self._moves :]
            moves[np.abs(moves) < STILL] = 0.0
        if len(changed):
            self._solver.changeColsBounds(len(changed), changed, np.zeros(len(changed)), self._upper[changed])
        return moves if moves is not None and holds(self.system, moves) else None


def _solver(matrix: csr_array, cost: Floats, upper: Floats, row_lower: Floats, row_upper: Floats) -> _Highs:
    # The solver below `highspy.Highs`, which prints a banner and calls back into Python.
    solver = _Highs()
    for option, value in OPTIONS.items():
        solver.setOptionValue(option, value)
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, np.zeros(len(cost)), upper
    program.row_lower_, program.row_upper_ = row_lower, row_upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver.passModel(program)
    return solver


def holds(system: System, moves: Floats) -> bool:
    """Whether a table (value moves, then quantity moves) satisfies the outsider's system, by arithmetic."""
    off = system.equations @ moves.reshape(MEASURES, -1).T
    return bool(
        (np.abs(off) <= BALANCED).all()
        and (moves <= system.up.ravel() + FEASIBLE).all()
        and (moves >= -system.down.ravel() - FEASIBLE).all()
        and (system.bands @ moves <= system.limits + BALANCED).all()
    )


def ranges(start: Ints, stop: Ints) -> Ints:
    """The numbers from each start up to its stop, one range after the other."""
    length = stop - start
    first = np.cumsum(length) - length
    return np.repeat(start - first, length) + np.arange(int(length.sum()), dtype=np.int64)


__all__ = ["BALANCED", "DOWN", "UP", "Goal", "Program", "holds", "ranges"]
