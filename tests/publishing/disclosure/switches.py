"""The suppressor with one constraint of the attacker's system switched off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from small import ASSUMED, Small

from data_access.publishing.disclosure.attacker import TOTAL, Assumptions, Inside
from data_access.publishing.disclosure.suppress import Problem

COUNTRIES = replace(ASSUMED, public_country=0.12, public_group_country=None, unit_value_unwrought=None, twins=None)
"""Countries are known well, and little else is."""

PRICES = replace(ASSUMED, unit_value_unwrought=0.06, unit_value_others=0.06, twins=None)
"""Unit values are known well."""

ASSUMED_FOR = {"public knowledge of countries": COUNTRIES, "unit values": PRICES}
"""What is assumed beside the constraint where it would not matter under the usual assumptions."""


def _without(base: Assumptions = ASSUMED, **fields: None) -> Callable[[Small], Problem]:
    return lambda small: small.problem(replace(base, **fields))


def _no_own_figures(small: Small) -> Problem:
    nothing, none = np.zeros(0, np.int64), np.zeros(0)
    problem = small.problem()
    start = np.zeros(problem.system.cells + 1, np.int64)
    blind = Inside(nothing, nothing, none, start, nothing, np.zeros(problem.firms + 1, np.int64))
    return replace(problem, inside=(blind, blind))


def _known_wholly_may_rise(small: Small) -> Problem:
    problem = small.problem()
    inside = tuple(replace(one, unknown=np.maximum(one.unknown, 1e-12)) for one in problem.inside)
    return replace(problem, inside=inside)


def _no_equations_of(*dimensions: str) -> Callable[[Small], Problem]:
    """Without the equations whose children are broken down by these; of products where none is named."""

    def problem(small: Small) -> Problem:
        full = small.problem()
        levels = small.levels
        kept = [i for i, split in enumerate(full.splits) if not _among(levels[split.level].dimensions, dimensions)]
        equations = csr_array(full.system.equations[kept])
        return replace(
            full, system=replace(full.system, equations=equations), splits=tuple(full.splits[i] for i in kept)
        )

    return problem


def _among(of_level: tuple[str, ...], dimensions: tuple[str, ...]) -> bool:
    return bool(set(of_level) & set(dimensions)) if dimensions else not of_level


def _below_zero(small: Small) -> Problem:
    full = small.problem()
    free = np.isclose(full.system.down, full.system.figures)
    return replace(full, system=replace(full.system, down=np.where(free, TOTAL, full.system.down)))


def _no_unions(small: Small) -> Problem:
    return replace(small.problem(), splits=(), search=None)


def _importers_only(small: Small) -> Problem:
    full = small.problem()
    return replace(full, maps=full.maps[:1])


def _outsider_only(small: Small) -> Problem:
    """Levels of the outsider for all, as if no firm knew anything of a cell."""
    full = small.problem()
    nothing = np.zeros(0, np.int64)
    maps = tuple(
        replace(one, known_cell=nothing, known_firm=nothing, known_unit=nothing, known=np.zeros((2, 0)))
        for one in full.maps
    )
    return replace(full, maps=maps)


SWITCHES: dict[str, Callable[[Small], Problem]] = {
    "equations of products": _no_equations_of(),
    "equations of origin": _no_equations_of("origin"),
    "equations of smelt": _no_equations_of("smelt"),
    "equations of cast": _no_equations_of("cast"),
    "nothing below zero": _below_zero,
    "unit values": _without(PRICES, unit_value_unwrought=None, unit_value_others=None),
    "public knowledge of groups": _without(public_group=None),
    "public knowledge of countries": _without(COUNTRIES, public_country=None),
    "public knowledge of groups by country": _without(public_group_country=None),
    "twins": _without(twins=None),
    "own figures": _no_own_figures,
    "what is known wholly does not move": _known_wholly_may_rise,
    "levels of firms inside": _outsider_only,
    "unions": _no_unions,
    "filers as units": _importers_only,
}

MONTHS = {
    "equations of products": (5, 60),
    "equations of origin": (2, 60),
    "equations of smelt": (2, 60),
    "equations of cast": (6, 90),
    "nothing below zero": (177, 90),
    "unit values": (19, 60),
    "public knowledge of groups": (26, 60),
    "public knowledge of countries": (178, 90),
    "public knowledge of groups by country": (32, 60),
    "twins": (5, 60),
    "own figures": (13, 90),
    "what is known wholly does not move": (53, 60),
    "levels of firms inside": (120, 60),
    "unions": (3, 90),
    "filers as units": (7, 90),
}
"""Small months (seed, records) in which a constraint matters."""
