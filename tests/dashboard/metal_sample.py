"""A small release of made-up metal: origin, smelt and cast by month, their pairs by quarter, and layers of months."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.serving.release_builder import license_row, public_row, with_totals, write_release

FLOWS = {
    ("CAN", "CAN"): 50_000_000,
    ("CAN", "not_applicable"): 4_000_000,
    ("MEX", "CHN"): 3_000_000,
    ("MEX", "RUS"): 1_000_000,
    ("MEX", "not_applicable"): 2_000_000,
    ("CHN", "CHN"): 5_000_000,
    ("ARE", "ARE"): 8_000_000,
    ("ARE", "AUT"): 300_000,
}
"""Kilograms a month by origin and country of largest smelt. Austria has no primary smelter; Russia is of the watch
list, and its metal comes in the last two months alone."""
ORIGINS = tuple(dict.fromkeys(origin for origin, _ in FLOWS))
SMELTS = (*dict.fromkeys(smelt for _, smelt in FLOWS), "unknown")
MONTHS = (*(f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)), "2026-01", "2026-02")
PUBLIC_MONTHS = MONTHS[:-1]
RUNNING = "2026-03"
QUARTERS = tuple(f"{year}-Q{quarter}" for year in (2024, 2025) for quarter in range(1, 5))
CLOSED, NEWEST = "2026-03-13", "2026-03-20"
LEVELS = {
    **dict.fromkeys(("total", "group", "total×origin", "total×smelt", "total×smelt2", "total×cast"), "zero"),
    **dict.fromkeys(("total×origin×smelt", "total×origin×cast"), "hidden"),
}
PRICE = 3
PUBLIC_OVER_LICENSE = 1.04
SHARES = {"unwrought": 90, "foil": 10}
CODES = {"unwrought": "7601103000", "foil": "7607113000"}


def kilograms(origin: str, smelt: str, month: str) -> int:
    """The made-up weight of a pair: a percent more each month; Russian metal from 2026 on."""
    if smelt == "RUS" and month < "2026":
        return 0
    return FLOWS.get((origin, smelt), 0) * (100 + MONTHS.index(month)) // 100


def of_month(month: str, keep: Callable[[str, str], bool]) -> int:
    """The weight of the pairs kept."""
    return sum(kilograms(*pair, month) for pair in FLOWS if keep(*pair))


def licenses() -> list[dict[str, Any]]:
    """The months closed, the running one, and pairs by quarter; second smelt is not stated, cast is where it comes
    from."""
    rows = []
    for month in MONTHS:
        cells = [("aim", "all", {}, of_month(month, lambda *_: True))]
        for one in ORIGINS:
            kg = of_month(month, lambda origin, _, one=one: origin == one)
            cells += [("aim", one, {}, kg), ("aim", "all", {"cast": one}, kg)]
        for one in SMELTS:
            cells.append(("aim", "all", {"smelt": one}, of_month(month, lambda _, smelt, one=one: smelt == one)))
        cells.append(("aim", "all", {"smelt2": "not_applicable"}, cells[0][3]))
        cells += [(group, "all", {}, cells[0][3] * part // 100) for group, part in SHARES.items()]
        rows += [
            license_row(month, product, origin, kg * PRICE, kg, as_of=NEWEST if month != MONTHS[-1] else CLOSED, **own)
            for product, origin, own, kg in cells
        ]
    rows.append(license_row(RUNNING, "aim", "all", 40_000_000 * PRICE, 40_000_000, as_of=NEWEST))
    return rows


def pairs() -> list[dict[str, Any]]:
    """Origin by smelt, by quarter; metal smelted in Austria is withheld, which is not told from none."""
    rows = []
    for place, quarter in enumerate(QUARTERS):
        months = MONTHS[3 * place : 3 * place + 3]
        for origin, smelt in FLOWS:
            kg = sum(kilograms(origin, smelt, month) for month in months)
            if smelt != "AUT":
                rows.append(license_row(quarter, "aim", origin, kg * PRICE, kg, smelt=smelt, as_of=NEWEST))
    return rows


def layers() -> list[dict[str, Any]]:
    """The running month a week earlier; the last closed month week by week; a month before it closed and revised."""
    weekly = [
        (RUNNING, "2026-03-06", 15_000_000),
        (RUNNING, "2026-03-13", 28_000_000),
        (MONTHS[-1], "2026-02-06", 14_000_000),
        (MONTHS[-1], "2026-02-13", 27_000_000),
        (MONTHS[-1], "2026-02-20", 36_000_000),
        (MONTHS[-1], "2026-02-27", 50_000_000),
        (MONTHS[-2], "2026-02-13", of_month(MONTHS[-2], lambda *_: True) - 1_000_000),
    ]
    return [license_row(month, "aim", "all", kg * PRICE, kg, as_of=day) for month, day, kg in weekly]


def public() -> list[dict[str, Any]]:
    """Public statistics of the same origins: 4 % more than licenses."""
    rows = []
    for month in PUBLIC_MONTHS:
        for one in ORIGINS:
            kg = of_month(month, lambda origin, _, one=one: origin == one)
            for group, code in CODES.items():
                own = round(kg * SHARES[group] / 100 * PUBLIC_OVER_LICENSE)
                rows.append(public_row(month, code, one, own * PRICE, own))
    return with_totals(rows)


def write_metal(releases: Path, *, with_pairs: bool = True, id_: str = "2026-03-20T15-00-00Z-aaaaaa") -> Path:
    """Write the release and point `current` to it."""
    return write_release(
        releases,
        public(),
        [*licenses(), *(pairs() if with_pairs else [])],
        id_=id_,
        not_yet=(RUNNING,),
        levels=LEVELS,
        layers=layers(),
    )
