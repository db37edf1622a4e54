"""Unions: sets of withheld cells whose sum published cells give away.

They are found by replacing withheld cells by their withheld children, recursively and in every table, and by
differences of such sets and of several together. Each is itself a cell and has to pass the primary rules. Sets are bit
masks of cell ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.rules import Levels, Rules, UnitMap, all_levels, unsafe_cells
from data_access.publishing.disclosure.tables import Split

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LIMIT: Final = 20_000
"""Sets looked at before differences; beyond it the search stops and says so."""

ALONE: Final = 6
"""Parents of a set of which all choices, replaced or not, are looked at one by one; of more, the worst."""

FEW: Final = 10
"""Sets of a family of which all choices are looked at."""


@dataclass(frozen=True, slots=True)
class Range:
    """All sets of `rest` and, of each choice, either the parent or its children (all sets of cells)."""

    rest: int
    choices: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Sets with a sum given away, two cells or more each; `complete` tells whether the search came to its end."""

    sets: frozenset[int]
    complete: bool
    ranges: tuple[Range, ...] = ()
    """Families of too many further sets to be named; see `doubtful_ranges`."""


def cells_of(mask: int) -> tuple[int, ...]:
    """The cells of a set, in order."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


def mask_of(cells: Iterable[int]) -> int:
    """The set of these cells."""
    mask = 0
    for cell in cells:
        mask |= 1 << cell
    return mask


def given_away(splits: Sequence[Split], withheld: Bools) -> Found:
    """All sets of withheld cells whose sum the cells shown give away.

    Of sets that are made up of others and of shown cells none need be found: they pass the rules where their parts do.
    """
    options = _options(splits, withheld)
    families = _families(splits, withheld)
    start = [mask for family in families for mask in family]
    ranges: dict[Range, None] = {}
    fixed, complete = _replaced(start, options, ranges)
    sets = fixed | _differences(fixed) | _crossed(families)
    return Found(frozenset(mask for mask in sets if mask & (mask - 1)), complete, tuple(ranges))


@dataclass(frozen=True, slots=True)
class _Option:
    """Withheld children of a parent.

    `less` tells whether to replace the parent by them, and them by theirs, may end with less than the parent holds, as
    some of what it holds is shown.
    """

    level: int
    children: int
    less: bool


Options = dict[int, list[_Option]]


def _options(splits: Sequence[Split], withheld: Bools) -> Options:
    """What each withheld parent may be replaced by."""
    of_parent: dict[int, list[Split]] = {}
    for split in splits:
        if withheld[split.parent]:
            of_parent.setdefault(split.parent, []).append(split)
    less: dict[int, bool] = {}

    def ends_with_less(split: Split) -> bool:
        return any(not withheld[child] or _any_less(child) for child in split.children)

    def _any_less(cell: int) -> bool:
        if cell not in less:
            less[cell] = False
            less[cell] = any(ends_with_less(split) for split in of_parent.get(cell, ()))
        return less[cell]

    found: Options = {}
    for parent, those in of_parent.items():
        for split in those:
            if children := mask_of(child for child in split.children if withheld[child]):
                found.setdefault(parent, []).append(_Option(split.level, children, ends_with_less(split)))
    return found


def _families(splits: Sequence[Split], withheld: Bools) -> list[list[int]]:
    """Withheld children of shown parents, those of one level that share no cell together."""
    level_of: dict[int, int] = {}
    for split in splits:
        for child in split.children:
            level_of.setdefault(child, split.level)
    families: dict[tuple[int, int, int], list[int]] = {}
    for split in splits:
        mask = mask_of(child for child in split.children if withheld[child])
        if mask and not withheld[split.parent]:
            kind = (split.level, level_of.get(split.parent, -1))
            number = 0
            while any(mask & other for other in families.get((*kind, number), ())):
                number += 1
            families.setdefault((*kind, number), []).append(mask)
    return list(families.values())


def _replaced(start: list[int], options: Options, ranges: dict[Range, None]) -> tuple[set[int], bool]:
    """The sets and what becomes of them as withheld parents are replaced by their withheld children; where too many
    could be replaced or not, they go to `ranges`."""
    parents = mask_of(options)
    fixed = set(start)
    fresh = set(start)
    while fresh:
        following: set[int] = set()
        for mask in fresh:
            following.update(_next(mask, cells_of(mask & parents), options, ranges))
        fresh = {mask for mask in following if mask} - fixed
        fixed |= fresh
        if len(fixed) > LIMIT:
            return fixed, False
    return fixed, True


def _next(mask: int, parents: Sequence[int], options: Options, ranges: dict[Range, None]) -> Iterable[int]:
    """The set with one parent replaced, or all those of one level at once.

    Alone a parent is replaced only where that may change what is in the set: its children would else stand for it, and
    sets that hold the same would multiply.
    """
    at_once: dict[int, int] = {}
    alone: dict[int, list[tuple[int, int]]] = {}
    for parent in parents:
        for option in options[parent]:
            if option.less:
                alone.setdefault(option.level, []).append((1 << parent, option.children))
            at_once[option.level] = (at_once.get(option.level, mask) & ~(1 << parent)) | option.children
    for choices in alone.values():
        if len(choices) > ALONE:
            ranges[Range(mask & ~sum(parent for parent, _ in choices), tuple(choices))] = None
        else:
            yield from (mask & ~parent | children for parent, children in choices)
    yield from at_once.values()


def _differences(fixed: set[int]) -> set[int]:
    """What is left of a set after another within it."""
    containing: dict[int, list[int]] = {}
    for mask in fixed:
        for cell in cells_of(mask):
            containing.setdefault(cell, []).append(mask)
    found: set[int] = set()
    for mask in fixed:
        rarest = min((containing[cell] for cell in cells_of(mask)), key=len)
        found.update(other & ~mask for other in rarest if not mask & ~other and other != mask)
    return found - fixed


def _crossed(families: Sequence[Sequence[int]]) -> set[int]:
    """What is left of several sets of a family after all those of another family that lie within them, as of rows
    after columns."""
    found = set()
    for rows in families:
        for columns in families:
            for chosen in _chosen(rows, columns) if rows is not columns else ():
                inside = 0
                for column in columns:
                    inside |= 0 if column & ~chosen else column
                if inside:
                    found.add(chosen & ~inside)
    return found


def _chosen(rows: Sequence[int], columns: Sequence[int]) -> set[int]:
    """Rows to look at together: all choices of a few, else those that a column lies within."""
    if len(rows) <= FEW:
        found = {0}
        for row in rows:
            found |= {chosen | row for chosen in found}
        return found
    return {sum(row for row in rows if row & column) for column in columns}


def doubtful_ranges(ranges: Sequence[Range], maps: Sequence[UnitMap], rules: Rules) -> bool:
    """Whether some choice of some range may fail the primary rules.

    What remains of a set without a unit and what a firm knows, less p percent of the unit, is a sum over its parts: the
    worst choice takes the smaller of each parent and its children.
    """
    return any(_doubtful(one, units, measure, rules) for one in ranges for units in maps for measure in range(2))


def _doubtful(one: Range, units: UnitMap, measure: int, rules: Rules) -> bool:
    parts = [one.rest, *(mask for choice in one.choices for mask in choice)]
    members = [cells_of(mask) for mask in parts]
    group = np.repeat(np.arange(len(parts)), [len(cells) for cells in members]).astype(np.int64)
    united = units.united(group, np.array([c for cells in members for c in cells], np.int64), groups=len(parts))
    size, known = np.abs(united.amount[measure]), np.abs(united.known[measure])
    gross = np.bincount(united.cell, size, minlength=len(parts))
    somebody = united.unit < united.firms
    unit, of_unit = np.unique(united.unit[somebody], return_inverse=True)
    held = np.zeros((len(parts), len(unit)))
    held[united.cell[somebody], of_unit] = size[somebody]
    least = held[0] + np.minimum(held[1::2], held[2::2]).sum(axis=0)
    if (least > 0).sum() < rules.n_min:
        return True
    if rules.n is not None and rules.k is not None:
        top = np.sort(_most(held))[-rules.n :].sum()
        if top > rules.k / 100 * (gross[0] + np.minimum(gross[1::2], gross[2::2]).sum()):
            return True
    left = gross[:, None] - (1 + rules.p / 100) * held
    if (_worst(left) < 0).any():
        return True
    whole = _most(held)
    return any(
        (
            (_worst(left - mine.sum(axis=1)[:, None] + mine[:, unit]) < 0) & (_most(mine)[unit] < whole * (1 - 1e-9))
        ).any()
        for mine in _known_much(united, known, _worst(left).min())
    )


def _worst(left: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over parts (rest, then parent and children in turn), of parent and children the smaller."""
    return np.asarray(left[0] + np.minimum(left[1::2], left[2::2]).sum(axis=0))


def _most(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over parts, every parent taken."""
    return np.asarray(parts[0] + parts[1::2].sum(axis=0))


def _known_much(united: UnitMap, known: NDArray[np.float64], left: float) -> Iterable[NDArray[np.float64]]:
    """Of each firm that knows more than what is left, what it knows; part x unit, nobody's last."""
    parts = united.known_cell % 2 == 1
    parts |= united.known_cell == 0
    all_known = np.bincount(united.known_firm[parts], known[parts], minlength=united.firms)
    for firm in np.flatnonzero(all_known > left):
        here = united.known_firm == firm
        mine = np.zeros((united.cells, united.firms + 1))
        mine[united.known_cell[here], united.known_unit[here]] = known[here]
        yield mine


def union_levels(sets: Sequence[int], maps: Sequence[UnitMap], rules: Rules) -> tuple[tuple[Levels, ...], Bools]:
    """Levels of unions by the primary rules, and which of them are unsafe."""
    members = [cells_of(mask) for mask in sets]
    group = np.repeat(np.arange(len(sets)), [len(cells) for cells in members]).astype(np.int64)
    member = np.array([cell for cells in members for cell in cells], np.int64)
    levels = all_levels([one.united(group, member, groups=len(sets)) for one in maps], rules)
    return levels, unsafe_cells(levels)
