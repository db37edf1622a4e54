"""Filters → Released: what the pages, the exports, the API and `query` ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_access.filters import ALL, SMELT_WORDS, BadQuery, By, Filters
from data_access.reference import Reference
from data_access.serving import notes as noting
from data_access.serving import wording
from data_access.serving.answer import Answer, periods_of, permalink
from data_access.serving.gate import gate
from data_access.serving.gate.released import Released, ReleaseInfo, Words
from data_access.serving.meta import MAX_CELLS, describe
from data_access.serving.periods import number, text
from data_access.serving.release import Holder, Snapshot
from data_access.serving.selection import cells_added, licensed_only, members_of

DEFAULT_MONTHS = 36
MAX_ADDED = 100_000
"""License cells that one answer by smelt or cast adds up."""
EARLIEST = "1980-01"
"""First month of the grammar."""


class Statistics:
    """Answers from the newest sound release of a directory; each answer is of one release alone."""

    __slots__ = ("_holder",)

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def parse(self, query: str | Mapping[str, Sequence[str]]) -> Filters:
        """The selection of a query; raises BadQuery, also where the answer would be out of all proportion."""
        snapshot = self._holder.snapshot()
        filters = Filters.from_query(query, snapshot.reference if snapshot else self._holder.reference)
        if snapshot:
            _check_size(filters, snapshot)
        return filters

    def series(self, filters: Filters) -> Released:
        """The cells of a selection: every period of every series asked for, in one order (series, member, period).

        Without a release the answer has no cells and says why. Raises BadQuery for an id that the release in use lacks.
        """
        snapshot = self._holder.snapshot()
        if snapshot is None:
            return self._no_release(filters)
        if not _knows(snapshot.reference, filters):
            Filters.from_query(filters.to_query(), snapshot.reference)
        return Answer(snapshot, _resolve(filters, snapshot), self._info(snapshot)).released()

    def resolve(self, filters: Filters) -> Filters:
        """The selection with `start` and `end` filled in: the last 36 months that any series covers."""
        snapshot = self._holder.snapshot()
        return _resolve(filters, snapshot) if snapshot else filters

    def default_filters(self) -> Filters:
        """What a page shows without a query, months filled in."""
        return self.resolve(Filters())

    def meta(self) -> dict[str, Any]:
        """The answer of /api/v1/meta: release, products, countries, months per series, measures, limits."""
        snapshot = self._holder.snapshot()
        return describe(self._info(snapshot), snapshot, snapshot.reference if snapshot else self._holder.reference)

    def info(self) -> ReleaseInfo:
        """The release in use."""
        return self._info(self._holder.snapshot())

    def state(self) -> str | None:
        """Why nothing is shown; None where there is a release."""
        return self._holder.problem or "no release" if self._holder.snapshot() is None else None

    @property
    def vocabulary(self) -> Reference:
        """Products, countries, groups and events of the release in use."""
        snapshot = self._holder.snapshot()
        return snapshot.reference if snapshot else self._holder.reference

    def _info(self, snapshot: Snapshot | None) -> ReleaseInfo:
        problem = self._holder.problem
        if snapshot is None:
            return ReleaseInfo(
                id=None,
                published=None,
                public_as_of=None,
                license_as_of=None,
                demonstration=False,
                license_off=problem,
                problem=problem,
            )
        return replace(snapshot.info, problem=problem) if problem else snapshot.info

    def _no_release(self, filters: Filters) -> Released:
        info = self._info(None)
        link = permalink(filters)
        title = wording.title(filters, self._holder.reference)
        words = Words(
            title=title,
            subtitle=wording.subtitle(filters),
            summary=f"No figures can be shown: {info.problem}.",
            notes=(f"No figures can be shown: {info.problem}.",),
            permalink=link,
            cite=noting.cite(title, info, link),
        )
        return gate.release(info, filters, labels=(), periods=(), dates=(), parts=(), words=lambda cells: words)


def open_statistics(releases: Path) -> Statistics:
    """Open the current release of a directory; a missing one does not raise, `state()` tells."""
    return Statistics(Holder(releases))


# -- months ---------------------------------------------------------------------------------------------------------


def _last_month(snapshot: Snapshot) -> int:
    """The last month that a pull covers, or that license data have closed or have figures of; that of publication where
    there is none."""
    ends = [snapshot.public.last_covered(basis) for basis in snapshot.public.levels]
    if snapshot.license:
        ends.append(snapshot.license.last_running())
        if snapshot.license.calendar.closed:
            ends.append(snapshot.license.calendar.last)
    return max((end for end in ends if end is not None), default=number(snapshot.info.published or EARLIEST))


def _resolve(filters: Filters, snapshot: Snapshot) -> Filters:
    last = number(filters.end) if filters.end else _last_month(snapshot)
    if filters.start:
        last = max(last, number(filters.start))
    start = filters.start or max(EARLIEST, text(last - DEFAULT_MONTHS + 1))
    return replace(filters, start=start, end=text(last))


def _knows(vocabulary: Reference, filters: Filters) -> bool:
    countries = vocabulary.countries
    places = {*filters.countries, *filters.smelt, *filters.smelt2, *filters.cast} - {ALL, *SMELT_WORDS}
    return all(id_ in vocabulary.products for id_ in filters.products) and all(
        id_ in countries or countries.is_group(id_) for id_ in places
    )


def _check_size(filters: Filters, snapshot: Snapshot) -> None:
    resolved = _resolve(filters, snapshot)
    times = len(periods_of(resolved)) * len(resolved.series)
    span = (number(resolved.start or ""), number(resolved.end or ""))
    every = tuple(country.id for country in snapshot.reference.countries)
    seen = every if filters.by is not By.NONE else None
    members = members_of(resolved, snapshot.reference, span=span, seen=seen)
    if len(members) * times > MAX_CELLS:
        raise BadQuery(
            "from",
            given=f"{resolved.start} to {resolved.end}",
            allowed=[f"at most {MAX_CELLS:,} figures in one answer"],
            message=f"from: the answer could have {len(members) * times:,} figures, {MAX_CELLS:,} are the most; "
            "ask for fewer months, products or countries, or for longer periods (freq).",
        )
    added = cells_added(members, snapshot.reference.countries, span) * times if licensed_only(filters) else 0
    if added > MAX_ADDED:
        raise BadQuery(
            "country",
            given=f"{added:,} combinations",
            allowed=[f"at most {MAX_ADDED:,} cells of origin with smelt or cast in one answer"],
            message=f"country: the answer would add up {added:,} cells of origin with smelt or cast, {MAX_ADDED:,} are "
            "the most; ask for fewer countries or months.",
        )
