"""Charts without a mouse: figures are read out one by one, and two selections are compared from the filter bar."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Monitor, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FOIL = "?product=foil&from=2025-03"


def read(seen: Visit, *keys: str) -> str:
    """What is read out after these keys."""
    for key in keys:
        seen.page.keyboard.press(key)
    return seen.page.locator("#reading").inner_text()


def cells(seen: Visit, query: str) -> dict[tuple[str, str], dict[str, Any]]:
    with urllib.request.urlopen(f"{seen.base}/api/v1/series{query}", timeout=10) as answer:  # noqa: S310
        return {(one["series"], one["period"]): one for one in json.load(answer)["cells"]}


def test_arrow_keys_read_the_figures_of_the_answer(visit: Monitor) -> None:
    seen = visit.visit(f"/{FOIL}")
    found = cells(seen, FOIL)
    seen.page.locator("#trend .chart").focus()
    first = read(seen, "Home")
    assert first.startswith("Mar 2025")
    assert f"Public statistics: {found['public', '2025-03']['value']:,.3f} t" in first
    assert f"{found['public', '2025-04']['value']:,.3f} t" in read(seen, "ArrowRight")
    assert f"License data: {found['license', '2025-04']['value']:,.3f} t" in read(seen, "ArrowDown")
    assert f"License data: {found['license', '2025-05']['value']:,.3f} t" in read(seen, "ArrowRight")


def test_a_withheld_figure_is_read_out_with_its_reason(visit: Monitor) -> None:
    seen = visit.visit(f"/{FOIL}")
    assert cells(seen, FOIL)["license", "2025-06"]["status"] == "withheld"
    seen.page.locator("#trend .chart").focus()
    said = read(seen, "Home", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")
    assert said.startswith("Jun 2025. License data: (D)")
    assert "not zero" in said


def test_the_figure_read_is_shown_and_let_go_again(visit: Monitor) -> None:
    seen = visit.visit("/")
    hover = seen.page.locator("#trend .hoverlayer > *")
    seen.page.locator("#trend .chart").focus()
    read(seen, "ArrowLeft", "ArrowLeft")
    expect(hover.first).to_be_attached()
    seen.page.keyboard.press("Escape")
    expect(hover).to_have_count(0)
    assert seen.page.locator("#reading").inner_text() == ""


def test_a_ranking_is_read_down_its_rows(visit: Monitor) -> None:
    seen = visit.visit("/")
    seen.page.locator("#countries .chart").focus()
    rows = seen.page.locator("#countries tbody th").all_text_contents()
    assert [read(seen, "ArrowDown").split(":")[0] for _ in range(3)] == rows[:3]


def test_two_selections_are_chosen_in_the_bar_and_ended_again(visit: Monitor) -> None:
    seen = visit.visit("/explore?from=2025-06")
    seen.page.locator("[data-second=country] > summary").click()
    seen.page.get_by_role("list", name="Compare: country").get_by_label("Canada", exact=False).check()
    seen.wait_shown("?from=2025-06&compare=product%3Daim%26country%3DCAN")
    expect(seen.page.locator("#status")).to_contain_text("compared with All licensed products from Canada")
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("button", name="End comparison").click()
    seen.wait_shown("?from=2025-06")
    expect(seen.page.locator("#status")).not_to_contain_text("compared")
    assert seen.problems == []


@pytest.mark.parametrize(
    ("words", "label"), [("uae", "United Arab Emirates"), ("turkiye", "Turkey"), ("cote", "Côte"), ("prc", "China")]
)
def test_a_country_is_found_by_the_names_people_use_and_chosen_by_enter(visit: Monitor, words: str, label: str) -> None:
    seen = visit.visit("/")
    page = seen.page
    page.locator("[data-picker=country] > summary").click()
    expect(page.locator("#country-find")).to_be_focused()
    page.keyboard.type(words)
    first = page.locator("[data-picker=country] .picker-list li:not([hidden]):not(.group-name)").first
    expect(first).to_contain_text(label)
    page.keyboard.press("Enter")
    expect(first.locator("input")).to_be_checked()
    expect(page.locator("#country-value")).to_contain_text(label)


def test_typing_in_an_open_picker_goes_to_its_field_wherever_the_focus_is(visit: Monitor) -> None:
    page = visit.visit("/").page
    page.locator("[data-picker=country] > summary").click()
    expect(page.locator("#country-find")).to_be_focused()
    page.locator("[data-picker=country] > summary").focus()
    page.keyboard.type("prc")
    expect(page.locator("#country-find")).to_have_value("prc")
    page.locator("#country-find").fill("")
    page.locator("[data-picker=country] .picker-list input").first.focus()
    page.keyboard.type("prc")
    expect(page.locator("#country-find")).to_have_value("prc")


def test_products_are_found_by_how_words_begin(visit: Monitor) -> None:
    page = visit.visit("/").page
    page.locator("[data-picker=product] > summary").click()
    expect(page.locator("#product-find")).to_be_focused()
    page.keyboard.type("rod")
    shown = page.locator("[data-picker=product] .picker-list li:not([hidden])")
    assert not any("All licensed" in text for text in shown.all_inner_texts())
    expect(shown.filter(has_text="Bars, rods and profiles").first).to_be_visible()
