"""The certificate of a month: its alternative tables, and which of them serves whom; checked by arithmetic alone.

Whoever checks takes nothing from it on trust: cells, equations, links between layers, bounds, unit values, twins,
levels, what firms know and unions are rebuilt here from the layers' rows, the records and the product tree, without the
code that withheld. The certificate stays with the confidential inputs, salted; a release carries its hash.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from data_access.contracts import Status
from data_access.publishing.disclosure.holdings import MEASURES, QUANTITY, VALUE
from data_access.publishing.disclosure.layered_unions import LayeredUnions
from data_access.publishing.disclosure.month import (
    LISTED_DIMENSIONS,
    OTHER,
    Joint,
    Kind,
    Layer,
    Link,
    Place,
    joint_of,
    layer_tables,
    published_rows,
    row_keys,
    shows,
)
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import all_levels, unit_maps, unsafe_cells
from data_access.publishing.disclosure.tables import ALL, DIMENSIONS, Depth, Level, Tables
from data_access.publishing.disclosure.unions import doubtful_ranges, union_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SALT_BYTES: Final = 32
OFF: Final = 1e-10
"""How far an equation, bound or band may be off, relative to the total: a few cents where that is a billion US$."""
SERVED: Final = 1 - 1e-4
"""A table serves an attacker if it moves the target by this part of the level."""
CAP: Final = 0.93
"""Levels are at most this part of a cell's own bounds."""
WHOLLY: Final = 1e-7
"""A firm that knows all but this part of a cell knows it wholly."""
BEYOND: Final = 2.0
"""Where a layer's total is not shown, no cell is taken to be more than this many times the total."""
BLOCK, TABLES = 20_000, 200
"""Moves and tables looked at at once."""
GOAL: Final = 3
"""Numbers of a goal: cell, measure, direction."""
WORDS: Final = (("value", "kg"), ("up", "down"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate's content.

    `keys` name the cells, `firms` (one id each) the attackers after the outsider; `moves` is table x measure x cell in
    US$ and kg; `goals` are (cell, measure, direction) with direction 0 up and 1 down; `witness` is goal x attacker,
    attacker 0 the outsider and 1 + f firm f: the table that serves, or -1 where nothing is needed.
    """

    keys: tuple[str, ...]
    firms: tuple[str, ...]
    moves: Floats
    goals: tuple[tuple[int, int, int], ...]
    witness: Ints


def pack(
    *,
    keys: Sequence[str],
    firms: Sequence[str],
    moves: Floats,
    goals: Sequence[tuple[int, int, int]],
    witness: NDArray[np.int32],
) -> bytes:
    """A certificate as it is kept; see `Proof` for what it holds."""
    table, measure, cell = np.nonzero(moves)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        salt=np.frombuffer(secrets.token_bytes(SALT_BYTES), np.uint8),
        keys=np.array(list(keys), np.str_),
        firms=np.array(list(firms), np.str_),
        shape=np.array(moves.shape),
        place=np.stack([table, measure, cell]).astype(np.int32),
        amount=moves[table, measure, cell],
        goals=np.array(goals, np.int32).reshape(-1, GOAL),
        witness=witness.astype(np.int16 if len(moves) < np.iinfo(np.int16).max else np.int32),
    )
    return buffer.getvalue()


def read_certificate(certificate: bytes) -> Proof:
    """What a certificate holds. Raises ValueError where it cannot be read."""
    try:
        with np.load(io.BytesIO(certificate), allow_pickle=False) as file:
            shape = tuple(int(length) for length in file["shape"].tolist())
            table, measure, cell = file["place"].astype(np.int64)
            amount = file["amount"].astype(np.float64)
            goals = file["goals"].astype(np.int64).reshape(-1, GOAL)
            witness = file["witness"].astype(np.int64)
            keys, firms = (tuple(str(name) for name in file[column].tolist()) for column in ("keys", "firms"))
    except Exception as error:  # whatever a broken archive makes its readers raise
        raise ValueError(f"the certificate cannot be read: {error}") from error
    places = (table, measure, cell)
    fits = len(shape) == GOAL and shape[1:] == (MEASURES, len(keys)) and 0 <= shape[0] <= max(len(amount), 1)
    if not fits or any((p < 0).any() or (p >= n).any() for p, n in zip(places, shape, strict=True)):
        raise ValueError("the certificate cannot be read: its tables have another shape than its cells")
    if not np.isfinite(amount).all() or witness.shape != (len(goals), 1 + len(firms)):
        raise ValueError("the certificate cannot be read: it lacks goals, firms or figures")
    moves = np.zeros(shape)
    moves[places] = amount
    return Proof(
        keys=keys, firms=firms, moves=moves, goals=tuple((c, m, d) for c, m, d in goals.tolist()), witness=witness
    )


def verify_layers(
    layers: Sequence[Layer],
    certificate: bytes,
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
) -> list[str]:
    """What is wrong with a month's layers or their certificate; an empty list if nothing is.

    The problems name cells: they are for the staff side only.
    """
    try:
        proof = read_certificate(certificate)
        told = [number for number, layer in enumerate(layers) if shows(layer)]
        found: list[str] = []
        for number, layer in enumerate(layers):
            if number not in told:
                found += _untold(number, layer, tree=tree, listed=listed, regime=regime)
        if not told:
            return found
        seen = layers[: told[-1] + 1]
        joint = joint_of(seen, tree=tree, numbers=numbers, listed=listed, regime=regime, constants=True)
        for place in joint.places:
            found += _release(place.number, layers[place.number], place.tables)
        return found or _Check(joint, seen, listed=listed, regime=regime).problems(proof)
    except Exception as error:  # what cannot be checked is not proven
        return [f"the layers cannot be checked: {error}"]


def _untold(number: int, layer: Layer, *, tree: pd.DataFrame, listed: frozenset[str], regime: Regime) -> Iterator[str]:
    """What is wrong with the rows of a layer that shows nothing."""
    if len(layer.licenses):
        tables = layer_tables(layer.licenses, layer.kind, tree=tree, listed=listed, levels=regime.levels)
        yield from _release(number, layer, tables)
    elif len(layer.rows):
        yield f"layer {number} has rows without records"


def _release(number: int, layer: Layer, tables: Tables) -> Iterator[str]:
    """Where a layer's rows are not what the records say."""
    public = published_rows(tables)
    keys = np.array(tables.keys(), object)[public]
    cell = tables.rows["cell"].to_numpy()[public]
    there = pd.Series(np.arange(len(layer.rows)), index=row_keys(layer.rows))
    if there.index.has_duplicates or len(there) != len(keys) or not set(keys) <= set(there.index):
        yield f"layer {number} has other rows than the records make"
        return
    rows = layer.rows.iloc[there[keys]]
    shown = (rows["status"] == Status.PUBLISHED).to_numpy()
    if not rows["status"].isin([Status.PUBLISHED, Status.WITHHELD]).all():
        yield f"layer {number} has a status that no layer knows"
    for measure, column in ((VALUE, "value"), (QUANTITY, "kg")):
        figure = rows[column].to_numpy(np.float64, na_value=np.nan)
        wrong = np.where(shown, figure != tables.figures[measure, cell], ~np.isnan(figure))
        yield from (f"layer {number}, {key}: its {column} is not what the records say" for key in keys[wrong])
    withheld = np.zeros(tables.cells, bool)
    withheld[cell[~shown]] = True
    yield from (f"layer {number}, {key}: shown, the same as a withheld cell" for key in keys[withheld[cell] & shown])


class _Check:
    """The joint system of a month as rebuilt from rows and records; the newest layer's pattern is the one it shows."""

    def __init__(self, joint: Joint, layers: Sequence[Layer], *, listed: frozenset[str], regime: Regime) -> None:
        newest = layers[-1]
        self.joint, self.known, self.rules, self.listed = joint, regime.assumptions, regime.rules, listed
        self.figures = joint.figures
        self.maps = unit_maps(joint.holdings, joint.amounts, joint.record, joint.cell, cells=joint.cells)
        self.levels = all_levels(self.maps, regime.rules)
        self.constant = joint.constant()
        self.shown = self.constant.copy()
        told = dict(zip(row_keys(newest.rows), newest.rows["status"] == Status.PUBLISHED, strict=True))
        for key, cell in joint.places[-1].cell_of().items():
            self.shown[cell] |= bool(told.get(key, False))
        self.total = np.maximum(np.abs(self.figures).max(axis=1, initial=0.0), 1.0)
        self.off = OFF * self.total
        self.fell = self._fell()
        self.public = self._public()
        self.bounds = self._bounds()

    def problems(self, proof: Proof) -> list[str]:
        """All that is wrong."""
        place = {name: cell for cell, name in enumerate(self.joint.names)}
        if (
            len(place) != self.joint.cells
            or len(set(proof.keys)) != len(proof.keys)
            or not set(proof.keys) <= set(place)
        ):
            return ["the certificate is not about these cells"]
        cell = np.array([place[name] for name in proof.keys], np.int64)
        moves = np.zeros((len(proof.moves), *self.figures.shape))
        moves[:, :, cell] = proof.moves
        goals = {
            (int(cell[number]), measure, direction): row
            for row, (number, measure, direction) in enumerate(proof.goals)
            if 0 <= number < len(cell)
        }
        equations = self._equations()
        found = [] if self._adds_up(equations) else ["the layers do not add up"]
        found += self._tables(moves, equations)
        found += self._targets(moves, goals, proof.witness[:, self._columns(proof)])
        return found + self._unions()

    def _adds_up(self, equations: csr_array) -> bool:
        return bool(np.abs(equations @ self.figures.T).max(initial=0.0) == 0)

    def _columns(self, proof: Proof) -> Ints:
        """Where the witnesses of the outsider and each firm are; of firms that are not named, the outsider's."""
        place = {name: 1 + number for number, name in enumerate(proof.firms)}
        return np.array([0, *(place.get(name, 0) for name in self.joint.ids)], np.int64)

    def _fell(self) -> Bools:
        """Measure x cell: whether a unit's part is negative under any map."""
        found = np.zeros(self.figures.shape, bool)
        for one in self.maps:
            for measure in range(MEASURES):
                found[measure] |= np.bincount(one.cell, one.amount[measure] < 0, minlength=self.joint.cells) > 0
        return found

    def _public(self) -> Floats:
        """ε of each cell, infinite for none."""
        found = np.full(self.joint.cells, np.inf)
        for place in self.joint.places:
            for key, cell in place.cell_of().items():
                known = self._public_of(key, place)
                if known is not None:
                    found[cell] = min(found[cell], known)
        return found

    def _public_of(self, key: str, place: Place) -> float | None:
        product, origin, *others = key.split("|")
        if set(others) != {ALL}:
            return None
        if origin == ALL:
            return self.known.public_group
        total = product == place.keys[0].split("|")[0]
        return self.known.public_country if total else self.known.public_group_country

    def _bounds(self) -> tuple[Floats, Floats]:
        """How far each cell may move up and down by its own bounds; measure x cell."""
        figures, joint = self.figures, self.joint
        up, down = np.zeros_like(figures), figures.copy()
        most = [self._most(place) for place in joint.places]
        for place, total in zip(joint.places, most, strict=True):
            cells = np.unique(place.cell)
            up[:, cells] = np.minimum(total[:, None], self._least_above(place)[:, cells]) - figures[:, cells]
        known = np.isfinite(self.public)
        room = figures[:, known] * self.public[known]
        up[:, known], down[:, known] = np.minimum(up[:, known], room), np.minimum(down[:, known], room)
        first = joint.first_increment
        up[:, first:], down[:, first:] = np.inf, np.inf
        last = self._last_published()
        for link in joint.links:
            cell = link.increment
            for measure in range(MEASURES) if cell >= 0 else ():
                least, limit = self._of_increment(link, measure, last)
                change, top = float(figures[measure, cell]), float(most[link.pair[1]][measure])
                up[measure, cell] = min(up[measure, cell], top - change, limit)
                down[measure, cell] = min(down[measure, cell], change - least, limit)
        return np.maximum(up, 0.0), np.maximum(down, 0.0)

    def _least_above(self, place: Place) -> Floats:
        """The smallest figure shown that each cell of a layer is part of; measure x cell, infinite for none."""
        pairs = np.array([(parent, child) for parent, parts in _sums_of(place, self.listed) for child in parts])
        least = np.full_like(self.figures, np.inf)
        parent, child = pairs.reshape(-1, 2).T
        for measure, figures in enumerate(np.where(self.shown, self.figures, np.inf)):
            while True:
                before = least[measure].copy()
                np.minimum.at(least[measure], child, np.minimum(figures[parent], before[parent]))
                if np.array_equal(before, least[measure]):
                    break
        return least

    def _most(self, place: Place) -> Floats:
        total = int(place.cell[0])
        return np.asarray(self.figures[:, total] * (1.0 if self.shown[total] else BEYOND))

    def _of_increment(self, link: Link, measure: int, last: Mapping[tuple[str, int], int]) -> tuple[float, float]:
        """Least value of an increment, and how far public knowledge of the later figure lets it move."""
        change, before = self.figures[measure, link.increment], self.figures[measure, link.earlier]
        shown = last.get((link.key, link.pair[0]))
        least = 0.0
        if self.fell[measure, link.increment]:
            least = (
                -before if shown is None or change < -self.figures[measure, shown] else -self.figures[measure, shown]
            )
        limit = np.inf
        if self.constant[link.earlier] and np.isfinite(self.public[link.later]):
            limit = self.public[link.later] * self.figures[measure, link.later]
        return float(least), float(limit)

    def _last_published(self) -> dict[tuple[str, int], int]:
        """By key and place the cell that last showed the key."""
        found: dict[tuple[str, int], int] = {}
        seen: dict[str, int] = {}
        for number, place in enumerate(self.joint.places[:-1]):
            seen |= {key: cell for key, cell in place.cell_of().items() if self.constant[cell]}
            found |= {(key, number): cell for key, cell in seen.items()}
        return found

    def _tables(self, moves: Floats, equations: csr_array) -> list[str]:
        """Tables that an outsider could tell from the truth."""
        up, down = self.bounds
        off = self.off[:, None]
        checks = {
            "moves a published cell": (moves[:, :, self.shown] != 0).any(axis=(1, 2)),
            "breaks a bound": ((moves > up + off) | (moves < -down - off)).any(axis=(1, 2)),
            "breaks an equation": self._unbalanced(moves, equations),
            "breaks a unit value": self._unpriced(moves),
            "parts twins": self._parted(moves),
        }
        return [f"table {table} {what}" for what, wrong in checks.items() for table in np.flatnonzero(wrong)]

    def _unbalanced(self, moves: Floats, equations: csr_array) -> Bools:
        """Tables in which some row is not the sum of its rows at a finer level, or of its layer and what was added."""
        wrong = np.zeros(len(moves), bool)
        for first in range(0, len(moves), TABLES):
            part = slice(first, first + TABLES)
            for measure in range(MEASURES):
                off = equations @ moves[part, measure].T
                wrong[part] |= (np.abs(off) > self.off[measure]).any(axis=0)
        return wrong

    def _equations(self) -> csr_array:
        """Equation x cell: of each layer from its row keys, and the links between layers."""
        found = [one for place in self.joint.places for one in _sums_of(place, self.listed)]
        for link in self.joint.links:
            found.append((link.later, [link.earlier] + ([link.increment] if link.increment >= 0 else [])))
        row = np.repeat(np.arange(len(found)), [1 + len(parts) for _, parts in found])
        column = [cell for parent, parts in found for cell in (parent, *parts)]
        factor = [value for _, parts in found for value in (-1.0, *[1.0] * len(parts))]
        return csr_array(coo_array((factor, (row, column)), shape=(len(found), self.joint.cells)))

    def _unpriced(self, moves: Floats) -> Bools:
        """Tables in which a cell's value leaves (1 ± β)·π·quantity."""
        wrong = np.zeros(len(moves), bool)
        beta = self._beta()
        cell = np.flatnonzero(np.isfinite(beta) & (self.figures > 0).all(axis=0) & ~self.constant)
        beta = beta[cell]
        price = self.figures[VALUE, cell] / self.figures[QUANTITY, cell]
        value, quantity = (self.figures[m, cell] + moves[:, m, cell] for m in (VALUE, QUANTITY))
        off = OFF * self.total[VALUE] * (1 + beta)
        wrong |= (value > (1 + beta) * price * quantity + off).any(axis=1)
        wrong |= (value < (1 - beta) * price * quantity - off).any(axis=1)
        return wrong

    def _beta(self) -> Floats:
        """β of each cell; of increments only where no unit fell."""
        known, found = self.known, np.full(self.joint.cells, np.inf)
        for place in self.joint.places:
            group = place.tables.group_of_hts6
            inside = {known.unwrought, *group[group == known.unwrought].index}
            for key, cell in place.cell_of().items():
                beta = known.unit_value_unwrought if key.split("|")[0] in inside else known.unit_value_others
                found[cell] = min(found[cell], np.inf if beta is None else beta)
        for link in self.joint.links:
            if link.increment >= 0 and not self.fell[:, link.increment].any():
                found[link.increment] = min(found[link.increment], found[link.later])
        return found

    def _parted(self, moves: Floats) -> Bools:
        """Tables in which smelt or cast of unwrought metal leaves τ of origin where the truth does not."""
        wrong = np.zeros(len(moves), bool)
        tau = self.known.twins
        for place in self.joint.places if tau is not None else ():
            cell_of = place.cell_of()
            for key, origin in cell_of.items():
                product, country, *others = key.split("|")
                if product != self.known.unwrought or country in (ALL, OTHER) or set(others) != {ALL}:
                    continue
                for twin_key in (f"{product}|all|{country}|all|all", f"{product}|all|all|all|{country}"):
                    twin = cell_of.get(twin_key)
                    if twin is not None and twin != origin and not (self.constant[twin] and self.constant[origin]):
                        wrong |= self._apart(moves, origin, twin, float(tau or 0.0))
        return wrong

    def _apart(self, moves: Floats, origin: int, twin: int, tau: float) -> Bools:
        wrong = np.zeros(len(moves), bool)
        for measure in range(MEASURES):
            truth = self.figures[measure]
            if truth[origin] > 0 and abs(truth[twin] - truth[origin]) <= tau * truth[origin]:
                one, other = truth[origin] + moves[:, measure, origin], truth[twin] + moves[:, measure, twin]
                wrong |= np.abs(other - one) > tau * one + self.off[measure]
        return wrong

    def _targets(self, moves: Floats, goals: Mapping[tuple[int, int, int], int], witness: Ints) -> list[str]:
        """Unsafe cells that are shown, or that some attacker comes too close to."""
        unsafe, known = unsafe_cells(self.levels), self.shown.copy()
        for link in self.joint.links:
            if link.increment >= 0 and self.shown[link.earlier] and self.shown[link.later]:
                known[link.increment] = True
        found = [f"{self.joint.names[cell]}: unsafe, yet shown" for cell in np.flatnonzero(unsafe & known)]
        far = self._followed(moves)
        for cell in np.flatnonzero(unsafe & ~known).tolist():
            for measure, direction in np.ndindex(MEASURES, 2):
                needed = self._needed(cell, measure, direction)
                asked = np.flatnonzero(needed > 0)
                if not len(asked):
                    continue
                row = goals.get((cell, measure, direction))
                open_ = len(asked)
                if row is not None:
                    table = witness[row, asked]
                    there = (table >= 0) & (table < len(moves))
                    table = np.where(there, table, 0)
                    reached = moves[table, measure, cell] * (-1.0 if direction else 1.0) * far[table, asked]
                    open_ = int((~there | (reached < needed[asked] * SERVED)).sum())
                if open_:
                    words = f"{WORDS[0][measure]}, {WORDS[1][direction]}"
                    found.append(f"{self.joint.names[cell]} ({words}): {open_} attackers come too close")
        return found

    def _needed(self, cell: int, measure: int, direction: int) -> Floats:
        """Level of each attacker, capped at the cell's own bounds; downward also at what it does not know."""
        levels = self.levels[measure]
        needed = np.full(1 + self.joint.holdings.firms, levels.outsider[cell])
        entries = slice(*np.searchsorted(levels.cell, [cell, cell + 1]))
        needed[1 + levels.firm[entries]] = levels.level[entries]
        bound = self.bounds[direction][measure, cell]
        if not direction or self.fell[measure, cell]:
            return np.asarray(np.minimum(needed, CAP * bound))
        left = np.full(len(needed), self.figures[measure, cell])
        left[1 + levels.firm[entries]] -= levels.known[entries]
        return np.asarray(np.minimum(needed, CAP * np.minimum(bound, np.maximum(left, 0.0))))

    def _followed(self, moves: Floats) -> Floats:
        """How far each firm could believe each table: until a cell falls below its own figures; table x attacker."""
        far = np.ones((len(moves), 1 + self.joint.holdings.firms))
        for measure in range(MEASURES):
            cell, firm, left = self._own(measure)
            up = left == 0
            for moved, some in ((moves[:, measure] < 0, np.ones(len(cell), bool)), (moves[:, measure] > 0, up)):
                start = np.searchsorted(cell[some], np.arange(self.joint.cells + 1))
                of_firm, room = firm[some], left[some]
                table, at = np.nonzero(moved)
                length = start[at + 1] - start[at]
                for first in range(0, len(table), BLOCK):
                    part = slice(first, first + BLOCK)
                    entry = _ranges(start[at[part]], length[part])
                    of_table = np.repeat(table[part], length[part])
                    move = np.abs(np.repeat(moves[table[part], measure, at[part]], length[part]))
                    np.minimum.at(far, (of_table, 1 + of_firm[entry]), room[entry] / move)
        return far

    def _own(self, measure: int) -> tuple[Ints, Ints, Floats]:
        """Cells and firms that bound them by their own figures, and what that leaves; 0 where they know all."""
        joint, holdings = self.joint, self.joint.holdings
        amounts = joint.amounts[measure]
        pairs = pd.DataFrame({"record": joint.record, "cell": joint.cell}).merge(
            pd.DataFrame({"record": holdings.known_record, "firm": holdings.known_firm}), on="record"
        )
        pairs = pairs.assign(known=amounts[pairs["record"]], gross=np.abs(amounts[pairs["record"]]))
        sums = pairs.groupby(["cell", "firm"], sort=True)[["known", "gross"]].sum()
        cell, firm = (sums.index.get_level_values(name).to_numpy(np.int64) for name in ("cell", "firm"))
        gross = np.bincount(joint.cell, np.abs(amounts[joint.record]), minlength=joint.cells)[cell]
        left = self.figures[measure, cell] - sums["known"].to_numpy()
        wholly = gross - sums["gross"].to_numpy() <= WHOLLY * gross
        bound = wholly | (~self.fell[measure, cell] & (left > 0))
        left = np.where(wholly | (left <= WHOLLY * np.abs(self.figures[measure, cell])), 0.0, left)
        return cell[bound], firm[bound], left[bound]

    def _unions(self) -> list[str]:
        """Unions whose sum is given away and that fail the primary rules."""
        found = LayeredUnions(self.joint)(~self.shown)
        problems = [] if found.complete else ["there are more unions than can be looked at"]
        if doubtful_ranges(found.ranges, self.maps, self.rules):
            problems.append("there are unions that may be unsafe, more than can be looked at")
        sets = sorted(found.sets)
        if sets:
            unsafe = union_levels(sets, self.maps, self.rules)[1]
            problems += [
                f"a union of {sets[i].bit_count()} withheld cells is given away" for i in np.flatnonzero(unsafe)
            ]
        return problems


def _sums_of(place: Place, listed: frozenset[str]) -> Iterator[tuple[int, list[int]]]:
    """A layer's equations (parent, children) from its row keys alone: each row at every coarser level, and `OTHER`."""
    cell_of, tables = place.cell_of(), place.tables
    total = place.keys[0].split("|")[0]
    entries: dict[tuple[str, int, int], list[int]] = {}
    for number, level in enumerate(tables.levels):
        rows = [place.keys[row].split("|") for row in _at(tables, number)]
        for coarse_number, coarse in enumerate(tables.levels):
            for parts in rows if level.refines(coarse) else ():
                parent = _parent_key(parts, coarse, tables.group_of_hts6, total)
                entries.setdefault((parent, coarse_number, number), []).append(cell_of["|".join(parts)])
    yield from ((cell_of[parent], children) for (parent, _, _), children in entries.items())
    if place.kind != Kind.WEEKLY:
        yield from _others_of(place, cell_of, listed)


def _others_of(place: Place, cell_of: Mapping[str, int], listed: frozenset[str]) -> Iterator[tuple[int, list[int]]]:
    """`OTHER` of a closed layer as the sum of the countries not listed."""
    total = place.keys[0].split("|")[0]
    for name in LISTED_DIMENSIONS:
        other = cell_of.get(_key_of(total, name, OTHER))
        if other is not None:
            parts = [key.split("|") for key in cell_of]
            members = {part[1 + list(DIMENSIONS).index(name)] for part in parts} - {ALL, OTHER} - listed
            children = [
                cell_of[key] for key in (_key_of(total, name, one) for one in sorted(members)) if key in cell_of
            ]
            yield other, children


def _key_of(product: str, dimension: str, member: str) -> str:
    return "|".join([product, *(member if name == dimension else ALL for name in DIMENSIONS)])


def _at(tables: Tables, number: int) -> Ints:
    """Rows of a level; a group without HTS6 of its own is also its only row there."""
    level, rows = tables.levels[number], tables.rows
    here = (rows["level"] == number).to_numpy().copy()
    if level.depth == Depth.HTS6:
        coarser = [n for n, other in enumerate(tables.levels) if other == Level(Depth.GROUP, level.dimensions)]
        alone = ~rows["product"].isin({*tables.group_of_hts6, *tables.group_of_hts6.index})
        here |= (rows["level"].isin(coarser) & alone).to_numpy()
    return np.flatnonzero(here)


def _parent_key(parts: Sequence[str], coarse: Level, group: pd.Series, total: str) -> str:
    """The key of the row that holds this one at a coarser level."""
    product = parts[0]
    if coarse.depth == Depth.TOTAL:
        product = total
    elif coarse.depth == Depth.GROUP:
        product = str(group.get(product, product))
    members = [member if name in coarse.dimensions else ALL for name, member in zip(DIMENSIONS, parts[1:], strict=True)]
    return "|".join([product, *members])


def _ranges(start: Ints, length: Ints) -> Ints:
    """The numbers from each start on, as many as its length, one range after the other."""
    first = np.cumsum(length) - length
    return np.repeat(start - first, length) + np.arange(int(length.sum()), dtype=np.int64)
