"""Colors and symbols: fixed for series, product groups and countries, so that each looks the same in every chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

from data_access.filters import Series
from data_access.reference import Reference

SERIES_COLORS = {Series.PUBLIC: "#1a4480", Series.LICENSE: "#9c4a00", Series.COMBINED: "#3d4551"}
COLORS = ("#1a4480", "#d87818", "#309090", "#7818d8", "#604818", "#a878d8", "#480018", "#c2185b")
"""Eight colors that stay at least 20 CIELAB steps apart under the three kinds of color blindness (Machado 2009)."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "cross", "star")
OTHER = "#71767a"

PRODUCTS = ("unwrought", "sheet", "foil", "bars", "wire", "tubes", "fittings", "castings")
"""Groups by slot; forgings and the public-only groups take what is free."""
COUNTRIES = ("CAN", "ARE", "KOR", "CHN", "MEX", "BHR", "IND", "DEU")
"""Origins by slot: those that led in 2024; others have a slot by their name, or the next free one."""


def product_slots(ids: Sequence[str], vocabulary: Reference) -> dict[str, int]:
    """Slot of each product of a chart (at most eight get one of their own)."""
    wanted = {}
    for id_ in ids:
        wanted[id_] = _product_slot(id_, vocabulary)
    return _settle(ids, wanted)


def country_slots(ids: Sequence[str]) -> dict[str, int]:
    """Slot of each country of a chart."""
    return _settle(ids, {id_: COUNTRIES.index(id_) if id_ in COUNTRIES else None for id_ in ids})


def color(slot: int) -> str:
    """The color of a slot."""
    return COLORS[slot] if slot < len(COLORS) else OTHER


def symbol(slot: int) -> str:
    """The marker of a slot."""
    return SYMBOLS[slot % len(SYMBOLS)]


def _product_slot(id_: str, vocabulary: Reference) -> int | None:
    canonical = vocabulary.products.canonical(id_)
    if canonical in PRODUCTS:
        return PRODUCTS.index(canonical)
    parent = vocabulary.products[canonical].parent
    siblings = vocabulary.products[parent].children if parent else ()
    if canonical in siblings and vocabulary.products[canonical].id.isdigit():
        return siblings.index(canonical) % len(COLORS)
    return None


def _settle(ids: Iterable[str], wanted: dict[str, int | None]) -> dict[str, int]:
    """Fixed slots first; the rest by their name, and where that is taken the next free one."""
    slots: dict[str, int] = {}
    for id_, slot in wanted.items():
        if slot is not None and slot not in slots.values():
            slots[id_] = slot
    for id_ in ids:
        if id_ not in slots:
            start = crc32(id_.encode()) % len(COLORS)
            free = [(start + step) % len(COLORS) for step in range(len(COLORS))]
            slots[id_] = next((slot for slot in free if slot not in slots.values()), len(COLORS))
    return slots
