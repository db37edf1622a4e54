"""The cards of an event: who gained and lost with it, and what the change in customs value is made of."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from dashboard.components.card import Card, chart_card
from dashboard.components.table import MEMBER_HEADERS, Row, Table, TableCell
from dashboard.figures.lens import (
    contribution_figure,
    contribution_summary,
    shown_members,
    split_figure,
    split_rows,
    split_summary,
)
from dashboard.graph import Figure
from dashboard.views import telling
from dashboard.views.base import Ask
from dashboard.words import date_words
from data_access.filters import MEASURE_WORDS, By, Filters, Freq, Measure, Series, Show, span_words
from data_access.reference import Event
from data_access.serving.answer import permalink
from data_access.serving.gate.released import Released
from data_access.serving.lens import (
    KG,
    Contribution,
    Contributions,
    NoLens,
    Windows,
    contributions,
    value_split,
    windows,
)
from data_access.serving.prose import MINUS, THIN, percent
from data_access.serving.wording import BASIS_WORDS
from data_access.serving.wording import selection as selection_words

FAMILIES = "Ten-digit codes that succeed one another count as one, under the name of the first."
FILES = "The files hold the months of both sides."
PUBLIC_ONLY = "Before and after an event public statistics alone are compared; license data are not part of it."
SPLIT_NOTE = (
    "Volume: the change in weight at the average price before. Price: the weight of each code after, times the change "
    "in its unit value. Mix: the rest, the shift between dearer and cheaper codes. Codes that succeed one another "
    "count as one; a code of one side alone has no price change."
)


def lens_cards(ids: tuple[str, str, str], ask: Ask) -> tuple[Card, Card, Card]:
    """Contributions by country, by product, and the split of the change in value; absent without an event."""
    event = next((one for one in ask.statistics.vocabulary.events if one.id == ask.filters.event), None)
    if event is None:
        return telling.absent(ids[0]), telling.absent(ids[1]), telling.absent(ids[2])
    try:
        found = windows(ask.statistics.series, ask.filters, event)
    except NoLens as problem:
        said = telling.said(ids[0], title=_heading(event), summary=str(problem), empty=str(problem))
        return said, telling.absent(ids[1]), telling.absent(ids[2])
    return (
        _contribution_card(ids[0], ask, found, By.COUNTRY),
        _contribution_card(ids[1], ask, found, By.PRODUCT),
        _split_card(ids[2], ask, found),
    )


def _heading(event: Event) -> str:
    return f"Before and after {date_words(event.date)}: {event.label}"


def _contribution_card(id_: str, ask: Ask, found: Windows, by: By) -> Card:
    split = "by country" if by is By.COUNTRY else "by product"
    measured = MEASURE_WORDS[found.measure].lower()
    chosen = selection_words(ask.filters, ask.statistics.vocabulary)
    title = f"{chosen}: {measured} before and after {date_words(found.event.date)}, {split}"
    try:
        told = contributions(ask.statistics.series, ask.filters, found, by, ask.statistics.vocabulary)
    except NoLens as problem:
        return telling.said(id_, title=title, summary=str(problem), empty=str(problem))
    if len(told.members) < 2:
        return telling.absent(id_)
    families = (FAMILIES,) if any("+" in one.id for one in told.members) else ()
    card = _card(
        id_,
        ask,
        found,
        by,
        measure=found.measure,
        figure=contribution_figure(told, narrow=ask.narrow, half=by is By.PRODUCT),
        table=_contribution_table(told, title, _subtitle(ask, found, told.unit)),
    )
    return _told(
        card,
        ask,
        title=title,
        subtitle=_subtitle(ask, found, told.unit),
        summary=contribution_summary(told),
        notes=(*_notes(found), *families, FILES),
        rows=len(shown_members(told)),
    )


def _split_card(id_: str, ask: Ask, found: Windows) -> Card:
    chosen = selection_words(ask.filters, ask.statistics.vocabulary)
    title = f"{chosen}: change in customs value after {date_words(found.event.date)}, as volume, price and mix"
    try:
        split = ask.statistics.remember(
            ("value split", ask.filters),
            # It asks for some selections more than once.
            lambda now: value_split(cache(now.series), ask.filters, found, now.vocabulary),
        )
    except NoLens as problem:
        return telling.said(id_, title=title, summary=str(problem), empty=str(problem))
    subtitle = _subtitle(ask, found, "US$")
    rows = [*split_rows(split), ("Change in customs value", split.change)]
    table = Table(
        caption=f"{title}. {subtitle}.",
        row_header="Part",
        columns=("Change (US$)",),
        rows=tuple(Row(label, (TableCell(_signed(value)),)) for label, value in rows),
        legend=(),
    )
    figure = split_figure(split, narrow=ask.narrow, half=True)
    card = _card(id_, ask, found, By.PRODUCT, measure=Measure.VALUE, figure=figure, table=table)
    alone = ("One code alone, or codes that succeed one another: there is no mix.",) if split.mix is None else ()
    return _told(
        card,
        ask,
        title=title,
        subtitle=subtitle,
        summary=split_summary(split),
        notes=(*_notes(found), SPLIT_NOTE, *alone, FILES),
        rows=len(rows),
    )


def _card(id_: str, ask: Ask, found: Windows, by: By, *, measure: Measure, figure: Figure, table: Table) -> Card:
    """A card whose files hold the months of both sides."""
    return chart_card(id_, _months(ask, found, by, measure), figure=figure, keys=(), table=table)


def _months(ask: Ask, found: Windows, by: By, measure: Measure) -> Released:
    filters: Filters = replace(
        ask.filters,
        start=found.before[0],
        end=found.after[1],
        freq=Freq.MONTH,
        measure=measure,
        series=(Series.PUBLIC,),
        by=by,
        across=By.NONE,
        show=Show.LEVEL,
        compare="",
        smelt=(),
        smelt2=(),
        cast=(),
    )
    return ask.statistics.series(filters)


def _told(card: Card, ask: Ask, *, title: str, subtitle: str, summary: str, notes: tuple[str, ...], rows: int) -> Card:
    # The months' own notes on marks count cells that the card does not show.
    told = telling.retold(
        card, title=title, subtitle=subtitle, summary=summary, link=permalink(ask.filters), first=notes
    )
    return replace(told, rows=rows)


def _subtitle(ask: Ask, found: Windows, unit: str) -> str:
    words = "metric tons (t)" if unit == "t" else unit
    basis = f"{BASIS_WORDS[ask.filters.basis]}, public statistics"
    return f"{found.event.label}: {found.words()}; {words}; {basis}"


def _notes(found: Windows) -> tuple[str, ...]:
    event = found.event
    said = [f"{date_words(event.date)}: {event.text} ({event.source})"]
    if not found.whole_years:
        said.append(
            f"The {found.months} months on each side are of different seasons, so part of the change may be the season."
            if found.months > 1
            else "One month on each side: the change may be the season or a single ship."
        )
    said.append("The month of the event counts as the first one after it. What changed with it need not be its effect.")
    return (*said, PUBLIC_ONLY)


def _contribution_table(found: Contributions, title: str, subtitle: str) -> Table:
    """Members with both sides, the change, and shares of both sides; the rest and the total last."""
    rest = (found.rest,) if found.rest.before or found.rest.after else ()
    rows = [Row(one.label, _cells(found, one)) for one in (*found.members, *rest, found.total)]
    unit = found.unit
    before, after = (span_words(*span) for span in (found.windows.before, found.windows.after))
    return Table(
        caption=f"{title}. {subtitle}.",
        row_header=MEMBER_HEADERS[found.by],
        columns=(
            f"{before} ({unit})",
            f"{after} ({unit})",
            f"Change ({unit})",
            "Change in percent",
            "Share before",
            "Share after",
        ),
        rows=tuple(rows),
        legend=(),
    )


def _cells(found: Contributions, one: Contribution) -> tuple[TableCell, ...]:
    rate = TableCell(percent(one.change / one.before)) if one.before else TableCell("n/a", "status", "none before")
    shares = (found.share(one, after=False), found.share(one, after=True))
    return (
        TableCell(_digits(one.before, found.unit)),
        TableCell(_digits(one.after, found.unit)),
        TableCell(_signed(one.change, found.unit)),
        rate,
        *(TableCell("n/a" if share is None else f"{share:.1f}{THIN}%") for share in shares),
    )


def _digits(value: int, unit: str = "US$") -> str:
    return f"{value / KG:,.3f}" if unit == "t" else f"{value:,}"


def _signed(value: int, unit: str = "US$") -> str:
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{_digits(abs(value), unit)}"
