"""Users who send callbacks one after the other over connections that stay open: a process of its own.

`python -m tests.bench.load` reads a `Plan` (pickled) from standard input and writes a `Result` (JSON). No user waits
between an answer and the next request.
"""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import brotli
import numpy as np

SEARCH = re.compile(r'data-search="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send: the bodies by Zipf's law (the first the most often), or each once where `once`."""

    base: str
    path: str
    bodies: list[bytes]
    once: bool
    users: int
    warm: float
    """Seconds before the clock starts."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Callbacks a second, milliseconds, and how many answers were not status 200 with the right output."""

    rate: float
    p50: float
    p95: float
    errors: int
    answers: int
    kilobytes: float
    """Of one answer as it was sent, median."""
    busy: float
    """Percent of a core that the users took."""


def run(plan: Plan) -> Result:
    """Carry a plan out in another process."""
    words = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(words, input=pickle.dumps(plan), stdout=subprocess.PIPE, check=True)
    return Result(**json.loads(done.stdout))


@dataclass(slots=True)
class _Tally:
    """What came back; the first answer to each body is kept, later ones must be the same."""

    started: float = 0.0
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    first: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    errors: int = 0

    def note(self, number: int, head: bytes, body: bytes, sent: float, now: float) -> None:
        if not head.startswith(b"HTTP/1.1 200 ") or self.first.setdefault(number, (head, body))[1] != body:
            self.errors += 1
        if now >= self.started:
            self.times.append(now - sent)
            self.sizes.append(len(body))


class _User(asyncio.Protocol):
    """One user on one connection."""

    def __init__(self, plan: Plan, order: Iterator[int], tally: _Tally, end: float) -> None:
        self.plan, self.order, self.tally, self.end = plan, order, tally, end
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.need = -1
        host = urlsplit(plan.base).netloc
        self.head = (
            f"POST {plan.path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nContent-Length: "
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._send()

    def _send(self) -> None:
        number = next(self.order, None)
        self.sent = time.perf_counter()
        if number is None or self.sent >= self.end:
            self.transport.close()
            return
        self.number = number
        body = self.plan.bodies[number]
        self.buffer, self.need = b"", -1
        self.transport.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.need < 0:
            at = self.buffer.find(b"\r\n\r\n")
            if at < 0:
                return
            self.answer, length = self.buffer[:at], re.search(rb"(?i)content-length: *(\d+)", self.buffer[:at])
            if length is None:
                raise ValueError(f"an answer without its length: {self.answer!r}")
            self.start, self.need = at + 4, at + 4 + int(length[1])
        if len(self.buffer) >= self.need:
            body = self.buffer[self.start : self.need]
            self.tally.note(self.number, self.answer, body, self.sent, time.perf_counter())
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or (self.need >= 0 and len(self.buffer) < self.need):
            self.tally.errors += 1
        if not self.done.done():
            self.done.set_result(None)


async def _carry_out(plan: Plan) -> Result:
    host, port = urlsplit(plan.base).netloc.split(":")
    order = iter(range(len(plan.bodies))) if plan.once else _zipf(len(plan.bodies))
    begin, worked = time.perf_counter(), time.process_time()
    tally = _Tally(started=begin + plan.warm)
    end = tally.started + plan.seconds
    loop = asyncio.get_running_loop()
    users = [
        (await loop.create_connection(lambda: _User(plan, order, tally, end), host, int(port)))[1]
        for _ in range(plan.users)
    ]
    await asyncio.gather(*(user.done for user in users))
    now = time.perf_counter()
    took, busy = now - tally.started, (time.process_time() - worked) / (now - begin)
    if not tally.times:
        raise RuntimeError(f"{plan.users} users: no answer in {took:.0f} s")
    wrong = sum(not right(plan.bodies[number], *found) for number, found in tally.first.items())
    times = np.array(tally.times) * 1e3
    return Result(
        rate=len(times) / took,
        p50=float(np.median(times)),
        p95=float(np.quantile(times, 0.95)),
        errors=tally.errors + wrong,
        answers=len(times),
        kilobytes=float(np.median(tally.sizes)) / 1000,
        busy=100 * busy,
    )


def _zipf(count: int) -> Iterator[int]:
    draw = np.random.default_rng()
    weights = 1 / np.arange(1, count + 1)
    while True:
        yield from map(int, draw.choice(count, 10_000, p=weights / weights.sum()))


def right(sent: bytes, head: bytes, body: bytes) -> bool:
    """Whether an answer holds every output that was asked for, and, where it tells, of the selection asked for."""
    if re.search(rb"(?i)content-encoding: *br", head):
        body = brotli.decompress(body)
    elif re.search(rb"(?i)content-encoding: *gzip", head):
        body = gzip.decompress(body)
    asked, found = json.loads(sent), json.loads(body)["response"]
    if not all(one["property"] in found.get(one["id"], {}) for one in asked["outputs"]):
        return False
    searches = [one.get("value", "") for one in asked["inputs"] if one["property"] == "search"]
    told = SEARCH.search("".join(str(part.get("html", "")) for part in found.values()))
    return not searches or (told is not None and html.unescape(told[1]) == searches[0])


def main() -> None:
    plan = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    sys.stdout.write(json.dumps(asdict(asyncio.run(_carry_out(plan)))))


if __name__ == "__main__":
    main()
