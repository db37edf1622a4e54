"""One answer in the making: members, figures of each series, the gate, and then the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from data_access.contracts import Status
from data_access.filters import ALL, By, Filters, Freq, Measure, Series, Show
from data_access.serving import notes as noting
from data_access.serving import wording
from data_access.serving.cube.figures import PUBLISHED, Figures, Flags
from data_access.serving.gate import gate
from data_access.serving.gate.released import Cell, Released, ReleaseInfo, Words
from data_access.serving.periods import Period, periods, text, year_before
from data_access.serving.release import Snapshot
from data_access.serving.selection import Member, licensed_only, members_of, splits
from data_access.serving.series import PART_NOT_VALID, Reader

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
        self.filters = self._filters = filters
        self._info = info
        self._periods = periods_of(filters)
        # Of changes on them: the same periods of the year before.
        changes = filters.show is Show.YOY
        self._earlier = tuple(year_before(period, filters.freq) for period in self._periods) if changes else ()
        self._first = min(period.first for period in (*self._periods, *self._earlier))
        self._last = max(period.last for period in self._periods)
        self._reader = Reader(snapshot, filters, first=self._first, last=self._last)
        self._members = self._find_members()
        self._left_out = 0

    @property
    def size(self) -> int:
        """How many cells the answer has."""
        return len(self._members) * len(self._periods) * len(self._filters.series)

    def released(self) -> Released:
        """The answer."""
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
        whole = members_of(replace(filters, by=By.NONE, across=By.NONE), reference, span=span, seen={})[0]
        asked = set(filters.series)
        seen: dict[By, Sequence[str]] = {
            by: self._reader.seen(
                whole,
                str(by),
                public=bool(asked - {Series.LICENSE}),
                license_=bool(asked - {Series.PUBLIC}),
            )
            for by in splits(filters)
            if by is not By.PRODUCT and ALL in whole.places[by]
        }
        return members_of(filters, reference, span=span, seen=seen)

    def _part(self, series: Series) -> gate.Part:
        months = self._months(self._reader, series, self._members)
        figures, whole = self._figures(series, months, self._periods)
        level = self._filters.show is Show.LEVEL
        earlier = self._figures(series, months, self._earlier) if self._filters.show is Show.YOY else None
        return gate.Part(
            series=series,
            figures=figures,
            whole=whole,
            partial=self._partial(series),
            ranges=self._reader.ranges(self._members, self._periods) if series is not Series.PUBLIC and level else {},
            earlier=earlier,
        )

    def _months(self, reader: Reader, series: Series, members: Sequence[Member]) -> Figures:
        match series:
            case Series.PUBLIC:
                return reader.public(members)
            case Series.LICENSE:
                return reader.license(members)
            case Series.COMBINED:
                return reader.combined(members)

    def _is_of_licenses(self, series: Series) -> bool:
        return series is Series.LICENSE or (series is Series.COMBINED and licensed_only(self._filters))

    def _figures(self, series: Series, months: Figures, periods: Sequence[Period]) -> tuple[Figures, Figures | None]:
        """Figures by period and, for a share, fit for it, with the whole that it is of."""
        if self._filters.measure is not Measure.SHARE:
            self._count_left_out(series, months)
            return self._over(self._reader, series, months, self._members, periods)[0], None
        reader, wholes = self._wholes()
        whole_months = self._months(reader, series, wholes)
        whole, whole_own = self._over(reader, series, whole_months, wholes, periods)
        fit = gate.part_of(months, whole_months)
        self._count_left_out(series, fit)
        parts, own = self._over(self._reader, series, fit, self._members, periods)
        if not self._is_of_licenses(series):
            return parts, whole
        # Cells that a longer period has of its own go with sums of months only where those are of the newest figures.
        stale = ~self._reader.refreshed(months, periods), ~reader.refreshed(whole_months, periods)
        dates = own & whole_own & (parts.as_of != whole.as_of)
        return gate.apart(parts, whole, (own & ~whole_own & stale[1]) | (~own & whole_own & stale[0]) | dates), whole

    def _over(
        self, reader: Reader, series: Series, months: Figures, members: Sequence[Member], periods: Sequence[Period]
    ) -> tuple[Figures, Flags]:
        """Figures by period, and which are cells of their own and no sums of months."""
        figures = gate.over(months, periods, self._first)
        if self._is_of_licenses(series):
            return reader.own_periods(figures, members, periods)
        return figures, np.zeros(figures.status.shape, np.bool_)

    def _wholes(self) -> tuple[Reader, list[Member]]:
        """What shares are of: all places, or all licensed products; and what reads it."""
        of_places = wording.is_share_of_places(self._filters)
        wholes = [_whole_of(member, of_places=of_places) for member in self._members]
        if all(one.products == wholes[0].products for one in wholes):
            wholes = wholes[:1]
        # The whole is one cell, so a selection split by country reads it without the split.
        filters = (
            replace(self._filters, by=By.NONE, across=By.NONE, countries=(ALL,))
            if By.COUNTRY in splits(self._filters)
            else self._filters
        )
        return Reader(self._snapshot, filters, first=self._first, last=self._last), wholes

    def _count_left_out(self, series: Series, months: Figures) -> None:
        """Of the whole periods shown, which may reach beyond the months asked for."""
        if series is Series.LICENSE:
            return
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
            return calendar.last, calendar.running
        return max(last, calendar.last), frozenset(month for month in calendar.running if month > last)

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
            by_quarter=self._reader.crossed and filters.freq is not Freq.QUARTER,
            running=bool(self._running(cells)),
            coarse=public and self._is_coarse(),
            groups=any(reference.countries.is_group(place) for place in filters.countries),
        )

    def _running(self, cells: Sequence[Cell]) -> list[Cell]:
        """License figures of months still running."""
        license_ = self._snapshot.license
        if license_ is None or self._filters.freq is not Freq.MONTH:
            return []
        running = {text(month) for month in license_.calendar.running}
        return [
            cell
            for cell in cells
            if cell.period in running
            and cell.value is not None
            and (cell.series is Series.LICENSE or cell.source == "license")
        ]

    def _code_notes(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Sentences on ten-digit codes in months in which they are not valid, of cells that are not applicable, and of
        sums that lack them there."""
        products = dict.fromkeys(member.products for member in self._members)
        summed = any(cell.value is not None for cell in cells) and any(map(self._reader.holds_invalid, products))
        if not summed and all(cell.status is not Status.NOT_APPLICABLE for cell in cells):
            return ()
        tree = self._snapshot.reference.products
        said: dict[str, None] = {PART_NOT_VALID: None} if summed else {}
        for codes in products:
            for code in self._reader.invalid_codes(codes):
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
