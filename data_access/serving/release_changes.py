"""What changed between two releases, worked out from what both tell: months, and totals that were revised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_access.filters import Filters, Freq, Measure, Series
from data_access.serving.gate.released import Cell
from data_access.serving.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Revision:
    """A published total of both releases that differs: customs value in US$ of all licensed products."""

    month: str
    series: Series
    before: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is new since the release before, which `since` names."""

    since: str
    public_months: tuple[str, ...]
    license_months: tuple[str, ...]
    closed: tuple[str, ...]
    final: tuple[str, ...]
    revised: tuple[Revision, ...]


def changes(statistics: Statistics) -> Changes | None:
    """The changes of the release in use against the one before; None where there is none."""
    pinned = statistics.pinned()
    before = pinned.previous()
    if before is None:
        return None
    return pinned.remember(("changes", before.info().id), lambda now: _changes(now, before))


def _changes(statistics: Statistics, before: Statistics) -> Changes:
    now, old = statistics.meta()["months"], before.meta()["months"]
    told, known = _totals(statistics), _totals(before)
    public, licensed = ({key for key in told if key[0] is one} for one in (Series.PUBLIC, Series.LICENSE))
    return Changes(
        since=before.info().id or "",
        public_months=_new(public - known.keys()),
        license_months=_new(licensed - known.keys()),
        closed=_more(now, old, "closed"),
        final=_more(now, old, "final"),
        revised=tuple(
            Revision(month, series, int(known[series, month].value or 0), int(cell.value or 0))
            for (series, month), cell in sorted(told.items(), key=lambda pair: pair[0][::-1])
            if (series, month) in known and known[series, month].value != cell.value
        ),
    )


def _totals(statistics: Statistics) -> dict[tuple[Series, str], Cell]:
    """Published totals of every month of a release, by series and month."""
    months = statistics.meta()["months"]
    known = [month for spans in months["public"].values() for run in spans for month in (run["from"], run["to"])]
    licensed = months["license"] or {}
    known += [*licensed.get("closed", ()), *licensed.get("not_yet", ())]
    if not known:
        return {}
    filters = Filters(start=min(known), end=max(known), freq=Freq.MONTH, measure=Measure.VALUE)
    return {(one.series, one.period): one for one in statistics.series(filters).cells if one.value is not None}


def _new(keys: set[tuple[Series, str]]) -> tuple[str, ...]:
    return tuple(sorted(month for _, month in keys))


def _more(now: dict[str, Any], old: dict[str, Any], name: str) -> tuple[str, ...]:
    """License months that are closed or final in the newer release and were not in the older."""
    told, known = ((months["license"] or {}).get(name, ()) for months in (now, old))
    return tuple(sorted(set(told) - set(known)))
