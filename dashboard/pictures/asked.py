"""What a request for a picture asks for: the selection of the page's query, and which card of which view, how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from dashboard.components.card import Card
from dashboard.pictures.body import body_size
from dashboard.pictures.picture import LEAST_WIDTH, MOST_WIDTH, WIDTH, Layout
from dashboard.pictures.svg import NARROW
from dashboard.views.base import Ask, Services, View
from data_access.filters import BadQuery, Filters, shown

USUAL_VIEW = "explore"
SCALES = (1, 2, 3, 4)
USUAL_SCALE = 2
OWN = ("view", "card", "width", "scale", "layout")
"""Parameters beside those of the page's query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One picture: a card ('' for the first with a chart) of a view for a selection."""

    view: View
    filters: Filters
    card: str = ""
    width: int = WIDTH
    scale: int = USUAL_SCALE
    layout: Layout = Layout.REPORT

    @property
    def query(self) -> str:
        """The selection as a canonical query."""
        return self.filters.to_query()


def asked_for(given: Mapping[str, Sequence[str]], *, services: Services, views: Mapping[str, View]) -> Asked:
    """Read a query; raises `BadQuery` where a parameter or a value is not known.

    A view is only found here by its name; whether it has the card shows when it is drawn.
    """
    own = {name: list(given.get(name, ())) for name in OWN}
    rest = {name: values for name, values in given.items() if name not in OWN}
    usual = USUAL_VIEW if USUAL_VIEW in views else next(iter(views))
    return Asked(
        view=views[_one_of("view", own["view"], list(views), usual=usual)],
        filters=services.statistics.parse(rest),
        card=_single("card", own["card"]),
        width=_width(own["width"]),
        scale=int(_one_of("scale", own["scale"], [str(one) for one in SCALES], usual=str(USUAL_SCALE))),
        layout=Layout(_one_of("layout", own["layout"], [str(one) for one in Layout], usual=str(Layout.REPORT))),
    )


def card_for(asked: Asked, services: Services) -> Card:
    """The card that is asked for, drawn; raises `BadQuery` where the view has none of that name."""
    statistics = services.statistics.pinned()
    problem = statistics.state()
    if problem:
        words = f"No figures can be shown: {problem}."
        return Card(id=asked.card or "none", title="No figures", summary="", empty=words)
    page = asked.view.draw(
        Ask(
            statistics=statistics,
            filters=statistics.resolve(asked.filters),
            narrow=asked.width < NARROW and asked.layout is not Layout.PREVIEW,
            templates=services.templates,
        )
    )
    cards = {card.id: card for card in page.cards if not card.absent}
    if asked.card and asked.card not in cards:
        _refuse("card", asked.card, [str(name) for name in cards])
    return cards[asked.card] if asked.card else first_drawn(list(cards.values()))


def first_drawn(cards: Sequence[Card]) -> Card:
    """The first card that has something drawn, or the first of all."""
    return next((card for card in cards if card.has_chart or (body_size(card.body) and not card.empty)), cards[0])


# -- parameters -----------------------------------------------------------------------------------------------------


def _single(name: str, values: Sequence[str]) -> str:
    if len(values) > 1:
        _refuse(name, ", ".join(values[:5]), ["one value"])
    return values[0] if values else ""


def _one_of(name: str, values: Sequence[str], allowed: Sequence[str], *, usual: str) -> str:
    value = _single(name, values) or usual
    if value not in allowed:
        _refuse(name, value, allowed)
    return value


def _width(values: Sequence[str]) -> int:
    text = _single("width", values) or str(WIDTH)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not LEAST_WIDTH <= number <= MOST_WIDTH:
        _refuse("width", text, [f"a whole number of px from {LEAST_WIDTH} to {MOST_WIDTH}"])
    return number


def _refuse(name: str, given: str, allowed: Sequence[str]) -> NoReturn:
    message = f"{name}: expected one of {', '.join(allowed)}, found {shown(given)!r}."
    if len(allowed) == 1:
        message = f"{name}: expected {allowed[0]}, found {shown(given)!r}."
    raise BadQuery(name, given=shown(given), allowed=list(allowed), message=message)
