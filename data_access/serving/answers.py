"""Released → JSON, CSV, XLSX, Parquet: the one writer for API, exports and `query`. All hold the same figures."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter  # type: ignore[import-untyped]

from data_access.filters import Measure, Series
from data_access.serving.gate.released import Cell, Released
from data_access.serving.meta import release_dict
from data_access.serving.notes import MARKS, legend, mark

status_words = MARKS
"""Short mark of tables, and its explanation, by status; `mark` tells those of a cell."""
ALWAYS = ("period", "product", "country")
PLACES = ("smelt", "smelt2", "cast")
REST = ("series", "basis", "measure", "unit", "value", "status", "partial", "as_of")
RANGE = ("low", "high")
FIGURES = ("value", *RANGE)
DECIMALS = {Measure.VALUE: 0, Measure.VOLUME: 3, Measure.AUV: 2, Measure.SHARE: 4}
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's date has no zone; fixed, so that bytes are
MAX_NAMED = 3
MAX_NAME = 160
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First signs by which a spreadsheet takes a text for a formula."""


def columns(released: Released) -> tuple[str, ...]:
    """Columns of an answer: those of smelt and cast where a cell has them, source where the series is combined, those
    of ranges where the release has them."""
    places = [name for name in PLACES if any(getattr(cell, name) is not None for cell in released.cells)]
    source = ("source",) if Series.COMBINED in released.filters.series else ()
    ranges = RANGE if released.release.ranges else ()
    return (*ALWAYS, *places, *REST, *source, *ranges)


def to_json(released: Released) -> dict[str, Any]:
    """The answer of /api/v1/series."""
    return {
        "release": release_dict(released.release),
        "query": released.filters.to_dict(),
        "title": released.title,
        "subtitle": released.subtitle,
        "summary": released.summary,
        "notes": list(released.notes),
        "permalink": released.permalink,
        "cite": released.cite,
        "cells": [cell_dict(cell) for cell in released.cells],
    }


def cell_dict(cell: Cell) -> dict[str, Any]:
    """One cell of the JSON answer; `smelt`, `smelt2`, `cast`, `source`, `low` and `high` only where it has them."""
    optional = (*PLACES, "source", *RANGE)
    return {
        name: _plain(getattr(cell, name))
        for name in (*ALWAYS, *PLACES, *REST, "source", *RANGE)
        if name not in optional or getattr(cell, name) is not None
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def to_csv(released: Released) -> str:
    """Comment lines (`# `) of release, query, title and notes, then the cells as columns; no figure, empty field."""
    text = io.StringIO()
    for name, value in _facts(released):
        text.write(f"# {name}: {_one_line(value)}\n")
    writer = csv.writer(text, lineterminator="\n")
    names = columns(released)
    writer.writerow(names)
    for cell in released.cells:
        writer.writerow([_csv_text(getattr(cell, name), cell) for name in names])
    return text.getvalue()


def _facts(released: Released) -> list[tuple[str, str]]:
    """What a file says beside its figures, name by name."""
    release = {name: value for name, value in release_dict(released.release).items() if value is not None}
    return [
        ("title", released.title),
        ("subtitle", released.subtitle),
        ("summary", released.summary),
        *((f"release {name}", _csv_text(value, None)) for name, value in release.items()),
        ("query", released.permalink.partition("?")[2]),
        *(("note", note) for note in released.notes),
        ("permalink", released.permalink),
        ("cite", released.cite),
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _csv_text(value: object, cell: Cell | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and cell is not None:
        return json.dumps(value)
    return guarded(str(value))


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def to_parquet(released: Released) -> bytes:
    """The cells as a Parquet file; release, query and words are in its schema metadata, under `aim_monitor`."""
    names = columns(released)
    kind = pa.int64() if released.filters.measure is Measure.VALUE else pa.float64()
    arrays = [_column(name, [getattr(cell, name) for cell in released.cells], kind) for name in names]
    words = {name: value for name, value in to_json(released).items() if name != "cells"}
    table = pa.Table.from_arrays(arrays, names=list(names)).replace_schema_metadata({"aim_monitor": json.dumps(words)})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _column(name: str, values: list[Any], kind: pa.DataType) -> pa.Array[Any]:
    """An Arrow array, made from buffers: a conversion of Python values would make pyarrow import pandas."""
    known = np.array([value is not None for value in values], np.bool_)
    valid = _bits(known)
    if name in FIGURES:
        numbers = np.array([value or 0 for value in values], np.int64 if kind == pa.int64() else np.float64)
        return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(numbers.tobytes())])
    if name == "partial":
        return pa.Array.from_buffers(pa.bool_(), len(values), [valid, _bits(np.array(values, np.bool_))])
    texts = [b"" if value is None else str(value).encode() for value in values]
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    buffers: list[pa.Buffer | None] = [valid, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _bits(flags: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little").tobytes())


def to_xlsx(released: Released) -> bytes:
    """A workbook: sheet 'Figures' (numbers as numbers, a mark where there is none), sheet 'Notes' (all the words)."""
    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(sink, options)
    book.set_properties({"title": released.title, "comments": released.permalink, "created": EPOCH})
    bold = book.add_format({"bold": True})
    _figures_sheet(book, released, bold)
    notes = book.add_worksheet("Notes")
    notes.set_column(0, 0, 22)
    notes.set_column(1, 1, 120)
    for row, (name, value) in enumerate([*_facts(released), *_legend(released)]):
        notes.write_string(row, 0, name, bold)
        notes.write_string(row, 1, guarded(value))
    book.close()
    return sink.getvalue()


def _figures_sheet(book: xlsxwriter.Workbook, released: Released, bold: Any) -> None:
    sheet = book.add_worksheet("Figures")
    decimals = DECIMALS[released.filters.measure]
    shape = book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")})
    names = columns(released)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, 18 if name in FIGURES else 13)
    for row, cell in enumerate(released.cells, start=1):
        for column, name in enumerate(names):
            value = getattr(cell, name)
            if name in FIGURES and value is not None:
                sheet.write_number(row, column, value, shape)
            elif name == "value":
                sheet.write_string(row, column, mark(cell)[0])
            elif name == "partial":
                sheet.write_boolean(row, column, value)
            elif value is not None:
                sheet.write_string(row, column, _csv_text(value, None))


def _legend(released: Released) -> list[tuple[str, str]]:
    return list(legend(released.cells))


def file_name(released: Released, ext: str) -> str:
    """What a file of this answer is called: product, country, measure, period and release; safe on every system."""
    filters, release = released.filters, released.release
    span = f"{filters.start}_{filters.end}" if filters.start and filters.end else "no-period"
    split = [f"by-{filters.by}"] if filters.by != "none" else []
    places = [f"{name}-{_few(getattr(filters, name))}" for name in PLACES if getattr(filters, name)]
    parts = [
        "aim-demonstration" if release.demonstration else "aim",
        _few(filters.products),
        _few(filters.countries),
        *places,
        *split,
        str(filters.measure),
        str(filters.freq),
        span,
        release.id or "no-release",
    ]
    stem = re.sub(r"[^A-Za-z0-9_+.-]", "-", "_".join(parts))
    return f"{stem[:MAX_NAME]}.{ext}"


def _few(ids: tuple[str, ...]) -> str:
    named = "+".join(ids[:MAX_NAMED])
    return named if len(ids) <= MAX_NAMED else f"{named}+{len(ids) - MAX_NAMED}-more"


def cell_text(cell: Cell) -> str:
    """A cell as tables print it: '1,234,567', '197,578.579', '(D)', '(D) 10–45', 'none or (D)', 'not yet', …"""
    if cell.value is None:
        return " ".join((mark(cell)[0], range_text(cell))).strip()
    return _digits(cell.value, cell)


def range_text(cell: Cell) -> str:
    """The range of a withheld cell: '10–45', 'up to 45', '10 or more'; empty where it has none."""
    if cell.low is None and cell.high is None:
        return ""
    if cell.high is None:
        return f"{_digits(cell.low or 0, cell)} or more"
    low = cell.low or 0
    return f"{_digits(low, cell)}–{_digits(cell.high, cell)}" if low else f"up to {_digits(cell.high, cell)}"


def _digits(figure: float, cell: Cell) -> str:
    return f"{figure:,.{DECIMALS[cell.measure]}f}"


__all__ = [
    "cell_dict",
    "cell_text",
    "columns",
    "file_name",
    "guarded",
    "legend",
    "mark",
    "range_text",
    "status_words",
    "to_csv",
    "to_json",
    "to_parquet",
    "to_xlsx",
]
