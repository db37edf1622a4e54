"""Answers to callbacks are kept as Dash would give them, for what determines them, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient

from dashboard import kept_answers
from dashboard.factory import create_app
from dashboard.settings import Settings
from dashboard.views import compare, explore, overview, smelt_cast, surges
from dashboard.views.base import View, page_for
from tests.callbacks import body_of
from tests.dashboard.sample import public_rows, write_sample
from tests.serving.release_builder import write_release

UPDATE = "/_dash-update-component"
VIEWS = [module.VIEW for module in (overview, explore, smelt_cast, surges, compare)]


@pytest.fixture
def own(tmp_path: Path) -> FlaskClient:
    write_sample(tmp_path / "releases")
    return create_app(Settings(releases=tmp_path / "releases", rate=0)).server.test_client()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Queries of the answers that were made, not taken from those kept."""
    found: list[str] = []

    def noted(view: View, services: Any, search: str, *, narrow: bool) -> Any:
        found.append(search)
        return page_for(view, services, search, narrow=narrow)

    monkeypatch.setattr(kept_answers, "page_for", noted)
    yield found


@pytest.mark.parametrize("search", ["", "?product=foil&country=CHN", "?product=nothing", "?by=country&freq=range"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_an_answer_is_the_one_that_dash_gives(own: FlaskClient, view: View, search: str) -> None:
    ours = own.post(UPDATE, json=body_of(view, search))
    # With one name more it is no request of our pages, and Dash answers.
    dash = own.post(UPDATE, json=body_of(view, search) | {"own": 1})
    assert (ours.status_code, ours.mimetype) == (dash.status_code, dash.mimetype) == (200, "application/json")
    assert ours.get_json() == dash.get_json()


def test_an_answer_is_made_once_and_goes_out_in_every_coding(own: FlaskClient, drawn: list[str]) -> None:
    body = body_of(overview.VIEW, "?product=foil")
    small = own.post(UPDATE, json=body, headers={"Accept-Encoding": "br"})
    whole = own.post(UPDATE, json=body)
    assert drawn == ["?product=foil"]
    assert small.headers["Content-Encoding"] == "br"
    assert small.headers["Cache-Control"] == "no-store"
    assert brotli.decompress(small.data) == whole.data


@pytest.mark.parametrize(
    "other",
    [
        {"search": "?product=wire"},
        {"screen": "narrow"},
        {"view": explore.VIEW},
        {"host": "other.example"},
    ],
    ids=["query", "screen", "view", "address"],
)
def test_what_determines_an_answer_tells_answers_apart(
    own: FlaskClient, drawn: list[str], other: dict[str, Any]
) -> None:
    asked = {"view": overview.VIEW, "search": "?product=foil", "screen": "wide", "host": "localhost"}
    answers = [
        own.post(
            UPDATE,
            json=body_of(one["view"], one["search"], one["screen"]),
            headers={"Host": one["host"], "Accept-Encoding": "br"},
        ).data
        for one in (asked, asked | other, asked, asked | other)
    ]
    assert len(drawn) == 2
    assert answers[0] == answers[2] != answers[1] == answers[3]


def test_a_fault_is_told_once_and_not_kept(own: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(_: object) -> object:
        raise OSError("for a moment")

    body = body_of(overview.VIEW)
    with monkeypatch.context() as broken:
        broken.setattr(overview.VIEW.__class__, "draw", property(lambda _: draw))
        assert b"could not be worked out" in own.post(UPDATE, json=body).data
    assert b"could not be worked out" not in own.post(UPDATE, json=body).data


def test_a_query_that_cannot_be_read_takes_no_room(own: FlaskClient, drawn: list[str]) -> None:
    for _ in range(2):
        assert b"expected an id of the product tree" in own.post(UPDATE, json=body_of(overview.VIEW, "?product=x")).data
    assert len(drawn) == 2


BODY = body_of(overview.VIEW)


@pytest.mark.parametrize(
    "body",
    [
        BODY | {"output": "..trend-chart.figure.."},
        BODY | {"outputs": BODY["outputs"][:-1]},
        BODY | {"outputs": [*BODY["outputs"], BODY["outputs"][0]]},
        BODY | {"inputs": BODY["inputs"][:1]},
        BODY | {"inputs": [BODY["inputs"][0] | {"value": ["?"]}, BODY["inputs"][1]]},
        BODY | {"inputs": [BODY["inputs"][0] | {"id": "explore-url"}, BODY["inputs"][1]]},
        BODY | {"inputs": [BODY["inputs"][0] | {"more": 1}, BODY["inputs"][1]]},
        BODY | {"state": [{"id": "x", "property": "y", "value": 1}]},
        BODY | {"changedPropIds": ["other.search"]},
        BODY | {"changedPropIds": "overview-url.search"},
        BODY | {"more": 1},
        [BODY],
        "text",
        None,
    ],
    ids=lambda body: json.dumps(body)[-60:],
)
def test_a_request_of_another_shape_is_left_to_dash(own: FlaskClient, drawn: list[str], body: Any) -> None:
    answer = own.post(UPDATE, json=body)
    assert drawn == []
    assert answer.status_code < 500


def test_a_new_release_has_answers_of_its_own(
    tmp_path: Path, own: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_access.serving.holder.LOOK_EVERY", 0.0)
    before = own.post(UPDATE, json=body_of(overview.VIEW)).get_json()
    write_release(tmp_path / "releases", public_rows(), id_="2026-03-27T15-00-00Z-bbbbbb")
    after = own.post(UPDATE, json=body_of(overview.VIEW)).get_json()
    assert "License data, Feb 2026" in json.dumps(before)
    assert "License data, Feb 2026" not in json.dumps(after)
