"""Pulls of public statistics on disk: one file a level, month and pull; the newest is current, older ones are vintages.

    DIR/<level>/<month>/<pulled_at>.parquet        HS10/2025-03/2025-05-08T12-30-00Z.parquet

A pull whose figures equal those that stand writes nothing, so a vintage tells when figures changed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import DEMONSTRATION_MARK, LEVELS, RAW_PUBLIC
from data_access.errors import UserError, writing

STAMP: Final = "%Y-%m-%dT%H-%M-%SZ"
"""File name of a pull: when it was made, UTC, to the second."""

NOT_A_FIGURE: Final = "last_update"
"""The API's own date of a row; a change of it alone is no new vintage."""

KEY: Final = ("hts", "cty_code")

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_PULL = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.parquet")
_UNFINISHED = ".tmp"


def write_month(
    directory: Path, *, level: str, month: str, rows: pa.Table, pulled_at: dt.datetime, demonstration: bool = False
) -> Path | None:
    """Keep all rows of chapter 76 of one month at one level (columns `contracts.RAW_PUBLIC`) as one pull.

    Gives the file written, or None where the figures equal those standing at `pulled_at` (with a time zone). The file
    appears whole or not at all. Raises ValueError where rows are of another month or level, lack a required value,
    repeat a code and country, or are none at all.
    """
    table = _checked(rows, level=level, month=month)
    folder = directory / level / month
    name = f"{pulled_at.astimezone(dt.UTC).strftime(STAMP)}.parquet"
    standing = [path for path in _pulls(folder) if path.name <= name]
    if standing and _same(standing[-1], table, demonstration=demonstration):
        return None
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f".*{_UNFINISHED}"):
            leftover.unlink(missing_ok=True)
    if demonstration:
        table = table.replace_schema_metadata({DEMONSTRATION_MARK: b"true"})
    _write_whole(table, folder / name)
    return folder / name


def newest(directory: Path, *, until: dt.date | None = None) -> dict[tuple[str, str], Path]:
    """The current file of each (level, month) pulled; empty where nothing was.

    `until` gives what was current at the end of that day, UTC: pulls made after it do not count. Where every pull is
    later, nothing tells what was known then, and all count.
    """
    found = _newest(directory, until)
    return found if found or until is None else _newest(directory, None)


def _newest(directory: Path, until: dt.date | None) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, str], Path] = {}
    for level in LEVELS:
        folder = directory / level
        months = sorted(folder.iterdir()) if folder.is_dir() else []
        for month in months:
            pulls = _pulls(month) if _MONTH.fullmatch(month.name) else []
            if until is not None:
                pulls = [path for path in pulls if pulled_at(path).date() <= until]
            if pulls:
                found[level, month.name] = pulls[-1]
    return found


def pulled_at(path: Path) -> dt.datetime:
    """When a file's pull was made, from its name."""
    return dt.datetime.strptime(path.stem, STAMP).replace(tzinfo=dt.UTC)


def read_month(path: Path) -> pa.Table:
    """The rows of one pull, columns `contracts.RAW_PUBLIC`, sorted by code and country.

    Raises UserError where the file cannot be read, has other columns, or is of another month or level than its folder.
    """
    try:
        table = pq.read_table(path, partitioning=None).replace_schema_metadata(None)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: expected a pull of public statistics, found {error}; {_remedy(path)}") from None
    if not table.schema.equals(RAW_PUBLIC):
        found = ", ".join(table.schema.names)
        raise UserError(f"{path}: expected columns {', '.join(RAW_PUBLIC.names)}, found {found}; {_remedy(path)}")
    for column, expected in (("month", path.parent.name), ("level", path.parent.parent.name)):
        others = sorted({str(value) for value in table[column].unique().to_pylist()} - {expected})
        if others:
            raise UserError(f"{path}: column {column}: expected {expected}, found {', '.join(others)}; {_remedy(path)}")
    return table


def is_demonstration(path: Path) -> bool:
    """Whether a pull is marked as synthetic."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: expected a pull of public statistics, found {error}; {_remedy(path)}") from None
    return metadata.get(DEMONSTRATION_MARK) == b"true"


def _remedy(path: Path) -> str:
    return f"remove it and pull {path.parent.name} again"


def _pulls(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _PULL.fullmatch(path.name))


def _checked(rows: pa.Table, *, level: str, month: str) -> pa.Table:
    if level not in LEVELS or not _MONTH.fullmatch(month):
        raise ValueError(f"expected a level of {', '.join(LEVELS)} and a month YYYY-MM, found {level!r} and {month!r}")
    table = rows.select(RAW_PUBLIC.names).cast(RAW_PUBLIC).sort_by([(name, "ascending") for name in KEY])
    table = table.combine_chunks().replace_schema_metadata(None)
    for column, expected in (("month", month), ("level", level)):
        if table[column].unique().to_pylist() != [expected]:
            raise ValueError(f"column {column}: expected {expected} in every row, found others, or no row")
    lacking = [field.name for field in RAW_PUBLIC if not field.nullable and table[field.name].null_count]
    if lacking:
        raise ValueError(f"columns {', '.join(lacking)}: expected a value in every row, found nulls")
    if table.group_by(list(KEY)).aggregate([]).num_rows != table.num_rows:
        raise ValueError(f"{month}: expected one row for each code and country, found repeated ones")
    return table


def _same(path: Path, table: pa.Table, *, demonstration: bool) -> bool:
    """Whether a pull holds these figures; one that cannot be read holds none."""
    try:
        standing = read_month(path)
        if is_demonstration(path) != demonstration:
            return False
    except UserError:
        return False
    return bool(standing.drop_columns([NOT_A_FIGURE]).equals(table.drop_columns([NOT_A_FIGURE])))


def _write_whole(table: pa.Table, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
    try:
        with writing(path):
            with unfinished.open("wb") as file:
                pq.write_table(table, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
