"""A small trend as an SVG drawing of its own: public figures as a line, license figures as open points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from dashboard.figures.palette import SERIES_COLORS
from data_access.filters import Series, month_words
from data_access.serving.gate.released import Cell
from data_access.serving.notes import mark
from data_access.serving.prose import amount

WIDTH, HEIGHT, PAD = 180, 48, 5
"""Of the drawing, in its own units."""
GAP_HEIGHT = 8
"""Of the mark at the axis where there is no figure."""


def spark(cells: Sequence[Cell], *, name: str) -> Markup:
    """The drawing of `cells`, a month each; `name` says whose trend it is. A month without a figure has a gray mark at
    the axis, never a point at zero."""
    top = max((cell.value for cell in cells if cell.value is not None), default=0) or 1
    step = (WIDTH - 2 * PAD) / max(1, len(cells) - 1)
    places = [(PAD + step * place, cell) for place, cell in enumerate(cells)]
    base = HEIGHT - PAD

    def height(value: float) -> float:
        return base - (base - PAD) * max(0, value) / top

    parts = [f'<line x1="{PAD}" x2="{WIDTH - PAD}" y1="{base}" y2="{base}" stroke="#a9aeb1" stroke-width="1"/>']
    public = SERIES_COLORS[Series.PUBLIC]
    parts += [
        f'<polyline points="{" ".join(run)}" fill="none" stroke="{public}" stroke-width="2" stroke-linejoin="round"/>'
        for run in _runs(places, height)
    ]
    for x, cell in places:
        if cell.value is None:
            parts.append(
                f'<rect x="{x - 2:.1f}" y="{base - GAP_HEIGHT}" width="4" height="{GAP_HEIGHT}" fill="#a9aeb1"/>'
            )
        elif cell.series is not Series.PUBLIC:
            color = SERIES_COLORS[Series.LICENSE]
            parts.append(_point(x, height(cell.value), fill="#ffffff", stroke=color))
    last_x, last = places[-1]
    if last.value is not None and last.series is Series.PUBLIC:
        parts.append(_point(last_x, height(last.value), fill=public, stroke=public))
    return Markup(  # noqa: S704 - numbers of this module, and a label that is escaped
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(label(cells, name=name))}" focusable="false">{"".join(parts)}</svg>'
    )


def label(cells: Sequence[Cell], *, name: str) -> str:
    """The drawing in words: months, highest and last figure, and months without one."""
    known = [cell for cell in cells if cell.value is not None]
    span = f"{name}, {month_words(cells[0].period)} to {month_words(cells[-1].period)}"
    if not known:
        return f"{span}: no published figure."
    top = max(known, key=lambda cell: cell.value or 0)
    told = [f"highest {_told(top)}", f"last {_told(known[-1])}"]
    missing = [cell for cell in cells if cell.value is None]
    if missing:
        told.append(f"{len(missing)} {'month' if len(missing) == 1 else 'months'} {mark(missing[0])[0]}")
    return f"{span}: {', '.join(told)}."


def _told(cell: Cell) -> str:
    return f"{amount(cell.value or 0, cell.measure)} in {month_words(cell.period)}"


def _runs(places: Sequence[tuple[float, Cell]], height: Callable[[float], float]) -> list[list[str]]:
    """Points of unbroken stretches of public figures."""
    runs: list[list[str]] = [[]]
    for x, cell in places:
        if cell.series is Series.PUBLIC and cell.value is not None:
            runs[-1].append(f"{x:.1f},{height(cell.value):.1f}")
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _point(x: float, y: float, *, fill: str, stroke: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'
