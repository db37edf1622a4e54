"""Codes as valid in each month: what stood under one code in 2024 stands under others before or after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.reference import Reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUCCESSORS: Final = {
    "7601106030": {"7601106040": 0.55, "7601106045": 0.45},
    "7612901030": {"7612901040": 0.35, "7612901045": 0.65},
    "7602000095": {"7602000045": 0.08, "7602000055": 0.55, "7602000065": 0.22, "7602000075": 0.15},
    "7602000097": {"7602000045": 0.04, "7602000055": 0.06, "7602000065": 0.90},
    "7602000098": {"7602000065": 0.15, "7602000075": 0.85},
}
"""What a code's goods go to once it has ended, in parts; countries differ a little (assumed)."""

FORMER: Final = {"7616995160": "7616995060", "7616995170": "7616995070"}
"""Codes that stood in for these as long as they were valid (Proc. 9704)."""

SPREAD: Final = 0.25


@dataclass(frozen=True, slots=True)
class Recoding:
    """`codes` after recoding; `target` (code before x month) points to them, -1 where a code is divided.

    `divided` gives, by code before, its successors and their parts by country (country x successor).
    """

    codes: tuple[str, ...]
    target: Ints
    divided: dict[int, tuple[Ints, Floats]]

    @classmethod
    def of(
        cls, codes: tuple[str, ...], months: tuple[str, ...], reference: Reference, *, countries: int, seed: int
    ) -> Recoding:
        """How codes of 2024 are called in each month."""
        rng = np.random.default_rng([seed, 5])
        successors = {new for code in codes for new in SUCCESSORS.get(code, ())}
        after = tuple(sorted({*codes, *successors, *(FORMER[code] for code in codes if code in FORMER)}))
        number = {code: place for place, code in enumerate(after)}
        names = [[_name(code, month, reference) for month in months] for code in codes]
        target = np.array([[number.get(name, -1) for name in row] for row in names], np.int64)
        divided = {
            place: (
                np.array([number[new] for new in SUCCESSORS[code]], np.int64),
                _parts(np.array(list(SUCCESSORS[code].values())), countries, rng),
            )
            for place, code in enumerate(codes)
            if code in SUCCESSORS
        }
        return cls(after, target, divided)

    def apply(self, month: Ints, code: Ints, country: Ints) -> tuple[Ints, Ints, Floats]:
        """For rows of month, code and country: the row each new row is of, its code, and its part of the figures.

        New rows are in the order of month, code and country, each once.
        """
        named = self.target[code, month]
        kept = np.flatnonzero(named >= 0)
        pieces = [(kept, named[kept], np.ones(len(kept)))]
        for before, (successors, parts) in self.divided.items():
            rows = np.flatnonzero((named < 0) & (code == before))
            for column, new in enumerate(successors):
                pieces.append((rows, np.full(len(rows), new), parts[country[rows], column]))
        row, new_code, part = (np.concatenate(column) for column in zip(*pieces, strict=True))
        order = np.lexsort((country[row], new_code, month[row]))
        return row[order], new_code[order], part[order]


def _name(code: str, month: str, reference: Reference) -> str:
    """A code's name in a month, or nothing where it is divided."""
    if code in FORMER and reference.products.is_valid(FORMER[code], month):
        return FORMER[code]
    return code if reference.products.is_valid(code, month) else ""


def _parts(parts: Floats, countries: int, rng: np.random.Generator) -> Floats:
    drawn = parts * rng.lognormal(0, SPREAD, (countries, len(parts)))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))
