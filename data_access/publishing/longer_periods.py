"""Figures over several months: which quarters and years to date are due, and their solution, years side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

import joblib
import pandas as pd

from data_access.contracts import Absent
from data_access.errors import all_at_once
from data_access.publishing.disclosure.layers import JointMonth, Kind
from data_access.publishing.disclosure.periods import (
    FinalMonth,
    SolvedPeriod,
    quarter_months,
    solve_quarter,
    solve_year_to_date,
    verify_period,
)
from data_access.publishing.disclosure.tables import Level
from data_access.publishing.months import Setting, Step, Workers
from data_access.publishing.policy import Policy
from data_access.publishing.state import KeptMonth, KeptPeriod, NewPeriod

YEAR_TO_DATE: Final = (6, 12)
"""Months up to which a year to date is published over withheld months too: each one published cuts the year, so that
few leave more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearJob:
    """The periods of one year that are due, in the order in which they build on each other."""

    year: int
    months: Mapping[str, FinalMonth]
    due: tuple[str, ...]
    published: tuple[SolvedPeriod, ...]


def periods_of(year: int) -> list[str]:
    """Quarters and years to date of a year, each after those that it builds on."""
    return [f"{year}-Q{quarter}" for quarter in range(1, 5)] + [
        f"{year}-01/{year}-{number:02d}" for number in YEAR_TO_DATE
    ]


def months_of(period: str) -> list[str]:
    """The months of a quarter or of a year to date."""
    if "Q" in period:
        return quarter_months(period)
    return [f"{period[:4]}-{number:02d}" for number in range(1, int(period[-2:]) + 1)]


def settled(month: KeptMonth) -> bool:
    """Whether a month is final, with figures of its own last layer."""
    return month.final is not None and month.last.refused is None


def final_month(month: KeptMonth) -> FinalMonth:
    """A settled month with its records; one that became final as it stood has no layer of that kind."""
    layers = [layer.load() for layer in month.layers]
    layers[-1] = replace(layers[-1], kind=Kind.FINAL)
    return FinalMonth(month=month.month, layers=layers, certificate=month.last.certificate())


def solved_before(period: KeptPeriod) -> SolvedPeriod:
    """A period as it was published."""
    rows = {table: period.rows(table) for table in period.tables}
    return SolvedPeriod(period=period.period, rows=rows, certificate=period.certificate())


def due_periods(
    months: Mapping[str, KeptMonth], kept: Mapping[str, KeptPeriod], *, quarters: bool
) -> dict[int, list[str]]:
    """By year, the periods that are not kept and of which all months are settled; with `quarters` also those."""
    found: dict[int, list[str]] = {}
    for year in sorted({int(month[:4]) for month in months}):
        for period in periods_of(year):
            whole = all(month in months and settled(months[month]) for month in months_of(period))
            if whole and period not in kept and (quarters or "Q" not in period):
                found.setdefault(year, []).append(period)
    return found


def year_jobs(months: Mapping[str, KeptMonth], kept: Mapping[str, KeptPeriod], *, quarters: bool) -> list[YearJob]:
    """The jobs that are due, with the records of their months."""
    jobs = []
    for year, due in due_periods(months, kept, quarters=quarters).items():
        needed = sorted({month for period in due for month in months_of(period)})
        before = [one for one in kept.values() if one.period.startswith(f"{year}-01/")]
        jobs.append(
            YearJob(
                year=year,
                months={month: final_month(months[month]) for month in needed},
                due=tuple(due),
                published=tuple(solved_before(one) for one in sorted(before, key=lambda one: one.period)),
            )
        )
    return jobs


def solve_periods(
    jobs: Sequence[YearJob], setting: Setting, policy: Policy, *, workers: Workers, step: Step
) -> list[NewPeriod]:
    """Solve these periods and check each proof by arithmetic; raises UserError where a proof does not hold."""
    found: list[NewPeriod] = []
    problems: list[str] = []
    tasks = (joblib.delayed(_year)(job, setting, policy) for job in jobs)
    for done, (periods, wrong) in enumerate(workers.run(tasks, len(jobs)), start=1):
        found += periods
        problems += wrong
        step(done, len(jobs))
    if problems:
        raise all_at_once("longer periods whose protection does not stand its check; nothing was published", problems)
    return found


def _year(job: YearJob, setting: Setting, policy: Policy) -> tuple[list[NewPeriod], list[str]]:
    """The periods of a year one after the other, and what is wrong with their proofs."""
    found, problems = [], []
    published = list(job.published)
    systems: dict[str, JointMonth] = {}
    for period in job.due:
        solved = _solved(job, period, published=published, systems=systems, setting=setting, policy=policy)
        wrong = checked(
            solved,
            [job.months[month] for month in months_of(period)],
            published,
            tree=setting.tree,
            numbers=setting.numbers,
            policy=policy,
            listed=setting.listed[job.year],
        )
        problems += [f"{period}: {problem}" for problem in wrong]
        if "Q" not in period:
            published.append(solved)
        found.append(
            NewPeriod(
                period=period,
                as_of=setting.as_of,
                rows=solved.rows,
                certificate=solved.certificate,
                summary=asdict(solved.summary),
            )
        )
    return found, problems


def _solved(
    job: YearJob,
    period: str,
    *,
    published: Sequence[SolvedPeriod],
    systems: dict[str, JointMonth],
    setting: Setting,
    policy: Policy,
) -> SolvedPeriod:
    months, year = [job.months[month] for month in months_of(period)], job.year
    if "Q" in period:
        return solve_quarter(
            months,
            tree=setting.tree,
            numbers=setting.numbers,
            regime=policy.regime,
            sizes=setting.sizes[year],
            secret=setting.secret,
            year=year,
            levels=policy.quarter_levels,
        )
    return solve_year_to_date(
        months,
        published=published,
        tree=setting.tree,
        numbers=setting.numbers,
        listed=setting.listed[year],
        regime=policy.regime,
        zeros=zero_levels(policy),
        systems=systems,
    )


def zero_levels(policy: Policy) -> frozenset[Level]:
    """Levels of months at which a cell without a row is known to be 0."""
    return frozenset(level for level in policy.month_levels if policy.absent(level) is Absent.ZERO)


def checked(
    solved: SolvedPeriod,
    months: Sequence[FinalMonth],
    published: Iterable[SolvedPeriod],
    *,
    tree: pd.DataFrame,
    numbers: pd.Series,
    policy: Policy,
    listed: frozenset[str],
) -> list[str]:
    """What is wrong with a period's proof, by arithmetic; `published` are the years to date of its year."""
    before = [one for one in published if one.period < solved.period and "Q" not in one.period]
    return verify_period(
        solved,
        months,
        published=before if "Q" not in solved.period else (),
        tree=tree,
        numbers=numbers,
        listed=listed,
        regime=policy.regime,
        levels=policy.quarter_levels,
        zeros=zero_levels(policy),
    )
