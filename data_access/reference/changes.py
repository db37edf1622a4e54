"""Changes of ten-digit codes: what became of a code, and the family within which figures stay comparable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from data_access.reference.tables import Row


class Kind(StrEnum):
    """How codes pass into others: one to one, one to many, many to one, many to many."""

    RENAME = "rename"
    SPLIT = "split"
    MERGE = "merge"
    RECUT = "re-cut"


@dataclass(frozen=True, slots=True)
class CodeChange:
    """One link of a change: `old` passed into `new` in the month `date`.

    `date` is None where it is not known. `old` is None for a code that a re-cut made with no single predecessor, `new`
    None for one that it took away. Links of one change share `family`.
    """

    kind: Kind
    old: str | None
    new: str | None
    date: str | None
    family: str
    source: str

    @property
    def codes(self) -> frozenset[str]:
        """The codes this link names."""
        return frozenset(code for code in (self.old, self.new) if code)


def parse_change(row: Row) -> CodeChange:
    """A code change from a row of `code_changes.csv`; raises ValueError for an unknown kind."""
    return CodeChange(
        kind=Kind(row["kind"]),
        old=row["old"] or None,
        new=row["new"] or None,
        date=row["date"] or None,
        family=row["family"],
        source=row["source"],
    )


class CodeChanges:
    """The concordance of ten-digit codes."""

    __slots__ = ("_by_code", "_links", "_members")

    def __init__(self, links: Iterable[CodeChange]) -> None:
        self._links = tuple(links)
        members: dict[str, set[str]] = {}
        self._by_code: dict[str, tuple[CodeChange, ...]] = {}
        for link in self._links:
            members.setdefault(link.family, set()).update(link.codes)
            for code in link.codes:
                self._by_code[code] = (*self._by_code.get(code, ()), link)
        self._members = {family: frozenset(codes) for family, codes in members.items()}

    def __iter__(self) -> Iterator[CodeChange]:
        return iter(self._links)

    def of(self, code: str) -> tuple[CodeChange, ...]:
        """The links that name a code, as old or as new one."""
        return self._by_code.get(code, ())

    def members(self, family: str) -> frozenset[str]:
        """All codes of a family, old and new; raises KeyError for a family that is not there."""
        return self._members[family]

    def family(self, code: str, families: Iterable[str]) -> frozenset[str]:
        """The code with all codes linked to it, directly or over others, by the changes of `families`."""
        waiting = [self._members[family] for family in families]
        found = {code}
        while joined := [members for members in waiting if members & found]:
            found.update(*joined)
            waiting = [members for members in waiting if members not in joined]
        return frozenset(found)

    def predecessors(self, code: str) -> tuple[str, ...]:
        """Codes whose trade passed, in whole or in part, into this one."""
        return tuple(sorted({link.old for link in self.of(code) if link.new == code and link.old and link.old != code}))

    def successors(self, code: str) -> tuple[str, ...]:
        """Codes into which this one's trade passed, in whole or in part."""
        return tuple(sorted({link.new for link in self.of(code) if link.old == code and link.new and link.new != code}))
