"""The attacker's linear system: what was heard, what adds up, and what else is known; bounds by SciPy."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.attack.listening import Heard
from tests.attack.market import (
    ALL,
    GROUP_OF,
    GROUPS,
    KG,
    OUTSIDER,
    VALUE,
    Key,
    License,
    Rules,
    Truth,
    firms_of,
    is_unsafe,
    known_part,
    level_of,
)

EPSILON = {"margin": 0.05, "country": 0.15, "group_country": 0.30}
BETA = {"unwrought": 0.10, "others": 0.25}
TWINS = 0.05
AUV_ROUNDING, SHARE_ROUNDING = 0.005, 0.00005
SLACK = 1e-3
"""How far a bound may fall short of a level, relative to it, by the solver's rounding."""
EXACT = 1e-6
Layer = tuple[str, str]
"""A month and the date of its figures; a quarter has a layer of its own."""
Variable = tuple[Layer, Key, int]
Row = tuple[dict[int, float], float]
"""Factors by variable, and the right side."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Breach:
    """An attacker comes too close to a cell, or learns a sum that is unsafe."""

    layer: Layer
    cells: tuple[Key, ...]
    attacker: str
    measure: int
    bound: float
    allowed: float
    why: str


@dataclass
class Puzzle:
    """All layers of a month (or of several months that longer periods link), what is known of them, and the truth.

    `layers` map each layer to its truth, oldest first within a month; `quarters` are layers of linked periods.
    """

    layers: Mapping[Layer, Truth]
    quarters: Mapping[Layer, Truth] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        self._every = {**self.layers, **self.quarters}
        self._places: dict[Variable, int] = {}
        for layer, truth in self._every.items():
            for key in truth.holders:
                for measure in (VALUE, KG):
                    self._places[layer, key, measure] = len(self._places)
        self._keys = list(self._places)
        self.truth = np.array([self._every[layer].amounts(key)[m] for layer, key, m in self._keys], float)
        self._scale = np.array([1e-4 * max(self.truth[m::2].max(initial=1), 1) for m in (VALUE, KG)])
        self._equal: list[Row] = []
        self._less: list[Row] = []
        self._low, self._high = np.zeros(len(self._keys)), np.full(len(self._keys), np.inf)
        self.known: dict[Variable, float] = {}
        self.untrue: list[Heard] = []
        self._told: tuple[csr_array, Floats, csr_array, Floats] | None = None
        self._add_structure()
        self._add_knowledge()

    # -- what adds up, and what is known anyway ------------------------------------------------------------------------

    def _add_structure(self) -> None:
        for layer, truth in self._every.items():
            for parent, children in truth.equations:
                for measure in (VALUE, KG):
                    row = {self._places[layer, child, measure]: 1.0 for child in children}
                    row[self._places[layer, parent, measure]] = -1.0
                    self._equal.append((row, 0.0))
        for (first, before), (second, after) in zip(self.layers.items(), list(self.layers.items())[1:], strict=False):
            if first[0] == second[0]:
                self._add_growth(first, before, second, after)
        for layer, truth in self.quarters.items():
            self._link(layer, truth)

    def _add_growth(self, first: Layer, before: Truth, second: Layer, after: Truth) -> None:
        """Where no firm fell, a cell of the later layer is no less than before."""
        for key in before.holders.keys() & after.holders.keys():
            if not before.fallen(after, key):
                for measure in (VALUE, KG):
                    row = {self._places[first, key, measure]: 1.0, self._places[second, key, measure]: -1.0}
                    self._less.append((row, 0.0))

    def _link(self, layer: Layer, truth: Truth) -> None:
        """A quarter's cell is the sum of its months' in their newest layers."""
        newest = newest_layers(self.layers, months_of(layer[0]))
        for key, measure in combinations(truth.holders, (VALUE, KG)):
            parts = [self._places.get((month, key, measure)) for month in newest]
            there = any(key in self.layers[month].holders for month in newest)
            if there and len(newest) == len(months_of(layer[0])):
                row = {place: 1.0 for place in parts if place is not None}
                row[self._places[layer, key, measure]] = -1.0
                self._equal.append((row, 0.0))

    def _add_knowledge(self) -> None:
        for (layer, key, measure), place in self._places.items():
            epsilon = public_knowledge(key)
            top = self._every[layer].amounts(("aim", ALL, ALL, ALL, ALL))[measure]
            self._high[place] = top
            if epsilon is not None:
                self._low[place] = (1 - epsilon) * self.truth[place]
                self._high[place] = min(top, (1 + epsilon) * self.truth[place])
        for layer, truth in self._every.items():
            for key in truth.holders:
                self._add_unit_value(layer, key)
            self._add_twins(layer, truth)

    def _add_unit_value(self, layer: Layer, key: Key) -> None:
        value, kg = (self._places[layer, key, measure] for measure in (VALUE, KG))
        if not self.truth[value] or not self.truth[kg]:
            return
        price, beta = self.truth[value] / self.truth[kg], BETA["unwrought" if _is_unwrought(key[0]) else "others"]
        self._less.append(({value: 1.0, kg: -(1 + beta) * price}, 0.0))
        self._less.append(({value: -1.0, kg: (1 - beta) * price}, 0.0))

    def _add_twins(self, layer: Layer, truth: Truth) -> None:
        for product, *members in list(truth.holders):
            country = members[0]
            if product != "unwrought" or country in (ALL, "other") or members[1:] != [ALL] * 3:
                continue
            for twin in ((product, ALL, country, ALL, ALL), (product, ALL, ALL, ALL, country)):
                for measure in (VALUE, KG):
                    self._add_twin((layer, (product, *members), measure), (layer, twin, measure))  # type: ignore[arg-type]

    def _add_twin(self, origin: Variable, twin: Variable) -> None:
        if twin not in self._places:
            return
        one, other = self._places[origin], self._places[twin]
        if abs(self.truth[one] - self.truth[other]) <= TWINS * self.truth[one]:
            self._less.append(({other: 1.0, one: -1 - TWINS}, 0.0))
            self._less.append(({other: -1.0, one: 1 - TWINS}, 0.0))

    # -- what was heard ------------------------------------------------------------------------------------------------

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take in figures; those that are not the truth are kept in `untrue`."""
        for one in heard:
            if one.value is not None:
                candidates = [layers for layers in self._layers_of(one) if layers]
                if candidates and not any(self._take(one, layers) for layers in candidates):
                    self.untrue.append(one)
        self._told = None

    def tell(self, layer: Layer, key: Key) -> None:
        """Give a cell away."""
        for measure in (VALUE, KG):
            self.known[layer, key, measure] = self.truth[self._places[layer, key, measure]]

    def _layers_of(self, one: Heard) -> list[list[Layer]]:
        """The layers that a figure may be of: that of its date; of a longer period any of its months the oldest of
        which has its date, or the newest ones."""
        if one.freq == "month":
            layer = (one.period, str(one.as_of))
            return [[layer]] if layer in self.layers else []
        if one.freq == "quarter" and (one.period, "") in self.quarters and is_crossed(one):
            return [[(one.period, "")]]
        months = months_of(one.period, ytd=one.freq == "ytd")
        newest = newest_layers(self.layers, months)
        if len(newest) < len(months):
            return []
        of_month = [[layer for layer in self.layers if layer[0] == month] for month in months]
        dated = [list(chosen) for chosen in combinations(*of_month) if min(day for _, day in chosen) == one.as_of]
        return [*dated, newest]

    def _take(self, one: Heard, layers: Sequence[Layer]) -> bool:
        """Take a figure in as one of these layers; gives whether it is the truth of them."""
        keys, figure = keys_of(one), float(one.value or 0)
        match one.measure:
            case "value":
                return self._fix(self._sum(layers, keys, VALUE), figure, 0.5)
            case "volume":
                return self._fix(self._sum(layers, keys, KG), round(figure * 1000), 0.5)
            case "auv":
                value, kg = (self._sum(layers, keys, measure) for measure in (VALUE, KG))
                return self._quotient(value, kg, figure / 1000, AUV_ROUNDING / 1000)
        measure = VALUE if one.of == "value" else KG
        part, whole = self._sum(layers, keys, measure), self._whole(one, layers, measure)
        return self._quotient(part, whole, figure / 100, SHARE_ROUNDING / 100)

    def _whole(self, one: Heard, layers: Sequence[Layer], measure: int) -> dict[int, float]:
        """What a share is of; that of a quarter by two dimensions is of its months."""
        if any(layer in self.quarters for layer in layers):
            layers = newest_layers(self.layers, months_of(one.period))
        return self._sum(layers, whole_of(one), measure)

    def _sum(self, layers: Sequence[Layer], keys: Iterable[Key], measure: int) -> dict[int, float]:
        """The sum of cells; those of no license are 0."""
        row: dict[int, float] = defaultdict(float)
        for layer, key in combinations(layers, keys):
            place = self._places.get((layer, key, measure))
            if place is not None:
                row[place] += 1.0
        return dict(row)

    def _fix(self, row: dict[int, float], figure: float, rounding: float) -> bool:
        if abs(self._at(row) - figure) > rounding:
            return False
        if len(row) == 1:
            self.known[self._keys[next(iter(row))]] = figure
        elif row:
            self._equal.append((row, figure))
        return True

    def _quotient(self, part: dict[int, float], whole: dict[int, float], ratio: float, within: float) -> bool:
        if abs(self._at(part) - ratio * self._at(whole)) > within * self._at(whole) * 1.01 + 1e-6:
            return False
        if all(self._keys[place] in self.known for place in (*part, *whole)):
            return True
        for sign in (1.0, -1.0):
            row: dict[int, float] = defaultdict(float)
            for place, factor in part.items():
                row[place] += sign * factor
            for place, factor in whole.items():
                row[place] -= (sign * ratio + within * 1.01) * factor
            self._less.append((dict(row), 0.0))
        return True

    def _at(self, row: Mapping[int, float]) -> float:
        return sum(factor * self.truth[place] for place, factor in row.items())

    def beyond_ranges(self, heard: Iterable[Heard]) -> list[Heard]:
        """Ranges of withheld cells that do not hold the truth."""
        found = []
        for one in heard:
            layer = (one.period, str(one.as_of))
            if (one.low is None and one.high is None) or one.freq != "month" or layer not in self.layers:
                continue
            measure, unit = (VALUE, 1) if one.measure == "value" else (KG, 1000)
            truth = self._at(self._sum([layer], keys_of(one), measure)) / unit
            if not (one.low or 0) <= truth <= (math.inf if one.high is None else one.high):
                found.append(one)
        return found

    # -- bounds --------------------------------------------------------------------------------------------------------

    def withheld(self) -> list[tuple[Layer, Key]]:
        """Cells of which no figure was heard."""
        return [
            (layer, key)
            for layer, truth in self._every.items()
            for key in truth.holders
            if not any((layer, key, measure) in self.known for measure in (VALUE, KG))
        ]

    def extreme(self, target: Mapping[int, float], attacker: str, *, up: bool) -> float:
        """The most (or least) that a sum can be, for one attacker."""
        low, high = self._low.copy(), self._high.copy()
        if attacker != OUTSIDER:
            self._add_own(attacker, low, high)
        for variable, figure in self.known.items():
            low[self._places[variable]] = high[self._places[variable]] = figure
        measures = np.array([key[2] for key in self._keys])
        scale = self._scale[measures]
        cost = np.zeros(len(self._keys))
        for place, factor in target.items():
            cost[place] = -factor if up else factor
        if self._told is None:
            self._told = (*self._matrix(self._equal, scale), *self._matrix(self._less, scale))
        equal, right, less, limits = self._told
        answer = linprog(
            cost,
            A_ub=less,
            b_ub=limits,
            A_eq=equal,
            b_eq=right,
            bounds=np.column_stack([low / scale, high / scale]),
            method="highs",
        )
        assert answer.status == 0, answer.message
        size = self._scale[self._keys[next(iter(target))][2]]
        return float((-answer.fun if up else answer.fun) * size)

    def _add_own(self, attacker: str, low: Floats, high: Floats) -> None:
        for layer, truth in self._every.items():
            for key, held in truth.holders.items():
                mine = known_part(held, attacker)
                for measure in (VALUE, KG):
                    place = self._places[layer, key, measure]
                    low[place] = max(low[place], mine[measure])
                    if mine[measure] >= self.truth[place]:
                        low[place] = high[place] = self.truth[place]

    def _matrix(self, rows: Sequence[Row], scale: Floats) -> tuple[csr_array, Floats]:
        if not rows:
            return csr_array((0, len(self._keys))), np.zeros(0)
        entries = [
            (number, place, factor * scale[place])
            for number, (row, _) in enumerate(rows)
            for place, factor in row.items()
        ]
        which, place, factor = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array((factor, (which, place)), shape=(len(rows), len(self._keys)))
        size = np.maximum(np.abs(matrix).max(axis=1).toarray().ravel(), 1e-12)
        return csr_array(matrix / size[:, None]), np.array([right for _, right in rows]) / size

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def breaches(
        self, attackers: int = 2, *, layers: Collection[Layer] | None = None, keys: Collection[Key] | None = None
    ) -> list[Breach]:
        """Unsafe cells that are told, and withheld ones (of `layers` and `keys`, where given) that the outsider, or one
        of the `attackers` firms that need most in the cell or have most beside it, bounds within their level."""
        return list(self._breaches(attackers, layers, keys))

    def is_broken(self, attackers: int = 2) -> bool:
        """Whether there is any breach; it stops at the first."""
        return next(iter(self._breaches(attackers, None, None)), None) is not None

    def _breaches(
        self, attackers: int, layers: Collection[Layer] | None, keys: Collection[Key] | None
    ) -> Iterator[Breach]:
        for (layer, key, measure), figure in self.known.items():
            if (layers is None or layer in layers) and is_unsafe(self._every[layer].holders[key], self.rules):
                yield Breach(layer, (key,), OUTSIDER, measure, figure, figure, "an unsafe cell is told")
        beside: dict[Layer, list[Key]] = defaultdict(list)
        for layer, key in self.withheld():
            beside[layer].append(key)
        for layer, key in self.withheld():
            held = self._every[layer].holders[key]
            asked = (layers is None or layer in layers) and (keys is None or key in keys)
            if asked and is_unsafe(held, self.rules):
                for attacker in [OUTSIDER, *self._insiders(layer, key, beside, attackers)]:
                    yield from self._close(layer, key, held, attacker)

    def _insiders(self, layer: Layer, key: Key, beside: Mapping[Layer, Sequence[Key]], count: int) -> list[str]:
        """Firms in the cell that need most, then others with most in the withheld cells of its level."""
        truth = self._every[layer]
        held = truth.holders[key]
        need = {firm: max(level_of(held, m, firm, self.rules) for m in (VALUE, KG)) for firm in firms_of(held)}
        inside = sorted(need, key=lambda firm: (-need[firm], -known_part(held, firm)[0], firm))
        near = [one for other in beside[layer] if _shape(other) == _shape(key) for one in truth.holders[other]]
        outside = firms_of(near) - set(inside)
        ranked = sorted(outside, key=lambda firm: (-known_part(near, firm)[0], firm))
        return [*inside[:count], *ranked[: (count + 1) // 2]]

    def _close(self, layer: Layer, key: Key, held: Sequence[License], attacker: str) -> Iterable[Breach]:
        for measure in (VALUE, KG):
            place = self._places[layer, key, measure]
            truth = self.truth[place]
            level = level_of(held, measure, attacker, self.rules)
            for up in (True, False):
                needed = min(level, self.rules.cap * self._room(layer, key, measure, attacker, up=up))
                if needed <= 0:
                    continue
                bound = self.extreme({place: 1.0}, attacker, up=up)
                allowed = truth + needed if up else truth - needed
                if (allowed - bound if up else bound - allowed) > SLACK * needed + EXACT * truth:
                    yield Breach(layer, (key,), attacker, measure, bound, allowed, "bounded within its level")

    def _room(self, layer: Layer, key: Key, measure: int, attacker: str, *, up: bool) -> float:
        """What the cell's own bounds leave: public knowledge, the attacker's part, the smallest shown cell above."""
        same = [self._places[layer, one, measure] for one in self._same(layer, key)]
        truth = self.truth[same[0]]
        if not up:
            known = known_part(self._every[layer].holders[key], attacker)[measure] if attacker else 0
            return float(max(0.0, min(truth - known, truth - self._low[same].max())))
        shown = [
            self.known[layer, parent, measure]
            for parent, children in self._every[layer].equations
            if key in children and (layer, parent, measure) in self.known
        ]
        return float(max(0.0, min([self._high[same].min(), *shown]) - truth))

    def _same(self, layer: Layer, key: Key) -> list[Key]:
        """The cell and all cells that hold the same licenses."""
        held = [one.id for one in self._every[layer].holders[key]]
        return [one for one, other in self._every[layer].holders.items() if [each.id for each in other] == held]

    def told_sums(self, sums: Iterable[Heard]) -> list[Breach]:
        """Withheld selections whose sum the outsider works out exactly though it is unsafe."""
        found = []
        for one in sums:
            layer, keys = (one.period, str(one.as_of)), keys_of(one)
            if one.freq != "month" or layer not in self.layers or len(keys) < 2 or one.measure != "value":
                continue
            held = [each for key in keys for each in self.layers[layer].holders.get(key, [])]
            row = self._sum([layer], keys, VALUE)
            if not row or not is_unsafe(held, self.rules):
                continue
            least, most = (self.extreme(row, OUTSIDER, up=up) for up in (False, True))
            if most - least <= EXACT * self._at(row):
                found.append(Breach(layer, tuple(keys), OUTSIDER, VALUE, least, most, "an unsafe sum is told"))
        return found


def public_knowledge(key: Key) -> float | None:
    """How closely public statistics tell a cell: products, and origins by product."""
    product, origin, *others = key
    if others != [ALL] * 3:
        return None
    if origin == ALL:
        return EPSILON["margin"]
    return EPSILON["country"] if product == "aim" else EPSILON["group_country"]


def _is_unwrought(product: str) -> bool:
    return GROUP_OF.get(product, product) == "unwrought"


def _shape(key: Key) -> tuple[object, ...]:
    """The level of a key."""
    depth = "total" if key[0] == "aim" else "hts6" if key[0].isdigit() else "group"
    return (depth, *(member == ALL for member in key[1:]))


def months_of(period: str, *, ytd: bool = False) -> list[str]:
    """The months of a period as answers name it."""
    if "Q" in period:
        first = 3 * int(period[-1]) - 2
        return [f"{period[:4]}-{month:02d}" for month in range(first, first + 3)]
    if len(period) == 4:
        return [f"{period}-{month:02d}" for month in range(1, 13)]
    if "/" in period:
        start, end = period.split("/")
        year, month = int(start[:4]), int(start[5:])
        found = [start]
        while found[-1] < end:
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            found.append(f"{year}-{month:02d}")
        return found
    if ytd:
        return [f"{period[:4]}-{month:02d}" for month in range(1, int(period[5:]) + 1)]
    return [period]


def newest_layers(layers: Iterable[Layer], months: Sequence[str]) -> list[Layer]:
    """The newest layer of each of these months that has one."""
    newest: dict[str, str] = {}
    for month, day in layers:
        if month in months:
            newest[month] = max(day, newest.get(month, ""))
    return sorted(newest.items())


def products_of(chosen: Sequence[str]) -> list[str]:
    """Products that add up to the chosen ones, what overlaps counted once."""
    if "aim" in chosen:
        return ["aim"]
    if set(chosen) == {"760110", "760120"}:  # which is all of the group
        return ["unwrought"]
    return [one for one in chosen if one in GROUPS or GROUP_OF.get(one) not in chosen]


def is_crossed(one: Heard) -> bool:
    """Whether a figure is of two dimensions."""
    return sum(ALL not in chosen for chosen in one.places) > 1


def keys_of(one: Heard) -> list[Key]:
    """The cells whose sum a figure is."""
    places = [(ALL,) if ALL in chosen else chosen for chosen in one.places]
    return [(product, *members) for product in products_of(one.products) for members in combinations(*places)]  # type: ignore[misc]


def whole_of(one: Heard) -> list[Key]:
    """What a share is of: all countries where any place is chosen or split, else all licensed products."""
    if one.of_places:
        return [(product, ALL, ALL, ALL, ALL) for product in products_of(one.products)]
    return [("aim", ALL, ALL, ALL, ALL)]
