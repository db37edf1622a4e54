"""Released → JSON, CSV, XLSX, Parquet: the one writer for API, exports and `query`. All hold the same figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from data_access.filters import Series
from data_access.serving.answers.sheet import (
    Column,
    Kind,
    Sheet,
    csv_file,
    field_text,
    guarded,
    parquet_file,
    xlsx_file,
)
from data_access.serving.gate.released import Cell, Released
from data_access.serving.meta import release_dict
from data_access.serving.notes import MARKS, legend, mark
from data_access.serving.prose import signed

status_words = MARKS
"""Short mark of tables, and its explanation, by status; `mark` tells those of a cell."""
ALWAYS = ("period", "product", "country")
PLACES = ("smelt", "smelt2", "cast")
REST = ("series", "basis", "measure", "unit", "value", "status", "partial", "as_of")
RANGE = ("low", "high")
FIGURES = ("value", *RANGE)
DECIMALS = {"US$": 0, "t": 3, "US$/t": 2, "%": 4}
"""Digits that tables print after the point, by unit; changes and indices have two."""
OF_CHANGES = 2
MAX_NAMED = 3
MAX_NAME = 160


def columns(released: Released) -> tuple[str, ...]:
    """Columns of an answer: those of smelt and cast where a cell has them, source where the series is combined, those
    of ranges where the release has them."""
    places = [name for name in PLACES if any(getattr(cell, name) is not None for cell in released.cells)]
    source = ("source",) if Series.COMBINED in released.filters.series else ()
    ranges = RANGE if released.release.ranges else ()
    return (*ALWAYS, *places, *REST, *source, *ranges)


def to_json(released: Released, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/series; `base` (scheme and host) makes its links absolute."""
    return {**words(released, base=base), "cells": [cell_dict(cell) for cell in released.cells]}


def words(released: Released, *, base: str = "") -> dict[str, Any]:
    """What an answer says beside its cells."""
    return {
        "release": release_dict(released.release),
        "query": released.filters.to_dict(),
        "title": released.title,
        "subtitle": released.subtitle,
        "summary": released.summary,
        "notes": list(released.notes),
        "permalink": base + released.permalink,
        "cite": cite(released, base=base),
    }


def cite(released: Released, *, base: str = "") -> str:
    """How to cite an answer, with its address."""
    return released.cite.removesuffix(released.permalink) + base + released.permalink


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


# -- files ----------------------------------------------------------------------------------------------------------


def to_csv(released: Released, *, base: str = "") -> str:
    """Comment lines (`# `) of release, query, title and notes, then the cells as columns; no figure, empty field."""
    return csv_file(sheet(released, base=base))


def to_parquet(released: Released, *, base: str = "") -> bytes:
    """The cells as a Parquet file; release, query and words are in its schema metadata, under `aim_monitor`."""
    return parquet_file(sheet(released, base=base))


def to_xlsx(released: Released, *, base: str = "") -> bytes:
    """A workbook: sheet 'Figures' (numbers as numbers, a mark where there is none), sheet 'Notes' (all the words)."""
    return xlsx_file(sheet(released, base=base))


def sheet(released: Released, *, base: str = "") -> Sheet:
    """The cells as rows, with the words of the answer."""
    names = columns(released)
    rows = [[_plain(getattr(cell, name)) for name in names] for cell in released.cells]
    place = names.index("value")
    return Sheet(
        title=released.title,
        permalink=base + released.permalink,
        facts=tuple(facts(released, base=base)),
        words=words(released, base=base),
        columns=tuple(column(name, released.unit) for name in names),
        rows=rows,
        marks={(row, place): mark(cell)[0] for row, cell in enumerate(released.cells) if cell.value is None},
        legend=legend(released.cells),
    )


def column(name: str, unit: str) -> Column:
    """A column of cells: figures in `unit`, `partial` as a flag, all else as text."""
    if name in FIGURES:
        kind = Kind.WHOLE if unit == "US$" else Kind.NUMBER
        return Column(name, kind, DECIMALS.get(unit, OF_CHANGES))
    return Column(name, Kind.FLAG if name == "partial" else Kind.TEXT)


def facts(released: Released, *, base: str = "", notes: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """What a file says beside its figures, name by name; `notes` in place of those of the answer."""
    release = {name: value for name, value in release_dict(released.release).items() if value is not None}
    return [
        ("title", released.title),
        ("subtitle", released.subtitle),
        ("summary", released.summary),
        *((f"release {name}", field_text(value)) for name, value in release.items()),
        ("query", released.permalink.partition("?")[2]),
        *(("note", note) for note in (released.notes if notes is None else notes)),
        ("permalink", base + released.permalink),
        ("cite", cite(released, base=base)),
    ]


def file_name(released: Released, ext: str, *, kind: str = "") -> str:
    """What a file of this answer is called: product, country, measure, period and release; safe on every system.

    `kind` (ranking, matrix, …) is told where the answer is no plain series.
    """
    filters, release = released.filters, released.release
    span = f"{filters.start}_{filters.end}" if filters.start and filters.end else "no-period"
    split = [f"by-{filters.by}"] if filters.by != "none" else []
    split += [f"across-{filters.across}"] if filters.across != "none" else []
    shown = [str(filters.show)] if filters.show != "level" else []
    places = [f"{name}-{few(getattr(filters, name))}" for name in PLACES if getattr(filters, name)]
    parts = [
        "aim-demonstration" if release.demonstration else "aim",
        *([kind] if kind else []),
        few(filters.products),
        few(filters.countries),
        *places,
        *split,
        str(filters.measure),
        *shown,
        str(filters.freq),
        span,
        release.id or "no-release",
    ]
    return named(parts, ext)


def named(parts: Iterable[str], ext: str) -> str:
    """The name of a file of these parts, safe on every system."""
    stem = re.sub(r"[^A-Za-z0-9_+.-]", "-", "_".join(parts))
    return f"{stem[:MAX_NAME]}.{ext}"


def few(ids: tuple[str, ...]) -> str:
    """The first of some ids, and how many more there are."""
    first = "+".join(ids[:MAX_NAMED])
    return first if len(ids) <= MAX_NAMED else f"{first}+{len(ids) - MAX_NAMED}-more"


# -- tables of pages ------------------------------------------------------------------------------------------------


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
    return signed(f"{figure:,.{DECIMALS.get(cell.unit, OF_CHANGES)}f}")


__all__ = [
    "DECIMALS",
    "OF_CHANGES",
    "cell_dict",
    "cell_text",
    "cite",
    "column",
    "columns",
    "facts",
    "few",
    "file_name",
    "guarded",
    "legend",
    "mark",
    "named",
    "range_text",
    "sheet",
    "status_words",
    "to_csv",
    "to_json",
    "to_parquet",
    "to_xlsx",
    "words",
]
