"""The attacker's system of all layers of a month together: what suppression solves.

Own bounds of an increment (6 of `attacker`): it is at least 0 where no unit fell, else -(last published figure of its
cell, or what the earlier layer holds); at most the later layer's total; where the earlier cell is shown, public
knowledge of the later one holds for it too. Its unit value is bound where no unit fell. A firm's own figures bound it
from below only there; what a firm knows wholly does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from data_access.publishing.disclosure.attacker import (
    WHOLLY,
    Assumptions,
    Inside,
    System,
    inside_of,
    public_knowledge,
    scale_of,
    twin_bands,
    twin_pairs,
    unit_value_rows,
    unit_values,
)
from data_access.publishing.disclosure.costs import costs
from data_access.publishing.disclosure.holdings import MEASURES, Holdings
from data_access.publishing.disclosure.layered_unions import LayeredUnions
from data_access.publishing.disclosure.month import OTHER, Joint, Place, published_rows
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import UnitMap, unit_maps
from data_access.publishing.disclosure.suppress import Problem
from data_access.publishing.disclosure.tables import Tables, equations_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BEYOND: Final = 2.0
"""Where the total is not shown, no cell is taken to be more than this many times the total."""

Pricing = Callable[[Tables], Floats]


def joint_problem(joint: Joint, *, regime: Regime, pricing: Pricing, held: Bools, total: bool) -> Problem:
    """The problem of a joint system, to be suppressed.

    `pricing` gives what each cell of some tables costs; `held` are cells of the newest layer that are withheld whatever
    happens; `total` tells whether its total is shown.
    """
    maps = unit_maps(joint.holdings, joint.amounts, joint.record, joint.cell, cells=joint.cells)
    fell = _fell(joint, maps)
    constant = joint.constant()
    system = _system(joint, regime.assumptions, fell=fell, constant=constant, total=total)
    price, frozen = np.zeros(joint.cells), constant.copy()
    for place in joint.places:
        price[place.first : place.first + place.tables.cells] = pricing(place.tables)
    for group in joint.groups:
        price[group.cell] = price[list(group.children)].max()
    for link in joint.links:
        if link.increment >= 0:
            price[link.increment] = price[link.later]
    if total:
        frozen[joint.places[-1].cell[0]] = True
    return Problem(
        system=system,
        splits=joint.splits(constant),
        maps=maps,
        inside=_inside(joint, system, fell),
        rules=regime.rules,
        price=price,
        frozen=frozen,
        virtual=held | virtual_cells(joint),
        firms=joint.holdings.firms,
        occupied=np.bincount(joint.cell, minlength=joint.cells) > 0,
        signed=fell,
        search=LayeredUnions(joint),
        above=cells_above(joint),
    )


def cells_above(joint: Joint) -> tuple[tuple[int, ...], ...]:
    """By cell the cells of its layer that hold it."""
    pairs = [
        (one.parent + place.first, child + place.first)
        for place in joint.places
        for one in place.tables.splits
        for child in one.children
    ]
    pairs += [(group.cell, child) for group in joint.groups for child in group.children]
    parents: list[set[int]] = [set() for _ in range(joint.cells)]
    for parent, child in pairs:
        parents[child].add(parent)
    found: dict[int, set[int]] = {}

    def above(cell: int) -> set[int]:
        if cell not in found:
            found[cell] = parents[cell].union(*(above(parent) for parent in parents[cell]))
        return found[cell]

    return tuple(tuple(sorted(above(cell))) for cell in range(joint.cells))


def virtual_cells(joint: Joint) -> Bools:
    """Cells that are never shown from now on: what earlier layers withhold, `OTHER`, and increments."""
    found = ~joint.constant()
    newest = joint.places[-1]
    public = published_rows(newest.tables)
    found[newest.cell[: len(public)][public]] = False
    return found


def priced(sizes: Mapping[str, float], *, secret: bytes, year: int) -> Pricing:
    """What cells cost, see `costs`."""
    return lambda tables: costs(tables, sizes, secret=secret, year=year)


def _fell(joint: Joint, maps: tuple[UnitMap, ...]) -> Bools:
    """Measure x cell: whether the part of a unit, under any map, is negative."""
    found = np.zeros((MEASURES, joint.cells), bool)
    for one in maps:
        for measure in range(MEASURES):
            found[measure, one.cell[one.amount[measure] < 0]] = True
    return found


def _system(joint: Joint, assumptions: Assumptions, *, fell: Bools, constant: Bools, total: bool) -> System:
    scale = scale_of(joint.figures)
    figures = joint.figures / scale[:, None]
    public, beta = _known(joint, assumptions)
    down, up = _bounds(joint, figures, public, total=total)
    _bound_increments(joint, figures, public, fell, (down, up), total=total)
    for link in joint.links:
        if link.increment >= 0 and not fell[:, link.increment].any():
            beta[link.increment] = min(beta[link.increment], beta[link.later])
    rows, limits = unit_value_rows(figures, np.where(constant, np.inf, beta))
    if assumptions.twins is not None:
        pairs = np.concatenate([twin_pairs(place.tables, assumptions) + place.first for place in joint.places])
        pairs = pairs[~constant[pairs].all(axis=1)]
        twins, right = twin_bands(figures, pairs, assumptions.twins)
        rows, limits = csr_array(vstack([rows, twins])), np.concatenate([limits, right])
    return System(
        figures=figures,
        equations=equations_of(joint.splits(constant), joint.cells),
        down=np.maximum(down, 0.0),
        up=np.maximum(up, 0.0),
        bands=rows,
        limits=limits,
        scale=scale,
    )


def _known(joint: Joint, assumptions: Assumptions) -> tuple[Floats, Floats]:
    """ε and β of each cell, infinite for none and for increments."""
    public, beta = np.full(joint.cells, np.inf), np.full(joint.cells, np.inf)
    for place in joint.places:
        here = slice(place.first, place.first + place.tables.cells)
        public[here] = public_knowledge(place.tables, assumptions)
        beta[here] = unit_values(place.tables, assumptions)
    for group in joint.groups:
        if group.key.split("|")[1] == OTHER and assumptions.public_country is not None:
            public[group.cell] = assumptions.public_country
        beta[group.cell] = beta[list(group.children)].max()
    return public, beta


def total_of(place: Place, figures: Floats, *, total: bool) -> Floats:
    """What no cell of a layer is more than, in each measure; `total` tells whether the newest layer's is shown."""
    cell = int(place.cell[0])
    shown = total if place.open else bool(place.shown[cell - place.first])
    found: Floats = figures[:, cell] * (1.0 if shown else BEYOND)
    return found


def _bounds(joint: Joint, figures: Floats, public: Floats, *, total: bool) -> tuple[Floats, Floats]:
    """How far each cell but an increment may move."""
    down, up = figures.copy(), np.zeros_like(figures)
    for place in joint.places:
        here = slice(place.first, place.first + place.tables.cells)
        up[:, here] = total_of(place, figures, total=total)[:, None] - figures[:, here]
    for group in joint.groups:
        up[:, group.cell] = total_of(joint.places[group.place], figures, total=total) - figures[:, group.cell]
    room = figures * np.where(np.isfinite(public), public, 0.0)
    known = np.isfinite(public)
    return np.where(known, np.minimum(down, room), down), np.where(known, np.minimum(up, room), up)


def _bound_increments(
    joint: Joint, figures: Floats, public: Floats, fell: Bools, bounds: tuple[Floats, Floats], *, total: bool
) -> None:
    """Fills in how far each increment may move."""
    down, up = bounds
    first = joint.first_increment
    down[:, first:], up[:, first:] = np.inf, np.inf
    published = last_published(joint)
    constant = joint.constant()
    for link in joint.links:
        cell = link.increment
        if cell < 0:
            continue
        truth, held = figures[:, cell], figures[:, link.earlier]
        last = published.get((link.key, link.pair[0]), -1)
        least = held if last < 0 else np.where(-truth <= figures[:, last], figures[:, last], held)
        down[:, cell] = np.minimum(down[:, cell], truth + np.where(fell[:, cell], least, 0.0))
        most = total_of(joint.places[link.pair[1]], figures, total=total)
        up[:, cell] = np.minimum(up[:, cell], most - truth)
        if constant[link.earlier] and np.isfinite(public[link.later]):
            room = public[link.later] * figures[:, link.later]
            down[:, cell], up[:, cell] = np.minimum(down[:, cell], room), np.minimum(up[:, cell], room)


def last_published(joint: Joint) -> dict[tuple[str, int], int]:
    """By key and place the cell that shows the key last, in that place or an earlier one."""
    found: dict[tuple[str, int], int] = {}
    seen: dict[str, int] = {}
    for number, place in enumerate(joint.places[:-1]):
        for key, cell in place.cell_of().items():
            local = cell - place.first
            if local < place.tables.cells and place.shown[local]:
                seen[key] = cell
        found |= {(key, number): cell for key, cell in seen.items()}
    return found


def _inside(joint: Joint, system: System, fell: Bools) -> tuple[Inside, ...]:
    """What each firm knows of each cell, in each measure."""
    record, cell, firm = known_cells(joint.holdings, joint.record, joint.cell, joint.amounts.shape[1])
    base = max(joint.holdings.firms, 1)
    key, where = np.unique(cell * base + firm, return_inverse=True)
    of_cell, of_firm = key // base, key % base
    found = []
    for measure, amounts in enumerate(joint.amounts / system.scale[:, None]):
        figures = system.figures[measure]
        known = np.bincount(where, amounts[record], minlength=len(key)).astype(np.float64)
        seen = np.bincount(where, np.abs(amounts[record]), minlength=len(key))
        gross = np.bincount(joint.cell, np.abs(amounts[joint.record]), minlength=joint.cells)[of_cell]
        wholly = gross - seen <= WHOLLY * gross
        bound = wholly | (~fell[measure, of_cell] & (known < figures[of_cell]))
        known = np.where(wholly, figures[of_cell], known)
        found.append(inside_of(figures, of_cell[bound], of_firm[bound], known[bound], joint.holdings.firms))
    return tuple(found)


def known_cells(holdings: Holdings, record: Ints, cell: Ints, records: int) -> tuple[Ints, Ints, Ints]:
    """Records, cells and firms: the firm knows the record, which is in the cell."""
    order = np.argsort(record, kind="stable")
    start = np.searchsorted(record[order], np.arange(records + 1))
    length = (start[1:] - start[:-1])[holdings.known_record]
    entry = np.repeat(np.arange(len(length)), length)
    offset = np.arange(len(entry)) - np.repeat(np.cumsum(length) - length, length)
    row = order[start[holdings.known_record][entry] + offset]
    return record[row], cell[row], holdings.known_firm[entry]
