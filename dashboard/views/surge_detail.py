"""One flag in depth: its trend with the tests' figures drawn in, and what could explain it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import data_table
from dashboard.figures.lines import lines_of
from dashboard.figures.surge import draw_tests
from dashboard.figures.trend import trend_figure, trend_keys
from dashboard.graph import EMPTY
from dashboard.ids import SurgesId
from dashboard.views.base import Ask
from dashboard.views.surge_list import in_order, result_line
from data_access.filters import Filters, Measure, Series, month_words
from data_access.reference import Reference
from data_access.serving.periods import number, text
from data_access.serving.prose import amount
from data_access.serving.surges.flags import Flag, SurgeList
from data_access.serving.surges.rules import whole

MONTHS = 36
"""Months of the trend before the one tested."""


def trend_card(ask: Ask, found: SurgeList, flag: Flag) -> Card:
    """The trend of the flag's product and origin, with what its tests compare."""
    last = max(found.months.last, found.months.running or "")
    filters = Filters(
        products=flag.products,
        countries=(flag.country,),
        measure=flag.measure,
        basis=found.filters.basis,
        start=text(number(flag.month) - MONTHS),
        end=last,
    )
    released = ask.statistics.series(filters)
    lines = lines_of(released, ask.statistics.vocabulary)
    if not any(line.has_figures for line in lines):
        return chart_card(SurgesId.TREND, released, figure=EMPTY, keys=(), table=data_table(released, lines))
    figure = trend_figure(released, lines, narrow=ask.narrow)
    draw_tests(figure, lines, flag, narrow=ask.narrow)
    card = chart_card(
        SurgesId.TREND,
        released,
        figure=figure,
        keys=trend_keys(lines, figure),
        table=data_table(released, lines),
        extra=(
            "Shaded: the month tested. Red line: the mean of three months it is held against (R1). Dotted lines: means "
            "of the twelve months up to it and of the twelve before (R3).",
        ),
    )
    others = [one for one in found.flags if one is not flag]
    body = ask.render(
        "surge_detail.html",
        flag=flag,
        tests=[result_line(one) for one in in_order(flag)],
        checks=tuple(checks(flag, ask.statistics.vocabulary)),
        others=[(one.series, month_words(one.month), one.headline) for one in others],
    )
    return replace(card, title=f"{flag.product_name} from {flag.country_name}", summary=flag.headline, body=body)


def checks(flag: Flag, vocabulary: Reference) -> Iterator[tuple[str, str, str]]:
    """What could make a flag without a surge: the question, its answer (ruled out, possible, not known), and why."""
    yield _code_change(flag, vocabulary)
    base = amount(flag.base, flag.measure)
    if flag.new_supplier:
        yield "Thin base", "possible", "There were no imports before, so there is no growth rate at all."
    elif flag.thin:
        yield "Thin base", "possible", f"The mean it is held against, {base}, lies below the floor."
    else:
        yield "Thin base", "ruled out", f"The mean it is held against is {base}, at or above the floor."
    yield _cargo(flag)
    yield (
        "Month not whole",
        "ruled out",
        f"{month_words(flag.month)} is a whole month; months still running are not tested.",
    )
    if flag.series is Series.LICENSE:
        words = "Public statistics of this month are not there yet. Licenses may go unused, or arrive in another month."
        yield "Not confirmed by imports", "possible", words
    if flag.measure is Measure.VALUE:
        yield "Price", "possible", "No weights are reported, so a rise in price alone can make this flag."


def _code_change(flag: Flag, vocabulary: Reference) -> tuple[str, str, str]:
    told = [note for note in flag.notes if note.startswith("Code")]
    if told:
        return "Code change", "ruled out", told[0]
    if all(vocabulary.products[id_].is_code for id_ in flag.products):
        if any(vocabulary.products[id_].valid_from is None for id_ in flag.products):
            words = (
                "The tables do not give the first month of this code: no change of it is known, and none is ruled out."
            )
            return "Code change", "not known", words
        return "Code change", "ruled out", "No change of this code is known within the months of the tests."
    words = "The product holds whole code families: a code that was renamed, split or re-cut stays within it."
    return "Code change", "ruled out", words


def _cargo(flag: Flag) -> tuple[str, str, str]:
    year = [cell for cell in flag.trend if cell.series is Series.PUBLIC and cell.period < flag.month][-12:]
    known = [figure for cell in year if (figure := whole(cell)) is not None]
    if len(known) < len(year) or not known:
        return "A lone cargo", "not known", "Not all of the twelve months before are published."
    top, empty = max(known), sum(figure == 0 for figure in known)
    if empty:
        return "A lone cargo", "possible", f"No imports in {empty} of the {len(known)} public months before."
    if flag.value <= top:
        words = f"One of the {len(known)} public months before was as large: {amount(top, flag.measure)}."
        return "A lone cargo", "possible", words
    words = f"Imports in each of the {len(known)} public months before, at most {amount(top, flag.measure)}."
    return "A lone cargo", "ruled out", words
