"""How much one client may ask, and how many costly answers are made at once; each worker counts for itself.

A client is an IPv4 address or the /64 of an IPv6 one (`proxies` has put the true address in place). Programs' paths
have `AIM_RATE` requests a minute, costly formats count tenfold; pages and callbacks have a budget of their own that
nobody at a keyboard meets. Files that never change and health checks are free.
"""

from __future__ import annotations

import math
from collections import Counter
from ipaddress import IPv6Address
from threading import BoundedSemaphore, Lock
from time import monotonic

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit
from limits.storage import Storage
from werkzeug.exceptions import ServiceUnavailable

from dashboard.proxies import read_address

WINDOW = 60
"""Seconds of a budget."""
PROGRAMS = ("/api/", "/feeds/", "/data.json", "/embed")
"""Paths that programs ask: the API with its files and pictures, feeds, the catalog, charts in frames."""
FREE = ("/static/", "/healthz", "/readyz", "/favicon.ico")
COSTLY_FORMATS = frozenset({"xlsx", "parquet"})
COSTLY_PATHS = ("/api/v1/picture.png", "/api/v1/tables/")
COST = 10
"""Requests that one of a costly format counts for."""
PAGES = 5
"""How many times the programs' budget pages and callbacks have: 20 a second at the usual rate, for all readers that
share an address."""
MOST_CLIENTS = 20_000
"""Clients that a worker remembers, about 5 MB; beyond, the oldest are forgotten."""
LIGHT = frozenset({"/embed", "/api/v1/picture.svg"})
"""Paths that need no turn: charts in the frames of one page come all at once, and each is quickly drawn or kept."""
AT_ONCE = 1
"""Answers of the programs' paths that a worker makes at once: they keep a core busy, and pages need the rest."""
WAITING = 3
"""Requests that may wait for their turn; more are turned away at once, so that threads stay free for pages."""
EACH = 3
"""Of these, requests that one client may have under way, waiting or answered: the others' turn comes."""
PATIENCE = 8.0
"""Seconds that a request waits for its turn."""
RETRY = 5
"""Seconds after which a request that was turned away may come again."""


class Counts(Storage):
    """Counters in memory, of a bounded number of clients; the clock may jump without harm."""

    STORAGE_SCHEME = ["aim-counts"]  # noqa: RUF012 - the base class wants a list

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions)
        self._lock = Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Errors of the storage: none."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `amount` for `key`, whose window ends `expiry` seconds after its first request."""
        now = monotonic()
        with self._lock:
            ends, count = self._counts.get(key, (0.0, 0))
            if ends <= now:
                self._counts.pop(key, None)
                self._forget(now)
                ends, count = now + expiry, 0
            self._counts[key] = ends, count + amount
            return count + amount

    def _forget(self, now: float) -> None:
        """All windows are of one length, so the first to come is the first to end."""
        while self._counts:
            oldest = next(iter(self._counts))
            if self._counts[oldest][0] > now and len(self._counts) < MOST_CLIENTS:
                return
            del self._counts[oldest]

    def get(self, key: str) -> int:
        """What was counted for `key` in its window."""
        ends, count = self._counts.get(key, (0.0, 0))
        return count if ends > monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """Seconds until the window of `key` ends, at least one; the base class means a time of day, which may jump."""
        return max(1.0, math.ceil(self._counts.get(key, (0.0, 0))[0] - monotonic()))

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything; gives how many clients there were."""
        with self._lock:
            known = len(self._counts)
            self._counts.clear()
            return known

    def clear(self, key: str) -> None:
        """Forget one client."""
        with self._lock:
            self._counts.pop(key, None)

    def __len__(self) -> int:
        return len(self._counts)


def client() -> str:
    """The client that a request counts for; never written anywhere."""
    found = read_address(request.remote_addr or "")
    if isinstance(found, IPv6Address):
        return f"{int(found) >> 64:x}"
    return str(found or "-")


def is_program() -> bool:
    """Whether a request is one of the programs' paths."""
    return request.path.startswith(PROGRAMS)


def is_free() -> bool:
    """Whether a request counts for nothing."""
    return request.path.startswith(FREE)


def cost(rate: int) -> int:
    """How many requests this one counts for; never more than there are."""
    costly = request.path.startswith(COSTLY_PATHS) or not COSTLY_FORMATS.isdisjoint(request.args.getlist("format"))
    return min(COST, rate) if costly else 1


def policy(rate: int) -> str:
    """The budget of the programs' paths as a header tells it (draft-ietf-httpapi-ratelimit-headers): the same for all,
    so a cache may keep it; what is left is told to no one, since a cache would tell it to others."""
    return f'"client";q={rate};w={WINDOW}'


def add_limits(server: Flask, rate: int) -> None:
    """Limit each client to `rate` requests a minute of the programs' paths, and costly answers to a few at once."""
    if rate:
        _add_budgets(server, rate)
    _add_turns(server)


def _add_budgets(server: Flask, rate: int) -> None:
    programs = ApplicationLimit(
        f"{rate} per minute", scope="programs", exempt_when=lambda: not is_program(), cost=lambda: cost(rate)
    )
    pages = ApplicationLimit(f"{rate * PAGES} per minute", scope="pages", exempt_when=is_program)

    def breached(broken: RequestLimit) -> None:
        g.retry_after = int(broken.window.reset_time)

    limiter = Limiter(
        client,
        app=server,
        application_limits=[programs, pages],
        storage_uri="aim-counts://",
        strategy="fixed-window",
        request_identifier=lambda: "all",  # also what no route has
        on_breach=breached,
    )
    limiter.request_filter(is_free)
    told = policy(rate)

    @server.after_request
    def tell(response: Response) -> Response:
        if request.path.startswith("/api/"):
            response.headers["RateLimit-Policy"] = told
        return response


class Turns:
    """Who may make a costly answer now: a few at once, a few more wait, the others are turned away."""

    def __init__(self, *, at_once: int, waiting: int, patience: float, each: int) -> None:
        self._free = BoundedSemaphore(at_once)
        self._room = BoundedSemaphore(at_once + waiting)
        self._patience = patience
        self._each = each
        self._lock = Lock()
        self._of: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Whether it is the turn of a request of `who`, perhaps after a wait; `give` must follow then."""
        if not self._enter(who):
            return False
        if self._free.acquire(timeout=self._patience):
            return True
        self._leave(who)
        return False

    def give(self, who: str) -> None:
        """The answer is made."""
        self._free.release()
        self._leave(who)

    def _enter(self, who: str) -> bool:
        with self._lock:
            if self._of[who] >= self._each or not self._room.acquire(blocking=False):
                return False
            self._of[who] += 1
            return True

    def _leave(self, who: str) -> None:
        with self._lock:
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]
            self._room.release()


def _add_turns(server: Flask) -> None:
    turns = Turns(at_once=AT_ONCE, waiting=WAITING, patience=PATIENCE, each=EACH)

    @server.before_request
    def take() -> None:
        if not is_program() or request.path in LIGHT:
            return
        who = client()
        if not turns.take(who):
            g.retry_after = RETRY
            raise ServiceUnavailable
        g.turn = who

    @server.teardown_request
    def give(_: BaseException | None) -> None:
        who = g.pop("turn", None)
        if who is not None:
            turns.give(who)
