"""Make the application: Dash, routes, headers, errors. Fresh each time; nothing is kept at module level."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from flask import Flask, abort, redirect, request

from dashboard.api import add_api
from dashboard.base_url import BASE_URL
from dashboard.catalog import add_catalog
from dashboard.components.own import Box
from dashboard.compression import add_compression
from dashboard.contact import CONTACT
from dashboard.errors import add_error_pages
from dashboard.feeds import add_feeds
from dashboard.headers import add_headers
from dashboard.health import add_health
from dashboard.kept_answers import add_kept_answers
from dashboard.limits import add_limits
from dashboard.metrics import add_metrics
from dashboard.picture_routes import add_pictures
from dashboard.proxies import add_proxies
from dashboard.settings import Settings
from dashboard.shell import MonitorDash, Shell
from dashboard.statics import ASSETS, add_statics, installed
from dashboard.templating import Templates
from dashboard.version import add_changelog
from dashboard.views import about, api_page, base, compare, data, explore, overview, smelt_cast, surges
from dashboard.views.base import Services, View
from dashboard.views.plain import PlainView
from data_access.serving.statistics import Statistics, open_statistics

VIEWS: tuple[ModuleType, ...] = (overview, explore, smelt_cast, surges, compare, data, about, api_page)
"""Modules of the views, in the order of the header; those of plain pages have no `register`."""
INDEX_ENDPOINTS = ("/", "/<path:path>")
UNUSED = ("/assets/", "/_dash-component-suites/")
"""Where Dash would serve files of its own accord; pages load them from `statics`."""
MAX_BODY = 64 * 1024
"""Bytes of a callback's request; the longest query takes about a quarter of it."""


def create_app(settings: Settings, *, statistics: Statistics | None = None) -> MonitorDash:
    """The application over the releases of `settings` (or over `statistics`); its `server` is the WSGI application."""
    services = Services(
        statistics=statistics
        or open_statistics(settings.releases, verify_key=settings.verify_key, cache=settings.cache),
        templates=Templates(),
        contact=settings.contact,
    )
    every: list[View | PlainView] = [module.VIEW for module in VIEWS]
    views = [view for view in every if isinstance(view, View)]
    shell = Shell(services, every)
    server: Any = Flask("aim_monitor", static_folder=None)  # Dash's own serves any folder `static` where it runs
    app = MonitorDash(
        "aim_monitor",
        server=server,
        assets_folder=str(ASSETS),
        include_assets_files=False,
        serve_locally=True,
        compress=False,
        enable_mcp=False,
        update_title="",
        title="AIM Monitor",
        suppress_callback_exceptions=False,
        add_log_handler=False,
    )
    app.shell = shell
    app.layout = Box(children=[base.layout(view) for view in views])
    app.validation_layout = app.layout  # what callbacks are checked against: a page holds one of the views
    for module in VIEWS:
        if isinstance(module.VIEW, View):
            module.register(app, services)
        else:
            _add_plain(app, shell, module.VIEW)
    app.server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.server.config |= {BASE_URL: settings.base_url, CONTACT: settings.contact}
    add_compression(app.server)
    add_statics(app.server, installed())
    add_proxies(app.server, settings.trusted_proxies)
    add_api(app.server, services.statistics)
    add_changelog(app.server)
    add_feeds(app.server, services.statistics)
    add_catalog(app.server, services.statistics, contact=settings.contact)
    add_pictures(app.server, services, views)
    add_health(app.server, services.statistics)
    if settings.metrics_port:
        add_metrics(app.server, shell.paths)
    add_limits(app.server, settings.rate)
    _guard_paths(app, shell)
    add_kept_answers(app.server, services, views)
    add_error_pages(app.server, shell)
    add_headers(app.server)
    return app


def _add_plain(app: MonitorDash, shell: Shell, view: PlainView) -> None:
    def page() -> str:
        return shell.plain_page(view, query=request.query_string.decode("utf-8", "replace"))

    app.server.add_url_rule(view.path, endpoint=f"plain-{view.name}", view_func=page)


def _guard_paths(app: MonitorDash, shell: Shell) -> None:
    """Dash answers any path with its page; ours are a few, the others and its own files do not exist."""

    def guard() -> object:
        rule = str(request.url_rule) if request.url_rule else ""
        if rule.startswith(UNUSED):
            return abort(404)
        if rule not in INDEX_ENDPOINTS or request.path in shell.by_path:
            return None
        bare = request.path.rstrip("/")
        if bare in shell.paths:
            query = request.query_string.decode("utf-8", "replace")
            return redirect(f"{bare}?{query}" if query else bare, code=308)
        return abort(404)

    app.server.before_request(guard)
