"""A Plotly figure of this project as SVG: the same points, gaps, hatchings and words, without a browser.

It draws what `dashboard/figures` uses: lines with markers, areas and stacks, bars with patterns, heat maps, words,
lines and rectangles, on axes that state their range and ticks. A kind of trace that it does not know raises, so that
no picture leaves out figures in silence.
"""

from __future__ import annotations

from typing import Any

from dashboard.graph import Figure
from dashboard.pictures.axes import Axis, Box, axes_of, grid, ticks
from dashboard.pictures.bars import Fills, bars, heatmap, slots
from dashboard.pictures.ink import element
from dashboard.pictures.lines import scatter
from dashboard.pictures.marks import Canvas, annotated, shapes

NARROW = 520
"""Px below which the narrow layout of a figure is the right one."""
USUAL = {False: 400, True: 320}
"""Height of a chart, wide and narrow, px; the same as in layout.css."""
HALF_NARROW = 380
ROW, LEAST_ROWS = 36, 10
"""Height of a row of a ranking, px, and from how many rows on it has the usual height."""


class CannotDrawError(ValueError):
    """A figure has something that this renderer does not know."""


def chart_svg(figure: Figure, *, width: float, height: float, prefix: str) -> str:
    """The drawing of a figure, `width` × `height` px, as elements to stand in an `<svg>`; ids begin with `prefix`."""
    layout = figure["layout"]
    margin = layout.get("margin", {})
    left, top = margin.get("l", 60), margin.get("t", 20)
    plot = Box(
        left=left,
        top=top,
        width=max(1.0, width - left - margin.get("r", 20)),
        height=max(1.0, height - top - margin.get("b", 40)),
    )
    axes = axes_of(figure, plot)
    canvas = Canvas(plot, axes)
    fills = Fills(prefix)
    traces = "".join(_traces(figure, axes, fills))
    parts = (
        fills.defs(),
        shapes(layout.get("shapes", ()), canvas, below=True),
        grid(axes),
        traces,
        shapes(layout.get("shapes", ()), canvas, below=False),
        ticks(axes),
        annotated(layout.get("annotations", ()), canvas),
    )
    return "".join(parts)


def chart_height(figure: Figure, *, rows: int | None, narrow: bool, half: bool = False) -> int:
    """How high a chart is on a page, px, as layout.css makes it: as told by the figure, by its rows, or as usual."""
    told = figure["layout"].get("height")
    if told:
        return int(told)
    if rows and rows < LEAST_ROWS:
        return rows * ROW + 16
    return HALF_NARROW if narrow and half else USUAL[narrow]


def _traces(figure: Figure, axes: dict[str, Axis], fills: Fills) -> list[str]:
    """All visible traces; what is stacked stands on those before it."""
    stacks: dict[tuple[str, ...], dict[Any, float]] = {}
    room = slots(figure)
    stacked_bars = figure["layout"].get("barmode") in ("stack", "relative")
    found = []
    for i, trace in enumerate(figure["data"]):
        if trace.get("visible", True) is not True:
            continue
        x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
        match trace.get("type", "scatter"):
            case "scatter":
                below = _scatter_base(trace, stacks)
                found.append(scatter(trace, x, y, under=below))
            case "bar":
                base = _bar_base(trace, stacks, stacked=stacked_bars)
                found.append(bars(trace, x, y, base=base, slot=room[i], fills=fills))
            case "heatmap":
                found.append(heatmap(trace, x, y))
            case kind:
                raise CannotDrawError(f"a trace of type {kind!r}: expected scatter, bar or heatmap")
    return found


def _scatter_base(trace: dict[str, Any], stacks: dict[tuple[str, ...], dict[Any, float]]) -> list[float]:
    """Height of what a trace is stacked upon; adds it to its stack."""
    name = trace.get("stackgroup")
    if not name:
        return []
    stack = stacks.setdefault(("scatter", str(name)), {})
    base = [stack.get(place, 0.0) for place in trace["x"]]
    for place, value in zip(trace["x"], trace["y"], strict=True):
        stack[place] = stack.get(place, 0.0) + (value or 0)
    return base


def _bar_base(trace: dict[str, Any], stacks: dict[tuple[str, ...], dict[Any, float]], *, stacked: bool) -> list[float]:
    """Where each bar begins: where the trace says, on the bars of its sign before it, or at zero."""
    level = trace.get("orientation") == "h"
    places, values = (trace["y"], trace["x"]) if level else (trace["x"], trace["y"])
    told = trace.get("base")
    if told is not None:
        return list(told) if isinstance(told, (list, tuple)) else [float(told)] * len(values)
    if not stacked:
        return [0.0] * len(values)
    base = []
    axes = trace.get("xaxis", "x"), trace.get("yaxis", "y")
    for place, value in zip(places, values, strict=True):
        stack = stacks.setdefault(("bar", *axes, "down" if (value or 0) < 0 else "up"), {})
        base.append(stack.get(place, 0.0))
        stack[place] = stack.get(place, 0.0) + (value or 0)
    return base


def svg_root(content: str, *, width: float, height: float, **attributes: str | None) -> str:
    """A whole SVG of this size, which scales with the room it gets."""
    return element(
        "svg",
        content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        **attributes,
    )
