"""Elements of SVG as text: numbers short and the same each time, every value escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from dashboard.pictures.typeface import BOLD, text_width

LINE = 1.3
"""Distance of two lines of one text, as a multiple of its size."""
DROP = 0.35
"""How far below the middle of a line its base line lies, as a multiple of its size."""
ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BOLD = re.compile(r"^\s*<b>.*</b>\s*$", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def escape(text: str) -> str:
    """A text that is nothing but text inside XML, in elements and in attributes."""
    return html.escape(_CONTROL.sub("", text), quote=True)


def num(value: float) -> str:
    """A coordinate with at most one decimal: '12', '12.5', '-0.4'."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", /, **attributes: str | float | None) -> str:
    """An element; '_' in the name of an attribute stands for '-', a value of None leaves it out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{num(value) if isinstance(value, (int, float)) else escape(value)}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    return f"<{name}{words}>{content}</{name}>" if content else f"<{name}{words}/>"


def group(content: Sequence[str], **attributes: str | float | None) -> str:
    """Elements together; nothing where there are none."""
    return element("g", "".join(content), **attributes) if content else ""


def plain_lines(text: str) -> list[str]:
    """The lines of a text as Plotly reads it: `<br>` breaks, other markup is left out, entities are resolved."""
    return [html.unescape(_TAG.sub("", line)) for line in _BREAK.split(text)]


def is_bold(text: str) -> bool:
    """Whether the whole of a Plotly text stands in `<b>`."""
    return bool(_BOLD.match(text))


def line_of_text(
    text: str, x: float, base: float, *, size: float, color: str, anchor: str = "left", weight: int = 400
) -> str:
    """One line of text on its base line."""
    return element(
        "text",
        escape(text),
        x=x,
        y=base,
        font_size=size,
        font_weight=BOLD if weight >= BOLD else None,
        fill=color,
        text_anchor=ANCHORS[anchor] if anchor != "left" else None,
    )


def text_block(
    lines: Sequence[str], x: float, middle: float, *, size: float, color: str, anchor: str = "left", weight: int = 400
) -> str:
    """Lines one under the other around a middle height."""
    first = middle - (len(lines) - 1) * size * LINE / 2 + size * DROP
    return "".join(
        line_of_text(line, x, first + place * size * LINE, size=size, color=color, anchor=anchor, weight=weight)
        for place, line in enumerate(lines)
        if line
    )


def block_size(lines: Sequence[str], *, size: float, weight: int = 400) -> tuple[float, float]:
    """Width and height of lines one under the other, px."""
    width = max((text_width(line, size, weight=weight) for line in lines), default=0.0)
    return width, len(lines) * size * LINE


def dashes(dash: str) -> str | None:
    """A Plotly dash as SVG has it; None for a solid line."""
    named = {"dot": "3 3", "dash": "9 9", "longdash": "15 15", "dashdot": "9 3 3 3", "longdashdot": "15 3 3 3"}
    if dash in ("", "solid"):
        return None
    return named.get(dash) or " ".join(re.findall(r"[\d.]+", dash)) or None
