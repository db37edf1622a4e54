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
    MAP = "map"
    PRODUCTS = "products"


class ExploreId(StrEnum):
    """Explore."""

    ROOT = "view-explore"
    URL = "explore-url"
    SCREEN = "explore-screen"
    HEAD = "explore-head"
    NOTES = "explore-notes"
    LENS = "explore-lens"
    LENS_PRODUCTS = "explore-lens-products"
    SPLIT = "explore-split"
    TREND = "explore-trend"
    RANKING = "explore-ranking"
    MAP = "explore-map"
    FIGURES = "explore-figures"


class SmeltCastId(StrEnum):
    """Smelt and cast."""

    ROOT = "view-smelt-cast"
    URL = "smelt-cast-url"
    SCREEN = "smelt-cast-screen"
    HEAD = "smelt-cast-head"
    NOTES = "smelt-cast-notes"
    SMELT = "smelt"
    CAST = "cast"
    SMELT_TREND = "smelt-trend"
    CAST_TREND = "cast-trend"
    SMELT_FLOW = "smelt-flow"
    CAST_FLOW = "cast-flow"
    SMELT2 = "smelt2"
    UNNAMED = "unnamed"
    SIGNALS = "signals"


class CompareId(StrEnum):
    """License and public."""

    ROOT = "view-compare"
    URL = "compare-url"
    SCREEN = "compare-screen"
    HEAD = "compare-head"
    NOTES = "compare-notes"
    TREND = "compare-trend"
    COVERAGE = "coverage"
    PRODUCTS = "versus-products"
    COUNTRIES = "versus-countries"
    BUILDUP = "buildup"
    LICENSE_REVISIONS = "license-revisions"
    PUBLIC_REVISIONS = "public-revisions"


class SurgesId(StrEnum):
    """Surge watch."""

    ROOT = "view-surges"
    URL = "surges-url"
    SCREEN = "surges-screen"
    HEAD = "surges-head"
    NOTES = "surges-notes"
    LIST = "surge-list"
    TREND = "surge-trend"
    METAL = "surge-metal"
    ORDERS = "surge-orders"


class Part(StrEnum):
    """Parts of a chart card, each an output of its own."""

    HEAD = "head"
    CHART = "chart"
    BODY = "body"
    FOOT = "foot"

    def of(self, card: str) -> str:
        """The id of this part of a card."""
        return f"{card}-{self}"
