"""Events on a time axis: a thin line with a number where each falls, told below the chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dashboard.figures.axes import SOFT, TICK_SIZE
from dashboard.graph import Figure
from dashboard.words import date_words
from data_access.filters import Filters, Freq
from data_access.reference import Event

MOST = 12
"""Events that a chart marks, the newest; more would hide it."""
ON_AXIS = (Freq.MONTH, Freq.QUARTER, Freq.YTD, Freq.ROLL3, Freq.ROLL12)
"""Periods short enough for an event to have a place among them."""
LINE = "#8d9297"
NUMBER = 16  # px a number needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An event at the place of a period, its number, and the address that looks at before and after it."""

    place: int
    number: int
    id: str
    date: str
    label: str
    text: str
    source: str
    href: str
    chosen: bool


def marks_of(events: Iterable[Event], periods: Sequence[str], filters: Filters, *, page: str) -> tuple[Mark, ...]:
    """Events in the months of `periods` (ids of an answer's periods), numbered by date; `page` is where they lead.

    Of more than twelve the newest, and the chosen one.
    """
    if filters.freq not in ON_AXIS:
        return ()
    places = {period: place for place, period in enumerate(periods)}
    inside = sorted((one for one in events if _period(one, filters.freq) in places), key=lambda one: one.date)
    kept = [one for one in inside if one in inside[-MOST:] or one.id == filters.event][-MOST - 1 :]
    return tuple(
        Mark(
            place=places[_period(event, filters.freq)],
            number=number,
            id=event.id,
            date=date_words(event.date),
            label=event.label,
            text=event.text,
            source=event.source,
            href=f"{page}?{replace(filters, event=event.id).to_query()}",
            chosen=event.id == filters.event,
        )
        for number, event in enumerate(kept, start=1)
    )


def all_events_words(events: Iterable[Event], marks: Sequence[Mark], periods: Sequence[str], freq: Freq) -> str:
    """How many events of the range are not marked, in words; empty where all are."""
    inside = sum(_period(event, freq) in set(periods) for event in events)
    left = inside - len(marks)
    return f"{left} earlier events of this period are not marked." if marks and left > 0 else ""


def _period(event: Event, freq: Freq) -> str:
    if freq is not Freq.QUARTER:
        return event.month
    return f"{event.month[:4]}-Q{(int(event.month[5:]) - 1) // 3 + 1}"


def add_events(figure: Figure, marks: Sequence[Mark], *, periods: int, width: int) -> None:
    """Mark events on a figure whose axis holds `periods` and is about `width` px wide; numbers that would touch the one
    before stand lower."""
    layout = figure["layout"]
    taken = [-99.0, -99.0]
    bottom = layout["yaxis"].get("domain", [0, 1])[0]
    for mark in marks:
        at = (mark.place + 0.5) * width / periods
        row = 0 if at - taken[0] >= NUMBER else 1
        taken[row] = at
        line = {"color": LINE, "width": 1.5 if mark.chosen else 1, "dash": "1px,2px" if not mark.chosen else "solid"}
        place = {"xref": "x", "yref": "paper", "x0": mark.place, "x1": mark.place, "y0": bottom, "y1": 1}
        layout["shapes"].append({"type": "line", "layer": "below", **place, "line": line})
        layout["annotations"].append(
            {
                "name": f"event-{mark.number}",
                "x": mark.place,
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom" if row == 0 else "top",
                "text": str(mark.number),
                "hovertext": f"{mark.date}: {mark.label}",
                "showarrow": False,
                "font": {"size": TICK_SIZE - 1, "color": SOFT},
                "bgcolor": "#ffffff",
                "borderpad": 0,
            }
        )
