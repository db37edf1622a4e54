"""Explore and the map of Overview: the chart that is chosen, events, two selections, and what changed with an event."""

from __future__ import annotations

import json
import re

import pytest

from dashboard.components.card import Card
from dashboard.components.ranking_table import growth
from dashboard.ids import ExploreId, OverviewId
from dashboard.templating import Templates
from dashboard.views import base, explore, overview, selection
from dashboard.views.base import Ask, Page, Services
from data_access.filters import By
from data_access.serving.answers import ranking
from data_access.serving.prose import MINUS
from data_access.serving.statistics import Statistics, open_statistics
from data_access.thresholds import Thresholds
from tests.serving.release_builder import public_row, with_totals, write_release

THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture
def services(statistics: Statistics) -> Services:
    return Services(statistics=statistics, templates=Templates())


def page(services: Services, query: str, view: base.View = explore.VIEW, *, narrow: bool = False) -> Page:
    found = base.page_for(view, services, f"?{query}" if query else "", narrow=narrow)
    assert found.message is None
    return found


def card(services: Services, query: str, id_: str = ExploreId.TREND, *, narrow: bool = False) -> Card:
    return next(one for one in page(services, query, narrow=narrow).cards if one.id == id_)


def shown(services: Services, query: str) -> list[str]:
    return [one.id for one in page(services, query).cards if not one.absent]


# -- the chart that is chosen -----------------------------------------------------------------------------------------


def test_without_an_event_the_chart_comes_first_then_ranking_map_and_table(services: Services) -> None:
    expected = [ExploreId.TREND, ExploreId.RANKING, ExploreId.MAP, ExploreId.FIGURES]
    assert shown(services, "") == expected
    assert shown(services, "chart=matrix") == expected


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("chart=ranking", ExploreId.RANKING),
        ("chart=map", ExploreId.MAP),
        ("chart=table", ExploreId.FIGURES),
        ("country=CAN", ExploreId.MAP),
        ("smelt=CAN", ExploreId.MAP),
    ],
)
def test_nothing_is_shown_twice_and_no_map_of_one_place(services: Services, query: str, left_out: str) -> None:
    assert left_out not in shown(services, query)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("chart", ["trend", "stacked", "ranking", "matrix", "map", "table"])
@pytest.mark.parametrize(
    "query", ["", "by=product", "by=country&measure=value", "series=license&by=product", "freq=year"]
)
def test_every_chart_has_title_sentence_table_and_files(
    services: Services, chart: str, query: str, narrow: bool
) -> None:
    drawn = card(services, f"chart={chart}&{query}", narrow=narrow)
    assert drawn.title
    assert drawn.summary.endswith(".")
    assert drawn.table is not None
    assert drawn.table.rows
    assert drawn.csv.endswith("format=csv")
    # License data do not break products down by country in this release.
    unknown = chart == "matrix" and "license" in query
    assert drawn.has_chart is (chart in ("trend", "stacked", "ranking", "matrix") and not unknown)
    assert ("<svg" in drawn.body) is (chart in ("map", "matrix") and not unknown)
    assert ("No figure" in drawn.summary) is unknown


@pytest.mark.parametrize(
    ("query", "words"),
    [("measure=auv", "Unit values do not add up"), ("show=yoy", "Changes and indices do not add up")],
)
def test_what_does_not_add_up_is_not_stacked(services: Services, query: str, words: str) -> None:
    assert words in card(services, f"chart=stacked&{query}").empty


def test_one_country_is_stacked_and_ranked_by_product(services: Services) -> None:
    assert card(services, "chart=stacked&country=CAN").title.endswith("by product")
    assert card(services, "country=CAN", ExploreId.RANKING).title.endswith("by product")


def test_the_files_of_a_stack_hold_all_members(services: Services) -> None:
    drawn = card(services, "chart=stacked&by=country")
    assert "country=CAN" not in drawn.csv
    assert any("of one series" in note for note in drawn.notes)


def test_a_ten_digit_code_is_drawn_from_public_figures(services: Services) -> None:
    drawn = card(services, "product=7601103000&series=public")
    assert drawn.has_chart
    assert "HTS 7601.10.30.00" in drawn.title


def test_products_without_licenses_say_so(services: Services) -> None:
    found = page(services, "product=scrap&by=country")
    assert any("need no license" in note for note in found.notes)
    trend = next(one for one in found.cards if one.id == ExploreId.TREND)
    assert trend.has_chart
    assert any("n/a" in note for note in trend.notes)


def test_changes_are_told_of_the_members_drawn(services: Services) -> None:
    drawn = card(services, "show=yoy&by=country&series=public")
    assert "change on the year before" in drawn.summary
    named = drawn.summary.partition("highest for ")[2].partition(" (")[0]
    assert named in {key.label for key in drawn.keys}


# -- ranking ----------------------------------------------------------------------------------------------------------


def test_a_ranking_tells_shares_and_growth_on_the_same_months(services: Services) -> None:
    drawn = card(services, "series=public", ExploreId.RANKING)
    assert drawn.table is not None
    assert drawn.table.columns == ("Feb 2025 to Jan 2026 (t)", "Share of total", "Change on a year before")
    statistics = services.statistics
    now, before, total = (
        statistics.series(statistics.parse(f"series=public&freq=range&{query}")).cells[0].value or 0
        for query in (
            "country=CAN&from=2025-02&to=2026-01",
            "country=CAN&from=2024-02&to=2025-01",
            "from=2025-02&to=2026-01",
        )
    )
    canada = drawn.table.rows[0]
    assert canada.label == "Canada"
    assert canada.cells[1].text == f"{now * 100 / total:.1f}{THIN}%"
    change = (now / before - 1) * 100
    assert canada.cells[2].text == f"{'+' if change > 0 else chr(0x2212)}{abs(change):.1f}{THIN}%"
    shares = [float(row.cells[1].text.split(THIN)[0]) for row in drawn.table.rows]
    assert sum(shares) == pytest.approx(100, abs=1)


@pytest.fixture(scope="module")
def floors(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Foil of three countries: a year before at, just below and far below the floor of a year's volume; all grew."""
    base = tmp_path_factory.mktemp("floors")
    floor = round(Thresholds().floor * 1000)
    rows = []
    for country, before in (("CAN", floor), ("MEX", floor - 1), ("DEU", 12_000)):
        for place, month in enumerate(f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)):
            kg = before if place == 0 else 0 if place < 12 else floor
            rows.append(public_row(month, "7607113000", country, 3 * kg, kg))
    write_release(base, with_totals(rows))
    return Services(statistics=open_statistics(base), templates=Templates())


@pytest.mark.parametrize("query", ["", "measure=value", "measure=auv", "measure=share", "floor=0", "floor_value=0"])
def test_a_ranking_tells_the_shares_and_changes_that_the_api_tells(floors: Services, query: str) -> None:
    statistics = floors.statistics
    asked = f"product=foil&series=public&{query}"
    table = card(floors, asked, ExploreId.RANKING).table
    assert table is not None
    filters = statistics.parse(f"{asked}&by=country&freq=range&from=2025-01&to=2025-12")
    rows = {row.name: row for row in ranking.ranking(statistics, filters).rows}
    for told in table.rows:
        row, change = rows.get(told.label), told.cells[-1]
        expected = None if row is None else row.change
        assert (change.text == "n/a") is (expected is None)
        assert bool(change.explanation) is (expected is None)
        if expected is not None:
            assert change.text.replace(",", "").startswith(f"{expected:+.1f}".replace("-", MINUS))
        if "Share of total" in table.columns and row is not None and row.share is not None:
            assert told.cells[1].text == f"{row.share:.1f}{THIN}%"


def test_no_growth_is_told_below_the_floor_in_table_and_map(floors: Services) -> None:
    table = card(floors, "product=foil&series=public", ExploreId.RANKING).table
    assert table is not None
    assert {row.label: row.cells[-1].text != "n/a" for row in table.rows} == {
        "Canada": True,
        "Mexico": False,
        "Germany": False,
    }
    world = card(floors, "product=foil&series=public", ExploreId.MAP).body
    assert f"6,000.000 t, from 12{THIN}t in Jan 2024 to Dec 2024" in world
    assert "12 times that of" in world  # Canada


def test_hovers_and_tiles_tell_a_small_base_without_percent(floors: Services) -> None:
    figure = card(floors, "product=foil&country=DEU&series=public&from=2024-01&to=2025-01").figure
    assert f"500.000 t<br>from none in Dec 2024<br>from 12{THIN}t in Jan 2024" in json.dumps(figure, ensure_ascii=False)
    tiles = page(floors, "product=foil&country=DEU&series=public", overview.VIEW).tiles
    assert any(f"From 12{THIN}t in the 12 months before." in tile.sentences for tile in tiles)


def test_a_ranking_has_no_change_of_months_that_are_not_published(floors: Services) -> None:
    found = growth(None, floors.statistics.parse(""))
    assert (found.text, found.explanation) == ("n/a", "there is no figure")


# -- events, two selections -------------------------------------------------------------------------------------------


def test_events_of_the_range_are_listed_with_date_words_source_and_address(services: Services) -> None:
    drawn = card(services, "from=2025-01&to=2026-01")
    assert 'href="/explore?from=2025-01&amp;to=2026-01&amp;event=section-232-50"' in drawn.body
    assert "Jun 4, 2025: Section 232 duty 50 % (UK 25 %)" in drawn.body
    assert "90 FR 24199" in drawn.body
    assert [note["text"] for note in drawn.figure["layout"]["annotations"] if "event" in str(note.get("name"))] == [
        "1",
        "2",
    ]
    assert not card(services, "from=2025-08&to=2026-01").body


def test_two_selections_share_an_axis_each_under_its_name(services: Services) -> None:
    drawn = card(services, "product=foil&compare=product%3Dsheet&series=public")
    assert "Foil from all countries and Plates, sheets and strip from all countries" in drawn.title
    assert [key.label for key in drawn.keys] == [
        "Foil from all countries",
        "Plates, sheets and strip from all countries",
    ]
    statistics = services.statistics
    for trace, product in zip(drawn.figure["data"], ("foil", "sheet"), strict=False):
        released = statistics.series(statistics.resolve(statistics.parse(f"product={product}&series=public")))
        assert trace["y"] == [cell.value for cell in released.cells]
    assert drawn.csv.startswith("/api/v1/compare?product=foil"), "files hold both, as the table does"
    assert "compare=product%3Dsheet" in drawn.csv
    assert drawn.table is not None
    assert len(drawn.table.columns) == 2
    colors = {trace["line"]["color"] for trace in drawn.figure["data"] if trace["type"] == "scatter"}
    assert len(colors) == 2


def test_shares_of_different_wholes_are_not_put_on_one_axis(services: Services) -> None:
    drawn = card(services, "measure=share&compare=country%3DCAN")
    assert "percent of all licensed products" in drawn.empty
    assert "percent of all countries" in drawn.empty
    assert not drawn.has_chart


# -- before and after an event ----------------------------------------------------------------------------------------

LENS = (ExploreId.LENS, ExploreId.LENS_PRODUCTS, ExploreId.SPLIT)


def test_an_event_puts_who_gained_and_lost_before_all_else(services: Services) -> None:
    assert shown(services, "event=section-232-50")[:4] == [*LENS, ExploreId.TREND]
    assert not set(LENS) & set(shown(services, ""))


def test_the_cards_of_an_event_add_up_to_the_last_digit(services: Services) -> None:
    table = card(services, "event=section-232-50", ExploreId.LENS).table
    assert table is not None
    *members, total = [[number(cell.text) for cell in row.cells[:3]] for row in table.rows]
    for column in range(3):
        assert round(sum(row[column] for row in members), 3) == total[column]
    split = card(services, "event=section-232-50", ExploreId.SPLIT).table
    assert split is not None
    *parts, change = [number(row.cells[0].text) for row in split.rows]
    assert sum(parts) == change


def number(text: str) -> float:
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def test_the_months_compared_are_told_and_seasons_that_differ(services: Services) -> None:
    drawn = card(services, "event=section-232-50", ExploreId.LENS)
    assert "Jun 2025 to Jan 2026 against Oct 2024 to May 2025" in drawn.subtitle
    assert any("different seasons" in note for note in drawn.notes)
    assert any("public statistics alone" in note for note in drawn.notes)
    assert not any("different seasons" in note for note in card(services, "event=mexico-smelt-cast", LENS[0]).notes)


def test_the_link_of_an_event_leads_back_to_it(services: Services) -> None:
    drawn = card(services, "product=foil&event=section-232-50", ExploreId.LENS)
    assert "event=section-232-50" in drawn.permalink
    assert drawn.export["link"] == drawn.permalink
    assert drawn.export["title"] == drawn.title


def test_an_event_beyond_the_public_months_is_refused_with_its_reason(services: Services) -> None:
    assert shown(services, "event=full-value-duty")[0] == ExploreId.LENS
    assert "Apr 2026 has no figure" in card(services, "event=full-value-duty", ExploreId.LENS).empty


# -- map --------------------------------------------------------------------------------------------------------------


def test_overview_has_a_map_of_the_last_twelve_public_months(services: Services) -> None:
    found = next(one for one in page(services, "", overview.VIEW).cards if one.id == OverviewId.MAP)
    assert "Feb 2025 to Jan 2026" in found.subtitle
    assert re.search(
        r'<use href="/static/\w+/world\.svg#CAN" fill="#1a4480" data-kind="q5"><title>Canada: ', found.body
    )
    assert "came from the five largest of 16 countries" in found.summary


def test_a_map_says_in_words_what_is_withheld(services: Services) -> None:
    found = card(services, "series=license&chart=map")
    assert 'fill="url(#hatch-withheld)"' in found.body
    assert "(D) withheld" in found.body
    text = Templates().render("patterns.html")
    assert {"hatch-withheld", "hatch-unknown"} == set(re.findall(r'id="([\w-]+)"', text))


# -- selections -------------------------------------------------------------------------------------------------------


def ask(statistics: Statistics, query: str) -> Ask:
    return Ask(statistics=statistics, filters=statistics.resolve(statistics.parse(query)))


def test_the_matrix_is_of_products_by_country_over_the_last_public_year(statistics: Statistics) -> None:
    filters = selection.matrix(ask(statistics, "chart=matrix"))
    assert (filters.by, filters.across) == (By.PRODUCT, By.COUNTRY)
    assert (filters.start, filters.end, str(filters.freq)) == ("2025-02", "2026-01", "range")
    assert filters.series == ("public",)


def test_a_matrix_that_is_split_by_place_keeps_that_place(statistics: Statistics) -> None:
    assert selection.matrix(ask(statistics, "by=smelt&series=license")).across == By.SMELT
    chosen = selection.matrix(ask(statistics, "by=country&across=smelt&series=license"))
    assert (chosen.by, chosen.across, str(chosen.freq)) == (By.COUNTRY, By.SMELT, "quarter")
