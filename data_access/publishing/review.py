"""Review before release: licenses whose unit value cannot be, as where tons were entered for kilograms.

Each license is held against the unit values of its own product. What is stopped here waits for a person
(`decisions`); until then nothing is published. Confidential: for the staff side only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.reference import Level, Licensed, Reference

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AIM: Final = "aim"
"""The product whose bounds serve where even a product group has too few licenses."""

PLAUSIBLE: Final = 10.0
"""Percentiles are taken of licenses within this factor of their product's median. A wrong unit is a factor of a
thousand (or of 2.2, for pounds, which no test of single licenses finds): without this, the wrong ones of a small
product would set the bounds that they are held against."""

COLUMNS: Final = (
    "license_id", "month", "hts10", "value_usd", "quantity_kg", "unit_value", "low", "high", "basis",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Bounds of unit values: percentile `low` of a product's licenses over `factor`, percentile `high` times `factor`.

    A product needs `least` licenses for percentiles of its own; else those of its HTS6, its group or all serve.
    """

    low: float = 1.0
    high: float = 99.0
    factor: float = 3.0
    least: int = 20


def stopped(records: pd.DataFrame, review: Review, reference: Reference) -> pd.DataFrame:
    """The licenses that need a decision, the most valuable first.

    `records` are those that count (`licenses.counted`). Columns: license_id, month, hts10, value_usd, quantity_kg,
    unit_value (US$/kg; infinite where the quantity is 0), low and high (the bounds, US$/kg, missing where no license
    tells any) and basis (the product they are of). Stopped are unit values outside the bounds, and licenses with a
    value but no quantity or a quantity but no value; one that has neither adds nothing to any figure.
    """
    value, quantity = (records[name].to_numpy(np.float64) for name in ("value_usd", "quantity_kg"))
    told = (value > 0) & (quantity > 0)
    unit_value = np.divide(value, quantity, out=np.full(len(records), np.nan), where=quantity > 0)
    unit_value[(quantity == 0) & (value > 0)] = np.inf
    low, high, basis = _bounds(records["hts10"], np.where(told, unit_value, np.nan), review, reference)
    outside = told & ((unit_value < low) | (unit_value > high))
    found = np.flatnonzero(outside | ((value > 0) != (quantity > 0)))
    found = found[np.argsort(-value[found], kind="stable")]
    columns = {name: records[name].to_numpy()[found] for name in COLUMNS[:5]}
    columns |= {"unit_value": unit_value[found], "low": low[found], "high": high[found], "basis": basis[found]}
    return pd.DataFrame(columns)


def _bounds(
    hts10: pd.Series, unit_value: Floats, review: Review, reference: Reference
) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Bounds of each license and the product they are of: the finest of its products with enough licenses."""
    number, codes = pd.factorize(hts10)
    products = _products(list(codes), reference)
    known = np.flatnonzero(np.isfinite(unit_value))
    low, high = (np.full(len(codes), np.nan) for _ in range(2))
    basis = np.full(len(codes), AIM, object)
    open_ = np.ones(len(codes), bool)
    for level in products:
        # Of all licenses together there are never too few: no bounds of a product are finer.
        least = 1 if level is products[-1] else review.least
        of_code, names = pd.factorize(np.array(level, object))
        count, bounds = _percentiles(of_code[number[known]], unit_value[known], len(names), review)
        here = open_ & (count[of_code] >= least)
        low[here] = bounds[0][of_code[here]] / review.factor
        high[here] = bounds[1][of_code[here]] * review.factor
        basis[here] = np.array(names, object)[of_code[here]]
        open_ &= ~here
    return low[number], high[number], basis[number]


def _products(codes: list[str], reference: Reference) -> tuple[list[str], ...]:
    """Of each ten-digit code itself, its HTS6, its group and all, fine to coarse.

    An HTS6 that holds unlicensed codes too (7616.99) says little of the licensed ones: their group stands for it.
    """
    products = reference.products.with_observed(codes)
    groups = [one.id for one in products if one.level is Level.GROUP and one.licensed is Licensed.ALL]
    group_of = {code: group for group in groups for code in products.codes(group)}
    group = [group_of.get(code, AIM) for code in codes]
    hts6 = [
        code[:6] if code[:6] in products and products[code[:6]].licensed is Licensed.ALL else above
        for code, above in zip(codes, group, strict=True)
    ]
    return codes, hts6, group, [AIM] * len(codes)


def _percentiles(key: Ints, values: Floats, keys: int, review: Review) -> tuple[Ints, tuple[Floats, Floats]]:
    """Number of values of each key, and their low and high percentiles less what lies far from the median."""
    order = np.lexsort((values, key))
    key, values = key[order], values[order]
    median = _at(values, key, keys, 50.0)
    near = (values >= median[key] / PLAUSIBLE) & (values <= median[key] * PLAUSIBLE)
    count = np.bincount(key, minlength=keys).astype(np.int64)
    return count, (
        _at(values[near], key[near], keys, review.low),
        _at(values[near], key[near], keys, review.high),
    )


def _at(values: Floats, key: Ints, keys: int, percent: float) -> Floats:
    """A percentile of each key's values (sorted by key and value), between two of them in proportion."""
    start = np.searchsorted(key, np.arange(keys + 1))
    count = np.diff(start)
    place = start[:-1] + np.maximum(count - 1, 0) * percent / 100
    below = np.floor(place).astype(np.int64)
    if not len(values):
        return np.full(keys, np.nan)
    left = values[np.minimum(below, len(values) - 1)]
    right = values[np.minimum(np.ceil(place).astype(np.int64), len(values) - 1)]
    return np.where(count > 0, left + (right - left) * (place - below), np.nan)
