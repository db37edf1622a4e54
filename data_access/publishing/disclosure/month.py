"""One month as a joint system of cells: its layers, what is added between them, and which records are in which cell.

What suppression, certificate and judge of the certificate have in common to begin with. A *layer* is one publication
of a month. Its cells are those of its tables; in a weekly layer the countries that are not listed are one cell `OTHER`
per dimension, which is never published. Between two layers that hold the same key lies an *increment*, a virtual cell:
x_later = x_earlier + d. Its records are what changed: those of the later layer with plus and of the earlier with minus
sign, netted where nothing did.

A layer of which nothing is shown tells nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.contracts import Status
from data_access.publishing.disclosure.holdings import MEASURES, NO_FIRM, ROLES, Holdings, holdings_of
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import Rules, all_levels, unit_maps, unsafe_cells
from data_access.publishing.disclosure.tables import (
    ALL,
    DIMENSIONS,
    Depth,
    Level,
    Split,
    Tables,
    build_tables,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OTHER: Final = "other"
"""Member that stands for the countries not listed."""

LISTED_DIMENSIONS: Final = ("origin", "smelt", "cast")
"""Dimensions of weekly figures."""

WEEKLY_LEVELS: Final = (
    Level(Depth.TOTAL),
    Level(Depth.GROUP),
    *(Level(Depth.TOTAL, (name,)) for name in LISTED_DIMENSIONS),
)

LAYER: Final = 1_000
"""Levels of splits per layer, at most."""

AMOUNTS: Final = ["value_usd", "quantity_kg"]
MEMBERS: Final = list(DIMENSIONS.values())
ATOM: Final = [*ROLES, "hts10", *MEMBERS]
"""Columns of a record that tell who knows it and where it counts; records that share them are one in an increment."""


class Kind(StrEnum):
    """What a layer publishes: a running month's weekly figures, a closed month, a final one."""

    WEEKLY = "weekly"
    CLOSED = "closed"
    FINAL = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One publication of a month, as decided.

    `licenses` are the records that counted in the month then; `rows` has the columns product, the dimensions, value
    (Int64, US$), kg (Int64) and status ('published' or 'withheld'; null figures where withheld), one row a key that has
    records.
    """

    as_of: str
    kind: Kind
    licenses: pd.DataFrame
    rows: pd.DataFrame


def whole(licenses: pd.DataFrame) -> pd.DataFrame:
    """Each record's amounts in whole US$ and kg, so that an unchanged record adds nothing between layers."""
    return licenses.assign(**{name: np.floor(licenses[name].to_numpy(np.float64) + 0.5) for name in AMOUNTS})


def levels_of_kind(kind: Kind, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Levels of a layer; `levels` are those of a closed month."""
    return WEEKLY_LEVELS if kind == Kind.WEEKLY else levels


def with_other(licenses: pd.DataFrame, listed: frozenset[str]) -> pd.DataFrame:
    """Countries that are not listed as one."""
    columns = [DIMENSIONS[name] for name in LISTED_DIMENSIONS]
    return licenses.assign(**{name: licenses[name].where(licenses[name].isin(listed), OTHER) for name in columns})


def layer_tables(
    licenses: pd.DataFrame, kind: Kind, *, tree: pd.DataFrame, listed: frozenset[str], levels: tuple[Level, ...]
) -> Tables:
    """Tables of a layer; of a weekly one with its cells `OTHER`."""
    records = whole(with_other(licenses, listed) if kind == Kind.WEEKLY else licenses)
    return build_tables(records, tree, levels=levels_of_kind(kind, levels))


def published_rows(tables: Tables) -> Bools:
    """Rows of a layer that may be shown: all but `OTHER`."""
    return np.asarray(~(tables.rows[list(LISTED_DIMENSIONS)] == OTHER).any(axis=1))


def row_keys(rows: pd.DataFrame) -> list[str]:
    """Keys of rows: product and members joined by '|'."""
    return [
        "|".join(parts) for parts in zip(*(rows[name].astype(str) for name in ("product", *DIMENSIONS)), strict=True)
    ]


def shows(layer: Layer) -> bool:
    """Whether anything of a layer is shown."""
    return bool((layer.rows["status"] == Status.PUBLISHED).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A layer within the joint system: its cells are `first` and the following ones.

    `keys` and `cell` (joint number) are those of its rows, cells `OTHER` of a closed month among them; `shown` tells
    which cells of `tables` the layer shows, `open` that this is still to be decided. `number` counts all layers of the
    month, also those left out.
    """

    number: int
    kind: Kind
    tables: Tables
    records: pd.DataFrame
    """The records of `tables`, with the firms that know them."""
    first: int
    keys: tuple[str, ...]
    cell: Ints
    shown: Bools
    open: bool

    def cell_of(self) -> dict[str, int]:
        """Joint cell of each key."""
        return dict(zip(self.keys, self.cell.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Group:
    """A virtual cell: the sum of other cells of a closed layer, as `OTHER` of a weekly one; `key` is its row."""

    key: str
    place: int
    cell: int
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """x_later = x_earlier + d, with joint cell numbers; `increment` is -1 where no record changed. `pair` are the two
    places; `next` tells that no place between them holds the key."""

    key: str
    pair: tuple[int, int]
    earlier: int
    later: int
    increment: int
    next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """All layers of a month as cells.

    Record `record[i]` is in cell `cell[i]`, each pair once; `amounts` (measure x record, whole US$, kg) of records of
    increments are signed. Cells that earlier layers show have no records unless asked for: they are constants.
    `products` and `figures` are by cell, `names` tells each apart from all others of the month.
    """

    places: tuple[Place, ...]
    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    first_increment: int
    holdings: Holdings
    ids: tuple[str, ...]
    """One id of each firm, the first in order: numbers of firms change as records come in."""
    amounts: Floats
    record: Ints
    cell: Ints
    figures: Floats
    names: tuple[str, ...]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.figures.shape[1])

    def constant(self) -> Bools:
        """Cells that layers decided before the newest show."""
        found = np.zeros(self.cells, bool)
        for place in self.places:
            if not place.open:
                found[place.first : place.first + place.tables.cells] = place.shown
        return found

    def splits(self, constant: Bools) -> tuple[Split, ...]:
        """All equations in which some cell is not a constant; levels tell layers apart, so that what is replaced at
        once is of one layer."""
        found = [
            Split(
                split.parent + place.first,
                tuple(child + place.first for child in split.children),
                split.level + LAYER * number,
            )
            for number, place in enumerate(self.places)
            for split in place.tables.splits
        ]
        level = LAYER * len(self.places)
        found += [Split(group.cell, group.children, level + group.place) for group in self.groups]
        pairs = {pair: 2 * level + number for number, pair in enumerate(sorted({link.pair for link in self.links}))}
        for link in self.links:
            children = (link.earlier,) if link.increment < 0 else (link.earlier, link.increment)
            found.append(Split(link.later, children, pairs[link.pair]))
        return tuple(one for one in dict.fromkeys(found) if not constant[[one.parent, *one.children]].all())


class _Records:
    """Records and memberships of the joint system as they are gathered."""

    def __init__(self) -> None:
        self.frames: list[pd.DataFrame] = []
        self.amounts: list[Floats] = []
        self.record: list[Ints] = []
        self.cell: list[Ints] = []
        self.count = 0

    def add(self, frame: pd.DataFrame, tables: Tables, cell_of: Ints) -> None:
        """Records of some tables; `cell_of` is the joint number of each of their cells, -1 for cells of no interest."""
        joint = cell_of[tables.member_cell]
        there = joint >= 0
        used, record = np.unique(tables.member_record[there], return_inverse=True)
        self.frames.append(frame[[*ROLES, *AMOUNTS]].iloc[used])
        self.amounts.append(tables.amounts[:, used])
        self.record.append(record.astype(np.int64) + self.count)
        self.cell.append(joint[there])
        self.count += len(used)


def joint_of(
    layers: Sequence[Layer],
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    constants: bool = False,
) -> Joint:
    """The joint system of these layers, the newest one's pattern still open.

    The cells do not depend on what the newest layer shows. With `constants` the records of cells that earlier layers
    show, and the increments between such, are there as well.
    """
    told = [number for number, layer in enumerate(layers) if number == len(layers) - 1 or shows(layer)]
    work = _Joining([layers[number] for number in told], told, tree=tree, numbers=numbers, listed=listed, regime=regime)
    return work.join(constants=constants)


class _Joining:
    def __init__(
        self,
        layers: Sequence[Layer],
        told: Sequence[int],
        *,
        tree: pd.DataFrame,
        numbers: pd.Series,
        listed: frozenset[str],
        regime: Regime,
    ) -> None:
        self.layers, self.told = layers, told
        self.tree, self.numbers, self.listed, self.regime = tree, numbers, listed, regime
        self.records = _Records()
        self.names: list[str] = []
        self.figures: list[Floats] = []
        self.groups: list[Group] = []
        self.links: list[Link] = []
        self.frames: list[pd.DataFrame] = []
        self.cells = 0
        weekly = [layer.kind == Kind.WEEKLY for layer in layers]
        if weekly != sorted(weekly, reverse=True):
            raise ValueError("expected no weekly figures of a month after those of the closed month, found some")
        self.weekly = _Atoms(layers, tree, listed, weekly=True) if any(weekly) else None
        closed = [layer for layer in layers if layer.kind != Kind.WEEKLY]
        self.closed = _Atoms(closed, tree, listed, weekly=False) if closed else None
        self.first_closed = len(layers) - len(closed)

    def _atoms_of(self, number: int) -> tuple[_Atoms, int]:
        """The atoms that a layer's tables are made of, and its number among them."""
        if self.layers[number].kind == Kind.WEEKLY:
            if self.weekly is None:
                raise ValueError("expected weekly records, found none")
            return self.weekly, number
        if self.closed is None:
            raise ValueError("expected a closed month's records, found none")
        return self.closed, number - self.first_closed

    def join(self, *, constants: bool) -> Joint:
        places = [self._place(number, constants=constants) for number in range(len(self.layers))]
        weekly = any(layer.kind == Kind.WEEKLY for layer in self.layers)
        places = [self._grouped(place, number) if weekly else place for number, place in enumerate(places)]
        first = self.cells
        if len(places) > 1:
            self._increments(places, constants=constants)
        frames = pd.concat(self.records.frames, ignore_index=True)
        return Joint(
            places=tuple(places),
            groups=tuple(self.groups),
            links=tuple(self.links),
            first_increment=first,
            holdings=holdings_of(frames, self.numbers, unit_roles=self.regime.unit_roles),
            ids=_ids(frames, self.numbers),
            amounts=np.concatenate(self.records.amounts, axis=1),
            record=np.concatenate(self.records.record),
            cell=np.concatenate(self.records.cell),
            figures=np.concatenate(self.figures, axis=1),
            names=tuple(self.names),
        )

    def _add_cells(self, names: Sequence[str], figures: Floats) -> int:
        first = self.cells
        self.names += names
        self.figures.append(figures)
        self.cells += len(names)
        return first

    def _place(self, number: int, *, constants: bool) -> Place:
        layer, last = self.layers[number], number == len(self.layers) - 1
        atoms, among = self._atoms_of(number)
        frame = atoms.of(among)
        tables = build_tables(frame, self.tree, levels=levels_of_kind(layer.kind, self.regime.levels))
        keys, cell = tables.keys(), tables.rows["cell"].to_numpy()
        one = np.unique(cell, return_index=True)[1]
        first = self._add_cells([f"{self.told[number]} {keys[row]}" for row in one], tables.figures)
        shown = np.zeros(tables.cells, bool)
        if not last:
            told = set(np.array(row_keys(layer.rows), object)[(layer.rows["status"] == Status.PUBLISHED).to_numpy()])
            shown[cell[[key in told for key in keys]]] = True
        of_interest = np.arange(tables.cells) + first
        if not constants:
            of_interest = np.where(shown, -1, of_interest)
        self.records.add(frame, tables, of_interest)
        return Place(
            number=self.told[number],
            kind=layer.kind,
            tables=tables,
            records=frame,
            first=first,
            keys=tuple(keys),
            cell=cell + first,
            shown=shown,
            open=last,
        )

    def _grouped(self, place: Place, number: int) -> Place:
        """A closed layer with cells `OTHER` of its own, to be linked to those of weekly ones."""
        if place.kind == Kind.WEEKLY:
            return place
        keys, cell, rows = list(place.keys), place.cell.tolist(), place.tables.rows
        for name in LISTED_DIMENSIONS:
            level = Level(Depth.TOTAL, (name,))
            if level not in place.tables.levels:
                continue
            here = (rows["level"] == place.tables.levels.index(level)).to_numpy() | self._same_shape(rows, name)
            here &= ~rows[name].isin(self.listed).to_numpy()
            children = tuple(sorted(set((rows["cell"].to_numpy()[here] + place.first).tolist())))
            if not children:
                continue
            key = "|".join([str(rows["product"].iloc[0]), *(OTHER if other == name else ALL for other in DIMENSIONS)])
            keys.append(key)
            cell.append(children[0] if len(children) == 1 else self._group(key, place, number, children))
        return replace(place, keys=tuple(keys), cell=np.array(cell, np.int64))

    @staticmethod
    def _same_shape(rows: pd.DataFrame, name: str) -> Bools:
        others = [other for other in DIMENSIONS if other != name]
        total = rows["product"] == rows["product"].iloc[0]
        return np.asarray(total & (rows[name] != ALL) & (rows[others] == ALL).all(axis=1))

    def _group(self, key: str, place: Place, number: int, children: tuple[int, ...]) -> int:
        tables = place.tables
        inside = np.zeros(tables.cells, np.int64) - 1
        inside[np.array(children) - place.first] = self.cells
        figures = tables.figures[:, np.array(children) - place.first].sum(axis=1, keepdims=True)
        cell = self._add_cells([f"{place.number} {key}"], figures)
        self.records.add(place.records, tables, inside)
        self.groups.append(Group(key, number, cell, children))
        return cell

    def _increments(self, places: Sequence[Place], *, constants: bool) -> None:
        cell_of = [place.cell_of() for place in places]
        constant = np.zeros(self.cells, bool)
        for place in places:
            constant[place.first : place.first + place.tables.cells] = place.shown
        for later in range(1, len(places)):
            for earlier in range(later):
                self._pair(earlier, later, cell_of, constant & (not constants))

    def _pair(self, earlier: int, later: int, cell_of: Sequence[dict[str, int]], constant: Bools) -> None:
        """Links of a pair of layers: of all keys they hold and none between, else of those with an unsafe change."""
        between = [cell_of[number] for number in range(earlier + 1, later)]
        weekly = Kind.WEEKLY in {self.layers[earlier].kind, self.layers[later].kind}
        next_: list[tuple[str, int, int]] = []
        skipping: list[tuple[str, int, int]] = []
        for key, one in cell_of[earlier].items():
            other = cell_of[later].get(key)
            if other is None or (constant[one] and constant[other]) or (OTHER in key.split("|") and not weekly):
                continue
            (skipping if any(key in held for held in between) else next_).append((key, one, other))
        frame = self._changes(earlier, later, weekly=weekly) if next_ or skipping else None
        if frame is None or not len(frame):
            self.links += [Link(key, (earlier, later), one, other, -1, next=True) for key, one, other in next_]
            return
        levels = levels_of_kind(Kind.WEEKLY if weekly else Kind.CLOSED, self.regime.levels)
        tables = build_tables(frame, self.tree, levels=levels)
        at = dict(zip(tables.keys(), tables.rows["cell"].tolist(), strict=True))
        unsafe = self._unsafe(frame, tables, self.regime.rules) if skipping else np.zeros(tables.cells, bool)
        wanted = next_ + [link for link in skipping if link[0] in at and unsafe[at[link[0]]]]
        number = np.full(tables.cells, -1, np.int64)
        used = sorted({at[key] for key, _, _ in wanted if key in at})
        row = np.unique(tables.rows["cell"].to_numpy(), return_index=True)[1]
        keys = tables.keys()
        pair = f"{self.told[earlier]}-{self.told[later]}"
        first = self._add_cells([f"{pair} {keys[row[cell]]}" for cell in used], tables.figures[:, used])
        number[used] = first + np.arange(len(used))
        self.records.add(frame, tables, number)
        for place, (key, one, other) in enumerate(wanted):
            cell = int(number[at[key]]) if key in at else -1
            self.links.append(Link(key, (earlier, later), one, other, cell, next=place < len(next_)))

    def _changes(self, earlier: int, later: int, *, weekly: bool) -> pd.DataFrame:
        if weekly and self.weekly is not None:
            return self.weekly.between(earlier, later)
        atoms, among = self._atoms_of(later)
        return atoms.between(earlier - self.first_closed, among)

    def _unsafe(self, frame: pd.DataFrame, tables: Tables, rules: Rules) -> Bools:
        holdings = holdings_of(frame, self.numbers, unit_roles=self.regime.unit_roles)
        maps = unit_maps(holdings, tables.amounts, tables.member_record, tables.member_cell, cells=tables.cells)
        return unsafe_cells(all_levels(maps, rules))


def _ids(records: pd.DataFrame, numbers: pd.Series) -> tuple[str, ...]:
    """One id of each firm of these records, firms in the order that `holdings_of` gives them."""
    ids = sorted(set().union(*(records[name].dropna().unique().tolist() for name in ROLES)) - set(NO_FIRM))
    number = numbers.drop(index=list(NO_FIRM), errors="ignore").reindex(ids)
    first = number.dropna().drop_duplicates()
    return tuple(str(id_) for id_ in first.sort_values().index)


class _Atoms:
    """Records of all layers, those that share `ATOM` added up in each: the same firms know them, and they count in the
    same cells. For weekly figures countries that are not listed are one and products are groups, which leaves fewer."""

    def __init__(self, layers: Sequence[Layer], tree: pd.DataFrame, listed: frozenset[str], *, weekly: bool) -> None:
        records = pd.concat([whole(layer.licenses)[[*ATOM, *AMOUNTS]] for layer in layers], ignore_index=True)
        layer = np.repeat(np.arange(len(layers)), [len(layer.licenses) for layer in layers])
        if weekly:
            code = pd.Series(tree.index, index=tree["group"]).groupby(level=0).first()
            group = tree["group"].reindex(records["hts10"])
            if group.isna().any():
                raise KeyError(f"ten-digit codes that the tree lacks: {sorted(set(group.index[group.isna()]))}")
            records = with_other(records, listed).assign(hts10=code.reindex(group).to_numpy(), smelt2=ALL)
        atom = _atoms(records)
        self._one = np.unique(atom, return_index=True)[1]
        self._records, count = records, len(self._one)
        self._amounts = np.zeros((len(layers), MEASURES, count))
        for measure, name in enumerate(AMOUNTS):
            np.add.at(self._amounts[:, measure], (layer, atom), records[name].to_numpy(np.float64))
        self._held = np.zeros((len(layers), count), bool)
        self._held[layer, atom] = True

    def of(self, layer: int) -> pd.DataFrame:
        """A layer's records."""
        return self._frame(np.flatnonzero(self._held[layer]), self._amounts[layer])

    def between(self, earlier: int, later: int) -> pd.DataFrame:
        """Net change of each atom that changed, as records."""
        net = self._amounts[later] - self._amounts[earlier]
        return self._frame(np.flatnonzero((net != 0).any(axis=0)), net)

    def _frame(self, atoms: Ints, amounts: Floats) -> pd.DataFrame:
        frame = self._records.iloc[self._one[atoms]].reset_index(drop=True)
        return frame.assign(value_usd=amounts[0, atoms], quantity_kg=amounts[1, atoms])


def _atoms(records: pd.DataFrame) -> Ints:
    """A number for each distinct set of the columns `ATOM`."""
    atom = np.zeros(len(records), np.int64)
    for name in ATOM:
        codes, found = pd.factorize(records[name], use_na_sentinel=False)
        atom = np.unique(atom * (len(found) + 1) + codes, return_inverse=True)[1].astype(np.int64)
    return atom
