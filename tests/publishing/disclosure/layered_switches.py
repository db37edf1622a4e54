"""Layers solved with one constraint of history switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from data_access.publishing.disclosure import layers as engine
from data_access.publishing.disclosure.attacker import TOTAL, Inside
from data_access.publishing.disclosure.layered_unions import LayeredUnions
from data_access.publishing.disclosure.month import Joint
from data_access.publishing.disclosure.rules import UnitMap
from data_access.publishing.disclosure.suppress import Problem

Change = Callable[[Joint, Problem], Problem]


def _only(maps: tuple[UnitMap, ...], kept: np.ndarray) -> tuple[UnitMap, ...]:
    """Unit maps of these cells alone."""
    return tuple(
        replace(
            one,
            cell=one.cell[kept[one.cell]],
            unit=one.unit[kept[one.cell]],
            amount=one.amount[:, kept[one.cell]],
            known_cell=one.known_cell[kept[one.known_cell]],
            known_firm=one.known_firm[kept[one.known_cell]],
            known_unit=one.known_unit[kept[one.known_cell]],
            known=one.known[:, kept[one.known_cell]],
        )
        for one in maps
    )


def _forget_withheld(joint: Joint, problem: Problem) -> Problem:
    """What earlier layers withheld is no target."""
    kept = np.arange(joint.cells) >= joint.places[-1].first
    return replace(problem, maps=_only(problem.maps, kept))


def _changes_are_no_cells(joint: Joint, problem: Problem) -> Problem:
    """The rules do not hold for increments."""
    kept = np.arange(joint.cells) < joint.first_increment
    return replace(problem, maps=_only(problem.maps, kept))


def _changes_may_be_negative(joint: Joint, problem: Problem) -> Problem:
    """Nobody is taken to know that no unit fell, so that own parts are no bound either."""
    down = problem.system.down.copy()
    down[:, joint.first_increment :] = TOTAL
    return replace(_own_changes_unknown(joint, problem), system=replace(problem.system, down=down))


def _own_changes_unknown(joint: Joint, problem: Problem) -> Problem:
    """Firms do not know their own part of increments."""
    inside = tuple(_before(one, joint.first_increment) for one in problem.inside)
    return replace(problem, inside=inside)


def _before(inside: Inside, cell: int) -> Inside:
    kept = inside.cell < cell
    of_cell, firm, unknown = inside.cell[kept], inside.firm[kept], inside.unknown[kept]
    order = np.argsort(firm, kind="stable")
    return Inside(
        cell=of_cell,
        firm=firm,
        unknown=unknown,
        by_cell=np.searchsorted(of_cell, np.arange(len(inside.by_cell))),
        by_firm=order,
        firm_start=np.searchsorted(firm[order], np.arange(len(inside.firm_start))),
    )


def _unions_within_layers(joint: Joint, problem: Problem) -> Problem:
    """Unions are looked for in each layer alone."""
    search = LayeredUnions(joint)
    search.pairs = []
    return replace(problem, search=search)


def _no_links(joint: Joint) -> Joint:
    return replace(joint, links=())


CHANGES: dict[str, Change] = {
    "what was withheld stays a target": _forget_withheld,
    "rules on changes": _changes_are_no_cells,
    "nothing is less where no unit fell": _changes_may_be_negative,
    "own part of changes": _own_changes_unknown,
    "unions over layers": _unions_within_layers,
}
LINKS = "a layer is the one before and what was added"


@contextmanager
def switched_off(constraint: str) -> Iterator[None]:
    """Layers are solved without this constraint."""
    of_joint, of_problem = engine.joint_of, engine.joint_problem

    def joint_of(*args: Any, **named: Any) -> Joint:
        joint = of_joint(*args, **named)
        return _no_links(joint) if constraint == LINKS else joint

    def joint_problem(joint: Joint, **named: Any) -> Problem:
        problem = of_problem(joint, **named)
        return CHANGES[constraint](joint, problem) if constraint in CHANGES else problem

    with patch.object(engine, "joint_of", joint_of), patch.object(engine, "joint_problem", joint_problem):
        yield
