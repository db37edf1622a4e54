"""The build-up of a license month: what its licenses added up to week by week, against earlier months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.figures import palette
from dashboard.figures.axes import BOTTOM, HEIGHT, SOFT, TICK_SIZE, TOP, ZERO, base_layout, left_margin, value_axis
from dashboard.figures.labels import End, end_labels, room_for
from dashboard.figures.lines import Key
from dashboard.graph import Figure
from data_access.filters import Measure, Series, month_words
from data_access.serving.answers.cells import cell_text
from data_access.serving.coverage import Point, SameDay
from data_access.serving.gate.released import Released

EARLIER = 6
"""Earlier months that the chart draws; more would hide the running one."""
GRAYS = ("#3d4551", "#71767a", "#8d9297", "#a9aeb1", "#bcc0c4", "#c9ccd0")
"""Lines of earlier months, the newest darkest."""
DASHES = ("solid", "6px,3px", "2px,3px", "8px,3px,2px,3px", "4px,4px", "1px,4px")
"""They are told apart by dash and name, too."""


def drawn_months(build: Mapping[str, Sequence[Point]], same: SameDay) -> list[str]:
    """The months of the chart: the newest earlier ones with figures to date, and the running month last."""
    earlier = [month for month, points in build.items() if month < same.month and points[0].cell.partial]
    return [*earlier[-EARLIER:], same.month]


def buildup_figure(
    released: Released, build: Mapping[str, Sequence[Point]], same: SameDay, *, narrow: bool = False
) -> Figure:
    """The build-up of a history (`released`) as a Plotly figure; weeks are whole weeks since the month's first day."""
    months = drawn_months(build, same)
    measure = released.filters.measure
    values = [point.value for month in months for point in build[month]]
    axis = value_axis(values, measure, from_zero=measure is not Measure.AUV)
    ends = [] if narrow else [month_words(month) for month in months]
    layout = base_layout(left=left_margin(axis, least=40), right=room_for(ends) if ends else 14)
    last = max(point.week for month in months for point in build[month])
    first = min(point.week for month in months for point in build[month])
    layout |= {"xaxis": _week_axis(first, last), "yaxis": axis, "hovermode": "closest"}
    low, high = axis["range"]
    traces = [_trace(month, build[month], place=len(months) - 2 - at) for at, month in enumerate(months)]
    plot = HEIGHT[narrow] - TOP - BOTTOM
    if ends:
        found = [
            End(
                month_words(month),
                trace["line"]["color"] if at == len(months) - 1 else SOFT,
                at,
                (build[month][-1].value - low) / (high - low),
            )
            for at, (month, trace) in enumerate(zip(months, traces, strict=True))
        ]
        layout["annotations"] += end_labels(found, low=low, high=high, plot=plot)
    layout["shapes"].append(_this_week(same.point.week))
    return {"data": traces, "layout": layout}


def buildup_keys(figure: Figure) -> tuple[Key, ...]:
    """The legend of a build-up, the running month first."""
    keys: list[Key] = []
    for place, trace in reversed(list(enumerate(figure["data"]))):
        running = not keys
        keys.append(
            Key(
                label=trace["name"],
                traces=(place,),
                color=trace["line"]["color"],
                dash="" if trace["line"]["dash"] == "solid" else trace["line"]["dash"].replace("px,", " ").rstrip("px"),
                symbol="circle",
                open_symbol=running,
            )
        )
    return tuple(keys)


def _week_axis(first: int, last: int) -> dict[str, Any]:
    weeks = list(range(first, last + 1))
    return {
        "range": [first - 0.25, last + 0.25],
        "tickmode": "array",
        "tickvals": weeks,
        "ticktext": [f"week {week}" if week == first else str(week) for week in weeks],
        "tickangle": 0,
        "ticks": "outside",
        "ticklen": 5,
        "tickcolor": ZERO,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": SOFT, "size": TICK_SIZE},
    }


def _trace(month: str, points: Sequence[Point], *, place: int) -> dict[str, Any]:
    """One month; `place` counts earlier months from the newest (0), −1 is the running one."""
    running = place < 0
    color = palette.SERIES_COLORS[Series.LICENSE] if running else GRAYS[min(place, len(GRAYS) - 1)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": month_words(month),
        "legendgroup": month,
        "meta": str(Series.LICENSE),
        "x": [point.week for point in points],
        "y": [point.value for point in points],
        "cliponaxis": False,
        "line": {
            "color": color,
            "width": 2.5 if running else 1.5,
            "dash": "6px,4px" if running else DASHES[min(place, len(DASHES) - 1)],
        },
        "marker": {
            "symbol": "circle",
            "size": 8 if running else 5,
            "color": "#ffffff" if running else color,
            "line": {"color": color, "width": 2 if running else 0},
        },
        "text": [_hover(month, point) for point in points],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _hover(month: str, point: Point) -> str:
    state = "to date" if point.cell.partial else "whole month"
    return f"{month_words(month)}, week {point.week}: {cell_text(point.cell)} {point.cell.unit} ({state})<br>as of " + (
        point.cell.as_of or ""
    )


def _this_week(week: int) -> dict[str, Any]:
    mark = {"type": "line", "xref": "x", "yref": "paper", "x0": week, "x1": week, "y0": 0, "y1": 1}
    return {**mark, "line": {"color": ZERO, "width": 1, "dash": "dot"}}
