"""A small server with the shape and the troubles of the Census API, over figures of the test's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from data_access.publishing.sources.census_client import Pace

PATH = "/data/timeseries/intltrade/imports/hs"
KEY = "0123456789abcdef"
FAST = Pace(
    attempts=4,
    attempts_if_large=2,
    first_wait=0.001,
    longest_wait=0.002,
    jitter=0.001,
    read_timeout=0.5,
    longest_retry_after=5.0,
)
FIGURES = ("GEN_VAL_MO", "CON_VAL_MO", "GEN_QY1_MO", "CON_QY1_MO", "GEN_QY2_MO", "CON_QY2_MO")
FLAGS = ("GEN_QY1_MO_FLAG", "CON_QY1_MO_FLAG", "GEN_QY2_MO_FLAG", "CON_QY2_MO_FLAG")


def row(month: str, code: str, country: str = "1220", name: str = "CANADA", **values: str | None) -> dict[str, Any]:
    """One row as the API holds it."""
    return {
        "time": month,
        "I_COMMODITY": code,
        "CTY_CODE": country,
        "CTY_NAME": name,
        "COMM_LVL": f"HS{len(code)}",
        "SUMMARY_LVL": "DET",
        **dict.fromkeys((*FIGURES, *FLAGS)),
        "UNIT_QY1": "-",
        "UNIT_QY2": "-",
        "LAST_UPDATE": "2026-11-05",
        **values,
    }


def total(month: str, code: str, **values: str | None) -> dict[str, Any]:
    """The row TOTAL FOR ALL COUNTRIES."""
    return row(month, code, "-", "TOTAL FOR ALL COUNTRIES", **values)


@dataclass
class FakeCensus:
    """What the server holds and does; `faults` spoil the next answers, in order."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    max_rows: int = 10_000
    max_months: int = 1_000
    too_broad: int = 1_000  # more months than this get 204
    ignore_summary: bool = False
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    url: str = ""

    def months_asked(self) -> list[str]:
        return [query["time"][0] for query in self.queries]

    def select(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        words = query["time"][0].replace("from ", "").split(" to ")
        found = [row for row in self.rows if words[0] <= row["time"] <= words[-1]]
        stems = tuple(stem.rstrip("*") for stem in query["I_COMMODITY"])
        found = [row for row in found if row["I_COMMODITY"].startswith(stems)]
        found = [row for row in found if row["COMM_LVL"] in query["COMM_LVL"]]
        if not self.ignore_summary:
            found = [row for row in found if row["SUMMARY_LVL"] in query["SUMMARY_LVL"]]
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass

    def reply(self, status: int, body: bytes = b"", kind: str = "application/json;charset=utf-8", **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        fake = self.server.fake
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        fake.queries.append(query)
        fake.times.append(time.monotonic())
        if url.path != PATH:
            self.reply(200, b"<html><body>A valid key must be included</body></html>", "text/html")
        elif fake.faults:
            self.spoil(fake.faults.pop(0), query)
        elif query.get("key") != [KEY]:
            page = "invalid_key.html" if "key" in query else "missing_key.html"
            self.reply(302, Location="/data/" + page, X_DataWebAPI_KeyError=page)
        else:
            self.answer(query)

    def answer(self, query: dict[str, list[str]]) -> None:
        fake = self.server.fake
        found = fake.select(query)
        months = len({row["time"] for row in found})
        if len(found) > fake.max_rows or months > fake.max_months:
            self.reply(500, b"There was an error while running your query.", "text/plain")
        elif not found or months > fake.too_broad:
            self.reply(204)
        else:
            self.reply(200, self.body(query, found))

    def body(self, query: dict[str, list[str]], found: list[dict[str, Any]]) -> bytes:
        header = query["get"][0].split(",") + [name for name in query if name not in ("get", "key")]
        return json.dumps([header, *([row[name] for name in header] for row in found)]).encode()

    def spoil(self, fault: str, query: dict[str, list[str]]) -> None:
        name, _, detail = fault.partition(" ")
        if name == "drop":
            self.close_connection = True
        elif name == "slow":
            time.sleep(1.0)
            self.close_connection = True
        elif name == "cut":
            body = self.body(query, self.server.fake.select(query))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif name == "html":
            self.reply(200, b"<html><body>Service maintenance</body></html>", "text/html")
        elif name == "posing":
            self.reply(200, b"<html><body>Service maintenance</body></html>")
        elif name == "object":
            self.reply(200, b'{"error": "no"}')
        elif name == "body":
            self.reply(200, detail.encode())
        elif name == "503":
            self.reply(503, b"busy", "text/plain", Retry_After=detail)
        elif name == "400":
            self.reply(400, detail.encode(), "text/plain")
        else:
            self.reply(int(name), b"no", "text/plain")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeCensus

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is what some tests are about."""


@contextmanager
def serving() -> Iterator[FakeCensus]:
    """The server on a free port of the loopback interface."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = FakeCensus(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
