"""Small months for the tests of disclosure control, and a judge of their own: plain loops and a second program.

Nothing here uses the project's rules, its system or its solver calls; only the words of the rules are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from data_access.publishing.disclosure.holdings import Holdings
from data_access.publishing.disclosure.rules import Rules, UnitMap, unit_maps
from data_access.publishing.disclosure.suppress import Breakdown


class Record(NamedTuple):
    """One license: its cell, the firms of it, value and quantity (the value again where left out)."""

    cell: str
    importer: str
    value: float
    quantity: float | None = None
    filer: str | None = None
    others: tuple[str, ...] = ()

    @property
    def firms(self) -> set[str]:
        return {self.importer, self.filer or self.importer, *self.others}

    def amount(self, measure: int) -> float:
        return self.quantity if measure == 1 and self.quantity is not None else self.value


@dataclass
class Month:
    """Records over named cells; `beta` and `eps` are what the public knows of unit values and of cells."""

    records: list[Record]
    p: float = 10
    n_min: int = 3
    beta: float = 1.0
    eps: float = 1.0
    cells: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = self.cells or sorted({record.cell for record in self.records})

    @property
    def rules(self) -> Rules:
        return Rules(p=self.p, n_min=self.n_min)

    @property
    def firms(self) -> list[str]:
        return sorted(set(chain.from_iterable(record.firms for record in self.records)))

    def holdings(self) -> Holdings:
        number = {firm: index for index, firm in enumerate(self.firms)}
        known = [(row, number[firm]) for row, record in enumerate(self.records) for firm in sorted(record.firms)]
        return Holdings(
            amounts=np.array([[record.amount(m) for record in self.records] for m in (0, 1)], float),
            units=(
                np.array([number[record.importer] for record in self.records], np.int64),
                np.array([number[record.filer or record.importer] for record in self.records], np.int64),
            ),
            known_record=np.array([row for row, _ in known], np.int64),
            known_firm=np.array([firm for _, firm in known], np.int64),
            firms=len(number),
        )

    def maps(self) -> tuple[UnitMap, ...]:
        cell = np.array([self.cells.index(record.cell) for record in self.records], np.int64)
        return unit_maps(self.holdings(), cell, cells=len(self.cells))

    def figure(self, cell: str, measure: int) -> float:
        return sum(record.amount(measure) for record in self.records if record.cell == cell)

    def figures(self) -> np.ndarray:
        return np.array([[self.figure(cell, m) for cell in self.cells] for m in (0, 1)], float)

    def breakdown(self, order: list[str] | None = None) -> Breakdown:
        return Breakdown(
            figures=self.figures(),
            maps=self.maps(),
            unit_value=np.full(len(self.cells), self.beta),
            public=np.full(len(self.cells), self.eps),
            order=[self.cells.index(cell) for cell in order or self.cells],
        )


OUTSIDER = None


def level_of(month: Month, cells: set[str], attacker: str | None, measure: int) -> float:
    """The level that the union of `cells` needs against an attacker, 0 where it is safe: by plain loops."""
    inside = [record for record in month.records if record.cell in cells]
    worst = 0.0
    for unit in (lambda record: record.importer, lambda record: record.filer or record.importer):
        size: dict[str, float] = {}
        known: dict[str, float] = {}
        for record in inside:
            size[unit(record)] = size.get(unit(record), 0) + record.amount(measure)
            if attacker in record.firms:
                known[unit(record)] = known.get(unit(record), 0) + record.amount(measure)
        whole, own = sum(map(abs, size.values())), sum(map(abs, known.values()))
        few = bool(size) and sum(amount != 0 for amount in size.values()) < month.n_min
        for unit_id, amount in size.items():
            x, k = abs(amount), abs(known.get(unit_id, 0))
            if x - k > 1e-9 * x:
                short = (1 + month.p / 100) * x - k - (whole - own)
                worst = max(worst, short if short > 1e-9 * whole else 0, month.p / 100 * x if few else 0)
    return worst


def is_unsafe(month: Month, cells: set[str]) -> bool:
    """Whether a cell or union is unsafe for any attacker in any measure."""
    few = any(
        units and sum(abs(total) > 0 for total in units.values()) < month.n_min
        for measure in (0, 1)
        for units in _unit_totals(month, cells, measure)
    )
    return few or any(
        level_of(month, cells, attacker, measure) > 0 for attacker in [OUTSIDER, *month.firms] for measure in (0, 1)
    )


def _unit_totals(month: Month, cells: set[str], measure: int) -> list[dict[str, float]]:
    totals: list[dict[str, float]] = [{}, {}]
    for record in month.records:
        if record.cell in cells:
            for units, unit in zip(totals, (record.importer, record.filer or record.importer), strict=True):
                units[unit] = units.get(unit, 0) + record.amount(measure)
    return totals


def interval(
    month: Month, withheld: set[str], target: str, measure: int, attacker: str | None = OUTSIDER
) -> tuple[float, float]:
    """The exact interval within which an attacker can bound a withheld cell: absolute figures, both measures."""
    cells = sorted(withheld)
    n = len(cells)
    total = [sum(month.figure(cell, m) for cell in month.cells) for m in (0, 1)]
    low, high = np.zeros(2 * n), np.zeros(2 * n)
    a_ub, b_ub = [], []
    for place, cell in enumerate(cells):
        truth = [month.figure(cell, m) for m in (0, 1)]
        for m in (0, 1):
            own = sum(r.amount(m) for r in month.records if r.cell == cell and attacker in r.firms)
            at = m * n + place
            low[at] = max(0.0, truth[m] * (1 - month.eps), own)
            high[at] = min(total[m], truth[m] * (1 + month.eps))
            if own >= truth[m] * (1 - 1e-7):
                low[at] = high[at] = truth[m]
        if all(truth):
            for sign in (1, -1):
                row = np.zeros(2 * n)
                row[place], row[n + place] = sign, -(sign + month.beta) * truth[0] / truth[1]
                a_ub.append(row)
                b_ub.append(0.0)
    a_eq = np.kron(np.eye(2), np.ones(n))
    rest = [sum(month.figure(cell, m) for cell in cells) for m in (0, 1)]
    bounds = []
    for sign in (1, -1):
        cost = np.zeros(2 * n)
        cost[measure * n + cells.index(target)] = sign
        scale = max(*rest, 1.0)
        answer = linprog(
            cost,
            A_ub=np.array(a_ub) if a_ub else None,
            b_ub=np.array(b_ub) if b_ub else None,
            A_eq=a_eq,
            b_eq=np.array(rest) / scale,
            bounds=np.column_stack([low, high]) / scale,
            method="highs-ds",
        )
        assert answer.status == 0, answer.message
        bounds.append(sign * answer.fun * scale)
    return bounds[0], bounds[1]


def failures(month: Month, withheld: set[str], *, tolerance: float = 1e-5) -> list[str]:
    """What an attacker learns too closely where these cells are withheld; empty where nothing."""
    found = [f"{cell} is unsafe and shown" for cell in month.cells if cell not in withheld and is_unsafe(month, {cell})]
    if withheld and (len(withheld) < 2 or is_unsafe(month, withheld)):
        found.append("what the total gives away is unsafe")
    insiders = {firm for record in month.records if record.cell in withheld for firm in record.firms}
    for cell in sorted(withheld):
        for measure in (0, 1):
            for attacker in [OUTSIDER, *sorted(insiders)]:
                found += _failures_of(month, withheld, cell, measure, attacker=attacker, tolerance=tolerance)
    return found


def _failures_of(
    month: Month, withheld: set[str], cell: str, measure: int, *, attacker: str | None, tolerance: float
) -> list[str]:
    inside = any(attacker in record.firms for record in month.records if record.cell == cell)
    level = level_of(month, {cell}, attacker if inside else OUTSIDER, measure)
    if not level:
        return []
    truth = month.figure(cell, measure)
    total = sum(month.figure(other, measure) for other in month.cells)
    own = sum(r.amount(measure) for r in month.records if r.cell == cell and attacker in r.firms)
    up = min(level, 0.93 * min(month.eps * truth, total - truth))
    down = min(level, 0.93 * min(month.eps * truth, truth, truth - own))
    low, high = interval(month, withheld, cell, measure, attacker)
    slack = tolerance * truth
    return [
        f"{cell}, measure {measure}, {attacker or 'outsider'}: {side}"
        for side, room, needed in (("up", high - truth, up), ("down", truth - low, down))
        if room < needed - slack
    ]
