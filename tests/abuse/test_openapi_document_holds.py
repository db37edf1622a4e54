"""schemathesis on the OpenAPI document: what the API answers to any query is what the document says it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import run_wsgi_app

from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.openapi import DOCUMENT_PATH, PICTURES, TABLES_PATH

TRIES = 5
CONFORMS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
CHECKS = {GenerationMode.POSITIVE: CONFORMS, GenerationMode.NEGATIVE: (*CONFORMS, negative_data_rejection)}
PATHS = [*(one.path for one in ENDPOINTS), *(f"/api/v1/picture.{form}" for form in PICTURES), TABLES_PATH]
WITHOUT_PARAMETERS = [one.path for one in ENDPOINTS if one.strict and len(one.formats) == 1]
"""Nothing that is asked of them can be wrong."""
ASKED = [
    (mode, path)
    for mode in GenerationMode
    for path in PATHS
    if mode is not GenerationMode.NEGATIVE or path not in WITHOUT_PARAMETERS
]


@pytest.fixture(scope="module")
def schema(app: Flask) -> Any:
    """The document as the application gives it; answers are read to their end and closed."""

    def whole(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        parts, status, headers = run_wsgi_app(app, environ, buffered=True)
        start_response(status, list(headers))
        return parts

    return schemathesis.openapi.from_wsgi(DOCUMENT_PATH, whole)


def test_the_document_lists_the_paths_that_are_tried(app: Flask) -> None:
    document = app.test_client().get(DOCUMENT_PATH).get_json()
    assert set(document["paths"]) == {*PATHS, DOCUMENT_PATH}


@pytest.mark.parametrize(("mode", "path"), ASKED, ids=lambda one: getattr(one, "name", one).lower())
def test_answers_are_those_of_the_document(schema: Any, path: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=TRIES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path]["GET"].as_strategy(generation_mode=mode))
    def asks(case: Any) -> None:
        answer = case.call(headers={"Accept-Encoding": "identity"})
        case.validate_response(answer, checks=CHECKS[mode])

    asks()
