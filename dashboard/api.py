"""The API: the page's own query, answered as JSON, CSV, XLSX or Parquet, from the same released figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from data_access.filters import BadQuery, shown
from data_access.serving.answers import file_name, to_csv, to_json, to_parquet, to_xlsx
from data_access.serving.gate.released import Released
from data_access.serving.statistics import Statistics


class Format(StrEnum):
    """What an answer may come as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
}
WRITERS: dict[Format, Callable[[Released], str | bytes]] = {
    Format.JSON: lambda released: json.dumps(to_json(released), ensure_ascii=False),
    Format.CSV: to_csv,
    Format.XLSX: to_xlsx,
    Format.PARQUET: to_parquet,
}


def add_api(server: Flask, statistics: Statistics) -> None:
    """Add the routes of /api/v1."""

    @server.get("/api/v1/series")
    def series() -> BaseResponse:
        try:
            given = request.args.to_dict(flat=False)
            form = _format(given.pop("format", ["json"]))
            released = statistics.series(statistics.parse(given))
        except BadQuery as error:
            return _bad_query(error)
        response = Response(WRITERS[form](released), content_type=TYPES[form])
        if form is not Format.JSON:
            response.headers.set("Content-Disposition", "attachment", filename=file_name(released, str(form)))
        return _conditional(response)

    @server.get("/api/v1/meta")
    def meta() -> BaseResponse:
        body = json.dumps(statistics.meta(), ensure_ascii=False)
        return _conditional(Response(body, content_type=TYPES[Format.JSON]))


def _format(values: list[str]) -> Format:
    allowed = [str(form) for form in Format]
    if len(values) == 1 and values[0] in allowed:
        return Format(values[0])
    given = shown(", ".join(values[:5]))
    message = f"format: expected one of {', '.join(allowed)}, found {given!r}."
    raise BadQuery("format", given=given, allowed=allowed, message=message)


def _bad_query(error: BadQuery) -> Response:
    body = json.dumps({"error": error.to_dict()}, ensure_ascii=False)
    return Response(body, status=400, content_type=TYPES[Format.JSON])


def _conditional(response: Response) -> BaseResponse:
    """With a tag of its content, so that a reader who has it already gets 304."""
    response.add_etag()
    return response.make_conditional(request)
