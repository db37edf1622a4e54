"""How gunicorn runs the monitor: `gunicorn -c dashboard/gunicorn_conf.py app:server` (`aim-monitor serve` does so).

One release in memory, loaded before the workers fork (`preload_app`); threads keep connections alive; the control
socket stays off; the access log tells what was asked and how it went, never by whom.
"""

from __future__ import annotations

import re
from typing import Any

from gunicorn.glogging import Logger

from dashboard.settings import Settings

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLineLogger(Logger):  # type: ignore[misc]
    """An access log whose lines are its own: what a request's path holds cannot begin another."""

    def atoms(self, *request: Any) -> dict[str, Any]:
        """What a line is made of, control characters written out."""
        return {name: _one_line(value) for name, value in super().atoms(*request).items()}


def _one_line(value: Any) -> Any:
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value) if isinstance(value, str) else value


_settings = Settings.from_env()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
workers = _settings.workers
worker_class = "gthread"
threads = 4
preload_app = True
control_socket_disable = True

WARM = ("/", "/surges", "/compare")
"""Pages drawn before the workers fork; the last two open earlier releases, which all workers then share."""

timeout = 30  # seconds a worker may be silent before it is replaced
graceful_timeout = 20  # seconds that open requests get at a stop
keepalive = 15  # seconds; longer than a reader's pause between two filter changes
max_requests = 50_000  # a worker is renewed now and then, whatever leaks
max_requests_jitter = 5_000

limit_request_line = 8190  # bytes, the most there is; `filters.MAX_QUERY` stays below it
limit_request_fields = 60
limit_request_field_size = 8190

logger_class = OneLineLogger
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"
errorlog = "-"
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Answer requests before the first visitor does.

    With threads, the first requests after a start can meet a half set-up application and answer 500 (dash issue 3971).
    """
    client = server.app.wsgi().test_client()
    for path in WARM:
        client.get(path)
