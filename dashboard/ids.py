"""Ids of the components that callbacks read and write, a StrEnum per view; the page's own elements have plain ids."""

from __future__ import annotations

from enum import StrEnum


class OverviewId(StrEnum):
    """Overview."""

    ROOT = "view-overview"
    URL = "overview-url"
    SCREEN = "overview-screen"
    HEAD = "overview-head"
    NOTES = "overview-notes"
    TREND = "trend"
    COUNTRIES = "countries"
    PRODUCTS = "products"


class ExploreId(StrEnum):
    """Explore."""

    ROOT = "view-explore"
    URL = "explore-url"
    SCREEN = "explore-screen"
    HEAD = "explore-head"
    NOTES = "explore-notes"
    TREND = "explore-trend"
    RANKING = "explore-ranking"
    FIGURES = "explore-figures"


class Part(StrEnum):
    """Parts of a chart card, each an output of its own."""

    HEAD = "head"
    CHART = "chart"
    BODY = "body"
    FOOT = "foot"

    def of(self, card: str) -> str:
        """The id of this part of a card."""
        return f"{card}-{self}"
