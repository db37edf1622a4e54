"""Where metal was smelted and most recently cast, by country of origin and product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.sources.license_checks import NOT_APPLICABLE, UNKNOWN
from data_access.reference import Reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

OWN_UNWROUGHT: Final = 0.95
OWN_WORKED: Final = 0.72
"""Part of a smelting country's metal that is its own."""

RECYCLED: Final = {"760110": 0.0, "760120": 0.22, "": 0.10}
"""Part without primary metal, by HTS6: remelted scrap has no smelt."""

RECYCLED_WITHOUT_SMELTER: Final = 0.65
"""The same of alloyed unwrought metal from a country that smelts none."""

LATELY: Final = np.datetime64("2026-06")
"""Month from which some origins' metal is another."""

RECYCLED_LATELY: Final = {("MEX", "7604"): 0.55, ("CAN", "7604"): 0.28, ("DOM", "7604"): 0.50}
"""Part without primary metal from then on, by origin and heading: extrusions are said to be of remelted scrap."""

SUPPLIERS: Final = {
    "CAN": {"CAN": 0.9, "USA": 0.1},
    "MEX": {"USA": 0.35, "CAN": 0.33, "BRA": 0.08, "ARE": 0.08, "CHN": 0.08, "RUS": 0.08},
    "VNM": {"CHN": 0.34, "MYS": 0.18, "AUS": 0.2, "IND": 0.18, "RUS": 0.1},
    "KHM": {"CHN": 0.92, "MYS": 0.08},
    "THA": {"CHN": 0.22, "AUS": 0.3, "ARE": 0.22, "RUS": 0.14, "MYS": 0.12},
    "KOR": {"AUS": 0.3, "IND": 0.24, "ARE": 0.2, "RUS": 0.16, "CHN": 0.1},
    "TWN": {"AUS": 0.34, "ARE": 0.24, "IND": 0.22, "RUS": 0.1, "CHN": 0.1},
    "JPN": {"AUS": 0.34, "NZL": 0.16, "ARE": 0.22, "BRA": 0.12, "RUS": 0.16},
    "TUR": {"RUS": 0.42, "ARE": 0.2, "TUR": 0.18, "TJK": 0.1, "IND": 0.1},
    "COL": {"CAN": 0.4, "ARE": 0.3, "VEN": 0.1, "BRA": 0.2},
    "DOM": {"CAN": 0.5, "ARE": 0.3, "BRA": 0.2},
    "CHN": {"CHN": 0.97, "RUS": 0.03},
    "IND": {"IND": 0.92, "ARE": 0.05, "RUS": 0.03},
    "OMN": {"OMN": 0.6, "ARE": 0.3, "BHR": 0.1},
    "": {"NOR": 0.22, "ISL": 0.16, "CAN": 0.1, "FRA": 0.09, "DEU": 0.09, "MOZ": 0.1, "ARE": 0.1, "RUS": 0.08,
         "AUS": 0.06},
}  # fmt: skip
"""Who supplies primary metal to a country (else: Europe's suppliers); invented in the shape of trade."""

SUPPLIERS_LATELY: Final = {"VNM": {"CHN": 0.68, "MYS": 0.1, "AUS": 0.08, "IND": 0.08, "RUS": 0.06}}
"""The same from then on, where it has changed."""

Kind = tuple[str, str, bool]
"""Goods of one kind: origin, HTS6, and whether of a month from `LATELY` on."""

CAST_AT_ORIGIN: Final = {"7601": 0.985, "": 0.88}
CAST_AT_SMELT: Final = 0.7
"""Part of what was not cast at origin that was cast where it was smelted; the rest in the hubs."""

HUBS: Final = ("CHN", "ARE", "DEU", "CAN")
SECOND_SMELT: Final = 0.5
SECOND_DRAWS: Final = 3
"""Part of primary metal with a second smelt, and tries to draw one that is not the first."""

UNKNOWN_PART: Final = 0.12
"""Part of applications that state "unknown" while they still may."""


@dataclass(frozen=True, slots=True)
class MetalSources:
    """Chances of each smelt by kind of goods."""

    names: Texts
    cumulated: Floats

    def smelt(self, kind: Ints, rng: np.random.Generator) -> Ints:
        """A smelt, as number into `names`, for goods of these kinds."""
        return _drawn(self.cumulated[kind], rng)


def metal_sources(kinds: list[Kind], reference: Reference) -> MetalSources:
    """Chances for kinds of goods."""
    names = sorted({name for of in SUPPLIERS.values() for name in of} | {kind[0] for kind in kinds})
    names.append(NOT_APPLICABLE)
    chances = np.zeros((len(kinds), len(names)))
    for row, kind in enumerate(kinds):
        for name, chance in _chances(kind, reference).items():
            chances[row, names.index(name)] = chance
    return MetalSources(np.array(names, dtype=object), np.cumsum(chances, axis=1))


def _chances(kind: Kind, reference: Reference) -> dict[str, float]:
    origin, hts6, lately = kind
    smelts = reference.countries[origin].smelter
    recycled = RECYCLED.get(hts6, RECYCLED[""])
    if hts6 == "760120" and not smelts:
        recycled = RECYCLED_WITHOUT_SMELTER
    suppliers = SUPPLIERS.get(origin, SUPPLIERS[""])
    if lately:
        recycled = RECYCLED_LATELY.get((origin, hts6[:4]), recycled)
        suppliers = SUPPLIERS_LATELY.get(origin, suppliers)
    own = 0.0
    if smelts and origin not in SUPPLIERS:
        own = OWN_WORKED
    if smelts and hts6.startswith("7601"):
        own = OWN_UNWROUGHT
    chances = {name: (1 - own) * chance / sum(suppliers.values()) for name, chance in suppliers.items()}
    chances[origin] = chances.get(origin, 0.0) + own
    return {name: (1 - recycled) * chance for name, chance in chances.items()} | {NOT_APPLICABLE: recycled}


def draw_metal(
    sources: MetalSources, kind: Ints, *, origin: Texts, unwrought: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Texts, Texts, Texts]:
    """Largest smelt, second smelt and cast of licenses of these kinds and origins."""
    smelt1 = sources.names[sources.smelt(kind, rng)]
    second = smelt1
    for _ in range(SECOND_DRAWS):
        second = np.where(second == smelt1, sources.names[sources.smelt(kind, rng)], second)
    has_second = (rng.random(len(kind)) < SECOND_SMELT) & (smelt1 != NOT_APPLICABLE) & (second != smelt1)
    smelt2 = np.where(has_second, second, NOT_APPLICABLE)
    at_origin = np.where(unwrought, CAST_AT_ORIGIN["7601"], CAST_AT_ORIGIN[""])
    # Foil and sheet of a country that smelts nothing are often rolled from foreign slab.
    at_origin = np.where((origin == "KHM") | ((origin == "VNM") & (smelt1 == "CHN")), 0.5, at_origin)
    hub = np.array(HUBS, dtype=object)[rng.integers(len(HUBS), size=len(kind))]
    smelted = (smelt1 != NOT_APPLICABLE) & (rng.random(len(kind)) < CAST_AT_SMELT)
    elsewhere = np.where(smelted, smelt1, hub)
    cast = np.where(rng.random(len(kind)) < at_origin, origin, elsewhere)
    return smelt1, smelt2, cast


def with_unknown(smelt: Texts, allowed: NDArray[np.bool_], rng: np.random.Generator) -> Texts:
    """Some smelts unknown, where they may be."""
    return np.where(allowed & (rng.random(len(smelt)) < UNKNOWN_PART), UNKNOWN, smelt)


def _drawn(cumulated: Floats, rng: np.random.Generator) -> Ints:
    """A column for each row of cumulated chances."""
    drawn = rng.random(len(cumulated))[:, None] * cumulated[:, -1:]
    return np.asarray((cumulated <= drawn).sum(axis=1), np.int64)
