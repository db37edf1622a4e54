"""A page is made once for all who ask for it, and never that of another release, query or address."""

from __future__ import annotations

from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from dashboard import shell
from dashboard.factory import create_app
from dashboard.first_view import first_view
from dashboard.settings import Settings
from dashboard.views import overview
from tests.dashboard.sample import write_sample


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Queries of the first views that were made."""
    found: list[str] = []

    def noted(view: object, services: object, search: str, **kinds: object) -> object:
        found.append(search)
        return first_view(view, services, search, **kinds)  # type: ignore[arg-type]

    monkeypatch.setattr(shell, "first_view", noted)
    return found


@pytest.fixture
def own(tmp_path: Path) -> FlaskClient:
    write_sample(tmp_path / "releases")
    return create_app(Settings(releases=tmp_path / "releases", rate=0)).server.test_client()


def test_a_page_is_made_once_and_goes_out_in_every_coding(own: FlaskClient, made: list[str]) -> None:
    whole = own.get("/?product=foil")
    small = own.get("/?product=foil", headers={"Accept-Encoding": "br"})
    assert made == ["?product=foil"]
    assert small.headers["Content-Encoding"] == "br"
    assert brotli.decompress(small.data) == whole.data
    own.get("/")
    own.get("/explore?product=foil")
    assert len(made) == 3


def test_a_page_that_did_not_change_is_not_sent_again(own: FlaskClient) -> None:
    first = own.get("/", headers={"Accept-Encoding": "br"})
    again = own.get("/", headers={"Accept-Encoding": "br", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = own.get("/?measure=value", headers={"Accept-Encoding": "br", "If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_a_page_tells_the_address_that_it_was_asked_by(own: FlaskClient) -> None:
    for host in ("one.example", "two.example"):
        page = own.get("/", headers={"Host": host}).text
        assert f'<link rel="canonical" href="http://{host}/' in page


def test_a_page_with_a_fault_is_made_anew(own: FlaskClient, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(_: object) -> object:
        raise OSError("for a moment")

    with monkeypatch.context() as broken:
        broken.setattr(overview.VIEW.__class__, "draw", property(lambda _: draw))
        assert "could not be worked out" in own.get("/").text
    assert "could not be worked out" not in own.get("/").text
    assert len(made) == 2
    own.get("/")
    assert len(made) == 2


def test_a_query_that_cannot_be_read_takes_no_room(own: FlaskClient, made: list[str]) -> None:
    for _ in range(2):
        assert "expected an id of the product tree" in own.get("/?product=nothing").text
    assert len(made) == 2
