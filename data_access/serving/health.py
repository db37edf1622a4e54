"""What an operator wants to know of the release in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The release in use in this process, None where there is none, and how looking for newer ones went.

    `problem` says why there is none, or why a newer one is not in use; `reload_failures` counts looks that failed;
    `withheld` counts withheld cells per license table.
    """

    release: str | None
    published: str | None
    problem: str | None
    reload_failures: int
    withheld: Mapping[str, int] = field(default_factory=dict)
