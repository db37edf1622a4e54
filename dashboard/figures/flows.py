"""Flows of metal: origin against smelt or cast as a heat map with numbers, or pairs of bars where only totals of each
are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.axes import CHAR, INK, SOFT, TICK_SIZE, ZERO, base_layout
from dashboard.figures.labels import shortened, shortest
from dashboard.graph import Figure
from data_access.contracts import Status
from data_access.filters import Measure
from data_access.serving.answers.cells import cell_text, mark
from data_access.serving.gate.released import Cell
from data_access.serving.prose import amount

SCALE = ((0.0, "#ffffff"), (0.25, "#f3dcc3"), (0.5, "#e0b184"), (0.75, "#c47f3f"), (1.0, "#8a4100"))
"""White to the color of license data, one hue."""
NOTHING = "#e9ebee"
"""Ground of cells without a figure, which are not white as those of 0 are."""
DARK = 0.62
"""Share of the highest figure from which numbers are white."""
ORIGIN_FILL, METAL_FILL, EDGE = "#efd9c1", "#9c4a00", "#9c4a00"
ROWS = {False: 10, True: 8}
COLUMNS = {False: 9, True: 4}
"""Members that the heat map draws, wide and narrow; the table holds more."""
PAIRS = 10
WATCH = "†"
"""Stands before the name of a watch-list country, in charts and tables; words stand beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Cells of one period by origin (rows) and place of smelt or cast (columns), with their names."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    row_ids: tuple[str, ...]
    column_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A country's volume by origin and by smelt (or cast)."""

    id: str
    name: str
    origin: Cell
    metal: Cell


# -- heat map -------------------------------------------------------------------------------------------------------


def flow_figure(matrix: Matrix, *, narrow: bool = False) -> Figure:
    """The heat map of a matrix; each cell holds its number, or the mark of its status."""
    rows, columns = matrix.rows[: ROWS[narrow]], matrix.columns[: COLUMNS[narrow]]
    cells = [line[: len(columns)] for line in matrix.cells[: len(rows)]]
    most = max((cell.value for line in cells for cell in line if cell.value is not None), default=1) or 1
    names = [shortened(name) if not narrow else shortest(name) for name in rows]
    layout = base_layout(left=round(max(len(name) for name in names) * CHAR) + 24, right=8, top=64, bottom=8)
    layout |= {
        "xaxis": {**_ticks([_column(name, narrow=narrow) for name in columns]), "side": "top"},
        "yaxis": {**_ticks(names), "range": [len(rows) - 0.5, -0.5]},
        "hovermode": "closest",
        "plot_bgcolor": NOTHING,
    }
    layout["annotations"] = [
        _number(cell, row, column, most) for row, line in enumerate(cells) for column, cell in enumerate(line)
    ]
    trace = {
        "type": "heatmap",
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "z": [[cell.value for cell in line] for line in cells],
        "zmin": 0,
        "zmax": most,
        "colorscale": [list(step) for step in SCALE],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [
            [_hover(cell, rows[row], columns[column]) for column, cell in enumerate(line)]
            for row, line in enumerate(cells)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    return {"data": [trace], "layout": layout}


def _ticks(names: Sequence[str]) -> dict[str, Any]:
    return {
        "range": [-0.5, len(names) - 0.5],
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "tickangle": 0,
        "tickfont": {"size": TICK_SIZE, "color": INK},
        "ticks": "",
        "ticklabelstandoff": 6,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }


def _column(name: str, *, narrow: bool) -> str:
    """A name on at most two short lines, as the column is narrow."""
    room = 9 if narrow else 11
    words, lines = name.split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    kept = [line if len(line) <= room + 2 else f"{line[: room + 1]}…" for line in lines[:3]]
    return "<br>".join(kept)


def _number(cell: Cell, row: int, column: int, most: float) -> dict[str, Any]:
    text = _digits(cell) if cell.value is not None else _mark(cell)
    dark = cell.value is not None and cell.value / most >= DARK
    return {
        "x": column,
        "xref": "x",
        "y": row,
        "yref": "y",
        "text": text,
        "hovertext": "" if cell.value is not None else mark(cell)[1],
        "showarrow": False,
        "font": {"size": 11, "color": "#ffffff" if dark else INK if cell.value is not None else SOFT},
    }


def _digits(cell: Cell) -> str:
    """A number that fits a cell: thousands with a 'k' from a million on, else in full without decimals."""
    value = cell.value or 0
    if value and cell.measure is Measure.SHARE:
        return f"{value:.1f}"
    if cell.measure is Measure.VALUE and value:
        return f"{value / 1e6:,.1f}" if value < 1e8 else f"{value / 1e6:,.0f}"
    return f"{value:,.0f}"


def _mark(cell: Cell) -> str:
    """'(D)' of a withheld cell; 'or none' where that is not told apart."""
    if cell.hidden:
        return "–/(D)"
    return mark(cell)[0]


def _hover(cell: Cell, row: str, column: str) -> str:
    said = f"{cell_text(cell)} {cell.unit}" if cell.value is not None else f"{mark(cell)[0]}: {mark(cell)[1]}"
    return f"{row} → {column}<br>{said}"


# -- pairs of bars --------------------------------------------------------------------------------------------------


def paired_figure(pairs: Sequence[Pair], *, metal: str, narrow: bool = False) -> Figure:
    """Two bars a country: its volume by origin (light), and by `metal` ('smelt', 'cast': dark)."""
    rows = pairs[:PAIRS]
    names = [shortened(pair.name) if not narrow else shortest(pair.name) for pair in rows]
    values = [cell.value for pair in rows for cell in (pair.origin, pair.metal) if cell.value is not None]
    top = max(values, default=0) or 1
    left = round(max(len(name) for name in names) * CHAR) + (26 if narrow else 32)
    layout = base_layout(left=left, right=12, top=4, bottom=8)
    layout |= {
        "xaxis": {"range": [0, top * (2.5 if narrow else 1.34)], "visible": False, "fixedrange": True},
        "yaxis": {
            **_ticks(names),
            "range": [len(rows) - 0.5, -0.5],
            "tickfont": {"size": 13 if not narrow else TICK_SIZE, "color": INK},
            "ticklabelstandoff": 6,
        },
        "hovermode": "closest",
    }
    line = {"color": ZERO, "width": 1}
    layout["shapes"] = [{"type": "line", "x0": 0, "x1": 0, "y0": -0.5, "y1": len(rows) - 0.5, "line": line}]
    layout["annotations"] = [
        _missing(place + shift, cell, word)
        for place, pair in enumerate(rows)
        for shift, cell, word in ((-0.2, pair.origin, "origin"), (0.2, pair.metal, metal))
        if cell.value is None
    ]
    data = [
        _side(rows, [pair.origin for pair in rows], shift=-0.2, word="origin", fill=ORIGIN_FILL),
        _side(rows, [pair.metal for pair in rows], shift=0.2, word=metal, fill=METAL_FILL),
    ]
    return {"data": data, "layout": layout}


def _side(rows: Sequence[Pair], cells: Sequence[Cell], *, shift: float, word: str, fill: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": f"by {word}",
        "legendgroup": word,
        "y": [place + shift for place in range(len(rows))],
        "x": [cell.value for cell in cells],
        "width": 0.36,
        "marker": {"color": fill, "line": {"color": EDGE, "width": 1}},
        "text": ["" if cell.value is None else f"{word} {amount(cell.value, cell.measure)}" for cell in cells],
        "textposition": "outside",
        "textfont": {"size": 11, "color": INK},
        "cliponaxis": False,
        "hovertext": [f"{pair.name}, by {word}: {_said(cell)}" for pair, cell in zip(rows, cells, strict=True)],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _said(cell: Cell) -> str:
    return f"{cell_text(cell)} {cell.unit}" if cell.value is not None else mark(cell)[0]


def _missing(y: float, cell: Cell, word: str) -> dict[str, Any]:
    withheld = cell.status is Status.WITHHELD and not cell.hidden
    return {
        "x": 0,
        "xref": "x",
        "xanchor": "left",
        "xshift": 4,
        "y": y,
        "yref": "y",
        "text": f"{word} {'(D) withheld' if withheld else mark(cell)[0]}",
        "hovertext": mark(cell)[1],
        "showarrow": False,
        "font": {"size": 11, "color": SOFT},
    }
