"""The lines of an answer: its cells by member and series, with name, color, dash and symbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures import palette
from data_access.filters import By, Series, country_name
from data_access.reference import Reference
from data_access.serving.gate.released import Cell, Released

MAX_LINES = 8
"""Members a chart draws; more cannot be told apart."""
SERIES_LABELS = {Series.PUBLIC: "Public statistics", Series.LICENSE: "License data", Series.COMBINED: "Combined series"}
SHORT_SERIES = {Series.PUBLIC: "public", Series.LICENSE: "license", Series.COMBINED: "combined"}
LICENSE_DASH = "6 4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: a member (product, country, or the whole selection) in one series, a cell for each period."""

    member: str
    member_label: str
    label: str
    series: Series
    color: str
    symbol: str
    split: bool
    cells: tuple[Cell, ...]

    @property
    def has_figures(self) -> bool:
        """Whether any cell is published."""
        return any(cell.value is not None for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An entry of the legend, which is a box that shows or hides `traces`."""

    label: str
    traces: tuple[int, ...]
    color: str
    dash: str = ""
    symbol: str = ""
    open_symbol: bool = False


def lines_of(released: Released, vocabulary: Reference, *, members: Sequence[str] = ()) -> tuple[Line, ...]:
    """The lines of an answer, member by member.

    Of a split answer those of `members` alone, in their order; without any named the first eight.
    """
    by = released.filters.by
    groups = _by_line(released)
    kept = (list(members) or everyone(released)[:MAX_LINES]) if by is not By.NONE else everyone(released)
    slots = _slots(kept, by, vocabulary)
    series = list(dict.fromkeys(one for one, _ in groups))
    return tuple(
        _line(
            member,
            one,
            tuple(groups[one, member]),
            by=by,
            slot=slots.get(member),
            several=len(series) > 1,
            vocabulary=vocabulary,
        )
        for member in kept
        for one in series
        if (one, member) in groups
    )


def everyone(released: Released) -> list[str]:
    """Ids of all members of an answer, in its order."""
    return list(dict.fromkeys(member for _, member in _by_line(released)))


def count_members(released: Released) -> int:
    """How many members an answer has."""
    return len(everyone(released))


def _by_line(released: Released) -> dict[tuple[Series, str], list[Cell]]:
    groups: dict[tuple[Series, str], list[Cell]] = {}
    for cell in released.cells:
        groups.setdefault((cell.series, member_of(cell, released.filters.by)), []).append(cell)
    return groups


def member_of(cell: Cell, by: By) -> str:
    """The id that tells a cell's line from others of its series."""
    return {
        By.PRODUCT: cell.product,
        By.COUNTRY: cell.country,
        By.SMELT: cell.smelt,
        By.SMELT2: cell.smelt2,
        By.CAST: cell.cast,
    }.get(by) or ""


def member_label(member: str, by: By, vocabulary: Reference) -> str:
    """A member in few words: 'Foil', 'Canada'."""
    if by is By.PRODUCT:
        return vocabulary.products[member].label
    return country_name(vocabulary, member)


def _slots(members: Sequence[str], by: By, vocabulary: Reference) -> dict[str, int]:
    if by is By.NONE:
        return {}
    return palette.product_slots(members, vocabulary) if by is By.PRODUCT else palette.country_slots(members)


def _line(
    member: str,
    series: Series,
    cells: tuple[Cell, ...],
    *,
    by: By,
    slot: int | None,
    several: bool,
    vocabulary: Reference,
) -> Line:
    name = SERIES_LABELS[series] if slot is None else member_label(member, by, vocabulary)
    return Line(
        member=member,
        member_label=name,
        label=f"{name}, {SHORT_SERIES[series]}" if slot is not None and several else name,
        series=series,
        color=palette.SERIES_COLORS[series] if slot is None else palette.color(slot),
        symbol="circle" if slot is None else palette.symbol(slot),
        split=slot is not None,
        cells=cells,
    )
