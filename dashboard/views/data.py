"""Data: files of a selection, whole tables, dictionary, releases, what changed, and how to cite."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dashboard.base_url import base_url
from dashboard.catalog import title_of
from dashboard.views.base import Ask
from dashboard.views.dictionary import DICTIONARY
from dashboard.views.plain import PlainView
from dashboard.words import date_words
from data_access.contracts import PUBLIC_FILE
from data_access.filters import month_words, span_words
from data_access.serving.answers import cells as answers
from data_access.serving.gate.released import Released
from data_access.serving.notes import HIDDEN_MARK, MARKS
from data_access.serving.periods import number
from data_access.serving.prose import THIN, money, percent
from data_access.serving.release_changes import Changes, Revision, changes

FORMS = (
    ("csv", "CSV", "for any program; words above the columns begin with #"),
    ("xlsx", "XLSX", "for spreadsheets, with a sheet of notes"),
    ("json", "JSON", "for programs"),
    ("parquet", "Parquet", "for large analyses"),
)
SOME = 12
"""Releases and revisions that the page lists; the API has all."""
FIVE_WEEKS, SEVEN_WEEKS, ONE_WEEK = dt.timedelta(weeks=5), dt.timedelta(weeks=7), dt.timedelta(weeks=1)
MB, KB = 1e6, 1e3
CONTROLS = ("product", "country", "from", "to", "measure", "freq", "series", "by", "basis", "of")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file is."""

    href: str
    label: str
    text: str


def context(ask: Ask) -> Mapping[str, Any]:
    """What the template shows for a selection."""
    released = ask.statistics.series(ask.filters)
    return {
        "selection": _selection(released),
        "files": [_link(released, *form) for form in FORMS],
        "curl": _curl(released),
        "tables": _tables(ask),
        "dictionary": DICTIONARY,
        "statuses": [(str(status), mark, words) for status, (mark, words) in MARKS.items()]
        + [("withheld", *HIDDEN_MARK)],
        "log": [_logged(one) for one in ask.statistics.log()[:SOME]],
        "calendar": _calendar(ask),
        "changes": _changed(changes(ask.statistics)),
        "cite": _cite(released),
        "accessed": date_words(dt.datetime.now(dt.UTC).date().isoformat()),
    }


def _selection(released: Released) -> dict[str, Any]:
    query = _query(released)
    return {
        "title": released.title,
        "subtitle": released.subtitle,
        "summary": released.summary,
        "count": f"{len(released.cells):,}",
        "explore": f"/explore{'?' if query else ''}{query}",
    }


def _query(released: Released) -> str:
    return released.permalink.partition("?")[2]


def _link(released: Released, form: str, label: str, text: str) -> Link:
    query = _query(released)
    return Link(f"/api/v1/series?{query}{'&' if query else ''}format={form}", label, text)


def _curl(released: Released) -> str:
    return f"curl -OJ '{base_url()}{_link(released, *FORMS[0]).href}'"


def _cite(released: Released) -> str:
    return answers.cite(released, base=base_url())


# -- the release ----------------------------------------------------------------------------------------------------


def _tables(ask: Ask) -> list[dict[str, str]]:
    """The files of the release in use that are given out."""
    info = ask.statistics.info()
    current = next((one for one in ask.statistics.log() if one.id == info.id), None)
    if current is None:
        return []
    return [
        {
            "href": f"/api/v1/tables/{name}",
            "name": name,
            "title": title_of(name),
            "rows": f"{entry.rows:,}",
            "size": _size(current.sizes[name]),
            "withheld": f"{current.withheld.get(name.removeprefix('license_').removesuffix('.parquet'), 0):,}",
            "sha256": entry.sha256,
        }
        for name, entry in sorted(current.files.items(), key=lambda pair: (pair[0] != PUBLIC_FILE, pair[0]))
        if name == PUBLIC_FILE or not info.license_off
    ]


def _size(count: int) -> str:
    return f"{count / MB:.1f}{THIN}MB" if count >= MB / 10 else f"{max(count / KB, 1):.0f}{THIN}KB"


def _logged(one: Any) -> dict[str, str]:
    return {
        "id": one.id,
        "published": date_words(one.published),
        "public": month_words(one.public_as_of) if one.public_as_of else "none",
        "license": date_words(one.license_as_of) if one.license_as_of else "none",
        "withheld": f"{sum(one.withheld.values()):,}" if one.license_as_of else "none",
    }


def _calendar(ask: Ask) -> list[tuple[str, str]]:
    """When the next figures may be expected: public statistics by their usual delay, license data by the week."""
    info = ask.statistics.info()
    said = []
    if info.public_as_of:
        month, end = _next_month(info.public_as_of)
        early, late = (date_words((end + delay).isoformat()) for delay in (FIVE_WEEKS, SEVEN_WEEKS))
        said.append((f"Public statistics of {month_words(month)}", f"between {early} and {late}, as a rule"))
    if info.license_as_of:
        day = dt.date.fromisoformat(info.license_as_of) + ONE_WEEK
        said.append((f"License records as of {date_words(day.isoformat())}", "within the days after, weekly"))
    return said


def _next_month(month: str) -> tuple[str, dt.date]:
    """The month after a month, and its last day."""
    number = int(month[:4]) * 12 + int(month[5:])
    after = dt.date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return f"{number // 12}-{number % 12 + 1:02d}", after - dt.timedelta(days=1)


def _changed(found: Changes | None) -> dict[str, Any] | None:
    if found is None:
        return None
    months = {
        "Public statistics, new months": found.public_months,
        "License data, months with a first figure": found.license_months,
        "License months closed: all their detail is published": found.closed,
        "License months final: they do not change again": found.final,
    }
    largest = sorted(found.revised, key=lambda one: -abs(one.now - one.before))[:SOME]
    return {
        "since": found.since,
        "months": [(words, _spans(which)) for words, which in months.items() if which],
        "revised": len(found.revised),
        "shown": [_revision(one) for one in sorted(largest, key=lambda one: one.month, reverse=True)],
    }


def _spans(months: tuple[str, ...]) -> str:
    """Months in words, those that follow each other as a span: 'Jun 2024 to Sep 2025, Nov 2025'."""
    runs = groupby(enumerate(months), key=lambda pair: number(pair[1]) - pair[0])
    ends = [[month for _, month in run] for _, run in runs]
    return ", ".join(span_words(run[0], run[-1]) for run in ends)


def _revision(one: Revision) -> dict[str, str]:
    return {
        "month": month_words(one.month),
        "series": {"public": "Public statistics", "license": "License data"}[str(one.series)],
        "before": money(one.before),
        "now": money(one.now),
        "change": percent(one.now / one.before - 1) if one.before else "n/a",
    }


VIEW = PlainView(
    name="data",
    path="/data",
    label="Data",
    heading="Data",
    lead="Take the figures of any selection, or the whole tables of this release, as files; see what each column "
    "means, what changed, and how to cite.",
    template="data.html",
    context=context,
    controls=CONTROLS,
)
