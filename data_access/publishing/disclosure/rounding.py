"""Whole figures that still add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOISE = 1e-6
"""Of sums of binary fractions, far below a dollar or a kilogram."""


def rounded(figures: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Figures rounded up or down so that they add up to `total`, itself their sum rounded (largest remainders up)."""
    below = np.floor(figures + NOISE)
    up = total - int(below.sum())
    largest = np.argsort(-(figures - below), kind="stable")[:up]
    whole = below.astype(np.int64)
    whole[largest] += 1
    return whole
