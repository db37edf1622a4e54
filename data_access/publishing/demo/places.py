"""Where goods leave and arrive: country of exportation and U.S. port."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.demo.firms import blanked

Texts = NDArray[np.object_]

FROM_ORIGIN: Final = 0.94
HUBS: Final = ("NLD", "SGP", "BEL", "MEX", "CAN", "KOR")
NOT_STATED: Final = 0.01

PORTS: Final[dict[str, tuple[str, ...]]] = {
    "CAN": ("0901", "3801", "3802", "0712", "0115", "3004", "0708"),
    "MEX": ("2304", "2305", "2402", "2604", "2506"),
    "": ("1001", "2704", "2709", "1703", "5301", "2002", "1303", "1401", "1601", "5203", "3001", "4601", "1101"),
}
"""Ports of entry (Schedule D) by country of origin: land borders, else the sea; the first are the busiest."""


def exportation(origin: Texts, rng: np.random.Generator) -> Texts:
    """Country of exportation: mostly the origin, else a hub, sometimes not stated."""
    hub = np.array(HUBS, dtype=object)[rng.integers(len(HUBS), size=len(origin))]
    stated = np.where(rng.random(len(origin)) < FROM_ORIGIN, origin, hub)
    return blanked(stated, rng.random(len(origin)) < NOT_STATED)


def ports(origin: Texts, rng: np.random.Generator) -> Texts:
    """Port of each license, sometimes not stated."""
    drawn = rng.random(len(origin))
    chosen = np.full(len(origin), None, dtype=object)
    border = {country: origin == country for country in PORTS if country}
    border[""] = ~np.logical_or.reduce(list(border.values()))
    for country, here in border.items():
        names = np.array(PORTS[country], dtype=object)
        weights = 1.0 / np.arange(1, len(names) + 1)
        chance = np.cumsum(weights / weights.sum())
        place = np.minimum(np.searchsorted(chance, drawn[here], side="right"), len(names) - 1)
        chosen[here] = names[place]
    return blanked(chosen, rng.random(len(origin)) < NOT_STATED)
