"""Annotations and shapes of a Plotly figure as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.axes import INK, TICK_SIZE
from dashboard.figures.labels import LEAST, spread
from dashboard.pictures.axes import Axis, Box
from dashboard.pictures.ink import block_size, dashes, element, is_bold, plain_lines, text_block

THIRD = 1 / 3
PADDING = 1  # px, Plotly's own unless told


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where things lie: the plot's box and its axes."""

    plot: Box
    axes: dict[str, Axis]

    def x(self, reference: str, value: Any) -> float:
        """Px from the left of a value on an axis ('x2'), of the plot ('paper') or of an axis' room ('x domain')."""
        return self._place(reference, value, self.plot.left, self.plot.left + self.plot.width)

    def y(self, reference: str, value: Any) -> float:
        """Px from the top, likewise."""
        return self._place(reference, value, self.plot.top + self.plot.height, self.plot.top)

    def _place(self, reference: str, value: Any, start: float, end: float) -> float:
        if reference == "paper":
            return start + float(value) * (end - start)
        axis = self.axes[reference.removesuffix(" domain")]
        return axis.start + float(value) * (axis.end - axis.start) if reference.endswith("domain") else axis.px(value)


# -- shapes ---------------------------------------------------------------------------------------------------------


def shapes(found: Sequence[dict[str, Any]], canvas: Canvas, *, below: bool) -> str:
    """The lines and rectangles under the figures, or those above them."""
    return "".join(
        _shape(one, canvas)
        for one in found
        if one.get("visible", True) and (one.get("layer", "above") in ("below", "between")) is below
    )


def _shape(shape: dict[str, Any], canvas: Canvas) -> str:
    x0, x1 = (canvas.x(shape.get("xref", "x"), shape[end]) for end in ("x0", "x1"))
    y0, y1 = (canvas.y(shape.get("yref", "y"), shape[end]) for end in ("y0", "y1"))
    line = shape.get("line", {})
    width = line.get("width", 2)
    stroke: dict[str, Any] = {
        "stroke": line.get("color", INK) if width else None,
        "stroke_width": width or None,
        "stroke_dasharray": dashes(line.get("dash", "")),
        "opacity": shape.get("opacity"),
    }
    if shape.get("type") == "line":
        return element("path", d=f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}", **stroke)
    box = {"x": min(x0, x1), "y": min(y0, y1), "width": abs(x1 - x0), "height": abs(y1 - y0)}
    return element("rect", **box, fill=shape.get("fillcolor") or "none", **stroke)


# -- annotations ----------------------------------------------------------------------------------------------------


def annotated(found: Sequence[dict[str, Any]], canvas: Canvas) -> str:
    """All words on the figure; names at line ends are moved apart for the height that this picture has."""
    apart = _apart([one for one in found if one.get("visible", True)], canvas)
    return "".join(_annotation(one, canvas, y) for one, y in apart)


def _apart(found: Sequence[dict[str, Any]], canvas: Canvas) -> list[tuple[dict[str, Any], float]]:
    heights = [canvas.y(one.get("yref", "y"), one["y"]) - one.get("yshift", 0) for one in found]
    ends = [i for i, one in enumerate(found) if _is_end(one)]
    if len(ends) > 1:
        axis = canvas.axes[found[ends[0]].get("yref", "y")]
        room = abs(axis.end - axis.start) or 1
        top = min(axis.start, axis.end)
        shares = spread([1 - (heights[i] - top) / room for i in ends], least=LEAST / room)
        for i, share in zip(ends, shares, strict=True):
            heights[i] = top + (1 - share) * room
    return list(zip(found, heights, strict=True))


def _is_end(annotation: dict[str, Any]) -> bool:
    """Whether these are the words at the end of a line (figures.labels.end_labels)."""
    named = str(annotation.get("name", "")).isdigit()
    return named and annotation.get("xref") == "paper" and annotation.get("yref", "y") != "paper"


def _annotation(one: dict[str, Any], canvas: Canvas, y: float) -> str:
    x = canvas.x(one.get("xref", "x"), one["x"]) + one.get("xshift", 0)
    font = one.get("font", {})
    size, color = font.get("size", TICK_SIZE), font.get("color", INK)
    text = str(one.get("text", ""))
    lines = plain_lines(text)
    weight = 600 if is_bold(text) or font.get("weight", 400) in ("bold", 600, 700) else 400
    width, height = block_size(lines, size=size, weight=weight)
    arrow = ""
    if one.get("showarrow", True) and ("ax" in one or "ay" in one):
        tip = (x, y)
        x, y = x + one.get("ax", 0), y + one.get("ay", -30)
        arrow = _arrow((x, y), tip, one)
    across = _across(one)
    middle = y + _down(one) * height / 2
    left = x - {"left": 0.0, "center": width / 2, "right": width}[across]
    ground = _ground(one, left, middle, width, height)
    at = {"left": left, "center": left + width / 2, "right": left + width}
    anchor = one.get("align", "center") if len(lines) > 1 else across
    words = text_block(lines, at[anchor], middle, size=size, color=color, anchor=anchor, weight=weight)
    angle = one.get("textangle", 0)
    turned = element("g", ground + words, transform=f"rotate({angle:g} {x:.1f} {y:.1f})") if angle else ground + words
    return arrow + (element("g", turned, opacity=one["opacity"]) if "opacity" in one else turned)


def _across(one: dict[str, Any]) -> str:
    """Which side of a text its place is: as told, or as Plotly chooses it."""
    told = one.get("xanchor", "auto")
    if told != "auto":
        return str(told)
    if one.get("xref") != "paper" or one.get("showarrow", True):
        return "center"
    return "left" if one["x"] < THIRD else "right" if one["x"] > 1 - THIRD else "center"


def _down(one: dict[str, Any]) -> int:
    """Whether a text hangs under its place (1), stands on it (-1) or lies around it (0)."""
    told = one.get("yanchor", "auto")
    if told == "auto" and one.get("yref") == "paper" and not one.get("showarrow", True):
        told = "bottom" if one["y"] < THIRD else "top" if one["y"] > 1 - THIRD else "middle"
    return {"top": 1, "bottom": -1}.get(told, 0)


def _ground(one: dict[str, Any], left: float, middle: float, width: float, height: float) -> str:
    if not one.get("bgcolor") and not one.get("bordercolor"):
        return ""
    pad = one.get("borderpad", PADDING)
    return element(
        "rect",
        x=left - pad,
        y=middle - height / 2 - pad,
        width=width + 2 * pad,
        height=height + 2 * pad,
        fill=one.get("bgcolor") or "none",
        stroke=one.get("bordercolor"),
    )


def _arrow(start: tuple[float, float], tip: tuple[float, float], one: dict[str, Any]) -> str:
    d = f"M{start[0]:.1f} {start[1]:.1f}L{tip[0]:.1f} {tip[1]:.1f}"
    return element("path", d=d, stroke=one.get("arrowcolor", INK), stroke_width=one.get("arrowwidth", 1))
