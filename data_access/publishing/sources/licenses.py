"""License records: read from a Parquet or CSV file, checked, all errors told at once; and what of them counts.

Records are confidential: they and the errors below belong to the staff side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data_access.contracts import DEMONSTRATION_MARK, LICENSES
from data_access.errors import UserError, all_at_once
from data_access.publishing.sources.license_checks import Found, check_records
from data_access.reference import Reference

COUNTING: Final = ("active", "used")
"""Statuses that count; cancelled licenses and those that expired unused never became imports."""

KG_PER_TON: Final = 1000.0

COMMENT: Final = "#"
"""Begins the comment lines that a CSV file may have before its header."""

_DATE_IN_NAME: Final = re.compile(r"licenses-(\d{4}-\d{2}-\d{2})")
_ISO_DATE: Final = r"^\d{4}-\d{2}-\d{2}$"
_DEMONSTRATION_LINE: Final = re.compile(r"#\s*demonstration:\s*true\s*", re.IGNORECASE)
_BOOLEANS: Final = ("true", "false")
_REMEDY: Final = "mend these records at their source and export the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licenses:
    """License records (columns of `contracts.LICENSES`; dates as datetime64, missing texts null).

    `as_of` is the date in the file's name, `demonstration` whether the file says that its records are synthetic.
    """

    frame: pd.DataFrame
    as_of: date | None
    demonstration: bool


def read_licenses(path: Path, *, reference: Reference) -> Licenses:
    """The license records of a Parquet or CSV file.

    `licenses-YYYY-MM-DD` as name dates the snapshot. Parquet marks synthetic records in its schema metadata
    (`contracts.DEMONSTRATION_MARK`), CSV by the first line `# demonstration: true`. Raises UserError where the file
    cannot be read, and one that lists all errors where columns or records are not as they must be
    (`license_checks` names the rules); rows are counted from 1, the header not counted.
    """
    as_of = _date_in_name(path)
    table, demonstration = _read(path)
    typed, found = _typed(table, path)
    found += check_records(typed, reference=reference, as_of=as_of)
    if problems := Found.merged(found):
        raise all_at_once(f"{path}: {len(problems):,} errors in license records; {_REMEDY}", problems)
    frame = typed.to_pandas(date_as_object=False)
    return Licenses(frame=pd.DataFrame(frame), as_of=as_of, demonstration=demonstration)


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    """The records that count, with `month` (YYYY-MM, of the expected import) and `tons` (metric tons) added.

    Cancelled licenses and those that expired unused do not count.
    """
    kept = frame[frame["status"].isin(COUNTING)].reset_index(drop=True)
    months, position = np.unique(kept["expected_import_on"].to_numpy("datetime64[M]"), return_inverse=True)
    names = np.array([str(month) for month in months], dtype=object)
    return kept.assign(
        month=pd.Series(names[position] if len(names) else [], dtype="str", index=kept.index),
        tons=kept["quantity_kg"] / KG_PER_TON,
    )


def _date_in_name(path: Path) -> date | None:
    match = _DATE_IN_NAME.fullmatch(path.stem)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        raise UserError(f"{path}: expected a date in the name, found {match[1]}; name it licenses-YYYY-MM-DD") from None


def _read(path: Path) -> tuple[pa.Table, bool]:
    """The table as it stands in the file, and whether it is marked as synthetic."""
    readers = {".parquet": _read_parquet, ".csv": _read_csv}
    if path.suffix.lower() not in readers:
        raise UserError(f"{path}: expected a file .parquet or .csv, found {path.suffix or 'no ending'}; save it as one")
    try:
        return readers[path.suffix.lower()](path)
    except FileNotFoundError:
        raise UserError(f"{path}: expected a license file, found no such file; name one") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{path}: expected license records, found {error}; export the file again") from None


def _read_parquet(path: Path) -> tuple[pa.Table, bool]:
    table = pq.read_table(path, partitioning=None)
    return table, (table.schema.metadata or {}).get(DEMONSTRATION_MARK) == b"true"


def _read_csv(path: Path) -> tuple[pa.Table, bool]:
    """All columns as text, empty where nothing stands."""
    comments = []
    with path.open(encoding="utf-8-sig") as file:
        while (line := file.readline()).startswith(COMMENT):
            comments.append(line)
    names = line.rstrip("\r\n").split(",")
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(skip_rows=len(comments)),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={name.strip('"'): pa.string() for name in names}, strings_can_be_null=False
        ),
    )
    return table, bool(comments) and _DEMONSTRATION_LINE.fullmatch(comments[0]) is not None


def _typed(table: pa.Table, path: Path) -> tuple[pa.Table, list[Found]]:
    """The columns of the contract with its types, and the values that are not of them (null in the table).

    Raises UserError for columns that are missing, too many or, in Parquet, of another type.
    """
    problems = _column_problems(table)
    if problems:
        raise all_at_once(f"{path}: not the columns of a license file; export it with the columns named", problems)
    columns, found = [], []
    for field in LICENSES:
        values = table[field.name].combine_chunks()
        typed, bad = _cast(values, field)
        if bad is not None:
            found.append(Found.of(field.name, bad, _words(field.type), values))
        missing = typed.is_null() if bad is None else pc.and_not(typed.is_null(), bad)
        if not field.nullable and pc.any(missing).as_py():
            found.append(Found.of(field.name, missing, "a value", None))
        columns.append(typed)
    return pa.table(columns, schema=_all_nullable()), found


def _all_nullable() -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in LICENSES])


def _column_problems(table: pa.Table) -> list[str]:
    names = table.column_names
    problems = [f"column {name}: expected it, found none" for name in LICENSES.names if name not in names]
    problems += [
        f"column {name}: expected no such column" for name in dict.fromkeys(names) if name not in LICENSES.names
    ]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    problems += [f"column {name}: expected it once, found it {names.count(name)} times" for name in twice]
    if twice:
        return problems
    for field in LICENSES:
        if field.name in names and not _fits(table[field.name].type, field.type):
            kind = table[field.name].type
            problems.append(f"column {field.name}: expected type {field.type}, found {kind}")
    return problems


def _fits(found: pa.DataType, expected: pa.DataType) -> bool:
    """Whether a column's type holds values of the expected one: as text too, each value is then looked at."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_null(found) or found == expected or _is_text(found):
        return True
    if pa.types.is_date32(expected):
        return pa.types.is_date(found) or pa.types.is_timestamp(found)
    return pa.types.is_floating(expected) and (
        pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _cast(values: Any, field: pa.Field[Any]) -> tuple[Any, Any]:
    """Values in the type of the contract, null where they are none of it; and where that is (None: nowhere)."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not _is_text(values.type):
        return _converted(values, field.type)
    text = values.cast(pa.string())
    text = pc.if_else(pc.equal(text, pa.scalar("")), None, text)
    if pa.types.is_string(field.type):
        return text, None
    good = _well_formed(text, field.type)
    plain = pc.if_else(good, text, None)
    typed = _parsed(plain, field.type)
    bad = pc.and_(text.is_valid(), typed.is_null())
    return typed, bad if pc.any(bad).as_py() else None


def _converted(values: Any, kind: pa.DataType) -> tuple[Any, Any]:
    """Of one type to another that holds the same; a time of day other than midnight is no date."""
    typed = values.cast(kind, safe=False)
    if not pa.types.is_date32(kind) or not pa.types.is_timestamp(values.type):
        return typed, None
    bad = pc.fill_null(pc.not_equal(typed.cast(values.type), values), False)
    return typed, bad if pc.any(bad).as_py() else None


def _well_formed(text: Any, kind: pa.DataType) -> Any:
    if pa.types.is_boolean(kind):
        return pc.is_in(pc.utf8_lower(text), pa.array(_BOOLEANS))
    if pa.types.is_date32(kind):
        return pc.match_substring_regex(text, _ISO_DATE)
    return pa.array(pd.to_numeric(text.to_pandas(), errors="coerce").notna())


def _parsed(text: Any, kind: pa.DataType) -> Any:
    if pa.types.is_date32(kind):
        days = pd.to_datetime(text.to_pandas(), format="%Y-%m-%d", errors="coerce")
        return pa.array(days).cast(pa.date32(), safe=False)
    if pa.types.is_boolean(kind):
        return pc.utf8_lower(text).cast(kind)
    return pa.array(pd.to_numeric(text.to_pandas(), errors="coerce").astype("float64"), from_pandas=True)


def _words(kind: pa.DataType) -> str:
    if pa.types.is_date32(kind):
        return "a date YYYY-MM-DD"
    return "true or false" if pa.types.is_boolean(kind) else "a number"
