"""Overview: headline figures, the trend, top countries, the map, products."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash

from dashboard.components.tile import Tile, latest_tile, span_tile
from dashboard.ids import OverviewId
from dashboard.views import base, cards, explore_cards, selection
from dashboard.views.base import Ask, Page, Services, Slot, View
from dashboard.words import date_words
from data_access.filters import By, Filters, Freq, Series, month_words
from data_access.serving.periods import shifted

BACK = 24
"""Months before the last one that a headline may compare with."""


def draw(ask: Ask) -> Page:
    """The page of a selection; a split belongs to Explore and is not drawn here."""
    filters = replace(ask.filters, by=By.NONE)
    whole = replace(ask, filters=filters)
    trend = cards.trend_card(OverviewId.TREND, whole, selection.trend(filters))
    countries = cards.ranking_card(OverviewId.COUNTRIES, whole, By.COUNTRY)
    world = explore_cards.map_card(OverviewId.MAP, whole)
    products = cards.ranking_card(OverviewId.PRODUCTS, whole, By.PRODUCT)
    return Page(
        status=filters.describe(ask.statistics.vocabulary),
        tiles=_tiles(whole),
        cards=(trend, countries, world, products),
        notes=notes_of(whole),
    )


def notes_of(ask: Ask) -> tuple[str, ...]:
    """Notes of the page: sources with both dates first, then what holds for the selection."""
    return ask.statistics.series(selection.trend(ask.filters)).notes


def _tiles(ask: Ask) -> tuple[Tile, ...]:
    info = ask.statistics.info()
    public = f"Census Bureau, through {month_words(info.public_as_of)}" if info.public_as_of else "No public statistics"
    license_ = f"License records as of {date_words(info.license_as_of)}" if info.license_as_of else ""
    tiles = []
    if ask.filters.series != (Series.LICENSE,):
        tiles += [
            latest_tile(ask.statistics.series(_monthly(ask, Series.PUBLIC)), as_of=public),
            _year_tile(ask, as_of=public),
        ]
    if info.license_as_of and not info.license_off and ask.filters.series != (Series.PUBLIC,):
        tiles.append(latest_tile(ask.statistics.series(_monthly(ask, Series.LICENSE)), as_of=license_))
    return tuple(tiles)


def _monthly(ask: Ask, series: Series) -> Filters:
    end = ask.filters.end or ""
    start = shifted(end, -BACK)
    return replace(ask.filters, series=(series,), freq=Freq.MONTH, start=start, end=end)


def _year_tile(ask: Ask, *, as_of: str) -> Tile:
    public = replace(ask, filters=replace(ask.filters, series=(Series.PUBLIC,), freq=Freq.MONTH))
    now = selection.last_months(public)
    start = now.start or ""
    before = replace(now, start=shifted(start, -selection.YEAR), end=shifted(start, -1))
    return span_tile(ask.statistics.series(now), ask.statistics.series(before), as_of=as_of)


VIEW = View(
    name="overview",
    path="/",
    label="Overview",
    heading="U.S. aluminum imports",
    lead="How much aluminum comes into the United States, from where, and whether it is rising: public statistics, "
    "and the import licenses that come in before them.",
    ids=OverviewId,
    cards=(
        Slot(OverviewId.TREND),
        Slot(OverviewId.COUNTRIES, half=True),
        Slot(OverviewId.MAP, half=True, chart=False, body=True),
        Slot(OverviewId.PRODUCTS),
    ),
    draw=draw,
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
