"""License tables by smelt and cast, what an absent row means, running months, quarters, and ranges."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from release_builder import license_row, with_totals, withheld_row
from release_builder import public_row as public
from small_release import Ask, Build

from data_access.serving.answers.cells import cell_text, legend, to_csv, to_json, to_parquet, to_xlsx

JANUARY = "series=license&measure=value&from=2026-01&to=2026-01"
QUARTER = "series=license&measure=value&from=2026-01&to=2026-03&freq=quarter"
LEVELS = {
    "total": "zero",
    "group": "zero",
    "hts6": "hidden",
    "total×origin": "zero",
    "group×origin": "zero",
    "total×smelt": "zero",
    "group×smelt": "hidden",
    "total×smelt2": "hidden",
    "total×cast": "hidden",
    "total×origin×smelt": "hidden",
    "total×origin×cast": "zero",
}
REVIEW = "Licenses under review are not included in license figures."
MONTHS = ("2026-01", "2026-02", "2026-03")


def rows() -> list[dict[str, Any]]:
    """Three closed months at all tables, and a quarter by origin and smelt."""
    found = []
    for month in MONTHS:
        found += [
            license_row(month, "aim", "all", 1000, 100),
            license_row(month, "unwrought", "all", 600, 60),
            license_row(month, "foil", "all", 400, 40),
            license_row(month, "760110", "all", 250, 25),
            license_row(month, "aim", "CAN", 700, 70),
            withheld_row(month, "aim", "MEX"),
            license_row(month, "foil", "CAN", 150, 15),
            license_row(month, "aim", "all", 500, 50, smelt="CAN"),
            withheld_row(month, "aim", "all", smelt="RUS"),
            license_row(month, "aim", "all", 90, 9, smelt="not_applicable"),
            license_row(month, "foil", "all", 120, 12, smelt="CAN"),
            license_row(month, "aim", "all", 300, 30, smelt2="IND"),
            license_row(month, "aim", "all", 800, 80, cast="CAN"),
        ]
    return [
        *found,
        license_row("2026-Q1", "aim", "CAN", 1200, 120, smelt="CAN"),
        license_row("2026-Q1", "aim", "MEX", 0, 0, smelt="CAN"),
        license_row("2026-Q1", "aim", "CAN", 2000, 200, cast="CAN"),
        withheld_row("2026-Q1", "aim", "MEX", cast="CAN"),
    ]


@pytest.fixture
def tables(build: Build) -> Ask:
    """Ask a release of those rows; April is running, without weekly figures."""
    return build([], rows(), levels=LEVELS, not_yet=("2026-04",))


def one(ask: Ask, query: str) -> tuple[int | float | None, str]:
    (cell,) = ask(query).cells
    return cell.value, str(cell.status)


# -- tables and absent rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("smelt=CAN", (500, "published")),
        ("smelt=not_applicable", (90, "published")),
        ("smelt=CAN&smelt=not_applicable", (590, "published")),
        ("smelt=RUS", (None, "withheld")),
        ("smelt=CAN&smelt=RUS", (None, "withheld")),
        ("smelt=DEU", (0, "published")),
        ("smelt2=IND", (300, "published")),
        ("smelt2=CHN", (None, "withheld")),
        ("cast=CAN", (800, "published")),
        ("cast=CAN&cast=CHN", (None, "withheld")),
        ("product=foil&smelt=CAN", (120, "published")),
        ("product=foil&smelt=DEU", (None, "withheld")),
        ("product=foil&cast=CAN", (None, "not_published")),
        ("product=foil&country=CAN", (150, "published")),
        ("product=foil&country=FRA", (0, "published")),
        ("product=760110", (250, "published")),
        ("product=760120", (None, "withheld")),
        ("product=760110&country=CAN", (None, "not_published")),
        ("smelt=CAN&cast=CAN", (None, "not_published")),
        ("smelt=CAN&smelt2=IND", (None, "not_published")),
        ("country=CAN&smelt=CAN", (None, "not_published")),
    ],
)
def test_an_absent_row_is_zero_withheld_or_not_published_as_its_level_says(
    tables: Ask, query: str, expected: tuple[int | None, str]
) -> None:
    assert one(tables, f"{JANUARY}&{query}") == expected


@pytest.mark.parametrize("dimension", ["smelt", "smelt2", "cast"])
@pytest.mark.parametrize(("product", "value"), [("aim", 1000), ("foil", 400), ("7601", 600), ("760110", 250)])
def test_products_of_all_countries_are_the_same_whatever_is_asked_by(
    tables: Ask, dimension: str, product: str, value: int
) -> None:
    assert one(tables, f"{JANUARY}&product={product}&{dimension}=all") == (value, "published")


def test_a_closed_month_tells_none_from_withheld_only_at_levels_that_show_zeros(tables: Ask) -> None:
    (shown,) = tables(f"{JANUARY}&smelt=DEU").cells
    (hidden,) = tables(f"{JANUARY}&cast=DEU").cells
    (withheld,) = tables(f"{JANUARY}&smelt=RUS").cells
    assert [cell.hidden for cell in (shown, hidden, withheld)] == [False, True, False]
    assert [cell_text(cell) for cell in (shown, hidden, withheld)] == ["0", "none or (D)", "(D)"]
    assert hidden.as_of == "2026-03-20"


def test_notes_say_what_none_or_withheld_means(tables: Ask) -> None:
    notes = " ".join(tables(f"{JANUARY}&cast=DEU").notes)
    assert "none or (D): none, or withheld" in notes
    assert "not zero" not in notes
    assert "none or" not in " ".join(tables(f"{JANUARY}&smelt=RUS").notes)


def test_months_before_and_after_say_so_at_every_level(tables: Ask) -> None:
    for query in ("", "&cast=CAN", "&smelt=DEU"):
        cells = tables(f"series=license&measure=value&from=2025-12&to=2026-05{query}").cells
        assert [cell.status for cell in cells][::5] == ["not_reported", "not_yet"]
        assert cells[4].status == "not_yet"


def test_split_by_smelt_lists_the_members_that_rows_name(tables: Ask) -> None:
    cells = tables(f"{JANUARY}&by=smelt").cells
    assert {cell.smelt: (cell.value, str(cell.status)) for cell in cells} == {
        "CAN": (500, "published"),
        "RUS": (None, "withheld"),
        "not_applicable": (90, "published"),
    }
    shares = tables(f"{JANUARY.replace('value', 'share')}&of=value&by=smelt").cells
    assert {cell.smelt: cell.value for cell in shares} == {"CAN": 50, "RUS": None, "not_applicable": 9}


# -- quarters of two dimensions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("country=CAN&smelt=CAN", (1200, "published")),
        ("country=MEX&smelt=CAN", (0, "published")),
        ("country=CAN&country=MEX&smelt=CAN", (1200, "published")),
        ("country=CAN&smelt=RUS", (None, "withheld")),
        ("country=CAN&smelt=CAN&smelt=RUS", (None, "withheld")),
        ("country=CAN&cast=CAN", (2000, "published")),
        ("country=MEX&cast=CAN", (None, "withheld")),
        ("country=CAN&cast=DEU", (0, "published")),
        ("country=CAN&smelt=all", (2100, "published")),
        ("country=all&smelt=CAN", (1500, "published")),
        ("product=foil&country=CAN&smelt=CAN", (None, "not_published")),
    ],
)
def test_origin_with_smelt_or_cast_is_published_by_quarter(
    tables: Ask, query: str, expected: tuple[int | None, str]
) -> None:
    assert one(tables, f"{QUARTER}&{query}") == expected


def test_quarters_not_yet_there_and_before_the_first_say_so(tables: Ask) -> None:
    cells = tables(QUARTER.replace("to=2026-03", "to=2026-06").replace("from=2026-01", "from=2025-10"))
    assert [cell.status for cell in cells.cells] == ["not_reported", "published", "not_yet"]
    query = "series=license&country=CAN&smelt=CAN&from=2025-10&to=2026-06&freq=quarter"
    assert [cell.status for cell in tables(query).cells] == ["not_reported", "published", "not_yet"]


def test_other_periods_of_two_dimensions_are_not_published_and_a_note_says_why(tables: Ask) -> None:
    for freq in ("month", "year", "ytd", "range"):
        released = tables(f"series=license&country=CAN&smelt=CAN&from=2026-01&to=2026-01&freq={freq}")
        assert {cell.status for cell in released.cells} == {"not_published"}
        assert any("by quarter alone" in note for note in released.notes)
    assert not any("by quarter alone" in note for note in tables(f"{QUARTER}&country=CAN&smelt=CAN").notes)


def test_split_by_smelt_of_one_origin_lists_the_members_of_its_quarters(tables: Ask) -> None:
    cells = tables(f"{QUARTER}&country=CAN&by=smelt").cells
    assert [(cell.smelt, cell.value) for cell in cells] == [("CAN", 1200)]


def test_a_share_of_a_quarter_is_of_the_quarters_total(tables: Ask) -> None:
    query = QUARTER.replace("measure=value", "measure=share&of=value")
    assert one(tables, f"{query}&country=CAN&smelt=CAN") == (40, "published")
    assert one(tables, f"{query}&country=CAN&smelt=RUS") == (None, "withheld")


# -- running months and held figures ----------------------------------------------------------------------------------


@pytest.fixture
def weekly(build: Build) -> Ask:
    """A closed month in which a figure is held, and a running one with weekly figures."""
    return build(
        with_totals([public("2026-01", "7601103000", "CAN", 7, 3)]),
        [
            license_row("2026-02", "aim", "all", 1000, 100),
            license_row("2026-02", "aim", "CAN", 600, 60),
            license_row("2026-02", "aim", "MEX", 100, 10, as_of="2026-02-27"),
            license_row("2026-03", "aim", "all", 500, 50),
            license_row("2026-03", "foil", "all", 40, 4, as_of="2026-03-13"),
            license_row("2026-03", "aim", "CAN", 300, 30),
            withheld_row("2026-03", "aim", "MEX"),
        ],
        not_yet=("2026-03", "2026-04"),
    )


MARCH = "series=license&measure=value&from=2026-03&to=2026-03"


@pytest.mark.parametrize(
    ("query", "expected", "as_of"),
    [
        ("", (500, "published"), "2026-03-20"),
        ("product=foil", (40, "published"), "2026-03-13"),
        ("country=CAN", (300, "published"), "2026-03-20"),
        ("country=MEX", (None, "withheld"), "2026-03-20"),
        ("country=DEU", (None, "not_yet"), None),
        ("product=bars", (None, "not_yet"), None),
        ("country=CAN&country=DEU", (None, "not_yet"), "2026-03-20"),
        ("country=CAN&country=MEX", (None, "withheld"), "2026-03-20"),
    ],
)
def test_a_running_month_shows_its_weekly_figures_and_nothing_else(
    weekly: Ask, query: str, expected: tuple[int | None, str], as_of: str | None
) -> None:
    (cell,) = weekly(f"{MARCH}&{query}").cells
    assert (cell.value, str(cell.status), cell.as_of, cell.partial) == (*expected, as_of, True)


def test_a_running_month_is_told_to_run(weekly: Ask) -> None:
    assert any(note.startswith("Months still running") for note in weekly(MARCH).notes)
    assert not any(note.startswith("Months still running") for note in weekly(f"{MARCH}&country=DEU").notes)
    assert "so far" in weekly(MARCH).summary
    assert "in Feb 2026" in weekly("series=license&from=2026-02&to=2026-03").summary


def test_without_months_the_answer_ends_with_the_newest_weekly_figure(weekly: Ask) -> None:
    assert weekly("series=license").cells[-1].period == "2026-03"


def test_a_held_figure_keeps_its_date_and_goes_into_no_sum_with_newer_ones(weekly: Ask) -> None:
    query = "series=license&measure=value&from=2026-02&to=2026-02"
    (held,) = weekly(f"{query}&country=MEX").cells
    assert (held.value, held.as_of) == (100, "2026-02-27")
    assert one(weekly, f"{query}&country=MEX&country=CAN") == (None, "withheld")
    assert one(weekly, f"{query.replace('value', 'share')}&of=value&country=MEX") == (None, "withheld")
    assert one(weekly, f"{query}&country=CAN&country=DEU") == (600, "published")


# -- ranges and review ------------------------------------------------------------------------------------------------


def ranged(build: Build) -> Ask:
    return build(
        [],
        [
            license_row("2026-01", "aim", "all", 1000, 100_000),
            license_row("2026-01", "aim", "CAN", 400, 40_000),
            withheld_row("2026-01", "aim", "MEX", ranges=(10, 45, 1_500, 60_000)),
            withheld_row("2026-01", "aim", "DEU", ranges=(0, 45, 0, None)),
            withheld_row("2026-01", "aim", "FRA", ranges=(200, None, None, None)),
            license_row("2026-02", "aim", "all", 1000, 100_000),
            withheld_row("2026-02", "aim", "MEX", ranges=(3, 4, 5, 6)),
        ],
        ranges=True,
        under_review=True,
    )


@pytest.mark.parametrize(
    ("query", "low", "high", "text"),
    [
        ("country=MEX&measure=value", 10, 45, "(D) 10–45"),
        ("country=MEX&measure=volume", 1.5, 60, "(D) 1.500–60.000"),
        ("country=DEU&measure=value", 0, 45, "(D) up to 45"),
        ("country=FRA&measure=value", 200, None, "(D) 200 or more"),
        ("country=FRA&measure=volume", None, None, "(D)"),
        ("country=MEX&measure=auv", None, None, "(D)"),
        ("country=MEX&measure=share", None, None, "(D)"),
        ("country=CAN&measure=value", None, None, "400"),
        ("country=MEX&country=DEU&measure=value", None, None, "(D)"),
    ],
)
def test_a_withheld_cell_tells_its_range_and_a_sum_none(
    build: Build, query: str, low: float | None, high: float | None, text: str
) -> None:
    (cell,) = ranged(build)(f"series=license&from=2026-01&to=2026-01&{query}").cells
    assert (cell.low, cell.high, cell_text(cell)) == (low, high, text)


def test_a_longer_period_has_no_range_but_its_only_month_has(build: Build) -> None:
    ask = ranged(build)
    cells = ask("series=license&measure=value&country=MEX&freq=ytd&from=2026-01&to=2026-02").cells
    assert [(cell.status, cell.low, cell.high) for cell in cells] == [("withheld", 10, 45), ("withheld", None, None)]


def test_ranges_are_in_every_file_of_a_release_that_has_them(build: Build) -> None:
    released = ranged(build)("series=license&measure=value&by=country&from=2026-01&to=2026-01")
    expected = {"CAN": (None, None), "DEU": (0, 45), "FRA": (200, None), "MEX": (10, 45)}
    answer = json.loads(json.dumps(to_json(released)))
    assert {cell["country"]: (cell.get("low"), cell.get("high")) for cell in answer["cells"]} == expected
    lines = [line for line in to_csv(released).splitlines() if not line.startswith("# ")]
    texts = {key: tuple("" if one is None else str(one) for one in pair) for key, pair in expected.items()}
    assert {row["country"]: (row["low"], row["high"]) for row in csv.DictReader(lines)} == texts
    frame = pq.ParquetFile(io.BytesIO(to_parquet(released))).read().to_pylist()
    assert {row["country"]: (row["low"], row["high"]) for row in frame} == expected
    header, *rest = load_workbook(io.BytesIO(to_xlsx(released)))["Figures"].iter_rows(values_only=True)
    sheet = [dict(zip(header, row, strict=True)) for row in rest]
    assert {row["country"]: (row["low"], row["high"]) for row in sheet} == expected
    assert any(note.startswith("Ranges of withheld figures") for note in released.notes)
    assert any("range" in meaning for _, meaning in legend(released.cells))


def test_files_of_a_release_without_ranges_have_no_such_columns(tables: Ask) -> None:
    released = tables(f"{JANUARY}&smelt=RUS")
    assert "low" not in to_csv(released)
    assert "low" not in to_json(released)["cells"][0]
    assert not any("range" in note for note in released.notes)


def test_a_release_with_a_range_of_a_published_cell_shows_no_license_series(build: Build) -> None:
    ask = build([], [license_row("2026-01", "aim", "all", 5, 5, ranges=(1, 9, 1, 9))], ranges=True)
    answer = ask(JANUARY)
    assert answer.release.license_off is not None
    assert [(cell.value, cell.low, cell.high) for cell in answer.cells] == [(None, None, None)]


def test_licenses_under_review_are_told_to_be_left_out(build: Build) -> None:
    ask = ranged(build)
    assert REVIEW in ask("series=license").notes
    assert REVIEW not in ask("series=public").notes


def test_no_license_is_told_to_be_left_out_where_none_is(tables: Ask) -> None:
    assert REVIEW not in tables(JANUARY).notes


def test_the_combined_series_takes_license_cells_of_smelt_as_they_are(tables: Ask) -> None:
    query = "series=combined&measure=value&country=CAN&smelt=CAN&freq=quarter&from=2026-01&to=2026-03"
    (cell,) = tables(query).cells
    assert (cell.value, cell.source) == (1200, "license")
