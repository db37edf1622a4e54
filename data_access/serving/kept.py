"""What is kept of what was worked out: the results used last, each made once however many ask for it at a time."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def _always(_made: object) -> bool:
    return True


def _one(_made: object) -> int:
    return 1


class Kept:
    """The results used last, by key; the one that was not used for longest goes first. Safe to use from threads.

    They have at most the size `most` in all, as `size` tells that of each (1 unless told), and none is kept for longer
    than `seconds`.
    """

    __slots__ = ("_found", "_lock", "_making", "_most", "_seconds", "_size", "_total")

    def __init__(self, most: int, *, size: Callable[[Any], int] = _one, seconds: float = math.inf) -> None:
        self._most = most
        self._size = size
        self._seconds = seconds
        self._total = 0
        self._found: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()
        """Results with their sizes, and until when they are kept."""
        self._making: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    @property
    def size(self) -> int:
        """The size of all results that are kept."""
        return self._total

    def values(self) -> tuple[Any, ...]:
        """All results that are kept."""
        with self._lock:
            return tuple(made for made, _, _ in self._found.values())

    def forget(self, unwanted: Callable[[Any], bool]) -> None:
        """Drop results by their keys."""
        with self._lock:
            for key in [key for key in self._found if unwanted(key)]:
                self._drop(key)

    def get(self, key: Hashable, make: Callable[[], T], *, keep: Callable[[T], bool] = _always) -> T:
        """What is kept under a key, or what `make` gives, which is kept where `keep` says so.

        Whoever asks while it is being made waits for it, others do not. What `make` raises is raised for all who wait,
        and nothing is kept. `make` may ask for other keys.
        """
        mine: Future[T] = Future()
        with self._lock:
            if key in self._found:
                found, _, until = self._found[key]
                if time.monotonic() <= until:
                    self._found.move_to_end(key)
                    return found  # type: ignore[no-any-return]
                self._drop(key)
            making = self._making.setdefault(key, mine)
        return self._made(key, mine, make, keep) if making is mine else making.result()

    def _made(self, key: Hashable, mine: Future[T], make: Callable[[], T], keep: Callable[[T], bool]) -> T:
        try:
            made = make()
            size = self._size(made)
            is_kept = size <= self._most and keep(made)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            if is_kept:
                self._found[key] = made, size, time.monotonic() + self._seconds
                self._total += size
                while self._total > self._most:
                    self._drop(next(iter(self._found)))
        mine.set_result(made)
        return made

    def _drop(self, key: Hashable) -> None:
        self._total -= self._found.pop(key)[1]
