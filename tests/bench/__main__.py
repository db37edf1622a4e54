"""`make bench`: how long a publication and a query take on this machine, as medians of one run.

Absolute times depend on the machine and on what else it does; the ratios within one run are what to compare.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics as stats
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import joblib
import pandas as pd

from data_access.publishing.audit import Case, verified
from data_access.publishing.demo import write_demo
from data_access.publishing.publish import publish
from data_access.publishing.state import KeptMonth, State
from data_access.serving.answers.cells import to_csv, to_json, to_xlsx
from data_access.serving.statistics import open_statistics
from tests.bench.records import CONCENTRATED, Size, write_public, write_records

AS_OF = date(2026, 11, 20)
REPEATS = 40
QUERIES = {
    "default (all licensed, 36 months)": "",
    "Canada, 7601, value": "product=7601&country=CAN&measure=value&series=public",
    "unit value since 2013, five products": "product=7601&product=7604&product=7605&product=7606&product=7607"
    "&from=2013-01&to=2026-09&measure=auv&series=public",
    "by country, one period": "by=country&freq=range&series=public",
    "by country, 36 months": "by=country&series=public",
}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def quantiles(run: Callable[[], object]) -> tuple[float, float]:
    """Median and 95th percentile of `REPEATS` runs, in milliseconds."""
    run()
    times = sorted(seconds(run) * 1e3 for _ in range(REPEATS))
    return stats.median(times), times[int(0.95 * REPEATS)]


def bench_publication(base: Path, *, months: int, size: Size) -> Path:
    """A first publication of all months, one without news, a weekly refresh, and what verification takes."""
    every = [str(month) for month in pd.period_range(end="2026-10", periods=months, freq="M")]
    inputs, releases, state = base / "demo", base / "releases", base / "state"
    made = seconds(lambda: write_demo(out=inputs, seed=1, as_of=AS_OF, months=2, licenses=100, progress=False))
    say(f"synthetic public data     {made:7.1f} s")
    # What complements cost is drawn from public figures of the year before last: here of the same market.
    write_public(inputs / "public", range(int(every[0][:4]) - 2, int(every[-1][:4]) - 1), size=size)
    policy = inputs / "policy.toml"
    policy.write_text(re.sub(r"(?m)^(clean_up|ranges) = .*$", "", policy.read_text()))
    older, newer = base / "licenses-2026-11-20.parquet", base / "licenses-2026-11-27.parquet"
    running = "2026-11"
    write_records(older, [*every, running], size=size, last=0.6)
    write_records(newer, [*every, running], size=size, last=0.8)

    def run(licenses: Path | None, out: Path) -> str:
        return publish(
            public=inputs / "public",
            licenses=licenses,
            policy=policy,
            out=out,
            state=state if licenses else None,
            decisions=None,
            as_of=None,
            progress=sys.stderr.isatty(),
        )

    say(f"publication, public       {seconds(lambda: run(None, base / 'public-only')):7.1f} s")
    whole = seconds(lambda: run(older, releases))
    kept = State(state).months()
    own = [sum(month.last.summary["seconds"].values()) for month in kept.values() if month.closed]
    say(
        f"publication, {months:2} months    {whole:7.1f} s   {whole / months:.1f} s a month, {joblib.cpu_count()} cores"
    )
    say(f"  solving a month         {stats.median(own):7.1f} s   on one core, median; {max(own):.1f} s at most")
    say(f"  largest process         {peak_megabytes():7.0f} MB")
    say(f"publication, no news      {seconds(lambda: run(older, releases)):7.1f} s   no month is solved again")
    say(f"weekly refresh            {seconds(lambda: run(newer, releases)):7.1f} s   of the running month")
    weekly = State(state).months()[running].last.summary["seconds"]
    say(f"  solving it              {sum(weekly.values()):7.1f} s")
    case = Case.open((releases / "current").resolve(), licenses=newer, policy=policy, state=state)
    month = next(one for one in case.months if one.closed)
    say(f"verification of a month   {seconds(lambda: verified(case, month)):7.1f} s   by arithmetic, on one core")
    say("")
    levels(kept)
    return releases


def peak_megabytes() -> float:
    """The largest memory of this process and of those it started."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def levels(kept: Mapping[str, KeptMonth]) -> None:
    """Cells and share of value shown, by level: over all closed months."""
    summaries = [month.last.summary["levels"] for month in kept.values() if month.closed and not month.last.refused]
    refused = [month.month for month in kept.values() if month.last.refused]
    say(f"{'level':14} {'cells':>7} {'unsafe':>7} {'withheld':>8} {'% shown, primary alone':>23} {'% shown':>8}")
    for name in summaries[0]:
        rows = [summary[name] for summary in summaries]
        value = sum(row["value"] for row in rows)
        shares = (100 * sum(row[key] for row in rows) / value for key in ("value_primary", "value_shown"))
        counts = (sum(row[key] for row in rows) / len(rows) for key in ("cells", "unsafe", "withheld"))
        say("{:14} {:7.0f} {:7.0f} {:8.0f} {:23.1f} {:8.1f}".format(name, *counts, *shares))
    say(f"cells a month; months of which nothing is shown: {', '.join(refused) or 'none'}\n")


def bench_queries(releases: Path) -> None:
    start = time.perf_counter()
    statistics = open_statistics(releases)
    say(f"open a release         {time.perf_counter() - start:7.2f} s")
    say(f"\n{'query':40} {'p50 ms':>8} {'p95 ms':>8} {'cells':>7}")
    for name, query in QUERIES.items():
        filters = statistics.parse(query)
        p50, p95 = quantiles(lambda filters=filters: statistics.series(filters))  # type: ignore[misc]
        say(f"{name:40} {p50:8.2f} {p95:8.2f} {len(statistics.series(filters).cells):7,}")
    released = statistics.series(statistics.parse("by=country&series=public"))
    for name, write in {"JSON": to_json, "CSV": to_csv, "XLSX": to_xlsx}.items():
        p50, p95 = quantiles(lambda write=write: write(released))  # type: ignore[misc]
        say(f"{'by country, 36 months, as ' + name:40} {p50:8.2f} {p95:8.2f} {len(released.cells):7,}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--months", type=int, default=60, help="license months to publish")
    parser.add_argument("--concentrated", action="store_true", help="900 importers and a heavier tail")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aim-bench-") as base:
        size = CONCENTRATED if given.concentrated else Size()
        bench_queries(bench_publication(Path(base), months=given.months, size=size))


if __name__ == "__main__":
    main()
