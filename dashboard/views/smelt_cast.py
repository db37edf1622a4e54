"""Smelt and cast: where the metal of imports was smelted and most recently cast, by license data."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash

from dashboard.components.tile import Tile
from dashboard.figures.lines import member_of
from dashboard.ids import SmeltCastId
from dashboard.views import base, flow_cards, metal_cards, signals
from dashboard.views.base import Ask, Message, Page, Services, Slot, View
from dashboard.views.flow_cards import Totals
from dashboard.views.metal_cards import NEVER_ADDED, PAGE, Latest, is_watched, of_licenses
from dashboard.views.telling import absent, percent_words, said
from dashboard.words import date_words
from data_access.filters import ALL, SMELT_WORDS, By, Freq, Measure, country_name, listed
from data_access.reference import Licensed
from data_access.serving.gate.released import Cell
from data_access.serving.parts import fraction_of, sum_of
from data_access.serving.periods import number, text
from data_access.serving.prose import amount

QUARTERLY = (
    "By origin together with smelt or cast, license data are published by quarter: rankings and trends of the chosen "
    "countries of origin are of quarters."
)


def draw(ask: Ask) -> Page:
    """The page of a selection; each card is of one dimension, and of the places chosen in it."""
    message = _unlicensed(ask)
    if message is not None or ask.statistics.info().license_off:
        return _without_licenses(ask, message)
    link = _link(ask)
    told, ask = _with_pairs(ask)
    latest = latest_of(ask, link)
    smelt = flow_cards.totals_of(ask, latest, By.SMELT)
    cast = flow_cards.totals_of(ask, latest, By.CAST)
    flows = {by: flow_cards.flows_of(ask, latest, by, totals) for by, totals in ((By.SMELT, smelt), (By.CAST, cast))}
    return Page(
        status=ask.filters.describe(ask.statistics.vocabulary),
        message=told,
        tiles=_tiles(ask, latest, smelt, cast),
        cards=(
            metal_cards.ranking_card(SmeltCastId.SMELT, ask, latest, By.SMELT),
            metal_cards.ranking_card(SmeltCastId.CAST, ask, latest, By.CAST),
            metal_cards.trend_card(SmeltCastId.SMELT_TREND, ask, latest, By.SMELT),
            metal_cards.trend_card(SmeltCastId.CAST_TREND, ask, latest, By.CAST),
            flow_cards.flow_card(SmeltCastId.SMELT_FLOW, ask, latest, flows[By.SMELT], smelt),
            flow_cards.flow_card(SmeltCastId.CAST_FLOW, ask, latest, flows[By.CAST], cast),
            signals.signals_card(SmeltCastId.SIGNALS, ask, latest, (flows[By.SMELT], smelt), (flows[By.CAST], cast)),
            metal_cards.unnamed_card(SmeltCastId.UNNAMED, ask, latest),
            metal_cards.ranking_card(SmeltCastId.SMELT2, ask, latest, By.SMELT2),
        ),
        notes=(NEVER_ADDED, *ask.statistics.series(latest.filters).notes),
    )


def _link(ask: Ask) -> str:
    query = ask.filters.to_query()
    return f"{PAGE}?{query}" if query else PAGE


def _without_licenses(ask: Ask, message: Message | None) -> Page:
    """The page where there is nothing to show: one card says why."""
    why = message.lines[0] if message else f"License data are not shown: {ask.statistics.info().license_off}."
    first, *others = [slot.id for slot in VIEW.cards]
    card = said(first, title="Smelt and cast", summary=why, empty="There is nothing to draw.")
    return Page(
        status=ask.filters.describe(ask.statistics.vocabulary),
        message=message,
        cards=(card, *(absent(id_) for id_ in others)),
        notes=ask.statistics.series(of_licenses(ask.filters)).notes,
    )


def _with_pairs(ask: Ask) -> tuple[Message | None, Ask]:
    """Countries of origin are chosen: the page is of them where any pair with smelt or cast is published, else of all
    countries of origin, and says so."""
    filters = of_licenses(ask.filters)
    if ALL in filters.countries:
        return None, ask
    for by in (By.SMELT, By.CAST):
        cells = ask.statistics.series(replace(filters, freq=Freq.QUARTER, by=by)).cells
        if any(cell.value for cell in cells if member_of(cell, by) not in ("", ALL)):
            return Message((QUARTERLY,)), ask
    names = listed([country_name(ask.statistics.vocabulary, id_) for id_ in filters.countries])
    lines = (
        f"How much metal from {names} was smelted or cast where is not told: by origin together with smelt or cast, "
        "license data are published by quarter, and of this selection no such figure can be shown: none, or withheld "
        "so as not to disclose companies.",
        "The page shows what is published in its place: all countries of origin.",
    )
    return Message(lines), replace(ask, filters=replace(ask.filters, countries=(ALL,)))


def latest_of(ask: Ask, link: str) -> Latest:
    """The newest whole month with a figure of the selection, or where it chooses countries of origin the newest
    quarter; the last of the range where there is none."""
    filters = of_licenses(ask.filters)
    freq = Freq.MONTH if ALL in filters.countries else Freq.QUARTER
    asked = replace(filters, freq=freq) if freq is Freq.MONTH else replace(filters, freq=freq, by=By.SMELT)
    cells = ask.statistics.series(asked).cells
    known = [
        cell.period
        for cell in cells
        if cell.value is not None and not cell.partial and (freq is Freq.MONTH or cell.smelt != ALL)
    ]
    period = max(known, default="")
    end = _end(period, freq) or filters.end or ""
    back = 0 if freq is Freq.MONTH else 2
    return Latest(
        filters=filters,
        freq=freq,
        start=text(number(end) - back),
        end=end,
        link=link,
    )


def _end(period: str, freq: Freq) -> str:
    if not period or freq is Freq.MONTH:
        return period
    return f"{period[:4]}-{3 * int(period[-1]):02d}"


def _unlicensed(ask: Ask) -> Message | None:
    products = ask.statistics.vocabulary.products
    if all(products[id_].licensed is Licensed.ALL for id_ in ask.filters.products):
        return None
    return Message(
        (
            "Smelt and cast are known from licenses alone, and some of these products need none: there are no such "
            "figures of them. Choose all licensed products or one of their groups.",
        )
    )


# -- headlines ------------------------------------------------------------------------------------------------------


def _tiles(ask: Ask, latest: Latest, smelt: Totals, cast: Totals) -> tuple[Tile, ...]:
    info = ask.statistics.info()
    if not smelt.total.value or ALL not in latest.filters.countries:
        return ()
    as_of = f"License records as of {date_words(info.license_as_of)}" if info.license_as_of else ""
    found = (_first(ask, latest, smelt, as_of), _watched(ask, latest, smelt, cast, as_of), _apart(latest, smelt, as_of))
    return tuple(tile for tile in found if tile is not None)


def _first(ask: Ask, latest: Latest, smelt: Totals, as_of: str) -> Tile | None:
    known = [(cell.value, place) for place, cell in smelt.metals.items() if cell.value and place not in SMELT_WORDS]
    if not known or not smelt.total.value:
        return None
    value, place = max(known)
    share = fraction_of(smelt.metals[place], smelt.total)
    of_total = "" if share is None else f", {percent_words(share)} of the total"
    return Tile(
        kind="license",
        heading=f"Largest country of smelt, {latest.words}",
        figure=country_name(ask.statistics.vocabulary, place),
        sentences=(f"{amount(value, smelt.total.measure)}{of_total}.",),
        as_of=as_of,
    )


def _least(total: float | None, measure: Measure, *, least: bool) -> str:
    """A sum that some members may be missing in; words where its figures are of several dates."""
    if total is None:
        return "Figures of several dates"
    return f"{'At least ' if least else ''}{amount(total, measure)}"


def _watched(ask: Ask, latest: Latest, smelt: Totals, cast: Totals, as_of: str) -> Tile:
    """Watch-list metal by smelt; a withheld country is told and left out of the figure, which is then a least one."""
    vocabulary = ask.statistics.vocabulary
    cells = _cells_of_watch(ask, smelt, By.SMELT)
    withheld = [place for place, cell in cells.items() if cell.value is None and not cell.hidden]
    hidden = [place for place, cell in cells.items() if cell.hidden]
    total = sum_of(tuple(cells.values()))
    told = [
        f"{country_name(vocabulary, place)} {amount(cell.value, cell.measure)}"
        for place, cell in cells.items()
        if cell.value
    ]
    by_cast = sum_of(tuple(_cells_of_watch(ask, cast, By.CAST).values()))
    sentences = [f"{listed(told)}." if told else "No published figure above 0."]
    if withheld:
        sentences.append(f"Withheld (D): {listed([country_name(vocabulary, place) for place in withheld])}.")
    if hidden:
        sentences.append(f"None or (D): {listed([country_name(vocabulary, place) for place in hidden])}.")
    if by_cast is not None:
        sentences.append(f"By most recent cast: {amount(by_cast, smelt.total.measure)} published.")
    return Tile(
        kind="license",
        heading=f"Smelted in watch-list countries, {latest.words}",
        figure=_least(total, smelt.total.measure, least=bool(withheld or hidden)),
        sentences=tuple(sentences),
        as_of=as_of,
    )


def _cells_of_watch(ask: Ask, totals: Totals, by: By) -> dict[str, Cell]:
    vocabulary = ask.statistics.vocabulary
    return {place: cell for place, cell in totals.metals.items() if is_watched(place, by, vocabulary)}


def _apart(latest: Latest, smelt: Totals, as_of: str) -> Tile | None:
    found = smelt.elsewhere
    if found is None:
        return None
    return Tile(
        kind="license",
        heading=f"Smelted elsewhere than it came from, {latest.words}",
        figure=f"{'' if found.exact else 'At least '}{percent_words(found.named_share)}",
        sentences=(
            "A lower bound, from the published totals by origin and by smelt.",
            f"Together with metal that has no country of smelt, at least {percent_words(found.share)}.",
        ),
        as_of=as_of,
    )


VIEW = View(
    name="smelt-cast",
    path=PAGE,
    label="Smelt and cast",
    heading="Where the metal was smelted and cast",
    lead="License data by country of largest smelt, second smelt and most recent cast: which metal comes from "
    "elsewhere than the product does.",
    ids=SmeltCastId,
    cards=(
        Slot(SmeltCastId.SMELT, half=True),
        Slot(SmeltCastId.CAST, half=True),
        Slot(SmeltCastId.SMELT_TREND),
        Slot(SmeltCastId.CAST_TREND),
        Slot(SmeltCastId.SMELT_FLOW, body=True),
        Slot(SmeltCastId.CAST_FLOW, body=True),
        Slot(SmeltCastId.SIGNALS, chart=False, body=True),
        Slot(SmeltCastId.UNNAMED, half=True),
        Slot(SmeltCastId.SMELT2, half=True),
    ),
    draw=draw,
    controls=("product", "country", "smelt", "cast", "from", "to", "measure", "of"),
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
