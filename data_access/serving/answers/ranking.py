"""A ranking: members of one period by their figure, with their share of the total and the change on a year before.

All of it is worked out from released cells; what is not published has no rank and stands after the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_access.contracts import Status
from data_access.filters import (
    ALL,
    BadQuery,
    By,
    Chart,
    Filters,
    Measure,
    Series,
    Show,
    country_name,
    product_name,
)
from data_access.reference import Reference
from data_access.serving.answers import cells as answers
from data_access.serving.answers.sheet import Column, Kind, Sheet
from data_access.serving.answers.spans import YEAR, one_period
from data_access.serving.gate.released import Cell, Released
from data_access.serving.notes import floor_words, legend, mark
from data_access.serving.parts import fraction_of
from data_access.serving.periods import shifted
from data_access.serving.selection import licensed_only
from data_access.serving.statistics import Statistics

PERCENT = 100
DECIMALS = 2
"""Of shares and changes."""
BELOW_FLOOR = "below_floor"
"""Why there is no change: what there was a year before is too little to measure growth by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One member: its cell, the one of a year before, percent of the total, and the change on the year before (percent,
    of shares percentage points). `change_status` is `published`, the status of what is missing, or `below_floor`."""

    rank: int | None
    member: str
    name: str
    cell: Cell
    before: Cell | None
    share: float | None
    change: float | None
    change_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Ranked members of the period of `released`, and the total they are shares of."""

    released: Released
    total: Cell | None
    before: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def ranking(statistics: Statistics, filters: Filters) -> Ranking:
    """The ranking of a selection, by country unless it is split otherwise; one series, public unless one is chosen.

    Raises BadQuery for several series.
    """
    wanted = _one_line(statistics, filters)
    released = statistics.series(wanted)
    earlier = statistics.series(_year_before(wanted))
    totals = statistics.series(replace(wanted, by=By.NONE)).cells
    total = totals[0] if totals and _adds_up(wanted) else None
    rows = rows_of(released, earlier, total, statistics.vocabulary)
    return Ranking(
        released=released,
        total=total,
        before=earlier.cells[0].period if earlier.cells else "",
        rows=rows,
        notes=(*released.notes, *_notes(wanted, rows)),
    )


def member(cell: Cell, by: By) -> str | None:
    """The id by which a split tells a cell."""
    match by:
        case By.NONE:
            return None
        case By.PRODUCT:
            return cell.product
        case By.COUNTRY:
            return cell.country
        case By.SMELT:
            return cell.smelt
        case By.SMELT2:
            return cell.smelt2
        case By.CAST:
            return cell.cast


def member_name(vocabulary: Reference, by: By, id_: str) -> str:
    """A member in words."""
    words = product_name(vocabulary, id_) if by is By.PRODUCT else country_name(vocabulary, id_)
    return words[0].upper() + words[1:]


# -- what is asked --------------------------------------------------------------------------------------------------


def _one_line(statistics: Statistics, filters: Filters) -> Filters:
    by = filters.by if filters.by is not By.NONE else By.COUNTRY
    wanted = replace(filters, by=by, across=By.NONE, show=Show.LEVEL, chart=Chart.RANKING, compare="")
    return one_period(statistics, replace(wanted, series=(one_series(wanted),)))


def one_series(filters: Filters) -> Series:
    """The one series of an answer: the one chosen, else public, of smelt or cast license data; BadQuery if several."""
    if len(filters.series) == 1:
        return filters.series[0]
    if filters.series != Filters().series:
        raise several_series(filters.series)
    return Series.LICENSE if licensed_only(filters) else Series.PUBLIC


def several_series(series: Sequence[str]) -> BadQuery:
    """The error of a query for several series where an answer is of one."""
    given = ", ".join(series)
    message = f"series: this answer is of one series, found {given}; choose one of them."
    return BadQuery("series", given=given, allowed=[str(one) for one in Series], message=message)


def _year_before(filters: Filters) -> Filters:
    if not filters.start or not filters.end:
        return filters
    return replace(filters, start=shifted(filters.start, -YEAR), end=shifted(filters.end, -YEAR))


def _adds_up(filters: Filters) -> bool:
    """Whether members are parts of a total: unit values and shares are not."""
    return filters.measure in (Measure.VALUE, Measure.VOLUME)


# -- rows -----------------------------------------------------------------------------------------------------------


def rows_of(released: Released, earlier: Released, total: Cell | None, vocabulary: Reference) -> tuple[Row, ...]:
    """The ranked members of an answer of one period that is split; `earlier` is the same of a year before, `total` what
    shares are of, None where members do not add up."""
    by = released.filters.by
    olds = {member(cell, by): cell for cell in earlier.cells}
    told = [(id_, cell) for cell in released.cells if (id_ := member(cell, by)) not in (ALL, None)]
    return _ranked(
        [
            _row(cell, olds.get(id_), total, id_=id_ or ALL, name=member_name(vocabulary, by, id_ or ALL))
            for id_, cell in told
        ]
    )


def _row(cell: Cell, before: Cell | None, total: Cell | None, *, id_: str, name: str) -> Row:
    change, status = _change(cell, before)
    return Row(
        rank=None,
        member=id_,
        name=name,
        cell=cell,
        before=before,
        share=_share(cell, total),
        change=change,
        change_status=status,
    )


def _share(cell: Cell, total: Cell | None) -> float | None:
    """Percent of the total; of license data only where both are of one date, of a combined series of one source."""
    share = fraction_of(cell, total)
    return None if share is None else share * PERCENT


def _change(cell: Cell, before: Cell | None) -> tuple[float | None, str]:
    """The change of two published figures of whole periods and one source, where the earlier one is large enough."""
    if cell.value is None:
        return None, str(cell.status)
    if before is None or before.value is None:
        return None, str(before.status if before else Status.NOT_APPLICABLE)
    if cell.partial or before.partial or cell.source != before.source:
        return None, str(Status.NOT_APPLICABLE)
    if before.thin or (before.value <= 0 and cell.measure is not Measure.SHARE):
        return None, BELOW_FLOOR
    if cell.measure is Measure.SHARE:
        return cell.value - before.value, str(Status.PUBLISHED)
    return (cell.value / before.value - 1) * PERCENT, str(Status.PUBLISHED)


def _ranked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Published figures first, the largest at the top, equal ones at the same rank; then the others by name."""
    told = sorted(
        (row for row in rows if row.cell.value is not None), key=lambda row: (-(row.cell.value or 0), row.name)
    )
    others = sorted((row for row in rows if row.cell.value is None), key=lambda row: row.name)
    ranks: dict[float, int] = {}
    for place, row in enumerate(told, start=1):
        ranks.setdefault(row.cell.value or 0, place)
    return (*(replace(row, rank=ranks[row.cell.value or 0]) for row in told), *others)


def _notes(filters: Filters, rows: Sequence[Row]) -> list[str]:
    said = []
    if any(row.cell.value is None for row in rows):
        said.append("Only published figures are ranked; the others stand after them, each with its status.")
    if any(row.change_status == BELOW_FLOOR for row in rows):
        least = floor_words(filters)
        said.append(f"No change is told on less than {least} a year before: growth on a small base says little.")
    return said


# -- written out ----------------------------------------------------------------------------------------------------

NAMES = ("rank", "member", "name", "period", "series", "basis", "measure", "unit", "value", "status", "share", "before",
         "before_status", "change", "change_status", "partial", "as_of", "low", "high")  # fmt: skip


def row_dict(row: Row) -> dict[str, Any]:
    """One row as JSON has it."""
    cell, before = row.cell, row.before
    told: dict[str, Any] = {
        "rank": row.rank,
        "member": row.member,
        "name": row.name,
        "period": cell.period,
        "series": str(cell.series),
        "basis": str(cell.basis) if cell.basis else None,
        "measure": str(cell.measure),
        "unit": cell.unit,
        "value": cell.value,
        "status": str(cell.status),
        "share": _rounded(row.share),
        "before": before.value if before else None,
        "before_status": str(before.status) if before else None,
        "change": _rounded(row.change),
        "change_status": row.change_status,
        "partial": cell.partial,
        "as_of": cell.as_of,
    }
    bounds = {"low": cell.low, "high": cell.high}
    return told | {name: value for name, value in bounds.items() if value is not None}


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, DECIMALS)


def to_json(found: Ranking, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/ranking."""
    return {**_words(found, base), "rows": [row_dict(row) for row in found.rows]}


def _words(found: Ranking, base: str) -> dict[str, Any]:
    return {
        **answers.words(found.released, base=base),
        "notes": list(found.notes),
        "before_period": found.before,
        "total": answers.cell_dict(found.total) if found.total else None,
    }


def to_sheet(found: Ranking, *, base: str = "") -> Sheet:
    """The rows of a ranking for files."""
    released = found.released
    names = NAMES if released.release.ranges else NAMES[:-2]
    rows = [row_dict(row) for row in found.rows]
    place = names.index("value")
    return Sheet(
        title=released.title,
        permalink=base + released.permalink,
        facts=tuple(answers.facts(released, base=base, notes=found.notes)),
        words=_words(found, base),
        columns=tuple(_column(name, released.unit) for name in names),
        rows=[[row.get(name) for name in names] for row in rows],
        marks={(at, place): mark(row.cell)[0] for at, row in enumerate(found.rows) if row.cell.value is None},
        legend=legend([row.cell for row in found.rows]),
    )


def _column(name: str, unit: str) -> Column:
    if name == "rank":
        return Column(name, Kind.WHOLE)
    if name in ("share", "change"):
        return Column(name, Kind.NUMBER, DECIMALS)
    if name == "before":
        return replace(answers.column("value", unit), name=name)
    return answers.column(name, unit)
