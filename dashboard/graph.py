"""The only place that makes a `dcc.Graph`, so that no chart has an upload button, a modebar or a trap for scrolling."""

from __future__ import annotations

from typing import Any

from dash import dcc

Figure = dict[str, Any]
"""A Plotly figure as a plain dictionary: `data`, `layout`."""

CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "topojsonURL": "/assets/topojson/",
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
    "showTips": False,
    "displaylogo": False,
}
EMPTY: Figure = {
    "data": [],
    "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}, "paper_bgcolor": "#ffffff", "dragmode": False},
}
"""What a chart holds before its first figures, and where there is nothing to draw."""


def graph(id_: str) -> dcc.Graph:
    """An empty chart; a callback gives it its figure."""
    config: Any = CONFIG
    return dcc.Graph(id=id_, figure=EMPTY, config=config, responsive=True, animate=False)
