"""A small release of made-up figures: 41 public months, 20 license months with withheld cells, one not yet."""

from __future__ import annotations

import math
from pathlib import Path

from tests.serving.release_builder import license_row, public_row, with_totals, write_release

CODES = {
    "unwrought": ("7601103000", "7601209045", "7601209085"),
    "bars": ("7604101000", "7604210010"),
    "wire": ("7605110000",),
    "sheet": ("7606123096", "7606123030"),
    "foil": ("7607113000",),
    "tubes": ("7608100030",),
    "fittings": ("7609000000",),
    "scrap": ("7602000030",),
}
PRICE = {
    "unwrought": 2.7,
    "bars": 5.4,
    "wire": 4.1,
    "sheet": 4.6,
    "foil": 6.3,
    "tubes": 6.8,
    "fittings": 14.0,
    "scrap": 1.8,
}
WEIGHT = {
    "unwrought": 90e6,
    "bars": 14e6,
    "wire": 9e6,
    "sheet": 42e6,
    "foil": 12e6,
    "tubes": 3e6,
    "fittings": 0.8e6,
    "scrap": 40e6,
}
SHARES = {
    "CAN": 0.52, "ARE": 0.09, "KOR": 0.06, "CHN": 0.05, "MEX": 0.05, "BHR": 0.045, "IND": 0.04, "DEU": 0.03,
    "ARG": 0.03, "ZAF": 0.025, "AUS": 0.02, "TUR": 0.015, "JPN": 0.01, "FRA": 0.01, "ITA": 0.008, "GRC": 0.007,
}  # fmt: skip
ALL_MONTHS = [f"{year}-{month:02d}" for year in range(2022, 2027) for month in range(1, 13)]
PUBLIC_MONTHS = tuple(ALL_MONTHS[8:49])
LICENSE_MONTHS = (*PUBLIC_MONTHS[-19:], "2026-02")
NOT_YET = "2026-03"
WITHHELD_GROUPS = {
    ("foil", "2025-06"),
    ("foil", "2025-07"),
    ("wire", "2025-06"),
    ("wire", "2025-07"),
    ("foil", "2026-02"),
    ("wire", "2026-02"),
}
WITHHELD_ORIGINS = {("ZAF", "2025-06"), ("ARG", "2025-06"), ("GRC", "2026-02"), ("ITA", "2026-02"), ("ZAF", "2026-02")}
WITHHELD_TOTAL = "2025-03"


def kilograms(group: str, country: str, place: int) -> int:
    """A made-up weight: a trend, a season, a country's own swing."""
    swing = (
        1 + 0.12 * math.sin(place / 3 + len(country) + ord(country[0])) + 0.05 * math.sin(place * 2.1 + ord(country[1]))
    )
    return round(
        WEIGHT[group] * SHARES[country] * swing * (1 + 0.006 * place) * (0.8 if place > 31 and country == "CAN" else 1)
    )


def public_rows() -> list[dict[str, object]]:
    """Every code from every country in every month, with totals."""
    rows = []
    for place, month in enumerate(PUBLIC_MONTHS):
        for group, codes in CODES.items():
            for country in SHARES:
                for share, code in enumerate(codes, start=1):
                    kg = kilograms(group, country, place) * share // sum(range(len(codes) + 1))
                    rows.append(public_row(month, code, country, round(kg * PRICE[group] * (1 + 0.004 * place)), kg))
    return with_totals(rows)


def license_rows() -> list[dict[str, object]]:
    """Groups by month and origins by month, with their totals; some cells withheld, the last month not yet."""
    rows = []
    licensed = [group for group in CODES if group != "scrap"]
    for place, month in enumerate(LICENSE_MONTHS, start=len(PUBLIC_MONTHS) - 19):
        weight = {
            (g, c): round(kilograms(g, c, place) * (0.95 + 0.03 * math.sin(place))) for g in licensed for c in SHARES
        }
        cells = [(group, "all", {key: kg for key, kg in weight.items() if key[0] == group}) for group in licensed]
        cells += [("aim", country, {key: kg for key, kg in weight.items() if key[1] == country}) for country in SHARES]
        cells.append(("aim", "all", weight))
        for product, origin, part in cells:
            hidden = (
                (product, month) in WITHHELD_GROUPS or (origin, month) in WITHHELD_ORIGINS or month == WITHHELD_TOTAL
            )
            value = round(sum(kg * PRICE[group] for (group, _), kg in part.items()))
            status = "withheld" if hidden else "published"
            figures = (None, None) if hidden else (value, sum(part.values()))
            rows.append(license_row(month, product, origin, *figures, status=status))
    for product, origin in [*((g, "all") for g in licensed), *(("aim", c) for c in SHARES), ("aim", "all")]:
        rows.append(license_row(NOT_YET, product, origin, None, None, status="not_yet"))
    return rows


def write_sample(releases: Path, *, licenses: bool = True, demonstration: bool = True) -> Path:
    """Write the release and point `current` to it."""
    return write_release(
        releases,
        public_rows(),
        license_rows() if licenses else None,
        not_yet=(NOT_YET,) if licenses else (),
        demonstration=demonstration,
    )
