"""`Released`: figures that passed the gate, by type. Figures, tables, exports and API take nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from data_access.contracts import Status
from data_access.serving.gate._seal import SEAL, Seal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from data_access.filters import Basis, Filters, Measure, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInfo:
    """Which release figures come from.

    `id` is None where there is no release at all; `problem` then says why, or why a newer release is not in use.
    `license_off` says why license series are not shown, None where they are. `ranges` tells whether its withheld
    license cells have ranges, `under_review` whether licenses under review are left out.
    """

    id: str | None
    published: str | None
    public_as_of: str | None
    license_as_of: str | None
    demonstration: bool
    license_off: str | None = None
    problem: str | None = None
    ranges: bool = False
    under_review: bool = False

    @property
    def stale(self) -> bool:
        """Whether a newer release could not be used, and this older one stays."""
        return self.id is not None and self.problem is not None


class Cell(NamedTuple):
    """One cell of an answer. `value` is None unless `status` is published: US$ whole, t to the kg, US$/t, or %.

    `smelt`, `smelt2`, `cast` are None unless a license table of theirs was asked; `basis` is None for license cells;
    `source` (public, license, or both joined by + for a period of both) is told for combined cells.
    `partial`: the period has begun but is not whole in this series. `low` and `high`: what anyone can work out of a
    withheld cell from the release alone, in the unit of the measure; None everywhere else, or where there is no such
    bound. `hidden`: withheld, and it is not told whether there is anything ("none or withheld"). `thin`: published, but
    the volume or value behind it lies below the floor of the selection, too little to measure growth on.
    """

    period: str
    product: str
    country: str
    smelt: str | None
    smelt2: str | None
    cast: str | None
    series: Series
    basis: Basis | None
    measure: Measure
    unit: str
    value: int | float | None
    status: Status
    partial: bool
    as_of: str | None
    source: str | None
    low: int | float | None = None
    high: int | float | None = None
    hidden: bool = False
    thin: bool = False


class Words(NamedTuple):
    """What is said of released cells; made from them, after the gate, once somebody reads it."""

    title: str
    subtitle: str
    summary: str
    notes: tuple[str, ...]
    permalink: str
    cite: str


@final
class Released:
    """Cells that passed the gate, with the words made from them. Only the gate makes one; it cannot be changed,
    copied, pickled or subclassed."""

    __slots__ = ("_words", "cells", "filters", "query", "release", "unit")

    release: ReleaseInfo
    filters: Filters
    query: Mapping[str, str | tuple[str, ...]]
    unit: str
    cells: tuple[Cell, ...]
    _words: Words | Callable[[tuple[Cell, ...]], Words]

    def __init__(
        self,
        seal: Seal,
        *,
        release: ReleaseInfo,
        filters: Filters,
        unit: str,
        words: Callable[[tuple[Cell, ...]], Words],
        cells: tuple[Cell, ...],
    ) -> None:
        if seal is not SEAL:
            raise TypeError("Released: only the gate makes one; ask Statistics.series")
        if any(cell.value is not None and cell.status is not Status.PUBLISHED for cell in cells):
            raise ValueError("Released: a cell that is not published holds a figure")
        ranged = (cell for cell in cells if cell.low is not None or cell.high is not None)
        if any(cell.status is not Status.WITHHELD for cell in ranged):
            raise ValueError("Released: a cell that is not withheld has a range")
        query = {name: tuple(value) if isinstance(value, list) else value for name, value in filters.to_dict().items()}
        fields: dict[str, Any] = {
            "release": release,
            "filters": filters,
            "query": MappingProxyType(query),
            "unit": unit,
            "cells": tuple(cells),
            "_words": words,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def words(self) -> Words:
        """What is said of the cells; many answers are asked for their cells alone."""
        words = self._words
        if not isinstance(words, Words):
            words = words(self.cells)
            object.__setattr__(self, "_words", words)
        return words

    @property
    def title(self) -> str:
        """What the figures are of."""
        return self.words.title

    @property
    def subtitle(self) -> str:
        """Measure, unit and basis."""
        return self.words.subtitle

    @property
    def summary(self) -> str:
        """One sentence that says what the figures show."""
        return self.words.summary

    @property
    def notes(self) -> tuple[str, ...]:
        """Sources with their dates first, then what holds for the selection."""
        return self.words.notes

    @property
    def permalink(self) -> str:
        """Path and query of the page that shows the selection."""
        return self.words.permalink

    @property
    def cite(self) -> str:
        """How to cite the figures."""
        return self.words.cite

    def __init_subclass__(cls, **_: object) -> NoReturn:
        raise TypeError("Released: it is final")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Released: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Released: {name} cannot be deleted")

    def __copy__(self) -> NoReturn:
        raise TypeError("Released: it cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("Released: it cannot be copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Released: it cannot be pickled")
