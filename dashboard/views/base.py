"""What all views share: services, page, the one callback of a view, and the states in which something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import BoundedSemaphore
from typing import Any, Protocol, TypeVar

from dash import Dash, Input, Output
from flask import has_request_context

from dashboard.base_url import base_url
from dashboard.components.card import Card
from dashboard.components.filter_bar import USUAL
from dashboard.components.own import Address, Box, Html, Root, Screen
from dashboard.components.tile import Tile
from dashboard.graph import EMPTY, Figure, graph
from dashboard.ids import Part
from dashboard.templating import Templates
from data_access.filters import BadQuery, Filters
from data_access.serving.kept import Kept
from data_access.serving.statistics import Statistics

NARROW = "narrow"
MOST_PAGES = 4
"""Pages that a worker keeps as they were drawn: each takes up to 1 MB."""
PAGE_SECONDS = 60.0
"""How long one is kept: what could not be read for a moment when it was drawn is looked for again after that."""
AT_ONCE = 2
"""Pages that a worker draws at once: more would take more memory and be no faster."""
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What callbacks and routes work with; made once by the factory."""

    statistics: Statistics
    templates: Templates
    contact: str = ""
    pages: Kept = field(default_factory=lambda: Kept(MOST_PAGES, seconds=PAGE_SECONDS))
    """Pages drawn last; the request for a page, the callback and the pictures of one selection draw it once."""
    turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def pinned(self) -> Services:
        """The same with the release in use now, whatever comes next."""
        return replace(self, statistics=self.statistics.pinned())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to draw a view: the selection with its months, and whether the screen is narrow."""

    statistics: Statistics
    filters: Filters
    narrow: bool = False
    templates: Templates = field(default_factory=Templates)
    _made: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for all cards of a page."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def render(self, template: str, **context: Any) -> str:
        """Markup of a template, for the body of a card."""
        return self.templates.render(template, **context)


@dataclass(frozen=True, slots=True)
class Message:
    """A box above the figures; `kind` is its style class ('', 'error')."""

    lines: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a view says for one selection."""

    status: str
    cards: tuple[Card, ...]
    tiles: tuple[Tile, ...] = ()
    notes: tuple[str, ...] = ()
    message: Message | None = None
    document_title: str = ""
    search: str = ""
    filters: Filters = Filters()  # noqa: RUF009 - frozen
    faulty: bool = False
    """Whether it tells of a fault or of no release, in the place of figures."""

    @property
    def sound(self) -> bool:
        """Whether it holds what was asked for: no fault, and no query that could not be read."""
        return not self.faulty and (self.message is None or self.message.kind != "error")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a card: half the width of the page or all of it, with a chart, a body of markup, or neither."""

    id: str
    half: bool = False
    chart: bool = True
    body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page of the monitor."""

    name: str
    path: str
    label: str
    heading: str
    lead: str
    ids: type[StrEnum]
    cards: tuple[Slot, ...]
    draw: Callable[[Ask], Page]
    controls: tuple[str, ...] = USUAL
    """Parameters that the filter bar of the view has controls for, in their order."""

    @property
    def halves(self) -> frozenset[str]:
        """Ids of cards that take half the width."""
        return frozenset(slot.id for slot in self.cards if slot.half)

    def id(self, name: str) -> str:
        """The id of one of the parts that all views have: ROOT, URL, SCREEN, HEAD, NOTES."""
        return self.ids[name].value


# -- drawing --------------------------------------------------------------------------------------------------------


def page_for(view: View, services: Services, search: str, *, narrow: bool = False) -> Page:
    """The page of a query; one that cannot be read gives a message and the default view, a fault a message alone."""
    services = services.pinned()
    statistics = services.statistics
    message = None
    try:
        filters = statistics.parse(search)
    except BadQuery as error:
        filters, message = Filters(), bad_query(error)
    try:
        page = _kept(view, services, filters, narrow=narrow)
    except BadQuery as error:
        filters, message = Filters(), bad_query(error)
        page = _kept(view, services, filters, narrow=narrow)
    except Exception:
        _log.exception("%s could not be drawn", view.name)
        page = failed(view)
    return replace(
        page,
        message=message or page.message,
        search=search,
        filters=filters,
        document_title=f"{_told(page) or view.label} – {view.label} – AIM Monitor",
    )


def _told(page: Page) -> str:
    """What a page is about, for its title and for where its address is posted: its first card, with an event the one of
    the event."""
    return next((card.title for card in page.cards if not card.absent and not card.empty), page.status)


def _kept(view: View, services: Services, filters: Filters, *, narrow: bool) -> Page:
    statistics = services.statistics
    resolved = statistics.resolve(filters)

    def draw() -> Page:
        with services.turns:
            return _drawn(view, services, resolved, narrow=narrow)

    # Pages tell absolute addresses, which without an address of its own are those that the request came to.
    place = base_url() if has_request_context() else ""
    key = statistics.info(), place, view.name, resolved, narrow
    return services.pages.get(key, draw, keep=lambda page: not page.faulty)


def _drawn(view: View, services: Services, resolved: Filters, *, narrow: bool) -> Page:
    statistics = services.statistics
    problem = statistics.state()
    if problem:
        return no_release(view, problem)
    page = view.draw(Ask(statistics=statistics, filters=resolved, narrow=narrow, templates=services.templates))
    info = statistics.info()
    if info.license_off and info.license_as_of and not page.message:
        return replace(page, message=Message((f"License series are not shown: {info.license_off}.",)))
    return page


def bad_query(error: BadQuery) -> Message:
    """What was wrong with the address, and what is shown in its place."""
    return Message((error.message, "The default selection is shown instead."), kind="error")


def no_release(view: View, problem: str) -> Page:
    """The page while there is no release to show."""
    words = f"No figures can be shown: {problem}."
    cards = tuple(Card(id=slot.id, title="No figures", summary="", empty=words) for slot in view.cards)
    message = Message((words,), kind="error")
    return Page(status="No figures can be shown.", cards=cards, message=message, faulty=True)


def failed(view: View) -> Page:
    """The page after a fault: words in place of every chart, so that no old one is taken for the answer."""
    words = "The figures could not be worked out."
    cards = tuple(Card(id=slot.id, title="No figures", summary="", empty=words) for slot in view.cards)
    lines = (
        words,
        "This has been recorded. Other selections may still work; “Reset all” leads back to the first view.",
    )
    return Page(status=words, cards=cards, message=Message(lines, kind="error"), faulty=True)


# -- Dash -----------------------------------------------------------------------------------------------------------


def layout(view: View) -> Root:
    """The skeleton of a view; it holds no data."""
    return Root(
        id=view.id("ROOT"),
        className="view",
        children=[
            Address(id=view.id("URL")),
            Screen(id=view.id("SCREEN")),
            Html(id=view.id("HEAD")),
            Box(className="cards", children=[_card_layout(slot) for slot in view.cards]),
            Html(id=view.id("NOTES")),
        ],
    )


def _card_layout(slot: Slot) -> Box:
    parts: list[Any] = [Html(id=Part.HEAD.of(slot.id), tag="figcaption")]
    if slot.chart:
        words = {
            "role": "application",
            "tabIndex": "0",
            "aria-roledescription": "chart",
            "aria-labelledby": f"{slot.id}-title",
            "aria-describedby": f"{slot.id}-summary chart-keys",
        }
        # What Plotly draws has no names; figures are read out by assets/reader.js and stand in the table.
        drawn = Box(attributes={"aria-hidden": "true"}, children=[graph(Part.CHART.of(slot.id))])
        parts.append(Box(className="chart", attributes=words, children=[drawn]))
    if slot.body:
        parts.append(Html(id=Part.BODY.of(slot.id), className="body"))
    parts.append(Html(id=Part.FOOT.of(slot.id)))
    return Box(tag="figure", id=slot.id, className="card half" if slot.half else "card", children=parts)


def register(app: Dash, services: Services, view: View) -> None:
    """Register the view's one callback: the address in, every card out."""

    @app.callback(outputs(view), Input(view.id("URL"), "search"), Input(view.id("SCREEN"), "data"))
    def update(search: object, screen: object) -> list[str | Figure]:
        text = search if isinstance(search, str) else ""
        return answer(view, services, page_for(view, services, text, narrow=screen == NARROW))


def outputs(view: View) -> list[Output]:
    """Outputs of the callback, in the order of `answer`."""
    found = [Output(view.id("HEAD"), "html"), Output(view.id("NOTES"), "html")]
    for slot in view.cards:
        found.append(Output(Part.HEAD.of(slot.id), "html"))
        if slot.chart:
            found.append(Output(Part.CHART.of(slot.id), "figure"))
        if slot.body:
            found.append(Output(Part.BODY.of(slot.id), "html"))
        found.append(Output(Part.FOOT.of(slot.id), "html"))
    return found


def answer(view: View, services: Services, page: Page) -> list[str | Figure]:
    """What the callback gives for a page."""
    parts = services.templates.parts()
    found: list[str | Figure] = [parts.view_head(page), parts.view_notes(page)]
    for slot, card in zip(view.cards, page.cards, strict=True):
        found.append(parts.card_head(card))
        if slot.chart:
            found.append(card.figure if card.has_chart else EMPTY)
        if slot.body:
            found.append(card.body if not card.empty and not card.absent else "")
        found.append(parts.card_foot(card, view, page))
    return [str(one).strip() if not isinstance(one, dict) else one for one in found]


class Listed(Protocol):
    """A view that the header may link to."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def path(self) -> str:
        """Its path."""

    @property
    def label(self) -> str:
        """What the header calls it."""

    @property
    def lead(self) -> str:
        """What it is for."""


def navigation(views: Sequence[Listed]) -> list[dict[str, str]]:
    """What the header links to."""
    return [{"name": one.name, "path": one.path, "label": one.label, "lead": one.lead} for one in views]
