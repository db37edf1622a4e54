"""Late and corrected transactions: how public statistics of a month change in the months after its first figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.demo.imports import Imports

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SETTLED_AFTER: Final = (0.90, 0.06, 0.03, 0.01)
"""Parts of a month's rows whose figure stands at once, or after one, two or three more pulls (assumed)."""

MISSING: Final = 0.06
"""Part of the rows that are not settled at first of which nothing is known before they are."""

BEFORE: Final = 0.97
SPREAD: Final = 0.04
"""What is known of the others before, as a multiple of the figure that stands later (median and log spread): late
transactions add more than corrections take off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What each row of `Imports` was before it was settled: `age` in pulls, and a multiple of its later figures."""

    age: Ints
    part: Floats

    @property
    def oldest(self) -> int:
        """Pulls after the first in which a month may still change."""
        return len(SETTLED_AFTER) - 1

    def as_of(self, imports: Imports, last: int) -> Imports:
        """The rows known when the month of this place was the last one, with the figures of then."""
        early = (last - imports.month < self.age) & (imports.month <= last)
        part = np.where(early, self.part, 1.0)
        figures = {
            name: np.rint(getattr(imports, name) * part).astype(np.int64)
            for name in ("kg", "value", "general_kg", "general_value")
        }
        known = replace(imports, **figures)
        return known.where((imports.month <= last) & (known.kg > 0) & (known.value > 0))


def draw_revisions(imports: Imports, *, seed: int) -> Revisions:
    """Revisions of these imports; a month's are the same however many months follow."""
    age, part = np.zeros(len(imports.month), np.int64), np.ones(len(imports.month))
    bounds = np.searchsorted(imports.month, np.arange(len(imports.months) + 1))
    for place in range(len(imports.months)):
        rng = np.random.default_rng([seed, 6, place])
        here, count = slice(bounds[place], bounds[place + 1]), bounds[place + 1] - bounds[place]
        age[here] = rng.choice(len(SETTLED_AFTER), count, p=SETTLED_AFTER)
        drawn = BEFORE * rng.lognormal(0, SPREAD, count)
        part[here] = np.where(rng.random(count) < MISSING, 0.0, drawn)
    return Revisions(age=age, part=part)
