"""Routes of pictures: any chart as SVG or PNG, and the bare page of a chart made for an iframe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.formats import bad_query, conditional
from dashboard.base_url import base_url
from dashboard.headers import EMBED
from dashboard.pictures.asked import SCALES, Asked, asked_for, card_for
from dashboard.pictures.kept import KeptPictures
from dashboard.pictures.picture import Layout, chart_of, picture_svg
from dashboard.pictures.png import MOST_PIXELS, pixels, to_png
from dashboard.views.base import Services, View
from data_access.filters import BadQuery, Filters

SVG_PATH, PNG_PATH = "/api/v1/picture.svg", "/api/v1/picture.png"
SVG_TYPE, PNG_TYPE = "image/svg+xml; charset=utf-8", "image/png"
EMBED_WIDTHS = {"wide": 760, "narrow": 330}
"""Px of the two drawings of a chart made for an iframe; its style sheet shows the one that fits."""


def add_pictures(server: Flask, services: Services, views: Iterable[View]) -> None:
    """Add the routes of pictures of the charts of `views`."""
    by_name = {view.name: view for view in views}
    kept: KeptPictures[bytes] = KeptPictures(size=len)

    def answer(kind: str, make: Callable[[Asked, Services, str], bytes], content_type: str) -> BaseResponse:
        try:
            now = services.pinned()
            asked = asked_for(request.args.to_dict(flat=False), services=now, views=by_name)
            base = base_url()
            key = kind, base, asked.view.name, _key(asked)
            body = kept.get(now.statistics, key, lambda: make(asked, now, base))
        except BadQuery as error:
            return bad_query(error)
        return conditional(Response(body, content_type=content_type))

    @server.get(SVG_PATH)
    def picture_as_svg() -> BaseResponse:
        return answer("svg", lambda asked, now, base: _svg(asked, now, base).encode(), SVG_TYPE)

    @server.get(PNG_PATH)
    def picture_as_png() -> BaseResponse:
        return answer("png", _png, PNG_TYPE)

    @server.get(EMBED)
    def embed() -> BaseResponse:
        return _embed(services.pinned(), by_name)


def _key(asked: Asked) -> tuple[object, ...]:
    return asked.query, asked.card, asked.width, asked.scale, asked.layout


def _svg(asked: Asked, services: Services, base: str) -> str:
    return picture_svg(card_for(asked, services), width=asked.width, base=base, layout=asked.layout)


def _png(asked: Asked, services: Services, base: str) -> bytes:
    scale = 1 if asked.layout is Layout.PREVIEW else asked.scale
    svg = _svg(asked, services, base)
    if pixels(svg, scale=scale) > MOST_PIXELS:
        message = (
            f"scale: this picture would have more than {MOST_PIXELS:,} pixels; a smaller scale or width is needed."
        )
        raise BadQuery("scale", given=str(scale), allowed=[str(one) for one in SCALES if one < scale], message=message)
    return to_png(svg, scale=scale)


def preview_address(base: str, view: str, filters: Filters) -> str:
    """Address of the picture that a link to a view (by its name) shows when it is posted."""
    query = filters.to_query()
    own = urlencode({"view": view, "layout": str(Layout.PREVIEW)})
    return f"{base}{PNG_PATH}?{own}{'&' if query else ''}{query}"


# -- the page for an iframe -----------------------------------------------------------------------------------------


def _embed(services: Services, views: dict[str, View]) -> BaseResponse:
    """The chart with its title, summary, table, source and address, without any script; both widths of one release."""
    try:
        asked = asked_for(request.args.to_dict(flat=False), services=services, views=views)
        cards = {name: card_for(replace(asked, width=width), services) for name, width in EMBED_WIDTHS.items()}
    except BadQuery as error:
        page = services.templates.render("embed.html", message=error.message, card=None, charts=(), link="")
        return Response(page, status=400)
    card = cards["wide"]
    charts = [
        (name, EMBED_WIDTHS[name], *chart_of(one, width=EMBED_WIDTHS[name], prefix=name, narrow=name == "narrow"))
        for name, one in cards.items()
        if one.has_chart
    ]
    link = f"{base_url()}{card.permalink}" if card.permalink.startswith("/") else card.permalink
    page = services.templates.render("embed.html", message="", card=card, charts=charts, link=link)
    return conditional(Response(page))
