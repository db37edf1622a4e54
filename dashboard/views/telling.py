"""What cards of answers say in words of their own: titles, sentences, tables of more than one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.components.card import Card
from dashboard.components.table import TableCell
from data_access.contracts import Status
from data_access.filters import Series, month_words, span_words
from data_access.serving.answers.cells import mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import MINUS, THIN
from data_access.serving.wording import measure_words

NO_FIGURE = TableCell("n/a", "status", "no such figure can be formed")


def retold(
    card: Card,
    *,
    title: str = "",
    subtitle: str = "",
    summary: str = "",
    link: str = "",
    first: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> Card:
    """A card with other words, on the page and in its picture: `first` are notes before its own, those that begin with
    one of `drop` are left out."""
    card = replace(
        card,
        title=title or card.title,
        subtitle=subtitle or card.subtitle,
        summary=summary or card.summary,
        permalink=link or card.permalink,
        notes=(*first, *(note for note in card.notes if not note.startswith(tuple(drop)))),
    )
    words = {"title": card.title, "subtitle": card.subtitle, "summary": card.summary, "link": card.permalink}
    return replace(card, export={**card.export, **words, "notes": list(card.notes)} if card.export else {})


def absent(id_: str) -> Card:
    """A card that is not shown for this selection."""
    return Card(id=id_, title="", summary="", absent=True)


def said(id_: str, *, title: str, summary: str, empty: str, subtitle: str = "") -> Card:
    """A card of words alone: why there is nothing to show."""
    return Card(id=id_, title=title, subtitle=subtitle, summary=summary, empty=empty)


def percent_cell(value: float | None, *, signed: bool = False, why: str = "") -> TableCell:
    """A relative figure in percent, one decimal; without one 'n/a' and why."""
    if value is None:
        return replace(NO_FIGURE, explanation=why) if why else NO_FIGURE
    digits = f"{value * 100:+,.1f}" if signed else f"{value * 100:,.1f}"
    return TableCell(digits.replace("-", MINUS))


def percent_words(value: float, decimals: int = 1) -> str:
    """'103.8 %'."""
    return f"{value * 100:,.{decimals}f}{THIN}%".replace("-", MINUS)


def reason(cell: Cell) -> str:
    """Why a cell has no figure, in words; empty where it has one."""
    return "" if cell.value is not None else mark(cell)[1]


def months_words(months: Sequence[str]) -> str:
    """Consecutive months: 'Jul to Sep 2026', 'Nov 2025 to Jan 2026'."""
    first, last = months[0], months[-1]
    if first[:4] != last[:4] or first == last:
        return span_words(first, last)
    return f"{month_words(first)[:3]} to {month_words(last)}"


def has_no_license_side(released: Released) -> bool:
    """Whether license data have no such figures at all: none are in use, or the products need no license."""
    license_ = [cell for cell in released.cells if cell.series is Series.LICENSE]
    return bool(released.release.license_off) or all(cell.status is Status.NOT_APPLICABLE for cell in license_)


def selection_of(released: Released) -> str:
    """Products and places in words, as the title of an answer has them."""
    return released.title.partition(":")[0]


def measure_of(released: Released) -> str:
    """What an answer measures, in words."""
    return measure_words(released.filters)
