"""The history of license months: earlier layers and the figure in force, by the gate's rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from release_builder import license_row, public_row, with_totals, withheld_row, write_release

from data_access.serving import coverage
from data_access.serving.coverage import SameDay
from data_access.serving.history import closes
from data_access.serving.statistics import Statistics, open_statistics

RUNNING, CLOSED = "2026-03", "2026-02"
DAYS = ("2026-03-06", "2026-03-13")
NOW = "2026-03-20"


def _row(month: str, origin: str, kg: int, day: str) -> dict[str, Any]:
    return license_row(month, "aim", origin, kg * 3, kg, as_of=day)


def _open(tmp_path: Path, layers: list[dict[str, Any]], licenses: list[dict[str, Any]]) -> Statistics:
    public = with_totals([public_row("2026-01", "7601103000", "CAN", 3000, 1000)])
    write_release(tmp_path, public, licenses, not_yet=(RUNNING,), layers=layers)
    return open_statistics(tmp_path)


def _history(statistics: Statistics, query: str = "") -> list[tuple[str, str | None, float | None]]:
    history = statistics.history(statistics.resolve(statistics.parse(f"from={CLOSED}&to={RUNNING}&{query}")))
    return [(cell.period, cell.as_of, cell.value) for cell in history.cells]


@pytest.fixture
def weekly(tmp_path: Path) -> Statistics:
    rows = [_row(RUNNING, "all", 3_000, NOW), _row(RUNNING, "CAN", 2_000, NOW), _row(RUNNING, "MEX", 900, DAYS[1])]
    rows.append(_row(CLOSED, "all", 5_000, DAYS[1]))
    layers = [_row(RUNNING, "all", 1_000, DAYS[0]), _row(RUNNING, "all", 2_000, DAYS[1])]
    layers += [
        _row(RUNNING, "CAN", 700, DAYS[0]),
        _row(RUNNING, "CAN", 1_400, DAYS[1]),
        _row(RUNNING, "MEX", 300, DAYS[0]),
    ]
    return _open(tmp_path, layers, rows)


def test_a_month_has_each_earlier_figure_and_then_the_one_in_force(weekly: Statistics) -> None:
    assert _history(weekly) == [
        (CLOSED, DAYS[1], 5.0),
        (RUNNING, DAYS[0], 1.0),
        (RUNNING, DAYS[1], 2.0),
        (RUNNING, NOW, 3.0),
    ]


def test_a_sum_is_formed_only_of_figures_of_one_date(weekly: Statistics) -> None:
    running = [one for one in _history(weekly, "country=CAN&country=MEX") if one[0] == RUNNING]
    assert running[0] == (RUNNING, DAYS[0], 1.0)
    assert len(running) == 2
    assert running[1][2] is None


def test_a_withheld_figure_in_force_holds_none(tmp_path: Path) -> None:
    statistics = _open(tmp_path, [_row(RUNNING, "CAN", 700, DAYS[0])], [withheld_row(RUNNING, "aim", "CAN")])
    assert [value for _, _, value in _history(statistics, "country=CAN")][-2:] == [0.7, None]


def test_shares_are_told_as_what_they_are_of(weekly: Statistics) -> None:
    filters = weekly.resolve(weekly.parse("measure=share&of=value"))
    assert weekly.history(filters).unit == "US$"


def test_products_without_licenses_have_no_history(weekly: Statistics) -> None:
    assert all(value is None for _, _, value in _history(weekly, "product=scrap"))


def test_a_public_release_alone_has_no_history(tmp_path: Path) -> None:
    write_release(tmp_path, with_totals([public_row("2026-01", "7601103000", "CAN", 3000, 1000)]))
    statistics = open_statistics(tmp_path)
    assert all(cell.value is None for cell in statistics.history(statistics.default_filters()).cells)


def test_a_release_without_any_answers_in_words(tmp_path: Path) -> None:
    statistics = open_statistics(tmp_path)
    assert statistics.history(statistics.default_filters()).cells == ()


@pytest.mark.parametrize(("day", "partial"), [("2026-03-06", True), ("2026-03-07", False), ("2026-03-08", False)])
def test_a_layer_is_of_the_whole_month_from_a_week_after_it(tmp_path: Path, day: str, partial: bool) -> None:
    assert closes(CLOSED) == "2026-03-07"
    rows = [_row(CLOSED, "all", 5_000, NOW), _row(RUNNING, "all", 1_000, NOW)]
    statistics = _open(tmp_path, [_row(CLOSED, "all", 4_000, day)], rows)
    history = statistics.history(statistics.resolve(statistics.parse(f"from={CLOSED}&to={CLOSED}")))
    assert [cell.partial for cell in history.cells] == [partial, False]
    assert bool(coverage.license_revisions(history)) is not partial


def _same_day(tmp_path: Path, layers: dict[str, int]) -> SameDay:
    """The running month at 3 t on March 20, beside a month of these figures (kg) to date, by date."""
    rows = [_row(CLOSED, "all", 5_000, NOW), _row(RUNNING, "all", 3_000, NOW)]
    statistics = _open(tmp_path, [_row(CLOSED, "all", kg, day) for day, kg in layers.items()], rows)
    same = coverage.same_day(coverage.build_up(statistics.history(statistics.default_filters())))
    assert same is not None
    return same


def test_the_running_month_stands_beside_the_same_day_of_earlier_ones(tmp_path: Path) -> None:
    same = _same_day(tmp_path, {"2026-02-20": 2_500, "2026-02-27": 4_000})
    assert (same.month, same.point.day, same.mean) == (RUNNING, 19, 2.5)
    assert (list(same.earlier), same.interpolated) == ([CLOSED], ())


def test_between_two_figures_of_an_earlier_month_stands_the_line_between_them(tmp_path: Path) -> None:
    same = _same_day(tmp_path, {"2026-02-18": 2_600, "2026-02-25": 4_000})
    assert same.mean == pytest.approx(2.6 + 1.4 * 2 / 7)
    assert same.interpolated == (CLOSED,)


@pytest.mark.parametrize(("day", "told"), [("2026-02-19", False), ("2026-02-20", True), ("2026-02-21", False)])
def test_a_month_without_figures_on_both_sides_of_the_day_is_left_out(tmp_path: Path, day: str, told: bool) -> None:
    assert (_same_day(tmp_path, {day: 2_500}).mean is not None) is told


@pytest.mark.parametrize("partial", [True, False])
def test_a_whole_figure_never_stands_beside_one_to_date(tmp_path: Path, partial: bool) -> None:
    statistics = _open(tmp_path, [], [_row(CLOSED, "all", 5_000, NOW), _row(RUNNING, "all", 3_000, NOW)])
    build = coverage.build_up(statistics.history(statistics.default_filters()))
    point = build[RUNNING][0]
    earlier = replace(point, cell=point.cell._replace(period=CLOSED, partial=partial), value=2.0)
    same = coverage.same_day({**build, CLOSED: (earlier,)})
    assert same is not None
    assert (same.mean is not None) is partial


def test_a_month_to_date_has_no_ratio_even_where_public_figures_cover_it(tmp_path: Path) -> None:
    public = with_totals([public_row(month, "7601103000", "CAN", 3000, 1000) for month in (CLOSED, RUNNING)])
    licenses = [_row(CLOSED, "all", 1_000, NOW), _row(RUNNING, "all", 500, NOW)]
    write_release(tmp_path, public, licenses, not_yet=(RUNNING,))
    statistics = open_statistics(tmp_path)
    months = coverage.months_of(statistics.series(statistics.parse(f"from={CLOSED}&to={RUNNING}")))
    assert [(month.ratio is None, month.error is None) for month in months] == [(False, False), (True, True)]
