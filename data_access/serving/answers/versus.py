"""A license month against the mean of three public months, member by member: the association's monthly comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_access.filters import BadQuery, By, Chart, Filters, Freq, Measure, Series, Show, month_words
from data_access.serving import coverage
from data_access.serving.answers import cells as answers
from data_access.serving.answers.ranking import BELOW_FLOOR, DECIMALS, member_name
from data_access.serving.answers.sheet import Column, Kind, Sheet
from data_access.serving.coverage import Outcome, Span, Versus
from data_access.serving.gate.released import Released
from data_access.serving.notes import legend, mark
from data_access.serving.statistics import Statistics

SELECTION = "selection"
"""Member that stands for the selection as a whole; its row is the first."""
NAMES = ("member", "name", "license_month", "license", "license_status", "license_as_of", "public_from", "public_to",
         "public_mean", "public_status", "change", "change_status", "measure", "unit")  # fmt: skip
NOTE = (
    "Change: license month ÷ mean of the three public months before − 1, in percent, as in the Aluminum Association's "
    "monthly report; the month and the three are different seasons."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The rows of a comparison, the selection as a whole first; `span` is None where there is no such month."""

    released: Released
    span: Span | None
    rows: tuple[tuple[str, str, Versus], ...]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """What is held against what."""
        if self.span is None:
            return self.released.title
        month, first, last = (
            month_words(one) for one in (self.span.license, self.span.public[0], self.span.public[-1])
        )
        return f"{self.released.title}: licenses for {month} against the public mean of {first} to {last}"


def versus(statistics: Statistics, filters: Filters) -> Comparison:
    """The newest whole license month of a selection against the three public months before, by product unless it is
    split otherwise.

    Raises BadQuery for a measure that has no mean over months (unit values and shares).
    """
    if filters.measure not in (Measure.VOLUME, Measure.VALUE):
        allowed = [str(Measure.VOLUME), str(Measure.VALUE)]
        message = f"measure: this comparison is of volume or value, found {filters.measure}."
        raise BadQuery("measure", given=str(filters.measure), allowed=allowed, message=message)
    plain = replace(
        filters,
        series=(Series.PUBLIC, Series.LICENSE),
        by=By.NONE,
        across=By.NONE,
        freq=Freq.MONTH,
        show=Show.LEVEL,
        chart=Chart.TREND,
        compare="",
    )
    whole = statistics.series(plain)
    span = coverage.span_of(coverage.months_of(whole))
    if span is None:
        words = "There is no whole license month with three public months before it in this selection."
        return Comparison(released=whole, span=None, rows=(), notes=(*whole.notes, words))
    by = filters.by if filters.by is not By.NONE else By.PRODUCT
    split = statistics.series(replace(plain, start=span.public[0], end=span.license, by=by))
    return Comparison(
        released=split,
        span=span,
        rows=(
            (SELECTION, "The selection", coverage.versus(whole, span, filters.tests)[0]),
            *_named(coverage.versus(split, span, filters.tests), by, statistics),
        ),
        notes=(*split.notes, NOTE),
    )


def _named(rows: Sequence[Versus], by: By, statistics: Statistics) -> list[tuple[str, str, Versus]]:
    """By license figure, the largest first, then by public mean; members of no trade in any of the months last."""
    order = sorted(
        rows, key=lambda row: (row.license.value is None, -(row.license.value or 0), -(row.growth.mean or 0))
    )
    return [(row.member, member_name(statistics.vocabulary, by, row.member), row) for row in order]


def row_dict(member: str, name: str, row: Versus, span: Span) -> dict[str, Any]:
    """One row as JSON has it."""
    missing = next((cell for cell in row.public if cell.value is None), None)
    change = row.growth.change
    return {
        "member": member,
        "name": name,
        "license_month": span.license,
        "license": row.license.value,
        "license_status": str(row.license.status),
        "license_as_of": row.license.as_of,
        "public_from": span.public[0],
        "public_to": span.public[-1],
        "public_mean": row.growth.mean,
        "public_status": str(missing.status if missing else row.public[0].status),
        "change": None if change is None else round(change * 100, DECIMALS),
        "change_status": _change_status(row),
        "measure": str(row.license.measure),
        "unit": row.license.unit,
    }


def _change_status(row: Versus) -> str:
    """`published`, `below_floor`, or the status of what is missing; `not_applicable` where there is nothing to grow
    from."""
    match row.growth.outcome:
        case Outcome.CHANGE:
            return "published"
        case Outcome.THIN:
            return BELOW_FLOOR
        case Outcome.NEW:
            return "not_applicable"
        case Outcome.MISSING:
            return str(row.missing[0].status) if row.missing else "not_applicable"


def to_json(found: Comparison, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/versus."""
    return {**_words(found, base), "rows": _rows(found)}


def _rows(found: Comparison) -> list[dict[str, Any]]:
    return [row_dict(*row, found.span) for row in found.rows] if found.span else []


def _words(found: Comparison, base: str) -> dict[str, Any]:
    words = answers.words(found.released, base=base)
    return {**words, "title": found.title, "summary": found.title, "notes": list(found.notes)}


def to_sheet(found: Comparison, *, base: str = "") -> Sheet:
    """The rows of a comparison for files."""
    released = found.released
    cells = [cell for _, _, row in found.rows for cell in (row.license, *row.public)]
    place = {name: NAMES.index(name) for name in ("license", "public_mean")}
    marks: dict[tuple[int, int], str] = {}
    for at, (_, _, row) in enumerate(found.rows):
        if row.license.value is None:
            marks[at, place["license"]] = mark(row.license)[0]
        missing = next((cell for cell in row.public if cell.value is None), None)
        if missing is not None:
            marks[at, place["public_mean"]] = mark(missing)[0]
    return Sheet(
        title=found.title,
        permalink=base + released.permalink,
        facts=(("title", found.title), *_facts(found, base)),
        words=_words(found, base),
        columns=tuple(_column(name, released.unit) for name in NAMES),
        rows=[[row[name] for name in NAMES] for row in _rows(found)],
        marks=marks,
        legend=legend(cells),
    )


def _facts(found: Comparison, base: str) -> list[tuple[str, str]]:
    """The facts of the answer less its title and summary, which are those of its months."""
    facts = answers.facts(found.released, base=base, notes=found.notes)
    return [(name, value) for name, value in facts if name not in ("title", "summary")]


def _column(name: str, unit: str) -> Column:
    if name == "change":
        return Column(name, Kind.NUMBER, DECIMALS)
    if name in ("license", "public_mean"):
        return replace(answers.column("value", unit), name=name, kind=Kind.NUMBER)
    return Column(name)
