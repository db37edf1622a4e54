"""The attacker's one system: what each of its constraints, and all of them together, rule out."""

from __future__ import annotations

import highspy
import numpy as np
import pytest
from abstract import Abstract, abstract, alone, many
from plain_rules import Record
from scipy.sparse import csr_array

from data_access.publishing.disclosure import program
from data_access.publishing.disclosure.attacker import DOWN, TOTAL, UP, capped, inside_of, twin_bands
from data_access.publishing.disclosure.pool import follow
from data_access.publishing.disclosure.program import OUTSIDER, Goal, Program, holds


def reaches(one: Abstract, cell: str, move: float, *, firm: str | None = None, measure: int = 0) -> bool:
    """Whether a withheld cell may lie `move` (absolute, signed) from the truth, for the outsider or a firm."""
    withheld = np.array([name != "T" for name in one.names])
    problem = one.problem
    solver = Program(problem.system, problem.inside, price=problem.price, withheld=withheld, frozen=~withheld)
    direction = UP if move > 0 else DOWN
    goal = Goal((one.cell(cell),), measure, direction, one.cell(cell))
    attackers = OUTSIDER if firm is None else np.array([1 + one.plain.firms.index(firm)])
    return solver.solve(goal, abs(move) / problem.system.scale[measure], attackers=attackers) is not None


def rest(**shown: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Equations of withheld cells whose sums are published as T."""
    return [("T", cells) for cells in shown.values()]


COMBINED = [alone(cell, q * price, q) for cell, q, price in (("a", 97.5, 7788), ("b", 10.5, 4338), ("c", 22.5, 2902))]
"""One firm a cell, the totals published."""


@pytest.mark.parametrize(
    ("beta", "firm", "protected"),
    [(np.inf, None, True), (np.inf, "only of b", True), (0.05, None, True), (0.05, "only of b", False)],
)
def test_a_firm_and_prices_together_bound_what_withstands_either(
    beta: float, firm: str | None, protected: bool
) -> None:
    one = abstract([("T", ["a", "b", "c"])], COMBINED, beta=beta)
    moves = [reaches(one, "a", sign * 9.75, firm=firm, measure=1) for sign in (1, -1)]
    assert all(moves) == protected


@pytest.mark.parametrize(("beta", "protected"), [(0.02, False), (0.05, False), (0.1, True), (0.25, True)])
def test_two_cells_of_different_prices_are_bounded_by_them(beta: float, protected: bool) -> None:
    one = abstract([("T", ["a", "b"])], [alone("a", 65 * 8000, 65), alone("b", 45 * 2600, 45)], beta=beta)
    assert all(reaches(one, "a", sign * 6.5, measure=1) for sign in (1, -1)) == protected


def square(a2: float, a4: float, b2: float, b4: float) -> Abstract:
    """Rows A and B, columns 2 and 4: all four withheld, their sums published."""
    values = {"A2": a2, "A4": a4, "B2": b2, "B4": b4}
    margins = {"A": a2 + a4, "B": b2 + b4, "2": a2 + b2, "4": a4 + b4}
    equations = [("T", ["A", "B"]), ("T", ["2", "4"])]
    equations += [(m, [name for name in values if m in name]) for m in margins]
    return abstract(equations, [alone(name, value) for name, value in values.items()], frozen=list(margins))


def reaches_in(one: Abstract, cell: str, move: float, firm: str | None = None) -> bool:
    withheld = ~one.problem.frozen
    problem = one.problem
    solver = Program(problem.system, problem.inside, price=problem.price, withheld=withheld, frozen=~withheld)
    goal = Goal((one.cell(cell),), 0, UP if move > 0 else DOWN, one.cell(cell))
    attackers = OUTSIDER if firm is None else np.array([1 + one.plain.firms.index(firm)])
    return solver.solve(goal, abs(move) / problem.system.scale[0], attackers=attackers) is not None


def test_the_only_firm_of_a_neighboring_cell_recovers_the_other() -> None:
    one = square(15, 17, 18, 8)
    assert reaches_in(one, "A4", 1.7)
    assert reaches_in(one, "A4", -1.7)
    assert not reaches_in(one, "A4", 0.01, firm="only of A2")
    assert not reaches_in(one, "A4", -0.01, firm="only of A2")


@pytest.mark.parametrize(("move", "possible"), [(2.0, True), (2.1, False), (-1.0, True), (-1.1, False)])
def test_intervals_of_a_square(move: float, possible: bool) -> None:
    assert reaches_in(square(4, 3, 2, 1), "A2", move) == possible


def test_a_cell_of_zero_has_no_room_by_what_is_known_of_it() -> None:
    records = [*many("a", 10), *many("b", 5), alone("c", 0.0), alone("d", 0.0)]
    one = abstract([("T", ["a", "b", "c", "d"])], records, epsilon=0.3)
    assert not one.problem.system.up[:, [one.cell("c"), one.cell("d")]].any()
    assert not reaches(one, "c", 0.001)


@pytest.mark.parametrize(("epsilon", "up", "down"), [(np.inf, 30.0, -60.0), (0.02, 2.0, -2.0)])
def test_public_statistics_bound_the_origins_and_so_their_parts(epsilon: float, up: float, down: float) -> None:
    values = {"o1": 60.0, "o2": 40.0, "p1": 30.0, "p2": 70.0}
    equations = [("T", ["o", "p"]), ("T", ["1", "2"])]
    equations += [(m, [name for name in values if m in name]) for m in "op12"]
    records = [record for name, value in values.items() for record in many(name, value)]
    one = abstract(equations, records, epsilon={"o": epsilon, "p": epsilon}, frozen=["1", "2", "o2", "p2"])
    for move in (up, down):
        assert reaches_in(one, "o1", move)
        assert not reaches_in(one, "o1", move * 1.01)


def test_what_is_published_does_not_move() -> None:
    one = abstract([("T", ["a", "b", "c"])], [*many("a", 50), *many("b", 30), *many("c", 20)], frozen=["b", "c"])
    assert not reaches_in(one, "a", 1)
    moves = Program(
        one.problem.system, one.problem.inside, price=one.problem.price,
        withheld=np.zeros(4, bool), frozen=np.array([name in "Tc" for name in one.names]),
    ).solve(Goal((one.cell("a"),), 0, UP, one.cell("a")), 100.0)  # fmt: skip
    assert moves is not None
    assert not moves.reshape(2, -1)[:, [one.cell("T"), one.cell("c")]].any()


def test_twins_stay_together() -> None:
    figures = np.array([[100.0, 103.0], [50.0, 80.0]])
    rows, limits = twin_bands(figures, np.array([[0, 1]]), 0.05)
    assert rows.shape[0] == 2, "quantities are not within 5 % of each other, so that nobody knows them to be"
    for origin, twin, possible in ((100, 105, True), (100, 105.1, False), (100, 94.9, False), (110, 105, True)):
        moves = np.array([origin - 100.0, twin - 103.0, 0, 0])
        assert bool((rows @ moves <= limits + 1e-9).all()) == possible


def test_tables_are_checked_by_arithmetic() -> None:
    one = abstract([("T", ["a", "b"])], [*many("a", 60), *many("b", 40)], beta=0.1, epsilon={"a": 0.2})
    system, scale = one.problem.system, one.problem.system.scale[0]
    names = [one.cell("a"), one.cell("b")]

    def table(*moves: float) -> np.ndarray:
        both = np.zeros((2, len(one.names)))
        both[0, names], both[1, names] = np.array(moves[:2]) / scale, np.array(moves[2:]) / scale
        return both.ravel()

    assert holds(system, table(5, -5, 5, -5))
    assert not holds(system, table(5, -4.9, 5, -5)), "does not add up"
    assert not holds(system, table(13, -13, 13, -13)), "more than is publicly known"
    assert not holds(system, table(8, -8, 0, 0)), "another unit value"


def test_tables_add_up_whatever_the_sizes() -> None:
    draw = np.random.default_rng(3)
    sizes = np.round(np.exp(draw.normal(10, 3, 40)) + 1)
    names = [f"c{i}" for i in range(40)]
    records = [Record(name, f"u{i}", size, size / 3) for i, (name, size) in enumerate(zip(names, sizes, strict=True))]
    one = abstract([("T", names)], records, beta=0.25, epsilon=0.15)
    for name, size in zip(names, sizes, strict=True):
        if size < sizes.sum() / 3:
            assert reaches(one, name, 0.05 * size)


@pytest.mark.parametrize("status", ["kInfeasible", "kUnknown", "kTimeLimit", "kSolveError", "kUnbounded"])
def test_any_state_of_the_solver_but_optimal_is_no_proof(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    one = abstract([("T", ["a", "b", "c"])], [*many("a", 50), *many("b", 30), *many("c", 20)])
    assert reaches(one, "a", 1.0)

    class Unsure(program._Highs):
        def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802 - the solver's name
            return getattr(highspy.HighsModelStatus, status)

    monkeypatch.setattr(program, "_Highs", Unsure)
    assert not reaches(one, "a", 1.0)


def test_a_table_that_does_not_hold_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    one = abstract([("T", ["a", "b", "c"])], [*many("a", 50), *many("b", 30), *many("c", 20)])
    monkeypatch.setattr(program, "holds", lambda system, moves: False)
    assert not reaches(one, "a", 1.0)


def test_a_question_leaves_no_trace_in_the_program() -> None:
    one = abstract([("T", ["a", "b", "c"])], [alone("a", 50), *many("b", 30), *many("c", 20)])
    problem, frozen = one.problem, one.problem.frozen
    asked = Program(problem.system, problem.inside, price=problem.price, withheld=~frozen, frozen=frozen)
    fresh = Program(problem.system, problem.inside, price=problem.price, withheld=~frozen, frozen=frozen)
    goal = Goal((one.cell("b"),), 0, UP, one.cell("b"))
    insider = np.array([1 + one.plain.firms.index("only of a")])
    assert asked.solve(goal, TOTAL, attackers=insider) is None
    assert asked.solve(Goal((one.cell("a"), one.cell("c")), 1, DOWN, 9), 100.0) is not None
    assert np.array_equal(asked.solve(goal, 50.0), fresh.solve(goal, 50.0))


def test_a_firm_follows_a_table_until_a_cell_falls_below_its_own_figures() -> None:
    inside = inside_of(
        np.array([100.0, 50.0, 20.0]), np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([90, 50, 1]), 2
    )
    assert inside.unknown.tolist() == [10, 0, 19]
    far = [
        follow(np.array([moves]), (inside,), 3)[1] for moves in ([-20.0, 0, 20], [-5, 0, 5], [20, 0, -9], [0, 1, -1])
    ]
    assert far == [0.5, 1.0, 1.0, 0.0]
    assert follow(np.array([[-20.0, 0, 20]]), (inside,), 3).tolist() == [1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("needed", "left", "room", "direction", "level"),
    [(9.3, 100, 10.0, UP, 9.3), (9.31, 100, 10.0, UP, 9.3), (9.31, 5, 10.0, UP, 9.3), (9.31, 5, 10.0, DOWN, 4.65)],
)
def test_levels_are_capped_at_a_cells_own_bounds(
    needed: float, left: float, room: float, direction: int, level: float
) -> None:
    assert capped(np.array([needed]), np.array([left]), room, direction) == pytest.approx([level])


def test_the_system_allows_for_no_negative_figure() -> None:
    assert isinstance(abstract([("T", ["a", "b"])], [alone("a", 1), alone("b", 2)]).problem.system.equations, csr_array)
