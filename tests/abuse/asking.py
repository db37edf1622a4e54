"""A request as it comes over the wire, put to the application in process; what every answer must and must not be."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from dashboard.headers import FIXED
from dashboard.serve import ROOT
from tests.abuse.withheld import Secrets

BINARY = ("image/", "font/", "application/vnd.", "application/octet-stream")
FAULTS = ("The figures could not be worked out", "Something went wrong on our side")
"""What pages say after a fault of ours."""
BARE = ("Traceback (most recent", 'File "/', "site-packages", "root:x:0", "werkzeug.exceptions")
MARKUP = ("text/html", "image/svg+xml", "application/atom+xml")
"""What a browser would run scripts of; JSON repeats what it was given, and no browser sniffs it."""
EMPTY = (204, 304)


@dataclass(frozen=True)
class Request:
    """A request line, headers and a body; the path may hold percent-encoded bytes of any kind."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def environ(self) -> dict[str, Any]:
        """As gunicorn hands it over."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(self.path).decode("latin-1"),
            "RAW_URI": self.path,
            "QUERY_STRING": self.query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8050",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_HOST": "monitor.example",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if self.body:
            environ["CONTENT_LENGTH"] = str(len(self.body))
        for name, value in self.headers:
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes


def ask(app: Any, request: Request) -> Answer:
    """Put a request to a WSGI application."""
    parts, status, headers = run_wsgi_app(app, request.environ(), buffered=True)
    return Answer(int(status.split(" ", 1)[0]), headers, b"".join(parts))


@dataclass
class Judge:
    """Looks at answers, keeps the count of their statuses, and names what is wrong with one."""

    secrets: Secrets
    folders: Sequence[Path] = ()
    counts: Counter[int] = field(default_factory=Counter)

    def problems(self, answer: Answer) -> list[str]:
        self.counts[answer.status] += 1
        found = []
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        if answer.status not in EMPTY and not answer.headers.get("Content-Type"):
            found.append("no content type")
        found += [f"header {name} is missing" for name in missing(answer.headers)]
        if "Set-Cookie" in answer.headers or "X-Injected" in answer.headers:
            found.append("a header that nothing here sends")
        text = readable(answer)
        if answer.headers.get("Content-Type", "").startswith(MARKUP) and "<script>alert(" in text:
            found.append("a script of the request in the body")
        for words in (*BARE, *FAULTS, str(ROOT), *map(str, self.folders)):
            if words in text:
                found.append(f"{words!r} in the body")
        found += [f"withheld figure {one}" for one in self.secrets.in_text(text)]
        found += [f"withheld figure {one}" for one in self.secrets.in_numbers(numbers(answer, text))]
        return found


def missing(headers: Mapping[str, str]) -> list[str]:
    """Security headers that an answer lacks; the page for frames alone may go without one of them."""
    wanted = {*FIXED, "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cache-Control"}
    if "frame-ancestors *" in headers.get("Content-Security-Policy", ""):
        wanted -= {"X-Frame-Options"}
    return sorted(name for name in wanted if name not in headers)


def readable(answer: Answer) -> str:
    """The text of an answer; of a workbook what its sheets hold."""
    kind = answer.headers.get("Content-Type", "")
    if "spreadsheetml" in kind and answer.body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.body)) as book:
            return " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if kind.startswith(BINARY) and not kind.startswith("image/svg"):
        return ""
    return answer.body.decode("utf-8", "replace")


ARRAY = re.compile(r'"dtype":\s*"(\w+)",\s*"bdata":\s*"([^"]+)"|"bdata":\s*"([^"]+)",\s*"dtype":\s*"(\w+)"')


def numbers(answer: Answer, text: str) -> list[float]:
    """Figures that are not written out: arrays of Plotly, columns of Parquet."""
    found: list[float] = []
    for before, data, other, after in ARRAY.findall(text):
        kind = np.dtype(before or after)
        found += np.frombuffer(base64.b64decode(json.loads(f'"{data or other}"')), dtype=kind).astype(float).tolist()
    if answer.status == 200 and answer.body[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(answer.body))
        for column in table.columns:
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                found += [float(one) for one in column.to_pylist() if one is not None]
    return found
