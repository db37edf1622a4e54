"""How license figures differ from public ones: goods that arrive on another day than expected, quantities and prices
that an application only estimates, prices of each firm's own contracts.

Licenses tell what an applicant expects, and their months match neither basis of public statistics: whoever holds the
public figure of a cell knows its license figure within some percent only, fewer for a product group than for one
country's part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LARGE: Final = 40e6
"""US$ a year of a market (product group and country) whose figures are steady; smaller ones differ more."""

DAYS_OF_GROUP: Final = 1.2
DAYS_OF_COUNTRY: Final = 2.0
DAYS_OF_MARKET: Final = 3.5
DAYS_OF_LICENSE: Final = 3.0
"""Days by which goods come later or sooner than expected (standard deviations): common to a product group in a month
(strikes, duties to come), to a country (ships), to a market, and of each license alone."""
MOST_DAYS: Final = 14

STEADY: Final = 0.22
"""Part of these that is left where the market is large."""

ALWAYS: Final = 0.12
IN_A_MONTH: Final = 0.35
"""Quantities (log), where a market is small: goods through zones and warehouses always differ, part shipments and
estimates every month."""

PRICE_IN_A_MONTH: Final = {True: 0.16, False: 0.33}
OF_FIRM: Final = {True: 0.10, False: 0.20}
OF_CONTRACT: Final = {True: 0.10, False: 0.18}
OF_LICENSE: Final = 0.06
"""Prices (log), of unwrought metal and else: of a market in a month, stated before they are settled; a firm's own
level; a contract's of some months; a license's."""
MONTHS_OF_CONTRACT: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Markets:
    """Rows of goods by month, country and market; of each market its product group, and US$ a year."""

    month: Ints
    country: Ints
    market: Ints
    group_of_market: Ints
    annual: Floats

    @property
    def small(self) -> Floats:
        """How small the market of each row is, from `STEADY` to 1."""
        found: Floats = STEADY + (1 - STEADY) * np.exp(-self.annual / LARGE)[self.market]
        return found


def delays(goods: Markets, row: Ints, rng: np.random.Generator) -> Ints:
    """Days by which the license of each of these rows of goods expects them later (or sooner) than they come."""
    group = goods.group_of_market[goods.market]
    common = DAYS_OF_GROUP * _drawn(rng, goods.month, group)
    of_row = DAYS_OF_COUNTRY * _drawn(rng, goods.month, goods.country)
    of_row += DAYS_OF_MARKET * _drawn(rng, goods.month, goods.market)
    days = (common + of_row * goods.small)[row] + DAYS_OF_LICENSE * rng.standard_normal(len(row))
    return np.clip(np.rint(days), -MOST_DAYS, MOST_DAYS).astype(np.int64)


def quantities(goods: Markets, rng: np.random.Generator) -> Floats:
    """What licenses state of each row of goods, as a multiple of what comes."""
    always = ALWAYS * rng.standard_normal(len(goods.annual))[goods.market]
    in_a_month = IN_A_MONTH * _drawn(rng, goods.month, goods.market)
    return np.asarray(np.exp((always + in_a_month) * goods.small))


def prices(goods: Markets, row: Ints, dealing: Ints, unwrought: Bools, rng: np.random.Generator) -> Floats:
    """Price of the license of each of these rows, as a multiple of its goods'; `dealing` is who imports what from
    where, `unwrought` whether each row of goods is unwrought metal."""
    month = goods.month[row]
    in_a_month = (_drawn(rng, goods.month, goods.market) * goods.small)[row]
    of_firm = rng.standard_normal(int(dealing.max(initial=-1)) + 1)[dealing]
    contract = _drawn(rng, dealing, month // MONTHS_OF_CONTRACT)
    level = OF_LICENSE * rng.standard_normal(len(dealing))
    parts = ((PRICE_IN_A_MONTH, in_a_month), (OF_FIRM, of_firm), (OF_CONTRACT, contract))
    for width, drawn in parts:
        level += np.where(unwrought[row], width[True], width[False]) * drawn
    return np.asarray(np.exp(level))


def _drawn(rng: np.random.Generator, first: Ints, second: Ints) -> Floats:
    """A standard normal number for each pair of numbers, the same for the same pair."""
    width = int(second.max(initial=0)) + 1
    drawn = rng.standard_normal((int(first.max(initial=0)) + 1) * width)
    return np.asarray(drawn[first * width + second])
