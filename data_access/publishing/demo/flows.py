"""Who supplied what under which code in 2024, drawn so that the committed shares hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.demo.history import ALONE, FURTHER
from data_access.publishing.demo.shares import Shares

Floats = NDArray[np.float64]

OTHERS: Final = 26
"""Countries that share what a product's table leaves, drawn by their own weights."""

SPREAD: Final = 0.8
"""How much a country's mix of codes differs from the product's (log)."""

SURELY_THERE: Final = 400_000.0
"""US$ a year from which a country ships a code for certain; below, the chance is in proportion."""

ROUNDS: Final = 12
"""Of fitting countries and codes in turn; the margins are then within a fraction of a percent."""

LEAST: Final = 15_000.0
"""US$ a year below which a flow is left out."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What a country supplies under a ten-digit code: US$ of 2024 before its path."""

    product: str
    code: str
    country: str
    value: float


def draw_flows(shares: Shares, rng: np.random.Generator) -> list[Flow]:
    """All flows, by product, country and code."""
    flows = []
    for product, value in shares.value.items():
        origins = _origins(product, shares, rng)
        codes = shares.codes[product]
        matrix = _matrix(value, np.array(list(origins.values())), np.array(list(codes.values())), rng)
        flows += [
            Flow(product, code, country, float(matrix[row, column]))
            for row, country in enumerate(origins)
            for column, code in enumerate(codes)
            if matrix[row, column] >= LEAST
        ]
    return flows


def _origins(product: str, shares: Shares, rng: np.random.Generator) -> dict[str, float]:
    """Fraction of a product by country; the fractions of `FURTHER` come on top."""
    named = {country: percent / 100 for country, percent in shares.origins[product].items()}
    further = {country: percent / 100 for (of, country), percent in FURTHER.items() if of == product}
    rest = 1 - sum(named.values())
    pool = [country for country in shares.others if country not in named and country not in ALONE]
    weights = np.array([shares.others[country] for country in pool])
    chosen = np.sort(rng.choice(len(pool), min(OTHERS, len(pool)), replace=False, p=weights / weights.sum()))
    drawn = weights[chosen] / weights[chosen].sum() * max(rest, 0.0)
    others = {pool[place]: float(share) for place, share in zip(chosen, drawn, strict=True)}
    return named | others | further


def _matrix(value: float, origins: Floats, codes: Floats, rng: np.random.Generator) -> Floats:
    """US$ by country and code: each country has a mix of its own, both margins hold."""
    rows, columns = origins * value, codes / codes.sum() * value * origins.sum()
    expected = np.outer(rows, columns) / columns.sum()
    matrix = expected * rng.lognormal(0, SPREAD, expected.shape)
    there = rng.random(expected.shape) < expected / SURELY_THERE
    there[np.arange(len(rows)), expected.argmax(axis=1)] = True
    there[expected.argmax(axis=0), np.arange(len(columns))] = True
    matrix = np.where(there, matrix, 0.0)
    for _ in range(ROUNDS):
        matrix *= (columns / matrix.sum(axis=0))[None, :]
        matrix *= (rows / matrix.sum(axis=1))[:, None]
    return matrix
