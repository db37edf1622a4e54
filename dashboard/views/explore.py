"""Explore: one selection in depth, in the shape that is chosen, with a ranking, a map and its table below; and what
changed with an event."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash

from dashboard.components.card import Card
from dashboard.components.filter_bar import USUAL
from dashboard.ids import ExploreId
from dashboard.views import base, cards, explore_cards, lens_cards, selection, telling
from dashboard.views.base import Ask, Page, Services, Slot, View
from data_access.filters import By, Chart, Filters


def draw(ask: Ask) -> Page:
    """The page of a selection: what changed with an event if one is chosen, the chart chosen, then the other views."""
    told = ask.statistics.series(selection.trend(replace(ask.filters, by=By.NONE, across=By.NONE))).notes
    whole = replace(ask, filters=selection.drawable(ask.filters))
    once = replace(ask, filters=selection.drawable(replace(ask.filters, across=By.NONE)))
    chart = ask.filters.chart
    ids = (ExploreId.LENS, ExploreId.LENS_PRODUCTS, ExploreId.SPLIT)
    return Page(
        status=ask.filters.describe(ask.statistics.vocabulary),
        cards=(
            *lens_cards.lens_cards(ids, once),
            _main(whole, once, chart),
            _other_ranking(once, chart),
            _other_map(once, chart),
            cards.figures_card(ExploreId.FIGURES, once, replace(once.filters, compare=""))
            if chart is not Chart.TABLE
            else telling.absent(ExploreId.FIGURES),
        ),
        notes=told,
    )


def _main(whole: Ask, ask: Ask, chart: Chart) -> Card:
    """The chart that is chosen; `whole` has the selection split twice where it is."""
    id_ = ExploreId.TREND
    match chart:
        case Chart.TREND:
            return _trend(ask)
        case Chart.STACKED:
            return explore_cards.stacked_card(id_, ask)
        case Chart.RANKING:
            return cards.ranking_card(
                id_, ask, selection.ranking_by(ask.filters, ask.statistics.vocabulary), growth=True
            )
        case Chart.MATRIX:
            return explore_cards.matrix_card(id_, whole)
        case Chart.MAP:
            return explore_cards.map_card(id_, ask, _map_by(ask.filters))
        case Chart.TABLE:
            return cards.figures_card(id_, ask, replace(ask.filters, compare=""))


def _trend(ask: Ask) -> Card:
    second = ask.filters.second(ask.statistics.vocabulary)
    if second is not None:
        return explore_cards.compare_card(ExploreId.TREND, ask, second)
    if ask.filters.by is By.NONE:
        card = cards.trend_card(ExploreId.TREND, ask, selection.trend(ask.filters))
        return explore_cards.with_events(card, ask, ask.statistics.series(selection.trend(ask.filters)))
    filters, members, count = selection.split_trend(ask)
    card = cards.trend_card(ExploreId.TREND, ask, filters, members=members, of=count)
    return explore_cards.with_events(card, ask, ask.statistics.series(filters))


def _map_by(filters: Filters) -> By:
    """Places of a map: those of the split, else countries of origin."""
    return filters.by if filters.by in selection.METAL else By.COUNTRY


def _other_ranking(ask: Ask, chart: Chart) -> Card:
    if chart is Chart.RANKING:
        return telling.absent(ExploreId.RANKING)
    return cards.ranking_card(
        ExploreId.RANKING, ask, selection.ranking_by(ask.filters, ask.statistics.vocabulary), growth=True
    )


def _other_map(ask: Ask, chart: Chart) -> Card:
    """The map below, where it tells more than one country."""
    filters = ask.filters
    crossed = selection.is_by_metal(filters) and filters.by not in selection.METAL
    if chart is Chart.MAP or selection.is_one_place(filters, ask.statistics.vocabulary) or crossed:
        return telling.absent(ExploreId.MAP)
    return explore_cards.map_card(ExploreId.MAP, ask, _map_by(filters))


VIEW = View(
    name="explore",
    path="/explore",
    label="Explore",
    heading="Explore imports",
    lead="Choose products, countries, months and a measure; split them by product or country. The address of this page "
    "holds the whole selection, so a link shows others what you see.",
    ids=ExploreId,
    cards=(
        Slot(ExploreId.LENS),
        Slot(ExploreId.LENS_PRODUCTS, half=True),
        Slot(ExploreId.SPLIT, half=True),
        Slot(ExploreId.TREND, body=True),
        Slot(ExploreId.RANKING),
        Slot(ExploreId.MAP, chart=False, body=True),
        Slot(ExploreId.FIGURES, chart=False),
    ),
    draw=draw,
    controls=(*USUAL, "by", "chart", "show", "event", "compare"),
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
