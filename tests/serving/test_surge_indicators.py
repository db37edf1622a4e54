"""The surge tests as functions: each at its threshold, and without a result where a figure is missing."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from data_access.serving import indicators as ind

FLAT = [100.0] * 24


@pytest.mark.parametrize(
    ("month", "before", "relative"),
    [(125, [90, 100, 110], 0.25), (125, [1, 90, 100, 110], 0.25), (5, [0, 0, 0], None), (125, [90, None, 110], None),
     (None, [90, 100, 110], None), (125, [100, 100], None)],
)  # fmt: skip
def test_r1_holds_a_month_against_the_mean_of_three(
    month: ind.Figure, before: list[ind.Figure], relative: float | None
) -> None:
    assert ind.month_on_mean(month, before) == (None if relative is None else pytest.approx(relative))


@pytest.mark.parametrize(
    ("test", "figures", "relative"),
    [
        (ind.three_on_three, [100, 100, 100, 115, 115, 115], 0.15),
        (ind.three_on_year, [100] * 3 + [7] * 9 + [115] * 3, 0.15),
        (ind.twelve_on_twelve, [100] * 12 + [120] * 12, 0.2),
    ],
)
def test_sums_are_held_against_sums_and_none_without_every_month(
    test: Callable[[Sequence[ind.Figure]], float | None], figures: list[float], relative: float
) -> None:
    assert test(figures) == pytest.approx(relative)
    assert test(figures[1:]) is None
    assert test([None, *figures[1:]]) is None
    assert test([None, *figures]) == pytest.approx(relative)


def test_a_hole_between_the_two_spans_of_a_year_apart_does_not_matter() -> None:
    figures: list[ind.Figure] = [100, 100, 100, *[None] * 9, 115, 115, 115]
    assert ind.three_on_year(figures) == pytest.approx(0.15)


def seasonal(noise: float = 0.1, *, months: int = 37, seed: int = 3) -> list[float]:
    draw = random.Random(seed)
    return [math.exp(8 + math.sin(math.pi * month / 6) + draw.gauss(0, noise)) for month in range(months)]


def test_z_takes_no_season_for_a_surge() -> None:
    figures = seasonal()
    figures[-1] = math.exp(8 + math.sin(math.pi * 36 / 6))
    z = ind.robust_z(figures)
    assert z is not None
    assert abs(z) < 3
    high = ind.robust_z([*figures[:-1], figures[-1] * 2])
    assert high is not None
    assert high > 3


def test_z_rarely_calls_noise_a_surge() -> None:
    values = [ind.robust_z(seasonal(0.2, seed=seed)) for seed in range(600)]
    assert sum(value is not None and value >= 3 for value in values) / len(values) < 0.015


@pytest.mark.parametrize("figures", [[100.0] * 37, [100.0] * 36, [-1.0, *range(36)], [None, *range(36)]])
def test_z_has_no_result_without_37_figures_or_without_spread(figures: list[ind.Figure]) -> None:
    assert ind.robust_z(figures) is None


def test_price_ratio_leaves_the_origin_out_of_all_others() -> None:
    # 100 t at 2,000 of 300 t at 2,400: the other 200 t cost (720,000 - 200,000) / 200.
    found = ind.price_ratio(auv=2000, weight=100, auv_of_all=2400, weight_of_all=300)
    assert found == pytest.approx(2000 / 2600)
    assert ind.price_ratio(auv=2000, weight=300, auv_of_all=2000, weight_of_all=300) is None
    assert ind.price_ratio(auv=2000, weight=100, auv_of_all=None, weight_of_all=300) is None


def test_undercutting_needs_twelve_months_before() -> None:
    assert ind.undercutting([1.0] * 12 + [0.9]) == pytest.approx(-0.1)
    assert ind.undercutting([1.0] * 11 + [0.9]) is None
    assert ind.undercutting([None] + [1.0] * 11 + [0.9]) is None


@pytest.mark.parametrize(
    ("before", "new"), [([0] * 24, True), ([1, *[0] * 24], True), ([0] * 23 + [1], False), ([0] * 23, None),
                        ([None, *[0] * 23], None)],
)  # fmt: skip
def test_a_new_supplier_has_24_published_zeros(before: list[ind.Figure], new: bool | None) -> None:
    assert ind.is_new_supplier(before) is new


@pytest.mark.parametrize(
    ("month", "before", "of_all", "reached"),
    [(499, 499, 1000, False), (500, 10, 1000, True), (10, 500, 1000, True), (501, 10, 1000, True),
     (500, 10, 100_001, False), (500, 10, 100_000, True), (500, 10, None, False), (None, 500, 1000, False),
     (500, None, 1000, False), (500, 500, 0, False)],
)  # fmt: skip
def test_the_floor_takes_the_larger_figure_and_the_share_of_the_month(
    month: ind.Figure, before: float | None, of_all: ind.Figure, reached: bool
) -> None:
    assert ind.reaches_floor(month, before, of_all, floor=500, share=0.5) is reached


@pytest.mark.parametrize(
    ("r1", "others", "flagged"),
    [(0.249, True, False), (0.25, True, True), (0.26, True, True), (0.26, False, False), (0.999, False, False),
     (1.0, False, True), (1.01, False, True), (None, True, False)],
)  # fmt: skip
def test_the_rule_at_its_thresholds(r1: float | None, others: bool, flagged: bool) -> None:
    assert ind.is_flag(floor=True, r1=r1, r1_least=0.25, r1_alone=1, others=others, new=False) is flagged
    assert not ind.is_flag(floor=False, r1=r1, r1_least=0.25, r1_alone=1, others=others, new=True)


def test_severity_ranks_tests_and_never_calls_a_thin_base_high() -> None:
    every = ["r1", "r1_alone", "r2", "r2y", "r3", "z", "p"]
    assert ind.severity(every, thin=False) == ind.MOST_SEVERE
    assert ind.severity_words(ind.severity(every, thin=True)) == "medium"
    assert ind.severity(["r1"], thin=True) == 1
    assert [ind.severity_words(rank) for rank in (2, 3, 4, 5)] == ["low", "medium", "medium", "high"]
