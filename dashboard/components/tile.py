"""Headline tiles: a figure, what it is, and how it changed, in sentences made of released cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_access.contracts import Status
from data_access.filters import Freq, Series
from data_access.serving.answers.cells import status_words
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import amount, period_words, told_change

UNKNOWN = (Status.NOT_YET, Status.NOT_REPORTED)
WORDS = {
    Status.WITHHELD: "Withheld (D)",
    Status.NOT_PUBLISHED: "Not published",
    Status.NOT_APPLICABLE: "None exist",
}
HEADINGS = {Series.PUBLIC: "Public statistics", Series.LICENSE: "License data", Series.COMBINED: "Combined series"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One headline; `muted` where it holds words in place of a figure."""

    kind: str
    heading: str
    figure: str
    sentences: tuple[str, ...]
    as_of: str
    muted: bool = False


def latest_tile(released: Released, *, as_of: str) -> Tile:
    """The latest month of one series that is known, with its change on the month and the year before.

    A month still running is told beside the last whole one.
    """
    series = released.filters.series[0]
    cells = released.cells
    known = [place for place, cell in enumerate(cells) if cell.status not in UNKNOWN]
    place = max((place for place in known if not cells[place].partial), default=max(known, default=None))
    if place is None:
        status = cells[-1].status if cells else Status.NOT_REPORTED
        return _without_figure(series, HEADINGS[series], status, as_of)
    cell = cells[place]
    heading = f"{HEADINGS[series]}, {period_words(cell.period, released.filters.freq)}"
    if cell.value is None:
        return _without_figure(series, heading, cell.status, as_of)
    return Tile(
        kind=str(series),
        heading=heading,
        figure=amount(cell.value, cell.measure),
        sentences=(*_changes(cells, place), *_running(cells[place + 1 :])),
        as_of=as_of,
    )


def _running(cells: Sequence[Cell]) -> tuple[str, ...]:
    """The newest month still running that has a figure."""
    for cell in reversed(cells):
        if cell.value is not None:
            return (f"{period_words(cell.period, Freq.MONTH)}: {amount(cell.value, cell.measure)} so far.",)
    return ()


def span_tile(now: Released, before: Released, *, as_of: str) -> Tile:
    """A whole range against the one before it, public statistics."""
    cell, earlier = now.cells[0], before.cells[0]
    heading = f"{HEADINGS[Series.PUBLIC]}, {period_words(cell.period, now.filters.freq)}"
    if cell.value is None:
        return _without_figure(Series.PUBLIC, heading, cell.status, as_of)
    words = told_change(cell, earlier, "the 12 months before")
    return Tile(
        kind="public",
        heading=heading,
        figure=amount(cell.value, cell.measure),
        sentences=(_sentence(words),) if words else ("There are no figures for the 12 months before.",),
        as_of=as_of,
    )


def _without_figure(series: Series, heading: str, status: Status, as_of: str) -> Tile:
    mark, meaning = status_words[status]
    figure = WORDS.get(status, mark.capitalize())
    return Tile(
        kind=str(series), heading=heading, figure=figure, sentences=(_sentence(meaning),), as_of=as_of, muted=True
    )


def _changes(cells: Sequence[Cell], place: int) -> tuple[str, ...]:
    now = cells[place]
    if now.partial:
        return ("Month to date; it is not compared with whole months.",)
    said = []
    for lag in (1, 12):
        before = cells[place - lag] if place >= lag else None
        words = told_change(now, before, period_words(before.period, Freq.MONTH)) if before else ""
        if words:
            said.append(words)
    if not said:
        return ("There is no earlier figure to compare with.",)
    return (_sentence(", ".join(said)),)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
