"""Reading of what the surge tests need: answers of `Statistics.series`, as cells by origin, series and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_access.contracts import Status
from data_access.filters import ALL, By, Filters, Measure, Series
from data_access.serving.gate.released import Cell
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics
from data_access.serving.surges.units import Unit

Cells = dict[tuple[str, Series], tuple[Cell, ...]]
"""Cells month by month, of each country and series; `all` for all origins."""


@dataclass(frozen=True, slots=True)
class Months:
    """The months of a list: the public month tested, the whole license months after it, and the one still running."""

    public: str | None
    license: tuple[str, ...]
    running: str | None

    @property
    def last(self) -> str:
        """The newest month tested; '' where there is none."""
        return max((self.public or "", *self.license))


def months_of(statistics: Statistics, filters: Filters) -> Months:
    """Which months a list tests: nothing after the `to` of the selection, nothing of a series that it leaves out."""
    info = statistics.info()
    public = min(filter(None, (info.public_as_of, filters.end)), default=None) if info.public_as_of else None
    if public is None or not _is_covered(statistics, filters, public):
        return Months(None, (), None)
    chosen = set(filters.series)
    shown = public if chosen & {Series.PUBLIC, Series.COMBINED} else None
    # R1 holds license months against the last public ones, so a list of an earlier month has none.
    earlier = public < (info.public_as_of or "")
    if earlier or info.license_off or not chosen & {Series.LICENSE, Series.COMBINED}:
        return Months(shown, (), None)
    after = text(number(public) + 1)
    end = statistics.resolve(Filters(start=after, end=filters.end)).end or after
    released = statistics.series(Filters(series=(Series.LICENSE,), start=after, end=end))
    whole = [cell.period for cell in released.cells if not cell.partial and cell.status in _CLOSED]
    running = [cell.period for cell in released.cells if cell.partial]
    return Months(shown, tuple(whole), running[-1] if running else None)


def _is_covered(statistics: Statistics, filters: Filters, month: str) -> bool:
    """Whether public statistics cover a month at all."""
    asked = Filters(
        products=("76",), measure=Measure.VALUE, basis=filters.basis, series=(Series.PUBLIC,), start=month, end=month
    )
    return any(cell.value is not None for cell in statistics.series(asked).cells)


_CLOSED = (Status.PUBLISHED, Status.WITHHELD)


def read(
    statistics: Statistics,
    filters: Filters,
    unit: Unit,
    *,
    measure: Measure,
    first: int,
    last: int,
    countries: Sequence[str] | None = None,
) -> Cells:
    """Cells of a product by origin, from month `first` to `last` (numbers): of `countries`, else of those selected."""
    places = tuple(countries) if countries is not None else filters.countries
    asked = Filters(
        products=unit.products,
        countries=places,
        by=By.NONE if places == (ALL,) and countries is not None else By.COUNTRY,
        measure=measure,
        basis=filters.basis,
        series=(Series.PUBLIC,) if unit.is_of_codes else (Series.PUBLIC, Series.LICENSE),
        start=text(first),
        end=text(last),
    )
    found: dict[tuple[str, Series], list[Cell]] = {}
    for cell in statistics.series(asked).cells:
        found.setdefault((cell.country, cell.series), []).append(cell)
    return {key: tuple(cells) for key, cells in found.items()}
