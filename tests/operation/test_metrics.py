"""What metrics count, and that they cost nothing where nobody asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.factory import create_app
from dashboard.metrics import ALL_KINDS, class_of, kind_of, of, release_metrics
from dashboard.serve import ROOT
from dashboard.settings import Settings

PAGES = frozenset({"/", "/explore"})
NOTE = {
    "noted": 1.0,
    "release": "2026-11-20T12-00-00Z-abcdef",
    "published": "2026-11-20T12:00:00Z",
    "problem": None,
    "withheld": {"origin": 7},
    "reload_failures": 1,
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "page"),
        ("/explore", "page"),
        ("/_dash-update-component", "callback"),
        ("/api/v1/series", "api"),
        ("/api/v1/picture.svg", "picture"),
        ("/api/v1/tables/public.parquet", "file"),
        ("/feeds/releases.atom", "file"),
        ("/static/0123/monitor.js", "static"),
        ("/readyz", "health"),
        ("/wp-login.php", "other"),
    ],
)
def test_a_request_is_of_one_of_a_few_kinds(path: str, kind: str) -> None:
    assert kind_of(path, PAGES) == kind
    assert kind in ALL_KINDS


def test_requests_that_a_limit_refused_are_a_class_of_their_own() -> None:
    assert [class_of(status) for status in (200, 304, 404, 429, 503)] == ["2xx", "3xx", "4xx", "429", "5xx"]


def test_without_a_port_nothing_is_counted_and_nothing_loaded(releases: Path) -> None:
    assert of(create_app(Settings(releases=releases)).server) is None
    script = "import sys, app; print('prometheus_client' in sys.modules)"
    env = {**os.environ, "AIM_RELEASES": str(releases), "AIM_METRICS_PORT": ""}
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_of_several_workers_the_newest_note_counts_and_the_most_failures() -> None:
    older = {**NOTE, "noted": 0.5, "release": "before", "problem": "x", "reload_failures": 3}
    told = {metric.name: metric.samples for metric in release_metrics([older, NOTE], now=1.8e9)}
    assert [sample.labels for sample in told["aim_release_info"]] == [{"id": NOTE["release"]}]
    assert told["aim_release_workers"][0].value == 1
    assert told["aim_release_problem"][0].value == 0
    assert told["aim_release_reload_failures"][0].value == 3
    assert told["aim_release_withheld_cells"][0].labels == {"table": "origin"}


def test_a_server_without_a_release_says_so_in_its_metrics() -> None:
    nothing = {**NOTE, "release": None, "published": None, "problem": "no release is there yet", "withheld": {}}
    told = {metric.name: metric.samples for metric in release_metrics([nothing], now=1.8e9)}
    assert told["aim_release_info"] == []
    assert told["aim_release_problem"][0].value == 1
    assert "aim_release_age_seconds" not in told


def test_what_ended_workers_counted_is_added_up_in_one_file() -> None:
    script = """
import os
from pathlib import Path
from dashboard import metrics
folder = metrics.make_directory()
assert folder == metrics.make_directory()
every = metrics.Metrics(folder, {"/"})
for _ in range(3):
    worker = os.fork()
    if not worker:
        every.observe("/", 200, 0.02)
        os._exit(0)
    os.waitpid(worker, 0)
    every.worker_ended(worker)
told = {(s.name, *s.labels.values()): s.value for m in every.collect() for s in m.samples}
print(told["aim_requests_total", "page", "2xx"], told["aim_request_seconds_count", "page"],
      told["aim_request_seconds_bucket", "page", "0.01"], told["aim_request_seconds_bucket", "page", "0.025"],
      len(list(folder.glob("*.db"))))
"""
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["3.0", "3.0", "0.0", "3.0", "4"]  # the master's two files, and two for all who ended
