"""The chart cards that views are made of: ask, draw, say what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card, table_card
from dashboard.components.ranking_table import growth as growth_of
from dashboard.components.ranking_table import ranking_table
from dashboard.components.table import Table, data_table, member_table
from dashboard.figures.lines import Line, count_members, everyone, lines_of
from dashboard.figures.ranking import drawn, left_out_words, ranked, ranking_figure
from dashboard.figures.trend import trend_figure, trend_keys
from dashboard.graph import EMPTY
from dashboard.views import selection
from dashboard.views.base import Ask
from data_access.filters import By, Filters, Freq, Measure, Show
from data_access.serving.answers import ranking
from data_access.serving.gate.released import Cell, Released

MAX_COLUMNS = 16
"""Columns of a table on a page; files hold all."""
WHAT = {By.PRODUCT: "products", **dict.fromkeys((By.COUNTRY, By.SMELT, By.SMELT2, By.CAST), "countries")}


def trend_card(id_: str, ask: Ask, filters: Filters, *, members: Sequence[str] = (), of: int = 0) -> Card:
    """The trend of a selection; where it is split, of `members` (ids, in the order of the legend) out of `of`."""
    released = ask.statistics.series(filters)
    lines = lines_of(released, ask.statistics.vocabulary, members=members)
    every = of or count_members(released)
    # Of changes the largest are those on tiny figures: the sentence is then of the members drawn.
    wide = filters.by is not By.NONE and filters.show is Show.LEVEL
    words = ask.statistics.series(selection.trend(ask.filters)) if wide else None
    if not lines:
        return chart_card(id_, released, figure=EMPTY, keys=(), table=data_table(released, ()), words=words)
    shown = len({line.member for line in lines})
    extra = (
        (f"The chart and its table show {shown} of {every} {WHAT.get(filters.by, 'members')}: the largest.",)
        if shown < every
        else ()
    )
    figure = trend_figure(released, lines, narrow=ask.narrow)
    if not any(line.has_figures for line in lines):
        extra = (*extra, "Other months, a coarser product or another series may have figures.")
    if figure["layout"]["yaxis"]["range"][0] > 0:
        extra = (*extra, "The value axis does not begin at zero.")
    keys = trend_keys(lines, figure)
    return chart_card(
        id_, released, figure=figure, keys=keys, table=data_table(released, lines), extra=extra, words=words
    )


def ranking_card(id_: str, ask: Ask, by: By, *, growth: bool = False) -> Card:
    """Members by their figure over the last twelve months of the selection, or the last it has of licenses.

    The table tells shares of the total and changes on the same months of the year before; `growth` writes the changes
    beside the bars too.
    """
    filters = selection.ranking(ask, by)
    found = ranking_of(ask, filters)
    released, lines = found.released, found.lines
    rows = drawn(lines)
    if not rows:
        return replace(chart_card(id_, released, figure=EMPTY, keys=(), table=found.table), rows=0)
    changes = {line.member: growth_of(found.rows.get(line.member), filters).text for line in rows} if growth else {}
    figure = ranking_figure(released, rows, narrow=ask.narrow, changes=changes)
    extra = left_out_words(lines, rows, what=WHAT[by])
    return replace(chart_card(id_, released, figure=figure, keys=(), table=found.table, extra=extra), rows=len(rows))


@dataclass(frozen=True, slots=True)
class Ranking:
    """The members of an answer that has one period, in order: what charts, maps and their tables tell of them."""

    released: Released
    lines: Sequence[Line]
    total: Cell | None
    rows: Mapping[str, ranking.Row]
    table: Table


def ranking_of(ask: Ask, filters: Filters) -> Ranking:
    """The ranking of a selection of one period; ranking and map of a page share it."""

    def made() -> Ranking:
        released = ask.statistics.series(filters)
        lines = ranked(lines_of(released, ask.statistics.vocabulary, members=everyone(released)))
        total = total_of(ask, filters)
        rows = rows_of(ask, released, total)
        table = ranking_table(released, lines, rows=rows, shares=total is not None)
        return Ranking(released, lines, total, rows, table)

    return ask.once(("ranking", filters), made)


def rows_of(ask: Ask, released: Released, total: Cell | None) -> dict[str, ranking.Row]:
    """What a ranking tells of the members of an answer that has one period, by member: the same as the API's."""
    earlier = ask.statistics.series(selection.year_before(released.filters))
    return {row.member: row for row in ranking.rows_of(released, earlier, total, ask.statistics.vocabulary)}


def total_of(ask: Ask, filters: Filters) -> Cell | None:
    """What the shares of members are of; None of shares and unit values, which have no such total."""
    if filters.measure not in (Measure.VALUE, Measure.VOLUME):
        return None
    return ask.statistics.series(replace(filters, by=By.NONE)).cells[0]


def figures_card(id_: str, ask: Ask, filters: Filters) -> Card:
    """The figures of the whole selection as a table."""
    released = ask.statistics.series(filters)
    lines = lines_of(released, ask.statistics.vocabulary, members=everyone(released))
    shown = lines[:MAX_COLUMNS]
    extra = (
        (f"The table shows {len(shown)} of {len(lines)} columns; the files hold all.",)
        if len(shown) < len(lines)
        else ()
    )
    table = member_table(released, lines) if filters.freq is Freq.RANGE else data_table(released, shown)
    return table_card(id_, released, table=table, title="All figures of this selection", extra=extra)
