"""Lists of what a query may name, and the log of releases, as rows for JSON and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from data_access.reference import Countries, Reference
from data_access.reference.product import Product
from data_access.serving.answers.sheet import Column, Kind, Sheet
from data_access.serving.gate.released import ReleaseInfo
from data_access.serving.meta import release_dict
from data_access.serving.release_files import Logged

PRODUCT_COLUMNS = ("id", "name", "level", "parent", "licensed", "units", "valid_from", "valid_to", "gone_by", "became",
                   "was", "words", "observed", "source")  # fmt: skip
COUNTRY_COLUMNS = ("id", "name", "iso2", "region", "census_codes", "smelter", "smelter_year", "last_smelted", "groups",
                   "observed", "source")  # fmt: skip
RELEASE_COLUMNS = ("id", "published", "public_as_of", "license_as_of", "demonstration", "in_use", "withheld")
FLAGS = {"observed", "smelter", "demonstration", "in_use"}
WHOLE = {"smelter_year", "last_smelted"}


def products(vocabulary: Reference) -> list[dict[str, Any]]:
    """Every product in tree order: names, level, what it is part of, validity, codes before and after."""
    return [_product(vocabulary, product) for product in vocabulary.products]


def _product(vocabulary: Reference, product: Product) -> dict[str, Any]:
    changes = vocabulary.products.changes
    return {
        "id": product.id,
        "name": product.label,
        "level": str(product.level),
        "parent": product.parent,
        "licensed": str(product.licensed),
        "units": list(product.units),
        "valid_from": product.valid_from,
        "valid_to": product.valid_to,
        "gone_by": product.gone_by,
        "became": list(changes.successors(product.id)) if product.is_code else [],
        "was": list(changes.predecessors(product.id)) if product.is_code else [],
        "words": list(product.words),
        "observed": product.observed,
        "source": product.source,
    }


def countries(vocabulary: Reference) -> list[dict[str, Any]]:
    """Every country by name: codes, region, smelters, and the groups it is or was in."""
    known = vocabulary.countries
    groups: dict[str, list[str]] = {}
    for group in known.groups:
        for one in sorted(known.ever_members(group.id)):
            groups.setdefault(one, []).append(group.id)
    return [
        {
            "id": one.id,
            "name": one.name,
            "iso2": one.iso2 or None,
            "region": one.region or None,
            "census_codes": list(one.census_codes),
            "smelter": one.smelter,
            "smelter_year": one.smelter_year,
            "last_smelted": one.last_smelted,
            "groups": groups.get(one.id, []),
            "observed": one.observed,
            "source": one.source,
        }
        for one in known
    ]


def country_groups(known: Countries) -> list[dict[str, Any]]:
    """Every group with its members, each with first and last month where the time is bounded."""
    return [
        {
            "id": group.id,
            "name": group.label,
            "members": [
                {"country": one.iso3, "from": one.member_from, "to": one.member_to}
                for one in known.memberships(group.id)
            ],
        }
        for group in known.groups
    ]


def releases(log: Iterable[Logged], info: ReleaseInfo) -> list[dict[str, Any]]:
    """The log, newest first: dates, withheld cells per table, and which release is in use."""
    return [
        {
            "id": one.id,
            "published": one.published,
            "public_as_of": one.public_as_of,
            "license_as_of": one.license_as_of,
            "demonstration": one.demonstration,
            "in_use": one.id == info.id,
            "withheld": one.withheld,
        }
        for one in log
    ]


def to_sheet(title: str, names: Sequence[str], rows: Sequence[dict[str, Any]], info: ReleaseInfo) -> Sheet:
    """A list for files: several values of one field joined by blanks, or name=value."""
    release = {name: value for name, value in release_dict(info).items() if value is not None}
    facts = [("title", title), *((f"release {name}", str(value)) for name, value in release.items())]
    return Sheet(
        title=title,
        permalink="",
        facts=tuple(facts),
        words={"title": title, "release": release_dict(info)},
        columns=tuple(Column(name, _kind(name)) for name in names),
        rows=[[_plain(row[name]) for name in names] for row in rows],
    )


def _kind(name: str) -> Kind:
    return Kind.FLAG if name in FLAGS else Kind.WHOLE if name in WHOLE else Kind.TEXT


def _plain(value: Any) -> Any:
    match value:
        case list():
            return "; ".join(map(str, value)) or None
        case dict():
            return "; ".join(f"{name}={one}" for name, one in value.items()) or None
        case _:
            return value
