"""Notes of an answer: sources, dates, marks, and whatever a reader must know to read its figures right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from data_access.contracts import Status
from data_access.filters import Basis, Filters, Measure, Series, Show, month_words, span_words
from data_access.serving.gate.released import Cell, ReleaseInfo
from data_access.serving.indicators import floor_of, underlying
from data_access.serving.prose import THIN, period_words
from data_access.serving.wording import BASIS_WORDS, share_of

MAX_CODE_NOTES = 12
MAX_MONTHS = 6
DEMONSTRATION = "Demonstration data: figures are synthetic and describe no real trade."
MARKS: dict[Status, tuple[str, str]] = {
    Status.PUBLISHED: ("", "published figure"),
    Status.WITHHELD: ("(D)", "withheld, so as not to disclose figures of individual companies; it is not zero"),
    Status.NOT_YET: ("not yet", "published once the license month, or all months of the quarter, are closed"),
    Status.NOT_REPORTED: ("not reported", "no data at hand cover this figure; it is not zero"),
    Status.NOT_PUBLISHED: (
        "not published",
        "license data are not published here: not at this level of detail, or not in this release",
    ),
    Status.NOT_APPLICABLE: ("n/a", "not applicable: there is no such figure"),
}
"""What tables print in place of a figure, and its explanation."""
HIDDEN_MARK = (
    "none or (D)",
    "none, or withheld so as not to disclose figures of individual companies; at this level of detail it is not told "
    "which",
)
"""The same where a release does not tell a withheld figure from none at all."""
RANGE_MARK = (
    "(D) low–high",
    "withheld, and the range that anyone can work out from the figures published beside it",
)
"""The same for ranges."""


def mark(cell: Cell) -> tuple[str, str]:
    """What stands in place of a cell's figure, and its explanation."""
    return HIDDEN_MARK if cell.hidden else MARKS[cell.status]


def legend(cells: Collection[Cell]) -> tuple[tuple[str, str], ...]:
    """The marks that stand in cells, each once, with their explanations."""
    held = {mark(cell) for cell in cells}
    ranged = any(cell.low is not None or cell.high is not None for cell in cells)
    every = (*MARKS.values(), HIDDEN_MARK)
    return tuple(words for words in every if words in held and words[0]) + ((RANGE_MARK,) if ranged else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What notes need to know beside the cells; all of it may be public."""

    info: ReleaseInfo
    left_out: int = 0
    """Customs value in US$ of public figures in range that a volume or unit value leaves out, for want of a weight."""
    code_notes: tuple[str, ...] = ()
    total_differs: tuple[str, ...] = ()
    mixed_dates: bool = False
    unlicensed: bool = False
    """Whether the selection holds products that need no license."""
    licensed_only: bool = False
    """Whether the selection is by smelt or cast."""
    coarse: bool = False
    """Whether some months were pulled at a level too coarse for the products."""
    groups: bool = False
    by_quarter: bool = False
    """Whether cells of two dimensions were asked for other than by quarter."""
    running: bool = False
    """Whether license figures of months still running are among the cells."""


def notes(filters: Filters, cells: Sequence[Cell], facts: Facts) -> tuple[str, ...]:
    """All notes, what matters most first."""
    return tuple(dict.fromkeys(_notes(filters, cells, facts)))


def _notes(filters: Filters, cells: Sequence[Cell], facts: Facts) -> Iterator[str]:
    info = facts.info
    if info.demonstration:
        yield DEMONSTRATION
    yield from _sources(filters, info)
    yield from _license_state(filters, cells, facts)
    yield from _license_figures(cells, facts)
    yield from _marks(cells)
    yield from _measures(filters, cells, facts)
    yield from _code_notes(facts)
    yield from _coverage(filters, facts)
    if info.stale:
        if info.id and info.id in (info.problem or ""):
            yield f"Not all of the newest release is shown: {info.problem}."
        else:
            yield f"These may not be the newest figures: {info.problem}; they are of release {info.id}."


def _sources(filters: Filters, info: ReleaseInfo) -> Iterator[str]:
    if info.public_as_of:
        basis = BASIS_WORDS[filters.basis]
        yield (
            f"Source of public statistics: U.S. Census Bureau, U.S. international trade in goods, {basis}; "
            f"as of {month_words(info.public_as_of)}, the latest month at hand."
        )
    if info.license_as_of:
        yield (
            "Source of license data: aluminum import licenses (19 CFR part 361), by expected month of import, less "
            f"cancelled and unused ones; as of {info.license_as_of}."
        )


def _license_state(filters: Filters, cells: Sequence[Cell], facts: Facts) -> Iterator[str]:
    asks = {Series.LICENSE, Series.COMBINED} & set(filters.series)
    if asks and facts.info.license_off:
        yield f"License series are not shown: {facts.info.license_off}."
    if asks and facts.info.under_review:
        yield "Licenses under review are not included in license figures."
    if asks and facts.unlicensed:
        yield "The selection holds products that need no license; there are no license figures of it."
    if facts.licensed_only and {Series.PUBLIC, Series.COMBINED} & set(filters.series):
        yield "Smelt and cast are known from licenses alone: license series only."
    if {Series.PUBLIC, Series.LICENSE} <= set(filters.series) and facts.info.license_as_of and not facts.unlicensed:
        yield (
            "License months and public months do not match exactly: a license counts in its expected month of import, "
            "not every license becomes an import, and entries below the license threshold are in public figures only."
        )
    if any(cell.source for cell in cells):
        yield "Combined series: public figures in months they cover, license figures in the others; source tells which."


def _license_figures(cells: Sequence[Cell], facts: Facts) -> Iterator[str]:
    if facts.running:
        yield (
            "Months still running: what licenses add up to so far, of the total, its products and the larger "
            "countries; each figure is as of its own date, an older one where a refresh would disclose companies."
        )
    if facts.by_quarter:
        yield "License data by origin together with smelt or cast are published by quarter alone (freq=quarter)."
    if any(cell.low is not None or cell.high is not None for cell in cells):
        yield (
            "Ranges of withheld figures are what anyone can work out from the published figures of this release; the "
            "figure itself may be anywhere in its range."
        )
    if facts.mixed_dates:
        yield "A sum of license cells of one month with different dates is not formed; it is marked as withheld."


def _marks(cells: Sequence[Cell]) -> Iterator[str]:
    counts = Counter(mark(cell) for cell in cells if cell.value is None)
    for words in (*(MARKS[status] for status in MARKS if status is not Status.PUBLISHED), HIDDEN_MARK):
        count = counts[words]
        if count:
            yield f"{words[0]}: {words[1]} ({count:,} of {len(cells):,} figures)."


def _measures(filters: Filters, cells: Sequence[Cell], facts: Facts) -> Iterator[str]:
    weighs = filters.measure in (Measure.VOLUME, Measure.AUV) or (
        filters.measure is Measure.SHARE and filters.of == "volume"
    )
    if weighs and facts.left_out:
        yield (
            "Public volumes and unit values use only codes with a weight in kg; value without one in this range, "
            f"left out: US$ {facts.left_out:,}."
        )
    if filters.measure is Measure.AUV:
        yield "Average unit value: customs value (no duty, freight, insurance) divided by weight of the same codes."
    if filters.measure is Measure.SHARE:
        yield f"Share: percent of {share_of(filters)}, both parts of the same series and date."
    if filters.show is Show.YOY:
        yield (
            "Change on the same period of the year before, of published whole periods; not applicable where there was "
            f"nothing or too little a year before (less than {floor_words(filters)}), or where the two figures are of "
            "different sources."
        )
    if filters.show is Show.INDEX:
        yield f"Index: the first whole published period of each line in this range is 100{_bases(filters, cells)}."
    if any(cell.partial for cell in cells):
        yield "Partial periods have begun but are not whole in this series; they are not compared with whole ones."


def floor_words(filters: Filters) -> str:
    """The floor of growth in words, with what it is of where that is not the measure itself."""
    behind = underlying(filters)
    least = f"{floor_of(filters):,.13g}"
    words = f"US$ {least}" if behind is Measure.VALUE else f"{least}{THIN}t"
    return (
        words if behind is filters.measure else f"{words} of {'customs value' if behind is Measure.VALUE else 'volume'}"
    )


def _bases(filters: Filters, cells: Sequence[Cell]) -> str:
    """The periods that the lines of an index begin with; how many lines begin with each, where they differ."""
    first: dict[tuple[str | None, ...], str] = {}
    for cell in cells:
        if cell.value and not cell.partial:
            line = (cell.series, cell.product, cell.country, cell.smelt, cell.smelt2, cell.cast)
            first.setdefault(line, cell.period)
    counts = sorted(Counter(first.values()).items())
    said = [f"{period_words(period, filters.freq)} ({count} {_lines(count)})" for period, count in counts]
    if len(said) == 1:
        return f": {period_words(counts[0][0], filters.freq)}"
    if len(said) > MAX_MONTHS:
        said = [f"from {said[0]} to {said[-1]}"]
    return f": {', '.join(said)}" if said else ""


def _lines(count: int) -> str:
    return "line" if count == 1 else "lines"


def _code_notes(facts: Facts) -> Iterator[str]:
    yield from facts.code_notes[:MAX_CODE_NOTES]
    if len(facts.code_notes) > MAX_CODE_NOTES:
        yield f"{len(facts.code_notes) - MAX_CODE_NOTES} more of these codes are not valid throughout the range."


def _coverage(filters: Filters, facts: Facts) -> Iterator[str]:
    if facts.coarse:
        yield "Some months were pulled at a coarser level than the products chosen; they are not reported here."
    if facts.total_differs:
        months = _months(facts.total_differs)
        yield f"All countries: the total is the one published; the countries at hand add up to another in {months}."
    if facts.groups:
        yield "Country groups have the members of each month; split by country, other months are not applicable."
    if filters.basis is Basis.GENERAL and Series.LICENSE in filters.series:
        yield "License data have no basis; they are compared here with general imports."


def _months(months: Sequence[str]) -> str:
    if len(months) <= MAX_MONTHS:
        return ", ".join(month_words(month) for month in months)
    return f"{len(months)} months, {span_words(months[0], months[-1])}"


def cite(title: str, info: ReleaseInfo, permalink: str) -> str:
    """How to cite an answer."""
    kind = " (demonstration data)" if info.demonstration else ""
    dates = [f"public statistics as of {info.public_as_of}"] if info.public_as_of else []
    if info.license_as_of:
        dates.append(f"license data as of {info.license_as_of}")
    return f"AIM Monitor{kind}: {title}. Release {info.id or 'none'}, {', '.join(dates) or 'no figures'}. {permalink}"
