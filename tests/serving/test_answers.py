"""JSON, CSV, XLSX and Parquet: the same figures to the digit, and never a figure that is withheld."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from release_builder import write_release
from small_release import Ask, small_licenses, small_public

from data_access.contracts import Status
from data_access.serving.answers.cells import (
    cell_text,
    file_name,
    guarded,
    status_words,
    to_csv,
    to_json,
    to_parquet,
    to_xlsx,
)
from data_access.serving.gate.released import Released
from data_access.serving.statistics import open_statistics

QUERIES = [
    "",
    "measure=value&by=product",
    "measure=auv&by=country&freq=quarter",
    "measure=share&of=value&country=CAN&series=combined",
    "measure=volume&country=FRA&freq=range",
    "by=smelt&from=2026-01&to=2026-01",
]


def csv_rows(released: Released) -> list[dict[str, str]]:
    lines = [line for line in to_csv(released).splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(lines))


def xlsx_rows(released: Released) -> list[dict[str, Any]]:
    header, *rows = load_workbook(io.BytesIO(to_xlsx(released)))["Figures"].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def parquet_rows(released: Released) -> list[dict[str, Any]]:
    return pq.ParquetFile(io.BytesIO(to_parquet(released))).read().to_pylist()


@pytest.mark.parametrize("query", QUERIES)
def test_all_formats_hold_the_same_figures_to_the_digit(ask: Ask, query: str) -> None:
    released = ask(query)
    answer = json.loads(json.dumps(to_json(released), allow_nan=False))
    values = [cell["value"] for cell in answer["cells"]]
    assert len(values) == len(released.cells) > 0
    assert [json.loads(row["value"]) if row["value"] else None for row in csv_rows(released)] == values
    assert [json.dumps(value) for value in values if value is not None] == [
        row["value"] for row in csv_rows(released) if row["value"]
    ]
    assert [row["value"] for row in parquet_rows(released)] == values
    marks = [status_words[cell.status][0] if cell.value is None else cell.value for cell in released.cells]
    assert [row["value"] for row in xlsx_rows(released)] == marks


@pytest.mark.parametrize("query", QUERIES)
def test_all_formats_hold_the_same_cells(ask: Ask, query: str) -> None:
    released = ask(query)
    for cell, row, record in zip(to_json(released)["cells"], csv_rows(released), parquet_rows(released), strict=True):
        for name in ("period", "product", "country", "series", "measure", "unit", "status"):
            assert cell[name] == row[name] == record[name]
        assert cell["basis"] == record["basis"] == (row["basis"] or None)
        assert cell["as_of"] == record["as_of"] == (row["as_of"] or None)
        assert cell["partial"] == record["partial"] == (row["partial"] == "true")


def test_the_json_answer_has_the_shape_that_scripts_rely_on(ask: Ask) -> None:
    answer = to_json(ask("product=7601&country=CAN&measure=value&series=public&from=2026-01&to=2026-01"))
    assert answer["release"] == {
        "id": "2026-03-20T15-00-00Z-aaaaaa",
        "published": "2026-03-20T15:00:00Z",
        "public_as_of": "2026-01",
        "license_as_of": "2026-03-20",
        "demonstration": False,
    }
    assert answer["query"] == {
        "product": ["7601"],
        "country": ["CAN"],
        "from": "2026-01",
        "to": "2026-01",
        "freq": "month",
        "measure": "value",
        "series": ["public"],
        "by": "none",
        "basis": "consumption",
        "chart": "trend",
    }
    assert answer["permalink"] == (
        "/explore?product=7601&country=CAN&from=2026-01&to=2026-01&measure=value&series=public"
    )
    assert answer["cells"] == [
        {
            "period": "2026-01",
            "product": "7601",
            "country": "CAN",
            "series": "public",
            "basis": "consumption",
            "measure": "value",
            "unit": "US$",
            "value": 4500,
            "status": "published",
            "partial": False,
            "as_of": "2026-01",
        }
    ]


def test_cells_of_license_tables_and_combined_cells_say_more(ask: Ask) -> None:
    (cell,) = to_json(ask("smelt=CAN&series=license&from=2026-01&to=2026-01"))["cells"]
    assert cell["smelt"] == "CAN"
    assert "cast" not in cell
    (cell,) = to_json(ask("series=combined&from=2026-01&to=2026-01"))["cells"]
    assert cell["source"] == "public"


def test_a_csv_file_says_what_it_is_before_its_columns(ask: Ask) -> None:
    released = ask("product=foil&country=CAN&from=2026-01&to=2026-02")
    comments = [line for line in to_csv(released).splitlines() if line.startswith("#")]
    text = "\n".join(comments)
    assert all(line.startswith("# ") for line in comments)
    assert to_csv(released).startswith("# ")
    for said in ("2026-03-20T15-00-00Z-aaaaaa", "product=foil&country=CAN", released.title, released.permalink):
        assert said in text
    assert all(f"# note: {note}" in comments for note in released.notes)


def test_a_withheld_cell_is_null_in_every_format_and_said_to_be_withheld(ask: Ask) -> None:
    released = ask("series=license&by=country&measure=value&from=2026-02&to=2026-02")
    hidden = [place for place, cell in enumerate(released.cells) if cell.status == "withheld"]
    assert len(hidden) == 2
    for place in hidden:
        assert to_json(released)["cells"][place]["value"] is None
        assert csv_rows(released)[place]["value"] == ""
        assert csv_rows(released)[place]["status"] == "withheld"
        assert parquet_rows(released)[place]["value"] is None
        assert xlsx_rows(released)[place]["value"] == "(D)"
        assert cell_text(released.cells[place]) == "(D)"
    notes = load_workbook(io.BytesIO(to_xlsx(released)))["Notes"]
    assert ("(D)", status_words[Status.WITHHELD][1]) in list(notes.iter_rows(values_only=True))
    assert any("(D)" in note and "2 of 4" in note for note in released.notes)


def test_the_workbook_is_the_same_to_the_byte_each_time(ask: Ask) -> None:
    released = ask("by=product")
    assert to_xlsx(released) == to_xlsx(released)


def test_a_workbook_holds_all_the_words(ask: Ask) -> None:
    released = ask("by=product")
    book = load_workbook(io.BytesIO(to_xlsx(released)))
    assert book.sheetnames == ["Figures", "Notes"]
    words = [str(value) for _, value in book["Notes"].iter_rows(values_only=True)]
    assert {released.title, released.summary, released.permalink, released.cite, *released.notes} <= set(words)


def test_a_parquet_file_holds_all_the_words_in_its_metadata(ask: Ask) -> None:
    released = ask("by=product")
    metadata = pq.ParquetFile(io.BytesIO(to_parquet(released))).schema_arrow.metadata
    words = json.loads(metadata[b"aim_monitor"])
    assert words["notes"] == list(released.notes)
    assert words["release"]["id"] == released.release.id


@pytest.mark.parametrize(
    ("text", "safe"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("+x", "'+x"), ("x=1", "x=1")]
)
def test_no_text_is_taken_for_a_formula(text: str, safe: str) -> None:
    assert guarded(text) == safe


def test_a_file_is_named_after_what_it_holds(ask: Ask) -> None:
    released = ask("product=7601&country=CAN&country=EU&measure=value&from=2026-01&to=2026-02")
    assert file_name(released, "csv") == ("aim_7601_CAN+EU_value_month_2026-01_2026-02_2026-03-20T15-00-00Z-aaaaaa.csv")
    many = ask("country=CAN&country=DEU&country=FRA&country=CHN&country=MLT&by=country")
    assert "CAN+DEU+FRA+2-more" in file_name(many, "xlsx")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("product=7601&measure=value&series=public", "6,600"),
        ("product=7601&measure=volume&series=public", "2.100"),
        ("product=7601&measure=auv&series=public", "3,142.86"),
        ("product=foil&series=license", "(D)"),
        ("product=760110&series=license", "not published"),
        ("product=scrap&series=license", "n/a"),
        ("product=foil&measure=value&series=public", "0"),
    ],
)
def test_a_table_prints_each_cell_as_what_it_is(ask: Ask, query: str, text: str) -> None:
    (cell,) = ask(f"{query}&from=2026-01&to=2026-01").cells
    assert cell_text(cell) == text


def test_demonstration_data_is_announced_in_every_file(tmp_path: Path) -> None:
    write_release(tmp_path, small_public(), small_licenses(), demonstration=True)
    statistics = open_statistics(tmp_path)
    released = statistics.series(statistics.parse(""))
    assert released.notes[0].startswith("Demonstration data")
    assert to_json(released)["release"]["demonstration"] is True
    assert "# note: Demonstration data" in to_csv(released)
    assert "demonstration" in released.cite
    assert file_name(released, "csv").startswith("aim-demonstration_")
