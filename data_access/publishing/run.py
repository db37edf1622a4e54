"""The license part of a publication: what is due is solved and kept, and the release's tables are put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.contracts import (
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    Absent,
    LicensePart,
    Status,
    license_file,
)
from data_access.errors import UserError
from data_access.publishing.assemble import Scope, license_tables, month_rows
from data_access.publishing.disclosure.layers import Kind, Layer
from data_access.publishing.disclosure.ranges import month_levels
from data_access.publishing.disclosure.ranges import ranges as ranges_of
from data_access.publishing.license_source import Source
from data_access.publishing.longer_periods import solve_periods, year_jobs
from data_access.publishing.months import Due, Setting, Step, Workers, due, month_range, numbers_of, solve
from data_access.publishing.policy import Policy
from data_access.publishing.public_figures import (
    YEARS_BACK,
    largest_origins,
    licensed_groups,
    licensed_imports,
    product_tree,
    public_sizes,
)
from data_access.publishing.state import (
    KeptMonth,
    KeptPeriod,
    NewLayer,
    NewPeriod,
    State,
    release_certificate,
    release_lines,
)
from data_access.publishing.swap import all_releases, current_release
from data_access.reference import Reference

Steps = Callable[[str], Step]


@dataclass(frozen=True, slots=True)
class Before:
    """The current release and its license part, and whether it is a demonstration; None where there is none."""

    directory: Path | None
    license: LicensePart | None
    demonstration: bool | None

    @classmethod
    def of(cls, releases: Path, state: State | None) -> Before:
        """Raises UserError where any release there has license data that the state does not know.

        That is so of releases no longer current too: nothing that they published may be published anew.
        """
        current = current_release(releases)
        for directory, manifest in all_releases(releases):
            if manifest.license is not None:
                _check_state(directory, manifest.license, state)
        if current is None:
            return cls(None, None, None)
        return cls(current[0], current[1].license, current[1].demonstration)


def _check_state(release: Path, part: LicensePart, state: State | None) -> None:
    if state is None:
        raise UserError(
            f"{release}: this release has license data, so the next one needs its state; name it with --state "
            "(what is published is carried over)"
        )
    if state.parts_of(part.certificate) is None:
        raise UserError(
            f"{state.directory}: expected the state of all releases in {release.parent}, {release.name} among them, "
            "found another or an incomplete one; name their state with --state or restore its newest backup (what is "
            "published once is never published anew)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The license part of the release to be, its files, what it consists of, and what is new in it.

    Of `held_back` months the records changed without a later date, of `stale` ones the earlier figures no longer pass
    by themselves: both stay as they were.
    """

    part: LicensePart | None
    tables: Mapping[str, pa.Table]
    demonstration: bool
    is_new: bool = False
    months: Sequence[KeptMonth] = ()
    periods: Sequence[KeptPeriod] = ()
    solved: Sequence[NewLayer] = ()
    final_now: list[str] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    seconds: Mapping[str, float] = field(default_factory=dict)
    quarters_now: list[str] = field(default_factory=list)

    @property
    def closed_now(self) -> list[str]:
        """Months whose tables are published for the first time."""
        new = {one.month: one.layer.as_of for one in self.solved if one.layer.kind is not Kind.WEEKLY}
        return [one.month for one in self.months if one.month in new and _first_close(one) == new[one.month]]

    @property
    def refreshed(self) -> list[str]:
        """Running months with newer figures."""
        return sorted(one.month for one in self.solved if one.layer.kind is Kind.WEEKLY)

    @property
    def carried(self) -> list[str]:
        """Months that stay as they were."""
        if not self.months:
            return list(self.part.months) if self.part else []
        new = {one.month for one in self.solved} | set(self.final_now)
        return [one.month for one in self.months if one.month not in new]


def _first_close(month: KeptMonth) -> str:
    return next(layer.as_of for layer in month.layers if layer.kind is not Kind.WEEKLY)


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def tick(self, stage: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._since, 2)
        self._since = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One publication of license data."""

    reference: Reference
    public: pa.Table
    before: Before
    workers: Workers
    steps: Steps

    def carry_over(self) -> Outcome:
        """The license part of the current release as it stands; none where there is none."""
        part, directory = self.before.license, self.before.directory
        if part is None or directory is None:
            return Outcome(part=None, tables={}, demonstration=False)
        names = [*(license_file(table) for table in LICENSE_DIMENSIONS), LAYERS_FILE]
        tables = {name: pq.ParquetFile(directory / name).read() for name in names}
        return Outcome(part=part, tables=tables, demonstration=bool(self.before.demonstration))

    def publish(self, source: Source, policy: Policy, state: State, *, last: int | None) -> Outcome:
        """Solve what is due, keep it, and put the release together."""
        clock = Clock()
        found = due(source.records, as_of=source.as_of, days=policy.calendar, kept=state.months(), last=last)
        fixed = self._fixed(found, policy, state)
        years = [int(job.month[:4]) for job in found.layers]
        layers = [layer for job in found.layers for layer in job.history]
        setting = self._setting(source, policy, years=years, layers=layers, fixed=fixed, state=state)
        clock.tick("what is due")
        step = self.steps("Protecting license months")
        solved, stale = solve(found.layers, setting, workers=self.workers, step=step)
        clock.tick("protecting months")
        state.keep_fixed(fixed)
        state.keep_links(_joined(state.links(), source.links))
        final = self._keep(state, solved, found.final, setting.as_of)
        clock.tick("keeping months")
        new = [] if last is not None else self._longer(source, policy, fixed, state)
        clock.tick("quarters and years to date")
        outcome = self._outcome(state, source, policy, fixed, solved=solved, final=final)
        clock.tick("putting the release together")
        return replace(
            outcome,
            held_back=found.held_back,
            stale=stale,
            quarters_now=[one.period for one in new if "Q" in one.period],
            seconds=clock.seconds,
        )

    def _longer(self, source: Source, policy: Policy, fixed: Mapping[str, Any], state: State) -> list[NewPeriod]:
        """Solve and keep the figures over several months that are due."""
        jobs = year_jobs(state.months(), state.periods(), quarters=bool(policy.quarter_levels))
        years = [job.year for job in jobs]
        layers = [layer for job in jobs for month in job.months.values() for layer in month.layers]
        setting = self._setting(source, policy, years=years, layers=layers, fixed=fixed, state=state)
        step = self.steps("Protecting quarters and years to date")
        new = solve_periods(jobs, setting, policy, workers=self.workers, step=step)
        for period in new:
            state.keep_period(period)
        return new

    def _keep(self, state: State, solved: Sequence[NewLayer], unchanged: Sequence[str], as_of: str) -> list[str]:
        """Keep layers, and mark the months that are final; gives those."""
        for layer in solved:
            state.keep_layer(layer)
        final = [*unchanged, *(one.month for one in solved if one.layer.kind is Kind.FINAL)]
        for month in final:
            state.keep_final(month, as_of)
        return sorted(final)

    def _fixed(self, found: Due, policy: Policy, state: State) -> dict[str, Any]:
        """What holds for all releases: levels with what absent rows mean, and each year's list of countries."""
        levels = {level.name: str(policy.absent(level)) for level in (*policy.month_levels, *policy.quarter_levels)}
        fixed = state.fixed() or {"levels": levels, "listed": {}}
        if fixed["levels"] != levels:
            raise UserError(
                f"{state.directory}: expected the tables and show_zero of the policy that this state began with, found "
                "others; keep them, or begin with a new state and a new directory of releases (months published under "
                "both tell more than either)"
            )
        listed = dict(fixed["listed"])
        for year in sorted({job.month[:4] for job in found.layers} - set(listed)):
            imports = licensed_imports(self.public, self.reference, int(year) - YEARS_BACK)
            listed[year] = largest_origins(imports, policy.calendar.listed, self.reference)
        return {"levels": levels, "listed": listed}

    def _setting(
        self,
        source: Source,
        policy: Policy,
        *,
        years: Sequence[int],
        layers: Sequence[Layer],
        fixed: Mapping[str, Any],
        state: State,
    ) -> Setting:
        """What jobs have in common: of the months of these years, with these layers of before."""
        codes = pd.concat([source.records["hts10"], *(layer.licenses["hts10"] for layer in layers)]).unique()
        imports = {year: licensed_imports(self.public, self.reference, year - YEARS_BACK) for year in sorted({*years})}
        return Setting(
            as_of=source.as_of.isoformat(),
            tree=product_tree(self.reference, codes),
            numbers=numbers_of(source.named, state.links(), layers),
            regime=policy.regime,
            clean_up=policy.clean_up,
            secret=policy.secret,
            policy=policy.name,
            demonstration=source.demonstration,
            listed={year: frozenset(fixed["listed"][str(year)]) for year in imports},
            sizes={year: public_sizes(of_year) for year, of_year in imports.items()},
        )

    def _outcome(
        self,
        state: State,
        source: Source,
        policy: Policy,
        fixed: Mapping[str, Any],
        *,
        solved: Sequence[NewLayer],
        final: list[str],
    ) -> Outcome:
        months, periods = list(state.months().values()), list(state.periods().values())
        absent = {name: Absent(word) for name, word in fixed["levels"].items()}
        scope = Scope(groups=licensed_groups(self.reference), absent=absent)
        rows = {one.month: month_rows(one, scope=scope, listed=fixed["listed"][one.month[:4]]) for one in months}
        ranges = self._ranges(state, months, rows, absent) if policy.ranges else None
        tables = license_tables(rows, months, periods, ranges=ranges)
        # Records older than those of the last release take nothing back of what it said.
        newest = max(source.as_of, date.fromisoformat(self.before.license.as_of) if self.before.license else date.min)
        part = license_part(
            months,
            periods,
            fixed,
            tables,
            as_of=newest,
            policy=policy.name,
            ranges=policy.ranges,
            under_review=source.left_out > 0,
        )
        return Outcome(
            part=part,
            tables=tables,
            demonstration=source.demonstration or any(layer.demonstration for one in months for layer in one.layers),
            is_new=True,
            months=months,
            periods=periods,
            solved=solved,
            final_now=final,
        )

    def _ranges(
        self,
        state: State,
        months: Sequence[KeptMonth],
        rows: Mapping[str, pd.DataFrame],
        absent: Mapping[str, Absent],
    ) -> dict[str, pd.DataFrame]:
        """The ranges of each month's withheld cells; those of a month that stays as it was are kept."""
        known = {one.month: state.ranges(one, rows[one.month]) for one in months}
        todo = [one for one in months if known[one.month] is None]
        tree = product_tree(self.reference, [])
        tasks = (
            joblib.delayed(ranges_of)(
                rows[one.month],
                tree=tree,
                levels=month_levels(absent, running=not one.closed),
                as_of=one.last.as_of,
            )
            for one in todo
        )
        step = self.steps("Working out ranges")
        for done, (one, found) in enumerate(zip(todo, self.workers.run(tasks, len(todo)), strict=True), start=1):
            state.keep_ranges(one, rows[one.month], found)
            known[one.month] = found
            step(done, len(todo))
        return {month: found for month, found in known.items() if found is not None}


def license_part(
    months: Sequence[KeptMonth],
    periods: Sequence[KeptPeriod],
    fixed: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    *,
    as_of: date,
    policy: str,
    ranges: bool,
    under_review: bool,
) -> LicensePart:
    """What the manifest of a release of these months, periods and tables says of its license data."""
    closed = {one.month: one.last.as_of for one in months if one.closed}
    return LicensePart(
        as_of=as_of.isoformat(),
        policy=policy,
        certificate=release_certificate(release_lines(months, periods)),
        months=closed,
        final=[one.month for one in months if one.final],
        not_yet=_not_yet(closed, months, as_of),
        quarters={one.period: one.as_of for one in periods if "Q" in one.period},
        levels={name: Absent(word) for name, word in fixed["levels"].items()},
        listed=fixed["listed"],
        ranges=ranges,
        under_review=under_review,
        withheld={table: _withheld(tables[license_file(table)]) for table in LICENSE_DIMENSIONS},
    )


def _not_yet(closed: Mapping[str, str], months: Sequence[KeptMonth], as_of: date) -> list[str]:
    """Running months: those after the last closed one up to that of the release, and any with weekly figures."""
    running = f"{as_of:%Y-%m}"
    after = month_range(max(closed), running)[1:] if closed else [running]
    return sorted({*after, *(one.month for one in months if not one.closed)})


def _withheld(table: pa.Table) -> int:
    return table.filter(pc.equal(table["status"], pa.scalar(str(Status.WITHHELD)))).num_rows


def _joined(links: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([links, more], ignore_index=True).drop_duplicates(ignore_index=True)
