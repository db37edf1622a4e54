"""One answer in the making: members, figures of each series, the gate, and then the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from data_access.contracts import Status
from data_access.filters import ALL, By, Filters, Freq, Measure, Series
from data_access.serving import notes as noting
from data_access.serving import wording
from data_access.serving.cube.figures import PUBLISHED, Figures
from data_access.serving.gate import gate
from data_access.serving.gate.released import Cell, Released, ReleaseInfo, Words
from data_access.serving.periods import Period, periods, text
from data_access.serving.release import Snapshot
from data_access.serving.selection import Member, licensed_only, members_of
from data_access.serving.series import Reader

PAGE = "/explore"


def permalink(filters: Filters) -> str:
    """The address of the page that shows a selection."""
    query = filters.to_query()
    return f"{PAGE}?{query}" if query else PAGE


def periods_of(filters: Filters) -> tuple[Period, ...]:
    """The periods of a selection whose months are filled in."""
    if filters.start is None or filters.end is None:
        raise ValueError("months of the selection are not filled in")
    return periods(filters.freq, filters.start, filters.end)


class Answer:
    """One answer in the making; `filters` have their months."""

    def __init__(self, snapshot: Snapshot, filters: Filters, info: ReleaseInfo) -> None:
        self._snapshot = snapshot
        self._filters = filters
        self._info = info
        self._periods = periods_of(filters)
        self._first = min(period.first for period in self._periods)
        self._last = max(period.last for period in self._periods)
        self._reader = Reader(snapshot, filters, first=self._first, last=self._last)
        self._members = self._find_members()
        self._left_out = 0

    def released(self) -> Released:
        parts = [self._part(series) for series in self._filters.series]
        return gate.release(
            self._info,
            self._filters,
            labels=[member.label for member in self._members],
            periods=self._periods,
            dates=self._snapshot.dates,
            parts=parts,
            words=self._words,
        )

    def _find_members(self) -> tuple[Member, ...]:
        filters, reference = self._filters, self._snapshot.reference
        span = (self._first, self._last)
        members = members_of(filters, reference, span=span, seen=None)
        if filters.by in (By.NONE, By.PRODUCT) or ALL not in members[0].places[filters.by]:
            return members
        asked = set(filters.series)
        seen = self._reader.seen(
            members[0].products,
            str(filters.by),
            public=bool(asked - {Series.LICENSE}),
            license_=bool(asked - {Series.PUBLIC}),
        )
        return members_of(filters, reference, span=span, seen=seen)

    def _part(self, series: Series) -> gate.Part:
        months = self._months(series, self._members)
        whole = None
        if self._filters.measure is Measure.SHARE:
            months, whole = self._with_whole(series, months)
        if series is not Series.LICENSE:
            self._count_left_out(months)
        return gate.Part(
            series=series,
            figures=self._over(series, months, self._members),
            whole=whole,
            partial=self._partial(series),
        )

    def _months(self, series: Series, members: Sequence[Member]) -> Figures:
        match series:
            case Series.PUBLIC:
                return self._reader.public(members)
            case Series.LICENSE:
                return self._reader.license(members)
            case Series.COMBINED:
                return self._reader.combined(members)

    def _over(self, series: Series, months: Figures, members: Sequence[Member]) -> Figures:
        figures = gate.over(months, self._periods, self._first)
        longer = series is Series.LICENSE and self._filters.freq in (Freq.QUARTER, Freq.YEAR)
        return self._reader.own_periods(figures, members, self._periods) if longer else figures

    def _with_whole(self, series: Series, months: Figures) -> tuple[Figures, Figures]:
        """Parts fit for a share, and the whole by period: all places, or all licensed products."""
        of_places = wording.is_share_of_places(self._filters)
        wholes = [_whole_of(member, of_places=of_places) for member in self._members]
        if all(one.products == wholes[0].products for one in wholes):
            wholes = wholes[:1]
        # The whole is one cell, so a selection split by country reads it without the split.
        filters = (
            replace(self._filters, by=By.NONE, countries=(ALL,)) if self._filters.by is By.COUNTRY else self._filters
        )
        reader = Reader(self._snapshot, filters, first=self._first, last=self._last)
        match series:
            case Series.PUBLIC:
                whole = reader.public(wholes)
            case Series.LICENSE:
                whole = reader.license(wholes)
            case Series.COMBINED:
                whole = reader.combined(wholes)
        return gate.part_of(months, whole), gate.over(whole, self._periods, self._first)

    def _count_left_out(self, months: Figures) -> None:
        """Of the whole periods shown, which may reach beyond the months asked for."""
        first, last = min(period.first for period in self._periods), max(period.last for period in self._periods)
        inside = slice(first - self._first, last - self._first + 1)
        shown = months.weight_status[:, inside] == PUBLISHED
        self._left_out = max(self._left_out, int(np.where(shown, months.left_out[:, inside], 0).sum()))

    def _partial(self, series: Series) -> list[bool]:
        """Which periods have begun in a series and are not whole: months of theirs are there, others to come, or
        license months are still filling."""
        last, filling = self._known(series)
        return [
            period.first <= last < period.last or any(period.first <= month <= period.last for month in filling)
            for period in self._periods
        ]

    def _known(self, series: Series) -> tuple[int, frozenset[int]]:
        """Last month known of a series, and license months still filling."""
        public = self._snapshot.public.last_covered(self._filters.basis)
        last = -1 if public is None else public
        if series is Series.PUBLIC or self._snapshot.license is None:
            return last, frozenset()
        calendar = self._snapshot.license.calendar
        if series is Series.LICENSE:
            return calendar.last, calendar.filling
        return max(last, calendar.last), frozenset(month for month in calendar.filling if month > last)

    # -- words, after the gate --------------------------------------------------------------------------------------

    def _words(self, cells: tuple[Cell, ...]) -> Words:
        filters, reference = self._filters, self._snapshot.reference
        title, link = wording.title(filters, reference), permalink(filters)
        return Words(
            title=title,
            subtitle=wording.subtitle(filters),
            summary=wording.summary(filters, reference, cells),
            notes=noting.notes(filters, cells, self._facts(cells)),
            permalink=link,
            cite=noting.cite(title, self._info, link),
        )

    def _facts(self, cells: Sequence[Cell]) -> noting.Facts:
        filters, reference = self._filters, self._snapshot.reference
        public = bool(set(filters.series) - {Series.LICENSE})
        return noting.Facts(
            info=self._info,
            left_out=self._left_out if public else 0,
            code_notes=self._code_notes(cells),
            total_differs=self._total_differs() if public else (),
            mixed_dates=self._reader.mixed_dates,
            unlicensed=not all(self._reader.is_licensed(member.products) for member in self._members),
            licensed_only=licensed_only(filters),
            coarse=public and self._is_coarse(),
            groups=any(reference.countries.is_group(place) for place in filters.countries),
        )

    def _code_notes(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Sentences on ten-digit codes in months in which they are not valid, of cells that are not applicable."""
        if all(cell.status is not Status.NOT_APPLICABLE for cell in cells):
            return ()
        tree = self._snapshot.reference.products
        said: dict[str, None] = {}
        for member in self._members:
            for code in self._reader.invalid_codes(member.products):
                for month in range(self._first, self._last + 1):
                    note = tree.code_note(code, text(month))
                    if note:
                        said[note] = None
        return tuple(said)

    def _total_differs(self) -> tuple[str, ...]:
        if ALL not in self._filters.countries:
            return ()
        months = {text(month) for month in range(self._first, self._last + 1)}
        return tuple(month for month in self._snapshot.part.total_differs if month in months)

    def _is_coarse(self) -> bool:
        cube, basis = self._snapshot.public, self._filters.basis
        pulled = np.array([cube.level(basis, month) is not None for month in range(self._first, self._last + 1)])
        return any(bool((pulled & ~self._reader.covered(member.products)).any()) for member in self._members)


def _whole_of(member: Member, *, of_places: bool) -> Member:
    """The member that a share of this one is of."""
    places: dict[str, tuple[str, ...]] = dict.fromkeys(member.places, (ALL,)) if of_places else member.places
    products = member.products if of_places else ("aim",)
    return Member(label=member.label, products=products, places=places)
