"""Pictures in a real browser: no shift when charts come, files as shown, panels by keyboard, frames, paper."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.visits import NARROW, WIDE, Monitor

FOIL = "product=foil&from=2025-04&to=2026-03"
PLACES = """(root) => [...document.querySelectorAll(`${root} .card`)].map((card) => {
  const box = card.getBoundingClientRect();
  return [card.querySelector("h2").textContent, Math.round(box.top + scrollY), Math.round(box.height)];
})"""


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_nothing_moves_when_the_live_charts_take_over(visit: Monitor, size: tuple[int, int]) -> None:
    page = visit.context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.route("**/dash.js", lambda route: route.abort())
    page.goto(f"{visit.base}/?{FOIL}")
    before = page.evaluate(PLACES, "#first-view")
    shown = page.evaluate("[...document.querySelectorAll('.static')].filter((one) => one.clientWidth > 0).length")
    assert shown == page.locator("#first-view .graph:has(svg)").count() > 0
    live = visit.visit(f"/?{FOIL}", size=size)
    after = live.page.evaluate(PLACES, "#react-entry-point")
    assert [card for card in after if card[2]] == [card for card in before if card[2]]


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("query", [FOIL, f"{FOIL}&by=country", "product=scrap&series=license"])
def test_a_framed_chart_has_no_finding_of_axe(visit: Monitor, size: tuple[int, int], query: str) -> None:
    shown = visit.visit(f"/embed?{query}", size=size, live=False)
    found = Axe().run(shown.page)
    assert found.violations_count == 0, found.generate_report()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not shown.problems
    assert not shown.foreign


@pytest.mark.browser
def test_the_pictures_of_a_card_are_saved_as_shown(visit: Monitor, tmp_path: Path) -> None:
    shown = visit.visit(f"/explore?{FOIL}")
    foot = shown.page.locator("#explore-trend .foot")
    for form in ("png", "svg"):
        with shown.page.expect_download() as download:
            foot.locator(f"[data-take={form}]").click()
        path = tmp_path / form
        download.value.save_as(path)
        assert re.fullmatch(
            rf"aim-demonstration_foil_all_.*2025-04_2026-03.*\.{form}", download.value.suggested_filename
        )
    width, _ = struct.unpack(">II", (tmp_path / "png").read_bytes()[16:24])
    assert width == 2000
    title = shown.page.locator("#explore-trend h2").text_content()
    assert title
    assert title in (tmp_path / "svg").read_text()
    assert not shown.problems


@pytest.mark.browser
def test_a_citation_has_the_day_of_access_and_opens_and_closes_by_keyboard(visit: Monitor) -> None:
    shown = visit.visit(f"/explore?{FOIL}")
    summary = shown.page.locator("#explore-trend .panel summary", has_text="Cite")
    summary.focus()
    shown.page.keyboard.press("Enter")
    today = shown.page.evaluate(
        "new Date().toLocaleDateString('en-US', {year: 'numeric', month: 'short', day: 'numeric'})"
    )
    text = shown.page.locator("#explore-trend-cite")
    assert text.is_visible()
    shown.page.wait_for_function("document.querySelector('#explore-trend-cite').textContent.includes('Accessed')")
    assert f"Accessed {today}." in (text.text_content() or "")
    found = Axe().run(shown.page)
    assert found.violations_count == 0, found.generate_report()
    shown.page.keyboard.press("Escape")
    assert not text.is_visible()
    assert summary.evaluate("(one) => one === document.activeElement")


@pytest.mark.browser
def test_on_paper_charts_are_whole_and_controls_are_gone(visit: Monitor) -> None:
    shown = visit.visit(f"/?{FOIL}")
    shown.page.set_viewport_size({"width": 720, "height": 900})
    shown.page.emulate_media(media="print")
    shown.page.wait_for_timeout(500)
    boxes = shown.page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot .main-svg')].map((one) => one.getBoundingClientRect().right)"
    )
    assert boxes
    assert max(boxes) <= 720
    for gone in (".site-nav", ".filters", ".actions", ".sheet-open"):
        assert not any(one.is_visible() for one in shown.page.locator(gone).all())
    assert shown.page.locator("[data-address]").text_content() == f"{visit.base}/?{FOIL}"
    shown.page.emulate_media(media="screen")
