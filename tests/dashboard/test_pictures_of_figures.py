"""Figures drawn as SVG: points where the figures are, what is withheld hatched and told, every text only a text."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from dashboard.figures.axes import BOTTOM, TOP
from dashboard.figures.lines import everyone, lines_of
from dashboard.figures.ranking import drawn, ranked, ranking_figure
from dashboard.figures.trend import trend_figure
from dashboard.pictures.svg import CannotDrawError, chart_svg, svg_root
from dashboard.pictures.typeface import shortened_to, text_width, wrapped
from data_access.serving.statistics import Statistics

SVG = "{http://www.w3.org/2000/svg}"
SIZE = {"width": 900, "height": 400}
FOIL = "product=foil&from=2025-04&to=2026-03"


def parsed(figure: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(svg_root(chart_svg(figure, **SIZE, prefix="p"), **SIZE))  # noqa: S314 - our own


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def trend(statistics: Statistics, query: str) -> dict[str, Any]:
    released = statistics.series(statistics.parse(query))
    return trend_figure(released, lines_of(released, statistics.vocabulary))


def heights(figure: dict[str, Any]) -> tuple[float, float]:
    """Px of zero and of the highest tick."""
    plot = SIZE["height"] - TOP - BOTTOM
    first, last = figure["layout"]["yaxis"].get("domain", (0, 1))
    return TOP + plot * (1 - first), TOP + plot * (1 - last)


def test_points_lie_where_their_figures_are_and_nowhere_else(statistics: Statistics) -> None:
    figure = trend(statistics, f"{FOIL}&series=license")
    zero, top = heights(figure)
    high = figure["layout"]["yaxis"]["range"][1]
    values = [value for value in figure["data"][0]["y"] if value is not None]
    circles = [float(one.get("cy", "nan")) for one in parsed(figure).iter(f"{SVG}circle") if one.get("stroke")]
    assert len(values) < len(figure["data"][0]["y"])
    found = [(zero - at) / (zero - top) * high for at in circles]
    assert found == pytest.approx(values, abs=high / (zero - top) * 0.06)


def test_a_line_stops_at_a_gap(statistics: Statistics) -> None:
    figure = trend(statistics, f"{FOIL}&series=license")
    color = figure["data"][0]["line"]["color"]
    paths = [one for one in parsed(figure).iter(f"{SVG}path") if one.get("stroke") == color]
    values = figure["data"][0]["y"]
    runs = re.findall("1+", "".join("0" if value is None else "1" for value in values))
    assert [one.get("d", "").count("L") + 1 for one in paths] == [len(run) for run in runs if len(run) > 1]
    assert all(one.get("stroke-dasharray") == "6 4" for one in paths)


def test_what_is_withheld_is_hatched_and_told_in_words(statistics: Statistics) -> None:
    root = parsed(trend(statistics, FOIL))
    patterns = {one.get("id") for one in root.iter(f"{SVG}pattern")}
    filled = {one.get("fill", "")[5:-1] for one in root.iter(f"{SVG}rect") if one.get("fill", "").startswith("url(#")}
    assert patterns
    assert filled == patterns
    assert "(D)" in texts(root)


def test_bars_are_as_long_as_their_figures_and_a_withheld_one_has_words_alone(statistics: Statistics) -> None:
    query = "product=aim&series=license&by=country&freq=range&from=2026-02&to=2026-02"
    released = statistics.series(statistics.parse(query))
    rows = drawn(ranked(lines_of(released, statistics.vocabulary, members=everyone(released))))
    root = parsed(ranking_figure(released, rows))
    bars = [float(one.get("width", "nan")) for one in root.iter(f"{SVG}rect")]
    values = [row.cells[0].value for row in rows if row.cells[0].value is not None]
    assert len(values) < len(rows)
    assert [bar / bars[0] for bar in bars] == pytest.approx([value / values[0] for value in values], abs=0.001)
    assert sum("(D)" in text for text in texts(root)) == len(rows) - len(values)


HOSTILE = "<script>alert(1)</script> & \"quotes\" ]]> \x00 <img src=x onerror='a'>"


def test_hostile_words_are_words(statistics: Statistics) -> None:
    figure = trend(statistics, FOIL)
    figure["layout"]["annotations"].append({"x": 0, "y": 0, "text": HOSTILE, "showarrow": False})
    figure["layout"]["xaxis"]["ticktext"][0] = "\"/><a href='javascript:x'>"
    figure["data"][0]["line"]["color"] = '"/><script/>'
    names = {one.tag.removeprefix(SVG) for one in parsed(figure).iter()}
    assert names <= {"svg", "g", "path", "rect", "circle", "text", "defs", "pattern"}


def test_a_stack_stands_on_what_was_drawn_before_it() -> None:
    bars = [{"type": "bar", "x": ["a", "b"], "y": [1, 2]}, {"type": "bar", "x": ["a", "b"], "y": [3, 1]}]
    layout = {
        "barmode": "stack",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "xaxis": {"type": "category", "range": [-0.5, 1.5]},
        "yaxis": {"range": [0, 4]},
    }
    rects = list(parsed({"data": bars, "layout": layout}).iter(f"{SVG}rect"))
    spans = [(float(one.get("y", 0)), float(one.get("y", 0)) + float(one.get("height", 0))) for one in rects]
    assert spans == [(300, 400), (200, 400), (0, 300), (100, 200)]


def test_a_heat_map_leaves_a_cell_without_a_figure_empty() -> None:
    trace = {
        "type": "heatmap",
        "z": [[1, None], [0, 2]],
        "text": [["one", ""], ["nil", "two"]],
        "texttemplate": "%{text}",
    }
    axis = {"range": [-0.5, 1.5]}
    root = parsed({"data": [trace], "layout": {"xaxis": axis, "yaxis": axis}})
    assert len(list(root.iter(f"{SVG}rect"))) == 3
    assert texts(root) == ["one", "nil", "two"]


def test_a_kind_of_trace_that_is_not_known_is_refused_not_left_out() -> None:
    with pytest.raises(CannotDrawError, match="'pie'"):
        chart_svg({"data": [{"type": "pie"}], "layout": {}}, **SIZE, prefix="p")


def test_lines_of_text_fit_their_width_and_lose_nothing() -> None:
    text = "The volume of foil was 20,816\u2009t in Sep 2026: https://aim.example.gov/explore?product=foil&country=CHN"
    for width in (120, 200, 500):
        lines = wrapped(text, width, size=15)
        assert all(text_width(line, 15) <= width for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_figure_stays_with_its_unit() -> None:
    for width in range(60, 200, 7):
        assert any("20,816\u2009t" in line for line in wrapped("it was 20,816\u2009t in all", width, size=15))


def test_a_text_too_long_ends_in_an_ellipsis_that_fits() -> None:
    short = shortened_to("Unwrought aluminum, alloyed and not", 100, size=12)
    assert short.endswith("…")
    assert text_width(short, 12) <= 100
    assert shortened_to("Foil", 100, size=12) == "Foil"
