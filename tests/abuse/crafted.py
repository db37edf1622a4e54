"""Crafted requests: what attackers try, in every place where this application takes something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from dashboard.api.endpoints import ENDPOINTS
from data_access.filters import PARAMETERS
from tests.abuse.asking import Request
from tests.abuse.callbacks import UPDATE, bodies, request_of, with_value, wrong_bodies

STRINGS: tuple[str, ...] = (
    "' OR '1'='1",
    '"; DROP TABLE cells; --',
    "1 UNION SELECT value FROM license",
    "{{7*7}}",
    "{{config.items()}}",
    "${jndi:ldap://127.0.0.1/x}",
    "{0.__class__.__mro__}",
    "%s%s%n%x",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd\x00.csv",
    "file:///etc/passwd",
    "http://127.0.0.1:9400/metrics",
    "x\r\nX-Injected: 1",
    "x\nSet-Cookie: a=b",
    "\x00",
    "\u202e\u2066\ufeff",
    "\U0001f4a9" * 50,
    "é" * 200,
    "a" * 7_000,
    "(a+)+$" * 100,
    "-" * 3_000 + "1",
    "0" * 3_000 + ".",
    "9" * 400,
    "1e400",
    "NaN",
    "-0",
    "٣",
    "__proto__",
    "constructor",
    "=cmd|' /C calc'!A0",
    "$(id)",
    "`id`",
    "|| ping 127.0.0.1",
    "null",
    "[]",
    "true",
)
RAW = (
    "%",
    "%zz",
    "%00",
    "%ff%fe",
    "%c0%ae%c0%ae/",
    "&&&&",
    "=",
    "=x",
    "&=&",
    "?" * 50,
    ";" * 50,
    "a=1&" * 1_500,
    "%u0041",
)
PAGES = ("/", "/explore", "/smelt-cast", "/surges", "/compare", "/data", "/about", "/api", "/embed")
OTHERS = (
    "/api/v1/picture.svg",
    "/api/v1/picture.png",
    "/api/v1/openapi.json",
    "/feeds/releases.atom",
    "/feeds/surges.json",
    "/data.json",
)
OWN = ("format", "view", "card", "width", "scale", "layout", "x", "product[]", "product.__class__")
PATHS = (
    "/static/../../pyproject.toml",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static/x/..%2f..%2f..%2fetc/passwd",
    "/static//etc/passwd",
    "/assets/../factory.py",
    "/assets/..%2f..%2fdashboard%2ffactory.py",
    "/assets/%00",
    "/assets/" + "a" * 5_000,
    "/_dash-component-suites/../../app.py",
    "/_dash-component-suites/dash/../../../../etc/passwd",
    "/_dash-component-suites/dash/%2e%2e/%2e%2e/dash.py",
    "/_dash-component-suites/dashboard/factory.py",
    "/_dash-component-suites/dash/dash.py",
    "/_dash-component-suites/os/environ",
    "/_dash-component-suites/plotly/package_data/plotly.min.js.map",
    "/_reload-hash",
    "/_favicon.ico",
    "/_dash-ws-callback",
    "/_mcp",
    "/_alive_x",
    "/api/v1/tables/..%2f..%2fmanifest.parquet",
    "/api/v1/tables/../manifest.json",
    "/api/v1/tables/manifest.json",
    "/api/v1/tables/license_origin.parquet%00",
    "/api/v1/tables/%2fetc%2fpasswd.parquet",
    "/api/v1/tables/" + "x" * 3_000 + ".parquet",
    "/api/v1/series/",
    "/api//v1///series",
    "/api/v1/series;x=1",
    "/api/v1/series%0d%0aX-Injected:1",
    "//evil.example/%2f..",
    "/\\evil.example",
    "/%5cevil.example",
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/console",
    "/server-status",
    "/metrics",
    "/%ff%fe",
    "/%F0%9F%92%A9",
    "/explore/..;/",
    "/explore//",
    "/" + "a/" * 2_000,
)
METHODS = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "CONNECT", "PROPFIND")
HEADERS: tuple[tuple[str, str], ...] = (
    ("Range", "bytes=0-0"),
    ("Range", "bytes=-1"),
    ("Range", "bytes=99999999999999999999-"),
    ("Range", "bytes=0-1,2-3," + ",".join(f"{one}-{one}" for one in range(0, 900, 2))),
    ("Range", "bytes=5-1"),
    ("Range", "lines=1-2"),
    ("If-Range", '"x"'),
    ("If-None-Match", "*"),
    ("If-None-Match", '"unterminated'),
    ("If-None-Match", 'W/"' + "x" * 7_000 + '"'),
    ("If-Match", '"none"'),
    ("If-Modified-Since", "Tue, 99 Foo 99999 99:99:99 GMT"),
    ("If-Modified-Since", "Thu, 01 Jan 99999 00:00:00 GMT"),
    ("If-Unmodified-Since", "yesterday"),
    ("Accept-Encoding", "br;q=nan, gzip;q=-1, *;q=99999999"),
    ("Accept-Encoding", "gzip," * 1_000),
    ("Accept", "*/*;q=\x7f"),
    ("Accept-Language", "xx-" + "y" * 5_000),
    ("Accept-Charset", "utf-7"),
    ("Content-Type", "multipart/form-data; boundary=" + "b" * 500),
    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-7"),
    ("Content-Length", "-1"),
    ("Content-Length", "abc"),
    ("Content-Length", "9" * 30),
    ("Host", "evil.example:99999"),
    ("Host", "a" * 5_000),
    ("Host", "x/../@evil.example"),
    ("Host", 'x"><script>alert(1)</script>'),
    ("Host", "[::1"),
    ("Host", ""),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-For", "127.0.0.1, " * 300),
    ("X-Forwarded-Proto", "https, javascript"),
    ("X-Forwarded-Prefix", "/evil"),
    ("Forwarded", "for=127.0.0.1;host=evil.example;proto=https"),
    ("X-Original-URL", "/admin"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Cookie", "session=" + "x" * 4_000),
    ("Origin", "null"),
    ("Referer", "http://evil.example/?" + "x" * 4_000),
    ("Transfer-Encoding", "gzip"),
    ("Expect", "x"),
    ("Upgrade", "websocket"),
    ("Authorization", "Basic ////"),
    ("User-Agent", "() { :; }; id"),
)


def api_paths() -> list[str]:
    return [one.path for one in ENDPOINTS]


def crafted(app: Any) -> Iterator[Request]:
    """All of them."""
    yield from _in_parameters()
    yield from _raw_queries()
    for path in PATHS:
        yield Request(path=path)
    for path in (*PAGES, *OTHERS, "/api/v1/series", UPDATE, "/_dash-layout", "/_dash-dependencies", "/healthz"):
        for method in METHODS:
            yield Request(method=method, path=path, query="product=foil")
    for name, value in HEADERS:
        for path in (
            "/",
            "/api/v1/series",
            "/api/v1/picture.svg",
            "/api/v1/tables/public.parquet",
            "/static/x/layout.css",
        ):
            yield Request(path=path, headers=((name, value),))
        yield Request(method="POST", path=UPDATE, headers=((name, value),), body=b"{}")
    yield from _in_callbacks(app)


def _in_parameters() -> Iterator[Request]:
    names = [*PARAMETERS, *OWN]
    for place, text in enumerate(STRINGS):
        safe = quote_plus(text.encode("utf-8", "surrogatepass"))
        for number, name in enumerate(names):
            paths = (api_paths()[(place + number) % len(ENDPOINTS)], PAGES[(place + number) % len(PAGES)])
            yield Request(path=paths[number % 2], query=f"{name}={safe}")
        yield Request(path="/api/v1/picture.svg", query=f"view={safe}")
        yield Request(path="/explore", query=f"{safe}={safe}")
        yield Request(path="/compare", query=f"compare={quote('product=' + safe)}")
        yield Request(path=f"/api/v1/{quote(text[:200])}")
        yield Request(path=f"/{quote(text[:200])}")


def _raw_queries() -> Iterator[Request]:
    for raw in RAW:
        for path in (*PAGES, *OTHERS, "/api/v1/series", "/api/v1/matrix", "/api/v1/products"):
            yield Request(path=path, query=raw)
    nested = "product=foil"
    for _ in range(6):
        nested = f"compare={quote(nested)}"
    yield Request(path="/compare", query=nested[:7_000])
    yield Request(path="/api/v1/series", query="&".join("country=CAN" for _ in range(600)))
    yield Request(path="/api/v1/series", query="&".join(f"p{one}=1" for one in range(800)))
    yield Request(path="/api/v1/series", query="product=" + "a" * 9_000)


def _in_callbacks(app: Any) -> Iterator[Request]:
    known = bodies(app)
    for body in known:
        for text in STRINGS:
            yield request_of(with_value(body, f"?product={text}"))
            yield request_of(with_value(body, text, place=1))
    for wrong in wrong_bodies(known[0], known[-1]):
        yield request_of(wrong)
    for kind in ("text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", ""):
        yield Request(method="POST", path=UPDATE, headers=(("Content-Type", kind),), body=b'{"output": "x.y"}')
