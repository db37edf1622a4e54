"""`python -m tests.abuse --requests 10000 --crafted`: the whole count, against the application in process.

Prints answers by status, seconds and memory, and what was wrong with an answer; the exit code is 1 where anything was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from dashboard.factory import create_app
from dashboard.settings import Settings
from tests.abuse.asking import Judge, Request, ask
from tests.abuse.crafted import crafted
from tests.abuse.memory import resident
from tests.abuse.random_requests import requests
from tests.abuse.withheld import secrets
from tests.dashboard.sample import write_sample

MOST_TOLD = 20
PARTS = 4
"""Parts of the random requests: what is kept of answers fills in the first, later ones show whether memory grows on."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.abuse")
    parser.add_argument("--requests", type=int, default=10_000, help="random requests")
    parser.add_argument("--crafted", action="store_true", help="also the crafted ones")
    parser.add_argument("--seed", type=int, default=0, help="of the random requests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        releases = Path(folder) / "releases"
        write_sample(releases)
        app = create_app(Settings(releases=releases, rate=0)).server
        judge = Judge(secrets(), folders=[releases])
        wrong: list[tuple[Request, list[str]]] = []

        def look(request: Request) -> None:
            problems = judge.problems(ask(app, request))
            if problems:
                wrong.append((request, problems))

        if options.crafted:
            told("crafted", judge, lambda: [look(one) for one in crafted(app)])
        for part in range(PARTS):
            drawn = drawing(app, look, count=options.requests // PARTS, start=options.seed + part)
            told(f"random {part + 1} of {PARTS}", judge, drawn)
    for request, problems in wrong[:MOST_TOLD]:
        say(f"WRONG {problems} after {request!r:.600}")
    say(f"{len(wrong)} answers with something wrong")
    return 1 if wrong else 0


def drawing(app: Any, look: Callable[[Request], None], *, count: int, start: int) -> Callable[[], None]:
    """What puts so many random requests to the application."""

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests(app))
    def draw(request: Request) -> None:
        look(request)

    return draw


def told(name: str, judge: Judge, run: Callable[[], object]) -> None:
    """Run, and print counts by status, seconds and memory."""
    judge.counts.clear()
    before, start = resident(), time.perf_counter()
    run()
    seconds, after = time.perf_counter() - start, resident()
    counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(judge.counts.items()))
    say(f"{name}: {judge.counts.total():,} requests in {seconds:.0f} s ({counts}); memory {before} to {after} MB")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
