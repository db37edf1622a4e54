"""License figures against public ones: coverage, bias and error, the three-month comparison of the associations, the
build-up of a month and revisions. Pure functions of released cells; None stands for a figure that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from data_access.contracts import Status
from data_access.filters import By, Filters, Measure, Series
from data_access.serving import indicators
from data_access.serving.gate.released import Cell, Released, ReleaseInfo
from data_access.serving.indicators import Figure
from data_access.serving.periods import number, text
from data_access.thresholds import Thresholds

TRAILING = 12
"""Months of the trailing mean, so that no season is left out."""
LEAST = 6
"""Months that a trailing mean needs at least; of fewer it would be that of a season."""
BASE = 3
"""Public months before the license month (Aluminum Association, monthly import report)."""


# -- coverage by month ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of both series. `ratio`: public ÷ license; `trailing`: mean of the ratios of the twelve months that end
    in it, up to the last month with a ratio; `error`: license ÷ public − 1. None where a figure is missing or the
    license month is not whole."""

    period: str
    public: Cell
    license: Cell
    ratio: float | None
    trailing: float | None
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well license figures foretold public ones, over `months` months from `first` to `last`.

    `bias` is the mean of the errors with their sign (mean percentage error), `error` the mean of their sizes (mean
    absolute percentage error), both relative (0.03 for 3 %); after Hyndman and Koehler, International Journal of
    Forecasting 22 (2006) 679-688, the public figure being the actual one.
    """

    months: int
    first: str
    last: str
    bias: float
    error: float


def first_needed(start: str) -> str:
    """The month from which on figures are needed, so that means, bias and error of the months from `start` on are of
    the same twelve months whatever `start` is."""
    return text(number(start) - TRAILING + 1)


def ratio(public: Figure, license_: Figure) -> float | None:
    """Public ÷ license figure: 1.03 where public statistics exceed licenses by 3 %."""
    if public is None or license_ is None or license_ <= 0:
        return None
    return public / license_


def error(public: Figure, license_: Figure) -> float | None:
    """License ÷ public figure − 1: −0.03 where licenses fall short of public statistics by 3 %."""
    if public is None or license_ is None or public <= 0:
        return None
    return license_ / public - 1


def trailing_mean(ratios: Sequence[float | None], *, months: int = TRAILING, least: int = LEAST) -> list[float | None]:
    """The mean of the known ratios among the last `months` ones, place by place; None where fewer than `least` are."""
    means: list[float | None] = []
    for place in range(len(ratios)):
        known = [one for one in ratios[max(0, place - months + 1) : place + 1] if one is not None]
        means.append(sum(known) / len(known) if len(known) >= least else None)
    return means


def months_of(released: Released) -> tuple[Month, ...]:
    """The months of an answer of both series that is not split."""
    public = {cell.period: cell for cell in released.cells if cell.series is Series.PUBLIC}
    license_ = {cell.period: cell for cell in released.cells if cell.series is Series.LICENSE}
    pairs = [(public[period], license_[period]) for period in public if period in license_]
    whole = [(one.value, None if other.partial or one.partial else other.value) for one, other in pairs]
    ratios = [ratio(*pair) for pair in whole]
    last = max((place for place, one in enumerate(ratios) if one is not None), default=-1)
    return tuple(
        Month(
            period=one.period,
            public=one,
            license=other,
            ratio=ratios[place],
            trailing=trailing if place <= last else None,
            error=error(*whole[place]),
        )
        for place, ((one, other), trailing) in enumerate(zip(pairs, trailing_mean(ratios), strict=True))
    )


def fit(months: Sequence[Month], *, last: int = TRAILING) -> Fit | None:
    """Bias and error of those of the `last` months up to the newest with both figures that have both; None where there
    is no such month."""
    known = [(one.period, one.error) for one in months if one.error is not None]
    if not known:
        return None
    known = [(period, value) for period, value in known if number(period) > number(known[-1][0]) - last]
    errors = [value for _, value in known]
    return Fit(
        months=len(errors),
        first=known[0][0],
        last=known[-1][0],
        bias=sum(errors) / len(errors),
        error=sum(abs(one) for one in errors) / len(errors),
    )


def last_trailing(months: Sequence[Month]) -> Month | None:
    """The newest month that has a trailing mean and a ratio of its own."""
    return next((one for one in reversed(months) if one.trailing is not None and one.ratio is not None), None)


def beyond(months: Sequence[Month]) -> tuple[Cell, ...]:
    """License figures of months that no public figure covers yet, the oldest first; the last ones may be partial."""
    covered = [one.period for one in months if one.public.value is not None]
    last = max(covered, default="")
    return tuple(one.license for one in months if one.period > last and one.license.value is not None)


# -- a license month against the three public months before ---------------------------------------------------------


class Outcome(StrEnum):
    """What a comparison came to: a change, a base too thin for one, none before, or a figure missing."""

    CHANGE = "change"
    THIN = "thin"
    NEW = "new"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A license month against the mean of the public months before; `mean` in the unit of the figures, `change`
    relative (0.25 for +25 %)."""

    mean: float | None
    change: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """One row of the comparison: a member (product or country), its license cell, its public cells, the growth."""

    member: str
    license: Cell
    public: tuple[Cell, ...]
    growth: Growth

    @property
    def missing(self) -> tuple[Cell, ...]:
        """The cells without a figure, the license one first."""
        return tuple(cell for cell in (self.license, *self.public) if cell.value is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The months of the comparison: the whole license month, and the public months before it."""

    license: str
    public: tuple[str, ...]


def growth(now: Figure, before: Sequence[Figure], *, floor: float) -> Growth:
    """License month ÷ mean of the public months before − 1 (Aluminum Association, monthly import report).

    No change is told where the mean is below `floor`, in the unit of the figures: on a thin base it says nothing.
    """
    known = [one for one in before if one is not None]
    mean = sum(known) / len(known) if known and len(known) == len(before) else None
    if now is None or mean is None:
        return Growth(mean=mean, change=None, outcome=Outcome.MISSING)
    if mean <= 0:
        return Growth(mean=mean, change=None, outcome=Outcome.NEW)
    if mean < floor:
        return Growth(mean=mean, change=None, outcome=Outcome.THIN)
    return Growth(mean=mean, change=now / mean - 1, outcome=Outcome.CHANGE)


def floor_of(measure: Measure, tests: Thresholds) -> float:
    """The least base that growth is told on, in the unit of the measure; unit values and shares have none."""
    filters = Filters(measure=measure, tests=tests)
    return indicators.floor_of(filters) if indicators.underlying(filters) is measure else 0.0


def span_of(months: Sequence[Month]) -> Span | None:
    """The newest whole license month with a figure, and the three newest public months before it; None where there are
    no such months. Public months that are missing in between leave no span: it would be no three months' mean."""
    whole = [one.period for one in months if one.license.value is not None and not one.license.partial]
    if not whole:
        return None
    covered = {one.period for one in months if one.public.value is not None and one.period < whole[-1]}
    if not covered:
        return None
    last = number(max(covered))
    public = tuple(text(month) for month in range(last - BASE + 1, last + 1))
    return Span(license=whole[-1], public=public) if covered.issuperset(public) else None


def versus(released: Released, span: Span, tests: Thresholds) -> tuple[Versus, ...]:
    """Rows of an answer of both series that is split once, or not at all, in its order."""
    by, floor = released.filters.by, floor_of(released.filters.measure, tests)
    found: dict[str, dict[tuple[Series, str], Cell]] = {}
    for cell in released.cells:
        found.setdefault(_member(cell, by), {})[cell.series, cell.period] = cell
    rows = []
    for member, cells in found.items():
        now = cells[Series.LICENSE, span.license]
        before = tuple(cells[Series.PUBLIC, period] for period in span.public)
        value = None if now.partial else now.value
        told = growth(value, [cell.value for cell in before], floor=floor)
        rows.append(Versus(member=member, license=now, public=before, growth=told))
    return tuple(rows)


def _member(cell: Cell, by: By) -> str:
    return "" if by is By.NONE else str(getattr(cell, by))


# -- build-up of a month --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What licenses of a month added up to at a date, so many whole weeks, and days, after the month's first day."""

    week: int
    day: int
    cell: Cell
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SameDay:
    """The running month beside earlier ones on the same day after their first: its point, their values by month, and
    which of these lie on the straight line between two figures."""

    month: str
    point: Point
    earlier: dict[str, float]
    interpolated: tuple[str, ...]

    @property
    def mean(self) -> float | None:
        """Mean of the earlier months on that day."""
        return sum(self.earlier.values()) / len(self.earlier) if self.earlier else None


def days(as_of: str, month: str) -> int:
    """Days from the first day of a month (YYYY-MM) to a date (YYYY-MM-DD)."""
    return (date.fromisoformat(as_of) - date(int(month[:4]), int(month[5:7]), 1)).days


def week(as_of: str, month: str) -> int:
    """Whole weeks from the first day of a month (YYYY-MM) to a date (YYYY-MM-DD)."""
    return days(as_of, month) // 7


def build_up(released: Released) -> dict[str, tuple[Point, ...]]:
    """The points of each month of a history (`Statistics.history`) that has any, by month, up to its first whole
    figure; of a week with several figures the newest."""
    found: dict[str, dict[int, Point]] = {}
    whole: set[str] = set()
    for cell in released.cells:
        if cell.value is not None and cell.as_of is not None and cell.period not in whole:
            whole |= set() if cell.partial else {cell.period}
            at = days(cell.as_of, cell.period)
            point = Point(week=at // 7, day=at, cell=cell, value=cell.value)
            found.setdefault(cell.period, {})[point.week] = point
    return {month: tuple(points[one] for one in sorted(points)) for month, points in sorted(found.items())}


def same_day(build: dict[str, tuple[Point, ...]]) -> SameDay | None:
    """The newest month still running at its latest figure, with earlier months on the same day; None where none is.

    Releases of different months fall on different days, and licenses grow by the day, so a figure of an earlier month
    that is not of that day is taken from the straight line between those before and after it. A month that has no
    figure to date on both sides is left out.
    """
    running = [month for month, points in build.items() if points[-1].cell.partial]
    if not running:
        return None
    month = running[-1]
    point = build[month][-1]
    found = {other: _at_day(points, point.day) for other, points in build.items() if other < month}
    return SameDay(
        month=month,
        point=point,
        earlier={other: value for other, (value, _) in found.items() if value is not None},
        interpolated=tuple(other for other, (value, exact) in found.items() if value is not None and not exact),
    )


def _at_day(points: Sequence[Point], day: int) -> tuple[float | None, bool]:
    """What figures to date came to on a day, and whether one of them is of that day; None beyond the first and last."""
    to_date = [point for point in points if point.cell.partial]
    before = max((point for point in to_date if point.day <= day), key=lambda point: point.day, default=None)
    after = min((point for point in to_date if point.day >= day), key=lambda point: point.day, default=None)
    if before is None or after is None:
        return None, False
    if before.day == after.day:
        return before.value, True
    part = (day - before.day) / (after.day - before.day)
    return before.value + part * (after.value - before.value), False


# -- revisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A month whose figure changed since it was first published whole; `change` is relative, None on zero."""

    period: str
    first: Cell
    first_from: str
    now: Cell
    change: float | None


def license_revisions(history: Released) -> tuple[Revision, ...]:
    """Whole months of a history whose figure changed, the newest first; `first_from` is the date of the first."""
    whole: dict[str, list[Cell]] = {}
    for cell in history.cells:
        if cell.value is not None and not cell.partial:
            whole.setdefault(cell.period, []).append(cell)
    pairs = [(cells[0], cells[-1], cells[0].as_of or "") for cells in whole.values()]
    return _revisions(pairs)


class Vintage(NamedTuple):
    """The cells of an answer, and the release they are of."""

    release: ReleaseInfo
    cells: tuple[Cell, ...]


def public_revisions(earlier: Iterable[Vintage], now: Released) -> tuple[Revision, ...]:
    """Public months whose figure differs from the first one of `earlier` answers (oldest first) to the same question,
    the newest month first; `first_from` is the date of the release that it is first found in."""
    first: dict[str, tuple[Cell, str]] = {}
    for answer in earlier:
        for cell in _public(answer.cells):
            first.setdefault(cell.period, (cell, (answer.release.published or "")[:10]))
    cells = [cell for cell in _public(now.cells) if cell.period in first]
    return _revisions([(first[cell.period][0], cell, first[cell.period][1]) for cell in cells])


def _public(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.series is Series.PUBLIC and cell.status is Status.PUBLISHED]


def _revisions(pairs: Iterable[tuple[Cell, Cell, str]]) -> tuple[Revision, ...]:
    found = []
    for first, now, since in pairs:
        if first.value is not None and now.value is not None and first.value != now.value:
            change = now.value / first.value - 1 if first.value > 0 else None
            found.append(Revision(period=now.period, first=first, first_from=since, now=now, change=change))
    return tuple(sorted(found, key=lambda one: one.period, reverse=True))
