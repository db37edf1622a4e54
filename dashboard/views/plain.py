"""Pages without charts: written by the server alone, with the filter bar as a form that loads them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.views.base import Ask, Message, Services, bad_query
from data_access.filters import BadQuery, Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainView:
    """A page of the monitor without charts.

    `context` gives what its `template` needs for a selection whose months are filled in; it also works without any
    release. `controls` are the parameters that its filter bar has controls for; none: there is no bar.
    """

    name: str
    path: str
    label: str
    heading: str
    lead: str
    template: str
    context: Callable[[Ask], Mapping[str, Any]]
    controls: tuple[str, ...] = ()
    listed: bool = True
    """Whether the header links to it."""


def content(view: PlainView, services: Services, search: str) -> tuple[Filters, Message | None, Mapping[str, Any]]:
    """The selection of a query, what is wrong with it, and what the template needs."""
    statistics = services.statistics.pinned()
    message = None
    try:
        filters = statistics.parse(search)
    except BadQuery as error:
        filters, message = Filters(), bad_query(error)
    ask = Ask(statistics=statistics, filters=statistics.resolve(filters), templates=services.templates)
    try:
        return filters, message, view.context(ask)
    except BadQuery as error:
        usual = Ask(statistics=statistics, filters=statistics.default_filters(), templates=services.templates)
        return Filters(), bad_query(error), view.context(usual)
