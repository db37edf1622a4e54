"""A plain reading of the primary rules, in loops: nothing here uses the project's rules but their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from data_access.publishing.disclosure.holdings import Holdings
from data_access.publishing.disclosure.rules import Rules, UnitMap, unit_maps


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
class Plain:
    """Records over named cells, and the rules that they are read by."""

    records: list[Record]
    rules: Rules = field(default_factory=lambda: Rules(p=10, n_min=3))

    @property
    def cells(self) -> list[str]:
        return sorted({record.cell for record in self.records})

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
        holdings = self.holdings()
        return unit_maps(holdings, holdings.amounts, np.arange(len(cell)), cell, cells=len(self.cells))


OUTSIDER = None


def level_of(plain: Plain, cells: set[str], attacker: str | None, measure: int) -> float:
    """The level that the union of `cells` needs against an attacker, 0 where it is safe."""
    inside = [record for record in plain.records if record.cell in cells]
    rules, worst = plain.rules, 0.0
    for unit in (lambda record: record.importer, lambda record: record.filer or record.importer):
        size: dict[str, float] = {}
        known: dict[str, float] = {}
        for record in inside:
            size[unit(record)] = size.get(unit(record), 0) + record.amount(measure)
            if attacker in record.firms:
                known[unit(record)] = known.get(unit(record), 0) + record.amount(measure)
        whole, own = sum(map(abs, size.values())), sum(map(abs, known.values()))
        few = bool(size) and sum(amount != 0 for amount in size.values()) < rules.n_min
        largest = sorted(map(abs, size.values()), reverse=True)
        dominance = 100 / rules.k * sum(largest[: rules.n]) - whole if rules.n and rules.k else 0.0
        for unit_id, amount in size.items():
            x, k = abs(amount), abs(known.get(unit_id, 0))
            if x - k > 1e-9 * x:
                short = max((1 + rules.p / 100) * x - k - (whole - own), dominance)
                worst = max(worst, short if short > 1e-9 * whole else 0, rules.p / 100 * x if few else 0)
    return worst


def is_unsafe(plain: Plain, cells: set[str]) -> bool:
    """Whether a cell or union is unsafe for any attacker in any measure."""
    few = any(
        units and sum(abs(total) > 0 for total in units.values()) < plain.rules.n_min
        for measure in (0, 1)
        for units in _unit_totals(plain, cells, measure)
    )
    return few or any(
        level_of(plain, cells, attacker, measure) > 0 for attacker in [OUTSIDER, *plain.firms] for measure in (0, 1)
    )


def _unit_totals(plain: Plain, cells: set[str], measure: int) -> list[dict[str, float]]:
    totals: list[dict[str, float]] = [{}, {}]
    for record in plain.records:
        if record.cell in cells:
            for units, unit in zip(totals, (record.importer, record.filer or record.importer), strict=True):
                units[unit] = units.get(unit, 0) + record.amount(measure)
    return totals
