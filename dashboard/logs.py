"""Log lines: JSON objects for machines or text for people, one a line, and nothing that tells who asked.

No address, user agent, referrer or query is written; control characters are written out, so that nothing in a path can
begin a line of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
import threading
import time
from types import TracebackType
from typing import Any

from gunicorn.glogging import Logger

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TIME = "%Y-%m-%dT%H:%M:%S.%f"
TEXT = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
ACCESS_TEXT = "%(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"
"""A line of the access log for people; the fields of the JSON line are the same, and the release."""
RELEASE = "aim.release"
"""Where a request's environ holds the id of the release that answered."""
OURS = ("dashboard", "data_access")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, process, message, a record's own `fields`, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).strftime(TIME)[:-3] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)  # ASCII: whatever is not is written as an escape


def formatter(kind: str) -> logging.Formatter:
    """How records are written; `kind` is a value of AIM_LOG."""
    return JsonFormatter() if kind == "json" else logging.Formatter(TEXT)


class OneLineLogger(Logger):  # type: ignore[misc]
    """gunicorn's logs for people; an access line tells what was asked and how it went, never by whom."""

    kind = "text"

    def setup(self, cfg: Any) -> None:
        """Set up gunicorn's handlers, then have them write as we do."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.addFilter(without_client)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(self.kind))

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: dt.timedelta) -> dict[str, Any]:
        """What a line is made of, control characters written out."""
        every = super().atoms(resp, req, environ, request_time)
        every["M"] = _milliseconds(req, request_time)
        return {name: _one_line(value) for name, value in every.items()}


class JsonLogger(OneLineLogger):
    """gunicorn's logs as JSON."""

    kind = "json"

    def setup(self, cfg: Any) -> None:
        """Set up gunicorn's handlers, then have them write as we do."""
        super().setup(cfg)
        for handler in self.access_log.handlers:
            handler.setFormatter(formatter(self.kind))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: dt.timedelta) -> None:
        """Write the line of a request."""
        fields = {
            "method": environ.get("REQUEST_METHOD"),
            "path": _path(environ.get("PATH_INFO") or ""),
            "status": int(str(resp.status).split(None, 1)[0]),
            "bytes": getattr(resp, "sent", None),
            "ms": _milliseconds(req, request_time),
            "release": environ.get(RELEASE),
        }
        self.access_log.info("request", extra={"fields": fields})


def logger_class(kind: str) -> type[OneLineLogger]:
    """gunicorn's logger for a value of AIM_LOG."""
    return JsonLogger if kind == "json" else OneLineLogger


def configure(kind: str) -> None:
    """Write what this process logs, its warnings, and what ends it or a thread, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _end_of_process
    threading.excepthook = lambda end: _end_of_process(
        end.exc_type, end.exc_value or end.exc_type(), end.exc_traceback, what="a thread"
    )


def started(req: Any) -> None:
    """Note when a request began, by a clock that does not jump."""
    req.started = time.monotonic()


def seconds(req: Any) -> float | None:
    """How long ago a request began; None where that was not noted."""
    began = getattr(req, "started", None)
    return None if began is None else time.monotonic() - began


def without_client(record: logging.LogRecord) -> bool:
    """Take out what gunicorn would tell of who asked and for what."""
    text = str(record.msg)
    if text.startswith("Invalid request from ip="):
        record.msg, record.args = "a request that is not valid HTTP was refused", ()
    elif text.startswith("Error handling request") and isinstance(record.args, tuple):
        record.args = tuple(_one_line(str(word).split("?", 1)[0]) for word in record.args)
    return True


def _end_of_process(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, what: str = "the process"
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(__name__).critical("%s ended by an error", what, exc_info=(kind, error, trace))


def _milliseconds(req: Any, request_time: dt.timedelta) -> float:
    taken = seconds(req)
    return round(1000 * (request_time.total_seconds() if taken is None else taken), 1)


def _path(text: str) -> str:
    """A path as WSGI has it, a character for each byte, as it was meant."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _one_line(value: Any) -> Any:
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value) if isinstance(value, str) else value
