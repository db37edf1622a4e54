"""What products weighed, where they came from and under which codes in 2024: the committed tables of shares."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
COMMENT: Final = "#"
USD_PER_MILLION: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Imports for consumption of 2024.

    A product is an HTS6, with castings, forgings and the other codes of 7616.99 apart. `value` is US$, `unit_value`
    US$/kg; `origins` and `codes` give the percent of the product's value by country (ISO alpha-3) and ten-digit code;
    `others` the percent of what `origins` leaves; `general` general imports as a multiple of consumption.
    """

    value: dict[str, float]
    unit_value: dict[str, float]
    origins: dict[str, dict[str, float]]
    codes: dict[str, dict[str, float]]
    others: dict[str, float]
    general: dict[str, float]

    @property
    def product_of(self) -> dict[str, str]:
        """Ten-digit code to product."""
        return {code: product for product, codes in self.codes.items() for code in codes}


def read_shares() -> Shares:
    """The committed tables."""
    products, countries = list(_rows("products_2024")), list(_rows("countries_2024"))
    return Shares(
        value={row["product"]: float(row["million_usd"]) * USD_PER_MILLION for row in products},
        unit_value={row["product"]: float(row["usd_per_kg"]) for row in products},
        origins=_nested("origins_2024", "country"),
        codes=_nested("codes_2024", "code"),
        others={row["country"]: float(row["other_percent"]) for row in countries},
        general={row["country"]: float(row["general_percent"]) / 100 for row in countries},
    )


def _nested(name: str, key: str) -> dict[str, dict[str, float]]:
    nested: dict[str, dict[str, float]] = {}
    for row in _rows(name):
        nested.setdefault(row["product"], {})[row[key]] = float(row["percent"])
    return nested


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith(COMMENT))
