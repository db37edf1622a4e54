"""License records for the bench, synthetic: heavy-tailed importers, brokers with many clients, thin country cells.

They are made to the shape of a large deployment: some 20,000 licenses a month of 2,700 enterprises and 300 filers, over
60 countries, in about 1,600 cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import DEMONSTRATION_MARK, LICENSES, RAW_PUBLIC
from data_access.publishing.sources.vintages import write_month
from data_access.reference import load

PRICES = {
    "unwrought": 2600.0, "bars": 3400.0, "wire": 3900.0, "sheet": 3600.0, "foil": 4500.0,
    "tubes": 5200.0, "fittings": 6500.0, "castings": 7800.0, "forgings": 9000.0,
}  # fmt: skip
"""US$ per metric ton."""

SHARES = (0.30, 0.08, 0.06, 0.20, 0.12, 0.07, 0.05, 0.05, 0.07)
"""Of sources, by group in the order of `PRICES`."""

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a month is; `tail` is the Pareto exponent of importers' sizes, smaller for more concentrated ones."""

    licenses: int = 20_000
    importers: int = 3_000
    filers: int = 300
    countries: int = 60
    tail: float = 1.15


CONCENTRATED = Size(importers=900, tail=0.95)


class Market:
    """Firms and their sources, the same in all months; what they enter differs by month."""

    def __init__(self, size: Size, *, seed: int = 5) -> None:
        self.size = size
        draw = np.random.default_rng(seed)
        self.codes, self.group = _codes()
        countries = sorted(country.iso3 for country in load().countries if country.iso3 != "USA")
        self.countries = np.array([*draw.permutation(countries)[: size.countries], NOT_APPLICABLE], object)
        self.scale = draw.pareto(size.tail, size.importers) + 0.3
        parents = max(1, size.importers // 30)
        named = draw.random(size.importers) < 0.12
        self.enterprise = np.where(named, draw.integers(0, parents, size.importers), -1)
        brokers = 1 / np.arange(1, size.filers + 1)
        self.brokers = brokers / brokers.sum()
        self.broker = np.where(
            draw.random(size.importers) < 0.25, -1, draw.choice(size.filers, size.importers, p=self.brokers)
        )
        self.popular = 1 / np.arange(1, size.countries + 1) ** 1.1
        self.popular /= self.popular.sum()
        codes_of_group = np.bincount(self.group)
        weight = (np.array(SHARES) / codes_of_group)[self.group] * draw.gamma(2.0, size=len(self.codes))
        self.products = weight / weight.sum()
        self.smelters = draw.permutation(size.countries // 2)[: max(3, size.countries * 3 // 10)]
        self.sources = [self._sources(firm, draw) for firm in range(size.importers)]

    def _sources(self, firm: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """What a firm enters (columns product, origin, smelt, second smelt, cast), and how often."""
        count = int(1 + min(draw.geometric(0.35), 3 * (1 + self.scale[firm]), 14))
        product = draw.choice(len(self.codes), count, p=self.products)
        origin = draw.choice(self.size.countries, count, p=self.popular)
        same = draw.random(count) < np.where(self.group[product] == 0, 0.8, 0.55)
        other = np.where(draw.random(count) < 0.25, self.size.countries, draw.choice(self.smelters, count))
        second = np.where(draw.random(count) < 0.7, self.size.countries, draw.choice(self.smelters, count))
        cast = np.where(draw.random(count) < 0.85, origin, draw.choice(self.size.countries, count, p=self.popular))
        rows = np.column_stack([product, origin, np.where(same, origin, other), second, cast])
        return rows, draw.dirichlet(np.full(count, 0.8))

    def month(self, month: str, *, seed: int) -> pd.DataFrame:
        """The licenses of a month (columns of `contracts.LICENSES`)."""
        draw, size = np.random.default_rng(seed), self.size
        weight = self.scale**0.7
        count = 1 + draw.multinomial(size.licenses - size.importers, weight / weight.sum())
        firm = np.repeat(np.arange(size.importers), count)
        picked = [
            rows[draw.choice(len(rows), number, p=p)] for (rows, p), number in zip(self.sources, count, strict=True)
        ]
        product, origin, smelt, second, cast = np.vstack(picked).T
        metal = self.group[product] == 0
        tons = (self.scale / count)[firm] * np.where(metal, 400, 90) * draw.lognormal(0, 0.8, len(firm))
        price = np.array(list(PRICES.values()))[self.group[product]] * np.exp(0.15 * draw.standard_normal(len(firm)))
        usual = (self.broker[firm] < 0) | (draw.random(len(firm)) < 0.85)
        filer = np.where(usual, self.broker[firm], draw.choice(size.filers, len(firm), p=self.brokers))
        importers = np.array([f"I{number}" for number in range(size.importers)], object)[firm]
        day = date.fromisoformat(f"{month}-15")
        return pd.DataFrame(
            {
                "license_id": [f"{month}-{number:06d}" for number in range(len(firm))],
                "status": "used",
                "applied_on": day,
                "expected_import_on": day,
                "entry_type": "consumption",
                "low_value": False,
                "filer_id": np.where(
                    filer < 0, importers, np.array([f"F{n}" for n in range(size.filers)], object)[filer]
                ),
                "importer_id": importers,
                "enterprise_group": np.where(
                    self.enterprise[firm] < 0, None, np.array([f"G{n}" for n in self.enterprise], object)[firm]
                ),
                "exporter_id": None,
                "manufacturer_id": "unknown",
                "hts10": self.codes[product],
                "origin": self.countries[origin],
                "exportation": None,
                "port": None,
                "smelt1": self.countries[smelt],
                "smelt2": self.countries[second],
                "cast": self.countries[cast],
                "quantity_kg": np.round(tons * 1000, 2),
                "value_usd": np.round(tons * price, 2),
            }
        )


def write_public(directory: Path, years: range, *, size: Size | None = None, seed: int = 5) -> None:
    """Public statistics of the same market: January of each year, each cell off by a factor of its own."""
    market = Market(size or Size(), seed=seed)
    code_of = {country.iso3: country.census_codes[0] for country in load().countries}
    for year in years:
        draw = np.random.default_rng(year)
        frame = market.month(f"{year}-01", seed=year)
        sums = frame.groupby(["hts10", "origin"], as_index=False)[["value_usd", "quantity_kg"]].sum()
        off = np.exp(0.5 * draw.standard_normal(len(sums)))
        rows = [
            _raw_row(f"{year}-01", hts10, code_of[origin], int(value * factor), int(kg * factor))
            for (hts10, origin, value, kg), factor in zip(sums.itertuples(index=False, name=None), off, strict=True)
        ]
        table = pa.Table.from_pylist(rows, schema=RAW_PUBLIC)
        pulled = datetime(2026, 11, 19, tzinfo=UTC)
        write_month(directory, level="HS10", month=f"{year}-01", rows=table, pulled_at=pulled, demonstration=True)


def _raw_row(month: str, hts10: str, country: str, value: int, kg: int) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(RAW_PUBLIC.names)
    row |= {"month": month, "level": "HS10", "hts": hts10, "cty_code": country, "cty_name": country}
    row |= {"general_value": value, "consumption_value": value, "general_qty1": kg, "consumption_qty1": kg}
    return row | {"unit1": "KG", "unit2": "-"}


def _codes() -> tuple[np.ndarray, np.ndarray]:
    """Ten-digit codes of licensed products, and the place of their group in `PRICES`."""
    products = load().products
    pairs = [
        (code, place)
        for place, group in enumerate(PRICES)
        for code in sorted(products.codes(group))
        if all(products.is_valid(code, month) for month in ("2021-07", "2024-01", "2026-06"))
    ]
    return np.array([code for code, _ in pairs], object), np.array([place for _, place in pairs])


def write_records(path: Path, months: list[str], *, size: Size | None = None, seed: int = 5, last: float = 1.0) -> None:
    """A license file of these months, written month by month, so that few are in memory; of the last month only its
    first part `last`, as of one that runs."""
    market = Market(size or Size(), seed=seed)
    schema = LICENSES.with_metadata({DEMONSTRATION_MARK: b"true"})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for number, month in enumerate(months):
            frame = market.month(month, seed=1000 * seed + number)
            if month == months[-1]:
                order = np.random.default_rng(seed).permutation(len(frame))
                frame = frame.iloc[np.sort(order[: int(last * len(frame))])]
            table = pa.Table.from_pandas(frame, schema=LICENSES, preserve_index=False)
            writer.write_table(table.replace_schema_metadata(schema.metadata))
