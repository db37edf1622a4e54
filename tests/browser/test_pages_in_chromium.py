"""The pages as a visitor meets them: in Chromium, over the real server, with mouse, keyboard and without scripts."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Download, Locator, expect

from tests.browser.visits import NARROW, WIDE, Monitor, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FOIL = "?product=foil&from=2025-03"
STATES = {
    "Overview, wide": ("/", WIDE),
    "Overview, narrow": ("/", NARROW),
    "Overview, filtered": (f"/{FOIL}&series=public&series=license&series=combined", NARROW),
    "Overview, bad query": ("/?product=gold", WIDE),
    "Explore, narrow": ("/explore", NARROW),
    "Explore, by country": ("/explore?by=country&measure=share&from=2025-06", WIDE),
    "Explore, by country, narrow": ("/explore?by=country&series=license&from=2025-06", NARROW),
    "Explore, nothing to show": ("/explore?product=forgings&series=license&from=2022-01&to=2022-06", WIDE),
}


def fetched(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        parsed: dict[str, Any] = json.load(answer)
    return parsed


@pytest.mark.parametrize(("path", "size"), STATES.values(), ids=STATES)
def test_a_page_draws_without_an_error_a_foreign_request_or_a_finding_of_axe(
    visit: Monitor, path: str, size: tuple[int, int]
) -> None:
    seen = visit.visit(path, size=size)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == size[0]
    findings = Axe().run(seen.page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in findings] == []
    assert seen.problems == []
    assert seen.foreign == []
    assert visit.context.cookies() == []


def test_a_changed_filter_changes_address_chart_and_status_and_back_undoes_it(visit: Monitor) -> None:
    seen = visit.visit("/")
    before = seen.traces("trend")
    seen.page.get_by_label("Measure").select_option("value")
    seen.wait_shown("?measure=value")
    assert seen.page.url.endswith("/?measure=value")
    assert seen.traces("trend") != before
    expect(seen.page.locator("#status")).to_contain_text("Customs value")
    expect(seen.page.locator(".site-nav a").nth(1)).to_have_attribute("href", "/explore?measure=value")
    seen.page.go_back()
    seen.wait_shown("")
    assert seen.traces("trend") == before
    expect(seen.page.get_by_label("Measure")).to_have_value("volume")
    assert seen.problems == []


def test_one_change_is_one_callback(visit: Monitor) -> None:
    seen = visit.visit("/explore")
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    seen.page.get_by_label("Country", exact=True).check()
    seen.wait_shown("?by=country")
    assert len(asked) == 1


def test_a_deep_link_shows_the_figures_of_the_api(visit: Monitor) -> None:
    query = f"{FOIL}&measure=value"
    seen = visit.visit(f"/explore{query}")
    cells = fetched(f"{visit.base}/api/v1/series{query}")["cells"]
    for series in ("public", "license"):
        drawn = [trace["y"] for trace in seen.traces("explore-trend") if trace["meta"] == series]
        assert drawn == [[cell["value"] for cell in cells if cell["series"] == series]]
    expect(seen.page.get_by_label("From", exact=True)).to_have_value("2025-03")
    expect(seen.page.locator("#product-value")).to_have_text("Foil")


def test_a_withheld_month_is_null_in_the_chart_and_told_in_chart_and_table(visit: Monitor) -> None:
    seen = visit.visit(f"/explore{FOIL}&measure=value")
    license_ = next(trace for trace in seen.traces("explore-trend") if trace["meta"] == "license")
    figures = dict(zip(license_["x"], license_["y"], strict=True))  # type: ignore[call-overload]
    assert figures["Jun 2025"] is None
    assert figures["Jul 2025"] is None
    assert figures["Aug 2025"] > 0
    withheld = next(trace for trace in seen.traces("explore-trend") if trace["meta"] == "withheld")
    assert {"Jun 2025", "Jul 2025"} <= set(withheld["x"])  # type: ignore[call-overload]
    expect(seen.page.locator("#explore-trend .chart")).to_contain_text("(D)")
    row = seen.page.locator("#explore-figures tr", has_text="Jun 2025")
    expect(row.locator("td").nth(1)).to_have_text("(D)")
    assert "withheld" in (row.locator("td").nth(1).get_attribute("title") or "")


def test_public_and_license_lines_are_told_apart_without_color(visit: Monitor) -> None:
    seen = visit.visit("/")
    dashes = {str(trace["meta"]): trace["dash"] for trace in seen.traces("trend") if trace["type"] == "scatter"}
    assert dashes == {"public": "solid", "license": "6px,4px"}


def test_a_point_tells_its_figure_and_changes_under_the_pointer(visit: Monitor) -> None:
    seen = visit.visit("/")
    seen.page.locator("#trend .chart").scroll_into_view_if_needed()
    box = seen.page.locator("#trend .chart").bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 120)
    hover = seen.page.locator("#trend .hoverlayer")
    expect(hover).to_contain_text("Public statistics: ")
    expect(hover).to_contain_text(" t")
    expect(hover).to_contain_text("% on ")
    assert seen.problems == []


@pytest.mark.parametrize(("path", "card"), [("/", "trend"), ("/explore?from=2025-01&to=2026-03", "explore-trend")])
def test_a_box_shows_and_hides_its_series(visit: Monitor, path: str, card: str) -> None:
    seen = visit.visit(path)
    events = seen.page.locator(f"#{card} .events li").count()
    assert (events > 0) == (card == "explore-trend"), "Explore marks events on the chart"
    box = seen.page.locator(f"#{card}").get_by_label("License data")
    box.uncheck()
    hidden = {str(trace["meta"]): trace["visible"] for trace in seen.traces(card) if trace["type"] == "scatter"}
    assert hidden == {"public": True, "license": False}
    box.check()
    assert all(trace["visible"] is not False for trace in seen.traces(card))
    assert seen.problems == []


def saved(seen: Visit, control: Locator) -> Download:
    with seen.page.expect_download() as caught:
        control.click()
    return caught.value


def test_pictures_hold_title_source_notes_address_and_the_demonstration_mark(visit: Monitor) -> None:
    seen = visit.visit(f"/explore{FOIL}")
    card = seen.page.locator("#explore-trend")
    drawing = saved(seen, card.get_by_role("link", name="SVG"))
    assert drawing.suggested_filename.startswith("aim-demonstration_foil_all_volume_month_2025-03_2026-02_")
    assert drawing.suggested_filename.endswith(".svg")
    text = Path(drawing.path()).read_text(encoding="utf-8")
    for words in (
        "Foil from all countries: volume",
        "Source: U.S. Census Bureau",
        "Demonstration data",
        "/explore?product=foil",
        "(D): withheld",
    ):
        assert words in text
    picture = saved(seen, card.get_by_role("link", name="PNG"))
    assert picture.suggested_filename == drawing.suggested_filename.removesuffix("svg") + "png"
    head = Path(picture.path()).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") == 2000
    assert seen.problems == []


def test_files_hold_the_figures_of_the_api(visit: Monitor) -> None:
    seen = visit.visit(f"/explore{FOIL}&measure=value")
    card = seen.page.locator("#explore-trend")
    cells = fetched(f"{visit.base}/api/v1/series{FOIL}&measure=value")["cells"]
    table = saved(seen, card.get_by_role("link", name="CSV"))
    assert table.suggested_filename.startswith("aim-demonstration_foil_all_value_month_2025-03_2026-02_")
    lines = Path(table.path()).read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("#")))))
    assert [row["value"] for row in rows] == ["" if cell["value"] is None else str(cell["value"]) for cell in cells]
    book = saved(seen, card.get_by_role("link", name="XLSX"))
    assert book.suggested_filename == table.suggested_filename.removesuffix("csv") + "xlsx"
    figures = openpyxl.load_workbook(io.BytesIO(Path(book.path()).read_bytes()))["Figures"]
    names = [cell.value for cell in figures[1]]
    column = [row[names.index("value")] for row in figures.iter_rows(min_row=2, values_only=True)]
    assert column == [cell["value"] if cell["status"] == "published" else _mark(cell) for cell in cells]


def _mark(cell: dict[str, Any]) -> str:
    return {"withheld": "(D)", "not_reported": "not reported", "not_yet": "not yet"}[cell["status"]]


def test_the_keyboard_alone_finds_and_chooses_a_product(visit: Monitor) -> None:
    seen = visit.visit("/")
    page = seen.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-picker=product] > summary')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find").first).to_be_focused()
    page.keyboard.type("billet")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    seen.wait_shown("?product=7601209045")
    page.keyboard.press("Escape")
    expect(page.locator("[data-picker=product] > summary")).to_be_focused()
    expect(page.locator("#product-value")).to_contain_text("round billets")


def test_choosing_a_part_lets_go_of_the_whole(visit: Monitor) -> None:
    seen = visit.visit("/")
    seen.page.locator("[data-picker=product] > summary").click()
    listed = seen.page.get_by_role("list", name="Product")
    listed.get_by_label("Foil", exact=False).first.check()
    listed.get_by_label("Wire", exact=False).first.check()
    seen.wait_shown("?product=wire&product=foil")
    expect(seen.page.locator("#product-value")).to_have_text("Wire, Foil")
    listed.get_by_label("All licensed products").check()
    seen.wait_shown("")
    expect(seen.page.locator("#product-value")).to_have_text("All licensed products")


def test_a_callback_that_fails_hides_the_old_chart_behind_words(visit: Monitor) -> None:
    seen = visit.visit("/")
    seen.page.route("**/_dash-update-component", lambda route: route.fulfill(status=502, body="gone"))
    seen.page.get_by_label("Measure").select_option("value")
    expect(seen.page.locator("#failed")).to_contain_text("could not be loaded")
    expect(seen.page.locator("#trend")).to_be_hidden()
    seen.page.locator("#failed a").click()
    seen.wait_live()
    assert seen.page.url.endswith("/?measure=value")
    expect(seen.page.locator("#trend")).to_be_visible()


def test_on_a_phone_the_filters_are_a_sheet(visit: Monitor) -> None:
    seen = visit.visit(f"/{FOIL}", size=NARROW)
    opener = seen.page.get_by_role("button", name="Filters (2)")
    expect(seen.page.locator("#filters")).to_be_hidden()
    opener.click()
    expect(seen.page.get_by_role("dialog", name="Filters")).to_be_visible()
    seen.page.get_by_label("Measure").select_option("value")
    seen.page.get_by_role("button", name="Show figures").click()
    expect(seen.page.locator("#filters")).to_be_hidden()
    expect(seen.page.get_by_role("button", name="Filters (3)")).to_be_focused()
    seen.wait_shown(f"{FOIL}&measure=value")
    assert seen.problems == []


def test_without_scripts_the_page_has_figures_table_and_a_form_that_works(server: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{FOIL}")
    expect(page.locator(".tile .figure").first).to_contain_text("t")
    page.locator("#first-view summary", has_text="Data table").first.click()
    expect(page.locator("#first-view table").first).to_contain_text("(D)")
    page.get_by_label("Measure").select_option("value")
    page.get_by_role("button", name="Show").click()
    assert "measure=value" in unquote(page.url)
    assert "product=foil" in unquote(page.url)
    expect(page.locator(".tile .figure").first).to_contain_text("$")
    context.close()
