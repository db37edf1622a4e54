"""Complementary suppression of small problems: what joins, and that what is shown withstands the tests' own judge."""

from __future__ import annotations

import numpy as np
from abstract import SHAPES, Abstract, abstract, alone, many
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_rules import Record, is_unsafe

from data_access.publishing.disclosure.rules import Rules
from data_access.publishing.disclosure.suppress import suppress

SAFE = 170.0


def total_of(*records: Record, prices: dict[str, float] | None = None, **known: object) -> Abstract:
    """Cells whose total is shown; the prices of withholding are 1 where not given."""
    cells = sorted({record.cell for record in records})
    return abstract([("T", cells)], list(records), price=prices, **known)


def test_safe_cells_are_all_shown() -> None:
    assert total_of(*many("a", SAFE), *many("b", SAFE)).withheld() == set()


def test_a_withheld_cell_is_never_alone() -> None:
    one = total_of(alone("a", 100), *many("b", SAFE), *many("c", SAFE), prices={"b": 2})
    assert one.withheld() == {"a", "c"}
    assert one.breaches({"a"})


def test_what_costs_least_joins_whatever_its_size() -> None:
    for b, c in ((SAFE, SAFE * 20), (SAFE * 20, SAFE)):
        for prices, cheap in (({"b": 0.1}, "b"), ({"c": 0.1}, "c")):
            assert total_of(alone("a", 100), *many("b", b), *many("c", c), prices=prices).withheld() == {"a", cheap}


def test_an_empty_cell_is_no_complement() -> None:
    records = [alone("a", 100), *many("b", SAFE), *many("c", SAFE)]
    one = abstract([("T", ["a", "b", "c", "empty"])], records, price={"empty": 1e-6, "b": 0.1})
    assert one.named(suppress(one.problem, cleanup=0).withheld) == {"a", "b"}
    assert one.breaches({"a", "empty"})


def test_a_cell_that_nets_to_zero_is_not_empty() -> None:
    one = total_of(Record("a", "x", 5.0), Record("a", "y", -5.0), *many("b", SAFE), *many("c", SAFE))
    assert "a" in one.named(one.protect().unsafe)
    assert one.protect().withheld[one.cell("a")]


def test_cells_of_zeros_do_not_protect_each_other() -> None:
    zeros = [alone(cell, 0.0, 0.0) for cell in ("zero 1", "zero 2")]
    one = total_of(alone("a", 100), *many("b", SAFE), *zeros, prices={"zero 1": 0.01})
    assert one.withheld() == {"a", "b", "zero 1", "zero 2"}


def test_a_cell_with_figures_of_one_measure_only_is_protected_in_it() -> None:
    weightless = [Record("a", f"u{i}", 50.0, 0.0) for i in range(2)]
    one = total_of(*weightless, *many("b", SAFE), *many("c", SAFE), beta=0.1, prices={"b": 0.1})
    assert one.withheld() == {"a", "b"}
    assert one.breaches({"a", "b"}) == []


def test_a_cell_unsafe_in_quantity_alone_is_withheld_in_value_too() -> None:
    records = [Record("a", f"u{i}", 50.0, kilograms) for i, kilograms in enumerate((90.0, 4.0, 3.0, 1.0))]
    one = total_of(*records, *many("b", SAFE), *many("c", SAFE), prices={"b": 0.1})
    assert one.withheld() == {"a", "b"}


UNION = [
    *(Record("a", unit, value) for unit, value in (("giant", 880), ("x", 25))),
    *(Record("b", unit, value) for unit, value in (("giant", 410), ("y", 30))),
    *many("c", 90, units=3),
    *many("d", 800, units=3),
]
"""Cells a and b fail; a and b together do, and with c; with d they do not."""


def test_a_union_dominated_by_one_enterprise_is_withheld_with_more() -> None:
    one = total_of(*UNION, prices={"c": 0.5})
    assert is_unsafe(one.plain, {"a", "b"})
    assert is_unsafe(one.plain, {"a", "b", "c"})
    assert one.withheld() == {"a", "b", "d"}, "c joined in vain and is shown again"
    assert any(breach.startswith("the union") for breach in one.breaches({"a", "b", "c"}))


def test_a_union_that_only_a_complement_shown_again_would_give_away_is_looked_at() -> None:
    """Clean-up finds that a and b protect each other without c; together they would then be given away."""
    one = total_of(*UNION, *many("e", 900, units=3), prices={"a": 1e6, "b": 1e6, "d": 0.5, "e": 0.6})
    assert one.named(suppress(one.problem, cleanup=0).withheld) == {"a", "b", "d"}
    withheld = one.withheld()
    assert withheld is not None
    assert one.breaches(withheld) == []


def test_a_union_behind_withheld_parents_is_found() -> None:
    """G and H are withheld, so that a + b and c + d are not given away; all four are, by the published rest."""
    records = [Record(cell, "giant", value) for cell, value in (("a", 31), ("b", 27), ("c", 19), ("d", 12))]
    records += [Record(cell, f"{cell} small", 1.0) for cell in "abcd"]
    records += [*many("p", 40), *many("q", 45), *many("other", 260)]
    equations = [("T", ["G", "H", "other"]), ("G", ["a", "b", "p"]), ("H", ["c", "d", "q"])]
    one = abstract(equations, records, price={"other": 50})
    assert "the union of ['a', 'b', 'c', 'd']" in one.breaches({"a", "b", "c", "d", "G", "H"})
    withheld = one.withheld()
    assert withheld is not None
    assert one.breaches(withheld) == []


def _withstood(one: Abstract) -> set[str]:
    """What the engine withholds, once the judge has found nothing too close."""
    withheld = one.withheld()
    assert withheld is not None
    assert one.breaches(withheld) == []
    return withheld


def test_tables_that_are_safe_alone_are_judged_together() -> None:
    """By county k, l, m are three unknowns of one sum; the size classes give l + m away, and so k."""
    records = [*many("a", 3, units=2), *many("b", 3, units=2), *many("i", 9, units=9)]
    records += [*many("k", 4, units=3), *many("l", 4, units=3), *many("m", 4, units=3), *many("n", 8, units=8)]
    equations = [("T", ["west", "east"]), ("T", ["large", "small"]), ("west", ["a", "b", "i"])]
    equations += [("east", ["k", "l", "m", "n"]), ("large", ["l", "m"]), ("small", ["a", "b", "i", "k", "n"])]
    one = abstract(equations, records, rules=Rules(p=10, n_min=4))
    assert {breach.split(",")[0] for breach in one.breaches({"a", "b", "k", "l", "m"})} == {"k"}
    assert one.breaches({"a", "b", "k", "l", "m", "n"}) == []
    assert _withstood(one) > {"a", "b", "k", "l", "m"}


def test_a_published_twin_leaves_no_room() -> None:
    """Metal of x is cast there but for a little, so that its cell by cast bounds its cell by origin."""
    places = {"w abroad": ("w", "cast abroad"), "x at home": ("x", "cast in x"), "y abroad": ("y", "cast abroad")}
    places |= {"y in x": ("y", "cast in x")}
    records = [Record("w abroad", "one", 95.0), *many("x at home", 70), *many("y abroad", 88), *many("y in x", 0.5)]
    equations = [("T", ["w", "x", "y"]), ("T", ["cast in x", "cast abroad"])]
    known = {"places": places, "price": {"y": 9}}
    assert abstract(equations, records, **known).breaches({"w", "x"}) == []
    one = abstract(equations, records, twins=[("x", "cast in x", 0.05)], **known)
    assert one.breaches({"w", "x"})
    assert _withstood(one) > {"w"}


WEEKS = [
    ("T", ["c", "others"]),
    ("first", ["c first", "others first"]),
    ("c", ["c first", "c added"]),
    ("others", ["others first", "others added"]),
]
"""A country's figure of a first week and of the next."""


def test_a_refresh_that_shows_what_one_firm_added_is_not_published() -> None:
    records = [*many("c first", 150), alone("c added", 64), *many("others first", 310), *many("others added", 190)]
    shown, changes = ["first", "c first", "others first"], ["c added", "others added"]
    one = abstract(WEEKS, records, frozen=shown, virtual=changes)
    assert any(breach.startswith("c added") for breach in one.breaches(set(changes)))
    assert _withstood(one) == {*changes, "c", "others"}


def test_a_refresh_does_not_bound_what_was_withheld_before() -> None:
    """Nothing was added to b, so that its later figure is at least its earlier one: a was at least the rest."""
    equations = [("T", ["a", "b", "others"]), ("first", ["a1", "b1"]), ("a", ["a1", "a2"]), ("b", ["b1", "b2"])]
    equations += [("others", ["others1", "others2"])]
    records = [alone("a1", 31), *many("b1", 29), *many("a2", 44), *many("others1", 88), *many("others2", 37)]
    changes = {"a2", "b2", "others2"}
    one = abstract(equations, records, frozen=["first", "others1"], virtual=[*changes])
    assert any(breach.startswith("a1") for breach in one.breaches({"a1", "b1", *changes}))
    assert _withstood(one) >= {"a", "b"}


def test_months_of_a_year_to_date_are_linked() -> None:
    one = abstract([("T", ["m1", "m2", "m3"])], [alone("m1", 12), *many("m2", 21), *many("m3", 33)])
    assert one.breaches({"m1"})
    assert len(_withstood(one)) == 2


def test_one_firm_a_cell_leaves_no_way_to_publish_the_total() -> None:
    one = total_of(alone("a", 760, 97), alone("b", 45, 10), alone("c", 65, 22), beta=0.05)
    assert one.breaches({"a", "b", "c"})
    assert one.withheld() is None


def test_two_cells_of_one_firm_each_tell_each_other() -> None:
    assert total_of(alone("a", 100), alone("b", 80)).withheld() is None


def test_a_firm_that_is_alone_in_one_cell_does_not_learn_the_other() -> None:
    one = total_of(alone("a", 100), alone("b", 80), *many("c", SAFE), beta=0.25, epsilon=0.5)
    assert one.withheld() == {"a", "b", "c"}
    assert one.breaches({"a", "b"})


def test_public_knowledge_of_the_complement_calls_for_more() -> None:
    records = [alone("a", 1000), *many("b", SAFE), *many("c", SAFE * 20)]
    for epsilon, joins in ((np.inf, "b"), (0.15, "c")):
        one = total_of(*records, epsilon=epsilon, prices={"b": 0.01})
        assert one.withheld() == {"a", joins}
    assert one.breaches({"a", "b"})


def test_complements_of_another_price_do_not_help() -> None:
    """Value and quantity must move together: what a dear cell loses in value, a cheap one cannot take."""
    dear, cheap = 8.0, 2.6
    records = [
        alone("a", 100 * dear, 100),
        *many("b", 170 * cheap, quantity=170),
        *many("c", 170 * dear, quantity=170),
    ]
    for beta, joins in ((np.inf, "b"), (0.02, "c")):
        one = total_of(*records, beta=beta, prices={"b": 0.01})
        assert one.withheld() == {"a", joins}
    assert one.breaches({"a", "b"})


def test_a_cell_of_two_filers_is_withheld_whatever_its_importers() -> None:
    filed = [Record("a", f"u{i}", 50.0, filer=f"f{i % 2}") for i in range(8)]
    one = total_of(*filed, *many("b", SAFE * 4), *many("c", SAFE), prices={"b": 0.1})
    assert one.withheld() == {"a", "b"}
    assert one.breaches({"a", "b"}) == []


def test_a_filer_is_one_unit_in_all_the_cells_of_its_clients() -> None:
    """No importer is in two cells, their filer is: what is left over of a total is its clients' alone."""
    records = [Record(cell, f"{cell}.{i}", 60.0, filer="broker") for cell in "ab" for i in range(6)]
    records += [*many("a", 9), *many("b", 8), *many("c", 60), *many("d", 700)]
    one = total_of(*records, prices={"c": 0.1})
    assert one.named(one.protect().unsafe) == {"a", "b"}
    assert one.withheld() == {"a", "b", "d"}
    importers = total_of(*(record._replace(filer=None) for record in records))
    assert importers.withheld() == set()


def test_the_total_is_shown_unless_it_is_unsafe() -> None:
    one = total_of(alone("a", 100), *many("b", 5, units=2))
    assert one.protect().withheld.all()


def test_an_empty_period_has_nothing_to_withhold() -> None:
    nothing = np.zeros(0, np.int64)
    one = total_of(alone("a", 0.0), alone("b", 0.0))
    protection = suppress(one.problem)
    assert protection.sound
    assert protection.withheld.all()
    assert len(protection.moves) == len(nothing)


def test_the_rules_may_ask_for_dominance_too() -> None:
    records = [*(Record("a", f"u{i}", value) for i, value in enumerate((50, 40, 8, 6))), *many("b", SAFE)]
    assert total_of(*records, rules=Rules(p=10, n_min=3)).withheld() == set()
    one = total_of(*records, rules=Rules(p=10, n_min=3, n=2, k=80))
    assert one.withheld() == {"a", "b"}
    assert one.breaches({"a", "b"}) == []


@st.composite
def problems(draw: st.DrawFn) -> Abstract:
    """Hierarchies of up to 19 cells, up to 10 importers of very different size, brokers, sellers, zeros."""
    equations, places = SHAPES[draw(st.sampled_from(sorted(SHAPES)))](draw(st.integers(2, 3)), draw(st.integers(2, 3)))
    importers = st.integers(0, 9)
    amounts = st.one_of(st.integers(0, 30), st.integers(100, 900))
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(places)),
                importers,
                amounts,
                st.sampled_from([1.5, 2.0, 5.0]),
                st.sampled_from([None, None, "broker 1", "broker 2", "u0"]),
                st.one_of(st.none(), importers),
            ),
            min_size=8,
            max_size=36,
        )
    )
    records = [
        Record(
            place,
            f"u{firm}",
            float(value * (firm + 1)),
            value * (firm + 1) / price,
            filer,
            () if other is None else (f"u{other}",),
        )
        for place, firm, value, price, filer, other in rows
    ]
    epsilon, beta = draw(st.sampled_from([(np.inf, np.inf), (0.5, np.inf), (np.inf, 0.25), (0.5, 0.5)]))
    first = {name for name in {n for _, children in equations for n in children} if len(name) == 2 and name[0] == "r"}
    return abstract(equations, records, places=places, epsilon=dict.fromkeys(first, epsilon), beta=beta)


@settings(max_examples=15)
@given(problems())
def test_whatever_is_published_withstands_the_judge(one: Abstract) -> None:
    withheld = one.withheld()
    assume(withheld is not None and len(withheld) < 13)
    assert one.breaches(withheld) == []


@settings(max_examples=25)
@given(problems(), st.integers(0, 100))
def test_a_complement_shown_again_leaves_goals_open(one: Abstract, which: int) -> None:
    """No table of the proof moves what is shown; without those that move the complement, some goal is open."""
    protection = one.protect()
    complements = np.flatnonzero(protection.withheld & ~protection.unsafe)
    assume(protection.sound and len(complements))
    shown = complements[which % len(complements)]
    lost = (protection.moves[:, :, shown] != 0).any(axis=1)
    assert lost[protection.witness[protection.witness >= 0]].any()


@settings(max_examples=12)
@given(problems())
def test_no_complement_is_withheld_in_vain(one: Abstract) -> None:
    protection = one.protect()
    withheld = one.named(protection.withheld)
    complements = np.flatnonzero(protection.withheld & ~protection.unsafe)
    assume(protection.sound and len(complements) and len(withheld) < 13)
    dearest = one.names[int(complements[0])]
    assert next(one.leaks(withheld - {dearest}, slack=-1e-4), None), f"{dearest} could be shown"


@settings(max_examples=20)
@given(problems())
def test_the_proof_holds_by_arithmetic(one: Abstract) -> None:
    protection = one.protect()
    moves = protection.moves * one.problem.system.scale[:, None]
    withheld, puzzle = protection.withheld, one.puzzle(one.named(protection.withheld))
    off = 1e-8 * one.truth.max(axis=1, initial=1.0)
    assert not moves[:, :, ~withheld].any()
    for parent, children in one.equations:
        assert (np.abs(moves[:, :, children].sum(axis=2) - moves[:, :, parent]) <= off).all()
    assert (one.truth + moves >= puzzle.low - off[:, None]).all()
    assert (one.truth + moves <= puzzle.high + off[:, None]).all()
    for cell in np.flatnonzero(np.isfinite(one.beta) & (one.truth > 0).all(axis=0)):
        price = one.truth[0, cell] / one.truth[1, cell]
        value, quantity = (one.truth[:, cell] + moves[:, :, cell]).T
        assert (np.abs(value - price * quantity) <= one.beta[cell] * price * quantity + 4 * off[0]).all()


@settings(max_examples=10)
@given(problems())
def test_the_same_problem_gets_the_same_pattern(one: Abstract) -> None:
    first, second = one.protect(), one.protect()
    assert np.array_equal(first.withheld, second.withheld)
    assert np.array_equal(first.moves, second.moves)
