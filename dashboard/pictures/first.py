"""Static pictures of a page's charts: what a reader sees before the page's scripts have drawn them, and without any."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from dashboard.components.card import Card
from dashboard.pictures.kept import Kept
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

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: Kept[dict[str, str]] = Kept(
            services.statistics, size=lambda found: sum(map(len, found.values())), most=32
        )

    def of(self, view: View, page: Page) -> Mapping[str, str]:
        """Markup of the chart of each card that has one, by the card's id; none after a fault, which is recorded."""
        try:
            return self._kept.get((view.name, page.filters.to_query()), lambda: self._draw(view, page))
        except Exception:
            _log.exception("first pictures of %s could not be drawn", view.name)
            return {}

    def _draw(self, view: View, page: Page) -> dict[str, str]:
        if not any(card.has_chart for card in page.cards):
            return {}
        search = page.filters.to_query()
        narrow = base.page_for(view, self._services, f"?{search}" if search else "", narrow=True)
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
