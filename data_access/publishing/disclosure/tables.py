"""The license tables of one period as cells: who adds up to what, and which records are in which cell.

A published row (a product and its members of the table's dimensions) is named by a key. Rows that hold the same
records whatever their figures, as a country with a single product group and that group in it, are one cell: they are
shown or withheld together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from data_access.publishing.disclosure.holdings import MEASURES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ALL: Final = "all"
"""Member that stands for all members of a dimension."""

NOISE: Final = 1e-6
"""Of sums of binary fractions, far below a dollar or a kilogram."""


class Depth(IntEnum):
    """How fine the products of a level are, coarse to fine."""

    TOTAL = 0
    GROUP = 1
    HTS6 = 2


DIMENSIONS: Final[dict[str, str]] = {"origin": "origin", "smelt": "smelt1", "smelt2": "smelt2", "cast": "cast"}
"""Dimension to the column of a license that holds its member."""


@dataclass(frozen=True, slots=True, order=True)
class Level:
    """One level of a table: how fine its products are, and the dimensions it breaks them down by."""

    depth: Depth
    dimensions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As it is told to staff: 'group', 'total×origin'."""
        return "×".join((self.depth.name.lower(), *self.dimensions))

    def refines(self, other: Level) -> bool:
        """Whether cells of the other level are sums of cells of this one."""
        return self != other and other.depth <= self.depth and set(other.dimensions) <= set(self.dimensions)


def level_names(rows: pd.DataFrame, groups: Collection[str], *, total: str = "aim") -> pd.Series:
    """The name of each row's level, as `Level.name` has it; rows have columns product and the dimensions."""
    depth = [Depth.TOTAL if one == total else Depth.GROUP if one in groups else Depth.HTS6 for one in rows["product"]]
    names = pd.Series([one.name.lower() for one in depth], index=rows.index, dtype=object)
    for name in DIMENSIONS:
        names = names.where(rows[name] == ALL, names + f"×{name}")
    return names


MARGINS: Final = (Level(Depth.TOTAL), Level(Depth.GROUP), Level(Depth.HTS6))
DEFAULT_TABLES: Final[dict[str, tuple[Depth, ...]]] = {
    "origin": (Depth.TOTAL, Depth.GROUP),
    "smelt": (Depth.TOTAL, Depth.GROUP),
    "cast": (Depth.TOTAL, Depth.GROUP),
    "smelt2": (Depth.TOTAL,),
}
"""Tables published by default, with the depths at which each is broken down by country; 'origin_smelt' would cross two
dimensions. The product margins are in all of them."""


def levels_of(tables: Mapping[str, Iterable[Depth]], *, margins: Iterable[Level] = MARGINS) -> tuple[Level, ...]:
    """All levels of these tables, coarse before fine; a table's name is its dimensions joined by '_'."""
    found = set(margins)
    for name, depths in tables.items():
        dimensions = tuple(name.split("_"))
        found |= {Level(depth, dimensions) for depth in depths}
    return tuple(sorted(found, key=lambda level: (len(level.dimensions), level)))


@dataclass(frozen=True, slots=True)
class Split:
    """Parent cell = sum of the child cells, which are all cells of one level (a position in `levels`) in it."""

    parent: int
    children: tuple[int, ...]
    level: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables of a period.

    `rows` has columns product, the dimensions, level (position in `levels`) and cell, one line a published row, coarse
    levels first; `group_of_hts6` gives the group of each HTS6. `figures` is measure x cell, `amounts` measure x record,
    both in whole US$ and kg. `member_record` and `member_cell` say which record is in which cell, each pair once.
    """

    levels: tuple[Level, ...]
    rows: pd.DataFrame
    group_of_hts6: pd.Series
    cells: int
    figures: Floats
    amounts: Floats
    splits: tuple[Split, ...]
    member_record: Ints
    member_cell: Ints

    def equations(self) -> csr_array:
        """The splits as a matrix, split x cell: -1 for the parent, 1 for its children; its products are 0."""
        return equations_of(self.splits, self.cells)

    def keys(self) -> list[str]:
        """The key of each row: product and members joined by '|'."""
        columns = [self.rows[name].tolist() for name in ("product", *DIMENSIONS)]
        return ["|".join(parts) for parts in zip(*columns, strict=True)]


def equations_of(splits: Iterable[Split], cells: int) -> csr_array:
    """Splits as a matrix, split x cell: -1 for the parent, 1 for its children."""
    row: list[int] = []
    column: list[int] = []
    factor: list[float] = []
    number = 0
    for number, split in enumerate(splits, start=1):
        row += [number - 1] * (1 + len(split.children))
        column += [split.parent, *split.children]
        factor += [-1.0] + [1.0] * len(split.children)
    return csr_array(coo_array((factor, (row, column)), shape=(number, cells)))


def build_tables(
    licenses: pd.DataFrame,
    tree: pd.DataFrame,
    *,
    levels: tuple[Level, ...] | None = None,
    total: str = "aim",
) -> Tables:
    """The tables of these licenses (columns of `contracts.LICENSES`; those that count, of one period).

    `tree` gives product ids by ten-digit code: index hts10, columns group and hts6, the latter missing where the group
    has no HTS6 of its own (castings). Amounts are rounded to whole US$ and kg at what all levels have in common, so
    that every sum is exact. Raises KeyError for a code that the tree lacks.
    """
    levels = levels_of(DEFAULT_TABLES) if levels is None else levels
    names, codes = _codes(licenses, tree, total)
    raw_key = np.stack([_level_key(codes, level, len(names)) for level in levels], axis=1)
    keys, raw = np.unique(raw_key, return_inverse=True)
    raw = raw.reshape(raw_key.shape).astype(np.int64)
    cell_of = _merged(raw, levels, len(keys))
    member = cell_of[raw]
    cells = int(cell_of.max(initial=-1)) + 1
    record, cell = _members(member, cells)
    finest = np.unique(_finest(codes, len(names)), return_inverse=True)[1]
    atoms = np.unique(finest * len(names) + codes[Depth.GROUP.name], return_inverse=True)[1]
    amounts = whole_amounts(licenses[["value_usd", "quantity_kg"]].to_numpy(np.float64).T, atoms.ravel())
    return Tables(
        levels=levels,
        rows=_rows(keys, raw, cell_of, names),
        group_of_hts6=tree.dropna(subset="hts6").drop_duplicates("hts6").set_index("hts6")["group"],
        cells=cells,
        figures=np.stack([np.bincount(cell, row[record], minlength=cells) for row in amounts]),
        amounts=amounts,
        splits=_splits(member, levels),
        member_record=record,
        member_cell=cell,
    )


def _codes(licenses: pd.DataFrame, tree: pd.DataFrame, total: str) -> tuple[list[str], dict[str, Ints]]:
    """Names by number, and for each depth and dimension the number of each record's product or member."""
    places = tree.index.get_indexer(pd.Index(licenses["hts10"]))
    if (places < 0).any():
        raise KeyError(f"ten-digit codes that the product tree lacks: {sorted(set(licenses['hts10'][places < 0]))}")
    group = tree["group"].to_numpy(object)[places]
    hts6 = tree["hts6"].to_numpy(object)[places]
    columns = {
        Depth.TOTAL.name: np.full(len(licenses), total, object),
        Depth.GROUP.name: group,
        Depth.HTS6.name: np.where(pd.isna(hts6), group, hts6),
    } | {name: licenses[column].to_numpy(object) for name, column in DIMENSIONS.items()}
    numbers, names = pd.factorize(np.concatenate([np.array([ALL, total], object), *columns.values()]))
    parts = np.split(numbers[2:].astype(np.int64), len(columns))
    return [str(name) for name in names], dict(zip(columns, parts, strict=True))


def _level_key(codes: Mapping[str, Ints], level: Level, base: int) -> Ints:
    """A number for the row of each record at a level; 0 is the number of `ALL`."""
    key = codes[level.depth.name]
    for name in DIMENSIONS:
        key = key * base + (codes[name] if name in level.dimensions else 0)
    return key


def _finest(codes: Mapping[str, Ints], base: int) -> Ints:
    return _level_key(codes, Level(Depth.HTS6, tuple(DIMENSIONS)), base)


def _covers(levels: tuple[Level, ...]) -> list[tuple[int, int]]:
    """Pairs (coarse, fine) of levels with none in between."""
    pairs = [(a, b) for a, coarse in enumerate(levels) for b, fine in enumerate(levels) if fine.refines(coarse)]
    both = set(pairs)
    return [
        (a, b)
        for a, b in pairs
        if not any((a, between) in both and (between, b) in both for between in range(len(levels)))
    ]


def _distinct(first: Ints, second: Ints) -> Ints:
    """The distinct pairs of two columns, in order."""
    base = int(second.max(initial=0)) + 1
    key = np.unique(first * base + second)
    return np.column_stack([key // base, key % base])


def _merged(raw: Ints, levels: tuple[Level, ...], rows: int) -> Ints:
    """The cell of each row: a parent and its only child are one. Cells are numbered coarse levels first."""
    parents, only = [], []
    for coarse, fine in _covers(levels):
        pairs = _distinct(raw[:, coarse], raw[:, fine])
        parent, first, count = np.unique(pairs[:, 0], return_index=True, return_counts=True)
        parents.append(parent[count == 1])
        only.append(pairs[first[count == 1], 1])
    parent, child = (np.concatenate(part) if part else np.zeros(0, np.int64) for part in (parents, only))
    links = coo_array((np.ones(len(parent), bool), (parent, child)), shape=(rows, rows))
    _, cell = connected_components(links, directed=False)
    first_level = np.full(rows, len(levels))
    for position in reversed(range(len(levels))):
        first_level[raw[:, position]] = position
    order = np.lexsort((np.arange(rows), first_level))
    _, first_row = np.unique(cell[order], return_index=True)
    number = np.empty(len(first_row), np.int64)
    number[np.argsort(first_row, kind="stable")] = np.arange(len(first_row))
    return number[cell]


def _members(member: Ints, cells: int) -> tuple[Ints, Ints]:
    record = np.repeat(np.arange(len(member), dtype=np.int64), member.shape[1])
    pair = np.unique(record * max(cells, 1) + member.ravel())
    return pair // max(cells, 1), pair % max(cells, 1)


def _splits(member: Ints, levels: tuple[Level, ...]) -> tuple[Split, ...]:
    found: dict[Split, None] = {}
    for coarse, fine in _covers(levels):
        pairs = _distinct(member[:, coarse], member[:, fine])
        for rows in np.split(pairs, np.flatnonzero(np.diff(pairs[:, 0])) + 1):
            if len(rows) > 1:
                found[Split(int(rows[0, 0]), tuple(rows[:, 1].tolist()), fine)] = None
    return tuple(found)


def _rows(keys: Ints, raw: Ints, cell_of: Ints, names: list[str]) -> pd.DataFrame:
    base = len(names)
    label = np.array(names, object)
    columns: dict[str, NDArray[np.object_]] = {}
    rest = keys
    for name in reversed(DIMENSIONS):
        columns[name] = label[rest % base]
        rest = rest // base
    level = np.full(len(keys), raw.shape[1])
    for position in reversed(range(raw.shape[1])):
        level[raw[:, position]] = position
    frame = pd.DataFrame(
        {"product": label[rest]} | {name: columns[name] for name in DIMENSIONS} | {"level": level, "cell": cell_of}
    )
    return frame.sort_values("level", kind="stable", ignore_index=True)


def whole_amounts(amounts: Floats, atom: Ints) -> Floats:
    """Amounts rounded up or down so that those of an atom add up to their sum rounded (largest remainders up).

    `amounts` is measure x record, `atom` numbers what each record belongs to at the finest.
    """
    whole = np.floor(amounts + NOISE)
    atoms = int(atom.max(initial=-1)) + 1
    for measure in range(MEASURES):
        left = np.bincount(atom, amounts[measure] - whole[measure], minlength=atoms)
        up = np.floor(left + 0.5 + NOISE).astype(np.int64)
        order = np.lexsort((-(amounts[measure] - whole[measure]), atom))
        start = np.searchsorted(atom[order], np.arange(atoms))
        rank = np.arange(len(order)) - start[atom[order]]
        whole[measure, order[rank < up[atom[order]]]] += 1
    return whole
