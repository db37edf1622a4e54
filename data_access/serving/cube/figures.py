"""`Figures`: cells of one series as arrays, a status beside every figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_access.contracts import Status

Integers = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

STATUSES = (
    Status.PUBLISHED,
    Status.NOT_APPLICABLE,
    Status.NOT_REPORTED,
    Status.NOT_PUBLISHED,
    Status.NOT_YET,
    Status.WITHHELD,
    Status.WITHHELD,
)
"""Statuses by rank: a sum has the highest rank of its parts, so it is published only if all of them are. Withheld has
two ranks: `HIDDEN` where it is not even told whether there is anything ("none or withheld"), and `WITHHELD`."""
PUBLISHED, NOT_APPLICABLE, NOT_REPORTED, NOT_PUBLISHED, NOT_YET, HIDDEN, WITHHELD = range(len(STATUSES))
RANKS = {status: rank for rank, status in enumerate(STATUSES)}
"""The rank of a status that a row states."""
FROM_PUBLIC, FROM_LICENSE = 1, 2
NO_DATE = 32_000
"""Index of `as_of` where a cell has none; above all others, so that the least of several is the oldest date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Cells of one series by member (rows) and month or period (columns).

    `value` is in US$. `kg` and `weighed`, the value in US$ of the same codes, count only codes with a weight; they have
    a status of their own. `left_out` is the value in US$ that has no weight. `as_of` is an index of the dates of a
    release, ascending. `source` tells public (1) from license (2) figures, both (3).
    """

    value: Integers
    status: Ranks
    kg: Integers
    weighed: Integers
    weight_status: Ranks
    left_out: Integers
    as_of: npt.NDArray[np.int16]
    source: npt.NDArray[np.int8]


def nothing(shape: tuple[int, int], *, status: int, source: int, as_of: int = NO_DATE) -> Figures:
    """Cells without a figure, all of one status."""
    return Figures(
        value=np.zeros(shape, np.int64),
        status=np.full(shape, status, np.int8),
        kg=np.zeros(shape, np.int64),
        weighed=np.zeros(shape, np.int64),
        weight_status=np.full(shape, status, np.int8),
        left_out=np.zeros(shape, np.int64),
        as_of=np.full(shape, as_of, np.int16),
        source=np.full(shape, source, np.int8),
    )
