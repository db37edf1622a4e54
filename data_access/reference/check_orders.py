"""Checks of `orders.csv` and `watch.csv`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data_access.reference.checks import Lines, among, filled, finding, is_day, unique
from data_access.reference.orders import EVERY, OrderKind, OrderStatus, Scope
from data_access.reference.tables import Row

ORDERS = "orders"
WATCH = "watch"

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CASE = {"antidumping": re.compile(r"A-\d{3}-\d{3}"), "countervailing": re.compile(r"C-\d{3}-\d{3}")}


def check_orders(lines: Lines, products: Lines, countries: Lines) -> Iterator[str]:
    """Findings of the trade measures, against the tables of products and countries."""
    yield from filled(ORDERS, lines, ("case", "title", "products", "origins", "source"))
    yield from unique(ORDERS, lines, "id")
    for column, words in (("kind", OrderKind), ("status", OrderStatus), ("scope", Scope)):
        yield from among(ORDERS, lines, column, [str(word) for word in words])
    known = {row["id"] for _, row in products}, {EVERY, *(row["iso3"] for _, row in countries)}
    for line, row in lines:
        yield from _names(line, row, known)
        yield from _days(line, row)


def _names(line: int, row: Row, known: tuple[set[str], set[str]]) -> Iterator[str]:
    if not _ID.fullmatch(row["id"]):
        yield finding(ORDERS, line, "id", "small letters and digits, hyphens between", row["id"])
    shape = _CASE.get(row["kind"])
    if shape and row["status"] != OrderStatus.NOT_ISSUED and not shape.fullmatch(row["case"]):
        yield finding(ORDERS, line, "case", f"a case number as {shape.pattern[0]}-570-967", row["case"])
    for column, ids in zip(("products", "origins"), known, strict=True):
        for one in row[column].split():
            if one not in ids:
                table = "products" if column == "products" else "countries"
                yield finding(ORDERS, line, column, f"ids of {table}.csv, a blank between", one)


def _days(line: int, row: Row) -> Iterator[str]:
    for column in ("issued", "confirmed", *(("ended",) if row["ended"] else ())):
        if not is_day(row[column]):
            yield finding(ORDERS, line, column, "a day as YYYY-MM-DD", row[column])
    if row["confirmed"] < row["issued"]:
        yield finding(ORDERS, line, "confirmed", f"no day before issued {row['issued']}", row["confirmed"])
    if bool(row["ended"]) != (row["status"] == OrderStatus.ENDED):
        yield finding(ORDERS, line, "ended", "a day where the status is ended, else nothing", row["ended"])


def check_watch(lines: Lines, countries: Lines) -> Iterator[str]:
    """Findings of the watch list, against the country table."""
    yield from filled(WATCH, lines, ("reason", "source"))
    yield from unique(WATCH, lines, "iso3")
    known = {row["iso3"] for _, row in countries}
    for column in ("smelt", "cast"):
        yield from among(WATCH, lines, column, ("yes", "no"))
    for line, row in lines:
        if row["iso3"] not in known:
            yield finding(WATCH, line, "iso3", "a country of countries.csv", row["iso3"])
        if not is_day(row["since"]):
            yield finding(WATCH, line, "since", "a day as YYYY-MM-DD", row["since"])
        if row["smelt"] == row["cast"] == "no":
            yield finding(WATCH, line, "cast", "yes for smelt or for cast", "no for both")
