"""What answers come as: formats, their media types, and how a file, an error and a repeated question are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from data_access.filters import BadQuery, shown
from data_access.serving.answers.sheet import Sheet, csv_file, parquet_file, xlsx_file


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
ALL_FORMATS = tuple(Format)
Writer = Callable[[], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer before it is written: a writer for each format, and the name of the file by its extension."""

    writers: Mapping[Format, Writer]
    name: Callable[[str], str] | None = None


MAX_XLSX_ROWS = 20_000
"""About 3 seconds of one worker."""


def of_sheet(told: Callable[[], Any], sheet: Callable[[], Sheet], name: Callable[[str], str]) -> Answered:
    """An answer whose files are made of a sheet."""
    return Answered(
        writers={
            Format.JSON: lambda: as_json(told()),
            Format.CSV: lambda: csv_file(sheet()),
            Format.XLSX: lambda: xlsx_file(_of_few_rows(sheet())),
            Format.PARQUET: lambda: parquet_file(sheet()),
        },
        name=name,
    )


def _of_few_rows(sheet: Sheet) -> Sheet:
    """The sheet of a workbook, which takes far longer to write than the other files; raises BadQuery for too many."""
    if len(sheet.rows) > MAX_XLSX_ROWS:
        message = (
            f"format: a workbook has at most {MAX_XLSX_ROWS:,} rows, this answer has {len(sheet.rows):,}; "
            "ask for CSV or Parquet, or for fewer months, products or countries."
        )
        allowed = [str(Format.CSV), str(Format.PARQUET), str(Format.JSON)]
        raise BadQuery("format", given=str(Format.XLSX), allowed=allowed, message=message)
    return sheet


def as_json(value: Any) -> str:
    """JSON as this API writes it."""
    return json.dumps(value, ensure_ascii=False)


def take_format(given: dict[str, list[str]], allowed: Sequence[Format]) -> Format:
    """The format of a query, taken out of it; raises BadQuery."""
    values = given.pop("format", [str(allowed[0])])
    names = [str(form) for form in allowed]
    if len(values) == 1 and values[0] in names:
        return Format(values[0])
    text = shown(", ".join(values[:5]))
    message = f"format: expected one of {', '.join(names)}, found {text!r}."
    raise BadQuery("format", given=text, allowed=names, message=message)


def response_of(answered: Answered, form: Format) -> BaseResponse:
    """The answer in a format; files carry a name."""
    response = Response(answered.writers[form](), content_type=TYPES[form])
    if form is not Format.JSON and answered.name:
        response.headers.set("Content-Disposition", "attachment", filename=answered.name(str(form)))
    return conditional(response)


def bad_query(error: BadQuery) -> Response:
    """400, and what was wrong."""
    return Response(as_json({"error": error.to_dict()}), status=400, content_type=TYPES[Format.JSON])


def conditional(response: Response) -> BaseResponse:
    """With a tag of its content, which holds the release, so that a reader who has it already gets 304."""
    response.add_etag()
    return response.make_conditional(request)
