"""The monthly report: figures are those of the API, gaps have words, the same release gives the same file."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from release_builder import license_row, public_row, with_totals, withheld_row, write_release
from small_release import GROUPS

from data_access.errors import UserError
from data_access.filters import country_name, product_name
from data_access.serving.answers.cells import mark, to_json
from data_access.serving.gate.released import Cell
from data_access.serving.report.tables import FLOOR, THIN, Against
from data_access.serving.report.workbook import write_report
from data_access.serving.statistics import Statistics, open_statistics

FLOOR_KG = int(FLOOR * 1000)
FOIL, SHEET, METAL = "7607113000", "7606113030", "7601103000"
MONTHS = ("2025-11", "2025-12", "2026-01", "2026-02")


def rows_of(path: Path, sheet: str) -> list[dict[str, Any]]:
    """Rows of a sheet by the names in its header, which stands in row 4; rows end where notes begin."""
    lines = list(load_workbook(path)[sheet].iter_rows(min_row=4, values_only=True))
    header = [str(name) for name in lines[0] if name is not None]
    table = [dict(zip(header, line, strict=False)) for line in lines[1:]]
    ends = [place for place, row in enumerate(table) if row[header[1]] is None]
    return table[: ends[0]] if ends else table


def words_of(path: Path, sheet: str) -> list[str]:
    return [str(line[0]) for line in load_workbook(path)[sheet].iter_rows(values_only=True) if line[0] is not None]


def shown(cell: Cell) -> Any:
    return mark(cell)[0] if cell.value is None else cell.value


@pytest.fixture
def report(statistics: Statistics, tmp_path: Path) -> Path:
    """A report of February 2026 from the small release."""
    write_report(statistics, tmp_path / "report.xlsx", base_url="https://monitor.example/")
    return tmp_path / "report.xlsx"


def with_growth(tmp_path: Path, kg: dict[str, tuple[int, int | None]]) -> Path:
    """A report where products had so many kg in each of three public months, and so many in the license month."""
    public, licenses = [], []
    for month in MONTHS[:3]:
        public += [public_row(month, code, "CAN", 10, before) for code, (before, _) in kg.items()]
    products = {FOIL: "foil", SHEET: "sheet", METAL: "unwrought"}
    for group in GROUPS:
        code = next((code for code, name in products.items() if name == group), "")
        now = kg[code][1] if code in kg else 0
        cells = [(group, "all"), (group, "CAN")]
        licenses += [
            withheld_row("2026-02", *cell) if now is None else license_row("2026-02", *cell, 10, now) for cell in cells
        ]
    licenses.append(license_row("2026-02", "aim", "all", 10, 5_000_000))
    licenses.append(license_row("2026-02", "aim", "CAN", 10, 5_000_000))
    write_release(tmp_path / "growth", with_totals(public), licenses)
    out = tmp_path / "growth.xlsx"
    write_report(open_statistics(tmp_path / "growth"), out)
    return out


def test_figures_by_product_are_those_of_the_api_to_the_digit(report: Path, statistics: Statistics) -> None:
    answer = to_json(statistics.series(statistics.parse("by=product&from=2025-11&to=2026-02")))
    cells = {(cell["series"], cell["period"], cell["product"]): cell["value"] for cell in answer["cells"]}
    rows = {row["Product"]: row for row in rows_of(report, "License v average, product")}
    for group in GROUPS:
        row = rows[product_name(statistics.vocabulary, group)]
        license_ = cells["license", "2026-02", group]
        assert row["Feb 2026, license"] == ("(D)" if license_ is None else license_)
        public = [cells["public", month, group] for month in MONTHS[:3]]
        assert [row[name] for name in ("Nov 2025, public", "Dec 2025, public", "Jan 2026, public")] == public
        assert row["Mean of three, public"] == pytest.approx(sum(public) / 3, rel=1e-15)


def test_figures_by_country_are_those_of_the_api_with_withheld_ones_marked(
    report: Path, statistics: Statistics
) -> None:
    cells = statistics.series(statistics.parse("by=country&series=license&from=2026-02&to=2026-02")).cells
    rows = {row["Country of origin"]: row for row in rows_of(report, "License v average, country")}
    told = {country_name(statistics.vocabulary, cell.country): shown(cell) for cell in cells if cell.value != 0}
    assert "(D)" in told.values()
    assert {name: rows[name]["Feb 2026, license"] for name in told} == told
    assert all(words != "0" for words in words_of(report, "License v average, country"))


def test_levels_are_those_of_the_api(report: Path, statistics: Statistics) -> None:
    rows = {row["Product"]: row for row in rows_of(report, "Products")}
    for series, month, name in (("license", "2026-02", "Feb 2026"), ("public", "2026-01", "Jan 2026")):
        for measure, unit in (("volume", "t"), ("value", "US$"), ("auv", "US$/t")):
            query = f"by=product&series={series}&measure={measure}&from={month}&to={month}"
            for cell in statistics.series(statistics.parse(query)).cells:
                row = rows[product_name(statistics.vocabulary, cell.product)]
                assert row[f"{name}, {series}, {unit}"] == shown(cell), (series, measure, cell.product)


def test_year_to_date_is_that_of_the_api_with_shares_of_the_total(report: Path, statistics: Statistics) -> None:
    cells = statistics.series(statistics.parse("by=country&series=combined&freq=ytd&from=2026-02&to=2026-02")).cells
    total = statistics.series(statistics.parse("series=combined&freq=ytd&from=2026-02&to=2026-02")).cells[0].value
    assert total
    rows = {row["Product, country of origin"]: row for row in rows_of(report, "Year to date")}
    told = [cell for cell in cells if cell.value]
    assert told
    for cell in told:
        row = rows[country_name(statistics.vocabulary, cell.country)]
        assert row["Jan to Feb 2026"] == cell.value
        assert row["Share"] == pytest.approx((cell.value or 0) / total, rel=1e-14)


@pytest.mark.parametrize(
    ("before", "expected"), [(FLOOR_KG - 1, THIN), (FLOOR_KG, 1.0), (FLOOR_KG + 1, pytest.approx(1.0, abs=1e-5))]
)
def test_growth_is_told_above_a_thin_base_only(tmp_path: Path, before: int, expected: Any) -> None:
    path = with_growth(tmp_path, {FOIL: (before, 2 * FLOOR_KG), SHEET: (900_000, 450_000)})
    changes = {row["Product"]: row["Change"] for row in rows_of(path, "License v average, product")}
    assert changes["Foil"] == expected
    assert changes["Plates, sheets and strip"] == -0.5


def test_what_is_withheld_is_neither_zero_nor_grows_and_has_its_legend(tmp_path: Path) -> None:
    path = with_growth(tmp_path, {FOIL: (900_000, None), SHEET: (900_000, 450_000)})
    (row,) = (row for row in rows_of(path, "License v average, product") if row["Product"] == "Foil")
    assert (row["Feb 2026, license"], row["Change"]) == ("(D)", "(D)")
    assert any(line.startswith("(D): withheld") and "not zero" in line for line in words_of(path, row_sheet()))


def row_sheet() -> str:
    return "License v average, product"


def test_a_chart_draws_no_row_without_figures(tmp_path: Path) -> None:
    path = with_growth(tmp_path, {FOIL: (900_000, None), SHEET: (900_000, 450_000), METAL: (990_000, 700_000)})
    rows = rows_of(path, row_sheet())
    drawn = zipfile.ZipFile(path).read("xl/charts/chart1.xml").decode()
    ranges = re.findall(r"<c:f>'License v average, product'!\$(\w)\$(\d+):\$\w\$(\d+)</c:f>", drawn)
    assert {column for column, _, _ in ranges} == {"A", "B", "F"}
    places = range(int(ranges[0][1]) - 5, int(ranges[0][2]) - 4)
    assert all(isinstance(rows[place]["Feb 2026, license"], float | int) for place in places)
    assert len(places) < len(rows) - 1


def test_largest_changes_are_published_ones_above_the_floor(tmp_path: Path) -> None:
    path = with_growth(tmp_path, {FOIL: (900_000, None), SHEET: (900_000, 1_800_000), METAL: (FLOOR_KG - 1, 900_000)})
    rows = rows_of(path, "Largest changes")
    assert [(row["Product"], row["Country of origin"], row["Change"]) for row in rows] == [
        ("Plates, sheets and strip", "Canada", 1.0)
    ]


def test_the_same_release_gives_the_same_bytes(report: Path, statistics: Statistics, tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    write_report(statistics, again, base_url="https://monitor.example")
    assert again.read_bytes() == report.read_bytes()


def test_each_sheet_says_what_it_shows_and_where_it_is_from(report: Path) -> None:
    book = load_workbook(report)
    tables = [name for name in book.sheetnames if name != "Notes"]
    assert len(tables) == 11
    for name in tables:
        sheet, words = book[name], words_of(report, name)
        assert sheet["A1"].value
        assert "Metric tons" in words[1]
        assert any(line.startswith("Source of") for line in words), name
        assert any("https://monitor.example/explore" in line for line in words), name
        assert any(line.startswith("Cite as: ") and "Release 2026-03-20T15-00-00Z-aaaaaa" in line for line in words)
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0), "one page wide, any long"
        assert sheet.print_title_rows == "$4:$4"


def test_the_cover_tells_month_dates_release_and_marks(report: Path) -> None:
    lines = {str(line[0]): str(line[1]) for line in load_workbook(report)["Notes"].iter_rows(values_only=True)}
    assert lines["License month"] == "Feb 2026, whole"
    assert lines["Held against"] == "mean of Nov 2025 to Jan 2026 (public statistics)"
    assert lines["License data as of"] == "2026-03-20"
    assert lines["Release"].startswith("2026-03-20T15-00-00Z-aaaaaa")
    assert "it is not zero" in lines["Mark “(D)”"]
    assert "Demonstration" not in lines


def test_a_demonstration_says_so_on_the_cover_and_on_every_page(tmp_path: Path) -> None:
    public = with_totals([public_row(month, METAL, "CAN", 10, 1000) for month in MONTHS[:3]])
    licenses = [license_row("2026-02", product, "all", 10, 1000) for product in ("aim", "unwrought")]
    write_release(tmp_path / "demo", public, licenses, demonstration=True)
    out = tmp_path / "report.xlsx"
    write_report(open_statistics(tmp_path / "demo"), out)
    book = load_workbook(out)
    assert book["Notes"]["A3"].value == "Demonstration"
    assert all("DEMONSTRATION DATA" in sheet.oddFooter.left.text for sheet in book.worksheets)


def test_licenses_may_be_held_against_licenses(tmp_path: Path) -> None:
    public = with_totals([public_row(month, METAL, "CAN", 10, 1000) for month in MONTHS[:3]])
    tons = {"2025-11": 600_000, "2025-12": 700_000, "2026-01": 800_000, "2026-02": 1_400_000}
    licenses = [
        license_row(month, product, "all", 10, kg) for month, kg in tons.items() for product in ("aim", "unwrought")
    ]
    write_release(tmp_path / "own", public, licenses)
    out = tmp_path / "report.xlsx"
    write_report(open_statistics(tmp_path / "own"), out, against=Against.LICENSE)
    rows = {row["Product"]: row for row in rows_of(out, row_sheet())}
    assert rows["Unwrought aluminum"]["Mean of three, license"] == 700
    assert rows["Unwrought aluminum"]["Change"] == 1.0


@pytest.mark.parametrize(
    ("month", "told"),
    [
        ("2026-03", r"found 2026-03; whole ones: 2025-12 to 2026-02"),
        ("2025-06", r"found 2025-06; whole ones: 2025-12 to 2026-02"),
        ("2026-01", r"three public months in a row before 2026-01, found: 2025-11 to 2026-01"),
    ],
)
def test_a_month_without_figures_is_told_with_those_there_are(
    statistics: Statistics, tmp_path: Path, month: str, told: str
) -> None:
    with pytest.raises(UserError, match=told) as raised:
        write_report(statistics, tmp_path / "report.xlsx", month=month)
    assert raised.value.exit_code == 1
    assert not list(tmp_path.glob("*.xlsx"))


def test_a_release_without_license_data_says_so(tmp_path: Path) -> None:
    write_release(tmp_path / "public", with_totals([public_row("2026-01", METAL, "CAN", 10, 1000)]))
    with pytest.raises(UserError, match="expected license data, found none"):
        write_report(open_statistics(tmp_path / "public"), tmp_path / "report.xlsx")


def test_a_file_that_cannot_be_written_is_told(statistics: Statistics, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="expected to write it, found: "):
        write_report(statistics, tmp_path / "file" / "report.xlsx")


def test_figures_are_numbers_and_answers_hold_the_same(report: Path, statistics: Statistics) -> None:
    answer = json.loads(
        json.dumps(to_json(statistics.series(statistics.parse("from=2026-02&to=2026-02&series=license"))))
    )
    (cell,) = answer["cells"]
    rows = rows_of(report, row_sheet())
    assert rows[-1]["Product"] == "All licensed products"
    assert rows[-1]["Feb 2026, license"] == cell["value"]


def test_a_change_of_the_year_to_date_is_of_months_that_public_statistics_cover(tmp_path: Path) -> None:
    tons = {"2025-01": 1000, "2025-02": 2000, "2026-01": 2000, "2026-02": 4000}
    tons |= {f"2025-{month:02d}": 4000 for month in range(3, 13)}  # March 2026 is of licenses alone
    public = [public_row(month, FOIL, "CAN", 10, tons_ * 1000) for month, tons_ in tons.items()]
    cells = [
        license_row("2026-03", product, origin, 10, 90_000_000)
        for product in ("aim", "foil")
        for origin in ("all", "CAN")
    ]
    write_release(tmp_path / "years", with_totals(public), cells)
    out = tmp_path / "years.xlsx"
    write_report(open_statistics(tmp_path / "years"), out)
    rows = {row["Product, country of origin"]: row for row in rows_of(out, "Year to date")}
    foil = rows["Foil"]
    assert (foil["Jan to Mar 2026"], foil["Jan to Mar 2025"]) == (96_000, 7_000)
    assert (foil["Jan to Feb 2026, public"], foil["Jan to Feb 2025, public"]) == (6_000, 3_000)
    assert foil["Change, public statistics alone"] == 1.0
    assert any("sums with license months are not compared" in line for line in words_of(out, "Year to date"))
