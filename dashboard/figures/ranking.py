"""The ranking: one bar a member, the largest first; members whose figure is withheld have a row and no bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.figures.axes import CHAR, INK, SOFT, ZERO, base_layout
from dashboard.figures.labels import MAX_CHARS, shortened
from dashboard.figures.lines import Line
from dashboard.graph import Figure
from data_access.contracts import Status
from data_access.filters import Series
from data_access.serving.answers.cells import cell_text, mark, range_text
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import amount

BARS = 10
"""Members with a figure that a ranking draws."""
MARKED = 3
"""Members without a figure that it names below them."""
ROWS = 10
"""Rows the chart has room for at its usual height; with fewer it is lower."""
MOST = 13
"""Rows it can have."""
RIGHT, GAP = 12, 8  # px: margin of the plot, and between a bar's end and its figure
WIDTH = {False: 500, True: 276}
"""Width of a chart, wide (half a page) and narrow, px; on the small side, so that figures are not cut."""
NARROW_CHARS = 15
"""Letters of a member's name on a narrow screen."""
BAR_COLORS = {Series.PUBLIC: "#1a4480", Series.LICENSE: "#9c4a00", Series.COMBINED: "#3d4551"}


def ranked(lines: Sequence[Line]) -> list[Line]:
    """Lines by their one figure, largest first; then those withheld, then those without a figure for other reasons.

    Members of no imports at all (0) are left out, unless there are no others.
    """
    published = [line for line in lines if line.cells[0].value]
    published.sort(key=lambda line: -(line.cells[0].value or 0))
    missing = [line for line in lines if line.cells[0].value is None]
    missing.sort(key=lambda line: line.cells[0].status is not Status.WITHHELD)
    return [*published, *missing] or list(lines)


def drawn(lines: Sequence[Line]) -> list[Line]:
    """The rows of the chart, of lines in the order of `ranked`."""
    bars = [line for line in lines if line.cells[0].value is not None][:BARS]
    marked = [line for line in lines if line.cells[0].status is Status.WITHHELD]
    return [*bars, *marked[: max(MARKED, ROWS - len(bars))]][:MOST]


def left_out_words(lines: Sequence[Line], rows: Sequence[Line], *, what: str) -> tuple[str, ...]:
    """What the chart leaves out, if anything."""
    if len(rows) == len(lines):
        return ()
    return (f"The chart shows {len(rows)} of {len(lines)} {what}; all are in the table and the files.",)


def ranking_figure(
    released: Released, rows: Sequence[Line], *, narrow: bool = False, changes: Mapping[str, str] | None = None
) -> Figure:
    """The ranking of `rows` (of `released`) as a Plotly figure; `changes` by member are told beside their figures."""
    names = [shortened(line.member_label, NARROW_CHARS if narrow else MAX_CHARS) for line in rows]
    left = round(max(len(name) for name in names) * CHAR) + 32
    layout = base_layout(left=left, right=RIGHT, top=4, bottom=8)
    bars = _bars(released, rows, changes or {}, narrow=narrow)
    layout |= {
        "xaxis": {
            "range": [0, _reach(bars["x"], bars["text"], width=WIDTH[narrow] - left - RIGHT)],
            "visible": False,
            "fixedrange": True,
        },
        "yaxis": {
            "type": "category",
            "range": [len(rows) - 0.5, -0.5],
            "tickmode": "array",
            "tickvals": list(range(len(rows))),
            "ticktext": names,
            "tickfont": {"size": 13 if not narrow else 12, "color": INK},
            "ticks": "",
            "ticklabelstandoff": 6,
            "showgrid": False,
            "zeroline": False,
            "showline": False,
            "fixedrange": True,
        },
        "hovermode": "closest",
        "shapes": [_baseline(len(rows))],
    }
    layout["annotations"] = _marks(rows)
    return {"data": [bars], "layout": layout}


def _reach(values: Sequence[float | None], texts: Sequence[str], *, width: float) -> float:
    """Where the axis ends, so that each bar and the figure right of it have room in a plot `width` px wide."""
    top = max((value for value in values if value is not None), default=0) or 1
    # A bar of value v is v / reach · width px long; with its text it must not be longer than the plot.
    pairs = [
        (value, min(len(text) * CHAR + GAP, width * 0.8)) for value, text in zip(values, texts, strict=True) if value
    ]
    return max([top, *(value * width / (width - room) for value, room in pairs)])


def _baseline(rows: int) -> dict[str, Any]:
    line = {"color": ZERO, "width": 1}
    return {"type": "line", "x0": 0, "x1": 0, "y0": -0.5, "y1": rows - 0.5, "line": line}


def _keys(rows: Sequence[Line]) -> list[str]:
    return [line.member or line.member_label for line in rows]


def _bars(released: Released, rows: Sequence[Line], changes: Mapping[str, str], *, narrow: bool) -> dict[str, Any]:
    measure = released.filters.measure
    cells = [line.cells[0] for line in rows]
    series = rows[0].series
    unit = released.unit
    return {
        "type": "bar",
        "orientation": "h",
        "name": rows[0].label,
        "meta": str(series),
        "y": _keys(rows),
        "x": [cell.value for cell in cells],
        "width": 0.68,
        "marker": {"color": BAR_COLORS[series]},
        "text": [
            f"{amount(line.cells[0].value, measure)}{_beside(changes.get(line.member, ''), narrow=narrow)}"
            if line.cells[0].value is not None
            else ""
            for line in rows
        ],
        "textposition": "outside",
        "textfont": {"size": 12, "color": INK},
        "cliponaxis": False,
        "hovertext": [
            f"{line.member_label}: {cell_text(line.cells[0])} {unit}" if line.cells[0].value is not None else ""
            for line in rows
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _beside(change: str, *, narrow: bool) -> str:
    """A change beside a figure, where there is room and one to tell."""
    return f"  ({change})" if change.endswith("%") and not narrow else ""


def _marks(rows: Sequence[Line]) -> list[dict[str, Any]]:
    """Words in the row of each member without a figure; its bar is null, not zero."""
    return [
        {
            "x": 0,
            "xref": "x",
            "xanchor": "left",
            "xshift": 4,
            "y": place,
            "yref": "y",
            "text": _mark_words(line.cells[0]),
            "hovertext": f"{line.member_label}: {mark(line.cells[0])[1]}",
            "showarrow": False,
            "font": {"size": 12, "color": SOFT},
        }
        for place, line in enumerate(rows)
        if line.cells[0].value is None
    ]


def _mark_words(cell: Cell) -> str:
    if cell.status is not Status.WITHHELD or cell.hidden:
        return mark(cell)[0]
    return f"(D) {range_text(cell) or 'withheld'}"
