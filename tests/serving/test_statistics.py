"""Whatever is asked, an answer is whole or the query is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_release import Ask, Build

from data_access.contracts import Status
from data_access.filters import PARAMETERS, BadQuery, Filters
from data_access.serving.answers.cells import to_json
from data_access.serving.meta import MAX_CELLS
from data_access.serving.statistics import Statistics
from data_access.thresholds import THRESHOLDS

WORDS = {
    "product": ["aim", "76", "7601", "760110", "7602000065", "7616", "761699", "castings", "foil", "scrap", "other"],
    "country": ["all", "CAN", "DEU", "FRA", "MLT", "EU", "USMCA", "EUROPE", "USA"],
    "smelt": ["all", "CAN", "unknown", "EU"],
    "smelt2": ["not_applicable"],
    "cast": ["RUS", "EU"],
    "from": ["2019-01", "2025-11", "2026-02"],
    "to": ["2025-12", "2026-04", "2030-01"],
    "freq": ["month", "quarter", "year", "ytd", "roll3", "roll12", "range"],
    "measure": ["value", "volume", "auv", "share"],
    "of": ["volume", "value"],
    "series": ["public", "license", "combined"],
    "by": ["none", "product", "country", "smelt", "smelt2", "cast"],
    "basis": ["consumption", "general"],
    "chart": ["trend", "table"],
    "across": ["product", "country", "smelt", "cast"],
    "show": ["level", "yoy", "index"],
    "compare": ["product=foil&country=CAN"],
    "event": ["section-232-50"],
    "detail": ["group", "hts10"],
    **{name: ["0"] for name in THRESHOLDS},
}


@st.composite
def queries(draw: st.DrawFn) -> str:
    pairs = []
    for name, words in WORDS.items():
        most = 3 if name in ("product", "country", "series") else 1
        pairs += [(name, word) for word in draw(st.lists(st.sampled_from(words), max_size=most, unique=True))]
    return urlencode(pairs)


def test_the_words_tried_cover_the_grammar() -> None:
    assert WORDS.keys() == PARAMETERS.keys()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(queries())
def test_every_answer_is_whole(statistics: Statistics, query: str) -> None:
    try:
        released = statistics.series(statistics.parse(query))
    except BadQuery:
        return
    keys = [
        (cell.series, cell.product, cell.country, cell.smelt, cell.smelt2, cell.cast, cell.period)
        for cell in released.cells
    ]
    members = {key[1:6] for key in keys}
    periods = {key[6] for key in keys}
    assert len(keys) == len(set(keys)) == len(members) * len(periods) * len(released.filters.series)
    assert all((cell.value is None) == (cell.status is not Status.PUBLISHED) for cell in released.cells)
    assert {cell.series for cell in released.cells} == set(released.filters.series)
    assert all(
        cell.value is None for cell in released.cells if cell.country in ("FRA", "CHN") and cell.series == "license"
    )
    json.dumps(to_json(released), allow_nan=False)
    assert released.title
    assert released.summary.endswith(".")
    assert Filters.from_query(released.permalink.partition("?")[2], statistics.vocabulary) == released.filters


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(list(PARAMETERS)), st.text(max_size=12)), max_size=5))
def test_a_hostile_query_is_answered_or_refused(statistics: Statistics, pairs: list[tuple[str, str]]) -> None:
    try:
        statistics.series(statistics.parse(urlencode(pairs)))
    except BadQuery as refused:
        assert refused.to_dict()["allowed"]


def test_an_answer_out_of_all_proportion_is_refused(statistics: Statistics) -> None:
    with pytest.raises(BadQuery) as caught:
        statistics.parse("by=country&from=1980-01&to=2099-12")
    assert caught.value.parameter == "from"
    assert f"{MAX_CELLS:,}" in caught.value.message
    assert statistics.parse("from=1980-01&to=2099-12").end == "2099-12"


def test_a_sum_of_all_origins_with_all_smelts_is_refused(statistics: Statistics) -> None:
    every = [country["id"] for country in statistics.meta()["countries"]]
    wanted = urlencode({"country": every, "smelt": every, "freq": "quarter"}, doseq=True)
    with pytest.raises(BadQuery) as caught:
        statistics.parse(wanted)
    assert caught.value.parameter == "country"
    assert statistics.parse("country=EU&smelt=EU&freq=quarter").smelt == ("EU",)
    assert statistics.parse(urlencode({"country": every}, doseq=True)).countries == tuple(every)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", "2023-03", "2026-02"),
        ("to=2025-12", "2023-01", "2025-12"),
        ("from=2025-01", "2025-01", "2026-02"),
        ("from=2027-01", "2027-01", "2027-01"),
        ("to=1981-01", "1980-01", "1981-01"),
    ],
)
def test_months_left_out_are_the_last_36_of_the_release(
    statistics: Statistics, query: str, start: str, end: str
) -> None:
    filters = statistics.resolve(statistics.parse(query))
    assert (filters.start, filters.end) == (start, end)


def test_a_release_without_any_figure_is_asked_up_to_its_publication(build: Build) -> None:
    cells = build([])("series=public").cells
    assert (cells[0].period, cells[-1].period, {cell.status for cell in cells}) == (
        "2023-04",
        "2026-03",
        {"not_reported"},
    )


def test_an_id_that_the_next_release_lacks_is_refused(statistics: Statistics) -> None:
    filters = replace(statistics.default_filters(), products=("7601999999",))
    with pytest.raises(BadQuery):
        statistics.series(filters)


def test_the_default_selection_has_its_months(statistics: Statistics) -> None:
    assert statistics.default_filters() == Filters(start="2023-03", end="2026-02")


def test_cells_come_by_series_then_member_then_period(ask: Ask) -> None:
    cells = ask("by=product&from=2025-12&to=2026-01").cells
    assert [cell.series for cell in cells] == ["public"] * 18 + ["license"] * 18
    assert [cell.period for cell in cells[:4]] == ["2025-12", "2026-01"] * 2


def test_meta_tells_what_can_be_asked(statistics: Statistics) -> None:
    meta = json.loads(json.dumps(statistics.meta()))
    assert meta["release"]["id"] == statistics.info().id
    assert {product["id"] for product in meta["products"]} >= {"76", "aim", "foil", "7601", "7601103000"}
    assert {country["id"] for country in meta["countries"]} >= {"CAN", "XKX"}
    assert {group["id"] for group in meta["country_groups"]} >= {"EU", "USMCA"}
    assert meta["months"]["public"]["consumption"] == [{"from": "2025-11", "to": "2026-01", "level": "HS10"}]
    assert meta["months"]["license"] == {
        "closed": ["2025-12", "2026-01", "2026-02"],
        "final": [],
        "not_yet": ["2026-03"],
    }
    assert [(table["id"], table["parameters"], table["periods"]) for table in meta["license"]["tables"]] == [
        ("origin", ["country"], "month"),
        ("smelt", ["smelt"], "month"),
        ("smelt2", ["smelt2"], "month"),
        ("cast", ["cast"], "month"),
        ("origin_smelt", ["country", "smelt"], "quarter"),
        ("origin_cast", ["country", "cast"], "quarter"),
    ]
    assert {"id": "total×origin", "absent": "zero"} in meta["license"]["levels"]
    assert (meta["license"]["quarters"], meta["license"]["ranges"]) == ([], False)
    assert meta["parameters"]["freq"]["values"] == ["month", "quarter", "year", "ytd", "roll3", "roll12", "range"]
    assert meta["limits"]["cells"] == MAX_CELLS
    assert [measure["unit"] for measure in meta["measures"]] == ["US$", "t", "US$/t", "%"]
    assert {status["id"] for status in meta["statuses"]} == set(Status)
