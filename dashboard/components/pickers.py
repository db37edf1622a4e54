"""What the product and the country picker offer: boxes in the order of the reference tables, with words to search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data_access.filters import ALL, country_name
from data_access.reference import Products, Reference
from data_access.reference.product import Level, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One box of a picker: `parents` are the ids it is part of, `also` other ids of the same thing, `deep` ones are
    shown when searched for, a `heading` is no box."""

    value: str
    label: str
    code: str = ""
    words: str = ""
    parents: str = ""
    also: str = ""
    depth: int = 1
    deep: bool = False
    checked: bool = False
    heading: bool = False


def chosen_words(items: Iterable[Item]) -> str:
    """What is chosen, in few words; `filters.js` says the same after a change."""
    names = [item.label for item in items if item.checked]
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 2 else ", ".join(names)


def product_items(products: Products, chosen: set[str]) -> Iterator[Item]:
    """Nodes of the tree in its order; an HTS4 that is a group by another name is told by the group's code."""
    other_names: dict[str, list[str]] = {}
    for product in products:
        canonical = products.canonical(product.id)
        if canonical != product.id:
            other_names.setdefault(canonical, []).append(product.id)
    for product in products:
        if products.canonical(product.id) != product.id:
            continue
        also = other_names.get(product.id, [])
        parents = _parents(products, product)
        yield Item(
            value=product.id,
            label=product.label,
            code=product.dotted if product.id.isdigit() else ", ".join(also[:1]),
            words=" ".join([product.id, product.dotted.replace(".", ""), *also, *product.words]),
            parents=" ".join(parents),
            also=" ".join(also),
            depth=min(len(parents) + 1, 5),
            deep=product.level in (Level.HTS6, Level.HTS10) and product.id not in chosen,
            checked=product.id in chosen,
        )


def _parents(products: Products, product: Product) -> list[str]:
    """Ids that hold a product, nearest first, each by its own one name."""
    found: list[str] = []
    parent = product.parent
    while parent:
        canonical = products.canonical(parent)
        if canonical != product.id and canonical not in found:
            found.append(canonical)
        parent = products[parent].parent
    return found


def country_items(vocabulary: Reference, chosen: set[str]) -> Iterator[Item]:
    countries = vocabulary.countries
    yield Item(value=ALL, label="All countries", checked=ALL in chosen)
    yield Item(value="", label="Groups and regions", heading=True)
    for group in countries.groups:
        yield Item(
            value=group.id,
            label=group.label,
            code=group.id if len(group.id) <= 6 else "",
            parents=ALL,
            checked=group.id in chosen,
        )
    yield Item(value="", label="Countries", heading=True)
    for country in countries:
        yield Item(
            value=country.id,
            label=country_name(vocabulary, country.id),
            code=country.id,
            words=" ".join((country.iso2, *country.words)),
            parents=ALL,
            checked=country.id in chosen,
        )
