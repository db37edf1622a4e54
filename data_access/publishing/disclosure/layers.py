"""A month's layers: what each publication of it may show, given all that earlier ones did.

All layers of a month are one joint system (`month`, `linked`). What an earlier layer shows is a constant, what it
withheld stays a target; the new layer's cells are candidates. Where no pattern is found that proves itself, more is
withheld: the figures whose past is at risk, of a weekly layer then the small ones, in the end everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.contracts import Status
from data_access.publishing.disclosure.attacker import System
from data_access.publishing.disclosure.certificate import Proof, pack, read_certificate, verify_layers
from data_access.publishing.disclosure.holdings import QUANTITY, VALUE, holdings_of
from data_access.publishing.disclosure.judge import judge_layers
from data_access.publishing.disclosure.linked import joint_problem, priced
from data_access.publishing.disclosure.month import (
    OTHER,
    WEEKLY_LEVELS,
    Joint,
    Kind,
    Layer,
    Place,
    joint_of,
    published_rows,
    row_keys,
    shows,
)
from data_access.publishing.disclosure.program import STILL, holds
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import all_levels, unit_maps, unsafe_cells
from data_access.publishing.disclosure.suppress import (
    CLEANUP_PROGRAMS,
    Problem,
    Protection,
    Step,
    suppress,
)
from data_access.publishing.disclosure.tables import DIMENSIONS, Level, Tables
from data_access.publishing.disclosure.unions import doubtful_ranges, given_away, mask_of

__all__ = [
    "OTHER",
    "WEEKLY_LEVELS",
    "JointMonth",
    "Kind",
    "Layer",
    "Proof",
    "Solved",
    "Summary",
    "judge_layers",
    "month_problem",
    "read_certificate",
    "solve_layer",
    "verify_layers",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HOLD_MORE: Final = (0.25, 0.5, 0.75, 1.0)
"""Part of a weekly layer's countries and groups, the small ones first, that is held at each further attempt, beside the
figures whose own past is at risk; of a closed month those alone."""

WORTH: Final = 0.1
"""What must be left of a table scaled back for it to be kept."""

FURTHER_ROLES: Final = ("manufacturer_id", "exporter_id")
"""Unit maps that a policy may add; a summary tells what they would cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSummary:
    """One level of a layer: rows, US$ of all of them, and what is shown by the primary rules alone and in the end."""

    cells: int
    unsafe: int
    withheld: int
    value: float
    value_primary: float
    value_shown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What one more unit map would withhold by primary rules alone: rows, and their US$ over all tables."""

    cells: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What it took to protect a layer, for staff; `levels` by level name, `further` by role, `seconds` by stage."""

    levels: dict[str, LevelSummary] = field(default_factory=dict)
    further: dict[str, Further] = field(default_factory=dict)
    programs: int = 0
    tables: int = 0
    failures: int = 0
    unions: int = 0
    held: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A layer as decided, with its certificate; `refused` tells staff why nothing of it is shown."""

    layer: Layer
    certificate: bytes
    summary: Summary
    refused: str | None = None


class _Clock:
    """Seconds by stage; hands progress on."""

    def __init__(self, step: Step | None) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._stage, self._since = step, "tables", time.perf_counter()

    def __call__(self, stage: str, done: int, of: int) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
        if self._step is not None:
            self._step(stage, done, of)


def solve_layer(
    history: Sequence[Layer],
    *,
    as_of: str,
    kind: Kind,
    licenses: pd.DataFrame,
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    sizes: Mapping[str, float],
    secret: bytes,
    year: int,
    cleanup: int = CLEANUP_PROGRAMS,
    step: Step | None = None,
    proof: bytes | None = None,
) -> Solved:
    """Decide a month's new layer after these, oldest first.

    `licenses` are the records that count in the month; `tree`, `numbers`, `sizes`, `secret`, `year` as in `tables`,
    `holdings.firm_numbers` and `costs`; `listed` the countries of weekly figures. `proof`, the certificate of the
    history, saves time where little has changed.
    """
    clock = _Clock(step)
    licenses = licenses.reset_index(drop=True)
    layer = Layer(as_of=as_of, kind=kind, licenses=licenses, rows=_no_rows())
    asked = _Asked(
        tree=tree, numbers=numbers, listed=listed, regime=regime, pricing=priced(sizes, secret=secret, year=year)
    )
    if not len(licenses):
        return Solved(
            layer=layer, certificate=_proof_of_history(history, asked, proof), summary=Summary(), refused=None
        )
    work = _Solving([*history, layer], asked, cleanup=cleanup, step=clock, proof=proof)
    protection = work.solve()
    clock("certificate", 0, 1)
    rows = decided_rows(work.newest, protection.withheld if protection else np.ones(work.joint.cells, bool))
    refused = work.refused if protection else work.refused or "no pattern was found that proves itself"
    if protection is not None and (rows["status"] == Status.PUBLISHED).any():
        certificate = certify(work.joint, work.problem, protection)
    else:
        refused = refused or "every cell is unsafe"
        certificate = _proof_of_history(history, asked, proof)
    clock("summary", 0, 1)
    summary = _summary(work, protection, rows, asked)
    clock("end", 1, 1)
    return Solved(
        layer=replace(layer, rows=rows),
        certificate=certificate,
        summary=replace(summary, seconds={stage: round(spent, 3) for stage, spent in clock.seconds.items()}),
        refused=refused,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What all layers of a month have in common."""

    tree: pd.DataFrame
    numbers: pd.Series
    listed: frozenset[str]
    regime: Regime
    pricing: Callable[[Tables], Floats]

    def joint(self, layers: Sequence[Layer]) -> Joint:
        return joint_of(layers, tree=self.tree, numbers=self.numbers, listed=self.listed, regime=self.regime)


class _Solving:
    """Attempts at a new layer, each withholding more than the last."""

    def __init__(
        self, layers: Sequence[Layer], asked: _Asked, *, cleanup: int, step: Step, proof: bytes | None
    ) -> None:
        self.asked, self.cleanup, self.step = asked, cleanup, step
        self.joint = asked.joint(layers)
        self.newest = self.joint.places[-1]
        self.total = int(self.newest.cell[0])
        step("system", 0, 1)
        self.problem = self._problem(np.zeros(self.joint.cells, bool), total=True)
        self.unsafe = unsafe_cells(all_levels(self.problem.maps, asked.regime.rules))
        self.held = self._given_by_changes()
        self.start = lifted(self.joint, self.problem, read_certificate(proof)) if proof else None
        self.programs = self.failures = 0
        self.refused: str | None = None

    def _problem(self, held: Bools, *, total: bool) -> Problem:
        return joint_problem(self.joint, regime=self.asked.regime, pricing=self.asked.pricing, held=held, total=total)

    def _given_by_changes(self) -> Bools:
        """Cells whose figure would give away an unsafe change since a shown one."""
        held, constant = np.zeros(self.joint.cells, bool), self.joint.constant()
        for link in self.joint.links:
            if link.increment >= 0 and constant[link.earlier] and self.unsafe[link.increment]:
                held[link.later] = True
        held[: self.newest.first] = False
        held[self.newest.first + self.newest.tables.cells :] = False
        return held

    def solve(self) -> Protection | None:
        """The first attempt that proves itself."""
        failed = ""
        for held in self._attempts():
            total = not (held[self.total] or self.unsafe[self.total])
            if total:
                self.problem = replace(self.problem, virtual=self.problem.virtual | held)
            else:
                self.problem = self._problem(held, total=False)
            protection = suppress(self.problem, cleanup=self.cleanup, step=self.step, start=self.start)
            self.programs += protection.programs
            self.failures = len(protection.failures)
            failed = self.failed(protection)
            if not failed:
                return protection
            self.last = protection
        self.refused = failed
        return None

    def failed(self, protection: Protection) -> str:
        """Why an attempt does not prove itself, or nothing."""
        if protection.failures:
            return f"{len(protection.failures)} goals without an alternative table"
        if not protection.unions_complete or _given_away(self.problem, protection):
            return "unsafe unions of withheld cells are given away"
        return ""

    def _attempts(self) -> Iterator[Bools]:
        held = self.held.copy()
        yield held.copy()
        for more in self._more_to_hold():
            before = held.copy()
            held[more] = True
            if (held != before).any():
                yield held.copy()

    def _more_to_hold(self) -> Iterator[Ints]:
        """What is at risk; then of a weekly layer the small figures first; of another the total, then all changes."""
        yield self._at_risk()
        if self.newest.kind == Kind.WEEKLY:
            cells = np.unique(self.newest.cell[published_rows(self.newest.tables)])
            cells = cells[(cells != self.total) & ~self.unsafe[cells]]
            order = cells[np.argsort(self.problem.price[cells], kind="stable")]
            yield from (order[: int(np.ceil(part * len(order)))] for part in HOLD_MORE)
        elif len(self.joint.places) > 1:
            yield np.append(self._at_risk(), self.total)
            changed = {link.later for link in self.joint.links if link.increment >= 0}
            yield np.array(sorted(changed & set(self.newest.cell.tolist())), np.int64)

    def _at_risk(self) -> Ints:
        """Candidates that hold the same key as a cell that some attacker came too close to."""
        failing = {failure.goal.index for failure in self.last.failures}
        links = [link for link in self.joint.links if failing & {link.earlier, link.later, link.increment}]
        keys = {link.key for link in links}
        found = [self.newest.cell_of()[key] for key in keys if key in self.newest.cell_of()]
        return np.array(sorted(set(found) - {self.total}), np.int64)


def _given_away(problem: Problem, protection: Protection) -> bool:
    """Whether an unsafe union is given away in the end; all that are were looked at, and became targets."""
    found = (
        given_away(problem.splits, protection.withheld)
        if problem.search is None
        else problem.search(protection.withheld)
    )
    doubtful = doubtful_ranges(found.ranges, problem.maps, problem.rules)
    return doubtful or not found.complete or not found.sets.isdisjoint(mask_of(cells) for cells in protection.unions)


def _no_rows() -> pd.DataFrame:
    columns = {name: pd.Series(dtype="str") for name in ("product", *DIMENSIONS)}
    figures = {name: pd.Series(dtype="Int64") for name in ("value", "kg")}
    return pd.DataFrame({**columns, **figures, "status": pd.Series(dtype="str")})


def decided_rows(place: Place, withheld: Bools) -> pd.DataFrame:
    """The rows of the newest layer, null where withheld; `withheld` is by joint cell."""
    public = published_rows(place.tables)
    rows = place.tables.rows[public].drop(columns=["level", "cell"]).reset_index(drop=True)
    cell = place.tables.rows["cell"].to_numpy()[public]
    shown = ~withheld[cell + place.first]
    for name, measure in (("value", VALUE), ("kg", QUANTITY)):
        figures = pd.Series(place.tables.figures[measure, cell].astype(np.int64), index=rows.index, dtype="Int64")
        rows[name] = figures.where(pd.Series(shown, index=rows.index))
    return rows.assign(status=np.where(shown, Status.PUBLISHED.value, Status.WITHHELD.value))


def certify(joint: Joint, problem: Problem, protection: Protection) -> bytes:
    """The certificate of a joint system's protection."""
    of_cells = [row for row, goal in enumerate(protection.goals) if goal.index < problem.system.cells]
    goals = [protection.goals[row] for row in of_cells]
    return pack(
        keys=joint.names,
        firms=joint.ids,
        moves=protection.moves * problem.system.scale[:, None],
        goals=[(goal.index, goal.measure, goal.direction) for goal in goals],
        witness=protection.witness[of_cells],
    )


def _proof_of_history(history: Sequence[Layer], asked: _Asked, proof: bytes | None) -> bytes:
    """The certificate of what is shown already; nothing is added to it."""
    told = [number for number, layer in enumerate(history) if shows(layer)]
    if not told:
        return pack(keys=(), firms=(), moves=np.zeros((0, 2, 0)), goals=(), witness=np.zeros((0, 1), np.int32))
    if proof is not None:
        return proof
    found = month_problem(history[: told[-1] + 1], tree=asked.tree, numbers=asked.numbers, listed=asked.listed,
                          regime=asked.regime, pricing=asked.pricing)  # fmt: skip
    return certify(found.joint, found.problem, suppress(found.problem, cleanup=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMonth:
    """A month as decided: its joint problem, in which nothing is left to decide.

    `rows` gives, per layer that shows something, the joint cell of each key of its tables; `shown` the cells that are
    public. `joint.names` are the keys of a certificate's cells, in order; `joint.ids` one id of each firm.
    """

    joint: Joint
    problem: Problem
    rows: tuple[dict[str, int], ...]
    shown: Bools


def month_problem(
    layers: Sequence[Layer],
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    pricing: Callable[[Tables], Floats] | None = None,
) -> JointMonth:
    """The joint problem of a month's layers with every pattern as decided: cells shown are frozen, all others virtual.

    The newest layer must show something.
    """
    asked = _Asked(
        tree=tree, numbers=numbers, listed=listed, regime=regime,
        pricing=pricing or (lambda tables: np.ones(tables.cells)),
    )  # fmt: skip
    joint = asked.joint(layers)
    newest = joint.places[-1]
    shown = joint.constant()
    told = set(np.array(row_keys(layers[-1].rows), object)[(layers[-1].rows["status"] == Status.PUBLISHED).to_numpy()])
    for key, cell in newest.cell_of().items():
        shown[cell] |= key in told
    total = bool(shown[newest.cell[0]])
    problem = joint_problem(joint, regime=regime, pricing=asked.pricing, held=~shown, total=total)
    return JointMonth(
        joint=joint,
        problem=replace(problem, frozen=shown, virtual=~shown),
        rows=tuple(place.cell_of() for place in joint.places),
        shown=shown,
    )


def lifted(joint: Joint, problem: Problem, proof: Proof) -> Floats | None:
    """Tables of the certificate of a closed month as tables of the joint system with its final layer.

    The new layer moves as the one before, increments stay; each table is scaled back until all constraints hold.
    """
    if len(joint.places) < 2 or Kind.WEEKLY in {place.kind for place in joint.places[-2:]}:
        return None
    place = {name: cell for cell, name in enumerate(joint.names)}
    known = [number for number, name in enumerate(proof.keys) if name in place]
    moves = np.zeros((len(proof.moves), *joint.figures.shape))
    moves[:, :, [place[proof.keys[number]] for number in known]] = proof.moves[:, :, known]
    moves /= problem.system.scale[:, None]
    newest = len(joint.places) - 1
    for link in joint.links:
        if link.pair == (newest - 1, newest):
            moves[:, :, link.later] = moves[:, :, link.earlier]
    for group in joint.groups:
        moves[:, :, group.cell] = moves[:, :, list(group.children)].sum(axis=2)
    for link in joint.links:
        if link.increment >= 0:
            moves[:, :, link.increment] = moves[:, :, link.later] - moves[:, :, link.earlier]
    tables = [_scaled_back(problem.system, table) for table in moves.reshape(len(moves), -1)]
    kept = [table for table in tables if table is not None]
    return np.stack(kept) if kept else None


def _scaled_back(system: System, moves: Floats) -> Floats | None:
    """A table made to fit the system; None where too little is left of it."""
    banded = system.bands @ moves
    limits = [
        (system.up.ravel(), moves),
        (system.down.ravel(), -moves),
        (system.limits, banded),
    ]
    part = min(1.0, *(float((room[by > STILL] / by[by > STILL]).min(initial=1.0)) for room, by in limits))
    scaled = moves * part
    return scaled if part >= WORTH and holds(system, scaled) else None


def _summary(work: _Solving, protection: Protection | None, rows: pd.DataFrame, asked: _Asked) -> Summary:
    tables = work.newest.tables
    return Summary(
        levels=_level_summaries(work, rows),
        further=_further(tables, work, asked),
        programs=work.programs,
        tables=0 if protection is None else len(protection.moves),
        failures=work.failures,
        unions=0 if protection is None else protection.looked_at,
        held=int(work.held.sum()),
    )


def _level_summaries(work: _Solving, rows: pd.DataFrame) -> dict[str, LevelSummary]:
    place = work.newest
    public = published_rows(place.tables)
    all_rows = place.tables.rows[public]
    cell = all_rows["cell"].to_numpy()
    value, unsafe = place.tables.figures[VALUE, cell], work.unsafe[cell + place.first]
    shown = (rows["status"] == Status.PUBLISHED).to_numpy()
    found = {}
    for number, level in enumerate(place.tables.levels):
        here = _of_level(all_rows, level, number)
        found[level.name] = LevelSummary(
            cells=int(here.sum()),
            unsafe=int((here & unsafe).sum()),
            withheld=int((here & ~shown).sum()),
            value=float(value[here].sum()),
            value_primary=float(value[here & ~unsafe].sum()),
            value_shown=float(value[here & shown].sum()),
        )
    return found


def _of_level(rows: pd.DataFrame, level: Level, number: int) -> Bools:
    del level
    return np.asarray(rows["level"] == number)


def _further(tables: Tables, work: _Solving, asked: _Asked) -> dict[str, Further]:
    """What further unit maps would withhold."""
    place, public = work.newest, published_rows(tables)
    cell = tables.rows["cell"].to_numpy()[public]
    roles = [role for role in FURTHER_ROLES if role not in asked.regime.unit_roles]
    holdings = holdings_of(place.records, asked.numbers, unit_roles=roles)
    maps = unit_maps(holdings, tables.amounts, tables.member_record, tables.member_cell, cells=tables.cells)
    found = {}
    for role, units in zip(roles, maps, strict=True):
        more = unsafe_cells(all_levels([units], asked.regime.rules))[cell] & ~work.unsafe[cell + place.first]
        found[role] = Further(cells=int(more.sum()), value=float(tables.figures[VALUE, cell[more]].sum()))
    return found
