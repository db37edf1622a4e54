"""License and combined series: published cells alone, arithmetic on them, and a status for everything else."""

from __future__ import annotations

import numpy as np
import pytest
from release_builder import license_row, public_row, with_totals
from small_release import Ask, Build, by_period, small_licenses

from data_access.contracts import Absent
from data_access.serving.cube.figures import WITHHELD
from data_access.serving.cube.license import Calendar, Columns, LicenseCube, LicenseTable
from data_access.serving.periods import number

FEBRUARY = "series=license&measure=value&from=2026-02&to=2026-02"


def one(ask: Ask, query: str) -> tuple[int | float | None, str]:
    (cell,) = ask(query).cells
    return cell.value, cell.status


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (9000, "published")),
        ("product=7601", (300, "published")),
        ("product=7601&product=unwrought", (300, "published")),
        ("product=7609000000", (300, "published")),
        ("product=7601&product=7604", (600, "published")),
        ("country=CAN", (2400, "published")),
        ("country=CAN&country=DEU", (4800, "published")),
        ("country=MLT", (0, "published")),
        ("product=7601&product=760110&product=7604", (600, "published")),
        ("product=foil", (None, "withheld")),
        ("product=foil&product=7601", (None, "withheld")),
        ("country=FRA", (None, "withheld")),
        ("country=CAN&country=FRA", (None, "withheld")),
        ("country=BRA", (0, "published")),
        ("country=CAN&country=BRA", (2400, "published")),
        ("country=EU", (None, "withheld")),
        ("country=USMCA", (2400, "published")),
        ("product=7601&country=CAN", (None, "not_published")),
        ("product=760110", (None, "not_published")),
        ("product=7601103000", (None, "not_published")),
        ("smelt=CAN", (None, "not_published")),
        ("cast=all", (9000, "published")),
        ("smelt=CAN&country=DEU", (None, "not_published")),
        ("product=scrap", (None, "not_applicable")),
        ("product=76", (None, "not_applicable")),
        ("product=7616", (None, "not_applicable")),
        ("product=7601&product=scrap", (None, "not_applicable")),
    ],
)
def test_a_license_figure_is_a_published_cell_or_a_sum_of_them(
    ask: Ask, query: str, expected: tuple[int | None, str]
) -> None:
    assert one(ask, f"{FEBRUARY}&{query}") == expected


def test_a_total_stays_itself_where_parts_of_it_are_withheld(ask: Ask) -> None:
    nine = "&".join(f"product={code}" for code in (7601, 7604, 7605, 7606, 7607, 7608, 7609))
    assert one(ask, f"{FEBRUARY}&{nine}&product=castings&product=forgings") == (9000, "published")
    assert one(ask, f"{FEBRUARY}&{nine}") == (None, "withheld")


def test_months_before_the_first_are_not_reported_and_after_the_last_not_yet(ask: Ask) -> None:
    cells = ask("series=license&from=2025-11&to=2026-04").cells
    assert [cell.status for cell in cells] == [
        "not_reported",
        "published",
        "published",
        "published",
        "not_yet",
        "not_yet",
    ]
    assert [cell.partial for cell in cells] == [False, False, False, False, True, False]


def test_a_level_that_is_never_published_is_not_promised_for_later_months(ask: Ask) -> None:
    cells = ask("series=license&product=760110&from=2025-11&to=2026-04").cells
    assert {cell.status for cell in cells} == {"not_published"}


def test_a_row_that_is_not_published_gives_no_figure_even_if_it_held_one() -> None:
    month = number("2026-01")
    one = np.array([0], np.int16)
    columns = Columns(
        ids=["aim", "all"],
        periods=["2026-01"],
        key=np.array([[0], [1]], np.int32),
        period=one,
        value=np.array([77]),
        kg=np.array([7]),
        status=np.array([WITHHELD], np.int8),
        as_of=one,
    )
    cube = LicenseCube(
        calendar=Calendar(closed={month: 0}, running=frozenset(), quarters={}),
        tables={"origin": LicenseTable(columns)},
        levels={"total": Absent.ZERO},
        depths={"aim": "total"},
    )
    figures = cube.months([("aim", "all", "all", "all", "all")], month, month)
    assert (figures.value.tolist(), figures.kg.tolist(), figures.status.tolist()) == ([[0]], [[0]], [[WITHHELD]])
    (row,) = LicenseTable(columns).rows(("aim", "all"), ["2026-01"])
    assert row is not None
    assert (row.value, row.kg, row.status) == (None, None, WITHHELD)


def test_a_country_is_no_cell_of_its_group_in_months_before_it_joined(build: Build) -> None:
    rows = [license_row(month, "aim", country, 10, 1) for month in ("2025-09", "2025-10") for country in ("TLS", "all")]
    cells = by_period(build([], rows)("series=license&country=ASEAN&by=country&from=2025-09&to=2025-10"), country="TLS")
    assert [cell.status for cell in cells.values()] == ["not_applicable", "published"]


def test_volume_and_unit_value_come_from_the_same_cell(ask: Ask) -> None:
    query = "series=license&from=2026-02&to=2026-02"
    assert one(ask, f"{query}&measure=volume") == (2.7, "published")
    assert one(ask, f"{query}&measure=auv") == (round(9000 / 2.7, 2), "published")
    assert one(ask, f"{query}&measure=auv&product=foil") == (None, "withheld")


def test_a_share_needs_both_its_parts(ask: Ask) -> None:
    query = "series=license&measure=share&of=value&from=2026-02&to=2026-02"
    assert one(ask, f"{query}&country=CAN") == (round(100 * 2400 / 9000, 4), "published")
    assert one(ask, f"{query}&product=7601") == (round(100 * 300 / 9000, 4), "published")
    assert one(ask, f"{query}&country=FRA") == (None, "withheld")


def test_a_share_of_a_withheld_total_is_withheld(build: Build) -> None:
    ask = build(
        [],
        [license_row("2026-02", "aim", "all", None, status="withheld"), license_row("2026-02", "aim", "CAN", 5, 5)],
    )
    assert one(ask, "series=license&measure=share&country=CAN&from=2026-02&to=2026-02") == (None, "withheld")


def test_cells_of_one_month_with_different_dates_are_not_added(build: Build) -> None:
    ask = build(
        [],
        [
            license_row("2026-02", "aim", "all", 100, 10),
            license_row("2026-02", "aim", "CAN", 60, 6),
            license_row("2026-02", "aim", "DEU", 40, 4, as_of="2026-03-13"),
        ],
    )
    released = ask(f"{FEBRUARY}&country=CAN&country=DEU")
    assert [(cell.value, cell.status) for cell in released.cells] == [(None, "withheld")]
    assert any("different dates" in note for note in released.notes)
    old = ask(f"{FEBRUARY}&country=DEU").cells[0]
    assert (old.value, old.as_of) == (40, "2026-03-13")
    assert one(ask, f"{FEBRUARY.replace('value', 'share')}&of=value&country=DEU") == (None, "withheld")


def test_cells_of_several_months_may_have_different_dates_and_the_oldest_is_told(build: Build) -> None:
    ask = build(
        [],
        [
            license_row("2026-01", "aim", "all", 100, 10, as_of="2026-02-20"),
            license_row("2026-02", "aim", "all", 50, 5),
        ],
    )
    (cell,) = ask("series=license&measure=value&freq=range&from=2026-01&to=2026-02").cells
    assert (cell.value, cell.as_of) == (150, "2026-02-20")


def test_by_country_of_all_lists_withheld_ones_and_leaves_out_those_that_are_zero(ask: Ask) -> None:
    cells = ask(f"{FEBRUARY}&by=country").cells
    assert {cell.country: cell.status for cell in cells} == {
        "CAN": "published",
        "CHN": "withheld",
        "DEU": "published",
        "FRA": "withheld",
    }


def test_by_product_of_all_licensed_products_gives_the_groups(ask: Ask) -> None:
    cells = ask(f"{FEBRUARY}&by=product").cells
    assert len(cells) == 9
    assert [cell.product for cell in cells if cell.status == "withheld"] == ["wire", "foil"]


def test_public_cells_are_not_applicable_where_smelt_or_cast_is_chosen(ask: Ask) -> None:
    released = ask("smelt=CAN&by=smelt&from=2026-01&to=2026-01")
    assert [(cell.series, cell.smelt, cell.status) for cell in released.cells] == [
        ("public", "CAN", "not_applicable"),
        ("license", "CAN", "not_published"),
    ]
    assert any("license series only" in note for note in released.notes)


def test_split_by_smelt_where_none_has_a_figure_still_has_every_period(ask: Ask) -> None:
    cells = ask("series=license&by=smelt&measure=value&from=2026-01&to=2026-02").cells
    assert [(cell.period, cell.smelt, cell.value) for cell in cells] == [
        ("2026-01", "all", 6000),
        ("2026-02", "all", 9000),
    ]


# -- combined -------------------------------------------------------------------------------------------------------


def test_combined_is_public_where_a_pull_covers_the_month_else_license(ask: Ask) -> None:
    cells = by_period(ask("series=combined&measure=value&from=2025-12&to=2026-03"))
    assert [(cell.value, cell.status, cell.source, cell.basis) for cell in cells.values()] == [
        (5000, "published", "public", "consumption"),
        (7500, "published", "public", "consumption"),
        (9000, "published", "license", None),
        (None, "not_yet", "license", None),
    ]
    assert [cell.as_of for cell in cells.values()] == ["2026-01", "2026-01", "2026-03-20", None]


def test_combined_has_the_license_cell_with_its_status(ask: Ask) -> None:
    cells = by_period(ask("series=combined&measure=value&product=foil&from=2026-01&to=2026-02"))
    assert [(cell.value, cell.status, cell.source) for cell in cells.values()] == [
        (0, "published", "public"),
        (None, "withheld", "license"),
    ]


def test_a_combined_period_of_both_says_so(ask: Ask) -> None:
    (cell,) = ask("series=combined&measure=value&freq=range&from=2026-01&to=2026-02").cells
    assert (cell.value, cell.source, cell.as_of) == (7500 + 9000, "public+license", "2026-01")


def test_a_combined_share_never_divides_public_by_license_figures(build: Build) -> None:
    licenses = [license_row("2026-01", "aim", "all", 100, 10)]
    ask = build([public_row("2026-01", "76", "all", 500)], licenses)
    query = "measure=share&of=value&product=76&from=2026-01&to=2026-01"
    assert one(ask, f"series=combined&{query}") == (None, "not_applicable")


# -- no license part --------------------------------------------------------------------------------------------------


def test_a_release_without_license_data_says_so_and_public_series_go_on(build: Build) -> None:
    ask = build([public_row("2026-01", "7601103000", "all", 5)])
    released = ask("measure=value&from=2026-01&to=2026-01")
    assert [(cell.series, cell.value, cell.status) for cell in released.cells] == [
        ("public", 5, "published"),
        ("license", None, "not_published"),
    ]
    assert released.release.license_off == "this release holds no license data"
    assert any(note.startswith("License series are not shown") for note in released.notes)


@pytest.mark.parametrize("product", ["scrap", "76", "7602"])
def test_products_without_licenses_have_no_combined_series(build: Build, product: str) -> None:
    rows = with_totals([public_row("2026-01", "7602000098", "CAN", 100, 40)])
    ask = build(rows, small_licenses())
    cells = ask(f"product={product}&series=combined&measure=value&from=2026-01&to=2026-02").cells
    assert [(cell.value, cell.status) for cell in cells] == [(None, "not_applicable")] * 2


def test_a_licensed_code_outside_its_validity_is_no_license_cell_and_a_note_says_why(ask: Ask) -> None:
    released = ask("product=7616995060&series=license&from=2026-01&to=2026-01")
    assert [cell.status for cell in released.cells] == ["not_applicable"]
    assert any("7616995160" in note for note in released.notes)
