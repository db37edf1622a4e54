"""Title, subtitle and summary of an answer: words made of released cells, after the gate."""

from __future__ import annotations

from collections.abc import Sequence

from data_access.contracts import Status
from data_access.filters import (
    ALL,
    MEASURE_WORDS,
    By,
    Filters,
    Freq,
    Measure,
    Of,
    Series,
    Show,
    country_name,
    listed,
    product_name,
    span_words,
)
from data_access.reference import Reference
from data_access.serving.gate.released import Cell
from data_access.serving.prose import THIN, amount, percent, period_words, signed, told_change

UNIT_WORDS = {
    Measure.VALUE: "US$",
    Measure.VOLUME: "metric tons (t)",
    Measure.AUV: "US$ a metric ton",
}
BASIS_WORDS = {"consumption": "imports for consumption", "general": "general imports"}
FREQ_WORDS = {
    Freq.MONTH: "monthly",
    Freq.QUARTER: "quarterly",
    Freq.YEAR: "yearly",
    Freq.YTD: "year to date",
    Freq.ROLL3: "sums of 3 months",
    Freq.ROLL12: "sums of 12 months",
    Freq.RANGE: "as one period",
}
BY_WORDS = {
    By.PRODUCT: "by product",
    By.COUNTRY: "by country",
    By.SMELT: "by country of smelt",
    By.SMELT2: "by country of second smelt",
    By.CAST: "by country of most recent cast",
}
SERIES_WORDS = {Series.PUBLIC: "public statistics", Series.LICENSE: "license data", Series.COMBINED: "combined series"}
LAGS = {
    Freq.MONTH: (1, 12),
    Freq.QUARTER: (1, 4),
    Freq.YEAR: (1,),
    Freq.YTD: (12,),
    Freq.ROLL3: (12,),
    Freq.ROLL12: (12,),
    Freq.RANGE: (),
}
"""How many periods back a summary compares: the period before, and the same of the year before."""
SHOW_WORDS = {Show.LEVEL: "", Show.YOY: ", change on the year before", Show.INDEX: ", index"}
MAX_NAMED = 3
EMPTY_WORDS = {
    Status.WITHHELD: "withheld to protect companies",
    Status.NOT_YET: "not yet published",
    Status.NOT_PUBLISHED: "not published at this level of detail",
    Status.NOT_REPORTED: "not reported in the public statistics at hand",
    Status.NOT_APPLICABLE: "not applicable",
    Status.PUBLISHED: "published",
}


def title(filters: Filters, vocabulary: Reference) -> str:
    """What, where and how measured: 'Foil from China: volume, by product'."""
    words = f"{selection(filters, vocabulary)}: {measure_words(filters)}{SHOW_WORDS[filters.show]}"
    if filters.by is By.NONE:
        return words
    second = f" and {BY_WORDS[filters.across].removeprefix('by ')}" if filters.across is not By.NONE else ""
    return f"{words}, {BY_WORDS[filters.by]}{second}"


def selection(filters: Filters, vocabulary: Reference, *, within: bool = False) -> str:
    """Products and countries in words; `within` a sentence the first letter is small."""
    products = listed([product_name(vocabulary, id_) for id_ in filters.products])
    if within and len(products) > 1 and products[1].islower():
        products = products[0].lower() + products[1:]
    words = f"{products} from {listed([country_name(vocabulary, id_) for id_ in filters.countries])}"
    for phrase, chosen in (
        ("smelted in", filters.smelt),
        ("second smelt in", filters.smelt2),
        ("cast in", filters.cast),
    ):
        if chosen:
            words += f", {phrase} {listed([country_name(vocabulary, id_) for id_ in chosen])}"
    return words


def measure_words(filters: Filters) -> str:
    """'customs value', or 'share of volume, in all countries'."""
    if filters.measure is not Measure.SHARE:
        return MEASURE_WORDS[filters.measure].lower()
    measured = "customs value" if filters.of is Of.VALUE else "volume"
    return f"share of {measured} of {share_of(filters)}"


def share_of(filters: Filters) -> str:
    """What a share is of: all countries where one (of origin, smelt, cast) is chosen or told apart, else `aim`."""
    return "all countries" if is_share_of_places(filters) else "all licensed products"


def is_share_of_places(filters: Filters) -> bool:
    """Whether a share is one of all places, not of all licensed products."""
    chosen = ALL not in filters.countries or any((filters.smelt, filters.smelt2, filters.cast))
    return chosen or bool({filters.by, filters.across} - {By.NONE, By.PRODUCT})


def subtitle(filters: Filters) -> str:
    """Unit, basis, period: 'metric tons (t); imports for consumption; Nov 2023 to Oct 2026, monthly'."""
    basis = [BASIS_WORDS[filters.basis]] if set(filters.series) - {Series.LICENSE} else []
    if Series.LICENSE in filters.series:
        basis.append("licenses by expected month of import")
    span = span_words(filters.start, filters.end) if filters.start and filters.end else ""
    parts = [unit_words(filters), " and ".join(basis), f"{span}, {FREQ_WORDS[filters.freq]}" if span else ""]
    words = "; ".join(part for part in parts if part)
    return words[0].upper() + words[1:]


def unit_words(filters: Filters) -> str:
    """The unit in words."""
    unit = UNIT_WORDS.get(filters.measure) or f"percent of {share_of(filters)}"
    match filters.show:
        case Show.LEVEL:
            return unit
        case Show.YOY:
            kind = "percentage points" if filters.measure is Measure.SHARE else "percent"
            return f"change on the same period of the year before, {kind}"
        case Show.INDEX:
            return f"index of {unit}, first whole period of each line = 100"


def summary(filters: Filters, vocabulary: Reference, cells: Sequence[Cell]) -> str:
    """One sentence on what the cells say; it names figures that are published, and says so where none is."""
    if not any(cell.value is not None for cell in cells):
        return _nothing_shown(filters, vocabulary, cells)
    if len({(cell.product, cell.country, cell.smelt, cell.smelt2, cell.cast) for cell in cells}) > 1:
        return _split_summary(filters, vocabulary, cells)
    return _line_summary(filters, vocabulary, cells)


def _nothing_shown(filters: Filters, vocabulary: Reference, cells: Sequence[Cell]) -> str:
    reasons = dict.fromkeys(f"{SERIES_WORDS[cell.series]}: {_why_empty(cell, filters.show)}" for cell in cells)
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return f"No figure of {selection(filters, vocabulary, within=True)} can be shown for this period{why}."


def _why_empty(cell: Cell, show: Show) -> str:
    if cell.hidden:
        return "none, or withheld to protect companies"
    if cell.status is Status.NOT_REPORTED and cell.series is Series.LICENSE:
        return "there are none of this time"
    if show is Show.YOY and cell.status is Status.NOT_APPLICABLE:
        return "no change can be told, as where there was nothing or too little a year before"
    return EMPTY_WORDS[cell.status]


def _line_summary(filters: Filters, vocabulary: Reference, cells: Sequence[Cell]) -> str:
    lines = {one: [cell for cell in cells if cell.series is one] for one in filters.series}
    latest = {one: _latest(line) for one, line in lines.items()}
    main = next(one for one in filters.series if latest[one] is not None)
    place = latest[main]
    assert place is not None  # noqa: S101 - chosen by it
    cell = lines[main][place]
    assert cell.value is not None  # noqa: S101 - the latest published one
    if filters.show is not Show.LEVEL:
        words = f"The {_subject(filters, vocabulary)} {_standing(cell, filters)} {_when(cell.period, filters.freq)}"
        return f"{words}{_by_whom(main)}."
    to_date = " so far" if cell.partial else ""
    sentence = (
        f"The {_subject(filters, vocabulary)} was {amount(cell.value, cell.measure)}{to_date} "
        f"{_when(cell.period, filters.freq)}{_by_whom(main)}{_changes(lines[main], place, filters)}"
    )
    return f"{sentence}{_licenses_beyond(filters, lines, cell.period)}."


def _standing(cell: Cell, filters: Filters) -> str:
    """'was 12.4 % above that of the year before', 'stood at 104.2 (its first period = 100)'."""
    value = cell.value or 0
    if filters.show is Show.INDEX:
        return f"stood at {value:,.1f} (its first period = 100)"
    kind = "percentage points" if filters.measure is Measure.SHARE else "%"
    side = "above" if value >= 0 else "below"
    return f"was {abs(value):,.1f}{THIN}{kind} {side} that of the year before"


def _latest(line: Sequence[Cell]) -> int | None:
    """The newest figure of a whole period, else the newest there is."""
    known = [place for place, cell in enumerate(line) if cell.value is not None]
    return max((place for place in known if not line[place].partial), default=max(known, default=None))


def _subject(filters: Filters, vocabulary: Reference) -> str:
    words = measure_words(filters)
    chosen = selection(filters, vocabulary, within=True)
    if filters.measure is Measure.SHARE:
        measured = "customs value" if filters.of is Of.VALUE else "volume"
        return f"share of {chosen} in the {measured} of {share_of(filters)}"
    return f"{words} of {chosen}"


def _by_whom(series: Series) -> str:
    return " by license data" if series is Series.LICENSE else ""


def _changes(line: Sequence[Cell], place: int, filters: Filters) -> str:
    """'up 5.3 % on Feb 2025 and down 12.0 % on Mar 2024', of published whole periods alone."""
    now = line[place]
    said = []
    for lag in LAGS[filters.freq]:
        before = line[place - lag] if place >= lag else None
        words = told_change(now, before, period_words(before.period, filters.freq)) if before else ""
        if words:
            said.append(words)
    return f", {' and '.join(said)}" if said else ""


def _licenses_beyond(filters: Filters, lines: dict[Series, list[Cell]], last: str) -> str:
    """What licenses say of the newest period after the last one of the main series, a whole one if there is any."""
    beyond = [cell for cell in lines.get(Series.LICENSE, []) if cell.value is not None and cell.period > last]
    place = _latest(beyond)
    if place is None:
        return ""
    cell = beyond[place]
    to_date = " so far" if cell.partial else ""
    said = amount(cell.value or 0, cell.measure)
    return f"; licenses put {period_words(cell.period, filters.freq)} at {said}{to_date}"


def _split_summary(filters: Filters, vocabulary: Reference, cells: Sequence[Cell]) -> str:
    main = next(one for one in filters.series if any(cell.value is not None for cell in cells if cell.series is one))
    line = [cell for cell in cells if cell.series is main]
    last = _telling_period(line)
    of_last = [cell for cell in line if cell.period == last]
    known = [cell for cell in of_last if cell.value is not None]
    shown = sorted([cell for cell in known if cell.value] or known[:1], key=lambda cell: -(cell.value or 0))
    named = [f"{_name(cell, filters, vocabulary)} ({_figure(cell, filters)})" for cell in shown]
    withheld = sum(cell.status is Status.WITHHELD and not cell.hidden for cell in of_last)
    hidden = sum(cell.hidden for cell in of_last)
    counts = ((withheld, "withheld"), (hidden, "none or withheld"))
    among = "".join(
        f"; {count} of {len(of_last)} {'is' if count == 1 else 'are'} {what}" for count, what in counts if count
    )
    first = "largest" if filters.measure is not Measure.AUV and filters.show is Show.LEVEL else "highest"
    followed = f", followed by {listed(named[1:MAX_NAMED])}" if len(named) > 1 else ""
    when = _when(last, filters.freq)
    subject = f"{_rise(filters)}{_subject(filters, vocabulary)}"
    return f"{when[0].upper()}{when[1:]}{_by_whom(main)} the {subject} was {first} for {named[0]}{followed}{among}."


def _telling_period(line: Sequence[Cell]) -> str:
    """The last whole period with a figure other than 0, else the last with such a figure, else with any."""
    known = [cell for cell in line if cell.value is not None]
    some = [cell for cell in known if cell.value]
    best = [cell for cell in some if not cell.partial] or some or known
    order = {cell.period: place for place, cell in enumerate(line)}
    return max((cell.period for cell in best), key=order.__getitem__)


def _when(period: str, freq: Freq) -> str:
    """'in Mar 2025', 'over Jan to Mar 2025'."""
    words = period_words(period, freq)
    return f"{'over' if ' to ' in words else 'in'} {words}"


def _rise(filters: Filters) -> str:
    return {Show.LEVEL: "", Show.YOY: "change on the year before in the ", Show.INDEX: "index of the "}[filters.show]


def _figure(cell: Cell, filters: Filters) -> str:
    value = cell.value or 0
    match filters.show:
        case Show.LEVEL:
            return amount(value, cell.measure)
        case Show.YOY:
            return (
                f"{percent(value / 100)}" if cell.measure is not Measure.SHARE else f"{signed(f'{value:+.1f}')} points"
            )
        case Show.INDEX:
            return f"{value:,.1f}"


def _name(cell: Cell, filters: Filters, vocabulary: Reference) -> str:
    names = [_split_name(cell, by, vocabulary) for by in (filters.by, filters.across) if by is not By.NONE]
    return ", ".join(names)


def _split_name(cell: Cell, by: By, vocabulary: Reference) -> str:
    if by is By.PRODUCT:
        return product_name(vocabulary, cell.product)
    place = {By.COUNTRY: cell.country, By.SMELT: cell.smelt, By.SMELT2: cell.smelt2, By.CAST: cell.cast}.get(by)
    return country_name(vocabulary, place or ALL)
