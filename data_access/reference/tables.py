"""Reading of the CSV tables: every column there, every row as text, no interpretation yet."""

from __future__ import annotations

import csv
from pathlib import Path

from data_access.errors import UserError

HERE = Path(__file__).parent

Row = dict[str, str]

COLUMNS: dict[str, tuple[str, ...]] = {
    "products": (
        "id",
        "label",
        "level",
        "parent",
        "licensed",
        "units",
        "valid_from",
        "valid_to",
        "gone_by",
        "words",
        "source",
    ),
    "code_changes": ("kind", "old", "new", "date", "family", "source"),
    "countries": (
        "iso3",
        "iso2",
        "name",
        "words",
        "region",
        "census_codes",
        "smelter",
        "smelter_year",
        "last_smelted",
        "source",
    ),
    "groups": ("group", "label", "iso3", "member_from", "member_to", "source"),
    "events": ("id", "date", "label", "text", "source"),
    "orders": (
        "id",
        "kind",
        "case",
        "title",
        "products",
        "origins",
        "issued",
        "ended",
        "status",
        "confirmed",
        "scope",
        "note",
        "source",
    ),
    "watch": ("iso3", "smelt", "cast", "since", "reason", "source"),
    "glossary": ("id", "term", "definition", "phrases", "source"),
}
"""Columns of each table `<name>.csv`, in their order."""


def table_path(directory: Path | None, name: str) -> Path:
    """Where the table `name` lies; `directory` None means the tables of this package."""
    return (directory or HERE) / f"{name}.csv"


def read_rows(directory: Path | None, name: str) -> list[Row]:
    """Rows of a table, cells stripped of blanks at both ends.

    Raises UserError where the file is missing, is not UTF-8, or has other columns than `COLUMNS[name]`.
    """
    path = table_path(directory, name)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = tuple(next(reader, ()))
            lines = [(reader.line_num, cells) for cells in reader]
    except FileNotFoundError:
        raise UserError(f"{path}: expected the table of {name}, found no such file; restore it") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: expected a CSV file in UTF-8, found {error}; save it so") from None
    if header != COLUMNS[name]:
        raise UserError(f"{path}: expected columns {', '.join(COLUMNS[name])}, found {', '.join(header) or 'none'}")
    for number, cells in lines:
        if len(cells) != len(header):
            raise UserError(
                f"{path}, line {number}: expected {len(header)} cells, found {len(cells)}; quote cells that hold commas"
            )
    return [dict(zip(header, map(str.strip, cells), strict=True)) for _, cells in lines]
