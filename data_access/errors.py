"""The error a user reads: what is wrong, where, and what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MAX_SHOWN = 20
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk, quota or limit that is used up."""


class UserError(Exception):
    """A problem that the person at the keyboard can mend; its text is the whole message.

    `exit_code` is what the console command ends with.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def all_at_once(heading: str, problems: Sequence[str], *, exit_code: int = 1) -> UserError:
    """One error that lists every problem found, the first `MAX_SHOWN` of them in full."""
    lines = [f"  {problem}" for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"  … and {len(problems) - MAX_SHOWN:,} more")
    return UserError("\n".join([heading, *lines]), exit_code=exit_code)


def cannot_write(path: Path | str, error: OSError) -> UserError:
    """What to tell of a file or directory that could not be written."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    remedy = "free some space" if error.errno in FULL else "make it writable for this user, or name another place"
    return UserError(f"{path}: expected to write it, found: {reason}; {remedy}, then run the same command again")


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """A trouble of the disk while this is written becomes a UserError that names it."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None
