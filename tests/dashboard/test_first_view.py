"""A page holds what brings it to life: what Dash would ask for at its start, and the very answer of its callback."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.views import compare, explore, overview, smelt_cast, surges
from dashboard.views.base import View
from tests.callbacks import body_of

VIEWS = [module.VIEW for module in (overview, explore, smelt_cast, surges, compare)]
QUERIES = ["", "?product=foil&country=CHN&from=2025-03", "?by=country&chart=ranking", "?product=nothing"]


def data_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script id="page-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


def parts_of(page: str) -> dict[str, str]:
    """What stands in each part of the first view."""
    view = page[page.index('id="first-view"') : page.index('<div id="react-entry-point">')]
    marked = list(re.finditer(r'<(\w+) data-part="([\w-]+)"[^>]*>', view))
    return {one[2]: _inside(view, one.end(), one[1]) for one in marked}


def _inside(text: str, start: int, tag: str) -> str:
    depth = 1
    for found in re.finditer(rf"<(/?){tag}\b[^>]*>", text[start:]):
        depth += -1 if found[1] else 1
        if not depth:
            return text[start : start + found.start()]
    raise AssertionError(f"{tag} is not closed")


def answer_of(client: FlaskClient, view: View, search: str, screen: str) -> dict[str, Any]:
    """What the callback of a view gives, by id."""
    given = client.post("/_dash-update-component", json=body_of(view, search, screen))
    assert given.status_code == 200
    response: dict[str, Any] = given.get_json()["response"]
    return response


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_first_view_is_what_the_callback_answers(client: FlaskClient, view: View, query: str) -> None:
    page = client.get(f"{view.path}{query}").text
    data, parts = data_of(page), parts_of(page)
    for screen in ("wide", "narrow"):
        told = {id_: {"html": text} for id_, text in parts.items() if not id_.endswith("-chart")} | data["wide"]
        if screen == "narrow":
            told |= data["narrow"]
        assert told == answer_of(client, view, query, screen)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_dash_finds_layout_and_callback_of_the_view_on_its_page(client: FlaskClient, view: View) -> None:
    data = data_of(client.get(view.path).text)
    whole = json.loads(client.get("/_dash-layout").text)["props"]["children"]
    assert data["layout"] == next(one for one in whole if one["props"]["id"] == view.id("ROOT"))
    (callback,) = data["dependencies"]
    assert callback["prevent_initial_call"] is True
    assert {one["id"] for one in callback["inputs"]} == {view.id("URL"), view.id("SCREEN")}


def test_nothing_in_the_data_of_a_page_ends_their_element(client: FlaskClient) -> None:
    page = client.get("/?product=%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert(1)" not in page
    assert "alert(1)" in html.unescape(page)
    assert "<" not in page[page.index('id="page-data"') :].partition(">")[2].partition("</script>")[0]
