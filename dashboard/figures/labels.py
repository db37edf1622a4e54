"""Names at the ends of lines, moved apart where they would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dashboard.figures.axes import CHAR

LEAST = 16  # px between two names
MAX_CHARS = 24
NARROW_CHARS = 14
NARROW_CHARS = 15
"""Letters of a name beside a chart, on a wide and a narrow screen."""
SIZES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


class End(NamedTuple):
    """The end of a line: its name and color, the traces it stands for, and its height as a share of the plot."""

    name: str
    color: str
    trace: int
    height: float


def spread(heights: Sequence[float], *, least: float) -> list[float]:
    """Heights (0 to 1) moved apart to at least `least`, as little as that needs, in the same order."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    placed = [0.0] * len(heights)
    floor = 0.0
    for place in order:
        placed[place] = max(heights[place], floor)
        floor = placed[place] + least
    ceiling = 1.0
    for place in reversed(order):
        placed[place] = min(placed[place], ceiling)
        ceiling = placed[place] - least
    return placed


def end_labels(ends: Sequence[End], *, low: float, high: float, plot: int) -> list[dict[str, Any]]:
    """Annotations at the right edge of a plot `plot` px high with a value axis from `low` to `high`."""
    heights = spread([end.height for end in ends], least=LEAST / plot)
    return [
        {
            "name": str(end.trace),
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "yref": "y",
            "y": low + height * (high - low),
            "yanchor": "middle",
            "text": shortened(end.name),
            "font": {"size": 12, "color": end.color},
            "showarrow": False,
        }
        for end, height in zip(ends, heights, strict=True)
    ]


def room_for(names: Sequence[str]) -> int:
    """Width of the right margin that names need, px."""
    return round(max((len(shortened(name)) for name in names), default=0) * CHAR) + 16


def shortest(name: str) -> str:
    """The same on a narrow screen."""
    return name if len(name) <= NARROW_CHARS else f"{name[: NARROW_CHARS - 1].rstrip(' ,')}…"


def shortened(name: str, most: int = MAX_CHARS) -> str:
    """A name cut to what a margin can hold."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip(' ,')}…"


def short_number(value: float) -> str:
    """A figure of few signs: '2.3M', '220k', '950'."""
    for size, letter in SIZES:
        if value >= 0.9995 * size:
            scaled = value / size
            return f"{scaled:.1f}{letter}" if scaled < 9.95 else f"{scaled:.0f}{letter}"
    return f"{value:.0f}"
