"""Small synthetic months for tests, with everything that can go wrong: brokers, groups of firms, zeros, twins."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from data_access.contracts import Status
from data_access.publishing.disclosure.attacker import Assumptions
from data_access.publishing.disclosure.holdings import firm_numbers
from data_access.publishing.disclosure.judge import Breach, judge_layers
from data_access.publishing.disclosure.linked import joint_problem, priced
from data_access.publishing.disclosure.month import Joint, Kind, Layer, joint_of
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import Rules, all_levels, unsafe_cells
from data_access.publishing.disclosure.suppress import Problem, Protection, suppress
from data_access.publishing.disclosure.tables import Depth, Level, Tables, levels_of

SECRET = b"a secret of tests" * 2
RULES = Rules(p=10, n_min=3)
ASSUMED = Assumptions(
    unit_value_unwrought=0.2,
    unit_value_others=0.3,
    public_group=0.25,
    public_country=0.3,
    public_group_country=0.4,
    twins=0.15,
)
"""Wider than the defaults: with less, small months leave no room and are refused."""

LEVELS = levels_of({"origin": (Depth.TOTAL, Depth.GROUP), "smelt": (Depth.TOTAL, Depth.GROUP), "cast": (Depth.TOTAL,)})
TREE = pd.DataFrame(
    {
        "group": ["unwrought", "unwrought", "sheet", "sheet", "castings"],
        "hts6": ["760110", "760120", "760611", "760612", None],
    },
    index=pd.Index(["7601100000", "7601200000", "7606110000", "7606120000", "7616995160"], name="hts10"),
)


@dataclass(frozen=True)
class Small:
    """A small month with its records, ready to be protected and judged: one closed layer without history."""

    licenses: pd.DataFrame
    levels: tuple[Level, ...] = LEVELS

    @cached_property
    def tables(self) -> Tables:
        return self.joint(Regime(rules=RULES, levels=self.levels)).places[0].tables

    def joint(self, regime: Regime) -> Joint:
        rows = pd.DataFrame({"status": []})
        layer = Layer(as_of="2020-06-01", kind=Kind.CLOSED, licenses=self.licenses, rows=rows)
        numbers = firm_numbers(self.licenses)
        return joint_of([layer], tree=TREE, numbers=numbers, listed=frozenset(), regime=regime)

    @cached_property
    def keys(self) -> list[str]:
        return self.tables.keys()

    def problem(self, assumptions: Assumptions = ASSUMED, rules: Rules = RULES) -> Problem:
        regime = Regime(rules=rules, assumptions=assumptions, levels=self.levels)
        joint = self.joint(regime)
        pricing = priced(dict.fromkeys(self.keys, 1.0), secret=SECRET, year=2020)
        nothing = np.zeros(joint.cells, bool)
        problem = joint_problem(joint, regime=regime, pricing=pricing, held=nothing, total=True)
        if not unsafe_cells(all_levels(problem.maps, rules))[0]:
            return problem
        return joint_problem(joint, regime=regime, pricing=pricing, held=nothing, total=False)

    def _rows(self, withheld: np.ndarray) -> pd.DataFrame:
        """Rows as they would be released."""
        cell = self.tables.rows["cell"].to_numpy()
        hidden = withheld[cell]
        rows = self.tables.rows.assign(status=np.where(hidden, Status.WITHHELD, Status.PUBLISHED))
        for column, figures in zip(("value", "kg"), self.tables.figures, strict=True):
            rows[column] = pd.Series(figures[cell].astype(np.int64), dtype="Int64").where(~hidden)
        return rows

    def named(self, cells: np.ndarray) -> set[str]:
        """Keys of all rows of these cells."""
        return set(np.array(self.keys, object)[cells[self.tables.rows["cell"].to_numpy()]])

    def cells(self, keys: Container[str]) -> np.ndarray:
        """Cells of these rows."""
        found = np.zeros(self.tables.cells, bool)
        found[self.tables.rows["cell"].to_numpy()[[key in keys for key in self.keys]]] = True
        return found

    def judge(self, withheld: np.ndarray, assumptions: Assumptions = ASSUMED, rules: Rules = RULES) -> list[Breach]:
        """What the judge finds where these cells are withheld; `cell` of a breach is the key of a row."""
        layer = Layer(as_of="2020-06-01", kind=Kind.CLOSED, licenses=self.licenses, rows=self._rows(withheld))
        regime = Regime(rules=rules, assumptions=assumptions, levels=self.levels)
        found = judge_layers([layer], tree=TREE, listed=frozenset(), regime=regime)
        return [replace(breach, cell=breach.cell.removeprefix("layer 0 ")) for breach in found]


def small_month(seed: int, *, records: int = 90, levels: tuple[Level, ...] = LEVELS) -> Small:
    """A month of so many records: 14 importers of very different size, 3 brokers, 3 countries."""
    draw = np.random.default_rng(seed)
    importers, countries = 14, np.array(["AAA", "BBB", "CCC"], object)
    size = draw.pareto(1.2, importers) + 0.3
    firm = draw.choice(importers, records, p=size**0.6 / (size**0.6).sum())
    code = TREE.index.to_numpy(object)[draw.choice(5, records, p=[0.25, 0.2, 0.25, 0.2, 0.1])]
    origin = countries[draw.choice(3, records, p=[0.5, 0.3, 0.2])]
    same = draw.random(records) < 0.7
    smelt = np.where(same, origin, np.append(countries, "not_applicable")[draw.integers(0, 4, records)])
    cast = np.where(draw.random(records) < 0.85, origin, countries[draw.integers(0, 3, records)])
    kilograms = np.round(size[firm] * 1000 * draw.lognormal(0, 0.7, records)) * (draw.random(records) > 0.03)
    price = np.where([c.startswith("7601") for c in code], 2.6, 4.1) * np.exp(0.15 * draw.standard_normal(records))
    names = np.array([f"I{number}" for number in range(importers)], object)
    broker = np.array(["B0", "B1", "B2"], object)[draw.integers(0, 3, importers)]
    licenses = pd.DataFrame(
        {
            "importer_id": names[firm],
            "enterprise_group": np.where(firm < 3, "H0", None),
            "filer_id": np.where(draw.random(records) < 0.6, broker[firm], names[firm]),
            "exporter_id": np.where(draw.random(records) < 0.2, "I5", "unknown"),
            "manufacturer_id": "unknown",
            "hts10": code,
            "origin": origin,
            "smelt1": smelt,
            "smelt2": "not_applicable",
            "cast": cast,
            "quantity_kg": kilograms,
            "value_usd": np.round(kilograms * price),
        }
    )
    return Small(licenses, levels)


def protected(seed: int) -> tuple[Small, Problem, Protection]:
    """A small month and its protection."""
    small = small_month(seed)
    problem = small.problem()
    return small, problem, suppress(problem)
