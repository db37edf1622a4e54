"""`python -m tests.bench.web`: Overview and Explore beside a naive Dash page, over one release, in one run.

Rounds are interleaved and figures are medians, so that whatever else the machine does meets all alike; trust the ratios
more than the milliseconds.
"""

from __future__ import annotations

import argparse
import signal
import statistics as stats
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from playwright.sync_api import Browser

from tests.bench import servers
from tests.bench.demonstration import write_demonstration
from tests.bench.load import Plan, Result, run
from tests.bench.pages import DESK, FOUR_G, PHONE, PLAIN, Change, Line, Load, Subject, Visit, changes, chromium, loads
from tests.bench.selections import STEPS, Market

USERS = (1, 10, 50)
PEER, OURS = "naive", ("Overview", "Explore")
NAMES = (PEER, *OURS)
PATHS = {"Overview": "/", "Explore": "/explore"}
POPULAR, UNASKED = "popular", "never asked"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds (of callbacks two at most), changes of a filter, seconds of each load."""

    rounds: int
    changes: int
    warm: float
    seconds: float


WHOLE, QUICK = Effort(3, STEPS, 10.0, 4.0), Effort(1, 10, 5.0, 2.0)

Figures = dict[str, float]
"""A figure of each page, by its name."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# -- measuring ------------------------------------------------------------------------------------------------------


def measure_loads(browser: Browser, subjects: Sequence[Subject], rounds: int) -> dict[tuple[str, str, str], list[Load]]:
    """Loads by page, kind of line or screen, and 'cold' or 'warm'."""
    ways: list[tuple[str, Line, tuple[int, int]]] = [
        ("plain", PLAIN, DESK),
        ("4G", FOUR_G, DESK),
        ("phone", PLAIN, PHONE),
        ("phone, 4G", FOUR_G, PHONE),
    ]
    found: dict[tuple[str, str, str], list[Load]] = {}
    for _ in range(rounds):
        for way, line, size in ways:
            for subject in subjects:
                cold, warm = loads(browser, subject, line, size)
                found.setdefault((subject.name, way, "cold"), []).append(cold)
                found.setdefault((subject.name, way, "warm"), []).append(warm)
    return found


def measure_changes(
    browser: Browser, subjects: Sequence[Subject], market: Market, count: int
) -> tuple[dict[str, list[Change]], dict[str, str]]:
    """Changes by page, and a callback's request as each page sends it."""
    half = count // 2
    countries, codes = changes(market.countries)[:half], changes(market.codes)[: count - half]
    left = {one for one in countries if countries.count(one) % 2}
    timed: dict[str, list[Change]] = {subject.name: [] for subject in subjects}
    visits = [Visit(browser, subject) for subject in subjects]
    for country in countries:
        for visit in visits:
            timed[visit.subject.name].append(visit.change("country", country))
    for visit in visits:
        for country in sorted(left):
            visit.change("country", country)
    for code in codes:
        for visit in visits:
            timed[visit.subject.name].append(visit.change("product", code))
    bodies = {visit.subject.name: visit.bodies[-1] for visit in visits}
    for visit in visits:
        visit.close()
    return timed, bodies


def measure_callbacks(
    market: Market, bodies: dict[str, str], bases: dict[str, str], effort: Effort
) -> dict[tuple[str, str, int], Result]:
    """Callbacks under load by page, workload and number of users."""
    rounds = min(2, effort.rounds)
    found: dict[tuple[str, str, int], list[Result]] = {}
    fresh = {name: market.unasked() for name in NAMES}
    for _ in range(rounds):
        for users in USERS:
            for load in (POPULAR, UNASKED):
                for name in NAMES:
                    write = market.naive_body if name == PEER else market.monitor_body
                    count = int(1000 * effort.seconds)
                    chosen = market.popular() if load == POPULAR else islice(fresh[name], count)
                    plan = Plan(
                        base=bases[name],
                        path="/_dash-update-component",
                        bodies=[write(bodies[name], one) for one in chosen],
                        once=load == UNASKED,
                        users=users,
                        warm=effort.warm if load == POPULAR and name != PEER else 0.5,  # the peer keeps no answers
                        seconds=effort.seconds,
                    )
                    found.setdefault((name, load, users), []).append(run(plan))
    return {key: _middle(results) for key, results in found.items()}


def _middle(results: Sequence[Result]) -> Result:
    def median(of: Callable[[Result], float]) -> float:
        return stats.median(map(of, results))

    return Result(
        rate=median(lambda one: one.rate),
        p50=median(lambda one: one.p50),
        p95=median(lambda one: one.p95),
        errors=sum(one.errors for one in results),
        answers=sum(one.answers for one in results),
        kilobytes=median(lambda one: one.kilobytes),
        busy=median(lambda one: one.busy),
    )


# -- telling --------------------------------------------------------------------------------------------------------


class Table:
    """Rows of one figure each, with the worse ratio of our pages, its bar, and whether it is met."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        self.group = ""
        say(f"{'':42} {PEER:>9} {OURS[0]:>9} {OURS[1]:>9} {'ratio':>7}  bar")

    def row(
        self,
        what: str,
        figures: Figures,
        *,
        unit: str = "",
        ratio: float | None = None,
        most: float | None = None,
        at_most: bool = True,
    ) -> None:
        """A figure of each page; a bar on the ratio to the peer's (`ratio`), or on the figure itself (`most`)."""
        if not what.startswith(" "):
            self.group = ""
        peer = figures.get(PEER)
        ours = [figures[name] for name in OURS if name in figures]
        worse = max(ours) if at_most else min(ours)
        told = f"{worse / peer:7.3g}" if peer else " " * 7
        bar = ""
        if ratio is not None or most is not None:
            value, limit = (worse, most) if most is not None else (worse / (peer or 1), ratio or 0.0)
            met = value <= limit if at_most else value >= limit
            limits = f"{'≤' if at_most else '≥'} {limit:g} {'× naive' if most is None else unit}".rstrip()
            bar = f"{limits}: {'met' if met else 'MISSED'}"
            if not met:
                self.missed.append(f"{self.group}{what.strip()}")
        cells = " ".join(
            f"{figures[name]:9,.{0 if figures[name] >= 100 else 1}f}" if name in figures else " " * 9 for name in NAMES
        )
        say(f"{what + (', ' + unit if unit else ''):42} {cells} {told}  {bar}".rstrip())


def p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def tell_loads(table: Table, found: dict[tuple[str, str, str], list[Load]]) -> None:
    def of(way: str, kind: str, part: Callable[[Load], float], names: Sequence[str] = NAMES) -> Figures:
        return {name: stats.median(map(part, found[name, way, kind])) for name in names}

    table.row("cold load", of("plain", "cold", lambda one: one.kilobytes), unit="KB", most=650)
    table.row("  requests", of("plain", "cold", lambda one: one.requests))
    table.row("warm load", of("plain", "warm", lambda one: one.kilobytes), unit="KB")
    bars = {("plain", "cold"): 0.45, ("4G", "cold"): 0.18}
    for way in ("plain", "4G", "phone", "phone, 4G"):
        for kind in ("cold", "warm"):
            words = f"{kind}, to charts{'' if way == 'plain' else ', ' + way}"
            table.row(words, of(way, kind, lambda one: one.charts), unit="ms", ratio=bars.get((way, kind)))
        table.row("  cold, to the first picture", of(way, "cold", lambda one: one.picture, OURS), unit="ms")


def tell_changes(table: Table, found: dict[str, list[Change]]) -> None:
    def of(part: Callable[[Change], float]) -> Figures:
        return {name: stats.median(map(part, changed)) for name, changed in found.items()}

    table.row("change, p50", of(lambda one: one.whole), unit="ms", ratio=0.4)
    table.row("  from the click to the request", of(lambda one: one.before), unit="ms")
    table.row("  the request", of(lambda one: one.request), unit="ms")
    table.row("  from the answer to charts on screen", of(lambda one: one.after), unit="ms")
    table.row("change, p95", {name: p95([one.whole for one in changed]) for name, changed in found.items()}, unit="ms")


def tell_callbacks(table: Table, found: dict[tuple[str, str, int], Result]) -> None:
    for load in (POPULAR, UNASKED):
        for users in USERS:
            barred = load == POPULAR and users == USERS[-1]
            words = f"{load}, {users} user{'s' if users > 1 else ''}"

            def of(part: Callable[[Result], float], load: str = load, users: int = users) -> Figures:
                return {name: part(found[name, load, users]) for name in NAMES}

            rate, slow = 35 if barred else None, 100 if barred else None
            table.row(words, of(lambda one: one.rate), unit="callbacks/s", ratio=rate, at_most=False)
            table.group = f"{words}, "
            table.row("  p50", of(lambda one: one.p50), unit="ms")
            table.row("  p95", of(lambda one: one.p95), unit="ms", most=slow)
            if users == USERS[-1]:
                table.row("  answer as sent", of(lambda one: one.kilobytes), unit="KB")
                table.row("  users' process busy", of(lambda one: one.busy), unit="% of a core")
    errors = {name: float(sum(one.errors for key, one in found.items() if key[0] == name)) for name in NAMES}
    table.row("wrong answers of all these", errors, most=0)


def bench(releases: Path, effort: Effort, logs: Path, *, only: str = "") -> list[str]:
    """Measure and tell; what missed its bar."""
    market = Market(releases)
    say(f"release of {market.rows:,} public rows; {servers.WORKERS} workers each; medians of {effort.rounds} rounds")
    say("naive: tests/bench/naive.py, one callback with pandas; ratio: the worse of Overview and Explore to naive")
    say(
        f"4G: WebPageTest's, {FOUR_G.down:g} Mbit/s down, {FOUR_G.up:g} up, {FOUR_G.latency:g} ms a round trip; "
        "phone: 360 × 740; else 1280 × 800"
    )
    say(
        "to charts: the first chart, scrolled into sight, and others in sight are drawn by Plotly (ours: and html.live)"
    )
    say(f"change: {effort.changes} of country or product, none asked before; from the click to new charts on screen")
    say(f"{POPULAR}: users choose among 300 selections by Zipf's law, after {effort.warm:g} s of it; no pauses")
    say(f"{UNASKED}: every request is another selection, of product, country and months; answers are all checked")
    say()
    table = Table()
    with ExitStack() as stack:
        peer = stack.enter_context(servers.naive(releases, logs / "naive.log"))
        our = stack.enter_context(servers.ours(releases, logs / "monitor.log"))
        bases = {PEER: peer.base} | dict.fromkeys(OURS, our.base)
        subjects = [Subject(name=name, address=bases[name] + PATHS.get(name, "/"), live=name != PEER) for name in NAMES]
        with chromium() as browser:
            for subject in subjects:  # what is set up once
                loads(browser, subject, PLAIN)
            if only in ("", "loads"):
                tell_loads(table, measure_loads(browser, subjects, effort.rounds))
            timed, bodies = measure_changes(browser, subjects, market, effort.changes)
        tell_changes(table, timed)
        if only in ("", "callbacks"):
            tell_callbacks(table, measure_callbacks(market, bodies, bases, effort))
        memory = {PEER: peer.each(), OURS[0]: our.each()}
    table.row("memory of workers (PSS)", {name: sum(each[1:]) for name, each in memory.items()}, unit="MB", most=200)
    table.row("  with gunicorn's master", {name: sum(each) for name, each in memory.items()}, unit="MB")
    return table.missed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.web", description=__doc__)
    parser.add_argument("--releases", type=Path, help="a directory of releases; none: a demonstration is made")
    parser.add_argument("--rounds", type=int, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="one round, 10 changes, 2 seconds a load")
    parser.add_argument("--only", choices=("loads", "changes", "callbacks"), default="", help="a part of it")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end with it
    effort = QUICK if given.quick else WHOLE
    if given.rounds:
        effort = Effort(given.rounds, effort.changes, effort.warm, effort.seconds)
    with tempfile.TemporaryDirectory(prefix="aim-bench-") as base:
        releases = given.releases or write_demonstration(Path(base))
        missed = bench(releases.resolve(), effort, Path(base), only=given.only)
    say(f"\nbars missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
