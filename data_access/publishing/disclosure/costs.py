"""What withholding a cell costs: never from the figures that are protected.

Re-running public code over candidate figures would else bound them. Costs are the log of public figures of an earlier
year times a weight of the level times a secret factor per row and year.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.tables import Depth, Level, Tables

Floats = NDArray[np.float64]

WEIGHTS: Final[dict[tuple[str, ...], dict[Depth, float]]] = {
    (): {Depth.TOTAL: 1000.0, Depth.GROUP: 100.0, Depth.HTS6: 10.0},
    ("origin",): {Depth.TOTAL: 16.0, Depth.GROUP: 2.0, Depth.HTS6: 1.0},
    ("smelt",): {Depth.TOTAL: 12.0, Depth.GROUP: 2.0, Depth.HTS6: 1.0},
    ("cast",): {Depth.TOTAL: 10.0, Depth.GROUP: 1.0, Depth.HTS6: 0.5},
    ("smelt2",): {Depth.TOTAL: 8.0, Depth.GROUP: 1.0, Depth.HTS6: 0.5},
}
"""How much a level is worth to users; of levels not named here 1."""

SHARES: Final = 1e4
"""Public figures are taken as ten-thousandths of their total."""

FLOOR: Final = 3.0
"""Added to them, so that cells without any cost something."""

FACTORS: Final = (0.5, 2.0)
"""Range of the secret factors."""


def costs(tables: Tables, sizes: Mapping[str, float], *, secret: bytes, year: int) -> Floats:
    """What each cell costs: the sum over its rows. `sizes` gives public US$ of an earlier year by row key; smelt and
    cast take what was released, else the origin's."""
    keys = tables.keys()
    total = max((sizes.get(key, 0.0) for key in keys), default=0.0) or 1.0
    size = np.array([max(sizes.get(key, 0.0), 0.0) / total * SHARES for key in keys])
    weight = np.array([level_weight(tables.levels[level]) for level in tables.rows["level"]])
    factor = np.array([_factor(key, secret, year) for key in keys])
    of_row = np.log(size + FLOOR) * weight * factor
    return np.bincount(tables.rows["cell"].to_numpy(), of_row, minlength=tables.cells).astype(np.float64)


def level_weight(level: Level) -> float:
    """How much a level is worth to users."""
    return WEIGHTS.get(level.dimensions, {}).get(level.depth, 1.0)


def _factor(key: str, secret: bytes, year: int) -> float:
    digest = hmac.new(secret, f"{year} {key}".encode(), hashlib.sha256).digest()
    uniform = int.from_bytes(digest[:8], "big") / 2**64
    low, high = FACTORS
    return low + (high - low) * uniform
