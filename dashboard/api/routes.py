"""The routes of /api/v1: one for each endpoint, the OpenAPI document, and the files of the release in use."""

from __future__ import annotations

from flask import Flask, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.endpoints import ENDPOINTS, Call, Endpoint, check_strict
from dashboard.api.formats import TYPES, Format, as_json, bad_query, conditional, response_of, take_format
from dashboard.api.openapi import DOCUMENT_PATH, document
from dashboard.base_url import base_url
from data_access.errors import UserError
from data_access.filters import BadQuery
from data_access.serving.statistics import Statistics

BLOCK = 1 << 16
TABLES_PATH = "/api/v1/tables/<name>.parquet"


def add_api(server: Flask, statistics: Statistics) -> None:
    """Add the routes of /api/v1."""
    for endpoint in ENDPOINTS:
        _add(server, statistics, endpoint)

    @server.get(DOCUMENT_PATH)
    def openapi() -> BaseResponse:
        body = as_json(document(statistics.vocabulary, base=base_url()))
        return conditional(Response(body, content_type=TYPES[Format.JSON]))

    @server.get(TABLES_PATH)
    def table(name: str) -> BaseResponse:
        return _table(statistics.pinned(), f"{name}.parquet")


def _add(server: Flask, statistics: Statistics, endpoint: Endpoint) -> None:
    def view() -> BaseResponse:
        try:
            given = request.args.to_dict(flat=False)
            form = take_format(given, endpoint.formats)
            check_strict(endpoint, given)
            return response_of(endpoint.answer(Call(statistics.pinned(), given, base_url())), form)
        except BadQuery as error:
            return bad_query(error)

    server.add_url_rule(endpoint.path, endpoint=f"api_{endpoint.name}", view_func=view, methods=["GET"])


def _table(statistics: Statistics, name: str) -> BaseResponse:
    """A file of the release in use as it was published; its tag is its hash."""
    entry = next((one for one in statistics.log() if one.id == statistics.info().id), None)
    if entry is None or name not in entry.files:
        abort(404)
    response = Response(content_type=TYPES[Format.PARQUET])
    response.set_etag(entry.files[name].sha256)
    mark = "aim-demonstration" if entry.demonstration else "aim"
    filename = f"{mark}_{name.removesuffix('.parquet')}_{entry.id}.parquet"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    try:
        file = statistics.file(name)
    except (KeyError, UserError, OSError):
        abort(404)
    response.call_on_close(file.close)
    response.response = iter(lambda: file.read(BLOCK), b"")
    response.content_length = entry.sizes[name]
    response.automatically_set_content_length = False
    return response.make_conditional(request)
