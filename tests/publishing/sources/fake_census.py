"""A small server with the shape and the troubles of the Census API, over figures of the test's own."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from data_access.publishing.sources.census import pull_imports
from data_access.publishing.sources.census_client import Pace

PATH = "/data/timeseries/intltrade/imports/hs"
KEY = "secret-key"
QUICK = Pace(first_wait=0.001, longest_wait=0.002, jitter=0.001, read_timeout=0.5, longest_retry_after=5.0)
"""The attempts of a real pull without its waits."""

COUNTRIES = {"1220": "CANADA", "2010": "MEXICO", "5800": "KOREA, SOUTH"}
GROUPS = {"0003": "EUROPEAN UNION", "1XXX": "NORTH AMERICA"}
CODES = ("7601103000", "7606123045", "7616995160")
MISSING = (
    *("GEN_VAL_MO", "GEN_QY1_MO", "GEN_QY2_MO", "CON_QY2_MO"),
    *("GEN_QY1_MO_FLAG", "CON_QY1_MO_FLAG", "GEN_QY2_MO_FLAG", "CON_QY2_MO_FLAG"),
)


def row(month: str, code: str, country: str, name: str, value: int) -> dict[str, str | None]:
    """One row as the API holds it: consumption value and kg, nothing of general imports."""
    return {
        "time": month,
        "I_COMMODITY": code,
        "CTY_CODE": country,
        "CTY_NAME": name,
        "COMM_LVL": f"HS{len(code)}",
        "SUMMARY_LVL": "CGP" if country in GROUPS else "DET",
        **dict.fromkeys(MISSING),
        "CON_VAL_MO": str(value),
        "CON_QY1_MO": str(value // 2),
        "UNIT_QY1": "KG",
        "UNIT_QY2": "-",
        "LAST_UPDATE": "2025-06-05",
    }


def month_rows(month: str, factor: int = 1) -> list[dict[str, str | None]]:
    """All rows of a month: for each code its countries, their total, and groups that overlap them."""
    rows = []
    for number, code in enumerate(CODES, start=1):
        values = {country: factor * number * (1000 + 10 * int(month[-2:]) + int(country)) for country in COUNTRIES}
        rows += [row(month, code, country, COUNTRIES[country], value) for country, value in values.items()]
        rows += [row(month, code, group, name, sum(values.values())) for group, name in GROUPS.items()]
        rows.append(row(month, code, "-", "TOTAL FOR ALL COUNTRIES", sum(values.values())))
    return rows


@dataclass
class FakeCensus:
    """What the server holds, how much it bears, what it was asked; `faults` spoil the next answers, in order."""

    url: str
    rows: list[dict[str, str | None]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    max_rows: int = 50_000
    too_broad: int = 1_000
    """An answer of more months than this is 204."""
    ignore_summary: bool = False
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def pull(self, out: Path, start: str, end: str, **changes: Any) -> str:
        """Pull from this server at HS10 with a good key, without waits, unless told otherwise."""
        arguments: dict[str, Any] = {"key": KEY, "base_url": self.url, "progress": False, "pace": QUICK}
        return pull_imports(out=out, start=start, end=end, **{**arguments, **changes})

    def select(self, query: dict[str, list[str]]) -> list[dict[str, str | None]]:
        words = query["time"][0].removeprefix("from ").split(" to ")
        stems = tuple(stem.removesuffix("*") for stem in query["I_COMMODITY"])
        return [
            row
            for row in self.rows
            if words[0] <= str(row["time"]) <= words[-1]
            and str(row["I_COMMODITY"]).startswith(stems)
            and row["COMM_LVL"] in query["COMM_LVL"]
            and (self.ignore_summary or row["SUMMARY_LVL"] in query["SUMMARY_LVL"])
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *arguments: Any) -> None:
        """Requests are in `asked`."""

    def do_GET(self) -> None:
        fake = self.server.fake
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        fake.asked.append(query)
        fake.times.append(time.monotonic())
        fault = fake.faults.pop(0) if fake.faults else ""
        if url.path != PATH:
            self.reply(200, b"<html><body>A valid key must be included</body></html>", "text/html")
        elif fault:
            self.spoil(fault, query)
        elif query.get("key") != [KEY]:
            page = "invalid_key.html" if "key" in query else "missing_key.html"
            self.reply(302, Location=f"/data/{page}", X_DataWebAPI_KeyError=page)
        else:
            self.answer(query)

    def answer(self, query: dict[str, list[str]]) -> None:
        found = self.server.fake.select(query)
        if len(found) > self.server.fake.max_rows:
            self.reply(500, b"There was an error while running your query.", "text/plain")
        elif not found or len({row["time"] for row in found}) > self.server.fake.too_broad:
            self.reply(204)
        else:
            self.reply(200, _body(query, found))

    def spoil(self, fault: str, query: dict[str, list[str]]) -> None:
        name, _, detail = fault.partition(" ")
        body = _body(query, self.server.fake.select(query))
        spoilt: dict[str, Callable[[], None]] = {
            "drop": lambda: None,
            "slow": lambda: time.sleep(1.0),
            "cut": lambda: self.reply(200, body[: len(body) // 2], length=len(body)),
            "short": lambda: self.reply(200, body[: len(body) // 2]),
            "html": lambda: self.reply(200, b"<html><body>Service maintenance</body></html>", "text/html"),
            "posing": lambda: self.reply(200, b"<html><body>Service maintenance</body></html>"),
            "body": lambda: self.reply(200, detail.encode()),
            "unknown": lambda: self.reply(400, b"error: unknown variable 'GEN_VAL_MO'", "text/plain"),
            "gone": lambda: self.reply(404, b"not here: " + self.path.encode(), "text/plain"),
            "elsewhere": lambda: self.reply(301, Location="https://example.org/"),
            "503": lambda: self.reply(503, b"busy", "text/plain", Retry_After=detail or "1"),
        }
        if name in spoilt:
            spoilt[name]()
        else:
            self.reply(int(name), b"There was an error while running your query.", "text/plain")
        self.close_connection = True

    def reply(
        self,
        status: int,
        body: bytes = b"",
        kind: str = "application/json;charset=utf-8",
        length: int | None = None,
        **headers: str,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def _body(query: dict[str, list[str]], found: list[dict[str, str | None]]) -> bytes:
    """Header first; a predicate is echoed as a column, also one that was asked for."""
    header = query["get"][0].split(",") + [name for name in query if name not in ("get", "key")]
    return json.dumps([header, *([row[name] for name in header] for row in found)]).encode()


class _Server(ThreadingHTTPServer):
    fake: FakeCensus


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


def at(day: str) -> Callable[[], dt.datetime]:
    """A clock that stands at noon of a day."""
    moment = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return lambda: moment
