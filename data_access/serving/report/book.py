"""Tables as a workbook that prints: one sheet each, the header on every page, numbers as numbers, charts of Excel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from data_access.serving.answers.sheet import EPOCH, guarded
from data_access.serving.report.tables import Form, Plot, Table

FORMATS = {
    Form.TONS: "#,##0",
    Form.USD: "#,##0",
    Form.PRICE: "#,##0",
    Form.CHANGE: "+0.0%;-0.0%;0.0%",
    Form.PART: "0.0%",
}
"""How figures are shown; the cells hold all their digits."""
NAME_WIDTH, FIGURE_WIDTH, WORDS_WIDTH = 34, 15, 110
HEADER = 3
"""Row of the column names, from 0; title, unit and an empty row stand above."""
HEADER_HEIGHT = 45
CHART_ROWS = 20
CHART_SIZE = {"width": 900, "height": 380}
LICENSE_COLOR, BASE_COLOR = "#1b4f72", "#c9d3db"
"""Dark and light, so that they are told apart in gray too."""
HEADER_COLOR, GRID_COLOR, NOTE_COLOR = "#eef2f5", "#d9d9d9", "#404040"
LETTER = 1
MARGINS = {"left": 0.5, "right": 0.5, "top": 0.75, "bottom": 0.75}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def workbook(cover: Sequence[tuple[str, str]], tables: Sequence[Table], *, title: str, footer: str) -> bytes:
    """The file: a cover of names and words, then a sheet a table. The same tables give the same bytes."""
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, OPTIONS)
    book.set_properties({"title": title, "subject": footer, "created": EPOCH})
    styles = _Styles(book)
    _cover(book, cover, tables, title=title, footer=footer, styles=styles)
    for table in tables:
        _sheet(book, table, footer=footer, styles=styles)
    book.close()
    return sink.getvalue()


class _Styles:
    """The formats of a workbook."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self.words = book.add_format({"text_wrap": True, "valign": "top"})
        self.note = book.add_format({"font_size": 9, "font_color": NOTE_COLOR})
        header = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1, "bg_color": HEADER_COLOR}
        self.header = book.add_format(header)
        self.header_right = book.add_format(header | {"align": "right"})
        self.mark = book.add_format({"align": "right", "italic": True, "font_color": NOTE_COLOR})
        self.figure = {form: book.add_format({"num_format": shape}) for form, shape in FORMATS.items()}


def _page(sheet: Any, *, footer: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(LETTER)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(**MARGINS)
    sheet.set_footer(f"&L&8{footer.replace('&', '&&')}&R&8&A, page &P of &N")


def _cover(
    book: Any, cover: Sequence[tuple[str, str]], tables: Sequence[Table], *, title: str, footer: str, styles: _Styles
) -> None:
    sheet = book.add_worksheet("Notes")
    _page(sheet, footer=footer)
    sheet.set_column(0, 0, NAME_WIDTH)
    sheet.set_column(1, 1, WORDS_WIDTH)
    sheet.write_string(0, 0, title, styles.title)
    for row, (name, words) in enumerate(cover, start=2):
        sheet.write_string(row, 0, name, styles.bold)
        sheet.write_string(row, 1, guarded(words), styles.words)
    first = 2 + len(cover) + 1
    sheet.write_string(first, 0, "Sheet", styles.header)
    sheet.write_string(first, 1, "What it shows", styles.header)
    for row, table in enumerate(tables, start=first + 1):
        sheet.write_url(row, 0, f"internal:'{table.sheet}'!A1", string=table.sheet)
        sheet.write_string(row, 1, f"{table.title} ({table.unit})", styles.words)


def _sheet(book: Any, table: Table, *, footer: str, styles: _Styles) -> None:
    sheet = book.add_worksheet(table.sheet)
    _page(sheet, footer=footer)
    sheet.repeat_rows(HEADER)
    sheet.write_string(0, 0, table.title, styles.title)
    sheet.write_string(1, 0, table.unit, styles.note)
    sheet.set_row(HEADER, HEADER_HEIGHT)
    for place, column in enumerate(table.columns):
        is_name = column.form is Form.TEXT
        sheet.set_column(place, place, NAME_WIDTH if is_name else FIGURE_WIDTH)
        sheet.write_string(HEADER, place, column.name, styles.header if is_name else styles.header_right)
    names = sum(column.form is Form.TEXT for column in table.columns)
    sheet.freeze_panes(HEADER + 1, names)
    for row, values in enumerate(table.rows, start=HEADER + 1):
        for place, (column, value) in enumerate(zip(table.columns, values, strict=True)):
            if isinstance(value, str):
                style = None if column.form is Form.TEXT else styles.mark
                sheet.write_string(row, place, guarded(value), style)
            else:
                sheet.write_number(row, place, value, styles.figure[column.form])
    below = HEADER + len(table.rows) + 2
    if table.plot:
        sheet.insert_chart(below, 0, _chart(book, table, table.plot), {"description": table.plot.title})
        below += CHART_ROWS
    for row, words in enumerate(_words(table), start=below):
        sheet.write_string(row, 0, words, styles.note)


def _words(table: Table) -> list[str]:
    """What is said below the figures."""
    return [
        *(f"{sign}: {meaning}." for sign, meaning in table.legend),
        *table.notes,
        *(f"Same figures: {link}" for link in table.links),
        f"Cite as: {table.cite}",
    ]


def _chart(book: Any, table: Table, plot: Plot) -> Any:
    """Columns side by side, from the sheet's own cells; only rows that have all figures are drawn."""
    chart = book.add_chart({"type": "column"})
    first, last = HEADER + 1, HEADER + plot.rows
    for place, color in zip(plot.columns, (LICENSE_COLOR, BASE_COLOR), strict=True):
        chart.add_series(
            {
                "name": [table.sheet, HEADER, place],
                "categories": [table.sheet, first, 0, last, 0],
                "values": [table.sheet, first, place, last, place],
                "fill": {"color": color},
                "border": {"color": LICENSE_COLOR, "width": 0.75},
                "gap": 60,
            }
        )
    chart.set_title({"name": plot.title, "name_font": {"size": 12}, "overlay": False})
    lines = {"visible": True, "line": {"color": GRID_COLOR}}
    chart.set_y_axis({"name": plot.unit, "num_format": "#,##0", "major_gridlines": lines})
    chart.set_legend({"position": "top"})
    chart.set_size(CHART_SIZE)
    return chart
