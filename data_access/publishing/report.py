"""The reviewer's report on a publication, in Markdown: what is shown, what is withheld and at what price.

Confidential: it tells figures of withheld cells and of single licenses. It stays on the staff side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from data_access.contracts import ALL, MEMBERS
from data_access.publishing.decisions import Decisions, figure
from data_access.publishing.disclosure.month import Kind
from data_access.publishing.fidelity import Spread, closer_than_assumed
from data_access.publishing.markdown import listed, number_of, percent, table
from data_access.publishing.month_report import LARGEST, MonthReport

FINDINGS: Final = 50
STOPPED: Final = 200
"""Findings, and licenses, that the report lists in full."""


def render_report(
    *,
    release: str,
    as_of: str,
    policy: str,
    months: Sequence[MonthReport],
    findings: Sequence[str] | None,
    stopped: pd.DataFrame,
    decisions: Decisions,
    spreads: Sequence[Spread],
    seconds: Mapping[str, float],
    periods: Mapping[str, Mapping[str, Any]] | None = None,
    remarks: Iterable[str] = (),
) -> str:
    """The report in Markdown.

    `findings` are the judge's, in words, none where all is well, None where the judge was not asked; `stopped` and
    `decisions` as of `review` and `decisions`; `spreads` of `fidelity`; `seconds` the run times of the publication by
    stage; `periods` the fields of `periods.PeriodSummary` by quarter and year to date; `remarks` what else staff should
    know (decisions on licenses that are not there, records that changed without a later date).
    """
    closed = [month for month in months if month.kind is not Kind.WEEKLY]
    running = [month for month in months if month.kind is Kind.WEEKLY]
    parts = [
        [
            f"# Report on the release of {as_of}",
            "",
            "**Confidential: it tells withheld figures and single licenses.**",
            "",
        ],
        _glance(
            release=release,
            policy=policy,
            closed=closed,
            running=running,
            findings=findings,
            stopped=stopped,
            decisions=decisions,
            spreads=spreads,
        ),
        _shown("What closed months show", closed),
        _shown("What running months show (weekly figures)", running),
        _periods(periods),
        _largest(months),
        _judge(findings),
        _review(stopped, decisions),
        _public(spreads),
        _further(months),
        _months(months),
        _times(months, seconds),
        listed("Remarks", list(remarks)),
    ]
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _glance(
    *,
    release: str,
    policy: str,
    closed: Sequence[MonthReport],
    running: Sequence[MonthReport],
    findings: Sequence[str] | None,
    stopped: pd.DataFrame,
    decisions: Decisions,
    spreads: Sequence[Spread],
) -> Iterator[str]:
    every = [*closed, *running]
    refused = [month.month for month in every if month.refused]
    yield f"- Release {release}, policy {policy}."
    new = sum(one.is_new for one in every)
    yield f"- {number_of(len(closed), 'closed month')}, {len(running):,} running; {new:,} solved now."
    if closed:
        value, primary, shown = (_sum(closed, name) for name in ("value", "value_primary", "value_shown"))
        yield (
            f"- Closed months show {percent(shown, value)} of the value over all tables ({percent(primary, value)} by "
            "the primary rules alone)."
        )
    yield f"- Judge: {_verdict(findings)}."
    left_out = stopped["license_id"].isin(decisions.left_out).sum()
    yield f"- Review stopped {number_of(len(stopped), 'license')}; {left_out:,} of them left out."
    if refused:
        yield f"- **Nothing is shown of {', '.join(refused)}**, see the months below."
    if any(one.is_closer for one in spreads):
        yield "- **Public statistics are closer to license figures than the policy assumes**, see below."
    yield ""


def _shown(title: str, months: Sequence[MonthReport]) -> Iterator[str]:
    if not months:
        return
    names = list(dict.fromkeys(name for month in months for name in month.summary["levels"]))
    rows = []
    for name in [*names, None]:
        levels = [level for month in months for of, level in month.summary["levels"].items() if name in (None, of)]
        cells, unsafe, withheld = (sum(level[key] for level in levels) for key in ("cells", "unsafe", "withheld"))
        value, primary, shown = (
            sum(level[key] for level in levels) for key in ("value", "value_primary", "value_shown")
        )
        held = sum(count for month in months for of, count in month.held.items() if name in (None, of))
        figures = [f"{number:,}" for number in (cells, cells - withheld, unsafe, withheld - unsafe, held)]
        rows.append([name or "**all**", *figures, percent(primary, value), percent(shown, value)])
    yield f"## {title}"
    yield ""
    yield from table(
        ["level", "cells", "published", "unsafe", "complements", "held", "value, primary rules alone", "value shown"],
        rows,
    )
    yield (
        "Unsafe cells fail a primary rule, complements are withheld to protect them. Held cells, among both, show the "
        "figure of an earlier release."
    )
    yield ""


def _periods(periods: Mapping[str, Mapping[str, Any]] | None) -> Iterator[str]:
    """Quarters and years to date: cells, and those that are known."""
    if not periods:
        return
    yield "## Quarters and years to date"
    yield ""
    rows = [
        [period, name, f"{level['cells']:,}", f"{level['shown']:,}", percent(level["value_shown"], level["value"])]
        for period, summary in periods.items()
        for name, level in summary["levels"].items()
    ]
    yield from table(["period", "level", "cells", "known", "value known"], rows, text=2)
    yield "Known are cells that are published, and sums of months that are all shown."
    yield ""


def _largest(months: Sequence[MonthReport]) -> Iterator[str]:
    found = [month.largest.assign(month=month.month) for month in months if len(month.largest)]
    if not found:
        return
    every = pd.concat(found, ignore_index=True).sort_values(["value", "month"], ascending=[False, True]).head(LARGEST)
    yield "## Largest withheld cells of the months solved now"
    yield ""
    rows = [
        [row["month"], _cell(row), row["level"], f"{row['value']:,.0f}", f"{row['kg'] / 1000:,.0f}"]
        for row in every.to_dict("records")
    ]
    yield from table(["month", "cell", "level", "US$", "t"], rows, text=3)


def _verdict(findings: Sequence[str] | None) -> str:
    if findings is None:
        return "not asked; run `aim-monitor audit`"
    return number_of(len(findings), "finding") if findings else "no findings"


def _judge(findings: Sequence[str] | None) -> Iterator[str]:
    if not findings:
        words = "Was not asked." if findings is None else "No cell was found that an attacker bounds within its level."
        yield from ["## The judge", "", words, ""]
        return
    yield from listed("The judge", findings[:FINDINGS])
    if len(findings) > FINDINGS:
        yield from [f"… and {len(findings) - FINDINGS:,} more.", ""]


def _review(stopped: pd.DataFrame, decisions: Decisions) -> Iterator[str]:
    yield "## Licenses under review"
    yield ""
    if stopped.empty:
        yield from ["None was stopped.", ""]
        return
    rows = []
    for row in stopped.head(STOPPED).to_dict("records"):
        decided = decisions.by_license.get(str(row["license_id"]))
        words = "**none**" if decided is None else _decided(decided.decision, decided.figures)
        bounds = f"{figure(row['low'])} to {figure(row['high'])} ({row['basis']})"
        amounts = [f"{row['value_usd']:,.0f}", f"{row['quantity_kg']:,.0f}", figure(row["unit_value"]), bounds]
        rows.append([row["license_id"], row["month"], row["hts10"], *amounts, words])
    yield from table(["license", "month", "code", "US$", "kg", "US$/kg", "expected", "decision"], rows, text=3)
    if len(stopped) > STOPPED:
        yield f"… and {len(stopped) - STOPPED:,} more."
        yield ""


def _decided(decision: str, figures: Mapping[str, float]) -> str:
    told = ", ".join(f"{name} {amount:,.0f}" for name, amount in figures.items())
    return f"{decision.replace('_', ' ')}{': ' if told else ''}{told}"


def _public(spreads: Sequence[Spread]) -> Iterator[str]:
    if not spreads:
        return
    yield "## Public statistics beside license figures"
    yield ""
    rows = [
        [one.level, one.measure, f"{one.cells:,}", *(_within(part) for part in (one.half, one.two_thirds, one.assumed))]
        for one in spreads
    ]
    heads = ["level", "measure", "cells", "half within", "two thirds within", "assumed"]
    yield from table(heads, rows, text=2)
    yield "Public figures are scaled to each month's published total first; of both bases the closer one."
    yield ""
    for warning in closer_than_assumed(spreads):
        yield f"- **Warning:** {warning}. Narrow the policy's assumption to what is measured."
    yield ""


def _within(part: float | None) -> str:
    return "–" if part is None or not np.isfinite(part) else f"{100 * part:.1f} %"


def _further(months: Sequence[MonthReport]) -> Iterator[str]:
    roles = list(dict.fromkeys(role for month in months for role in month.summary["further"]))
    if not roles:
        return
    yield "## What a further unit map would cost"
    yield ""
    value = sum(month.total("value") for month in months)
    rows = []
    for role in roles:
        found = [month.summary["further"][role] for month in months if role in month.summary["further"]]
        more = sum(one["value"] for one in found)
        rows.append(
            [role.removesuffix("_id"), f"{sum(one['cells'] for one in found):,}", f"{more:,.0f}", percent(more, value)]
        )
    yield from table(["map", "unsafe cells more", "US$ more", "of the value over all tables"], rows)
    yield "By primary rules alone; complements come on top."
    yield ""


def _months(months: Sequence[MonthReport]) -> Iterator[str]:
    if not months:
        return
    yield "## Months"
    yield ""
    rows = []
    for month in months:
        counts = [month.total(name) for name in ("cells", "unsafe", "withheld")]
        seconds = sum(month.summary["seconds"].values()) if month.is_new else None
        told = [f"{count:,.0f}" for count in (*counts, sum(month.held.values()))]
        share = percent(month.total("value_shown"), month.total("value"))
        spent = "–" if seconds is None else f"{seconds:.1f}"
        rows.append([month.month, str(month.kind), month.as_of, *told, share, f"{month.summary['programs']:,}", spent])
    heads = ["month", "layer", "as of", "cells", "unsafe", "withheld", "held", "value shown", "programs", "s"]
    yield from table(heads, rows, text=3)
    yield from (f"- **{month.month} shows nothing new:** {month.refused}" for month in months if month.refused)
    yield ""


def _times(months: Sequence[MonthReport], seconds: Mapping[str, float]) -> Iterator[str]:
    stages: dict[str, float] = {}
    for month in months:
        for stage, spent in month.summary["seconds"].items() if month.is_new else ():
            stages[stage] = stages.get(stage, 0.0) + spent
    if not stages and not seconds:
        return
    yield "## Run times"
    yield ""
    rows = [[stage, f"{spent:,.1f}"] for stage, spent in seconds.items()]
    rows += [[f"months solved now, all together: {stage}", f"{spent:,.1f}"] for stage, spent in stages.items()]
    yield from table(["stage", "s"], rows)


def _cell(row: Mapping[Any, Any]) -> str:
    members = [f"{name} {row[name]}" for name in MEMBERS if row[name] != ALL]
    return ", ".join([str(row["product"]), *(members or ["all countries"])])


def _sum(months: Sequence[MonthReport], name: str) -> float:
    return sum(month.total(name) for month in months)
