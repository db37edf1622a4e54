"""Stacked bars, matrix, map, events and lens as charts: true to the figures, with what is missing marked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard.figures import events, lens, matrix, outlines, stacked
from dashboard.figures.axes import shown_tick, value_range
from dashboard.figures.classes import breaks_of, class_of, class_words, rounded
from dashboard.figures.labels import short_number
from dashboard.figures.lines import Line, everyone, lines_of
from dashboard.figures.trend import trend_figure
from dashboard.figures.world import WorldMap, world_map
from dashboard.statics import ASSETS
from data_access.contracts import Status
from data_access.filters import By, Freq, Measure, Show
from data_access.reference import load
from data_access.serving.gate.released import Released
from data_access.serving.lens import Contribution, Contributions, Split, Windows
from data_access.serving.statistics import Statistics

MINUS = "\N{MINUS SIGN}"


def asked(statistics: Statistics, query: str) -> Released:
    return statistics.series(statistics.resolve(statistics.parse(query)))


# -- classes --------------------------------------------------------------------------------------------------------


def test_classes_hold_about_as_many_figures_each() -> None:
    values = [float(one**2) for one in range(1, 101)]
    breaks = breaks_of(values)
    counts = [sum(class_of(value, breaks) == step for value in values) for step in range(len(breaks) + 1)]
    assert len(counts) == 5
    assert max(counts) - min(counts) <= 10


@pytest.mark.parametrize(("values", "count"), [([], 0), ([5.0], 0), ([5.0, 5.0, 5.0], 0), ([1.0, 1.0, 900.0], 1)])
def test_few_figures_make_few_classes(values: list[float], count: int) -> None:
    assert len(breaks_of(values)) <= count


@pytest.mark.parametrize(("value", "expected"), [(4321, 4000), (240, 250), (1499, 1500), (0.17, 0.15), (96, 100)])
def test_breaks_are_round(value: float, expected: float) -> None:
    assert rounded(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(49.9, 0), (50, 1), (50.1, 1), (499, 1), (500, 2)])
def test_a_class_begins_with_its_break(value: float, expected: int) -> None:
    assert class_of(value, (50, 500)) == expected


def test_classes_are_told_with_their_unit() -> None:
    assert class_words((50, 1500), Measure.VOLUME) == ["under 50 t", "50 to 1,500 t", "1,500 t or more"]
    assert class_words((2.5e6,), Measure.VALUE) == ["under $2.5 million", "$2.5 million or more"]


@pytest.mark.parametrize(
    ("value", "expected"), [(950, "950"), (999, "999"), (9_949, "9.9k"), (219_993, "220k"), (2_282_338, "2.3M")]
)
def test_short_numbers_keep_two_or_three_digits(value: float, expected: str) -> None:
    assert short_number(value) == expected


# -- axes of changes ------------------------------------------------------------------------------------------------


def test_an_axis_of_changes_holds_zero_and_goes_below_it() -> None:
    low, high, step = value_range([-34.0, 61.0], from_zero=True)
    assert low <= -34
    assert high >= 61
    assert round(low / step) * step == pytest.approx(low)
    assert value_range([-30.0, -10.0], from_zero=True)[1] == pytest.approx(0)


@pytest.mark.parametrize(
    ("value", "show", "expected"),
    [(20, Show.YOY, "+20 %"), (-20, Show.YOY, f"{MINUS}20 %"), (0, Show.YOY, "0 %"), (120, Show.INDEX, "120")],
)
def test_ticks_tell_changes_with_sign_and_indices_plainly(value: float, show: Show, expected: str) -> None:
    assert shown_tick(value, Measure.VOLUME, 20, show) == expected


@pytest.mark.parametrize("query", ["show=yoy&series=public", "show=index&series=public"])
def test_lines_of_changes_and_indices_are_those_of_the_answer(statistics: Statistics, query: str) -> None:
    released = asked(statistics, query)
    figure = trend_figure(released, lines_of(released, statistics.vocabulary))
    assert figure["data"][0]["y"] == [cell.value for cell in released.cells]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low <= min(cell.value for cell in released.cells if cell.value is not None)
    assert high >= max(cell.value for cell in released.cells if cell.value is not None)
    assert not any(" on " in text.partition("<br>")[2] for text in figure["data"][0]["text"])


# -- stacked --------------------------------------------------------------------------------------------------------


def stack(statistics: Statistics, query: str) -> tuple[Released, tuple[Line, ...]]:
    released = asked(statistics, query)
    lines = lines_of(released, statistics.vocabulary, members=everyone(released))
    return released, stacked.stack_of(lines, what="members")


def test_bars_stand_on_one_another_and_reach_the_total(statistics: Statistics) -> None:
    released, lines = stack(statistics, "by=country&series=public&from=2025-06&to=2026-01")
    total = asked(statistics, "series=public&from=2025-06&to=2026-01")
    bars = stacked.stacked_figure(released, lines)["data"]
    assert len(bars) == stacked.MEMBERS + 1
    assert lines[-1].label == "Other (9 members)"
    for place, cell in enumerate(total.cells):
        height = 0.0
        for bar in bars:
            assert bar["base"][place] == pytest.approx(height)
            height += bar["y"][place]
        assert height == pytest.approx(cell.value)


def test_others_have_no_figure_where_one_of_them_is_withheld(statistics: Statistics) -> None:
    released, lines = stack(statistics, "by=country&series=license&from=2025-05&to=2025-07")
    other = lines[-1]
    withheld = {cell.period for cell in released.cells if cell.status is Status.WITHHELD}
    assert withheld == {"2025-06"}
    assert [cell.value is None for cell in other.cells] == [False, True, False]
    assert other.cells[1].status is Status.WITHHELD
    figure = stacked.stacked_figure(released, lines)
    lane = next(bar for bar in figure["data"] if bar.get("yaxis") == "y2")
    assert (lane["meta"], lane["x"]) == ("withheld", ["Jun 2025"])
    assert "Other" in lane["text"][0]
    assert "In one period" in stacked.missing_words(lines)[0]


@pytest.mark.parametrize(("count", "last"), [(7, ""), (8, ""), (9, "Other (2 countries)")])
def test_others_are_one_only_where_they_are_several(statistics: Statistics, count: int, last: str) -> None:
    released = asked(statistics, "by=country&series=public&from=2026-01&to=2026-01")
    lines = lines_of(released, statistics.vocabulary, members=everyone(released)[:count])
    kept = stacked.stack_of(lines, what="countries")
    assert len(kept) == min(count, stacked.MEMBERS + 1)
    assert kept[-1].member_label == (last or lines[-1].member_label)


def test_the_legend_of_a_stack_reads_from_the_top_down(statistics: Statistics) -> None:
    _, lines = stack(statistics, "by=country&series=public&from=2026-01&to=2026-01")
    keys = stacked.stacked_keys(lines)
    assert [key.label for key in keys] == [line.member_label for line in reversed(lines)]
    assert [key.traces for key in keys] == [(place,) for place in reversed(range(len(lines)))]


# -- matrix ---------------------------------------------------------------------------------------------------------

MATRIX = "by=product&across=country&freq=range&from=2025-02&to=2026-01&series=public"


@pytest.mark.parametrize("narrow", [False, True])
def test_cells_of_the_matrix_are_the_figures_of_their_pair(statistics: Statistics, narrow: bool) -> None:
    released = asked(statistics, MATRIX)
    grid = matrix.grid_of(released, statistics.vocabulary)
    trace = matrix.matrix_figure(released, grid, narrow=narrow)["data"][0]
    rows, columns = matrix.drawn(grid, narrow=narrow)
    breaks = breaks_of(cell.value or 0 for cell in released.cells)
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            cell = next(one for one in released.cells if (one.country, one.product) == (row, column))
            expected = class_of(cell.value or 0, breaks) + 1 if cell.value else 0
            assert trace["z"][y][x] == expected
            assert f"{cell.value:,.3f} t" in trace["text"][y][x]
    assert grid.rows[0] == "CAN"


def test_numbers_stand_where_they_fit_and_zero_is_told_apart(statistics: Statistics) -> None:
    released = asked(statistics, MATRIX)
    grid = matrix.grid_of(released, statistics.vocabulary)
    figure = matrix.matrix_figure(released, grid)
    notes = {(note["x"], note["y"]): note["text"] for note in figure["layout"]["annotations"]}
    first = grid.cell(grid.rows[0], grid.columns[0])
    assert first is not None
    assert notes[0, 0] == f"{first.value:,.0f}"
    zero = next(
        (x, y)
        for y, row in enumerate(grid.rows[:12])
        for x, column in enumerate(grid.columns)
        if (cell := grid.cell(row, column)) and cell.value == 0
    )
    assert notes[zero] == "0"
    assert figure["data"][0]["z"][zero[1]][zero[0]] == 0


def test_withheld_pairs_have_a_mark_gray_ground_and_an_explanation(statistics: Statistics) -> None:
    released = asked(statistics, "by=product&across=country&freq=range&from=2025-06&to=2025-06&series=license")
    grid = matrix.grid_of(released, statistics.vocabulary)
    figure = matrix.matrix_figure(released, grid)
    missing = [
        (x, y)
        for y, row in enumerate(grid.rows[:12])
        for x, column in enumerate(grid.columns[:10])
        if (cell := grid.cell(row, column)) is None or cell.value is None
    ]
    assert missing
    assert len(figure["layout"]["shapes"]) == len(missing)
    for x, y in missing:
        assert figure["data"][0]["z"][y][x] is None
        assert "<br>" in figure["data"][0]["text"][y][x]


# -- map ------------------------------------------------------------------------------------------------------------


def world(statistics: Statistics, query: str) -> tuple[Released, WorldMap]:
    released = asked(statistics, query)
    lines = lines_of(released, statistics.vocabulary, members=everyone(released))
    return released, world_map(released, lines, statistics.vocabulary, before={}, on="")


def kinds(drawn: WorldMap) -> dict[str, str]:
    return {one.id: one.kind for one in drawn.areas} | {one.id: one.kind for one in drawn.markers}


def test_countries_have_the_class_of_their_figure(statistics: Statistics) -> None:
    released, drawn = world(statistics, "by=country&freq=range&from=2025-02&to=2026-01&series=public")
    found = kinds(drawn)
    for cell in released.cells:
        step = class_of(cell.value or 0, drawn.breaks) + 5 - len(drawn.breaks)
        assert found[cell.country] == f"q{step}"
    assert found["CAN"] == "q5"
    assert found["BRA"] == "none"
    assert [one.id for one in drawn.markers] == ["BHR"]


def test_withheld_unknown_none_and_not_chosen_are_told_apart(statistics: Statistics) -> None:
    _, drawn = world(statistics, "by=country&freq=range&from=2025-06&to=2025-06&series=license")
    assert (kinds(drawn)["ZAF"], kinds(drawn)["BRA"]) == ("withheld", "none")
    title = next(one.title for one in drawn.areas if one.id == "ZAF")
    assert title.startswith("South Africa: (D), withheld")
    assert ("withheld", "(D) withheld") in drawn.legend
    assert drawn.fills["withheld"] != drawn.fills["none"] != drawn.fills["unknown"]
    _, chosen = world(statistics, "by=country&country=CAN&country=DEU&freq=range&from=2025-06&to=2025-06&series=public")
    assert kinds(chosen)["CHN"] == "outside"
    _, later = world(statistics, "by=country&country=CAN&freq=range&from=2026-02&to=2026-02&series=public")
    assert kinds(later)["CAN"] == "unknown"
    assert "not reported" in next(one.title for one in later.areas if one.id == "CAN")


def test_a_country_tells_its_full_figure_and_change(statistics: Statistics) -> None:
    released = asked(statistics, "by=country&freq=range&from=2025-02&to=2026-01&series=public")
    earlier = asked(statistics, "by=country&freq=range&from=2024-02&to=2025-01&series=public")
    before = {cell.country: cell for cell in earlier.cells}
    lines = lines_of(released, statistics.vocabulary, members=everyone(released))
    drawn = world_map(released, lines, statistics.vocabulary, before=before, on="the year before")
    cell = next(one for one in released.cells if one.country == "CAN")
    title = next(one.title for one in drawn.areas if one.id == "CAN")
    assert f"{cell.value:,.3f} t" in title
    assert "on the year before" in title


def test_outlines_are_those_of_the_file_and_of_our_countries() -> None:
    text = (ASSETS / "world.svg").read_text(encoding="utf-8")
    ids = set(re.findall(r'<path id="(\w+)"', text)) - {"blank"}
    assert ids == outlines.AREAS
    assert f'viewBox="0 0 {outlines.WIDTH} {outlines.HEIGHT}"' in text
    assert len(text) < 120_000
    assert "." not in "".join(re.findall(r' d="([^"]*)"', text))
    known = {country.id for country in load().countries}
    assert outlines.AREAS | set(outlines.MARKERS) <= known
    assert not outlines.AREAS & set(outlines.MARKERS)
    assert {"XKX", "PSE", "TWN", "GRL"} <= outlines.AREAS
    assert {"BHR", "SGP", "HKG", "MLT"} <= set(outlines.MARKERS)


# -- events ---------------------------------------------------------------------------------------------------------


def marked(statistics: Statistics, query: str) -> tuple[events.Mark, ...]:
    filters = statistics.resolve(statistics.parse(query))
    periods = list(dict.fromkeys(cell.period for cell in statistics.series(filters).cells))
    return events.marks_of(statistics.vocabulary.events, periods, filters, page="/explore")


def test_events_stand_at_their_month_and_are_numbered_by_date(statistics: Statistics) -> None:
    marks = marked(statistics, "from=2025-01&to=2026-01&series=public")
    assert [(mark.number, mark.place, mark.id) for mark in marks] == [
        (1, 2, "section-232-25"),
        (2, 5, "section-232-50"),
    ]
    assert marks[1].href == "/explore?from=2025-01&to=2026-01&series=public&event=section-232-50"
    assert marks[1].date == "Jun 4, 2025"


@pytest.mark.parametrize(("freq", "place"), [(Freq.QUARTER, 0), (Freq.ROLL12, 2), (Freq.YTD, 2)])
def test_events_have_a_place_on_quarters_and_rolling_months(statistics: Statistics, freq: Freq, place: int) -> None:
    assert marked(statistics, f"from=2025-01&to=2025-04&freq={freq}")[0].place == place


def test_years_have_no_room_for_events(statistics: Statistics) -> None:
    assert marked(statistics, "from=2024-01&to=2025-12&freq=year") == ()


def test_of_many_events_the_newest_and_the_chosen_one_are_marked(statistics: Statistics) -> None:
    every = sorted(statistics.vocabulary.events, key=lambda one: one.date)
    assert len(every) > events.MOST
    marks = marked(statistics, f"from=2018-01&to=2026-12&event={every[0].id}")
    assert [mark.id for mark in marks] == [every[0].id, *(one.id for one in every[-events.MOST :])]
    assert [mark.chosen for mark in marks] == [True, *[False] * events.MOST]


def test_each_event_is_a_thin_line_behind_the_figures_with_its_number(statistics: Statistics) -> None:
    released = asked(statistics, "from=2025-01&to=2026-01&series=public")
    figure = trend_figure(released, lines_of(released, statistics.vocabulary))
    marks = marked(statistics, "from=2025-01&to=2026-01&series=public")
    events.add_events(figure, marks, periods=13, width=640)
    lines = [shape for shape in figure["layout"]["shapes"] if shape["layer"] == "below"]
    assert [(shape["x0"], shape["x1"]) for shape in lines] == [(2, 2), (5, 5)]
    assert all(shape["line"]["width"] <= 1.5 for shape in lines)
    numbers = [note for note in figure["layout"]["annotations"] if str(note.get("name", "")).startswith("event-")]
    assert [(note["text"], note["x"]) for note in numbers] == [("1", 2), ("2", 5)]


# -- lens -----------------------------------------------------------------------------------------------------------


def lensed(statistics: Statistics, *members: Contribution) -> Contributions:
    event = next(iter(statistics.vocabulary.events))
    whole = Contribution(
        id="", label="Total", before=sum(one.before for one in members), after=sum(one.after for one in members)
    )
    spans = Windows(
        event=event, months=12, before=("2017-03", "2018-02"), after=("2018-03", "2019-02"), measure=Measure.VOLUME
    )
    ordered = tuple(sorted(members, key=lambda one: one.change))
    rest = Contribution(id="", label="Not told apart", before=0, after=0)
    return Contributions(windows=spans, by=By.COUNTRY, unit="t", members=ordered, rest=rest, total=whole)


def member(label: str, before: int, after: int) -> Contribution:
    return Contribution(id=label, label=label, before=before, after=after)


def many(statistics: Statistics) -> Contributions:
    losses = [member(f"L{place}", 9_000_000 + place, 1_000_000 * place) for place in range(9)]
    return lensed(statistics, *losses, *(member(f"G{place}", 0, 1_000 * (place + 1)) for place in range(5)))


def test_bars_of_contributions_add_up_to_the_change(statistics: Statistics) -> None:
    found = many(statistics)
    rows = lens.shown_members(found)
    assert len(rows) == lens.ROWS + 1
    assert rows[-1].label == "6 others together"
    assert sum(one.change for one in rows) == found.total.change
    bars: dict[str, Any] = lens.contribution_figure(found)["data"][0]
    assert sum(bars["x"]) * 1000 == pytest.approx(found.total.change)


def test_gainers_are_drawn_even_where_their_gains_are_small(statistics: Statistics) -> None:
    drawn = [one.label for one in lens.shown_members(many(statistics))]
    assert {"G4", "G3", "G2"} <= set(drawn)
    assert drawn.index("L0") < drawn.index("G4")


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("half", [False, True])
def test_figures_beside_bars_have_room_on_both_sides(statistics: Statistics, narrow: bool, half: bool) -> None:
    figure = lens.contribution_figure(many(statistics), narrow=narrow, half=half)
    low, high = figure["layout"]["xaxis"]["range"]
    bars = figure["data"][0]["x"]
    assert low < min(bars) < 0 < max(bars) < high


def test_the_sentence_names_who_lost_and_gained_and_the_share_of_the_largest(statistics: Statistics) -> None:
    found = lensed(statistics, member("Canada", 3_000_000, 1_900_000), member("India", 1_000_000, 1_100_000))
    words = lens.contribution_summary(found).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert words == (
        f"In the 12 months from the event on, imports fell by 1,000 t ({MINUS}25.0 %) to 3,000 t. "
        "Lost most: Canada 1,100 t; gained most: India 100 t. The share of Canada went from 75.0 % to 63.3 %."
    )


def test_the_split_is_told_in_words_and_bars_that_add_up() -> None:
    split = Split(before=900, after=700, volume=-300, price=120, mix=-30, unweighed=10, items=3)
    words = lens.split_summary(split).replace("\N{WORD JOINER}", "")
    assert words == (
        f"Of the change in value of {MINUS}$200, volume made {MINUS}$300, price +$120, mix {MINUS}$30 and codes "
        "without a weight +$10."
    )
    *parts, change = lens.split_figure(split)["data"][0]["x"]
    assert sum(parts) == change == split.change


def test_one_code_alone_has_no_bar_of_mix() -> None:
    split = Split(before=5, after=9, volume=3, price=1, mix=None, unweighed=0, items=1)
    assert lens.split_rows(split) == [("Volume", 3), ("Price", 1)]
    assert "mix" not in lens.split_summary(split)
