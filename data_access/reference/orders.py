"""Trade measures by product and origin, and countries of smelt and cast to watch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from data_access.reference.tables import Row

EVERY = "all"
"""Origin of a measure on all countries."""


class OrderKind(StrEnum):
    """What a measure is; a circumvention finding extends orders to goods finished elsewhere."""

    ANTIDUMPING = "antidumping"
    COUNTERVAILING = "countervailing"
    CIRCUMVENTION = "circumvention"
    SECTION_232 = "section-232"


class OrderStatus(StrEnum):
    """Whether a measure holds, as far as its row was confirmed; `not issued`: an investigation that ended without."""

    IN_FORCE = "in force"
    ENDED = "ended"
    NOT_ISSUED = "not issued"


class Scope(StrEnum):
    """How the products of a row fit the measure, whose own words alone decide: about the same, or made of or into."""

    APPROXIMATE = "approximate"
    RELATED = "related"


KIND_WORDS = {
    OrderKind.ANTIDUMPING: "antidumping duty",
    OrderKind.COUNTERVAILING: "countervailing duty",
    OrderKind.CIRCUMVENTION: "circumvention finding",
    OrderKind.SECTION_232: "Section 232 duty",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A trade measure: case number, products and origins (ISO-3, or `all`), dates (YYYY-MM-DD).

    `confirmed` is the day up to which a source tells its status; what came after may be missing.
    """

    id: str
    kind: OrderKind
    case: str
    title: str
    products: tuple[str, ...]
    origins: tuple[str, ...]
    issued: str
    ended: str | None
    status: OrderStatus
    confirmed: str
    scope: Scope
    note: str
    source: str

    @property
    def in_force(self) -> bool:
        """Whether it held when last confirmed."""
        return self.status is OrderStatus.IN_FORCE

    def is_on(self, origin: str) -> bool:
        """Whether it is on an origin."""
        return EVERY in self.origins or origin in self.origins


@dataclass(frozen=True, slots=True)
class Watched:
    """A country to watch as one of smelt, of cast, or both; since which day (YYYY-MM-DD), why, and after what."""

    iso3: str
    smelt: bool
    cast: bool
    since: str
    reason: str
    source: str


def parse_order(row: Row) -> Order:
    """A measure from a row of `orders.csv`; raises ValueError for a foreign word."""
    return Order(
        id=row["id"],
        kind=OrderKind(row["kind"]),
        case=row["case"],
        title=row["title"],
        products=tuple(row["products"].split()),
        origins=tuple(row["origins"].split()),
        issued=row["issued"],
        ended=row["ended"] or None,
        status=OrderStatus(row["status"]),
        confirmed=row["confirmed"],
        scope=Scope(row["scope"]),
        note=row["note"],
        source=row["source"],
    )


def parse_watched(row: Row) -> Watched:
    """A watched country from a row of `watch.csv`."""
    return Watched(
        iso3=row["iso3"],
        smelt=row["smelt"] == "yes",
        cast=row["cast"] == "yes",
        since=row["since"],
        reason=row["reason"],
        source=row["source"],
    )


def watched(watch: Collection[Watched], dimension: str) -> frozenset[str]:
    """Countries on the watch list as ones of `smelt` or `cast`."""
    return frozenset(one.iso3 for one in watch if (one.cast if dimension == "cast" else one.smelt))
