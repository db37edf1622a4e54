"""What a selection consists of: its members, with overlapping products and countries counted once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data_access.contracts import MEMBERS
from data_access.filters import ALL, By, Filters
from data_access.reference import Countries, Products, Reference
from data_access.serving.cube.figures import Flags
from data_access.serving.gate.gate import Label
from data_access.serving.periods import text

DIMENSIONS = ("country", "smelt", "smelt2", "cast")
"""Dimensions of place in a query, in the order in which license tables name them."""
MEMBER_OF = dict(zip(DIMENSIONS, MEMBERS, strict=True))
"""What license tables call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One line of an answer: products that add up, and in each dimension the places that do."""

    label: Label
    products: tuple[str, ...]
    places: dict[str, tuple[str, ...]]

    @property
    def countries(self) -> tuple[str, ...]:
        """Countries and groups of origin, or `all`."""
        return self.places["country"]


def licensed_only(filters: Filters) -> bool:
    """Whether the selection is by smelt or cast, which license data alone know."""
    metal = (By.SMELT, By.SMELT2, By.CAST)
    return bool(filters.smelt or filters.smelt2 or filters.cast) or filters.by in metal or filters.across in metal


def splits(filters: Filters) -> tuple[By, ...]:
    """What an answer is split by, the outer split first."""
    return tuple(by for by in (filters.by, filters.across) if by is not By.NONE)


def single_products(products: Products, chosen: Iterable[str]) -> tuple[str, ...]:
    """Products that add up to all of `chosen`, each counted once: the one node that is their sum, else those that lie
    within no other."""
    ids = list(dict.fromkeys(products.canonical(id_) for id_ in chosen))
    if len(ids) == 1:
        return tuple(ids)
    codes = {id_: products.codes(id_) or frozenset({id_}) for id_ in ids}
    union = frozenset().union(*codes.values())
    for node in products:
        if products.codes(node.id) == union:
            return (products.canonical(node.id),)
    return tuple(id_ for id_ in ids if not any(codes[id_] < codes[other] for other in ids))


def single_places(places: Sequence[str]) -> tuple[str, ...]:
    """Places that add up to the chosen ones: `all` holds every other."""
    return (ALL,) if ALL in places or not places else tuple(dict.fromkeys(places))


def members_of(
    filters: Filters, reference: Reference, *, span: tuple[int, int], seen: Mapping[By, Sequence[str]]
) -> tuple[Member, ...]:
    """The members of an answer: of a selection split twice every pair, the outer split first.

    `seen` lists, for splits by place, the places of `all` that are not 0 throughout; where there are none, the answer
    has the selection itself, so that every period is there.
    """
    members: tuple[Member, ...] = (_whole(filters, reference.products),)
    for by in splits(filters):
        places = _places(members[0], by, reference, span=span, seen=seen)
        members = tuple(one for member in members for one in _split(member, by, places, filters, reference))
    return members


def _places(
    member: Member, by: By, reference: Reference, *, span: tuple[int, int], seen: Mapping[By, Sequence[str]]
) -> Sequence[str]:
    """The places that a split tells apart."""
    if by is By.PRODUCT:
        return ()
    places = member.places[by]
    return seen[by] if ALL in places and by in seen else _each(places, reference.countries, span)


def _split(member: Member, by: By, places: Sequence[str], filters: Filters, reference: Reference) -> tuple[Member, ...]:
    if by is By.PRODUCT:
        below = [one for id_ in member.products for one in _next_level(reference.products, id_, filters.products)]
        return tuple(_with_product(member, id_, reference.products) for id_ in dict.fromkeys(below))
    # Of `all` that is nowhere more than 0 the whole is there, by its own one name.
    return tuple(_with_place(member, by, place) for place in places or (ALL,))


def _whole(filters: Filters, products: Products) -> Member:
    chosen = {name: getattr(filters, "countries" if name == "country" else name) for name in DIMENSIONS}
    shown = {name: "+".join(chosen[name]) or (ALL if name in splits(filters) else None) for name in DIMENSIONS[1:]}
    return Member(
        label=Label(product="+".join(filters.products), country="+".join(filters.countries), **shown),
        products=single_products(products, filters.products),
        places={name: single_places(values) for name, values in chosen.items()},
    )


def _next_level(products: Products, id_: str, given: Sequence[str]) -> tuple[str, ...]:
    below = products.next_level(id_)
    if below != (id_,):
        return below
    # A leaf gives itself, under the id it was asked by.
    return (next((one for one in given if products.canonical(one) == id_), id_),)


def _with_product(whole: Member, id_: str, products: Products) -> Member:
    label = _relabel(whole.label, product=id_)
    return Member(label=label, products=(products.canonical(id_),), places=whole.places)


def _with_place(whole: Member, dimension: str, place: str) -> Member:
    label = _relabel(whole.label, **{dimension: place})
    return Member(label=label, products=whole.products, places={**whole.places, dimension: (place,)})


def _relabel(label: Label, **changed: str) -> Label:
    fields = {name: getattr(label, name) for name in Label.__slots__}
    return Label(**{**fields, **changed})


def _each(places: Sequence[str], countries: Countries, span: tuple[int, int]) -> tuple[str, ...]:
    """Every place chosen, the members of groups in the order of their names."""
    chosen: list[str] = []
    for place in places:
        if countries.is_group(place):
            ever = countries.ever_members(place, start=text(span[0]), end=text(span[1]))
            chosen += [country.id for country in countries if country.id in ever]
        else:
            chosen.append(place)
    return tuple(dict.fromkeys(chosen))


def cells_added(members: Iterable[Member], countries: Countries, span: tuple[int, int]) -> int:
    """How many license cells the members are sums of, in each month."""
    count = 0
    for member in members:
        count += len(member.products) * math.prod(
            len(_each(member.places[name], countries, span)) for name in DIMENSIONS
        )
    return count


def origins(places: Sequence[str], countries: Countries, span: tuple[int, int]) -> tuple[tuple[str, ...], Flags | None]:
    """The countries that places stand for, and in which months (columns) each belongs; None where all always do."""
    ever = _each(places, countries, span)
    groups = [place for place in places if countries.is_group(place)]
    if not groups:
        return ever, None
    plain = set(places)
    within = np.zeros((len(ever), span[1] - span[0] + 1), np.bool_)
    for column, month in enumerate(range(span[0], span[1] + 1)):
        members = plain.union(*(countries.members(group, text(month)) for group in groups))
        within[:, column] = [country in members for country in ever]
    return ever, None if bool(within.all()) else within
