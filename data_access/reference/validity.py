"""When a ten-digit code is valid, and the sentence that says what it was before or became after."""

from __future__ import annotations

from collections.abc import Iterable

from data_access.reference.changes import CodeChanges, Kind
from data_access.reference.product import Product

PASSED_TO = {
    Kind.RENAME: "it became",
    Kind.SPLIT: "it was split into",
    Kind.MERGE: "it was merged into",
    Kind.RECUT: "it was re-cut, mainly into",
}
CAME_FROM = {
    Kind.RENAME: "it was before",
    Kind.SPLIT: "it was split from",
    Kind.MERGE: "it was merged from",
    Kind.RECUT: "it was re-cut, mainly from",
}


def known_invalid(product: Product, month: str) -> bool:
    """Whether a code is known not to exist in a month (YYYY-MM); never so for products that are no ten-digit code."""
    return _not_yet(product, month) or _no_more(product, month)


def _not_yet(product: Product, month: str) -> bool:
    return product.valid_from is not None and month < product.valid_from


def _no_more(product: Product, month: str) -> bool:
    ended = product.valid_to is not None and month > product.valid_to
    return ended or (product.gone_by is not None and month >= product.gone_by)


def validity_note(product: Product, month: str, changes: CodeChanges, family: Iterable[str]) -> str:
    """One sentence on a code in a month outside its validity.

    It names first or last month where known, predecessors or successors, and the rest of the family.
    """
    if _not_yet(product, month):
        clauses = [f"Code {product.id} begins in {product.valid_from}"]
        named = changes.predecessors(product.id)
        words = CAME_FROM
    else:
        ended = f"ended in {product.valid_to}" if product.valid_to else f"was no longer in use in {product.gone_by}"
        clauses = [f"Code {product.id} {ended}"]
        named = changes.successors(product.id)
        words = PASSED_TO
    links = changes.of(product.id)
    if named:
        clauses.append(f"{words[links[0].kind]} {_listed(named)}")
    elif links:
        clauses.append("it has no single counterpart")
    rest = sorted(set(family) - {product.id, *named})
    if rest:
        clauses.append(f"compare the whole family, with {_listed(rest)}")
    return "; ".join(clauses) + "."


def _listed(codes: Iterable[str]) -> str:
    *most, last = codes
    return f"{', '.join(most)} and {last}" if most else last
