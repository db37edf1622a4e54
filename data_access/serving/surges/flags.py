"""The surge list: which products from which origins rose, tested on released figures alone, ranked by severity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from data_access.filters import ALL, BadQuery, Filters, Measure, Series, country_name
from data_access.serving import indicators as ind
from data_access.serving.gate.released import Cell, ReleaseInfo
from data_access.serving.notes import cite
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics
from data_access.serving.surges import words
from data_access.serving.surges.lines import Cells, Months, months_of, read
from data_access.serving.surges.rules import (
    LONGEST,
    History,
    Outcome,
    Result,
    held_against,
    price_result,
    whole,
    z_result,
)
from data_access.serving.surges.units import Unit, units_of

PAGE = "/surges"
FIRST_PASS = 25
"""Months that the rule itself needs: 24 before the one tested."""
TREND = 24
"""Months of a flag's small trend."""


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
    return statistics.remember(("surges", filters), lambda: _listed(statistics, filters))


def new_since(statistics: Statistics, filters: Filters) -> tuple[Flag, ...]:
    """The flags of the surge list that the release before did not have; none where there is no such release."""
    return surges(statistics, filters).new


def _listed(statistics: Statistics, filters: Filters) -> SurgeList:
    months = months_of(statistics, filters)
    found = sorted(_flags(statistics, filters, months), key=lambda flag: (-flag.severity, flag.measure, -_excess(flag)))
    previous = statistics.previous()
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
    try:
        months = months_of(previous, filters)
        earlier: dict[tuple[str, str, Series], set[str]] = {}
        for flag in previous.remember(("flags", filters), lambda: tuple(_flags(previous, filters, months))):
            earlier.setdefault((flag.product, flag.country, flag.series), set()).add(flag.month)
    except BadQuery:
        return None
    return earlier


def _dated(flag: Flag, earlier: dict[tuple[str, str, Series], set[str]]) -> Flag:
    months = earlier.get((flag.product, flag.country, flag.series), set())
    if flag.month in months:
        return flag
    return replace(flag, is_new=True, before=max(months, default=None))


# -- testing --------------------------------------------------------------------------------------------------------


def _flags(statistics: Statistics, filters: Filters, months: Months) -> Iterator[Flag]:
    if not months.last:
        return
    since = text(number(months.last) - LONGEST + 1)
    for unit in units_of(statistics.vocabulary, filters, since=since):
        yield from _Tester(statistics, filters, months, unit).flags()


class _Tester:
    """Tests one product: all origins with what the rule needs, then those flagged with all the rest."""

    def __init__(self, statistics: Statistics, filters: Filters, months: Months, unit: Unit) -> None:
        self._statistics = statistics
        self._filters = filters
        self._months = months
        self._unit = unit
        self._public = months.public or statistics.info().public_as_of or ""
        self._last = number(months.last)

    def flags(self) -> Iterator[Flag]:
        """The flags of the product."""
        first = self._last - FIRST_PASS + 1 - len(self._months.license)
        of_all = self._read(Measure.VOLUME, first, (ALL,))
        measure = Measure.VOLUME if _is_weighed(of_all) else Measure.VALUE
        if measure is Measure.VALUE:
            of_all = self._read(measure, first, (ALL,))
        found = [
            (country, series, tested)
            for (country, series), tested in _tested_of(
                self._read(measure, first), of_all, self._public, self._months, self._filters
            )
            if tested.flagged
        ]
        if found:
            yield from self._completed(found, measure)

    def _read(self, measure: Measure, first: int, countries: Sequence[str] | None = None) -> Cells:
        return read(
            self._statistics,
            self._filters,
            self._unit,
            measure=measure,
            first=first,
            last=self._last,
            countries=countries,
        )

    def _completed(self, found: Sequence[tuple[str, Series, Outcome]], measure: Measure) -> Iterator[Flag]:
        """Flags with Z and P, which need more months and unit values, and with their trends."""
        countries = tuple(dict.fromkeys(country for country, _, _ in found))
        cells = self._read(measure, self._last - LONGEST + 1 - len(self._months.license), countries)
        first = self._last - ind.YEAR - len(self._months.license)
        auv = [self._read(Measure.AUV, first, places) for places in (countries, (ALL,))]
        weight = [self._read(Measure.VOLUME, first, places) for places in (countries, (ALL,))]
        for country, series, tested in found:
            z = z_result(_until(cells[country, series], tested.month), self._filters.tests)
            ratios = _ratios(*(part[0].get((country, series), ()) for part in (auv, weight)),
                             *(part[1].get((ALL, series), ()) for part in (auv, weight)))  # fmt: skip
            own_auv = _until(auv[0].get((country, series), ()), tested.month)
            p = price_result(ratios[: len(own_auv)], own_auv, self._filters.tests)
            results = {one.id: one for one in (*tested.results, z, p)}
            yield self._flag(country, series, replace(tested, results=tuple(results.values())), cells, measure)

    def _flag(self, country: str, series: Series, tested: Outcome, cells: Cells, measure: Measure) -> Flag:
        new = tested.result("n").met
        thin = not new and tested.base < _floor(self._filters, measure)
        trend = _trend(cells, country, series, public=self._public, month=tested.month)
        vocabulary = self._statistics.vocabulary
        told = words.Told(
            product=self._unit.name,
            country=country_name(vocabulary, country),
            series=series,
            measure=measure,
            tested=tested,
            thin=thin,
            new=new,
            floor=_floor(self._filters, measure),
            unit_note=self._unit.note,
        )
        return Flag(
            products=self._unit.products,
            product_name=self._unit.name,
            country=country,
            country_name=told.country,
            series=series,
            month=tested.month,
            measure=measure,
            unit=trend[-1].unit,
            value=tested.value,
            base=tested.base,
            share=tested.share,
            tests=tested.results,
            new_supplier=new,
            thin=thin,
            severity=ind.severity(words.met_names(tested, self._filters.tests), thin=thin),
            trend=trend,
            headline=words.headline(told),
            notes=words.flag_notes(told, trend),
            link=words.trend_link(self._unit.products, country, measure, self._filters),
        )


def _is_weighed(of_all: Cells) -> bool:
    """Whether the public series of all origins has weights."""
    return any(cell.value is not None for cell in of_all.get((ALL, Series.PUBLIC), ()))


def _floor(filters: Filters, measure: Measure) -> float:
    return filters.tests.floor if measure is Measure.VOLUME else filters.tests.floor_value


def _tested_of(
    cells: Cells, of_all: Cells, public: str, months: Months, filters: Filters
) -> Iterator[tuple[tuple[str, Series], Outcome]]:
    """What the tests say of each origin and series in the months of the list, Z and P aside."""
    for country, series in cells:
        tested_months = [months.public] if series is Series.PUBLIC else months.license
        for month in filter(None, tested_months):
            history = _history(cells, of_all, country, series, public=public, month=month)
            measure = history.own[-1].measure
            tested = held_against(history, filters.tests, floor=_floor(filters, measure))
            if tested:
                yield (country, series), tested


def _history(cells: Cells, of_all: Cells, country: str, series: Series, *, public: str, month: str) -> History:
    compared = _until(cells.get((country, Series.PUBLIC), ()), public)
    total = {cell.period: cell for cell in of_all.get((ALL, series), ())}
    return History(
        own=_until(cells[country, series], month),
        compared=compared[:-1] if series is Series.PUBLIC else compared,
        of_all=total.get(month),
    )


def _until(cells: Sequence[Cell], month: str) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if cell.period <= month)


def _ratios(
    auv: Sequence[Cell], weight: Sequence[Cell], auv_of_all: Sequence[Cell], weight_of_all: Sequence[Cell]
) -> list[ind.Figure]:
    """The price ratio of each month; None where figures are missing or of different dates."""
    return [
        ind.price_ratio(auv=whole(own[0]), weight=whole(own[1]), auv_of_all=whole(own[2]), weight_of_all=whole(own[3]))
        if len({cell.as_of for cell in own}) == 1
        else None
        for own in zip(auv, weight, auv_of_all, weight_of_all, strict=False)
    ]


def _trend(cells: Cells, country: str, series: Series, *, public: str, month: str) -> tuple[Cell, ...]:
    statistics = _until(cells.get((country, Series.PUBLIC), ()), min(public, month))[-TREND:]
    if series is Series.PUBLIC:
        return statistics
    return (*statistics, *(cell for cell in cells[country, series] if public < cell.period <= month))
