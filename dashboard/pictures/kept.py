"""A small store of pictures already made, so that a link shown to many is drawn once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from data_access.serving.statistics import Statistics

T = TypeVar("T")
KEPT = 64
MOST_BYTES = 400_000
"""A larger picture is made anew each time."""


class Kept(Generic[T]):
    """The last few results by release and key; the oldest goes first. Safe to use from several threads."""

    def __init__(self, statistics: Statistics, *, size: Callable[[T], int], most: int = KEPT) -> None:
        self._statistics = statistics
        self._size = size
        self._most = most
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key for the release in use, or what `make` gives."""
        release = self._release()
        whole = (release, key)
        with self._lock:
            if whole in self._found:
                self._found.move_to_end(whole)
                return self._found[whole]
        made = make()
        # A release swapped in meanwhile may have given these figures: they are not kept under the name of the old one.
        if release == self._release() and self._size(made) <= MOST_BYTES:
            with self._lock:
                self._found[whole] = made
                while len(self._found) > self._most:
                    self._found.popitem(last=False)
        return made

    def _release(self) -> Hashable:
        """Also tells a release whose license series are off from the same one with them."""
        info = self._statistics.info()
        return info.id, info.license_off, info.license_as_of
