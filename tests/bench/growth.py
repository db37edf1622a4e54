"""`python -m tests.bench.growth`: how time and memory grow with the rows of a release.

Releases with 1, 4 and 16 times the rows, of twice and four times as many HTS10 codes and as many countries, go through
the real publication. Public pulls are those of the demonstration, copied under codes and countries that the reference
tables lack, which the public part of a manifest then names as observed (`observed_products`, `observed_countries`);
license records, which must keep to the tables, are of more importers, filers and countries (`tests.bench.wider`).

Each figure is of a process of its own, so that peaks of memory do not mix; sizes take turns, and figures are medians.
Queries run in one thread and are told in time of its core, which other work on the machine does not lengthen.
A query grows slower than rows where its exponent, log of the ratio of times by log of the ratio of rows, is below 1,
from the first size to the last and from the last but one to it as well.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics as stats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

from dashboard.templating import Templates
from dashboard.views import explore, overview
from dashboard.views.base import Services, View, answer, page_for
from data_access.contracts import PUBLIC_FILE
from data_access.publishing.publish import publish
from data_access.publishing.state import State
from data_access.serving.answers.cells import to_json
from data_access.serving.periods import shifted
from data_access.serving.statistics import open_statistics
from tests.bench.wider import LICENSE_FILE, LICENSE_MONTHS, write_demonstration, write_licenses, write_wider

TIMES = (1, 2, 4)
"""How many times as many codes, and as many countries; rows grow with its square."""
MEGABYTE = 1 << 20
MONTHS = 36
"""Of a selection."""
QUERIES: dict[str, tuple[View | None, str]] = {
    "Overview": (overview.VIEW, ""),
    "Overview, a product and a country": (overview.VIEW, "product=7606&country=CAN"),
    "Explore, by country": (explore.VIEW, "by=country&chart=stacked"),
    "Explore, ranking": (explore.VIEW, "by=country&chart=ranking"),
    "Explore, matrix": (explore.VIEW, "by=product&across=country&chart=matrix"),
    "API, default series": (None, ""),
    "API, by country, 36 months": (None, "by=country"),
}
"""Callbacks of pages, and (None) answers of the API as JSON."""
LICENSED = {1: 1, 2: 2, 4: 2}
"""How many times as many countries license records have, and its square of records. Sixteen times as many, of 9,600
importers and 120 countries, take some ten minutes to solve: there those of the size before stand in, so that queries
meet license series at all sizes."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: months of public pulls (None: all), license months, rounds, publications of the public part
    by size, queries of each kind a round; `licensed` as `LICENSED`."""

    months: int | None
    license_months: int
    licensed: Mapping[int, int]
    rounds: int
    publications: Mapping[int, int]
    queries: int


WHOLE = Effort(None, 3, LICENSED, 3, {1: 3, 2: 3, 4: 1}, 7)
QUICK = Effort(42, 1, dict.fromkeys(TIMES, 1), 1, dict.fromkeys(TIMES, 1), 4)

Figures = dict[str, float]
"""Figures of one process by their names."""
T = TypeVar("T")


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# -- in processes of their own --------------------------------------------------------------------------------------


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


def held() -> float:
    """The memory that this process has, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MEGABYTE


def prepare(base: Path, effort: Effort) -> None:
    """Inputs of all sizes."""
    write_demonstration(base / "demo")
    for times in TIMES:
        write_wider(base / "demo" / "public", of(base, times) / "public", times, months=effort.months)
        write_licenses(of(base, times), LICENSE_MONTHS[-effort.license_months :], effort.licensed[times])


def of(base: Path, times: int) -> Path:
    """The directory of a size."""
    return base / str(times)


def publish_public(base: Path, times: int) -> Figures:
    """Publication without license records."""
    start, work = time.perf_counter(), time.process_time()
    publish(
        public=of(base, times) / "public",
        licenses=None,
        policy=None,
        out=of(base, times) / "public-only",
        state=None,
        decisions=None,
        as_of=None,
        progress=False,
    )
    seconds, work = time.perf_counter() - start, time.process_time() - work
    return {"seconds": seconds, "work": work, "peak": peak()}


def publish_release(base: Path, times: int) -> Figures:
    """A first publication, of all parts."""
    folder = of(base, times)
    start = time.perf_counter()
    publish(
        public=folder / "public",
        licenses=folder / LICENSE_FILE,
        policy=base / "demo" / "policy.toml",
        out=folder / "releases",
        state=folder / "state",
        decisions=None,
        as_of=None,
        progress=False,
    )
    seconds = time.perf_counter() - start
    months = State(folder / "state").months().values()
    files = list((folder / "releases" / "current").glob("*"))
    return {
        "seconds": seconds,
        "solving": sum(sum(month.last.summary["seconds"].values()) for month in months),
        "peak": peak(),
        "disk": sum(path.stat().st_size for path in files) / MEGABYTE,
        "rows": pq.read_metadata(folder / "releases" / "current" / PUBLIC_FILE).num_rows,
        "licenses": pq.read_metadata(folder / LICENSE_FILE).num_rows / len(months),
    }


def serve(releases: Path, queries: int) -> Figures:
    """What opening a release takes, and queries that were not asked before."""
    before, start, work = held(), time.perf_counter(), time.process_time()
    statistics = open_statistics(releases)
    seconds, work = time.perf_counter() - start, time.process_time() - work
    figures = {"open": seconds, "work": work, "peak": peak(), "held": held() - before}
    services = Services(statistics=statistics, templates=Templates())
    last = statistics.default_filters().end or ""

    def page(view: View, query: str) -> None:
        drawn = page_for(view, services, query)
        answer(view, services, drawn)
        if not drawn.sound:
            raise RuntimeError(f"{view.name}?{query}: expected figures, found {drawn.message}")

    for label, (view, query) in QUERIES.items():
        took = []
        for back in range(1, queries + 2):
            end = shifted(last, -back)  # a selection of as many months that was not asked before
            start = time.process_time()
            asked = f"{query}&from={shifted(end, 1 - MONTHS)}&to={end}".lstrip("&")
            if view:
                page(view, asked)
            else:
                to_json(statistics.series(statistics.parse(asked)))
            took.append(time.process_time() - start)
        figures[label] = stats.median(took[1:]) * 1e3  # the first one imports what it needs
    return figures


# -- measuring ------------------------------------------------------------------------------------------------------


def alone(run: Callable[..., T], *given: object) -> T:
    """What a function gives in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, *given).result()


def measure(base: Path, effort: Effort) -> dict[int, Figures]:
    """Figures of each size by their names in `LINES`."""
    found: dict[int, dict[str, list[float]]] = {times: defaultdict(list) for times in TIMES}

    def keep(times: int, part: str, figures: Figures) -> None:
        for name, figure in figures.items():
            found[times][f"{part}{name}"].append(figure)

    for times in TIMES:
        keep(times, "whole ", alone(publish_release, base, times))
    for turn in range(effort.rounds):
        for times in TIMES:
            if turn < effort.publications[times]:
                keep(times, "public ", alone(publish_public, base, times))
            keep(times, "", alone(serve, of(base, times) / "releases", effort.queries))
    return {times: {name: stats.median(figures) for name, figures in own.items()} for times, own in found.items()}


# -- telling --------------------------------------------------------------------------------------------------------


LINES = {
    "rows of public statistics": ("whole rows", ",.0f"),
    "licenses a month": ("whole licenses", ",.0f"),
    "release on disk, MB": ("whole disk", ".1f"),
    "publication, public part alone, s": ("public seconds", ".1f"),
    "  s of a core": ("public work", ".1f"),
    "  its peak of memory, MB": ("public peak", ".0f"),
    "publication with license months, s": ("whole seconds", ".1f"),
    "  solving them, s of a core": ("whole solving", ".1f"),
    "  its peak of memory, MB ": ("whole peak", ".0f"),
    "open a release, s": ("open", ".2f"),
    "  s of a core ": ("work", ".2f"),
    "  peak of memory, MB": ("peak", ".0f"),
    "  memory held for the release, MB": ("held", ".0f"),
}


ROWS = "whole rows"
OF_LICENSES = ("whole licenses", "whole seconds", "whole solving")
"""Figures that grow with license records: no exponent by public rows."""


def exponent(figures: Mapping[int, Figures], name: str, first: int, last: int) -> float:
    """Of the growth of a figure with rows, from one size to another."""
    ratio, rows = (figures[last][one] / figures[first][one] for one in (name, ROWS))
    return math.log(ratio) / math.log(rows)


def tell(figures: Mapping[int, Figures]) -> bool:
    """Print the table; gives whether all queries grow slower than rows."""
    first, before, last = TIMES
    lines = LINES | {f"{name}, ms of a core": (name, ".1f") for name in QUERIES}
    heads = "".join(f"{times**2:>12}×" for times in TIMES)
    say(f"\n{'':46}{heads}{'grows':>10}{'exponent':>10}{'last step':>10}")
    met = True
    for label, (name, form) in lines.items():
        cells = [format(figures[times][name], form) if figures[times][name] else "–" for times in TIMES]
        line = f"{label:46}" + "".join(f"{cell:>13}" for cell in cells)
        if name not in OF_LICENSES:
            whole, step = (exponent(figures, name, start, last) for start in (first, before))
            line += f"{figures[last][name] / figures[first][name]:>9.1f}×{whole:>10.2f}{step:>10.2f}"
            if name in QUERIES:
                slower = max(whole, step) < 1
                met &= slower
                line += "  met" if slower else "  NOT MET"
        say(line)
    say(f"\nqueries grow slower than rows (exponents below 1): {'met' if met else 'NOT MET'}")
    return met


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four years, one license month, fewer rounds")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the releases in this directory, and leave them")
    given = parser.parse_args()
    effort = QUICK if given.quick else WHOLE
    with tempfile.TemporaryDirectory(prefix="aim-growth-") as made:
        base = given.keep or Path(made)
        say("medians; exponent: log of the ratio of figures by log of the ratio of rows, 1× to 16×, and 4× to 16×")
        alone(prepare, base, effort)
        tell(measure(base, effort))


if __name__ == "__main__":
    main()
