"""A pull of public statistics: everything the API holds once, whatever goes wrong on the way."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fake_census import COUNTRIES, FakeCensus, month_rows, row

from data_access.errors import UserError
from data_access.publishing.sources import census as census_module
from data_access.publishing.sources.census import pull_imports
from data_access.publishing.sources.vintages import newest, read_month

MONTHS = [f"2025-{month:02d}" for month in range(1, 5)]


def consumption(out: Path, level: str = "HS10") -> dict[str, int]:
    """Consumption value of all countries by month, total rows left out."""
    found = {}
    for (at, month), path in newest(out).items():
        rows = read_month(path).to_pylist()
        if at == level:
            found[month] = sum(one["consumption_value"] for one in rows if one["cty_code"] != "-")
    return found


def held(census: FakeCensus) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in census.rows:
        if one["CTY_CODE"] in COUNTRIES:
            month = str(one["time"])
            found[month] = found.get(month, 0) + int(one["CON_VAL_MO"] or 0)
    return found


def test_a_pull_holds_every_country_once_and_the_total_rows_apart(census: FakeCensus, tmp_path: Path) -> None:
    census.ignore_summary = True
    told = census.pull(tmp_path, "2025-01", "2025-04")
    assert consumption(tmp_path) == held(census)
    rows = read_month(newest(tmp_path)["HS10", "2025-02"]).to_pylist()
    assert {one["cty_code"] for one in rows} == {*COUNTRIES, "-"}
    assert "2025-01 to 2025-04: 48 rows; 4 files written, 0 unchanged" in told


def test_quantities_keep_their_unit_and_what_is_not_held_stays_null(census: FakeCensus, tmp_path: Path) -> None:
    census.pull(tmp_path, "2025-01", "2025-01")
    first = read_month(newest(tmp_path)["HS10", "2025-01"]).to_pylist()[0]
    assert (first["consumption_qty1"], first["unit1"]) == (first["consumption_value"] // 2, "KG")
    assert (first["general_qty1"], first["consumption_qty2"], first["unit2"]) == (None, None, None)


@pytest.mark.parametrize(
    "faults",
    [
        ["500", "500"],
        ["html"],
        ["drop"],
        ["cut"],
        ["slow"],
        ["500", "cut", "html", "drop"],
    ],
)
def test_a_passing_fault_changes_no_figure(census: FakeCensus, tmp_path: Path, faults: list[str]) -> None:
    census.faults = list(faults)
    census.pull(tmp_path, "2025-01", "2025-04")
    assert consumption(tmp_path) == held(census)
    assert not census.faults


def test_a_server_that_says_when_to_come_back_is_not_asked_before(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["503"]
    before = dt.datetime.now(dt.UTC)
    census.pull(tmp_path, "2025-01", "2025-04")
    assert dt.datetime.now(dt.UTC) - before >= dt.timedelta(seconds=1)
    assert consumption(tmp_path) == held(census)


@pytest.mark.parametrize("max_rows", [24, 12, 5, 4])
def test_a_query_that_is_too_large_is_split_until_it_is_answered(
    census: FakeCensus, tmp_path: Path, max_rows: int
) -> None:
    census.max_rows = max_rows
    census.pull(tmp_path, "2025-01", "2025-04")
    assert consumption(tmp_path) == held(census)


def test_a_server_that_stays_in_trouble_ends_the_pull_with_one_message(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["html"] * 99
    with pytest.raises(
        UserError, match=r"found a page of text/html in place of JSON \(asked 7 times\); try again"
    ) as told:
        census.pull(tmp_path, "2025-01", "2025-04")
    assert told.value.exit_code == 1


@pytest.mark.parametrize(
    ("key", "told"), [(None, "expected a key of the Census API, found none"), ("bad", "the key was refused")]
)
def test_a_missing_or_bad_key_is_told_at_once_and_leaves_what_was_pulled(
    census: FakeCensus, tmp_path: Path, key: str | None, told: str
) -> None:
    census.pull(tmp_path, "2025-01", "2025-02")
    with pytest.raises(UserError, match=told):
        census.pull(tmp_path, "2025-01", "2025-04", key=key)
    assert list(consumption(tmp_path)) == ["2025-01", "2025-02"]


def test_the_bureaus_own_server_is_not_asked_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="CENSUS_API_KEY"):
        pull_imports(out=tmp_path / "pulls", start="2025-01", end="2025-01", key="", base_url=None, progress=False)
    assert not (tmp_path / "pulls").exists()


def test_an_unknown_variable_is_quoted_from_the_api(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["unknown"]
    with pytest.raises(UserError, match="unknown variable 'GEN_VAL_MO'"):
        census.pull(tmp_path, "2025-01", "2025-04")


@pytest.mark.parametrize("faults", [["unknown"], ["gone"], ["html"] * 9, ["drop"] * 99])
def test_no_message_tells_the_key(census: FakeCensus, tmp_path: Path, faults: list[str]) -> None:
    census.faults = faults
    with pytest.raises(UserError) as told:
        census.pull(tmp_path, "2025-01", "2025-01")
    assert "secret-key" not in str(told.value)


def test_months_without_data_are_named_and_the_others_written(census: FakeCensus, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data for 2024-11 to 2024-12, 2025-05; all else is written") as told:
        census.pull(tmp_path, "2024-11", "2025-05")
    assert told.value.exit_code == 3
    assert consumption(tmp_path) == held(census)


def test_the_months_after_the_latest_are_its_end_and_no_gap(census: FakeCensus, tmp_path: Path) -> None:
    told = census.pull(tmp_path, "2025-01", "latest", clock=lambda: dt.datetime(2025, 7, 3, tzinfo=dt.UTC))
    assert "2025-01 to 2025-04" in told


def test_a_gap_before_the_latest_month_is_named(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [one for one in census.rows if one["time"] != "2025-03"]
    with pytest.raises(UserError, match="no data for 2025-03;") as told:
        census.pull(tmp_path, "2025-01", "latest", clock=lambda: dt.datetime(2025, 7, 3, tzinfo=dt.UTC))
    assert told.value.exit_code == 3


def test_a_pull_of_nothing_at_all_says_so(census: FakeCensus, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing was pulled") as told:
        census.pull(tmp_path, "2020-01", "2020-03")
    assert told.value.exit_code == 1


def test_a_second_pull_of_the_same_figures_writes_nothing(census: FakeCensus, tmp_path: Path) -> None:
    census.pull(tmp_path, "2025-01", "2025-04")
    before = {path: path.stat().st_mtime_ns for path in newest(tmp_path).values()}
    told = census.pull(tmp_path, "2025-01", "2025-04")
    assert {path: path.stat().st_mtime_ns for path in newest(tmp_path).values()} == before
    assert "0 files written, 4 unchanged" in told


def test_a_revised_month_becomes_a_vintage_beside_the_older_one(census: FakeCensus, tmp_path: Path) -> None:
    census.pull(tmp_path, "2025-01", "2025-04")
    census.rows = [one for one in census.rows if one["time"] != "2025-02"] + month_rows("2025-02", 9)
    census.pull(tmp_path, "2025-01", "2025-04")
    assert consumption(tmp_path) == held(census)
    assert [len(list((tmp_path / "HS10" / month).iterdir())) for month in MONTHS] == [1, 2, 1, 1]


def test_a_pull_that_was_cut_short_goes_on_where_it_stopped(
    census: FakeCensus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(census_module.MONTHS_AT_ONCE, "HS10", 1)
    census.faults = ["", "", *["html"] * 7]
    with pytest.raises(UserError, match="goes on from there"):
        census.pull(tmp_path, "2025-01", "2025-04")
    census.asked.clear()
    told = census.pull(tmp_path, "2025-01", "2025-04")
    assert [query["time"][0] for query in census.asked] == ["2025-03", "2025-04"]
    assert "2 months of the interrupted pull were kept" in told
    assert consumption(tmp_path) == held(census)


def test_two_levels_of_a_month_stand_beside_each_other(census: FakeCensus, tmp_path: Path) -> None:
    census.rows += [row("2025-01", "7601", "1220", "CANADA", 5), row("2025-01", "7601", "-", "TOTAL", 5)]
    census.pull(tmp_path, "2025-01", "2025-01")
    census.pull(tmp_path, "2025-01", "2025-01", level="HS4")
    assert consumption(tmp_path, "HS4") == {"2025-01": 5}
    assert consumption(tmp_path, "HS10") == {"2025-01": held(census)["2025-01"] - 5}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"CON_VAL_MO": "12.5"}, "2025-01, code 7601103000, country 1220: column CON_VAL_MO: expected a whole number"),
        ({"I_COMMODITY": "76011030"}, "column I_COMMODITY: expected a code of 10 digits"),
        ({"CTY_CODE": "X1"}, "column CTY_CODE: expected a code of Schedule C"),
    ],
)
def test_figures_that_cannot_be_read_are_named_by_month_code_and_column(
    census: FakeCensus, tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    census.rows[0] |= {**changed, "COMM_LVL": "HS10"}
    with pytest.raises(UserError, match=told):
        census.pull(tmp_path, "2025-01", "2025-04")
    assert list(consumption(tmp_path)) == MONTHS[1:]


def test_a_directory_of_synthetic_figures_takes_no_real_ones(census: FakeCensus, tmp_path: Path) -> None:
    census.pull(tmp_path, "2025-01", "2025-01")
    path = newest(tmp_path)["HS10", "2025-01"]
    pq.write_table(pq.read_table(path, partitioning=None).replace_schema_metadata({b"demonstration": b"true"}), path)
    with pytest.raises(UserError, match="holds synthetic figures"):
        census.pull(tmp_path, "2025-01", "2025-01")
