"""Log lines: what they hold, and that nothing in them can pass for another line."""

from __future__ import annotations

import datetime as dt
import json
import logging
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from dashboard.logs import JsonFormatter, JsonLogger, OneLineLogger, formatter, logger_class, started, without_client
from dashboard.serve import ROOT


def record(message: str, *words: object, error: BaseException | None = None) -> logging.LogRecord:
    """A record of an error."""
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("dashboard.x", logging.ERROR, __file__, 1, message, words, info)


def test_a_line_tells_when_how_bad_from_where_and_what() -> None:
    line = json.loads(JsonFormatter().format(record("%s could not be answered", "/x")))
    assert line["level"] == "error"
    assert line["logger"] == "dashboard.x"
    assert line["message"] == "/x could not be answered"
    moment = dt.datetime.fromisoformat(line["time"])
    assert moment.utcoffset() == dt.timedelta(0)
    assert abs(moment - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_an_exception_is_part_of_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        text = JsonFormatter().format(record("failed", error=error))
    assert "\n" not in text
    assert json.loads(text)["exception"].startswith("Traceback")
    assert "two\nlines" in json.loads(text)["exception"]


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\u2029", '"', "\x00"])
def test_no_sign_of_a_path_ends_a_line(sign: str) -> None:
    text = JsonFormatter().format(record("%s", f"/a{sign}b"))
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["message"] == f"/a{sign}b"


def test_what_gunicorn_tells_of_a_client_is_taken_out() -> None:
    refused = record("Invalid request from ip=6.6.6.6: Invalid HTTP request line: '/x?curious'")
    assert without_client(refused)
    assert refused.getMessage() == "a request that is not valid HTTP was refused"
    failed = record("Error handling request %s %s", "GET", "/x\n?curious")
    assert without_client(failed)
    assert failed.getMessage() == "Error handling request GET /x\\x0a"


def test_a_request_takes_the_time_of_a_clock_that_does_not_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Any] = []
    logger = JsonLogger(Config())
    monkeypatch.setattr(logger.access_log, "info", lambda message, extra: lines.append(extra["fields"]))
    req = SimpleNamespace(headers=[])
    started(req)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    logger.cfg.set("accesslog", "-")
    logger.setup(logger.cfg)
    logger.access(SimpleNamespace(status="200 OK", sent=3), req, environ, dt.timedelta(days=-1))
    (fields,) = lines
    assert 0 <= fields["ms"] < 60_000
    assert fields["status"] == 200


def test_people_read_text_and_machines_json() -> None:
    assert (logger_class("text"), logger_class("json")) == (OneLineLogger, JsonLogger)
    assert formatter("text").format(record("plain words")).endswith("[ERROR] plain words")


def test_warnings_and_what_ends_the_process_are_lines_too() -> None:
    script = (
        "import warnings, threading; from dashboard import logs; logs.configure('json');"
        "warnings.warn('old\\nways'); t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join(); {}['x']"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "critical", "critical"]
    assert lines[0]["logger"] == "py.warnings"
    assert "ZeroDivisionError" in lines[1]["exception"]
    assert "KeyError" in lines[2]["exception"]
