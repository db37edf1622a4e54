"""The table of a ranking: figure, share of the total, change on the same months of the year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.components.table import MEMBER_HEADERS, TO_DATE, Row, Table, TableCell, caption
from dashboard.figures.lines import Line
from data_access.filters import Measure
from data_access.serving.answers.cells import cell_text, legend, mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import MINUS, THIN, percent, period_words

LEAST_BASE: Mapping[Measure, float] = {Measure.VOLUME: 100, Measure.VALUE: 500_000}
"""Figures (t, US$) of the earlier months below which growth in percent says nothing."""
NOT_TOLD = "n/a"


def ranking_table(
    released: Released, lines: Sequence[Line], *, total: Cell | None, before: Mapping[str, Cell]
) -> Table:
    """Members as rows, in the order of the lines, which are of one series and one period.

    `total` is what shares are of, None where there are none to tell; `before` holds the cells of the same months of
    the year before, by member.
    """
    unit = released.unit
    period = period_words(lines[0].cells[0].period, released.filters.freq) if lines else ""
    change = "Change on a year before" + (" (points)" if released.filters.measure is Measure.SHARE else "")
    rows = []
    for line in lines:
        cell = line.cells[0]
        share = [_share(cell, total)] if total is not None else []
        rows.append(Row(line.member_label, (_figure(cell), *share, growth(cell, before.get(line.member)))))
    return Table(
        caption=caption(released),
        row_header=MEMBER_HEADERS.get(released.filters.by, "Selection"),
        columns=(f"{period} ({unit})", *(("Share of total",) if total is not None else ()), change),
        rows=tuple(rows),
        legend=(
            *legend([line.cells[0] for line in lines]),
            (NOT_TOLD, "no change can be told: a figure is missing, is not whole, or the earlier one is too small"),
        ),
    )


def growth(now: Cell, before: Cell | None) -> TableCell:
    """The change on the same months of the year before: percent, of shares in points; 'n/a' with the reason."""
    why = _why_not(now, before)
    if why or before is None:
        return _not_told(why)
    value, earlier = now.value or 0, before.value or 0
    if now.measure is not Measure.SHARE:
        return TableCell(percent(value / earlier - 1))
    points = value - earlier
    sign = "+" if points > 0 else MINUS if points < 0 else ""
    return TableCell(f"{sign}{abs(points):.1f}")


def _why_not(now: Cell, before: Cell | None) -> str:
    """Why no change can be told; empty where it can."""
    least = LEAST_BASE.get(now.measure, 0)
    if now.value is None:
        return "there is no figure"
    if before is None:
        return "there is no earlier figure, or it is 0"
    if before.value is None:
        return f"of the earlier months: {mark(before)[1]}"
    if now.partial or before.partial:
        return "the months are not whole"
    if now.measure is not Measure.SHARE and (before.value <= 0 or before.value < least):
        return f"the earlier figure is below {least:,.0f}{THIN}{now.unit}" if least else "the earlier figure is 0"
    return ""


def _figure(cell: Cell) -> TableCell:
    if cell.value is None:
        return TableCell(cell_text(cell), "status", mark(cell)[1])
    if cell.partial:
        return TableCell(cell_text(cell) + TO_DATE, "to-date", "the period is not whole yet")
    return TableCell(cell_text(cell))


def _share(cell: Cell, total: Cell | None) -> TableCell:
    if cell.value is None or total is None or not total.value:
        return _not_told("a figure is missing")
    return TableCell(f"{cell.value * 100 / total.value:.1f}{THIN}%")


def _not_told(why: str) -> TableCell:
    return TableCell(NOT_TOLD, "status", why)
