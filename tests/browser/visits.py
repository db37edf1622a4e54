"""Visits to the monitor's pages, with what went wrong on them."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

WIDE, NARROW = (1280, 900), (360, 740)
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.violatedDirective, event.blockedURI));
"""


class Monitor:
    """A running monitor and a browser to visit it with."""

    def __init__(self, base: str, context: BrowserContext) -> None:
        self.base = base
        self.context = context

    def visit(self, path: str, *, size: tuple[int, int] = WIDE, live: bool = True) -> Visit:
        """Open a page and wait until its charts stand."""
        page = self.context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        visit = Visit(page, self.base)
        page.goto(self.base + path)
        if live:
            visit.wait_live()
        return visit


class Visit:
    """One page, and what went wrong on it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.problems: list[str] = []
        self.foreign: list[str] = []
        host = urlsplit(base).netloc
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))
        page.on("request", lambda request: self._asked(request.url, host))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(f"{kind}: {text}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status}: {url}")

    def _asked(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            self.foreign.append(url)

    def wait_live(self) -> None:
        """Wait until Dash has taken over from the page as the server wrote it."""
        self.page.wait_for_selector("html.live", timeout=30_000)

    def wait_shown(self, search: str) -> None:
        """Wait until the answer to a query string is on the page."""
        self.page.wait_for_function(
            "(search) => document.querySelector('#react-entry-point .view-head')?.dataset.search === search"
            " && !('busy' in document.documentElement.dataset)",
            arg=search,
        )

    def traces(self, card: str) -> list[dict[str, object]]:
        """The traces of a chart as Plotly has them: type, name, series, names and figures of points, dash, visible."""
        self.page.locator(f"#{card}").scroll_into_view_if_needed()
        self.page.locator(f"#{card} .js-plotly-plot .main-svg").first.wait_for()
        found: list[dict[str, object]] = self.page.evaluate(
            """(id) => document.querySelector(`#${id} .js-plotly-plot`).data.map((t) => ({
                 type: t.type, name: t.name, meta: t.meta, x: Array.from(t.x || []), y: Array.from(t.y || []),
                 dash: t.line && t.line.dash, visible: t.visible}))""",
            card,
        )
        return found
