"""Public statistics: what adds up, what is zero, and what is not reported, not applicable or left out."""

from __future__ import annotations

import pytest
from release_builder import public_row, with_totals
from small_release import Ask, Build, by_period

from data_access.serving.series import PART_NOT_VALID

PIECES = "7611000030"
"""A code whose only unit is the piece."""


def one(ask: Ask, query: str) -> tuple[int | float | None, str]:
    """Value and status of the one cell of an answer."""
    (cell,) = ask(f"series=public&{query}").cells
    return cell.value, cell.status


JANUARY = "from=2026-01&to=2026-01"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("measure=value", 3 * (1000 + 500 + 300 + 700)),
        ("measure=value&product=76", 3 * (1000 + 500 + 300 + 700)),
        ("measure=value&product=7601", 3 * (1000 + 500 + 700)),
        ("measure=value&product=unwrought&country=CAN", 3 * (1000 + 500)),
        ("measure=value&product=760110&country=CAN&country=DEU", 3 * (1000 + 700)),
        ("measure=value&product=7601103000&country=EU", 3 * 700),
        ("measure=volume&product=7601", 3 * (0.4 + 0.1 + 0.2)),
        ("measure=auv&product=760110&country=CAN", 2500.0),
        ("measure=share&of=value&product=760110&country=CAN", round(100 * 1000 / 1700, 4)),
        ("measure=share&product=unwrought", round(100 * 700 / 750, 4)),
    ],
)
def test_a_figure_is_the_sum_of_its_codes_and_countries(ask: Ask, query: str, value: float) -> None:
    assert one(ask, f"{query}&{JANUARY}") == (pytest.approx(value), "published")


@pytest.mark.parametrize(
    ("overlapping", "plain"),
    [
        ("product=7601&product=unwrought", "product=unwrought"),
        ("product=aim&product=foil&product=760110", "product=aim"),
        ("product=760110&product=760120", "product=7601"),
        ("country=DEU&country=EU", "country=EU"),
        ("country=CAN&country=all", "country=all"),
    ],
)
def test_what_overlaps_counts_once(ask: Ask, overlapping: str, plain: str) -> None:
    assert one(ask, f"measure=value&{overlapping}&{JANUARY}") == one(ask, f"measure=value&{plain}&{JANUARY}")


def test_cells_of_several_products_and_countries_name_them_as_the_user_did(ask: Ask) -> None:
    (cell,) = ask(f"series=public&product=7601&product=unwrought&country=CAN&country=EU&{JANUARY}").cells
    assert (cell.product, cell.country) == ("7601+unwrought", "CAN+EU")


def test_no_row_in_a_covered_month_is_zero(ask: Ask) -> None:
    assert one(ask, f"product=foil&country=BRA&measure=value&{JANUARY}") == (0, "published")
    assert one(ask, f"product=foil&country=BRA&measure=volume&{JANUARY}") == (0, "published")


def test_zero_divided_by_zero_is_no_figure(ask: Ask) -> None:
    assert one(ask, f"product=foil&measure=auv&{JANUARY}") == (None, "not_applicable")
    assert one(ask, f"product=foil&country=CAN&measure=share&{JANUARY}") == (None, "not_applicable")


def test_a_month_that_no_pull_covers_is_not_reported_and_still_there(ask: Ask) -> None:
    cells = by_period(ask("series=public&measure=value&from=2025-10&to=2026-02"))
    assert list(cells) == ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02"]
    assert [cell.status for cell in cells.values()] == [
        "not_reported",
        "published",
        "published",
        "published",
        "not_reported",
    ]


def test_a_range_far_from_all_data_is_not_reported(ask: Ask) -> None:
    assert one(ask, "measure=value&from=1985-01&to=1985-01") == (None, "not_reported")
    assert one(ask, "measure=value&from=2090-01&to=2090-01&by=country") == (None, "not_reported")


def test_the_default_range_is_the_last_36_months_of_any_series(ask: Ask) -> None:
    cells = ask("series=public").cells
    assert len(cells) == 36
    assert (cells[0].period, cells[-1].period) == ("2023-03", "2026-02")


# -- levels ---------------------------------------------------------------------------------------------------------


def test_a_coarser_pull_answers_its_own_node_and_those_above_but_none_below(build: Build) -> None:
    ask = build([public_row("2026-01", code, "all", 10) for code in ("760110", "760120", "761699")])
    query = f"measure=value&{JANUARY}"
    assert one(ask, f"product=760110&{query}") == (10, "published")
    assert one(ask, f"product=7601&{query}") == (20, "published")
    assert one(ask, f"product=76&{query}") == (30, "published")
    assert one(ask, f"product=7601103000&{query}") == (None, "not_reported")
    assert one(ask, f"product=castings&{query}") == (None, "not_reported")
    assert one(ask, f"product=aim&{query}") == (None, "not_reported")


def test_each_month_and_basis_has_the_level_it_was_pulled_at(build: Build) -> None:
    ask = build(
        [
            public_row("2025-12", "76", "all", None, general=(100, None)),
            public_row("2026-01", "7601103000", "all", 7, general=(None, None)),
            public_row("2026-01", "7601", "all", None, general=(9, None)),
        ],
        coverage={"consumption": {"2026-01": "HS10"}, "general": {"2025-12": "HS2", "2026-01": "HS4"}},
    )
    query = "series=public&measure=value&from=2025-12&to=2026-01"
    assert [cell.value for cell in ask(f"product=7601&{query}").cells] == [None, 7]
    assert [cell.value for cell in ask(f"product=7601&basis=general&{query}").cells] == [None, 9]
    assert [cell.value for cell in ask(f"product=76&basis=general&{query}").cells] == [100, 9]


def test_rows_of_another_level_than_the_month_was_pulled_at_do_not_count_twice(build: Build) -> None:
    ask = build(
        [
            public_row("2025-12", "7601", "all", 9),
            public_row("2026-01", "7601103000", "all", 7),
            public_row("2026-01", "7601", "all", 7),
        ],
        coverage={"consumption": {"2025-12": "HS4", "2026-01": "HS10"}, "general": {}},
    )
    assert [cell.value for cell in ask("series=public&measure=value&product=7601&from=2025-12&to=2026-01").cells] == [
        9,
        7,
    ]


# -- the total of all countries ---------------------------------------------------------------------------------------


def test_all_countries_is_the_pulled_total_with_a_note_where_it_differs(build: Build) -> None:
    ask = build(
        [
            public_row("2026-01", "7601103000", "CAN", 60),
            public_row("2026-01", "7601103000", "all", 100),
        ],
        total_differs=("2026-01",),
    )
    released = ask(f"series=public&measure=value&{JANUARY}")
    assert released.cells[0].value == 100
    assert any("add up to another in Jan 2026" in note for note in released.notes)
    by_country = ask(f"series=public&measure=value&country=CAN&{JANUARY}")
    assert by_country.cells[0].value == 60
    assert not any("add up to another" in note for note in by_country.notes)


def test_a_group_has_the_members_of_each_month(build: Build) -> None:
    rows = [
        public_row(month, "7601103000", country, value)
        for month in ("2020-01", "2020-02")
        for country, value in (("GBR", 10), ("FRA", 1))
    ]
    ask = build(with_totals(rows))
    query = "series=public&measure=value&country=EU&from=2020-01&to=2020-02"
    assert [cell.value for cell in ask(query).cells] == [11, 1]
    british = by_period(ask(f"{query}&by=country"), country="GBR")
    assert [(cell.value, cell.status) for cell in british.values()] == [(10, "published"), (None, "not_applicable")]


def test_a_country_that_the_tables_lack_is_kept_under_its_census_code(build: Build) -> None:
    rows = with_totals([public_row("2026-01", "7601103000", "C5999", 5)])
    ask = build(rows, observed_countries={"C5999": "Somewhere"})
    assert one(ask, f"country=C5999&measure=value&{JANUARY}") == (5, "published")


def test_a_code_that_the_tables_lack_is_kept_under_its_group(build: Build) -> None:
    ask = build([public_row("2026-01", "7601999999", "all", 5)])
    assert one(ask, f"product=7601999999&measure=value&{JANUARY}") == (5, "published")
    assert one(ask, f"product=unwrought&measure=value&{JANUARY}") == (5, "published")


# -- weights --------------------------------------------------------------------------------------------------------


def test_volume_leaves_out_codes_without_a_weight_and_says_what_they_are_worth(build: Build) -> None:
    ask = build(
        [
            public_row("2026-01", "7601103000", "all", 1000, 400),
            public_row("2026-01", PIECES, "all", 77, weight="none"),
            public_row("2026-01", "7602000097", "all", 5),
        ]
    )
    released = ask(f"series=public&product=76&{JANUARY}")
    assert released.cells[0].value == 0.4
    assert any("US$ 82" in note for note in released.notes)


def test_a_unit_value_divides_value_and_weight_of_the_same_codes(build: Build) -> None:
    ask = build(
        [
            public_row("2026-01", "7601103000", "all", 1000, 400),
            public_row("2026-01", PIECES, "all", 77777, weight="none"),
        ]
    )
    assert one(ask, f"product=76&measure=auv&{JANUARY}") == (2500.0, "published")


def test_where_all_weights_are_missing_the_volume_is_not_reported(build: Build) -> None:
    ask = build(
        [
            public_row("2026-01", "7601103000", "all", 1000),
            public_row("2026-01", "7601209045", "all", 0, 0),
            public_row("2026-01", "7601209030", "all", 0),
        ]
    )
    assert one(ask, f"product=7601&measure=value&{JANUARY}") == (1000, "published")
    assert one(ask, f"product=7601&measure=volume&{JANUARY}") == (None, "not_reported")
    assert one(ask, f"product=7601&measure=auv&{JANUARY}") == (None, "not_reported")


def test_a_true_zero_weight_is_not_a_missing_one(build: Build) -> None:
    ask = build([public_row("2026-01", "7601103000", "all", 40, 0)])
    assert one(ask, f"product=7601103000&{JANUARY}") == (0, "published")


def test_a_code_counted_in_pieces_has_no_volume(build: Build) -> None:
    ask = build([public_row("2026-01", PIECES, "all", 77, weight="none")])
    assert one(ask, f"product={PIECES}&measure=value&{JANUARY}") == (77, "published")
    assert one(ask, f"product={PIECES}&measure=volume&{JANUARY}") == (None, "not_applicable")
    assert one(ask, f"product={PIECES}&country=CAN&measure=volume&{JANUARY}") == (None, "not_applicable")


# -- validity of ten-digit codes --------------------------------------------------------------------------------------


def test_a_code_outside_its_validity_is_not_applicable_and_a_note_names_its_family(build: Build) -> None:
    ask = build([public_row("2026-01", "7602000097", "all", 100), public_row("2026-02", "7602000065", "all", 110)])
    released = ask("series=public&product=7602000065&measure=value&from=2026-01&to=2026-02")
    assert [(cell.value, cell.status) for cell in released.cells] == [(None, "not_applicable"), (110, "published")]
    (note,) = [note for note in released.notes if "7602000065" in note]
    assert "7602000097" in note
    assert "7602000075" in note
    assert "7602000097" not in " ".join(ask("series=public&product=scrap&measure=value&from=2026-01").notes)


RENAMED = ("7601106030", "7601106045")
"""A code that ended in June 2025 and one of the two that came of it."""
SUM = f"product={RENAMED[0]}&product={RENAMED[1]}&measure=value"


def test_a_sum_of_codes_has_a_figure_in_each_month_in_which_one_of_them_is_valid(build: Build) -> None:
    ask = build([public_row("2025-06", RENAMED[0], "all", 100), public_row("2025-07", RENAMED[1], "all", 110)])
    cells = ask(f"series=public&{SUM}&from=2025-06&to=2025-07").cells
    assert [(cell.value, cell.status) for cell in cells] == [(100, "published"), (110, "published")]


def test_a_sum_of_codes_split_by_country_has_the_figures_of_each(build: Build) -> None:
    rows = [public_row("2025-06", RENAMED[0], "CAN", 100), public_row("2025-07", RENAMED[1], "MEX", 110)]
    cells = build(with_totals(rows))(f"series=public&{SUM}&from=2025-06&to=2025-07&by=country").cells
    assert {(cell.country, cell.period): cell.value for cell in cells} == {
        ("CAN", "2025-06"): 100,
        ("CAN", "2025-07"): 0,
        ("MEX", "2025-06"): 0,
        ("MEX", "2025-07"): 110,
    }


def test_a_sum_of_codes_of_which_none_is_valid_is_not_applicable(build: Build) -> None:
    ask = build([public_row("2025-06", RENAMED[0], "all", 100)])
    query = "product=7601106040&product=7601106045&measure=value&from=2025-06&to=2025-06"
    assert one(ask, query) == (None, "not_applicable")
    assert one(ask, f"{query}&product=7601103000") == (0, "published")


def test_a_note_tells_that_a_part_of_a_sum_was_not_valid(build: Build) -> None:
    ask = build([public_row("2025-06", RENAMED[0], "all", 100), public_row("2025-07", RENAMED[1], "all", 110)])
    notes = ask(f"series=public&{SUM}&from=2025-06&to=2025-07").notes
    assert PART_NOT_VALID in notes
    assert [code for code in RENAMED if any(note.startswith(f"Code {code} ") for note in notes)] == list(RENAMED)
    assert PART_NOT_VALID not in ask(f"series=public&{SUM}&from=2025-08&to=2025-08").notes
    alone = ask(f"series=public&product={RENAMED[1]}&measure=value&from=2025-06&to=2025-07").notes
    assert PART_NOT_VALID not in alone


def test_a_figure_outside_the_validity_of_its_code_is_shown(build: Build) -> None:
    ask = build([public_row("2026-01", "7602000065", "all", 3)])
    assert one(ask, f"product=7602000065&measure=value&{JANUARY}") == (3, "published")


# -- split ----------------------------------------------------------------------------------------------------------


def test_by_product_gives_the_next_level_down(ask: Ask) -> None:
    cells = ask(f"series=public&measure=value&product=unwrought&by=product&{JANUARY}").cells
    assert [(cell.product, cell.value) for cell in cells] == [("760110", 5100), ("760120", 1500)]
    groups = ask(f"series=public&measure=value&by=product&{JANUARY}").cells
    assert len(groups) == 9
    assert sum(int(cell.value or 0) for cell in groups) == 7500


def test_a_leaf_split_by_product_gives_itself(ask: Ask) -> None:
    (cell,) = ask(f"series=public&measure=value&product=7601103000&by=product&{JANUARY}").cells
    assert (cell.product, cell.value) == ("7601103000", 5100)


def test_by_country_gives_each_chosen_one_and_of_all_those_not_zero_throughout(ask: Ask) -> None:
    cells = ask(f"series=public&measure=value&product=unwrought&by=country&{JANUARY}").cells
    assert [(cell.country, cell.value) for cell in cells] == [("CAN", 4500), ("DEU", 2100)]
    chosen = ask(f"series=public&measure=value&by=country&country=BRA&country=DEU&{JANUARY}").cells
    assert [(cell.country, cell.value) for cell in chosen] == [("BRA", 0), ("DEU", 2100)]


@pytest.mark.parametrize("query", ["product=7606", "product=7606&country=EU", "product=7601103000"])
def test_by_country_adds_up_to_the_whole(ask: Ask, query: str) -> None:
    whole = ask(f"series=public&measure=value&{query}&{JANUARY}").cells[0].value
    parts = ask(f"series=public&measure=value&{query}&by=country&{JANUARY}").cells
    assert sum(int(cell.value or 0) for cell in parts) == whole


def test_shares_by_country_are_of_all_countries(ask: Ask) -> None:
    cells = ask(f"series=public&measure=share&of=value&product=unwrought&by=country&{JANUARY}").cells
    assert [cell.value for cell in cells] == [round(100 * 1500 / 2200, 4), round(100 * 700 / 2200, 4)]
    assert cells[0].unit == "%"


def test_many_months_of_many_countries_do_not_overflow(build: Build) -> None:
    months = [f"{year}-{month:02d}" for year in range(2013, 2026) for month in range(1, 13)]
    big = 20_000_000_000
    ask = build(with_totals([public_row(month, "7601103000", c, big, big) for month in months for c in ("CAN", "DEU")]))
    assert one(ask, "measure=value&country=CAN&country=DEU&freq=range&from=2013-01&to=2025-12") == (
        2 * len(months) * big,
        "published",
    )
    last = ask("series=public&by=country&measure=value&from=2013-01&to=2025-12").cells[-1]
    assert (last.period, last.country, last.value) == ("2025-12", "DEU", big)


def test_the_value_left_out_is_that_of_the_whole_period_shown(build: Build) -> None:
    rows = [
        public_row(month, code, "CAN", value, kg, weight=weight)
        for month in ("2025-04", "2025-05", "2025-06")
        for code, value, kg, weight in (("7601103000", 100, 40, "kg"), ("7615102015", 30, None, "none"))
    ]
    ask = build(with_totals(rows))
    notes = ask("product=76&freq=quarter&series=public&from=2025-06&to=2025-06&country=CAN").notes
    assert any(note.endswith("left out: US$ 90.") for note in notes)
