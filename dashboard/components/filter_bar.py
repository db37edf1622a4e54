"""The filter bar: one native form for all views, filled in from the selection of the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import parse_qsl

from dashboard.components.pickers import Item, chosen_words, country_items, product_items
from data_access.filters import (
    ALL,
    DEFAULTS,
    SMELT_WORDS,
    Basis,
    By,
    Chart,
    Detail,
    Filters,
    Freq,
    Measure,
    Of,
    Series,
    Show,
    country_name,
    month_words,
)
from data_access.reference import Reference
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics

FREQ_LABELS = {
    Freq.MONTH: "Monthly",
    Freq.QUARTER: "Quarterly",
    Freq.YEAR: "Yearly",
    Freq.YTD: "Year to date",
    Freq.ROLL3: "3 months, rolling",
    Freq.ROLL12: "12 months, rolling",
    Freq.RANGE: "As one period",
}
MEASURE_LABELS = {
    Measure.VOLUME: "Volume (t)",
    Measure.VALUE: "Value (US$)",
    Measure.AUV: "Unit value",
    Measure.SHARE: "Share (%)",
}
SERIES_LABELS = {Series.PUBLIC: "Public", Series.LICENSE: "License", Series.COMBINED: "Combined"}
BASIS_LABELS = {Basis.CONSUMPTION: "For consumption", Basis.GENERAL: "General imports"}
BY_LABELS = {
    By.NONE: "Nothing",
    By.PRODUCT: "Product",
    By.COUNTRY: "Country",
    By.SMELT: "Smelt",
    By.SMELT2: "Second smelt",
    By.CAST: "Cast",
}
USUAL_SPLITS = (By.NONE, By.PRODUCT, By.COUNTRY)
"""Splits that the bar always offers; others while they are chosen."""
USUAL = ("product", "country", "from", "to", "measure", "freq", "series", "basis", "of")
"""Controls that a view has unless it says otherwise."""
CHART_LABELS = {
    Chart.TREND: "Lines over time",
    Chart.STACKED: "Stacked bars",
    Chart.RANKING: "Ranking",
    Chart.MATRIX: "Products by country",
    Chart.MAP: "Map",
    Chart.TABLE: "Table alone",
}
SHOW_LABELS = {Show.LEVEL: "Figures", Show.YOY: "Change on the year", Show.INDEX: "Index"}
DETAIL_LABELS = {Detail.GROUP: "Product groups", Detail.HTS6: "HTS 6-digit", Detail.HTS10: "HTS 10-digit"}
METAL_LABELS = {"smelt": "Country of smelt", "smelt2": "Country of second smelt", "cast": "Country of most recent cast"}
NO_EVENT = "No event"
OF_LABELS = {Of.VOLUME: "Volume", Of.VALUE: "Value"}
FALLBACK_MONTHS = ("2013-01", "2013-12")
"""What the month lists hold while there is no release."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a list or one box."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A list, its options in named groups ('' for none)."""

    name: str
    label: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Boxes or radio buttons in one row."""

    name: str
    label: str
    kind: str
    options: tuple[Option, ...]
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """A picker of countries of smelt or cast; `value` says what is chosen."""

    name: str
    label: str
    items: tuple[Item, ...]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBar:
    """All that `templates/filters.html` writes out."""

    products: tuple[Item, ...]
    product_value: str
    countries: tuple[Item, ...]
    country_value: str
    selects: tuple[Select, ...]
    choices: tuple[Choices, ...]
    metal: tuple[Picker, ...]
    compares: bool
    kept: tuple[tuple[str, str], ...]
    defaults: dict[str, str]
    count_words: str


def filter_bar(statistics: Statistics, filters: Filters, *, controls: Sequence[str]) -> FilterBar:
    """The bar for a selection, with controls for these parameters; a form without scripts keeps all others."""
    vocabulary = statistics.vocabulary
    chosen = {vocabulary.products.canonical(id_) for id_ in filters.products}
    products = tuple(product_items(vocabulary.products, chosen))
    countries = tuple(country_items(vocabulary, set(filters.countries)))
    given = [(name, value) for name, value in parse_qsl(filters.to_query()) if name != "chart"]
    return FilterBar(
        products=products,
        product_value=chosen_words(products),
        countries=countries,
        country_value=chosen_words(countries),
        selects=tuple(one for one in _selects(statistics, filters) if one.name in controls),
        choices=tuple(one for one in _choices(filters) if one.name in controls),
        metal=tuple(_metal(name, vocabulary, filters) for name in METAL_LABELS if name in controls),
        compares="compare" in controls,
        kept=tuple((name, value) for name, value in given if name not in controls),
        defaults={"product": DEFAULTS.products[0], "country": DEFAULTS.countries[0]},
        count_words=f"({count})" if (count := len({name for name, _ in given if name in controls})) else "",
    )


# -- lists and boxes ------------------------------------------------------------------------------------------------


def _selects(statistics: Statistics, filters: Filters) -> tuple[Select, ...]:
    usual, resolved = statistics.default_filters(), statistics.resolve(filters)
    first, last = _months(statistics)
    start, end = resolved.start or first, resolved.end or last
    freqs = [freq for freq in Freq if freq is not Freq.RANGE or filters.freq is Freq.RANGE]
    return (
        Select(
            name="from", label="From", groups=_month_groups(first, last, selected=start), default=usual.start or first
        ),
        Select(name="to", label="To", groups=_month_groups(first, last, selected=end), default=usual.end or last),
        Select(
            name="measure",
            label="Measure",
            groups=(("", _options(MEASURE_LABELS, MEASURE_LABELS, (filters.measure,))),),
            default=DEFAULTS.measure,
        ),
        Select(
            name="freq",
            label="Periods",
            groups=(("", _options(freqs, FREQ_LABELS, (filters.freq,))),),
            default=DEFAULTS.freq,
        ),
        Select(
            name="chart",
            label="Chart",
            groups=(("", _options(Chart, CHART_LABELS, (filters.chart,))),),
            default=DEFAULTS.chart,
        ),
        Select(
            name="show",
            label="Shown as",
            groups=(("", _options(Show, SHOW_LABELS, (filters.show,))),),
            default=DEFAULTS.show,
        ),
        _event_select(statistics.vocabulary, filters),
    )


def _event_select(vocabulary: Reference, filters: Filters) -> Select:
    """Events, the newest first, to look at what changed with one."""
    events = sorted(vocabulary.events, key=lambda event: event.date, reverse=True)
    options = [Option("", NO_EVENT, not filters.event)]
    options += [Option(one.id, f"{month_words(one.month)}: {one.label}", one.id == filters.event) for one in events]
    return Select(name="event", label="Before and after", groups=(("", tuple(options)),), default="")


def _metal(name: str, vocabulary: Reference, filters: Filters) -> Picker:
    """Countries with what a license may state in their place."""
    chosen = set(getattr(filters, name))
    words = tuple(
        Item(value=word, label=country_name(vocabulary, word).capitalize(), parents=ALL, checked=word in chosen)
        for word in SMELT_WORDS
    )
    items = list(country_items(vocabulary, chosen))
    every = (*items[:1], *words, *items[1:])
    return Picker(name=name, label=METAL_LABELS[name], items=every, value=chosen_words(every) or "Any")


def _choices(filters: Filters) -> tuple[Choices, ...]:
    series = Choices(
        name="series",
        label="Series",
        kind="checkbox",
        options=_options(Series, SERIES_LABELS, filters.series),
        default=" ".join(DEFAULTS.series),
    )
    offered = [one for one in By if one in USUAL_SPLITS or one is filters.by]
    by = Choices(
        name="by", label="Split by", kind="radio", options=_options(offered, BY_LABELS, (filters.by,)), default="none"
    )
    basis = Choices(
        name="basis",
        label="Public basis",
        kind="radio",
        options=_options(Basis, BASIS_LABELS, (filters.basis,)),
        default=DEFAULTS.basis,
    )
    of = Choices(
        name="of", label="Share of", kind="radio", options=_options(Of, OF_LABELS, (filters.of,)), default=DEFAULTS.of
    )
    detail = Choices(
        name="detail",
        label="Products",
        kind="radio",
        options=_options(Detail, DETAIL_LABELS, (filters.detail,)),
        default=DEFAULTS.detail,
    )
    return (series, by, detail, basis, of)


def _options(values: Iterable[str], labels: dict, selected: Sequence[str]) -> tuple[Option, ...]:  # type: ignore[type-arg]
    return tuple(Option(str(value), labels[value], value in selected) for value in values)


def _months(statistics: Statistics) -> tuple[str, str]:
    """First and last month that any series may have figures for."""
    months = statistics.meta()["months"]
    spans = [month for runs in months["public"].values() for run in runs for month in (run["from"], run["to"])]
    closed = months["license"]["closed"] if months["license"] else []
    known = [*spans, *closed, *filter(None, (statistics.default_filters().end,))]
    return (min(known), max(known)) if known else FALLBACK_MONTHS


def _month_groups(first: str, last: str, *, selected: str) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    """Months by year, the newest first; a month asked for beyond the figures is there too."""
    span = range(min(number(first), number(selected)), max(number(last), number(selected)) + 1)
    months = [text(month) for month in reversed(span)]
    return tuple(
        (year, tuple(Option(month, month_words(month), month == selected) for month in group))
        for year, group in groupby(months, key=lambda month: month[:4])
    )
