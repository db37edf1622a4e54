"""Earlier releases of a directory, the ones used last kept open."""

from __future__ import annotations

import logging
import time

from data_access.serving.holder import RETRY_EVERY, Holder
from data_access.serving.kept import Kept
from data_access.serving.release import Snapshot, one_line

MAX_OPEN = 4
"""Earlier releases that are kept open: the one before, and those that the view License and public compares with. Each
takes about 10 MB in each worker, next to none where its public table is that of another one."""
_log = logging.getLogger(__name__)


class Earlier:
    """Opens releases of a holder's directory; safe to use from threads."""

    __slots__ = ("_failed", "_holder", "_open")

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._open = Kept(MAX_OPEN)
        self._failed: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Snapshot | None:
        """A release by name; None for one that cannot be opened, which is tried again after a while."""
        if time.monotonic() - self._failed.get(name, -RETRY_EVERY) < RETRY_EVERY:
            return None
        try:
            found = self._open.get(name, lambda: self._holder.open(name, like=self._open.values()))
        except Exception as error:  # whatever is wrong with it, the release in use goes on
            _log.warning("release %s cannot be opened: %s", name, one_line(error))
            self._failed[name] = time.monotonic()
            return None
        self._failed.pop(name, None)
        return found
