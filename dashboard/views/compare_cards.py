"""Cards of License and public: both series, how far one covers the other, and the newest license month against the mean
of three public ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Row, Table, TableCell, data_table, figure_cell
from dashboard.figures.coverage import Bar, coverage_figure, coverage_keys, drawn, versus_figure
from dashboard.figures.lines import lines_of, member_label
from dashboard.figures.trend import trend_figure, trend_keys
from dashboard.graph import EMPTY
from dashboard.views.base import Ask
from dashboard.views.telling import (
    absent,
    has_no_license_side,
    measure_of,
    months_words,
    percent_cell,
    percent_words,
    reason,
    retold,
    said,
    selection_of,
)
from data_access.filters import By, Filters, Measure, month_words
from data_access.serving import coverage
from data_access.serving.answers.cells import legend
from data_access.serving.coverage import Fit, Month, Outcome, Span, Versus
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import THIN, amount, percent

PAGE = "/compare"
RATIO_NOTE = (
    "Coverage: public ÷ license figure of whole months; the 12-month mean takes the months known among the last "
    f"twelve, at least {coverage.LEAST}."
)
ERROR_NOTE = (
    "Bias: mean of (license − public) ÷ public with its sign; error: mean of the same without sign (Hyndman and "
    "Koehler, 2006). Public figures are taken as they are now, after revisions."
)
BASIS_NOTE = (
    "A license is due at admission to a foreign-trade zone and at withdrawal from a warehouse, so license months match "
    "neither basis of public statistics exactly; not every license becomes an import."
)
TOLD_ABOVE = ("Months still running", "not reported", "Partial periods")
"""Notes of the first card, and of the page, that the others do not repeat."""
WHAT = {By.PRODUCT: "product", By.COUNTRY: "country of origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The answer that a page of both series is made of, its months, their bias and error, and the link to the page."""

    released: Released
    months: tuple[Month, ...]
    fit: Fit | None
    link: str

    @property
    def selection(self) -> str:
        """Products and countries in words, as the title of the answer has them."""
        return selection_of(self.released)


# -- both series, coverage ------------------------------------------------------------------------------------------


def trend_card(id_: str, ask: Ask, both: Both) -> Card:
    """Both series by month."""
    released = both.released
    lines = lines_of(released, ask.statistics.vocabulary)
    figure = trend_figure(released, lines, narrow=ask.narrow)
    card = chart_card(
        id_,
        released,
        figure=figure,
        keys=trend_keys(lines, figure),
        table=data_table(released, lines),
        page=PAGE,
    )
    return retold(card, title=f"{released.title}, license data and public statistics", link=both.link)


def coverage_card(id_: str, ask: Ask, both: Both) -> Card:
    """Public ÷ license by month, its trailing mean, bias and error."""
    released, months = both.released, both.months
    title = f"{both.selection}: public statistics as percent of license data"
    lines = lines_of(released, ask.statistics.vocabulary)
    if all(month.ratio is None for month in months):
        return said(id_, title=title, summary=_no_ratio(months), empty="There is no month to compare.")
    figure = coverage_figure(months, lines, narrow=ask.narrow)
    card = chart_card(id_, released, figure=figure, keys=coverage_keys(), table=_coverage_table(both), page=PAGE)
    return retold(
        card,
        title=title,
        subtitle=f"Percent of license {measure_of(released)}, whole months alone;{released.subtitle.partition(';')[2]}",
        summary=coverage_words(months, both.fit),
        link=both.link,
        first=(
            RATIO_NOTE,
            ERROR_NOTE,
            BASIS_NOTE,
            "The files hold the figures of both series that the ratios are made of.",
        ),
        drop=("License months and public months", *TOLD_ABOVE),
    )


def coverage_words(months: Sequence[Month], fit: Fit | None) -> str:
    """The newest ratio, its trailing mean, bias and error, in one sentence."""
    last = next(month for month in reversed(months) if month.ratio is not None)
    trailing = f"; the 12-month mean is {percent_words(last.trailing)}" if last.trailing is not None else ""
    words = f"In {month_words(last.period)} public statistics were {percent_words(last.ratio or 0)} of license data"
    return f"{words}{trailing}{f'; {fit_words(fit)}' if fit else ''}."


def fit_words(fit: Fit) -> str:
    """'over 12 months license figures were 3.6 % below public ones on average (bias), …'."""
    side = "below" if fit.bias < 0 else "above"
    return (
        f"over {fit.months} months license figures were {percent_words(abs(fit.bias))} {side} public ones on average "
        f"(bias), and {percent_words(fit.error)} off in size (error)"
    )


def _no_ratio(months: Sequence[Month]) -> str:
    reasons = dict.fromkeys(
        f"{name}: {reason(cell)}"
        for month in reversed(months)
        for name, cell in (("license data", month.license), ("public statistics", month.public))
        if cell.value is None
    )
    return f"No whole month has a figure of both series ({'; '.join(reasons)})."


def _coverage_table(both: Both) -> Table:
    rows = tuple(
        Row(
            month_words(month.period),
            (
                figure_cell(month.public),
                figure_cell(month.license),
                percent_cell(month.ratio, why=_why(month)),
                percent_cell(month.trailing, why="fewer than six of the twelve months have a ratio"),
                percent_cell(month.error, signed=True, why=_why(month)),
            ),
        )
        for month in reversed(both.months)
    )
    unit = both.released.unit
    return Table(
        caption=f"{both.released.title}, by series, with coverage and error.",
        row_header="Month",
        columns=(
            f"Public statistics ({unit})",
            f"License data ({unit})",
            "Public ÷ license (%)",
            "12-month mean (%)",
            "License error (%)",
        ),
        rows=rows,
        legend=legend(both.released.cells),
    )


def _why(month: Month) -> str:
    if month.license.partial and month.license.value is not None:
        return "the license month is not whole yet"
    missing = [cell for cell in (month.public, month.license) if cell.value is None]
    return "; ".join(f"{cell.series}: {reason(cell)}" for cell in missing)


# -- a license month on three public ones ---------------------------------------------------------------------------


def versus_card(id_: str, ask: Ask, both: Both, by: By) -> Card:
    """The newest whole license month against the mean of three public ones, member by member."""
    if has_no_license_side(both.released):
        return absent(id_)
    span = coverage.span_of(both.months)
    title = f"{both.selection}: license data against the three-month public mean, by {WHAT[by]}"
    if span is None:
        words = "There is no whole license month with three public months before it in this selection."
        return said(id_, title=title, summary=words, empty="Other months, or another selection, may have them.")
    total = coverage.versus(both.released, span, ask.filters.tests)[0]
    released = ask.statistics.series(_asked(both.released.filters, span, by))
    rows = _ordered(coverage.versus(released, span, ask.filters.tests))
    if len(rows) < 2:
        return absent(id_)
    named = [Bar(member_label(row.member, by, ask.statistics.vocabulary), row) for row in rows]
    bars = drawn(named)
    figure = versus_figure(bars, narrow=ask.narrow) if bars else EMPTY
    card = chart_card(
        id_,
        released,
        figure=figure,
        keys=(),
        table=_table(released, named, total, span, by),
        page=PAGE,
        api="/api/v1/versus",
    )
    return retold(
        replace(card, rows=len(bars), table_open=True),
        title=f"{both.selection}: license {measure_of(released)} in {month_words(span.license)} against the public "
        f"mean of {months_words(span.public)}, by {WHAT[by]}",
        subtitle=f"Change in percent, {measure_of(released)}; members in the order of their license figures",
        summary=_summary(total, named, span),
        link=both.link,
        first=_notes(released, named, bars, ask),
        drop=TOLD_ABOVE,
    )


def _asked(filters: Filters, span: Span, by: By) -> Filters:
    return replace(filters, start=span.public[0], end=span.license, by=by)


def _ordered(rows: Sequence[Versus]) -> list[Versus]:
    """By license figure, then those without; members of no trade at all are left out."""
    some = [row for row in rows if row.license.value or row.growth.mean or _is_withheld(row.license)]
    return sorted(some, key=lambda row: (row.license.value is None, -(row.license.value or 0), -(row.growth.mean or 0)))


def _is_withheld(cell: Cell) -> bool:
    return cell.status == "withheld" and not cell.hidden


def _table(released: Released, named: Sequence[Bar], total: Versus, span: Span, by: By) -> Table:
    unit = released.unit
    public = months_words(span.public)
    rows = [_row("The selection", total), *(_row(bar.name, bar.row) for bar in named)]
    used = [cell for bar in named for cell in (bar.row.license, *bar.row.public)]
    return Table(
        caption=f"License data for {month_words(span.license)} against the mean of public statistics {public}, "
        f"by {WHAT[by]}.",
        row_header={By.PRODUCT: "Product", By.COUNTRY: "Country of origin"}[by],
        columns=(
            f"License data, {month_words(span.license)} ({unit})",
            f"Public, mean of {public} ({unit})",
            "Change (%)",
        ),
        rows=tuple(rows),
        legend=legend(used),
    )


def _row(name: str, row: Versus) -> Row:
    growth = row.growth
    mean = (
        TableCell(f"{growth.mean:,.{0 if row.license.measure is Measure.VALUE else 3}f}")
        if growth.mean is not None
        else next(figure_cell(cell) for cell in row.public if cell.value is None)
    )
    match growth.outcome:
        case Outcome.CHANGE:
            change = percent_cell(growth.change, signed=True)
        case Outcome.THIN:
            change = TableCell("n/a (thin base)", "status", "the mean of the three months is below the floor")
        case Outcome.NEW:
            change = TableCell("n/a (no base)", "status", "nothing was imported in the three months before")
        case Outcome.MISSING:
            change = percent_cell(None, why="; ".join(reason(cell) for cell in row.missing[:1]))
    return Row(name, (figure_cell(row.license), mean, change))


def _summary(total: Versus, named: Sequence[Bar], span: Span) -> str:
    public = months_words(span.public)
    growth = total.growth
    words = f"Licenses for {month_words(span.license)} cannot be compared as a whole"
    if growth.change is not None and total.license.value is not None:
        words = (
            f"Licenses for {month_words(span.license)} came to {amount(total.license.value, total.license.measure)}, "
            f"{percent(growth.change)} on the mean of public statistics {public}"
        )
    changes = [(bar.row.growth.change, bar.name) for bar in named if bar.row.growth.change is not None]
    if not changes:
        return f"{words}; no row has both figures and a base that is not thin."
    if len(changes) < 2:
        return f"{words}."
    low, high = min(changes), max(changes)
    return f"{words}; the changes run from {percent(low[0])} ({low[1]}) to {percent(high[0])} ({high[1]})."


def _notes(released: Released, named: Sequence[Bar], bars: Sequence[Bar], ask: Ask) -> tuple[str, ...]:
    floor = coverage.floor_of(released.filters.measure, ask.filters.tests)
    notes = [
        "Change: license month ÷ mean of the three public months − 1, as in the Aluminum Association's monthly report; "
        "the month and the three are different seasons."
    ]
    if floor:
        least = f"{floor:,.0f}{THIN}{released.unit}"
        notes.append(
            f"Where the three-month mean is below {least} no change is told (n/a, thin base); parameter "
            f"{'floor' if released.filters.measure is Measure.VOLUME else 'floor_value'}."
        )
    if 0 < len(bars) < len(named):
        notes.append(f"The chart shows {len(bars)} of {len(named)} rows; the table holds all.")
    return tuple(notes)
