"""Charts of license against public figures: coverage by month, and a license month against three public months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.axes import (
    BOTTOM,
    CHAR,
    HEIGHT,
    INK,
    SOFT,
    TICK_SIZE,
    TOP,
    ZERO,
    base_layout,
    left_margin,
    period_axis,
    value_axis,
)
from dashboard.figures.labels import End, end_labels, room_for, shortened, shortest
from dashboard.figures.lanes import add_lanes, gaps, lane_height
from dashboard.figures.lines import Key, Line
from dashboard.graph import Figure
from data_access.filters import Freq, Measure
from data_access.serving.coverage import Month, Outcome, Versus
from data_access.serving.prose import THIN, amount, percent, period_words

COLOR = "#3d4551"
"""A ratio is of both series, so it has the color of neither."""
BAR = "#9c4a00"
BARS = 12
"""Rows that the chart of a comparison draws."""
WIDTH = {False: 640, True: 220}
PAPER = {False: 1000, True: 270}
"""Width of a chart, px; a guess that errs on the small side."""
LABEL = {False: 150, True: 58}
"""Room for the figure beside a bar, px."""
WORDS = {False: 190, True: 100}
"""Room for words in place of a bar, px."""
NAMES = ("Public ÷ license", "12-month mean")
"""The two lines of the coverage chart."""
LANE_MARGIN = 68  # px, for the names of lanes


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a comparison with the name it is drawn by."""

    name: str
    row: Versus


# -- coverage by month ----------------------------------------------------------------------------------------------


def coverage_figure(months: Sequence[Month], lines: Sequence[Line], *, narrow: bool = False) -> Figure:
    """Public ÷ license in percent by month, with its trailing mean; `lines` are those of the two series, for the lanes
    that tell why a month has no ratio."""
    names = [period_words(month.period, Freq.MONTH) for month in months]
    known = [one * 100 for month in months for one in (month.ratio, month.trailing) if one is not None]
    found = gaps(lines)
    axis = value_axis([*known, 100.0], Measure.SHARE, from_zero=False)
    layout = base_layout(
        left=left_margin(axis, least=LANE_MARGIN if found else 40), right=14 if narrow else room_for(NAMES)
    )
    layout |= {
        "xaxis": period_axis([month.period for month in months], Freq.MONTH, narrow=narrow),
        "yaxis": axis,
        "hovermode": "x unified",
    }
    figure: Figure = {"data": [_ratios(months, names), _means(months, names)], "layout": layout}
    layout["shapes"].append(_even())
    plot = HEIGHT[narrow] - TOP - BOTTOM
    add_lanes(figure, found, names=names, plot=plot, width=WIDTH[narrow], split=False)
    if not narrow:
        low, high = axis["range"]
        layout["annotations"] += end_labels(
            _ends(months, low, high), low=low, high=high, plot=plot - lane_height(found)
        )
    return figure


def coverage_keys() -> tuple[Key, ...]:
    """The legend of a coverage chart."""
    return (
        Key(label=NAMES[0], traces=(0,), color=SOFT, dash="2 3", symbol="diamond", open_symbol=True),
        Key(label=NAMES[1], traces=(1,), color=COLOR),
    )


def _ends(months: Sequence[Month], low: float, high: float) -> list[End]:
    ends = []
    for trace, (name, values) in enumerate(
        zip(NAMES, ([one.ratio for one in months], [one.trailing for one in months]), strict=True)
    ):
        last = next((one for one in reversed(values) if one is not None), None)
        if last is not None:
            ends.append(End(name, (SOFT, COLOR)[trace], trace, (last * 100 - low) / (high - low)))
    return ends


def _even() -> dict[str, Any]:
    """The line at which both series are equal."""
    mark = {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 100, "y1": 100}
    return {**mark, "line": {"color": ZERO, "width": 1.5}}


def _ratios(months: Sequence[Month], names: Sequence[str]) -> dict[str, Any]:
    trace = _line(NAMES[0], names, [one.ratio for one in months], color=SOFT, width=1, dash="2px,3px")
    trace["marker"] = {
        "symbol": "diamond",
        "size": 7,
        "color": "#ffffff",
        "line": {"color": SOFT, "width": 1.5},
    }
    return {**trace, "mode": "lines+markers"}


def _means(months: Sequence[Month], names: Sequence[str]) -> dict[str, Any]:
    return _line(NAMES[1], names, [one.trailing for one in months], color=COLOR, width=2.5, dash="solid")


def _line(
    name: str, names: Sequence[str], values: Sequence[float | None], *, color: str, width: float, dash: str
) -> dict[str, Any]:
    shown = [None if one is None else round(one * 100, 4) for one in values]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "x": list(names),
        "y": shown,
        "connectgaps": False,
        "cliponaxis": False,
        "line": {"color": color, "width": width, "dash": dash},
        "text": ["" if one is None else f"{name}: {one:.1f}{THIN}%" for one in shown],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


# -- a license month against three public months --------------------------------------------------------------------


def drawn(bars: Sequence[Bar]) -> list[Bar]:
    """The rows of the chart: those with a change, or with words in its place that are not 'missing', as they come."""
    return [bar for bar in bars if bar.row.growth.outcome is not Outcome.MISSING][:BARS]


def versus_figure(bars: Sequence[Bar], *, narrow: bool = False) -> Figure:
    """Changes as bars to both sides of zero; rows without one have words in their place."""
    changes = [bar.row.growth.change for bar in bars]
    known = [one * 100 for one in changes if one is not None]
    names = [shortened(bar.name) if not narrow else shortest(bar.name) for bar in bars]
    left = round(max(len(name) for name in names) * CHAR) + 32
    layout = base_layout(left=left, right=12, top=4, bottom=8)
    axis = _change_axis(known, room=PAPER[narrow] - left - 12, words=len(known) < len(bars), narrow=narrow)
    layout |= {"xaxis": axis, "yaxis": _names_axis(names), "hovermode": "closest"}
    layout["shapes"] = [_zero(len(bars))]
    layout["annotations"] = [
        _words(place, bar, narrow=narrow)
        for place, bar in enumerate(bars)
        if bar.row.growth.outcome is not Outcome.CHANGE
    ]
    return {"data": [_bars(bars, narrow=narrow)], "layout": layout}


def _change_axis(known: Sequence[float], *, room: int, words: bool, narrow: bool) -> dict[str, Any]:
    """Room at both ends, of `room` px, for the figures beside the bars; `words`: some rows have words instead."""
    low, high = min([0.0, *known]), max([0.0, *known])
    label = LABEL[narrow]
    left, right = (label if low < 0 else 0), (WORDS[narrow] if words and high < -low else label)
    px = ((high - low) or 1.0) / max(room - left - right, 40)
    return {
        "range": [low - left * px, high + right * px],
        "visible": False,
        "fixedrange": True,
    }


def _names_axis(names: Sequence[str]) -> dict[str, Any]:
    return {
        "range": [len(names) - 0.5, -0.5],
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "tickfont": {"size": 13, "color": INK},
        "ticks": "",
        "ticklabelstandoff": 6,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }


def _zero(rows: int) -> dict[str, Any]:
    mark = {"type": "line", "xref": "x", "yref": "y", "x0": 0, "x1": 0, "y0": -0.5, "y1": rows - 0.5}
    return {**mark, "line": {"color": ZERO, "width": 1.5}}


def _bars(bars: Sequence[Bar], *, narrow: bool) -> dict[str, Any]:
    changes = [bar.row.growth.change for bar in bars]
    return {
        "type": "bar",
        "orientation": "h",
        "name": "License month on three public months",
        "y": list(range(len(bars))),
        "x": [None if one is None else round(one * 100, 4) for one in changes],
        "width": 0.68,
        "marker": {"color": BAR},
        "text": [_label(bar, narrow=narrow) for bar in bars],
        "textposition": "outside",
        "textfont": {"size": TICK_SIZE, "color": INK},
        "cliponaxis": False,
        "hovertext": [_hover(bar) for bar in bars],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _label(bar: Bar, *, narrow: bool) -> str:
    """'+141.9 %', with the license figure where there is room: a large change may be one of a small figure."""
    change, cell = bar.row.growth.change, bar.row.license
    if change is None or cell.value is None:
        return ""
    return percent(change) if narrow else f"{percent(change)} ({amount(cell.value, cell.measure)})"


def _hover(bar: Bar) -> str:
    growth, cell = bar.row.growth, bar.row.license
    if growth.change is None or cell.value is None or growth.mean is None:
        return ""
    return (
        f"{bar.name}: {percent(growth.change)}<br>licenses {amount(cell.value, cell.measure)}, "
        f"public mean {amount(growth.mean, cell.measure)}"
    )


def _words(place: int, bar: Bar, *, narrow: bool) -> dict[str, Any]:
    growth, cell = bar.row.growth, bar.row.license
    words = "n/a (thin base)" if growth.outcome is Outcome.THIN else "n/a (none before)"
    said = f"{words}: {amount(cell.value, cell.measure)}" if cell.value is not None and not narrow else words
    return {
        "x": 0,
        "xref": "x",
        "xanchor": "left",
        "xshift": 6,
        "y": place,
        "yref": "y",
        "text": said,
        "showarrow": False,
        "font": {"size": TICK_SIZE, "color": SOFT},
    }


__all__ = ["Bar", "coverage_figure", "coverage_keys", "drawn", "versus_figure"]
