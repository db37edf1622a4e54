"""Checks of `countries.csv`, `groups.csv` and `events.csv`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from data_access.reference.checks import Lines, among, filled, finding, in_order, is_day, months, unique
from data_access.reference.countries import REGIONS
from data_access.reference.tables import Row

COUNTRIES = "countries"
GROUPS = "groups"
EVENTS = "events"
LONGEST_LABEL = 32
"""Characters of an event's label that a chart has room for."""

_SHAPES = {
    "iso3": (re.compile(r"[A-Z]{3}"), "an ISO 3166 alpha-3 code"),
    "iso2": (re.compile(r"[A-Z]{2}"), "an ISO 3166 alpha-2 code"),
    "census_codes": (re.compile(r"\d{4}( \d{4})*"), "Schedule C codes of four digits, a blank between"),
    "smelter_year": (re.compile(r"\d{4}"), "a year"),
    "last_smelted": (re.compile(r"(\d{4})?"), "a year, or nothing"),
}
_GROUP = re.compile(r"[A-Z][A-Z0-9_]*")
_EVENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_countries(lines: Lines) -> Iterator[str]:
    """Findings of the country table."""
    yield from filled(COUNTRIES, lines, ("name", "source"))
    for column in ("iso3", "iso2", "name"):
        yield from unique(COUNTRIES, lines, column)
    yield from among(COUNTRIES, lines, "region", REGIONS)
    yield from among(COUNTRIES, lines, "smelter", ("yes", "no"))
    census: dict[str, str] = {}
    for line, row in lines:
        for column, (shape, expected) in _SHAPES.items():
            if not shape.fullmatch(row[column]):
                yield finding(COUNTRIES, line, column, expected, row[column])
        yield from _smelter_problems(line, row)
        for code in row["census_codes"].split():
            if census.setdefault(code, row["iso3"]) != row["iso3"]:
                yield finding(COUNTRIES, line, "census_codes", f"no code of {census[code]}", code)


def _smelter_problems(line: int, row: Row) -> Iterator[str]:
    year, last = row["smelter_year"], row["last_smelted"]
    if row["smelter"] == "yes" and last != year:
        yield finding(COUNTRIES, line, "last_smelted", f"{year}, as it smelts in that year", last)
    if row["smelter"] == "no" and last and last >= year:
        yield finding(COUNTRIES, line, "last_smelted", f"a year before {year}, as it smelts no more in that year", last)


def check_groups(lines: Lines, countries: Lines) -> Iterator[str]:
    """Findings of the groups, against the country table."""
    yield from filled(GROUPS, lines, ("group", "label", "source"))
    yield from months(GROUPS, lines, ("member_from", "member_to"))
    yield from in_order(GROUPS, lines, "member_from", "member_to")
    known = {row["iso3"] for _, row in countries}
    labels: dict[str, str] = {}
    for line, row in lines:
        if row["iso3"] not in known:
            yield finding(GROUPS, line, "iso3", "a country of countries.csv", row["iso3"])
        if not _GROUP.fullmatch(row["group"]) or row["group"] in {*known, *REGIONS.values()}:
            yield finding(GROUPS, line, "group", "capitals that name no country or region", row["group"])
        if labels.setdefault(row["group"], row["label"]) != row["label"]:
            yield finding(GROUPS, line, "label", f"the group's own, {labels[row['group']]}", row["label"])
    yield from _overlapping_memberships(lines)


def _overlapping_memberships(lines: Lines) -> Iterator[str]:
    spans: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for line, row in lines:
        span = (row["member_from"], row["member_to"] or "9999-12", line)
        spans.setdefault((row["group"], row["iso3"]), []).append(span)
    for (group, iso3), times in spans.items():
        times.sort()
        for (_, end, _), (start, _, line) in pairwise(times):
            if start <= end:
                yield finding(GROUPS, line, "member_from", f"a time of {iso3} in {group} after {end}", start)


def check_events(lines: Lines) -> Iterator[str]:
    """Findings of the events."""
    yield from filled(EVENTS, lines, ("label", "text", "source"))
    yield from unique(EVENTS, lines, "id")
    for line, row in lines:
        if not _EVENT.fullmatch(row["id"]):
            yield finding(EVENTS, line, "id", "small letters and digits, hyphens between", row["id"])
        if not is_day(row["date"]):
            yield finding(EVENTS, line, "date", "a day as YYYY-MM-DD", row["date"])
        if len(row["label"]) > LONGEST_LABEL:
            yield finding(EVENTS, line, "label", f"at most {LONGEST_LABEL} characters", row["label"])
