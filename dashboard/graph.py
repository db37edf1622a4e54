"""What a chart is made of: a Plotly figure as a plain dictionary, and the only place that makes a chart of it.

How it is drawn (no modebar, no upload button, no trap for scrolling) is told by `assets/boot.js`.
"""

from __future__ import annotations

from typing import Any

from dashboard.components.own import Chart

Figure = dict[str, Any]
"""A Plotly figure as a plain dictionary: `data`, `layout`."""

EMPTY: Figure = {"data": [], "layout": {}}
"""What a chart holds before its first figures, and where there is nothing to draw."""


def graph(id_: str) -> Chart:
    """An empty chart; a callback gives it its figure."""
    return Chart(id=id_, figure=EMPTY)
