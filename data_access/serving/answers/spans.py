"""Which months an answer of one period has where the query leaves them open: the last ones of its series."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from data_access.filters import ALL, By, Filters, Freq, Series
from data_access.serving.periods import shifted
from data_access.serving.selection import licensed_only
from data_access.serving.statistics import Statistics

YEAR = 12
"""Months a ranking covers, so that no season is left out."""
QUARTER = 3


def one_period(statistics: Statistics, filters: Filters) -> Filters:
    """The selection as one period: the months given, else the last twelve of public statistics; of license data the
    last closed month, or the last quarter where origin is crossed with smelt or cast."""
    crossed = is_crossed(filters)
    months = 1 if _is_of_licenses(filters) else YEAR
    end = filters.end or _last(statistics.meta()["months"], filters, crossed=crossed)
    if end is None:
        return replace(statistics.resolve(filters), freq=Freq.RANGE)
    if crossed:  # such license data are by quarter: the one that the last month lies in
        return replace(filters, start=end, end=end, freq=Freq.QUARTER)
    start = filters.start or shifted(end, 1 - months)
    return replace(filters, start=start, end=max(end, start), freq=Freq.RANGE)


def last_quarter(statistics: Statistics, filters: Filters) -> Filters:
    """The selection by quarter: the months given, else the last quarter whose license months are closed."""
    if filters.start or filters.end:
        return replace(filters, freq=Freq.QUARTER)
    end = _last(statistics.meta()["months"], filters, crossed=True)
    if end is None:
        return replace(filters, freq=Freq.QUARTER)
    return replace(filters, start=shifted(end, 1 - QUARTER), end=end, freq=Freq.QUARTER)


def _is_of_licenses(filters: Filters) -> bool:
    return filters.series == (Series.LICENSE,) or licensed_only(filters)


def is_crossed(filters: Filters) -> bool:
    """Whether the selection is of origins together with smelt or cast."""
    return licensed_only(filters) and (ALL not in filters.countries or By.COUNTRY in (filters.by, filters.across))


def _last(months: dict[str, Any], filters: Filters, *, crossed: bool) -> str | None:
    """The last month that the series knows, of licenses a closed one; of quarters the last of a whole one."""
    if not _is_of_licenses(filters):
        spans = months["public"].get(str(filters.basis), [])
        return str(spans[-1]["to"]) if spans else None
    closed: list[str] = sorted(months["license"]["closed"]) if months["license"] else []
    if not crossed:
        return closed[-1] if closed else None
    whole = [month for month in closed if int(month[5:]) % QUARTER == 0 and _quarter(month) <= set(closed)]
    return whole[-1] if whole else None


def _quarter(last: str) -> set[str]:
    return {shifted(last, -place) for place in range(QUARTER)}
