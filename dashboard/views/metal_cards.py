"""Cards of one dimension of metal: countries of smelt, of second smelt or of most recent cast, ranked and over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Row, Table, TableCell, data_table, figure_cell
from dashboard.figures.flows import WATCH
from dashboard.figures.lines import MAX_LINES, Line, everyone, lines_of, member_of
from dashboard.figures.ranking import drawn, left_out_words, ranked, ranking_figure
from dashboard.figures.trend import trend_figure, trend_keys
from dashboard.graph import Figure
from dashboard.views.base import Ask
from dashboard.views.telling import absent, percent_cell, percent_words, retold, said, selection_of
from data_access.filters import (
    ALL,
    SMELT_WORDS,
    By,
    Filters,
    Freq,
    Measure,
    Of,
    Series,
    Show,
    country_name,
    listed,
    month_words,
)
from data_access.reference import Reference
from data_access.reference.orders import watched
from data_access.serving import metal
from data_access.serving.answers.cells import legend
from data_access.serving.gate.released import Cell, Released
from data_access.serving.indicators import underlying
from data_access.serving.parts import fraction_of
from data_access.serving.prose import amount, period_words, told_change

PAGE = "/smelt-cast"
WORDS = {By.SMELT: "largest smelt", By.SMELT2: "second smelt", By.CAST: "most recent cast"}
TOWERING = 3
"""Times the second line from which the first is left out of a trend."""
GRAY = "#8d9297"
BAR = "#9c4a00"
NEVER_ADDED = (
    "The volume of a license belongs to its country of largest smelt. Country of second smelt describes the same metal "
    "once more: first and second smelt are never added."
)
WATCH_NOTE = (
    f"{WATCH} marks countries of the watch list (table watch.csv, with reasons and sources): other duties may apply to "
    "metal smelted or cast there."
)
UNNAMED_NOTE = (
    "“Not applicable”: secondary metal alone, re-melted scrap without primary metal. “Unknown” could be stated in "
    "applications up to June 28, 2022. Both are values of their own and are never merged."
)
WATCHED = " (watch list)"
PROBE = ("CAN", "RUS")
"""Places by which it is found out why a selection has no figure by place."""
UNNAMED_REMARKS = {
    "not_applicable": "secondary metal, no primary smelt",
    "unknown": "stated as unknown, up to mid-2022",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """What a page of metal is of: the months of the selection, the newest period that all cards rank, and the links.

    `freq` is quarter where countries of origin are chosen: such license data are by quarter.
    """

    filters: Filters
    freq: Freq
    start: str
    end: str
    link: str

    @property
    def words(self) -> str:
        """The period in words."""
        return month_words(self.end) if self.freq is Freq.MONTH else period_words(self.quarter, Freq.QUARTER)

    @property
    def quarter(self) -> str:
        """The quarter of the period."""
        return f"{self.end[:4]}-Q{(int(self.end[5:7]) + 2) // 3}"


def of_licenses(filters: Filters) -> Filters:
    """The selection as license data of all smelt and cast, by month."""
    return replace(
        filters,
        smelt=(),
        smelt2=(),
        cast=(),
        freq=Freq.MONTH,
        series=(Series.LICENSE,),
        by=By.NONE,
        across=By.NONE,
        show=Show.LEVEL,
        compare="",
        event="",
    )


def placed(filters: Filters, by: By, places: Sequence[str]) -> Filters:
    """A selection split by smelt, second smelt or cast, of these places (none: of all)."""
    chosen = tuple(places)
    match by:
        case By.SMELT:
            return replace(filters, by=by, smelt=chosen)
        case By.SMELT2:
            return replace(filters, by=by, smelt2=chosen)
        case By.CAST:
            return replace(filters, by=by, cast=chosen)
        case By.NONE | By.PRODUCT | By.COUNTRY:
            raise ValueError(f"placed: expected a split by smelt or cast, found {by}")


def amount_of(filters: Filters) -> Measure:
    """The measure in which the selection's figures add up: value where it is asked for, else volume."""
    return underlying(filters)


# -- names ----------------------------------------------------------------------------------------------------------


def is_watched(place: str, by: By, vocabulary: Reference) -> bool:
    """Whether a country of smelt or cast is on the watch list."""
    return place in watched(vocabulary.watch, by)


def place_name(place: str, by: By, vocabulary: Reference, *, words: bool = False) -> str:
    """A place of smelt or cast with the sign of the watch list, and with its words where there is room."""
    name = country_name(vocabulary, place)
    if place in SMELT_WORDS:
        return name.capitalize()
    if not is_watched(place, by, vocabulary):
        return name
    return f"{WATCH} {name}{WATCHED if words else ''}"


def remarks(place: str, by: By, vocabulary: Reference) -> str:
    """What the tables say of a place: watch list, no primary smelter (countries of smelt)."""
    if place in SMELT_WORDS:
        return UNNAMED_REMARKS[place]
    found = ["watch list"] if is_watched(place, by, vocabulary) else []
    if by is not By.CAST and place in vocabulary.countries:
        country = vocabulary.countries[place]
        if not country.smelter and country.smelter_year is not None:
            last = f", last in {country.last_smelted}" if country.last_smelted else ""
            found.append(f"no primary smelter in {country.smelter_year}{last}")
    return "; ".join(found)


def named(lines: Sequence[Line], by: By, vocabulary: Reference, *, narrow: bool) -> list[Line]:
    """Lines by the names of their places."""
    names = [place_name(line.member, by, vocabulary, words=not narrow) for line in lines]
    return [replace(line, member_label=name, label=name) for line, name in zip(lines, names, strict=True)]


# -- ranking --------------------------------------------------------------------------------------------------------


def ranking_card(id_: str, ask: Ask, latest: Latest, by: By) -> Card:
    """Places by their figure in the newest period; the table adds shares and remarks."""
    vocabulary = ask.statistics.vocabulary
    asked = replace(latest.filters, start=latest.start, end=latest.end, freq=latest.freq)
    released = ask.statistics.series(_ranked(ask, latest, asked, by))
    total = ask.statistics.series(asked).cells[-1]
    whole = selection_of(ask.statistics.series(placed(asked, by, getattr(ask.filters, by.value))))
    title = f"{whole}, {latest.words}: countries of {WORDS[by]}"
    lines = ranked(named(lines_of(released, vocabulary, members=everyone(released)), by, vocabulary, narrow=ask.narrow))
    nothing = not any(line.cells[0].value for line in lines) or everyone(released) in ([ALL], [""])
    if nothing and by is By.SMELT2 and latest.freq is Freq.QUARTER:
        return absent(id_)
    if nothing:
        return said(id_, title=title, summary=_none(ask, asked, by), empty=_instead(ask, by))
    rows = drawn(lines)
    figure = _grayed(ranking_figure(released, rows, narrow=ask.narrow), rows)
    table = _table(released, lines, total, latest, by=by, vocabulary=vocabulary)
    card = chart_card(
        id_,
        released,
        figure=figure,
        keys=(),
        table=table,
        extra=left_out_words(lines, rows, what="countries"),
        page=PAGE,
    )
    return retold(
        replace(card, rows=len(rows)),
        title=title,
        summary=ranking_words(lines, total, latest, by),
        link=latest.link,
        first=_notes(lines, by),
    )


def _notes(lines: Sequence[Line], by: By) -> tuple[str, ...]:
    notes = [WATCH_NOTE]
    if any(line.member in SMELT_WORDS for line in lines):
        notes.append(UNNAMED_NOTE)
    return (*notes, NEVER_ADDED) if by is By.SMELT2 else tuple(notes)


def _ranked(ask: Ask, latest: Latest, asked: Filters, by: By) -> Filters:
    """Unit values are those of the largest places: those of tiny shipments say nothing."""
    chosen = getattr(ask.filters, by.value)
    if asked.measure is Measure.AUV and not chosen:
        chosen = largest(ask, latest, by)
    return placed(asked, by, chosen)


def _none(ask: Ask, asked: Filters, by: By) -> str:
    """Why nothing is told by place: asked of two places that any selection could have."""
    released = ask.statistics.series(placed(asked, by, PROBE))
    whole = selection_of(ask.statistics.series(replace(asked, by=By.NONE)))
    return f"{whole}: {_why(released.cells)} by country of {WORDS[by]}."


def _why(cells: Sequence[Cell]) -> str:
    if any(cell.hidden for cell in cells):
        return "license data are none, or withheld so as not to disclose companies,"
    statuses = {cell.status.value for cell in cells if cell.value is None}
    for status, words in (
        ("withheld", "license data are withheld, so as not to disclose companies,"),
        ("not_yet", "license data are not yet published"),
        ("not_published", "license data are not published"),
        ("not_applicable", "there are no license data"),
    ):
        if status in statuses:
            return words
    return "license data of this time are not published"


def _instead(ask: Ask, by: By) -> str:
    if ALL not in ask.filters.countries:
        return (
            f"By origin and {WORDS[by]} together, license data are published by quarter, where no company would be "
            "disclosed. Of all countries of origin together they are published by month."
        )
    return "A coarser product, as a product group or all licensed products, may have figures."


def _grayed(figure: Figure, rows: Sequence[Line]) -> Figure:
    """Bars of places that are no country are gray."""
    figure["data"][0]["marker"]["color"] = [GRAY if line.member in SMELT_WORDS else BAR for line in rows]
    return figure


def _table(
    released: Released, lines: Sequence[Line], total: Cell, latest: Latest, *, by: By, vocabulary: Reference
) -> Table:
    rows = []
    for line in lines:
        cell = line.cells[0]
        share = fraction_of(cell, total) if _adds_up(released) else None
        marks = remarks(line.member, by, vocabulary)
        rows.append(
            Row(
                line.member_label,
                (
                    figure_cell(cell),
                    percent_cell(share, why="no share can be formed"),
                    TableCell(marks or "–", "words"),
                ),
            )
        )
    return Table(
        caption=f"{released.title}. {released.subtitle}.",
        row_header=f"Country of {WORDS[by]}",
        columns=(f"{latest.words} ({released.unit})", "Share (%)", "Remarks"),
        rows=tuple(rows),
        legend=legend([line.cells[0] for line in lines]),
    )


def _adds_up(released: Released) -> bool:
    return released.filters.measure in (Measure.VALUE, Measure.VOLUME)


def ranking_words(lines: Sequence[Line], total: Cell, latest: Latest, by: By) -> str:
    """The largest places, and those of the watch list, in one sentence."""
    known = [line for line in lines if line.cells[0].value]
    first = [f"{_bare(line)} ({amount(line.cells[0].value or 0, line.cells[0].measure)})" for line in known[:3]]
    most = {Measure.AUV: "the highest unit value", Measure.VALUE: "the most value", Measure.SHARE: "the largest share"}
    had = most.get(total.measure, "the most volume")
    words = f"In {latest.words} {had} by {WORDS[by]} was that of {_followed(first)}"
    watched = [line for line in known if line.member_label.startswith(WATCH)]
    shares = [fraction_of(line.cells[0], total) for line in watched]
    known_shares = [one for one in shares if one is not None]
    if watched and len(known_shares) == len(shares) and total.measure in (Measure.VALUE, Measure.VOLUME):
        share = sum(known_shares)
        words += f"; {listed([_bare(line) for line in watched])}, of the watch list, had {percent_words(share)}"
    cells = [line.cells[0] for line in lines if line.cells[0].status == "withheld"]
    for what, count in (
        ("withheld", sum(not cell.hidden for cell in cells)),
        ("none or withheld", sum(cell.hidden for cell in cells)),
    ):
        if count:
            words += f"; {count} {'is' if count == 1 else 'are'} {what}"
    return f"{words}."


def _followed(names: Sequence[str]) -> str:
    return f"{names[0]}, followed by {listed(names[1:])}" if len(names) > 1 else names[0]


def _bare(line: Line) -> str:
    return line.member_label.removeprefix(f"{WATCH} ").removesuffix(WATCHED)


# -- trend ----------------------------------------------------------------------------------------------------------


def trend_card(id_: str, ask: Ask, latest: Latest, by: By) -> Card:
    """The largest places of the newest period, or those chosen, over time."""
    vocabulary = ask.statistics.vocabulary
    filters = replace(latest.filters, freq=latest.freq)
    chosen = getattr(ask.filters, by.value)
    if not chosen or ALL in chosen:
        chosen = largest(ask, latest, by)
    title = f"{selection_of(ask.statistics.series(latest.filters))}: countries of {WORDS[by]} over time"
    if not chosen:
        return absent(id_)  # the ranking says why
    released = ask.statistics.series(placed(filters, by, chosen))
    members = _in_size(released, by)[:MAX_LINES]
    lines = named(lines_of(released, vocabulary, members=members), by, vocabulary, narrow=ask.narrow)
    if not any(line.has_figures for line in lines):
        return said(id_, title=title, summary=_none(ask, filters, by), empty=_instead(ask, by))
    given = getattr(ask.filters, by.value)
    shown = lines if given else lines[_towering(lines) :]
    figure = trend_figure(released, shown, narrow=ask.narrow)
    keys = trend_keys(shown, figure)
    card = chart_card(id_, released, figure=figure, keys=keys, table=data_table(released, lines), page=PAGE)
    more = (f"The chart draws the {MAX_LINES} largest of those chosen.",) if len(chosen) > len(members) else ()
    if len(shown) < len(lines):
        more = (
            f"{_bare(lines[0])} is not drawn, as its line would flatten all others: it is in the table and the files, "
            f"and is drawn where it is chosen as country of {WORDS[by]}.",
        )
    return retold(
        card, title=title, summary=_trend_words(lines, latest, by), link=latest.link, first=(*more, WATCH_NOTE)
    )


def _towering(lines: Sequence[Line]) -> int:
    """1 where the first line's newest whole figure is so far above the second's that it would flatten all others."""
    newest = [
        next((cell.value for cell in reversed(line.cells) if cell.value is not None and not cell.partial), 0) or 0
        for line in lines[:2]
    ]
    return int(len(lines) > 2 and newest[0] > TOWERING * newest[1] and lines[0].cells[0].measure is not Measure.AUV)


def largest(ask: Ask, latest: Latest, by: By, *, count: int = MAX_LINES) -> tuple[str, ...]:
    """Ids of the largest places of the newest period, by value where that is asked for, else by volume."""
    asked = replace(latest.filters, start=latest.start, end=latest.end, freq=latest.freq, by=by)
    measure = amount_of(asked)
    released = ask.statistics.series(replace(asked, measure=measure))
    cells = sorted((cell for cell in released.cells if cell.value), key=lambda cell: -(cell.value or 0))
    return tuple(one for cell in cells[:count] if (one := member_of(cell, by)) not in ("", ALL))


def _in_size(released: Released, by: By) -> list[str]:
    """Members by their newest published whole figure, the largest first."""
    newest: dict[str, float] = {}
    for cell in released.cells:
        if cell.value is not None and not cell.partial:
            newest[member_of(cell, by)] = cell.value
    return sorted(everyone(released), key=lambda one: -newest.get(one, -1))


def _trend_words(lines: Sequence[Line], latest: Latest, by: By) -> str:
    """What the largest place did on the same period of the year before, if both are published."""
    line = next(line for line in lines if line.has_figures)
    known = [cell for cell in line.cells if cell.value is not None and not cell.partial]
    if not known:
        return f"There is no whole period of {_bare(line)}."
    now = known[-1]
    words = (
        f"{_bare(line)} had {amount(now.value or 0, now.measure)} by {WORDS[by]} in "
        f"{period_words(now.period, latest.freq)}"
    )
    before = next((cell for cell in known if cell.period == _year_ago(now.period)), None)
    change = told_change(now, before, period_words(before.period, latest.freq)) if before else ""
    return f"{words}, {change}." if change else f"{words}."


def _year_ago(period: str) -> str:
    return f"{int(period[:4]) - 1}{period[4:]}"


# -- no country -----------------------------------------------------------------------------------------------------


def unnamed_card(id_: str, ask: Ask, latest: Latest) -> Card:
    """The share of metal whose smelt is "not applicable", and of that whose smelt is "unknown", each by month."""
    if latest.freq is Freq.QUARTER:
        return absent(id_)
    vocabulary = ask.statistics.vocabulary
    of = Of.VALUE if amount_of(latest.filters) is Measure.VALUE else Of.VOLUME
    filters = replace(latest.filters, freq=latest.freq, by=By.SMELT, smelt=SMELT_WORDS, measure=Measure.SHARE, of=of)
    released = ask.statistics.series(filters)
    whole = selection_of(ask.statistics.series(latest.filters))
    title = f"{whole}: share without a country of smelt, “not applicable” and “unknown”"
    lines = named(lines_of(released, vocabulary, members=SMELT_WORDS), By.SMELT, vocabulary, narrow=ask.narrow)
    lines = [line for line in lines if any(cell.value for cell in line.cells) or line.member == SMELT_WORDS[0]]
    if not any(line.has_figures for line in lines):
        return said(
            id_,
            title=title,
            summary=_none(ask, replace(latest.filters, freq=latest.freq), By.SMELT),
            empty=_instead(ask, By.SMELT),
        )
    figure = trend_figure(released, lines, narrow=ask.narrow)
    card = chart_card(
        id_,
        released,
        figure=figure,
        keys=trend_keys(lines, figure),
        table=data_table(released, lines),
        page=PAGE,
    )
    return retold(
        card,
        title=title,
        summary=unnamed_words(lines, latest),
        link=latest.link,
        first=(UNNAMED_NOTE, *_throughout(released)),
    )


def _throughout(released: Released) -> tuple[str, ...]:
    cells = [cell for cell in released.cells if cell.smelt == "unknown"]
    if any(cell.value for cell in cells) or not any(cell.value == 0 for cell in cells):
        return ()
    return ("“Unknown” is 0 in all published months of this selection and has no line.",)


def unnamed_words(lines: Sequence[Line], latest: Latest) -> str:
    """The newest share of "not applicable" against the mean of the three periods before."""
    cells = [cell for cell in lines[0].cells if not cell.partial and cell.status != "not_yet"]
    found = metal.jump([cell.value for cell in cells])
    if found is None or not cells:
        return "There are not four periods in a row of “not applicable” to compare."
    now, apart = found
    side = "above" if apart >= 0 else "below"
    return (
        f"In {period_words(cells[-1].period, latest.freq)} “not applicable” was {percent_words(now / 100)} of "
        f"{'customs value' if amount_of(latest.filters) is Measure.VALUE else 'the volume'}, "
        f"{abs(apart):.1f} percentage points {side} the mean of the three months before."
    )
