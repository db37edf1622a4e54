"""About: what the figures are, how they are made and protected, surge tests, glossary, and this site's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from dashboard.base_url import absolute
from dashboard.catalog import title_of
from dashboard.contact import CONTACT, contact_link
from dashboard.version import CHANGELOG, software_version
from dashboard.views.base import Ask
from dashboard.views.plain import PlainView
from data_access.contracts import license_file
from data_access.reference import Level
from data_access.serving.prose import MINUS, THIN
from data_access.serving.surges.rules import NAMES
from data_access.serving.surges.words import MEANINGS
from data_access.thresholds import THRESHOLDS, Thresholds

AFTER = {
    "r1": "Aluminum Association, monthly report on licenses",
    "r2": "19 CFR 351.206(h) and (i), “massive imports”",
    "r2y": "the same, for seasonal goods",
    "r3": "Proclamation 10060, which cited a rise over twelve months",
    "z": "robust z-score on median and median absolute deviation",
    "p": "price undercutting, free of the price of the metal",
    "n": "this site; published figures alone",
}
"""Where each test comes from."""


@dataclass(frozen=True, slots=True)
class Test:
    """One surge test as the page tells it."""

    name: str
    meaning: str
    threshold: str
    after: str


def context(ask: Ask) -> Mapping[str, Any]:
    """What the template shows; it does not depend on the selection."""
    meta = ask.statistics.meta()
    license_ = meta["license"]
    return {
        "tests": [_test(name) for name in NAMES],
        "floors": [(THRESHOLDS[name].words, _amount(name)) for name in ("floor", "floor_share", "floor_value")],
        "alone": _amount("r1_alone"),
        "months": meta["months"],
        "withheld": [_table(one) for one in license_["tables"]] if license_ else [],
        "ranges": bool(license_ and license_["ranges"]),
        "licensed_groups": _groups(ask),
        "license_off": ask.statistics.info().license_off,
        "version": software_version(),
        "changelog": CHANGELOG,
        "write_to": contact_link(str(current_app.config.get(CONTACT, "")), absolute("/about")),
    }


def _test(name: str) -> Test:
    threshold = _amount(name) if name in THRESHOLDS else "none; the floor must be met"
    return Test(NAMES[name], MEANINGS[name], threshold, AFTER[name])


def _amount(name: str) -> str:
    """A default threshold as words: '+25 %', '500 t'."""
    value, unit = getattr(Thresholds(), name), THRESHOLDS[name].unit
    sign = "+" if name.startswith("r") else ""
    digits = f"{value:{sign},.1f}".removesuffix(".0").replace("-", MINUS)
    if unit == "US$":
        return f"US$ {digits}"
    return f"{digits}{THIN}{unit}" if unit else digits


def _table(one: dict[str, Any]) -> dict[str, str]:
    return {
        "title": title_of(license_file(one["id"])),
        "periods": "by quarter" if one["periods"] == "quarter" else "by month",
        "withheld": f"{one['withheld']:,}",
    }


def _groups(ask: Ask) -> list[str]:
    products = ask.statistics.vocabulary.products
    return [one.label for one in products if one.level is Level.GROUP and one.parent == "aim"]


VIEW = PlainView(
    name="about",
    path="/about",
    label="About",
    heading="About these figures",
    lead="What the figures are, where they come from, how they are protected, and what each term means.",
    template="about.html",
    context=context,
)
