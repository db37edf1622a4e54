"""`make bench`: how long a publication and a query take on this machine, as medians of one run.

Absolute times depend on the machine and on what else it does; the ratios within one run are what to compare.
"""

from __future__ import annotations

import statistics as stats
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from data_access.publishing.demo import write_demo
from data_access.publishing.publish import publish
from data_access.serving.answers import to_csv, to_json, to_xlsx
from data_access.serving.statistics import open_statistics

MONTHS = 12
LICENSES = 20_000
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


def bench_publication(base: Path) -> Path:
    inputs, releases = base / "demo", base / "releases"
    made = seconds(
        lambda: write_demo(out=inputs, seed=1, as_of=AS_OF, months=MONTHS, licenses=LICENSES, progress=False)
    )
    say(f"synthetic inputs       {made:7.1f} s   {MONTHS} license months of {LICENSES:,}, public data since 2013")

    def run(licenses: Path | None, out: Path) -> Callable[[], object]:
        state = base / "state" if licenses else None
        return lambda: publish(
            public=inputs / "public",
            licenses=licenses,
            policy=inputs / "policy.toml",
            out=out,
            state=state,
            decisions=None,
            as_of=AS_OF,
            progress=False,
        )

    public_only = seconds(run(None, base / "public-only"))
    say(f"publication, public    {public_only:7.1f} s")
    whole = seconds(run(inputs / f"licenses-{AS_OF}.parquet", releases))
    say(f"publication, licenses  {whole:7.1f} s   {(whole - public_only) / (MONTHS - 1):.2f} s a license month")
    again = seconds(run(inputs / f"licenses-{AS_OF}.parquet", releases))
    say(f"publication, again     {again:7.1f} s   no month new; {again / whole:.2f} of the first")
    return releases


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
    with tempfile.TemporaryDirectory(prefix="aim-bench-") as base:
        bench_queries(bench_publication(Path(base)))


if __name__ == "__main__":
    main()
