"""The answer of /api/v1/meta: what a query may ask of this release."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from data_access.contracts import LICENSE_DIMENSIONS
from data_access.filters import (
    DEFAULTS,
    MAX_QUERY,
    MAX_VALUES,
    MEASURE_WORDS,
    PARAMETERS,
    REPEATABLE,
    Basis,
    By,
    Chart,
    Detail,
    Freq,
    Measure,
    Of,
    Series,
    Show,
)
from data_access.reference import Product, Reference
from data_access.serving.gate.gate import UNITS
from data_access.serving.gate.released import ReleaseInfo
from data_access.serving.notes import MARKS
from data_access.serving.periods import text
from data_access.serving.release import Snapshot
from data_access.serving.selection import MEMBER_OF
from data_access.thresholds import THRESHOLDS

MAX_CELLS = 100_000
"""Figures of one answer."""
CLOSED = {
    "freq": Freq,
    "measure": Measure,
    "of": Of,
    "series": Series,
    "by": By,
    "across": By,
    "basis": Basis,
    "show": Show,
    "chart": Chart,
    "detail": Detail,
}


def describe(info: ReleaseInfo, snapshot: Snapshot | None, reference: Reference) -> dict[str, Any]:
    """All of it, as JSON takes it."""
    return {
        "release": release_dict(info),
        "parameters": {
            name: {"repeatable": name in REPEATABLE}
            | ({"values": [str(value) for value in CLOSED[name]]} if name in CLOSED else {})
            | (_limits(name) if name in THRESHOLDS else {})
            for name in PARAMETERS
        },
        "products": [_product(product) for product in reference.products],
        "countries": [
            {"id": country.id, "name": country.name, "region": country.region} for country in reference.countries
        ],
        "country_groups": [{"id": group.id, "name": group.label} for group in reference.countries.groups],
        "months": _months(snapshot),
        "license": _license(snapshot),
        "measures": [
            {"id": str(measure), "name": MEASURE_WORDS[measure], "unit": UNITS[measure]} for measure in Measure
        ],
        "statuses": [
            {"id": str(status), "mark": mark, "meaning": meaning} for status, (mark, meaning) in MARKS.items()
        ],
        "events": [
            {"id": event.id, "date": event.date, "label": event.label, "text": event.text, "source": event.source}
            for event in reference.events
        ],
        "limits": {"cells": MAX_CELLS, "query_characters": MAX_QUERY, "values_per_parameter": MAX_VALUES},
    }


def _limits(name: str) -> dict[str, Any]:
    """Limits, unit and default of a threshold."""
    threshold = THRESHOLDS[name]
    return {
        "least": threshold.low,
        "most": threshold.high,
        "unit": threshold.unit,
        "default": getattr(DEFAULTS.tests, name),
        "meaning": threshold.words,
    }


def release_dict(info: ReleaseInfo) -> dict[str, Any]:
    """The release of an answer; what is wrong with it is told only where something is."""
    release: dict[str, Any] = {
        "id": info.id,
        "published": info.published,
        "public_as_of": info.public_as_of,
        "license_as_of": info.license_as_of,
        "demonstration": info.demonstration,
    }
    if info.license_off:
        release["license_off"] = info.license_off
    if info.problem:
        release["problem"] = info.problem
    return release


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": product.label,
        "level": str(product.level),
        "parent": product.parent,
        "licensed": str(product.licensed),
        "units": list(product.units),
        "valid_from": product.valid_from,
        "valid_to": product.valid_to,
        "words": list(product.words),
        "observed": product.observed,
    }


def _months(snapshot: Snapshot | None) -> dict[str, Any]:
    if snapshot is None:
        return {"public": {}, "license": None}
    part = snapshot.license_part
    return {
        "public": {str(basis): _spans(snapshot, basis) for basis in Basis},
        "license": {"closed": list(part.months), "final": list(part.final), "not_yet": list(part.not_yet)}
        if part
        else None,
    }


def _license(snapshot: Snapshot | None) -> dict[str, Any] | None:
    """What license data are published of: tables and what queries call their dimensions, levels with what it means
    that a closed period has no row ('zero', or 'hidden': none or withheld), quarters, countries published weekly."""
    part = snapshot.license_part if snapshot else None
    if part is None:
        return None
    asked = {member: name for name, member in MEMBER_OF.items()}
    return {
        "tables": [
            {
                "id": table,
                "parameters": [asked[one] for one in own],
                "periods": "month" if len(own) == 1 else "quarter",
                "withheld": part.withheld.get(table, 0),
            }
            for table, own in LICENSE_DIMENSIONS.items()
        ],
        "levels": [{"id": level, "absent": str(absent)} for level, absent in part.levels.items()],
        "quarters": list(part.quarters),
        "listed": part.listed,
        "ranges": part.ranges,
        "under_review": part.under_review,
    }


def _spans(snapshot: Snapshot, basis: Basis) -> list[dict[str, str]]:
    """Runs of months pulled at one level."""
    base = snapshot.public.base
    spans = []
    for level, run in groupby(enumerate(snapshot.public.levels[basis]), key=lambda pair: pair[1]):
        places = [place for place, _ in run]
        if level:
            spans.append({"from": text(base + places[0]), "to": text(base + places[-1]), "level": level})
    return spans
