"""License files: Parquet or CSV, their columns and types, marks and dates; and which records count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from data_access.contracts import LICENSES
from data_access.errors import UserError
from data_access.publishing.sources.licenses import Licenses, counted, read_licenses
from data_access.reference import Reference

Write = Callable[..., Path]
Read = Callable[..., Licenses]


def as_csv(path: Path, *, comments: str = "") -> Path:
    """The same records as CSV, with comment lines before the header."""
    target = path.with_suffix(".csv")
    with target.open("wb") as file:
        file.write(comments.encode())
        pa_csv.write_csv(pq.read_table(path), file)
    return target


def error_of(path: Path, reference: Reference) -> str:
    with pytest.raises(UserError) as caught:
        read_licenses(path, reference=reference)
    assert str(path) in str(caught.value)
    return str(caught.value)


def changed(path: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    pq.write_table(change(pq.read_table(path)), path)
    return path


def test_a_file_gives_the_columns_of_the_contract_in_their_order(read: Read) -> None:
    frame = read({}, {"port": "", "exporter_id": "F9"}).frame
    assert list(frame.columns) == LICENSES.names
    assert frame["expected_import_on"].dtype.kind == "M"
    assert frame["quantity_kg"].dtype == "float64"
    assert frame["port"].isna().tolist() == [False, True]


def test_a_csv_file_gives_the_same_as_parquet(write: Write, reference: Reference) -> None:
    path = write({}, {"exporter_id": "F9", "low_value": True, "quantity_kg": 0.5}, {"status": "cancelled"})
    ours, other = (read_licenses(file, reference=reference) for file in (path, as_csv(path)))
    pd.testing.assert_frame_equal(other.frame, ours.frame)


def test_the_name_dates_the_snapshot(write: Write, reference: Reference) -> None:
    assert read_licenses(write({}), reference=reference).as_of == date(2026, 11, 20)
    assert read_licenses(write({}, name="records.parquet"), reference=reference).as_of is None
    assert "expected a date in the name" in error_of(write({}, name="licenses-2026-13-01.parquet"), reference)


def test_a_file_marked_as_demonstration_is_one(write: Write, reference: Reference) -> None:
    plain, marked = write({}, name="a.parquet"), write({}, name="b.parquet", demonstration="true")
    assert not read_licenses(plain, reference=reference).demonstration
    assert read_licenses(marked, reference=reference).demonstration
    assert not read_licenses(as_csv(plain), reference=reference).demonstration
    assert read_licenses(as_csv(plain, comments="# demonstration: true\n"), reference=reference).demonstration
    assert not read_licenses(as_csv(plain, comments="# anything\n"), reference=reference).demonstration


def test_missing_and_unexpected_columns_are_told_together(write: Write, reference: Reference) -> None:
    path = changed(write({}), lambda table: table.drop_columns(["cast"]).append_column("note", pa.array(["x"])))
    text = error_of(path, reference)
    assert "column cast: expected it, found none" in text
    assert "column note: expected no such column" in text


def test_a_column_of_another_type_is_told(write: Write, reference: Reference) -> None:
    def with_numbers(table: pa.Table) -> pa.Table:
        place = table.column_names.index("hts10")
        return table.set_column(place, "hts10", pa.array([7606123096]))

    text = error_of(changed(write({}), with_numbers), reference)
    assert "column hts10: expected type string, found int64" in text


def test_types_that_hold_the_same_are_read(write: Write, reference: Reference) -> None:
    def other_types(table: pa.Table) -> pa.Table:
        frame = table.to_pandas(date_as_object=False)
        frame["status"] = frame["status"].astype("category")
        frame["quantity_kg"] = frame["quantity_kg"].astype("int64")
        return pa.Table.from_pandas(frame, preserve_index=False)

    frame = read_licenses(changed(write({}, {}), other_types), reference=reference).frame
    assert frame["status"].tolist() == ["used", "used"]
    assert frame["quantity_kg"].tolist() == [20_000.0, 20_000.0]


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("applied_on", "06/01/2026", "a date YYYY-MM-DD, found '06/01/2026'"),
        ("applied_on", "2026-02-30", "a date YYYY-MM-DD, found '2026-02-30'"),
        ("expected_import_on", "2026-10-01T00:00", "a date YYYY-MM-DD, found '2026-10-01T00:00'"),
        ("quantity_kg", "20 t", "a number, found '20 t'"),
        ("value_usd", "nan", "a number, found 'nan'"),
        ("value_usd", "inf", "US$, 0 or more, found inf"),
        ("low_value", "no", "true or false, found 'no'"),
        ("quantity_kg", "", "a value, found nothing"),
        ("smelt1", "", "a value, found nothing"),
    ],
)
def test_a_text_that_is_no_value_of_its_column_is_told(
    write: Write, reference: Reference, column: str, text: str, expected: str
) -> None:
    path = as_csv(write({}, {}))
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[1, column] = text
    frame.to_csv(path, index=False)
    lines = error_of(path, reference).splitlines()[1:]
    assert lines == [f"  row 2, column {column}: expected {expected}"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, reference: Reference) -> None:
    assert "found no such file" in error_of(tmp_path / "licenses-2026-11-20.parquet", reference)
    (tmp_path / "licenses.parquet").write_text("no Parquet")
    assert "expected license records" in error_of(tmp_path / "licenses.parquet", reference)
    (tmp_path / "licenses.xlsx").write_text("")
    assert "expected a file .parquet or .csv" in error_of(tmp_path / "licenses.xlsx", reference)
    (tmp_path / "licenses.csv").write_text("")
    assert "expected license records" in error_of(tmp_path / "licenses.csv", reference)


def test_a_file_without_records_is_read(read: Read) -> None:
    licenses = read()
    assert len(licenses.frame) == 0
    assert list(counted(licenses.frame)[["month", "tons"]].columns) == ["month", "tons"]


def test_cancelled_and_unused_licenses_do_not_count(read: Read) -> None:
    statuses = ["active", "used", "cancelled", "expired_unused"]
    frame = counted(read(*({"status": status} for status in statuses)).frame)
    assert frame["status"].tolist() == ["active", "used"]
    assert frame.index.tolist() == [0, 1]


def test_a_license_counts_in_the_month_of_its_expected_import(read: Read) -> None:
    dates = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31)]
    frame = counted(read(*({"applied_on": date(2026, 9, 1), "expected_import_on": day} for day in dates)).frame)
    assert frame["month"].tolist() == ["2026-09", "2026-10", "2026-10"]


def test_kg_become_metric_tons(read: Read) -> None:
    assert counted(read({"quantity_kg": 1234.5}).frame)["tons"].tolist() == [1.2345]
