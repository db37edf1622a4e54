"""The attacker's system: everything that is known of the withheld cells of a period, as one set of linear constraints.

A *table* is an alternative to the truth, given by its moves: measure x cell, 0 where it agrees. An attacker cannot tell
it from the truth if it satisfies, all together:

1. the additive equations (published cells do not move);
2. 0 <= x <= the total;
3. unit values: value within (1 ± β)·π·quantity, π the cell's true unit value;
4. public knowledge: x within ±ε of the truth;
5. twins: of unwrought metal, smelt and cast lie within τ of origin where that is true;
6. history: an earlier layer's cells are cells of this system, see `layers`;
7. a firm's own figures as lower bounds; what it knows wholly does not move.

1, 3 and 5 are rows, the others bounds of single cells. The truth is always a solution and the set of solutions is
convex, so every table may be scaled back towards the truth. Figures are scaled so that the total is `TOTAL` in each
measure; `System.scale` tells what one is in US$ and kg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack

from data_access.publishing.disclosure.holdings import MEASURES, QUANTITY, VALUE
from data_access.publishing.disclosure.rules import Levels
from data_access.publishing.disclosure.tables import ALL, Depth, Level, Tables

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOTAL = 1e4
"""What the total is scaled to: cells then lie where a solver's absolute tolerances suit them."""

CAP = 0.93
"""Levels are at most this part of a cell's own bounds: nobody can be left more in the dark than those allow."""

WHOLLY = 1e-7
"""A firm that knows all but this part of a cell knows it wholly."""

UP, DOWN = 0, 1
SIGNS = (1.0, -1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What attackers are taken to know, as fractions of the truth; None where that is not assumed.

    `unit_value_*` is β of cells of unwrought metal and of all others; `public_*` is ε of the total, groups and HTS6, of
    a country of origin, and of a group's or HTS6's country of origin; `twins` is τ.
    """

    unit_value_unwrought: float | None = 0.10
    unit_value_others: float | None = 0.25
    public_group: float | None = 0.05
    public_country: float | None = 0.15
    public_group_country: float | None = 0.30
    twins: float | None = 0.05
    unwrought: str = "unwrought"


@dataclass(frozen=True, slots=True)
class System:
    """The outsider's system.

    `figures`, `down` and `up` (how far each may move) are measure x cell; a table y satisfies `equations` · y = 0 in
    each measure and `bands` · (y_value, y_quantity) <= `limits`. `scale` is one of these figures in US$, kg.
    """

    figures: Floats
    equations: csr_array
    down: Floats
    up: Floats
    bands: csr_array
    limits: Floats
    scale: Floats

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.figures.shape[1])


def scale_of(figures: Floats) -> Floats:
    """US$ and kg that `TOTAL` stands for, over `TOTAL`; the largest cell is the total."""
    scale: Floats = np.maximum(np.abs(figures).max(axis=1, initial=0.0), 1.0) / TOTAL
    return scale


def _per_cell(tables: Tables, of_row: Floats) -> Floats:
    """The tightest of the rows of each cell."""
    found = np.full(tables.cells, np.inf)
    np.minimum.at(found, tables.rows["cell"].to_numpy(), of_row)
    return found


def public_knowledge(tables: Tables, assumptions: Assumptions) -> Floats:
    """ε of each cell, infinite for none: public statistics tell origin by product."""
    by_level = np.array([_public(level, assumptions) for level in tables.levels])
    return _per_cell(tables, by_level[tables.rows["level"].to_numpy()])


def _public(level: Level, assumptions: Assumptions) -> float:
    match level.dimensions, level.depth:
        case (), _:
            found = assumptions.public_group
        case ("origin",), Depth.TOTAL:
            found = assumptions.public_country
        case ("origin",), _:
            found = assumptions.public_group_country
        case _:
            found = None
    return np.inf if found is None else found


def unit_values(tables: Tables, assumptions: Assumptions) -> Floats:
    """β of each cell, infinite for none."""
    unwrought = unwrought_rows(tables, assumptions)
    beta = np.where(
        unwrought,
        np.inf if assumptions.unit_value_unwrought is None else assumptions.unit_value_unwrought,
        np.inf if assumptions.unit_value_others is None else assumptions.unit_value_others,
    )
    return _per_cell(tables, beta.astype(np.float64))


def unwrought_rows(tables: Tables, assumptions: Assumptions) -> Bools:
    """Rows of unwrought metal: the group, and the HTS6 in it."""
    inside = {assumptions.unwrought} | set(tables.group_of_hts6[tables.group_of_hts6 == assumptions.unwrought].index)
    found: Bools = tables.rows["product"].isin(inside).to_numpy()
    return found


def unit_value_rows(figures: Floats, beta: Floats) -> tuple[csr_array, Floats]:
    """Unit values as rows over (value moves, quantity moves): row · y <= limit; none where a figure is 0.

    With v = V + y_v, q = Q + y_q and π = V/Q, v <= (1 + β)·π·q is y_v - (1 + β)·π·y_q <= β·V.
    """
    cells = figures.shape[1]
    banded = np.flatnonzero(np.isfinite(beta) & (figures > 0).all(axis=0))
    value, quantity, width = figures[VALUE, banded], figures[QUANTITY, banded], beta[banded]
    blocks = [
        _pairs(banded, cells, sign * np.ones(len(banded)), -(sign + width) * value / quantity) for sign in (1.0, -1.0)
    ]
    return csr_array(vstack(blocks)), np.concatenate([width * value, width * value])


def _pairs(cell: Ints, cells: int, of_value: Floats, of_quantity: Floats) -> csr_array:
    row = np.arange(len(cell))
    entries = (np.concatenate([of_value, of_quantity]), (np.r_[row, row], np.r_[cell, cells + cell]))
    return csr_array(coo_array(entries, shape=(len(cell), MEASURES * cells)))


def twin_pairs(tables: Tables, assumptions: Assumptions) -> Ints:
    """Cells (origin, twin) of unwrought metal by origin and by smelt or cast, of one country; pair x 2."""
    rows = tables.rows[tables.rows["product"] == assumptions.unwrought]
    places = {
        name: rows[(rows[list(_others(name))] == ALL).all(axis=1) & (rows[name] != ALL)].set_index(name)["cell"]
        for name in ("origin", "smelt", "cast")
    }
    pairs = [
        places["origin"].to_frame("origin").join(places[name].rename("twin"), how="inner") for name in ("smelt", "cast")
    ]
    return np.concatenate([pair.to_numpy(np.int64).reshape(-1, 2) for pair in pairs])


def _others(name: str) -> tuple[str, ...]:
    return tuple(other for other in ("origin", "smelt", "smelt2", "cast") if other != name)


def twin_bands(figures: Floats, pairs: Ints, tau: float) -> tuple[csr_array, Floats]:
    """Twins as rows: |t' - o'| <= τ·o' in each measure in which it is true of t and o.

    With moves, ±(y_t - y_o) - τ·y_o <= τ·o ∓ (t - o).
    """
    cells = figures.shape[1]
    rows, limits = [csr_array((0, MEASURES * cells))], [np.zeros(0)]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    for measure in range(MEASURES):
        origin, twin = figures[measure][pairs.T]
        true = (np.abs(twin - origin) <= tau * origin) & (origin > 0)
        for sign in (1.0, -1.0):
            rows.append(_twin_rows(pairs[true] + measure * cells, MEASURES * cells, sign, tau))
            limits.append(tau * origin[true] - sign * (twin - origin)[true])
    return csr_array(vstack(rows)), np.maximum(np.concatenate(limits), 0.0)


def _twin_rows(pairs: Ints, columns: int, sign: float, tau: float) -> csr_array:
    row = np.arange(len(pairs))
    factors = np.concatenate([np.full(len(pairs), -sign - tau), np.full(len(pairs), sign)])
    return csr_array(coo_array((factors, (np.r_[row, row], pairs.T.ravel())), shape=(len(pairs), columns)))


@dataclass(frozen=True, slots=True)
class Inside:
    """What firms know of cells by their own records, in one measure; entry i is firm `firm[i]` in cell `cell[i]`.

    Sorted by cell, then firm; `unknown` is what is left of the cell, exactly 0 where the firm knows it wholly.
    """

    cell: Ints
    firm: Ints
    unknown: Floats
    by_cell: Ints
    """Entries of cell c: `by_cell[c]` to `by_cell[c + 1]`."""
    by_firm: Ints
    """Positions of entries sorted by firm; those of firm f: `firm_start[f]` to `firm_start[f + 1]`."""
    firm_start: Ints


def inside_of(figures: Floats, cell: Ints, firm: Ints, known: Floats, firms: int) -> Inside:
    """Knowledge of one measure: `figures` of all cells and what each firm knows, scaled alike."""
    left = np.maximum(figures[cell] - known, 0.0)
    unknown = np.where(left <= WHOLLY * np.abs(figures[cell]), 0.0, left)
    order = np.argsort(firm, kind="stable")
    return Inside(
        cell=cell,
        firm=firm,
        unknown=unknown,
        by_cell=np.searchsorted(cell, np.arange(len(figures) + 1)).astype(np.int64),
        by_firm=order,
        firm_start=np.searchsorted(firm[order], np.arange(firms + 1)).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be possible for whom: the levels of targets, which are cells or unions of cells.

    Attacker 0 is the outsider, attacker 1 + f is firm f.
    """

    levels: tuple[Levels, ...]
    attackers: int

    def of(self, measure: int, target: int) -> Floats:
        """The level of each attacker at a target, not capped."""
        one = self.levels[measure]
        needed = np.full(self.attackers, one.outsider[target])
        entries = slice(*np.searchsorted(one.cell, [target, target + 1]))
        needed[1 + one.firm[entries]] = one.level[entries]
        return needed

    def left(self, measure: int, target: int, figure: float) -> Floats:
        """What is left of a target's figure for each attacker after what it knows."""
        one = self.levels[measure]
        left: Floats = np.full(self.attackers, figure)
        entries = slice(*np.searchsorted(one.cell, [target, target + 1]))
        left[1 + one.firm[entries]] -= one.known[entries]
        return left.clip(min=0.0)


def scaled_levels(levels: Sequence[Levels], scale: Floats) -> tuple[Levels, ...]:
    """Levels in the system's figures."""
    return tuple(
        Levels(
            unsafe=one.unsafe,
            outsider=one.outsider / scale[m],
            cell=one.cell,
            firm=one.firm,
            known=one.known / scale[m],
            level=one.level / scale[m],
        )
        for m, one in enumerate(levels)
    )


def capped(needed: Floats, left: Floats, room: float, direction: int) -> Floats:
    """Levels capped at `CAP` of a target's own bounds: its room and, downward, what each attacker does not know."""
    bound = np.minimum(room, left) if direction == DOWN else np.full_like(left, room)
    return np.minimum(needed, CAP * bound)
