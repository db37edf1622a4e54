"""The judge of layers sees what it must: shown cells, changes, bounds by history, unions."""

from __future__ import annotations

import pytest
from layered import as_if_shown, judge, many, publish, records, solve, solve_all

from data_access.publishing.disclosure.layers import Kind, Layer

BASE = [
    *many("s", "sheet", "AAA", 100),
    *many("c", "castings", "AAA", 100),
    *many("u", "unwrought", "AAA", 100),
    *many("v", "unwrought", "BBB", 100),
]


def _two(*added: tuple[str, str, str, float]) -> list[Layer]:
    """Two weeks, each solved as if it were the first."""
    parts = [records(*BASE), records(*BASE, *added)]
    _, _, numbers = solve_all((Kind.WEEKLY, parts[1]))
    return [solve([], Kind.WEEKLY, part, numbers).layer for part in parts]


def test_nothing_is_found_where_nothing_is_shown() -> None:
    layers, _, _ = solve_all((Kind.WEEKLY, records(("h", "sheet", "AAA", 50.0))))
    assert judge(layers) == []


def test_safe_changes_between_shown_figures_are_no_breach() -> None:
    assert (
        judge(
            _two(*many("a", "sheet", "AAA", 50), *many("b", "castings", "AAA", 50), *many("d", "unwrought", "BBB", 50))
        )
        == []
    )


def test_a_change_by_one_importer_between_shown_figures_is_a_breach() -> None:
    found = judge(_two(("h", "sheet", "AAA", 77.0), *many("d", "unwrought", "BBB", 50)))
    assert {breach.why for breach in found} >= {"shown"}
    assert any("sheet" in breach.cell for breach in found)


def test_one_importer_in_two_held_figures_of_a_shown_total_is_a_breach() -> None:
    first, second = _two(
        ("h", "sheet", "AAA", 77.0), ("h", "castings", "AAA", 70.0), *many("d", "unwrought", "BBB", 50)
    )
    held = second.rows["product"].isin(["sheet", "castings"])
    rows = second.rows.assign(status=second.rows["status"].mask(held, "withheld"))
    rows.loc[held, ["value", "kg"]] = None
    found = judge([first, Layer(as_of=second.as_of, kind=second.kind, licenses=second.licenses, rows=rows)])
    assert "union" in {breach.why for breach in found}


@pytest.mark.parametrize("kinds", [(Kind.WEEKLY, Kind.CLOSED), (Kind.CLOSED, Kind.FINAL)])
def test_a_later_layer_that_shows_all_is_a_breach(kinds: tuple[Kind, ...]) -> None:
    layers, _, _ = publish(4, records=80, kinds=kinds)
    assert judge([*layers[:-1], as_if_shown(layers[-1])], targets=1, attackers=1) != []
