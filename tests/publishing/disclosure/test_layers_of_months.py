"""What a month's layers show together withstands an independent attacker and is proven; what would not is held."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layered import (
    KINDS,
    LISTED,
    REGIME,
    all_numbers,
    as_if_shown,
    assuming,
    judge,
    many,
    publish,
    published,
    records,
    solve,
    solve_all,
    verify,
)
from layered_switches import CHANGES, LINKS, switched_off
from small import TREE

from data_access.publishing.disclosure.judge import Puzzle
from data_access.publishing.disclosure.layers import Kind, Layer, month_problem

TOTAL, SHEET, CASTINGS, UNWROUGHT = (f"{name}|all|all|all|all" for name in ("aim", "sheet", "castings", "unwrought"))
A, B = "aim|AAA|all|all|all", "aim|BBB|all|all|all"


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), count=st.integers(60, 140), closed=st.booleans())
def test_layers_withstand_the_judge_and_are_proven(seed: int, count: int, closed: bool) -> None:
    kinds = (Kind.WEEKLY, Kind.WEEKLY, Kind.CLOSED, Kind.FINAL) if closed else (Kind.WEEKLY,) * 4
    layers, solved, numbers = publish(seed, records=count, kinds=kinds)
    for number, one in enumerate(solved, start=1):
        assert verify(layers[:number], one.certificate, numbers) == []
    assert judge(layers, targets=5, attackers=3, seed=seed) == []


def test_a_small_month_withstands_the_judge_exactly() -> None:
    layers, _, _ = publish(4, records=60, kinds=(Kind.WEEKLY, Kind.CLOSED))
    assert all(published(layer) for layer in layers)
    assert judge(layers) == []


def _weeks(*new: list[tuple[str, str, str, float]]) -> list[tuple[Kind, pd.DataFrame]]:
    """Weekly layers to which records are added."""
    return [(Kind.WEEKLY, records(*chain.from_iterable(new[: number + 1]))) for number in range(len(new))]


BASE = [
    *many("s", "sheet", "AAA", 100),
    *many("c", "castings", "AAA", 100),
    *many("u", "unwrought", "AAA", 100),
    *many("v", "unwrought", "BBB", 100),
]
"""A first week in which everything is safe."""


def test_what_one_importer_adds_is_held() -> None:
    layers, solved, numbers = solve_all(
        *_weeks(BASE, [("h", "sheet", "AAA", 77.0), *many("w", "unwrought", "BBB", 50)])
    )
    assert published(layers[0]) == {TOTAL, SHEET, CASTINGS, UNWROUGHT, A, B} | _twins(A) | _twins(B)
    assert SHEET not in published(layers[1])
    assert TOTAL in published(layers[1])
    assert verify(layers, solved[-1].certificate, numbers) == []


def _twins(key: str) -> set[str]:
    """Smelt and cast of a country."""
    product, country, *_ = key.split("|")
    return {f"{product}|all|{country}|all|all", f"{product}|all|all|all|{country}"}


def test_a_held_figure_does_not_come_out_as_part_of_a_later_change(shared: Path) -> None:
    """Case `temporal_delta`: since the last published figure, one importer came and another lost some."""
    weeks = json.loads((shared / "data/disclosure_cases/temporal_delta/expected.json").read_text())["snapshots"]
    rest = [*many("r", "unwrought", "BBB", 300), *many("q", "castings", "BBB", 300)]
    parts = [
        (
            Kind.WEEKLY,
            records(
                *[(unit, "sheet", "AAA", float(held)) for unit, held in week["contributors"].items()],
                *rest,
                *many(f"n{week['week']}", "castings", "BBB", 40.0),
            ),
        )
        for week in weeks
    ]
    layers, _, _ = solve_all(*parts)
    shown = [SHEET in published(layer) for layer in layers]
    assert shown == [True, False, False]


def test_an_unchanged_figure_stays_withheld_where_it_would_give_away_the_past(shared: Path) -> None:
    """Case `layers_retroactive`: the second week shows what the first withheld to protect another cell of it."""
    expected = json.loads((shared / "data/disclosure_cases/layers_retroactive/expected.json").read_text())
    true = expected["truth"]
    low, high = _first_week(true, shown_later=True)
    assert [low, high] == pytest.approx(expected["dA1_after_week_2"])
    assert list(_first_week(true, shown_later=False)) == pytest.approx(expected["dA1_after_week_1"])
    first = [("h", "sheet", "AAA", 280.0), *many("b", "sheet", "BBB", 43.0)]
    layers, solved, numbers = solve_all(*_weeks(first, many("a", "sheet", "AAA", 90.0)))
    assert TOTAL in published(layers[0])
    assert not {A, B} & published(layers[0])
    assert B not in published(layers[1])
    assert verify(layers, solved[-1].certificate, numbers) == []
    alone = solve([], Kind.WEEKLY, layers[1].licenses, numbers)
    assert {A, B} <= published(alone.layer)
    assert verify([layers[0], alone.layer], alone.certificate, numbers) != []
    assert judge([layers[0], alone.layer]) != []


def _first_week(true: dict[str, float], *, shown_later: bool) -> tuple[float, float]:
    """What the first week's increment of A can be: the sum of A and B is known of each week."""
    names = ["A1", "B1", "T1", "A2", "B2", "A", "B"]
    values = [true["dA1"], true["dB1"], true["dA1"] + true["dB1"], true["dA2"], true["dB2"]]
    truth = np.array([[*values, true["dA1"] + true["dA2"], true["dB1"] + true["dB2"]]])
    shown = np.array([name == "T1" or (shown_later and name in "AB") for name in names])
    puzzle = Puzzle(
        truth=truth,
        shown=shown,
        equations=[(2, [0, 1]), (5, [0, 3]), (6, [1, 4])],
        low=np.zeros_like(truth),
        high=np.full_like(truth, 1000.0),
        unit_value=np.full(len(names), np.inf),
    )
    return puzzle.interval([0], 0)


CHANGED = [
    pytest.param([100.0, -95.0, 2.0], id="one large, one as large gone, little else"),
    pytest.param([-5.0], id="one less"),
    pytest.param([5.0, -5.0], id="two that net to nothing"),
]


@pytest.mark.parametrize("changes", CHANGED)
def test_changes_are_judged_by_what_each_importer_nets(changes: list[float]) -> None:
    """Case `negative_revision`: the rules hold for |net per unit|, and a sum of 0 with units is not empty."""
    before = [(f"x{number}", "sheet", "AAA", 200.0) for number in range(6)]
    after = [
        (name, *rest, amount + change)
        for (name, *rest, amount), change in zip(before, [*changes, *[0.0] * 6], strict=False)
    ]
    parts = [
        (Kind.WEEKLY, records(*before, *BASE[8:])),
        (Kind.WEEKLY, records(*after, *BASE[8:], *many("w", "unwrought", "BBB", 60))),
    ]
    layers, solved, numbers = solve_all(*parts)
    assert SHEET in published(layers[0])
    assert SHEET not in published(layers[1])
    assert verify(layers, solved[-1].certificate, numbers) == []


def test_an_increment_is_no_less_than_the_last_published_figure_and_than_zero_where_no_unit_fell() -> None:
    gone = [row for row in BASE if row[0] not in ("s0", "s1", "s2")]
    layers, _, numbers = solve_all(
        (Kind.WEEKLY, records(*BASE)), (Kind.WEEKLY, records(*gone, *many("w", "castings", "BBB", 60, units=6)))
    )
    found = month_problem(layers, tree=TREE, numbers=numbers, listed=LISTED, regime=REGIME)
    system = found.problem.system
    down = {
        link.key: (system.down * system.scale[:, None])[1, link.increment]
        for link in found.joint.links
        if link.increment >= 0
    }
    assert down[SHEET] == pytest.approx(min(800.0 - 300.0, REGIME.assumptions.public_group * 500.0))
    assert down[CASTINGS] == pytest.approx(min(360.0, REGIME.assumptions.public_group * 1160.0))


LESS = {"aim|all|all|all|all": 1e9, SHEET: 1e6, CASTINGS: 1.0, UNWROUGHT: 1e8, A: 1e8, B: 1e8}
"""Public figures that make castings the cheapest to withhold."""

SWITCHES = {
    "what was withheld stays a target": _weeks(
        [("h", "sheet", "AAA", 280.0), *many("b", "sheet", "BBB", 43.0)],
        many("a", "sheet", "AAA", 90.0),
    ),
    "rules on changes": _weeks(BASE, [("h", "sheet", "AAA", 77.0), *many("w", "unwrought", "BBB", 50)]),
    "nothing is less where no unit fell": _weeks(
        [
            *many("s", "sheet", "AAA", 100),
            *many("c", "castings", "AAA", 100),
            *many("e", "castings", "BBB", 100),
            *many("u", "unwrought", "AAA", 5),
        ],
        [("h", "sheet", "AAA", 500.0), *many("d", "castings", "AAA", 2), *many("w", "unwrought", "AAA", 8)],
    ),
    "unions over layers": _weeks(
        BASE, [("h", "sheet", "AAA", 150.0), ("h", "castings", "AAA", 140.0), *many("w", "unwrought", "AAA", 90)]
    ),
    LINKS: _weeks(BASE, [("h", "sheet", "AAA", 77.0), *many("w", "unwrought", "BBB", 50)]),
}


UNPRICED = assuming(unit_value_unwrought=None, unit_value_others=None)
"""Unit values alone keep an increment from being negative; here they are not known."""


@pytest.mark.parametrize("constraint", SWITCHES)
def test_each_constraint_of_history_matters(constraint: str) -> None:
    parts = SWITCHES[constraint]
    regime = UNPRICED if constraint == "nothing is less where no unit fell" else REGIME
    with switched_off(constraint):
        loose, solved, numbers = solve_all(*parts, regime=regime, sizes=LESS)
    assert judge(loose, regime) != []
    assert verify(loose, solved[-1].certificate, numbers, regime) != []
    strict, solved, numbers = solve_all(*parts, regime=regime, sizes=LESS)
    assert judge(strict, regime) == []
    assert verify(strict, solved[-1].certificate, numbers, regime) == []


def test_own_parts_of_changes_matter() -> None:
    kinds = (Kind.WEEKLY,) * 3
    with switched_off("own part of changes"):
        loose, _, _ = publish(13, kinds=kinds)
    assert judge(loose, targets=15, attackers=5) != []
    assert set(SWITCHES) | {"own part of changes"} == {*CHANGES, LINKS}


def test_a_layer_of_which_nothing_can_be_shown_is_refused_and_adds_nothing() -> None:
    places = [("sheet", "AAA"), ("castings", "AAA"), ("unwrought", "AAA"), ("unwrought", "BBB")]
    layers, solved, numbers = solve_all(*_weeks(BASE, [("h", group, country, 77.0) for group, country in places]))
    assert published(layers[1]) == set()
    assert solved[1].refused
    assert verify(layers, solved[1].certificate, numbers) == []
    assert judge(layers) == []


def test_a_month_that_starts_with_nothing_to_show_goes_on() -> None:
    layers, solved, numbers = solve_all(
        (Kind.WEEKLY, records(("h", "sheet", "AAA", 77.0))), (Kind.WEEKLY, records(("h", "sheet", "AAA", 77.0), *BASE))
    )
    assert published(layers[0]) == set()
    assert TOTAL in published(layers[1])
    assert verify(layers, solved[1].certificate, numbers) == []


def test_a_layer_without_records_has_no_rows() -> None:
    numbers = all_numbers([records(*BASE)])
    solved = solve([], Kind.CLOSED, records(*BASE).iloc[:0], numbers)
    assert len(solved.layer.rows) == 0
    assert verify([solved.layer], solved.certificate, numbers) == []


def test_a_closed_month_without_history_is_its_only_layer() -> None:
    layers, solved, numbers = publish(4, kinds=(Kind.CLOSED,))
    assert {"product", "origin", "smelt", "smelt2", "cast", "value", "kg", "status"} == set(layers[0].rows)
    assert published(layers[0])
    summary = solved[0].summary
    assert set(summary.further) == {"manufacturer_id", "exporter_id"}
    assert summary.levels["group"].cells == 3
    assert summary.levels["group"].value_shown <= summary.levels["group"].value_primary
    assert verify(layers, solved[0].certificate, numbers) == []


def test_weekly_figures_are_of_listed_countries_only() -> None:
    layers, _, _ = publish(4, kinds=(Kind.WEEKLY,))
    members = set(layers[0].rows[["origin", "smelt", "cast"]].to_numpy().ravel())
    assert members == LISTED | {"all"}


def test_the_same_input_gives_the_same_layers() -> None:
    one, other = (publish(4, kinds=KINDS[2:4])[0] for _ in range(2))
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(first.rows, second.rows)


def test_costs_of_history_do_not_come_from_its_figures() -> None:
    """What is shown of a new layer does not depend on figures that an earlier one withheld, scaled as a whole."""
    layers, _, numbers = publish(4, kinds=(Kind.WEEKLY, Kind.WEEKLY))
    scaled = [
        replace(
            layer,
            licenses=layer.licenses.assign(
                value_usd=layer.licenses["value_usd"] * 2, quantity_kg=layer.licenses["quantity_kg"] * 2
            ),
        )
        for layer in layers
    ]
    found: list[Layer] = []
    for layer in scaled:
        found.append(solve(found, layer.kind, layer.licenses, numbers).layer)
    assert [published(layer) for layer in found] == [published(layer) for layer in layers]


def test_a_layer_that_shows_all_it_has_is_caught() -> None:
    layers, solved, numbers = publish(0, kinds=(Kind.WEEKLY,) * 3)
    open_ = [*layers[:-1], as_if_shown(layers[-1])]
    assert published(open_[-1]) > published(layers[-1])
    assert verify(open_, solved[-1].certificate, numbers) != []
    assert judge(open_, targets=10, attackers=3) != []
