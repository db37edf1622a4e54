"""License and public: what its cards say, of a small release whose public figures are 4 % above licenses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.components.card import Card
from dashboard.figures.buildup import drawn_months
from dashboard.figures.coverage import Bar, coverage_figure, versus_figure
from dashboard.figures.lines import lines_of
from dashboard.ids import CompareId
from dashboard.templating import Templates
from dashboard.views import base, compare
from dashboard.views.base import Page, Services
from data_access.serving import coverage
from data_access.serving.statistics import Statistics, open_statistics
from data_access.thresholds import Thresholds
from tests.dashboard.metal_sample import (
    LEVELS,
    MONTHS,
    PUBLIC_OVER_LICENSE,
    RUNNING,
    layers,
    licenses,
    public,
    write_metal,
)
from tests.serving.release_builder import write_release

OLD = "2026-02-20T15-00-00Z-000000"


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    releases = tmp_path_factory.mktemp("compare")
    write_metal(releases)
    return open_statistics(releases)


def page(statistics: Statistics, query: str = "") -> Page:
    return base.page_for(compare.VIEW, Services(statistics=statistics, templates=Templates()), query and f"?{query}")


def card(found: Page, id_: str) -> Card:
    return next(one for one in found.cards if one.id == id_)


def column(found: Card, place: int) -> dict[str, str]:
    assert found.table is not None
    return {row.label: row.cells[place].text for row in found.table.rows}


def test_coverage_is_public_on_license_in_whole_months_alone(metal: Statistics) -> None:
    ratios = column(card(page(metal), CompareId.COVERAGE), 2)
    assert ratios["Jan 2026"] == f"{PUBLIC_OVER_LICENSE * 100:.1f}"
    assert ratios["Feb 2026"] == ratios["Mar 2026"] == "n/a"


def test_a_month_without_a_ratio_says_why(metal: Statistics) -> None:
    table = card(page(metal), CompareId.COVERAGE).table
    assert table is not None
    reasons = {row.label: row.cells[2].explanation for row in table.rows}
    assert "public" in reasons["Feb 2026"]
    assert "not whole" in reasons["Mar 2026"]


def test_bias_and_error_are_told_with_their_months(metal: Statistics) -> None:
    tile = page(metal).tiles[-1]
    assert tile.heading == "License error, Feb 2025 to Jan 2026"
    assert tile.figure.startswith(f"−{(1 - 1 / PUBLIC_OVER_LICENSE) * 100:.1f}")


def test_mean_bias_and_error_do_not_depend_on_the_first_month_asked_for(metal: Statistics) -> None:
    whole, short = page(metal), page(metal, f"from={MONTHS[-3]}")
    asked = column(card(short, CompareId.COVERAGE), 3)
    assert list(asked) == ["Mar 2026", "Feb 2026", "Jan 2026", "Dec 2025"]
    means = column(card(whole, CompareId.COVERAGE), 3)
    assert asked == {month: means[month] for month in asked}
    assert asked["Jan 2026"] == f"{PUBLIC_OVER_LICENSE * 100:.1f}"
    assert [tile.figure for tile in short.tiles] == [tile.figure for tile in whole.tiles]
    assert short.tiles[-1].heading == whole.tiles[-1].heading
    assert card(short, CompareId.COVERAGE).summary == card(whole, CompareId.COVERAGE).summary


def test_months_without_any_ratio_borrow_no_error_from_those_before(metal: Statistics) -> None:
    found = page(metal, f"from={RUNNING}")
    assert not any(tile.heading.startswith("License error") for tile in found.tiles)
    assert card(found, CompareId.COVERAGE).empty


def test_the_newest_whole_license_month_is_told_as_it_is(metal: Statistics) -> None:
    tile = page(metal).tiles[0]
    value = metal.series(metal.parse(f"from={MONTHS[-1]}&to={MONTHS[-1]}&series=license")).cells[0].value
    assert value is not None
    assert tile.figure.startswith(f"{value:,.0f}")
    assert any("so far" in sentence for sentence in tile.sentences)


def test_the_comparison_takes_the_last_whole_license_month_and_three_public_ones(metal: Statistics) -> None:
    found = card(page(metal), CompareId.PRODUCTS)
    assert found.table is not None
    assert found.table.columns[:2] == ("License data, Feb 2026 (t)", "Public, mean of Nov 2025 to Jan 2026 (t)")
    assert found.table.rows[0].label == "The selection"
    assert found.csv == "/api/v1/versus?from=2025-11&to=2026-02&by=product&format=csv"


def test_the_two_comparisons_have_captions_of_their_own(metal: Statistics) -> None:
    found = page(metal)
    tables = [card(found, id_).table for id_ in (CompareId.PRODUCTS, CompareId.COUNTRIES)]
    captions = [table.caption for table in tables if table]
    assert [caption.rpartition(", by ")[2] for caption in captions] == ["product.", "country of origin."]


@pytest.mark.parametrize(("floor", "told"), [(9_291, True), (9_292, False)])
def test_below_the_floor_no_growth_is_told(metal: Statistics, floor: int, told: bool) -> None:
    changes = column(card(page(metal, f"floor={floor}"), CompareId.PRODUCTS), 2)
    assert (changes["Foil"] != "n/a (thin base)") is told
    assert changes["Unwrought aluminum"] != "n/a (thin base)"


def test_a_row_without_a_change_has_words_and_no_bar(metal: Statistics) -> None:
    months = coverage.months_of(metal.series(compare.comparable(metal.default_filters())))
    span = coverage.span_of(months)
    assert span is not None
    released = metal.series(metal.parse(f"from={span.public[0]}&to={span.license}&by=product"))
    rows = coverage.versus(released, span, replace(Thresholds(), floor=50_000))
    figure = versus_figure([Bar(row.member, row) for row in rows if row.growth.mean])
    assert [value is None for value in figure["data"][0]["x"]] == [False, True]
    assert figure["layout"]["annotations"][0]["text"].startswith("n/a (thin base)")


def test_the_build_up_sets_the_running_month_beside_the_same_day(metal: Statistics) -> None:
    found = card(page(metal), CompareId.BUILDUP)
    assert "40,000" in found.summary
    assert "same day of Feb 2026 (36,000" in found.summary
    names = [trace["name"] for trace in found.figure["data"]]
    assert names == ["Feb 2026", "Mar 2026"]
    assert column(found, 0)["Week 3"] == "not yet"


def test_a_day_between_two_figures_of_an_earlier_month_is_told_in_a_note(metal: Statistics, tmp_path: Path) -> None:
    moved = [{**row, "as_of": "2026-02-18"} if row["as_of"] == "2026-02-20" else row for row in layers()]
    write_release(tmp_path, public(), licenses(), not_yet=(RUNNING,), levels=LEVELS, layers=moved)
    found = card(page(open_statistics(tmp_path)), CompareId.BUILDUP)
    # 36,000 t on day 17 and 50,000 t on day 26; the running month stands at 40,000 t on day 19.
    between = 36_000 + 14_000 * 2 / 9
    assert f"{100 * (40_000 / between - 1):.1f}\u202f% above that of the same day of Feb 2026" in found.summary
    assert f"({between:,.0f}" in found.summary
    told = "Of Feb 2026 there is no figure of the same day"
    assert any(note.startswith(told) for note in found.notes)
    assert not any(note.startswith(told) for note in card(page(metal), CompareId.BUILDUP).notes)


def test_months_without_figures_to_date_are_no_build_up(metal: Statistics) -> None:
    build = coverage.build_up(metal.history(metal.default_filters()))
    same = coverage.same_day(build)
    assert same is not None
    assert MONTHS[-2] in build
    assert drawn_months(build, same) == [MONTHS[-1], RUNNING]


def test_a_revised_license_month_is_listed_with_both_figures(metal: Statistics) -> None:
    found = card(page(metal), CompareId.LICENSE_REVISIONS)
    assert found.summary.startswith("1 of 26 whole license months has another figure")
    assert column(found, 1) == {"Jan 2026": "Feb 13, 2026"}


def test_products_without_licenses_say_why_there_is_nothing_to_compare(metal: Statistics) -> None:
    found = page(metal, "product=scrap")
    assert found.message is not None
    assert "no license is needed" in found.message.lines[0]
    assert card(found, CompareId.PRODUCTS).absent
    assert card(found, CompareId.COVERAGE).empty


def test_a_product_with_unlicensed_parts_names_what_can_be_compared(metal: Statistics) -> None:
    found = page(metal, "product=76")
    assert found.message is not None
    assert "all licensed products" in found.message.lines[0]


def test_smelt_is_left_out_and_that_is_said(metal: Statistics) -> None:
    found = page(metal, "smelt=RUS")
    assert found.message is not None
    assert found.message.lines == (compare.METAL_WORDS,)
    assert card(found, CompareId.TREND).csv == card(page(metal), CompareId.TREND).csv


def test_each_card_leads_back_to_the_page_as_it_was_asked(metal: Statistics) -> None:
    found = page(metal, "product=foil&measure=value")
    links = {one.permalink for one in found.cards if one.permalink}
    assert len(links) == 1
    assert links.pop().startswith("/compare?product=foil&")


def test_the_coverage_chart_tells_missing_months_in_lanes(metal: Statistics) -> None:
    released = metal.series(compare.comparable(metal.default_filters()))
    figure = coverage_figure(coverage.months_of(released), lines_of(released, metal.vocabulary))
    lanes = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert {trace["name"] for trace in lanes} == {"not reported"}
    assert figure["data"][0]["y"][-1] is None


def test_a_revised_public_month_is_found_in_the_earlier_release(tmp_path: Path) -> None:
    write_release(tmp_path, _halved(public(), MONTHS[-3]), id_=OLD)
    write_metal(tmp_path)
    found = card(page(open_statistics(tmp_path)), CompareId.PUBLIC_REVISIONS)
    assert found.summary.startswith("1 of 25 public months has another figure")
    assert list(column(found, 0)) == ["Dec 2025"]


def _halved(rows: list[dict[str, Any]], month: str) -> list[dict[str, Any]]:
    names = ("consumption_value", "consumption_kg", "general_value", "general_kg")
    return [{**row, **{name: row[name] // 2 for name in names}} if row["month"] == month else row for row in rows]
