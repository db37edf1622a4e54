"""Charts by their traces: what is withheld is null, series are told apart, names do not touch, ticks can be read."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from dashboard.figures.axes import CHAR, period_ticks, tick_words, value_range
from dashboard.figures.labels import spread
from dashboard.figures.lines import everyone, lines_of
from dashboard.figures.palette import COLORS, country_slots, product_slots
from dashboard.figures.ranking import WIDTH, drawn, ranked, ranking_figure
from dashboard.figures.trend import trend_figure, trend_keys
from dashboard.views import explore
from data_access.filters import Freq, Measure
from data_access.serving.gate.released import Released
from data_access.serving.statistics import Statistics
from tests.callbacks import body_of


def asked(statistics: Statistics, query: str) -> Released:
    return statistics.series(statistics.parse(query))


def trend(statistics: Statistics, query: str, *, narrow: bool = False) -> dict[str, Any]:
    released = asked(statistics, query)
    return trend_figure(released, lines_of(released, statistics.vocabulary), narrow=narrow)


def line(figure: dict[str, Any], series: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t for t in figure["data"] if t["meta"] == series and t["type"] == "scatter")
    return found


def lanes(figure: dict[str, Any]) -> dict[str, list[str]]:
    return {trace["meta"]: trace["x"] for trace in figure["data"] if trace["type"] == "bar"}


FOIL = "product=foil&from=2025-04&to=2026-03"


def test_figures_are_those_of_the_answer_and_null_where_it_has_none(statistics: Statistics) -> None:
    released = asked(statistics, FOIL)
    figure = trend(statistics, FOIL)
    for series in ("public", "license"):
        assert line(figure, series)["y"] == [cell.value for cell in released.cells if cell.series == series]
    assert line(figure, "license")["y"][2:4] == [None, None]
    assert not line(figure, "license")["connectgaps"]


def test_withheld_not_yet_and_not_reported_each_have_a_lane_of_their_own(statistics: Statistics) -> None:
    found = lanes(trend(statistics, FOIL))
    assert found["withheld"] == ["Jun 2025", "Jul 2025", "Feb 2026"]
    assert found["not_yet"] == ["Mar 2026"]
    assert found["not_reported"] == ["Feb 2026", "Mar 2026"]
    marks = [note["text"] for note in trend(statistics, FOIL)["layout"]["annotations"]]
    assert {"(D)", "not yet", "not reported"} <= set(marks)


def test_lanes_lie_on_an_axis_of_their_own_below_the_zero_line(statistics: Statistics) -> None:
    layout = trend(statistics, FOIL)["layout"]
    assert layout["yaxis2"]["domain"][1] < layout["yaxis"]["domain"][0]
    assert layout["yaxis"]["range"][0] == 0


def test_a_selection_of_the_api_decoded_holds_no_withheld_figure(client: FlaskClient) -> None:
    body = body_of(explore.VIEW, f"?{FOIL}&measure=value")
    answer = client.post("/_dash-update-component", json=body).get_json()["response"]
    figure = answer["explore-trend-chart"]["figure"]
    license_ = line(figure, "license")
    figures = dict(zip(license_["x"], decoded(license_["y"]), strict=True))
    assert figures["Jun 2025"] is None
    assert figures["Feb 2026"] is None
    assert figures["Aug 2025"]
    assert "(D)" in answer["explore-figures-foot"]["html"]


def decoded(values: Any) -> list[float | None]:
    """Arrays of a figure in JSON, which may be base64."""
    if isinstance(values, dict):
        return list(np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist())
    return list(values)


def test_public_is_solid_and_license_dashed_with_open_markers(statistics: Statistics) -> None:
    figure = trend(statistics, "from=2025-04")
    public, license_ = line(figure, "public"), line(figure, "license")
    assert (public["line"]["color"], public["line"]["dash"]) == ("#1a4480", "solid")
    assert (license_["line"]["color"], license_["line"]["dash"]) == ("#9c4a00", "6px,4px")
    assert license_["marker"]["color"] == "#ffffff"
    assert license_["marker"]["line"]["color"] == "#9c4a00"
    assert all(size > 0 for size in license_["marker"]["size"])


def test_the_combined_line_changes_its_dash_where_licenses_take_over(statistics: Statistics) -> None:
    figure = trend(statistics, "series=combined&from=2025-10&to=2026-02")
    public, license_ = (trace for trace in figure["data"] if trace["meta"] == "combined")
    assert public["y"][-1] is None
    assert license_["y"][:3] == [None, None, None]
    assert license_["y"][3] == public["y"][3]
    assert license_["y"][4] is not None
    assert (public["line"]["dash"], license_["line"]["dash"]) == ("solid", "6px,4px")
    assert public["line"]["color"] == license_["line"]["color"]
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [3.5]


def test_a_month_between_two_without_figures_still_has_a_mark(statistics: Statistics) -> None:
    figure = trend(statistics, "product=foil&series=public&from=2026-01&to=2026-03")
    public = line(figure, "public")
    assert public["y"][1:] == [None, None]
    assert public["marker"]["size"][0] > 0


def test_a_chart_without_any_figure_has_lanes_and_no_scale(statistics: Statistics) -> None:
    figure = trend(statistics, "product=scrap&series=license&from=2025-06")
    assert not figure["layout"]["yaxis"]["showticklabels"]
    assert set(lanes(figure)) == {"not_applicable"}


def test_members_keep_their_color_whatever_else_is_drawn(statistics: Statistics) -> None:
    vocabulary = statistics.vocabulary
    assert country_slots(["CHN", "CAN"])["CHN"] == country_slots(["CHN", "FRA", "MEX"])["CHN"]
    assert product_slots(["foil"], vocabulary) == {"foil": product_slots(["7607"], vocabulary)["7607"]}
    many = country_slots([country.id for country in vocabulary.countries][:8])
    assert sorted(many.values()) == list(range(len(COLORS)))


def test_a_split_chart_tells_members_apart_by_symbol_and_series_by_dash(statistics: Statistics) -> None:
    released = asked(statistics, "by=country&country=CAN&country=CHN&from=2025-04")
    lines = lines_of(released, statistics.vocabulary)
    figure = trend_figure(released, lines)
    drawn_ = [trace for trace in figure["data"] if trace["type"] == "scatter"]
    assert len({trace["marker"]["symbol"] for trace in drawn_}) == 2
    assert len({(trace["marker"]["symbol"], trace["line"]["dash"]) for trace in drawn_}) == 4
    keys = trend_keys(lines, figure)
    assert [key.label for key in keys] == ["Canada", "China", "Public statistics", "License data"]
    assert sorted(place for key in keys[:2] for place in key.traces) == [0, 1, 2, 3]


def test_on_a_narrow_screen_markers_and_names_make_room(statistics: Statistics) -> None:
    wide, narrow = (trend(statistics, "series=license", narrow=flag) for flag in (False, True))
    shown = [sum(size > 0 for size in line(figure, "license")["marker"]["size"]) for figure in (wide, narrow)]
    assert shown[1] < shown[0]
    assert "License data" in [note["text"] for note in wide["layout"]["annotations"]]
    assert "License data" not in [note["text"] for note in narrow["layout"]["annotations"]]


def test_a_chart_draws_at_most_eight_members(statistics: Statistics) -> None:
    released = asked(statistics, "by=country&series=public")
    assert len(lines_of(released, statistics.vocabulary)) == 8
    chosen = lines_of(released, statistics.vocabulary, members=("KOR", "CAN"))
    assert [one.member_label for one in chosen] == ["South Korea", "Canada"]


def test_a_ranking_has_a_row_and_no_bar_for_what_is_withheld(statistics: Statistics) -> None:
    released = asked(statistics, "by=country&series=license&freq=range&from=2026-02&to=2026-02")
    rows = drawn(ranked(lines_of(released, statistics.vocabulary, members=[cell.country for cell in released.cells])))
    figure = ranking_figure(released, rows)
    (bars,) = figure["data"]
    values = dict(zip(bars["y"], bars["x"], strict=True))
    assert [code for code, value in values.items() if value is None] == ["GRC", "ITA", "ZAF"]
    present = [value for value in bars["x"] if value is not None]
    assert present == sorted(present, reverse=True)
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["(D) withheld"] * 3
    json.dumps(figure)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([0.5], [0.5]),
        ([0.5, 0.5], [0.5, 0.6]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([1.0, 1.0], [0.9, 1.0]),
        ([0.2, 0.8], [0.2, 0.8]),
    ],
)
def test_names_at_line_ends_are_moved_apart(heights: list[float], expected: list[float]) -> None:
    assert spread(heights, least=0.1) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("top", "high", "step"),
    [(197_883, 200_000, 50_000), (9.9, 10, 2.5), (1, 1, 0.25), (881e6, 1e9, 200e6), (907e6, 1e9, 250e6), (0, 1, 0.25)],
)
def test_a_value_axis_has_round_steps_from_zero(top: float, high: float, step: float) -> None:
    assert value_range([top], from_zero=True) == pytest.approx((0, high, step))


@pytest.mark.parametrize(
    ("value", "measure", "step", "words"),
    [
        (250_000, Measure.VOLUME, 50_000, "250,000"),
        (1_500_000, Measure.VOLUME, 500_000, "1.5 million"),
        (2e9, Measure.VALUE, 1e9, "$2 billion"),
        (250e6, Measure.VALUE, 250e6, "$250 million"),
        (0, Measure.VALUE, 1e6, "$0"),
        (12.5, Measure.SHARE, 2.5, "12.5 %"),
        (4_200, Measure.AUV, 200, "4,200"),
    ],
)
def test_a_tick_is_short_and_exact(value: float, measure: Measure, step: float, words: str) -> None:
    assert tick_words(value, measure, step) == words


def test_ticks_stand_at_months_that_a_reader_looks_for() -> None:
    months = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    assert period_ticks(months, Freq.MONTH, room=13)[:5] == [
        (0, "Jan<br>2023"), (3, "Apr"), (6, "Jul"), (9, "Oct"), (12, "Jan<br>2024"),
    ]  # fmt: skip
    assert period_ticks(months, Freq.MONTH, room=5) == [(0, "2023"), (12, "2024"), (24, "2025")]
    assert period_ticks(["2023", "2024"], Freq.YEAR, room=5) == [(0, "2023"), (1, "2024")]
    assert period_ticks(["2024-Q4", "2025-Q1"], Freq.QUARTER, room=13) == [(0, "Q4<br>2024"), (1, "Q1<br>2025")]


@pytest.mark.parametrize("narrow", [False, True])
def test_no_bar_of_a_ranking_leaves_its_figure_without_room(statistics: Statistics, narrow: bool) -> None:
    released = statistics.series(statistics.parse("by=country&freq=range&series=public&from=2025-01&to=2025-12"))
    rows = drawn(ranked(lines_of(released, statistics.vocabulary, members=everyone(released))))
    figure = ranking_figure(released, rows, narrow=narrow)
    layout, (bars,) = figure["layout"], figure["data"]
    width = WIDTH[narrow] - layout["margin"]["l"] - layout["margin"]["r"]
    ends = [value / layout["xaxis"]["range"][1] * width for value in bars["x"]]
    room = [width - end - len(text) * CHAR for end, text in zip(ends, bars["text"], strict=True)]
    assert min(room) >= 0
    assert max(ends) > width / 5, "bars are still there to compare"
