"""Orders beside a surge: on its product from other origins, which it may go around, and on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.components.card import Card
from dashboard.ids import SurgesId
from dashboard.views.base import Ask
from dashboard.views.surge_metal import WORDS, Metal
from dashboard.words import date_words
from data_access.filters import country_name, listed
from data_access.reference import Order, Reference
from data_access.reference.orders import EVERY, KIND_WORDS, OrderKind, OrderStatus, Scope
from data_access.serving.prose import amount
from data_access.serving.surges.flags import Flag

STATUS_WORDS = {
    OrderStatus.IN_FORCE: "in force",
    OrderStatus.ENDED: "ended",
    OrderStatus.NOT_ISSUED: "investigated, no order issued",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Orders of one kind, title and day as the card prints them together."""

    title: str
    origins: str
    cases: str
    since: str
    status: str
    metal: tuple[str, ...]
    note: str
    source: str


def orders_on(flag: Flag, vocabulary: Reference) -> list[Order]:
    """Measures on a product that share a code with that of the flag."""
    tree = vocabulary.products
    codes = frozenset().union(*(tree.codes(id_) or {id_} for id_ in flag.products))
    return [
        order for order in vocabulary.orders if any(tree.codes(id_) & codes for id_ in order.products if id_ in tree)
    ]


def orders_card(ask: Ask, flag: Flag, metal: Metal | None) -> Card:
    """The card of orders: those on the flag's own origin, then those on others, with smelt and cast there."""
    vocabulary = ask.statistics.vocabulary
    found = orders_on(flag, vocabulary)
    own = [order for order in found if order.is_on(flag.country)]
    others = [order for order in found if not order.is_on(flag.country)]
    groups = [
        (f"On {flag.product_name} from {flag.country_name}", list(_grouped(own, flag, None, vocabulary))),
        ("On other origins of this product", list(_grouped(others, flag, metal, vocabulary))),
    ]
    body = ask.render("surge_orders.html", groups=groups, unknown=_unknown(flag, metal) if others else "")
    return Card(
        id=SurgesId.ORDERS, title="Orders on this product", summary=_summary(own, others, flag, vocabulary), body=body
    )


def _summary(own: list[Order], others: list[Order], flag: Flag, vocabulary: Reference) -> str:
    holding = [order for order in others if order.in_force and order.kind is not OrderKind.SECTION_232]
    if not holding:
        words = (
            f"No antidumping or countervailing duty order on {flag.product_name} from other origins is in the table."
        )
    else:
        origins = dict.fromkeys(origin for order in holding for origin in order.origins)
        named = listed([country_name(vocabulary, one) for one in origins])
        words = (
            f"{flag.product_name} from {named} is under orders that imports from {flag.country_name} could go around."
        )
    direct = [order for order in own if order.in_force and order.kind is not OrderKind.SECTION_232]
    if direct:
        words += f" {len(direct)} {'measure is' if len(direct) == 1 else 'measures are'} on {flag.country_name} itself."
    return f"{words} Products are approximate; the words of each order alone decide."


def _grouped(orders: list[Order], flag: Flag, metal: Metal | None, vocabulary: Reference) -> Iterator[Measure]:
    groups: dict[tuple[str, str, str, str], list[Order]] = {}
    for order in orders:
        groups.setdefault((order.kind, order.title, order.issued, order.status), []).append(order)
    for group in groups.values():
        first = group[0]
        origins = list(dict.fromkeys(origin for order in group for origin in order.origins))
        confirmed = min(order.confirmed for order in group)
        related = " (a related product)" if first.scope is Scope.RELATED else ""
        yield Measure(
            title=f"{first.title}: {KIND_WORDS[first.kind]}{related}",
            origins=", ".join("all countries" if one == EVERY else country_name(vocabulary, one) for one in origins),
            cases=", ".join(dict.fromkeys(order.case for order in group)),
            since=date_words(first.issued),
            status=f"{STATUS_WORDS[first.status]}, as last confirmed {date_words(confirmed)}"
            if first.in_force
            else STATUS_WORDS[first.status],
            metal=tuple(_metal_words(origins, flag, metal, vocabulary)) if first.in_force else (),
            note=first.note,
            source="; ".join(dict.fromkeys(part for order in group for part in order.source.split("; "))),
        )


def _metal_words(origins: list[str], flag: Flag, metal: Metal | None, vocabulary: Reference) -> Iterator[str]:
    """Whether metal from the flag's origin was smelted or cast in an origin under order, where that is published."""
    if metal is None or EVERY in origins:
        return
    for by, words in WORDS.items():
        own = {metal.place(cell, by): cell for cell in metal.own[by]}
        told = [
            f"{country_name(vocabulary, one)} {amount(own[one].value or 0, own[one].measure)}"
            for one in origins
            if one in own and own[one].value
        ]
        if told:
            yield f"Metal from {flag.country_name} {words} there: {', '.join(told)}."
        elif not metal.missing(by):
            yield f"No metal from {flag.country_name} was {words} there."


def _unknown(flag: Flag, metal: Metal | None) -> str:
    """What holds for all origins of which no figure of smelt or cast is shown."""
    if metal is None:
        return "Whether its metal was smelted or cast there is not known: there are no license data of this product."
    missing = [words for by, words in WORDS.items() if metal.missing(by)]
    if not missing:
        return ""
    told = " or ".join(missing)
    return (
        f"Where no figure is named, it is not told whether metal from {flag.country_name} was {told} there: none, or "
        "not published."
    )
