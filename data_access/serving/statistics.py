"""Filters → Released: what the pages, the exports, the API and `query` ask."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from data_access.contracts import PUBLIC_FILE
from data_access.filters import ALL, SMELT_WORDS, BadQuery, By, Filters
from data_access.reference import Reference
from data_access.serving import notes as noting
from data_access.serving import wording
from data_access.serving.answer import Answer, periods_of, permalink
from data_access.serving.earlier import Earlier
from data_access.serving.gate import gate
from data_access.serving.gate.released import Released, ReleaseInfo, Words
from data_access.serving.health import Health
from data_access.serving.history import History
from data_access.serving.holder import Fixed, Holder
from data_access.serving.kept import Kept
from data_access.serving.meta import MAX_CELLS, describe
from data_access.serving.periods import number, text
from data_access.serving.places import open_place
from data_access.serving.release import Snapshot, without_licenses
from data_access.serving.release_files import Logged, open_file
from data_access.serving.selection import cells_added, licensed_only, members_of
from data_access.signing import read_verify_key

DEFAULT_MONTHS = 36
MAX_ADDED = 100_000
"""License cells that one answer by smelt or cast adds up."""
MAX_KEPT = 24
"""Results made of several answers that are kept."""
MAX_LOGGED = 104
"""Releases that the log lists: two years of weekly ones."""
EARLIEST = "1980-01"
"""First month of the grammar."""
T = TypeVar("T")


class Statistics:
    """Answers from the newest sound release of a directory; each answer is of one release alone."""

    __slots__ = ("_answers", "_earlier", "_holder", "_kept")

    def __init__(self, holder: Holder | Fixed) -> None:
        self._holder = holder
        self._earlier = Earlier(self._root)
        self._kept = Kept(MAX_KEPT)
        self._answers: dict[Filters, Released] | None = {} if isinstance(holder, Fixed) else None
        """Of a pinned release, for as long as a page is drawn: its cards ask for the same series again and again."""

    def pinned(self) -> Statistics:
        """Answers from the release in use now, whatever comes next: all parts of a page are of one release."""
        if isinstance(self._holder, Fixed):
            return self
        return self._over(Fixed(self._holder, self._holder.snapshot(), problem=self._holder.problem))

    @property
    def _root(self) -> Holder:
        """The holder that knows all releases, and which is in use now."""
        return self._holder.holder if isinstance(self._holder, Fixed) else self._holder

    def watch(self) -> None:
        """Look for the next release in a thread of this process, so that who asks never waits for it.

        To be called once in each process that answers, after it was forked.
        """
        self._root.watch()

    def health(self) -> Health:
        """The release in use now, and how looking for newer ones went."""
        holder = self._root
        snapshot = holder.snapshot()
        part = snapshot.license_part if snapshot else None
        return Health(
            release=snapshot.info.id if snapshot else None,
            published=snapshot.info.published if snapshot else None,
            problem=holder.problem,
            reload_failures=holder.reload_failures,
            withheld=dict(part.withheld) if part else {},
        )

    def _over(self, holder: Fixed) -> Statistics:
        """Answers from another release, which share with these what is kept."""
        other = Statistics(holder)
        other._earlier, other._kept = self._earlier, self._kept
        return other

    def parse(self, query: str | Mapping[str, Sequence[str]]) -> Filters:
        """The selection of a query; raises BadQuery, also where the answer would be out of all proportion."""
        snapshot = self._holder.snapshot()
        filters = Filters.from_query(query, snapshot.reference if snapshot else self._holder.reference)
        if snapshot:
            _check_size(filters, snapshot)
        return filters

    def series(self, filters: Filters) -> Released:
        """The cells of a selection: every period of every series asked for, in one order (series, member, period).

        Without a release the answer has no cells and says why. Raises BadQuery for an id that the release in use lacks,
        and where the answer would be out of all proportion.
        """
        if self._answers is None:
            return self._answer(filters)
        found = self._answers.get(filters)
        if found is None:
            found = self._answers[filters] = self._answer(filters)
        return found

    def _answer(self, filters: Filters) -> Released:
        snapshot = self._holder.snapshot()
        if snapshot is None:
            return self._no_release(filters)
        if not _knows(snapshot.reference, filters):
            Filters.from_query(filters.to_query(), snapshot.reference)
        answer = Answer(snapshot, _resolve(filters, snapshot), self._info(snapshot))
        _check_count(answer.size, answer.filters)
        return answer.released()

    def history(self, filters: Filters) -> Released:
        """License figures of each month of a selection as they were published over time: a cell for each date, the
        oldest first, and last the one in force. Not split; `as_of` tells the date, `partial` a month then running."""
        snapshot = self._holder.snapshot()
        if snapshot is None:
            return self._no_release(filters)
        if not _knows(snapshot.reference, filters):
            Filters.from_query(filters.to_query(), snapshot.reference)
        return History(snapshot, _resolve(filters, snapshot), self._info(snapshot)).released()

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

    def log(self) -> tuple[Logged, ...]:
        """The releases of the directory up to the one in use as their manifests tell them, newest first."""
        current = self.info().id
        if current is None:
            return ()
        known = self._holder.names()
        names = [current, *(name for name in known if name < current)][:MAX_LOGGED]
        return tuple(filter(None, (self._holder.logged(name, names=known) for name in names)))

    def file(self, name: str) -> BinaryIO:
        """A file of the release in use, its hash checked; of license data only while license series are shown.

        Raises KeyError for a file that is not there or not to be given out, UserError for one that was altered.
        """
        info = self.info()
        if info.id is None or (info.license_off and name != PUBLIC_FILE):
            raise KeyError(name)
        entry = self._holder.logged(info.id)
        if entry is None:
            raise KeyError(name)
        return open_file(self._holder.folder(info.id), entry, name)

    def at(self, release_id: str) -> Statistics:
        """Answers from an earlier release of the directory; KeyError if there is no such sound one."""
        if release_id == self.info().id:
            return self
        found = self._at(release_id) if release_id in self._holder.names() else None
        if found is None:
            raise KeyError(release_id)
        return found

    def previous(self) -> Statistics | None:
        """Answers from the release before the one in use; None where there is none.

        That is the newest one of an earlier license date: what was published again on a day tells of no week. One that
        lacks its license part, which this one has, cannot be compared with.
        """
        now = self.info()
        found = (self._at(name) for name in self._holder.names() if now.id and name < now.id)
        return next((one for one in found if one and _is_before(one.info(), now)), None)

    def _at(self, name: str) -> Statistics | None:
        """Answers from an earlier release; None if unsound."""
        snapshot = self._earlier.get(name)
        off = self.info().license_off
        if snapshot and off:  # what the release in use does not show is not shown of an earlier one either
            snapshot = without_licenses(snapshot, off)
        return self._over(Fixed(self._root, snapshot)) if snapshot else None

    def remember(
        self, key: Hashable, make: Callable[[Statistics], T], *, keep: Callable[[T], bool] = lambda _: True
    ) -> T:
        """What `make` gives, made of several answers: it is handed those of one release.

        The results used last are kept by `key` and release, where `keep` says so; each is made once, however many ask.
        """
        pinned, loads = self.pinned(), self._root.loads
        self._kept.forget(lambda key: key[0] != loads)  # made before the release in use came, and of no more use
        return self._kept.get((loads, pinned.info(), key), lambda: make(pinned), keep=keep)

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


def open_statistics(releases: Path | str, *, verify_key: Path | None = None, cache: Path | None = None) -> Statistics:
    """Open the current release of a directory or of `s3://bucket/prefix`; where none is, `state()` tells.

    With `verify_key`, a file, releases must be signed. `cache` is the directory for what object storage holds, None for
    a temporary one. Raises UserError where the key or the address is none.
    """
    key = None if verify_key is None else read_verify_key(verify_key)
    return Statistics(Holder(open_place(releases, cache), key))


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


def _is_before(earlier: ReleaseInfo, now: ReleaseInfo) -> bool:
    """Whether a release can be compared with as the one before."""
    if now.license_off or not now.license_as_of:
        return True
    return earlier.license_off is None and (earlier.license_as_of or "") < now.license_as_of


def _knows(vocabulary: Reference, filters: Filters) -> bool:
    countries = vocabulary.countries
    places = {*filters.countries, *filters.smelt, *filters.smelt2, *filters.cast} - {ALL, *SMELT_WORDS}
    return all(id_ in vocabulary.products for id_ in filters.products) and all(
        id_ in countries or countries.is_group(id_) for id_ in places
    )


def _check_count(count: int, filters: Filters) -> None:
    if count > MAX_CELLS:
        raise BadQuery(
            "from",
            given=f"{filters.start} to {filters.end}",
            allowed=[f"at most {MAX_CELLS:,} figures in one answer"],
            message=f"from: the answer could have {count:,} figures, {MAX_CELLS:,} are the most; "
            "ask for fewer months, products or countries, or for longer periods (freq).",
        )


def _check_size(filters: Filters, snapshot: Snapshot) -> None:
    resolved = _resolve(filters, snapshot)
    times = len(periods_of(resolved)) * len(resolved.series)
    span = (number(resolved.start or ""), number(resolved.end or ""))
    every = tuple(country.id for country in snapshot.reference.countries)
    # Of a selection split twice the pairs that there are can be counted only as it is answered.
    seen = dict.fromkeys(By, every) if filters.across is By.NONE else {}
    members = members_of(resolved, snapshot.reference, span=span, seen=seen)
    _check_count(len(members) * times, resolved)
    added = cells_added(members, snapshot.reference.countries, span) * times if licensed_only(filters) else 0
    if added > MAX_ADDED:
        raise BadQuery(
            "country",
            given=f"{added:,} combinations",
            allowed=[f"at most {MAX_ADDED:,} cells of origin with smelt or cast in one answer"],
            message=f"country: the answer would add up {added:,} cells of origin with smelt or cast, {MAX_ADDED:,} are "
            "the most; ask for fewer countries or months.",
        )
