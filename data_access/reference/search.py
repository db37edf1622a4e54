"""Finding a product by code, label or trade word."""

from __future__ import annotations

import re
from collections.abc import Iterable

from data_access.reference.product import Product

_NOT_WORD = re.compile(r"[^\w.%]+")


def search_products(products: Iterable[Product], text: str) -> tuple[Product, ...]:
    """Products in which every word of `text` is found, the best matches first, else in the order given.

    A word of digits and dots is a code or the beginning of one; another word is looked for at the beginning of the
    words of id, label and trade words, singular and plural alike. Nothing for an empty text.
    """
    wanted = _parts(text)
    if not wanted:
        return ()
    scored = [(_score(product, wanted), product) for product in products]
    hits = [(score, product) for score, product in scored if score is not None]
    return tuple(product for _, product in sorted(hits, key=lambda hit: hit[0]))


def _parts(text: str) -> list[str]:
    return [part for part in _NOT_WORD.split(text.casefold()) if part]


def _score(product: Product, wanted: list[str]) -> int | None:
    """Lower is better; None where a word is not found."""
    names = [_parts(name) for name in (product.label, *product.words)]
    known = {product.id.casefold()}.union(*names)
    scores = [_word_score(product.id, known, word) for word in wanted]
    found = [score for score in scores if score is not None]
    if len(found) < len(scores):
        return None
    return sum(found) - _name_bonus(names, wanted)


def _name_bonus(names: list[list[str]], wanted: list[str]) -> int:
    """More for a text that is one label or trade word, or lies within one: 'extrusions' is not 'extrusion billet'."""
    stems = [_stem(word) for word in wanted]
    each = [[_stem(word) for word in name] for name in names]
    if stems in each:
        return 2
    return int(any(set(stems) <= set(name) for name in each))


def _word_score(id_: str, known: set[str], word: str) -> int | None:
    code = word.replace(".", "")
    if code.isdigit() and id_.startswith(code):
        return 0 if id_ == code else 1
    stem = _stem(word)
    if {word, stem, stem + "s"} & known:
        return 1
    return 2 if len(stem) > 1 and any(other.startswith(stem) for other in known) else None


def _stem(word: str) -> str:
    return word.removesuffix("s")
