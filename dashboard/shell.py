"""The page around a view, written by the server: head, header, filter bar, the first figures, footer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash
from flask import request

from dashboard.base_url import base_url
from dashboard.components.filter_bar import filter_bar
from dashboard.contact import PLACE, contact_link
from dashboard.headers import style_nonce
from dashboard.picture_routes import preview_address
from dashboard.pictures.first import FirstPictures
from dashboard.views import base, plain
from dashboard.views.base import Services, View
from dashboard.views.plain import PlainView
from dashboard.words import date_words
from data_access.filters import month_words
from data_access.serving.statistics import Statistics

NONE = "none"
OVERVIEW = "overview"
"""The view whose chart stands for a page that has none of its own."""


class Shell:
    """Renders whole pages for the views it knows."""

    def __init__(self, services: Services, views: Sequence[View | PlainView]) -> None:
        self._services = services
        self._pictures = FirstPictures()
        self._views = tuple(views)
        self.by_path = {view.path: view for view in views if isinstance(view, View)}
        self.paths = frozenset(view.path for view in views)

    def page(self, view: View, *, query: str, dash: Mapping[str, str]) -> str:
        """The page of a view for a query string (without '?'); `dash` holds what Dash has to add."""
        search = f"?{query}" if query else ""
        services = self._services.pinned()
        page = base.page_for(view, services, search)
        canonical = page.filters.to_query()
        return self._render(
            services,
            "page.html",
            view=view,
            page=page,
            pictures=self._pictures.of(view, page, services),
            preview=preview_address(base_url(), view.name, page.filters),
            title=page.document_title,
            description=next((card.summary for card in page.cards if not card.absent), "") or view.lead,
            canonical=f"{base_url()}{view.path}{'?' if canonical else ''}{canonical}",
            query=search if not page.message else "",
            filters=filter_bar(services.statistics, page.filters, controls=view.controls),
            dash=dash,
        )

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
            nonce=style_nonce(),
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
    """Dash with a page of our own around each view."""

    shell: Shell

    def interpolate_index(  # noqa: PLR0917 - the signature is Dash's
        self,
        metas: Any = "",
        title: Any = "",
        css: Any = "",
        config: Any = "",
        scripts: Any = "",
        app_entry: Any = "",
        favicon: Any = "",
        renderer: Any = "",
    ) -> str:
        """The page of the view that the request's path names."""
        dash = {"css": css, "config": config, "scripts": scripts, "app_entry": app_entry, "renderer": renderer}
        query = request.query_string.decode("utf-8", "replace")
        return self.shell.page(self.shell.by_path[request.path], query=query, dash=dash)
