"""How gunicorn runs the monitor: `gunicorn -c dashboard/gunicorn_conf.py app:server`, which `aim-monitor serve` starts
with checks before and the environment of `serve.PROCESS`.

One release in memory, loaded before the workers fork (`preload_app`); threads keep connections alive; the control
socket stays off; the logs tell what was asked and how it went, never by whom. TERM ends it once open requests are
answered; USR2 starts the next master beside it, on the same socket.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from dashboard import health, logs, metrics
from dashboard.settings import Settings
from dashboard.statics import STATICS

_settings = Settings.from_env()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
if _settings.metrics_port:  # before the application is loaded: prometheus-client looks for the directory once
    metrics.make_directory()

bind = f"{_host}:{_settings.port}"
workers = _settings.workers
worker_class = "gthread"
threads = 8  # of which `limits` leaves four to costly answers and their queue; a proxy keeps slow clients off them
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - heart beats, not on a disk

WARM = ("/", "/surges", "/compare")
"""Pages drawn before the workers fork; the last two open earlier releases, which all workers then share."""

timeout = 30  # seconds a worker may be silent before it is replaced
graceful_timeout = 20  # seconds that open requests get at a stop
keepalive = 15  # seconds; longer than a reader's pause between two filter changes
max_requests = 50_000  # a worker is renewed now and then, whatever leaks
max_requests_jitter = 5_000

# Who is believed, and what, is decided in `proxies` alone; gunicorn would believe whoever speaks from this machine.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

limit_request_line = 8190  # bytes, the most there is; `filters.MAX_QUERY` stays below it
limit_request_fields = 60
limit_request_field_size = 8190

logger_class = logs.logger_class(_settings.log)
accesslog = "-"
access_log_format = logs.ACCESS_TEXT
errorlog = "-"
loglevel = "info" if _settings.log == "json" else "warning"


def when_ready(server: Any) -> None:
    """Answer requests before the first visitor does.

    With threads, the first requests after a start can meet a half set-up application and answer 500 (dash issue 3971).
    """
    client = server.app.wsgi().test_client()
    for path in WARM:
        client.get(path)
    server.app.wsgi().extensions[STATICS].prepare()
    # What is there now stays; a collection in a worker that looked at it would make the worker's own copy of it all.
    gc.collect()
    gc.freeze()
    if counted := metrics.of(server.app.wsgi()):
        counted.serve(_settings.host, _settings.metrics_port or 0)


def pre_exec(server: Any) -> None:
    """Start the next master as a module too: as a script, gunicorn's own `http` would hide Python's."""
    server.START_CTX["args"] = [sys.executable, "-m", "gunicorn", *sys.argv[1:]]


def pre_fork(server: Any, worker: Any) -> None:
    """Count the worker."""
    if counted := metrics.of(server.app.wsgi()):
        counted.worker_started()


def post_worker_init(worker: Any) -> None:
    """Have the worker look for the next release by itself, and note the one in use for the metrics."""
    gc.set_threshold(20_000, 20, 20)  # one answer makes thousands of objects, which go without a collection
    worker.wsgi.extensions[health.WATCH]()
    if counted := metrics.of(worker.wsgi):
        counted.follow(worker.wsgi.extensions[health.HEALTH])


def child_exit(server: Any, worker: Any) -> None:
    """Keep what a worker counted that has ended."""
    if counted := metrics.of(server.app.wsgi()):
        counted.worker_ended(worker.pid)


def pre_request(worker: Any, req: Any) -> None:
    """Note when a request began."""
    logs.started(req)


def post_request(worker: Any, req: Any, environ: dict[str, Any], resp: Any) -> None:
    """Count a request that was answered."""
    counted = metrics.of(worker.wsgi)
    if counted and resp is not None:
        counted.observe(environ.get("PATH_INFO", ""), resp.status_code, logs.seconds(req) or 0.0)
