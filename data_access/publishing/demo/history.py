"""How prices and volumes move from 2013 on: the metal's price, trends, seasons, duties and surges.

Rough paths in the shape of what happened, and a few surges that did not (`SURGES`), for a monitor to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = dict[str, float]

METAL: Final[Points] = {
    "2013-01": 2.30, "2013-07": 2.03, "2014-01": 1.95, "2014-09": 2.35, "2014-12": 2.35, "2015-06": 1.95,
    "2015-11": 1.70, "2016-06": 1.74, "2016-12": 1.88, "2017-06": 2.08, "2017-12": 2.22, "2018-03": 2.32,
    "2018-05": 2.68, "2018-12": 2.30, "2019-12": 1.98, "2020-05": 1.62, "2020-12": 2.05, "2021-06": 2.75,
    "2021-10": 3.35, "2022-03": 4.10, "2022-06": 3.80, "2022-12": 3.10, "2023-06": 2.75, "2023-12": 2.60,
    "2024-06": 2.90, "2024-12": 3.10, "2025-03": 3.45, "2025-06": 3.60, "2025-12": 4.20, "2026-06": 4.60,
    "2026-12": 4.60,
}  # fmt: skip
"""Price of unwrought metal with its premium, US$/kg: roughly London price and Midwest premium, later months assumed."""

CONVERSION: Final[Points] = {"2013-01": 0.82, "2020-01": 0.88, "2022-06": 1.06, "2024-01": 1.0, "2026-12": 1.08}
"""Price of working the metal, 2024 = 1."""

_YEARS: Final = range(2013, 2027)
TRENDS: Final[dict[str, tuple[float, ...]]] = {
    "7601": (0.80, 0.78, 0.85, 1.02, 1.12, 0.95, 0.90, 0.93, 1.05, 1.10, 1.00, 1.0, 0.92, 0.94),
    "7602": (0.75, 0.75, 0.75, 0.80, 0.90, 0.95, 0.85, 0.80, 0.95, 1.00, 0.98, 1.0, 1.35, 1.40),
    "7604": (0.55, 0.60, 0.65, 0.68, 0.75, 0.82, 0.80, 0.75, 1.00, 1.20, 0.98, 1.0, 0.88, 0.85),
    "7605": (0.70, 0.72, 0.75, 0.80, 0.85, 0.85, 0.85, 0.82, 0.95, 1.05, 1.00, 1.0, 1.00, 1.05),
    "7606": (0.75, 0.90, 1.00, 1.00, 1.08, 1.10, 1.05, 0.85, 1.15, 1.35, 0.95, 1.0, 1.00, 1.02),
    "7607": (0.70, 0.72, 0.78, 0.82, 0.85, 0.85, 0.85, 0.90, 1.00, 1.15, 0.92, 1.0, 1.00, 1.00),
    "": (0.60, 0.63, 0.67, 0.70, 0.75, 0.80, 0.80, 0.78, 0.95, 1.05, 0.97, 1.0, 0.85, 0.85),
}
"""Volume by heading (else the last) in mid-2013 to mid-2026, 2024 = 1."""

SEASON: Final = (0.98, 0.94, 1.06, 1.03, 1.05, 1.03, 1.00, 1.02, 0.98, 1.01, 0.96, 0.94)
"""Volume from January to December; its mean is 1."""


@dataclass(frozen=True, slots=True)
class Path:
    """A factor on the volume of products (first digits, or names of `Shares`) from countries (none named: all)."""

    products: tuple[str, ...]
    countries: tuple[str, ...]
    points: Points

    def holds(self, product: str, country: str) -> bool:
        """Whether it moves this flow."""
        return product.startswith(self.products) and (not self.countries or country in self.countries)


SEMIS: Final = ("7604", "7605", "7606", "7607", "7608", "7609", "castings", "forgings")

EVENTS: Final = (
    Path(
        ("7601",),
        ("CAN",),
        {"2018-02": 1.0, "2018-03": 1.7, "2018-04": 1.05, "2018-07": 0.85, "2019-05": 0.85, "2019-06": 1.25,
         "2020-07": 1.3, "2020-08": 0.9, "2020-09": 1.05, "2021-01": 1.0, "2025-01": 1.05, "2025-02": 1.2,
         "2025-03": 1.4, "2025-04": 0.85, "2025-07": 0.5, "2025-12": 0.72, "2026-06": 0.8},
    ),
    Path(
        ("7601",),
        ("ARE", "BHR", "ARG", "AUS", "IND", "QAT", "ZAF"),
        {"2018-01": 1.0, "2018-03": 1.25, "2018-06": 0.75, "2021-01": 0.9, "2022-01": 1.0, "2025-02": 1.05,
         "2025-05": 1.1, "2025-08": 1.7, "2025-12": 1.9, "2026-06": 1.8},
    ),
    Path(
        ("7601",),
        ("RUS",),
        {"2018-02": 1.0, "2018-03": 1.4, "2018-05": 0.5, "2019-06": 0.6, "2022-03": 0.5, "2023-02": 0.25,
         "2023-04": 0.0},
    ),
    Path(
        ("7606",),
        ("CHN",),
        {"2013-01": 2.0, "2017-12": 3.2, "2018-11": 0.7, "2019-06": 0.5, "2022-06": 0.8, "2024-01": 1.0},
    ),
    Path(
        ("7607",),
        ("CHN",),
        {"2013-01": 2.4, "2017-11": 2.6, "2018-04": 1.1, "2020-01": 1.0, "2025-09": 1.0, "2026-03": 0.8,
         "2026-08": 0.62},
    ),
    Path(
        ("7603", "7608", "7609", "7610", "7611", "7612", "7613", "7614", "7615", "7616", "castings", "other"),
        ("CHN",),
        {"2013-01": 1.3, "2018-09": 1.5, "2019-06": 1.05, "2022-01": 1.1, "2024-01": 1.0, "2025-03": 1.0,
         "2025-06": 0.75},
    ),
    Path(("7607",), ("THA", "TUR"), {"2013-01": 0.3, "2017-06": 0.5, "2021-01": 1.1, "2023-01": 1.0}),
    Path(("7610",), ("COL", "VNM"), {"2013-01": 0.25, "2018-01": 0.5, "2022-01": 0.9, "2024-01": 1.0}),
    Path(SEMIS, (), {"2020-02": 1.0, "2020-04": 0.74, "2020-05": 0.72, "2020-08": 0.95, "2020-12": 1.0}),
    Path(SEMIS, (), {"2025-01": 1.0, "2025-02": 1.1, "2025-03": 1.14, "2025-05": 0.95, "2025-09": 0.92,
                     "2026-06": 1.0}),
)  # fmt: skip
"""In the shape of what happened: Section 232 in 2018 and 2025, Canada lifted and back, Russia, China, the year 2020."""

SURGES: Final = (
    Path(("760511",), ("IND",), {"2021-09": 1.0, "2022-01": 2.3, "2022-08": 2.3, "2023-03": 1.0}),
    Path(
        ("760421", "760429"),
        ("VNM",),
        {"2013-01": 0.02, "2018-01": 0.12, "2021-01": 0.5, "2024-01": 1.0, "2025-10": 1.0, "2026-02": 2.0,
         "2026-08": 3.0},
    ),
    Path(("760711",), ("KHM",), {"2026-05": 0.0, "2026-06": 0.5, "2026-07": 0.9, "2026-10": 1.5}),
    Path(("760612",), ("OMN",), {"2026-04": 1.0, "2026-07": 2.3, "2026-10": 2.7}),
    Path(("760110",), ("ZAF",), {"2026-08": 1.0, "2026-09": 1.3, "2026-10": 4.5, "2026-12": 4.0}),
    Path(("760120",), ("GHA",), {"2026-08": 0.0, "2026-09": 1.0, "2026-10": 0.0}),
    Path(("760120",), ("MOZ",), {"2026-02": 0.0, "2026-03": 1.0, "2026-04": 0.0}),
)  # fmt: skip
"""Wire rod from India, extrusions from Vietnam, foil from a new supplier, sheet from Oman, metal from South Africa
(in license data before it is in public statistics). False alarms: a lot from Ghana, nearly nothing before and too
little to matter; a ship from Mozambique, and nothing after it."""

ALONE: Final = ("KHM", "OMN", "ZAF", "GHA", "MOZ", "RUS")
"""Countries that supply what is named here and in the tables of shares, and nothing else: their story stands out."""

FURTHER: Final = {
    ("760110", "RUS"): 9.0,
    ("760120", "RUS"): 5.0,
    ("760711", "KHM"): 6.0,
    ("760110", "ZAF"): 1.2,
    ("760120", "GHA"): 0.15,
    ("760120", "MOZ"): 2.4,
}
"""Flows that the table of 2024 lacks, in percent of the product's value that year, before their path."""


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Months 'YYYY-MM', both ends included."""
    return tuple(str(month) for month in np.arange(first, np.datetime64(last) + 1, dtype="datetime64[M]"))


def metal(months: tuple[str, ...]) -> Floats:
    """Price of unwrought metal, US$/kg."""
    return _along(METAL, months)


def conversion(months: tuple[str, ...]) -> Floats:
    """Price of working the metal, 2024 = 1."""
    return _along(CONVERSION, months)


def volume(product: str, country: str, months: tuple[str, ...]) -> Floats:
    """Volume of a flow, about 1 in 2024: trend, season, events and surges."""
    heading = product[:4] if product[:4] in TRENDS else ""
    trend = _along({f"{year}-07": level for year, level in zip(_YEARS, TRENDS[heading], strict=True)}, months)
    factor: Floats = trend * np.array([SEASON[int(month[5:]) - 1] for month in months])
    for path in EVENTS + SURGES:
        if path.holds(product, country):
            factor = factor * _along(path.points, months)
    return factor


def _along(points: Points, months: tuple[str, ...]) -> Floats:
    """Values at months: straight lines between points, level beyond the first and last."""
    where = np.array(list(points), dtype="datetime64[M]").astype(np.int64)
    wanted = np.array(months, dtype="datetime64[M]").astype(np.int64)
    return np.asarray(np.interp(wanted, where, np.array(list(points.values()))), np.float64)
