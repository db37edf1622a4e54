"""License months: which layer of each is due, and their protection, months side by side."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import joblib
import pandas as pd

from data_access.errors import UserError, all_at_once
from data_access.publishing.disclosure.holdings import ROLES, firm_numbers
from data_access.publishing.disclosure.layers import Kind, Layer, solve_layer, verify_layers
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.policy import Calendar
from data_access.publishing.state import KeptMonth, NewLayer, fingerprint

FIRST_WHOLE_MONTH: Final = "2021-07"
"""Licenses are required from 28 June 2021 on (86 FR 27513)."""

FIRM_COLUMNS: Final = (*ROLES, "enterprise_group")
COLUMNS: Final = (
    "license_id",
    *FIRM_COLUMNS,
    "hts10",
    "origin",
    "smelt1",
    "smelt2",
    "cast",
    "quantity_kg",
    "value_usd",
)
"""What a layer keeps of its records."""

FEW_RECORDS: Final = 5_000
"""Fewer records in all are done with before a second process is up."""

Step = Callable[[int, int], None]


def month_range(first: str, last: str) -> list[str]:
    """Months from first to last, 'YYYY-MM'; none where last is before first."""
    return [str(month) for month in pd.period_range(first, last, freq="M")]


def end_of(month: str) -> date:
    """The last day of a month."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def kind_on(month: str, as_of: date, days: Calendar) -> Kind | None:
    """What is published of a month on a day: nothing before it begins."""
    if as_of >= end_of(month) + timedelta(days=days.final_days):
        return Kind.FINAL
    if as_of >= end_of(month) + timedelta(days=days.close_days):
        return Kind.CLOSED
    return Kind.WEEKLY if f"{as_of:%Y-%m}" >= month else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a publication has to do: layers to solve, and months that become final as they stand."""

    layers: list[Job]
    final: list[str]
    held_back: list[str]
    """Months whose records changed without a later date: their figures stay until there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A layer to solve: its month and kind, the records that count in it, and what was published of it before."""

    month: str
    kind: Kind
    licenses: pd.DataFrame
    history: tuple[Layer, ...]
    proof: bytes | None = None
    """Certificate of the history."""


def due(
    records: pd.DataFrame, *, as_of: date, days: Calendar, kept: Mapping[str, KeptMonth], last: int | None = None
) -> Due:
    """What is due on a day, of `records` that count (column `month`), given what is kept.

    With `last`, months before the newest `last` ones that are not kept yet wait for a later publication.
    """
    found = Due(layers=[], final=[], held_back=[])
    if not len(records):
        return found
    by_month = dict(tuple(records.groupby("month")))
    first = min([str(records["month"].min()), *(month for month, one in kept.items() if not one.final)])
    every = month_range(max(first, FIRST_WHOLE_MONTH), f"{as_of:%Y-%m}")
    waiting = set() if last is None else {month for month in every[: max(0, len(every) - last)] if month not in kept}
    empty = records.iloc[:0]
    for month in every:
        kind = kind_on(month, as_of, days)
        if kind is not None and month not in waiting:
            licenses = by_month.get(month, empty)[list(COLUMNS)].reset_index(drop=True)
            _put(found, month, kind, licenses, as_of=as_of, kept=kept.get(month))
    return found


def _put(found: Due, month: str, kind: Kind, licenses: pd.DataFrame, *, as_of: date, kept: KeptMonth | None) -> None:
    """Decide on one month: a month that is final stays; one that is closed waits unchanged until it is final."""
    if kept is None:
        if len(licenses) or kind is not Kind.WEEKLY:
            found.layers.append(Job(month=month, kind=kind, licenses=licenses, history=()))
        return
    if kept.final or kind is kept.last.kind is Kind.CLOSED or (kept.closed and kind is Kind.WEEKLY):
        return
    if kept.last.kind is Kind.FINAL:  # its mark was lost to an interruption
        found.final.append(month)
        return
    same = fingerprint(licenses) == kept.last.records
    if same and kind is Kind.FINAL and kept.closed and not kept.last.refused:
        found.final.append(month)
    elif same and kind is Kind.WEEKLY:
        return
    elif kept.last.as_of >= as_of.isoformat():
        found.held_back.append(month)
    else:
        history = tuple(layer.load() for layer in kept.layers)
        found.layers.append(
            Job(month=month, kind=kind, licenses=licenses, history=history, proof=kept.last.certificate())
        )


def numbers_of(records: pd.DataFrame, links: pd.DataFrame, histories: Sequence[Layer]) -> pd.Series:
    """A number for each firm that any record at hand names, those of earlier layers and cancelled ones included."""
    parts = [records[list(FIRM_COLUMNS)], links.reindex(columns=list(FIRM_COLUMNS))]
    parts += [layer.licenses[list(FIRM_COLUMNS)] for layer in histories]
    return firm_numbers(pd.concat(parts, ignore_index=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the jobs of a publication have in common."""

    as_of: str
    tree: pd.DataFrame
    numbers: pd.Series
    regime: Regime
    clean_up: int
    secret: bytes
    policy: str
    demonstration: bool
    listed: Mapping[int, frozenset[str]]
    """Countries published weekly, by year."""
    sizes: Mapping[int, Mapping[str, float]]
    """Public US$ by row key that costs are drawn from, by year of the month."""

    def year_of(self, month: str) -> int:
        """The year whose list and sizes hold for a month."""
        return int(month[:4])


def solve(jobs: Sequence[Job], setting: Setting, *, workers: Workers, step: Step) -> tuple[list[NewLayer], list[str]]:
    """Protect these layers and check each proof by arithmetic; also gives the months that stay as they were.

    These are months whose earlier figures no longer pass by themselves, as by now two firms are known to be one or the
    policy has become stricter. Raises UserError where the proof of a new layer does not hold.
    """
    tasks = (joblib.delayed(_solved)(job, setting) for job in jobs)
    solved: list[NewLayer] = []
    problems: list[str] = []
    stale: list[str] = []
    heavy = sum(len(job.licenses) for job in jobs) >= FEW_RECORDS
    for done, (layer, wrong, is_stale) in enumerate(workers.run(tasks, len(jobs) if heavy else 1), start=1):
        if is_stale:
            stale.append(layer.month)
        else:
            solved.append(layer)
            problems += [f"{layer.month}: {problem}" for problem in wrong]
        step(done, len(jobs))
    if problems:
        raise all_at_once("license months whose protection does not stand its check; nothing was published", problems)
    return solved, stale


def _solved(job: Job, setting: Setting) -> tuple[NewLayer, list[str], bool]:
    """One layer, what is wrong with its proof, and whether that is so of the history by itself."""
    year = setting.year_of(job.month)
    listed = setting.listed[year]
    result = solve_layer(
        job.history,
        as_of=setting.as_of,
        kind=job.kind,
        licenses=job.licenses,
        tree=setting.tree,
        numbers=setting.numbers,
        listed=listed,
        regime=setting.regime,
        sizes=setting.sizes[year],
        secret=setting.secret,
        year=year,
        proof=job.proof,
        cleanup=setting.clean_up,
    )

    def wrong(layers: Sequence[Layer], certificate: bytes) -> list[str]:
        return verify_layers(
            layers, certificate, tree=setting.tree, numbers=setting.numbers, listed=listed, regime=setting.regime
        )

    problems = wrong([*job.history, result.layer], result.certificate)
    is_stale = bool(problems and job.history and job.proof and wrong(job.history, job.proof))
    layer = NewLayer(
        month=job.month,
        layer=result.layer,
        certificate=result.certificate,
        summary=asdict(result.summary),
        refused=result.refused,
        policy=setting.policy,
        demonstration=setting.demonstration,
    )
    return layer, problems, is_stale


@dataclass(frozen=True, slots=True)
class Workers:
    """Where jobs run: this process, its cores, or a Dask cluster."""

    dask: str | None = None

    def run(self, tasks: Iterator[Any], count: int) -> Iterator[Any]:
        """The results of these tasks in order, with up to `count` at work at once."""
        if self.dask is None:
            cores = min(joblib.cpu_count(), count)
            yield from joblib.Parallel(n_jobs=max(cores, 1), return_as="generator")(tasks)
            return
        with _cluster(self.dask):
            # Dask's back end gives no generator of results.
            yield from joblib.Parallel()(tasks)


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise UserError(
            "--dask: expected the package distributed, found none; install it with pip install 'aim-monitor[dask]'"
        ) from None
    try:
        client = Client(address, timeout="10s", set_as_default=True)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UserError(f"--dask: expected a Dask scheduler at {address}, found none ({error}); start it") from None
    with client, joblib.parallel_config("dask"):
        yield
