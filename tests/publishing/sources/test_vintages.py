"""Pulls on disk: the newest is current, equal figures write nothing, a file is whole or not there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.contracts import RAW_PUBLIC
from data_access.errors import UserError
from data_access.publishing.sources import vintages
from data_access.publishing.sources.vintages import is_demonstration, newest, pulled_at, read_month, write_month

MAY = dt.datetime(2024, 5, 7, 12, 30, tzinfo=dt.UTC)
JUNE = dt.datetime(2024, 6, 6, 12, 30, tzinfo=dt.UTC)
CANADA = {"month": "2024-03", "level": "HS10", "hts": "7601103000", "cty_code": "1220", "cty_name": "CANADA"}
MEXICO = CANADA | {"cty_code": "2010", "cty_name": "MEXICO"}


def rows(*records: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(records), schema=RAW_PUBLIC)


def write(directory: Path, table: pa.Table, at: dt.datetime = MAY, **changes: Any) -> Path | None:
    return write_month(directory, **{"level": "HS10", "month": "2024-03", "rows": table, "pulled_at": at, **changes})


def test_a_pull_is_read_back_as_written_sorted_by_code_and_country(tmp_path: Path) -> None:
    path = write(tmp_path, rows(MEXICO | {"consumption_value": 7}, CANADA | {"consumption_value": 5, "unit1": "KG"}))
    assert path == tmp_path / "HS10" / "2024-03" / "2024-05-07T12-30-00Z.parquet"
    assert pulled_at(path) == MAY
    table = read_month(path)
    assert table.schema.equals(RAW_PUBLIC)
    assert table["cty_code"].to_pylist() == ["1220", "2010"]
    assert table["consumption_value"].to_pylist() == [5, 7]
    assert table["general_value"].to_pylist() == [None, None]


def test_the_newest_pull_of_a_month_is_current_and_the_older_one_stays(tmp_path: Path) -> None:
    first = write(tmp_path, rows(CANADA | {"consumption_value": 5}))
    second = write(tmp_path, rows(CANADA | {"consumption_value": 6}), JUNE)
    assert first and second and first.exists()
    assert newest(tmp_path) == {("HS10", "2024-03"): second}


@pytest.mark.parametrize("order", [(CANADA, MEXICO), (MEXICO, CANADA)])
def test_equal_figures_write_nothing_in_whatever_order_and_of_whatever_update(
    tmp_path: Path, order: tuple[dict[str, Any], ...]
) -> None:
    write(tmp_path, rows(CANADA, MEXICO))
    assert write(tmp_path, rows(*(record | {"last_update": "2024-06-06"} for record in order)), JUNE) is None
    assert len(list((tmp_path / "HS10" / "2024-03").iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [{"consumption_value": 0}, {"general_qty1": 1}, {"unit1": "NO"}, {"consumption_qty1_flag": "1"}],
)
def test_any_change_of_a_figure_unit_or_flag_is_a_new_vintage(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path, rows(CANADA))
    assert write(tmp_path, rows(CANADA | change), JUNE) is not None


def test_figures_that_return_to_an_older_vintage_are_written_again(tmp_path: Path) -> None:
    write(tmp_path, rows(CANADA | {"consumption_value": 5}))
    write(tmp_path, rows(CANADA | {"consumption_value": 6}), JUNE)
    assert write(tmp_path, rows(CANADA | {"consumption_value": 5}), JUNE + dt.timedelta(days=30)) is not None


def test_synthetic_figures_are_marked_and_never_taken_for_real_ones(tmp_path: Path) -> None:
    synthetic = write(tmp_path, rows(CANADA), demonstration=True)
    real = write(tmp_path, rows(CANADA), JUNE)
    assert synthetic and real
    assert is_demonstration(synthetic)
    assert not is_demonstration(real)


def test_levels_and_months_are_apart_and_anything_else_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, rows(CANADA))
    write(tmp_path, rows(CANADA | {"level": "HS4", "hts": "7601"}), level="HS4")
    for name in ("HS10/2024-03/notes.txt", "HS10/2024-03/.2024-07-01T00-00-00Z.parquet.tmp", "HS10/2024-13/x.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert {key: path.name for key, path in newest(tmp_path).items()} == {
        ("HS10", "2024-03"): "2024-05-07T12-30-00Z.parquet",
        ("HS4", "2024-03"): "2024-05-07T12-30-00Z.parquet",
    }
    assert newest(tmp_path / "nowhere") == {}


def test_a_write_that_fails_leaves_no_file_and_the_next_one_clears_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    words = "2024-05-07T12-30-00Z.parquet: expected to write it, found: No space"
    with monkeypatch.context() as patch, pytest.raises(UserError, match=words):
        patch.setattr(vintages.pq, "write_table", fail)
        write(tmp_path, rows(CANADA))
    assert newest(tmp_path) == {}
    path = write(tmp_path, rows(CANADA), JUNE)
    assert list((tmp_path / "HS10" / "2024-03").iterdir()) == [path]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write(tmp_path / name, rows(CANADA, MEXICO)) for name in ("one", "other"))
    assert one and other
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([], "no row"),
        ([CANADA, CANADA | {"consumption_value": 1}], "repeated"),
        ([CANADA | {"month": "2024-04"}], "expected 2024-03"),
        ([CANADA | {"level": "HS6"}], "expected HS10"),
        ([CANADA | {"cty_name": None}], "cty_name"),
    ],
)
def test_rows_that_would_be_counted_twice_or_elsewhere_are_refused(
    tmp_path: Path, records: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        write(tmp_path, rows(*records))


def test_a_file_that_cannot_be_read_is_named_with_the_remedy_and_a_new_pull_mends_it(tmp_path: Path) -> None:
    path = write(tmp_path, rows(CANADA))
    assert path
    path.write_bytes(b"PAR1 cut off")
    with pytest.raises(UserError, match=r"2024-05-07T12-30-00Z\.parquet: expected .*pull 2024-03 again"):
        read_month(path)
    assert write(tmp_path, rows(CANADA), JUNE) == newest(tmp_path)["HS10", "2024-03"]


def test_a_file_in_the_folder_of_another_month_or_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, rows(CANADA))
    assert path
    moved = tmp_path / "HS10" / "2024-04" / path.name
    moved.parent.mkdir()
    path.rename(moved)
    with pytest.raises(UserError, match="column month: expected 2024-04, found 2024-03"):
        read_month(moved)
    pq.write_table(pa.table({"month": ["2024-04"]}), moved)
    with pytest.raises(UserError, match="expected columns month, hts"):
        read_month(moved)
