"""The OpenAPI 3.1 document, made of the tables that the code runs on."""

from __future__ import annotations

from typing import Any

from dashboard.api.endpoints import ENDPOINTS, FIGURES, PLACES, SPAN, Endpoint
from dashboard.api.formats import TYPES, Format
from dashboard.api.parameters import parameter
from dashboard.api.schemas import SCHEMAS
from dashboard.limits import COST
from dashboard.pictures.asked import SCALES, USUAL_SCALE, USUAL_VIEW
from dashboard.pictures.picture import LEAST_WIDTH, MOST_WIDTH, WIDTH, Layout
from dashboard.version import software_version
from data_access.contracts import LAYERS_FILE, LICENSE_DIMENSIONS, PUBLIC_FILE, license_file
from data_access.filters import MAX_QUERY, PARAMETERS
from data_access.reference import Reference
from data_access.serving.meta import MAX_CELLS

DOCUMENT_PATH = "/api/v1/openapi.json"
TABLES_PATH = "/api/v1/tables/{name}.parquet"
TABLES = tuple(
    name.removesuffix(".parquet") for name in (PUBLIC_FILE, *map(license_file, LICENSE_DIMENSIONS), LAYERS_FILE)
)
"""Tables of a release that can be taken whole; those of license data are there where the release has them."""
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
PICTURED = (*PLACES, *SPAN, "freq", *FIGURES, "by", "across", "show", "chart", "compare", "event")
"""Parameters of the selection that pictures depend on."""
TEXT = (
    "The figures of the AIM Monitor: public statistics of U.S. aluminum imports, and aggregates of import licenses. "
    "The query is that of the pages: the address of a page after its '?' works here as it is, parameters that do not "
    "matter are accepted. A figure that is not published is null and carries a status. "
    f"One answer holds at most {MAX_CELLS:,} figures, a query {MAX_QUERY:,} characters. Answers carry an ETag and may "
    "be kept for a minute; no key is needed. The header RateLimit-Policy tells how many requests a "
    "client may send in a minute; beyond, the answer is 429, and Retry-After tells when to come again."
)


def document(vocabulary: Reference, *, base: str) -> dict[str, Any]:
    """The whole document; `base` is the address of this site."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AIM Monitor API",
            "version": "1",
            "summary": "U.S. aluminum imports by product and country",
            "description": f"{TEXT} Served by version {software_version()} of the software.",
            "license": {"name": "Apache-2.0 (software)", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "paths": {
            **{endpoint.path: {"get": _operation(endpoint)} for endpoint in ENDPOINTS},
            **{f"/api/v1/picture.{form}": {"get": _picture(form, kind)} for form, kind in PICTURES.items()},
            TABLES_PATH: {"get": _tables()},
            DOCUMENT_PATH: {"get": _document()},
        },
        "components": {
            "parameters": {name: parameter(name, vocabulary) for name in PARAMETERS},
            "schemas": SCHEMAS,
            "headers": {
                "RateLimit-Policy": {
                    "description": "Requests (q) that one client may send in so many seconds (w); Excel workbooks, "
                    f"Parquet files and PNG pictures count for {COST} each.",
                    "schema": {"type": "string"},
                },
                "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}},
            },
            "responses": {
                **{name: _refusal(words) for name, words in REFUSALS.values()},
                "BadQuery": {"description": "A parameter cannot be read", "content": _json("Error")},
                "NotModified": {"description": "The answer that the reader has is still the same"},
                "NotFound": {"description": "There is no such thing here", "content": _json("Error")},
            },
        },
    }


REFUSALS = {
    "429": ("TooManyRequests", "This client asked too much in a minute"),
    "503": ("Busy", "Others are being answered"),
}
"""By status: names and words of what any operation may answer."""


def _refusal(words: str) -> dict[str, Any]:
    headers = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return {"description": words, "headers": headers, "content": _json("Error")}


def _refusals() -> dict[str, Any]:
    return {code: {"$ref": f"#/components/responses/{name}"} for code, (name, _) in REFUSALS.items()}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    taken = [{"$ref": f"#/components/parameters/{name}"} for name in endpoint.takes]
    if len(endpoint.formats) > 1:
        taken.append(_format(endpoint))
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.text,
        "parameters": taken,
        "responses": {
            "200": {"description": "The answer", "content": _content(endpoint)},
            "304": {"$ref": "#/components/responses/NotModified"},
            "400": {"$ref": "#/components/responses/BadQuery"},
            **_refusals(),
        },
    }


def _format(endpoint: Endpoint) -> dict[str, Any]:
    names = [str(form) for form in endpoint.formats]
    schema = {"type": "string", "enum": names, "default": names[0]}
    words = "What the answer comes as; files hold the same figures and words."
    return {"name": "format", "in": "query", "required": False, "description": words, "schema": schema}


def _content(endpoint: Endpoint) -> dict[str, Any]:
    shapes: dict[Format, dict[str, Any]] = {
        Format.JSON: {"schema": {"$ref": f"#/components/schemas/{endpoint.schema}"}},
        Format.CSV: {"schema": {"type": "string"}},
        Format.XLSX: {},
        Format.PARQUET: {},
    }
    return {TYPES[form].partition(";")[0]: shapes[form] for form in endpoint.formats}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _picture(form: str, kind: str) -> dict[str, Any]:
    own = {
        "view": ("Which page's chart.", {"type": "string", "default": USUAL_VIEW}),
        "card": ("Which chart of the page; left out: the first.", {"type": "string"}),
        "width": ("Width in px.", {"type": "integer", "minimum": LEAST_WIDTH, "maximum": MOST_WIDTH, "default": WIDTH}),
        "scale": ("Pixels of a PNG per px.", {"type": "integer", "enum": list(SCALES), "default": USUAL_SCALE}),
        "layout": (
            "For a report, or as the preview of a link.",
            {"type": "string", "enum": [str(one) for one in Layout], "default": str(Layout.REPORT)},
        ),
    }
    taken = [
        {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
        for name, (words, schema) in own.items()
    ]
    return {
        "operationId": f"picture_{form}",
        "summary": f"A chart of a page as {form.upper()}",
        "description": "The chart of a selection with its title, source and notes; takes a page's query as it is.",
        "parameters": [*taken, *({"$ref": f"#/components/parameters/{name}"} for name in PICTURED)],
        "responses": {
            "200": {"description": "The picture", "content": {kind: {}}},
            "304": {"$ref": "#/components/responses/NotModified"},
            "400": {"$ref": "#/components/responses/BadQuery"},
            **_refusals(),
        },
    }


def _tables() -> dict[str, Any]:
    words = "A table of the release in use, as published. The page /data describes every column."
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "Which table; those of license data only while they are shown.",
        "schema": {"type": "string", "enum": list(TABLES)},
    }
    return {
        "operationId": "tables",
        "summary": "A whole table of the release, as Parquet",
        "description": words,
        "parameters": [name],
        "responses": {
            "200": {"description": "The file; its ETag is its SHA-256", "content": {TYPES[Format.PARQUET]: {}}},
            "304": {"$ref": "#/components/responses/NotModified"},
            "404": {"$ref": "#/components/responses/NotFound"},
            **_refusals(),
        },
    }


def _document() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {
            "200": {"description": "OpenAPI 3.1", "content": {"application/json": {}}},
            "304": {"$ref": "#/components/responses/NotModified"},
            **_refusals(),
        },
    }
