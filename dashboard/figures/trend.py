"""The trend: figures over time, a line for each series of each member; what has no figure lies in lanes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboard.figures.axes import BOTTOM, HEIGHT, SOFT, TOP, ZERO, base_layout, left_margin, period_axis, value_axis
from dashboard.figures.labels import End, end_labels, room_for
from dashboard.figures.lanes import add_lanes, gaps, lane_height
from dashboard.figures.lines import LICENSE_DASH, SERIES_LABELS, Key, Line
from dashboard.graph import Figure
from data_access.filters import Freq, Measure, Series, Show
from data_access.serving.answers.cells import cell_text
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import period_words, told_change

DASH = "6px,4px"
DENSE = {False: 40, True: 18}
"""Periods, wide and narrow, up to which a line of licenses has a marker at each of its points."""
FEW = 12
"""Periods up to which a line of public figures has one."""
LAGS = {
    Freq.MONTH: (1, 12),
    Freq.QUARTER: (1, 4),
    Freq.YEAR: (1,),
    Freq.YTD: (12,),
    Freq.ROLL3: (12,),
    Freq.ROLL12: (12,),
    Freq.RANGE: (),
}
LEVELS = ("t", "US$", "US$/t", "%")
"""Units of figures as they are; changes and indices are not compared once more."""
WIDTH = {False: 640, True: 220}
"""Width of a plot, wide and narrow, px; a guess that errs on the small side, to keep words apart."""
LANE_MARGIN = 68  # px, for the names of lanes


def trend_figure(released: Released, lines: Sequence[Line], *, narrow: bool = False) -> Figure:
    """The trend of `lines` (of `released`) as a Plotly figure, for a chart as high as layout.css makes it."""
    measure, freq = released.filters.measure, released.filters.freq
    names = [period_words(cell.period, freq) for cell in lines[0].cells]
    values = [cell.value for line in lines for cell in line.cells if cell.value is not None]
    found = gaps(lines)
    show = released.filters.show
    axis = value_axis(values, measure, from_zero=_from_zero(measure, show), show=show)
    shown = [line for line in lines if line.has_figures]
    if not shown:
        axis |= {"showticklabels": False, "showgrid": False}
    ends = _end_names(shown) if not narrow else []
    layout = base_layout(
        left=left_margin(axis, least=LANE_MARGIN if found else 40),
        right=room_for(ends) if ends else 14,
    )
    layout |= {"xaxis": period_axis([cell.period for cell in lines[0].cells], freq, narrow=narrow), "yaxis": axis}
    layout["hovermode"] = "x unified" if len(lines) <= 3 else "closest"
    figure: Figure = {"data": [], "layout": layout}
    for line in lines:
        figure["data"] += _traces(line, names, freq, narrow=narrow)
    plot = HEIGHT[narrow] - TOP - BOTTOM
    add_lanes(figure, found, names=names, plot=plot, width=WIDTH[narrow], split=lines[0].split)
    if ends:
        low, high = axis["range"]
        found_ends = _ends(shown, figure, low=low, high=high)
        layout["annotations"] += end_labels(found_ends, low=low, high=high, plot=plot - lane_height(found))
    _mark_joins(figure, lines)
    return figure


def _from_zero(measure: Measure, show: Show) -> bool:
    """Whether an axis must hold zero: that of amounts, and of changes."""
    return show is Show.YOY or (show is Show.LEVEL and measure is not Measure.AUV)


def trend_keys(lines: Sequence[Line], figure: Figure) -> tuple[Key, ...]:
    """The legend of a trend: boxes that show and hide its traces, for each member and, of several, for each series."""
    if not lines[0].split:
        return tuple(_key([line], figure, label=line.label, like=line) for line in lines)
    members = dict.fromkeys(line.member for line in lines)
    series = dict.fromkeys(line.series for line in lines)
    of_member = {member: [line for line in lines if line.member == member] for member in members}
    of_series = {one: [line for line in lines if line.series is one] for one in series}
    keys = [_key(own, figure, label=own[0].member_label, like=own[0]) for own in of_member.values()]
    if len(series) > 1:
        plain = {one: replace(own[0], color=SOFT, symbol="circle") for one, own in of_series.items()}
        keys += [_key(own, figure, label=SERIES_LABELS[one], like=plain[one]) for one, own in of_series.items()]
    return tuple(keys)


def _key(own: Sequence[Line], figure: Figure, *, label: str, like: Line) -> Key:
    groups = {_group(line) for line in own}
    dashed = all(line.series is Series.LICENSE for line in own)
    return Key(
        label=label,
        traces=tuple(place for place, trace in enumerate(figure["data"]) if trace.get("legendgroup") in groups),
        color=like.color,
        dash=LICENSE_DASH if dashed else "",
        symbol=like.symbol if like.split or dashed else "",
        open_symbol=dashed,
    )


# -- traces ---------------------------------------------------------------------------------------------------------


def _traces(line: Line, names: Sequence[str], freq: Freq, *, narrow: bool) -> list[dict[str, Any]]:
    """Solid where figures are public, dashed with open markers where they are of licenses, lighter where not whole."""
    if line.series is Series.COMBINED:
        public = [cell.value is not None and cell.source != "license" for cell in line.cells]
        licensed = [cell.value is not None and cell.source == "license" for cell in line.cells]
        joined = [flag or (_before(licensed, place) and public[place]) for place, flag in enumerate(licensed)]
        parts = [(public, False), (joined, True)] if any(licensed) else [(public, False)]
    else:
        parts = [([cell.value is not None and not cell.partial for cell in line.cells], line.series is Series.LICENSE)]
    partial = [cell.value is not None and cell.partial for cell in line.cells]
    traces = [
        _trace(line, names, freq, keep=keep, licensed=licensed, first=not place, narrow=narrow)
        for place, (keep, licensed) in enumerate(parts)
    ]
    if any(partial) and line.series is not Series.COMBINED:
        traces.append(_partial_trace(line, names, freq, partial, narrow=narrow))
    return traces


def _before(flags: Sequence[bool], place: int) -> bool:
    return place + 1 < len(flags) and flags[place + 1]


def _trace(
    line: Line, names: Sequence[str], freq: Freq, *, keep: Sequence[bool], licensed: bool, first: bool, narrow: bool
) -> dict[str, Any]:
    values = [cell.value if kept else None for cell, kept in zip(line.cells, keep, strict=True)]
    marker = _marker(line, values, licensed=licensed, narrow=narrow)
    return {
        "type": "scatter",
        "mode": "lines+markers" if any(marker["size"]) else "lines",
        "name": line.label,
        "legendgroup": _group(line),
        "showlegend": first,
        "meta": str(line.series),
        "x": list(names),
        "y": values,
        "connectgaps": False,
        "cliponaxis": False,
        "line": {"color": line.color, "width": 2 if line.split else 2.5, "dash": DASH if licensed else "solid"},
        "marker": marker,
        "text": [_hover(line, place, freq) if kept else "" for place, kept in enumerate(keep)],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _marker(line: Line, values: Sequence[float | None], *, licensed: bool, narrow: bool) -> dict[str, Any]:
    count = len(values)
    if licensed and count <= DENSE[narrow]:
        size: list[float] = [6.0 if line.split else 7.0] * count
    elif line.split or licensed:
        step = max(1, count // 7)
        last = max((place for place, value in enumerate(values) if value is not None), default=0)
        size = [7.0 if (last - place) % step == 0 else 0.0 for place in range(count)]
    else:
        size = [7.0 if count <= FEW else 0.0] * count
    for place, value in enumerate(values):
        alone = value is not None and _none(values, place - 1) and _none(values, place + 1)
        size[place] = max(size[place], 7.0) if alone else size[place]
    fill = "#ffffff" if licensed else line.color
    edge = [2.0 if licensed and one else 0.0 for one in size]
    return {
        "symbol": line.symbol,
        "size": size,
        "opacity": 1,
        "color": fill,
        "line": {"color": line.color, "width": edge},
    }


def _none(values: Sequence[float | None], place: int) -> bool:
    return not 0 <= place < len(values) or values[place] is None


def _partial_trace(
    line: Line, names: Sequence[str], freq: Freq, partial: Sequence[bool], *, narrow: bool
) -> dict[str, Any]:
    """Periods that are not whole: lighter, tied to the period before, told as 'to date'."""
    keep = [
        flag or (_before(partial, place) and line.cells[place].value is not None) for place, flag in enumerate(partial)
    ]
    trace = _trace(line, names, freq, keep=keep, licensed=True, first=False, narrow=narrow)
    trace |= {"opacity": 0.5, "name": f"{line.label}, to date"}
    trace["line"] = {**trace["line"], "dash": "2px,3px"}
    return trace


def _hover(line: Line, place: int, freq: Freq) -> str:
    """'Public statistics: 432,123.456 t, up 5.3 % on Feb 2025 …'."""
    cell = line.cells[place]
    # No markup: Plotly would turn it into inline styles, which the content security policy refuses.
    name = line.label if not line.split else f"{line.label}, {period_words(cell.period, freq)}"
    words = [f"{name}: {cell_text(cell)} {cell.unit}{' to date' if cell.partial else ''}"]
    if cell.unit in LEVELS:
        words += [change for lag in LAGS[freq] if (change := _change(line.cells, place, lag, freq))]
    if cell.source:
        words.append(f"from {cell.source.replace('+', ' and ')} figures")
    return "<br>".join(words)


def _change(cells: Sequence[Cell], place: int, lag: int, freq: Freq) -> str:
    before = cells[place - lag] if place >= lag else None
    return told_change(cells[place], before, period_words(before.period, freq)) if before else ""


def _group(line: Line) -> str:
    return f"{line.series}-{line.member}"


# -- names at line ends, joins --------------------------------------------------------------------------------------


def _end_names(lines: Sequence[Line]) -> list[str]:
    return [line.member_label for line in lines]


def _ends(lines: Sequence[Line], figure: Figure, *, low: float, high: float) -> list[End]:
    """One end a member (or, unsplit, a series): where its line that reaches furthest ends."""
    furthest: dict[str, tuple[int, Line]] = {}
    for line in lines:
        last = max(place for place, cell in enumerate(line.cells) if cell.value is not None)
        key = line.member if line.split else str(line.series)
        if key not in furthest or last > furthest[key][0]:
            furthest[key] = (last, line)
    ends = []
    for last, line in furthest.values():
        value = line.cells[last].value or 0
        trace = next(place for place, one in enumerate(figure["data"]) if one.get("legendgroup") == _group(line))
        ends.append(End(line.member_label, line.color, trace, (value - low) / (high - low)))
    return ends


def _mark_joins(figure: Figure, lines: Sequence[Line]) -> None:
    """A thin line where license figures take over in a combined series that is not split."""
    for line in lines:
        if line.series is not Series.COMBINED or line.split:
            continue
        place = next((i for i, cell in enumerate(line.cells) if i and cell.source == "license"), None)
        if place is None or line.cells[place - 1].source != "public":
            continue
        at = place - 0.5
        mark = {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1}
        figure["layout"]["shapes"].append({**mark, "line": {"color": ZERO, "width": 1, "dash": "dot"}})
        figure["layout"]["annotations"].append(
            {
                "x": at,
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "top",
                "xanchor": "right",
                "xshift": -4,
                "text": "licenses from here →",
                "showarrow": False,
                "font": {"size": 11, "color": SOFT},
            }
        )
