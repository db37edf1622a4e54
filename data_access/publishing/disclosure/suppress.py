"""Complementary suppression: the cells to withhold so that no attacker comes too close to an unsafe one.

Unsafe cells are withheld. For each of them, each measure, direction and attacker an alternative table is sought that
moves it by the level; the cheapest, and what it moves is withheld too. Tables stay in a pool: each serves every
attacker up to its own share of the way, so that few are left to look for. Unions whose sum is given away and that fail
the primary rules become targets as well. At last complements are shown again that the proof can do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.attacker import (
    DOWN,
    TOTAL,
    UP,
    Inside,
    Needs,
    System,
    capped,
    scaled_levels,
)
from data_access.publishing.disclosure.holdings import MEASURES
from data_access.publishing.disclosure.pool import ENOUGH, Pool
from data_access.publishing.disclosure.program import Goal, Program
from data_access.publishing.disclosure.rules import Levels, Rules, UnitMap, all_levels, unsafe_cells
from data_access.publishing.disclosure.tables import Split
from data_access.publishing.disclosure.unions import Found, cells_of, doubtful_ranges, given_away, union_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ROUNDS: Final = 8
"""Unions are looked for until none is new; more rounds than this count as a failure."""

BATCH_TRIES: Final = 60
"""Programs for one goal before a batch that asks for more withheld cells is no longer halved."""

CLEANUP_TRIES: Final = 6
"""Tables for one goal before a complement stays withheld."""

CLEANUP_PROGRAMS: Final = 400
"""Programs that clean-up may solve by default; counted, not timed, so that the same input gives the same pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that suppression reads. `price` per cell from `costs`; `frozen` cells are shown whatever happens (a shown
    cell of an earlier layer, the total); `virtual` ones are never shown (an increment) and never withheld for it."""

    system: System
    splits: tuple[Split, ...]
    maps: tuple[UnitMap, ...]
    inside: tuple[Inside, ...]
    rules: Rules
    price: Floats
    frozen: Bools
    virtual: Bools
    firms: int
    occupied: Bools = field(repr=False)
    """Cells that hold a record; others never serve as complements."""
    signed: Bools | None = field(default=None, repr=False)
    """Measure x cell: whether a unit's part is negative, as in an increment; own figures are no lower bound then."""
    search: Callable[[Bools], Found] | None = field(default=None, repr=False)
    """Finds unions that are given away, by what is withheld; None searches the splits."""
    above: tuple[tuple[int, ...], ...] = field(default=(), repr=False)
    """By cell the cells that hold it whatever changes between layers; () where none are told."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A goal for which no table was found for these attackers (0 the outsider, 1 + f firm f). Confidential."""

    goal: Goal
    attackers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """The pattern of a period and its proof.

    `withheld` and `unsafe` per cell; `goals` with `witness` (goal x attacker, a table of `moves` or -1 where nothing is
    needed), `moves` table x measure x cell in the system's figures; `unions` are those that became targets. A period
    with `failures`, or whose unions were not all looked at, must not be published.
    """

    withheld: Bools
    unsafe: Bools
    goals: tuple[Goal, ...]
    witness: NDArray[np.int32]
    moves: Floats
    unions: tuple[tuple[int, ...], ...]
    failures: tuple[Failure, ...]
    unions_complete: bool
    programs: int
    looked_at: int

    @property
    def sound(self) -> bool:
        """Whether the period may be published."""
        return not self.failures and self.unions_complete


Step = Callable[[str, int, int], None]


def _silent(stage: str, done: int, of: int) -> None:
    """Progress nobody asked for."""


def suppress(
    problem: Problem, *, cleanup: int = CLEANUP_PROGRAMS, step: Step = _silent, start: Floats | None = None
) -> Protection:
    """The cells to withhold, with the proof.

    `cleanup` is the number of programs after which no further complement is tried. `step` is told the stage, how many
    goals of it are done and of how many. `start` are tables (table x measure x cell) to begin with; what they move is
    withheld.
    """
    work = _Work(problem, step)
    for moves in () if start is None else start:
        work.take(moves)
    work.protect_from_outsider()
    work.protect_from_insiders()
    work.protect_unions()
    work.protect_below()
    if not work.is_lost():
        work.clean(cleanup)
        work.protect_unions()
    return work.result()


class _Targets:
    """Cells and unions to protect, their needs and their own bounds."""

    def __init__(self, problem: Problem, levels: Sequence[Levels], withheld: Bools) -> None:
        self.system, self.signed, self.above, self.withheld = problem.system, problem.signed, problem.above, withheld
        self.attackers = 1 + problem.firms
        self.cell_needs = Needs(scaled_levels(levels, self.system.scale), self.attackers)
        self.unions: list[tuple[int, ...]] = []
        self._union_needs: list[tuple[Needs, int]] = []

    def add_unions(self, sets: Sequence[tuple[int, ...]], levels: Sequence[Levels], rows: Sequence[int]) -> None:
        """Unions become targets; `rows` are their places in the levels."""
        needs = Needs(scaled_levels(levels, self.system.scale), self.attackers)
        self.unions += sets
        self._union_needs += [(needs, row) for row in rows]

    def goals_of_cells(self, cells: Ints) -> list[Goal]:
        """The goals of cells that somebody needs."""
        return self._needed([((int(cell),), int(cell)) for cell in cells])

    def goals_of_unions(self, first: int = 0) -> list[Goal]:
        """The goals of unions from number `first` on."""
        return self._needed([(self.unions[i], self.system.cells + i) for i in range(first, len(self.unions))])

    def _needed(self, targets: Sequence[tuple[tuple[int, ...], int]]) -> list[Goal]:
        goals = [
            Goal(cells, measure, direction, index)
            for cells, index in targets
            for measure in range(MEASURES)
            for direction in (UP, DOWN)
        ]
        return [goal for goal in goals if self.needed(goal).max() > 0]

    def needed(self, goal: Goal) -> Floats:
        """The level of each attacker, capped at the target's own bounds."""
        is_cell = goal.index < self.system.cells
        needs, row = (self.cell_needs, goal.index) if is_cell else self._union_needs[goal.index - self.system.cells]
        cells, measure = list(goal.cells), goal.measure
        figure = float(self.system.figures[measure, cells].sum())
        room = (self.system.up if goal.direction == UP else self.system.down)[measure, cells].sum()
        if goal.direction == UP:
            room = min(room, (self._least_above(goal.index, measure) if is_cell else TOTAL) - figure)
        left = needs.left(measure, row, figure)
        if self.signed is not None and self.signed[measure, cells].any():
            left = np.full_like(left, np.inf)
        return capped(needs.of(measure, row), left, float(room), goal.direction)

    def _least_above(self, cell: int, measure: int) -> float:
        """The smallest figure shown that a cell is part of."""
        above = [one for one in self.above[cell] if not self.withheld[one]] if self.above else []
        return float(self.system.figures[measure, above].min(initial=np.inf))


class _Work:
    """One run: what is withheld so far, the pool, and what could not be served."""

    def __init__(self, problem: Problem, step: Step) -> None:
        self.problem, self.step = problem, step
        system = problem.system
        levels = all_levels(problem.maps, problem.rules)
        self.unsafe = unsafe_cells(levels)
        self.withheld: Bools = self.unsafe | problem.virtual
        frozen = (problem.frozen & ~self.unsafe) | ~problem.occupied
        self.program = Program(system, problem.inside, price=problem.price, withheld=self.withheld, frozen=frozen)
        self.pool = Pool(system.cells, problem.inside, 1 + problem.firms)
        self.targets = _Targets(problem, levels, self.withheld)
        cells = self.targets.goals_of_cells(np.flatnonzero(self.unsafe))
        self.goals = sorted(cells, key=lambda goal: -self.targets.needed(goal)[0])
        self.unserved: set[Goal] = set()
        self.looked_at: set[int] = set()
        self.complete = True

    def protect_from_outsider(self) -> None:
        """A table for the outsider, for every goal, the largest levels first: their tables serve the most others."""
        for done, goal in enumerate(self.goals):
            self.step("outsider", done, len(self.goals))
            self._serve_outsider(goal)

    def _serve_outsider(self, goal: Goal) -> None:
        level = float(self.targets.needed(goal)[0])
        if level <= 0 or self.pool.reached(goal).max(initial=0.0) >= level * ENOUGH:
            return
        moves = self.program.solve(goal, level)
        if moves is not None:
            self.take(moves)

    def protect_from_insiders(self) -> None:
        """Tables for all attackers that the pool leaves unserved."""
        for done, goal in enumerate(self.goals):
            self.step("insiders", done, len(self.goals))
            self._serve_all(goal)

    def _serve_all(self, goal: Goal) -> None:
        needed = self.targets.needed(goal)
        open_, _ = self.pool.witnesses(goal, needed)
        if len(open_) and not self._serve(goal, open_, needed):
            self.unserved.add(goal)

    def _serve(self, goal: Goal, attackers: Ints, needed: Floats) -> bool:
        """Find tables for these attackers: one for all at once, else for halves, if that withholds nothing more.

        What only withholding more can serve is served one attacker at a time.
        """
        stack, tries, served = [attackers], 0, True
        while stack:
            some = stack.pop()
            moves = self.program.solve(goal, float(needed[some].max()), attackers=some)
            tries += 1
            if tries == 1 and moves is None and self.program.solve(goal, float(needed[some].min())) is None:
                return False  # what is not open to the outsider is open to nobody
            more = moves is not None and self._joins(moves).size > 0
            if (moves is None or more) and len(some) > 1 and tries < BATCH_TRIES * 50:
                stack += _halves(some)
                continue
            if moves is None:
                served = False
                continue
            self.take(moves)
            left = self._left(goal, some, needed)
            if len(left) == len(some):
                served = served and len(some) > 1
                stack += _halves(some) if len(some) > 1 else []
            elif len(left):
                stack.append(left)
            stack = [rest for part in stack if len(rest := self._left(goal, part, needed))]
        return served

    def _left(self, goal: Goal, attackers: Ints, needed: Floats) -> Ints:
        """Those of these attackers whom the newest table does not serve."""
        last = self.pool.size - 1
        reached = float(self.pool.reached_by(goal, last))
        unserved: Bools = self.pool.far[last, attackers] * reached < needed[attackers] * ENOUGH
        return attackers[unserved]

    def _joins(self, moves: Floats) -> Ints:
        moved = (moves.reshape(MEASURES, -1) != 0).any(axis=0)
        return np.flatnonzero(moved & ~self.withheld)

    def take(self, moves: Floats) -> None:
        """A table for the pool; what it moves is withheld."""
        joins = self._joins(moves)
        if len(joins):
            self.withheld[joins] = True
            self.program.reprice(joins, withheld=True)
        self.pool.add(moves)

    def protect_below(self) -> None:
        """Cells whose own bound has become wider, as a figure above them is no longer shown, need more."""
        told = ~(self.unsafe | self.problem.virtual)
        for _ in range(ROUNDS if self.problem.above else 0):
            gone = told & self.withheld
            below = [goal for goal in self.goals if any(gone[one] for cell in goal.cells for one in self._above(cell))]
            told = told & ~gone
            if not below:
                return
            for done, goal in enumerate(below):
                self.step("insiders", done, len(below))
                self._serve_all(goal)
            self.protect_unions()

    def _above(self, cell: int) -> tuple[int, ...]:
        return self.problem.above[cell]

    def is_lost(self) -> bool:
        """Whether some goal could not be served, nor was by what others needed."""
        return any(len(self.pool.witnesses(goal, self.targets.needed(goal))[0]) for goal in self.unserved)

    def protect_unions(self) -> None:
        """Unions that are given away and unsafe become targets, until none is new."""
        for _ in range(ROUNDS):
            first = len(self.targets.unions)
            self._find_unions()
            fresh = self.targets.goals_of_unions(first)
            for done, goal in enumerate(fresh):
                self.step("unions", done, len(fresh))
                self._serve_outsider(goal)
                self._serve_all(goal)
            self.goals += fresh
            if len(self.targets.unions) == first:
                return
        self.complete = False

    def _find_unions(self) -> None:
        search = self.problem.search
        found = given_away(self.problem.splits, self.withheld) if search is None else search(self.withheld)
        doubtful = doubtful_ranges(found.ranges, self.problem.maps, self.problem.rules)
        self.complete = self.complete and found.complete and not doubtful
        fresh = sorted(found.sets - self.looked_at)
        self.looked_at |= found.sets
        if not fresh:
            return
        levels, unsafe = union_levels(fresh, self.problem.maps, self.problem.rules)
        rows = np.flatnonzero(unsafe).tolist()
        self.targets.add_unions([cells_of(fresh[row]) for row in rows], levels, rows)

    def clean(self, programs: int) -> None:
        """Show complements again that the proof can do without."""
        _Cleaning(self).run(programs)

    def result(self) -> Protection:
        """The outcome, audited once more as a whole."""
        witness = np.full((len(self.goals), 1 + self.problem.firms), -1, np.int32)
        failures = []
        for row, goal in enumerate(self.goals):
            open_, witness[row] = self.pool.witnesses(goal, self.targets.needed(goal))
            if len(open_):
                failures.append(Failure(goal, tuple(open_.tolist())))
        return Protection(
            withheld=self.withheld,
            unsafe=self.unsafe,
            goals=tuple(self.goals),
            witness=witness,
            moves=self.pool.moves.copy(),
            unions=tuple(self.targets.unions),
            failures=tuple(failures),
            unions_complete=self.complete,
            programs=self.program.solved,
            looked_at=len(self.looked_at),
        )


class _Cleaning:
    """Complements are tried one at a time: what the pool loses without them must be found anew without them."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.witness = [self._found(goal) for goal in work.goals]
        self.alive = np.ones(work.pool.size, bool)

    def _found(self, goal: Goal) -> NDArray[np.int32]:
        return self.work.pool.witnesses(goal, self.work.targets.needed(goal))[1].astype(np.int32)

    def run(self, programs: int) -> None:
        """Try complements, dear ones first, as long as there are programs left."""
        work = self.work
        price, last = work.problem.price, work.program.solved + programs
        complements = np.flatnonzero(work.withheld & ~work.unsafe & ~work.problem.virtual)
        work.program.hold(np.flatnonzero(~work.withheld), still=True)
        for done, cell in enumerate(complements[np.argsort(-price[complements], kind="stable")]):
            if work.program.solved >= last:
                break
            work.step("clean-up", done, len(complements))
            self._try(int(cell))
        work.program.hold(np.flatnonzero(~work.withheld), still=False)
        self._forget()

    def _try(self, cell: int) -> None:
        work = self.work
        size = work.pool.size
        lost = self.alive & (work.pool.moves[:, :, cell] != 0).any(axis=1)
        kept = self.alive & ~lost
        anew: dict[int, NDArray[np.int32]] = {}
        work.withheld[cell] = False
        work.program.hold(np.array([cell]), still=True)
        for row in self._concerned(lost):
            witness = self._without(row, lost, kept, size)
            if witness is None:
                work.withheld[cell] = True
                work.program.hold(np.array([cell]), still=False)
                self.alive = np.append(self.alive, np.ones(work.pool.size - size, bool))
                return
            anew[row] = witness
        for row, witness in anew.items():
            self.witness[row] = witness
        self.alive = np.append(kept, np.ones(work.pool.size - size, bool))
        work.program.reprice(np.array([cell]), withheld=False)

    def _concerned(self, lost: Bools) -> Iterator[int]:
        for row, witness in enumerate(self.witness):
            if lost[witness[witness >= 0]].any():
                yield row

    def _without(self, row: int, lost: Bools, kept: Bools, size: int) -> NDArray[np.int32] | None:
        """Witnesses of a goal without the lost tables; None if none are found that move withheld cells only."""
        work, goal = self.work, self.work.goals[row]
        witness = self.witness[row]
        gone = (witness >= 0) & lost[np.maximum(witness, 0)]
        needed = np.where(gone, work.targets.needed(goal), 0.0)
        for _ in range(CLEANUP_TRIES):
            tables = np.append(np.flatnonzero(kept), np.arange(size, work.pool.size))
            open_, found = work.pool.witnesses(goal, needed, tables=tables)
            witness = np.where(found >= 0, found, witness).astype(np.int32)
            needed[found >= 0] = 0.0
            if not len(open_):
                return witness
            if not self._serve(goal, open_, needed):
                return None
        return None

    def _serve(self, goal: Goal, open_: Ints, needed: Floats) -> bool:
        """One more table, for all these attackers or at least for the one that needs most."""
        hardest = open_[[int(needed[open_].argmax())]]
        for some in (open_, hardest) if len(open_) > 1 else (open_,):
            moves = self.work.program.solve(goal, float(needed[some].max()), attackers=some)
            if moves is not None:
                self.work.pool.add(moves)
                return True
        return False

    def _forget(self) -> None:
        """Drop tables that nobody needs; those that move a cell shown again are among them."""
        used = np.zeros(self.work.pool.size, bool)
        for witness in self.witness:
            used[witness[witness >= 0]] = True
        self.work.pool.keep(used)


def _halves(attackers: Ints) -> list[Ints]:
    half = len(attackers) // 2
    return [attackers[half:], attackers[:half]]
