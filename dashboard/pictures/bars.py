"""Bars, patterns and heat maps of a Plotly figure as SVG."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.figures.axes import INK
from dashboard.graph import Figure
from dashboard.pictures.axes import Axis
from dashboard.pictures.ink import block_size, element, plain_lines, text_block
from dashboard.pictures.lines import at

GAP = 0.2  # of the room of a category, between bars without a width
TEXT_GAP = 4  # px between a bar and its figure
PATTERNS = {
    "/": "M-1 1L1 -1M0 {n}L{n} 0M{m} {p}L{p} {m}",
    "\\": "M-1 {m}L1 {p}M0 0L{n} {n}M{m} -1L{p} 1",
    "x": "M0 0L{n} {n}M0 {n}L{n} 0",
    "-": "M0 {h}H{n}",
    "|": "M{h} 0V{n}",
    "+": "M0 {h}H{n}M{h} 0V{n}",
}
"""Strokes of a square tile of n px, which go on in the next tile (h half of it; m one less, p one more)."""


@dataclass(slots=True)
class Fills:
    """Patterns of one picture: each is defined once, under an id that begins with `prefix`."""

    prefix: str
    found: dict[str, str] = field(default_factory=dict)

    def fill(self, color: str, pattern: dict[str, Any]) -> str:
        """What to fill with: the color, or the pattern, which becomes one of this picture's definitions."""
        if not pattern.get("shape"):
            return str(pattern.get("bgcolor") or color)
        tile = _tile(pattern, color)
        if tile not in self.found:
            self.found[tile] = f"{self.prefix}-fill-{len(self.found) + 1}"
        return f"url(#{self.found[tile]})"

    def defs(self) -> str:
        """The definitions, to stand before what uses them."""
        parts = [tile.replace("<pattern ", f'<pattern id="{id_}" ', 1) for tile, id_ in self.found.items()]
        return element("defs", "".join(parts)) if parts else ""


def _tile(pattern: dict[str, Any], color: str) -> str:
    size = float(pattern.get("size", 8))
    ink, ground = pattern.get("fgcolor", INK), pattern.get("bgcolor") or color
    width = max(0.8, size * float(pattern.get("solidity", 0.3)) * 0.6)
    if pattern["shape"] == ".":
        mark = element("circle", cx=size / 2, cy=size / 2, r=max(0.8, width * 0.9), fill=ink)
    else:
        named = {"n": size, "h": size / 2, "m": size - 1, "p": size + 1}
        d = PATTERNS.get(pattern["shape"], PATTERNS["/"]).format(**{key: f"{value:g}" for key, value in named.items()})
        mark = element("path", d=d, stroke=ink, stroke_width=width)
    ground_rect = element("rect", width=size, height=size, fill=ground)
    return element("pattern", ground_rect + mark, width=size, height=size, patternUnits="userSpaceOnUse")


# -- bars -----------------------------------------------------------------------------------------------------------


def bars(trace: dict[str, Any], x: Axis, y: Axis, *, base: list[float], slot: tuple[float, float], fills: Fills) -> str:
    """A trace of bars from `base`, each in its `slot` (offset from its category's middle and width, in categories)."""
    level = trace.get("orientation") == "h"
    along, across = (x, y) if level else (y, x)
    places, values = (trace.get("y"), trace.get("x")) if level else (trace.get("x"), trace.get("y"))
    parts = []
    for i, (place, value) in enumerate(zip(places or (), values or (), strict=True)):
        if value is None:
            continue
        middle = across.number(place) + slot[0]
        half = (at(trace.get("width"), i) or slot[1]) / 2
        ends = along.at(base[i]), along.at(base[i] + value)
        sides = across.at(middle - half), across.at(middle + half)
        parts.append(_bar(trace, i, ends=ends, sides=sides, level=level, fills=fills))
    return element("g", "".join(parts), opacity=trace.get("opacity")) if parts else ""


def _bar(
    trace: dict[str, Any], i: int, *, ends: tuple[float, float], sides: tuple[float, float], level: bool, fills: Fills
) -> str:
    marker = trace.get("marker", {})
    pattern = {name: at(value, i) for name, value in marker.get("pattern", {}).items()}
    (x0, x1), (y0, y1) = (ends, sides) if level else (sides, ends)
    edge = marker.get("line", {})
    box = element(
        "rect",
        x=min(x0, x1),
        y=min(y0, y1),
        width=abs(x1 - x0),
        height=abs(y1 - y0),
        fill=fills.fill(str(at(marker.get("color", "#1a4480"), i)), pattern),
        fill_opacity=at(marker.get("opacity"), i),
        stroke=at(edge.get("color"), i) if at(edge.get("width", 0), i) else None,
        stroke_width=at(edge.get("width", 0), i) or None,
    )
    return box + _bar_text(trace, i, ends=ends, middle=sum(sides) / 2, level=level)


def _bar_text(trace: dict[str, Any], i: int, *, ends: tuple[float, float], middle: float, level: bool) -> str:
    where = str(at(trace.get("textposition", "none"), i))
    words = str(at(trace.get("text", ""), i) or "")
    if where == "none" or not words:
        return ""
    font = trace.get("textfont", {})
    size, color = at(font.get("size", 12), i), at(font.get("color", INK), i)
    lines = plain_lines(words)
    width, height = block_size(lines, size=size)
    inside = where == "inside" or (
        where == "auto" and (width if level else height) + 2 * TEXT_GAP < abs(ends[1] - ends[0])
    )
    if inside:
        if (width if level else height) > abs(ends[1] - ends[0]):
            return ""
        center = sum(ends) / 2
        return text_block(
            lines, *((center, middle) if level else (middle, center)), size=size, color=color, anchor="center"
        )
    sign = 1 if ends[1] >= ends[0] else -1
    if level:
        anchor = "left" if sign > 0 else "right"
        return text_block(lines, ends[1] + sign * TEXT_GAP, middle, size=size, color=color, anchor=anchor)
    return text_block(lines, middle, ends[1] + sign * (TEXT_GAP + height / 2), size=size, color=color, anchor="center")


def slots(figure: Figure) -> dict[int, tuple[float, float]]:
    """Offset and width of the bars of each trace, by its place in the figure: side by side only in mode 'group'."""
    places = [i for i, trace in enumerate(figure["data"]) if trace.get("type") == "bar" and trace.get("visible", True)]
    room = 1 - figure["layout"].get("bargap", GAP)
    if figure["layout"].get("barmode", "group") != "group":
        return dict.fromkeys(places, (0.0, room))
    grouped = [i for i in places if figure["data"][i].get("width") is None]
    each = room / max(1, len(grouped))
    beside = {i: ((order - (len(grouped) - 1) / 2) * each, each) for order, i in enumerate(grouped)}
    return {i: beside.get(i, (0.0, room)) for i in places}


# -- heat maps ------------------------------------------------------------------------------------------------------


def heatmap(trace: dict[str, Any], x: Axis, y: Axis) -> str:
    """A heat map with equal cells, its figures written in them; a cell without a figure stays empty."""
    rows = trace["z"]
    across = trace.get("x") or list(range(len(rows[0]) if rows else 0))
    down = trace.get("y") or list(range(len(rows)))
    known = [value for row in rows for value in row if value is not None]
    low, high = trace.get("zmin", min(known, default=0)), trace.get("zmax", max(known, default=1))
    gaps = trace.get("xgap", 0), trace.get("ygap", 0)
    parts = []
    for j, row in enumerate(rows):
        for i, value in enumerate(row):
            if value is None:
                continue
            share = min(1.0, max(0.0, (value - low) / ((high - low) or 1)))
            parts.append(_cell(x, y, across[i], down[j], color=color_at(trace.get("colorscale"), share), gaps=gaps))
            words = _cell_words(trace, j, i)
            if words:
                font = trace.get("textfont", {})
                color = font.get("color") or ("#ffffff" if share > 0.55 else INK)
                size = font.get("size", 12)
                parts.append(text_block(words, x.px(across[i]), y.px(down[j]), size=size, color=color, anchor="center"))
    return element("g", "".join(parts)) if parts else ""


def _cell(x: Axis, y: Axis, column: object, row: object, *, color: str, gaps: tuple[float, float]) -> str:
    left, right = sorted((x.at(x.number(column) - 0.5), x.at(x.number(column) + 0.5)))
    top, bottom = sorted((y.at(y.number(row) - 0.5), y.at(y.number(row) + 0.5)))
    return element(
        "rect",
        x=left + gaps[0] / 2,
        y=top + gaps[1] / 2,
        width=max(0.0, right - left - gaps[0]),
        height=max(0.0, bottom - top - gaps[1]),
        fill=color,
    )


def _cell_words(trace: dict[str, Any], j: int, i: int) -> list[str]:
    if "text" not in trace or "%{text}" not in trace.get("texttemplate", ""):
        return []
    words = trace["text"][j][i]
    return plain_lines(str(words)) if words else []


def color_at(scale: Any, share: float) -> str:
    """The color at a share of the way along a scale of [place, '#rrggbb'] pairs, mixed between two of them."""
    stops = scale if isinstance(scale, (list, tuple)) and scale else ((0, "#e7eef7"), (1, "#1a4480"))
    before = max((stop for stop in stops if stop[0] <= share), key=lambda stop: stop[0], default=stops[0])
    after = min((stop for stop in stops if stop[0] >= share), key=lambda stop: stop[0], default=stops[-1])
    if before[0] == after[0] or not (before[1].startswith("#") and after[1].startswith("#")):
        return str(after[1])
    mix = (share - before[0]) / (after[0] - before[0])
    pairs = [(int(before[1][k : k + 2], 16), int(after[1][k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(low + (high - low) * mix):02x}" for low, high in pairs)
