"""The deployment's policy: which rules protect license data, and when a month closes.

It lives with the confidential inputs. Its values never enter a release, a log or a public error; its name does.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from data_access.contracts import LICENSE_DIMENSIONS, Absent
from data_access.errors import UserError, all_at_once
from data_access.publishing.disclosure.attacker import Assumptions
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.rules import Rules
from data_access.publishing.disclosure.suppress import CLEANUP_PROGRAMS
from data_access.publishing.disclosure.tables import MARGINS, Depth, Level, levels_of
from data_access.publishing.review import Review

ZERO_LEVELS: Final = ("total", "group", "country", "origin")
"""What `show_zero` may name: total, groups, countries of all products, and all levels by origin and HTS6."""

DEPTHS: Final = {depth.name.lower(): depth for depth in Depth}

UNIT_MAPS: Final = ("importer", "filer", "exporter", "manufacturer")

SECRET_BYTES: Final = 16
"""Least length of the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days after a month's end: from `close_days` on it is published, from `final_days` on it is final.

    `listed` is how many countries are published weekly before.
    """

    close_days: int
    final_days: int
    listed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a policy file says.

    `secret` draws the costs of complements, `clean_up` is how many linear programs a month are spent on showing some of
    them again; `show_zero` names levels whose empty cells show 0; `tables` maps each
    license table to the depths of products at which it is published.
    """

    name: str
    demonstration: bool
    secret: bytes
    rules: Rules
    assumptions: Assumptions
    unit_roles: tuple[str, ...]
    calendar: Calendar
    tables: Mapping[str, tuple[Depth, ...]]
    show_zero: frozenset[str]
    ranges: bool
    clean_up: int
    review: Review

    @property
    def regime(self) -> Regime:
        """What it asks of disclosure control month by month."""
        return Regime(
            rules=self.rules, assumptions=self.assumptions, levels=self.month_levels, unit_roles=self.unit_roles
        )

    @property
    def month_levels(self) -> tuple[Level, ...]:
        """The levels of a closed month."""
        return levels_of({name: depths for name, depths in self.tables.items() if len(LICENSE_DIMENSIONS[name]) == 1})

    @property
    def quarter_levels(self) -> tuple[Level, ...]:
        """The levels of a quarter beside those of its months."""
        crossed = {name: depths for name, depths in self.tables.items() if len(LICENSE_DIMENSIONS[name]) > 1}
        return levels_of(crossed, margins=())

    def absent(self, level: Level) -> Absent:
        """What it means that a level has no row for a cell."""
        return Absent.ZERO if self.show_zero & _zero_words(level) else Absent.HIDDEN


def _zero_words(level: Level) -> frozenset[str]:
    """The words of `show_zero` that cover a level."""
    if level == MARGINS[Depth.TOTAL]:
        return frozenset({"total"})
    if level == MARGINS[Depth.GROUP]:
        return frozenset({"group"})
    words = {"country"} if level.depth is Depth.TOTAL and len(level.dimensions) == 1 else set()
    return frozenset(words | {"origin"} if level.dimensions in {(), ("origin",)} else words)


_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: what it must be, and its default where it may be left out."""

    expected: str
    valid: Callable[[Any], bool]
    default: Any = _MISSING


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(low: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= low


def _within(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: _number(value) and low < value <= high


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 2 * SECRET_BYTES and len(value) % 2 == 0 and _is_hex(value)


def _is_hex(value: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in value)


def _are_levels(value: Any) -> bool:
    return isinstance(value, list) and all(level in ZERO_LEVELS for level in value)


def _are_unit_maps(value: Any) -> bool:
    return isinstance(value, list) and set(UNIT_MAPS[:2]) <= set(value) <= set(UNIT_MAPS)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _key_of_table(name: str) -> _Key:
    """Tables of one dimension go down to HTS6 where a policy wants it, those of two (quarters) to groups."""
    words = list(DEPTHS) if len(LICENSE_DIMENSIONS[name]) == 1 else ["total", "group"]

    def valid(value: Any) -> bool:
        return isinstance(value, list) and all(depth in words for depth in value)

    return _Key(f"a list of some of {', '.join(words)}", valid, ["total"] if name == "smelt2" else ["total", "group"])


_FRACTION = "a number above 0, at most 1"
_KEYS: Final[dict[str, _Key]] = {
    "name": _Key("a name", lambda value: isinstance(value, str) and value.strip() != ""),
    "demonstration": _Key("true or false", _is_flag, False),
    "secret": _Key(f"at least {2 * SECRET_BYTES} hexadecimal digits, of even number", _is_secret),
    "show_zero": _Key(f"a list of some of {', '.join(ZERO_LEVELS)}", _are_levels, list(ZERO_LEVELS)),
    "ranges": _Key("true or false", _is_flag, False),
    "clean_up": _Key("a whole number from 0 on", _whole(0), CLEANUP_PROGRAMS),
    "unit_maps": _Key(
        f"importer, filer and perhaps more of {', '.join(UNIT_MAPS)}", _are_unit_maps, ["importer", "filer"]
    ),
    "rules.p": _Key("percent above 0, at most 100", _within(0, 100)),
    "rules.n_min": _Key("a whole number from 2 on", _whole(2)),
    "rules.n": _Key("a whole number from 1 on", _whole(1), None),
    "rules.k": _Key("percent above 0, at most 100", _within(0, 100), None),
    "unit_value.unwrought": _Key(_FRACTION, _within(0, 1), 0.10),
    "unit_value.others": _Key(_FRACTION, _within(0, 1), 0.25),
    "public_knowledge.group": _Key(_FRACTION, _within(0, 1), 0.05),
    "public_knowledge.country": _Key(_FRACTION, _within(0, 1), 0.15),
    "public_knowledge.group_country": _Key(_FRACTION, _within(0, 1), 0.30),
    "public_knowledge.twins": _Key(_FRACTION, _within(0, 1), 0.05),
    "calendar.close_days": _Key("a whole number from 0 on", _whole(0), 7),
    "calendar.final_days": _Key("a whole number from 0 on", _whole(0), 75),
    "calendar.listed": _Key("a whole number from 0 on", _whole(0), 20),
    **{f"tables.{name}": _key_of_table(name) for name in LICENSE_DIMENSIONS},
    "review.low": _Key("percent above 0, at most 100", _within(0, 100), 1),
    "review.high": _Key("percent above 0, at most 100", _within(0, 100), 99),
    "review.factor": _Key("a number above 1", _within(1, math.inf), 3),
    "review.least": _Key("a whole number from 2 on", _whole(2), 20),
}
_SECTIONS: Final = frozenset(key.split(".")[0] for key in _KEYS if "." in key)


def read_policy(path: Path) -> Policy:
    """The policy of a TOML file; raises UserError that tells all problems with it at once."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: expected a policy file, found no such file; `demo` writes an example") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: expected a TOML file, found {error}; mend that line") from None
    given, problems = _flattened(raw)
    values = {key: given.get(key, spec.default) for key, spec in _KEYS.items()}
    problems += [_problem(key, spec, values[key]) for key, spec in _KEYS.items() if not _is_valid(spec, values[key])]
    if (values["rules.n"] is None) != (values["rules.k"] is None):
        problems.append("[rules] n, k: expected both or neither, found one; the dominance rule needs both")
    if not problems and values["calendar.final_days"] < values["calendar.close_days"]:
        problems.append("[calendar] final_days: expected at least close_days, found fewer; a month closes first")
    problems += _without_totals(values) if not problems else []
    if not problems and values["review.low"] >= values["review.high"]:
        problems.append("[review] low: expected less than high, found no less; give percentiles in order")
    if problems:
        raise all_at_once(f"{path}: not a policy", problems)
    return _policy(values)


def _without_totals(values: Mapping[str, Any]) -> list[str]:
    """Weekly figures are totals by country: tables without these could be told apart from them at the close."""
    return [
        f"[tables] {name}: expected 'total' in it where countries are published weekly, found none; add it, or set "
        "listed = 0 in [calendar]"
        for name in ("origin", "smelt", "cast")
        if values["calendar.listed"] > 0 and "total" not in values[f"tables.{name}"]
    ]


def _flattened(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    problems = []
    for key, value in raw.items():
        if key in _SECTIONS and isinstance(value, dict):
            given |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            given[key] = value
    for key in given.keys() - _KEYS.keys():
        problems.append(f"{_shown(key)}: expected no such key; remove it, or mend its spelling")
    return given, sorted(problems)


def _is_valid(spec: _Key, value: Any) -> bool:
    return value is not _MISSING and (value is spec.default or spec.valid(value))


def _problem(key: str, spec: _Key, value: Any) -> str:
    if value is _MISSING:
        found = "no such key; add it"
    elif key == "secret":
        found = "something else; draw one with `openssl rand -hex 32`"
    else:
        found = f"{value!r}; change it"
    return f"{_shown(key)}: expected {spec.expected}, found {found}"


def _shown(key: str) -> str:
    section, _, name = key.rpartition(".")
    return f"[{section}] {name}" if section else name


def _policy(values: Mapping[str, Any]) -> Policy:
    section = {
        name: {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}
        for name in _SECTIONS
    }
    known, prices = section["public_knowledge"], section["unit_value"]
    return Policy(
        name=values["name"],
        demonstration=values["demonstration"],
        secret=bytes.fromhex(values["secret"]),
        rules=Rules(**section["rules"]),
        assumptions=Assumptions(
            unit_value_unwrought=prices["unwrought"],
            unit_value_others=prices["others"],
            public_group=known["group"],
            public_country=known["country"],
            public_group_country=known["group_country"],
            twins=known["twins"],
        ),
        unit_roles=tuple(f"{name}_id" for name in UNIT_MAPS if name in values["unit_maps"]),
        calendar=Calendar(**section["calendar"]),
        tables={
            name: tuple(depth for word, depth in DEPTHS.items() if word in section["tables"][name])
            for name in LICENSE_DIMENSIONS
        },
        show_zero=frozenset(values["show_zero"]),
        ranges=values["ranges"],
        clean_up=values["clean_up"],
        review=Review(**section["review"]),
    )
