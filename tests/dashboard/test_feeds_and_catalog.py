"""Feeds of releases and surges, and the catalog of data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.feeds import ATOM
from dashboard.settings import Settings
from tests.dashboard.sample import write_sample
from tests.serving.release_builder import LICENSE_AS_OF, license_row, public_row, with_totals, write_release

BASE = "https://aim.example.gov"
FEEDS = ("/feeds/releases", "/feeds/surges")
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Two releases; in the second a country surges that did not in the first."""
    base = tmp_path_factory.mktemp("feeds")
    for place, last in enumerate((-1, None)):
        rows = []
        for month in MONTHS[:last]:
            tons = 9_000 if month == MONTHS[-1] else 2_000
            rows += [public_row(month, "7607113000", "KOR", tons * 3_000, tons * 1_000)]
            rows += [public_row(month, "7607113000", "CAN", 90_000_000, 30_000_000)]
        write_release(base, with_totals(rows), id_=f"2026-0{place + 2}-20T15-00-00Z-aaaaaa")
    return create_app(Settings(releases=base, base_url=BASE, contact="mailto:aim@example.gov")).server.test_client()


def atom(client: FlaskClient, path: str) -> ET.Element:
    answer = client.get(f"{path}.atom")
    assert answer.mimetype == "application/atom+xml"
    return ET.fromstring(answer.data)  # noqa: S314 - written by this project


@pytest.mark.parametrize("path", FEEDS)
def test_an_atom_feed_has_what_readers_require(site: FlaskClient, path: str) -> None:
    feed = atom(site, path)
    for one in (feed, *feed.findall(f"{{{ATOM}}}entry")):
        for name in ("id", "title", "updated"):
            assert one.findtext(f"{{{ATOM}}}{name}")
        dt.datetime.fromisoformat(str(one.findtext(f"{{{ATOM}}}updated")))
        assert str(one.findtext(f"{{{ATOM}}}id")).startswith(BASE)
    own = [link.get("href") for link in feed.findall(f"{{{ATOM}}}link") if link.get("rel") == "self"]
    assert own == [f"{BASE}{path}.atom"]


@pytest.mark.parametrize("path", FEEDS)
def test_both_forms_of_a_feed_hold_the_same(site: FlaskClient, path: str) -> None:
    feed = atom(site, path)
    found: dict[str, Any] = site.get(f"{path}.json").get_json(force=True)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    entries = feed.findall(f"{{{ATOM}}}entry")
    assert [one["id"] for one in found["items"]] == [one.findtext(f"{{{ATOM}}}id") for one in entries]
    assert [one["content_text"] for one in found["items"]] == [one.findtext(f"{{{ATOM}}}summary") for one in entries]
    assert len({one["id"] for one in found["items"]}) == len(found["items"]) > 0


@pytest.mark.parametrize("path", FEEDS)
def test_every_link_of_a_feed_leads_to_a_page(site: FlaskClient, path: str) -> None:
    for item in site.get(f"{path}.json").get_json(force=True)["items"]:
        parts = urlsplit(item["url"])
        assert f"{parts.scheme}://{parts.netloc}" == BASE
        assert site.get(f"{parts.path}?{parts.query}").status_code == 200


def test_a_feed_of_releases_has_each_the_newest_first(site: FlaskClient) -> None:
    ids = [item["id"] for item in site.get("/feeds/releases.json").get_json(force=True)["items"]]
    assert ids == [f"{BASE}/feeds/release/2026-0{month}-20T15-00-00Z-aaaaaa" for month in (3, 2)]


def test_a_feed_of_surges_has_what_the_release_before_did_not_flag(site: FlaskClient) -> None:
    titles = [item["title"] for item in site.get("/feeds/surges.json").get_json(force=True)["items"]]
    assert titles == ["Foil from South Korea, Dec 2025"]


def test_a_flag_of_a_week_that_was_published_twice_is_told_once(tmp_path: Path) -> None:
    rows = [public_row(month, "7607113000", "KOR", 6_000_000, 2_000_000) for month in MONTHS]
    plain = [license_row("2026-01", "aim", "all", 9_000_000, 3_000_000, as_of="2026-03-13")]
    surge = [*plain, *(license_row("2026-01", "foil", origin, 27_000_000, 9_000_000) for origin in ("all", "KOR"))]
    for day, licensed_on, cells in (
        ("13", "2026-03-13", plain),
        ("20", LICENSE_AS_OF, surge),
        ("21", LICENSE_AS_OF, surge),
    ):
        write_release(
            tmp_path, with_totals(rows), cells, id_=f"2026-03-{day}T15-00-00Z-aaaaaa", licensed_on=licensed_on
        )
    client = create_app(Settings(releases=tmp_path)).server.test_client()
    ids = [item["id"] for item in client.get("/feeds/surges.json").get_json(force=True)["items"]]
    assert [id_.split("/")[5] for id_ in ids] == ["2026-03-20T15-00-00Z-aaaaaa"]


def test_a_feed_without_entries_is_still_one(tmp_path: Path) -> None:
    client = create_app(Settings(releases=tmp_path / "none")).server.test_client()
    for path in FEEDS:
        assert atom(client, path).findtext(f"{{{ATOM}}}updated") == "1970-01-01T00:00:00Z"
        assert client.get(f"{path}.json").get_json(force=True)["items"] == []


def test_pages_tell_of_the_feeds(site: FlaskClient) -> None:
    for path in ("/", "/data"):
        for feed in FEEDS:
            assert f'type="application/atom+xml" title="{"Releases" if "rel" in feed else "New surge flags"}"' in (
                site.get(path).text
            )
            assert f'href="{feed}.atom"' in site.get(path).text


# -- data.json ------------------------------------------------------------------------------------------------------

REQUIRED = ("title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel")


def test_the_catalog_has_the_fields_that_dcat_us_requires(site: FlaskClient) -> None:
    catalog = site.get("/data.json").get_json()
    assert catalog["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    assert len(catalog["dataset"]) == 2
    for dataset in catalog["dataset"]:
        assert all(dataset[name] for name in REQUIRED)
        assert dataset["accessLevel"] == "public"
        assert dataset["contactPoint"]["hasEmail"] == "mailto:aim@example.gov"
        assert dataset["@type"] == "dcat:Dataset"
        assert "license" not in dataset, "nothing says under which one the figures are"
    assert len({one["identifier"] for one in catalog["dataset"]}) == 2


def test_every_file_of_the_catalog_is_there_in_its_type(site: FlaskClient) -> None:
    for dataset in site.get("/data.json").get_json()["dataset"]:
        for file in dataset["distribution"]:
            assert ("downloadURL" in file) == ("mediaType" in file)
            parts = urlsplit(file.get("downloadURL") or file["accessURL"])
            with site.get(f"{parts.path}?{parts.query}") as answer:
                assert answer.status_code == 200
                if "mediaType" in file:
                    assert answer.mimetype == file["mediaType"]


def test_the_catalog_says_that_data_are_a_demonstration(tmp_path: Path) -> None:
    write_sample(tmp_path)
    client = create_app(Settings(releases=tmp_path)).server.test_client()
    for dataset in client.get("/data.json").get_json()["dataset"]:
        assert dataset["description"].startswith("Demonstration data")
        assert "demonstration" in dataset["keyword"]


def test_without_a_release_the_catalog_is_empty(tmp_path: Path) -> None:
    client = create_app(Settings(releases=tmp_path / "none")).server.test_client()
    assert client.get("/data.json").get_json()["dataset"] == []
