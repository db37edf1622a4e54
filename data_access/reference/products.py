"""The product tree: what adds up to what, at each level of public statistics, and when a code is valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from data_access.reference.changes import CodeChange, CodeChanges
from data_access.reference.product import CODE_LENGTH, Product, UnknownProduct
from data_access.reference.search import search_products
from data_access.reference.tree import codes_under_prefix, hang_observed, in_tree_order, leaves_of_nodes
from data_access.reference.validity import known_invalid, validity_note


class Products:
    """All products, by id; iterates in tree order, the two nodes beside the tree last.

    Built once per set of tables; every answer is looked up or kept after the first asking.
    """

    __slots__ = (
        "_canonical",
        "_codes",
        "_families",
        "_leaves",
        "_mattering",
        "_nodes",
        "_parts",
        "_rows",
        "_under",
        "changes",
    )

    def __init__(self, rows: Iterable[Product], changes: CodeChanges) -> None:
        self.changes = changes
        self._rows = tuple(rows)
        self._nodes = in_tree_order(self._rows)
        self._under = codes_under_prefix(self._nodes.values())
        self._leaves = leaves_of_nodes(self._nodes, self._under)
        self._codes = {id_: _of_ten_digits(leaves) for id_, leaves in self._leaves.items()}
        first: dict[frozenset[str], str] = {}
        self._canonical = {id_: first.setdefault(self._leaves[id_], id_) for id_ in self._nodes}
        self._parts: dict[tuple[str, str], frozenset[str] | None] = {}
        self._families: dict[str, list[CodeChange]] = {}
        for link in sorted(changes, key=lambda link: link.family):
            self._families.setdefault(link.family, []).append(link)
        self._mattering: dict[str | None, list[str]] = {}

    def __getitem__(self, id_: str) -> Product:
        """The product of this id; raises UnknownProduct."""
        try:
            return self._nodes[id_]
        except KeyError:
            raise UnknownProduct(id_, self._nodes) from None

    def __contains__(self, id_: object) -> bool:
        return id_ in self._nodes

    def __iter__(self) -> Iterator[Product]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def canonical(self, id_: str) -> str:
        """The coarsest id that names the same cell: '7601' is 'unwrought', '7609000000' is 'fittings'."""
        return self._canonical[self[id_].id]

    def codes(self, id_: str) -> frozenset[str]:
        """The ten-digit codes of a product, historical and observed ones included."""
        return self._codes[self[id_].id]

    def next_level(self, id_: str) -> tuple[str, ...]:
        """The products next below, in tree order; levels equal to the product itself are skipped.

        A product that cannot be divided (a ten-digit code, castings, fittings) gives itself.
        """
        node = self[id_]
        while len(node.children) == 1 and self._leaves[node.children[0]] == self._leaves[node.id]:
            node = self._nodes[node.children[0]]
        return node.children or (id_,)

    def parts(self, id_: str, level: str) -> frozenset[str] | None:
        """Codes of a level ('HS2', 'HS4', 'HS6', 'HS10') whose sum is exactly the product.

        None where the level is too coarse for it: a code there would hold other products too.
        """
        key = (self[id_].id, level)
        if key not in self._parts:
            self._parts[key] = self._find_parts(*key)
        return self._parts[key]

    def _find_parts(self, id_: str, level: str) -> frozenset[str] | None:
        length = CODE_LENGTH[level]
        leaves = self._leaves[id_]
        # A leaf coarser than the level was seen in a coarser pull only; a pull of this level has no row of it.
        found = frozenset(code[:length] for code in leaves if len(code) >= length)
        exact = found and all(self._under[code] <= leaves for code in found)
        return found if exact else None

    def is_valid(self, code: str, month: str) -> bool:
        """Whether a ten-digit code may exist in a month (YYYY-MM); False only where it is known not to.

        Always True for other products and for observed codes.
        """
        return not known_invalid(self[code], month)

    def code_note(self, code: str, month: str) -> str | None:
        """One sentence on why a code is not valid in a month, naming what comes before or after it, and its family."""
        product = self[code]
        if not known_invalid(product, month):
            return None
        return validity_note(product, month, self.changes, self.family(code, since=month))

    def family(self, code: str, *, since: str | None = None) -> frozenset[str]:
        """The codes within which the figures of a code stay comparable, itself included.

        With `since`, changes known to be over before that month do not count.
        """
        if since not in self._mattering:
            self._mattering[since] = [name for name, links in self._families.items() if self._matter(links, since)]
        return self.changes.family(self[code].id, self._mattering[since])

    def _matter(self, links: Sequence[CodeChange], since: str | None) -> bool:
        """Whether the links of one change count since a month."""
        if since is None:
            return True
        if links[0].date:
            return links[0].date >= since
        # An undated change is over once all its old codes are known to be gone.
        gone = [self._nodes[link.old].gone_by for link in links if link.old]
        return any(month is None or month > since for month in gone)

    def with_observed(self, codes: Iterable[str]) -> Products:
        """These products and the codes of `codes` (4, 6 or 10 digits of chapter 76) that they lack.

        A new code hangs under its HTS6, else its HTS4, else the chapter; where its HTS6 cuts across groups, under
        `other`, which holds no licensed product. Raises UserError for a code of another chapter or shape.
        """
        unknown = sorted({code for code in codes if code not in self._nodes}, key=lambda code: (len(code), code))
        if not unknown:
            return self
        rows = {row.id: row for row in self._rows}
        for code in unknown:
            hang_observed(rows, code)
        return Products(rows.values(), self.changes)

    def search(self, text: str) -> tuple[Product, ...]:
        """Products that a text finds by code (dotted or not), label or trade word, the best first."""
        return search_products(self._nodes.values(), text)


def _of_ten_digits(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(code for code in codes if len(code) == CODE_LENGTH["HS10"])
