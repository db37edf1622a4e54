"""Terms of the site and what each means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_access.reference.tables import Row, read_rows


@dataclass(frozen=True, slots=True)
class Term:
    """A term, its definition in a sentence or two, and where that comes from ('this site': a word of our own).

    `phrases` are the words under which it stands in texts.
    """

    id: str
    term: str
    definition: str
    phrases: tuple[str, ...]
    source: str


def parse_term(row: Row) -> Term:
    """A term from a row of `glossary.csv`."""
    return Term(
        id=row["id"],
        term=row["term"],
        definition=row["definition"],
        phrases=tuple(phrase.strip() for phrase in row["phrases"].split(";") if phrase.strip()),
        source=row["source"],
    )


def load_glossary(directory: Path | None = None) -> tuple[Term, ...]:
    """The terms alone, in the order of their table; raises UserError where it cannot be read."""
    return tuple(parse_term(row) for row in read_rows(directory, "glossary"))
