"""Explore: one selection in depth, as a trend (split by product or place), a ranking and a table."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash

from dashboard.components.filter_bar import USUAL
from dashboard.ids import ExploreId
from dashboard.views import base, cards, selection
from dashboard.views.base import Ask, Page, Services, Slot, View
from data_access.filters import By


def draw(ask: Ask) -> Page:
    """The page of a selection."""
    told = ask.statistics.series(selection.trend(ask.filters)).notes
    ask = replace(ask, filters=selection.drawable(ask.filters))
    if ask.filters.by is By.NONE:
        trend = cards.trend_card(ExploreId.TREND, ask, selection.trend(ask.filters))
    else:
        filters, members, count = selection.split_trend(ask)
        trend = cards.trend_card(ExploreId.TREND, ask, filters, members=members, of=count)
    return Page(
        status=ask.filters.describe(ask.statistics.vocabulary),
        cards=(
            trend,
            cards.ranking_card(ExploreId.RANKING, ask, selection.ranking_by(ask.filters)),
            cards.figures_card(ExploreId.FIGURES, ask, ask.filters),
        ),
        notes=told,
    )


VIEW = View(
    name="explore",
    path="/explore",
    label="Explore",
    heading="Explore imports",
    lead="Choose products, countries, months and a measure; split them by product or country. The address of this page "
    "holds the whole selection, so a link shows others what you see.",
    ids=ExploreId,
    cards=(Slot(ExploreId.TREND), Slot(ExploreId.RANKING), Slot(ExploreId.FIGURES, chart=False)),
    draw=draw,
    controls=(*USUAL, "by", "chart", "show", "event", "compare"),
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
