"""Public statistics as arrays: sums of codes and countries by month, in the level and basis that was pulled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_access.filters import Basis
from data_access.serving.cube.figures import Flags, Integers

WEIGHED, PIECES, MISSING, NAUGHT = range(4)
"""Kinds of rows: with a weight, in pieces only, with a weight not reported, and with neither value nor weight."""
_KINDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRows:
    """Rows of one basis as read: indices of code, country and month, US$, kg (−1 where there is none), and kind."""

    code: npt.NDArray[np.int16]
    country: npt.NDArray[np.int16]
    month: npt.NDArray[np.int16]
    value: npt.NDArray[np.float64]
    kg: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]

    def take(self, picked: npt.NDArray[np.intp]) -> RawRows:
        """These rows, in this order."""
        return RawRows(
            code=self.code[picked],
            country=self.country[picked],
            month=self.month[picked],
            value=self.value[picked],
            kg=self.kg[picked],
            kind=self.kind[picked],
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums by member (rows) and month (columns): US$ and kg by kind, and whether any row is of that kind."""

    value: Integers
    weighed: Integers
    kg: Integers
    any_weighed: Flags
    any_pieces: Flags
    any_missing: Flags

    @property
    def left_out(self) -> Integers:
        """Value in US$ that has no weight."""
        return self.value - self.weighed


@dataclass(frozen=True, slots=True)
class Lines:
    """What is added up line by line: the line of each code (by code index), −1 for none, and how many lines."""

    of: Integers
    count: int


class Rows:
    """Rows sorted by country, month and code, so that a country's months are one slice.

    Figures are kept as float64 for `bincount`: sums of whole numbers are exact in it up to 2⁵³, ninety times the value
    of ten years of chapter 76 in cents.
    """

    __slots__ = ("_months", "_rows", "_starts")

    def __init__(self, rows: RawRows, *, countries: int, months: int) -> None:
        order = np.lexsort((rows.code, rows.month, rows.country))
        self._rows = rows.take(order)
        self._months = months
        key = self._rows.country.astype(np.int64) * months + self._rows.month
        self._starts = np.searchsorted(key, np.arange(countries * months + 1)).astype(np.int64)

    def _pick(
        self, countries: npt.NDArray[np.int64], first: int, last: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row numbers of countries from month `first` to `last`, and for each the position of its country."""
        starts = self._starts[countries * self._months + first]
        lengths = self._starts[countries * self._months + last + 1] - starts
        ends = np.cumsum(lengths)
        offsets = np.repeat(starts - ends + lengths, lengths)
        return offsets + np.arange(len(offsets)), np.repeat(np.arange(len(countries)), lengths)

    def sums(
        self,
        *,
        lines: Lines,
        countries: Sequence[int],
        first: int,
        last: int,
        within: Flags | None = None,
        split: bool = False,
    ) -> Sums:
        """Sums over codes, line by line, and over countries, for months `first` to `last` (indices).

        `within` (country × month) leaves out months in which a country does not belong; `split` makes a row of each
        country in the place of each line.
        """
        width = last - first + 1
        picked, owner = self._pick(np.asarray(countries, np.int64), first, last)
        line = lines.of[self._rows.code[picked]]
        chosen = line >= 0
        picked, owner, line = picked[chosen], owner[chosen], line[chosen]
        month = self._rows.month[picked] - first
        if within is not None:
            inside = within[owner, month]
            picked, owner, line, month = picked[inside], owner[inside], line[inside], month[inside]
        place = month.astype(np.int64) + self._rows.kind[picked].astype(np.int64) * width
        place += (owner if split else line) * (_KINDS * width)
        return self._add(picked, place, (len(countries) if split else lines.count, _KINDS, width))

    def _add(self, picked: npt.NDArray[np.int64], place: npt.NDArray[np.int64], shape: tuple[int, int, int]) -> Sums:
        size = shape[0] * shape[1] * shape[2]

        def total(weights: npt.NDArray[np.float64] | None) -> Integers:
            counted = np.bincount(place, weights=weights, minlength=size)
            return np.rint(counted).astype(np.int64).reshape(shape)

        value, kg, count = total(self._rows.value[picked]), total(self._rows.kg[picked]), total(None)
        return Sums(
            value=value.sum(axis=1),
            weighed=value[:, WEIGHED],
            kg=kg[:, WEIGHED],
            any_weighed=count[:, WEIGHED] > 0,
            any_pieces=count[:, PIECES] > 0,
            any_missing=count[:, MISSING] > 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCube:
    """Public statistics of a release. `base` is the number of the first month, `levels` the level pulled by month
    (None where no pull covers it), `codes` and `countries` the indices of ids; totals have country index 0."""

    base: int
    levels: Mapping[Basis, tuple[str | None, ...]]
    codes: Mapping[str, int]
    countries: Mapping[str, int]
    rows: Mapping[Basis, Rows]
    totals: Mapping[Basis, Rows]

    @property
    def months(self) -> int:
        """Number of months from the first to the last covered in any basis."""
        return len(next(iter(self.levels.values())))

    def level(self, basis: Basis, month: int) -> str | None:
        """The level pulled of a month (a month number), None where no pull covers it."""
        place = month - self.base
        return self.levels[basis][place] if 0 <= place < self.months else None

    def last_covered(self, basis: Basis) -> int | None:
        """Number of the last month that a pull covers."""
        covered = [place for place, level in enumerate(self.levels[basis]) if level]
        return self.base + covered[-1] if covered else None

    def lines(self, groups: Sequence[frozenset[str]]) -> Lines:
        """Sets of codes that have none in common, as lines; codes without any row count for nothing."""
        of = np.full(len(self.codes), -1, np.int64)
        for line, codes in enumerate(groups):
            of[[self.codes[code] for code in codes if code in self.codes]] = line
        return Lines(of, len(groups))
