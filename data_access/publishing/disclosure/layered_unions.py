"""Unions over several layers: sums that one layer gives away, and what two layers together give away of the change.

In each layer they are found as in `unions`. Where a layer gives away a sum, so does it with an earlier one's shown
figures the sum of what was added since, together with what the earlier layer withholds of the same keys; and where the
earlier layer gives away the sum of that too, of what was added alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.publishing.disclosure.month import LAYER, Joint
from data_access.publishing.disclosure.tables import Split
from data_access.publishing.disclosure.unions import Found, cells_of, given_away

Bools = NDArray[np.bool_]


class LayeredUnions:
    """The search in a joint system; built once, asked for each pattern."""

    def __init__(self, joint: Joint) -> None:
        self.joint = joint
        self.splits = [self._splits(number) for number in range(len(joint.places))]
        self.pairs = [_Pair(joint, earlier, later) for later in range(len(joint.places)) for earlier in range(later)]

    def __call__(self, withheld: Bools) -> Found:
        """All sets of withheld cells whose sum the layers give away."""
        open_ = withheld.copy()
        for group in self.joint.groups:
            open_[group.cell] = withheld[list(group.children)].any()
        found = [given_away(splits, open_) for splits in self.splits]
        known = [set(one.sets) for one in found]
        sets = set().union(*known)
        for pair in self.pairs:
            sets |= set(pair.given_away(open_, known[pair.earlier], known[pair.later]))
        return Found(
            frozenset(mask for mask in sets if mask & (mask - 1)),
            all(one.complete for one in found),
            tuple(pair for one in found for pair in one.ranges),
        )

    def _splits(self, number: int) -> list[Split]:
        place = self.joint.places[number]
        found = [
            Split(one.parent + place.first, tuple(child + place.first for child in one.children), one.level)
            for one in place.tables.splits
        ]
        groups = [group for group in self.joint.groups if group.place == number]
        for level, group in enumerate(groups, start=LAYER):
            found.append(Split(group.cell, group.children, level))
            found += [
                Split(one.parent, tuple(sorted({*one.children} - {*group.children} | {group.cell})), level + LAYER)
                for one in found[: len(place.tables.splits)]
                if set(group.children) < set(one.children)
            ]
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """What a later layer's cell is of an earlier one: the earlier cell (-1 where it has none), and what was added
    since, as a set of cells."""

    earlier: int
    added: int


class _Pair:
    """Two layers: steps of the cells of the later one, and back."""

    def __init__(self, joint: Joint, earlier: int, later: int) -> None:
        self.earlier, self.later = earlier, later
        self.steps = dict(_steps(joint, earlier, later))
        self.back: dict[int, list[int]] = {}
        for cell, step in self.steps.items():
            if step.earlier >= 0:
                self.back.setdefault(step.earlier, []).append(cell)

    def given_away(self, withheld: Bools, before: set[int], after: set[int]) -> Iterator[int]:
        """Sets given away by both layers together; `before` and `after` those of each alone."""
        for mask in after:
            yield from self._forward(cells_of(mask), withheld, before)
        for mask in before:
            yield from self._backward(cells_of(mask), withheld, after)

    def _forward(self, cells: Sequence[int], withheld: Bools, before: set[int]) -> Iterator[int]:
        steps = [self.steps.get(cell, _Step(-1, 1 << cell)) for cell in cells]
        left = added = 0
        for step in steps:
            added |= step.added
            if step.earlier >= 0 and withheld[step.earlier]:
                left |= 1 << step.earlier
        yield left | added
        if left in before:
            yield added

    def _backward(self, cells: Sequence[int], withheld: Bools, after: set[int]) -> Iterator[int]:
        if any(cell not in self.back for cell in cells):
            return
        later = [self.back[cell][0] for cell in cells]
        left = added = 0
        for cell in later:
            added |= self.steps[cell].added
            left |= 1 << cell if withheld[cell] else 0
        if not left or left in after:
            yield added


def _steps(joint: Joint, earlier: int, later: int) -> Iterator[tuple[int, _Step]]:
    """Steps of all cells of the later place that the earlier one has a row for."""
    one, other = joint.places[earlier], joint.places[later]
    held = one.cell_of()
    added = _added(joint, earlier, later, joint.constant())
    done: set[int] = set()
    for key, cell in other.cell_of().items():
        if cell in done:
            continue
        if key in held and key in added:
            done.add(cell)
            yield cell, _Step(held[key], added[key])


def _added(joint: Joint, earlier: int, later: int, constant: Bools) -> Mapping[str, int]:
    """By key what was added from one place to a later one, as a set of increments of neighboring layers."""
    found: dict[tuple[str, int], int] = {}
    for link in joint.links:
        one, other = link.pair
        if link.next and one >= earlier and other <= later and not (constant[link.earlier] and constant[link.later]):
            mask = 1 << link.increment if link.increment >= 0 else 0
            if one == earlier:
                found[link.key, other] = mask
            elif (link.key, one) in found:
                found[link.key, other] = found[link.key, one] | mask
    return {key: mask for (key, place), mask in found.items() if place == later}
