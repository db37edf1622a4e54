"""Smelt and cast: what its cards say, of a small release of made-up metal."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.components.card import Card
from dashboard.figures.flows import WATCH
from dashboard.ids import SmeltCastId
from dashboard.templating import Templates
from dashboard.views import base, smelt_cast
from dashboard.views.base import Page, Services
from data_access.serving.parts import fraction_of
from data_access.serving.statistics import Statistics, open_statistics
from tests.dashboard.metal_sample import FLOWS, MONTHS, kilograms, write_metal
from tests.dashboard.sample import write_sample

LAST = MONTHS[-1]


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    releases = tmp_path_factory.mktemp("metal")
    write_metal(releases)
    return open_statistics(releases)


@pytest.fixture(scope="module")
def totals(tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    """The same without any pair."""
    releases = tmp_path_factory.mktemp("totals")
    write_metal(releases, with_pairs=False)
    return open_statistics(releases)


def services(statistics: Statistics) -> Services:
    return Services(statistics=statistics, templates=Templates())


def page(statistics: Statistics, query: str = "") -> Page:
    return base.page_for(smelt_cast.VIEW, services(statistics), query and f"?{query}")


def card(found: Page, id_: str) -> Card:
    return next(one for one in found.cards if one.id == id_)


def labels(found: Card) -> list[str]:
    assert found.table is not None
    return [row.label for row in found.table.rows]


def tons(smelt: str) -> float:
    return sum(kilograms(*pair, LAST) for pair in FLOWS if pair[1] == smelt) / 1000


def test_the_ranking_is_of_the_newest_whole_month(metal: Statistics) -> None:
    found = card(page(metal), SmeltCastId.SMELT)
    assert "Feb 2026" in found.title
    assert found.csv == f"/api/v1/series?from={LAST}&to={LAST}&series=license&by=smelt&format=csv"
    assert found.table is not None
    assert found.table.rows[0].cells[0].text == f"{tons('CAN'):,.3f}"


def test_watch_list_countries_are_marked_by_sign_and_words(metal: Statistics) -> None:
    found = card(page(metal), SmeltCastId.SMELT)
    assert f"{WATCH} Russia (watch list)" in labels(found)
    assert any("watch list" in name for name in found.figure["layout"]["yaxis"]["ticktext"])
    assert found.table is not None
    remarks = {row.label: row.cells[2].text for row in found.table.rows}
    assert remarks[f"{WATCH} Russia (watch list)"] == "watch list"
    assert not any(WATCH in name for name in labels(found) if "Canada" in name)


def test_not_applicable_and_unknown_are_values_of_their_own(metal: Statistics) -> None:
    found = card(page(metal, "smelt=not_applicable&smelt=unknown"), SmeltCastId.SMELT_TREND)
    assert found.table is not None
    assert [name.partition(" (")[0] for name in found.table.columns] == ["Not applicable", "Unknown"]


@pytest.mark.parametrize(
    ("query", "csv", "words"),
    [
        ("", "measure=share", "of the volume"),
        ("measure=value", "of=value", "of customs value"),
        ("measure=share&of=value", "of=value", "of customs value"),
        ("measure=share&of=volume", "measure=share", "of the volume"),
    ],
)
def test_the_share_without_a_country_is_of_what_the_selection_is_of(
    metal: Statistics, query: str, csv: str, words: str
) -> None:
    found = card(page(metal, query), SmeltCastId.UNNAMED)
    assert csv in found.csv
    assert ("of=value" in found.csv) is ("customs" in words)
    assert f"\u202f% {words}, " in found.summary


def test_a_fraction_of_a_total_of_another_date_is_not_formed(metal: Statistics) -> None:
    (own,) = metal.series(metal.parse(f"from={LAST}&to={LAST}&series=license")).cells
    assert fraction_of(own, own) == 1
    assert fraction_of(own, own._replace(as_of="2000-01-01")) is None


def test_a_country_without_a_smelter_is_told_with_the_date_of_the_table(metal: Statistics) -> None:
    found = page(metal)
    table = card(found, SmeltCastId.SMELT).table
    assert table is not None
    year = metal.vocabulary.countries["AUT"].smelter_year
    assert any(row.label == "Austria" and f"no primary smelter in {year}" in row.cells[2].text for row in table.rows)
    assert "Austria" in card(found, SmeltCastId.SIGNALS).body


def test_second_smelt_says_that_it_is_never_added(metal: Statistics) -> None:
    assert any("never added" in note for note in card(page(metal), SmeltCastId.SMELT2).notes)


def test_published_pairs_are_a_heat_map_with_their_numbers(metal: Statistics) -> None:
    found = card(page(metal), SmeltCastId.SMELT_FLOW)
    assert "Q4 2025" in found.title
    assert found.figure["data"][0]["type"] == "heatmap"
    texts = [note["text"] for note in found.figure["layout"]["annotations"]]
    assert "–/(D)" in texts
    assert len(texts) == sum(len(row) for row in found.figure["data"][0]["z"])
    assert "by=country&across=smelt" in found.csv
    assert not found.body


def test_a_withheld_pair_is_neither_zero_nor_drawn(metal: Statistics) -> None:
    found = card(page(metal), SmeltCastId.SMELT_FLOW)
    assert found.table is not None
    place = found.table.columns.index("Austria")
    assert {row.cells[place].text for row in found.table.rows} == {"none or (D)"}
    assert all(row[place] is None for row in found.figure["data"][0]["z"])


def test_without_pairs_the_totals_stand_side_by_side_with_the_reason(totals: Statistics) -> None:
    found = card(page(totals), SmeltCastId.SMELT_FLOW)
    assert [trace["name"] for trace in found.figure["data"]] == ["by origin", "by smelt"]
    assert "Why there is no table" in found.body
    assert "at least" in found.summary


def test_the_bound_of_totals_is_told_as_one(totals: Statistics) -> None:
    tile = page(totals).tiles[-1]
    total = sum(kilograms(*pair, LAST) for pair in FLOWS) / 1000
    china = tons("CHN") - sum(kilograms(*pair, LAST) for pair in FLOWS if pair[0] == "CHN") / 1000
    bound = (china + tons("RUS") + tons("AUT")) / total
    assert tile.figure.startswith(f"At least {bound * 100:.1f}")


def test_metal_first_seen_is_a_signal(metal: Statistics) -> None:
    body = card(page(metal, "to=2026-01"), SmeltCastId.SIGNALS).body
    first = body.partition("Country of smelt first seen")[2].partition("</dd>")[0]
    assert "Russia" in first
    again = card(page(metal), SmeltCastId.SIGNALS).body
    assert "Russia" not in again.partition("Country of smelt first seen")[2].partition("</dd>")[0]


def test_unalloyed_metal_is_told_where_the_selection_holds_it(metal: Statistics) -> None:
    assert "7601.10" in card(page(metal), SmeltCastId.SIGNALS).body


def test_an_origin_with_pairs_is_shown_by_quarter(metal: Statistics) -> None:
    found = page(metal, "country=MEX")
    assert found.message is not None
    assert found.message.lines == (smelt_cast.QUARTERLY,)
    assert "Q4 2025" in card(found, SmeltCastId.SMELT).title
    assert card(found, SmeltCastId.SIGNALS).absent


def test_an_origin_without_pairs_gives_all_countries_and_says_so(totals: Statistics) -> None:
    found = page(totals, "country=MEX")
    assert found.message is not None
    assert "all countries of origin" in found.message.lines[-1]
    assert "from all countries" in card(found, SmeltCastId.SMELT).title


@pytest.mark.parametrize("query", ["product=scrap", "product=76"])
def test_products_without_licenses_have_one_card_of_words(metal: Statistics, query: str) -> None:
    found = page(metal, query)
    assert found.message is not None
    assert [one.absent for one in found.cards].count(False) == 1


def test_without_license_data_one_card_says_why(tmp_path: Path) -> None:
    write_sample(tmp_path, licenses=False)
    found = page(open_statistics(tmp_path))
    assert "License data are not shown" in found.cards[0].summary
    assert all(one.absent for one in found.cards[1:])


def test_the_largest_line_is_left_out_where_it_flattens_the_others(metal: Statistics) -> None:
    found = card(page(metal), SmeltCastId.SMELT_TREND)
    assert "Canada" not in {trace["name"] for trace in found.figure["data"]}
    assert found.table is not None
    assert "Canada (t)" in found.table.columns
    chosen = card(page(metal, "smelt=CAN&smelt=CHN&smelt=ARE"), SmeltCastId.SMELT_TREND)
    assert "Canada" in {trace["name"] for trace in chosen.figure["data"]}


def test_every_state_of_the_view_can_be_answered(metal: Statistics) -> None:
    for query in ("", "measure=auv", "measure=share&of=value", "country=MEX", "product=foil", "cast=CHN", "to=2023-01"):
        found = page(metal, query)
        assert found.message is None or found.message.kind != "error"
        assert base.answer(smelt_cast.VIEW, services(metal), found)
