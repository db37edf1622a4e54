"""Events worth marking on a chart."""

from __future__ import annotations

from dataclasses import dataclass

from data_access.reference.tables import Row


@dataclass(frozen=True, slots=True)
class Event:
    """A dated event: `date` YYYY-MM-DD, a label of a few words for a chart, and a sentence of text."""

    id: str
    date: str
    label: str
    text: str
    source: str

    @property
    def month(self) -> str:
        """The month (YYYY-MM) it falls in."""
        return self.date[:7]


def parse_event(row: Row) -> Event:
    """An event from a row of `events.csv`."""
    return Event(id=row["id"], date=row["date"], label=row["label"], text=row["text"], source=row["source"])
