"""Checks of `products.csv` and `code_changes.csv`, row by row and against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data_access.reference.changes import Kind
from data_access.reference.checks import Lines, among, filled, finding, in_order, is_month, month_before, months, unique
from data_access.reference.product import CHAPTER, Level, Licensed, Unit
from data_access.reference.tables import Row

PRODUCTS = "products"
CHANGES = "code_changes"

_ID = {
    Level.CHAPTER: re.compile(CHAPTER),
    Level.AIM: re.compile("aim"),
    Level.GROUP: re.compile(r"[a-z]+"),
    Level.HTS4: re.compile(rf"{CHAPTER}\d{{2}}"),
    Level.HTS6: re.compile(rf"{CHAPTER}\d{{4}}"),
    Level.HTS10: re.compile(rf"{CHAPTER}\d{{8}}"),
}
_COARSE_TO_FINE = list(Level)


def check_products(lines: Lines) -> Iterator[str]:
    """Findings of the product table."""
    yield from filled(PRODUCTS, lines, ("id", "label", "source"))
    yield from unique(PRODUCTS, lines, "id")
    yield from among(PRODUCTS, lines, "level", Level)
    yield from among(PRODUCTS, lines, "licensed", Licensed)
    yield from months(PRODUCTS, lines, ("valid_from", "valid_to", "gone_by"))
    yield from in_order(PRODUCTS, lines, "valid_from", "valid_to")
    yield from in_order(PRODUCTS, lines, "valid_from", "gone_by")
    by_id = {row["id"]: row for _, row in lines}
    for line, row in lines:
        if row["level"] in _COARSE_TO_FINE:
            yield from _own_problems(line, row)
            yield from _parent_problems(line, row, by_id)
    yield from _license_problems(lines)


def _own_problems(line: int, row: Row) -> Iterator[str]:
    level = Level(row["level"])
    if not _ID[level].fullmatch(row["id"]):
        yield finding(PRODUCTS, line, "id", f"an id of level {level}", row["id"])
    units = row["units"].split()
    for unit in units:
        if unit not in list(Unit):
            yield finding(PRODUCTS, line, "units", f"units among {', '.join(Unit)}", unit)
    if (level is Level.HTS10) != bool(units):
        expected = "the unit of quantity of a code" if level is Level.HTS10 else "no unit, but for ten-digit codes"
        yield finding(PRODUCTS, line, "units", expected, row["units"])
    if level is not Level.HTS10:
        for column in ("valid_from", "valid_to", "gone_by"):
            if row[column]:
                yield finding(PRODUCTS, line, column, "nothing, but for ten-digit codes", row[column])
    if row["valid_to"] and row["gone_by"]:
        yield finding(PRODUCTS, line, "gone_by", "nothing where valid_to is known", row["gone_by"])


def _parent_problems(line: int, row: Row, by_id: dict[str, Row]) -> Iterator[str]:
    level, parent = Level(row["level"]), row["parent"]
    if not parent:
        # An HTS4 that cuts across groups stands beside the tree, without a parent.
        if level not in (Level.CHAPTER, Level.HTS4):
            yield finding(PRODUCTS, line, "parent", "the product above it", "")
        return
    if parent not in by_id:
        yield finding(PRODUCTS, line, "parent", "a product of the table", parent)
        return
    above = by_id[parent]["level"]
    if above in _COARSE_TO_FINE and _COARSE_TO_FINE.index(Level(above)) >= _COARSE_TO_FINE.index(level):
        yield finding(PRODUCTS, line, "parent", f"a product of a level above {level}", f"{parent} ({above})")
    if parent.isdigit() and row["id"].isdigit() and not row["id"].startswith(parent):
        yield finding(PRODUCTS, line, "parent", f"a code that begins {row['id']}", parent)


def _license_problems(lines: Lines) -> Iterator[str]:
    words: dict[str, set[str]] = {row["id"]: set() for _, row in lines}
    parents = {row["id"]: row["parent"] for _, row in lines}
    codes = [row for _, row in lines if row["level"] == Level.HTS10]
    for row in codes:
        beside = [id_ for id_ in words if id_.isdigit() and row["id"].startswith(id_)]
        for above in {*_ancestors(row["id"], parents), *beside}:
            words[above].add(row["licensed"])
    for line, row in lines:
        held = words[row["id"]]
        if not held:
            yield finding(PRODUCTS, line, "id", "at least one ten-digit code under it", row["id"])
            continue
        expected = held.pop() if len(held) == 1 else Licensed.MIXED.value
        if row["licensed"] != expected:
            yield finding(PRODUCTS, line, "licensed", f"{expected}, as of the codes under it", row["licensed"])
        elif row["level"] == Level.HTS10 and expected == Licensed.MIXED:
            yield finding(PRODUCTS, line, "licensed", "all or none for a code", expected)


def _ancestors(id_: str, parents: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    while id_ in parents and id_ not in seen:
        seen.add(id_)
        yield id_
        id_ = parents[id_]


def check_changes(lines: Lines, products: Lines) -> Iterator[str]:
    """Findings of the code changes, against the product table."""
    yield from filled(CHANGES, lines, ("family", "source"))
    yield from among(CHANGES, lines, "kind", Kind)
    yield from months(CHANGES, lines, ("date",))
    codes = {row["id"]: row for _, row in products if row["level"] == Level.HTS10}
    for line, row in lines:
        yield from _link_problems(line, row, codes)
        yield from _date_problems(line, row, codes)
    families: dict[str, Lines] = {}
    for line, row in lines:
        families.setdefault(row["family"], []).append((line, row))
    for members in families.values():
        yield from _family_problems(members, codes)
    yield from _unexplained(lines, products)


def _link_problems(line: int, row: Row, codes: dict[str, Row]) -> Iterator[str]:
    for column in ("old", "new"):
        if row[column] and row[column] not in codes:
            yield finding(CHANGES, line, column, "a ten-digit code of products.csv", row[column])
        if not row[column] and row["kind"] != Kind.RECUT:
            yield finding(CHANGES, line, column, f"a code for a {row['kind']}", "")
    if not row["old"] and not row["new"]:
        yield finding(CHANGES, line, "old", "an old or a new code", "")


def _date_problems(line: int, row: Row, codes: dict[str, Row]) -> Iterator[str]:
    old, new = codes.get(row["old"]), codes.get(row["new"])
    if (
        old
        and new
        and old is not new
        and old["valid_to"]
        and new["valid_from"]
        and old["valid_to"] >= new["valid_from"]
    ):
        expected = f"no validity that overlaps {row['new']} (from {new['valid_from']})"
        yield finding(CHANGES, line, "old", expected, f"{row['old']} to {old['valid_to']}")


def _family_problems(members: Lines, codes: dict[str, Row]) -> Iterator[str]:
    line, first = members[0]
    for other, row in members[1:]:
        for column in ("kind", "date"):
            if row[column] != first[column]:
                yield finding(CHANGES, other, column, f"the family's own, {first[column] or 'nothing'}", row[column])
    old = {row["old"] for _, row in members if row["old"]}
    new = {row["new"] for _, row in members if row["new"]}
    yield from _shape_problems(line, first["kind"], len(old), len(new))
    if is_month(first["date"]):
        yield from _validity_problems(line, first["date"], old=old, new=new, codes=codes)


def _shape_problems(line: int, kind: str, old: int, new: int) -> Iterator[str]:
    fits = {
        Kind.RENAME: (old, new) == (1, 1),
        Kind.SPLIT: old == 1 and new > 1,
        Kind.MERGE: old > 1 and new == 1,
        Kind.RECUT: old > 1 and new > 1,
    }
    if kind in list(Kind) and not fits[Kind(kind)]:
        yield finding(CHANGES, line, "kind", f"a kind that fits {old} old and {new} new codes", kind)


def _validity_problems(line: int, date: str, *, old: set[str], new: set[str], codes: dict[str, Row]) -> Iterator[str]:
    # A code that is old and new (the suffix was used again) goes on.
    for code in sorted((old - new) & codes.keys()):
        if codes[code]["valid_to"] != month_before(date):
            found = codes[code]["valid_to"]
            yield finding(CHANGES, line, "date", f"valid_to of {code} to be the month before {date}", found)
    for code in sorted((new - old) & codes.keys()):
        if codes[code]["valid_from"] != date:
            yield finding(CHANGES, line, "date", f"valid_from of {code} to be {date}", codes[code]["valid_from"])


def _unexplained(lines: Lines, products: Lines) -> Iterator[str]:
    ended = {row["old"] for _, row in lines}
    begun = {row["new"] for _, row in lines}
    for line, row in products:
        for column, explained in (("valid_to", ended), ("valid_from", begun)):
            if row[column] and row["id"] not in explained:
                yield finding(PRODUCTS, line, column, f"a change of {row['id']} in {CHANGES}.csv", row[column])
