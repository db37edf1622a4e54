"""The first view of a page: its parts as the server writes them, and what the browser needs to make it a live one.

The page then asks nothing more of the server: layout, callback and figures, for a wide screen and for a narrow one, are
in it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from dashboard.pictures.picture import static_svg
from dashboard.views import base
from dashboard.views.base import Page, Services, View

WIDTHS = {"wide": 1054, "middle": 760, "half": 490, "narrow": 300}
"""Px that a card has for its chart: on a wide screen, on a tablet, as half of a wide one, on a phone.

`layout.css` shows the one that fits.
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstView:
    """A page with its parts by id, pictures of its charts by card, and as JSON what is needed to bring it to life."""

    page: Page
    slim: Page
    """The same for a narrow screen."""
    parts: Mapping[str, str]
    pictures: Mapping[str, str]
    data: str

    @property
    def sound(self) -> bool:
        """Whether it holds what was asked for: no fault, no query that could not be read, every picture."""
        drawn = {card.id for card in self.page.cards if card.has_chart} <= self.pictures.keys()
        return drawn and self.page.sound and self.slim.sound


def first_view(view: View, services: Services, search: str, *, boot: Mapping[str, Any]) -> FirstView:
    """The first view of a query string (with "?"); `services` are pinned, `boot` is what Dash asks for at its start."""
    page = base.page_for(view, services, search)
    slim = base.page_for(view, services, search, narrow=True)
    wide, narrow = (_properties(view, services, one) for one in (page, slim))
    parts = {id_: found["html"] for id_, found in wide.items() if "html" in found}
    data = {
        **boot,
        "wide": {id_: found for id_, found in wide.items() if "figure" in found},
        "narrow": {id_: found for id_, found in narrow.items() if found != wide[id_]},
    }
    return FirstView(page, slim, parts, _pictures(view, page, slim), _json(data))


def _properties(view: View, services: Services, page: Page) -> dict[str, dict[str, Any]]:
    """What a page gives each component, by id: its html or its figure."""
    outputs = base.outputs(view)
    values: Sequence[Any] = base.answer(view, services, page)
    return {
        str(output.component_id): {str(output.component_property): value}
        for output, value in zip(outputs, values, strict=True)
    }


def _json(data: object) -> str:
    """JSON for an element of the page: nothing in it ends that."""
    return json.dumps(data, separators=(",", ":"), default=Component.to_plotly_json).replace("<", "\\u003c")


def _pictures(view: View, page: Page, slim: Page) -> dict[str, str]:
    """Markup of the chart of each card that has one, by the card's id; none after a fault, which is recorded."""
    narrow = {card.id: card for card in slim.cards}
    try:
        return {
            card.id: _variants(card, narrow[card.id], half=card.id in view.halves)
            for card in page.cards
            if card.has_chart and card.id in narrow
        }
    except Exception:
        _log.exception("first pictures of %s could not be drawn", view.name)
        return {}


def _variants(card: Any, slim: Any, *, half: bool) -> str:
    names = ("half",) if half else ("wide", "middle")
    found = [static_svg(card, width=WIDTHS[name], narrow=False, half=half, name=name) for name in names]
    if slim.has_chart:
        found.append(static_svg(slim, width=WIDTHS["narrow"], narrow=True, half=half, name="narrow"))
    return "".join(found)
