"""Pages over license tables by smelt and cast: running months, quarters, ranges, and "none or withheld"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.components.card import Card
from dashboard.components.filter_bar import USUAL, filter_bar
from dashboard.components.table import Table
from dashboard.figures.lines import lines_of
from dashboard.figures.ranking import ranking_figure
from dashboard.ids import ExploreId
from dashboard.templating import Templates
from dashboard.views import base, explore, overview
from dashboard.views.base import Page, Services
from data_access.serving.statistics import Statistics, open_statistics
from tests.serving.release_builder import license_row, public_row, with_totals, withheld_row, write_release

MONTHS = ("2026-01", "2026-02", "2026-03")
LEVELS = {
    "total": "zero",
    "group": "zero",
    "total×origin": "zero",
    "total×smelt": "zero",
    "group×smelt": "hidden",
    "total×cast": "hidden",
    "total×origin×smelt": "hidden",
}


def rows() -> list[dict[str, Any]]:
    found = [
        license_row("2026-Q1", "aim", "CAN", 1200, 120_000, smelt="CAN"),
        license_row("2026-Q1", "aim", "CAN", 700, 70_000, smelt="ARE"),
        license_row("2026-04", "aim", "all", 400, 40_000),
        license_row("2026-04", "aim", "CAN", 300, 30_000),
    ]
    for month in MONTHS:
        found += [
            license_row(month, "aim", "all", 1000, 100_000),
            license_row(month, "foil", "all", 300, 30_000),
            license_row(month, "aim", "CAN", 700, 70_000),
            withheld_row(month, "aim", "MEX", ranges=(10, 45, 1_000, 4_500)),
            license_row(month, "aim", "all", 500, 50_000, smelt="CAN"),
            withheld_row(month, "aim", "all", smelt="RUS", ranges=(0, 90, 0, 9_000)),
            license_row(month, "foil", "all", 120, 12_000, smelt="CAN"),
            license_row(month, "aim", "all", 800, 80_000, cast="CAN"),
        ]
    return found


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    releases: Path = tmp_path_factory.mktemp("tables")
    public = with_totals([public_row(month, "7607113000", "CAN", 90, 9_000) for month in MONTHS[:2]])
    write_release(releases, public, rows(), not_yet=("2026-04",), levels=LEVELS, ranges=True)
    return open_statistics(releases)


def page(statistics: Statistics, query: str, view: base.View = explore.VIEW) -> Page:
    services = Services(statistics=statistics, templates=Templates())
    return base.page_for(view, services, f"?{query}&from=2026-01&to=2026-04")


def card_of(page: Page, id_: str) -> Card:
    return next(card for card in page.cards if card.id == id_)


def texts(table: Table | None) -> dict[str, list[str]]:
    assert table is not None
    return {row.label: [cell.text for cell in row.cells] for row in table.rows}


def test_a_withheld_figure_stands_with_its_range_and_a_legend(tables: Statistics) -> None:
    card = card_of(page(tables, "series=license&country=MEX&measure=value"), ExploreId.TREND)
    assert texts(card.table)["Mar 2026"] == ["(D) 10–45"]
    assert card.table is not None
    assert (
        "(D) low–high",
        "withheld, and the range that anyone can work out from the figures published beside it",
    ) in (card.table.legend)
    assert any(note.startswith("Ranges of withheld figures") for note in card.notes)


def test_what_is_none_or_withheld_is_not_said_to_be_withheld(tables: Statistics) -> None:
    card = card_of(page(tables, "series=license&cast=DEU"), ExploreId.TREND)
    assert texts(card.table)["Mar 2026"] == ["none or (D)"]
    assert card.table is not None
    assert {mark for mark, _ in card.table.legend} == {"none or (D)", "not yet"}
    lane = next(trace for trace in card.figure["data"] if trace.get("meta") == "withheld")
    assert "none, or withheld" in lane["text"][0].replace("<br>", " ")
    assert "none, or withheld" in card.summary


def test_a_split_by_smelt_is_drawn_ranked_and_tabled(tables: Statistics) -> None:
    shown = page(tables, "series=license&by=smelt&measure=value")
    trend, ranking, figures = (card_of(shown, id_) for id_ in (ExploreId.TREND, ExploreId.RANKING, ExploreId.FIGURES))
    assert trend.table is not None
    assert [column.partition(" (")[0] for column in trend.table.columns] == ["Canada"]
    assert texts(ranking.table) == {
        "Canada": ["500", "50.0\N{NARROW NO-BREAK SPACE}%", "n/a"],
        "Russia": ["(D) up to 90", "n/a", "n/a"],
    }
    assert ranking.table is not None
    assert ranking.table.row_header == "Country of smelt"
    assert texts(figures.table)["Mar 2026"] == ["500", "(D) up to 90"]


def test_a_ranking_marks_what_is_withheld_with_its_range(tables: Statistics) -> None:
    released = tables.series(tables.parse("series=license&by=smelt&measure=value&from=2026-03&to=2026-03&freq=range"))
    figure = ranking_figure(released, lines_of(released, tables.vocabulary))
    assert [mark["text"] for mark in figure["layout"]["annotations"]] == ["(D) up to 90"]


def test_one_country_of_smelt_is_ranked_by_product(tables: Statistics) -> None:
    ranking = card_of(page(tables, "series=license&smelt=CAN&measure=value"), ExploreId.RANKING)
    assert texts(ranking.table)["Foil"][0] == "120"
    assert texts(ranking.table)["Wire"][0] == "none or (D)"


def test_origin_with_smelt_is_ranked_over_its_last_quarter(tables: Statistics) -> None:
    ranking = card_of(page(tables, "series=license&country=CAN&by=smelt&measure=value&freq=quarter"), ExploreId.RANKING)
    assert ranking.table is not None
    assert ranking.table.columns[0] == "Q1 2026 (US$)"
    assert {label: cells[0] for label, cells in texts(ranking.table).items()} == {
        "Canada": "1,200",
        "United Arab Emirates": "700",
    }


def test_public_lines_are_left_out_where_only_licenses_know_and_a_note_says_so(tables: Statistics) -> None:
    shown = page(tables, "smelt=CAN")
    trend = card_of(shown, ExploreId.TREND)
    assert trend.table is not None
    assert trend.table.columns == ("License data (t)",)
    assert any("license series only" in note for note in shown.notes)
    alone = card_of(page(tables, "smelt=CAN&series=public"), ExploreId.TREND)
    assert texts(alone.table)["Mar 2026"] == ["n/a"]


def test_a_month_still_running_is_told_beside_the_last_whole_one(tables: Statistics) -> None:
    shown = page(tables, "", overview.VIEW)
    license_ = shown.tiles[-1]
    assert license_.heading == "License data, Mar 2026"
    assert license_.figure == "100\N{NARROW NO-BREAK SPACE}t"
    assert license_.sentences[-1] == "Apr 2026: 40\N{NARROW NO-BREAK SPACE}t so far."
    assert texts(shown.cards[0].table)["Apr 2026"] == ["not reported", "40.000 (to date)"]


def test_a_ranking_of_licenses_is_of_the_last_whole_month(tables: Statistics) -> None:
    ranking = card_of(page(tables, "series=license&measure=value"), ExploreId.RANKING)
    assert texts(ranking.table)["Canada"][0] == "700"


def test_the_form_keeps_places_and_splits_that_it_has_no_list_for(tables: Statistics) -> None:
    filters = tables.parse("smelt=CAN&smelt=RUS&by=cast")
    bar = filter_bar(tables, filters, controls=(*USUAL, "by"))
    assert bar.kept == (("smelt", "CAN"), ("smelt", "RUS"))
    by = next(choice for choice in bar.choices if choice.name == "by")
    assert [(option.value, option.selected) for option in by.options] == [
        ("none", False),
        ("product", False),
        ("country", False),
        ("cast", True),
    ]
