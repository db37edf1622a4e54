"""Surge watch: the ranked list of flags, and of one product and origin its trend, its metal and orders beside it."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash

from dashboard.components.card import Card
from dashboard.ids import SurgesId
from dashboard.views import base
from dashboard.views.base import Ask, Page, Services, Slot, View
from dashboard.views.surge_detail import trend_card
from dashboard.views.surge_list import list_card
from dashboard.views.surge_metal import metal_card, metal_of
from dashboard.views.surge_orders import orders_card
from data_access.filters import Filters
from data_access.serving.notes import DEMONSTRATION
from data_access.serving.surges.flags import Flag, SurgeList, surges

DETAIL = (SurgesId.TREND, SurgesId.METAL, SurgesId.ORDERS)


def draw(ask: Ask) -> Page:
    """The page of a selection."""
    found = surges(ask.statistics, _own(ask))
    flag = chosen(found)
    listed = list_card(ask, found, alone=flag is not None)
    return Page(
        status=found.summary,
        cards=(listed, *(_detail(ask, found, flag) if flag else _absent())),
        notes=tuple(note for note in found.notes if note != DEMONSTRATION),
    )


def _own(ask: Ask) -> Filters:
    """The selection as its address has it: months that the page filled in would hold the list to today's release."""
    filters = ask.filters
    latest = ask.statistics.default_filters().end
    return replace(filters, start=None, end=None if filters.end == latest else filters.end)


def chosen(found: SurgeList) -> Flag | None:
    """The flag to examine: the most severe one where the selection leaves one product and origin."""
    lines = {(flag.product, flag.country) for flag in found.flags}
    return found.flags[0] if len(lines) == 1 else None


def _detail(ask: Ask, found: SurgeList, flag: Flag) -> tuple[Card, ...]:
    metal = metal_of(ask, flag)
    return trend_card(ask, found, flag), metal_card(ask, flag, metal), orders_card(ask, flag, metal)


def _absent() -> tuple[Card, ...]:
    return tuple(Card(id=id_, title="", summary="", absent=True) for id_ in DETAIL)


VIEW = View(
    name="surges",
    path="/surges",
    label="Surge watch",
    heading="Surge watch",
    lead="Products and countries of origin whose imports rose well above what they were, by published tests with "
    "thresholds you can change. The address holds selection and thresholds, so a link shows others the same list.",
    ids=SurgesId,
    cards=(
        Slot(SurgesId.LIST, chart=False, body=True),
        Slot(SurgesId.TREND, body=True),
        Slot(SurgesId.METAL, half=True, chart=False, body=True),
        Slot(SurgesId.ORDERS, half=True, chart=False, body=True),
    ),
    draw=draw,
    controls=("product", "country", "to", "detail", "series", "basis"),
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
