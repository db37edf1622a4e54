"""Stacked bars: the largest members of one series over time, and what the others add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboard.figures.axes import BOTTOM, HEIGHT, TOP, base_layout, left_margin, period_axis, value_axis
from dashboard.figures.labels import End, end_labels, room_for
from dashboard.figures.lanes import add_lanes, gaps, lane_height
from dashboard.figures.lines import Key, Line
from dashboard.figures.palette import OTHER
from dashboard.figures.trend import LANE_MARGIN, WIDTH
from dashboard.graph import Figure
from data_access.contracts import Status
from data_access.filters import Freq
from data_access.serving.answers.cells import cell_text
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import period_words

MEMBERS = 7
"""Members with a color of their own; the eighth place is for the others."""
OTHER_ID = "other"
LIGHTER = 0.5
"""Opacity of bars of periods that are not whole."""


def stack_of(lines: Sequence[Line], *, what: str) -> tuple[Line, ...]:
    """The lines of a stack, of lines of one series in the order of their size: the first ones, and the others as one.

    The others have a figure where each of them is published, or is of something that does not exist then; else theirs
    is missing, for the reason of the first that is.
    """
    top, rest = list(lines[:MEMBERS]), list(lines[MEMBERS:])
    if len(rest) == 1:
        return (*top, rest[0])
    if not rest:
        return tuple(top)
    cells = tuple(_sum([line.cells[place] for line in rest]) for place in range(len(rest[0].cells)))
    name = f"Other ({len(rest)} {what})"
    other = replace(rest[0], member=OTHER_ID, member_label=name, label=name, color=OTHER, symbol="circle", cells=cells)
    return (*top, other)


def _sum(cells: Sequence[Cell]) -> Cell:
    missing = [cell for cell in cells if cell.value is None and cell.status is not Status.NOT_APPLICABLE]
    known = [cell for cell in cells if cell.value is not None]
    if missing or not known:
        first = (missing or list(cells))[0]
        return first._replace(low=None, high=None)
    if len({cell.as_of for cell in known}) > 1:
        # As everywhere: no sum is formed of license cells of one month with several dates.
        return known[0]._replace(value=None, status=Status.WITHHELD)
    total = sum(cell.value or 0 for cell in known)
    value = round(total, 3) if isinstance(total, float) else total
    return known[0]._replace(value=value, partial=any(cell.partial for cell in known))


def stacked_figure(released: Released, lines: Sequence[Line], *, narrow: bool = False) -> Figure:
    """The stack of `lines` (of `stack_of`, the first at the bottom) as a Plotly figure.

    A member without a figure adds nothing to a bar; the lane below says so.
    """
    freq = released.filters.freq
    names = [period_words(cell.period, freq) for cell in lines[0].cells]
    count = len(names)
    heights = [sum(line.cells[place].value or 0 for line in lines) for place in range(count)]
    axis = value_axis(heights, released.filters.measure)
    found = gaps(lines)
    plot = HEIGHT[narrow] - TOP - BOTTOM
    ends = _ends(lines, axis["range"][1]) if not narrow else []
    layout = base_layout(
        left=left_margin(axis, least=LANE_MARGIN if found else 40),
        right=room_for([end.name for end in ends]) if ends else 14,
    )
    layout |= {"xaxis": period_axis([cell.period for cell in lines[0].cells], freq, narrow=narrow), "yaxis": axis}
    layout["hovermode"] = "closest"
    figure: Figure = {"data": [], "layout": layout}
    bases = [0.0] * count
    for line in lines:
        figure["data"].append(_bars(released, line, names, bases, freq))
        bases = [base + (cell.value or 0) for base, cell in zip(bases, line.cells, strict=True)]
    add_lanes(figure, found, names=names, plot=plot, width=WIDTH[narrow], split=True)
    if ends:
        low, high = axis["range"]
        layout["annotations"] += end_labels(ends, low=low, high=high, plot=plot - lane_height(found))
    return figure


def _bars(released: Released, line: Line, names: Sequence[str], bases: Sequence[float], freq: Freq) -> dict[str, Any]:
    unit = f" {released.unit}"
    return {
        "type": "bar",
        "name": line.member_label,
        "meta": str(line.series),
        "legendgroup": line.member,
        "x": list(names),
        "y": [cell.value for cell in line.cells],
        "base": list(bases),
        "width": 0.8,
        "marker": {
            "color": line.color,
            "opacity": [LIGHTER if cell.partial else 1 for cell in line.cells],
            "line": {"color": "#ffffff", "width": 0.5},
        },
        "text": [
            f"{line.member_label}, {period_words(cell.period, freq)}: {cell_text(cell)}{unit}"
            f"{' to date' if cell.partial else ''}"
            for cell in line.cells
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _ends(lines: Sequence[Line], high: float) -> list[End]:
    """Names at the height of each member's part of the last bar in which anything stands."""
    places = [place for place in range(len(lines[0].cells)) if any(line.cells[place].value for line in lines)]
    if not places:
        return []
    ends, base = [], 0.0
    for trace, line in enumerate(lines):
        value = line.cells[places[-1]].value
        if value:
            ends.append(End(line.member_label, line.color, trace, (base + value / 2) / high))
            base += value
    return ends


def stacked_keys(lines: Sequence[Line]) -> tuple[Key, ...]:
    """The legend of a stack, from the top down as its bars stand."""
    keys = [
        Key(label=line.member_label, traces=(place,), color=line.color, symbol="square")
        for place, line in enumerate(lines)
    ]
    return tuple(reversed(keys))


def missing_words(lines: Sequence[Line]) -> tuple[str, ...]:
    """In how many periods a bar lacks a member, and that it is then no total."""
    count = sum(
        any(line.cells[place].value is None and line.cells[place].status not in _NOTHING for line in lines)
        and any(line.cells[place].value for line in lines)
        for place in range(len(lines[0].cells))
    )
    if not count:
        return ()
    periods = "one period" if count == 1 else f"{count} periods"
    return (
        f"In {periods} some members have no figure: the bar is then less than the total, and the hatched lane below "
        "says which are missing and why.",
    )


_NOTHING = (Status.NOT_APPLICABLE, Status.PUBLISHED)
