"""License months: which are whole and closed, what they consist of, and their protection one by one."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from data_access.publishing.disclosure.simple_tables import Scope, protect_month
from data_access.publishing.policy import Policy
from data_access.publishing.state import SolvedMonth
from data_access.reference import Level, Licensed, Reference

FIRST_WHOLE_MONTH = "2021-07"
"""Licenses are required from 28 June 2021 on (86 FR 27513)."""

YEARS_BACK = 2
"""Complements are ordered by the public figures of the year before last: final when a month is published."""


def month_range(first: str, last: str) -> list[str]:
    """Months from first to last, 'YYYY-MM'; none where last is before first."""
    return [str(month) for month in pd.period_range(first, last, freq="M")]


def is_closed(month: str, as_of: date, close_days: int) -> bool:
    """Whether a month may be published: at least `close_days` after its end."""
    year, number = int(month[:4]), int(month[5:])
    end = date(year, number, calendar.monthrange(year, number)[1])
    return as_of >= end + timedelta(days=close_days)


def months_to_publish(months: pd.Series, as_of: date, policy: Policy) -> list[str]:
    """Closed months from the first to the last that records are of."""
    if not len(months):
        return []
    every = month_range(max(months.min(), FIRST_WHOLE_MONTH), months.max())
    return [month for month in every if is_closed(month, as_of, policy.calendar.close_days)]


def months_not_yet(published: Sequence[str], as_of: date) -> list[str]:
    """Months after the last published one up to that of `as_of`."""
    running = f"{as_of:%Y-%m}"
    return [month for month in month_range(published[-1], running) if month > published[-1]] if published else [running]


def license_scope(reference: Reference, codes: Iterable[str]) -> Scope:
    """The cells of license tables, from the reference tables; `codes` are those of records, in the tables or not."""
    products = reference.products.with_observed(codes)
    licensed = [product for product in products if product.licensed is Licensed.ALL]
    groups = tuple(product.id for product in licensed if product.level is Level.GROUP)
    return Scope(
        groups=groups,
        group_of={code: group for group in groups for code in products.codes(group)},
        countries=tuple(sorted(country.iso3 for country in reference.countries)),
    )


def public_sizes(public: pa.Table, reference: Reference, scope: Scope, year: int) -> dict[str, float]:
    """Public value of a year by licensed group, and by country for all of them together; empty where none is known."""
    frame = public.select(["month", "product", "level", "country", "consumption_value", "general_value"]).to_pandas()
    frame = frame[frame["month"].str.startswith(f"{year}-")]
    group_of = {
        (level, code): group
        for level in frame["level"].unique()
        for group in scope.groups
        for code in reference.products.parts(group, level) or ()
    }
    keys = zip(frame["level"], frame["product"], strict=True)
    frame["group"] = pd.Series([group_of.get(key) for key in keys], index=frame.index, dtype=object)
    frame["worth"] = frame["consumption_value"].fillna(frame["general_value"]).fillna(0.0)
    frame = frame[frame["group"].notna()]
    countries = frame[frame["country"] != "all"].groupby("country")["worth"].sum()
    groups = frame[frame["country"] == "all"].groupby("group")["worth"].sum()
    return {str(cell): float(worth) for cell, worth in pd.concat([countries, groups]).items()}


def solve_months(
    wanted: Sequence[str],
    licenses: pd.DataFrame,
    *,
    firms: pd.Series,
    as_of: date,
    public: pa.Table,
    reference: Reference,
    policy: Policy,
    demonstration: bool,
    step: Callable[[int, int], None] = lambda done, of: None,
) -> list[SolvedMonth]:
    """Protect months of records that count (column `month`).

    `firms` numbers their firms (`firm_numbers` of all records at hand, those that do not count among them); `step` is
    told how many months are done, and of how many.
    """
    scope = license_scope(reference, licenses["hts10"].unique())
    sizes: dict[int, dict[str, float]] = {}
    solved = []
    for done, month in enumerate(wanted, start=1):
        year = int(month[:4]) - YEARS_BACK
        if year not in sizes:
            sizes[year] = public_sizes(public, reference, scope, year)
        protected = protect_month(
            licenses[licenses["month"] == month],
            month=month,
            as_of=as_of.isoformat(),
            firms=firms,
            scope=scope,
            sizes=sizes[year],
            policy=policy,
        )
        solved.append(SolvedMonth.of(month, protected.tables, protected.solutions, demonstration=demonstration))
        step(done, len(wanted))
    return solved
