"""The table of a ranking: figure, share of the total, change on the same months of the year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.components.table import MEMBER_HEADERS, Row, Table, TableCell, caption, figure_cell
from dashboard.figures.lines import Line
from data_access.filters import Filters, Measure
from data_access.serving.answers import ranking
from data_access.serving.answers.cells import legend, mark
from data_access.serving.gate.released import Released
from data_access.serving.notes import floor_words
from data_access.serving.prose import THIN, percent, period_words, signed

NOT_TOLD = "n/a"


def ranking_table(
    released: Released, lines: Sequence[Line], *, rows: Mapping[str, ranking.Row], shares: bool = True
) -> Table:
    """Members in the order of the lines, which are of one series and one period.

    `rows` are those of the ranking of `released`, by member; without `shares` there is no total that members add up to.
    """
    filters = released.filters
    period = period_words(lines[0].cells[0].period, filters.freq) if lines else ""
    change = "Change on a year before" + (" (points)" if filters.measure is Measure.SHARE else "")
    return Table(
        caption=caption(released),
        row_header=MEMBER_HEADERS.get(filters.by, "Selection"),
        columns=(f"{period} ({released.unit})", *(("Share of total",) if shares else ()), change),
        rows=tuple(_row(line, rows.get(line.member), filters, shares=shares) for line in lines),
        legend=(
            *legend([line.cells[0] for line in lines]),
            (NOT_TOLD, "no change can be told: a figure is missing, is not whole, or the earlier one is too small"),
        ),
    )


def _row(line: Line, row: ranking.Row | None, filters: Filters, *, shares: bool) -> Row:
    share = (_share(row),) if shares else ()
    return Row(line.member_label, (figure_cell(line.cells[0]), *share, growth(row, filters)))


def growth(row: ranking.Row | None, filters: Filters) -> TableCell:
    """The change on the same months of the year before: percent, of shares in points; 'n/a' with the reason."""
    if row is None or row.change is None:
        return _not_told(_why_not(row, filters))
    if row.cell.measure is Measure.SHARE:
        return TableCell(signed(f"{row.change:+.1f}"))
    return TableCell(percent(row.change / ranking.PERCENT))


def _why_not(row: ranking.Row | None, filters: Filters) -> str:
    """Why no change is told."""
    if row is None or row.cell.value is None:
        return "there is no figure"
    if row.change_status == ranking.BELOW_FLOOR:
        return f"there was less than {floor_words(filters)} a year before"
    if row.before is None:
        return "there is no earlier figure, or it is 0"
    if row.before.value is None:
        return f"of the earlier months: {mark(row.before)[1]}"
    return "the months are not whole, or of different sources"


def _share(row: ranking.Row | None) -> TableCell:
    if row is None or row.share is None:
        return _not_told("a figure is missing, or is of another date than the total")
    return TableCell(f"{row.share:.1f}{THIN}%")


def _not_told(why: str) -> TableCell:
    return TableCell(NOT_TOLD, "status", why)
