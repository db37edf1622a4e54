"""License records of the demonstration: every license ever applied for, with what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.demo.firms import Dealings, Firms, draw_dealings, draw_firms
from data_access.publishing.demo.imports import Imports
from data_access.publishing.demo.places import exportation, ports
from data_access.publishing.demo.smelting import LATELY, draw_metal, metal_sources, with_unknown
from data_access.publishing.demo.spread import Markets, delays, prices, quantities
from data_access.publishing.sources.license_checks import UNKNOWN_SMELT_ENDS
from data_access.reference import Level, Licensed, Reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Texts = NDArray[np.object_]

REQUIRED_FROM: Final = date(2021, 6, 28)
"""Licenses are required from this day on (86 FR 27513)."""

PUBLIC_OVER_LICENSES: Final = (1.027, 1.046)
"""Final public statistics as a multiple of licenses: measured for steel."""

CANCELLED: Final = 0.03
EXPIRED: Final = 0.02
"""Parts of licenses that never become an import."""

GOOD_FOR: Final = 75
"""Days."""

APPLIED_AFTER: Final = 0.08
"""Part applied for after the import, up to the entry summary."""

LOW_VALUE: Final = 5000.0
"""US$ below which a license may be a low-value one; about half of those that could are."""

ENTRY_TYPES: Final = {"consumption": 0.90, "ftz_admission": 0.06, "warehouse_withdrawal": 0.04}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """License records by day of application: columns of `contracts.LICENSES` less status, and their fate.

    `used_on`, `cancelled_on`, `expired_on` are the days from which the license has that status, at most one of them.
    """

    columns: dict[str, Any]
    applied_on: Days
    expected_import_on: Days
    used_on: Days
    cancelled_on: Days
    expired_on: Days


def draw_records(
    imports: Imports, reference: Reference, *, months: tuple[str, ...], licenses: int, seed: int
) -> Records:
    """License records for imports of these months, about as many a month."""
    goods = _Goods.of(imports, reference, months)
    rng = np.random.default_rng([seed, 11])
    row, kg = _split(goods, licenses, rng)
    fate = rng.choice(3, len(row), p=[1 - CANCELLED - EXPIRED, CANCELLED, EXPIRED])
    dates = _dates(goods, row, fate, reference, np.random.default_rng([seed, 13]))
    parties, price = _parties(goods, row, np.random.default_rng([seed, 12]))
    expected = dates["expected_import_on"].astype("datetime64[M]")
    kg, value = _to_public(goods, (kg, kg * price), expected, used=fate == 0, rng=rng)
    places = _places(goods, row, dates["applied_on"], reference, np.random.default_rng([seed, 14]))
    kinds = rng.choice(list(ENTRY_TYPES), len(row), p=list(ENTRY_TYPES.values()))
    columns = {
        "entry_type": kinds.astype(object),
        "low_value": (value < LOW_VALUE) & (rng.random(len(row)) < 0.5),
        "hts10": np.array(imports.codes, dtype=object)[goods.rows.code[row]],
        "quantity_kg": kg,
        "value_usd": value,
    }
    columns |= parties | places
    order = np.argsort(dates["applied_on"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    columns["license_id"] = np.array([f"A{number:07d}" for number in range(1, len(order) + 1)], dtype=object)
    return Records(columns=columns, **{name: days[order] for name, days in dates.items()})


@dataclass(frozen=True, slots=True)
class _Goods:
    """Licensed imports of the license months: rows of `Imports`, their market (product group x country) and group."""

    rows: Imports
    market: Ints
    group_of_market: Ints
    country_of_market: Ints
    annual: Floats
    group_names: tuple[str, ...]

    @classmethod
    def of(cls, imports: Imports, reference: Reference, months: tuple[str, ...]) -> _Goods:
        groups = [one for one in reference.products if one.level is Level.GROUP and one.licensed is Licensed.ALL]
        number = {code: place for place, one in enumerate(groups) for code in reference.products.codes(one.id)}
        of_code = np.array([number.get(code, -1) for code in imports.codes], np.int64)
        wanted = np.array([month in months for month in imports.months])
        rows = imports.where((of_code[imports.code] >= 0) & wanted[imports.month])
        key = of_code[rows.code] * len(imports.countries) + rows.country
        unique, market = np.unique(key, return_inverse=True)
        annual = np.bincount(market, rows.value) / _months_since(rows.month, market) * 12
        group, country = np.divmod(unique, len(imports.countries))
        return cls(rows, market, group, country, annual, tuple(one.id for one in groups))

    @property
    def markets(self) -> Markets:
        """As `spread` takes them."""
        return Markets(
            month=self.rows.month,
            country=self.rows.country,
            market=self.market,
            group_of_market=self.group_of_market,
            annual=self.annual,
        )

    @property
    def unwrought(self) -> NDArray[np.bool_]:
        """Whether each row is unwrought metal."""
        return np.array([code.startswith("7601") for code in self.rows.codes])[self.rows.code]


def _months_since(month: Ints, market: Ints) -> Ints:
    """Months of each market from its first goods to the last month of all."""
    first = np.full(int(market.max()) + 1, int(month.max()))
    np.minimum.at(first, market, month)
    return np.asarray(int(month.max()) + 1 - first)


def _split(goods: _Goods, licenses: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Licenses of each row of goods: the row, and its kg divided unevenly."""
    root = np.sqrt(goods.rows.value)
    a_month = np.bincount(goods.rows.month, root)[goods.rows.month]
    count = np.floor(licenses * root / a_month + rng.random(len(root))).astype(np.int64)
    row = np.repeat(np.arange(len(root)), count)
    part = rng.lognormal(0, 0.8, len(row))
    part /= np.bincount(row, part, minlength=len(root))[row]
    return row, goods.rows.kg[row] * quantities(goods.markets, rng)[row] * part


def _to_public(
    goods: _Goods,
    figures: tuple[Floats, Floats],
    expected: NDArray[np.datetime64],
    *,
    used: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Figures scaled, by month, so that licenses used stay a little below public statistics of all products."""
    months = np.array(goods.rows.months, dtype="datetime64[M]")
    month = np.searchsorted(months, expected)
    above = rng.uniform(*PUBLIC_OVER_LICENSES, len(months))
    scaled = []
    for figure, public in zip(figures, (goods.rows.kg, goods.rows.value), strict=True):
        total = np.bincount(month, figure * used, minlength=len(months))
        wanted = np.bincount(goods.rows.month, public, minlength=len(months)) / above
        factor = np.divide(wanted, total, out=np.ones(len(months)), where=total > 0)
        scaled.append(np.maximum(np.rint(figure * factor[month]), 1.0))
    return scaled[0], scaled[1]


def _parties(goods: _Goods, row: Ints, rng: np.random.Generator) -> tuple[dict[str, Any], Floats]:
    """Importer, its enterprise, filer, exporter and manufacturer of each license, and its price in US$/kg."""
    firms = draw_firms(len(goods.group_names), rng)
    dealings = draw_dealings(
        firms, group=goods.group_of_market, country=goods.country_of_market, value=goods.annual, rng=rng
    )
    dealing = dealings.pick(goods.market[row], rng)
    usual = goods.rows.value[row] / goods.rows.kg[row]
    price = usual * prices(goods.markets, row, dealing, goods.unwrought, rng)
    return _named(firms, dealings, dealing, rng), price


def _named(firms: Firms, dealings: Dealings, dealing: Ints, rng: np.random.Generator) -> dict[str, Any]:
    importer = dealings.importer[dealing]
    second = rng.random(len(importer)) < 0.15
    return {
        "importer_id": firms.ids[importer],
        "enterprise_group": firms.enterprise[importer],
        "filer_id": firms.ids[np.where(second, firms.second_broker[importer], firms.broker[importer])],
        "exporter_id": dealings.exporter[dealing],
        "manufacturer_id": dealings.manufacturer[dealing],
    }


def _dates(goods: _Goods, row: Ints, fate: Ints, reference: Reference, rng: np.random.Generator) -> dict[str, Days]:
    """Days of application and import, and of what becomes of the license."""
    months = np.array(goods.rows.months, dtype="datetime64[M]")
    first = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - first).astype(np.int64)
    of_row = goods.rows.month[row]
    day = first[of_row] + np.floor(rng.random(len(row)) * length[of_row]).astype(np.int64)
    late = day + delays(goods.markets, row, rng)
    month = np.searchsorted(months, late.astype("datetime64[M]"))
    valid = _valid(goods.rows, reference)
    expected = (month >= of_row.min()) & (month <= of_row.max()) & valid[goods.rows.code[row], month % len(months)]
    imported = np.maximum(np.where(expected, late, day), np.datetime64(REQUIRED_FROM))
    before = np.minimum(rng.gamma(2.0, 5.0, len(row)), 60).astype(np.int64)
    after = rng.integers(1, 13, len(row))
    applied = imported - np.where(rng.random(len(row)) < APPLIED_AFTER, -after, before)
    never = np.datetime64("NaT", "D")
    cancelled = applied + 1 + np.minimum(rng.exponential(12.0, len(row)), GOOD_FOR).astype(np.int64)
    used = np.maximum(imported, applied) + rng.integers(1, 15, len(row))
    return {
        "applied_on": applied,
        "expected_import_on": imported,
        "used_on": np.where(fate == 0, used, never),
        "cancelled_on": np.where(fate == 1, cancelled, never),
        "expired_on": np.where(fate == 2, np.maximum(applied + GOOD_FOR, imported), never),
    }


def _valid(rows: Imports, reference: Reference) -> NDArray[np.bool_]:
    """Whether each code may be applied for in each month."""
    found = np.ones((len(rows.codes), len(rows.months)), bool)
    for place, code in enumerate(rows.codes):
        if reference.products[code].valid_from or reference.products[code].valid_to or reference.products[code].gone_by:
            found[place] = [reference.products.is_valid(code, month) for month in rows.months]
    return found


def _places(goods: _Goods, row: Ints, applied: Days, reference: Reference, rng: np.random.Generator) -> dict[str, Any]:
    """Origin, smelts, cast, country of exportation and port of each license."""
    rows = goods.rows
    of_country = np.array(rows.countries, dtype=object)
    lately = (np.array(rows.months, dtype="datetime64[M]") >= LATELY)[rows.month]
    key = np.stack([rows.country, rows.code, lately])
    unique, kind = np.unique(key, axis=1, return_inverse=True)
    kinds = [(rows.countries[country], rows.codes[code][:6], bool(late)) for country, code, late in unique.T]
    sources = metal_sources(kinds, reference)
    origin = of_country[rows.country[row]]
    smelt1, smelt2, cast = draw_metal(sources, kind[row], origin=origin, unwrought=goods.unwrought[row], rng=rng)
    allowed = applied < np.datetime64(UNKNOWN_SMELT_ENDS)
    return {
        "origin": origin,
        "smelt1": with_unknown(smelt1, allowed, rng),
        "smelt2": with_unknown(smelt2, allowed, rng),
        "cast": cast,
        "exportation": exportation(origin, rng),
        "port": ports(origin, rng),
    }
