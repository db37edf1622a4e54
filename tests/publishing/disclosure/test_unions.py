"""Unions of withheld cells that published cells give away: all that linear algebra finds on small tables are found."""

from __future__ import annotations

import numpy as np
import pytest
from abstract import SHAPES, Abstract, abstract, many
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_rules import Record
from scipy.linalg import null_space

from data_access.publishing.disclosure import unions
from data_access.publishing.disclosure.tables import Split
from data_access.publishing.disclosure.unions import cells_of, given_away, mask_of

Content = frozenset[str]


def found_in(one: Abstract, withheld: set[str]) -> set[Content]:
    """What each set that the engine finds holds."""
    found = given_away(one.problem.splits, np.isin(one.names, sorted(withheld)))
    assert found.complete
    return {frozenset().union(*(one.holds[one.names[cell]] for cell in cells_of(mask))) for mask in found.sets}


def test_cells_of_a_union_come_back() -> None:
    assert cells_of(mask_of([5, 1, 64])) == (1, 5, 64)


def test_withheld_children_of_a_shown_parent_are_given_away() -> None:
    withheld = np.array([False, True, True, False])
    assert given_away((Split(0, (1, 2, 3)),), withheld).sets == {mask_of([1, 2])}
    assert not given_away((Split(0, (1, 2, 3)),), np.array([False, True, False, False])).sets
    assert not given_away((Split(0, (1, 2, 3)),), np.array([True, True, True, False])).sets


def test_withheld_parents_are_replaced_by_their_children() -> None:
    splits = (Split(0, (1, 2), 0), Split(1, (3, 4, 5), 1), Split(2, (6, 7), 1))
    withheld = np.array([False, True, True, True, True, False, True, True])
    found = given_away(splits, withheld).sets
    assert {mask_of([1, 2]), mask_of([2, 3, 4]), mask_of([3, 4, 6, 7])} <= found


def test_what_is_left_of_a_set_after_another_is_given_away() -> None:
    splits = (Split(0, (1, 2, 3, 4), 0), Split(5, (1, 2), 1))
    withheld = np.array([False, True, True, True, True, False])
    assert mask_of([3, 4]) in given_away(splits, withheld).sets


def test_what_is_left_of_replaced_parents_after_a_set_of_their_children_is_given_away() -> None:
    names = {"T": ("P", "Q"), "P": ("a", "b"), "Q": ("c", "d"), "K": ("a", "c")}
    number = {name: place for place, name in enumerate([*names, *"abcd"])}
    levels = {"T": 0, "P": 1, "Q": 1, "K": 1}
    splits = [Split(number[name], tuple(number[child] for child in of), levels[name]) for name, of in names.items()]
    withheld = np.array([name not in "TK" for name in number])
    assert mask_of(number[name] for name in "bd") in given_away(splits, withheld).sets


def test_what_is_left_of_rows_after_a_column_is_given_away() -> None:
    """The column crosses both rows, so that it lies within neither."""
    names = {"r0": ["a", "b"], "r1": ["c", "d", "e"], "k0": ["a", "c"]}
    number = {name: place for place, name in enumerate([*names, *"abcde"])}
    splits = tuple(
        Split(number[parent], tuple(map(number.get, of)), level) for level, (parent, of) in enumerate(names.items())
    )
    rows = tuple(Split(split.parent, split.children, 0) for split in splits[:2])
    withheld = np.array([name in "abcde" for name in number])
    assert mask_of(number[name] for name in "bde") in given_away((*rows, splits[2]), withheld).sets


def test_a_search_that_does_not_come_to_its_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unions, "LIMIT", 3)
    splits = (
        Split(0, (1, 2, 3), 0),
        *(Split(parent, (3 * parent + 1, 3 * parent + 2, 3 * parent + 3), 1) for parent in (1, 2, 3)),
    )
    withheld = np.array([cell % 3 != 0 or cell == 3 for cell in range(13)])
    assert not given_away(splits, withheld).complete


def test_a_month_whose_unions_were_not_all_looked_at_is_not_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    one = abstract([("T", ["a", "b", "c"])], [Record("a", "u", 50.0), *many("b", 90), *many("c", 90)])
    assert one.protect().sound
    monkeypatch.setattr(unions, "LIMIT", 0)
    assert not one.protect().sound


@st.composite
def patterns(draw: st.DrawFn) -> tuple[Abstract, set[str]]:
    """A small table and which of its cells are withheld, none of which the shown ones determine."""
    equations, places = SHAPES[draw(st.sampled_from(sorted(SHAPES)))](draw(st.integers(2, 3)), draw(st.integers(2, 3)))
    one = abstract(equations, [Record(place, place, 1.0) for place in places], places=places)
    names = [name for name in one.names if name != "T"]
    chosen = draw(st.lists(st.sampled_from(names), min_size=4, max_size=13, unique=True))
    return one, _undetermined(one, set(chosen))


def _undetermined(one: Abstract, withheld: set[str]) -> set[str]:
    while True:
        cells = [one.cell(name) for name in sorted(withheld)]
        free = null_space(one.problem.system.equations.toarray()[:, cells])
        moving = np.abs(free).max(axis=1, initial=0.0) > 1e-9
        if moving.all():
            return withheld
        withheld = {name for name, moves in zip(sorted(withheld), moving, strict=True) if moves}


def _made_up(content: Content, parts: set[Content]) -> bool:
    """Whether disjoint parts make this up."""
    if not content:
        return True
    first = min(content)
    return any(first in part and part <= content and _made_up(content - part, parts) for part in parts)


@settings(max_examples=80)
@given(patterns())
def test_every_union_is_found_or_made_up_of_such_and_of_shown_cells(case: tuple[Abstract, set[str]]) -> None:
    one, withheld = case
    assume(len(withheld) > 1)
    shown = {frozenset(one.holds[name]) for name in one.names if name not in withheld}
    found = found_in(one, withheld)
    missed = [sorted(union) for union in one.unions(withheld) if not _made_up(union, found | shown)]
    assert missed == []


@settings(max_examples=30)
@given(patterns())
def test_nothing_else_is_taken_for_a_union(case: tuple[Abstract, set[str]]) -> None:
    one, withheld = case
    assume(len(withheld) > 1)
    true = one.unions(withheld)
    assert found_in(one, withheld) <= true
