"""Public statistics from the Census Bureau's API of monthly imports: chapter 76 by country, both bases.

https://www.census.gov/foreign-trade/reference/guides/Guide_to_International_Trade_Datasets.pdf
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from data_access.contracts import LEVELS
from data_access.errors import UserError, all_at_once, cannot_write
from data_access.publishing.sources.census_client import CensusClient, Pace
from data_access.publishing.sources.census_journal import Done, Journal, open_journal
from data_access.publishing.sources.census_query import month_range, runs, spans
from data_access.publishing.sources.census_rows import Record, typed
from data_access.publishing.sources.census_split import Splitter
from data_access.publishing.sources.vintages import is_demonstration, newest, pulled_at, write_month

LATEST: Final = "latest"
NO_DATA: Final = 3
"""Exit code of a pull that found nothing for some months."""

MONTHS_AT_ONCE: Final = {"HS2": 36, "HS4": 12, "HS6": 12, "HS10": 6}
"""Months of the first queries: about 17,000 rows of chapter 76 at HS10, well below where the API fails."""


MONTH: Final = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True, kw_only=True)
class _Pull:
    """One pull under way."""

    out: Path
    level: str
    months: tuple[str, ...]
    to_latest: bool
    stamp: dt.datetime
    journal: Journal
    problems: list[str] = field(default_factory=list)
    kept: int = 0

    def pending(self) -> list[str]:
        """Months still to fetch: those an interrupted pull has dealt with are left out while their files stand."""
        standing = {month for level, month in newest(self.out) if level == self.level}
        done = self.journal.done
        for month in [month for month, entry in done.items() if entry.rows and month not in standing]:
            del done[month]
        self.kept = len(done)
        return [month for month in self.months if month not in done]

    def keep(self, month: str, found: list[Record]) -> None:
        """Write one month, or take down what is wrong with it."""
        written = None
        if found:
            table, problems = typed(found, month=month, level=self.level)
            if problems:
                self.problems += problems
                return
            written = write_month(self.out, level=self.level, month=month, rows=table, pulled_at=self.stamp)
        self.journal.note(month, Done(rows=len(found), written=written is not None))

    def with_data(self) -> list[str]:
        """Months that have rows."""
        return [month for month in self.months if month in self.journal.done and self.journal.done[month].rows]

    def without_data(self) -> list[str]:
        """Months without rows; the last ones of a pull to the latest month are its end, and none."""
        empty = [month for month in self.months if month in self.journal.done and not self.journal.done[month].rows]
        if not self.to_latest:
            return empty
        last = max(self.with_data(), default="")
        return [month for month in empty if month < last]

    def summary(self) -> str:
        """What stands on disk now, in a sentence."""
        done = self.journal.done
        months = self.with_data()
        rows = sum(done[month].rows for month in months)
        written = sum(done[month].written for month in months)
        text = (
            f"{self.out}: chapter 76 at {self.level}, {spans(months)}: {rows:,} rows; "
            f"{_files(written)} written, {len(months) - written} unchanged"
        )
        return f"{text}; {self.kept} months of the interrupted pull were kept" if self.kept else text


def pull_imports(
    *,
    out: Path,
    start: str,
    end: str,
    key: str | None,
    base_url: str | None,
    level: str = "HS10",
    progress: bool = True,
    pace: Pace | None = None,
    clock: Callable[[], dt.datetime] = _utc_now,
) -> str:
    """Pull chapter 76 by country from the Census API into `out` and give a sentence on what was pulled.

    Months (YYYY-MM) from `start` to `end`, or to the newest with data for 'latest', each as a vintage of its own at
    `level`; a pull that was cut short goes on if it is run again with the same arguments within a day. Values are US$,
    quantities in the units named beside them. Raises UserError, with exit code 3 where some months had no data, 2 for
    an argument, else 1; what was pulled before stays.
    """
    with CensusClient(key=key, base_url=base_url, pace=pace or Pace()) as client:
        pull = _begin(out, start=start, end=end, level=level, host=client.host, now=clock())
        with _written_to(out), _progress(len(pull.months), shown=progress) as (advance, tell):
            client.told = tell
            _run(pull, client, advance)
    return _ended(pull)


def _begin(out: Path, *, start: str, end: str, level: str, host: str, now: dt.datetime) -> _Pull:
    if level not in LEVELS:
        raise UserError(f"--level: expected one of {', '.join(LEVELS)}, found {level!r}", exit_code=2)
    last = f"{now:%Y-%m}" if end == LATEST else end
    for month in (start, last):
        if not MONTH.fullmatch(month):
            raise UserError(f"--from, --to: expected a month as YYYY-MM, found {month!r}", exit_code=2)
    if start > last:
        raise UserError(f"--from: expected a month up to {last}, found {start}", exit_code=2)
    with _written_to(out):
        (out / level).mkdir(parents=True, exist_ok=True)
        files = newest(out)
    synthetic = [path for path in files.values() if is_demonstration(path)]
    if synthetic:
        raise UserError(f"{out}: holds synthetic figures ({synthetic[0]}); pull real ones into another directory")
    arguments = {"from": start, "to": end, "level": level, "host": host}
    return _Pull(
        out=out,
        level=level,
        months=month_range(start, last),
        to_latest=end == LATEST,
        stamp=_stamp(files, level=level, now=now),
        journal=open_journal(out / level, arguments=arguments, now=now),
    )


def _stamp(files: Mapping[tuple[str, str], Path], *, level: str, now: dt.datetime) -> dt.datetime:
    """Time of this pull: now, but after the newest one on disk, whatever the clock says."""
    before = [pulled_at(path) for (at, _), path in files.items() if at == level]
    return max([now.replace(microsecond=0), *(moment + dt.timedelta(seconds=1) for moment in before)])


def _run(pull: _Pull, client: CensusClient, advance: Callable[[int], None]) -> None:
    splitter = Splitter(client, level=pull.level)
    pending = pull.pending()
    advance(len(pull.months) - len(pending))
    try:
        for run in runs(pending, longest=MONTHS_AT_ONCE[pull.level]):
            for month, found in splitter.by_month(run):
                pull.keep(month, found)
                advance(1)
    except UserError as error:
        if not pull.with_data():
            raise
        text = f"{error}\n  kept: {pull.summary()}\n  the same command within a day goes on from there"
        raise UserError(text, exit_code=error.exit_code) from None


def _ended(pull: _Pull) -> str:
    months = pull.with_data()
    if pull.problems:
        kept = f"kept: {pull.summary()}" if months else "nothing was kept"
        raise all_at_once(f"Census API: figures that cannot be read, their months were left out; {kept}", pull.problems)
    pull.journal.close()
    if not months:
        raise UserError(
            f"no figures for chapter 76 at {pull.level}, {spans(pull.months)}: nothing was pulled; "
            "check the months, or ask for another --level"
        )
    empty = pull.without_data()
    if empty:
        raise UserError(f"no data for {spans(empty)}; all else is written: {pull.summary()}", exit_code=NO_DATA)
    return pull.summary()


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


@contextmanager
def _written_to(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(error.filename or out, error) from None


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """A bar of months on standard error; silent where that is not a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("Census API"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("months"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="yellow"),
    )
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal), transient=True) as bar:
        task = bar.add_task("pull", total=total, note="")
        yield (
            lambda months: bar.advance(task, months),
            lambda note: bar.update(task, note=note),
        )
