"""The main card of Explore in each of its shapes: stacked bars, matrix, map, two selections on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Row, Table, caption, data_table, figure_cell
from dashboard.figures import events as event_lines
from dashboard.figures import matrix, palette, stacked
from dashboard.figures.lines import SHORT_SERIES, Line, everyone, lines_of
from dashboard.figures.trend import WIDTH, trend_figure, trend_keys
from dashboard.figures.world import world_map
from dashboard.graph import EMPTY
from dashboard.views import cards, selection, telling
from dashboard.views.base import Ask
from data_access.filters import By, Filters, Measure, Show
from data_access.reference import Reference
from data_access.serving.answers.cells import legend
from data_access.serving.gate.released import Cell, Released
from data_access.serving.parts import are_of_one_date, sum_of
from data_access.serving.prose import THIN, period_words
from data_access.serving.wording import SHOW_WORDS, measure_words, share_of
from data_access.serving.wording import selection as selection_words

PAGE = "/explore"
LARGEST, COUNT_WORDS = 5, "five"
MOST_NAME = 48
"""Letters of a selection's name in a legend."""


def stacked_card(id_: str, ask: Ask) -> Card:
    """Stacked bars of one series by product or place: the largest members, and the others as one."""
    filters = ask.filters
    words = "Stacked bars"
    if filters.measure is Measure.AUV:
        why = "Unit values do not add up, so they are not stacked; choose volume or customs value, or lines over time."
        return telling.said(id_, title=words, summary=why, empty=why)
    if filters.show is not Show.LEVEL:
        why = "Changes and indices do not add up, so they are not stacked; choose figures, or lines over time."
        return telling.said(id_, title=words, summary=why, empty=why)
    by = selection.ranking_by(filters, ask.statistics.vocabulary)
    split = replace(selection.plain(filters), by=by)
    chosen = replace(selection.trend(split), series=(selection.ranking_series(split),))
    released = ask.statistics.series(chosen)
    lines = _stack(ask, released, chosen)
    if not any(line.has_figures for line in lines):
        return chart_card(id_, released, figure=EMPTY, keys=(), table=data_table(released, ()))
    figure = stacked.stacked_figure(released, lines, narrow=ask.narrow)
    extra = stacked.missing_words(lines)
    if len(filters.series) > 1:
        extra = (*extra, f"Stacked bars are of one series, here the {SHORT_SERIES[chosen.series[0]]} one.")
    table = data_table(released, lines)
    card = chart_card(id_, released, figure=figure, keys=stacked.stacked_keys(lines), table=table, extra=extra)
    return with_events(card, ask, released)


def _stack(ask: Ask, released: Released, chosen: Filters) -> tuple[Line, ...]:
    """Lines of a stack: the largest over the last twelve months first, colored as in other charts."""
    one_series = replace(ask, filters=chosen)
    last = replace(selection.last_months(one_series, by=chosen.by), by=chosen.by)
    largest = list(selection.largest(one_series, last, count=selection.MANY))
    every = everyone(released)
    order = [one for one in largest if one in every] + [one for one in every if one not in largest]
    vocabulary = ask.statistics.vocabulary
    top = lines_of(released, vocabulary, members=order[: stacked.MEMBERS])
    rest = lines_of(released, vocabulary, members=order[stacked.MEMBERS :]) if order[stacked.MEMBERS :] else ()
    return stacked.stack_of((*top, *rest), what=cards.WHAT[chosen.by])


def matrix_card(id_: str, ask: Ask) -> Card:
    """Products by country (or the two splits chosen) over the last months."""
    filters = selection.matrix(ask)
    released = ask.statistics.series(filters)
    grid = matrix.grid_of(released, ask.statistics.vocabulary)
    table = _grid_table(released, grid)
    if not grid.rows or not any(cell.value for cell in grid.cells.values()):
        return chart_card(id_, released, figure=EMPTY, keys=(), table=table)
    figure = matrix.matrix_figure(released, grid, narrow=ask.narrow)
    extra = matrix.left_out_words(grid, narrow=ask.narrow)
    body = ask.render(
        "classes.html",
        classes=matrix.legend_words(grid, filters.measure),
        missing=any(cell.value is None for cell in grid.cells.values()),
    )
    return replace(chart_card(id_, released, figure=figure, keys=(), table=table, extra=extra), body=body)


def _grid_table(released: Released, grid: matrix.Grid) -> Table:
    """Countries as rows, products as columns."""
    rows = []
    for row, label in zip(grid.rows, grid.row_labels, strict=True):
        cells = (grid.cell(row, column) for column in grid.columns)
        rows.append(Row(label, tuple(figure_cell(cell) if cell else telling.NO_FIGURE for cell in cells)))
    return Table(
        caption=caption(released),
        row_header="Country",
        columns=tuple(f"{label} ({released.unit})" for label in grid.column_labels),
        rows=tuple(rows),
        legend=legend(released.cells),
    )


def map_card(id_: str, ask: Ask, by: By = By.COUNTRY) -> Card:
    """Countries on a map by their figure over the last twelve months, or the last months of licenses."""
    filters = replace(selection.last_months(ask, by=by), by=by)
    found = cards.ranking_of(ask, filters)
    released, lines = found.released, found.lines
    card = chart_card(id_, released, figure=EMPTY, keys=(), table=found.table)
    if not any(line.has_figures for line in lines):
        return card
    told = _concentration(released, lines, found.total)
    card = telling.retold(card, title=f"{released.title}, on a map", summary=told)
    on = period_words(selection_id(selection.year_before(filters)), filters.freq)
    before = {member: row.before for member, row in found.rows.items() if row.before}
    world = world_map(released, lines, ask.statistics.vocabulary, before=before, on=on)
    card = replace(card, body=ask.render("map.html", map=world, label=f"Map. {card.summary}"))
    if world.elsewhere:
        card = telling.retold(card, first=(f"Not on the map: {', '.join(world.elsewhere)}.",))
    return card


def _concentration(released: Released, lines: Sequence[Line], total: Cell | None) -> str:
    """From how many countries a selection comes, and how much of it from the largest; '' where no total is known."""
    some = [line for line in lines if line.cells[0].value]
    if total is None or not total.value or len(some) <= LARGEST:
        return ""
    first = [line.cells[0] for line in some[:LARGEST]]
    largest = sum_of(first)
    if largest is None or not are_of_one_date((*first, total)):
        return ""
    hidden = sum(line.cells[0].value is None for line in lines)
    more = f"; figures of {hidden} more are not published" if hidden else ""
    when = period_words(total.period, released.filters.freq)
    return (
        f"Of the {measure_words(released.filters)} of {when}, {largest * 100 / total.value:.1f}{THIN}% came from the "
        f"{COUNT_WORDS} largest of {len(some)} countries with a figure{more}."
    )


def selection_id(filters: Filters) -> str:
    """The id of the one period of a range, or of a quarter."""
    start, end = filters.start or "", filters.end or ""
    return f"{start}/{end}" if filters.freq == "range" else f"{start[:4]}-Q{(int(start[5:7]) - 1) // 3 + 1}"


def compare_card(id_: str, ask: Ask, second: Filters) -> Card:
    """Two selections on one axis; words where what they measure is not the same."""
    vocabulary = ask.statistics.vocabulary
    pair = [selection.drawable(replace(one, by=By.NONE, across=By.NONE)) for one in (ask.filters, second)]
    names = [selection_words(one, vocabulary) for one in pair]
    title = f"{names[0]} and {names[1]}: {measure_words(pair[0])}{SHOW_WORDS[pair[0].show]}"
    first, other = (ask.statistics.series(selection.trend(one)) for one in pair)
    if first.unit != other.unit or (first.filters.measure is Measure.SHARE and share_of(pair[0]) != share_of(pair[1])):
        why = (
            f"The two selections cannot be on one axis: the first is measured in {_unit(first)}, "
            f"the second in {_unit(other)}."
        )
        return telling.said(id_, title=title, summary=why, empty=why)
    lines = _of_both((first, other), vocabulary)
    if not any(line.has_figures for line in lines):
        return chart_card(id_, first, figure=EMPTY, keys=(), table=data_table(first, lines))
    figure = trend_figure(first, lines, narrow=ask.narrow)
    keys, table = trend_keys(lines, figure), data_table(first, lines)
    card = chart_card(id_, first, figure=figure, keys=keys, table=table, api="/api/v1/compare")
    extra = tuple(note for note in other.notes if note not in first.notes and not note.startswith("Source of "))
    card = telling.retold(card, title=title, summary=f"{first.summary} {other.summary}", first=extra)
    return with_events(card, ask, first)


def _unit(released: Released) -> str:
    filters = released.filters
    return f"percent of {share_of(filters)}" if filters.measure is Measure.SHARE else released.unit


def _of_both(answers: Sequence[Released], vocabulary: Reference) -> list[Line]:
    """Lines of two answers, each selection with a color, a symbol and a name of its own."""
    found = []
    for place, released in enumerate(answers):
        words = selection_words(released.filters, vocabulary)
        name = words if len(words) <= MOST_NAME else f"{words[: MOST_NAME - 1].rstrip(' ,')}…"
        found += [
            replace(
                line,
                member=str(place + 1),
                member_label=name,
                label=f"{name}, {SHORT_SERIES[line.series]}",
                color=palette.color(place),
                symbol=palette.symbol(place),
                split=True,
            )
            for line in lines_of(released, vocabulary)
        ]
    return found


def with_events(card: Card, ask: Ask, released: Released) -> Card:
    """The card with events marked on its axis and told below it; without any, as it is."""
    periods = list(dict.fromkeys(cell.period for cell in released.cells))
    events = ask.statistics.vocabulary.events
    marks = event_lines.marks_of(events, periods, ask.filters, page=PAGE)
    if not marks or not card.has_chart:
        return card
    event_lines.add_events(card.figure, marks, periods=len(periods), width=WIDTH[ask.narrow])
    more = event_lines.all_events_words(events, marks, periods, ask.filters.freq)
    return replace(card, body=ask.render("events.html", marks=marks, more=more))
