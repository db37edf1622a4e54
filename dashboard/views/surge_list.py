"""The surge list as its template writes it: new flags first, each with its tests, and the form of thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from markupsafe import Markup

from dashboard.components.card import Card, sources
from dashboard.figures.lines import SERIES_LABELS
from dashboard.figures.spark import spark
from dashboard.ids import SurgesId
from dashboard.views.base import Ask
from dashboard.words import date_words
from data_access.filters import ALL, DEFAULTS, Filters, month_words
from data_access.serving.answers.surges import file_name
from data_access.serving.notes import DEMONSTRATION
from data_access.serving.prose import signed
from data_access.serving.surges.flags import PAGE, Flag, SurgeList
from data_access.serving.surges.rules import NAMES, Result
from data_access.serving.surges.words import months_words, result_words
from data_access.thresholds import THRESHOLDS

API = "/api/v1/surges"
LABELS = {
    "r1_alone": "R1 alone",
    "r2y": "R2y",
    "floor": "Floor",
    "floor_share": "Floor, share",
    "floor_value": "Floor, value",
}
"""What the form calls thresholds that are not called as their test."""
MOST_SHOWN = 40
"""Flags that a page shows; files hold all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One test as a list prints it."""

    id: str
    name: str
    value: str
    threshold: str
    met: bool
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One flag as a list prints it; `examine` is the address that holds it alone."""

    flag: Flag
    series: str
    month: str
    badge: str
    tests: tuple[ResultLine, ...]
    spark: Markup
    examine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One threshold of the form."""

    name: str
    label: str
    words: str
    unit: str
    value: str
    default: str
    low: str
    high: str
    changed: bool


def list_card(ask: Ask, found: SurgeList, *, alone: bool) -> Card:
    """The card of the list; `alone`: one product and origin is left, and its parts stand below."""
    query = found.permalink.partition("?")[2]
    every = replace(found.filters, products=DEFAULTS.products, countries=(ALL,))
    fields = tuple(threshold_fields(found.filters))
    body = ask.render(
        "surges.html",
        found=found,
        groups=_groups(found),
        left_out=max(0, len(found.flags) - MOST_SHOWN),
        most=MOST_SHOWN,
        tested=months_words(found.months),
        running=month_words(found.months.running) if found.months.running else "",
        compared=date_words(found.previous_as_of) if found.previous_as_of else "",
        fields=fields,
        changed=sum(field.changed for field in fields),
        kept=kept_fields(found.filters),
        reset=_address(replace(found.filters, tests=DEFAULTS.tests)),
        every=_address(every),
        narrowed=every != found.filters,
        alone=alone,
        path=PAGE,
    )
    joined = f"{query}&" if query else ""
    source = sources(found.release, public=True, license_=bool(found.months.license))
    return Card(
        id=SurgesId.LIST,
        title=found.title,
        summary=found.summary,
        body=body,
        csv=f"{API}?{joined}format=csv",
        xlsx=f"{API}?{joined}format=xlsx",
        permalink=found.permalink,
        source=source,
        export={
            "title": found.title,
            "subtitle": "",
            "summary": found.summary,
            "source": source,
            "notes": list(found.notes),
            "link": found.permalink,
            "cite": found.cite,
            "demonstration": DEMONSTRATION if found.release.demonstration else "",
            "file": file_name(found, "").rstrip("."),
        },
    )


def _groups(found: SurgeList) -> list[tuple[str, list[Entry]]]:
    """New flags, then the others; without a release to compare with, all in one."""
    shown = found.flags[:MOST_SHOWN]
    entries = [_entry(flag, found.filters) for flag in shown]
    if found.previous is None:
        return [("", entries)] if entries else []
    day = date_words(found.previous_as_of or found.previous)
    new = [entry for entry in entries if entry.flag.is_new]
    old = [entry for entry in entries if not entry.flag.is_new]
    told = ((f"New since {day}", new), (f"On the list of {day} already", old))
    return [(f"{heading} ({len(group)})", group) for heading, group in told if group]


def _entry(flag: Flag, filters: Filters) -> Entry:
    before = f"flagged for {month_words(flag.before)} before" if flag.before else "New"
    return Entry(
        flag=flag,
        series=SERIES_LABELS[flag.series],
        month=month_words(flag.month),
        badge=(before if not flag.before else f"New month; {before}") if flag.is_new else "",
        tests=tuple(result_line(one) for one in in_order(flag)),
        spark=spark(flag.trend, name=f"{flag.product_name} from {flag.country_name}"),
        examine=f"{_address(replace(filters, products=flag.products, countries=(flag.country,)))}#{SurgesId.TREND}",
    )


def in_order(flag: Flag) -> list[Result]:
    """The results of a flag in the order of the method."""
    results = {one.id: one for one in flag.tests}
    return [results[id_] for id_ in NAMES if id_ != "n" or flag.new_supplier]


def result_line(result: Result) -> ResultLine:
    """One result in words."""
    value, threshold = result_words(result)
    known = not result.missing
    return ResultLine(
        id=result.id.upper() if result.id != "r2y" else "R2y",
        name=NAMES[result.id].partition(", ")[2],
        value=value,
        threshold=threshold,
        met=result.met,
        known=known,
    )


def _address(filters: Filters) -> str:
    query = filters.to_query()
    return f"{PAGE}?{query}" if query else PAGE


# -- thresholds -----------------------------------------------------------------------------------------------------


def threshold_fields(filters: Filters) -> Iterator[Field]:
    """The form's fields, in the order of the method."""
    for name, limits in THRESHOLDS.items():
        value, usual = getattr(filters.tests, name), getattr(DEFAULTS.tests, name)
        yield Field(
            name=name,
            label=LABELS.get(name, name.upper()),
            words=limits.words,
            unit=limits.unit,
            value=f"{value:.13g}",
            default=signed(f"{usual:,.13g}"),
            low=f"{limits.low:.13g}",
            high=f"{limits.high:.13g}",
            changed=value != usual,
        )


def kept_fields(filters: Filters) -> list[tuple[str, str]]:
    """The rest of the selection, which the form must not lose."""
    return [(name, value) for name, value in parse_qsl(filters.to_query()) if name not in THRESHOLDS]
