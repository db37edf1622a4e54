"""`/data.json`: the catalog of data sets after DCAT-US 1.1 (resources.data.gov/resources/dcat-us)."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.formats import TYPES, Format, as_json, conditional
from dashboard.api.openapi import DOCUMENT_PATH
from dashboard.base_url import base_url
from data_access.contracts import LAYERS_FILE, PUBLIC_FILE
from data_access.serving.gate.released import ReleaseInfo
from data_access.serving.release_files import Logged
from data_access.serving.statistics import Statistics

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
PUBLISHER = {"@type": "org:Organization", "name": "AIM Monitor"}
KEYWORDS = ["aluminum", "imports", "import licenses", "international trade", "tariff schedule", "unit value"]
MARK = "Demonstration data: the figures are synthetic and describe no real trade. "
WEEKLY = "R/P1W"
CSV_QUERY, JSON_QUERY = "format=csv", "format=json"


def add_catalog(server: Flask, statistics: Statistics, *, contact: str) -> None:
    """Add the route of the catalog; a mail address of `contact` is its contact point."""

    @server.get("/data.json")
    def catalog() -> BaseResponse:
        return conditional(
            Response(as_json(catalog_of(statistics.pinned(), base_url(), contact)), content_type=TYPES[Format.JSON])
        )


def catalog_of(statistics: Statistics, base: str, contact: str) -> dict[str, Any]:
    """The catalog: the figures by query, and the tables of the release in use; none without a release."""
    info = statistics.info()
    log = statistics.log()
    current = next((one for one in log if one.id == info.id), None)
    return {
        "@context": f"{SCHEMA}/catalog.jsonld",
        "@id": f"{base}/data.json",
        "@type": "dcat:Catalog",
        "conformsTo": SCHEMA,
        "describedBy": f"{SCHEMA}/catalog.json",
        "dataset": [_figures(info, base, contact), _tables(current, info, base, contact)] if current else [],
    }


def _dataset(info: ReleaseInfo, base: str, contact: str, *, name: str, title: str, text: str) -> dict[str, Any]:
    mail = contact if contact.startswith("mailto:") else ""
    point = {"@type": "vcard:Contact", "fn": "AIM Monitor", **({"hasEmail": mail} if mail else {})}
    return {
        "@type": "dcat:Dataset",
        "identifier": f"{base}/data#{name}",
        "title": title,
        "description": (MARK if info.demonstration else "") + text,
        "keyword": [*KEYWORDS, *(["demonstration"] if info.demonstration else [])],
        "modified": info.published,
        "publisher": PUBLISHER,
        "contactPoint": point,
        "accessLevel": "public",
        "accrualPeriodicity": WEEKLY,
        "spatial": "United States",
        "language": ["en-US"],
        "landingPage": f"{base}/data",
        "references": [f"{base}/about", f"{base}/api"],
    }


def _figures(info: ReleaseInfo, base: str, contact: str) -> dict[str, Any]:
    text = (
        "U.S. aluminum imports by product (HTS), country and month: customs value, volume, unit value and share, from "
        "public statistics of the Census Bureau and from aggregates of import licenses. Any selection by query."
    )
    title = "U.S. aluminum imports by product, country and month"
    forms = (("json", "JSON"), ("csv", "CSV"), ("xlsx", "Excel workbook"), ("parquet", "Apache Parquet"))
    files = [
        {
            "@type": "dcat:Distribution",
            "title": f"All licensed products, all countries, last 36 months ({label})",
            "downloadURL": f"{base}/api/v1/series?format={form}",
            "mediaType": TYPES[Format(form)].partition(";")[0],
            "format": label,
        }
        for form, label in forms
    ]
    api = {
        "@type": "dcat:Distribution",
        "title": "API",
        "accessURL": f"{base}/api",
        "format": "API",
        "describedBy": f"{base}{DOCUMENT_PATH}",
        "describedByType": "application/json",
    }
    made = _dataset(info, base, contact, name="figures", title=title, text=text)
    return {**made, "distribution": [*files, api]}


def _tables(current: Logged, info: ReleaseInfo, base: str, contact: str) -> dict[str, Any]:
    text = (
        "The tables of the release in use as published: public statistics by code, country and month, and license data "
        "by product and origin, smelt or cast, withheld cells marked."
    )
    names = [name for name in current.files if name == PUBLIC_FILE or not info.license_off]
    files = [
        {
            "@type": "dcat:Distribution",
            "title": title_of(name),
            "downloadURL": f"{base}/api/v1/tables/{name}",
            "mediaType": TYPES[Format.PARQUET],
            "format": "Apache Parquet",
        }
        for name in names
    ]
    made = _dataset(info, base, contact, name="tables", title="Released tables", text=text)
    return {**made, "distribution": files}


def title_of(name: str) -> str:
    """What a file of a release holds, in words."""
    if name == PUBLIC_FILE:
        return "Public statistics by code, country and month"
    if name == LAYERS_FILE:
        return "License figures that later releases replaced"
    own = name.removesuffix(".parquet").removeprefix("license_").split("_")
    words = {"origin": "origin", "smelt": "smelt", "smelt2": "second smelt", "cast": "cast"}
    return f"License data by product and {' and '.join(words[one] for one in own)}"
