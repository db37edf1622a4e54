"""License and public: what license data foretell of public statistics, how a month builds up, what was revised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dash import Dash

from dashboard.components.tile import Tile
from dashboard.ids import CompareId
from dashboard.views import base, buildup_cards, compare_cards
from dashboard.views.base import Ask, Message, Page, Services, Slot, View
from dashboard.views.compare_cards import PAGE, Both
from dashboard.views.telling import percent_words, reason
from dashboard.words import date_words
from data_access.filters import By, Filters, Freq, Measure, Of, Series, Show, month_words, product_name
from data_access.reference import Licensed, Reference
from data_access.serving import coverage
from data_access.serving.prose import MINUS, amount

BOTH = (Series.PUBLIC, Series.LICENSE)
METAL_WORDS = (
    "Public statistics know no country of smelt or cast: all metal of the countries of origin is compared here."
)


def draw(ask: Ask) -> Page:
    """The page of a selection; both series of the same products, countries and months."""
    both = _both(ask)
    history = ask.statistics.history(both.released.filters)
    return Page(
        status=both.released.filters.describe(ask.statistics.vocabulary),
        message=_message(ask),
        tiles=_tiles(ask, both),
        cards=(
            compare_cards.trend_card(CompareId.TREND, ask, both),
            compare_cards.coverage_card(CompareId.COVERAGE, ask, both),
            compare_cards.versus_card(CompareId.PRODUCTS, ask, both, By.PRODUCT),
            compare_cards.versus_card(CompareId.COUNTRIES, ask, both, By.COUNTRY),
            buildup_cards.buildup_card(CompareId.BUILDUP, ask, both, history),
            buildup_cards.license_revisions_card(CompareId.LICENSE_REVISIONS, both, history),
            buildup_cards.public_revisions_card(CompareId.PUBLIC_REVISIONS, ask, both),
        ),
        notes=both.released.notes,
    )


def comparable(filters: Filters) -> Filters:
    """The selection that both series can answer: months, not split, of all smelt and cast; a share as what it is of."""
    measure = filters.measure
    if measure is Measure.SHARE:
        measure = Measure.VALUE if filters.of is Of.VALUE else Measure.VOLUME
    return replace(
        filters,
        smelt=(),
        smelt2=(),
        cast=(),
        freq=Freq.MONTH,
        measure=measure,
        of=Of.VOLUME,
        series=BOTH,
        by=By.NONE,
        across=By.NONE,
        show=Show.LEVEL,
        compare="",
        event="",
    )


def _both(ask: Ask) -> Both:
    released = ask.statistics.series(comparable(ask.filters))
    start = released.filters.start or ""
    # Means, bias and error reach back beyond the first month shown, so that it does not change them.
    earlier = replace(released.filters, start=coverage.first_needed(start)) if start else released.filters
    every = coverage.months_of(ask.statistics.series(earlier))
    months = tuple(month for month in every if month.period >= start)
    known = any(month.error is not None for month in months)
    query = ask.filters.to_query()
    return Both(
        released=released,
        months=months,
        fit=coverage.fit(every) if known else None,
        link=f"{PAGE}?{query}" if query else PAGE,
    )


def _message(ask: Ask) -> Message | None:
    """What cannot be compared, and why."""
    lines = [*_unlicensed(ask.filters, ask.statistics.vocabulary)]
    if ask.filters.smelt or ask.filters.smelt2 or ask.filters.cast:
        lines.append(METAL_WORDS)
    return Message(tuple(lines)) if lines else None


def _unlicensed(filters: Filters, vocabulary: Reference) -> list[str]:
    """A sentence on each product that has no license counterpart."""
    lines = []
    for id_ in filters.products:
        match vocabulary.products[id_].licensed:
            case Licensed.NONE:
                lines.append(
                    f"{product_name(vocabulary, id_)}: no license is needed, so there is no license figure to compare."
                )
            case Licensed.MIXED:
                lines.append(
                    f"{product_name(vocabulary, id_)} holds products that need no license, so license data have no "
                    f"such total; compare {product_name(vocabulary, 'aim').lower()} or one of their groups."
                )
            case Licensed.ALL:
                pass
    return lines


# -- headlines ------------------------------------------------------------------------------------------------------


def _tiles(ask: Ask, both: Both) -> tuple[Tile, ...]:
    info = ask.statistics.info()
    dates = [f"Census Bureau, through {month_words(info.public_as_of)}"] if info.public_as_of else []
    dates += [f"license records as of {date_words(info.license_as_of)}"] if info.license_as_of else []
    as_of = "; ".join(dates)
    return tuple(
        tile for tile in (_worth(both, as_of), _coverage(both, as_of), _error(both, as_of)) if tile is not None
    )


def _worth(both: Both, as_of: str) -> Tile | None:
    """The license months beyond public data: the newest whole one as it is, never scaled."""
    beyond = coverage.beyond(both.months)
    whole = [cell for cell in beyond if not cell.partial]
    if not whole:
        return _nothing_beyond(both, as_of)
    cell = whole[-1]
    trailing = coverage.last_trailing(both.months)
    sentences = [f"{month_words(cell.period)}, whole month, as licensed; no public figure covers it yet."]
    if trailing is not None and trailing.trailing is not None:
        sentences.append(
            f"Through {month_words(trailing.period)}, public statistics came to {percent_words(trailing.trailing)} of "
            "license data (12-month mean)."
        )
    sentences += [
        f"{month_words(one.period)}: {amount(one.value, one.measure)} so far."
        for one in beyond
        if one.partial and one.value is not None
    ]
    return Tile(
        kind="license",
        heading="License months beyond public statistics",
        figure=amount(cell.value or 0, cell.measure),
        sentences=tuple(sentences),
        as_of=as_of,
    )


def _nothing_beyond(both: Both, as_of: str) -> Tile | None:
    last = [month.license for month in both.months if month.public.value is None and month.license.value is None]
    why = reason(last[-1]) if last else "public statistics cover all of these months"
    return Tile(
        kind="license",
        heading="License months beyond public statistics",
        figure="None",
        sentences=(f"{why[0].upper()}{why[1:]}.",),
        as_of=as_of,
        muted=True,
    )


def _coverage(both: Both, as_of: str) -> Tile | None:
    known = [month for month in both.months if month.ratio is not None]
    if not known:
        return None
    last = known[-1]
    sentences: Sequence[str] = ("Public statistics as percent of license data, whole months alone.",)
    if last.trailing is not None:
        sentences = (*sentences, f"Mean of the last twelve months: {percent_words(last.trailing)}.")
    return Tile(
        kind="public",
        heading=f"Coverage, {month_words(last.period)}",
        figure=percent_words(last.ratio or 0),
        sentences=tuple(sentences),
        as_of=as_of,
    )


def _error(both: Both, as_of: str) -> Tile | None:
    fit = both.fit
    if fit is None:
        return None
    side = "below" if fit.bias < 0 else "above"
    return Tile(
        kind="combined",
        heading=f"License error, {month_words(fit.first)} to {month_words(fit.last)}",
        figure=f"{MINUS if fit.bias < 0 else '+'}{percent_words(abs(fit.bias))}",
        sentences=(
            f"Bias: license figures were {percent_words(abs(fit.bias))} {side} public ones, the mean of {fit.months} "
            "months.",
            f"Error: without sign they were {percent_words(fit.error)} apart.",
        ),
        as_of=as_of,
    )


VIEW = View(
    name="compare",
    path=PAGE,
    label="License and public",
    heading="License data and public statistics",
    lead="How far import licenses foretell public statistics for the same products, countries and whole months, what "
    "the newest license months say, and how figures were revised.",
    ids=CompareId,
    cards=(
        Slot(CompareId.TREND),
        Slot(CompareId.COVERAGE),
        Slot(CompareId.PRODUCTS),
        Slot(CompareId.COUNTRIES),
        Slot(CompareId.BUILDUP),
        Slot(CompareId.LICENSE_REVISIONS, chart=False),
        Slot(CompareId.PUBLIC_REVISIONS, chart=False),
    ),
    draw=draw,
    controls=("product", "country", "from", "to", "measure", "basis"),
)


def register(app: Dash, services: Services) -> None:
    """Register the view's callback."""
    base.register(app, services, VIEW)
