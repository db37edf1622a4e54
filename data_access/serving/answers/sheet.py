"""A sheet: columns and rows of one answer with the words that belong to them, and three kinds of file made of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter  # type: ignore[import-untyped]

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's date has no zone; fixed, so that bytes are
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First signs by which a spreadsheet takes a text for a formula."""
WIDE, NARROW, NAMES, WORDS = 18, 13, 22, 120
"""Widths of columns of figures, other columns, and of the two columns of notes."""


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `decimals` is how many a workbook shows of its numbers."""

    name: str
    kind: Kind = Kind.TEXT
    decimals: int = 0

    @property
    def is_figure(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in (Kind.WHOLE, Kind.NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a file of an answer holds.

    `facts` are the words beside the figures, name by name; `words` the same as JSON has them; `marks` what a workbook
    prints in a place (row, column) without a figure; `legend` explains marks.
    """

    title: str
    permalink: str
    facts: tuple[tuple[str, str], ...]
    words: Mapping[str, Any]
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    legend: tuple[tuple[str, str], ...] = ()


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def field_text(value: object) -> str:
    """A value as one field of a CSV file; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    return guarded(str(value))


def csv_file(sheet: Sheet) -> str:
    """Comment lines (`# `) of the words, then the columns; no figure, empty field."""
    text = io.StringIO()
    for name, value in sheet.facts:
        text.write(f"# {name}: {' '.join(value.split(chr(10)))}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in sheet.columns])
    writer.writerows([field_text(value) for value in row] for row in sheet.rows)
    return text.getvalue()


def parquet_file(sheet: Sheet) -> bytes:
    """The columns as a Parquet file; the words are in its schema metadata, under `aim_monitor`."""
    arrays = [_array(column.kind, [row[place] for row in sheet.rows]) for place, column in enumerate(sheet.columns)]
    table = pa.Table.from_arrays(arrays, names=[column.name for column in sheet.columns])
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"aim_monitor": json.dumps(sheet.words)}), sink)
    return sink.getvalue()


def _array(kind: Kind, values: list[Any]) -> pa.Array[Any]:
    """An Arrow array, made from buffers: a conversion of Python values would make pyarrow import pandas."""
    valid = _bits(np.array([value is not None for value in values], np.bool_))
    count = len(values)
    match kind:
        case Kind.WHOLE:
            whole = np.array([value or 0 for value in values], np.int64)
            return pa.Array.from_buffers(pa.int64(), count, [valid, pa.py_buffer(whole.tobytes())])
        case Kind.NUMBER:
            numbers = np.array([value or 0 for value in values], np.float64)
            return pa.Array.from_buffers(pa.float64(), count, [valid, pa.py_buffer(numbers.tobytes())])
        case Kind.FLAG:
            flags = np.array([bool(value) for value in values], np.bool_)
            return pa.Array.from_buffers(pa.bool_(), count, [valid, _bits(flags)])
        case Kind.TEXT:
            texts = [b"" if value is None else str(value).encode() for value in values]
            ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
            buffers: list[pa.Buffer | None] = [valid, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(texts))]
            return pa.Array.from_buffers(pa.string(), count, buffers)


def _bits(flags: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little").tobytes())


def xlsx_file(sheet: Sheet) -> bytes:
    """A workbook: sheet 'Figures' (numbers as numbers, a mark where there is none), sheet 'Notes' (all the words)."""
    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(sink, options)
    book.set_properties({"title": sheet.title, "comments": sheet.permalink, "created": EPOCH})
    bold = book.add_format({"bold": True})
    _figures(book, sheet, bold)
    notes = book.add_worksheet("Notes")
    notes.set_column(0, 0, NAMES)
    notes.set_column(1, 1, WORDS)
    for row, (name, value) in enumerate([*sheet.facts, *sheet.legend]):
        notes.write_string(row, 0, name, bold)
        notes.write_string(row, 1, guarded(value))
    book.close()
    return sink.getvalue()


def _figures(book: xlsxwriter.Workbook, sheet: Sheet, bold: Any) -> None:
    page = book.add_worksheet("Figures")
    page.freeze_panes(1, 0)
    shapes = {
        places: book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")})
        for places in dict.fromkeys(column.decimals for column in sheet.columns if column.is_figure)
    }
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, column.name, bold)
        page.set_column(place, place, WIDE if column.is_figure else NARROW)
    for row, values in enumerate(sheet.rows):
        for place, (column, value) in enumerate(zip(sheet.columns, values, strict=True)):
            if value is None:
                if mark := sheet.marks.get((row, place)):
                    page.write_string(row + 1, place, mark)
            elif column.is_figure:
                page.write_number(row + 1, place, value, shapes[column.decimals])
            elif column.kind is Kind.FLAG:
                page.write_boolean(row + 1, place, value)
            else:
                page.write_string(row + 1, place, guarded(str(value)))
