"""The page of the API: paths, parameters, examples, fields, statuses; made of the same tables as the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.api.endpoints import ENDPOINTS, Endpoint
from dashboard.api.openapi import DOCUMENT_PATH, PICTURES, TABLES, document
from dashboard.api.parameters import default_of, description, values_of
from dashboard.api.schemas import SCHEMAS, Schema
from dashboard.base_url import base_url
from dashboard.views.base import Ask
from dashboard.views.plain import PlainView
from data_access.filters import MAX_QUERY, MAX_VALUES, PARAMETERS, REPEATABLE
from data_access.serving.meta import MAX_CELLS
from data_access.serving.notes import MARKS
from data_access.thresholds import THRESHOLDS, Thresholds

OWN = ("Release", "Cell", "RankedRow", "Flag", "Product", "Country", "Group", "LoggedRelease")
"""Shapes whose fields are told beside those of the answers."""


def context(ask: Ask) -> Mapping[str, Any]:
    """What the template shows; it does not depend on the selection."""
    base = base_url()
    described = document(ask.statistics.vocabulary, base=base)
    return {
        "described": described["info"]["description"],
        "document": DOCUMENT_PATH,
        "endpoints": [_endpoint(one, base) for one in ENDPOINTS],
        "pictures": [f"/api/v1/picture.{form}" for form in PICTURES],
        "picture_parameters": described["paths"]["/api/v1/picture.svg"]["get"]["parameters"][:5],
        "tables": [f"/api/v1/tables/{name}.parquet" for name in TABLES],
        "parameters": [_parameter(name) for name in PARAMETERS],
        "shapes": [(name, _fields(SCHEMAS[name])) for name in OWN],
        "statuses": [(str(status), words) for status, (_, words) in MARKS.items()],
        "base": base,
        "cells": f"{MAX_CELLS:,}",
        "query_characters": f"{MAX_QUERY:,}",
        "values": f"{MAX_VALUES:,}",
    }


def _endpoint(one: Endpoint, base: str) -> dict[str, Any]:
    query = f"?{one.example}" if one.example else ""
    return {
        "path": one.path,
        "name": one.name,
        "summary": one.summary,
        "text": one.text,
        "takes": one.takes,
        "formats": [str(form) for form in one.formats],
        "example": f"{one.path}{query}",
        "curl": f"curl '{base}{one.path}{query}'",
        "fields": _fields(SCHEMAS[one.schema]),
    }


def _fields(schema: Schema) -> list[tuple[str, str, str]]:
    """Name, type and words of each field of a shape."""
    return [(name, _kind(one), _words(one)) for name, one in schema["properties"].items()]


def _words(schema: Schema) -> str:
    values = [str(value) for value in schema.get("enum", ()) if value is not None]
    told = schema.get("description", "")
    return f"{told}: {', '.join(values)}" if values else str(told)


def _kind(schema: Schema) -> str:
    """A type in words: 'number or null', 'list of Cell'."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(map(_kind, schema["oneOf"]))
    kind = schema["type"]
    if kind == "array":
        return f"list of {_kind(schema['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _parameter(name: str) -> dict[str, Any]:
    default = getattr(Thresholds(), name) if name in THRESHOLDS else default_of(name)
    shown = (
        ", ".join(default) if isinstance(default, list) else f"{default:,g}" if isinstance(default, float) else default
    )
    return {
        "name": name,
        "text": description(name),
        "values": ", ".join(values_of(name)),
        "default": str(shown) if shown not in (None, "") else "",
        "repeatable": name in REPEATABLE,
    }


VIEW = PlainView(
    name="api",
    path="/api",
    label="API",
    heading="The API",
    lead="The same figures by program: the address of any page, after its “?”, is a query of the API.",
    template="api.html",
    context=context,
    listed=False,
)
