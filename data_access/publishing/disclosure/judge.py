"""The independent judge: works out what each attacker can bound, and says where that is too close.

Written apart from the engine on purpose: own cells, own rules, own matrices, another solver (SciPy). Exact on small
months; on large ones it looks at a sample of targets and attackers. Its findings name firms and cells: staff side only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import product as combinations_of
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

if TYPE_CHECKING:
    from data_access.publishing.disclosure.month import Layer
    from data_access.publishing.disclosure.regime import Regime

Floats = NDArray[np.float64]
Known = Mapping[int, Sequence[float] | Floats]
"""What an attacker knows of cells: cell to amount per measure."""

OUTSIDER: Final = ""
ALL: Final = "all"
NOBODY: Final = ("", "unknown")
ROLES: Final = ("importer_id", "filer_id", "exporter_id", "manufacturer_id")
COLUMNS: Final = {"origin": "origin", "smelt": "smelt1", "smelt2": "smelt2", "cast": "cast"}
SLACK: Final = 1e-4
"""How far a bound may fall short of a level, relative to the level, before it counts as too close."""
CAP: Final = 0.93
SETS: Final = 5_000
"""Unions looked at; a month with more is too large for this search and said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """Rules and what attackers are taken to know; percent for p and k, fractions else, None for not assumed."""

    p: float
    n_min: int
    n: int | None = None
    k: float | None = None
    unit_value_unwrought: float | None = 0.10
    unit_value_others: float | None = 0.25
    public_group: float | None = 0.05
    public_country: float | None = 0.15
    public_group_country: float | None = 0.30
    twins: float | None = 0.05
    unwrought: str = "unwrought"


@dataclass(frozen=True, slots=True)
class Breach:
    """An attacker (`OUTSIDER` or a firm's first id) comes too close to a cell: the bound it gets in a measure and
    direction, and the one it must not pass. `why` tells unsafe cells that are shown and unions that are given away."""

    cell: str
    attacker: str
    measure: int
    direction: int
    bound: float
    needed: float
    why: str = "bound"


@dataclass(frozen=True, kw_only=True)
class Puzzle:
    """Cells as an attacker sees them: `truth` measure x cell, `shown` those published, equations (parent, children).

    `low` and `high` are bounds by what is known of single cells; `unit_value` β per cell; `twins` (origin, twin, τ,
    measure).
    """

    truth: Floats
    shown: NDArray[np.bool_]
    equations: Sequence[tuple[int, Sequence[int]]]
    low: Floats
    high: Floats
    unit_value: Floats
    twins: Sequence[tuple[int, int, float, int]] = ()

    def interval(self, cells: Sequence[int], measure: int, known: Known | None = None) -> tuple[float, float]:
        """The least and the most that the sum of these cells can be, for an attacker with known parts of cells
        (cell -> amount per measure). Raises RuntimeError where the solver gives no answer."""
        return (self._extreme(cells, measure, known, 1.0), self._extreme(cells, measure, known, -1.0))

    def extreme(self, cells: Sequence[int], measure: int, known: Known | None, direction: int) -> float:
        """One end of the interval: direction 0 the most, 1 the least."""
        return self._extreme(cells, measure, known, 1.0 if direction else -1.0)

    def _extreme(self, cells: Sequence[int], measure: int, known: Known | None, sign: float) -> float:
        measures, count = self.truth.shape
        size = self._size
        low, high = np.where(self.shown, self.truth, self.low), np.where(self.shown, self.truth, self.high)
        for cell, parts in (known or {}).items():
            for m, part in enumerate(parts):
                low[m, cell] = max(low[m, cell], min(part, self.truth[m, cell]))
                if part >= self.truth[m, cell] * (1 - 1e-7):
                    low[m, cell] = high[m, cell] = self.truth[m, cell]
        cost = np.zeros(measures * count)
        cost[[measure * count + cell for cell in cells]] = sign
        limits = np.column_stack([(low / size[:, None]).ravel(), (high / size[:, None]).ravel()])
        rows, right = self._inequalities
        equal = self._equalities
        answer = linprog(  # type: ignore[call-overload] # its stubs know neither sparse rows nor an array of bounds
            cost,
            A_ub=rows if len(right) else None,
            b_ub=right if len(right) else None,
            A_eq=equal if equal.shape[0] else None,
            b_eq=np.zeros(equal.shape[0]) if equal.shape[0] else None,
            bounds=limits,
            method="highs",
        )
        if answer.status != 0:
            raise RuntimeError(f"expected an optimum, found {answer.message}")
        return float(sign * answer.fun * size[measure])

    @property
    def _size(self) -> Floats:
        """Figures are solved for in ten-thousandths of the largest, which suits the solver."""
        return np.asarray(np.maximum(np.abs(self.truth).max(axis=1), 1e-9) / 1e4)

    @cached_property
    def _equalities(self) -> csr_array:
        measures, count = self.truth.shape
        entries = []
        for row, ((parent, children), measure) in enumerate(combinations_of(self.equations, range(measures))):
            entries.append((row, measure * count + parent, -1.0))
            entries += [(row, measure * count + child, 1.0) for child in children]
        return _matrix(entries, measures * len(self.equations), measures * count)

    @cached_property
    def _inequalities(self) -> tuple[csr_array, Floats]:
        measures, count = self.truth.shape
        size = self._size
        entries: list[tuple[int, int, float]] = []
        row = 0
        for cell in range(count) if measures > 1 else ():
            beta = self.unit_value[cell]
            if np.isfinite(beta) and (self.truth[:, cell] > 0).all():
                price = self.truth[0, cell] / self.truth[1, cell] * size[1] / size[0]
                entries += [(row, cell, 1.0), (row, count + cell, -(1 + beta) * price)]
                entries += [(row + 1, cell, -1.0), (row + 1, count + cell, (1 - beta) * price)]
                row += 2
        for origin, twin, tau, measure in self.twins:
            for sign in (1.0, -1.0):
                entries += [(row, measure * count + twin, sign), (row, measure * count + origin, -sign - tau)]
                row += 1
        return _matrix(entries, row, measures * count), np.zeros(row)


def _matrix(entries: Sequence[tuple[int, int, float]], rows: int, columns: int) -> csr_array:
    row, column, factor = ([entry[i] for entry in entries] for i in range(3))
    return csr_array(coo_array((factor, (row, column)), shape=(rows, columns)))


@dataclass(slots=True)
class _Firms:
    """Firms by id: an importer and the group it names are one, in every role."""

    parent: dict[str, str] = field(default_factory=dict)

    def of(self, id_: str) -> str:
        """The firm of an id."""
        while (above := self.parent.get(id_, id_)) != id_:
            id_ = above
        return id_

    def join(self, one: str, other: str) -> None:
        """Two ids of one firm."""
        first, second = sorted((self.of(one), self.of(other)))
        self.parent[second] = first


def _is_firm(id_: object) -> bool:
    return isinstance(id_, str) and id_ not in NOBODY


class _Part:
    """What a cell or union holds: amounts (value, kg) by unit under each map, and by knowing firm and unit."""

    def __init__(self, maps: int) -> None:
        self.total = np.zeros(2)
        self.units: list[dict[str, Floats]] = [{} for _ in range(maps)]
        self.known: dict[str, Floats] = {}
        self.known_units: list[dict[str, dict[str, Floats]]] = [{} for _ in range(maps)]
        self._ranked: dict[tuple[int, int], list[tuple[float, str]]] = {}

    def put(self, amount: Floats, knowing: Iterable[str], units: Sequence[str | None]) -> None:
        """Add a record."""
        self.total = self.total + amount
        for held, unit in zip(self.units, units, strict=True):
            if unit is not None:
                held[unit] = held.get(unit, 0.0) + amount
        for firm in knowing:
            self.known[firm] = self.known.get(firm, 0.0) + amount
            for known, unit in zip(self.known_units, units, strict=True):
                if unit is not None:
                    mine = known.setdefault(firm, {})
                    mine[unit] = mine.get(unit, 0.0) + amount

    def join(self, other: _Part) -> None:
        """Take in what another cell holds."""
        self.total = self.total + other.total
        _add_to(self.known, other.known)
        for number in range(len(self.units)):
            _add_to(self.units[number], other.units[number])
            for firm, mine in other.known_units[number].items():
                _add_to(self.known_units[number].setdefault(firm, {}), mine)

    def gross(self, number: int, measure: int) -> float:
        """Sum of the absolute net of each unit of a map, and of what is no unit's."""
        units = [float(amount[measure]) for amount in self.units[number].values()]
        return sum(map(abs, units)) + abs(float(self.total[measure]) - sum(units))

    def gross_known(self, number: int, measure: int, attacker: str) -> float:
        """The same of what an attacker knows."""
        if attacker not in self.known:
            return 0.0
        units = [float(amount[measure]) for amount in self.known_units[number].get(attacker, {}).values()]
        return sum(map(abs, units)) + abs(float(self.known[attacker][measure]) - sum(units))

    def fell(self, measure: int) -> bool:
        """Whether the part of a unit, or of nobody, is negative under any map."""
        return any(
            min([float(self.total[measure]) - sum(units), *units]) < 0
            for units in ([float(amount[measure]) for amount in held.values()] for held in self.units)
        )

    def ranked(self, number: int, measure: int) -> list[tuple[float, str]]:
        """Units of a map with their size, the largest first."""
        key = (number, measure)
        if key not in self._ranked:
            sizes = ((abs(float(amount[measure])), unit) for unit, amount in self.units[number].items())
            self._ranked[key] = sorted(sizes, reverse=True)
        return self._ranked[key]

    def unknown(self, number: int, measure: int, attacker: str) -> tuple[float, list[tuple[float, float]]]:
        """Size of the largest unit of which an attacker knows nothing (0 for none), and size and known part of those
        of which it knows some but not all."""
        mine = self.known_units[number].get(attacker, {})
        largest = next((size for size, unit in self.ranked(number, measure) if unit not in mine), 0.0)
        some = [
            (abs(float(self.units[number][unit][measure])), abs(float(part[measure]))) for unit, part in mine.items()
        ]
        return largest, [(size, part) for size, part in some if size - part > 1e-9 * size]


def _add_to(into: dict[str, Floats], amounts: Mapping[str, Floats]) -> None:
    for name, amount in amounts.items():
        into[name] = into.get(name, 0.0) + amount


class Judge:
    """A month as the judge sees it; `rows` are a release's (product, dimensions, status), `levels` (depth name,
    dimensions) of its tables."""

    def __init__(
        self,
        rows: pd.DataFrame,
        licenses: pd.DataFrame,
        tree: pd.DataFrame,
        standards: Standards,
        *,
        figures: pd.DataFrame | None,
        unit_roles: Sequence[str] = ("importer_id", "filer_id"),
        all_licenses: pd.DataFrame | None = None,
        listed: frozenset[str] | None = None,
        beyond: float = 1.0,
    ) -> None:
        self.standards, self.unit_roles, self.listed, self.beyond = standards, tuple(unit_roles), listed, beyond
        names = ["product", *COLUMNS]
        self.keys = [tuple(key) for key in rows[names].astype(str).itertuples(index=False)]
        self.place = {key: cell for cell, key in enumerate(self.keys)}
        self.shown = (rows["status"] == "published").to_numpy()
        self.tree = {code: (str(row["group"]), row["hts6"]) for code, row in tree.to_dict("index").items()}
        largest = 0 if figures is None else int(figures["value"].argmax())
        self.total_product = self.keys[largest][0]
        self.firms = _Firms()
        for importer, group in (licenses if all_licenses is None else all_licenses)[
            ["importer_id", "enterprise_group"]
        ].itertuples(index=False):
            if _is_firm(group):
                self.firms.join(importer, group)
        self.parts = self._parts(licenses)
        if figures is None:
            self.truth = np.array([part.total for part in self.parts]).T.copy()
        else:
            self.truth = figures[["value", "kg"]].to_numpy(np.float64).T.copy()
        self.equations = self._equations()
        self.same = self._same()
        self.above = [
            {parent for parent, children in self.equations if cell in children} for cell in range(len(self.keys))
        ]
        self.puzzle = self._puzzle()
        self.knowledge = self._knowledge()

    def cells_of(self, record: Mapping[str, object]) -> set[int]:
        """Cells that a record is in: every row whose product holds its code and whose members are its own."""
        group, hts6 = self.tree[str(record["hts10"])]
        products = {self.total_product, group} | ({str(hts6)} if isinstance(hts6, str) else set())
        choices = [[ALL, str(record[column]), *self._aside(name, record)] for name, column in COLUMNS.items()]
        keys = ((chosen, *members) for chosen in products for members in combinations_of(*choices))
        return {self.place[key] for key in keys if key in self.place}

    def _aside(self, name: str, record: Mapping[str, object]) -> list[str]:
        """`OTHER`, where a layer has rows for it beside those of the countries that are not listed."""
        if self.listed is None or name not in WEEKLY_DIMENSIONS or str(record[COLUMNS[name]]) in self.listed:
            return []
        return [OTHER]

    def firms_of(self, record: Mapping[str, object]) -> tuple[set[str], list[str | None]]:
        """The firms that know a record, and its unit under each map."""
        knowing = {self.firms.of(str(record[role])) for role in ROLES if _is_firm(record.get(role))}
        units = [self.firms.of(str(record[role])) if _is_firm(record[role]) else None for role in self.unit_roles]
        return knowing, units

    def _parts(self, licenses: pd.DataFrame) -> list[_Part]:
        parts = [_Part(len(self.unit_roles)) for _ in self.keys]
        for record in licenses.to_dict("records"):
            amount = np.array([float(record["value_usd"]), float(record["quantity_kg"])])
            named = {str(name): value for name, value in record.items()}
            knowing, units = self.firms_of(named)
            for cell in self.cells_of(named):
                parts[cell].put(amount, knowing, units)
        return parts

    def _equations(self) -> list[tuple[int, list[int]]]:
        """Each row as the sum of its rows one or more steps finer, by product or by one dimension."""
        found: dict[tuple[int, str, tuple[bool, ...]], list[int]] = defaultdict(list)
        groups = {hts6: group for group, hts6 in self.tree.values() if isinstance(hts6, str)}
        for cell, key in enumerate(self.keys):
            if self.listed is not None and OTHER in key:
                continue
            depth = "total" if key[0] == self.total_product else "hts6" if key[0] in groups else "group"
            coarser = {"total": [key[0]], "group": [key[0], self.total_product]}.get(depth)
            for above in coarser or [key[0], groups[key[0]], self.total_product]:
                for members in combinations_of(*[sorted({member, ALL}) for member in key[1:]]):
                    parent = (above, *members)
                    if parent != key and parent in self.place:
                        shape = tuple(member != ALL for member in key[1:])
                        found[self.place[parent], depth, shape].append(cell)
        return [
            *((parent, kids) for (parent, _, _), kids in found.items() if self._adds_up(parent, kids)),
            *self._others(),
        ]

    def _others(self) -> Iterator[tuple[int, list[int]]]:
        """`OTHER` as the sum of the countries that are not listed."""
        for cell, key in enumerate(self.keys) if self.listed is not None else ():
            if OTHER in key:
                at = key.index(OTHER)
                kids = [
                    kid
                    for kid, other in enumerate(self.keys)
                    if other[:at] + other[at + 1 :] == key[:at] + key[at + 1 :]
                    and other[at] not in {ALL, OTHER, *(self.listed or ())}
                ]
                yield cell, kids

    def _adds_up(self, parent: int, children: Sequence[int]) -> bool:
        """Castings and forgings have no HTS6: those of the rest do not add up to the total, and are no equation."""
        return bool(np.allclose(self.truth[:, list(children)].sum(axis=1), self.truth[:, parent], rtol=1e-9, atol=0.5))

    def _puzzle(self) -> Puzzle:
        standards, cells = self.standards, len(self.keys)
        epsilon, beta = np.full(cells, np.inf), np.full(cells, np.inf)
        unwrought = {standards.unwrought} | {str(h) for g, h in self.tree.values() if g == standards.unwrought}
        for cell, (product, *members) in enumerate(self.keys):
            known = self._public(product, members)
            epsilon[cell] = np.inf if known is None else known
            price = standards.unit_value_unwrought if product in unwrought else standards.unit_value_others
            beta[cell] = np.inf if price is None else price
        self.epsilon = epsilon
        total = self.most()[:, None]
        high = np.where(np.isfinite(epsilon), (1 + np.where(np.isfinite(epsilon), epsilon, 0)) * self.truth, total)
        low = np.where(np.isfinite(epsilon), (1 - np.where(np.isfinite(epsilon), epsilon, 0)) * self.truth, 0.0)
        return Puzzle(
            truth=self.truth,
            shown=self.shown,
            equations=self.equations,
            low=np.maximum(low, 0.0),
            high=np.minimum(high, np.broadcast_to(total, high.shape)),
            unit_value=beta,
            twins=list(self._twins()),
        )

    def most(self) -> Floats:
        """What no cell is more than, per measure: the total, if it is shown."""
        shown = self.shown[[cell for cell, key in enumerate(self.keys) if (*key,) == (self.total_product, *[ALL] * 4)]]
        return np.asarray(self.truth.max(axis=1) * (1.0 if shown.all() else self.beyond))

    def _public(self, product: str, members: Sequence[str]) -> float | None:
        if all(member == ALL for member in members):
            return self.standards.public_group
        if members[0] != ALL and all(member == ALL for member in members[1:]):
            whole = product == self.total_product
            return self.standards.public_country if whole else self.standards.public_group_country
        return None

    def _twins(self) -> Iterator[tuple[int, int, float, int]]:
        tau, product = self.standards.twins, self.standards.unwrought
        countries = {key[1] for key in self.keys} - {ALL} if tau is not None else set()
        for country in sorted(countries):
            origin = self.place.get((product, country, ALL, ALL, ALL))
            for key in ((product, ALL, country, ALL, ALL), (product, ALL, ALL, ALL, country)):
                twin = self.place.get(key)
                for measure in range(2):
                    if origin is None or twin is None:
                        continue
                    one, other = self.truth[measure, origin], self.truth[measure, twin]
                    if one > 0 and abs(other - one) <= float(tau or 0) * one:
                        yield origin, twin, float(tau or 0), measure

    def _knowledge(self) -> dict[str, dict[int, Floats]]:
        """What each firm knows of withheld cells: the only ones where its figures tell it more."""
        known: dict[str, dict[int, Floats]] = defaultdict(dict)
        for cell in np.flatnonzero(~self.shown):
            for firm, amount in self.parts[int(cell)].known.items():
                known[firm][int(cell)] = amount
        return known

    def level(self, part: _Part, attacker: str, measure: int) -> float:
        """How far from the truth an attacker must be kept in a cell or union of cells: 0 for a safe one."""
        rules, worst, share = self.standards, 0.0, self.standards.p / 100
        for number in range(len(self.unit_roles)):
            total, known = part.gross(number, measure), part.gross_known(number, measure, attacker)
            largest, some = part.unknown(number, measure, attacker)
            if not largest and not some:
                continue
            shortfall = max([(1 + share) * largest, *((1 + share) * size - mine for size, mine in some)])
            worst = max(worst, shortfall - (total - known))
            if self._few(part, number, measure):
                worst = max(worst, share * max([largest, *(size for size, _ in some)]))
            if rules.n is not None and rules.k is not None:
                top = sum(size for size, _ in part.ranked(number, measure)[: rules.n])
                worst = max(worst, 100 / rules.k * top - total)
        gross = max(part.gross(number, measure) for number in range(len(self.unit_roles)))
        return worst if worst > 1e-9 * gross else 0.0

    def unsafe(self, part: _Part) -> bool:
        """Whether a cell or union fails the primary rules for any attacker in either measure."""
        if any(self._few(part, number, m) for number in range(len(self.unit_roles)) for m in range(2)):
            return True
        return any(self.level(part, firm, m) > 0 for firm in (OUTSIDER, *part.known) for m in range(2))

    def _few(self, part: _Part, number: int, measure: int) -> bool:
        # Only the first n_min matter: sizes are in falling order, and cells of thousands of units are asked often.
        sizes = part.ranked(number, measure)[: self.standards.n_min]
        return bool(sizes) and sum(size != 0 for size, _ in sizes) < self.standards.n_min

    def breaches(self, *, targets: int | None = None, attackers: int | None = None, seed: int = 0) -> list[Breach]:
        """Everything that is too close. With `targets` and `attackers` a sample: so many unsafe cells, and of each the
        outsider and so many firms, those that know most of it first."""
        unsafe = [cell for cell, part in enumerate(self.parts) if self.unsafe(part)]
        found = [
            Breach("|".join(self.keys[cell]), OUTSIDER, 0, 0, 0.0, 0.0, "shown") for cell in unsafe if self.shown[cell]
        ]
        withheld = [cell for cell in unsafe if not self.shown[cell]]
        if targets is not None and targets < len(withheld):
            withheld = np.random.default_rng(seed).choice(withheld, targets, replace=False).tolist()
        for cell in withheld:
            found += self._close(cell, attackers)
        return [*found, *self.unsafe_unions(self.unions())]

    def _close(self, cell: int, attackers: int | None) -> Iterator[Breach]:
        part = self.parts[cell]
        inside = sorted(part.known, key=lambda firm: -float(part.known[firm][0]))
        outside = sorted(set(self.knowledge) - set(inside))
        if attackers is not None:
            inside, outside = inside[:attackers], outside[: max(0, attackers - len(inside))]
        for attacker, measure, direction in combinations_of([OUTSIDER, *inside, *outside], range(2), range(2)):
            who = attacker if attacker in part.known else OUTSIDER
            level = min(self.level(part, who, measure), CAP * self.room(cell, who, measure, direction))
            if level <= 0:
                continue
            truth = self.truth[measure, cell]
            needed = truth - level if direction else truth + level
            bound = self.puzzle.extreme([cell], measure, self.knowledge.get(attacker), direction)
            if (bound - needed if direction else needed - bound) > SLACK * level + 1e-7 * truth:
                yield Breach("|".join(self.keys[cell]), attacker, measure, direction, bound, needed)

    def room(self, cell: int, attacker: str, measure: int, direction: int) -> float:
        """The cell's own bounds: public knowledge, and the smallest shown cell above."""
        truth, same = self.truth[measure, cell], sorted(self.same[cell])
        if direction:
            left = truth - (self.parts[cell].known[attacker][measure] if attacker in self.parts[cell].known else 0.0)
            return float(max(0.0, min(left, truth - self.puzzle.low[measure, same].max())))
        above = [self.truth[measure, parent] for parent in self.above[cell] if self.shown[parent]]
        return float(max(0.0, min([self.puzzle.high[measure, same].min(), *above]) - truth))

    def _same(self) -> list[set[int]]:
        """For each cell those that hold the same: a parent and its only child, and so on."""
        same = [{cell} for cell in range(len(self.keys))]
        for parent, children in self.equations:
            if len(children) == 1:
                both = same[parent] | same[children[0]]
                for cell in both:
                    same[cell] = both
        return same

    def unsafe_unions(self, unions: Iterable[frozenset[int]]) -> Iterator[Breach]:
        """Those of these unions that fail the primary rules."""
        for cells in unions:
            union = _Part(len(self.unit_roles))
            for cell in cells:
                union.join(self.parts[cell])
            if self.unsafe(union):
                name = " + ".join("|".join(self.keys[cell]) for cell in sorted(cells))
                yield Breach(name, OUTSIDER, 0, 0, 0.0, 0.0, "union")

    def unions(self) -> set[frozenset[int]]:
        """Sets of withheld cells whose sum shown cells fix: children of shown parents, withheld parents among them
        replaced by their children, and differences."""
        children: dict[int, list[frozenset[int]]] = defaultdict(list)
        for parent, kids in self.equations:
            children[parent].append(frozenset(kid for kid in kids if not self.shown[kid]))
        fixed = {kids for parent, sets in children.items() if self.shown[parent] for kids in sets if kids}
        fresh = set(fixed)
        while fresh and len(fixed) < SETS:
            following = {
                (cells - {parent}) | kids
                for cells in fresh
                for parent in cells
                for kids in children.get(parent, ())
                if kids
            }
            fresh = following - fixed
            fixed |= fresh
        differences = {big - small for big in fixed for small in fixed if small < big}
        return {cells for cells in fixed | differences if len(cells) > 1}


WEEKLY_DIMENSIONS: Final = ("origin", "smelt", "cast")
OTHER: Final = "other"
BEYOND: Final = 2.0
"""Where a layer's total is not shown, no cell is taken to be more than this many times the total."""


def judge_layers(
    layers: Sequence[Layer],
    *,
    tree: pd.DataFrame,
    listed: frozenset[str],
    regime: Regime,
    links: pd.DataFrame | None = None,
    targets: int | None = None,
    attackers: int | None = None,
    seed: int = 0,
) -> list[Breach]:
    """Everything that some attacker gets too close to, who has seen all of these layers of a month.

    `links` (importer_id, enterprise_group) are enterprises that other records name.
    Exact without `targets` and `attackers`, else a sample as in `Judge.breaches`. Raises RuntimeError where the solver
    gives no answer.
    """
    told = [layer for layer in layers if (layer.rows["status"] == "published").any()]
    if not told:
        return []
    return _LayersJudge(told, tree, listed, regime, links).breaches(targets=targets, attackers=attackers, seed=seed)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a later layer adds to an earlier one at a key, with the cells' joint numbers; `unseen` the number of changed
    records that each firm does not know."""

    pair: tuple[int, int]
    key: tuple[str, ...]
    earlier: int
    later: int
    part: _Part
    records: int
    seen: Mapping[str, int]
    fell: tuple[bool, bool]


class _LayersJudge:
    """All layers of a month as one puzzle: the cells of each layer, then what was added between them."""

    def __init__(
        self,
        layers: Sequence[Layer],
        tree: pd.DataFrame,
        listed: frozenset[str],
        regime: Regime,
        links: pd.DataFrame | None = None,
    ) -> None:
        self.listed, self.unit_roles = listed, regime.unit_roles
        standards = Standards(**asdict(regime.rules), **asdict(regime.assumptions))
        named = [layer.licenses[["importer_id", "enterprise_group"]] for layer in layers]
        everyone = pd.concat(named if links is None else [*named, links])
        self.kinds = [str(layer.kind) for layer in layers]
        self.records = [self._records(layer) for layer in layers]
        weekly = any(layer.kind == "weekly" for layer in layers)
        self.judges = [
            Judge(
                _with_others(layer, records, listed, weekly=weekly),
                records,
                tree,
                standards,
                figures=None,
                unit_roles=regime.unit_roles,
                all_licenses=everyone,
                listed=None if layer.kind == "weekly" else listed,
                beyond=BEYOND,
            )
            for layer, records in zip(layers, self.records, strict=True)
        ]
        self.first = np.cumsum([0, *(len(judge.keys) for judge in self.judges)]).tolist()
        self.changes = list(self._changes())
        self.puzzle = self._puzzle()
        self.knowledge = self._knowledge()

    def _records(self, layer: Layer) -> pd.DataFrame:
        records = layer.licenses.reset_index(drop=True)
        columns = [COLUMNS[name] for name in WEEKLY_DIMENSIONS] if layer.kind == "weekly" else []
        renamed = {column: records[column].where(records[column].isin(self.listed), OTHER) for column in columns}
        whole = {name: np.floor(records[name].to_numpy(np.float64) + 0.5) for name in ("value_usd", "quantity_kg")}
        return records.assign(**renamed, **whole)

    def _changes(self) -> Iterator[_Change]:
        """Changes of all keys between a layer and the last before it that holds the key, and further unsafe ones."""
        for later, earlier in combinations_of(range(len(self.judges)), range(len(self.judges))):
            if earlier >= later:
                continue
            added = self._difference(earlier, later)
            one, other = self.judges[earlier], self.judges[later]
            for key in [key for key in one.keys if key in other.place]:
                change = self._change(earlier, later, key, added.get(key, []))
                next_ = not any(key in judge.place for judge in self.judges[earlier + 1 : later])
                if next_ or (change.records and one.unsafe(change.part)):
                    yield change

    def _difference(self, earlier: int, later: int) -> dict[tuple[str, ...], list[tuple[Mapping[str, object], int]]]:
        """By key the records that came (1) or went (-1), each once."""
        counts: dict[tuple[object, ...], int] = defaultdict(int)
        columns = [*ROLES, "hts10", *COLUMNS.values(), "value_usd", "quantity_kg"]
        weekly = "weekly" in {self.kinds[earlier], self.kinds[later]}
        for number, sign in ((later, 1), (earlier, -1)):
            frame = self.records[number]
            if weekly:
                frame = frame.assign(
                    **{
                        c: frame[c].where(frame[c].isin(self.listed), OTHER)
                        for c in (COLUMNS[n] for n in WEEKLY_DIMENSIONS)
                    }
                )
            for values in frame[columns].fillna("").itertuples(index=False, name=None):
                counts[values] += sign
        found: dict[tuple[str, ...], list[tuple[Mapping[str, object], int]]] = defaultdict(list)
        for values, count in counts.items():
            record = dict(zip(columns, values, strict=True))
            for cell in self.judges[later].cells_of(record) if count else ():
                found[self.judges[later].keys[cell]] += [(record, 1 if count > 0 else -1)] * abs(count)
        return found

    def _change(
        self, earlier: int, later: int, key: tuple[str, ...], records: Sequence[tuple[Mapping[str, object], int]]
    ) -> _Change:
        judge = self.judges[later]
        part, seen = _Part(len(self.unit_roles)), defaultdict[str, int](int)
        for record, sign in records:
            amount = sign * np.array([float(str(record["value_usd"])), float(str(record["quantity_kg"]))])
            knowing, units = judge.firms_of(record)
            part.put(amount, knowing, units)
            for firm in knowing:
                seen[firm] += 1
        fell = tuple(part.fell(measure) for measure in range(2))
        return _Change(
            (earlier, later),
            key,
            self.first[earlier] + self.judges[earlier].place[key],
            self.first[later] + judge.place[key],
            part,
            len(records),
            seen,
            (fell[0], fell[1]),
        )

    def _puzzle(self) -> Puzzle:
        """Bounds and equations of all cells."""
        parts = [judge.puzzle for judge in self.judges]
        changed = np.array([change.part.total for change in self.changes]).reshape(-1, 2).T
        low, high = self._bounds()
        cells = self.first[-1]
        equations = [
            (parent + first, [child + first for child in children])
            for part, first in zip(parts, self.first, strict=False)
            for parent, children in part.equations
        ] + [(change.later, [change.earlier, cells + i]) for i, change in enumerate(self.changes)]
        beta = np.concatenate([*(part.unit_value for part in parts), np.full(len(self.changes), np.inf)])
        for i, change in enumerate(self.changes):
            if not any(change.fell):
                beta[cells + i] = beta[change.later]
        return Puzzle(
            truth=np.concatenate([*(judge.truth for judge in self.judges), changed], axis=1),
            shown=np.concatenate(
                [
                    *(judge.shown for judge in self.judges),
                    np.array([not change.records for change in self.changes], bool),
                ]
            ),
            equations=equations,
            low=low,
            high=high,
            unit_value=beta,
            twins=[
                (origin + first, twin + first, tau, measure)
                for part, first in zip(parts, self.first, strict=False)
                for origin, twin, tau, measure in part.twins
            ],
        )

    def _bounds(self) -> tuple[Floats, Floats]:
        low = [judge.puzzle.low for judge in self.judges]
        high = [judge.puzzle.high for judge in self.judges]
        of_changes = np.array([self._bounds_of(change) for change in self.changes]).reshape(-1, 2, 2)
        return (
            np.concatenate([*low, of_changes[:, 0].T], axis=1),
            np.concatenate([*high, of_changes[:, 1].T], axis=1),
        )

    def _bounds_of(self, change: _Change) -> tuple[Floats, Floats]:
        """Least and most that an increment can be, per measure."""
        one, other = self.judges[change.pair[0]], self.judges[change.pair[1]]
        before, after = one.place[change.key], other.place[change.key]
        truth = change.part.total
        last = next(
            (
                judge.truth[:, judge.place[change.key]]
                for judge in self.judges[change.pair[0] :: -1]
                if change.key in judge.place and judge.shown[judge.place[change.key]]
            ),
            one.truth[:, before],
        )
        least = np.where(-truth <= last, -last, -one.truth[:, before])
        low = np.where(change.fell, least, 0.0)
        high = other.most()
        if one.shown[before]:
            room = other.epsilon[after] * other.truth[:, after] if np.isfinite(other.epsilon[after]) else np.inf
            low, high = np.maximum(low, truth - room), np.minimum(high, truth + room)
        return np.minimum(low, truth), np.maximum(high, truth)

    def _knowledge(self) -> dict[str, dict[int, Floats]]:
        """What each firm knows of each cell: its own part, all of it (inf), or no bound (-inf)."""
        known: dict[str, dict[int, Floats]] = defaultdict(dict)
        for judge, first in zip(self.judges, self.first, strict=False):
            for firm, cells in judge.knowledge.items():
                known[firm] |= {cell + first: amount for cell, amount in cells.items()}
        for i, change in enumerate(self.changes):
            for firm, seen in change.seen.items():
                mine, total = change.part.known[firm], change.part.total
                bound = np.where((mine < total) & ~np.array(change.fell), mine, -np.inf)
                known[firm][self.first[-1] + i] = np.full(2, np.inf) if seen == change.records else bound
        return known

    def breaches(self, *, targets: int | None, attackers: int | None, seed: int) -> list[Breach]:
        """Everything that is too close."""
        found: list[Breach] = []
        close: list[tuple[int, _Part, str]] = []
        for number, (judge, first) in enumerate(zip(self.judges, self.first, strict=False)):
            for cell, part in enumerate(judge.parts):
                if judge.unsafe(part):
                    close.append((cell + first, part, f"layer {number} {'|'.join(judge.keys[cell])}"))
        for i, change in enumerate(self.changes):
            if change.records and self.judges[0].unsafe(change.part):
                close.append((self.first[-1] + i, change.part, f"change {change.pair} {'|'.join(change.key)}"))
        known = self._known()
        found += [Breach(name, OUTSIDER, 0, 0, 0.0, 0.0, "shown") for cell, _, name in close if known[cell]]
        close = [one for one in close if not known[one[0]]]
        if targets is not None and targets < len(close):
            chosen = np.random.default_rng(seed).choice(len(close), targets, replace=False)
            close = [close[i] for i in chosen]
        for cell, part, name in close:
            found += self._close(cell, part, name, attackers)
        return [*found, *self._given_away()]

    def _known(self) -> NDArray[np.bool_]:
        """Cells shown, and changes between shown figures."""
        known = self.puzzle.shown.copy()
        for i, change in enumerate(self.changes):
            known[self.first[-1] + i] = known[change.earlier] and known[change.later]
        return known

    def _close(self, cell: int, part: _Part, name: str, attackers: int | None) -> Iterator[Breach]:
        judge = self.judges[0]
        inside = sorted(part.known, key=lambda firm: -abs(float(part.known[firm][0])))
        outside = sorted(set(self.knowledge) - set(inside))
        if attackers is not None:
            inside, outside = inside[:attackers], outside[: max(0, attackers - len(inside))]
        for attacker, measure, direction in combinations_of([OUTSIDER, *inside, *outside], range(2), range(2)):
            who = attacker if attacker in part.known else OUTSIDER
            level = min(judge.level(part, who, measure), CAP * self._room(cell, part, who, measure, direction))
            if level <= 0:
                continue
            truth = self.puzzle.truth[measure, cell]
            needed = truth - level if direction else truth + level
            bound = self.puzzle.extreme([cell], measure, self.knowledge.get(attacker), direction)
            if (bound - needed if direction else needed - bound) > SLACK * level + 1e-7 * abs(truth) + 1e-3:
                yield Breach(name, attacker, measure, direction, bound, needed)

    def _room(self, cell: int, part: _Part, who: str, measure: int, direction: int) -> float:
        """The target's own bounds."""
        truth, base = self.puzzle.truth[measure, cell], self.first[-1]
        if cell >= base:
            change = self.changes[cell - base]
            room = truth - self.puzzle.low[measure, cell] if direction else self.puzzle.high[measure, cell] - truth
            if direction and not change.fell[measure]:
                room = min(room, truth - (part.known[who][measure] if who in part.known else 0.0))
            return float(max(0.0, room))
        number = int(np.searchsorted(self.first, cell, side="right")) - 1
        return self.judges[number].room(cell - self.first[number], who, measure, direction)

    def _given_away(self) -> Iterator[Breach]:
        """Unions of a layer whose sum is given away, and their changes since layers that give it away too."""
        by_layer = [judge.unions() for judge in self.judges]
        keys = [
            {frozenset(judge.keys[cell] for cell in cells) for cells in unions}
            for judge, unions in zip(self.judges, by_layer, strict=True)
        ]
        for judge, unions in zip(self.judges, by_layer, strict=True):
            yield from judge.unsafe_unions(unions)
        for later, earlier in combinations_of(range(len(self.judges)), range(len(self.judges))):
            if earlier < later:
                yield from self._changed_unions(earlier, later, keys)

    def _changed_unions(
        self, earlier: int, later: int, keys: Sequence[set[frozenset[tuple[str, ...]]]]
    ) -> Iterator[Breach]:
        one = self.judges[earlier]
        records = self._difference(earlier, later) if keys[later] else {}
        for union in keys[later]:
            held = {key for key in union if key in one.place}
            open_ = frozenset(key for key in held if not one.shown[one.place[key]])
            if open_ and open_ not in keys[earlier]:
                continue
            part = _Part(len(self.unit_roles))
            for key in union:
                if key in one.place:
                    part.join(self._change(earlier, later, key, records.get(key, [])).part)
                else:
                    part.join(self.judges[later].parts[self.judges[later].place[key]])
            if self.judges[0].unsafe(part):
                name = " + ".join(sorted("|".join(key) for key in union))
                yield Breach(f"change {(earlier, later)} {name}", OUTSIDER, 0, 0, 0.0, 0.0, "union")


def _with_others(layer: Layer, records: pd.DataFrame, listed: frozenset[str], *, weekly: bool) -> pd.DataFrame:
    """A layer's rows, and one for all countries not listed per dimension, withheld."""
    rows = layer.rows[["product", *COLUMNS, "status"]].astype(str)
    total = str(rows["product"].iloc[0])
    others = []
    for name in WEEKLY_DIMENSIONS if weekly else ():
        broken_down = layer.kind == "weekly" or ((rows["product"] == total) & (rows[name] != ALL)).any()
        if broken_down and not records[COLUMNS[name]].isin(listed).all():
            others.append({"product": total, **dict.fromkeys(COLUMNS, ALL), name: OTHER, "status": "withheld"})
    return pd.concat([rows, pd.DataFrame(others)], ignore_index=True) if others else rows.reset_index(drop=True)
