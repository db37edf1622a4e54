"""A real server, its own configuration, and clients that are slow on purpose: the others are answered all the same."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard.serve import ROOT, command, environment
from dashboard.settings import Settings
from dashboard.worker import READ_SECONDS
from tests.abuse.slow_clients import HEAD, POST, Address, get, slow_clients

EACH = 40
ORDINARY = 40
LONG = "/api/v1/series?by=product&product=aim&series=license&measure=value"


@pytest.fixture(scope="module")
def server(sample: Path) -> Iterator[Address]:
    """gunicorn with two workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = Settings(releases=sample, port=port, workers=2, rate=0)
    address = Address("127.0.0.1", port)
    process = subprocess.Popen(
        command(), cwd=ROOT, env=environment(settings, os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module", autouse=True)
def unfinished(server: Address) -> Iterator[list[socket.socket]]:
    """Half a header and half a body, sent before all else."""
    with server.connect(seconds=READ_SECONDS + 20) as headers, server.connect(seconds=READ_SECONDS + 20) as body:
        headers.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n")
        body.sendall(POST.encode() + b"{")
        yield [headers, body]


def _wait_for(address: Address, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            if get(address, "/healthz") == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def ordinary(address: Address, paths: tuple[str, ...]) -> list[int]:
    """What ordinary clients, four at a time, are answered."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: get(address, paths[number % len(paths)]), range(ORDINARY)))


def test_slow_headers_slow_bodies_and_slow_readers_keep_nobody_from_being_answered(server: Address) -> None:
    with slow_clients(server, each=EACH, long_path=LONG):
        assert ordinary(server, ("/healthz", "/about", "/api/v1/releases")) == [200] * ORDINARY


def test_an_answer_that_is_read_late_is_whole(server: Address) -> None:
    with server.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        sock.sendall(HEAD.format(path="/", connection="close").encode())
        time.sleep(1)
        size = 0
        while part := sock.recv(1 << 14):
            size += len(part)
    assert size > 100_000


def test_requests_one_behind_the_other_on_one_connection_are_all_answered(server: Address) -> None:
    first, last = (HEAD.format(path="/healthz", connection=word).encode() for word in ("keep-alive", "close"))
    with server.connect() as sock:
        sock.sendall(first + first + last)
        answer = b""
        while part := sock.recv(1 << 14):
            answer += part
    assert answer.count(b"HTTP/1.1 200 OK") == 3


def test_a_connection_stays_open_between_requests_sent_in_pieces(server: Address) -> None:
    request = HEAD.format(path="/healthz", connection="keep-alive").encode()
    with server.connect() as sock:
        for _ in range(3):
            for start in range(0, len(request), 20):
                sock.sendall(request[start : start + 20])
                time.sleep(0.01)
            assert sock.recv(1 << 14).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /_dash-update-component HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 70_000, b"431"),
        (POST.replace("2000", "9999999").encode() + b"{", b"413"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"4"),
        (b"\x16\x03\x01junk\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % one for one in range(100)) + b"\r\n", b"4"),
    ],
)
def test_what_is_no_request_is_refused_at_once_and_the_connection_closed(
    server: Address, sent: bytes, status: bytes
) -> None:
    with server.connect() as sock:
        sock.sendall(sent)
        answer = b""
        while part := sock.recv(1 << 14):
            answer += part
    assert answer.split(b" ", 1)[1].startswith(status)
    assert b"Traceback" not in answer
    assert b"connection: close" in answer.lower()
    assert get(server, "/healthz") == 200


def test_a_client_that_asks_before_it_sends_a_body_is_told_to_go_on(server: Address) -> None:
    head = POST.replace("Content-Length: 2000", "Content-Length: 2\r\nExpect: 100-continue")
    with server.connect() as sock:
        sock.sendall(head.encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 100 Continue")
        sock.sendall(b"{}")
        answer = b""
        while b"400 BAD REQUEST" not in answer:
            part = sock.recv(1 << 14)
            assert part
            answer += part


def test_who_never_finishes_a_request_is_let_go(unfinished: list[socket.socket]) -> None:
    for sock in unfinished:
        assert sock.recv(100) == b""
