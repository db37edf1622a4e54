"""The attacker's one system: what each of its constraints, and all of them together, rule out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_months import Month, Record, interval

from data_access.publishing.disclosure.attacker import Room, System

INF = np.inf


def system_of(figures: list[list[float]], *, beta: float = INF, eps: float = INF, equations: list[list[int]]) -> System:
    """A system of one or two measures whose cells have no ceiling."""
    truth = np.array(figures, float)
    cells = truth.shape[1]
    return System(
        figures=truth,
        equations=np.array(equations, float),
        ceiling=np.full(truth.shape, truth.sum()),
        unit_value=np.full(cells, beta),
        public=np.full(cells, eps),
    )


def reaches(system: System, cell: int, move: float, *, known: dict[int, float] | None = None, measure: int = 0) -> bool:
    """Whether a cell may lie `move` (absolute, signed) from the truth; `known`: fraction a firm knows of cells."""
    size = system.figures.shape
    unknown = np.ones(size)
    for place, fraction in (known or {}).items():
        unknown[:, place] = 1 - fraction
    goal = np.zeros(size)
    goal[measure, cell] = move / system.figures[measure, cell]
    room = system.room().without(unknown)
    return system.table(goal, withheld=np.ones(size[1], bool), room=room) is not None


COMBINED = Month(
    [
        Record(cell, f"firm {cell}", q * price, q)
        for cell, q, price in (("1", 97.5, 7788), ("2", 10.5, 4338), ("3", 22.5, 2902))
    ],
    eps=1e9,
    beta=1e9,
)
"""One firm a cell, the totals published: `combined_attacker` of the shared cases, computed there with SciPy."""

NEEDED = 9.75


@pytest.mark.parametrize(
    ("beta", "known", "protected"),
    [(INF, {}, True), (INF, {1: 1.0}, True), (0.05, {}, True), (0.05, {1: 1.0}, False)],
)
def test_a_firm_and_prices_together_bound_what_withstands_either(
    beta: float, known: dict[int, float], protected: bool
) -> None:
    system = system_of(COMBINED.figures().tolist(), beta=beta, equations=[[1, 1, 1]])
    moves = [reaches(system, 0, sign * NEEDED, known=known, measure=1) for sign in (1, -1)]
    assert all(moves) == protected


@pytest.mark.parametrize(("beta", "protected"), [(0.02, False), (0.05, False), (0.1, True), (0.25, True)])
def test_two_cells_of_different_prices_are_bounded_by_them(beta: float, protected: bool) -> None:
    system = system_of([[65 * 8000, 45 * 2600], [65, 45]], beta=beta, equations=[[1, 1]])
    assert all(reaches(system, 0, sign * 6.5, measure=1) for sign in (1, -1)) == protected


SINGLETON = {"A2": 15, "A4": 17, "B2": 18, "B4": 8}
SINGLETON_EQUATIONS = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
"""tau-ARGUS manual 4.1, section 2.10: rows A and B, columns 2 and 4, all four withheld, their sums published."""


def test_the_only_firm_of_a_neighboring_cell_recovers_the_other() -> None:
    system = system_of([list(SINGLETON.values())], equations=SINGLETON_EQUATIONS)
    assert reaches(system, 1, 1.7)
    assert reaches(system, 1, -1.7)
    assert not reaches(system, 1, 0.01, known={0: 1.0})
    assert not reaches(system, 1, -0.01, known={0: 1.0})


def test_a_third_withheld_cell_in_the_row_helps() -> None:
    figures = [[15, 17, 62, 18, 8, 31]]
    rows = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1]]
    system = system_of(figures, equations=rows)
    assert all(reaches(system, 1, sign * 1.7, known={0: 1.0}) for sign in (1, -1))


@pytest.mark.parametrize(("move", "possible"), [(2.0, True), (2.1, False), (-1.0, True), (-1.1, False)])
def test_intervals_of_the_handbooks_table(move: float, possible: bool) -> None:
    system = system_of([[4, 3, 2, 1]], equations=SINGLETON_EQUATIONS)
    assert reaches(system, 0, move) == possible


def test_cells_that_are_zero_leave_no_room_for_each_other() -> None:
    system = system_of([[10, 5, 0, 0]], equations=[[1, 1, 1, 1]])
    room = system.room()
    assert not room.up[0, 2:].any()
    assert not room.down[0, 2:].any()
    goal = np.array([[0.0, 0.0, 0.1, 0.0]])
    assert system.table(goal, withheld=np.ones(4, bool), room=room) is None


SIDE_EQUATIONS = [[1, 0, -1, 0], [0, 1, 0, -1], [0, 0, 1, 1]]
"""Origins o and p, of smelt s1 and whole: only the s1 parts move, and the sum over origins is published."""


@pytest.mark.parametrize(("eps", "moves"), [(INF, (29.9, -59.9)), (0.02, (2.0, -2.0))])
def test_public_statistics_bound_the_origins_and_so_their_parts(eps: float, moves: tuple[float, float]) -> None:
    truth = np.array([[100.0, 100.0, 60.0, 30.0]])
    system = System(
        figures=truth,
        equations=np.array(SIDE_EQUATIONS, float),
        ceiling=np.full(truth.shape, 200.0),
        unit_value=np.full(4, INF),
        public=np.array([eps, eps, INF, INF]),
    )
    for move in moves:
        assert reaches(system, 2, move)
    assert not reaches(system, 2, moves[0] * 1.1 + 0.2)


def test_a_published_cell_does_not_move() -> None:
    system = system_of([[50, 30, 20]], equations=[[1, 1, 1]])
    goal = np.array([[0.1, 0.0, 0.0]])
    withheld = np.array([True, True, False])
    table = system.table(goal, withheld=withheld, room=system.room())
    assert table is not None
    assert table[0, 2] == 0
    assert system.table(goal, withheld=np.array([True, False, False]), room=system.room()) is None


def test_a_table_adds_up_to_the_last_digit() -> None:
    rng = np.random.default_rng(3)
    figures = np.exp(rng.normal(10, 3, (2, 40)))
    system = system_of(figures.tolist(), beta=0.25, eps=0.15, equations=[[1] * 40])
    for cell in range(40):
        goal = np.zeros((2, 40))
        goal[:, cell] = 0.05
        table = system.table(goal, withheld=np.ones(40, bool), room=system.room())
        if table is not None:
            off = np.abs((figures * table).sum(axis=1))
            assert np.all(off <= 1e-12 * figures.sum(axis=1))


def test_a_table_beyond_the_room_is_not_accepted() -> None:
    system = system_of([[50, 30, 20]], equations=[[1, 1, 1]], eps=0.1)
    table = np.array([[0.2, -10 / 30, 0.0]])
    everything = np.ones(3, bool)
    assert not system.holds(table, withheld=everything, room=system.room())
    assert system.holds(table / 4, withheld=everything, room=system.room())
    assert not system.holds(table / 4, withheld=np.array([True, False, True]), room=system.room())
    assert not system.holds(table / 4 + 0.001, withheld=everything, room=system.room())


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_any_state_of_the_solver_but_optimal_counts_as_not_protected(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    from data_access.publishing.disclosure import attacker

    solve = attacker.linprog

    def unsure(*args: object, **kwargs: object) -> object:
        answer = solve(*args, **kwargs)  # type: ignore[call-overload]
        answer.status = status
        return answer

    system = system_of([[50, 30, 20]], equations=[[1, 1, 1]])
    assert reaches(system, 0, 1.0)
    monkeypatch.setattr(attacker, "linprog", unsure)
    assert not reaches(system, 0, 1.0)


def test_the_room_of_a_firm_is_what_it_does_not_know() -> None:
    outsider = Room(np.array([[0.5, 0.5, 0.5]]), np.array([[0.5, 0.5, 0.5]]))
    room = outsider.without(np.array([[1.0, 0.2, 0.0]]))
    assert room.down.tolist() == [[0.5, 0.2, 0.0]]
    assert room.up.tolist() == [[0.5, 0.5, 0.0]]


def test_the_shared_intervals_are_those_of_the_tests_own_judge(shared: Path) -> None:
    case = json.loads((shared / "data" / "disclosure_cases" / "combined_attacker" / "expected.json").read_text())
    expected = case["intervals_of_cell_1"]
    assert COMBINED.figures()[1].tolist() == case["quantity"]
    everything = set(COMBINED.cells)
    for name, beta, attacker in (
        ("outsider", 1e9, None),
        ("insider_of_cell_2", 1e9, "firm 2"),
        ("unit_value_5pct", 0.05, None),
        ("both", 0.05, "firm 2"),
    ):
        month = Month(COMBINED.records, beta=beta, eps=1e9)
        assert interval(month, everything, "1", 1, attacker) == pytest.approx(expected[name], abs=1e-3)


def test_the_shared_tables_are_those_of_these_tests(shared: Path) -> None:
    cases = shared / "data" / "disclosure_cases"
    mix = json.loads((cases / "unit_value_mix" / "expected.json").read_text())
    for band, protected in mix["protected_by_band"].items():
        values = [q * price for q, price in zip(mix["quantity"], mix["unit_value"], strict=True)]
        system = system_of([values, mix["quantity"]], beta=float(band), equations=[[1, 1]])
        assert all(reaches(system, 0, sign * mix["quantity"][0] / 10, measure=1) for sign in (1, -1)) == protected
    singleton = json.loads((cases / "tauargus_singleton" / "expected.json").read_text())
    system = system_of([list(SINGLETON.values())], equations=SINGLETON_EQUATIONS)
    for place, (cell, truth) in enumerate(SINGLETON.items()):
        low, high = singleton["external_intervals"][cell]
        assert reaches(system, place, high - truth)
        assert not reaches(system, place, high - truth + 0.01)
        assert reaches(system, place, low - truth)
        assert singleton["insider_A2_intervals"][cell] == [truth, truth]
