"""Words laid out one under the other: the head and the foot of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.components.card import Card
from dashboard.figures.axes import INK, SOFT
from dashboard.figures.labels import shortened
from dashboard.figures.lines import Key
from dashboard.graph import Figure
from dashboard.pictures.body import events
from dashboard.pictures.ink import dashes, element, line_of_text, plain_lines
from dashboard.pictures.lines import marker_shape
from dashboard.pictures.typeface import text_width, wrapped

HEIGHT = 1.4
"""Distance of two lines, as a multiple of the size of the type."""
OCHRE = "#9c4a00"
KEY = 30  # px, the sample of a line
SWATCH = 22  # px, a painted box
KEY_GAP, ENTRY_GAP, KEY_ROW = 8, 24, 24  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A paragraph: its type, the gap above it, at most how many lines (0: all)."""

    text: str
    size: float
    color: str = INK
    weight: int = 400
    gap: float = 0
    most: int = 0


def stacked(parts: Sequence[Words], *, x: float, top: float, width: float) -> tuple[str, float]:
    """Paragraphs from `top` down, wrapped to `width`; gives their elements and where they end."""
    found = []
    down = top
    for part in parts:
        if not part.text:
            continue
        down += part.gap
        for line in wrapped(part.text, width, size=part.size, weight=part.weight, most=part.most):
            base = down + part.size * (HEIGHT / 2 + 0.35)
            found.append(line_of_text(line, x, base, size=part.size, color=part.color, weight=part.weight))
            down += part.size * HEIGHT
    return "".join(found), down


def head_of(card: Card) -> tuple[Words, ...]:
    """Mark of a demonstration, title, subtitle and summary."""
    return (
        Words(text=str(card.export.get("demonstration", "")), size=13, color=OCHRE, weight=600),
        Words(text=card.title, size=22, weight=600, gap=4),
        Words(text=card.subtitle, size=15, color=SOFT, gap=2),
        Words(text=card.summary, size=15, gap=8),
        Words(text=card.empty, size=15, gap=16),
    )


def foot_of(card: Card, *, link: str) -> tuple[Words, ...]:
    """Events marked on the chart, source, notes and address."""
    lines = [events(card.body), card.source, *card.notes, link]
    return tuple(Words(text=text, size=13, color=SOFT, gap=3 if place else 0) for place, text in enumerate(lines))


# -- legend ---------------------------------------------------------------------------------------------------------


def unlabelled(keys: Sequence[Key], figure: Figure) -> list[Key]:
    """Entries of the legend whose name does not stand in the figure itself, at the end of its line."""
    written = {
        line
        for one in figure["layout"].get("annotations", ())
        if one.get("visible", True)
        for line in plain_lines(str(one.get("text", "")))
    }
    return [key for key in keys if shortened(key.label) not in written]


def legend(keys: Sequence[Key], *, x: float, top: float, width: float) -> tuple[str, float]:
    """A row of samples with their names, which goes on in further rows; gives where it ends."""
    found = []
    left, middle = x, top + KEY_ROW / 2
    for key in keys:
        needed = KEY + KEY_GAP + text_width(key.label, 13)
        if left > x and left + needed > x + width:
            left, middle = x, middle + KEY_ROW
        found.append(_sample(key, left, middle))
        found.append(line_of_text(key.label, left + KEY + KEY_GAP, middle + 13 * 0.35, size=13, color=INK))
        left += needed + ENTRY_GAP
    return "".join(found), middle + KEY_ROW / 2 if keys else top


def paints(swatches: Sequence[tuple[str, str]], *, x: float, top: float, width: float) -> tuple[str, float]:
    """A row of painted boxes with what they stand for, which goes on in further rows; gives where it ends."""
    found = []
    left, middle = x, top + KEY_ROW / 2
    for paint, words in swatches:
        needed = SWATCH + KEY_GAP + text_width(words, 13)
        if left > x and left + needed > x + width:
            left, middle = x, middle + KEY_ROW
        box = {"x": left, "y": middle - 7, "width": SWATCH, "height": 14.0}
        found.append(element("rect", **box, fill=paint, stroke="#8d9297"))
        found.append(line_of_text(words, left + SWATCH + KEY_GAP, middle + 13 * 0.35, size=13, color=INK))
        left += needed + ENTRY_GAP
    return "".join(found), middle + KEY_ROW / 2 if swatches else top


def _sample(key: Key, left: float, middle: float) -> str:
    line = element(
        "path",
        d=f"M{left:.1f} {middle:.1f}h{KEY}",
        stroke=key.color,
        stroke_width=2.5,
        stroke_dasharray=dashes(key.dash),
    )
    if not key.symbol:
        return line
    fill, width = ("#ffffff", 2) if key.open_symbol else (key.color, 0)
    return line + marker_shape(key.symbol, (left + KEY / 2, middle), size=7, fill=fill, stroke=key.color, width=width)
