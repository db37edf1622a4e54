"""`python -m tests.bench.profile`: what the time of one callback is made of, on Overview and on Explore.

An answer that nobody asked for yet is made `REPEATS` times without anything kept, and its steps are timed apart: the
figures below are CPU milliseconds of one thread, medians, so that other work of the machine does not count. An answer
that is kept is asked for through the whole application, without the network.

The time of a step that others call is not counted twice: that of the gate is its own, not part of the statistics.
"""

from __future__ import annotations

import argparse
import json
import statistics as stats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask.testing import FlaskClient

from dashboard import compression, kept_answers, kept_texts
from dashboard.factory import VIEWS, create_app
from dashboard.kept_answers import written
from dashboard.settings import Settings
from dashboard.templating import Templates
from dashboard.views import base
from dashboard.views.base import Services, View
from data_access.serving import answer
from data_access.serving.gate import gate
from data_access.serving.kept import Kept
from data_access.serving.statistics import Statistics, open_statistics
from tests.callbacks import body_of

UPDATE = "/_dash-update-component"
REPEATS, WARM = 15, 3
TEMPLATES = Templates()
"""Made once, as a worker has them."""
SELECTIONS = {"overview": ("", "?country=CAN"), "explore": ("", "?chart=ranking&by=country")}
"""Queries by view: the one that opens, and one with a choice."""
FIGURES = "cards, figures and words"
STEPS = (
    "query read",
    "statistics",
    "gate",
    "words of answers",
    FIGURES,
    "templates",
    "JSON",
    "Brotli",
)
HTTP = "Flask: route, limits, headers"
TIMED: tuple[tuple[str, Any, str], ...] = (
    ("query read", Statistics, "parse"),
    ("statistics", Statistics, "series"),
    ("gate", gate, "release"),
    ("gate", gate, "add"),
    ("gate", gate, "over"),
    ("gate", gate, "combine"),
    ("words of answers", answer.Answer, "_words"),
    ("templates", base, "answer"),
    ("templates", Templates, "render"),
)
"""What is timed: the step, and the function that takes it."""


class Clock:
    """Adds up the time of steps, each without that of the steps it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._turn()
        self._running.append(name)
        try:
            yield
        finally:
            self._turn()
            self._running.pop()

    def _turn(self) -> None:
        now = time.thread_time()
        if self._running:
            self.spent[self._running[-1]] += now - self._since
        self._since = now

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time counts for a step."""

        def run(*args: Any, **more: Any) -> Any:
            with self.step(name):
                return function(*args, **more)

        return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--releases", type=Path, default=Path("releases"), help="directory of releases")
    releases: Path = parser.parse_args().releases
    app = create_app(Settings(releases=releases, rate=0))
    statistics = open_statistics(releases)
    views = {module.VIEW.name: module.VIEW for module in VIEWS if isinstance(module.VIEW, View)}
    columns = [(views[name], search) for name, searches in SELECTIONS.items() for search in searches]
    with app.server.test_request_context():
        made = [never_asked(view, statistics, search) for view, search in columns]
    kept = [kept_answer(app.server.test_client(), view, search) for view, search in columns]
    show(columns, made, kept)
    return 0


def never_asked(view: View, statistics: Statistics, search: str) -> dict[str, float]:
    """CPU seconds of each step of an answer that is made anew, medians; and the bytes of the answer."""
    rounds = []
    for turn in range(WARM + REPEATS):
        services = Services(statistics=statistics, templates=TEMPLATES, pages=Kept(0)).pinned()
        clock = Clock()
        with ExitStack() as stack:
            for name, owner, attribute in TIMED:
                stack.enter_context(patch.object(owner, attribute, clock.timed(name, getattr(owner, attribute))))
            stack.enter_context(patch.object(kept_answers, "answer", base.answer))
            with clock.step(FIGURES):
                page = base.page_for(view, services, search)
            with clock.step("JSON"):
                body = written(view, services, page)
            with clock.step("Brotli"):
                packed = compression.encoded(body, "br", quality=kept_texts.QUALITY)
        if turn >= WARM:
            rounds.append({**clock.spent, "bytes": len(body), "packed": len(packed)})
    return {name: stats.median(one.get(name, 0.0) for one in rounds) for name in (*STEPS, "bytes", "packed")}


def kept_answer(client: FlaskClient, view: View, search: str) -> float:
    """CPU seconds of one answer that is kept, through the whole application, median."""
    body = json.dumps(body_of(view, search))
    spent = []
    for turn in range(WARM + 20 * REPEATS):
        start = time.thread_time()
        found = client.post(UPDATE, data=body, content_type="application/json", headers={"Accept-Encoding": "br"})
        if found.status_code != 200 or found.headers.get("Content-Encoding") != "br":
            raise SystemExit(f"{view.name} {search}: expected a compressed answer, found status {found.status_code}")
        if turn >= WARM:
            spent.append(time.thread_time() - start)
    return stats.median(spent)


def show(columns: list[tuple[View, str]], made: list[dict[str, float]], kept: list[float]) -> None:
    names = [f"{view.label} {search or 'as it opens'}" for view, search in columns]
    width = [max(len(name), 12) + 2 for name in names]

    def line(words: str, cells: list[str]) -> None:
        ends = "".join(cell.rjust(size) for cell, size in zip(cells, width, strict=True))
        sys.stdout.write(f"{words:36}{ends}\n")

    line("CPU ms of one callback (share)", names)
    totals = [sum(one[step] for step in STEPS) for one in made]
    for step in STEPS:
        shares = [(one[step], total) for one, total in zip(made, totals, strict=True)]
        line(f"  {step}", [f"{own * 1e3:.1f} ({own * 100 / total:.0f} %)" for own, total in shares])
    line("never asked before, in all", [f"{total * 1e3:.1f}" for total in totals])
    line(f"kept: {HTTP}", [f"{one * 1e3:.2f}" for one in kept])
    line("KB of the answer", [f"{one['bytes'] / 1e3:.0f}" for one in made])
    line("KB as it is sent", [f"{one['packed'] / 1e3:.0f}" for one in made])


if __name__ == "__main__":
    raise SystemExit(main())
