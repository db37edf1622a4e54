"""Pictures over the routes: as told by the page, the right size, with our own font, in frames, in link previews."""

from __future__ import annotations

import html
import os
import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from dashboard.headers import FIXED
from dashboard.pictures.body import body_svg
from dashboard.pictures.kept import KeptPictures
from dashboard.pictures.picture import MOST_WIDTH, WIDTH, picture_svg
from dashboard.pictures.png import pixels, to_png
from dashboard.statics import ASSETS
from dashboard.templating import Templates
from dashboard.views import base, overview
from dashboard.views.base import Services
from data_access.serving.gate.released import ReleaseInfo
from data_access.serving.statistics import Statistics

SVG, PNG = "/api/v1/picture.svg", "/api/v1/picture.png"
FOIL = "product=foil&from=2025-04&to=2026-03"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(SIGNATURE)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def words(svg: str) -> str:
    """All lines of text of a picture, one after the other."""
    return html.unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg)))


def cards(statistics: Statistics, query: str) -> dict[str, Any]:
    services = Services(statistics=statistics, templates=Templates())
    return {card.id: card for card in base.page_for(overview.VIEW, services, f"?{query}").cards}


def test_a_picture_says_what_the_card_says(client: FlaskClient, statistics: Statistics) -> None:
    card = cards(statistics, FOIL)["trend"]
    told = words(client.get(f"{SVG}?view=overview&card=trend&{FOIL}").text)
    for text in (card.title, card.subtitle, card.summary, card.source, card.export["demonstration"]):
        assert text
        assert text in told
    for note in card.notes:
        assert note in told
    assert f"http://localhost{card.permalink}".replace(" ", "") in told.replace(" ", "")


def test_each_view_has_a_picture_and_the_first_chart_is_the_default(client: FlaskClient) -> None:
    for view in ("overview", "explore"):
        answer = client.get(f"{SVG}?view={view}&{FOIL}")
        assert (answer.status_code, answer.content_type) == (200, "image/svg+xml; charset=utf-8")
    assert client.get(f"{SVG}?view=overview&{FOIL}").data == client.get(f"{SVG}?view=overview&card=trend&{FOIL}").data


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_png_has_the_size_that_was_asked_for(client: FlaskClient, scale: int) -> None:
    drawn = client.get(f"{SVG}?{FOIL}&width=800").text
    width, height = (int(found) for found in re.findall(r'<svg [^>]*width="(\d+)" height="(\d+)"', drawn)[0])
    assert width == 800
    found = size_of(client.get(f"{PNG}?{FOIL}&width=800&scale={scale}").data)
    assert found == (width * scale, height * scale)


def test_a_preview_is_as_large_as_link_previews_are(client: FlaskClient) -> None:
    assert size_of(client.get(f"{PNG}?view=overview&layout=preview").data) == (1200, 630)


def test_text_is_drawn_without_any_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "/nonexistent")
    start = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30" font-family="Public Sans">'
    text = f'{start}<text x="4" y="20" font-size="16">20,816\u2009t →</text></svg>'
    assert to_png(text) != to_png(f"{start}</svg>")
    other = to_png(text.replace("Public Sans", "DejaVu Sans"))
    assert other in (to_png(text), to_png(f"{start}</svg>"))


def test_the_same_question_gives_the_same_bytes(client: FlaskClient, statistics: Statistics) -> None:
    card = cards(statistics, FOIL)["trend"]
    assert picture_svg(card) == picture_svg(cards(statistics, FOIL)["trend"])
    assert to_png(picture_svg(card)) == to_png(picture_svg(card))
    first = client.get(f"{PNG}?{FOIL}")
    assert client.get(f"{PNG}?{FOIL}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.headers["Cache-Control"] == "private, max-age=60"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("view=nothing", "view"),
        ("card=nothing", "card"),
        ("view=overview&view=explore", "view"),
        ("width=319", "width"),
        (f"width={MOST_WIDTH + 1}", "width"),
        ("width=1e3", "width"),
        ("scale=5", "scale"),
        ("layout=poster", "layout"),
        ("product=gold", "product"),
        ("nonsense=1", "nonsense"),
    ],
)
def test_what_is_not_known_is_refused_by_name(client: FlaskClient, query: str, parameter: str) -> None:
    for path in (SVG, PNG):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert answer.get_json()["error"]["parameter"] == parameter


@pytest.mark.parametrize(("less", "status"), [(-1, 200), (0, 200), (1, 400)])
def test_a_png_beyond_the_most_pixels_is_refused(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, less: int, status: int
) -> None:
    query = f"{FOIL}&width={801 + less}&scale=1"
    most = pixels(client.get(f"{SVG}?{query}").text)
    monkeypatch.setattr("dashboard.picture_routes.MOST_PIXELS", most - less)
    answer = client.get(f"{PNG}?{query}")
    assert answer.status_code == status
    assert status == 200 or answer.get_json()["error"]["parameter"] == "scale"


@pytest.mark.parametrize("width", [320, MOST_WIDTH])
def test_the_least_and_the_greatest_width_are_drawn(client: FlaskClient, width: int) -> None:
    assert f'width="{width}"' in client.get(f"{SVG}?{FOIL}&width={width}").text


def test_hostile_words_of_a_card_stay_words(statistics: Statistics) -> None:
    hostile = "</text><script>alert(1)</script>&"
    card = replace(cards(statistics, FOIL)["trend"], title=hostile, summary=hostile, source=hostile, notes=(hostile,))
    svg = picture_svg(card)
    assert "<script" not in svg
    assert "alert(1)" in words(svg)
    assert size_of(to_png(svg))[0] == WIDTH


def test_a_card_without_a_chart_gives_its_words(client: FlaskClient) -> None:
    svg = client.get(f"{SVG}?view=explore&card=explore-figures&{FOIL}").text
    assert "<path" not in svg
    assert "Source: " in words(svg)


def test_a_map_holds_its_shapes_itself() -> None:
    body = (
        '<svg class="map" viewBox="0 0 2000 871" role="img" stroke="#888"><use href="/static/0f/world.svg#CAN" '
        'fill="url(#hatch-withheld)"/></svg>'
    )
    svg = body_svg(body, width=1000, height=435, prefix="m")
    assert 'id="m-CAN"' in svg
    assert 'href="#m-CAN"' in svg
    assert 'id="hatch-withheld"' in svg
    assert "world.svg" not in svg


def test_a_map_takes_shapes_from_assets_alone(tmp_path: Path) -> None:
    (tmp_path / "own.svg").write_text('<svg><path id="CAN" d="M0 0"/></svg>')
    outside = os.path.relpath(tmp_path / "own.svg", ASSETS)
    body = f'<svg class="map" viewBox="0 0 9 9"><use href="/static/0f/{outside}#CAN"/></svg>'
    assert "<path" not in body_svg(body, width=9, height=9, prefix="m")


# -- the first view, link previews, frames --------------------------------------------------------------------------


def test_the_first_view_shows_each_chart_with_a_name(client: FlaskClient) -> None:
    page = client.get(f"/?{FOIL}").text
    for card in ("trend", "countries"):
        found = re.findall(rf'<svg class="static \w+"[^>]*aria-labelledby="{card}-title"[^>]*>', page)
        assert found
        assert all('role="img"' in one and f'aria-describedby="{card}-summary"' in one for one in found)
        assert f'id="{card}-title"' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["/", "/explore?product=foil&country=CHN", "/about"])
def test_a_link_is_shown_with_title_sentence_and_picture(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    told = {
        name: html.unescape(text) for name, text in re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', page)
    }
    assert told["title"] == html.unescape(re.findall(r"<title>(.*?)</title>", page)[0])
    assert told["description"]
    assert 'name="twitter:card" content="summary_large_image"' in page
    address = urlsplit(told["image"])
    assert (address.scheme, address.netloc, address.path) == ("http", "localhost", PNG)
    asked = parse_qs(address.query)
    assert asked["layout"] == ["preview"]
    for name, values in parse_qs(urlsplit(path).query).items():
        assert asked[name] == values
    assert size_of(client.get(f"{address.path}?{address.query}").data) == (1200, 630)


def test_a_chart_made_for_frames_may_stand_in_one_and_runs_no_script(client: FlaskClient) -> None:
    answer = client.get(f"/embed?view=overview&card=trend&{FOIL}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "<script" not in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize("path", ["/", "/explore", "/api/v1/picture.svg", "/embed/", "/embedded"])
def test_nothing_else_may_stand_in_a_frame(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["X-Frame-Options"] == FIXED["X-Frame-Options"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_framed_chart_has_title_table_mark_source_and_link(client: FlaskClient, statistics: Statistics) -> None:
    card = cards(statistics, FOIL)["trend"]
    page = client.get(f"/embed?view=overview&card=trend&{FOIL}").text
    for text in (
        card.title,
        card.summary,
        card.source,
        card.export["demonstration"],
        f"http://localhost{card.permalink}",
    ):
        assert html.escape(text, quote=False) in page
    assert '<html lang="en-US">' in page
    assert "<table>" in page


def test_a_frame_of_an_unknown_chart_says_so(client: FlaskClient) -> None:
    answer = client.get("/embed?card=%3Cscript%3E")
    assert answer.status_code == 400
    assert "This chart cannot be shown" in answer.text
    assert "<script" not in answer.text
    assert "X-Frame-Options" not in answer.headers


def test_a_card_offers_pictures_files_link_citation_and_frame(client: FlaskClient) -> None:
    page = client.get(f"/?{FOIL}").text
    asked = "view=overview&amp;card=trend&amp;product=foil&amp;from=2025-04&amp;to=2026-03"
    for path in (f"{PNG}?{asked}", f"{SVG}?{asked}"):
        assert f'href="{path}"' in page
    for form in ("csv", "xlsx", "json", "parquet"):
        assert re.search(rf'href="/api/v1/series\?[^"]*format={form}"', page)
    code = html.unescape(re.findall(r'id="trend-embed"[^>]*>(.*?)</p>', page)[0])
    address = html.unescape(re.findall(r'src="([^"]+)"', code)[0])
    assert address.startswith("http://localhost/embed?")
    assert client.get(address.removeprefix("http://localhost")).status_code == 200
    assert re.search(r'id="trend-cite"[^>]*>AIM Monitor[^<]* http://localhost/[^<]*<span data-accessed>', page)


@dataclass
class Told:
    """Answers `info` as it is told to."""

    now: ReleaseInfo

    def info(self) -> ReleaseInfo:
        return self.now


def test_a_picture_is_kept_for_its_release_and_for_license_series_that_are_on(statistics: Statistics) -> None:
    info = statistics.info()
    told = Told(info)
    kept: KeptPictures[str] = KeptPictures(size=len, most=2)
    made: list[str] = []

    def make() -> str:
        made.append(told.now.id or "")
        return "picture"

    def ask() -> None:
        kept.get(told, "query", make)  # type: ignore[arg-type]

    ask()
    ask()
    assert len(made) == 1
    for other in (replace(info, license_off="they cannot be trusted"), replace(info, id="another")):
        told.now = other
        ask()
    assert len(made) == 3
    told.now = info
    ask()
    assert len(made) == 4  # the oldest of two had to go
