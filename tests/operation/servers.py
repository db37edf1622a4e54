"""Real servers on loopback, what they log, and clients that keep asking them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dashboard.serve import ROOT, command, environment
from dashboard.settings import Settings

PAUSE = 0.02
"""Seconds between two questions of a client: the machine has other things to do than to ask."""
PATHS = ("/api/v1/series?product=foil", "/api/v1/products", "/healthz", "/api/v1/ranking?by=country")


def wait_until(is_so: Callable[[], Any], what: str, *, seconds: float = 40.0) -> Any:
    """Wait for something; gives what it is then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {seconds:.0f} s in vain: {what}")


def is_running(process: int) -> bool:
    """Whether a process is there and has not ended; one of another parent's too."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@dataclass
class Server:
    """A running gunicorn with the project's configuration."""

    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str, *, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body of an answer."""
        return get(self.settings.port, path, headers=headers)

    def lines(self) -> list[dict[str, Any]]:
        """What it logged so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def processes(self, message: str) -> list[int]:
        """Ids of processes that logged a message which begins so, in order."""
        return [line["process"] for line in self.lines() if line["message"].startswith(message)]

    def workers(self) -> list[int]:
        """Ids of the workers that run."""
        return [one for one in self.processes("Booting worker") if is_running(one)]

    def masters(self) -> list[int]:
        """Ids of the masters that run, the oldest first."""
        return [one for one in self.processes("Starting gunicorn") if is_running(one)]

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers, "a server that answers")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"the server did not start:\n{self.log.read_text()}")
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def end(self) -> None:
        """End whatever runs of it."""
        for master in self.masters():
            os.kill(master, signal.SIGTERM)
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        wait_until(lambda: not self.masters() and not self.workers(), "an end of all processes")


def start(
    folder: Path, settings: Settings, *, prefix: Sequence[str] = (), pass_fds: Sequence[int] = (), **more: str
) -> Server:
    """Start a server; its log is a file in `folder`. `prefix` are words before the command, `more` variables."""
    log = folder / f"server-{time.monotonic_ns()}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*prefix, *command()],
            cwd=ROOT,
            env={**environment(settings, os.environ), **more},
            stdout=sink,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
        )
    return Server(settings, process, log)


@contextmanager
def running(folder: Path, settings: Settings, **more: Any) -> Iterator[Server]:
    """A server that answers, ended afterwards."""
    server = start(folder, settings, **more)
    try:
        server.wait()
        yield server
    finally:
        server.end()


def get(port: int, path: str, *, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of one request, without a connection kept alive."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@dataclass
class Visits:
    """What clients met: statuses of answers, and failures with the time (monotonic) at which they were asked."""

    answered: list[int] = field(default_factory=list)
    failed: list[tuple[float, str]] = field(default_factory=list)


@contextmanager
def visited(port: int, *, clients: int = 4, paths: Sequence[str] = PATHS) -> Iterator[Visits]:
    """Clients that ask one thing after another, half of them over connections that are kept alive; none tries again."""
    visits = Visits()
    over = threading.Event()
    threads = [
        threading.Thread(target=_visit, args=(port, paths, place, over, visits), daemon=True)
        for place in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(visits.answered) > clients, "first answers")
        yield visits
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def _visit(port: int, paths: Sequence[str], place: int, over: threading.Event, visits: Visits) -> None:
    kept: http.client.HTTPConnection | None = None
    own = f"127.0.0.{2 + place}", 0  # one address has few requests under way at once
    turn = place
    while not over.is_set():
        turn += 1
        asked = time.monotonic()
        connection = kept or http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=own)
        try:
            connection.request("GET", paths[turn % len(paths)])
            answer = connection.getresponse()
            answer.read()
            visits.answered.append(answer.status)
        except (OSError, http.client.HTTPException) as error:
            visits.failed.append((asked, repr(error)))
            connection.close()
            kept = None
            time.sleep(0.02)
            continue
        # http.client connects anew by itself after "Connection: close"
        kept = connection if place % 2 else None
        if kept is None:
            connection.close()
        time.sleep(PAUSE)
    if kept:
        kept.close()
