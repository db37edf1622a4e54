"""The page around a view, written by the server: head, header, filter bar, the first figures, footer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import Dash
from flask import Response, request

from dashboard.base_url import base_url
from dashboard.components.filter_bar import filter_bar
from dashboard.components.own import NAMESPACE
from dashboard.contact import PLACE, contact_link
from dashboard.first_view import first_view
from dashboard.kept_texts import KeptTexts, answer_with
from dashboard.picture_routes import preview_address
from dashboard.views import base, plain
from dashboard.views.base import Services, View
from dashboard.views.plain import PlainView
from dashboard.words import date_words
from data_access.filters import month_words
from data_access.serving.statistics import Statistics

NONE = "none"
CONFIG = json.dumps(
    {
        "requests_pathname_prefix": "/",
        "ui": False,
        "props_check": False,
        "show_undo_redo": False,
        "suppress_callback_exceptions": False,
        "update_title": "",
        "serve_locally": True,
        "children_props": {NAMESPACE: {}},
        "validate_callbacks": False,
    }
)
"""What Dash's renderer is told; its own list would add versions and a token for callbacks in the background."""
MOST_BYTES = 12 * 1024 * 1024
"""Bytes of pages that a worker keeps; one takes about 35 KB compressed."""
OVERVIEW = "overview"
"""The view whose chart stands for a page that has none of its own."""


class Shell:
    """Renders whole pages for the views it knows."""

    def __init__(self, services: Services, views: Sequence[View | PlainView]) -> None:
        self._services = services
        self._pages = KeptTexts(MOST_BYTES)
        self._views = tuple(views)
        self.by_path = {view.path: view for view in views if isinstance(view, View)}
        self.paths = frozenset(view.path for view in views)

    def page(self, view: View, *, query: str, boot: Callable[[View], Mapping[str, Any]]) -> Response:
        """The page of a view for a query string (without '?'); `boot` tells what Dash asks for at its start."""
        services = self._services.pinned()
        # What a page tells besides the release and the query is the site's address.
        key = view.name, query, base_url()

        def made() -> tuple[bytes, bool]:
            text, sound = self._page(view, services, query, boot(view))
            return text.encode(), sound

        release = services.statistics.info()
        return answer_with(self._pages, release, key, made, content_type="text/html; charset=utf-8", tagged=True)

    def _page(self, view: View, services: Services, query: str, boot: Mapping[str, Any]) -> tuple[str, bool]:
        """A page, and whether it may be kept."""
        search = f"?{query}" if query else ""
        first = first_view(view, services, search, boot=boot)
        page = first.page
        canonical = page.filters.to_query()
        text = self._render(
            services,
            "page.html",
            view=view,
            page=page,
            first=first,
            preview=preview_address(base_url(), view.name, page.filters),
            title=page.document_title,
            description=next((card.summary for card in page.cards if not card.absent), "") or view.lead,
            canonical=f"{base_url()}{view.path}{'?' if canonical else ''}{canonical}",
            query=search if not page.message else "",
            filters=filter_bar(services.statistics, page.filters, controls=view.controls),
            config=CONFIG,
        )
        return text, first.sound

    def plain_page(self, view: PlainView, *, query: str) -> str:
        """The page of a view without charts."""
        search = f"?{query}" if query else ""
        services = self._services.pinned()
        statistics = services.statistics
        selection, message, context = plain.content(view, services, search)
        canonical = selection.to_query() if view.controls else ""
        return self._render(
            services,
            view.template,
            view=view,
            message=message,
            preview=preview_address(base_url(), OVERVIEW, selection),
            title=f"{view.label} – AIM Monitor",
            description=view.lead,
            canonical=f"{base_url()}{view.path}{'?' if canonical else ''}{canonical}",
            query=search if not message else "",
            filters=filter_bar(statistics, selection, controls=view.controls) if view.controls else None,
            status=statistics.resolve(selection).describe(statistics.vocabulary),
            **context,
        )

    def error_page(self, heading: str, lines: Sequence[str]) -> str:
        """A page that says what went wrong, and where to go on."""
        return self._render(
            self._services,
            "error.html",
            view=None,
            title=f"{heading} – AIM Monitor",
            description="",
            canonical="",
            query="",
            heading=heading,
            lines=lines,
        )

    def _render(self, services: Services, name: str, **context: Any) -> str:
        return services.templates.render(
            name,
            navigation=base.navigation([view for view in self._views if isinstance(view, View) or view.listed]),
            contact=contact_link(services.contact, context["canonical"]),
            comment=contact_link(services.contact, PLACE),
            release=_release(services.statistics),
            **context,
        )


def _release(statistics: Statistics) -> dict[str, Any]:
    """What header and footer tell of the release."""
    info = statistics.info()
    license_ = date_words(info.license_as_of) if info.license_as_of else NONE
    if info.license_off and info.license_as_of:
        license_ += ", not shown"
    return {
        "id": info.id,
        "demonstration": info.demonstration,
        "public": month_words(info.public_as_of) if info.public_as_of else NONE,
        "license": license_,
    }


class MonitorDash(Dash):
    """Dash with a page of our own around each view, which holds what Dash's renderer would ask for at its start."""

    shell: Shell

    def index(self, *_args: Any, **_kwargs: Any) -> Response:
        """The page of the view that the request's path names."""
        query = request.query_string.decode("utf-8", "replace")
        return self.shell.page(self.shell.by_path[request.path], query=query, boot=self._boot)

    def _boot(self, view: View) -> dict[str, Any]:
        """Layout and callback of a view. Its first answer is on the page, so nothing is asked before a change."""
        url = view.id("URL")
        callbacks = [one for one in self._callback_list if one["inputs"][0]["id"] == url]
        return {
            "layout": base.layout(view),
            "dependencies": [{**one, "prevent_initial_call": True} for one in callbacks],
        }
