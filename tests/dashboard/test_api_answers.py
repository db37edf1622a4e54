"""The API beyond single series: rankings, matrices, flows, comparisons, lists, whole tables."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from dashboard.api import formats
from dashboard.api.endpoints import ENDPOINTS, Endpoint
from dashboard.factory import create_app
from dashboard.settings import Settings
from data_access.thresholds import Thresholds
from tests.dashboard.sample import SHARES, write_sample
from tests.serving.release_builder import license_row, public_row, with_totals, write_release

MONTHS = ("2025-01", "2025-02", "2025-03")
YEAR_BEFORE = ("2024-01", "2024-02", "2024-03")


def get(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def refused(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 400
    error: dict[str, Any] = answer.get_json()["error"]
    return error


# -- ranking --------------------------------------------------------------------------------------------------------


def test_a_ranking_is_of_the_last_twelve_public_months_the_largest_first(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/ranking?product=foil")
    assert (answer["query"]["from"], answer["query"]["to"]) == ("2025-02", "2026-01")
    assert [row["rank"] for row in answer["rows"]] == list(range(1, len(SHARES) + 1))
    values = [row["value"] for row in answer["rows"]]
    assert values == sorted(values, reverse=True)
    assert answer["rows"][0]["member"] == "CAN"
    assert answer["before_period"] == "2024-02/2025-01"


def test_shares_of_a_ranking_are_of_the_total_of_the_series_answer(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/ranking?product=foil&measure=value")
    total = get(client, "/api/v1/series?product=foil&measure=value&series=public&freq=range&from=2025-02&to=2026-01")
    assert answer["total"]["value"] == total["cells"][0]["value"]
    for row in answer["rows"]:
        assert row["share"] == pytest.approx(100 * row["value"] / answer["total"]["value"], abs=0.005)
    assert sum(row["share"] for row in answer["rows"]) == pytest.approx(100, abs=0.1)


def test_changes_of_a_ranking_are_on_the_same_months_a_year_before(client: FlaskClient) -> None:
    row = get(client, "/api/v1/ranking?product=foil&measure=value")["rows"][0]
    address = "/api/v1/series?product=foil&country=CAN&measure=value&series=public&freq=range&from=2024-02&to=2025-01"
    before = get(client, address)["cells"][0]["value"]
    assert row["before"] == before
    assert row["change"] == pytest.approx(100 * (row["value"] / before - 1), abs=0.005)


def test_what_is_withheld_has_no_rank_and_stands_after_the_others(client: FlaskClient) -> None:
    rows = get(client, "/api/v1/ranking?series=license")["rows"]
    told = [row["status"] == "published" for row in rows]
    assert told == sorted(told, reverse=True)
    assert {row["member"] for row in rows if row["status"] == "withheld"} == {"GRC", "ITA", "ZAF"}
    assert all(row["rank"] is row["share"] is row["change"] is row["value"] is None for row in rows if not row["value"])


@pytest.fixture(scope="module")
def floors(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Three countries whose volume a year before lies just below, at, and just above the floor; one is new."""
    base = tmp_path_factory.mktemp("floors")
    floor = int(Thresholds().floor * 1000)
    rows = []
    for month, old in zip(MONTHS, YEAR_BEFORE, strict=True):
        for country, kg in (("CAN", floor - 1000), ("MEX", floor), ("DEU", floor + 1000)):
            if month == MONTHS[0]:
                rows.append(public_row(old, "7607113000", country, 10, kg))
            rows.append(public_row(month, "7607113000", country, 10, kg))
        rows.append(public_row(old, "7607113000", "FRA", 10, 1))
    write_release(base, with_totals(rows))
    return create_app(Settings(releases=base)).server.test_client()


@pytest.mark.parametrize(("country", "status"), [("CAN", "below_floor"), ("MEX", "published"), ("DEU", "published")])
def test_a_change_is_told_from_the_floor_on(floors: FlaskClient, country: str, status: str) -> None:
    rows = get(floors, "/api/v1/ranking?product=foil&from=2025-01&to=2025-03")["rows"]
    row = next(row for row in rows if row["member"] == country)
    assert row["change_status"] == status
    assert (row["change"] is None) == (status != "published")


def test_another_floor_can_be_asked_for(floors: FlaskClient) -> None:
    rows = get(floors, "/api/v1/ranking?product=foil&from=2025-01&to=2025-03&floor=0")["rows"]
    assert all(row["change_status"] == "published" for row in rows if row["member"] in ("CAN", "MEX", "DEU"))


def test_equal_figures_have_the_same_rank(floors: FlaskClient) -> None:
    rows = get(floors, "/api/v1/ranking?product=foil&measure=value&from=2025-01&to=2025-03")["rows"]
    assert [row["rank"] for row in rows if row["value"]] == [1, 1, 1]


def test_a_ranking_of_several_series_is_refused(client: FlaskClient) -> None:
    assert refused(client, "/api/v1/ranking?series=license&series=combined")["parameter"] == "series"


@pytest.mark.parametrize("path", ["ranking", "matrix"])
def test_the_usual_two_series_are_refused_too_where_they_are_asked_for(client: FlaskClient, path: str) -> None:
    error = refused(client, f"/api/v1/{path}?series=public&series=license")
    assert error["parameter"] == "series"
    assert "found public, license" in error["message"]
    assert get(client, f"/api/v1/{path}?series=public&series=public")["query"]["series"] == ["public"]


# -- a license month against the public average ---------------------------------------------------------------------


def test_a_license_month_is_held_against_the_mean_of_three_public_months(client: FlaskClient) -> None:
    rows = get(client, "/api/v1/versus?measure=value")["rows"]
    cells = {
        (cell["series"], cell["period"]): cell["value"]
        for cell in get(client, "/api/v1/series?measure=value&from=2025-11&to=2026-02")["cells"]
    }
    mean = sum(cells["public", month] for month in ("2025-11", "2025-12", "2026-01")) / 3
    first = rows[0]
    assert (first["member"], first["license_month"], first["public_from"]) == ("selection", "2026-02", "2025-11")
    assert (first["license"], first["public_mean"]) == (cells["license", "2026-02"], pytest.approx(mean))
    assert first["change"] == round((cells["license", "2026-02"] / mean - 1) * 100, 2)


def test_a_withheld_license_month_has_no_change_and_says_so(client: FlaskClient) -> None:
    foil = next(row for row in get(client, "/api/v1/versus?measure=value")["rows"] if row["member"] == "foil")
    assert (foil["license"], foil["license_status"]) == (None, "withheld")
    assert (foil["change"], foil["change_status"]) == (None, "withheld")
    assert foil["public_mean"] is not None


def test_members_of_the_comparison_are_those_of_the_series_answer(client: FlaskClient) -> None:
    rows = get(client, "/api/v1/versus?by=country")["rows"][1:]
    cells = get(client, "/api/v1/series?by=country&from=2025-11&to=2026-02")["cells"]
    assert {row["member"] for row in rows} == {cell["country"] for cell in cells}
    told = [row["license"] for row in rows if row["license"] is not None]
    assert told == sorted(told, reverse=True)


def test_a_workbook_of_too_many_rows_is_refused_and_other_files_are_not(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_XLSX_ROWS", 71)
    error = refused(client, "/api/v1/series?product=foil&format=xlsx")
    assert error["parameter"] == "format"
    assert "CSV" in error["message"]
    assert client.get("/api/v1/series?product=foil&format=csv").status_code == 200
    monkeypatch.setattr(formats, "MAX_XLSX_ROWS", 72)
    assert client.get("/api/v1/series?product=foil&format=xlsx").status_code == 200


def test_unit_values_have_no_mean_to_be_held_against(client: FlaskClient) -> None:
    assert refused(client, "/api/v1/versus?measure=auv")["parameter"] == "measure"


# -- matrix, flows, compare -----------------------------------------------------------------------------------------


def test_a_matrix_has_a_cell_for_each_pair_and_they_add_up(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/matrix?measure=value&country=CAN&country=MEX")
    pairs = [(cell["product"], cell["country"]) for cell in answer["cells"]]
    expected = [(row["id"], column["id"]) for row in answer["rows"] for column in answer["columns"]]
    assert sorted(pairs) == sorted(expected)
    of_canada = sum(cell["value"] for cell in answer["cells"] if cell["country"] == "CAN")
    one = get(client, "/api/v1/series?measure=value&country=CAN&series=public&freq=range&from=2025-02&to=2026-01")
    assert of_canada == one["cells"][0]["value"]


def test_a_matrix_can_have_several_periods(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/matrix?country=CAN&freq=year&from=2024-01&to=2025-12")
    assert {cell["period"] for cell in answer["cells"]} == {"2024", "2025"}


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A quarter of origins by smelt, one pair withheld."""
    base = tmp_path_factory.mktemp("flows")
    rows = [license_row(month, "aim", "all", 100, 100) for month in MONTHS]
    rows += [license_row(month, "aim", "CAN", 90, 90) for month in MONTHS]
    rows += [license_row(month, "aim", "all", 80, 80, smelt="CAN") for month in MONTHS]
    rows += [license_row(month, "aim", "all", None, status="withheld", smelt="RUS") for month in MONTHS]
    rows += [license_row("2025-Q1", "aim", "CAN", 240, 240_000, smelt="CAN")]
    rows += [license_row("2025-Q1", "aim", "CAN", None, status="withheld", smelt="RUS")]
    public = with_totals([public_row(month, "7607113000", "CAN", 90, 9_000) for month in MONTHS])
    write_release(base, public, rows)
    return create_app(Settings(releases=base)).server.test_client()


def test_flows_are_of_the_last_quarter_with_withheld_pairs_marked(flows: FlaskClient) -> None:
    answer = get(flows, "/api/v1/flows")
    found = {(one["country"], one["smelt"]): (one["period"], one["value"], one["status"]) for one in answer["cells"]}
    assert found["CAN", "CAN"] == ("2025-Q1", 240.0, "published")
    assert found["CAN", "RUS"] == ("2025-Q1", None, "withheld")
    assert answer["permalink"].startswith("http://localhost/smelt-cast?")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("by=product", "by"),
        ("across=product", "across"),
        ("across=country", "across"),
        ("by=country&across=country", "across"),
        ("across=nonsense", "across"),
    ],
)
def test_what_refuses_a_flow_offers_only_splits_that_flows_have(flows: FlaskClient, query: str, parameter: str) -> None:
    error = refused(flows, f"/api/v1/flows?{query}")
    assert error["parameter"] == parameter
    assert error["allowed"]
    for allowed in error["allowed"]:
        assert flows.get("/api/v1/flows", query_string={parameter: allowed}).status_code == 200


def test_a_comparison_holds_both_answers_as_the_series_endpoint_gives_them(client: FlaskClient) -> None:
    both = get(client, "/api/v1/compare?product=foil&from=2025-01&compare=product%3Dwire%26country%3DCAN")
    assert both["first"] == get(client, "/api/v1/series?product=foil&from=2025-01")
    assert both["second"]["cells"] == get(client, "/api/v1/series?product=wire&country=CAN&from=2025-01")["cells"]
    table = client.get("/api/v1/compare?product=foil&compare=product%3Dwire&format=csv").text
    rows = list(csv.DictReader(line for line in table.splitlines() if not line.startswith("# ")))
    assert {(row["selection"], row["product"]) for row in rows} == {("1", "foil"), ("2", "wire")}


def test_a_comparison_without_a_second_selection_is_refused(client: FlaskClient) -> None:
    assert refused(client, "/api/v1/compare?product=foil")["parameter"] == "compare"


# -- lists and tables -----------------------------------------------------------------------------------------------


def test_the_log_names_the_release_in_use_and_what_it_withholds(client: FlaskClient) -> None:
    (one,) = get(client, "/api/v1/releases")["releases"]
    assert one["in_use"] is True
    assert one["id"] == get(client, "/api/v1/meta")["release"]["id"]
    assert one["withheld"]["origin"] > 0


def test_groups_tell_since_when_a_country_is_in_them(client: FlaskClient) -> None:
    groups = {group["id"]: group["members"] for group in get(client, "/api/v1/countries")["groups"]}
    kingdom = next(one for one in groups["EU"] if one["country"] == "GBR")
    assert kingdom["to"] == "2020-01"


def test_a_renamed_code_names_what_it_became(client: FlaskClient) -> None:
    products = {one["id"]: one for one in get(client, "/api/v1/products")["products"]}
    assert products["7601106030"]["became"] == ["7601106040", "7601106045"]


def test_a_table_is_the_file_of_the_release_and_its_tag_the_hash(client: FlaskClient, sample: Path) -> None:
    with client.get("/api/v1/tables/license_origin.parquet") as answer:
        data = answer.get_data()
    assert data == (sample / "current" / "license_origin.parquet").read_bytes()
    assert answer.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    given = {"If-None-Match": answer.headers["ETag"]}
    with client.get("/api/v1/tables/license_origin.parquet", headers=given) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("name", ["manifest", "nope", "..%2Fcurrent%2Fpublic", "license_origin.parquet"])
def test_no_other_file_is_given_out(client: FlaskClient, name: str) -> None:
    assert client.get(f"/api/v1/tables/{name}.parquet").status_code == 404


def test_a_file_altered_after_the_release_was_opened_is_not_given_out(tmp_path: Path) -> None:
    write_sample(tmp_path)
    client = create_app(Settings(releases=tmp_path)).server.test_client()
    with (tmp_path / "current" / "license_cast.parquet").open("ab") as file:
        file.write(b"x")
    assert client.get("/api/v1/tables/license_cast.parquet").status_code == 404
    with client.get("/api/v1/tables/license_origin.parquet") as answer:
        assert answer.status_code == 200


def test_tables_of_licenses_are_kept_back_while_license_series_are_off(tmp_path: Path) -> None:
    write_sample(tmp_path)
    with (tmp_path / "current" / "license_cast.parquet").open("ab") as file:
        file.write(b"x")
    client = create_app(Settings(releases=tmp_path)).server.test_client()
    assert client.get("/api/v1/tables/license_origin.parquet").status_code == 404
    with client.get("/api/v1/tables/public.parquet") as answer:
        assert answer.status_code == 200


# -- all endpoints --------------------------------------------------------------------------------------------------


def address(endpoint: Endpoint, more: str = "") -> str:
    query = "&".join(part for part in (endpoint.example, more) if part)
    return f"{endpoint.path}?{query}" if query else endpoint.path


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_format_of_an_endpoint_holds_as_many_rows(client: FlaskClient, endpoint: Endpoint) -> None:
    if len(endpoint.formats) == 1:
        assert client.get(address(endpoint, "format=csv")).status_code == 400
        return
    table = client.get(address(endpoint, "format=csv")).text.splitlines()
    rows = list(csv.reader(line for line in table if not line.startswith("# ")))[1:]
    book = load_workbook(io.BytesIO(client.get(address(endpoint, "format=xlsx")).data))
    file = client.get(address(endpoint, "format=parquet"))
    assert len(rows) == book["Figures"].max_row - 1
    assert pq.ParquetFile(io.BytesIO(file.data)).metadata.num_rows == len(rows)
    assert file.headers["Content-Disposition"].endswith(".parquet")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_endpoint_answers_heads_tags_and_unknown_parameters(client: FlaskClient, endpoint: Endpoint) -> None:
    first = client.get(address(endpoint))
    assert client.head(address(endpoint)).status_code == 200
    again = client.get(address(endpoint), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, max-age=60", "it holds the address it was asked by"
    assert refused(client, address(endpoint, "color=red"))["parameter"] == "color"


def test_links_of_every_answer_are_absolute_and_lead_to_the_configured_address(sample: Path) -> None:
    client = create_app(Settings(releases=sample, base_url="https://aim.example.gov")).server.test_client()
    for endpoint in ENDPOINTS:
        answer = get(client, address(endpoint))
        for part in (answer, answer.get("first", {}), answer.get("second", {})):
            for name in {"permalink", "cite"} & part.keys():
                assert "https://aim.example.gov/" in part[name]
    csv_file = client.get("/api/v1/series?format=csv").text
    assert "# permalink: https://aim.example.gov/explore" in csv_file
    parquet = pq.ParquetFile(io.BytesIO(client.get("/api/v1/series?format=parquet").data))
    words = json.loads(parquet.schema_arrow.metadata[b"aim_monitor"])
    assert words["permalink"].startswith("https://aim.example.gov/")
    assert words["cite"].endswith(words["permalink"])
    notes = load_workbook(io.BytesIO(client.get("/api/v1/series?format=xlsx").data))["Notes"]
    assert ("permalink", words["permalink"]) in list(notes.iter_rows(values_only=True))


def test_without_a_release_every_endpoint_still_answers(tmp_path: Path) -> None:
    client = create_app(Settings(releases=tmp_path / "none")).server.test_client()
    for endpoint in ENDPOINTS:
        assert client.get(address(endpoint)).status_code == 200, endpoint.path
    assert client.get("/api/v1/tables/public.parquet").status_code == 404
