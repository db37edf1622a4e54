"""A small store of pictures already made, so that a link shown to many is drawn once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from data_access.serving.kept import Kept
from data_access.serving.statistics import Statistics

T = TypeVar("T")
KEPT = 64
MOST_BYTES = 400_000
"""A larger picture is made anew each time."""


class KeptPictures(Generic[T]):
    """The pictures asked for last, by release and key. Safe to use from several threads."""

    def __init__(self, *, size: Callable[[T], int], most: int = KEPT) -> None:
        self._size = size
        self._kept = Kept(most)

    def get(self, statistics: Statistics, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key for the release of `statistics`, or what `make` gives.

        `statistics` are pinned, and `make` draws from them: a release swapped in meanwhile changes neither.
        """
        # The release as a whole: one whose license series are off is not the same one with them.
        return self._kept.get((statistics.info(), key), make, keep=lambda made: self._size(made) <= MOST_BYTES)
