"""Small problems told as equations and records: cells have names, and a judge of its own says what is too close.

The judge reads the primary rules in loops (`plain_rules`), solves with SciPy, and finds unions by linear algebra.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from plain_rules import OUTSIDER, Plain, Record, is_unsafe, level_of
from scipy.linalg import null_space
from scipy.sparse import csr_array, vstack

from data_access.publishing.disclosure.attacker import (
    TOTAL,
    System,
    inside_of,
    scale_of,
    twin_bands,
    unit_value_rows,
)
from data_access.publishing.disclosure.judge import Puzzle
from data_access.publishing.disclosure.rules import Rules, unit_maps
from data_access.publishing.disclosure.suppress import Problem, Protection, suppress
from data_access.publishing.disclosure.tables import Split, equations_of

Equation = tuple[str, Sequence[str]]
RULES = Rules(p=10, n_min=3)
CAP = 0.93


@dataclass(frozen=True)
class Abstract:
    """A problem with names, and the same as the judge sees it."""

    problem: Problem
    plain: Plain
    names: list[str]
    equations: list[tuple[int, list[int]]]
    holds: dict[str, set[str]]
    """The places of records that each cell holds."""
    beta: np.ndarray
    epsilon: np.ndarray
    twins: list[tuple[int, int, float, int]]

    def cell(self, name: str) -> int:
        return self.names.index(name)

    def named(self, mask: np.ndarray) -> set[str]:
        return {self.names[i] for i in np.flatnonzero(mask)}

    def protect(self) -> Protection:
        return suppress(self.problem)

    def withheld(self) -> set[str] | None:
        """The cells that the engine withholds; None where it finds no pattern."""
        protection = self.protect()
        return self.named(protection.withheld) if protection.sound else None

    @cached_property
    def truth(self) -> np.ndarray:
        return self.problem.system.figures * self.problem.system.scale[:, None]

    def puzzle(self, withheld: set[str]) -> Puzzle:
        """The judge's view of a pattern."""
        known = np.isfinite(self.epsilon)
        width = np.where(known, self.epsilon, 0.0) * self.truth
        top = self.truth.max(axis=1, keepdims=True)
        return Puzzle(
            truth=self.truth,
            shown=np.array([name not in withheld for name in self.names]),
            equations=self.equations,
            low=np.maximum(np.where(known, self.truth - width, 0.0), 0.0),
            high=np.where(known, np.minimum(self.truth + width, top), top),
            unit_value=self.beta,
            twins=self.twins,
        )

    def known(self, firm: str | None) -> dict[int, list[float]]:
        """What a firm knows of every cell, per measure."""
        mine = [record for record in self.plain.records if firm in record.firms]
        return {
            cell: [sum(r.amount(m) for r in mine if r.cell in self.holds[name]) for m in (0, 1)]
            for cell, name in enumerate(self.names)
            if any(r.cell in self.holds[name] for r in mine)
        }

    def breaches(self, withheld: set[str]) -> list[str]:
        """What is too close where these cells are withheld; empty where nothing is."""
        return list(self.leaks(withheld))

    def leaks(self, withheld: set[str], *, slack: float = 1e-4) -> Iterator[str]:
        """Breaches one by one; a bound may fall short of a level by `slack` of it."""
        unsafe = [name for name in self.names if is_unsafe(self.plain, self.holds[name])]
        yield from (f"{name} is unsafe and shown" for name in unsafe if name not in withheld)
        places = self.unions(withheld)
        yield from (f"the union of {sorted(some)}" for some in places if is_unsafe(self.plain, set(some)))
        puzzle, inside = self.puzzle(withheld), set().union(*(self.holds[name] for name in withheld))
        insiders = {firm for record in self.plain.records if record.cell in inside for firm in record.firms}
        for name, firm in product(unsafe, [OUTSIDER, *sorted(insiders)]):
            if name in withheld:
                yield from self._close(puzzle, name, firm, slack)

    def _close(self, puzzle: Puzzle, name: str, firm: str | None, slack: float) -> Iterator[str]:
        cell, known = self.cell(name), self.known(firm)
        for measure, direction in product(range(2), range(2)):
            needed = level_of(self.plain, self.holds[name], firm if cell in known else OUTSIDER, measure)
            own = known[cell][measure] if cell in known else 0.0
            level = min(needed, CAP * self._room(puzzle, cell, measure, direction, own))
            if level <= 0:
                continue
            bound = puzzle.extreme([cell], measure, known, direction)
            if abs(bound - self.truth[measure, cell]) < level * (1 - slack) - 1e-7 * self.truth[measure, cell]:
                yield f"{name}, measure {measure}, {firm or 'outsider'}, {('up', 'down')[direction]}"

    def _room(self, puzzle: Puzzle, cell: int, measure: int, direction: int, own: float) -> float:
        """The cell's own bounds: what is known of it, and the smallest shown cell that it is part of."""
        truth = self.truth[measure, cell]
        if direction:
            return float(max(0.0, min(truth - own, truth - puzzle.low[measure, cell])))
        above = [
            self.truth[measure, other]
            for other, name in enumerate(self.names)
            if puzzle.shown[other] and self.holds[name] >= self.holds[self.names[cell]]
        ]
        return float(max(0.0, min([puzzle.high[measure, cell], *above]) - truth))

    def unions(self, withheld: set[str]) -> set[frozenset[str]]:
        """What each set of withheld cells holds, two or more and disjoint, whose sum the shown cells determine."""
        cells = [self.cell(name) for name in sorted(withheld)]
        matrix = self.problem.system.equations.toarray()[:, cells]
        free = null_space(matrix) if len(matrix) else np.eye(len(cells))
        places = sorted(set().union(*self.holds.values()))
        held_by = [[place in self.holds[self.names[cell]] for place in places] for cell in cells]
        inside = np.array(held_by, int).reshape(len(cells), len(places))
        found = set()
        every = np.arange(1, 2 ** len(cells))
        for some in np.array_split(every, max(1, len(every) // 4096)):
            chosen = (some[:, None] >> np.arange(len(cells))) & 1
            fixed = (np.abs(chosen @ free).max(axis=1, initial=0.0) < 1e-9) & (chosen.sum(axis=1) > 1)
            held = chosen[fixed] @ inside
            held = held[(held <= 1).all(axis=1)]
            found |= {frozenset(np.array(places, object)[row > 0]) for row in held}
        return found


def abstract(
    equations: Sequence[Equation],
    records: Sequence[Record],
    *,
    rules: Rules = RULES,
    total: str = "T",
    places: Mapping[str, Sequence[str]] | None = None,
    epsilon: Mapping[str, float] | float = np.inf,
    beta: Mapping[str, float] | float = np.inf,
    twins: Sequence[tuple[str, str, float]] = (),
    price: Mapping[str, float] | None = None,
    frozen: Sequence[str] = (),
    virtual: Sequence[str] = (),
) -> Abstract:
    """The problem of these equations (parent, children) and records; the total is always shown, `virtual` cells never.

    `places` names the finest cells of each place that a record may be in, where that is no cell itself.
    """
    names = sorted({name for parent, children in equations for name in (parent, *children)})
    number = {name: place for place, name in enumerate(names)}
    splits = _splits(equations, number)
    plain = Plain(list(records), rules)
    holds = _contents(names, equations, {name: [name] for name in names} | dict(places or {}), plain.records)
    pairs = [(i, number[name]) for i, r in enumerate(records) for name in names if r.cell in holds[name]]
    record, cell = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    holdings = plain.holdings()
    figures = np.stack([np.bincount(cell, row[record], minlength=len(names)) for row in holdings.amounts])
    scale = scale_of(figures)
    scaled = figures / scale[:, None]
    eps, width = (
        np.array([given.get(name, np.inf) if isinstance(given, Mapping) else given for name in names], float)
        for given in (epsilon, beta)
    )
    rows, limits = unit_value_rows(scaled, width)
    for a, b, tau in twins:
        more, right = twin_bands(scaled, np.array([[number[a], number[b]]]), tau)
        rows, limits = csr_array(vstack([rows, more])), np.concatenate([limits, right])
    known = np.isfinite(eps)
    room = scaled * np.where(known, eps, 0.0)
    system = System(
        figures=scaled,
        equations=equations_of(splits, len(names)),
        down=np.where(known, np.minimum(room, scaled), scaled),
        up=np.where(known, np.minimum(room, TOTAL - scaled), TOTAL - scaled),
        bands=rows,
        limits=limits,
        scale=scale,
    )
    shown = np.isin(names, [total, *frozen])
    problem = Problem(
        system=system,
        splits=splits,
        maps=unit_maps(holdings, holdings.amounts, record, cell, cells=len(names)),
        inside=_inside(plain, names, holds, scaled, scale),
        rules=rules,
        price=np.array([(price or {}).get(name, 1.0) for name in names], float),
        frozen=shown,
        virtual=np.isin(names, virtual),
        firms=holdings.firms,
        occupied=np.bincount(cell, minlength=len(names)) > 0,
    )
    judged = [(number[p], [number[c] for c in children]) for p, children in equations]
    bands = [(number[a], number[b], tau, measure) for a, b, tau in twins for measure in range(2)]
    return Abstract(problem, plain, names, judged, holds, width, eps, bands)


def _splits(equations: Sequence[Equation], number: Mapping[str, int]) -> tuple[Split, ...]:
    """Children whose names differ by digits only are of one level."""
    shapes = [re.sub(r"\d+", "#", children[0]) for _, children in equations]
    levels = {shape: level for level, shape in enumerate(dict.fromkeys(shapes))}
    return tuple(
        Split(number[parent], tuple(number[child] for child in children), levels[shape])
        for (parent, children), shape in zip(equations, shapes, strict=True)
    )


def _contents(
    names: Sequence[str], equations: Sequence[Equation], places: Mapping[str, Sequence[str]], records: Sequence[Record]
) -> dict[str, set[str]]:
    used = {record.cell for record in records}
    holds = {name: {place for place, cells in places.items() if name in cells and place in used} for name in names}
    for _ in names:
        for parent, children in equations:
            holds[parent] |= set().union(*(holds[child] for child in children))
    return holds


def _inside(plain: Plain, names: Sequence[str], holds: Mapping[str, set[str]], figures: np.ndarray, scale: np.ndarray):
    entries = {
        (cell, firm): [
            sum(r.amount(m) for r in plain.records if r.cell in holds[name] and plain.firms[firm] in r.firms)
            for m in (0, 1)
        ]
        for cell, name in enumerate(names)
        for firm in range(len(plain.firms))
        if any(r.cell in holds[name] and plain.firms[firm] in r.firms for r in plain.records)
    }
    cell, firm = np.array(list(entries), np.int64).reshape(-1, 2).T.copy()
    known = np.array(list(entries.values()), float).reshape(-1, 2).T / scale[:, None]
    return tuple(inside_of(figures[m], cell, firm, known[m], len(plain.firms)) for m in range(2))


def many(cell: str, value: float, *, units: int = 5, quantity: float | None = None) -> list[Record]:
    """A safe cell: its value in equal parts of units that are nowhere else."""
    part = None if quantity is None else quantity / units
    return [Record(cell, f"{cell}.{i}", value / units, part) for i in range(units)]


def alone(cell: str, value: float, quantity: float | None = None) -> Record:
    """The only record of a cell, of a unit that is nowhere else."""
    return Record(cell, f"only of {cell}", value, quantity)


SHAPES = {
    "two tables of a total": lambda r, c: (
        [("T", [f"r{i}" for i in range(r)]), ("T", [f"c{j}" for j in range(c)])],
        {f"{i}.{j}": (f"r{i}", f"c{j}") for i in range(r) for j in range(c)},
    ),
    "one table with both margins": lambda r, c: (
        [
            ("T", [f"r{i}" for i in range(r)]),
            ("T", [f"c{j}" for j in range(c)]),
            *((f"r{i}", [f"r{i}c{j}" for j in range(c)]) for i in range(r)),
            *((f"c{j}", [f"r{i}c{j}" for i in range(r)]) for j in range(c)),
        ],
        {f"{i}.{j}": (f"r{i}c{j}",) for i in range(r) for j in range(c)},
    ),
    "groups broken down twice": lambda r, c: (
        [
            ("T", [f"r{i}" for i in range(r)]),
            *((f"r{i}", [f"r{i}a{j}" for j in range(c)]) for i in range(r)),
            *((f"r{i}", [f"r{i}b{j}" for j in range(2)]) for i in range(r)),
        ],
        {f"{i}.{j}.{k}": (f"r{i}a{j}", f"r{i}b{k}") for i in range(r) for j in range(c) for k in range(2)},
    ),
    "three levels": lambda r, c: (
        [
            ("T", [f"r{i}" for i in range(r)]),
            *((f"r{i}", [f"r{i}a{j}" for j in range(c)]) for i in range(r)),
            *((f"r{i}a0", [f"r{i}a0h{k}" for k in range(2)]) for i in range(r)),
        ],
        {f"{i}.{j}": (f"r{i}a{j}",) for i in range(r) for j in range(1, c)}
        | {f"{i}.0.{k}": (f"r{i}a0h{k}",) for i in range(r) for k in range(2)},
    ),
}
"""Equations and places of tables with so many rows and columns."""
