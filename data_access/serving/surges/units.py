"""What the surge list tests: products at one level of the tree, ten-digit codes with the family of their changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data_access.filters import Detail, Filters, product_name
from data_access.reference import Level, Products, Reference
from data_access.serving.selection import single_products

DEPTH = {
    Level.CHAPTER: 0,
    Level.AIM: 1,
    Level.GROUP: 2,
    Level.HTS4: 3,
    Level.HTS6: 4,
    Level.HTS10: 5,
}
WANTED = {Detail.GROUP: 2, Detail.HTS6: 4, Detail.HTS10: 5}
MAX_NAMED = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """One product as it is tested: ids that are added up, its name, and a note where a code stands with its family."""

    products: tuple[str, ...]
    name: str
    note: str = ""

    @property
    def id(self) -> str:
        """Its ids, joined as answers join them."""
        return "+".join(self.products)

    @property
    def is_of_codes(self) -> bool:
        """Whether it is made of ten-digit codes, of which there are no license figures."""
        return all(len(id_) == 10 and id_.isdigit() for id_ in self.products)


def units_of(reference: Reference, filters: Filters, *, since: str) -> tuple[Unit, ...]:
    """The products to test under those of a selection, each once.

    A ten-digit code stands with all codes it is comparable with since the month `since`; one that the tables lack, so
    that its validity is not known, with its HTS6.
    """
    tree = reference.products
    found: dict[tuple[str, ...], Unit] = {}
    for id_ in filters.products:
        for node in _level(tree, tree.canonical(id_), WANTED[filters.detail]):
            unit = _unit(reference, node, since)
            found.setdefault(unit.products, unit)
    return tuple(found.values())


def _level(tree: Products, id_: str, depth: int) -> Iterator[str]:
    """The products of a level under one; one that is as fine, or cannot be divided, is itself."""
    node = tree[id_]
    if DEPTH[node.level] >= depth:
        yield tree.canonical(id_)
    elif node.children:
        for child in node.children:
            yield from _level(tree, child, depth)
    else:
        yield tree.canonical(id_)


def _unit(reference: Reference, id_: str, since: str) -> Unit:
    tree = reference.products
    node = tree[id_]
    if not node.is_code:
        return Unit((id_,), product_name(reference, id_))
    if node.observed:
        above = tree.canonical(id_[:6]) if id_[:6] in tree else id_
        words = f"Code {id_} is not in the reference tables, so its validity is not known: tested on the whole HTS6."
        return Unit((above,), product_name(reference, above), words if above != id_ else "")
    family = tuple(sorted(tree.family(id_, since=since)))
    if len(family) == 1:
        return Unit((id_,), product_name(reference, id_))
    named = ", ".join(tree[code].dotted for code in family[:MAX_NAMED])
    more = f" and {len(family) - MAX_NAMED} more" if len(family) > MAX_NAMED else ""
    whole = single_products(tree, family)
    if len(whole) == 1:
        words = (
            f"Codes changed within these months; their family is all of it, and is tested as a whole: {named}{more}."
        )
        return Unit(whole, product_name(reference, whole[0]), words)
    words = f"Codes changed within these months, so the whole family is tested: {named}{more}."
    return Unit(family, code_family_name(reference, family, of=id_), words)


def code_family_name(reference: Reference, codes: Sequence[str], *, of: str = "") -> str:
    """What a family of ten-digit codes is called: its HTS6, and the code `of` that it is the family of (the first)."""
    tree = reference.products
    node, heading = tree[of or codes[0]], codes[0][:6]
    return f"{tree[heading].label if heading in tree else node.label}, code family of {node.dotted}"
