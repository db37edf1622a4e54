"""What the surge tests measure in a selection, worked out once: thresholds are applied after, and change none of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from data_access.filters import ALL, DEFAULTS, Filters, Measure, Series
from data_access.serving import indicators as ind
from data_access.serving.gate.released import Cell
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics
from data_access.serving.surges.lines import Cells, Months, months_of, read
from data_access.serving.surges.rules import (
    LONGEST,
    History,
    Outcome,
    Result,
    against,
    held_against,
    is_flagged,
    price_result,
    whole,
    z_result,
)
from data_access.serving.surges.units import Unit, units_of
from data_access.thresholds import Thresholds

FIRST_PASS = 25
"""Months that the rule itself needs: 24 before the one tested."""
TREND = 24
"""Months of a flag's small trend."""
USUAL = DEFAULTS.tests


@dataclass(frozen=True, slots=True)
class Line:
    """One product from one origin in a month of a series, and what the tests but Z and P say of it."""

    unit: Unit
    measure: Measure
    country: str
    series: Series
    outcome: Outcome

    @property
    def key(self) -> tuple[str, str, Series, str]:
        """What tells it from other lines: product, origin, series, month."""
        return self.unit.id, self.country, self.series, self.outcome.month


@dataclass(frozen=True, slots=True)
class Rest:
    """What a line has only if it is a flag: Z and P, which need more months and unit values, and its small trend."""

    z: Result
    p: Result
    trend: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """All lines of a selection, held against the usual thresholds, and of those flagged so far the rest."""

    months: Months
    lines: tuple[Line, ...]
    rest: dict[tuple[str, str, Series, str], Rest] = field(default_factory=dict)


def tested(statistics: Statistics, filters: Filters) -> Tested:
    """The lines of a selection, of its products at `filters.detail`, by origin; raises BadQuery for an unknown id."""
    asked = selection(filters)
    return statistics.remember(("surge tests", asked), lambda pinned: _tested(pinned, asked))


def selection(filters: Filters) -> Filters:
    """What of a selection the tests depend on."""
    return Filters(
        products=filters.products,
        countries=filters.countries,
        series=filters.series,
        basis=filters.basis,
        detail=filters.detail,
        end=filters.end,
    )


def flagged(found: Tested, thresholds: Thresholds) -> list[Line]:
    """The lines that these thresholds flag."""
    return [
        line for line in found.lines if is_flagged(line.outcome, thresholds, floor=floor_of(thresholds, line.measure))
    ]


def floor_of(thresholds: Thresholds, measure: Measure) -> float:
    """The least figure, in t or US$."""
    return thresholds.floor if measure is Measure.VOLUME else thresholds.floor_value


def completed(
    statistics: Statistics, filters: Filters, found: Tested, lines: Sequence[Line]
) -> Iterator[tuple[Line, tuple[Cell, ...]]]:
    """Lines with Z and P, all held against the thresholds of the selection, and their trends."""
    missing: dict[Unit, list[Line]] = {}
    for line in lines:
        if line.key not in found.rest:
            missing.setdefault(line.unit, []).append(line)
    for unit, own in missing.items():
        found.rest.update(_Tester(statistics, filters, found.months, unit).rest(own))
    for line in lines:
        rest = found.rest[line.key]
        measured = {one.id: one for one in (*line.outcome.results, rest.z, rest.p)}
        results = tuple(against(one, filters.tests) for one in measured.values())
        yield replace(line, outcome=replace(line.outcome, results=results)), rest.trend


def _tested(statistics: Statistics, filters: Filters) -> Tested:
    months = months_of(statistics, filters)
    if not months.last:
        return Tested(months, ())
    since = text(number(months.last) - LONGEST + 1)
    units = units_of(statistics.vocabulary, filters, since=since)
    return Tested(months, tuple(line for unit in units for line in _Tester(statistics, filters, months, unit).lines()))


class _Tester:
    """Tests one product: all origins with what the rule needs, then those flagged with all the rest."""

    def __init__(self, statistics: Statistics, filters: Filters, months: Months, unit: Unit) -> None:
        self._statistics = statistics
        self._filters = filters
        self._months = months
        self._unit = unit
        self._public = months.public or statistics.info().public_as_of or ""
        self._last = number(months.last)

    def lines(self) -> Iterator[Line]:
        """Each origin and series in the months of the list."""
        first = self._last - FIRST_PASS + 1 - len(self._months.license)
        of_all = self._read(Measure.VOLUME, first, (ALL,))
        measure = Measure.VOLUME if _is_weighed(of_all) else Measure.VALUE
        if measure is Measure.VALUE:
            of_all = self._read(measure, first, (ALL,))
        cells = self._read(measure, first)
        for country, series in cells:
            tested_months = [self._months.public] if series is Series.PUBLIC else self._months.license
            for month in filter(None, tested_months):
                history = _history(cells, of_all, country, series, public=self._public, month=month)
                outcome = held_against(history, USUAL)
                if outcome:
                    yield Line(self._unit, measure, country, series, outcome)

    def _read(self, measure: Measure, first: int, countries: Sequence[str] | None = None) -> Cells:
        return read(
            self._statistics,
            self._filters,
            self._unit,
            measure=measure,
            first=first,
            last=self._last,
            countries=countries,
        )

    def rest(self, lines: Sequence[Line]) -> Iterator[tuple[tuple[str, str, Series, str], Rest]]:
        """Z, P and trend of lines of the product, by their keys."""
        countries = tuple(dict.fromkeys(line.country for line in lines))
        cells = self._read(lines[0].measure, self._last - LONGEST + 1 - len(self._months.license), countries)
        first = self._last - ind.YEAR - len(self._months.license)
        auv = [self._read(Measure.AUV, first, places) for places in (countries, (ALL,))]
        weight = [self._read(Measure.VOLUME, first, places) for places in (countries, (ALL,))]
        for line in lines:
            month = line.outcome.month
            own = [_joined(part[0], line.country, line.series, public=self._public) for part in (auv, weight)]
            all_ = [_joined(part[1], ALL, line.series, public=self._public) for part in (auv, weight)]
            ratios = _ratios(*own, *all_)
            own_auv = _until(own[0], month)
            yield (
                line.key,
                Rest(
                    z=z_result(_until(_joined(cells, line.country, line.series, public=self._public), month), USUAL),
                    p=price_result(ratios[: len(own_auv)], own_auv, USUAL),
                    trend=_trend(cells, line.country, line.series, public=self._public, month=month),
                ),
            )


def _is_weighed(of_all: Cells) -> bool:
    """Whether the public series of all origins has weights."""
    return any(cell.value is not None for cell in of_all.get((ALL, Series.PUBLIC), ()))


def _joined(cells: Cells, country: str, series: Series, *, public: str) -> tuple[Cell, ...]:
    """The months of a series; of licenses, public figures in the months that they cover, which replace license data
    there (19 CFR 361.104)."""
    line = cells.get((country, series), ())
    if series is Series.PUBLIC:
        return line
    past = {cell.period: cell for cell in cells.get((country, Series.PUBLIC), ()) if cell.period <= public}
    return tuple(past.get(cell.period, cell) for cell in line)


def _history(cells: Cells, of_all: Cells, country: str, series: Series, *, public: str, month: str) -> History:
    compared = _until(cells.get((country, Series.PUBLIC), ()), public)
    total = {cell.period: cell for cell in of_all.get((ALL, series), ())}
    return History(
        own=_until(_joined(cells, country, series, public=public), month),
        compared=compared[:-1] if series is Series.PUBLIC else compared,
        of_all=total.get(month),
    )


def _until(cells: Sequence[Cell], month: str) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if cell.period <= month)


def _ratios(
    auv: Sequence[Cell], weight: Sequence[Cell], auv_of_all: Sequence[Cell], weight_of_all: Sequence[Cell]
) -> list[ind.Figure]:
    """The price ratio of each month; None where figures are missing or of different dates."""
    return [
        ind.price_ratio(auv=whole(own[0]), weight=whole(own[1]), auv_of_all=whole(own[2]), weight_of_all=whole(own[3]))
        if len({cell.as_of for cell in own}) == 1
        else None
        for own in zip(auv, weight, auv_of_all, weight_of_all, strict=False)
    ]


def _trend(cells: Cells, country: str, series: Series, *, public: str, month: str) -> tuple[Cell, ...]:
    statistics = _until(cells.get((country, Series.PUBLIC), ()), min(public, month))[-TREND:]
    if series is Series.PUBLIC:
        return statistics
    return (*statistics, *(cell for cell in cells[country, series] if public < cell.period <= month))
