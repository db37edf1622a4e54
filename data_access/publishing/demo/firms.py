"""The firms of the demonstration: importers of very different sizes, their enterprises, brokers, suppliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

IMPORTERS: Final = 2600
BROKERS: Final = 260
EXPORTERS: Final = 3200
MANUFACTURERS: Final = 1400
ENTERPRISES: Final = 170

PARETO: Final = 1.3
"""Tail of importers' sizes: the largest is some hundred times the median."""

SELF_FILING: Final = 0.12
"""Part of importers that file their own licenses."""

CONCENTRATED: Final = 1.2
"""How much of a country's trade its largest exporters and manufacturers have: 1 for all alike."""

AT_HOME: Final = 12.0
"""How much likelier an importer deals in its own product group than in another."""

PER_MILLION: Final = 4.0
"""Importers of a product group from a country that has a million US$ a year; more with the power below."""
POWER: Final = 0.48
MOST_IMPORTERS: Final = 260


@dataclass(frozen=True, slots=True)
class Firms:
    """Firm ids, one namespace: importers come first; `enterprise` is the importer's group id or nothing."""

    ids: NDArray[np.object_]
    size: Floats
    home: Ints
    enterprise: NDArray[np.object_]
    broker: Ints
    second_broker: Ints

    @property
    def exporters(self) -> NDArray[np.object_]:
        """Ids of exporters."""
        start = IMPORTERS + BROKERS
        return self.ids[start : start + EXPORTERS]

    @property
    def manufacturers(self) -> NDArray[np.object_]:
        """Ids of manufacturers."""
        return self.ids[IMPORTERS + BROKERS + EXPORTERS :]


def draw_firms(groups: int, rng: np.random.Generator) -> Firms:
    """Firms that deal in as many product groups."""
    count = IMPORTERS + BROKERS + EXPORTERS + MANUFACTURERS
    numbers = rng.permutation(900_000)[: count + ENTERPRISES] + 100_000
    ids = np.array([f"F{number}" for number in numbers], dtype=object)
    enterprise = np.full(IMPORTERS, None, dtype=object)
    # Every enterprise has two importers, some have more.
    members = rng.permutation(IMPORTERS)[: int(2.4 * ENTERPRISES)]
    enterprise[members] = ids[count + np.arange(len(members)) % ENTERPRISES]
    popular = 1.0 / np.arange(3, BROKERS + 3)
    brokers = [IMPORTERS + rng.choice(BROKERS, IMPORTERS, p=popular / popular.sum()) for _ in range(2)]
    alone = rng.random(IMPORTERS) < SELF_FILING
    return Firms(
        ids=ids[:count],
        size=1 + rng.pareto(PARETO, IMPORTERS),
        home=rng.integers(groups, size=IMPORTERS),
        enterprise=enterprise,
        broker=np.where(alone, np.arange(IMPORTERS), brokers[0]),
        second_broker=brokers[1],
    )


@dataclass(frozen=True, slots=True)
class Dealings:
    """Who imports what from where: for each market (product group and country) its importers with their weights.

    Dealings of market m are numbered `start[m]` to `start[m + 1]` - 1; `chance` runs from m to m + 1 along them.
    """

    start: Ints
    importer: Ints
    chance: Floats
    exporter: NDArray[np.object_]
    manufacturer: NDArray[np.object_]

    def pick(self, market: Ints, rng: np.random.Generator) -> Ints:
        """A dealing for each of these markets."""
        found = np.searchsorted(self.chance, market + rng.random(len(market)), side="right")
        return np.clip(found, self.start[market], self.start[market + 1] - 1)


def draw_dealings(firms: Firms, *, group: Ints, country: Ints, value: Floats, rng: np.random.Generator) -> Dealings:
    """Dealings in markets of these product groups, countries and values (US$ a year)."""
    counts = np.clip(np.ceil(PER_MILLION * (value / 1e6) ** POWER), 1, MOST_IMPORTERS).astype(np.int64)
    importers, chances = [], []
    for market, count in enumerate(counts):
        weights = firms.size**0.3 * np.where(firms.home == group[market], AT_HOME, 1.0)
        chosen = rng.choice(IMPORTERS, count, replace=False, p=weights / weights.sum())
        part = firms.size[chosen] ** 0.9 * rng.lognormal(0, 0.5, count)
        importers.append(chosen)
        chances.append(market + np.cumsum(part) / part.sum())
    importer = np.concatenate(importers)
    abroad = np.repeat(country, counts)
    worth = np.bincount(country, value).astype(np.float64)
    return Dealings(
        start=np.append(0, np.cumsum(counts)),
        importer=importer,
        chance=np.concatenate(chances),
        exporter=_exporters(firms, importer, _seated(firms.exporters, abroad, worth, rng), rng),
        manufacturer=_manufacturers(_seated(firms.manufacturers, abroad, worth, rng), rng),
    )


def blanked(values: Any, where: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Values, some left out."""
    kept = np.array(values, dtype=object)
    kept[where] = None
    return kept


def _seated(ids: NDArray[np.object_], country: Ints, worth: Floats, rng: np.random.Generator) -> NDArray[np.object_]:
    """A firm of each of these countries: the more there are, the more comes from it; the first are the largest."""
    root = np.sqrt(worth)
    # All together no more than there are, each country two or more where anything comes from it.
    most = np.maximum(np.floor((len(ids) - 2 * len(worth)) * root / root.sum()), 0).astype(np.int64) + 2
    start = np.append(0, np.cumsum(most))
    place = np.floor(most[country] * rng.random(len(country)) ** CONCENTRATED).astype(np.int64)
    return np.asarray(rng.permutation(ids)[start[country] + place])


def _exporters(
    firms: Firms, importer: Ints, abroad: NDArray[np.object_], rng: np.random.Generator
) -> NDArray[np.object_]:
    """An exporter a dealing: some unnamed, some of the importer's own enterprise."""
    enterprise = firms.enterprise[importer]
    own = (rng.random(len(importer)) < 0.3) & np.array([one is not None for one in enterprise])
    return blanked(np.where(own, enterprise, abroad), rng.random(len(importer)) < 0.04)


def _manufacturers(abroad: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.object_]:
    """A manufacturer a dealing, often unknown."""
    kind = rng.random(len(abroad))
    return blanked(np.where(kind < 0.6, "unknown", abroad), kind > 0.95)
