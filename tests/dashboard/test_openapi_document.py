"""The OpenAPI document: what it says is what the code has, and what the code answers has the shape it tells."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.api.endpoints import ENDPOINTS, Endpoint
from dashboard.api.openapi import PICTURES
from dashboard.api.parameters import WORDS
from dashboard.shell import MonitorDash
from data_access.filters import PARAMETERS
from data_access.serving.meta import CLOSED
from data_access.thresholds import THRESHOLDS, Thresholds

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
TRIES = {"from": "2025-01", "to": "2025-12", "compare": "product%3Dfoil", "product": "foil", "country": "CAN"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def problems(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> list[str]:
    """Where a value is not of a schema; of JSON Schema as much as the document uses."""
    if "$ref" in schema:
        return problems(value, resolved(schema, document), document, at)
    if "oneOf" in schema:
        tried = [problems(value, one, document, at) for one in schema["oneOf"]]
        return [] if [] in tried else tried[0]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[kind]) for kind in kinds):
        return [f"{at}: {value!r} is none of {kinds}"]
    found = [f"{at}: {value!r} is not listed"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, list) and "items" in schema:
        found += [
            one
            for place, item in enumerate(value)
            for one in problems(item, schema["items"], document, f"{at}[{place}]")
        ]
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        found += [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{at}: {name} is not told of" for name in value if name not in known]
        for name in value.keys() & known.keys():
            found += problems(value[name], known[name], document, f"{at}.{name}")
    return found


def resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def parameters(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    return [resolved(one, document) if "$ref" in one else one for one in operation.get("parameters", ())]


def address(endpoint: Endpoint) -> str:
    return f"{endpoint.path}?{endpoint.example}" if endpoint.example else endpoint.path


def test_every_route_is_told_of_and_every_path_told_is_a_route(
    monitor_app: MonitorDash, document: dict[str, Any]
) -> None:
    rules = {str(rule) for rule in monitor_app.server.url_map.iter_rules() if str(rule).startswith("/api/v1/")}
    assert {re.sub(r"<(\w+)>", r"{\1}", rule) for rule in rules} == set(document["paths"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(re.findall(r"'\$ref': '([^']+)'", repr(document)))
    assert len(found) > 20
    for reference in found:
        assert resolved({"$ref": reference}, document)


def test_every_operation_has_an_id_of_its_own(document: dict[str, Any]) -> None:
    ids = [path["get"]["operationId"] for path in document["paths"].values()]
    assert len(ids) == len(set(ids))


def test_every_parameter_of_the_grammar_has_words_and_no_other(document: dict[str, Any]) -> None:
    assert set(WORDS) | set(THRESHOLDS) == set(PARAMETERS)
    assert set(document["components"]["parameters"]) == set(PARAMETERS)


def test_enumerations_and_limits_are_those_of_the_code(document: dict[str, Any]) -> None:
    told = {name: one["schema"] for name, one in document["components"]["parameters"].items()}
    for name, values in CLOSED.items():
        assert told[name].get("items", told[name])["enum"] == [str(value) for value in values]
    for name, limits in THRESHOLDS.items():
        assert (told[name]["minimum"], told[name]["maximum"]) == (limits.low, limits.high)
        assert told[name]["default"] == getattr(Thresholds(), name)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_answer_has_the_shape_that_is_told(
    client: FlaskClient, document: dict[str, Any], endpoint: Endpoint
) -> None:
    content = document["paths"][endpoint.path]["get"]["responses"]["200"]["content"]
    answer = client.get(address(endpoint)).get_json()
    assert problems(answer, content["application/json"]["schema"], document) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_parameter_told_is_taken(client: FlaskClient, document: dict[str, Any], endpoint: Endpoint) -> None:
    for one in parameters(document["paths"][endpoint.path]["get"], document):
        schema, name = one["schema"], one["name"]
        inner = schema.get("items", schema)
        value = TRIES.get(name) or (inner["enum"][0] if "enum" in inner else schema.get("default", "CAN"))
        if endpoint.name == "flows" and name == "across":
            value = "cast"
        query = "&by=product" if name == "across" and endpoint.name != "flows" else ""
        extra = "&compare=product%3Dfoil" if endpoint.name == "compare" and name != "compare" else ""
        answer = client.get(f"{endpoint.path}?{name}={value}{query}{extra}")
        if name in ("by", "across") and answer.status_code == 400:
            assert answer.get_json()["error"]["parameter"] == "across"
        else:
            assert answer.status_code == 200, (name, value, answer.text[:300])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_content_type_told_is_that_of_the_answer(
    client: FlaskClient, document: dict[str, Any], endpoint: Endpoint
) -> None:
    told = document["paths"][endpoint.path]["get"]["responses"]["200"]["content"]
    joint = "&" if endpoint.example else "?"
    given = [client.get(f"{address(endpoint)}{joint}format={form}").mimetype for form in endpoint.formats]
    assert given == list(told)


def test_errors_have_the_shape_that_is_told(client: FlaskClient, document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Error"]
    for path in ("/api/v1/series?measure=weight", "/api/v1/products?x=1", "/api/v1/tables/nope.parquet"):
        assert problems(client.get(path).get_json(), schema, document) == []


def test_pictures_answer_in_the_type_that_is_told(client: FlaskClient) -> None:
    for form, kind in PICTURES.items():
        answer = client.get(f"/api/v1/picture.{form}?product=foil")
        assert (answer.status_code, answer.mimetype) == (200, kind)


def test_a_wrong_shape_is_found(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Cell"]
    cell = dict.fromkeys(schema["required"])
    assert problems(cell, schema, document)
    assert problems({**cell, "secret": 1}, schema, document) != problems(cell, schema, document)


def test_the_page_of_the_api_tells_every_path_and_parameter(client: FlaskClient, document: dict[str, Any]) -> None:
    page = client.get("/api").text
    for path in document["paths"]:
        assert path.replace("{name}", "public") in page
    for name in PARAMETERS:
        assert f'id="p-{name}"' in page
