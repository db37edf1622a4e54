"""Files that are whole or not there, forced to disk, with errors that name the one that could not be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from data_access.errors import UserError, writing


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, forced to disk at the end; raises UserError where that fails."""
    with writing(path), path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes its name when it is whole; before, and where that fails, an earlier one stays."""
    aside = path.with_name(f".{path.name}")
    try:
        with new_file(aside) as file:
            yield file
        with writing(path):
            aside.rename(path)
            sync(path.parent)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


def sync_tree(directory: Path) -> None:
    """Force a directory and its files to disk."""
    for path in directory.iterdir():
        sync(path)
    sync(directory)


def sync(path: Path) -> None:
    """Force a file or directory to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def expect_writable(directories: Iterable[Path]) -> None:
    """Raises UserError for the first directory in which this user can make no file."""
    for directory in directories:
        if not os.access(directory, os.W_OK | os.X_OK):
            raise UserError(
                f"{directory}: expected a directory that this user can write to, found one that is read-only; "
                "make it writable, or name another place"
            )
