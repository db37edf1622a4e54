"""The figures of the surge tests drawn into a trend: means of three and of twelve months, and the month tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.figures.axes import SOFT
from dashboard.figures.lines import Line
from dashboard.graph import Figure
from data_access.filters import Series
from data_access.serving.indicators import mean
from data_access.serving.surges.flags import Flag
from data_access.serving.surges.rules import whole

BAND = "rgba(199, 138, 0, 0.16)"
MEAN_COLOR = "#b50909"
YEAR_COLOR = "#51575f"


def draw_tests(figure: Figure, lines: Sequence[Line], flag: Flag, *, narrow: bool) -> None:
    """Add to the trend of `lines` what R1 compares, and the two means that R3 does, where they can be worked out."""
    cells = {line.series: line.cells for line in lines}
    own = cells.get(flag.series, ())
    months = [cell.period for cell in own]
    if flag.month not in months:
        return
    tested = months.index(flag.month)
    compared = cells.get(Series.PUBLIC, ())
    end = tested if flag.series is Series.PUBLIC else _last_figure(compared) + 1
    shapes: list[dict[str, Any]] = figure["layout"]["shapes"]
    notes: list[dict[str, Any]] = figure["layout"]["annotations"]
    shapes.append(_band(tested))
    for first, last, label in ((tested - 11, tested, "R3"), (tested - 23, tested - 12, "R3")):
        level = mean([whole(cell) for cell in own[max(first, 0) : last + 1]]) if first >= 0 else None
        if level is not None:
            shapes.append(_level(first, last, level, YEAR_COLOR, dash="dot"))
            if not narrow:
                notes.append(_name(first - 0.5, level, f"{label}: mean of 12 months", YEAR_COLOR, anchor="left"))
    if end >= 3:
        shapes.append(_level(end - 3, end - 1, flag.base, MEAN_COLOR, dash="solid"))
        if not narrow:
            notes.append(_name(end - 0.5, flag.base, "R1: mean of 3 months", MEAN_COLOR, anchor="right", below=True))


def _last_figure(cells: Sequence[Any]) -> int:
    return max((place for place, cell in enumerate(cells) if whole(cell) is not None), default=-1)


def _band(place: int) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "y domain",
        "x0": place - 0.5,
        "x1": place + 0.5,
        "y0": 0,
        "y1": 1,
        "fillcolor": BAND,
        "line": {"width": 0},
        "layer": "below",
    }


def _level(first: int, last: int, level: float, color: str, *, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "y",
        "x0": first - 0.5,
        "x1": last + 0.5,
        "y0": level,
        "y1": level,
        "line": {"color": color, "width": 2, "dash": dash},
    }


def _name(place: float, level: float, text: str, color: str, *, anchor: str, below: bool = False) -> dict[str, Any]:
    return {
        "xref": "x",
        "yref": "y",
        "x": place,
        "y": level,
        "text": text,
        "xanchor": anchor,
        "yanchor": "top" if below else "bottom",
        "yshift": -2 if below else 2,
        "showarrow": False,
        "font": {"size": 11, "color": color if color != YEAR_COLOR else SOFT},
        "bgcolor": "rgba(255, 255, 255, 0.8)",
    }
