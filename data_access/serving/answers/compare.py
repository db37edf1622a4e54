"""Two selections in one answer: the first, and the one that its `compare` names; all else is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from data_access.filters import SECOND, BadQuery, Filters
from data_access.serving.answers import cells as answers
from data_access.serving.answers.sheet import Column, Kind, Sheet
from data_access.serving.gate.released import Released
from data_access.serving.notes import legend
from data_access.serving.statistics import Statistics

ONE, TWO = 1, 2


@dataclass(frozen=True, slots=True)
class Compared:
    """The answers to both selections, of one release, and the address of the page that shows them together."""

    first: Released
    second: Released
    permalink: str


def compare(statistics: Statistics, filters: Filters) -> Compared:
    """Both answers; raises BadQuery where the query names no second selection."""
    second = filters.second(statistics.vocabulary)
    if second is None:
        message = "compare: expected a second selection, a query of its own, as compare=product%3Dfoil%26country%3DCHN."
        raise BadQuery("compare", given="", allowed=list(SECOND), message=message)
    found = [statistics.series(one) for one in (replace(filters, compare=""), second)]
    if found[0].release.id != found[1].release.id:  # a new release came in between
        found = [statistics.series(one) for one in (replace(filters, compare=""), second)]
    link = f"/explore?{replace(found[0].filters, compare=filters.compare).to_query()}"
    return Compared(found[0], found[1], link)


def to_json(found: Compared, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/compare: two answers of /api/v1/series, and what holds for both."""
    first, second = (answers.to_json(one, base=base) for one in (found.first, found.second))
    return {
        "release": first["release"],
        "title": title(found),
        "permalink": base + found.permalink,
        "first": first,
        "second": second,
    }


def title(found: Compared) -> str:
    """Both titles in one line."""
    return f"{found.first.title} / {found.second.title}"


def to_sheet(found: Compared, *, base: str = "") -> Sheet:
    """The cells of both, the column `selection` tells which (1, 2)."""
    both = [(ONE, answers.sheet(found.first, base=base)), (TWO, answers.sheet(found.second, base=base))]
    columns = list(dict.fromkeys(column for _, one in both for column in one.columns))
    rows = [[number, *_under(columns, one, row)] for number, one in both for row in one.rows]
    place = 1 + next(at for at, column in enumerate(columns) if column.name == "value")
    cells = [*found.first.cells, *found.second.cells]
    return Sheet(
        title=title(found),
        permalink=base + found.permalink,
        facts=(
            ("title", title(found)),
            ("permalink", base + found.permalink),
            *((f"{name} ({number})", value) for number, one in both for name, value in one.facts),
        ),
        words=to_json(found, base=base) | {"first": dict(both[0][1].words), "second": dict(both[1][1].words)},
        columns=(Column("selection", Kind.WHOLE), *columns),
        rows=rows,
        marks={(at, place): answers.mark(cell)[0] for at, cell in enumerate(cells) if cell.value is None},
        legend=legend(cells),
    )


def _under(columns: list[Column], sheet: Sheet, row: Any) -> list[Any]:
    """A row of a sheet under columns of which it may lack some."""
    own = {column.name: value for column, value in zip(sheet.columns, row, strict=True)}
    return [own.get(column.name) for column in columns]
