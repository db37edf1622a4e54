"""The shape of the product tree: order, children, the leaf codes of each node, and codes that the tables lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from data_access.errors import UserError
from data_access.reference.product import (
    CHAPTER,
    CODE_LENGTH,
    Level,
    Licensed,
    Product,
    is_chapter_code,
    observed_product,
)

OTHER = "other"
"""The group of unlicensed articles under which an unknown code of an HTS6 that cuts across groups is kept."""


def in_tree_order(rows: tuple[Product, ...]) -> dict[str, Product]:
    """Products by id with their children: the tree from the chapter down, then the nodes beside it.

    Raises UserError where a product hangs under one that is not there.
    """
    by_id = {row.id: row for row in rows}
    for missing in sorted({row.parent for row in rows if row.parent} | {CHAPTER, OTHER}):
        if missing not in by_id:
            raise UserError(f"products.csv: expected a row of {missing}, found none; run `aim-monitor reference check`")
    below: dict[str | None, list[str]] = {}
    for row in rows:
        below.setdefault(row.parent, []).append(row.id)
    tree = list(_walk(CHAPTER, below))
    beside = [row.id for row in rows if row.id not in set(tree)]
    nodes = {id_: replace(by_id[id_], children=_children(by_id[id_], below.get(id_, []), by_id)) for id_ in tree}
    return nodes | {id_: replace(by_id[id_], children=_children_beside(by_id[id_], tree, beside)) for id_ in beside}


def _walk(id_: str, below: dict[str | None, list[str]]) -> Iterator[str]:
    yield id_
    for child in below.get(id_, []):
        yield from _walk(child, below)


def _children(node: Product, below: list[str], by_id: dict[str, Product]) -> tuple[str, ...]:
    # A group that holds ten-digit codes alone (castings, forgings) is one product under an old and a new code: a leaf.
    if node.level is Level.GROUP and all(by_id[id_].level is Level.HTS10 for id_ in below):
        return ()
    return tuple(below)


def _children_beside(node: Product, tree: list[str], beside: list[str]) -> tuple[str, ...]:
    length = CODE_LENGTH["HS6"] if node.level is Level.HTS4 else CODE_LENGTH["HS10"]
    return tuple(id_ for id_ in [*tree, *beside] if id_.isdigit() and len(id_) == length and id_.startswith(node.id))


def codes_under_prefix(nodes: Iterable[Product]) -> dict[str, frozenset[str]]:
    """Leaf codes by each prefix of theirs; a leaf is a code with no finer one beneath."""
    codes = [node.id for node in nodes if node.id.isdigit()]
    prefixes = {code[:length] for code in codes for length in CODE_LENGTH.values() if length < len(code)}
    under: dict[str, set[str]] = {}
    for code in codes:
        if code not in prefixes:
            for length in CODE_LENGTH.values():
                if length <= len(code):
                    under.setdefault(code[:length], set()).add(code)
    return {prefix: frozenset(leaves) for prefix, leaves in under.items()}


def leaves_of_nodes(nodes: dict[str, Product], under: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The leaf codes that add up to each product."""
    held: dict[str, set[str]] = {id_: set() for id_ in nodes}
    for leaf in frozenset().union(*under.values()):
        above: str | None = leaf
        while above is not None:
            held[above].add(leaf)
            above = nodes[above].parent
    # A node beside the tree holds what it begins, whatever group that is in.
    return {id_: frozenset(codes) or under.get(id_, frozenset()) for id_, codes in held.items()}


def hang_observed(rows: dict[str, Product], code: str) -> None:
    """Add a code that the tables lack to `rows`, and what stands between it and them; UserError for a foreign code."""
    if not is_chapter_code(code):
        raise UserError(f"product code: expected 4, 6 or 10 digits of chapter {CHAPTER}, found {code!r}")
    if code in rows:
        return
    finer = {10: 6, 6: 4, 4: 2}
    above = code[: finer[len(code)]]
    if above not in rows:
        hang_observed(rows, above)
    parent = OTHER if _stands_beside(rows, above) else above
    licensed = rows[parent].licensed if parent != CHAPTER else Licensed.NONE
    rows[code] = observed_product(code, parent=parent, licensed=licensed)


def _stands_beside(rows: dict[str, Product], id_: str) -> bool:
    row = rows[id_]
    while row.parent in rows:
        row = rows[row.parent]
    return row.id != CHAPTER
