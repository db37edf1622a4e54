"""What the application answers: pages, headers, errors, health, API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.factory import VIEWS, create_app
from dashboard.settings import Settings
from dashboard.shell import MonitorDash
from dashboard.views.base import View
from data_access.serving.statistics import Statistics
from tests.dashboard.sample import write_sample

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PATHS = ["/", "/explore", "/nope", "/healthz", "/api/v1/series", "/api/v1/meta", "/api/nope", "/_dash-layout"]


def test_two_applications_live_in_one_process(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "releases", licenses=False, demonstration=False)
    first, second = create_app(Settings(releases=sample)), create_app(Settings(releases=tmp_path / "releases"))
    pages = [app.server.test_client().get("/").text for app in (first, second)]
    assert ["Demonstration data." in page for page in pages] == [True, False]
    assert ["License data, Feb 2026" in page for page in pages] == [True, False]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_security_headers_and_no_cookie(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Set-Cookie" not in answer.headers
    expected = "cross-origin" if path.startswith("/api/") else "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == expected
    assert "Server-Timing" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/explore", "/about", "/nope"])
def test_the_content_policy_lets_in_nothing_foreign_and_nothing_inline(client: FlaskClient, path: str) -> None:
    parts = client.get(path).headers["Content-Security-Policy"].split("; ")
    policy = {name: sources.split(" ") for name, _, sources in (part.partition(" ") for part in parts)}
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"], "of nothing"
    assert not any("unsafe" in source or "*" in source or "http" in source for one in policy.values() for source in one)


def test_a_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    for path in ("/", "/explore"):
        loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]+)\"", client.get(path).text)
        foreign = [url for url in loaded if not url.startswith("/") and "localhost" not in url]
        assert len(loaded) > 5
        assert foreign == []


def test_a_script_that_dash_does_not_have_is_not_there_and_no_fault(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/_dash-component-suites/x/y.js").status_code == 404
    # also what it has: pages load it from /static/
    assert client.get("/_dash-component-suites/dash/html/dash_html_components.min.js").status_code == 404
    assert client.get("/assets/layout.css").status_code == 404
    assert not caplog.records


@pytest.mark.parametrize("path", ["/nope", "/explore/more", "/assets/nope.css", "/index.html"])
def test_an_unknown_path_has_a_page_of_its_own(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text
    assert 'href="/explore"' in answer.text
    assert "Traceback" not in answer.text


def test_a_slash_too_many_leads_to_the_view_with_its_query(client: FlaskClient) -> None:
    answer = client.get("/explore/?product=foil")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/explore?product=foil")


def test_a_fault_shows_a_page_without_a_trace(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(releases=sample))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(Statistics, "meta", broken)
    answer = app.server.test_client().get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text
    told = app.server.test_client().get("/api/v1/meta")
    assert told.status_code == 500
    assert "secret" not in told.text
    assert told.get_json()["error"]["message"]


def test_health_and_heads_answer(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    for path in ("/", "/api/v1/series", "/api/v1/meta", "/healthz"):
        answer = client.head(path)
        assert (answer.status_code, answer.data) == (200, b"")


def test_the_server_writes_the_first_view_with_figures_and_table(client: FlaskClient) -> None:
    page = client.get("/?product=foil&from=2025-03").text
    assert '<html lang="en-US"' in page
    assert 'href="#main">Skip to main content' in page
    assert "Foil from all countries: volume" in page
    assert re.search(
        r'<th scope="row">Jun 2025</th><td>[\d,.]+</td><td class="status" title="withheld[^"]*">\(D\)</td>', page
    )
    assert page.count("<h1") == 1


def test_the_form_repeats_the_query(client: FlaskClient) -> None:
    page = client.get("/explore?product=7607&country=CHN&measure=value&by=product&series=license").text
    for words in (
        'name="product" value="foil" data-parents="aim 76" data-also="7607" checked',
        'name="country" value="CHN" data-parents="all" checked',
        '<option value="value" selected>',
        'type="radio" name="by" value="product" checked',
        'name="series" value="license" checked',
    ):
        assert words in page
    assert 'name="series" value="public" checked' not in page


def test_foreign_text_of_a_query_comes_back_escaped(client: FlaskClient) -> None:
    page = client.get("/?product=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert(1)" not in page
    assert "product: expected an id of the product tree" in page
    assert "The default selection is shown instead." in page


def test_views_can_be_told_apart_by_their_ids(monitor_app: MonitorDash) -> None:
    views = [module.VIEW for module in VIEWS if isinstance(module.VIEW, View)]
    names = [one.value for view in views for one in view.ids]
    assert len(set(names)) == len(names)
    layout = json.loads(monitor_app.server.test_client().get("/_dash-layout").text)
    ids = [child["props"]["id"] for child in layout["props"]["children"]]
    assert ids == [f"view-{view.name}" for view in views]


def test_the_layout_holds_no_data(client: FlaskClient) -> None:
    text = client.get("/_dash-layout").text
    kept = re.findall(r'"(?:html|data|figure)":("[^"]*"|\[[^\]]*\]|\{"data":\[\],"layout":\{\}\})', text)
    assert len(kept) > 10
    assert set(kept) == {'{"data":[],"layout":{}}'}
    assert "Canada" not in text


# -- API ------------------------------------------------------------------------------------------------------------


def test_the_api_answers_in_four_formats_with_a_name_for_each_file(client: FlaskClient) -> None:
    for form, kind in {"json": "json", "csv": "text/csv", "xlsx": "spreadsheetml", "parquet": "parquet"}.items():
        answer = client.get(f"/api/v1/series?product=foil&format={form}")
        assert answer.status_code == 200
        assert kind in answer.content_type
        if form != "json":
            assert f".{form}" in answer.headers["Content-Disposition"]
            assert "aim-demonstration_foil_all_volume" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("query", "parameter", "given", "allowed"),
    [
        ("measure=weight", "measure", "weight", "volume"),
        ("format=pdf", "format", "pdf", "csv"),
        ("format=csv&format=json", "format", "csv, json", "csv"),
        ("color=red", "color", "red", "country"),
        ("from=2025-13", "from", "2025-13", "a month as YYYY-MM, from 1980-01 to 2099-12"),
        ("freq=month&freq=year", "freq", "month, year", "one value"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(
    client: FlaskClient, query: str, parameter: str, given: str, allowed: str
) -> None:
    answer = client.get(f"/api/v1/series?{query}")
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert set(error) == {"parameter", "given", "allowed", "message"}
    assert (error["parameter"], error["given"]) == (parameter, given)
    assert allowed in error["allowed"]
    assert parameter in error["message"]


def test_an_unknown_path_of_the_api_answers_json(client: FlaskClient) -> None:
    answer = client.get("/api/v2/series")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["parameter"] == "path"


def test_the_api_can_be_read_by_scripts_of_other_sites_and_answers_304(client: FlaskClient) -> None:
    first = client.get("/api/v1/series?product=foil")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/v1/series?product=foil", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"output": 1}', b"\xff", b'{"inputs": [[]]}'])
def test_a_callback_request_that_no_page_sends_is_refused_without_a_trace(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code in (400, 415)
    assert "Traceback" not in answer.text
    assert answer.get_json()["error"]["message"]
