"""Signals of transshipment in license data: each with its reading, and what it does and does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Table
from dashboard.figures.lines import member_of
from dashboard.graph import EMPTY
from dashboard.views.base import Ask
from dashboard.views.flow_cards import DONE, Flows, Totals
from dashboard.views.metal_cards import PAGE, Latest, amount_of, is_watched, place_name
from dashboard.views.telling import absent, percent_words, retold, said, selection_of
from data_access.filters import ALL, SMELT_WORDS, By, Freq, Measure, Of, country_name, listed
from data_access.reference import Reference
from data_access.serving import metal
from data_access.serving.answers.cells import mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.metal import Elsewhere
from data_access.serving.periods import number, text
from data_access.serving.prose import FLAT, amount, period_words

UNALLOYED = "760110"
NAMED = 6
"""Countries that a reading names."""
NONE = "None"
NO_TABLE = Table(caption="", row_header="", columns=(), rows=(), legend=())


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal: its name, what the figures say, and what it means."""

    name: str
    reading: str
    meaning: str


def signals_card(id_: str, ask: Ask, latest: Latest, smelt: tuple[Flows, Totals], cast: tuple[Flows, Totals]) -> Card:
    """All signals of the selection as one table."""
    title = f"{selection_of(ask.statistics.series(latest.filters))}, {latest.words}: signals of transshipment"
    if ALL not in latest.filters.countries:
        return absent(id_)
    if not smelt[1].total.value:
        return said(
            id_,
            title=title,
            summary="Signals are worked out from monthly totals of all countries of origin.",
            empty="Choose “all countries” as country of origin, and a product with license data by country of smelt.",
        )
    found = signals(ask, latest, smelt, cast)
    card = chart_card(id_, smelt[1].released, figure=EMPTY, keys=(), table=NO_TABLE, page=PAGE)
    return retold(
        replace(card, table=None, body=ask.render("signals.html", signals=found)),
        title=title,
        subtitle=f"{smelt[1].released.subtitle.partition(';')[0]}; license data, of published figures alone",
        summary=_summary(found),
        link=latest.link,
        first=(
            "A signal is no finding: metal may be smelted elsewhere, remelted or shipped on for many reasons.",
            "The files hold the totals by country of smelt; other readings are of the answers named in their cards.",
        ),
    )


def signals(ask: Ask, latest: Latest, smelt: tuple[Flows, Totals], cast: tuple[Flows, Totals]) -> tuple[Signal, ...]:
    """The signals of a selection, those of volume first."""
    vocabulary = ask.statistics.vocabulary
    found = [
        _elsewhere(By.SMELT, smelt[1].elsewhere),
        _elsewhere(By.CAST, cast[1].elsewhere),
        _watched(By.SMELT, smelt[1], vocabulary),
        _watched(By.CAST, cast[1], vocabulary),
        _without_smelter(smelt[1], vocabulary),
        _first_countries(ask, latest, vocabulary),
        _first_pairs(smelt[0], vocabulary),
        _jump(ask, latest),
    ]
    return (*found, *_unalloyed(ask, latest))


def _elsewhere(by: By, found: Elsewhere | None) -> Signal:
    name = f"{DONE[by].capitalize()} elsewhere than it came from"
    if found is None:
        return Signal(name, "n/a", "The total is not published.")
    least = "" if found.exact else "At least "
    shown = found.exact or found.named_share >= FLAT
    return Signal(
        name,
        f"{least}{percent_words(found.named_share)}" if shown else "Not shown by the totals",
        "Metal with a named country other than its origin; a lower bound from published totals.",
    )


def _watched(by: By, totals: Totals, vocabulary: Reference) -> Signal:
    watched = [one.iso3 for one in vocabulary.watch if is_watched(one.iso3, by, vocabulary)]
    told = [
        f"{country_name(vocabulary, one)}: {_figure(totals.metals[one])}" for one in watched if one in totals.metals
    ]
    return Signal(
        f"{DONE[by].capitalize()} in a watch-list country",
        "; ".join(told) or "The watch list is empty",
        "Countries to whose metal other duties may apply (table watch.csv).",
    )


def _figure(cell: Cell) -> str:
    if cell.value is None:
        return mark(cell)[0]
    return amount(cell.value, cell.measure) if cell.value else "none"


def _without_smelter(totals: Totals, vocabulary: Reference) -> Signal:
    years = {one.smelter_year for one in vocabulary.countries if one.smelter_year is not None}
    found = [
        (place, cell)
        for place, cell in totals.metals.items()
        if place not in SMELT_WORDS
        and place in vocabulary.countries
        and vocabulary.countries[place].smelter_year is not None
        and not vocabulary.countries[place].smelter
        and cell.value
    ]
    return Signal(
        "Smelted in a country without a smelter",
        _listed(found, By.SMELT, vocabulary) if found else NONE,
        f"By the table of primary smelters of {max(years, default='')} (USGS Minerals Yearbook); smelters opened since "
        "then are not in it.",
    )


def _listed(found: Sequence[tuple[str, Cell]], by: By, vocabulary: Reference) -> str:
    ordered = sorted(found, key=lambda one: -(one[1].value or 0))
    names = [f"{place_name(place, by, vocabulary)} {amount(cell.value or 0, cell.measure)}" for place, cell in ordered]
    more = f"; {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more


def _first_countries(ask: Ask, latest: Latest, vocabulary: Reference) -> Signal:
    asked = replace(
        latest.filters,
        start=text(number(latest.end) - metal.PRIOR),
        end=latest.end,
        freq=Freq.MONTH,
        by=By.SMELT,
        measure=amount_of(latest.filters),
    )
    lines = _lines(ask.statistics.series(asked))
    found = [(place, cells[-1]) for place, cells in lines.items() if len(cells) > 1 and metal.is_first_seen(cells)]
    return Signal(
        "Country of smelt first seen",
        _listed(found, By.SMELT, vocabulary) if found else NONE,
        f"A figure in {latest.words}, and 0 in all published months of the two years before; one that was withheld "
        "before is not told.",
    )


def _lines(released: Released) -> dict[str, list[Cell]]:
    lines: dict[str, list[Cell]] = {}
    for cell in released.cells:
        place = member_of(cell, By.SMELT)
        if place not in ("", ALL, *SMELT_WORDS):
            lines.setdefault(place, []).append(cell)
    return lines


def _first_pairs(flows: Flows, vocabulary: Reference) -> Signal:
    name = "Pair of origin and smelt first seen"
    if not flows.quarter:
        return Signal(name, "n/a", "The table of origin by smelt has no figure that may be shown.")
    found = [
        f"{country_name(vocabulary, origin)} – {place_name(place, By.SMELT, vocabulary)}"
        for (origin, place), cells in flows.lines().items()
        if len(cells) > 1 and metal.is_first_seen(cells, per_year=4)
    ]
    return Signal(
        name,
        listed(found) if found else NONE,
        f"Of the pairs published for {period_words(flows.quarter, Freq.QUARTER)}: 0 in all published quarters of the "
        "two years before.",
    )


def _jump(ask: Ask, latest: Latest) -> Signal:
    name = "Jump in “not applicable”"
    found = metal.jump([cell.value for cell in _not_applicable(ask, latest)])
    if found is None:
        return Signal(name, "n/a", "Four months in a row are needed.")
    now, apart = found
    sign = "+" if apart >= 0 else "−"
    return Signal(
        name,
        f"{percent_words(now / 100)} of all metal, {sign}{abs(apart):.1f} points",
        "Share of metal said to be secondary alone, and its difference to the mean of the three months before.",
    )


def _not_applicable(ask: Ask, latest: Latest) -> tuple[Cell, ...]:
    of = Of.VALUE if amount_of(latest.filters) is Measure.VALUE else Of.VOLUME
    asked = replace(
        latest.filters,
        start=text(number(latest.end) - metal.BEFORE),
        end=latest.end,
        freq=Freq.MONTH,
        by=By.SMELT,
        smelt=SMELT_WORDS[:1],
        measure=Measure.SHARE,
        of=of,
    )
    return ask.statistics.series(asked).cells


def _unalloyed(ask: Ask, latest: Latest) -> tuple[Signal, ...]:
    """Unalloyed unwrought metal, where the selection holds it: it can be no secondary metal."""
    products = ask.statistics.vocabulary.products
    if not any(id_ in products.codes(one) for one in latest.filters.products for id_ in products.codes(UNALLOYED)):
        return ()
    asked = replace(
        latest.filters, products=(UNALLOYED,), start=latest.start, end=latest.end, measure=amount_of(latest.filters)
    )
    cell = ask.statistics.series(asked).cells[-1]
    reading = amount(cell.value, cell.measure) if cell.value is not None else "withheld or not published"
    return (
        Signal(
            "Unalloyed unwrought metal (HTS 7601.10)",
            reading,
            "It is primary metal, so “not applicable”, or a country without a smelter, would be implausible for it; "
            "license data by smelt are not published at this level. Other unwrought metal can be remelted scrap.",
        ),
    )


def _summary(found: Sequence[Signal]) -> str:
    """The first two readings, in one sentence."""
    told = [f"{one.name[0].lower()}{one.name[1:]}: {one.reading[0].lower()}{one.reading[1:]}" for one in found[:2]]
    return f"{len(found)} readings, among them {listed(told)}."
