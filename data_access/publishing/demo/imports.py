"""Monthly imports by code and country: shipments, weights, values, both bases; the truth that both sources tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.demo.flows import Flow, draw_flows
from data_access.publishing.demo.history import conversion, metal, volume
from data_access.publishing.demo.recode import Recoding
from data_access.publishing.demo.shares import Shares
from data_access.reference import Reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MONTHS_A_YEAR: Final = 12
METAL_LAG: Final = 2
"""Months by which worked products follow the price of metal."""

SHIPMENT: Final = {"7601": 400_000.0, "7602": 60_000.0, "": 90_000.0}
"""US$ of one shipment by heading: small flows come in single shipments, with empty months between."""

PERSISTENCE: Final = 0.6
"""How much of a month's deviation is left in the next."""

LARGE: Final = 20e6
"""US$ a year of a flow that is steady; smaller ones swing more."""

WAREHOUSED: Final = 1.02
"""General imports, as a multiple of consumption, from which a country's goods pass through warehouses and zones."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Rows of month, code and country, as numbers into `months`, `codes` and `countries`; US$ and kg, whole."""

    months: tuple[str, ...]
    codes: tuple[str, ...]
    countries: tuple[str, ...]
    month: Ints
    code: Ints
    country: Ints
    kg: Ints
    value: Ints
    general_kg: Ints
    general_value: Ints

    def where(self, mask: NDArray[np.bool_]) -> Imports:
        """The rows of a mask."""
        columns = (self.month, self.code, self.country, self.kg, self.value, self.general_kg, self.general_value)
        return Imports(self.months, self.codes, self.countries, *(column[mask] for column in columns))


def draw_imports(shares: Shares, reference: Reference, *, months: tuple[str, ...], seed: int) -> Imports:
    """Imports of all months, codes as valid in each; the same months come out the same however many follow."""
    flows = draw_flows(shares, np.random.default_rng([seed, 1]))
    month, flow, kg, value = _shipped(flows, shares, months, seed)
    codes = tuple(sorted({one.code for one in flows}))
    countries = tuple(sorted({one.country for one in flows}))
    code = np.array([codes.index(one.code) for one in flows], np.int64)[flow]
    country = np.array([countries.index(one.country) for one in flows], np.int64)[flow]
    general = _general(shares, countries, country, seed)
    recoding = Recoding.of(codes, months, reference, countries=len(countries), seed=seed)
    row, code, part = recoding.apply(month, code, country)
    keys, first = _distinct(month[row], code, country[row])
    figures = [kg, value, kg * general, value * general]
    whole = [np.rint(np.add.reduceat(figure[row] * part, first)).astype(np.int64) for figure in figures]
    rows = Imports(months, recoding.codes, countries, *keys, *whole)
    return rows.where((rows.value > 0) & (rows.kg > 0))


def _distinct(*keys: Ints) -> tuple[list[Ints], Ints]:
    """Sorted keys, each once, and where each begins: several old codes may have gone to one new one."""
    new = np.any([np.diff(key, prepend=-1) != 0 for key in keys], axis=0)
    first = np.flatnonzero(new)
    return [key[first] for key in keys], first


def _shipped(
    flows: list[Flow], shares: Shares, months: tuple[str, ...], seed: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Month, flow, kg and US$ of each flow's months with shipments, by month."""
    annual = np.array([flow.value for flow in flows])
    prices = _unit_values(flows, shares, months, seed)
    size = np.array([SHIPMENT.get(flow.product[:4], SHIPMENT[""]) for flow in flows])
    weight_2024 = annual / _of_2024(prices, months)
    paths = {key: volume(*key, months) for key in {(flow.product, flow.country) for flow in flows}}
    path = np.stack([paths[flow.product, flow.country] for flow in flows], axis=1)
    level = _of_2024(path, months)
    path = path / np.where(level > 0, level, 1.0)
    small = np.exp(-annual / LARGE)
    swing = 0.05 + 0.22 * small
    spread = swing / np.sqrt(1 - PERSISTENCE**2)
    kg, value = np.zeros(path.shape), np.zeros(path.shape)
    deviation = np.zeros(len(flows))
    for place in range(len(months)):
        # A stream a month: how many months follow changes nothing in those before.
        rng = np.random.default_rng([seed, 3, place])
        deviation = PERSISTENCE * deviation + swing * rng.standard_normal(len(flows))
        mean = weight_2024 / MONTHS_A_YEAR * path[place] * np.exp(deviation - spread**2 / 2)
        expected = mean * prices[place] / size
        shipments = rng.poisson(expected)
        drawn = rng.gamma(np.maximum(shipments, 1)) / np.maximum(expected, 1e-9)
        kg[place] = np.where(shipments > 0, mean * drawn, 0.0)
        value[place] = kg[place] * prices[place] * rng.lognormal(0, 0.015 + 0.08 * small)
    month, flow = np.nonzero(kg)
    return month.astype(np.int64), flow.astype(np.int64), kg[month, flow], value[month, flow]


def _unit_values(flows: list[Flow], shares: Shares, months: tuple[str, ...], seed: int) -> Floats:
    """US$/kg by month and flow: metal and the price of working it, a country's and a code's own level."""
    rng = np.random.default_rng([seed, 4])
    now, late = metal(months), metal(tuple(_before(month) for month in months))
    level_2024 = float(_of_2024(now, months))
    work = conversion(months)
    columns = []
    for flow in flows:
        price = shares.unit_value[flow.product]
        if flow.product.startswith(("7601", "7602")):
            column = price * now / level_2024
        else:
            column = late + max(price - level_2024, 0.2) * work
        columns.append(column * rng.lognormal(0, 0.07))
    return np.stack(columns, axis=1)


def _of_2024(figures: Floats, months: tuple[str, ...]) -> Floats:
    rows = [place for place, month in enumerate(months) if month.startswith("2024-")]
    return np.asarray(figures[rows].mean(axis=0))


def _before(month: str) -> str:
    return str(np.datetime64(month) - METAL_LAG)


def _general(shares: Shares, countries: tuple[str, ...], country: Ints, seed: int) -> Floats:
    """General imports as a multiple of consumption, row by row: not the same month where goods are warehoused."""
    swing, seldom, size = (np.random.default_rng([seed, 2, stream]) for stream in range(3))
    ratio = np.array([shares.general.get(name, 1.0) for name in countries])[country]
    warehoused = ratio * swing.lognormal(-0.02, 0.2, len(country))
    direct = np.where(seldom.random(len(country)) < 0.03, size.uniform(0.9, 1.2, len(country)), 1.0)
    return np.where(np.abs(ratio - 1) >= WAREHOUSED - 1, warehoused, direct)
