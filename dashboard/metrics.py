"""Metrics for Prometheus, on a port of their own, which the master process serves; without AIM_METRICS_PORT, nothing.

Workers count in files of a private directory (prometheus-client's multiprocess mode) and note there which release they
use; the master adds up. No label holds a path or anything else that a visitor could choose.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from data_access.serving.health import Health

METRICS = "aim-metrics"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""
CLASSES = ("1xx", "2xx", "3xx", "4xx", "429", "5xx")
LIMITED = 429
KINDS: tuple[tuple[str, str], ...] = (
    ("/_dash-update-component", "callback"),
    ("/api/v1/picture.", "picture"),
    ("/api/v1/tables/", "file"),
    ("/api/", "api"),
    ("/feeds/", "file"),
    ("/data.json", "file"),
    ("/static/", "static"),
    ("/healthz", "health"),
    ("/readyz", "health"),
)
"""What paths begin with, and the kind they are."""
PAGE, OTHER = "page", "other"
ALL_KINDS = tuple(dict.fromkeys([PAGE, *(kind for _, kind in KINDS), OTHER]))
NOTE_EVERY = 5.0
"""Seconds between two notes of a worker on its release."""
RETRY_EVERY = 0.5
ENDED = "ended"
_log = logging.getLogger(__name__)


@cache
def make_directory() -> Path:
    """A private directory for the files of all workers, gone when this process ends; before the first metric is made.

    It is made once, also where gunicorn reads its configuration again (HUP).

    Raises OSError where no temporary directory can be written to.
    """
    directory = Path(tempfile.mkdtemp(prefix="aim-metrics-"))
    os.environ[DIRECTORY] = str(directory)
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove)
    return directory


def add_metrics(server: Flask, pages: Iterable[str]) -> None:
    """Have `server` counted, where `make_directory` was called before."""
    if directory := os.environ.get(DIRECTORY):
        server.extensions[METRICS] = Metrics(Path(directory), pages)


def of(server: Flask) -> Metrics | None:
    """The metrics of a server; None where there are none."""
    return server.extensions.get(METRICS)


def kind_of(path: str, pages: frozenset[str]) -> str:
    """The kind of a path, one of a few."""
    if path in pages:
        return PAGE
    return next((kind for begin, kind in KINDS if path.startswith(begin)), OTHER)


def class_of(status: int) -> str:
    """The class of a status; requests refused by a limit are one of their own."""
    return str(LIMITED) if status == LIMITED else f"{status // 100}xx"


class Metrics:
    """The metrics of one server: made before the workers fork, counted by workers, served by the master."""

    def __init__(self, directory: Path, pages: Iterable[str]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415 - costs memory

        self._directory = directory
        self._pages = frozenset(pages)
        own = CollectorRegistry()
        requests = Counter("aim_requests", "Requests by kind and class of status.", ["kind", "status"], registry=own)
        taken = Histogram(
            "aim_request_seconds", "Seconds from request to last byte.", ["kind"], buckets=BUCKETS, registry=own
        )
        self._workers = Counter("aim_workers_started", "Worker processes started.", registry=own)
        self._requests = {(kind, name): requests.labels(kind, name) for kind in ALL_KINDS for name in CLASSES}
        self._seconds = {kind: taken.labels(kind) for kind in ALL_KINDS}
        # Held while files of an ended worker are added up or all are read; both happen in the master alone.
        self._reading = threading.Lock()

    # -- in workers ---------------------------------------------------------------------------------------------------

    def observe(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        kind = kind_of(path, self._pages)
        counter = self._requests.get((kind, class_of(status)))
        if counter is not None:
            counter.inc()
        self._seconds[kind].observe(seconds)

    def follow(self, health: Callable[[], Health]) -> None:
        """Note the state of this worker's release now and then, in a thread of its own."""
        threading.Thread(target=self._follow, args=(health,), name="aim-metrics", daemon=True).start()

    def _follow(self, health: Callable[[], Health]) -> None:
        while True:
            try:
                self.note(health())
            except Exception:
                _log.exception("the state of the release could not be noted")
            time.sleep(NOTE_EVERY)

    def note(self, health: Health) -> None:
        """Note the state of this worker's release."""
        path = self._directory / f"release_{os.getpid()}.json"
        aside = path.with_suffix(".new")
        aside.write_text(json.dumps({**asdict(health), "noted": time.monotonic()}), encoding="utf-8")
        aside.replace(path)

    # -- in the master ------------------------------------------------------------------------------------------------

    def worker_started(self) -> None:
        """Count a worker."""
        self._workers.inc()

    def worker_ended(self, process: int) -> None:
        """Add what an ended worker counted to that of the others that ended, and forget its release."""
        with self._reading:
            for name in ("counter", "histogram"):
                _add_up(self._directory / f"{name}_{process}.db", self._directory / f"{name}_{ENDED}.db")
            (self._directory / f"release_{process}.json").unlink(missing_ok=True)

    def serve(self, host: str, port: int) -> None:
        """Serve the metrics from a thread; where the port is taken, as by the master that this one replaces, wait."""
        thread = threading.Thread(target=self._serve, args=(host, port), name="aim-metrics", daemon=True)
        thread.start()

    def _serve(self, host: str, port: int) -> None:
        from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415

        registry = CollectorRegistry()
        registry.register(self)
        told = False
        while True:
            try:
                start_http_server(port, addr=host, registry=registry)
            except OSError as error:
                if not told and "GUNICORN_PID" not in os.environ:
                    _log.error("metrics: cannot listen on %s:%d yet (%s)", host, port, error.strerror or error)
                told = True
                time.sleep(RETRY_EVERY)
            else:
                return

    def collect(self) -> Iterator[Any]:
        """All metrics as they are now."""
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        with self._reading:
            counted = list(MultiProcessCollector(None, path=str(self._directory)).collect())
            notes = [note for path in self._directory.glob("release_*.json") if (note := _read(path))]
        yield from counted
        yield from release_metrics(notes, now=time.time())


def release_metrics(notes: list[dict[str, Any]], *, now: float) -> Iterator[Any]:
    """The state of the release from what workers noted: of the newest note, and the most that any worker counted."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

    if not notes:
        return
    newest = max(notes, key=lambda note: note["noted"])
    info = GaugeMetricFamily("aim_release_info", "1 for the release in use.", labels=["id"])
    if newest["release"]:
        info.add_metric([newest["release"]], 1)
    yield info
    using = sum(note["release"] == newest["release"] for note in notes)
    yield GaugeMetricFamily("aim_release_workers", "Workers that use that release.", value=using)
    published = _timestamp(newest["published"])
    if published is not None:
        yield GaugeMetricFamily(
            "aim_release_published_timestamp_seconds", "When the release was published (Unix time).", value=published
        )
        yield GaugeMetricFamily("aim_release_age_seconds", "Seconds since then.", value=max(0.0, now - published))
    yield GaugeMetricFamily(
        "aim_release_problem", "1 where the newest release is not in use or in part.", value=bool(newest["problem"])
    )
    withheld = GaugeMetricFamily("aim_release_withheld_cells", "License cells withheld, by table.", labels=["table"])
    for table, count in newest["withheld"].items():
        withheld.add_metric([table], count)
    yield withheld
    yield CounterMetricFamily(
        "aim_release_reload_failures",
        "Looks at a newer release that could not be taken into use.",
        value=max(note["reload_failures"] for note in notes),
    )


def _timestamp(published: str | None) -> float | None:
    if not published:
        return None
    moment = dt.datetime.fromisoformat(published)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return note
    return None


def _add_up(one: Path, every: Path) -> None:
    """Add the values of a file to those of another, and delete it."""
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415

    if not one.exists():
        return
    total = MmapedDict(str(every))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(one)):
            total.write_value(key, total.read_value(key)[0] + value, 0.0)
    finally:
        total.close()
    one.unlink()
