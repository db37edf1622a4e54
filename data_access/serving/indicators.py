"""Indicators: pure functions of figures that may be shown. None stands for a figure that is not.

Figures of a series are in the order of their months, the month looked at last. What needs a figure that is missing has
no result (None): nothing is filled in, and the caller hands in whole months only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from data_access.filters import Filters, Measure, Of

Figure = int | float | None

QUARTER, YEAR, SEASONS, SUPPLY = 3, 12, 36, 24
"""Months of a short window, of a year, of the window of Z, and of the test for new suppliers."""
MAD_SCALE = 1.4826
"""Makes the median absolute deviation of normal figures equal their standard deviation (Rousseeuw and Croux 1993)."""
LEAST_SPREAD = 1e-9
"""Spread of logarithms below which a series counts as constant, and has no z."""


def change(now: Figure, before: Figure) -> float | None:
    """Relative change, 0.12 for +12 %; None where either figure is missing or there is nothing to grow from."""
    if now is None or before is None or before <= 0:
        return None
    return now / before - 1


def total(figures: Sequence[Figure]) -> Figure:
    """Their sum; None where one is missing or there are none."""
    known = _known(figures)
    return sum(known) if known else None


def mean(figures: Sequence[Figure]) -> float | None:
    """Their arithmetic mean; None where one is missing or there are none."""
    known = _known(figures)
    return sum(known) / len(known) if known else None


def middle(figures: Sequence[Figure]) -> float | None:
    """Their median; None where one is missing or there are none."""
    known = _known(figures)
    return float(median(known)) if known else None


def _known(figures: Sequence[Figure]) -> list[int | float]:
    """The figures where none is missing, else nothing."""
    known = [figure for figure in figures if figure is not None]
    return known if len(known) == len(figures) else []


# -- surge tests ----------------------------------------------------------------------------------------------------


def month_on_mean(month: Figure, before: Sequence[Figure]) -> float | None:
    """R1: a month on the mean of the three months before, or a license month on that of the last three public months.

    After the Aluminum Association's monthly report (license volume on the mean of three Census months).
    """
    return change(month, mean(before[-QUARTER:])) if len(before) >= QUARTER else None


def three_on_three(figures: Sequence[Figure]) -> float | None:
    """R2: three months on the three before; after 19 CFR 351.206(h)-(i), "massive imports"."""
    return _sums_apart(figures, width=QUARTER, lag=QUARTER)


def three_on_year(figures: Sequence[Figure]) -> float | None:
    """R2y: three months on the same three of the year before; R2 with the season taken out."""
    return _sums_apart(figures, width=QUARTER, lag=YEAR)


def twelve_on_twelve(figures: Sequence[Figure]) -> float | None:
    """R3: twelve months on the twelve before; after Proclamation 10060, 85 FR 49921, which cited +87 %."""
    return _sums_apart(figures, width=YEAR, lag=YEAR)


def _sums_apart(figures: Sequence[Figure], *, width: int, lag: int) -> float | None:
    end = len(figures)
    if end < width + lag:
        return None
    return change(total(figures[end - width :]), total(figures[end - width - lag : end - lag]))


def robust_z(figures: Sequence[Figure]) -> float | None:
    """Z: how far log(1 + x) of the month lies above the 36 months before, season removed, in robust deviations.

    z = (y − median36) / (1.4826 · MAD36) with y = log(1 + x) less the season of its calendar month. That season is the
    median deviation from the window's median of the same calendar months; a month of the window is left out of its own
    season, else each would be its own yardstick and the spread come out too small. None where a figure of the 37 is
    missing or negative, or the window does not vary.
    """
    window = figures[-SEASONS - 1 :]
    known = _known(window)
    if len(known) <= SEASONS or min(known) < 0:
        return None
    logs = [math.log1p(figure) for figure in known]
    center = median(logs[:-1])
    deviations = [log - center for log in logs]
    residuals = [own - _season(deviations, place) for place, own in enumerate(deviations)]
    middle_residual = median(residuals[:-1])
    spread = MAD_SCALE * median(abs(one - middle_residual) for one in residuals[:-1])
    return (residuals[-1] - middle_residual) / spread if spread > LEAST_SPREAD else None


def _season(deviations: Sequence[float], place: int) -> float:
    """Median of the other deviations of the same calendar month in the window, which is all but the last."""
    same = range(place % YEAR, SEASONS, YEAR)
    return median(deviations[other] for other in same if other != place)


def price_ratio(*, auv: Figure, weight: Figure, auv_of_all: Figure, weight_of_all: Figure) -> float | None:
    """Unit value of an origin over that of all other origins: worked out from its own and the total of all origins.

    Unit values in US$/t and weights in t of the same codes. None where there is no other origin.
    """
    if auv is None or weight is None or auv_of_all is None or weight_of_all is None:
        return None
    others = weight_of_all - weight
    value_of_others = auv_of_all * weight_of_all - auv * weight
    return auv / (value_of_others / others) if others > 0 and value_of_others > 0 else None


def undercutting(ratios: Sequence[Figure]) -> float | None:
    """P: the price ratio of a month on its median of the 12 months before; free of the price of the metal itself."""
    before = ratios[-YEAR - 1 : -1]
    return change(ratios[-1], middle(before)) if len(before) == YEAR else None


def is_new_supplier(before: Sequence[Figure]) -> bool | None:
    """N: whether each of the 24 months before is published and 0; None where one is missing, however the others are."""
    known = _known(before[-SUPPLY:])
    return not any(known) if len(known) == SUPPLY else None


# -- the rule -------------------------------------------------------------------------------------------------------


def reaches_floor(month: Figure, before: float | None, of_all: Figure, *, floor: float, share: float) -> bool:
    """Materiality: the month or the mean before it (whichever is more) reaches `floor`, in its unit, and the month is
    at least `share` % of the product's imports of all origins. A figure that is missing leaves the floor unmet."""
    if month is None or before is None or of_all is None or of_all <= 0:
        return False
    return max(month, before) >= floor and 100 * month >= share * of_all


def underlying(filters: Filters) -> Measure:
    """Volume or value: what stands behind a measure, as the volume behind a unit value or a share of volume."""
    of_value = filters.measure is Measure.VALUE or (filters.measure is Measure.SHARE and filters.of is Of.VALUE)
    return Measure.VALUE if of_value else Measure.VOLUME


def floor_of(filters: Filters) -> float:
    """The least base that growth is told on, in t of volume or US$ of value, whichever is behind the measure: the floor
    of the surge tests. It is the base alone that must reach it: a large figure on a tiny one is the misleading case."""
    return filters.tests.floor_value if underlying(filters) is Measure.VALUE else filters.tests.floor


def is_flag(*, floor: bool, r1: float | None, r1_least: float, r1_alone: float, others: bool, new: bool) -> bool:
    """The rule: the floor, and R1 from which it is a flag by itself, or R1 with one of `others` (R2, R2y, R3), or a new
    supplier. R1 and its thresholds are relative (0.25 for 25 %)."""
    if not floor:
        return False
    if new:
        return True
    return r1 is not None and (r1 >= r1_alone or (r1 >= r1_least and others))


POINTS = {"r1": 1, "r1_alone": 1, "r2": 1, "r2y": 1, "r3": 1, "z": 1, "p": 1, "n": 2}
"""What a test that is met adds to the severity of a flag; R1 from which it is a flag by itself counts on top of R1."""
MOST_SEVERE = 7
"""All but N, which has no month to compare with: R1 twice, R2, R2y, R3, Z, P."""
HIGH, MEDIUM = 5, 3
"""Severity from which a flag is called high, and medium."""


def severity(met: Sequence[str], *, thin: bool) -> int:
    """Rank of a flag, 1 to 7: the points of the tests met (names of `POINTS`); on a thin base one less, never high."""
    points = min(MOST_SEVERE, sum(POINTS[name] for name in met))
    return max(1, min(points - 1, HIGH - 1) if thin else points)


def severity_words(rank: int) -> str:
    """'high', 'medium' or 'low'."""
    return "high" if rank >= HIGH else "medium" if rank >= MEDIUM else "low"
