"""Filters: the one grammar of page, export, API and `aim-monitor query`.

A query is read against allow-lists: what is not in them is a `BadQuery` that names the parameter and what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl, urlencode

from data_access.reference import Reference
from data_access.thresholds import THRESHOLDS, Thresholds

MAX_QUERY = 8_000
"""Characters of a query; the whole country list chosen one by one needs about 3,000."""
MAX_VALUES = 300
"""Values of one repeatable parameter."""
SHOWN = 60
"""Characters of a foreign value that a message repeats."""
MAX_LISTED = 4
"""Names that a sentence lists one by one."""
MONTH = re.compile(r"(?:19[89]\d|20\d\d)-(?:0[1-9]|1[0-2])", re.ASCII)
NUMBER = re.compile(r"-?\d{1,13}(?:\.\d{1,4})?", re.ASCII)
MONTH_WORDS = "a month as YYYY-MM, from 1980-01 to 2099-12"
ALL = "all"
SMELT_WORDS = ("not_applicable", "unknown")
"""What a license may state in place of a country of smelt or cast."""


class Freq(StrEnum):
    """Periods; `ytd`, `roll3` and `roll12` (the 3 or 12 months that end in a month) are named by the month they end in,
    `range` takes the whole of from–to as one period."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    YTD = "ytd"
    ROLL3 = "roll3"
    ROLL12 = "roll12"
    RANGE = "range"


class Measure(StrEnum):
    """Customs value (US$), volume (t), average unit value (US$/t), share (%)."""

    VALUE = "value"
    VOLUME = "volume"
    AUV = "auv"
    SHARE = "share"


class Of(StrEnum):
    """What a share is of."""

    VOLUME = "volume"
    VALUE = "value"


class Series(StrEnum):
    """Public statistics, license data, and the one that takes public figures where they cover the month."""

    PUBLIC = "public"
    LICENSE = "license"
    COMBINED = "combined"


class By(StrEnum):
    """What an answer is split by."""

    NONE = "none"
    PRODUCT = "product"
    COUNTRY = "country"
    SMELT = "smelt"
    SMELT2 = "smelt2"
    CAST = "cast"


class Show(StrEnum):
    """Figures as they are, their change in percent on the same period of the year before, or as an index: the first
    whole published period of each line is 100."""

    LEVEL = "level"
    YOY = "yoy"
    INDEX = "index"


class Detail(StrEnum):
    """How fine the products of the surge list are."""

    GROUP = "group"
    HTS6 = "hts6"
    HTS10 = "hts10"


class Basis(StrEnum):
    """Imports for consumption, or general imports (public statistics only)."""

    CONSUMPTION = "consumption"
    GENERAL = "general"


class Chart(StrEnum):
    """What the page Explore draws; figures do not depend on it."""

    TREND = "trend"
    STACKED = "stacked"
    RANKING = "ranking"
    MATRIX = "matrix"
    MAP = "map"
    TABLE = "table"


class BadQuery(Exception):  # noqa: N818 - reads as what it is where it is caught
    """A query that the grammar does not hold: the parameter, what was given, what is allowed, and a sentence."""

    def __init__(self, parameter: str, *, given: str, allowed: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.given = given
        self.allowed = list(allowed)
        self.message = message

    def to_dict(self) -> dict[str, object]:
        """The body of the API's answer 400, under the key `error`."""
        return {
            "parameter": self.parameter,
            "given": self.given,
            "allowed": self.allowed,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """One selection. `start` and `end` (from, to) are None where the query leaves them to the release.

    `across` is a second split: cells of every pair. `compare` is the canonical query of a second selection, `event` the
    id of an event, `detail` and `tests` are what the surge list takes; of `tests` a series takes the floors alone, as
    no growth is told on a base below them.
    """

    products: tuple[str, ...] = ("aim",)
    countries: tuple[str, ...] = (ALL,)
    smelt: tuple[str, ...] = ()
    smelt2: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    freq: Freq = Freq.MONTH
    measure: Measure = Measure.VOLUME
    of: Of = Of.VOLUME
    series: tuple[Series, ...] = (Series.PUBLIC, Series.LICENSE)
    by: By = By.NONE
    across: By = By.NONE
    basis: Basis = Basis.CONSUMPTION
    show: Show = Show.LEVEL
    chart: Chart = Chart.TREND
    compare: str = ""
    event: str = ""
    detail: Detail = Detail.GROUP
    tests: Thresholds = Thresholds()  # noqa: RUF009 - frozen

    @classmethod
    def from_query(cls, query: str | Mapping[str, Sequence[str]], vocabulary: Reference) -> Filters:
        """The selection a query string, or a mapping of parameter to values, stands for.

        Raises BadQuery: unknown names or values, repeated singles, `from` after `to`, a query out of all proportion.
        """
        given = _given(query)
        return _read(given, vocabulary)

    def to_query(self) -> str:
        """The canonical query string: parameters in one order, defaults left out."""
        pairs = [
            (name, value)
            for name in PARAMETERS
            if self.value_of(name) != DEFAULTS.value_of(name)
            for value in _values(self.value_of(name))
        ]
        return urlencode(pairs)

    def value_of(self, name: str) -> object:
        """What the selection holds of a parameter."""
        return getattr(self.tests, name) if name in THRESHOLDS else getattr(self, PARAMETERS[name])

    def second(self, vocabulary: Reference) -> Filters | None:
        """The second selection of `compare`: other products, countries or series, all else the same."""
        if not self.compare:
            return None
        given = _given_text(self.compare)
        changed = {PARAMETERS[name]: getattr(_read(given, vocabulary), PARAMETERS[name]) for name in SECOND}
        if "series" not in given:
            changed["series"] = self.series
        return replace(self, compare="", **changed)

    def to_dict(self) -> dict[str, str | list[str]]:
        """The query as understood, defaults filled in; parameters of license tables where they are chosen."""
        query: dict[str, str | list[str]] = {}
        for name in PARAMETERS:
            value = self.value_of(name)
            if isinstance(value, tuple):
                if value:
                    query[name] = [str(one) for one in value]
            elif value is not None and not self._is_quiet(name, value):
                query[name] = _text(value)
        return query

    def _is_quiet(self, name: str, value: object) -> bool:
        """Whether an answer need not tell a parameter."""
        if name == "of":
            return self.measure is not Measure.SHARE
        return name in QUIET and value == DEFAULTS.value_of(name)

    def describe(self, vocabulary: Reference) -> str:
        """The selection in words: 'Volume, Foil, from China, Nov 2023 to Oct 2026'."""
        parts = [
            MEASURE_WORDS[self.measure] + SHOWN_WORDS[self.show],
            *self._selected(vocabulary),
            *(
                f"{words} {listed(country_name(vocabulary, id_) for id_ in chosen)}"
                for words, chosen in (
                    ("smelted in", self.smelt),
                    ("second smelt in", self.smelt2),
                    ("cast in", self.cast),
                )
                if chosen
            ),
        ]
        second = self.second(vocabulary)
        if second:
            parts.append(f"compared with {' '.join(second._selected(vocabulary))}")
        if self.start and self.end:
            parts.append(span_words(self.start, self.end))
        return ", ".join(parts)

    def _selected(self, vocabulary: Reference) -> tuple[str, str]:
        """Products, and countries of origin."""
        products = listed(product_name(vocabulary, id_) for id_ in self.products)
        return products, "from " + listed(country_name(vocabulary, id_) for id_ in self.countries)


PARAMETERS = {
    "product": "products",
    "country": "countries",
    "smelt": "smelt",
    "smelt2": "smelt2",
    "cast": "cast",
    "from": "start",
    "to": "end",
    "freq": "freq",
    "measure": "measure",
    "of": "of",
    "series": "series",
    "by": "by",
    "across": "across",
    "basis": "basis",
    "show": "show",
    "chart": "chart",
    "compare": "compare",
    "event": "event",
    "detail": "detail",
} | dict.fromkeys(THRESHOLDS, "tests")
"""Names of the grammar, in their canonical order, and the fields of `Filters`."""
REPEATABLE = frozenset({"product", "country", "smelt", "smelt2", "cast", "series"})
SECOND = ("product", "country", "smelt", "smelt2", "cast", "series")
"""What a second selection may hold; all else it shares with the first."""
QUIET = frozenset({"across", "show", "compare", "event", "detail", *THRESHOLDS})
"""Parameters that an answer tells only where they are chosen."""
DEFAULTS = Filters()
MEASURE_WORDS = {
    Measure.VALUE: "Customs value",
    Measure.VOLUME: "Volume",
    Measure.AUV: "Average unit value",
    Measure.SHARE: "Share",
}
SHOWN_WORDS = {Show.LEVEL: "", Show.YOY: " (change on the year)", Show.INDEX: " (index)"}
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_E = TypeVar("_E", bound=StrEnum)


def product_name(vocabulary: Reference, id_: str) -> str:
    """A product in words, a code with its digits: 'Foil', 'Unwrought aluminum (HTS 7601)'."""
    product = vocabulary.products[id_]
    coded = id_.isdigit() and id_ != "76" and not product.observed
    return f"{product.label} (HTS {product.dotted})" if coded else product.label


def country_name(vocabulary: Reference, id_: str) -> str:
    """A country, group, `all`, `not_applicable` or `unknown` in words."""
    if id_ == ALL:
        return "all countries"
    if id_ in SMELT_WORDS:
        return id_.replace("_", " ")
    if vocabulary.countries.is_group(id_):
        return vocabulary.countries.group(id_).label
    return vocabulary.countries[id_].name


def month_words(month: str) -> str:
    """'2025-03' as 'Mar 2025'."""
    return f"{MONTH_NAMES[int(month[5:7]) - 1]} {month[:4]}"


def span_words(start: str, end: str) -> str:
    """'Nov 2023 to Oct 2026', or the one month."""
    return month_words(start) if start == end else f"{month_words(start)} to {month_words(end)}"


def _values(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, tuple) else (_text(value),)


def _text(value: object) -> str:
    """A value as a query writes it: 25, not 25.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def listed(words: Iterable[str]) -> str:
    """Names in a sentence: 'Canada, Mexico and China', of many the first ones and how many more."""
    names = list(words)
    if len(names) > MAX_LISTED + 1:
        names = [*names[:MAX_LISTED], f"{len(names) - MAX_LISTED} more"]
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


# -- reading --------------------------------------------------------------------------------------------------------


def _given(query: str | Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    if isinstance(query, str):
        return _given_text(query)
    given: dict[str, list[str]] = {}
    for name, values in query.items():
        listed = [values] if isinstance(values, str) else list(values)
        if listed:
            given[str(name)] = [str(value) for value in listed]
    if sum(len(name) + sum(map(len, values)) for name, values in given.items()) > MAX_QUERY:
        _too_long()
    return given


def _given_text(query: str) -> dict[str, list[str]]:
    if len(query) > MAX_QUERY:
        _too_long()
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        given.setdefault(name, []).append(value)
    return given


def _too_long() -> NoReturn:
    raise BadQuery(
        "query",
        given="",
        allowed=[f"at most {MAX_QUERY:,} characters"],
        message=f"The query is too long: at most {MAX_QUERY:,} characters can be read.",
    )


def _read(given: dict[str, list[str]], vocabulary: Reference) -> Filters:
    for name, values in given.items():
        _check_name(name, values)
    start, end = _month(given, "from"), _month(given, "to")
    if start and end and start > end:
        raise BadQuery(
            "from",
            given=start,
            allowed=[f"a month up to {end}, the one given for to"],
            message=f"from: {start} is after to ({end}); give the earlier month first.",
        )
    series = [_choice("series", value, Series) for value in given.get("series", [])]
    return Filters(
        products=_products(given, vocabulary) or DEFAULTS.products,
        countries=_places(given, "country", vocabulary) or DEFAULTS.countries,
        smelt=_places(given, "smelt", vocabulary, extra=SMELT_WORDS),
        smelt2=_places(given, "smelt2", vocabulary, extra=SMELT_WORDS),
        cast=_places(given, "cast", vocabulary, extra=SMELT_WORDS),
        start=start,
        end=end,
        freq=_single(given, "freq", Freq, DEFAULTS.freq),
        measure=_single(given, "measure", Measure, DEFAULTS.measure),
        of=_single(given, "of", Of, DEFAULTS.of),
        series=tuple(one for one in Series if one in series) or DEFAULTS.series,
        by=_single(given, "by", By, DEFAULTS.by),
        across=_across(given),
        basis=_single(given, "basis", Basis, DEFAULTS.basis),
        show=_single(given, "show", Show, DEFAULTS.show),
        chart=_single(given, "chart", Chart, DEFAULTS.chart),
        compare=_second(given, vocabulary),
        event=_event(given, vocabulary),
        detail=_single(given, "detail", Detail, DEFAULTS.detail),
        tests=_thresholds(given),
    )


def _across(given: dict[str, list[str]]) -> By:
    across = _single(given, "across", By, DEFAULTS.across)
    by = _single(given, "by", By, DEFAULTS.by)
    if across is not By.NONE and across == by:
        others = [str(one) for one in By if one not in (by, By.NONE)]
        message = f"across: expected another split than by ({by}), one of {', '.join(others)}, found {across}."
        raise BadQuery("across", given=str(across), allowed=others, message=message)
    if across is not By.NONE and by is By.NONE:
        message = f"across: it splits what by splits already; give by as well, or by={across} alone."
        raise BadQuery("across", given=str(across), allowed=[f"by={across}"], message=message)
    return across


def _second(given: dict[str, list[str]], vocabulary: Reference) -> str:
    """The second selection, read by the same grammar and written in its canonical form."""
    text = given.get("compare", [""])[0]
    if not text:
        return ""
    inner = _given_text(text)
    foreign = [name for name in inner if name not in SECOND]
    if foreign:
        allowed = list(SECOND)
        message = f"compare: a second selection takes {', '.join(allowed)}, found {shown(foreign[0])!r}."
        raise BadQuery("compare", given=shown(text), allowed=allowed, message=message)
    try:
        found = _read(inner, vocabulary)
    except BadQuery as error:
        message = f"compare: in the second selection, {error.message}"
        raise BadQuery("compare", given=error.given, allowed=error.allowed, message=message) from None
    # Defaults that were given are kept: they need not be those of the first selection.
    pairs = [(name, value) for name in SECOND if name in inner for value in _values(found.value_of(name))]
    return urlencode(pairs)


def _event(given: dict[str, list[str]], vocabulary: Reference) -> str:
    value = given.get("event", [""])[0]
    ids = [event.id for event in vocabulary.events]
    if value and value not in ids:
        close = _close_ids(value, ids)
        _refuse("event", value, allowed=ids, expected="the id of an event (all: /api/v1/meta)", close=close)
    return value


def _thresholds(given: dict[str, list[str]]) -> Thresholds:
    usual = Thresholds()
    chosen = {name: _number(name, given[name][0]) for name in THRESHOLDS if name in given}
    return replace(usual, **chosen)


def _number(name: str, text: str) -> float:
    limits = THRESHOLDS[name]
    value = float(text) if NUMBER.fullmatch(text) else None
    if value is None or not limits.low <= value <= limits.high:
        unit = f" {limits.unit}" if limits.unit else ""
        expected = f"a number from {limits.low:,.0f} to {limits.high:,.0f}{unit}"
        _refuse(name, text, allowed=[expected], expected=expected, close=())
    return value


def _check_name(name: str, values: list[str]) -> None:
    if name not in PARAMETERS:
        close = _close(name, {known: known for known in PARAMETERS})
        raise BadQuery(
            shown(name),
            given=shown(values[0]),
            allowed=list(PARAMETERS),
            message=f"{shown(name)!r} is not a parameter of this query, which takes {', '.join(PARAMETERS)}."
            + _hint(close),
        )
    if len(values) > 1 and name not in REPEATABLE:
        raise BadQuery(
            name,
            given=shown(", ".join(values[:5])),
            allowed=["one value"],
            message=f"{name}: expected one value, found {len(values)}; it cannot be repeated.",
        )
    if len(values) > MAX_VALUES:
        raise BadQuery(
            name,
            given=f"{len(values)} values",
            allowed=[f"at most {MAX_VALUES} values"],
            message=f"{name}: expected at most {MAX_VALUES} values, found {len(values)}.",
        )


def _single(given: dict[str, list[str]], name: str, kind: type[_E], default: _E) -> _E:
    return _choice(name, given[name][0], kind) if name in given else default


def _choice(name: str, value: str, kind: type[_E]) -> _E:
    allowed = [str(member) for member in kind]
    if value not in allowed:
        _refuse(name, value, allowed=allowed, expected=f"one of {', '.join(allowed)}", close=_close_ids(value, allowed))
    return kind(value)


def _month(given: dict[str, list[str]], name: str) -> str | None:
    if name not in given:
        return None
    value = given[name][0]
    if not MONTH.fullmatch(value):
        raise BadQuery(
            name,
            given=shown(value),
            allowed=[MONTH_WORDS],
            message=f"{name}: expected {MONTH_WORDS}, found {shown(value)!r}.",
        )
    return value


def _products(given: dict[str, list[str]], vocabulary: Reference) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(given.get("product", ())))
    for value in chosen:
        if value not in vocabulary.products:
            found = [product.id for product in vocabulary.products.search(value)[:3]] if len(value) <= SHOWN else []
            close = found or _close_ids(value, [product.id for product in vocabulary.products])
            expected = "an id of the product tree (76, aim, foil, 7601, 760110, …)"
            _refuse(
                "product", value, allowed=[*close, f"{expected}; all: /api/v1/meta"], expected=expected, close=close
            )
    return chosen


def _places(
    given: dict[str, list[str]], name: str, vocabulary: Reference, extra: tuple[str, ...] = ()
) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(given.get(name, ())))
    countries = vocabulary.countries
    for value in chosen:
        if not (value == ALL or value in extra or value in countries or countries.is_group(value)):
            known = {id_.casefold(): id_ for id_ in [ALL, *extra]}
            for one in [*countries.groups, *countries]:
                known |= {one.id.casefold(): one.id, country_name(vocabulary, one.id).casefold(): one.id}
            close = _close(value, known)
            expected = f"a country (ISO alpha-3, as CAN), a group (as EU), {', '.join([ALL, *extra])}"
            _refuse(name, value, allowed=[*close, f"{expected}; all: /api/v1/meta"], expected=expected, close=close)
    return chosen


def _refuse(name: str, given: str, *, allowed: Sequence[str], expected: str, close: Sequence[str]) -> NoReturn:
    raise BadQuery(
        name,
        given=shown(given),
        allowed=allowed,
        message=f"{name}: expected {expected}, found {shown(given)!r}.{_hint(close)}",
    )


def _hint(close: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(close)}?" if close else ""


def _close_ids(given: str, ids: Sequence[str]) -> list[str]:
    return _close(given, {id_.casefold(): id_ for id_ in ids})


def _close(given: str, known: Mapping[str, str]) -> list[str]:
    """Up to three ids whose names, given in lower case, resemble a foreign value."""
    if len(given) > SHOWN:
        return []
    if given.casefold() in known:
        return [known[given.casefold()]]
    matches = get_close_matches(given.casefold(), known, n=3, cutoff=0.6)
    return list(dict.fromkeys(known[match] for match in matches))


def shown(given: str) -> str:
    """A foreign value as a message may repeat it: short, and printable everywhere."""
    clean = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in given[: SHOWN + 1])
    return clean if len(given) <= SHOWN else clean[:SHOWN] + "…"
