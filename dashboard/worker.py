"""gunicorn's threaded worker with slow clients kept off its threads.

gunicorn's own gives a connection a thread once its first byte is there, and that thread then waits for the rest of the
request and for the reader of the answer, without a limit: a few idle clients take all threads. Here the main loop
collects a request until it is whole and hands over what a reader was too slow to take, so a thread does nothing but
answer. Slow clients are given up after a while, and one address has only so many connections.
"""

from __future__ import annotations

import errno
import re
import selectors
import socket
from collections import Counter
from concurrent.futures import Future
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from dashboard.proxies import read_address
from dashboard.settings import Settings

READ_SECONDS = 10.0
"""A request must be whole that long after its connection was made, or after its first byte on one kept alive."""
STALL_SECONDS = 20.0
"""A reader who takes nothing of the answer for so long is given up."""
LINGER_SECONDS = 2.0
"""How long a closed connection may still send, so that the end of the answer is not lost (RFC 9112, 9.6)."""
MAX_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""
MAX_BODY = 64 * 1024
"""Bytes of a body that is waited for; the application refuses longer ones unread."""
MAX_UNSENT = 64 * 1024 * 1024
"""Bytes that a worker holds for slow readers; beyond, what is not taken at once is dropped with its connection."""
MAX_PER_CLIENT = 200
"""Connections of one address, but for those of trusted proxies."""
PIECE = 256 * 1024
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSAL = "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Unsent:
    """How many bytes a worker holds for slow readers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self.size = 0

    def add(self, size: int) -> bool:
        """Whether there is room for so many more."""
        with self._lock:
            if self.size + size > self._most:
                return False
            self.size += size
            return True

    def less(self, size: int) -> None:
        """So many were sent, or given up."""
        with self._lock:
            self.size -= size


class PatientSocket:
    """A socket whose `sendall` never waits: what the reader does not take at once is kept for the main loop."""

    def __init__(self, sock: socket.socket, unsent: Unsent) -> None:
        self._sock = sock
        self._unsent = unsent
        self._kept = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def fileno(self) -> int:
        """The number of the socket, for the poller."""
        return self._sock.fileno()

    @property
    def has_more(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._kept)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send or keep all; raises BrokenPipeError where too much is kept already."""
        view = memoryview(data).cast("B")
        sent = 0 if self._kept else self._taken(view)
        if sent == len(view):
            return
        if not self._unsent.add(len(view) - sent):
            raise BrokenPipeError(errno.EPIPE, "too much is kept for slow readers")
        self._kept += view[sent:]

    send = sendall

    def _taken(self, view: memoryview) -> int:
        sent = 0
        while sent < len(view):
            try:
                sent += self._sock.send(view[sent : sent + PIECE], socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        return sent

    def send_more(self) -> bool:
        """Send what the reader takes now; whether it took anything."""
        with memoryview(self._kept) as view:
            sent = self._taken(view)
        del self._kept[:sent]
        self._unsent.less(sent)
        return sent > 0

    def drop(self) -> None:
        """Give up what is kept."""
        self._unsent.less(len(self._kept))
        self._kept = bytearray()


class Connection(TConn):  # type: ignore[misc]
    """A connection: what was read of the next request, and since when."""

    def __init__(self, cfg: Any, sock: PatientSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.inbox = bytearray()
        self.deadline = 0.0
        self.continued = False
        self.counted = ""
        self.too_long = False

    def refusal(self) -> str:
        """Why what was read can never become a request, as a status; empty where it can."""
        end = self.inbox.find(HEAD_END)
        if end < 0:
            return "431 Request Header Fields Too Large" if len(self.inbox) > MAX_HEAD else ""
        head = self.inbox[: end + 2]
        return "411 Length Required" if CHUNKED.search(head) else ""

    def is_whole(self) -> bool:
        """Whether a request was read with its body, or one whose body is too long to be read at all."""
        end = self.inbox.find(HEAD_END)
        if end < 0:
            return False
        found = LENGTH.search(self.inbox[: end + 2])
        length = int(found[1]) if found else 0
        self.too_long = length > MAX_BODY
        return self.too_long or len(self.inbox) >= end + len(HEAD_END) + length

    def waits_for_continue(self) -> bool:
        """Whether the client wants to be told that it may send the body."""
        end = self.inbox.find(HEAD_END)
        return end >= 0 and not self.continued and bool(EXPECTS.search(self.inbox[: end + 2]))


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """The worker."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unsent = Unsent(MAX_UNSENT)
        self.reading: dict[Connection, None] = {}
        self.sending: dict[Connection, Future[Any]] = {}
        self.lingering: dict[Connection, None] = {}
        self.of_client: Counter[str] = Counter()
        self.trusted = Settings.from_env().trusted_proxies

    # -- from the first byte to a whole request

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and read from it in the main loop."""
        try:
            raw, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EMFILE, errno.ENFILE):
                raise
            return
        name = self._client(address)
        if name and self.of_client[name] >= MAX_PER_CLIENT:
            raw.close()
            return
        conn = Connection(self.cfg, PatientSocket(raw, self.unsent), address, listener.getsockname())
        self.nr_conns += 1
        if name:
            conn.counted = name
            self.of_client[name] += 1
        self._read_on(conn)

    def _client(self, address: Any) -> str:
        """Whom a connection is counted for; nobody for a trusted proxy and for a socket of this machine's files."""
        found = read_address(str(address[0])) if isinstance(address, tuple) else None
        return "" if found is None or any(found in one for one in self.trusted) else str(found)

    def _read_on(self, conn: Connection) -> None:
        """Collect the next request; part of it may be there already."""
        conn.deadline = monotonic() + READ_SECONDS
        conn.continued = False
        conn.sock.setblocking(False)
        self.reading[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))
        if conn.inbox:
            self._look(conn)

    def _on_readable(self, conn: Connection, _: Any) -> None:
        try:
            data = conn.sock.recv(MAX_HEAD)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._stop_reading(conn)
            self._end(conn)
            return
        conn.inbox += data
        self._look(conn)

    def _look(self, conn: Connection) -> None:
        """Answer what was read, once it is a request."""
        refusal = conn.refusal()
        if refusal:
            self._stop_reading(conn)
            conn.sock.sendall(REFUSAL.format(status=refusal).encode())
            self._linger(conn)
        elif conn.is_whole():
            self._stop_reading(conn)
            conn.init()
            conn.parser.unreader.unread(bytes(conn.inbox))
            conn.inbox.clear()
            conn.data_ready = True
            self.enqueue_req(conn)
        elif conn.waits_for_continue():
            conn.continued = True
            conn.sock.sendall(CONTINUE)

    def _stop_reading(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self.reading.pop(conn, None)

    def on_client_socket_readable(self, conn: Connection, client: Any) -> None:
        """The next request begins on a connection that was kept alive."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._read_on(conn)

    # -- from the answer to the next request

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer; a connection with a body that nobody reads is closed, where gunicorn lets a thread wait for it."""
        if conn.too_long:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """A thread is done: first the reader gets what it has not taken yet."""
        if conn.sock.has_more:
            conn.deadline = monotonic() + STALL_SECONDS
            conn.sock.setblocking(False)
            self.sending[conn] = fs
            self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._on_writable, conn))
            return
        keep = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        if not keep:
            self._linger(conn)
            return
        conn.inbox += conn.parser.unreader.take_buffered()
        if conn.inbox:  # the next request was sent behind this one
            self._read_on(conn)
        else:
            super().finish_request(conn, fs)

    def _on_writable(self, conn: Connection, _: Any) -> None:
        try:
            if conn.sock.send_more():
                conn.deadline = monotonic() + STALL_SECONDS
        except OSError:
            self._stop_sending(conn)
            self._end(conn)
            return
        if not conn.sock.has_more:
            self.finish_request(conn, self._stop_sending(conn))

    def _stop_sending(self, conn: Connection) -> Future[Any]:
        self.poller.unregister(conn.sock)
        return self.sending.pop(conn)

    # -- ends

    def _linger(self, conn: Connection) -> None:
        """Tell the client that no more comes, and let it finish; gunicorn's own way stops the main loop for it."""
        if conn.sock.has_more:
            conn.sock.drop()
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(conn)
            return
        conn.deadline = monotonic() + LINGER_SECONDS
        self.lingering[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_lingering, conn))

    def _on_lingering(self, conn: Connection, _: Any) -> None:
        try:
            if conn.sock.recv(MAX_HEAD):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._stop_lingering(conn)

    def _stop_lingering(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self.lingering.pop(conn, None)
        self._end(conn)

    def _end(self, conn: Connection) -> None:
        conn.sock.drop()
        conn.close()
        self.nr_conns -= 1
        self._uncount(conn)

    def _uncount(self, conn: Connection) -> None:
        if conn.counted:
            self.of_client[conn.counted] -= 1
            if self.of_client[conn.counted] <= 0:
                del self.of_client[conn.counted]
            conn.counted = ""

    def murder_keepalived(self, force: bool = False) -> None:
        """Close what was kept alive long enough; gunicorn does it, the count of the client's connections is ours."""
        before = list(self.keepalived_conns)
        super().murder_keepalived(force=force)
        left = set(self.keepalived_conns)
        for conn in before:
            if conn not in left:
                self._uncount(conn)

    def murder_pending(self) -> None:
        """Give up slow clients; at a stop also connections on which nothing was asked."""
        now = monotonic()
        idle = 0 if self.alive else READ_SECONDS - LINGER_SECONDS
        for conn in [one for one in self.reading if one.deadline - (0 if one.inbox else idle) <= now]:
            self._stop_reading(conn)
            self._end(conn)
        for conn in [one for one in self.sending if one.deadline <= now]:
            self._stop_sending(conn)
            self._end(conn)
        for conn in [one for one in self.lingering if one.deadline <= now]:
            self._stop_lingering(conn)
