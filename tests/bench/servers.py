"""The two servers of the bench, each with two workers on a free port of the loopback interface, and their memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.loopback import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
WAIT = 120  # seconds for a start


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address and its first process."""

    base: str
    pid: int

    def megabytes(self) -> float:
        """Memory of all its processes, what they share counted once (PSS), in MB."""
        return sum(self.each())

    def each(self) -> list[float]:
        """The same of each process, in MB: the first is gunicorn's master, then its workers."""
        return [_pss(pid) * 1024 / 1e6 for pid in family(self.pid)]


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def ours(releases: Path, log: Path) -> Iterator[Server]:
    """The monitor as it is served, without a limit on requests."""
    port = free_port()
    environment = {"AIM_RELEASES": str(releases), "AIM_PORT": str(port), "AIM_WORKERS": str(WORKERS), "AIM_RATE": "0"}
    words = [sys.executable, "-m", "data_access.cli", "serve"]
    console = Path(sys.executable).with_name("aim-monitor")
    with _running([str(console), "serve"] if console.exists() else words, environment, port, "/readyz", log) as server:
        yield server


@contextmanager
def naive(releases: Path, log: Path) -> Iterator[Server]:
    """The peer, with threads that keep connections alive."""
    port = free_port()
    words = [sys.executable, "-m", "gunicorn", "--workers", str(WORKERS), "--threads", "4", "--no-control-socket"]
    words += ["--bind", f"127.0.0.1:{port}", "tests.bench.naive:server"]
    environment = {"BENCH_RELEASE": str((releases / "current").resolve())}
    with _running(words, environment, port, "/_dash-layout", log) as server:
        yield server


@contextmanager
def _running(words: list[str], environment: dict[str, str], port: int, ready: str, log: Path) -> Iterator[Server]:
    usual = {name: value for name, value in os.environ.items() if not name.startswith("AIM_")}
    with log.open("wb") as sink:
        process = subprocess.Popen(words, cwd=ROOT, env=usual | environment, stdout=sink, stderr=subprocess.STDOUT)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base + ready, process, log)
        yield Server(base, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(WAIT * 5):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=10):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
