"""Static pictures of a page's charts: what a reader sees before the page's scripts have drawn them, and without any."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from dashboard.components.card import Card
from dashboard.pictures.kept import KeptPictures
from dashboard.pictures.picture import static_svg
from dashboard.views import base
from dashboard.views.base import Page, Services, View

_log = logging.getLogger(__name__)
WIDTHS = {"wide": 1054, "middle": 760, "half": 490, "narrow": 300}
"""Px that a card has for its chart: on a wide screen, on a tablet, as half of a wide one, on a phone.

`layout.css` shows the one that fits.
"""


class FirstPictures:
    """Makes and keeps them."""

    def __init__(self) -> None:
        self._kept: KeptPictures[dict[str, str]] = KeptPictures(
            size=lambda found: sum(map(len, found.values())), most=32
        )

    def of(self, view: View, page: Page, services: Services) -> Mapping[str, str]:
        """Markup of the chart of each card that has one, by the card's id; none after a fault, which is recorded.

        `services` are those the page was drawn with, their statistics pinned.
        """
        # A page without charts may be that of a fault, which the next reader need not meet: nothing of it is kept.
        if not any(card.has_chart for card in page.cards):
            return {}
        key = view.name, page.filters.to_query()
        try:
            return self._kept.get(services.statistics, key, lambda: _draw(view, page, services))
        except Exception:
            _log.exception("first pictures of %s could not be drawn", view.name)
            return {}


def _draw(view: View, page: Page, services: Services) -> dict[str, str]:
    search = page.filters.to_query()
    narrow = base.page_for(view, services, f"?{search}" if search else "", narrow=True)
    if narrow.message and narrow.message.kind == "error":
        raise RuntimeError("the page cannot be drawn for a narrow screen")
    slim = {card.id: card for card in narrow.cards}
    return {
        card.id: _variants(card, slim[card.id], half=card.id in view.halves)
        for card in page.cards
        if card.has_chart and card.id in slim
    }


def _variants(card: Card, slim: Card, *, half: bool) -> str:
    names = ("half",) if half else ("wide", "middle")
    found = [static_svg(card, width=WIDTHS[name], narrow=False, half=half, name=name) for name in names]
    if slim.has_chart:
        found.append(static_svg(slim, width=WIDTHS["narrow"], narrow=True, half=half, name="narrow"))
    return "".join(found)
