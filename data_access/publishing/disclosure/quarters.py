"""Calendar quarters: origin crossed with smelt and with cast, from three final months.

A group's countries are *listed* in a quarter where their row of the month's tables is shown in each of its months; all
others are one member `OTHER` of their dimension, never published, but a cell and a target like any. All margins of such
a table are published already, so that it is a system of its own, solved and proven as a month's single layer is, with
its margins frozen.

With `crossings_known` (attackers know which origins and smelters, casters there are together, and who is in them) a
group is crossed only by dimensions of which all countries are listed: then nothing that a month withholds has a part in
its table, and months, quarters and years to date are independent of each other.

Without it, countries that a month withholds may be in `OTHER`, and small ones (by public figures of an earlier year)
are. What a month withholds are then margins within `OTHER`, and the quarter fixes sums of them only: the columns of
`OTHER`, and what listed countries leave to it. For whatever a month's table makes of the margins there are figures of
single crossings that add up to them (rows of `OTHER` reach all columns, listed rows only those of `OTHER`: the
transport problem is solvable as soon as its sums agree), above a firm's own figures as well, since these can be taken
off all sums beforehand. That holds only for attackers who do not know which crossings within `OTHER` are empty or
wholly their own, and no unit value of them: who knows that can bound a month's figure by quarter and year together.

Conservative: a country is not listed if a month has no record of it; a total over groups is published only where it is
the sum of published groups, and so tells nothing new; a group whose table cannot be proven loses countries, and at last
the table.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.contracts import Status
from data_access.publishing.disclosure.attacker import DOWN, UP, Needs, capped, scaled_levels
from data_access.publishing.disclosure.certificate import verify_layers
from data_access.publishing.disclosure.final_months import (
    FIGURES,
    FinalMonth,
    PeriodLevel,
    PeriodSummary,
    SolvedPeriod,
    by_table,
    key_of,
    months_from,
    pack_parts,
    require_months,
    table_of,
    unpack_parts,
)
from data_access.publishing.disclosure.holdings import MEASURES, ROLES
from data_access.publishing.disclosure.layers import certify
from data_access.publishing.disclosure.linked import joint_problem, priced
from data_access.publishing.disclosure.month import AMOUNTS, OTHER, Joint, Kind, Layer, joint_of, whole
from data_access.publishing.disclosure.program import Goal, Program
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import all_levels, unsafe_cells
from data_access.publishing.disclosure.suppress import CLEANUP_PROGRAMS, Problem, Protection, Step, suppress
from data_access.publishing.disclosure.tables import ALL, DIMENSIONS, Depth, Level, levels_of
from data_access.publishing.disclosure.unions import given_away, union_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Listed = dict[str, frozenset[str]]
"""Listed countries by dimension."""
Figures = Mapping[str, tuple[int, int] | None]
"""US$ and kg of a month by key, None where withheld."""

CROSSED: Final = levels_of(dict.fromkeys(("origin_smelt", "origin_cast"), (Depth.TOTAL, Depth.GROUP)), margins=())
"""Levels of quarters by default."""

LISTED_SHARE: Final = 0.02
"""Part of a group's public US$ of an earlier year below which a country is not listed: small ones are nearly all unsafe
and cost more than they tell."""

ROUNDS: Final = 12
"""Times that countries are taken off a list before the group's table is given up."""

CLEANUP: Final = CLEANUP_PROGRAMS // 4
"""Programs of clean-up per group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A group's records over the quarter, with what is needed to make its table."""

    product: str
    period: str
    records: pd.DataFrame
    tree: pd.DataFrame
    numbers: pd.Series
    regime: Regime

    def layer(self, listed: Mapping[str, frozenset[str]], rows: pd.DataFrame | None = None) -> Layer:
        """The quarter as a layer of these listed countries."""
        columns = {
            column: self.records[column].where(self.records[column].isin(members), OTHER)
            for column, members in ((DIMENSIONS[name], members) for name, members in listed.items())
        }
        rows = self.records[:0] if rows is None else rows
        return Layer(as_of=self.period, kind=Kind.CLOSED, licenses=self.records.assign(**columns), rows=rows)

    def joint(self, layer: Layer) -> Joint:
        """Its cells."""
        return joint_of([layer], tree=self.tree, numbers=self.numbers, listed=frozenset(), regime=self.regime)


def quarter_months(period: str) -> list[str]:
    """The months of a quarter ('2025-Q1')."""
    year, quarter = period.split("-Q")
    return months_from(f"{year}-{3 * int(quarter) - 2:02d}", 3)


def solve_quarter(
    months: Sequence[FinalMonth],
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    regime: Regime,
    sizes: Mapping[str, float],
    secret: bytes,
    year: int,
    levels: tuple[Level, ...] = CROSSED,
    crossings_known: bool = True,
    cleanup: int = CLEANUP,
    step: Step | None = None,
) -> SolvedPeriod:
    """What may be published of a quarter at these levels (origin crossed with another dimension, total or group).

    `months` are its three final months; `crossings_known` as above; the rest as `solve_layer` takes it, `sizes` with
    keys of groups by country. Raises ValueError for other months.
    """
    first = months[0].month if months else ""
    period = f"{first[:4]}-Q{(int(first[5:]) + 2) // 3}" if months else ""
    require_months(months, quarter_months(period) if months else ["a quarter's"])
    start = time.perf_counter()
    figures = [month.figures() for month in months]
    groups = _groups(months, period=period, tree=tree, numbers=numbers, regime=regime, levels=levels)
    lists: dict[str, dict[str, list[str]]] = {}
    parts, given_up, programs = [], [], 0
    shown: dict[str, tuple[int, int]] = {}
    for done, group in enumerate(groups):
        if step is not None:
            step("quarter", done, len(groups))
        listed = _listed(group, figures, sizes, all_of_them=crossings_known)
        work = _Solving(group, listed, sizes=sizes, secret=secret, year=year, cleanup=cleanup, whole=crossings_known)
        solved = work.solve()
        programs += work.programs
        if solved is None:
            given_up.append(f"{group.product}: {work.why}")
            continue
        lists[group.product] = {name: sorted(members) for name, members in solved.listed.items()}
        parts.append(certify(solved.joint, solved.problem, solved.protection))
        shown |= _shown(solved.joint, solved.protection.withheld)
    everything = _Crossed(groups, levels)
    shown |= everything.totals(shown)
    shown = {key: amounts for key, amounts in shown.items() if everything.level(key) in levels}
    return SolvedPeriod(
        period=period,
        rows=by_table(shown),
        certificate=pack_parts({"period": period, "listed": lists}, parts),
        summary=PeriodSummary(
            levels=everything.summary(shown),
            seconds={"quarter": round(time.perf_counter() - start, 3)},
            programs=programs,
            given_up=tuple(given_up),
        ),
    )


def group_levels(regime: Regime, levels: Iterable[Level]) -> tuple[Level, ...]:
    """Levels of a group's table: its crossed ones of which all margins are published by month, and those margins."""
    crossed = {
        Level(Depth.GROUP, level.dimensions)
        for level in levels
        if len(level.dimensions) == 2 and level.depth <= Depth.GROUP
        and all(Level(Depth.GROUP, (name,)) in regime.levels for name in level.dimensions)
    }  # fmt: skip
    margins = {Level(Depth.GROUP, (name,)) for level in crossed for name in level.dimensions}
    found = {Level(Depth.TOTAL), Level(Depth.GROUP)} | margins | crossed if crossed else set()
    return tuple(sorted(found, key=lambda level: (len(level.dimensions), level)))


def _groups(
    months: Sequence[FinalMonth],
    *,
    period: str,
    tree: pd.DataFrame,
    numbers: pd.Series,
    regime: Regime,
    levels: tuple[Level, ...],
) -> list[_Group]:
    """The quarter's records by group, summed where nothing tells them apart."""
    own = replace(regime, levels=group_levels(regime, levels))
    if not own.levels:
        return []
    licenses = pd.concat([whole(month.newest.licenses) for month in months], ignore_index=True)
    product = tree["group"].reindex(licenses["hts10"]).to_numpy(object)
    code = tree.reset_index().groupby("group")["hts10"].first()
    members = list(DIMENSIONS.values())
    keys = [*ROLES, *members]
    records = licenses.assign(hts10=code.reindex(product).to_numpy(object), smelt2=ALL)
    summed = records.groupby([*keys, "hts10"], dropna=False, sort=False, as_index=False)[AMOUNTS].sum()
    by_code = {name: group.reset_index(drop=True) for name, group in summed.groupby("hts10")}
    return [
        _Group(product=str(name), period=period, records=by_code[code[name]], tree=tree, numbers=numbers, regime=own)
        for name in sorted(set(product))
    ]


def _listed(group: _Group, figures: Sequence[Figures], sizes: Mapping[str, float], *, all_of_them: bool) -> Listed:
    """Countries of each dimension whose row is shown in every month, and that matter by public figures."""
    if not all(month.get(key_of(group.product)) for month in figures):
        return {}
    found = {}
    for name in _dimensions(group.regime.levels):
        members = sorted(set(group.records[DIMENSIONS[name]].astype(str)))
        public = {member: _public_size(group.product, name, member, sizes) for member in members}
        least = LISTED_SHARE * sum(public.values())
        found[name] = frozenset(
            member for member in members if public[member] >= least and is_shown(figures, group.product, name, member)
        )
        if all_of_them:
            found[name] = frozenset(members if _all_shown(group, figures, name) else ())
    return found


def _all_shown(group: _Group, figures: Sequence[Figures], name: str) -> bool:
    """Whether every country of a group is shown in every month."""
    members = set(group.records[DIMENSIONS[name]].astype(str))
    return all(is_shown(figures, group.product, name, member) for member in members)


def _dimensions(levels: Iterable[Level]) -> list[str]:
    return [level.dimensions[0] for level in levels if len(level.dimensions) == 1]


def _public_size(product: str, name: str, member: str, sizes: Mapping[str, float]) -> float:
    """Public US$ of an earlier year; smelt and cast take what was released, else the origin's."""
    own = sizes.get(key_of(product, **{name: member}))
    return max(float(sizes.get(key_of(product, origin=member), 0.0) if own is None else own), 0.0)


def is_shown(figures: Iterable[Figures], product: str, name: str, member: str) -> bool:
    """Whether a country's row is shown in every month."""
    return member != OTHER and all(month.get(key_of(product, **{name: member})) is not None for month in figures)


@dataclass(frozen=True, slots=True)
class _Solved:
    listed: Listed
    joint: Joint
    problem: Problem
    protection: Protection


class _Solving:
    """A group's table: fewer countries are listed at each attempt, until it proves itself."""

    def __init__(
        self,
        group: _Group,
        listed: Listed,
        *,
        sizes: Mapping[str, float],
        secret: bytes,
        year: int,
        cleanup: int,
        whole: bool,
    ) -> None:
        self.group, self.sizes, self.cleanup, self.whole = group, sizes, cleanup, whole
        self.pricing = priced(sizes, secret=secret, year=year)
        self.listed = {name: set(members) for name, members in listed.items()}
        self.programs = 0
        self.why = "a month withholds too many of its countries"

    def solve(self) -> _Solved | None:
        """The first attempt that proves itself, if any."""
        for _ in range(ROUNDS):
            others = [members for name, members in self.listed.items() if name != "origin"]
            if not self.listed.get("origin") or not any(others):
                return None
            listed = {name: frozenset(members) for name, members in self.listed.items()}
            joint = self.group.joint(self.group.layer(listed))
            problem, margins = self._problem(joint)
            if (unsafe_cells(all_levels(problem.maps, problem.rules)) & margins).any():
                self.why = "a margin that its months give away is unsafe"
                return None
            failing = impossible(problem, self)
            if not failing:
                protection = suppress(problem, cleanup=self.cleanup)
                self.programs += protection.programs
                failing = _failing(problem, protection)
                if not failing and protection.sound:
                    return _Solved(listed, joint, problem, protection)
            self.why = f"{len(failing)} cells without an alternative table"
            if self.whole or not self._drop(joint, failing):
                return None
        return None

    def _problem(self, joint: Joint) -> tuple[Problem, Bools]:
        """Its problem, and its margins, all of which are known and do not move."""
        place = joint.places[-1]
        single = np.array([len(level.dimensions) < 2 for level in place.tables.levels])
        margins = np.zeros(joint.cells, bool)
        margins[place.cell[single[place.tables.rows["level"].to_numpy()]]] = True
        problem = joint_problem(
            joint,
            regime=self.group.regime,
            pricing=self.pricing,
            held=np.zeros(joint.cells, bool),
            total=True,
        )
        return replace(problem, frozen=margins | problem.frozen), margins

    def _drop(self, joint: Joint, failing: Iterable[int]) -> bool:
        """Take off the list, for each of these cells, its smallest country; whether there was any."""
        dropped = False
        gone: set[tuple[str, str]] = set()
        for key, cell in joint.places[-1].cell_of().items():
            members = dict(zip(DIMENSIONS, key.split("|")[1:], strict=True))
            there = [(n, m) for n, m in members.items() if m not in {ALL, OTHER} and m in self.listed.get(n, ())]
            if cell not in failing or len(_members(key)) != 2 or not there or gone & set(there):
                continue
            name, member = min(there, key=lambda one: _public_size(self.group.product, one[0], one[1], self.sizes))
            self.listed[name].discard(member)
            gone.add((name, member))
            dropped = True
        return dropped


def _members(key: str) -> list[str]:
    return [member for member in key.split("|")[1:] if member != ALL]


def impossible(problem: Problem, count: _Solving) -> set[int]:
    """Unsafe cells that not even an outsider could be kept from with all but the frozen cells withheld."""
    levels = all_levels(problem.maps, problem.rules)
    unsafe, system = unsafe_cells(levels), problem.system
    needs = Needs(scaled_levels(levels, system.scale), 1 + problem.firms)
    program = Program(
        system, problem.inside, price=problem.price, withheld=~problem.frozen, frozen=problem.frozen | ~problem.occupied
    )
    found = set()
    for cell in np.flatnonzero(unsafe).tolist():
        for measure, direction in ((m, d) for m in range(MEASURES) for d in (UP, DOWN)):
            figure = float(system.figures[measure, cell])
            room = float((system.up if direction == UP else system.down)[measure, cell])
            level = float(capped(needs.of(measure, cell), needs.left(measure, cell, figure), room, direction)[0])
            if level > 0 and program.solve(Goal((cell,), measure, direction, cell), level) is None:
                found.add(cell)
                break
    count.programs += program.solved
    return found


def _failing(problem: Problem, protection: Protection) -> set[int]:
    """Cells of goals without a table, and of unions that are given away though unsafe."""
    found = {cell for failure in protection.failures for cell in failure.goal.cells}
    search = problem.search or (lambda withheld: given_away(problem.splits, withheld))
    sets = sorted(search(protection.withheld).sets)
    unsafe = union_levels(sets, problem.maps, problem.rules)[1] if sets else np.zeros(0, bool)
    for place in np.flatnonzero(unsafe):
        found |= {cell for cell in range(problem.system.cells) if sets[place] >> cell & 1}
    return found


def _shown(joint: Joint, withheld: Bools) -> dict[str, tuple[int, int]]:
    """Published crossed rows: US$ and kg by key."""
    return {
        key: (int(joint.figures[0, cell]), int(joint.figures[1, cell]))
        for key, cell in joint.places[-1].cell_of().items()
        if len(_members(key)) == 2 and OTHER not in _members(key) and not withheld[cell]
    }


@dataclass(slots=True)
class _Crossed:
    """All crossed rows of a quarter by the records, and which of groups make up each total."""

    groups: Sequence[_Group]
    levels: tuple[Level, ...]
    figures: dict[str, Floats] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sums the records up."""
        pairs = {level.dimensions for level in self.levels if len(level.dimensions) == 2}
        for group in self.groups:
            for pair in pairs:
                columns = [DIMENSIONS[name] for name in pair]
                summed = group.records.groupby(columns, as_index=False)[AMOUNTS].sum()
                amounts = summed[AMOUNTS].to_numpy(np.float64)
                for members, amount in zip(summed[columns].astype(str).to_numpy(object).tolist(), amounts, strict=True):
                    named = dict(zip(pair, members, strict=True))
                    self._add(key_of(group.product, **named), key_of(TOTAL, **named), amount)

    def _add(self, key: str, total: str, amounts: Floats) -> None:
        self.figures[key] = amounts
        self.figures[total] = self.figures.get(total, np.zeros(MEASURES)) + amounts
        self.parts.setdefault(total, set()).add(key)

    def totals(self, shown: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Totals whose groups are all published."""
        return {
            total: (sum(shown[key][0] for key in keys), sum(shown[key][1] for key in keys))
            for total, keys in self.parts.items()
            if keys <= shown.keys()
        }

    def level(self, key: str) -> Level:
        """The level of a row."""
        depth = Depth.TOTAL if key.startswith(f"{TOTAL}|") else Depth.GROUP
        return Level(depth, tuple(table_of(key).split("_")))

    def summary(self, shown: Mapping[str, tuple[int, int]]) -> dict[str, PeriodLevel]:
        """Cells and US$ by level."""
        found = {}
        for level in self.levels:
            there = [key for key in self.figures if self.level(key) == level]
            seen = [key for key in there if key in shown]
            value, value_shown = (float(sum(self.figures[key][0] for key in keys)) for keys in (there, seen))
            found[level.name] = PeriodLevel(cells=len(there), shown=len(seen), value=value, value_shown=value_shown)
        return found


TOTAL: Final = "aim"
"""Product of totals."""


def verify_quarter(
    solved: SolvedPeriod,
    months: Sequence[FinalMonth],
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    regime: Regime,
    levels: tuple[Level, ...] = CROSSED,
    crossings_known: bool = True,
) -> list[str]:
    """What is wrong with a quarter or its certificate, by arithmetic; an empty list if nothing is.

    Its months are to be verified on their own. The problems name cells: they are for the staff side only.
    """
    try:
        require_months(months, quarter_months(solved.period))
        words, parts = unpack_parts(solved.certificate)
        groups = {
            group.product: group
            for group in _groups(months, period=solved.period, tree=tree, numbers=numbers, regime=regime, levels=levels)
        }
        lists: dict[str, dict[str, list[str]]] = words["listed"]
        if words["period"] != solved.period or len(lists) != len(parts) or not set(lists) <= set(groups):
            return ["the certificate is not about this quarter"]
        check = _Check(solved, [month.figures() for month in months], groups, levels)
        return check.problems(lists, parts) + (check.unlisted(lists) if crossings_known else [])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return [f"the quarter cannot be checked: {error}"]


class _Check:
    """A quarter's rows against the months' and the records."""

    def __init__(
        self,
        solved: SolvedPeriod,
        figures: Sequence[Figures],
        groups: Mapping[str, _Group],
        levels: tuple[Level, ...],
    ) -> None:
        self.figures, self.groups = figures, groups
        self.everything = _Crossed(list(groups.values()), levels)
        rows = pd.concat(list(solved.rows.values())) if solved.rows else pd.DataFrame()
        self.shown = _read(rows)
        self.levels = levels

    def problems(self, lists: Mapping[str, Mapping[str, list[str]]], parts: Sequence[bytes]) -> list[str]:
        """All that is wrong."""
        found = list(self._rows())
        proven: set[str] = set()
        for (product, listed), part in zip(lists.items(), parts, strict=True):
            found += self._margins(product, listed)
            layer, keys = self._layer(product, {name: frozenset(members) for name, members in listed.items()})
            proven |= keys
            group = self.groups[product]
            wrong = verify_layers(
                [layer], part, tree=group.tree, numbers=group.numbers, listed=frozenset(), regime=group.regime
            )
            found += [f"{product}: {problem}" for problem in wrong]
        groups = {key for key in self.shown if not key.startswith(f"{TOTAL}|")}
        return found + [f"{key}: published, yet no certificate is about it" for key in sorted(groups - proven)]

    def unlisted(self, lists: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
        """Groups of which some country is not listed, in a dimension of which any is."""
        return [
            f"{product}: not all of its countries are listed by {name}"
            for product, listed in lists.items()
            for name, members in listed.items()
            if members and set(self.groups[product].records[DIMENSIONS[name]].astype(str)) - set(members)
        ]

    def _rows(self) -> Iterator[str]:
        """Rows that are not the records' sums, or of a level that is not published; totals that tell something new."""
        for key, amounts in self.shown.items():
            truth = self.everything.figures.get(key)
            if truth is None or self.everything.level(key) not in self.levels or tuple(truth) != amounts:
                yield f"{key}: not what the records say"
            elif not self.everything.parts.get(key, set()) <= self.shown.keys() and self._told_by_groups(key):
                yield f"{key}: a total of which not all groups are published"

    def _told_by_groups(self, key: str) -> bool:
        return key.startswith(f"{TOTAL}|")

    def _margins(self, product: str, listed: Mapping[str, list[str]]) -> Iterator[str]:
        """Listed countries whose row some month withholds."""
        if not all(month.get(key_of(product)) for month in self.figures):
            yield f"{product}: withheld in a month"
        for name, members in listed.items():
            yield from (
                f"{key_of(product, **{name: member})}: listed, yet withheld in a month"
                for member in members
                if not is_shown(self.figures, product, name, member)
            )
        missing = set(_dimensions(self.groups[product].regime.levels)) ^ set(listed)
        yield from (f"{product}: {name} is not listed as the months publish it" for name in sorted(missing))

    def _layer(self, product: str, listed: Listed) -> tuple[Layer, set[str]]:
        """A group's quarter as a layer of what is published, with the months' own sums as margins; and its keys."""
        group = self.groups[product]
        joint = group.joint(group.layer(listed))
        rows = []
        keys = [key for key in joint.places[-1].keys if OTHER not in key.split("|")]
        for key in keys:
            members = _members(key)
            shown = self.shown.get(key) if len(members) == 2 else self._margin(key, product)
            status = Status.WITHHELD if shown is None else Status.PUBLISHED
            rows.append([*key.split("|"), *(shown or (None, None)), status.value])
        frame = pd.DataFrame(rows, columns=["product", *DIMENSIONS, *FIGURES, "status"])
        return group.layer(listed, frame.astype(dict.fromkeys(FIGURES, "Int64"))), set(keys)

    def _margin(self, key: str, product: str) -> tuple[int, int] | None:
        """What the months published of a margin, summed; a total over one group is that group."""
        own = "|".join([product, *key.split("|")[1:]])
        amounts = [month.get(own) for month in self.figures]
        there = [one for one in amounts if one is not None]
        return (sum(one[0] for one in there), sum(one[1] for one in there)) if len(there) == len(amounts) else None


def _read(rows: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Published figures by key. Raises ValueError for a row that is none, or is there twice."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows.to_dict("records"):
        key = "|".join(str(row[name]) for name in ("product", *DIMENSIONS))
        if row["status"] != Status.PUBLISHED or key in found:
            raise ValueError(f"{key}: expected one published row")
        found[key] = (int(row["value"]), int(row["kg"]))
    return found


__all__ = ["CROSSED", "LISTED_SHARE", "quarter_months", "solve_quarter", "verify_quarter"]
