"""A release that comes while an answer is made does not get into it; a fault while it is made stays with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard import picture_routes
from dashboard.factory import create_app
from dashboard.first_view import first_view
from dashboard.settings import Settings
from dashboard.templating import Templates
from dashboard.views import base, overview, plain
from dashboard.views.base import Ask, Page, Services
from dashboard.views.buildup_cards import MAX_VINTAGES
from data_access.serving import holder
from data_access.serving.earlier import MAX_OPEN
from data_access.serving.report import workbook
from data_access.serving.statistics import Statistics, open_statistics
from tests.serving.release_builder import license_row, public_row, with_totals, write_release

OLD, NEW = "2026-03-20T15-00-00Z-aaaaaa", "2026-03-27T15-00-00Z-bbbbbb"
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
Swap = Callable[..., None]


def publish(directory: Path, id_: str, *, tons: int) -> None:
    """A release where Canada sold so many tons of foil a month, and as many in licenses of January 2026."""
    rows = [public_row(month, "7607113000", "CAN", tons * 3000, tons * 1000) for month in MONTHS]
    cells = [
        license_row("2026-01", product, origin, tons * 3000, tons * 1000)
        for product in ("aim", "foil")
        for origin in ("all", "CAN")
    ]
    write_release(directory, with_totals(rows), cells, id_=id_)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one release; the next one is seen at once."""
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    publish(tmp_path / "releases", OLD, tons=1000)
    return tmp_path / "releases"


@pytest.fixture
def client(directory: Path) -> FlaskClient:
    return create_app(Settings(releases=directory)).server.test_client()


@pytest.fixture
def swap(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Swap:
    """Publish the next release once a function has done its work for the first time."""

    def after(owner: Any, name: str) -> None:
        function, left = getattr(owner, name), [2000]

        def swapping(*args: Any, **more: Any) -> Any:
            found = function(*args, **more)
            if left:
                publish(directory, NEW, tons=left.pop())
            return found

        monkeypatch.setattr(owner, name, swapping)

    return after


def releases_of(page: str) -> set[str]:
    """The releases that a page names: in its footer, and where it says how to cite a figure."""
    return set(re.findall(r"2026-03-\d\dT15-00-00Z-[ab]{6}", page))


@pytest.mark.parametrize(("path", "owner", "name"), [("/", base, "page_for"), ("/data", plain, "content")])
def test_a_page_and_its_footer_are_of_one_release(
    client: FlaskClient, swap: Swap, path: str, owner: Any, name: str
) -> None:
    swap(owner, name)
    assert releases_of(client.get(path).text) == {OLD}
    assert NEW in releases_of(client.get(path).text)


def test_both_drawings_of_an_embedded_chart_are_of_one_release(client: FlaskClient, swap: Swap) -> None:
    address = "/embed?product=foil&series=public"
    page = client.get(address).text
    swap(picture_routes, "card_for")
    assert client.get(address).text == page
    assert client.get(address).text != page


def test_a_table_is_the_file_that_its_tag_and_its_name_tell(client: FlaskClient, swap: Swap) -> None:
    swap(Statistics, "log")
    for id_ in (OLD, NEW):
        with client.get("/api/v1/tables/public.parquet") as answer:
            assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
            assert answer.headers["Content-Length"] == str(len(answer.data))
            assert id_ in answer.headers["Content-Disposition"]


def test_a_report_is_of_one_release(directory: Path, tmp_path: Path, swap: Swap) -> None:
    before, during = tmp_path / "before.xlsx", tmp_path / "during.xlsx"
    statistics = open_statistics(directory)
    workbook.write_report(statistics, before)
    swap(workbook, "scope_of")
    words = workbook.write_report(statistics, during)
    assert during.read_bytes() == before.read_bytes()
    assert words.endswith(OLD)
    assert workbook.write_report(statistics, during).endswith(NEW)


# -- first views ----------------------------------------------------------------------------------------------------


@pytest.fixture
def services(directory: Path) -> Services:
    return Services(statistics=open_statistics(directory), templates=Templates()).pinned()


@pytest.mark.parametrize("narrow", [False, True])
def test_a_first_view_after_a_fault_is_not_kept(services: Services, narrow: bool) -> None:
    faults = [OSError("for a moment")]

    def draw(ask: Ask) -> Page:
        if ask.narrow is narrow and faults:
            raise faults.pop()
        return overview.draw(ask)

    view = replace(overview.VIEW, draw=draw)
    app = Flask("first views")
    with app.test_request_context("/"):
        broken = first_view(view, services, "", boot={})
        assert not broken.sound
        assert "could not be worked out" in broken.data + "".join(broken.parts.values())
        sound = first_view(view, services, "", boot={})
        assert sound.sound
        assert "could not be worked out" not in sound.data + "".join(sound.parts.values())
        assert any("narrow" in markup for markup in sound.pictures.values())


def test_the_releases_that_one_page_compares_with_are_all_kept_open() -> None:
    assert MAX_OPEN > MAX_VINTAGES, "the release before is one more"
