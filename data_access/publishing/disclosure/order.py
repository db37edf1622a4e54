"""The order in which cells may join the withheld ones: from public figures of an earlier year and a secret factor.

It never depends on the figures that are protected; else re-running public code over candidate figures would bound them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

FACTOR_RANGE = 4.0
"""The largest secret factor over the smallest."""


def complement_order(cells: Sequence[str], sizes: Mapping[str, float], *, secret: bytes, year: int) -> list[int]:
    """Positions of `cells`, the smallest public figure (0 if none) times a secret factor of cell and year first.

    Figures are compared as one more than they are, so that cells without any are ordered by their factors too.
    """
    keys = [(sizes.get(cell, 0.0) + 1) * _factor(cell, secret, year) for cell in cells]
    return sorted(range(len(cells)), key=lambda position: keys[position])


def _factor(cell: str, secret: bytes, year: int) -> float:
    digest = hmac.new(secret, f"{year} {cell}".encode(), hashlib.sha256).digest()
    uniform = int.from_bytes(digest[:8], "big") / 2**64
    return float(FACTOR_RANGE ** (uniform - 0.5))
