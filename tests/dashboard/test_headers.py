"""All headers of every kind of answer, with their values: a new one must be written down here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.factory import create_app
from dashboard.limits import PAGES, Turns
from dashboard.settings import Settings
from dashboard.views import overview
from data_access.serving.statistics import Statistics
from tests.callbacks import body_of

RATE = 1_000
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""The hash is that of an empty style element."""
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
EMBED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), "
    "display-capture=(), encrypted-media=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), "
    "serial=(), usb=(), xr-spatial-tracking=(), clipboard-write=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": DATA_POLICY,
    "Content-Length": "<number>",
}
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
PAGE = COMMON | HTML | {"Content-Security-Policy": PAGE_POLICY}
OPEN = COMMON | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=60",
    "ETag": "<tag>",
}
API = OPEN | {"RateLimit-Policy": f'"client";q={RATE};w=60'}
JSON = {"Content-Type": "application/json", "Vary": "Accept-Encoding"}
FAULT = {name: value for name, value in (API | JSON | {"Cache-Control": "no-cache"}).items() if name != "ETag"}
EMBED = COMMON | HTML | {"Content-Security-Policy": EMBED_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}
UPDATE = COMMON | JSON | {"Cache-Control": "no-store"}
HEALTH = COMMON | {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}

Kind = tuple[str, int, Mapping[str, str]]
KINDS: dict[str, Kind] = {
    "page": ("/explore", 200, PAGE | {"ETag": "<tag>"}),
    "plain page": ("/about", 200, PAGE),
    "API": ("/api/v1/releases", 200, API | JSON),
    "OpenAPI": ("/api/v1/openapi.json", 200, API | JSON),
    "file": (
        "/api/v1/products?format=csv",
        200,
        API | {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": "<file>", "Vary": "Accept-Encoding"},
    ),
    "table": (
        "/api/v1/tables/public.parquet",
        200,
        API | {"Content-Type": "application/vnd.apache.parquet", "Content-Disposition": "<file>"},
    ),
    "picture as SVG": (
        "/api/v1/picture.svg?product=foil",
        200,
        API | {"Content-Type": "image/svg+xml; charset=utf-8", "Vary": "Accept-Encoding"},
    ),
    "picture as PNG": ("/api/v1/picture.png?product=foil&width=330&scale=1", 200, API | {"Content-Type": "image/png"}),
    "feed": (
        "/feeds/releases.atom",
        200,
        OPEN | {"Content-Type": "application/atom+xml; charset=utf-8", "Vary": "Accept-Encoding"},
    ),
    "catalog": ("/data.json", 200, OPEN | JSON),
    "page for frames": (
        "/embed?product=foil",
        200,
        {name: value for name, value in (EMBED | {"ETag": "<tag>"}).items() if name != "X-Frame-Options"},
    ),
    "redirect": ("/explore/?product=foil", 308, PAGE | {"Location": "/explore?product=foil"}),
    "alive": ("/healthz", 200, HEALTH | {"Content-Type": "text/plain; charset=utf-8"}),
    "ready": ("/readyz", 200, HEALTH | {"Content-Type": "application/json"}),
    "unknown page": ("/nope", 404, PAGE),
    "unknown path of the API": ("/api/nope", 404, FAULT),
    "bad query of the API": ("/api/v1/series?measure=weight", 400, FAULT),
}


@pytest.fixture(scope="module")
def server(sample: Path) -> Flask:
    """The application as it runs behind a proxy with TLS, under an address of its own."""
    settings = Settings(
        releases=sample,
        rate=RATE,
        base_url="https://aim.example.gov",
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )
    app: Flask = create_app(settings).server
    return app


@pytest.fixture
def asked(server: Flask) -> FlaskClient:
    client: FlaskClient = server.test_client()
    return client


def told(answer: TestResponse) -> dict[str, str]:
    """The headers of an answer, with words in place of what differs each time; none comes twice."""
    names = [name for name, _ in answer.headers]
    assert len(names) == len({name.lower() for name in names})
    found = {name: value for name, value in answer.headers if name != "Date"}  # the server writes its own
    variable = {"Content-Length": "<number>", "ETag": "<tag>", "Content-Disposition": "<file>"}
    return found | {name: word for name, word in variable.items() if name in found}


@pytest.mark.parametrize("kind", KINDS)
def test_the_headers_of(asked: FlaskClient, kind: str) -> None:
    path, status, expected = KINDS[kind]
    with asked.get(path) as answer:
        assert answer.status_code == status
        assert told(answer) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_behind_tls_each_answer_also_asks_for_it_for_a_year(asked: FlaskClient, kind: str) -> None:
    path, _, expected = KINDS[kind]
    proxied = {"REMOTE_ADDR": "10.0.0.5"}
    with asked.get(path, headers={"X-Forwarded-Proto": "https"}, environ_base=proxied) as answer:
        assert told(answer) == {**expected, "Strict-Transport-Security": "max-age=31536000"}


def test_nobody_but_a_trusted_proxy_can_make_an_answer_ask_for_tls(asked: FlaskClient) -> None:
    answer = asked.get("/about", headers={"X-Forwarded-Proto": "https", "Forwarded": "proto=https"})
    assert "Strict-Transport-Security" not in answer.headers


def test_the_headers_of_a_callback(asked: FlaskClient) -> None:
    answer = asked.post("/_dash-update-component", json=body_of(overview.VIEW, "?product=foil"))
    assert answer.status_code == 200
    assert told(answer) == UPDATE


def test_the_headers_of_a_callback_that_no_page_sends(asked: FlaskClient) -> None:
    for body, status in ((b"{}", 400), (b"x" * 70_000, 413)):
        answer = asked.post("/_dash-update-component", data=body, content_type="application/json")
        assert answer.status_code == status
        assert told(answer) == UPDATE


def test_the_headers_of_a_file_that_never_changes(asked: FlaskClient) -> None:
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', asked.get("/").text))
    assert addresses
    for address in addresses:
        with asked.get(address) as answer:
            found = told(answer)
        assert found.pop("Content-Type").partition(";")[0] in (
            "text/css",
            "text/javascript",
            "font/woff2",
            "image/svg+xml",
        )
        expected = COMMON | {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        assert found == expected | {"ETag": "<tag>"}


def test_an_answer_that_the_reader_has_is_not_sent_again(asked: FlaskClient) -> None:
    tag = asked.get("/api/v1/releases").headers["ETag"]
    answer = asked.get("/api/v1/releases", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    gone = ("Content-Type", "Content-Length")
    assert told(answer) == {name: value for name, value in (API | JSON).items() if name not in gone}


def test_a_method_that_is_not_there(asked: FlaskClient) -> None:
    answer = asked.post("/api/v1/releases")
    assert answer.status_code == 405
    expected = FAULT | {"Cache-Control": "no-store"}
    assert {name: value for name, value in told(answer).items() if name != "Allow"} == expected
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_host_that_cannot_stand_in_a_link(asked: FlaskClient) -> None:
    answer = asked.get("/about", headers={"Host": "a/b"})
    assert answer.status_code == 400
    assert told(answer) == PAGE


@pytest.fixture(params=["429", "500", "503"])
def refused(sample: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestResponse]:
    """What the API answers to who asks too much, after a fault, and while too much is asked at once."""
    client: FlaskClient = create_app(Settings(releases=sample, rate=1)).server.test_client()
    causes: dict[str, Callable[[], object]] = {
        "429": lambda: client.get("/api/v1/meta"),
        "500": lambda: monkeypatch.setattr(Statistics, "meta", lambda _: 1 / 0),
        "503": lambda: monkeypatch.setattr(Turns, "take", lambda *_: False),
    }
    causes[request.param]()
    answer = client.get("/api/v1/meta")
    assert answer.status_code == int(request.param)
    yield answer


def test_the_headers_of_refusals_and_faults(refused: TestResponse) -> None:
    found = told(refused)
    retry = found.pop("Retry-After", "")
    assert retry.isdigit() == (refused.status_code != 500)
    assert found == FAULT | {"RateLimit-Policy": '"client";q=1;w=60'}


def test_a_page_refused_has_the_headers_of_a_page(sample: Path) -> None:
    client = create_app(Settings(releases=sample, rate=1)).server.test_client()
    answers = [client.get("/nope") for _ in range(PAGES + 1)]
    assert answers[-1].status_code == 429
    assert told(answers[-1]) == PAGE | {"Retry-After": answers[-1].headers["Retry-After"]}


def test_without_an_address_of_its_own_no_shared_cache_keeps_what_holds_the_one_that_was_asked(sample: Path) -> None:
    client = create_app(Settings(releases=sample)).server.test_client()
    for path in ("/api/v1/openapi.json", "/api/v1/series", "/feeds/releases.atom", "/data.json"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert answer.headers["Cache-Control"] == "private, max-age=60"
    for path in ("/", "/about", "/embed"):
        assert client.get(path, headers={"Host": "evil.example"}).headers["Cache-Control"] == "no-cache"


def test_with_an_address_of_its_own_the_host_that_was_asked_is_nowhere(asked: FlaskClient) -> None:
    for path in (
        "/",
        "/about",
        "/api",
        "/api/v1/openapi.json",
        "/api/v1/series",
        "/feeds/surges.json",
        "/data.json",
        "/embed",
    ):
        answer = asked.get(path, headers={"Host": "evil.example:8080"})
        assert answer.status_code == 200
        assert "evil.example" not in answer.text


def test_no_cookie_is_ever_set(asked: FlaskClient) -> None:
    for path, _, _ in KINDS.values():
        with asked.get(path, headers={"Cookie": "session=x"}) as answer:
            assert "Set-Cookie" not in answer.headers
