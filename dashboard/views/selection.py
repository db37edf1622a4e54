"""Selections that charts of a view derive from the page's own: each is a query that exports and API take as well."""

from __future__ import annotations

from dataclasses import replace

from dashboard.figures.lines import MAX_LINES, member_of
from dashboard.views.base import Ask
from data_access.contracts import Status
from data_access.filters import ALL, By, Filters, Freq, Measure, Of, Series, Show
from data_access.reference import Reference
from data_access.serving.gate.released import Released
from data_access.serving.periods import shifted

MANY = 1000
YEAR = 12
"""Months a ranking covers, so that no season is left out."""


def trend(filters: Filters) -> Filters:
    """The selection as periods: a range as one period has no trend, so its months are shown."""
    return replace(filters, freq=Freq.MONTH) if filters.freq is Freq.RANGE else filters


def ranking_series(filters: Filters) -> Series:
    """The one series that a ranking is of: public where it is chosen, else combined, else license; by smelt or cast
    there are license data alone."""
    preferred = (Series.PUBLIC, Series.COMBINED, Series.LICENSE)
    if is_by_metal(filters):
        preferred = (Series.LICENSE, Series.COMBINED, Series.PUBLIC)
    return next(one for one in preferred if one in filters.series)


def is_by_metal(filters: Filters) -> bool:
    """Whether a selection chooses or splits countries of smelt or cast."""
    chosen = bool(filters.smelt or filters.smelt2 or filters.cast)
    return chosen or filters.by in METAL or filters.across in METAL


def is_crossed(filters: Filters) -> bool:
    """Whether it does so together with countries of origin: such license data are by quarter."""
    return is_by_metal(filters) and (ALL not in filters.countries or By.COUNTRY in (filters.by, filters.across))


def drawable(filters: Filters) -> Filters:
    """The selection without public statistics where those have no such figures, unless nothing else is asked."""
    series = tuple(one for one in filters.series if one is not Series.PUBLIC)
    return replace(filters, series=series) if series and is_by_metal(filters) else filters


def plain(filters: Filters) -> Filters:
    """The selection as levels, split once at most, without a second one beside it."""
    return replace(filters, show=Show.LEVEL, across=By.NONE, compare="")


def is_one_place(filters: Filters, vocabulary: Reference) -> bool:
    """Whether a selection is of one country of origin."""
    return len(filters.countries) == 1 and filters.countries[0] in vocabulary.countries


def matrix(ask: Ask) -> Filters:
    """The selection split by product and place (or as it is split twice) over its last months."""
    filters = ask.filters
    by, across = filters.by, filters.across
    if across is By.NONE:
        by, across = By.PRODUCT, by if by not in (By.NONE, By.PRODUCT) else By.COUNTRY
    both = replace(filters, by=by, across=across)
    series = (ranking_series(both),)
    whole = replace(ask, filters=replace(both, series=series))
    months = _last_quarter(whole, replace(whole.filters, freq=Freq.QUARTER)) if is_crossed(both) else None
    return replace(months or last_months(whole, by=by), by=by, across=across, show=Show.LEVEL, compare="")


def year_before(filters: Filters) -> Filters:
    """The same months of the year before."""
    return replace(filters, start=shifted(filters.start or "", -YEAR), end=shifted(filters.end or "", -YEAR))


def ranking_by(filters: Filters, vocabulary: Reference) -> By:
    """What a selection that is not split is ranked by: countries, and of one country, smelt or cast products."""
    if filters.by is not By.NONE:
        return filters.by
    return By.PRODUCT if is_one_place(filters, vocabulary) or is_by_metal(filters) else By.COUNTRY


def last_months(ask: Ask, *, months: int = YEAR, by: By = By.NONE) -> Filters:
    """The last `months` months of the selection that its ranking series has (of licenses: the last), as one period.

    A selection of origins with smelt or cast, `by` included, has its last quarter.
    """
    filters = replace(plain(ask.filters), across=ask.filters.across)
    series = (ranking_series(replace(filters, by=by)),)
    filters = plain(filters)
    if is_crossed(replace(filters, by=by)):
        return _last_quarter(ask, replace(filters, series=series, freq=Freq.QUARTER, by=by))
    monthly = replace(filters, series=series, freq=Freq.MONTH, by=By.NONE)
    cells = [cell for cell in ask.statistics.series(monthly).cells if cell.status in _KNOWN and not cell.partial]
    # Of a combined series the public months: license data do not break products down by country.
    cells = [cell for cell in cells if cell.source == "public"] or cells
    cells = [cell for cell in cells if cell.status is Status.PUBLISHED] or cells
    known = [cell.period for cell in cells]
    end = known[-1] if known else filters.end or ""
    # A year of license months with one withheld would be withheld as a whole; the latest month tells more.
    months = 1 if series == (Series.LICENSE,) else months
    first = shifted(end, 1 - months)
    start = min(max(first, filters.start or first), end)
    return replace(monthly, start=start, end=end, freq=Freq.RANGE)


def _last_quarter(ask: Ask, filters: Filters) -> Filters:
    recent = replace(filters, start=max(filters.start or "", shifted(filters.end or "", -YEAR)))
    cells = [cell for cell in ask.statistics.series(recent).cells if cell.status in _KNOWN]
    cells = [cell for cell in cells if cell.value] or cells
    if not cells:
        return replace(filters, start=filters.end)
    quarter = max(cell.period for cell in cells)
    last = f"{quarter[:4]}-{3 * int(quarter[-1]):02d}"
    return replace(filters, start=shifted(last, -2), end=last)


_KNOWN = (Status.PUBLISHED, Status.WITHHELD)
METAL = (By.SMELT, By.SMELT2, By.CAST)
PLACES = {By.COUNTRY: "countries", By.SMELT: "smelt", By.SMELT2: "smelt2", By.CAST: "cast"}
"""The field of `Filters` that holds the places of a split."""


def ranking(ask: Ask, by: By) -> Filters:
    """The selection ranked by product or country over its last months.

    Unit values are those of the members with the largest customs value: those of tiny shipments say nothing.
    """
    filters = replace(last_months(ask, by=by), by=by)
    if filters.measure is Measure.AUV and by is By.COUNTRY:
        return replace(filters, countries=largest(ask, filters, count=MAX_LINES + 2) or filters.countries)
    return filters


def largest(ask: Ask, filters: Filters, *, count: int = MAX_LINES) -> tuple[str, ...]:
    """Ids of the members with the largest figures of a selection that is split and has one period."""
    measure = Measure.VALUE if filters.measure is Measure.AUV else filters.measure
    found = _largest(ask.statistics.series(replace(filters, measure=measure)), count)
    if not found and measure is not Measure.VALUE:
        found = _largest(ask.statistics.series(replace(filters, measure=Measure.VALUE, of=Of.VALUE)), count)
    return found


def _largest(released: Released, count: int) -> tuple[str, ...]:
    cells = sorted((cell for cell in released.cells if cell.value), key=lambda cell: -(cell.value or 0))
    return tuple(member_of(cell, released.filters.by) for cell in cells[:count])


def split_trend(ask: Ask) -> tuple[Filters, tuple[str, ...], int]:
    """The trend split by product or place, the ids of the members that are drawn, largest first, and of how many.

    Places that are not drawn are left out of the query too, so that files hold what the chart shows.
    """
    filters = trend(ask.filters)
    every = largest(ask, replace(last_months(ask, by=filters.by), by=filters.by), count=MANY)
    members = every[:MAX_LINES]
    place = PLACES.get(filters.by)
    if place and members and ALL not in members:
        chosen: Filters = replace(filters, **{place: members})  # type: ignore[arg-type]
        return chosen, members, len(every)
    return filters, members, 0
