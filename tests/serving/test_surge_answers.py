"""The surge list as JSON, CSV and XLSX: the same flags, figures and words in each."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from release_builder import write_release
from test_surges import LAST, licenses, rows

from data_access.serving.answers import surges as surge_answers
from data_access.serving.statistics import open_statistics
from data_access.serving.surges.flags import SurgeList, surges


@pytest.fixture
def found(tmp_path: Path) -> SurgeList:
    """Two flags: a public month and a license month of foil from China."""
    write_release(tmp_path, rows({("CHN", LAST): 2500.0}), licenses("2026-02", tons=9000), demonstration=True)
    statistics = open_statistics(tmp_path)
    return surges(statistics, statistics.parse("product=foil&r1=30"))


def test_json_holds_flags_tests_thresholds_and_trends(found: SurgeList) -> None:
    body = surge_answers.to_json(found)
    assert body["thresholds"]["r1"] == 30
    assert body["months"] == {"public": LAST, "license": ["2026-02"], "running": None}
    assert [(flag["series"], flag["value"]) for flag in body["flags"]] == [("license", 9000), ("public", 2500)]
    public = body["flags"][1]
    assert public["tests"]["r1"] == {"value": 150, "threshold": 30, "unit": "%", "met": True}
    assert public["tests"]["z"]["no_result"] == "the months before do not vary"
    assert public["trend"][-1] == {"month": LAST, "series": "public", "value": 2500.0, "status": "published"}


def test_csv_has_a_row_a_flag_with_the_figures_of_json(found: SurgeList) -> None:
    text = surge_answers.to_csv(found)
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    table = list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("# ")))
    body = surge_answers.to_json(found)
    assert [float(row["value"]) for row in table] == [flag["value"] for flag in body["flags"]]
    assert [row["r1"] for row in table] == [str(flag["tests"]["r1"]["value"]) for flag in body["flags"]]
    assert table[0]["z"] == ""
    assert "# threshold r1: 30" in comments
    assert any(line.startswith("# note: A flag:") for line in comments)


def test_xlsx_has_a_sheet_of_figures_and_one_of_notes(found: SurgeList) -> None:
    with zipfile.ZipFile(io.BytesIO(surge_answers.to_xlsx(found))) as book:
        names = book.read("xl/workbook.xml").decode()
        words = book.read("xl/sharedStrings.xml").decode()
    assert 'name="Figures"' in names
    assert 'name="Notes"' in names
    assert "no result" in words
    assert found.cite.replace("&", "&amp;") in words


def test_a_file_is_named_by_selection_month_and_release(found: SurgeList) -> None:
    name = surge_answers.file_name(found, "csv")
    assert name == "aim-demonstration_surges_foil_all_2026-02_2026-03-20T15-00-00Z-aaaaaa.csv"
