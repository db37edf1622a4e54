"""Shapes of the API's answers as JSON schemas, by name; enumerations come from the code that they describe."""

from __future__ import annotations

from typing import Any

from data_access.contracts import Status
from data_access.filters import Basis, Measure, Series
from data_access.reference.product import Level, Licensed
from data_access.serving.answers.ranking import BELOW_FLOOR

Schema = dict[str, Any]


def _text(words: str, **more: Any) -> Schema:
    return {"type": "string", "description": words, **more}


def _maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def _enum(values: Any, words: str) -> Schema:
    return _text(words, enum=[str(value) for value in values])


def _number(words: str) -> Schema:
    return {"type": ["number", "null"], "description": words}


def _flag(words: str) -> Schema:
    return {"type": "boolean", "description": words}


def _list(of: Schema, words: str = "") -> Schema:
    return {"type": "array", "items": of, **({"description": words} if words else {})}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(fields: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


STATUS = _enum(Status, "whether there is a figure, and if not, why")
RELEASE = _object(
    {
        "id": _maybe(_text("id of the release; null while there is none")),
        "published": _maybe(_text("time of publication, UTC")),
        "public_as_of": _maybe(_text("last month of public statistics, YYYY-MM")),
        "license_as_of": _maybe(_text("date of the license records, YYYY-MM-DD")),
        "demonstration": _flag("whether the data are synthetic"),
        "license_off": _text("why license series are not shown; only where they are not"),
        "problem": _text("what is wrong with the newest release; only where something is"),
    },
    optional=("license_off", "problem"),
)
CELL_FIELDS: dict[str, Schema] = {
    "period": _text("2025-03, 2025-Q1, 2025, or 2025-01/2025-12 for a range; year to date and rolling periods are "
                    "named by the month they end in"),
    "product": _text("id of the product; several that are added up joined by +"),
    "country": _text("country or group of origin, or all; several that are added up joined by +"),
    "smelt": _text("country of largest smelt, where asked for"),
    "smelt2": _text("country of second largest smelt, where asked for"),
    "cast": _text("country of most recent cast, where asked for"),
    "series": _enum(Series, "which series"),
    "basis": {"type": ["string", "null"], "enum": [*map(str, Basis), None], "description": "of public figures"},
    "measure": _enum(Measure, "what is measured"),
    "unit": _text("unit of value"),
    "value": _number("the figure; null unless published"),
    "status": STATUS,
    "partial": _flag("whether the period has begun but is not whole in this series"),
    "as_of": _maybe(_text("date or month of the data that the figure is of")),
    "source": _maybe(_text("of combined figures: public, license, or public+license")),
    "low": _number("of withheld figures, where the release tells it: the least it can be"),
    "high": _number("the most it can be"),
}  # fmt: skip
CELL = _object(CELL_FIELDS, optional=("smelt", "smelt2", "cast", "source", "low", "high"))
WORDS: dict[str, Schema] = {
    "release": _ref("Release"),
    "query": {"type": "object", "description": "the query as understood, defaults filled in"},
    "title": _text("what the figures are of"),
    "subtitle": _text("unit, basis, period"),
    "summary": _text("one sentence on what they say"),
    "notes": _list({"type": "string"}, "sources, dates, marks, and whatever a reader must know"),
    "permalink": _text("address of the page that shows the selection"),
    "cite": _text("how to cite it"),
}
MEMBER = _object({"id": _text("id of the member"), "name": _text("the same in words")})
RANKED = _object(
    {
        "rank": {"type": ["integer", "null"], "description": "1 for the largest; null unless published"},
        "member": _text("id of the country, product, smelt or cast"),
        "name": _text("the same in words"),
        **{name: CELL_FIELDS[name] for name in ("period", "series", "basis", "measure", "unit", "value", "status")},
        "share": _number("percent of the total"),
        "before": _number("the figure of the same months a year before"),
        "before_status": _maybe(_text("its status")),
        "change": _number("change on it in percent, of shares in percentage points"),
        "change_status": _enum((*Status, BELOW_FLOOR), "whether there is a change, and if not, why"),
        **{name: CELL_FIELDS[name] for name in ("partial", "as_of", "low", "high")},
    },
    optional=("low", "high"),
)
HELD = _object(
    {
        "member": _text("id of the product or country; selection: all of it"),
        "name": _text("the same in words"),
        "license_month": _text("the license month"),
        "license": _number("its figure"),
        "license_status": _enum(Status, "status of it"),
        "license_as_of": _maybe(_text("day that it is of")),
        "public_from": _text("first of the three public months"),
        "public_to": _text("last of them"),
        "public_mean": _number("mean of the three"),
        "public_status": _enum(Status, "status of the first of them that is missing"),
        "change": _number("license figure on the mean, percent"),
        "change_status": _enum((*Status, BELOW_FLOOR), "whether there is a change, and if not, why"),
        **{name: CELL_FIELDS[name] for name in ("measure", "unit")},
    }
)
PRODUCT = _object(
    {
        "id": _text("id of queries"),
        "name": _text("what it is"),
        "level": _enum(Level, "how fine it is"),
        "parent": _maybe(_text("the product it is part of")),
        "licensed": _enum(Licensed, "whether imports of it need a license"),
        "units": _list({"type": "string"}, "units of quantity of a ten-digit code"),
        "valid_from": _maybe(_text("first month of a code, where known")),
        "valid_to": _maybe(_text("last month of a code, where known")),
        "gone_by": _maybe(_text("a month in which a code is known to be no more")),
        "became": _list({"type": "string"}, "codes that came after it"),
        "was": _list({"type": "string"}, "codes that it came from"),
        "words": _list({"type": "string"}, "trade words"),
        "observed": _flag("whether it was seen in data and is not in the tables"),
        "source": _text("where this comes from"),
    }
)
COUNTRY = _object(
    {
        "id": _text("ISO 3166 alpha-3; Kosovo is XKX"),
        "name": _text("name"),
        "iso2": _maybe(_text("ISO 3166 alpha-2")),
        "region": _maybe(_text("region as the Census Bureau draws it")),
        "census_codes": _list({"type": "string"}, "Schedule C codes"),
        "smelter": _flag("whether it had primary aluminum production in smelter_year"),
        "smelter_year": {"type": ["integer", "null"], "description": "the year that this is known of"},
        "last_smelted": {"type": ["integer", "null"], "description": "last year with production, where known"},
        "groups": _list({"type": "string"}, "groups that it is or was in"),
        "observed": _flag("whether it was seen in data and is not in the tables"),
        "source": _text("where this comes from"),
    }
)
TIME = _object(
    {
        "country": _text("id of the country"),
        "from": _maybe(_text("first month, where bounded")),
        "to": _maybe(_text("last month, where bounded")),
    }
)
GROUP = _object({"id": _text("id of queries"), "name": _text("name"), "members": _list(TIME)})
LOGGED = _object(
    {
        **{name: RELEASE["properties"][name] for name in ("id", "published", "public_as_of", "license_as_of")},
        "demonstration": RELEASE["properties"]["demonstration"],
        "in_use": _flag("whether the site shows this release"),
        "withheld": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "description": "withheld cells per license table, over all its periods",
        },
    }
)
ERROR = _object(
    {
        "error": _object(
            {
                "parameter": _text("what was wrong"),
                "given": _text("what was given, shortened"),
                "allowed": _list({"type": "string"}, "what is allowed there"),
                "message": _text("the same as a sentence"),
            }
        )
    }
)
POINT = _object(
    {
        "month": _text("YYYY-MM"),
        **{name: CELL_FIELDS[name] for name in ("series", "value", "status")},
        "mark": _text("what stands in place of a figure that is missing"),
    },
    optional=("mark",),
)
FLAG = _object(
    {
        "rank": {"type": "integer", "description": "1 for the most severe"},
        "severity": {"type": "integer", "description": "how many tests say so, weighted; see /about"},
        "level": _enum(("high", "medium", "low"), "the same in words"),
        "new": _flag("whether the release before had no such flag"),
        "flagged_before": _maybe(_text("the month that the release before flagged of the same product and origin")),
        "product": _list({"type": "string"}, "ids; several of one family of codes are tested together"),
        "product_name": _text("the product in words"),
        "country": _text("id of the origin"),
        "country_name": _text("the origin in words"),
        **{name: CELL_FIELDS[name] for name in ("series", "measure", "unit")},
        "month": _text("the month tested"),
        "value": _number("its figure"),
        "mean_before": _number("the mean of the three months before"),
        "share": _number("percent of the product's imports of all origins in that month"),
        "tests": {
            "type": "object",
            "description": "by id of the test: its value, threshold, unit, and whether it is met",
        },
        "new_supplier": _flag("whether nothing was published but zeros in the 24 months before"),
        "thin_base": _flag("whether growth is measured on a small base"),
        "headline": _text("the flag in a sentence"),
        "notes": _list({"type": "string"}, "what to look at beside it"),
        "link": _text("address of the page that shows the series"),
        "trend": _list(POINT, "the months before and the month tested"),
    }
)
META = {
    "type": "object",
    "required": ["release", "parameters", "products", "countries", "country_groups", "months", "license", "measures",
                 "statuses", "events", "limits"],
    "properties": {"release": _ref("Release")},
}  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Release": RELEASE,
    "Cell": CELL,
    "Member": MEMBER,
    "Series": _object({**WORDS, "cells": _list(_ref("Cell"), "in the order series, member, period")}),
    "RankedRow": RANKED,
    "Ranking": _object(
        {
            **WORDS,
            "before_period": _text("the period a year before"),
            "total": {"oneOf": [_ref("Cell"), {"type": "null"}], "description": "what shares are of"},
            "rows": _list(_ref("RankedRow"), "ranked ones first"),
        }
    ),
    "Matrix": _object(
        {
            **WORDS,
            "rows": _list(_ref("Member"), "members of by"),
            "columns": _list(_ref("Member"), "members of across"),
            "cells": _list(_ref("Cell"), "one for each pair and period"),
        }
    ),
    "Compare": _object(
        {
            "release": _ref("Release"),
            "title": _text("both titles"),
            "permalink": WORDS["permalink"],
            "first": _ref("Series"),
            "second": _ref("Series"),
        }
    ),
    "HeldRow": HELD,
    "Versus": _object({**WORDS, "rows": _list(_ref("HeldRow"), "the selection, then members by license figure")}),
    "Flag": FLAG,
    "Surges": _object(
        {
            **WORDS,
            "compared_with": _maybe(_text("the release that new flags are told against")),
            "thresholds": {"type": "object", "description": "thresholds in force, by parameter"},
            "tests": {"type": "object", "description": "what each test is, by id"},
            "months": {"type": "object", "description": "months tested: public, license, and the one still running"},
            "flags": _list(_ref("Flag"), "the most severe first"),
        },
        optional=("subtitle",),
    ),
    "Product": PRODUCT,
    "Products": _object({"release": _ref("Release"), "products": _list(_ref("Product"))}),
    "Country": COUNTRY,
    "Group": GROUP,
    "Countries": _object(
        {"release": _ref("Release"), "countries": _list(_ref("Country")), "groups": _list(_ref("Group"))}
    ),
    "LoggedRelease": LOGGED,
    "Releases": _object({"release": _ref("Release"), "releases": _list(_ref("LoggedRelease"))}),
    "Meta": META,
    "Error": ERROR,
}
"""All shapes; `openapi` puts them under components."""
