"""Figures of the members of an answer, month by month: public, license, combined. Sums of cells are the gate's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from data_access.filters import ALL, By, Filters, Freq, Measure
from data_access.reference import Licensed
from data_access.serving.cube.figures import (
    FROM_LICENSE,
    FROM_PUBLIC,
    NO_DATE,
    NOT_APPLICABLE,
    NOT_PUBLISHED,
    NOT_REPORTED,
    PUBLISHED,
    WITHHELD,
    Figures,
    Flags,
    Integers,
    Ranks,
    nothing,
)
from data_access.serving.cube.license import Bounds, Key, LicenseCube, Own
from data_access.serving.cube.public import Sums
from data_access.serving.gate import gate
from data_access.serving.periods import Period, periods, text
from data_access.serving.release import Snapshot
from data_access.serving.selection import DIMENSIONS, MEMBER_OF, Member, licensed_only, origins, splits

KG = "kg"
PART_NOT_VALID = (
    "A sum of ten-digit codes holds, in each month, those that are valid in it; the others had no trade to add."
)
"""Note of an answer that adds codes of which some are not valid in some months."""


def stack(figures: Sequence[Figures]) -> Figures:
    """Rows of several figures, one under the other."""
    if len(figures) == 1:
        return figures[0]
    return Figures(**{name: np.concatenate([getattr(one, name) for one in figures]) for name in Figures.__slots__})


class Reader:
    """Reads the series of one selection from one release, for months `first` to `last` (numbers)."""

    def __init__(self, snapshot: Snapshot, filters: Filters, *, first: int, last: int) -> None:
        self.snapshot = snapshot
        self.filters = filters
        self.first = first
        self.last = last
        self.width = last - first + 1
        self._covered: dict[tuple[str, ...], Flags] = {}
        self._invalid: dict[str, Flags] = {}
        self._keys: dict[tuple[tuple[str, ...], ...], list[tuple[Key, Flags]]] = {}
        self._origins: dict[tuple[str, ...], tuple[tuple[str, ...], Flags | None]] = {}
        self.mixed_dates = False
        """Whether a sum was withheld because its cells are of several dates."""
        self.crossed = False
        """Whether cells of two dimensions were asked for, which are published by quarter."""

    # -- public -----------------------------------------------------------------------------------------------------

    def public(self, members: Sequence[Member]) -> Figures:
        """Public statistics of each member."""
        shape = (len(members), self.width)
        if licensed_only(self.filters):
            return nothing(shape, status=NOT_APPLICABLE, source=FROM_PUBLIC, as_of=self._public_date)
        if By.COUNTRY in splits(self.filters) and all(len(one.countries) == 1 for one in members):
            return self._public_by_product(members)
        if all(one.countries == members[0].countries for one in members):
            return self._public_of_lines([one.products for one in members], members[0].countries)
        return stack([self._public_of_lines([one.products], one.countries) for one in members])

    def _public_of_lines(self, lines: Sequence[tuple[str, ...]], countries: Sequence[str]) -> Figures:
        """A row for each line of products, all of the same countries: in one pass where no code is of two lines."""
        codes = [self._codes(products) for products in lines]
        if sum(map(len, codes)) == len(frozenset().union(*codes)):
            return self._public_of(lines, self.sums(codes, countries))
        return stack(
            [self._public_of([one], self.sums([own], countries)) for one, own in zip(lines, codes, strict=True)]
        )

    def _public_by_product(self, members: Sequence[Member]) -> Figures:
        """All countries of each product in one pass, in the order of the members."""
        rows: dict[tuple[str, ...], list[int]] = {}
        for row, member in enumerate(members):
            rows.setdefault(member.products, []).append(row)
        found = stack([self._public_by_country([members[row] for row in own]) for own in rows.values()])
        order = np.argsort([row for own in rows.values() for row in own])
        return Figures(**{name: getattr(found, name)[order] for name in Figures.__slots__})

    @property
    def _public_date(self) -> int:
        return self.snapshot.dates.index(self.snapshot.part.as_of)

    def sums(self, lines: Sequence[frozenset[str]], countries: Sequence[str], *, split: bool = False) -> Sums:
        """Sums of lines of codes over countries (or groups, or `all`: the total rows) by month; with `split` a row for
        each country."""
        cube, basis = self.snapshot.public, self.filters.basis
        first, last = max(self.first, cube.base), min(self.last, cube.base + cube.months - 1)
        if first > last:
            return _padded(None, rows=len(countries) if split else len(lines), before=0, after=self.width)
        if tuple(countries) == (ALL,):
            indices, within, rows = [0], None, cube.totals[basis]
        else:
            places, belongs = origins(countries, self.snapshot.reference.countries, (first, last))
            known = [place in cube.countries for place in places]
            indices = [cube.countries[place] for place, is_known in zip(places, known, strict=True) if is_known]
            within = belongs[known] if belongs is not None else None
            rows = cube.rows[basis]
        found = rows.sums(
            lines=cube.lines(lines),
            countries=indices,
            first=first - cube.base,
            last=last - cube.base,
            within=within,
            split=split,
        )
        return _padded(found, rows=1, before=first - self.first, after=self.last - last)

    def _codes(self, products: Sequence[str]) -> frozenset[str]:
        """The codes that make up products, at every level that was pulled; a month has rows of one level only."""
        levels = {level for level in self.snapshot.public.levels[self.filters.basis] if level}
        tree = self.snapshot.reference.products
        parts = [tree.parts(id_, level) for id_ in products for level in levels]
        return frozenset().union(*(codes for codes in parts if codes))

    def covered(self, products: tuple[str, ...]) -> Flags:
        """In which months a pull covers all of the products: it is there, and at a level that can tell them apart."""
        if products not in self._covered:
            self._covered[products] = self._find_covered(products)
        return self._covered[products]

    def _find_covered(self, products: tuple[str, ...]) -> Flags:
        tree, cube, basis = self.snapshot.reference.products, self.snapshot.public, self.filters.basis
        levels = [cube.level(basis, month) for month in range(self.first, self.last + 1)]
        tells = {level: all(tree.parts(id_, level) is not None for id_ in products) for level in set(levels) if level}
        return np.array([tells.get(level, False) if level else False for level in levels], np.bool_)

    def _public_of(self, lines: Sequence[tuple[str, ...]], sums: Sums) -> Figures:
        """Figures of sums: of a row for each line of products, or of one line for all rows."""
        shape = sums.value.shape
        covered = np.stack([self.covered(products) for products in lines])
        outside = np.stack([self._outside_all(products) for products in lines])
        status = np.broadcast_to(np.where(covered, PUBLISHED, NOT_REPORTED).astype(np.int8), shape).copy()
        # Where no code of a sum is valid there is no such cell; one with a figure is shown all the same.
        nil = (sums.value == 0) & (sums.kg == 0)
        status[nil & outside & (status == PUBLISHED)] = NOT_APPLICABLE
        weight_status = np.maximum(status, self._weight_status(lines, sums))
        shown, weighed = status == PUBLISHED, weight_status == PUBLISHED
        return Figures(
            value=np.where(shown, sums.value, 0),
            status=status,
            kg=np.where(weighed, sums.kg, 0),
            weighed=np.where(weighed, sums.weighed, 0),
            weight_status=weight_status,
            left_out=np.where(shown, sums.left_out, 0),
            as_of=np.full(shape, self._public_date, np.int16),
            source=np.full(shape, FROM_PUBLIC, np.int8),
        )

    def _weight_status(self, lines: Sequence[tuple[str, ...]], sums: Sums) -> Ranks:
        """Weights of a sum: some are there, none is reported, or its codes count pieces and there is no such figure."""
        pieces = np.array([[self._pieces_only(products)] for products in lines])
        status = np.where(sums.any_missing, NOT_REPORTED, np.where(sums.any_pieces | pieces, NOT_APPLICABLE, PUBLISHED))
        ranks: Ranks = np.where(sums.any_weighed, PUBLISHED, status).astype(np.int8)
        return ranks

    def _pieces_only(self, products: Sequence[str]) -> bool:
        """Whether the schedule asks for no weight of any code of the products."""
        tree = self.snapshot.reference.products
        units = [tree[code].units for id_ in products for code in tree.codes(id_)]
        return bool(units) and all(one and KG not in one for one in units)

    def _outside_all(self, products: Sequence[str]) -> Flags:
        """In which months all of the products are ten-digit codes that are not valid: their sum is no cell then.

        Where one of them is valid, the others have no trade to add: a code and its successor are one line.
        """
        outside: Flags = np.logical_and.reduce([self._outside(id_) for id_ in products])
        return outside

    def invalid_codes(self, products: Sequence[str]) -> list[str]:
        """Those of the products that are ten-digit codes and not valid in some month of the range."""
        return [id_ for id_ in products if bool(self._outside(id_).any())]

    def holds_invalid(self, products: Sequence[str]) -> bool:
        """Whether a sum of products has, in some month of the range, ten-digit codes that are not valid beside others
        that are."""
        outside = [self._outside(id_) for id_ in products]
        return bool((np.logical_or.reduce(outside) & ~np.logical_and.reduce(outside)).any())

    def _outside(self, id_: str) -> Flags:
        if id_ not in self._invalid:
            tree = self.snapshot.reference.products
            months = range(self.first, self.last + 1) if tree[id_].is_code else ()
            invalid = [not tree.is_valid(id_, text(month)) for month in months]
            self._invalid[id_] = np.array(invalid or [False] * self.width, np.bool_)
        return self._invalid[id_]

    def _public_by_country(self, members: Sequence[Member]) -> Figures:
        """All countries in one pass; members are single countries, or `all`, or groups that count on their own."""
        products = members[0].products
        cube = self.snapshot.public
        plain = [one.countries[0] for one in members if one.countries[0] in cube.countries]
        found = self._public_of([products], self.sums([self._codes(products)], plain, split=True)) if plain else None
        if found is not None and len(plain) == len(members):
            return self._within_groups(found, members)
        place = {country: row for row, country in enumerate(plain)}
        rows = []
        for member in members:
            country = member.countries[0]
            if found is not None and country in place:
                rows.append(_row(found, place[country]))
            else:
                rows.append(self._public_of_lines([products], member.countries))
        return self._within_groups(stack(rows), members)

    def _within_groups(self, figures: Figures, members: Sequence[Member]) -> Figures:
        """A country chosen by its group is no cell in months in which it is no member."""
        chosen = self.filters.countries
        outside = np.zeros(figures.status.shape, np.bool_)
        if ALL not in chosen:
            ever, within = origins(chosen, self.snapshot.reference.countries, (self.first, self.last))
            if within is not None:
                belongs = dict(zip(ever, within, strict=True))
                for row, member in enumerate(members):
                    if member.countries[0] in belongs:
                        outside[row] = ~belongs[member.countries[0]]
        return _without(figures, outside, NOT_APPLICABLE) if bool(outside.any()) else figures

    # -- license ----------------------------------------------------------------------------------------------------

    def license(self, members: Sequence[Member]) -> Figures:
        """License data of each member: cells picked, and added by the gate."""
        figures = stack([self._license_of(member) for member in members])
        return self._within_groups(figures, members) if By.COUNTRY in splits(self.filters) else figures

    def _license_of(self, member: Member) -> Figures:
        cube = self.snapshot.license
        if not self.is_licensed(member.products):
            return self._no_license(NOT_APPLICABLE)
        if cube is None:
            return self._outside_validity(self._no_license(NOT_PUBLISHED), member.products)
        keys = self.keys(member)
        cells = cube.months([key for key, _ in keys], self.first, self.last)
        counts = np.stack([belongs for _, belongs in keys])
        self.mixed_dates |= bool(gate.mixed_dates(cells, counts=counts).any())
        self.crossed |= any(cube.is_crossed(key) for key, _ in keys)
        return self._outside_validity(gate.add(cells, counts=counts), member.products)

    def _outside_validity(self, figures: Figures, products: Sequence[str]) -> Figures:
        """Ten-digit codes are no cell in months in which none of them is valid."""
        outside = self._outside_all(products)
        return _without(figures, outside[None, :], NOT_APPLICABLE) if bool(outside.any()) else figures

    def is_licensed(self, products: Sequence[str]) -> bool:
        """Whether all codes of the products need a license."""
        tree = self.snapshot.reference.products
        return all(tree[id_].licensed is Licensed.ALL for id_ in products)

    def _no_license(self, status: int) -> Figures:
        return nothing((1, self.width), status=status, source=FROM_LICENSE, as_of=self.license_date)

    @property
    def license_date(self) -> int:
        """Index of the newest license date."""
        licensed = [place for place in range(len(self.snapshot.dates)) if place != self._public_date]
        return licensed[-1] if licensed else NO_DATE

    def keys(self, member: Member) -> list[tuple[Key, Flags]]:
        """The cells a member is the sum of, and in which months each is part of it."""
        places = (member.products, *(member.places[dimension] for dimension in DIMENSIONS))
        found = self._keys.get(places)
        if found is None:
            found = self._keys[places] = self._find_keys(member)
        return found

    def _find_keys(self, member: Member) -> list[tuple[Key, Flags]]:
        always = np.ones(self.width, np.bool_)
        keys: list[tuple[tuple[str, ...], Flags]] = [((product,), always) for product in member.products]
        for dimension in DIMENSIONS:
            chosen = member.places[dimension]
            if chosen not in self._origins:
                self._origins[chosen] = origins(chosen, self.snapshot.reference.countries, (self.first, self.last))
            places, within = self._origins[chosen]
            keys = [
                ((*key, place), counts if within is None else counts & within[row])
                for key, counts in keys
                for row, place in enumerate(places)
            ]
        return [(cast("Key", key), counts) for key, counts in keys]

    def own_periods(
        self, figures: Figures, members: Sequence[Member], periods: Sequence[Period]
    ) -> tuple[Figures, Flags]:
        """License figures by period, with the cells that longer periods have of their own in the place of sums of
        months, and which those are."""
        own = np.zeros(figures.status.shape, np.bool_)
        cube = self.snapshot.license
        named = [Own(own_id(self.filters.freq, period), period.first, period.last) for period in periods]
        if cube is None or not any(period.id for period in named):
            return figures, own
        for row, member in enumerate(members):
            if self.is_licensed(member.products):
                keys = self.keys(member)
                cells = [cube.own(key, named) for key, _ in keys]
                whole = np.logical_and.reduce([belongs for _, belongs in keys])
                for column, (period, found) in enumerate(zip(named, zip(*cells, strict=True), strict=True)):
                    if bool(whole[period.first - self.first : period.last - self.first + 1].all()):
                        rows = [cell for cell in found if cell is not None]
                        own[row, column] = gate.put(figures, row, column, rows, of=len(keys))
        return figures, own

    def refreshed(self, months: Figures, periods: Sequence[Period]) -> Flags:
        """Which periods (of each row of license months) hold no figure of an earlier date than its month's newest."""
        cube = self.snapshot.license
        if cube is None:
            return np.zeros((len(months.status), len(periods)), np.bool_)
        _, newest = cube.calendar.months(self.first, self.last)
        same = months.as_of == newest
        spans = [slice(period.first - self.first, period.last - self.first + 1) for period in periods]
        return np.stack([same[:, span].all(axis=1) for span in spans], axis=1)

    def ranges(self, members: Sequence[Member], periods: Sequence[Period]) -> dict[tuple[int, int], Bounds]:
        """What a release tells of the range of single withheld cells, by member and period; sums have none."""
        cube, measure = self.snapshot.license, self.filters.measure
        if cube is None or not self.snapshot.info.ranges or measure not in (Measure.VALUE, Measure.VOLUME):
            return {}
        singles = [
            Own(text(one.first) if one.first == one.last else own_id(self.filters.freq, one), one.first, one.last)
            for one in periods
        ]
        found = {}
        for row, member in enumerate(members):
            keys = self.keys(member)
            if len(keys) == 1 and self.is_licensed(member.products):
                for column, cell in enumerate(cube.own(keys[0][0], singles)):
                    if cell is not None and cell.ranges is not None:
                        found[row, column] = cell.ranges[measure is Measure.VOLUME]
        return found

    # -- combined ---------------------------------------------------------------------------------------------------

    def combined(self, members: Sequence[Member]) -> Figures:
        """Public figures in months that a pull covers, license figures in the others."""
        if licensed_only(self.filters):
            return self.license(members)
        covered = np.stack([self.covered(member.products) for member in members])
        # Products without licenses have no combined series: the license row says so for all months.
        covered &= np.array([[self.is_licensed(member.products)] for member in members])
        return gate.combine(self.public(members), self.license(members), covered)

    def seen(self, member: Member, dimension: str, *, public: bool, license_: bool) -> tuple[str, ...]:
        """Places of `all` that are not 0 throughout in the series asked for, withheld ones included, by id."""
        seen: set[str] = set()
        cube = self.snapshot.public
        if public and dimension == "country" and not licensed_only(self.filters):
            every = tuple(cube.countries)
            sums = self.sums([self._codes(member.products)], every, split=True)
            seen |= {one for one, any_ in zip(every, (sums.value != 0).any(axis=1), strict=True) if any_}
            seen |= {one for one, any_ in zip(every, (sums.kg != 0).any(axis=1), strict=True) if any_}
        if license_ and self.snapshot.license is not None and self.is_licensed(member.products):
            seen |= self._seen_in_licenses(self.snapshot.license, member, dimension)
        return tuple(sorted(seen))

    def _seen_in_licenses(self, cube: LicenseCube, member: Member, dimension: str) -> set[str]:
        """Places that have a row of the member and are not 0 throughout; one that is nowhere more than "none or
        withheld" is not among them."""
        span, countries = (self.first, self.last), self.snapshot.reference.countries
        chosen = {name: origins(places, countries, span)[0] for name, places in member.places.items()}
        wanted = {
            MEMBER_OF[name]: None if name == dimension else frozenset(places)
            for name, places in chosen.items()
            if name == dimension or places != (ALL,)
        }
        quarters = [Own(*period) for period in periods(Freq.QUARTER, text(self.first), text(self.last))]
        seen = set()
        for product in member.products:
            for one in cube.members(product, wanted, MEMBER_OF[dimension]):
                keys = self.keys(replace(member, products=(product,), places={**member.places, dimension: (one,)}))
                if any(self._is_seen(cube, key, quarters) for key, _ in keys):
                    seen.add(one)
        return seen

    def _is_seen(self, cube: LicenseCube, key: Key, quarters: Sequence[Own]) -> bool:
        if cube.is_crossed(key):
            return any(cell and (cell.status == WITHHELD or cell.value or cell.kg) for cell in cube.own(key, quarters))
        figures = cube.months([key], self.first, self.last)
        shown = (figures.status == PUBLISHED) & ((figures.value != 0) | (figures.kg != 0))
        return bool((shown | (figures.status == WITHHELD)).any())


def own_id(freq: Freq, period: Period) -> str | None:
    """What license tables call a longer period that may have cells of its own."""
    match freq:
        case Freq.MONTH | Freq.ROLL3 | Freq.ROLL12:
            return None
        case Freq.QUARTER:
            return period.id
        case Freq.YEAR:
            return f"{period.id}-01/{period.id}-12"
        case Freq.YTD:
            return f"{period.id[:4]}-01/{period.id}"
        case Freq.RANGE:
            return period.id


def _row(figures: Figures, row: int) -> Figures:
    return Figures(**{name: getattr(figures, name)[row : row + 1] for name in Figures.__slots__})


def _without(figures: Figures, outside: Flags, status: int) -> Figures:
    """Figures less those of marked cells, which have `status`."""

    def emptied(numbers: Integers) -> Integers:
        return np.where(outside, 0, numbers)

    def marked(ranks: Ranks) -> Ranks:
        return np.where(outside, status, ranks).astype(np.int8)

    return replace(
        figures,
        value=emptied(figures.value),
        kg=emptied(figures.kg),
        weighed=emptied(figures.weighed),
        left_out=emptied(figures.left_out),
        status=marked(figures.status),
        weight_status=marked(figures.weight_status),
    )


def _padded(found: Sums | None, *, rows: int, before: int, after: int) -> Sums:
    """Sums with months before and after that no pull covers."""
    if found is None:
        nil, no = np.zeros((rows, after), np.int64), np.zeros((rows, after), np.bool_)
        return Sums(value=nil, weighed=nil, kg=nil, any_weighed=no, any_pieces=no, any_missing=no)
    if not before and not after:
        return found
    rows, width = found.value.shape

    def wide(numbers: Integers | Flags) -> Any:
        padded = np.zeros((rows, before + width + after), numbers.dtype)
        padded[:, before : before + width] = numbers
        return padded

    return Sums(**{name: wide(getattr(found, name)) for name in Sums.__slots__})
