"""The history of license figures: what each month was told to be, release by release, in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from data_access.filters import By, Filters, Freq, Measure, Of, Series, Show
from data_access.serving import notes as noting
from data_access.serving import wording
from data_access.serving.answer import periods_of
from data_access.serving.cube.figures import FROM_LICENSE, NOT_PUBLISHED, PUBLISHED, Figures, Flags, nothing
from data_access.serving.cube.layers import Layer
from data_access.serving.gate import gate
from data_access.serving.gate.released import Cell, Released, ReleaseInfo, Words
from data_access.serving.periods import Period, number, text
from data_access.serving.release import Snapshot
from data_access.serving.selection import members_of
from data_access.serving.series import Reader

PAGE = "/compare"
CLOSE_DAYS = 7
"""Days after a month's end from which its figures are those of the whole month (the usual close of a policy)."""


def asked(filters: Filters) -> Filters:
    """The selection that a history tells: months of license data, not split; shares as what they are of."""
    measure = filters.measure
    if measure is Measure.SHARE:
        measure = Measure.VALUE if filters.of is Of.VALUE else Measure.VOLUME
    return replace(
        filters, series=(Series.LICENSE,), freq=Freq.MONTH, by=By.NONE, across=By.NONE, show=Show.LEVEL, measure=measure
    )


class History:
    """One history in the making; `filters` have their months.

    A month has a cell for each date at which its figure was published, the oldest first, and last the one in force. A
    sum of several cells is formed only for dates at which all of them were published.
    """

    def __init__(self, snapshot: Snapshot, filters: Filters, info: ReleaseInfo) -> None:
        self._snapshot = snapshot
        self._filters = asked(filters)
        self._info = info
        self._months = periods_of(self._filters)
        span = (self._months[0].first, self._months[-1].last)
        self._reader = Reader(snapshot, self._filters, first=span[0], last=span[1])
        self._member = members_of(self._filters, snapshot.reference, span=span, seen={})[0]

    def released(self) -> Released:
        now = self._reader.license([self._member])
        earlier, places = self._earlier()
        periods, figures = _in_order(self._months, now, earlier, places)
        partial = [self._is_partial(period, int(day)) for period, day in zip(periods, figures.as_of[0], strict=True)]
        return gate.release(
            self._info,
            self._filters,
            labels=[self._member.label],
            periods=periods,
            dates=self._snapshot.dates,
            parts=[gate.Part(series=Series.LICENSE, figures=figures, whole=None, partial=partial)],
            words=self._words,
        )

    def _earlier(self) -> tuple[Figures, list[int]]:
        """Earlier figures of the selection (one row) and the month of each column, by month and date."""
        layers = self._snapshot.layers
        if layers is None or not self._reader.is_licensed(self._member.products):
            return nothing((1, 0), status=NOT_PUBLISHED, source=FROM_LICENSE), []
        keys = self._reader.keys(self._member)
        first, last = self._months[0].first, self._months[-1].last
        rows = [layers.of(key, first, last) for key, _ in keys]
        columns = sorted({(layer.month, layer.as_of) for row in rows for layer in row})
        counts = np.stack([belongs[[month - first for month, _ in columns]] for _, belongs in keys])
        total = _added(rows, columns, counts)
        shown = np.flatnonzero(total.status[0] == PUBLISHED)
        return _columns(total, shown.tolist()), [columns[place][0] for place in shown]

    def _is_partial(self, period: Period, day: int) -> bool:
        """Whether a figure of this date is one to date: its month is still running, or was then."""
        calendar = self._snapshot.license.calendar if self._snapshot.license else None
        if calendar is None or period.first in calendar.running:
            return calendar is not None
        return day < len(self._snapshot.dates) and self._snapshot.dates[day] < closes(period.id)

    def _words(self, cells: tuple[Cell, ...]) -> Words:
        filters, reference = self._filters, self._snapshot.reference
        title = f"{wording.title(filters, reference)}, as published over time"
        query = filters.to_query()
        link = f"{PAGE}?{query}"
        facts = noting.Facts(info=self._info, running=any(cell.partial and cell.value is not None for cell in cells))
        return Words(
            title=title,
            subtitle=wording.subtitle(filters),
            summary=_summary(cells),
            notes=noting.notes(filters, cells, facts),
            permalink=link,
            cite=noting.cite(title, self._info, link),
        )


def closes(month: str) -> str:
    """The day (YYYY-MM-DD) from which license figures of a month are those of the whole month."""
    after = number(month) + 1
    return (date(after // 12, after % 12 + 1, 1) + timedelta(days=CLOSE_DAYS - 1)).isoformat()


def _added(rows: Sequence[Sequence[Layer]], columns: Sequence[tuple[int, int]], counts: Flags) -> Figures:
    """The gate's sum of cells (rows) for each month and date; a cell without a figure of that date is not published."""
    cells = nothing((len(rows), len(columns)), status=NOT_PUBLISHED, source=FROM_LICENSE)
    place = {column: at for at, column in enumerate(columns)}
    for row, layers in enumerate(rows):
        for layer in layers:
            at = place[layer.month, layer.as_of]
            cells.status[row, at] = cells.weight_status[row, at] = PUBLISHED
            cells.value[row, at] = cells.weighed[row, at] = layer.value
            cells.kg[row, at] = layer.kg
            cells.as_of[row, at] = layer.as_of
    return gate.add(cells, counts=counts)


def _in_order(
    months: Sequence[Period], now: Figures, earlier: Figures, places: Sequence[int]
) -> tuple[list[Period], Figures]:
    """Earlier figures before the one in force, month by month, and the month of each column."""
    order: list[tuple[int, int, int]] = [(month, 0, at) for at, month in enumerate(places)]
    order += [(month.first, 1, len(places) + at) for at, month in enumerate(months)]
    order.sort()
    both = Figures(
        **{name: np.concatenate([getattr(earlier, name), getattr(now, name)], axis=1) for name in Figures.__slots__}
    )
    return [Period(text(month), month, month) for month, _, _ in order], _columns(both, [at for _, _, at in order])


def _columns(figures: Figures, places: list[int]) -> Figures:
    return Figures(**{name: getattr(figures, name)[:, places] for name in Figures.__slots__})


def _summary(cells: Sequence[Cell]) -> str:
    known = [cell for cell in cells if cell.value is not None]
    months = len({cell.period for cell in known})
    if not known:
        return "No license figure of this selection can be shown."
    return f"{len(known)} license figures of {months} months, each as of its own date."
