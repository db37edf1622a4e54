"""The data table of a chart: native rows and columns, the texts of exports, a reason for every missing figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures.lines import SERIES_LABELS, Line
from data_access.filters import By, Series
from data_access.serving.answers.cells import cell_text, legend, mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import period_words

PERIOD_HEADERS = {
    "month": "Month",
    "quarter": "Quarter",
    "year": "Year",
    "ytd": "Year to date",
    "roll3": "3 months to",
    "roll12": "12 months to",
    "range": "Period",
}
MEMBER_HEADERS = {
    By.PRODUCT: "Product",
    By.COUNTRY: "Country of origin",
    By.SMELT: "Country of smelt",
    By.SMELT2: "Country of second smelt",
    By.CAST: "Country of most recent cast",
}
TO_DATE = " (to date)"


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell as printed; `kind` is its style class, `explanation` tells why there is no figure."""

    text: str
    kind: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its header."""

    label: str
    cells: tuple[TableCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `legend` explains the marks that stand in it."""

    caption: str
    row_header: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str], ...]


def data_table(released: Released, lines: Sequence[Line]) -> Table:
    """Periods as rows, the newest first; the lines as columns."""
    freq = released.filters.freq
    periods = [cell.period for cell in lines[0].cells] if lines else []
    columns = [line.cells for line in lines]
    rows = [
        Row(period_words(period, freq), tuple(figure_cell(column[place]) for column in columns))
        for place, period in enumerate(periods)
    ]
    return Table(
        caption=caption(released),
        row_header=PERIOD_HEADERS[freq],
        columns=tuple(f"{line.label} ({released.unit})" for line in lines),
        rows=tuple(reversed(rows)),
        legend=legend([cell for line in lines for cell in line.cells]),
    )


def member_table(released: Released, lines: Sequence[Line]) -> Table:
    """Members as rows, in the order of the lines; the one period as a column for each series."""
    header = MEMBER_HEADERS.get(released.filters.by, "Selection")
    series = list(dict.fromkeys(line.series for line in lines))
    period = period_words(lines[0].cells[0].period, released.filters.freq) if lines else ""
    by_member: dict[str, dict[Series, Line]] = {}
    for line in lines:
        by_member.setdefault(line.member, {})[line.series] = line
    rows = []
    for own in by_member.values():
        label = next(iter(own.values())).member_label if lines[0].split else "The selection"
        rows.append(Row(label, tuple(figure_cell(own[one].cells[0]) for one in series)))
    several = [f"{SERIES_LABELS[one]}, {period} ({released.unit})" for one in series]
    return Table(
        caption=caption(released),
        row_header=header,
        columns=tuple(several) if len(series) > 1 else (f"{period} ({released.unit})",),
        rows=tuple(rows),
        legend=legend([line.cells[0] for line in lines]),
    )


def figure_cell(cell: Cell) -> TableCell:
    """A cell as tables print it."""
    if cell.value is None:
        return TableCell(cell_text(cell), "status", mark(cell)[1])
    if cell.partial:
        return TableCell(cell_text(cell) + TO_DATE, "to-date", "the period is not whole yet")
    return TableCell(cell_text(cell))


def caption(released: Released) -> str:
    """Title and unit, basis, period."""
    return f"{released.title}. {released.subtitle}."
