"""Axes of a Plotly figure on a canvas: where a value lies in px, and how gridlines, ticks and their words are drawn.

Figures of this project state their ranges and ticks; what Plotly would choose by itself is chosen simply here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.figures.axes import SOFT, TICK_SIZE, value_range
from dashboard.graph import Figure
from dashboard.pictures.ink import LINE, element, group, plain_lines, text_block

DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, px from the top left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis: `start` and `end` are the px of both ends of its range; `names` the categories in their order."""

    name: str
    options: dict[str, Any]
    low: float
    high: float
    start: float
    end: float
    names: dict[str, int]

    @property
    def horizontal(self) -> bool:
        """Whether it is an x axis."""
        return self.name.startswith("x")

    def number(self, value: object) -> float:
        """A value of the figure's data as a number on the axis: a category's place, a date's days.

        Raises ValueError for what is no value of this axis.
        """
        if isinstance(value, str) and value in self.names:
            return self.names[value]
        if isinstance(value, str) and self.options.get("type") == "date":
            return _days(value)
        return float(value)  # type: ignore[arg-type]

    def px(self, value: object) -> float:
        """Where a value lies."""
        return self.at(self.number(value))

    def at(self, place: float) -> float:
        """Where a number on the axis lies."""
        span = self.high - self.low or 1
        return self.start + (place - self.low) / span * (self.end - self.start)


def axes_of(figure: Figure, plot: Box) -> dict[str, Axis]:
    """All axes of a figure by their short names ('x', 'y2'), over the plot's box."""
    layout = figure["layout"]
    names = {key.replace("axis", "") for key in layout if key.startswith(("xaxis", "yaxis"))}
    names |= {"x", "y", *(trace.get("xaxis", "x") for trace in figure["data"])}
    names |= {trace.get("yaxis", "y") for trace in figure["data"]}
    return {name: _axis(name, figure, plot) for name in sorted(names)}


def _axis(name: str, figure: Figure, plot: Box) -> Axis:
    options = figure["layout"].get(f"{name[0]}axis{name[1:]}", {})
    values = list(_values(figure, name))
    names = _categories(options, values)
    low, high = _range(options, values, names)
    first, last = options.get("domain", (0, 1))
    if name[0] == "x":
        start, end = plot.left + plot.width * first, plot.left + plot.width * last
    else:
        start, end = plot.top + plot.height * (1 - first), plot.top + plot.height * (1 - last)
    return Axis(name=name, options=options, low=low, high=high, start=start, end=end, names=names)


def _values(figure: Figure, name: str) -> Iterable[object]:
    for trace in figure["data"]:
        if trace.get(f"{name[0]}axis", name[0]) == name:
            yield from trace.get(name[0]) or ()


def _categories(options: dict[str, Any], values: Sequence[object]) -> dict[str, int]:
    texts = [value for value in values if isinstance(value, str)]
    if options.get("type") not in (None, "category") or not (texts or options.get("type")):
        return {}
    order = [*options.get("categoryarray", ()), *(str(value) for value in values)]
    return {name: place for place, name in enumerate(dict.fromkeys(order))}


def _range(options: dict[str, Any], values: Sequence[object], names: dict[str, int]) -> tuple[float, float]:
    if "range" in options:
        dated = options.get("type") == "date"
        low, high = (_days(end) if dated and isinstance(end, str) else float(end) for end in options["range"])
        return low, high
    if names:
        return -0.5, len(names) - 0.5
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    low, high, _ = value_range(numbers, from_zero=min(numbers, default=0) >= 0)
    return low, high


def _days(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() / DAY


# -- drawing --------------------------------------------------------------------------------------------------------


def grid(axes: dict[str, Axis]) -> str:
    """Gridlines and zero lines of all axes; they lie under the figures."""
    return group([line for axis in axes.values() if axis.options.get("visible", True) for line in _grid(axis, axes)])


def ticks(axes: dict[str, Axis]) -> str:
    """Ticks and words of all axes."""
    return group([part for axis in axes.values() if axis.options.get("visible", True) for part in _ticks(axis, axes)])


def other(axis: Axis, axes: dict[str, Axis]) -> Axis:
    """The axis that an axis stands on, or beside."""
    anchor = axis.options.get("anchor")
    crossing = "y" if axis.horizontal else "x"
    return axes.get(anchor or axis.name.replace(axis.name[0], crossing)) or axes[crossing]


def _grid(axis: Axis, axes: dict[str, Axis]) -> Iterable[str]:
    across = other(axis, axes)
    if axis.options.get("showgrid"):
        for value in axis.options.get("tickvals", ()):
            if axis.options.get("zeroline") and value == 0:
                continue
            color, width = axis.options.get("gridcolor", "#e3e5e9"), axis.options.get("gridwidth", 1)
            yield _rule(axis, across, axis.px(value), color, width)
    if axis.options.get("zeroline") and min(axis.low, axis.high) <= 0 <= max(axis.low, axis.high):
        color, width = axis.options.get("zerolinecolor", "#71767a"), axis.options.get("zerolinewidth", 1)
        yield _rule(axis, across, axis.at(0), color, width)


def _rule(axis: Axis, across: Axis, at: float, color: str, width: float) -> str:
    if axis.horizontal:
        return element("path", d=_d((at, across.start), (at, across.end)), stroke=color, stroke_width=width)
    return element("path", d=_d((across.start, at), (across.end, at)), stroke=color, stroke_width=width)


def _d(*points: tuple[float, float]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _ticks(axis: Axis, axes: dict[str, Axis]) -> Iterable[str]:
    across = other(axis, axes)
    upper = axis.options.get("side") in ("top", "right")
    edge = across.end if upper else across.start
    away = (-1 if upper else 1) if axis.horizontal else (1 if upper else -1)
    length = axis.options.get("ticklen", 5) if axis.options.get("ticks") == "outside" else 0
    font = axis.options.get("tickfont", {})
    size, color = font.get("size", TICK_SIZE), font.get("color", SOFT)
    gap = length + (axis.options.get("ticklabelstandoff", 0) or 3)
    words = axis.options.get("ticktext") or [str(value) for value in axis.options.get("tickvals", ())]
    for value, word in zip(axis.options.get("tickvals", ()), words, strict=False):
        at = axis.px(value)
        if length:
            ends = ((at, edge), (at, edge + away * length))
            ends = ends if axis.horizontal else tuple((y, x) for x, y in ends)  # type: ignore[assignment]
            yield element("path", d=_d(*ends), stroke=axis.options.get("tickcolor", "#71767a"))
        if axis.options.get("showticklabels", True):
            lines = plain_lines(str(word))
            if axis.horizontal:
                middle = edge + away * (gap + len(lines) * size * LINE / 2)
                yield text_block(lines, at, middle, size=size, color=color, anchor="center")
            else:
                anchor = "left" if upper else "right"
                yield text_block(lines, edge + away * gap, at, size=size, color=color, anchor=anchor)
