"""The matrix: products by country over one period, darker where more; numbers in the cells where they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.axes import CHAR, INK, SOFT, base_layout
from dashboard.figures.classes import DARK, breaks_of, class_of, class_words, hues
from dashboard.figures.labels import MAX_CHARS, NARROW_CHARS, short_number, shortened
from dashboard.figures.lines import member_label, member_of
from dashboard.graph import Figure
from data_access.filters import By, Measure, Series
from data_access.reference import Reference
from data_access.serving.answers.cells import cell_text, mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import period_words

ROWS = {False: 12, True: 10}
COLUMNS = {False: 10, True: 6}
"""Rows and columns that a chart has room for, wide and narrow."""
PLOT = {False: 800, True: 120}
"""Width of the plot, px, as far as words must fit."""
HEAD = {False: 54, True: 106}
"""Room for the names of columns, px."""
NONE_COLOR, MISSING_COLOR = "#ffffff", "#e6e7ea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells by row (country) and column (product), the largest first; a pair that the answer lacks is None."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    series: Series

    def cell(self, row: str, column: str) -> Cell | None:
        """The cell of a pair."""
        return self.cells.get((row, column))


def grid_of(released: Released, vocabulary: Reference) -> Grid:
    """The grid of an answer of one period and one series that is split by product and by place."""
    by, across = released.filters.by, released.filters.across
    down, along = (across, by) if by is By.PRODUCT else (by, across)
    cells = {(member_of(cell, down), member_of(cell, along)): cell for cell in released.cells}
    rows = _by_size([row for row, _ in cells], cells, 0)
    columns = tuple(dict.fromkeys(column for _, column in cells))
    if along is not By.PRODUCT:
        columns = _by_size(list(columns), cells, 1)
    kept = tuple(
        row for row in rows if any(cells[row, column].value != 0 for column in columns if (row, column) in cells)
    )
    return Grid(
        rows=kept,
        columns=columns,
        row_labels=tuple(member_label(row, down, vocabulary) for row in kept),
        column_labels=tuple(member_label(column, along, vocabulary) for column in columns),
        cells=cells,
        series=released.filters.series[0],
    )


def _by_size(ids: Sequence[str], cells: dict[tuple[str, str], Cell], axis: int) -> tuple[str, ...]:
    """Members by the sum of their published figures, largest first; it only orders them."""
    weight: dict[str, float] = dict.fromkeys(ids, 0.0)
    for pair, cell in cells.items():
        weight[pair[axis]] += cell.value or 0
    return tuple(sorted(weight, key=lambda one: -weight[one]))


def drawn(grid: Grid, *, narrow: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rows and columns that the chart draws: the first ones."""
    return grid.rows[: ROWS[narrow]], grid.columns[: COLUMNS[narrow]]


def matrix_figure(released: Released, grid: Grid, *, narrow: bool = False) -> Figure:
    """The matrix of `grid` (of `released`) as a Plotly figure: classes by quantile over all its cells, one hue.

    Cells of no imports are white with a 0, those without a figure gray with their mark.
    """
    rows, columns = drawn(grid, narrow=narrow)
    breaks = breaks_of(cell.value or 0 for cell in grid.cells.values())
    names = [shortened(label, NARROW_CHARS if narrow else MAX_CHARS) for label in grid.row_labels[: len(rows)]]
    layout = base_layout(left=round(max(map(len, names)) * CHAR) + 14, right=8, top=HEAD[narrow], bottom=6)
    layout |= {"xaxis": _column_axis(grid.column_labels[: len(columns)], narrow=narrow), "yaxis": _row_axis(names)}
    layout["hovermode"] = "closest"
    layout["shapes"] = _missing(grid, rows, columns)
    room = PLOT[narrow] / len(columns)
    layout["annotations"] = [
        _number(cell, grid, (x, y), breaks=breaks, room=room)
        for y, row in enumerate(rows)
        for x, column in enumerate(columns)
        if (cell := grid.cell(row, column)) is not None
    ]
    return {"data": [_heat(released, grid, rows, columns, breaks=breaks)], "layout": layout}


def legend_words(grid: Grid, measure: Measure) -> list[tuple[str, str]]:
    """Color and words of each class, light to dark."""
    breaks = breaks_of(cell.value or 0 for cell in grid.cells.values())
    colors = _steps(len(breaks) + 1, grid.series)
    return list(zip(colors, class_words(breaks, measure), strict=True))


def _steps(count: int, series: Series) -> tuple[str, ...]:
    """Colors of so many classes: the darkest ones of the hue."""
    return hues(series)[-count:]


def _heat(
    released: Released,
    grid: Grid,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    breaks: Sequence[float],
) -> dict[str, Any]:
    """Classes as heights: 0 for no imports, null for no figure, then 1, 2, … from light to dark."""
    colors = (NONE_COLOR, *_steps(len(breaks) + 1, grid.series))
    cells = [[grid.cell(row, column) for column in columns] for row in rows]
    unit = f" {released.unit}"
    return {
        "type": "heatmap",
        "meta": str(grid.series),
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "z": [[_level(cell, breaks) for cell in row] for row in cells],
        "zmin": -0.5,
        "zmax": len(colors) - 0.5,
        "colorscale": _bands(colors),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": True,
        "text": [
            [
                _hover(cell, f"{grid.column_labels[x]}, {grid.row_labels[y]}", unit, released)
                for x, cell in enumerate(row)
            ]
            for y, row in enumerate(cells)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _level(cell: Cell | None, breaks: Sequence[float]) -> int | None:
    if cell is None or cell.value is None:
        return None
    return class_of(cell.value, breaks) + 1 if cell.value > 0 else 0


def _bands(colors: Sequence[str]) -> list[list[Any]]:
    """A color scale of plain steps."""
    count = len(colors)
    return [[(place + end) / count, color] for place, color in enumerate(colors) for end in (0, 1)]


def _hover(cell: Cell | None, name: str, unit: str, released: Released) -> str:
    if cell is None:
        return f"{name}: no figure"
    period = period_words(cell.period, released.filters.freq)
    if cell.value is None:
        return f"{name}, {period}: {mark(cell)[0]}<br>{mark(cell)[1]}"
    return f"{name}, {period}: {cell_text(cell)}{unit}"


def _missing(grid: Grid, rows: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Gray ground of cells without a figure."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "y",
            "x0": x - 0.47,
            "x1": x + 0.47,
            "y0": y - 0.45,
            "y1": y + 0.45,
            "fillcolor": MISSING_COLOR,
            "line": {"width": 0},
        }
        for y, row in enumerate(rows)
        for x, column in enumerate(columns)
        if (cell := grid.cell(row, column)) is None or cell.value is None
    ]


def _number(cell: Cell, grid: Grid, place: tuple[int, int], *, breaks: Sequence[float], room: float) -> dict[str, Any]:
    """The figure, or its mark, where it fits; a reader without room has the table."""
    text = _fitting(cell, room)
    dark = cell.value is not None and cell.value > 0 and class_of(cell.value, breaks) + 5 - len(breaks) - 1 >= DARK
    return {
        "x": place[0],
        "y": place[1],
        "xref": "x",
        "yref": "y",
        "text": text,
        "showarrow": False,
        "captureevents": False,
        "font": {"size": 11, "color": "#ffffff" if dark else INK if cell.value else SOFT},
    }


def _fitting(cell: Cell, room: float) -> str:
    if cell.value is None:
        text = mark(cell)[0]
        return text if len(text) * CHAR + 4 <= room else "–"
    choices = (
        f"{cell.value:,.1f}" if cell.measure is Measure.SHARE else f"{cell.value:,.0f}",
        short_number(cell.value),
    )
    if 0 < cell.value < 0.5 and cell.measure is not Measure.SHARE:
        choices = ("<1", "<1")
    return next((text for text in choices if len(text) * CHAR + 6 <= room), "")


def _column_axis(labels: Sequence[str], *, narrow: bool) -> dict[str, Any]:
    return {
        "range": [-0.5, len(labels) - 0.5],
        "side": "top",
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": [shortened(label, NARROW_CHARS) if narrow else _two_lines(label) for label in labels],
        "tickangle": -90 if narrow else 0,
        "tickfont": {"size": 11 if narrow else 12, "color": INK},
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _two_lines(label: str) -> str:
    """A name broken near its middle, so that it fits above a column."""
    words, first = label.split(), ""
    while words and len(first) + len(words[0]) <= max(8, len(label) / 2):
        first = f"{first} {words.pop(0)}".strip()
    if not first and words:
        first = words.pop(0)
    second = " ".join(words)
    return f"{first}<br>{second if len(second) <= 16 else second[:15].rstrip(' ,') + '…'}" if second else first


def _row_axis(names: Sequence[str]) -> dict[str, Any]:
    return {
        "range": [len(names) - 0.5, -0.5],
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "tickfont": {"size": 12, "color": INK},
        "ticks": "",
        "ticklabelstandoff": 6,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def left_out_words(grid: Grid, *, narrow: bool) -> tuple[str, ...]:
    """What the chart leaves out, if anything."""
    rows, columns = drawn(grid, narrow=narrow)
    said = []
    if len(rows) < len(grid.rows):
        said.append(f"{len(rows)} of {len(grid.rows)} countries")
    if len(columns) < len(grid.columns):
        said.append(f"{len(columns)} of {len(grid.columns)} products")
    return (f"The chart shows {' and '.join(said)}; all are in the table and the files.",) if said else ()
