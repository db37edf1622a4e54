"""What is kept of what was worked out: the results used last, each made once however many ask for it at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def _always(_made: object) -> bool:
    return True


class Kept:
    """The results used last, by key; the one that was not used for longest goes first. Safe to use from threads."""

    __slots__ = ("_found", "_lock", "_making", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    def values(self) -> tuple[Any, ...]:
        """All results that are kept."""
        with self._lock:
            return tuple(self._found.values())

    def get(self, key: Hashable, make: Callable[[], T], *, keep: Callable[[T], bool] = _always) -> T:
        """What is kept under a key, or what `make` gives, which is kept where `keep` says so.

        Whoever asks while it is being made waits for it, others do not. What `make` raises is raised for all who wait,
        and nothing is kept. `make` may ask for other keys.
        """
        mine: Future[T] = Future()
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                found: T = self._found[key]
                return found
            making = self._making.setdefault(key, mine)
        return self._made(key, mine, make, keep) if making is mine else making.result()

    def _made(self, key: Hashable, mine: Future[T], make: Callable[[], T], keep: Callable[[T], bool]) -> T:
        try:
            made = make()
            is_kept = keep(made)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            if is_kept:
                self._found[key] = made
                while len(self._found) > self._most:
                    self._found.popitem(last=False)
        mine.set_result(made)
        return made
