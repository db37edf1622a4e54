"""How a page comes to life in a real browser: from what is on it, charts as they come into sight, also without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.visits import NARROW, WIDE, Monitor

pytestmark = pytest.mark.browser
MONTHS = "from=2025-04&to=2026-03"
FOIL = f"product=foil&{MONTHS}"


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("path", ["/", "/explore", "/smelt-cast", "/surges", "/compare"])
def test_a_page_asks_the_server_for_nothing_but_files(visit: Monitor, path: str, size: tuple[int, int]) -> None:
    page = visit.context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))  # noqa: PLW0108 - it wants a function of its own
    page.goto(f"{visit.base}{path}?{FOIL}")
    page.wait_for_selector("html.live", state="attached")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(300)
    assert [one.url for one in asked if one.resource_type in ("fetch", "xhr")] == []
    expect(page.locator("#react-entry-point .view-head")).to_have_count(1)


def test_a_chart_below_the_fold_is_a_picture_until_it_comes_near(visit: Monitor) -> None:
    page = visit.visit(f"/?{MONTHS}").page
    chart = page.locator("#products .graph")
    expect(chart.locator(".static").first).to_be_attached()
    expect(chart.locator(".js-plotly-plot")).to_have_count(0)
    page.locator("#products").scroll_into_view_if_needed()
    expect(chart.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(chart.locator(".static")).to_have_count(0)


def test_a_chart_out_of_sight_never_shows_the_selection_before(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    before = seen.traces("products")
    plot = page.locator("#products .js-plotly-plot")
    page.evaluate("scrollTo(0, 0)")
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    expect(plot).to_be_hidden()
    page.locator("#products").scroll_into_view_if_needed()
    expect(plot).to_be_visible()
    assert seen.traces("products") != before


def test_a_picture_out_of_sight_is_not_that_of_the_selection_before(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}", size=(1280, 500))
    page = seen.page
    picture = page.locator("#products .graph .static").first
    expect(picture).to_be_visible()
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    expect(picture).to_be_attached()
    expect(picture).to_be_hidden()
    page.locator("#products").scroll_into_view_if_needed()
    expect(page.locator("#products .js-plotly-plot .main-svg").first).to_be_visible()


def test_without_plotly_pictures_stand_and_filters_lead_to_pages(visit: Monitor) -> None:
    page = visit.context.new_page()
    page.route("**/*plotly*", lambda route: route.abort())
    page.goto(f"{visit.base}/?{FOIL}")
    expect(page.locator("#reading")).to_contain_text("pictures stand in their place")
    expect(page.locator("#trend .static").first).to_be_visible()
    with page.expect_navigation():
        page.locator("select[name=measure]").select_option("value")
    assert "measure=value" in page.url
    expect(page.locator("#trend h2")).to_contain_text("value")
    expect(page.locator("#trend .static").first).to_be_visible()


def test_a_change_is_one_request_and_dash_knows_what_stands_on_the_page(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.post_data or "") if one.method == "POST" else None)
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    assert dash_has(page) == ["wide", f"?{MONTHS}&measure=value", page.evaluate(SHOWN)]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    page.wait_for_function("() => dash_component_api.getLayout('overview-screen').props.data === 'narrow'")
    assert dash_has(page) == ["narrow", f"?{MONTHS}&measure=value", page.evaluate(SHOWN)]
    assert len(asked) == 2


SHOWN = "document.querySelector('#trend .js-plotly-plot').data[0].y"


def dash_has(page: Page) -> object:
    """Screen, address and figures as Dash has them, once it has taken the last answer in."""
    page.wait_for_timeout(300)
    return page.evaluate("""() => {
      const props = (id) => dash_component_api.getLayout(id).props;
      return [props("overview-screen").data, props("overview-url").search, props("trend-chart").figure.data[0].y];
    }""")


def test_without_plotly_no_picture_of_a_selection_before_is_left(visit: Monitor) -> None:
    page = visit.context.new_page()
    held: list[Route] = []
    page.route("**/plotly.js", lambda route: route.abort() if held else held.append(route))
    page.goto(f"{visit.base}/?{MONTHS}", wait_until="commit")
    page.wait_for_selector("html.mounted")
    page.locator("select[name=measure]").select_option("value")
    expect(page.locator("#trend h2")).to_contain_text("value")
    with page.expect_navigation():
        held[0].abort()
    expect(page.locator("#reading")).to_contain_text("pictures stand in their place")
    expect(page.locator("#trend .static").first).to_be_visible()
    expect(page.locator("#trend h2")).to_contain_text("value")


def test_changes_in_quick_succession_are_one_step_back(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    page.evaluate("""() => {
      const picker = document.querySelector("[data-picker=product]");
      for (const id of ["foil", "unwrought"]) picker.querySelector(`input[value=${id}]`).click();
    }""")
    seen.wait_shown(f"?product=unwrought&product=foil&{MONTHS}")
    page.go_back()
    seen.wait_shown(f"?{MONTHS}")


def held(page: Page, milliseconds: int) -> None:
    """Answers to callbacks take so much longer from now on."""

    def wait(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(milliseconds)
        route.fulfill(response=answer)

    page.route("**/_dash-update-component", wait)


def test_the_last_of_quick_changes_wins_without_word_of_a_failure(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    held(seen.page, 300)
    seen.page.locator("select[name=measure]").select_option("value")
    seen.page.wait_for_timeout(100)
    seen.page.locator("select[name=measure]").select_option("auv")
    seen.wait_shown(f"?{MONTHS}&measure=auv")
    seen.page.wait_for_timeout(800)
    expect(seen.page.locator("#failed")).to_be_hidden()
    expect(seen.page.locator("#trend h2")).to_contain_text("average unit value")
    expect(seen.page.locator("#trend .main-svg").first).to_be_visible()


def test_an_answer_that_was_overtaken_is_not_put_on_the_page(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    page.evaluate("""() => {
      window.shown = [];
      new MutationObserver(() => shown.push(document.querySelector("#react-entry-point .view-head").dataset.search))
        .observe(document.getElementById("overview-head"), { childList: true });
    }""")
    held: list[Route] = []

    def answer(route: Route) -> None:
        if "measure=value" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/_dash-update-component", answer)
    page.locator("select[name=measure]").select_option("value")
    page.locator("select[name=measure]").select_option("auv")
    seen.wait_shown(f"?{MONTHS}&measure=auv")
    with page.expect_response("**/_dash-update-component"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert set(page.evaluate("window.shown")) == {f"?{MONTHS}&measure=auv"}


def test_in_no_frame_does_a_chart_in_sight_stand_under_the_heading_of_another_selection(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    page.locator("#trend .chart").scroll_into_view_if_needed()
    page.evaluate("""() => {
      window.frames_ = [];
      const look = () => {
        const plot = document.querySelector("#trend .js-plotly-plot");
        frames_.push(JSON.stringify([
          document.querySelector("#react-entry-point .view-head").dataset.search,
          document.querySelector("#trend h2").textContent,
          plot.data[0].y,
          getComputedStyle(plot).visibility,
        ]));
        requestAnimationFrame(look);
      };
      look();
    }""")
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    frames = [json.loads(one) for one in dict.fromkeys(page.evaluate("window.frames_"))]
    assert [search for search, *_ in frames] == [f"?{MONTHS}", f"?{MONTHS}&measure=value"]
    assert all(visibility == "visible" for *_, visibility in frames)


def test_in_no_frame_does_a_table_stand_under_the_heading_of_another_selection(visit: Monitor) -> None:
    seen = visit.visit(f"/explore?chart=table&{MONTHS}")
    page = seen.page
    page.locator("#explore-trend table").scroll_into_view_if_needed()
    page.evaluate("""() => {
      window.pairs = new Set();
      const text = (place) => document.querySelector(place).textContent;
      const look = () => {
        pairs.add(text("#explore-trend .subtitle") + " | " + text("#explore-trend caption"));
        requestAnimationFrame(look);
      };
      look();
    }""")
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(page.evaluate("location.search"))
    pairs = page.evaluate("[...window.pairs]")
    assert len(pairs) == 2
    assert all(("US$" in heading) == ("US$" in caption) for heading, caption in (one.split(" | ") for one in pairs))


def test_in_no_frame_do_boxes_in_sight_name_the_lines_of_another_selection(visit: Monitor) -> None:
    seen = visit.visit(f"/explore?by=product&{MONTHS}")
    page = seen.page
    page.locator("#explore-trend .toggles").scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    page.evaluate("""() => {
      window.pairs = new Set();
      const look = () => {
        const head = document.querySelector("#react-entry-point .view-head");
        pairs.add(head.dataset.search + " | " + document.querySelector("#explore-trend .toggles").textContent);
        requestAnimationFrame(look);
      };
      look();
    }""")
    page.evaluate("document.querySelector('[data-picker=product] input[value=foil]').click()")
    seen.wait_shown(page.evaluate("location.search"))
    pairs = [one.split(" | ") for one in page.evaluate("[...window.pairs]")]
    assert len(pairs) == 2
    assert pairs[0][1] != pairs[1][1]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_ranking_in_sight_has_the_height_of_its_rows(visit: Monitor, size: tuple[int, int]) -> None:
    seen = visit.visit(f"/explore?chart=ranking&by=product&{MONTHS}", size=size)
    page = seen.page
    page.locator("#explore-trend .chart").scroll_into_view_if_needed()
    heights = []
    for value in ("foil", "foil"):
        page.evaluate("(value) => document.querySelector(`[data-picker=product] input[value=${value}]`).click()", value)
        page.wait_for_function("() => !('busy' in document.documentElement.dataset)")
        box = page.locator("#explore-trend .graph").bounding_box()
        assert box is not None
        drawn = page.locator("#explore-trend .main-svg").first.get_attribute("height")
        assert float(drawn or 0) == pytest.approx(box["height"], abs=1)
        heights.append(box["height"])
    assert heights[0] < heights[1]


def test_a_chart_that_cannot_be_drawn_leaves_no_other_in_its_place(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    page = seen.page
    page.evaluate("() => { Plotly.react = () => { throw new Error('no'); }; }")
    page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    expect(page.locator("#trend .chart")).to_have_text("This chart could not be drawn; its table has the figures.")
    expect(page.locator("#trend .js-plotly-plot")).to_have_count(0)
    expect(page.locator("#trend h2")).to_contain_text("value")


def test_back_while_an_answer_is_under_way_leads_back(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    held(seen.page, 400)
    seen.page.locator("select[name=measure]").select_option("value")
    seen.page.wait_for_timeout(100)
    seen.page.go_back()
    seen.wait_shown(f"?{MONTHS}")
    seen.page.wait_for_timeout(800)
    expect(seen.page.locator("#trend h2")).to_contain_text("volume")
    expect(seen.page.locator("#status")).to_contain_text("Volume")
    expect(seen.page.locator("select[name=measure]")).to_have_value("volume")
    expect(seen.page.locator("#failed")).to_be_hidden()


def test_back_after_a_failure_shows_the_figures_of_the_address(visit: Monitor) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    seen.page.route("**/_dash-update-component", lambda route: route.abort())
    seen.page.locator("select[name=measure]").select_option("value")
    expect(seen.page.locator("#failed")).to_be_visible()
    expect(seen.page.locator("#trend")).to_be_hidden()
    seen.page.unroute("**/_dash-update-component")
    seen.page.go_back()
    seen.wait_shown(f"?{MONTHS}")
    expect(seen.page.locator("#failed")).to_be_hidden()
    expect(seen.page.locator("#trend h2")).to_contain_text("volume")
    expect(seen.page.locator("select[name=measure]")).to_have_value("volume")


@pytest.mark.parametrize("script", ["site.js", "dash.js", "plotly.js"])
def test_a_choice_made_before_scripts_are_there_is_not_lost(visit: Monitor, script: str) -> None:
    page = visit.context.new_page()

    def late(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route(f"**/{script}", late)
    page.goto(f"{visit.base}/?{MONTHS}", wait_until="commit")
    page.locator("select[name=measure]").select_option("value")
    page.wait_for_url("**measure=value")
    expect(page.locator("#react-entry-point #trend h2")).to_contain_text("value")
    expect(page.locator("select[name=measure]")).to_have_value("value")


def test_paper_gets_every_chart_at_its_width_also_those_not_yet_seen(visit: Monitor) -> None:
    page = visit.visit(f"/?{MONTHS}").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(3)
    widths = [charts.nth(place).locator(".main-svg").first.get_attribute("width") for place in range(3)]
    assert set(widths) == {"690"}


def test_the_picture_of_a_chart_out_of_sight_is_of_the_selection_shown(visit: Monitor, tmp_path: Path) -> None:
    seen = visit.visit(f"/?{MONTHS}")
    seen.traces("products")
    seen.page.evaluate("scrollTo(0, 0)")
    seen.page.locator("select[name=measure]").select_option("value")
    seen.wait_shown(f"?{MONTHS}&measure=value")
    with seen.page.expect_download() as download:
        seen.page.evaluate("document.querySelector('#products [data-take=svg]').click()")
    download.value.save_as(tmp_path / "chart.svg")
    assert "US$" in (tmp_path / "chart.svg").read_text()
    assert " t<" not in (tmp_path / "chart.svg").read_text()
