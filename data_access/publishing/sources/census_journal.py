"""The journal of a pull under way: which months it has dealt with, so that one that was cut short goes on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from data_access.errors import writing

JOURNAL: Final = ".unfinished.json"
VALID_FOR: Final = dt.timedelta(hours=24)
"""An older unfinished pull is begun anew: its figures may have been revised since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A month dealt with: rows it had (0: no data), and whether a file was written."""

    rows: int
    written: bool


@dataclass(slots=True, kw_only=True)
class Journal:
    """Months done by the pull of these arguments, kept beside its files until it ends."""

    path: Path
    arguments: Mapping[str, str]
    started: dt.datetime
    done: dict[str, Done] = field(default_factory=dict)

    def note(self, month: str, done: Done) -> None:
        """Add a month; the file on disk is replaced as a whole."""
        self.done[month] = done
        months = {name: [entry.rows, entry.written] for name, entry in self.done.items()}
        text = json.dumps({"arguments": self.arguments, "started": self.started.isoformat(), "months": months})
        unfinished = self.path.with_name(f"{self.path.name}.tmp")
        with writing(self.path):
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self.path)

    def close(self) -> None:
        """The pull has ended: the next one starts anew."""
        self.path.unlink(missing_ok=True)


def open_journal(folder: Path, *, arguments: Mapping[str, str], now: dt.datetime) -> Journal:
    """The journal of an unfinished pull with the same arguments, if it is recent and legible; else a new one."""
    path = folder / JOURNAL
    fresh = Journal(path=path, arguments=dict(arguments), started=now)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        started = dt.datetime.fromisoformat(raw["started"])
        done = {month: Done(rows=int(rows), written=bool(new)) for month, (rows, new) in raw["months"].items()}
        same = raw["arguments"] == fresh.arguments and dt.timedelta(0) <= now - started < VALID_FOR
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return fresh
    return Journal(path=path, arguments=fresh.arguments, started=started, done=done) if same else fresh
