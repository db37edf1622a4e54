"""Parameters of the API: their words here, their values and limits from the grammar."""

from __future__ import annotations

from typing import Any

from data_access.filters import DEFAULTS, MAX_VALUES, MONTH, PARAMETERS, REPEATABLE
from data_access.reference import Reference
from data_access.serving.meta import CLOSED
from data_access.thresholds import THRESHOLDS

WORDS = {
    "product": "76, aim (all licensed products), a group (foil, unwrought, scrap, …), HTS4, HTS6 or HTS10. Several "
    "count once where they overlap. /api/v1/products lists all.",
    "country": "Country of origin as ISO alpha-3, a group (EU, USMCA, ASIA, …) or all. /api/v1/countries lists all.",
    "smelt": "Country in which the largest volume of primary metal was smelted; also not_applicable and unknown. "
    "License data only.",
    "smelt2": "Country in which the second largest volume was smelted; also not_applicable and unknown. License "
    "data only.",
    "cast": "Country of most recent cast; also not_applicable and unknown. License data only.",
    "from": "First month; left out: 35 months before the last one.",
    "to": "Last month; left out: the last month that any series has.",
    "freq": "Periods: months, quarters, years, January to a month (ytd), the 3 or 12 months that end in a month "
    "(roll3, roll12), or all months as one (range).",
    "measure": "Volume (t), customs value (US$), average unit value (US$/t), or share (%).",
    "of": "What a share is of.",
    "series": "Public statistics, license data, or public figures where they cover the month and license figures "
    "beyond (combined).",
    "by": "What the answer is split by.",
    "across": "A second split: a cell for every pair.",
    "basis": "Of public statistics: imports for consumption or general imports.",
    "show": "Figures as they are, change on the same period a year before (yoy), or index (first whole period of each "
    "line: 100).",
    "chart": "What a page draws; figures do not depend on it.",
    "compare": "The query of a second selection, percent-encoded.",
    "event": "Id of an event that a page marks; figures do not depend on it. /api/v1/meta lists all.",
    "detail": "How fine the products of the surge list are.",
}
"""What each parameter is, but for the thresholds, which carry their own words."""


def parameter(name: str, vocabulary: Reference) -> dict[str, Any]:
    """One parameter as OpenAPI describes it."""
    many = name in REPEATABLE
    told: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": False,
        "description": description(name),
        "schema": _schema(name, vocabulary),
    }
    if many:
        told |= {"style": "form", "explode": True}
    return told


def description(name: str) -> str:
    """What a parameter is, in words."""
    if name in THRESHOLDS:
        threshold = THRESHOLDS[name]
        unit = f", in {threshold.unit}" if threshold.unit else ""
        return f"Threshold of the surge tests: {threshold.words}{unit}."
    return WORDS[name]


def _schema(name: str, vocabulary: Reference) -> dict[str, Any]:
    if name in THRESHOLDS:
        limits = THRESHOLDS[name]
        usual = getattr(DEFAULTS.tests, name)
        return {"type": "number", "minimum": limits.low, "maximum": limits.high, "default": usual}
    default = default_of(name)
    one: dict[str, Any] = {"type": "string"}
    if name in CLOSED:
        one["enum"] = [str(value) for value in CLOSED[name]]
    elif name in ("from", "to"):
        one["pattern"] = f"^{MONTH.pattern}$"
    elif name == "event":
        one["enum"] = [event.id for event in vocabulary.events]
    if name in REPEATABLE:
        return {"type": "array", "items": one, "maxItems": MAX_VALUES, **({"default": default} if default else {})}
    return {**one, **({"default": default} if default else {})}


def default_of(name: str) -> Any:
    """What holds where a parameter is left out; nothing for those that are then not asked."""
    value = DEFAULTS.value_of(name)
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return str(value) if value is not None and not isinstance(value, float) else value


def values_of(name: str) -> tuple[str, ...]:
    """The values of a parameter that has a few, or its limits."""
    if name in THRESHOLDS:
        limits = THRESHOLDS[name]
        return (f"{limits.low:,.0f} to {limits.high:,.0f} {limits.unit}".strip(),)
    return tuple(str(value) for value in CLOSED.get(name, ())) or (("YYYY-MM",) if name in ("from", "to") else ())


EVERY = tuple(PARAMETERS)
