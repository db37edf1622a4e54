"""One product of the tree: a node, or a code of the tariff schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from data_access.errors import UserError
from data_access.reference.tables import Row

CHAPTER = "76"
CODE_LENGTH = {"HS2": 2, "HS4": 4, "HS6": 6, "HS10": 10}
"""Digits of a code at each level of public statistics."""


class Level(StrEnum):
    """How fine a product is, coarse to fine."""

    CHAPTER = "chapter"
    AIM = "aim"
    GROUP = "group"
    HTS4 = "hts4"
    HTS6 = "hts6"
    HTS10 = "hts10"


class Licensed(StrEnum):
    """Whether imports of a product need a license: all, none, or some of its codes (19 CFR 361.101)."""

    ALL = "all"
    NONE = "none"
    MIXED = "mixed"


class Unit(StrEnum):
    """Units of quantity of the tariff schedule in this chapter."""

    KG = "kg"
    PIECES = "No."
    SQUARE_METERS = "m2"


@dataclass(frozen=True, slots=True)
class Product:
    """A node of the product tree or a code of the tariff schedule.

    `children` are the nodes next below in the tree (for HTS4 7616 and HTS6 7616.99, which stand beside it, the codes
    they begin). `units` holds first and second unit of quantity, for ten-digit codes only. `valid_from` and `valid_to`
    are the first and last month (YYYY-MM) where known, `gone_by` a month in which the code is known to be no more
    though its last month is not known. `observed` marks a code seen in data that the tables lack.
    """

    id: str
    label: str
    level: Level
    parent: str | None
    children: tuple[str, ...]
    licensed: Licensed
    words: tuple[str, ...]
    units: tuple[str, ...]
    valid_from: str | None
    valid_to: str | None
    gone_by: str | None
    source: str
    observed: bool = False

    @property
    def is_code(self) -> bool:
        """Whether the id is a ten-digit code."""
        return self.level is Level.HTS10

    @property
    def dotted(self) -> str:
        """The id as the schedule writes it: 7601.10.30.00, 7601.10, 7601; other ids as they are."""
        return dotted(self.id)


def dotted(code: str) -> str:
    """A code as the schedule writes it, 7601.10.30.00; ids that are no code come back as they are."""
    if not code.isdigit() or len(code) < 6:
        return code
    return ".".join([code[:4], *(code[start : start + 2] for start in range(4, len(code), 2))])


def is_chapter_code(code: str) -> bool:
    """Whether a text is an HTS4, HTS6 or HTS10 code of the chapter, in the tables or not."""
    return code.isdecimal() and code.startswith(CHAPTER) and len(code) in (4, 6, 10)


def parse_product(row: Row) -> Product:
    """A product, its children still unknown, from a row of `products.csv`; raises ValueError for a foreign word."""
    return Product(
        id=row["id"],
        label=row["label"],
        level=Level(row["level"]),
        parent=row["parent"] or None,
        children=(),
        licensed=Licensed(row["licensed"]),
        words=tuple(word.strip() for word in row["words"].split(";") if word.strip()),
        units=tuple(row["units"].split()),
        valid_from=row["valid_from"] or None,
        valid_to=row["valid_to"] or None,
        gone_by=row["gone_by"] or None,
        source=row["source"],
    )


def observed_product(code: str, *, parent: str, licensed: Licensed) -> Product:
    """A code seen in data that the tables lack, of no known validity and unit."""
    return Product(
        id=code,
        label=f"Code {code} (not in the tables)",
        level={4: Level.HTS4, 6: Level.HTS6, 10: Level.HTS10}[len(code)],
        parent=parent,
        children=(),
        licensed=licensed,
        words=(),
        units=(),
        valid_from=None,
        valid_to=None,
        gone_by=None,
        source="as observed in public statistics",
        observed=True,
    )


class UnknownProduct(UserError):  # noqa: N818 - reads as what it is where it is caught
    """An id that names no product; `given` is that id, `close` up to five that resemble it."""

    def __init__(self, given: str, known: Iterable[str]) -> None:
        self.given = given
        self.close = tuple(get_close_matches(given.lower(), known, n=5, cutoff=0.7))
        hint = f"; close to it: {', '.join(self.close)}" if self.close else ""
        super().__init__(f"product: expected an id of the product tree, found {given!r}{hint}", exit_code=2)
