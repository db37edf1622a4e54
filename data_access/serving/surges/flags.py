"""The surge list: which products from which origins rose, tested on released figures alone, ranked by severity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from data_access.filters import BadQuery, Filters, Measure, Series, country_name
from data_access.reference import Reference
from data_access.serving import indicators as ind
from data_access.serving.gate.released import Cell, ReleaseInfo
from data_access.serving.notes import cite
from data_access.serving.statistics import Statistics
from data_access.serving.surges import words
from data_access.serving.surges.lines import Months
from data_access.serving.surges.rules import Result
from data_access.serving.surges.tested import Line, completed, flagged, floor_of, tested

PAGE = "/surges"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One surge: a product from an origin in a month of a series, what each test says of it, and how it came there.

    `value` and `base` (the mean of three months it is compared with) are in `unit`; `share` is its share of the
    product's imports of all origins in that month, in %. `trend` holds public cells of 24 months, then the license
    cells up to the month tested. `is_new`: the release before had no flag of the same product, origin, series and
    month; `before` is then the month that release did flag, if any.
    """

    products: tuple[str, ...]
    product_name: str
    country: str
    country_name: str
    series: Series
    month: str
    measure: Measure
    unit: str
    value: float
    base: float
    share: float
    tests: tuple[Result, ...]
    new_supplier: bool
    thin: bool
    severity: int
    trend: tuple[Cell, ...]
    headline: str
    notes: tuple[str, ...]
    link: str
    is_new: bool = False
    before: str | None = None

    @property
    def product(self) -> str:
        """The ids of its product, joined as answers join them."""
        return "+".join(self.products)

    @property
    def level(self) -> str:
        """'high', 'medium' or 'low'."""
        return ind.severity_words(self.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeList:
    """All flags of a selection, the most severe first, with what they were tested on and against which release.

    `previous` is the id of the release before, `previous_as_of` the date of its newest data; None without any.
    """

    release: ReleaseInfo
    previous: str | None
    previous_as_of: str | None
    filters: Filters
    months: Months
    flags: tuple[Flag, ...]
    title: str
    summary: str
    notes: tuple[str, ...]
    permalink: str
    cite: str

    @property
    def new(self) -> tuple[Flag, ...]:
        """Flags that the release before did not have."""
        return tuple(flag for flag in self.flags if flag.is_new)


def surges(statistics: Statistics, filters: Filters) -> SurgeList:
    """The surge list of a selection: products at `filters.detail` under those selected, by origin.

    Outcome are the newest public month and the whole license months after it; thresholds are `filters.tests`. Only
    published figures of whole periods count. Raises BadQuery for an id that the release lacks.
    """
    pinned = statistics.pinned()
    # A list made while the release before could not be opened is not the list once it can.
    previous = pinned.previous()
    key = ("surges", filters, previous.info().id if previous else None)
    return pinned.remember(key, lambda now: _listed(now, previous, filters))


def _listed(statistics: Statistics, previous: Statistics | None, filters: Filters) -> SurgeList:
    months = tested(statistics, filters).months
    found = sorted(_flags(statistics, filters), key=lambda flag: (-flag.severity, flag.measure, -_excess(flag)))
    earlier = _earlier(previous, filters) if previous else None
    flags = tuple(_dated(flag, earlier) for flag in found) if earlier is not None else tuple(found)
    info = statistics.info()
    query = filters.to_query()
    link = f"{PAGE}?{query}" if query else PAGE
    title = words.title(filters, statistics.vocabulary)
    before = previous.info() if previous and earlier is not None else None
    return SurgeList(
        release=info,
        previous=before.id if before else None,
        previous_as_of=(before.license_as_of or before.published) if before else None,
        filters=filters,
        months=months,
        flags=flags,
        title=title,
        summary=words.summary(flags, months, compared=before is not None),
        notes=words.notes(filters, months, info),
        permalink=link,
        cite=cite(title, info, link),
    )


def _excess(flag: Flag) -> float:
    return flag.value - flag.base


def _earlier(previous: Statistics, filters: Filters) -> dict[tuple[str, str, Series], set[str]] | None:
    """Months flagged by the release before; None where it cannot be asked the same."""
    earlier: dict[tuple[str, str, Series], set[str]] = {}
    try:
        lines = flagged(tested(previous, filters), filters.tests)
    except BadQuery:
        return None
    for line in lines:
        earlier.setdefault((line.unit.id, line.country, line.series), set()).add(line.outcome.month)
    return earlier


def _dated(flag: Flag, earlier: dict[tuple[str, str, Series], set[str]]) -> Flag:
    months = earlier.get((flag.product, flag.country, flag.series), set())
    if flag.month in months:
        return flag
    return replace(flag, is_new=True, before=max(months, default=None))


def _flags(statistics: Statistics, filters: Filters) -> Iterator[Flag]:
    found = tested(statistics, filters)
    lines = flagged(found, filters.tests)
    for line, trend in completed(statistics, filters, found, lines):
        yield _flag(line, trend, filters, statistics.vocabulary)


def _flag(line: Line, trend: tuple[Cell, ...], filters: Filters, vocabulary: Reference) -> Flag:
    outcome = line.outcome
    floor = floor_of(filters.tests, line.measure)
    new = outcome.result("n").met
    thin = not new and outcome.base < floor
    told = words.Told(
        product=line.unit.name,
        country=country_name(vocabulary, line.country),
        series=line.series,
        measure=line.measure,
        tested=outcome,
        thin=thin,
        new=new,
        floor=floor,
        unit_note=line.unit.note,
    )
    return Flag(
        products=line.unit.products,
        product_name=told.product,
        country=line.country,
        country_name=told.country,
        series=line.series,
        month=outcome.month,
        measure=line.measure,
        unit=trend[-1].unit,
        value=outcome.value,
        base=outcome.base,
        share=outcome.share,
        tests=outcome.results,
        new_supplier=new,
        thin=thin,
        severity=ind.severity(words.met_names(outcome, filters.tests), thin=thin),
        trend=trend,
        headline=words.headline(told),
        notes=words.flag_notes(told, trend),
        link=words.trend_link(line.unit.products, line.country, line.measure, filters),
    )
