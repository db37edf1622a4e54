"""Cards on how figures came to be: the build-up of the running license month, and revisions of both series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dashboard.components.card import Card, chart_card, table_card
from dashboard.components.table import Row, Table, TableCell, figure_cell
from dashboard.figures.buildup import buildup_figure, buildup_keys, drawn_months
from dashboard.views.base import Ask
from dashboard.views.compare_cards import PAGE, TOLD_ABOVE, Both
from dashboard.views.telling import absent, has_no_license_side, percent_cell, percent_words, retold, said
from dashboard.words import date_words
from data_access.filters import BadQuery, Filters, Series, listed, month_words
from data_access.serving import coverage
from data_access.serving.answers.cells import legend
from data_access.serving.coverage import Point, Revision, SameDay, Vintage
from data_access.serving.gate.released import Released
from data_access.serving.prose import amount
from data_access.serving.statistics import Statistics

WEEK_NOTE = (
    "Weeks are whole weeks from the month's first day to the date of the figure. Releases of different months fall on "
    "different days of the month, so figures of the same week can be up to six days apart; the sentence above compares "
    "figures of the same day."
)
MAX_VINTAGES = 3
"""Public months whose first releases are asked for what they had."""
TO_DATE_NOTE = (
    "Figures of a running month are compared with figures to date of earlier months, never with whole months."
)


# -- build-up -------------------------------------------------------------------------------------------------------


def buildup_card(id_: str, ask: Ask, both: Both, history: Released) -> Card:
    """The running month week by week, against earlier months."""
    title = f"{both.selection}: license data of the running month, week by week"
    if has_no_license_side(both.released):
        return absent(id_)
    build = coverage.build_up(history)
    same = coverage.same_day(build)
    if same is None:
        words = "No month of this selection has license figures to date."
        return said(id_, title=title, summary=words, empty="Weekly figures are of the total, product groups and the "
                    "larger countries; a selection that ends with an earlier month has none.")  # fmt: skip
    figure = buildup_figure(history, build, same, narrow=ask.narrow)
    table = _table(history, build, same)
    card = chart_card(id_, history, figure=figure, keys=buildup_keys(figure), table=table, page=PAGE)
    return retold(
        card,
        title=f"{both.selection}: license data for {month_words(same.month)}, week by week, and earlier months",
        subtitle=f"{history.subtitle.partition(';')[0]}; licenses by expected month of import; to date, by whole weeks "
        "since the month's first day",
        summary=buildup_words(same),
        link=both.link,
        first=(
            WEEK_NOTE,
            *same_day_note(same),
            TO_DATE_NOTE,
            "Figures of each week are those that this release's history holds; the files hold the figure in force for "
            "each month.",
        ),
        drop=TOLD_ABOVE,
    )


def buildup_words(same: SameDay) -> str:
    """What the running month has come to, against the same day of earlier months."""
    cell = same.point.cell
    words = (
        f"As of {date_words(cell.as_of or '')} licenses for {month_words(same.month)} stood at "
        f"{amount(same.point.value, cell.measure)}"
    )
    mean = same.mean
    if not mean:
        return f"{words}; the release holds no figures of an earlier month on both sides of that day."
    apart = same.point.value / mean - 1
    months = listed([month_words(month) for month in same.earlier])
    side = "above" if apart >= 0 else "below"
    kind = "the mean of" if len(same.earlier) > 1 else "that of"
    return (
        f"{words}, {percent_words(abs(apart))} {side} {kind} the same day of {months} ({amount(mean, cell.measure)})."
    )


def same_day_note(same: SameDay) -> tuple[str, ...]:
    """Which earlier months have no figure of the day itself, and what stands for it."""
    if not same.interpolated:
        return ()
    months = listed([month_words(month) for month in same.interpolated])
    return (
        f"Of {months} there is no figure of the same day: the sentence compares with the straight line between the "
        "figures before and after it.",
    )


def _table(history: Released, build: Mapping[str, Sequence[Point]], same: SameDay) -> Table:
    months = drawn_months(build, same)[::-1]
    weeks = sorted({point.week for month in months for point in build[month]})
    at = {(month, point.week): point for month in months for point in build[month]}
    rows = tuple(
        Row(f"Week {week}", tuple(_point_cell(at.get((month, week)), month, same) for month in months))
        for week in weeks
    )
    return Table(
        caption=f"License data by whole weeks since the month's first day ({history.unit}).",
        row_header="Week",
        columns=tuple(f"{month_words(month)} ({history.unit})" for month in months),
        rows=rows,
        legend=(),
    )


def _point_cell(point: Point | None, month: str, same: SameDay) -> TableCell:
    if point is not None:
        return figure_cell(point.cell)
    if month == same.month:
        return TableCell("not yet", "status", "the month has not come to this week, or no figure was published in it")
    return TableCell("n/a", "status", "the history holds no figure of this week")


# -- revisions ------------------------------------------------------------------------------------------------------


def license_revisions_card(id_: str, both: Both, history: Released) -> Card:
    """License months whose whole figure was revised, at the latest when they became final."""
    if has_no_license_side(both.released):
        return absent(id_)
    title = f"{both.selection}: revisions of license data"
    found = coverage.license_revisions(history)
    whole = {cell.period for cell in history.cells if cell.value is not None and not cell.partial}
    if not found:
        words = f"None of {len(whole)} whole months has another figure than the one first published."
        return said(id_, title=title, summary=words if whole else "There is no whole license month.",
                    empty="A month is closed about a week after its end, and final about eleven weeks after it, when "
                    "every license is used, cancelled or expired.")  # fmt: skip
    table = _revisions(found, history, "First whole figure", "as of")
    card = table_card(id_, history, table=table, title=title)
    return retold(
        card,
        summary=_revision_words(found, of=len(whole), what="whole license months"),
        link=both.link,
        drop=TOLD_ABOVE,
        first=("A month is closed about a week after its end and final about eleven weeks after it; between the two, "
               "licenses are used, corrected, cancelled or expire.",),
    )  # fmt: skip


def public_revisions_card(id_: str, ask: Ask, both: Both) -> Card:
    """Public months that earlier releases of the directory had otherwise."""
    title = f"{both.selection}: revisions of public statistics"
    earlier = _earlier(ask, both)
    months = [month.period for month in both.months if month.public.value is not None]
    found = coverage.public_revisions(earlier, both.released)
    if not found:
        first = date_words((earlier[0].release.published or "")[:10]) if earlier else ""
        words = (
            f"None of {len(months)} public months differs from earlier releases, the first of {first}."
            if earlier
            else "There is no earlier release to compare with."
        )
        return said(id_, title=title, summary=words, empty="The Census Bureau revises months when late transactions "
                    "arrive, and each June three years back.")  # fmt: skip
    table = _revisions(found, both.released, "First figure here", "release of")
    card = table_card(id_, both.released, table=table, title=title)
    return retold(
        card,
        summary=_revision_words(found, of=len(months), what="public months"),
        link=both.link,
        drop=("License months and public months", *TOLD_ABOVE),
        first=(
            f"Compared with {len(earlier)} earlier releases of this monitor; months first published before them may "
            "have been revised already.",
        ),
    )


def _earlier(ask: Ask, both: Both) -> list[Vintage]:
    """The same question to earlier releases, the oldest first; one that lacks a product or country is left out."""
    filters = replace(both.released.filters, series=(Series.PUBLIC,))
    found = ask.statistics.remember(
        ("earlier", filters), lambda now: list(_answers(now, filters)), keep=lambda answers: None not in answers
    )
    return [vintage for vintage in found if vintage]


def _answers(statistics: Statistics, filters: Filters) -> Iterator[Vintage | None]:
    """Of releases with the same public month the oldest, of at most `MAX_VINTAGES` months; None for one that cannot be
    opened."""
    oldest: dict[str | None, str] = {}
    for one in statistics.log()[1:]:
        oldest[one.public_as_of] = one.id
    for release in reversed(list(oldest.values())[:MAX_VINTAGES]):
        try:
            released = statistics.at(release).series(filters)
            yield Vintage(released.release, released.cells)  # an answer as a whole would hold all of its release
        except KeyError:
            yield None
        except BadQuery:
            continue


def _revisions(found: Sequence[Revision], released: Released, first: str, since: str) -> Table:
    unit = released.unit
    rows = tuple(
        Row(
            month_words(one.period),
            (
                figure_cell(one.first),
                TableCell(date_words(one.first_from)),
                figure_cell(one.now),
                TableCell(_as_of(one)),
                percent_cell(one.change, signed=True, why="the first figure was 0"),
            ),
        )
        for one in found
    )
    return Table(
        caption=f"{released.title}: months whose figure changed.",
        row_header="Month",
        columns=(f"{first} ({unit})", since, f"In force ({unit})", "as of", "Change (%)"),
        rows=rows,
        legend=legend([cell for one in found for cell in (one.first, one.now)]),
    )


def _as_of(one: Revision) -> str:
    date = one.now.as_of or ""
    return month_words(date) if one.now.series is Series.PUBLIC and len(date) == 7 else date_words(date)


def _revision_words(found: Sequence[Revision], *, of: int, what: str) -> str:
    known = [one for one in found if one.change is not None]
    have = "has" if len(found) == 1 else "have"
    words = f"{len(found)} of {of} {what} {have} another figure than the one first published"
    if not known:
        return f"{words}."
    largest = max(known, key=lambda one: abs(one.change or 0))
    return f"{words}; the largest change is that of {month_words(largest.period)}: {_signed(largest.change or 0)}."


def _signed(change: float) -> str:
    return f"{'+' if change > 0 else ''}{percent_words(change, 2)}"
