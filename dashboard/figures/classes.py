"""Classes of figures for colors: quantiles whose breaks are round enough to read."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dashboard.figures.axes import tick_words
from data_access.filters import Measure, Series

CLASSES = 5
BLUES = ("#d9e4f1", "#a9c2df", "#7299c6", "#3f6ea8", "#1a4480")
OCHRES = ("#f6e3d1", "#e8bd93", "#d39152", "#b5651d", "#8a4100")
DARK = 3
"""Class from which letters on it are white."""
UNITS = {Measure.VALUE: "", Measure.VOLUME: " t", Measure.AUV: " US$/t", Measure.SHARE: ""}


def hues(series: Series) -> tuple[str, ...]:
    """Five steps of one hue, light to dark: that of the series."""
    return OCHRES if series is Series.LICENSE else BLUES


def breaks_of(values: Iterable[float]) -> tuple[float, ...]:
    """Round figures that cut the positive ones into at most five classes of about as many members each.

    A class begins with its break; breaks that rounding makes equal, or that no figure lies below, are left out.
    """
    ordered = sorted(value for value in values if value > 0)
    found: list[float] = []
    for part in range(1, CLASSES):
        if not ordered:
            break
        at = rounded(ordered[len(ordered) * part // CLASSES])
        if (not found or at > found[-1]) and ordered[0] < at <= ordered[-1]:
            found.append(at)
    return tuple(found)


def rounded(value: float) -> float:
    """A figure to one digit, or to 1.5, 2.5 and so on below 3: 240 to 250, 4,321 to 4,000."""
    scale = 10.0 ** math.floor(math.log10(value))
    head = value / scale
    head = round(head * 2) / 2 if head < 3 else float(round(head))
    return float(f"{head * scale:.6g}")


def class_of(value: float, breaks: Sequence[float]) -> int:
    """The class of a positive figure, 0 the lowest."""
    return bisect_right(breaks, value)


def class_words(breaks: Sequence[float], measure: Measure) -> list[str]:
    """What each class holds: 'under 50 t', '50 to 500 t', '500 t or more'; the upper end is not in it."""
    ends = [_round_words(one, measure) for one in breaks]
    unit = UNITS[measure]
    if not ends:
        return ["more than none"]
    middle = [f"{low} to {high}{unit}" for low, high in pairwise(ends)]
    return [f"under {ends[0]}{unit}", *middle, f"{ends[-1]}{unit} or more"]


def _round_words(value: float, measure: Measure) -> str:
    return tick_words(value, measure, 10.0 ** math.floor(math.log10(value)) / (2 if _is_half(value) else 1))


def _is_half(value: float) -> bool:
    return bool(round(value / 10.0 ** math.floor(math.log10(value)), 6) % 1)
