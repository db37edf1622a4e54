"""The error a user reads: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

MAX_SHOWN = 20


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
