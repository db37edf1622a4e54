"""Words of the surge list: headlines, what each test says, notes that rule out a thin base or a lone cargo, method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from data_access.filters import (
    Detail,
    Filters,
    Measure,
    Series,
    country_name,
    listed,
    month_words,
    product_name,
)
from data_access.reference import Reference
from data_access.serving.answer import permalink
from data_access.serving.gate.released import Cell, ReleaseInfo
from data_access.serving.notes import DEMONSTRATION
from data_access.serving.prose import MINUS, THIN, amount, percent
from data_access.serving.surges.lines import Months
from data_access.serving.surges.rules import NAMES, Outcome, Result, whole
from data_access.serving.wording import BASIS_WORDS
from data_access.thresholds import Thresholds

TENFOLD = 900
"""Growth in % from which it is told as a multiple: thousands of percent say little but 'from next to none'."""
MANY = 3
"""Months without imports, of twelve, from which a supplier is called irregular."""
DETAIL_WORDS = {Detail.GROUP: "product groups", Detail.HTS6: "HTS6 headings", Detail.HTS10: "ten-digit codes"}
MEANINGS = {
    "r1": "the month on the mean of the three months before; a license month on that of the last three public months",
    "r2": "the last three months on the three before",
    "r2y": "the last three months on the same three of the year before",
    "r3": "the last twelve months on the twelve before",
    "z": "how far the month lies above the 36 before, season removed, in robust standard deviations",
    "p": "unit value against all other origins, on its median of the twelve months before",
    "n": "no imports in any of the 24 months before",
}
"""What each test measures."""


class HasFlag(Protocol):
    """What the summary needs of a flag."""

    @property
    def product_name(self) -> str: ...
    @property
    def country_name(self) -> str: ...
    @property
    def is_new(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the words of a flag are made of."""

    product: str
    country: str
    series: Series
    measure: Measure
    tested: Outcome
    thin: bool
    new: bool
    floor: float
    unit_note: str


# -- one flag -------------------------------------------------------------------------------------------------------


def headline(told: Told) -> str:
    """One sentence: figure, month, and how it compares."""
    tested = told.tested
    now = amount(tested.value, told.measure)
    begin = (
        f"{now} licensed for {month_words(tested.month)}" if told.series is Series.LICENSE else
        f"{now} in {month_words(tested.month)}"
    )  # fmt: skip
    if told.new:
        return f"{begin}, after no imports in the 24 months before."
    r1 = tested.result("r1").value
    on = "the last three public months" if told.series is Series.LICENSE else "the three months before"
    grown = f"{growth(r1)} the mean of {on}" if r1 is not None else f"compared with the mean of {on}"
    return f"{begin}, {grown} ({amount(tested.base, told.measure)})."


def growth(value: float) -> str:
    """'up 64.2 % on', or 'more than 12 times'."""
    if value >= TENFOLD:
        return f"{int(value // 100) + 1} times"
    return f"{'up' if value >= 0 else 'down'} {abs(value):,.1f}{THIN}% on"


def result_words(result: Result) -> tuple[str, str]:
    """What a test found, and its threshold: ('+64.2 %', 'at least +25 %')."""
    if result.id == "n":
        if result.missing:
            return "no result", result.missing
        return ("yes" if result.met else "no"), "no imports in 24 months"
    limit = f"{result.threshold:+,g}".replace("-", MINUS) if result.threshold is not None else ""
    told = f"{'at most' if result.id == 'p' else 'at least'} {limit.lstrip('+') if result.id == 'z' else limit}"
    told += f"{THIN}%" if result.unit else ""
    if result.value is None:
        return "no result", result.missing
    if result.id == "z":
        return f"{result.value:,.1f}".replace("-", MINUS), told
    if result.value >= TENFOLD:
        return f"{int(result.value // 100) + 1} times", told
    return percent(result.value / 100), told


def met_names(tested: Outcome, thresholds: Thresholds) -> list[str]:
    """Names of the tests that are met, R1 as one that flags alone counted apart."""
    met = [one.id for one in tested.results if one.met]
    r1 = tested.result("r1").value
    return [*met, "r1_alone"] if r1 is not None and r1 >= thresholds.r1_alone else met


def flag_notes(told: Told, trend: Sequence[Cell]) -> tuple[str, ...]:
    """What must be known before a flag is taken for a surge."""
    return tuple(_flag_notes(told, trend))


def _flag_notes(told: Told, trend: Sequence[Cell]) -> Iterator[str]:
    if told.unit_note:
        yield told.unit_note
    if told.thin:
        yield (
            f"Thin base: the mean it is compared with, {amount(told.tested.base, told.measure)}, lies below the floor "
            f"of {amount(told.floor, told.measure)}; growth on it says little."
        )
    year = [cell for cell in trend if cell.series is Series.PUBLIC and cell.period < told.tested.month][-12:]
    empty = sum(whole(cell) == 0 for cell in year)
    if empty >= MANY and not told.new:
        yield (
            f"Irregular supplier: no imports in {empty} of the {len(year)} public months before; one cargo can do this."
        )
    if told.measure is Measure.VALUE:
        yield "No weights are reported for this product, so its customs value is tested, price changes included."


def trend_link(products: Sequence[str], country: str, measure: Measure, filters: Filters) -> str:
    """The page Explore with the trend of a product from an origin."""
    return permalink(Filters(products=tuple(products), countries=(country,), measure=measure, basis=filters.basis))


# -- the list -------------------------------------------------------------------------------------------------------


def title(filters: Filters, vocabulary: Reference) -> str:
    """'Surge watch: all licensed products from all countries, by product groups'."""
    products = listed([product_name(vocabulary, id_) for id_ in filters.products])
    places = listed([country_name(vocabulary, id_) for id_ in filters.countries])
    return f"Surge watch: {products} from {places}, {DETAIL_WORDS[filters.detail]}"


def summary(flags: Sequence[HasFlag], months: Months, *, compared: bool) -> str:
    """One sentence on how many flags there are, how many of them new, and the first of each."""
    tested = months_words(months)
    if not flags:
        return f"No product and origin is flagged. Tested: {tested}." if tested else "There is no month to test."
    new = [flag for flag in flags if flag.is_new]
    if len(flags) == 1:
        state = "new since the release before" if new else "which the release before had, too"
        name = f"{flags[0].product_name} from {flags[0].country_name}"
        return f"1 flag{f', {state}' if compared else ''}: {name}. Tested: {tested}."
    count = f"{len(flags)} flags"
    told = f", {len(new) or 'none'} of them new since the release before" if compared else ""
    first = (new or list(flags))[0]
    which = "the most severe of the new ones" if new and len(new) < len(flags) else "the most severe"
    return f"{count}{told}; {which}: {first.product_name} from {first.country_name}. Tested: {tested}."


def months_words(months: Months) -> str:
    """'public statistics of Sep 2026; license data of Oct 2026'."""
    parts = [f"public statistics of {month_words(months.public)}"] if months.public else []
    if months.license:
        parts.append(f"license data of {listed([month_words(month) for month in months.license])}")
    return "; ".join(parts)


def notes(filters: Filters, months: Months, info: ReleaseInfo) -> tuple[str, ...]:
    """Method and bounds of the list."""
    return tuple(_notes(filters, months, info))


def _notes(filters: Filters, months: Months, info: ReleaseInfo) -> Iterator[str]:
    tests = filters.tests
    if info.demonstration:
        yield DEMONSTRATION
    yield (
        f"A flag: the floor is reached (the month or the mean before it at least {tests.floor:,g} t, or "
        f"{amount(tests.floor_value, Measure.VALUE)} where there are no weights, and at least {tests.floor_share:g} % "
        f"of the product's imports), and R1 is at least +{tests.r1_alone:g} %, or at least +{tests.r1:g} % with R2 "
        f"from +{tests.r2:g} %, R2y from +{tests.r2y:g} % or R3 from +{tests.r3:g} %; or it is a new supplier. Z and P "
        "add to the severity."
    )
    yield from (f"{NAMES[id_]}: {MEANINGS[id_]}." for id_ in NAMES)
    yield (
        "Severity, 1 to 7: a point for each test met, two for R1 where it flags alone and for a new supplier, one less "
        "on a thin base, which is never high; from 5 high, from 3 medium. Within a severity the larger increase comes "
        "first."
    )
    yield (
        "Only published figures of whole periods are tested. A test that needs a missing figure has no result; a month "
        "after three without imports has no growth, and is flagged as a new supplier or not at all."
    )
    if months.license:
        yield (
            "A license month is held against public months, in all tests: where public figures cover a month they "
            "replace license data. Not every license becomes an import, and license months and public months do not "
            "match exactly."
        )
    if months.running:
        yield f"License month {month_words(months.running)} is still running and is not tested."
    if filters.detail is Detail.HTS10:
        yield (
            "Ten-digit codes: public statistics alone. Codes that were split, merged or re-cut within the months of a "
            "test are tested as one family."
        )
    yield f"Public statistics: {BASIS_WORDS[filters.basis]}."
