"""Gathers what the reviewer's report tells of a publication, and keeps the report beside the state. Confidential."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from data_access.contracts import Manifest, Status
from data_access.publishing.assemble import Scope, newest
from data_access.publishing.fidelity import closer_than_assumed, fidelity
from data_access.publishing.license_source import Source
from data_access.publishing.month_report import MonthReport
from data_access.publishing.policy import Policy
from data_access.publishing.public_figures import product_tree
from data_access.publishing.report import render_report
from data_access.publishing.run import Outcome
from data_access.publishing.state import KeptMonth, State
from data_access.reference import Reference


def write_report(
    state: State,
    manifest: Manifest,
    outcome: Outcome,
    *,
    source: Source,
    policy: Policy,
    public: pa.Table,
    reference: Reference,
) -> tuple[Path, list[str]]:
    """Write the report of a release to the state; gives its path, and warnings for whoever keeps the policy."""
    assert manifest.license is not None  # noqa: S101 - there is license data where there is a source
    closed = set(manifest.license.months)
    tree = product_tree(reference, source.records["hts10"].unique())
    spreads = fidelity(
        source.records, public, tree=tree, reference=reference, assumptions=policy.assumptions, months=closed
    )
    text = render_report(
        release=manifest.id,
        as_of=manifest.license.as_of,
        policy=policy.name,
        months=list(_months(outcome, policy, tree)),
        findings=None,
        stopped=source.stopped,
        decisions=source.decisions,
        spreads=spreads,
        seconds=outcome.seconds,
        periods={one.period: one.summary for one in outcome.periods},
        remarks=[*source.remarks, *_held_back(outcome)],
    )
    return state.keep_report(manifest.id, text), closer_than_assumed(spreads)


def _months(outcome: Outcome, policy: Policy, tree: pd.DataFrame) -> Iterator[MonthReport]:
    """Months solved now with their largest withheld cells; of those carried over what was told of them before."""
    solved = {one.month: one for one in outcome.solved}
    scope = Scope(groups=frozenset(tree["group"]), absent={})
    for month in outcome.months:
        released = newest(month)
        if month.month in solved:
            new = solved[month.month]
            yield MonthReport.of(
                month.month,
                new.layer,
                new.summary,
                released=released,
                tree=tree,
                levels=policy.month_levels,
                refused=new.refused,
            )
        else:
            yield _carried(month, released, scope)


def _carried(month: KeptMonth, released: pd.DataFrame, scope: Scope) -> MonthReport:
    held = released[(released["status"] == Status.PUBLISHED) & (released["as_of"] != month.last.as_of)]
    names = scope.level_names(held).value_counts(sort=False)
    return MonthReport(
        month=month.month,
        as_of=month.last.as_of,
        kind=month.last.kind,
        is_new=False,
        refused=month.last.refused,
        summary=month.last.summary,
        held={str(name): int(count) for name, count in names.items()},
        largest=released.iloc[:0],
    )


def _held_back(outcome: Outcome) -> Iterator[str]:
    if outcome.stale:
        yield (
            f"the earlier figures of {', '.join(outcome.stale)} no longer pass by themselves: firms known by now to be "
            "one, or a stricter policy; they stay as they were and are not refreshed"
        )
    if outcome.held_back:
        yield (
            f"records of {', '.join(outcome.held_back)} changed without a later date of the file; their figures stay "
            "until there is one"
        )
