"""Every view in its states, and the jobs that users come with, from their first page to the answer."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.visits import NARROW, WIDE, Monitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SMALL = (320, 640)
LOW = "r1=5&floor=10&r2=1"
"""Thresholds at which the sample release has flags."""
STATES = {
    "Explore, stacked": ("/explore?by=country&chart=stacked&from=2025-01", NARROW),
    "Explore, matrix": ("/explore?chart=matrix&from=2025-01", WIDE),
    "Explore, map": ("/explore?chart=map&measure=value", NARROW),
    "Explore, event": ("/explore?product=unwrought&measure=value&event=section-232-25", WIDE),
    "Explore, compared": ("/explore?compare=country%3DCAN&show=index&from=2024-01", SMALL),
    "Smelt and cast": ("/smelt-cast", WIDE),
    "Smelt and cast, filtered": ("/smelt-cast?smelt=RUS&product=unwrought", NARROW),
    "Smelt and cast, empty": ("/smelt-cast?product=scrap", WIDE),
    "Surge watch": ("/surges", NARROW),
    "Surge watch, flags": (f"/surges?{LOW}", WIDE),
    "Surge watch, one": (f"/surges?{LOW}&product=sheet&country=ARE", NARROW),
    "License and public": ("/compare", WIDE),
    "License and public, filtered": ("/compare?product=foil&measure=value", NARROW),
    "License and public, empty": ("/compare?product=scrap", SMALL),
}
PLAIN = {
    "Data": ("/data", WIDE),
    "Data, filtered": ("/data?product=foil&by=country", SMALL),
    "Data, bad query": ("/data?product=gold", NARROW),
    "About": ("/about", NARROW),
    "The API": ("/api", SMALL),
    "Embedded": ("/embed?view=explore&product=foil", NARROW),
}


def fetched(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        parsed: dict[str, Any] = json.load(answer)
    return parsed


@pytest.mark.parametrize(
    ("path", "size", "live"),
    [(*state, True) for state in STATES.values()] + [(*state, False) for state in PLAIN.values()],
    ids=[*STATES, *PLAIN],
)
def test_a_view_draws_without_an_error_a_foreign_request_or_a_finding_of_axe(
    visit: Monitor, path: str, size: tuple[int, int], live: bool
) -> None:
    seen = visit.visit(path, size=size, live=live)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == size[0]
    findings = Axe().run(seen.page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in findings] == []
    assert seen.problems == []
    assert seen.foreign == []


def test_the_public_learns_in_two_choices_how_foil_from_a_country_changed_on_the_year(visit: Monitor) -> None:
    seen = visit.visit("/")
    page = seen.page
    page.locator("[data-picker=product] > summary").click()
    expect(page.get_by_label("Find").first).to_be_focused()
    page.keyboard.type("foil")
    page.get_by_role("list", name="Product").get_by_label("Foil", exact=False).first.check()
    seen.wait_shown("?product=foil")
    page.keyboard.press("Escape")
    page.locator("[data-picker=country] > summary").click()
    page.keyboard.type("china")
    page.get_by_role("list", name="Country of origin").get_by_label("China", exact=False).first.check()
    seen.wait_shown("?product=foil&country=CHN")
    cells = [
        one
        for one in fetched(f"{seen.base}/api/v1/series?product=foil&country=CHN&series=public")["cells"]
        if one["value"]
    ]
    now, before = cells[-1]["value"], cells[-13]["value"]
    change = (
        f"{'up' if now > before else 'down'} {abs(now / before - 1) * 100:.1f}\N{NARROW NO-BREAK SPACE}% on Jan 2025"
    )
    expect(page.locator("#trend-summary")).to_contain_text(change)
    expect(page.locator(".tile").first).to_contain_text(f"{now:,.0f}\N{NARROW NO-BREAK SPACE}t")


def test_commerce_goes_from_the_list_to_a_flag_and_shares_it_with_its_thresholds(
    visit: Monitor, browser: Browser, server: str
) -> None:
    seen = visit.visit(f"/surges?{LOW}")
    page = seen.page
    first = page.locator("#react-entry-point .flag-name a").first
    name = first.inner_text()
    first.click()
    page.wait_for_url("**product=*")
    seen.wait_live()
    expect(page.locator("#react-entry-point .flag-name").first).to_have_text(name)
    expect(page.locator("#react-entry-point")).to_contain_text("Is it real?")
    expect(page.locator("#react-entry-point")).to_contain_text("Orders on")
    expect(page.locator("#surge-trend")).to_be_focused()
    words = page.locator("#react-entry-point .flag-headline").first.inner_text()
    context = browser.new_context()
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html.live", state="attached")
    expect(other.locator("#react-entry-point .flag-headline").first).to_have_text(words)
    context.close()


def test_thresholds_are_changed_in_their_form(visit: Monitor) -> None:
    seen = visit.visit("/surges")
    page = seen.page
    expect(page.locator("#react-entry-point")).to_contain_text("Nothing is flagged")
    page.locator("#react-entry-point .thresholds > summary").click()
    for name, value in (("r1", "5"), ("r2", "1"), ("floor", "10")):
        page.locator(f"#react-entry-point input[name={name}]").fill(value)
    page.locator("#react-entry-point .threshold-actions button").click()
    page.wait_for_url("**r1=5*")
    seen.wait_live()
    expect(page.locator("#react-entry-point .flag").first).to_be_visible()
    assert "floor=10" in page.url


def test_a_journalist_sees_who_gained_what_others_lost_and_how_much_was_price(visit: Monitor) -> None:
    seen = visit.visit("/explore?product=unwrought&measure=value")
    seen.page.get_by_label("Before and after").select_option("section-232-25")
    seen.wait_shown("?product=unwrought&measure=value&event=section-232-25")
    page = seen.page
    expect(page.locator("#react-entry-point .summary").first).to_contain_text("from the event on")
    split = page.locator("#react-entry-point .summary", has_text="price")
    expect(split).to_contain_text("Of the change in value")
    picture = page.locator("meta[property='og:image']").get_attribute("content")
    assert picture
    with urllib.request.urlopen(picture, timeout=20) as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "image/png"


def test_an_association_finds_license_volume_against_the_public_average_with_its_files(visit: Monitor) -> None:
    seen = visit.visit("/compare")
    card = seen.page.locator("#react-entry-point .card", has_text="against the public mean").first
    expect(card.locator("tbody tr").first).to_be_attached()
    expect(card.get_by_role("link", name="XLSX")).to_be_attached()
    expect(card.get_by_text("PNG")).to_be_attached()
