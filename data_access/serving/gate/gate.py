"""The gate: the one place where cells of a release are picked and added, and where a `Released` is made.

A figure passes if it is a published cell, or arithmetic on published cells of one date (`as_of`) per month; else its
cell holds no figure and a status. Public figures pass the same way, so that no path goes around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap

import numpy as np

from data_access.filters import Basis, Filters, Measure, Of, Series, Show
from data_access.serving.cube.figures import (
    FROM_LICENSE,
    FROM_PUBLIC,
    HIDDEN,
    NO_DATE,
    NOT_APPLICABLE,
    PUBLISHED,
    STATUSES,
    WITHHELD,
    Figures,
    Flags,
    Integers,
    Ranks,
)
from data_access.serving.cube.license import Bounds, LicenseRow
from data_access.serving.gate._seal import SEAL
from data_access.serving.gate.released import Cell, Released, ReleaseInfo, Words
from data_access.serving.indicators import floor_of, underlying
from data_access.serving.periods import Period

UNITS = {Measure.VALUE: "US$", Measure.VOLUME: "t", Measure.AUV: "US$/t", Measure.SHARE: "%"}
PERCENT_CHANGE = "% on the year before"
POINTS = "percentage points on the year before"
INDEX = "index, first period of each line = 100"
KG_PER_TON = 1000
CHANGE_DECIMALS = 2
AUV_DECIMALS = 2
SHARE_DECIMALS = 4
SOURCES = {FROM_PUBLIC: "public", FROM_LICENSE: "license", FROM_PUBLIC | FROM_LICENSE: "public+license"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a member of an answer is called in its cells."""

    product: str
    country: str
    smelt: str | None = None
    smelt2: str | None = None
    cast: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One series of an answer: figures by member and period, the whole that shares are of, and which periods run.

    `ranges` maps member and period (positions) to the bounds of a single withheld cell, in US$ or kg as the measure is.
    """

    series: Series
    figures: Figures
    whole: Figures | None
    partial: Sequence[bool]
    ranges: Mapping[tuple[int, int], Bounds] = field(default_factory=dict)
    earlier: tuple[Figures, Figures | None] | None = None
    """Figures and whole of the same periods of the year before, where changes on them are asked for."""


def add(cells: Figures, *, counts: Flags | None = None) -> Figures:
    """The sum of cells (rows) in each month, one row.

    `counts` (same shape) leaves cells out where they are no part of the sum. The sum is published if all its cells are,
    and are of one date; cells of one month with several dates make it withheld.
    """
    counts = np.ones(cells.status.shape, np.bool_) if counts is None else counts
    if len(cells.status) == 1 and bool(counts.all()):
        return cells
    mixed = mixed_dates(cells, counts=counts)
    status = _worst(cells.status, counts, mixed)
    weight_status = _worst(cells.weight_status, counts, mixed)
    return Figures(
        value=_total(cells.value, counts, status),
        status=status,
        kg=_total(cells.kg, counts, weight_status),
        weighed=_total(cells.weighed, counts, weight_status),
        weight_status=weight_status,
        left_out=_total(cells.left_out, counts, weight_status),
        as_of=np.where(counts, cells.as_of, NO_DATE).min(axis=0, keepdims=True).astype(np.int16),
        source=cells.source.max(axis=0, keepdims=True),
    )


def mixed_dates(cells: Figures, *, counts: Flags) -> Flags:
    """In which months (one row) the counted cells are of more than one date."""
    dated = counts & (cells.as_of != NO_DATE)
    oldest = np.where(dated, cells.as_of, NO_DATE).min(axis=0, keepdims=True)
    newest = np.where(dated, cells.as_of, -1).max(axis=0, keepdims=True)
    mixed: Flags = (newest >= 0) & (oldest != newest)
    return mixed


def part_of(cells: Figures, whole: Figures) -> Figures:
    """Cells as parts of a whole (one row, or as many), month by month, fit for a quotient.

    A cell has the whole's status where that is worse, is withheld where the two are of different dates, and not
    applicable where one is public and the other license data.
    """
    dated = (cells.as_of != NO_DATE) & (whole.as_of != NO_DATE)
    apart = np.where(dated & (cells.as_of != whole.as_of), WITHHELD, PUBLISHED)
    apart = np.where(cells.source != whole.source, NOT_APPLICABLE, apart)

    def rank(own: Ranks, other: Ranks) -> Ranks:
        worst = np.maximum(own, other)
        ranks: Ranks = np.where(worst == PUBLISHED, apart, worst).astype(np.int8)
        return ranks

    return replace(
        cells,
        status=rank(cells.status, whole.status),
        weight_status=rank(cells.weight_status, whole.weight_status),
    )


def _worst(status: Ranks, counts: Flags, mixed: Flags) -> Ranks:
    worst: Ranks = np.where(counts, status, PUBLISHED).max(axis=0, keepdims=True).astype(np.int8)
    worst[mixed & (worst == PUBLISHED)] = WITHHELD
    worst[~counts.any(axis=0, keepdims=True)] = NOT_APPLICABLE
    return worst


def _total(figures: Integers, counts: Flags, status: Ranks) -> Integers:
    total = np.where(counts, figures, 0).sum(axis=0, keepdims=True)
    return np.where(status == PUBLISHED, total, 0)


def over(months: Figures, periods: Sequence[Period], first: int) -> Figures:
    """Figures of months, the first of them numbered `first`, added to periods.

    A period is published if all its months are, else it has the first of withheld, not_yet, not_published,
    not_reported, not_applicable; its date is the oldest of its months.
    """
    if all(period.first == period.last for period in periods):
        picked = [period.first - first for period in periods]
        return Figures(**{name: getattr(months, name)[:, picked] for name in Figures.__slots__})
    spans = [slice(period.first - first, period.last - first + 1) for period in periods]

    def total(figures: Integers, status: Ranks) -> Integers:
        sums = np.stack([figures[:, span].sum(axis=1) for span in spans], axis=1)
        return np.where(status == PUBLISHED, sums, 0)

    status = np.stack([months.status[:, span].max(axis=1) for span in spans], axis=1)
    weight_status = np.stack([months.weight_status[:, span].max(axis=1) for span in spans], axis=1)
    return Figures(
        value=total(months.value, status),
        status=status,
        kg=total(months.kg, weight_status),
        weighed=total(months.weighed, weight_status),
        weight_status=weight_status,
        left_out=total(months.left_out, weight_status),
        as_of=np.stack([months.as_of[:, span].min(axis=1) for span in spans], axis=1),
        source=np.stack([np.bitwise_or.reduce(months.source[:, span], axis=1) for span in spans], axis=1),
    )


def put(figures: Figures, row: int, column: int, cells: Sequence[LicenseRow], *, of: int) -> bool:
    """Put the sum of cells of a longer period in the place of a sum of months; gives whether that was done.

    A sum of several cells that is not published, or lacks some of the `of` cells, is no better than that of months.
    """
    if len(cells) < of or not cells:
        return False
    status = max(cell.status for cell in cells)
    if status == PUBLISHED and len({cell.as_of for cell in cells}) > 1:
        status = WITHHELD
    shown = status == PUBLISHED
    if not shown and figures.status[row, column] == PUBLISHED:
        return False
    figures.status[row, column] = figures.weight_status[row, column] = status
    value = sum(cell.value or 0 for cell in cells) if shown else 0
    figures.value[row, column] = figures.weighed[row, column] = value
    figures.kg[row, column] = sum(cell.kg or 0 for cell in cells) if shown else 0
    figures.as_of[row, column] = min(cell.as_of for cell in cells)
    return True


def apart(cells: Figures, whole: Figures, unlike: Flags) -> Figures:
    """Cells of periods as parts of a whole, withheld where marked: there the two are not of the same figures."""

    unlike = unlike & (whole.status == PUBLISHED)

    def rank(own: Ranks) -> Ranks:
        ranks: Ranks = np.where(unlike & (own == PUBLISHED), WITHHELD, own).astype(np.int8)
        return ranks

    return replace(cells, status=rank(cells.status), weight_status=rank(cells.weight_status))


def combine(public: Figures, license_: Figures, covered: Flags) -> Figures:
    """One of two series a month, and which: public figures where a pull covers the month, else license ones."""
    return Figures(
        **{name: np.where(covered, getattr(public, name), getattr(license_, name)) for name in Figures.__slots__}
    )


def release(
    info: ReleaseInfo,
    filters: Filters,
    *,
    labels: Sequence[Label],
    periods: Sequence[Period],
    dates: Sequence[str],
    parts: Sequence[Part],
    words: Callable[[tuple[Cell, ...]], Words],
) -> Released:
    """The answer to `filters` (months filled in): cells, and the words that `words` makes of them alone once read."""
    cells = tuple(cell for part in parts for cell in _cells(part, filters, labels, periods, dates))
    return Released(SEAL, release=info, filters=filters, unit=unit_of(filters), words=words, cells=cells)


def _cells(
    part: Part, filters: Filters, labels: Sequence[Label], periods: Sequence[Period], dates: Sequence[str]
) -> list[Cell]:
    values, ranks = _shown(part, filters)
    small = _thin(part.figures, filters).tolist() if filters.show is Show.LEVEL else None
    as_of, sources = part.figures.as_of.tolist(), part.figures.source.tolist()
    basis = None if part.series is Series.LICENSE else filters.basis
    unit = unit_of(filters)
    cells = []
    for member, label in enumerate(labels):
        rows = zip(periods, values[member], ranks[member], as_of[member], sources[member], strict=True)
        for column, (period, value, rank, date, source) in enumerate(rows):
            low, high = _range(part, filters.measure, rank, (member, column)) if rank == WITHHELD else (None, None)
            cells.append(
                Cell(
                    period.id,
                    label.product,
                    label.country,
                    label.smelt,
                    label.smelt2,
                    label.cast,
                    part.series,
                    _basis(basis, source),
                    filters.measure,
                    unit,
                    value if rank == PUBLISHED else None,
                    STATUSES[rank],
                    part.partial[column],
                    dates[date] if date < len(dates) else None,
                    SOURCES[source] if part.series is Series.COMBINED else None,
                    low,
                    high,
                    rank == HIDDEN,
                    small is not None and rank == PUBLISHED and small[member][column],
                )
            )
    return cells


def _range(part: Part, measure: Measure, rank: int, place: tuple[int, int]) -> tuple[float | None, float | None]:
    """The range of a withheld cell in the unit of the measure."""
    if rank != WITHHELD or place not in part.ranges:
        return None, None
    low, high = part.ranges[place]
    if measure is Measure.VALUE:
        return low, high
    return None if low is None else _tons(low), None if high is None else _tons(high)


def _basis(basis: Basis | None, source: int) -> Basis | None:
    """License figures have no basis, also where the combined series takes them."""
    return None if source == FROM_LICENSE else basis


Values = list[list[int | float]]


def unit_of(filters: Filters) -> str:
    """The unit of an answer's figures."""
    match filters.show:
        case Show.LEVEL:
            return UNITS[filters.measure]
        case Show.YOY:
            return POINTS if filters.measure is Measure.SHARE else PERCENT_CHANGE
        case Show.INDEX:
            return INDEX


def _shown(part: Part, filters: Filters) -> tuple[Values, list[list[int]]]:
    """Values as they are asked for: measured, as change on the year before, or as index."""
    values, ranks = _measured(part, filters)
    match filters.show:
        case Show.LEVEL:
            return values, ranks
        case Show.YOY:
            return _on_year(part, filters, values, ranks)
        case Show.INDEX:
            rows = [_index(*pair, part.partial) for pair in zip(values, ranks, strict=True)]
            return [row for row, _ in rows], [row for _, row in rows]


def _on_year(part: Part, filters: Filters, values: Values, ranks: list[list[int]]) -> tuple[Values, list[list[int]]]:
    """Changes on the same period of the year before: in percent, of shares in percentage points.

    A change has the worse status of the two figures; there is none of a period that is not whole, on zero or a base
    below the floor, or where the two are of different sources.
    """
    if part.earlier is None:
        raise ValueError("yoy: figures of the year before are missing")
    figures, whole = part.earlier
    before, other = _measured(replace(part, figures=figures, whole=whole), filters)
    untold = (part.figures.source != figures.source) | _thin(figures, filters) | np.array(part.partial)
    found: Values = []
    status: list[list[int]] = []
    for row, line in enumerate(values):
        rank = [max(pair) for pair in zip(ranks[row], other[row], strict=True)]
        numbers: list[int | float] = []
        for place, now in enumerate(line):
            base = before[row][place]
            is_share = filters.measure is Measure.SHARE
            if rank[place] == PUBLISHED and (untold[row, place] or (base <= 0 and not is_share)):
                rank[place] = NOT_APPLICABLE
            ok = rank[place] == PUBLISHED
            change = now - base if is_share else (now / base - 1) * 100 if ok else 0.0
            numbers.append(round(change, CHANGE_DECIMALS) if ok else 0.0)
        found.append(numbers)
        status.append(rank)
    return found, status


def _thin(figures: Figures, filters: Filters) -> Flags:
    """Where the volume or value behind a measure lies below the floor; means nothing of unpublished cells."""
    floor = floor_of(filters)
    small: Flags = figures.value < floor if underlying(filters) is Measure.VALUE else figures.kg < floor * KG_PER_TON
    return small


def _index(values: list[int | float], ranks: list[int], partial: Sequence[bool]) -> tuple[list[int | float], list[int]]:
    """A line with its first whole published figure other than 0 as 100; not applicable in periods not whole."""
    usable = [
        place for place, rank in enumerate(ranks) if rank == PUBLISHED and values[place] > 0 and not partial[place]
    ]
    status = [NOT_APPLICABLE if rank == PUBLISHED and partial[place] else rank for place, rank in enumerate(ranks)]
    if not usable:
        return [0.0] * len(values), [NOT_APPLICABLE if rank == PUBLISHED else rank for rank in status]
    base = values[usable[0]]
    return [round(value / base * 100, CHANGE_DECIMALS) for value in values], status


def _measured(part: Part, filters: Filters) -> tuple[Values, list[list[int]]]:
    """Values in the unit of the measure, and the rank of their status; values of unpublished cells mean nothing."""
    figures = part.figures
    match filters.measure:
        case Measure.VALUE:
            return figures.value.tolist(), figures.status.tolist()
        case Measure.VOLUME:
            tons = [[_tons(kg) for kg in row] for row in figures.kg.tolist()]
            return tons, figures.weight_status.tolist()
        case Measure.AUV:
            unit_values = [
                list(starmap(_auv, zip(*pair, strict=True)))
                for pair in zip(figures.weighed.tolist(), figures.kg.tolist(), strict=True)
            ]
            return unit_values, _divisible(figures.weight_status, figures.kg).tolist()
        case Measure.SHARE:
            return _shares(part, filters.of)


def _shares(part: Part, of: Of) -> tuple[Values, list[list[int]]]:
    if part.whole is None:
        raise ValueError("share: the whole it is of is missing")
    own, whole = part.figures, part.whole
    if of is Of.VALUE:
        upper, lower, status, other = own.value, whole.value, own.status, whole.status
    else:
        upper, lower, status, other = own.kg, whole.kg, own.weight_status, whole.weight_status
    ranks = np.maximum(status, np.broadcast_to(other, status.shape))
    lower = np.broadcast_to(lower, upper.shape)
    values = [
        list(starmap(_percent, zip(*pair, strict=True))) for pair in zip(upper.tolist(), lower.tolist(), strict=True)
    ]
    return values, _divisible(ranks, lower).tolist()


def _divisible(status: Ranks, divisor: Integers) -> Ranks:
    """There is no such figure where the divisor is zero."""
    return np.where((status == PUBLISHED) & (divisor == 0), NOT_APPLICABLE, status).astype(np.int8)


def _tons(kg: int) -> float:
    return kg / KG_PER_TON


def _auv(value: int, kg: int) -> float:
    return round(value * KG_PER_TON / kg, AUV_DECIMALS) if kg else 0.0


def _percent(part: int, whole: int) -> float:
    return round(part * 100 / whole, SHARE_DECIMALS) if whole else 0.0
