"""nginx as `deploy/nginx.conf` sets it up: what it keeps, passes on, and keeps away from the monitor."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from dashboard.settings import Settings
from tests.callbacks import body_for
from tests.loopback import free_port
from tests.operation.proxies import HOST, Nginx, Stub, nginx, stub
from tests.operation.servers import Server, start, wait_until


@pytest.fixture(scope="module")
def behind() -> Iterator[Stub]:
    """A server that counts."""
    with stub() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(behind: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx before it."""
    with nginx(tmp_path_factory.mktemp("nginx"), [behind.port]) as running:
        yield running


def test_what_may_be_kept_is_asked_for_once(proxy: Nginx, behind: Stub) -> None:
    assert [proxy.ask("/fresh?once").cache for _ in range(3)] == ["MISS", "HIT", "HIT"]
    assert len([one for one in behind.of("/fresh") if one.path == "/fresh?once"]) == 1


def test_many_who_ask_at_once_make_one_request(proxy: Nginx, behind: Stub) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: proxy.ask("/slow"), range(12)))
    assert {answer.status for answer in answers} == {200}
    assert len(behind.of("/slow")) == 1


def test_what_ran_out_is_asked_for_by_its_tag(proxy: Nginx, behind: Stub) -> None:
    assert proxy.ask("/short").cache == "MISS"
    time.sleep(2.1)  # nginx counts whole seconds
    answer = proxy.ask("/short")
    assert (answer.status, answer.cache) == (200, "REVALIDATED")
    assert answer.body
    assert behind.of("/short")[-1].headers["if-none-match"] == '"tag"'


def test_a_client_that_has_the_answer_is_told_so_from_the_cache(proxy: Nginx, behind: Stub) -> None:
    proxy.ask("/fresh?tag")
    answer = proxy.ask("/fresh?tag", headers={"If-None-Match": '"tag"'})
    assert (answer.status, answer.cache, answer.body) == (304, "HIT", b"")


def test_what_may_not_be_kept_is_not(proxy: Nginx, behind: Stub) -> None:
    for _ in range(2):
        assert proxy.ask("/page").cache == "MISS"
    assert len(behind.of("/page")) == 2


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0,gzip;q=0.5", "gzip"),
        ("br;q=0.5", "br"),
        ("deflate", ""),
        ("", ""),
        ("abracadabra", ""),
    ],
)
def test_each_form_is_kept_once_whatever_else_a_client_takes(proxy: Nginx, accepted: str, form: str) -> None:
    answer = proxy.ask("/fresh?forms", headers={"Accept-Encoding": accepted})
    assert json.loads(answer.body)["form"] == form


def test_callbacks_pass_with_their_body_and_are_never_kept(proxy: Nginx, behind: Stub) -> None:
    body = b'{"output": "x"}'
    for _ in range(2):
        answer = proxy.ask("/fresh?post", method="POST", body=body)
        assert answer.status == 200
        assert answer.cache in ("", "BYPASS")
    assert [one.body for one in behind.asked if one.method == "POST"] == [body, body]


def test_a_body_larger_than_any_of_ours_is_refused_before_the_monitor_sees_it(proxy: Nginx, behind: Stub) -> None:
    before = len(behind.asked)
    assert proxy.ask("/_dash-update-component", method="POST", body=b"x" * 70_000).status == 413
    assert proxy.ask(f"/?{'x' * 9000}").status == 414
    assert len(behind.asked) == before


def test_a_slow_client_is_waited_for_by_nginx_alone(proxy: Nginx, behind: Stub) -> None:
    before = len(behind.asked)
    slow = []
    for _ in range(20):
        raw = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
        line = proxy.context().wrap_socket(raw, server_hostname=HOST)
        line.sendall(f"POST /callback HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\n".encode() + b"x" * 500)
        slow.append(line)
    assert proxy.ask("/other").status == 200
    assert [one.path for one in behind.asked[before:]] == ["/other"]
    for line in slow:
        line.close()


def test_who_asks_is_what_nginx_sees_whatever_a_client_claims(proxy: Nginx, behind: Stub) -> None:
    claims = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6;host=evil.example",
    }
    proxy.ask("/claims", headers=claims)
    (asked,) = behind.of("/claims")
    told = {name: asked.headers.get(name) for name in map(str.lower, claims)}
    assert told == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": HOST,
        "x-real-ip": None,
        "forwarded": None,
    }
    assert asked.headers["host"] == HOST


def test_plain_http_leads_to_https(proxy: Nginx) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=10)
    connection.request("GET", "/explore?product=foil", headers={"Host": HOST})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (308, f"https://{HOST}/explore?product=foil")
    assert answer.getheader("Server") == "nginx"
    connection.close()


def test_the_log_of_nginx_tells_nothing_of_who_asked(proxy: Nginx) -> None:
    proxy.ask("/logged?curious-query", headers={"User-Agent": "curious-agent", "Referer": "http://curious.example/"})
    line = wait_until(lambda: [one for one in proxy.log().splitlines() if "/logged" in one], "its line")[0]
    assert json.loads(line)["path"] == "/logged"
    assert "curious" not in proxy.log()
    assert '"127.0.0.1' not in line


def test_a_file_that_one_server_does_not_have_yet_comes_from_the_other(tmp_path: Path) -> None:
    with stub(lacks="/static/new.js") as old, stub() as new, nginx(tmp_path, [old.port, new.port]) as proxy:
        assert {proxy.ask(f"/static/new.js?{place}").status for place in range(6)} == {200}
        assert old.of("/static/new.js")


def test_a_page_that_one_server_does_not_have_is_not_asked_of_the_other(tmp_path: Path) -> None:
    with stub(lacks="/gone") as one, stub(lacks="/gone") as other, nginx(tmp_path, [one.port, other.port]) as proxy:
        assert proxy.ask("/gone").status == 404
        assert len(one.of("/gone")) + len(other.of("/gone")) == 1


def test_the_last_answer_is_given_while_no_server_is_there(tmp_path: Path) -> None:
    with ExitStack() as first:
        behind = first.enter_context(stub())
        with nginx(tmp_path, [behind.port]) as proxy:
            body = proxy.ask("/short").body
            time.sleep(2.1)
            first.close()
            answer = proxy.ask("/short")
            assert (answer.status, answer.cache, answer.body) == (200, "STALE", body)
            assert proxy.ask("/page").status == 502


# -- with the monitor -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def monitors(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers of the monitor, as compose.yaml has them."""
    folder = tmp_path_factory.mktemp("monitors")
    common = Settings(
        releases=releases,
        workers=1,
        base_url=f"https://{HOST}",
        trusted_proxies=(ip_network("127.0.0.1"),),
        rate=40,
    )
    servers = [start(folder, replace(common, port=free_port())) for _ in range(2)]
    try:
        for server in servers:
            server.wait()
        yield servers
    finally:
        for server in servers:
            server.end()


@pytest.fixture(scope="module")
def site(monitors: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """The monitor as the public meets it."""
    ports = [server.settings.port for server in monitors]
    with nginx(tmp_path_factory.mktemp("site"), ports) as running:
        yield running


def test_the_public_meets_the_monitor_over_tls_alone(site: Nginx) -> None:
    answer = site.ask("/")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"]
    assert answer.headers["Server"] == "nginx"
    assert "Set-Cookie" not in answer.headers


def test_answers_of_the_api_are_kept_and_pages_are_not(site: Nginx) -> None:
    path = "/api/v1/series?product=foil"
    forms = {"Accept-Encoding": "gzip, br"}
    assert [site.ask(path, headers=forms).cache for _ in range(2)] == ["MISS", "HIT"]
    assert [site.ask("/", headers=forms).cache for _ in range(2)] == ["MISS", "MISS"]
    asset = next(part for part in site.ask("/").body.decode().split('"') if part.startswith("/static/"))
    first, second = (site.ask(asset, headers=forms) for _ in range(2))
    assert (first.cache, second.cache) == ("MISS", "HIT")
    assert "immutable" in second.headers["Cache-Control"]
    assert second.headers["Content-Encoding"] == "br"


def test_a_callback_is_answered_by_the_monitor(site: Nginx) -> None:
    every = json.loads(site.ask("/_dash-dependencies").body)
    own = next(one for one in every if [input_["property"] for input_ in one["inputs"]] == ["search", "data"])
    answer = site.ask(
        "/_dash-update-component",
        method="POST",
        body=json.dumps(body_for(own, "?product=foil")).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 200
    assert json.loads(answer.body)["response"]


def test_nobody_escapes_a_limit_by_claiming_another_address(site: Nginx, monitors: list[Server]) -> None:
    statuses = [
        site.ask(f"/api/v1/series?product=none{place}", headers={"X-Forwarded-For": f"6.6.6.{place}"}).status
        for place in range(100)
    ]
    assert set(statuses) == {400, 429}


SLOW = 40
"""Clients of each kind of slowness, several times the threads of both servers."""


def _line(site: Nginx, trust: ssl.SSLContext, own: str) -> ssl.SSLSocket:
    """A connection from the address `own`, which takes in little at a time."""
    raw = socket.socket()
    try:
        raw.settimeout(5)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.bind((own, 0))
        raw.connect(("127.0.0.1", site.port))
        return trust.wrap_socket(raw, server_hostname=HOST)
    except BaseException:
        raw.close()
        raise


def test_slow_clients_of_each_kind_keep_nobody_from_an_answer(site: Nginx) -> None:
    files = {part for part in site.ask("/").body.decode().split('"') if part.startswith("/static/")}
    large = max(files, key=lambda path: len(site.ask(path).body))
    trust = site.context()
    with ExitStack() as lines:
        # Addresses of their own: nginx allows each 64 connections.
        asking, sending, reading = (
            [lines.enter_context(_line(site, trust, own)) for _ in range(SLOW)]
            for own in ("127.0.0.2", "127.0.0.3", "127.0.0.4")
        )
        for line in asking:
            line.sendall(b"GET / HTTP/1.1\r\nHost: ")
        head = f"POST /_dash-update-component HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        for line in sending:
            line.sendall(f"{head}Content-Length: 20000\r\n\r\n".encode() + b" " * 10_000)
        for place, line in enumerate(reading):  # numbers keep answers out of the cache; one alone fits into sockets
            many = (f"GET {large}?{place}-{turn} HTTP/1.1\r\nHost: {HOST}\r\n\r\n" for turn in range(8))
            line.sendall("".join(many).encode())
        statuses = []
        for place in range(40):
            for line in asking:
                with suppress(OSError):  # nginx gives up on a head after 10 s
                    line.sendall(b"x")
            statuses.append(site.ask(("/healthz", "/about", "/")[place % 3], timeout=5).status)
        assert statuses == [200] * 40
        assert {line.recv(12) for line in reading} == {b"HTTP/1.1 200"}


def test_readers_notice_nothing_of_servers_that_restart_one_after_the_other(
    site: Nginx, monitors: list[Server]
) -> None:
    over = threading.Event()
    statuses: list[int] = []

    def read() -> None:
        while not over.is_set():
            statuses.append(site.ask("/about").status)
            time.sleep(0.1)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        first, second = monitors
        first.end()
        monitors[0] = start(first.log.parent, first.settings)
        monitors[0].wait()
        time.sleep(2.2)  # nginx tries a server that failed again after two seconds
        second.end()
        time.sleep(0.5)
    finally:
        over.set()
        reader.join()
    assert set(statuses) == {200}
    assert len(statuses) > 10
