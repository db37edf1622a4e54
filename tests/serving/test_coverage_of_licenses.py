"""License against public figures: coverage, errors, the three-month comparison, weeks. Pure functions."""

from __future__ import annotations

import pytest

from data_access.contracts import Status
from data_access.filters import Measure, Series
from data_access.serving import coverage
from data_access.serving.coverage import Month, Outcome
from data_access.serving.gate.released import Cell
from data_access.serving.periods import number, text
from data_access.thresholds import Thresholds


def month(period: str, *, error: float | None) -> Month:
    """A month of which the error alone matters."""
    place = (period, "aim", "all", None, None, None)
    one = Cell(*place, Series.PUBLIC, None, Measure.VOLUME, "t", 1.0, Status.PUBLISHED, False, period, None)
    return Month(period=period, public=one, license=one, ratio=1.0, trailing=None, error=error)


@pytest.mark.parametrize(
    ("public", "license_", "ratio", "error"),
    [
        (104, 100, 1.04, 100 / 104 - 1),
        (100, 100, 1.0, 0.0),
        (None, 100, None, None),
        (100, None, None, None),
        (100, 0, None, -1.0),
        (0, 100, 0.0, None),
    ],
)
def test_a_ratio_and_an_error_need_both_figures_and_a_divisor(
    public: float | None, license_: float | None, ratio: float | None, error: float | None
) -> None:
    assert coverage.ratio(public, license_) == ratio
    assert coverage.error(public, license_) == error


@pytest.mark.parametrize(
    ("known", "told"), [(coverage.LEAST - 1, False), (coverage.LEAST, True), (coverage.LEAST + 1, True)]
)
def test_a_trailing_mean_needs_six_known_months(known: int, told: bool) -> None:
    ratios = [None] * (coverage.TRAILING - known) + [1.02] * known
    assert (coverage.trailing_mean(ratios)[-1] is not None) is told


def test_a_trailing_mean_forgets_what_lies_before_its_twelve_months() -> None:
    ratios = [9.0] + [1.0] * coverage.TRAILING
    assert coverage.trailing_mean(ratios)[-1] == 1.0
    assert coverage.trailing_mean(ratios)[-2] == pytest.approx((9.0 + coverage.TRAILING - 1) / coverage.TRAILING)


@pytest.mark.parametrize(("base", "outcome"), [(499, Outcome.THIN), (500, Outcome.CHANGE), (501, Outcome.CHANGE)])
def test_growth_is_told_from_the_floor_on(base: float, outcome: Outcome) -> None:
    found = coverage.growth(1000, [base] * 3, floor=500)
    assert found.outcome is outcome
    assert (found.change is None) is (outcome is Outcome.THIN)


def test_growth_is_the_month_on_the_mean_of_three() -> None:
    assert coverage.growth(22_775, [5_000, 6_000, 6_000], floor=500).change == pytest.approx(22_775 * 3 / 17_000 - 1)


@pytest.mark.parametrize("before", [[100, None, 100], [None, None, None], []])
def test_growth_needs_all_three_months(before: list[float | None]) -> None:
    assert coverage.growth(1000, before, floor=0).outcome is Outcome.MISSING


def test_growth_from_nothing_is_no_change_in_percent() -> None:
    assert coverage.growth(1000, [0, 0, 0], floor=0).outcome is Outcome.NEW


def test_the_floor_has_the_unit_of_the_measure() -> None:
    tests = Thresholds(floor=7, floor_value=9)
    floors = [coverage.floor_of(one, tests) for one in (Measure.VOLUME, Measure.VALUE, Measure.AUV)]
    assert floors == [7, 9, 0]


@pytest.mark.parametrize(
    ("day", "week"), [("2026-02-28", -1), ("2026-03-01", 0), ("2026-03-07", 0), ("2026-03-08", 1), ("2026-04-01", 4)]
)
def test_weeks_are_whole_ones_since_the_first_day(day: str, week: int) -> None:
    assert coverage.week(day, "2026-03") == week


@pytest.mark.parametrize(("gap", "months"), [(10, 2), (11, 1)])
def test_bias_and_error_are_of_the_twelve_months_up_to_the_newest_with_both(gap: int, months: int) -> None:
    periods = [text(number("2026-01") - place) for place in (gap + 1, 0)]
    found = coverage.fit([month(period, error=0.1) for period in periods])
    assert found is not None
    assert (found.months, found.last) == (months, "2026-01")
