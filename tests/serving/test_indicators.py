"""Growth, shares and rolling sums: a figure that is missing leaves no figure made of it."""

from __future__ import annotations

import pytest

from data_access.serving.indicators import against_mean, change, changes, rolling_mean, rolling_sum, share


@pytest.mark.parametrize(
    ("now", "before", "relative"),
    [(112, 100, 0.12), (0, 100, -1), (None, 100, None), (100, None, None), (100, 0, None), (100, -1, None)],
)
def test_change(now: float | None, before: float | None, relative: float | None) -> None:
    assert change(now, before) == pytest.approx(relative)


def test_changes_look_back_by_a_lag() -> None:
    assert changes([10, 20, None, 40], 1) == (None, 1.0, None, None)
    assert changes([10, 20, 30], 2) == (None, None, 2.0)


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [(1, 4, 25.0), (0, 4, 0.0), (1, 0, None), (None, 4, None), (1, None, None)]
)
def test_share(part: float | None, whole: float | None, percent: float | None) -> None:
    assert share(part, whole) == percent


def test_rolling_sums_stop_at_what_is_missing() -> None:
    assert rolling_sum([1, 2, 3, None, 5, 6, 7], 3) == (None, None, 6, None, None, None, 18)
    assert rolling_mean([1, 2, 3], 3) == (None, None, 2.0)


def test_a_license_month_against_the_mean_of_three_public_months() -> None:
    assert against_mean(150, [90, 100, 110]) == pytest.approx(0.5)
    assert against_mean(150, [90, None, 110]) is None
    assert against_mean(150, []) is None
