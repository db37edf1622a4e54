"""Names at the ends of lines, moved apart where they would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dashboard.figures.axes import CHAR

LEAST = 16  # px between two names
MAX_CHARS = 24


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


def shortened(name: str) -> str:
    """A name cut to what a margin can hold."""
    return name if len(name) <= MAX_CHARS else f"{name[: MAX_CHARS - 1].rstrip(' ,')}…"
