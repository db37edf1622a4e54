"""Finer rules of a pull: what is asked, how long it waits, what it refuses to count, what it tells whom."""

from __future__ import annotations

import datetime as dt
import errno
import json
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pytest
from fake_census import CODES, KEY, QUICK, FakeCensus, at, month_rows, row

from data_access.errors import UserError
from data_access.publishing.sources import vintages
from data_access.publishing.sources.census_journal import JOURNAL
from data_access.publishing.sources.census_query import VARIABLES, Query, month_range, runs, spans
from data_access.publishing.sources.vintages import newest, pulled_at, read_month

CANADA = ("2025-01", CODES[0], "1220", "CANADA", 5)


def rows_of(out: Path, month: str = "2025-01", level: str = "HS10") -> list[dict[str, object]]:
    found: list[dict[str, object]] = read_month(newest(out)[level, month]).to_pylist()
    return found


def test_months_of_a_year_come_in_few_queries_for_countries_only(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [one for month in month_range("2024-01", "2024-12") for one in month_rows(month)]
    census.pull(tmp_path, "2024-01", "2024-12")
    assert [query["time"] for query in census.asked] == [["from 2024-01 to 2024-06"], ["from 2024-07 to 2024-12"]]
    assert all(query["SUMMARY_LVL"] == ["DET"] and query["COMM_LVL"] == ["HS10"] for query in census.asked)
    assert all(query["I_COMMODITY"] == ["76*"] for query in census.asked)


def test_an_answer_of_204_is_asked_again_by_month_and_loses_nothing(census: FakeCensus, tmp_path: Path) -> None:
    census.too_broad = 1
    census.pull(tmp_path, "2025-01", "2025-04")
    assert [query["time"][0] for query in census.asked[1:]] == ["2025-01", "2025-02", "2025-03", "2025-04"]
    assert sorted(month for _, month in newest(tmp_path)) == ["2025-01", "2025-02", "2025-03", "2025-04"]


def test_a_size_that_was_too_large_once_is_not_asked_for_again(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [one for month in month_range("2024-01", "2024-12") for one in month_rows(month)]
    census.max_rows = 12
    census.pull(tmp_path, "2024-01", "2024-12")
    singles = [query["time"][0] for query in census.asked if " " not in query["time"][0]]
    assert singles == list(month_range("2024-01", "2024-12"))
    assert len(census.asked) == 12 + 3 * QUICK.attempts_if_large  # six, three and two months, once each


def test_codes_that_were_too_many_once_are_not_asked_for_together_again(census: FakeCensus, tmp_path: Path) -> None:
    census.max_rows = 8
    census.pull(tmp_path, "2025-01", "2025-04")
    whole = [
        query["time"][0] for query in census.asked if query["I_COMMODITY"] == ["76*"] and len(query["time"][0]) == 7
    ]
    assert whole == ["2025-01"] * QUICK.attempts_if_large
    assert len(newest(tmp_path)) == 4


def test_a_server_in_trouble_for_a_while_is_not_taken_for_a_query_too_large(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [one for month in month_range("2024-01", "2024-12") for one in month_rows(month)]
    census.faults = ["500"] * 4
    census.pull(tmp_path, "2024-01", "2024-12")
    assert census.asked[-1]["time"] == ["from 2024-07 to 2024-12"]


@pytest.mark.parametrize("fault", ["posing", "short", 'body {"error": "busy"}', "body [[1, 2]]", "429", "502"])
def test_an_answer_that_is_not_figures_is_asked_for_again(census: FakeCensus, tmp_path: Path, fault: str) -> None:
    census.faults = [fault]
    census.pull(tmp_path, "2025-01", "2025-04")
    assert len(census.asked) == 2
    assert len(newest(tmp_path)) == 4


def test_a_date_in_retry_after_is_honored_too(census: FakeCensus, tmp_path: Path) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    census.faults = [f"503 {moment:%a, %d %b %Y %H:%M:%S} GMT"]
    census.pull(tmp_path, "2025-01", "2025-04")
    assert census.times[1] - census.times[0] > 0.9


def test_a_server_that_asks_for_an_hour_is_not_waited_for(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["503 3600"]
    with pytest.raises(UserError, match=r"HTTP 503.*asked once.*try again in 60 minutes"):
        census.pull(tmp_path, "2025-01", "2025-04")
    assert len(census.asked) == 1


def test_a_server_that_is_not_there_is_told_without_being_split(tmp_path: Path, census: FakeCensus) -> None:
    with pytest.raises(UserError, match=r"2025-01 to 2025-04, found no connection \(asked 7 times\)"):
        census.pull(tmp_path, "2025-01", "2025-04", base_url="http://127.0.0.1:9")


def test_a_redirect_elsewhere_is_not_followed(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["elsewhere"]
    with pytest.raises(UserError, match="found a redirect; check --base-url"):
        census.pull(tmp_path, "2025-01", "2025-04")


def test_a_single_month_that_stays_in_trouble_keeps_the_months_before_it(census: FakeCensus, tmp_path: Path) -> None:
    census.max_rows = 12
    # six, then three, then two months fail for their size; January and February are answered, then all is lost
    census.faults = [*[""] * (2 * QUICK.attempts_if_large + 2), *["html"] * 7]
    with pytest.raises(UserError, match=r"kept: .*2025-01 to 2025-02: 24 rows") as told:
        census.pull(tmp_path, "2025-01", "2025-04")
    assert told.value.exit_code == 1
    assert sorted(month for _, month in newest(tmp_path)) == ["2025-01", "2025-02"]


@pytest.mark.parametrize(("country", "summary"), [("0003", "DET"), ("1XXX", "DET"), ("0020", "CGP"), ("9999", "CGP")])
def test_a_group_of_countries_is_known_by_its_code_and_by_its_summary_level(
    census: FakeCensus, tmp_path: Path, country: str, summary: str
) -> None:
    census.ignore_summary = True
    census.rows = [row(*CANADA), row(*CANADA[:2], country, "A GROUP", 7) | {"SUMMARY_LVL": summary}]
    census.pull(tmp_path, "2025-01", "2025-01")
    assert [one["cty_code"] for one in rows_of(tmp_path)] == ["1220"]


def test_a_row_that_comes_twice_counts_once_and_two_that_differ_are_told(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [row(*CANADA), row(*CANADA)]
    census.pull(tmp_path, "2025-01", "2025-01")
    assert len(rows_of(tmp_path)) == 1
    census.rows = [row(*CANADA), row(*CANADA[:4], 6)]
    with pytest.raises(UserError, match=r"2025-01, code 7601103000, country 1220: expected one row, found two"):
        census.pull(tmp_path, "2025-01", "2025-01")
    assert rows_of(tmp_path)[0]["consumption_value"] == 5


def test_all_problems_with_figures_are_told_at_once(census: FakeCensus, tmp_path: Path) -> None:
    census.rows = [
        row(*CANADA) | {"CON_VAL_MO": "many", "CON_QY1_MO": "1e3"},
        row("2025-02", *CANADA[1:]) | {"GEN_VAL_MO": ""},
    ]
    with pytest.raises(UserError) as told:
        census.pull(tmp_path, "2025-01", "2025-02")
    assert [word in str(told.value) for word in ("CON_VAL_MO", "CON_QY1_MO", "2025-02", "GEN_VAL_MO")] == [True] * 4
    assert told.value.exit_code == 1
    assert newest(tmp_path) == {}


def test_a_zero_stays_zero_a_null_stays_null_and_a_flag_is_kept(census: FakeCensus, tmp_path: Path) -> None:
    zero = {"CON_QY1_MO": "0", "CON_QY1_MO_FLAG": "A", "GEN_QY1_MO": None, "UNIT_QY2": "-"}
    census.rows = [row(*CANADA) | zero]
    census.pull(tmp_path, "2025-01", "2025-01")
    found = rows_of(tmp_path)[0]
    assert (found["consumption_qty1"], found["consumption_qty1_flag"]) == (0, "A")
    assert (found["general_qty1"], found["general_qty1_flag"], found["unit1"], found["unit2"]) == (
        None,
        None,
        "KG",
        None,
    )


def answer(*without: str, month: str = "2025-01", more: str | None = None) -> str:
    """An answer of one row for Canada, as the body of a fault."""
    header = [name for name in (*VARIABLES, "time") if name not in without]
    values = row(*CANADA) | {"time": month}
    return "body " + json.dumps([header, [values[name] for name in header] + ([more] if more else [])])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (answer("CON_QY2_MO"), "expected a column CON_QY2_MO, found none"),
        (answer(month="2030-01"), "column time: expected a month asked for, found 2030-01"),
        (answer(more="extra"), "row 1: expected 17 values, found 18"),
    ],
)
def test_an_answer_of_another_form_is_refused(census: FakeCensus, tmp_path: Path, fault: str, told: str) -> None:
    census.faults = [fault]
    with pytest.raises(UserError, match=told):
        census.pull(tmp_path, "2025-01", "2025-01")
    assert newest(tmp_path) == {}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "127.0.0.1:8765"}, "--base-url: expected scheme and host"),
        ({"base_url": "http://127.0.0.1:8765/other/path"}, "--base-url: expected scheme and host"),
        ({"base_url": "http://user:pass@127.0.0.1"}, "--base-url: expected scheme and host"),
        ({"level": "HS8"}, "--level: expected one of HS2, HS4, HS6, HS10, found 'HS8'"),
        ({"clock": at("2024-12-31"), "end": "latest"}, "--from: expected a month up to 2024-12, found 2025-01"),
        ({"end": "2025-13"}, "expected a month as YYYY-MM, found '2025-13'"),
    ],
)
def test_an_argument_that_cannot_be_is_told_before_anything_is_asked(
    census: FakeCensus, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(UserError, match=told) as error:
        census.pull(tmp_path, **{"start": "2025-01", "end": "2025-04", **changes})  # type: ignore[arg-type]
    assert error.value.exit_code == 2
    assert not census.asked


def test_the_whole_address_of_the_api_is_taken_for_its_host(census: FakeCensus, tmp_path: Path) -> None:
    told = census.pull(
        tmp_path, "2025-01", "2025-04", base_url=census.url + "/data/timeseries/intltrade/imports/hs", key=f" {KEY}\n"
    )
    assert "4 files written" in told


def test_a_directory_that_cannot_be_written_to_is_named(census: FakeCensus, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/public.*: expected to write it, found: Not a directory"):
        census.pull(tmp_path / "file" / "public", "2025-01", "2025-04")


def test_nothing_is_printed_where_standard_error_is_no_terminal(
    census: FakeCensus, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    census.faults = ["500", "503 0"]
    census.pull(tmp_path, "2025-01", "2025-04", progress=True)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_shows_months_and_why_it_waits(
    census: FakeCensus, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    census.faults = ["503 1"]
    census.pull(tmp_path, "2025-01", "2025-04", progress=True)
    out, err = capfd.readouterr()
    assert "months" in err
    assert "HTTP 503; asking again in 1 s" in err
    assert KEY not in err
    assert out == ""


def test_an_interrupted_pull_of_other_arguments_or_of_another_day_is_begun_anew(
    census: FakeCensus, tmp_path: Path
) -> None:
    def interrupted() -> None:
        census.rows[-1]["CON_VAL_MO"] = "bad"  # April cannot be read: the pull does not end
        with pytest.raises(UserError, match="CON_VAL_MO"):
            census.pull(tmp_path, "2025-01", "2025-04", clock=at("2025-06-10"))
        census.rows[-1]["CON_VAL_MO"] = "1"
        census.asked.clear()

    interrupted()
    census.pull(tmp_path, "2025-01", "2025-04", clock=at("2025-06-10"))
    assert [query["time"][0] for query in census.asked] == ["2025-04"]
    interrupted()
    census.pull(tmp_path, "2025-01", "2025-04", clock=at("2025-06-12"))
    assert [query["time"][0] for query in census.asked] == ["from 2025-01 to 2025-04"]
    interrupted()
    census.pull(tmp_path, "2025-02", "2025-04", clock=at("2025-06-10"))
    assert [query["time"][0] for query in census.asked] == ["from 2025-02 to 2025-04"]


def test_a_journal_without_its_files_or_that_cannot_be_read_hides_no_month(census: FakeCensus, tmp_path: Path) -> None:
    census.rows[-1]["CON_VAL_MO"] = "bad"
    with pytest.raises(UserError, match="CON_VAL_MO"):
        census.pull(tmp_path, "2025-01", "2025-04")
    census.rows[-1]["CON_VAL_MO"] = "1"
    newest(tmp_path)["HS10", "2025-02"].unlink()
    census.asked.clear()
    census.pull(tmp_path, "2025-01", "2025-04")
    assert [query["time"][0] for query in census.asked] == ["2025-02", "2025-04"]
    (tmp_path / "HS10" / JOURNAL).write_text('{"months": ', encoding="utf-8")
    assert "4 unchanged" in census.pull(tmp_path, "2025-01", "2025-04")
    assert not (tmp_path / "HS10" / JOURNAL).exists()


def test_a_pull_by_a_clock_that_went_back_is_still_the_newest(census: FakeCensus, tmp_path: Path) -> None:
    census.pull(tmp_path, "2025-01", "2025-01", clock=at("2025-06-10"))
    census.rows = month_rows("2025-01", 3)
    census.pull(tmp_path, "2025-01", "2025-01", clock=at("2025-06-09"))
    assert pulled_at(newest(tmp_path)["HS10", "2025-01"]) == at("2025-06-10")() + dt.timedelta(seconds=1)


def test_nothing_kept_on_disk_holds_the_key(census: FakeCensus, tmp_path: Path) -> None:
    census.faults = ["", *["html"] * 7]
    with pytest.raises(UserError):
        census.pull(tmp_path, "2024-12", "2025-04")  # December is asked for alone and lost
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    census.pull(tmp_path, "2025-01", "2025-04")
    files += [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.exists() and KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(("level", "digits"), [("HS2", 2), ("HS4", 4), ("HS6", 6), ("HS10", 10)])
def test_halves_of_a_query_cover_every_code_once_down_to_a_single_one(level: str, digits: int) -> None:
    pending, leaves = [Query(level=level, months=("2025-01",))], 0
    code = "7616995160"[:digits]
    while pending:
        query = pending.pop()
        if not any(code.startswith(stem) for stem in query.stems):
            continue
        halves = query.halves()
        if halves is None:
            assert query.stems == (code,)
            leaves += 1
        else:
            pending += halves
    assert leaves == 1


def test_months_are_told_as_spans_and_cut_into_runs() -> None:
    months = ["2024-11", "2024-12", "2025-01", "2025-03"]
    assert spans(months) == "2024-11 to 2025-01, 2025-03"
    assert list(runs(months, longest=2)) == [("2024-11", "2024-12"), ("2025-01",), ("2025-03",)]
    assert month_range("2024-11", "2025-01") == ("2024-11", "2024-12", "2025-01")


def test_without_room_a_pull_keeps_what_it_has_and_goes_on_once_there_is_some(
    census: FakeCensus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = vintages.pq.write_table

    def write(table: pa.Table, file: BinaryIO, **options: Any) -> None:
        if "2025-03" in table["month"].to_pylist():
            raise OSError(errno.ENOSPC, "Error writing bytes to file")
        real(table, file, **options)

    words = r"2025-03/.*parquet: expected to write it, found: No space left on device; free some space(.|\n)*kept: "
    with monkeypatch.context() as patch, pytest.raises(UserError, match=words):
        patch.setattr(vintages.pq, "write_table", write)
        census.pull(tmp_path, "2025-01", "2025-04")
    assert sorted(month for _, month in newest(tmp_path)) == ["2025-01", "2025-02"]
    assert not list(tmp_path.rglob(".*.tmp"))
    census.pull(tmp_path, "2025-01", "2025-04")
    assert len(newest(tmp_path)) == 4
