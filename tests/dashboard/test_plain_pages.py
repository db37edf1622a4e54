"""Data, About and the API's page: what they say is what the release and the code hold."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from dashboard.contact import contact_link
from dashboard.factory import create_app
from dashboard.glossary import Glossary
from dashboard.settings import Settings
from dashboard.templating import TEMPLATES
from dashboard.views import data
from dashboard.views.dictionary import DICTIONARY
from data_access.contracts import LAYERS, LICENSE_DIMENSIONS, PUBLIC, Status, license_schema
from data_access.reference.glossary import load_glossary
from data_access.serving.answers.cells import ALWAYS, PLACES, RANGE, REST
from data_access.serving.coverage import ratio
from data_access.thresholds import Thresholds
from tests.dashboard.sample import write_sample

PAGES = ("/data", "/about", "/api")
NOWHERE = "/api/v1/series"


@pytest.mark.parametrize("path", PAGES)
def test_a_plain_page_has_one_heading_its_headers_and_no_script_of_its_own(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
def test_every_link_within_the_site_leads_somewhere(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    ids = set(re.findall(r' id="([^"]+)"', page))
    for link in {html.unescape(found) for found in re.findall(r'href="([^"]+)"', page)}:
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif link.startswith("/") and not link.startswith(NOWHERE):
            with client.get(link.partition("#")[0]) as answer:
                assert answer.status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_ids_of_a_page_differ(client: FlaskClient, path: str) -> None:
    ids = re.findall(r' id="([^"]+)"', client.get(path).text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_without_a_release_a_page_is_there(tmp_path: Path, path: str) -> None:
    client = create_app(Settings(releases=tmp_path / "none")).server.test_client()
    assert client.get(path).status_code == 200


# -- Data -----------------------------------------------------------------------------------------------------------


def test_the_page_offers_the_selection_in_each_format(client: FlaskClient) -> None:
    page = html.unescape(client.get("/data?product=foil&country=CAN&from=2025-01").text)
    for form, _, _ in data.FORMS:
        link = next(one for one in re.findall(r'href="(/api/v1/series\?[^"]+)" download', page) if form in one)
        answer = client.get(link)
        assert answer.status_code == 200
        assert "product=foil&country=CAN&from=2025-01" in link


def test_a_query_that_cannot_be_read_is_told_and_the_default_offered(client: FlaskClient) -> None:
    page = client.get("/data?product=gold").text
    assert "product: expected an id of the product tree" in page
    assert "All licensed products from all countries" in page


def test_the_dictionary_describes_every_column_of_answers_and_tables() -> None:
    told = {part.id: [entry.column for entry in part.entries] for part in DICTIONARY}
    assert set(told["answers"]) == {*ALWAYS, *PLACES, *REST, *RANGE, "source"}
    assert told["public"] == PUBLIC.names
    columns = [name for table in LICENSE_DIMENSIONS for name in license_schema(table, ranges=True).names]
    assert set(told["license"]) == set(columns)
    assert told["layers"] == LAYERS.names


def test_every_status_is_explained(client: FlaskClient) -> None:
    page = client.get("/data").text
    for status in Status:
        assert f"<code>{status}</code>" in page


def test_the_calendar_tells_the_next_month_by_its_usual_delay(client: FlaskClient) -> None:
    page = client.get("/data").text
    assert "Public statistics of Feb 2026: between Apr 4, 2026 and Apr 18, 2026" in page
    assert "License records as of Mar 27, 2026" in page


@pytest.mark.parametrize(
    ("month", "after", "end"),
    [("2025-11", "2025-12", "2025-12-31"), ("2025-12", "2026-01", "2026-01-31"), ("2026-01", "2026-02", "2026-02-28")],
)
def test_the_next_month_ends_on_its_last_day(month: str, after: str, end: str) -> None:
    found, day = data._next_month(month)
    assert (found, day.isoformat()) == (after, end)


def test_the_citation_names_release_address_and_day(client: FlaskClient) -> None:
    page = html.unescape(client.get("/data?product=foil&from=2025-01&to=2025-12").text)
    cited = re.findall(r'<p class="cite">(.*?)</p>', page)[0]
    assert "Release 2026-03-20T15-00-00Z-aaaaaa" in cited
    assert "http://localhost/explore?product=foil&from=2025-01&to=2025-12" in cited
    assert re.search(r"\(accessed [A-Z][a-z]{2} \d+, \d{4}\)", cited)


# -- About ----------------------------------------------------------------------------------------------------------


def test_withheld_cells_are_counted_as_the_release_does(client: FlaskClient) -> None:
    page = client.get("/about").text
    tables = client.get("/api/v1/meta").get_json()["license"]["tables"]
    counts = re.findall(r"<td>by (?:month|quarter)</td><td>([\d,]+)</td>", page)
    assert counts == [f"{one['withheld']:,}" for one in tables]


def test_about_says_which_tests_flag_alone_and_which_do_not(client: FlaskClient) -> None:
    words = re.sub(r"<[^>]*>", "", html.unescape(client.get("/about").text))
    assert "or R1 together with R2, R2y or R3, or a new supplier." in words
    assert "Z and P add to it and make no flag alone." in words
    assert "the surge tests measure growth on the whole family of codes" in words


def test_thresholds_of_surges_are_those_in_force_and_none_of_protection_is_told(client: FlaskClient) -> None:
    page = html.unescape(client.get("/about").text)
    for value in (Thresholds().r1, Thresholds().r2, Thresholds().r3):
        assert f"+{value:.0f}\N{NARROW NO-BREAK SPACE}%" in page
    protection = page[page.index('<section id="protection"') : page.index('<section id="surges"')]
    text = re.sub(r"<[^>]*>", "", re.sub(r"<table.*?</table>", "", protection, flags=re.DOTALL))
    assert not re.search(r"\d", text)


def test_the_version_and_the_changelog_are_there(client: FlaskClient) -> None:
    assert re.search(r"Software version \d+\.\d+\.\d+", client.get("/about").text)
    assert client.get("/changelog.txt").text.startswith("# Changelog")


def test_limits_of_a_demonstration_are_told_where_it_is_one(client: FlaskClient, tmp_path: Path) -> None:
    write_sample(tmp_path, demonstration=False)
    real = create_app(Settings(releases=tmp_path)).server.test_client()
    assert ["This site shows demonstration data." in one.get("/about").text for one in (client, real)] == [True, False]


# -- glossary -------------------------------------------------------------------------------------------------------


def test_every_term_stands_on_about_and_can_be_opened_on_every_page(client: FlaskClient) -> None:
    about, home = client.get("/about").text, client.get("/").text
    for term in load_glossary():
        assert f'<dt id="g-{term.id}">' in about
        assert f'popover id="t-{term.id}"' in home
        assert f'href="/about#g-{term.id}"' in home


def test_the_glossary_defines_coverage_as_it_is_worked_out() -> None:
    terms = {term.id: term for term in load_glossary()}
    assert ratio(103, 100) == 1.03
    assert terms["coverage"].definition.startswith("Public figures as a percent of the license figures")
    assert {"bias", "error", "mix", "code-family", "severity"} <= set(terms)


def test_terms_used_in_templates_are_in_the_glossary() -> None:
    ids = {term.id for term in load_glossary()}
    used = {
        one for path in TEMPLATES.glob("*.html") for one in re.findall(r'term\("([\w-]+)"', path.read_text("utf-8"))
    }
    assert used
    assert used <= ids


def test_a_term_within_a_text_becomes_a_button_once() -> None:
    marked = str(Glossary(load_glossary()).marked("Customs value <b> of imports for consumption; customs value"))
    assert marked.count('popovertarget="t-customs-value"') == 1
    assert ">imports for consumption</button>" in marked
    assert "&lt;b&gt;" in marked


def test_a_part_of_a_word_is_no_term() -> None:
    assert "<button" not in str(Glossary(load_glossary()).marked("forecasts, indexes and uncast metal"))


def test_a_foreign_term_is_an_error() -> None:
    with pytest.raises(KeyError):
        Glossary(load_glossary()).term("nonsense", "x")


# -- comments and addresses -----------------------------------------------------------------------------------------


def test_a_comment_by_mail_carries_subject_and_address() -> None:
    link = contact_link("mailto:aim@example.gov", "https://x.gov/explore?product=foil&country=CHN")
    assert link.startswith("mailto:aim@example.gov?subject=")
    assert "&country" not in link
    assert "https://x.gov/explore?product=foil&country=CHN" in unquote(link)


def test_a_comment_by_web_carries_the_address_beside_what_was_there() -> None:
    link = contact_link("https://x.gov/form?topic=aim#top", "https://x.gov/data")
    assert link == "https://x.gov/form?topic=aim&view=https%3A%2F%2Fx.gov%2Fdata#top"


def test_pages_use_the_configured_address(sample: Path) -> None:
    site = Settings(releases=sample, base_url="https://aim.example.gov", contact="https://x.gov/form")
    client = create_app(site).server.test_client()
    for path in ("/", "/explore?product=foil", "/data?product=foil", "/about"):
        page = html.unescape(client.get(path).text)
        assert f'rel="canonical" href="https://aim.example.gov{path.partition("?")[0]}' in page
        assert "view=https%3A%2F%2Faim.example.gov%2F" in page
