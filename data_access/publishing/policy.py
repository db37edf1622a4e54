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

from data_access.errors import UserError, all_at_once
from data_access.publishing.disclosure.rules import Rules

ZERO_LEVELS: Final = ("total", "group", "country")
"""Levels of a table that `show_zero` may name."""

SECRET_BYTES: Final = 16
"""Least length of the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitValue:
    """How well the public knows prices: unit values lie within this fraction of the truth."""

    unwrought: float
    others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKnowledge:
    """How well public statistics tell a cell, before or after: within this fraction of the truth."""

    group: float
    country: float
    group_country: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days after a month's end: from `close_days` on it is published, from `final_days` on it is final."""

    close_days: int
    final_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a policy file says; `secret` orders complements, `show_zero` names levels whose empty cells show 0."""

    name: str
    demonstration: bool
    secret: bytes
    rules: Rules
    unit_value: UnitValue
    public_knowledge: PublicKnowledge
    calendar: Calendar
    show_zero: frozenset[str]


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


_FRACTION = "a number above 0, at most 1"
_KEYS: Final[dict[str, _Key]] = {
    "name": _Key("a name", lambda value: isinstance(value, str) and value.strip() != ""),
    "demonstration": _Key("true or false", lambda value: isinstance(value, bool), False),
    "secret": _Key(f"at least {2 * SECRET_BYTES} hexadecimal digits, of even number", _is_secret),
    "show_zero": _Key(f"a list of some of {', '.join(ZERO_LEVELS)}", _are_levels, list(ZERO_LEVELS)),
    "rules.p": _Key("percent above 0, at most 100", _within(0, 100)),
    "rules.n_min": _Key("a whole number from 2 on", _whole(2)),
    "rules.n": _Key("a whole number from 1 on", _whole(1), None),
    "rules.k": _Key("percent above 0, at most 100", _within(0, 100), None),
    "unit_value.unwrought": _Key(_FRACTION, _within(0, 1), 0.10),
    "unit_value.others": _Key(_FRACTION, _within(0, 1), 0.25),
    "public_knowledge.group": _Key(_FRACTION, _within(0, 1), 0.05),
    "public_knowledge.country": _Key(_FRACTION, _within(0, 1), 0.15),
    "public_knowledge.group_country": _Key(_FRACTION, _within(0, 1), 0.30),
    "calendar.close_days": _Key("a whole number from 0 on", _whole(0), 7),
    "calendar.final_days": _Key("a whole number from 0 on", _whole(0), 75),
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
    if problems:
        raise all_at_once(f"{path}: not a policy", problems)
    return _policy(values)


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
    return Policy(
        name=values["name"],
        demonstration=values["demonstration"],
        secret=bytes.fromhex(values["secret"]),
        rules=Rules(**section["rules"]),
        unit_value=UnitValue(**section["unit_value"]),
        public_knowledge=PublicKnowledge(**section["public_knowledge"]),
        calendar=Calendar(**section["calendar"]),
        show_zero=frozenset(values["show_zero"]),
    )
