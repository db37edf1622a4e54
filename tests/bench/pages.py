"""Pages of both servers in a real Chromium: what a load weighs and takes, and how long after a click a chart stands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-renderer-backgrounding",
]
DESK, PHONE = (1280, 800), (360, 740)
UPDATE = "/_dash-update-component"
WAIT = 60_000  # ms
QUIET = 500  # ms after the charts, in which the rest of a page comes


@dataclass(frozen=True, slots=True)
class Line:
    """A reader's connection, as Chromium emulates it: megabits a second down and up, milliseconds a round trip."""

    name: str
    down: float = 0.0
    up: float = 0.0
    latency: float = 0.0

    def conditions(self) -> dict[str, Any]:
        """For the browser's protocol, which counts in bytes a second."""
        down, up = (rate * 1e6 / 8 if rate else -1 for rate in (self.down, self.up))
        return {"offline": False, "latency": self.latency, "downloadThroughput": down, "uploadThroughput": up}


PLAIN = Line("plain")
FOUR_G = Line("4G", down=9, up=9, latency=170)
"""WebPageTest's profile of that name."""

# `ready` tells whether Plotly has drawn the first chart of the page, which is scrolled into sight as soon as it has a
# place, and every other in sight; both pages mark the places of charts by a class. What is noted is the time from the
# start of navigation to the frame after, when it is on the screen.
WATCH = """
(() => {
  const bench = (window.__bench = {});
  const inSight = (one) => {
    const { top, bottom, left, right, width, height } = one.getBoundingClientRect();
    return width > 0 && height > 0 && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  };
  const hasWidth = (one) => one.getBoundingClientRect().width > 0;
  const shown = () => [...document.querySelectorAll(PLACES)].filter(hasWidth);
  const places = () => shown().filter((one, i) => i === 0 || inSight(one));
  const plotOf = (place) => place.matches(".js-plotly-plot") ? place : place.querySelector(".js-plotly-plot");
  const drawn = (plot) => Boolean(plot && plot.data && plot.data.length && plot.calcdata
    && plot.querySelector(".main-svg .trace, .main-svg .hm"));
  const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  });
  const ready = () => {
    const found = places();
    const live = !LIVE || document.documentElement.classList.contains("live");
    return live && found.length > 0 && found.every((place) => drawn(plotOf(place)));
  };
  const look = () => {
    if (LIVE && !bench.picture && [...document.querySelectorAll(".static")].some(hasWidth)) {
      bench.picture = -1;
      painted((now) => { bench.picture = now; });
    }
    const [first] = shown();
    if (first) first.scrollIntoView({ block: "nearest" });
    if (ready()) {
      bench.charts = -1;
      painted((now) => { bench.charts = now; bench.count = places().length; });
      return;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  /* From a click to the first frame with every chart in sight drawn anew. */
  bench.arm = () => {
    bench.redrawn = null;
    const turn = (bench.turn = (bench.turn || 0) + 1); // listeners of changes before this one still hear
    shown()[0].scrollIntoView({ block: "nearest" });
    const plots = places().map(plotOf).filter(Boolean);
    const before = plots.map((plot) => plot.data);
    let clicked = null;
    document.addEventListener("click", (event) => { clicked = event.timeStamp; }, { capture: true, once: true });
    const check = () => {
      if (turn !== bench.turn || clicked === null || bench.redrawn !== null) return;
      if (plots.some((plot, i) => plot.data === before[i])) return;
      const head = document.querySelector(".view-head[data-search]");
      if (LIVE && head.dataset.search !== location.search) return;
      bench.redrawn = -1;
      painted((now) => {
        const asked = performance.getEntriesByType("resource").filter((one) => one.name.includes(UPDATE)).pop();
        bench.parts = [asked.startTime - clicked, asked.responseEnd - asked.startTime, now - asked.responseEnd];
        bench.redrawn = now - clicked;
      });
    };
    for (const plot of plots) plot.on("plotly_afterplot", () => queueMicrotask(check)); // in the same frame
    return plots.length;
  };
})();
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A page under measurement."""

    name: str
    address: str
    live: bool
    """Whether it is the monitor's, which tells when it is live."""

    @property
    def script(self) -> str:
        """What watches it, before its own scripts run."""
        places = '".card:not([hidden]) .graph"' if self.live else '".dash-graph"'
        names = f'PLACES = {places}, LIVE = {str(self.live).lower()}, UPDATE = "{UPDATE}"'
        return f"(() => {{ const {names};\n{WATCH}\n}})();"


@dataclass(slots=True)
class Load:
    """One load: kilobytes and requests over the network, milliseconds to charts, and to the first picture."""

    kilobytes: float = 0.0
    requests: int = 0
    charts: float = 0.0
    picture: float = 0.0


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise SystemExit("make bench: expected Chromium on PATH, found none; run tests/browser/chromium.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def loads(browser: Browser, subject: Subject, line: Line, size: tuple[int, int] = DESK) -> tuple[Load, Load]:
    """A first visit with nothing kept, and a second one with the browser's cache."""
    context = _context(browser, subject, size)
    try:
        return _load(context, subject, line), _load(context, subject, line)
    finally:
        context.close()


def _context(browser: Browser, subject: Subject, size: tuple[int, int]) -> BrowserContext:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
    context.add_init_script(subject.script)
    return context


def _load(context: BrowserContext, subject: Subject, line: Line) -> Load:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line.conditions())
    found = Load()

    def finished(event: dict[str, Any]) -> None:
        size = event["encodedDataLength"] / 1000
        found.kilobytes += size
        found.requests += size > 0  # what the cache answers weighs nothing

    session.on("Network.loadingFinished", finished)
    _open(page, subject)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(QUIET)
    noted = page.evaluate("window.__bench")
    found.charts, found.picture = noted["charts"], noted.get("picture") or 0.0
    page.close()
    return found


def _open(page: Page, subject: Subject) -> None:
    """Go to a page and wait for its charts; what went wrong on it is told."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(subject.address, wait_until="commit")
    try:
        page.wait_for_function("() => window.__bench && window.__bench.charts > 0", timeout=WAIT)
    except TooLate as error:
        raise RuntimeError(f"{subject.name}: no charts after {WAIT / 1000:.0f} s; {' | '.join(wrong)}") from error


@dataclass(frozen=True, slots=True)
class Change:
    """Milliseconds of a change: from the click to the request, of the request, from the answer to charts on screen."""

    before: float
    request: float
    after: float

    @property
    def whole(self) -> float:
        """From the click to charts on screen."""
        return self.before + self.request + self.after


class Visit:
    """A page that stays open, to change filters on."""

    def __init__(self, browser: Browser, subject: Subject) -> None:
        self.subject = subject
        self.context = _context(browser, subject, DESK)
        self.page = self.context.new_page()
        self.bodies: list[str] = []
        self.page.on("request", self._asked)
        _open(self.page, subject)

    def _asked(self, request: Request) -> None:
        if request.method == "POST" and UPDATE in request.url:
            self.bodies.append(request.post_data or "")

    def change(self, kind: str, value: str) -> Change:
        """Choose a product or country, or let go of it."""
        self.page.bring_to_front()  # Chromium gives pages in the background less of the processor
        option = self._monitor_option(kind, value) if self.subject.live else self._naive_option(kind, value)
        if not self.page.evaluate("window.__bench.arm()"):
            raise RuntimeError(f"{self.subject.name}: no chart in sight")
        option.evaluate("(one) => one.click()")
        self.page.wait_for_function("() => window.__bench.redrawn > 0", timeout=WAIT)
        self.page.wait_for_load_state("networkidle")
        return Change(*map(float, self.page.evaluate("window.__bench.parts")))

    def _monitor_option(self, kind: str, value: str) -> Locator:
        return self.page.locator(f"[data-picker={kind}] .picker-list input[value='{value}']")

    def _naive_option(self, kind: str, value: str) -> Locator:
        name = {"product": "products", "country": "countries"}[kind]
        option = self.page.locator(f".dash-dropdown-option:has(input[value='{value}'])")
        if not self.page.locator(f"#{name}[aria-expanded=true]").count():
            self.page.keyboard.press("Escape")
            self.page.locator(".dash-dropdown-content").wait_for(state="detached")
            self.page.locator(f"#{name}").click()
        if not option.count():
            self.page.locator(".dash-dropdown-search").fill(value)
            option.wait_for()
        return option

    def close(self) -> None:
        """End it."""
        self.context.close()


def changes(values: Sequence[str]) -> list[str]:
    """Which box to click, so that no selection comes twice: the first alone, with the second, the second alone, …"""
    return [values[0], *(one for before, after in pairwise(values) for one in (after, before))]
