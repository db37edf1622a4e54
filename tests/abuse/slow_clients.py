"""Clients that are slow on purpose, and ordinary ones beside them, over plain sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

HEAD = "GET {path} HTTP/1.1\r\nHost: monitor.example\r\nConnection: {connection}\r\n\r\n"
POST = (
    "POST /_dash-update-component HTTP/1.1\r\nHost: monitor.example\r\nContent-Type: application/json\r\n"
    "Content-Length: 2000\r\n\r\n"
)


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    def connect(self, *, seconds: float = 30) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=seconds)


def get(address: Address, path: str, *, seconds: float = 30) -> int:
    """The status of a whole answer to an ordinary client."""
    with address.connect(seconds=seconds) as sock:
        sock.sendall(HEAD.format(path=path, connection="close").encode())
        parts = []
        while part := sock.recv(1 << 16):
            parts.append(part)
    answer = b"".join(parts)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    assert len(body) == length
    return int(head.split(b" ", 2)[1])


class Slow:
    """Connections that send a little now and then, and read nothing, until they are let go."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._sockets: list[tuple[socket.socket, bytes]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._trickle, daemon=True)

    def add(self, count: int, *, at_once: bytes, then: bytes = b"") -> None:
        """So many connections that send `at_once`, and then a byte of `then` at a time."""
        for _ in range(count):
            sock = self._address.connect()
            if at_once:
                sock.sendall(at_once)
            sock.setblocking(False)
            self._sockets.append((sock, then))

    def _trickle(self) -> None:
        place = 0
        while not self._over.wait(0.2):
            for sock, then in self._sockets:
                if place < len(then):
                    try:
                        sock.send(then[place : place + 1])
                    except OSError:
                        continue
            place += 1

    def start(self) -> None:
        self._thread.start()
        time.sleep(0.5)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        with ExitStack() as stack:
            for sock, _ in self._sockets:
                stack.callback(sock.close)


@contextmanager
def slow_clients(address: Address, *, each: int, long_path: str) -> Iterator[Slow]:
    """`each` of every kind: headers a byte at a time, half a body, an answer asked for and not read."""
    slow = Slow(address)
    head = HEAD.format(path="/", connection="keep-alive").encode()
    slow.add(each, at_once=b"", then=head)
    slow.add(each, at_once=POST.encode() + b"{" * 10, then=b"{" * 1990)
    slow.add(each, at_once=HEAD.format(path=long_path, connection="keep-alive").encode())
    slow.start()
    try:
        yield slow
    finally:
        slow.stop()
