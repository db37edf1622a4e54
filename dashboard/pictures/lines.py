"""Lines, markers and areas of a Plotly figure as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dashboard.pictures.axes import Axis
from dashboard.pictures.ink import dashes, element, plain_lines, text_block
from dashboard.templating import SHAPES

SIZE = 6.0  # px, of Plotly's markers unless told
SHAPE_SIZE = 7.0  # px, of the paths in SHAPES
Point = tuple[float, float]


def scatter(trace: dict[str, Any], x: Axis, y: Axis, *, under: Sequence[float] = ()) -> str:
    """A trace of lines, markers, text or an area; `under` is the height of what it is stacked upon, point by point."""
    places, values = list(trace.get("x") or ()), list(trace.get("y") or ())
    stacked = bool(trace.get("stackgroup"))
    if stacked:
        values = [(value or 0) + low for value, low in zip(values, under, strict=True)]
    points = [_point(x, y, place, value) for place, value in zip(places, values, strict=True)]
    runs = _runs(points, connect=bool(trace.get("connectgaps")))
    mode = trace.get("mode", "lines")
    parts = []
    if stacked or trace.get("fill", "none") != "none":
        base = list(under) if stacked else [0.0] * len(values)
        floor = [_point(x, y, place, value) for place, value in zip(places, base, strict=True)]
        parts.append(_area(trace, points, floor))
    if "lines" in mode:
        parts += [_line(trace, run) for run in runs]
    if "markers" in mode:
        parts += _markers(trace, points)
    if "text" in mode:
        parts += _texts(trace, points)
    return element("g", "".join(parts), opacity=trace.get("opacity")) if parts else ""


def _point(x: Axis, y: Axis, place: object, value: object) -> Point | None:
    return None if value is None or place is None else (x.px(place), y.px(value))


def _runs(points: Sequence[Point | None], *, connect: bool) -> list[list[Point]]:
    """Points without a gap between them."""
    if connect:
        return [[point for point in points if point]]
    runs: list[list[Point]] = [[]]
    for point in points:
        if point:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _line(trace: dict[str, Any], run: Sequence[Point]) -> str:
    line = trace.get("line", {})
    if not line.get("width", 2):
        return ""
    return element(
        "path",
        d=_d(_stepped(run) if line.get("shape") == "hv" else run),
        fill="none",
        stroke=line.get("color", "#1a4480"),
        stroke_width=line.get("width", 2),
        stroke_dasharray=dashes(line.get("dash", "")),
        stroke_linejoin="round",
    )


def _stepped(run: Sequence[Point]) -> list[Point]:
    corners = [(after[0], before[1]) for before, after in pairwise(run)]
    return [run[0], *(point for pair in zip(corners, run[1:], strict=True) for point in pair)]


def _d(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _area(trace: dict[str, Any], points: Sequence[Point | None], floor: Sequence[Point | None]) -> str:
    outline = [point for point in points if point] + [point for point in reversed(floor) if point]
    color = trace.get("fillcolor")
    own = trace.get("line", {}).get("color", "#1a4480")
    return element("path", d=_d(outline) + "Z", fill=color or own, fill_opacity=None if color else "0.5")


def _markers(trace: dict[str, Any], points: Sequence[Point | None]) -> list[str]:
    marker = trace.get("marker", {})
    edge = marker.get("line", {})
    found = []
    for place, point in enumerate(points):
        size = at(marker.get("size", SIZE), place)
        if not point or not size:
            continue
        symbol = str(at(marker.get("symbol", "circle"), place))
        color = at(marker.get("color", trace.get("line", {}).get("color", "#1a4480")), place)
        width = at(edge.get("width", 0), place)
        hollow = symbol.endswith("-open")
        found.append(
            marker_shape(
                symbol.removesuffix("-open"),
                point,
                size=size,
                fill="#ffffff" if hollow else color,
                stroke=color if hollow else at(edge.get("color", color), place),
                width=width or (2 if hollow else 0),
            )
        )
    return found


def marker_shape(symbol: str, point: Point, *, size: float, fill: str, stroke: str, width: float) -> str:
    """One marker, `size` px wide."""
    edge: dict[str, Any] = {"fill": fill, "stroke": stroke if width else None, "stroke_width": width or None}
    if symbol == "circle" or symbol not in SHAPES:
        return element("circle", cx=point[0], cy=point[1], r=size / 2, **edge)
    scale = size / SHAPE_SIZE
    move = f"translate({point[0]:.1f} {point[1]:.1f})" + (f" scale({scale:.2f})" if abs(scale - 1) > 0.01 else "")
    return element("path", d=SHAPES[symbol], transform=move, **edge)


def _texts(trace: dict[str, Any], points: Sequence[Point | None]) -> list[str]:
    font = trace.get("textfont", {})
    size = font.get("size", 12)
    found = []
    for place, point in enumerate(points):
        words = at(trace.get("text", ""), place)
        if point and words:
            where = str(at(trace.get("textposition", "middle center"), place))
            x, y, anchor = _beside(point, where, size=size)
            color = at(font.get("color", "#1b1b1b"), place)
            found.append(text_block(plain_lines(str(words)), x, y, size=size, color=color, anchor=anchor))
    return found


def _beside(point: Point, where: str, *, size: float) -> tuple[float, float, str]:
    side = {"left": (-6, "right"), "right": (6, "left")}
    aside, anchor = next((found for name, found in side.items() if name in where), (0, "center"))
    down = -size if "top" in where else size if "bottom" in where else 0
    return point[0] + aside, point[1] + down, anchor


def at(value: Any, place: int) -> Any:
    """A property that holds for all points, or of one of them."""
    if isinstance(value, (list, tuple)):
        return value[place] if place < len(value) else None
    return value
