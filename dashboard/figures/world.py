"""The map: countries by the class of their figure; what is withheld, unknown or none each looks different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.figures.classes import breaks_of, class_of, class_words, hues
from dashboard.figures.lines import Line
from dashboard.figures.outlines import AREAS, HEIGHT, MARKERS, WIDTH
from data_access.contracts import Status
from data_access.filters import ALL, Measure
from data_access.reference import Reference
from data_access.serving.answers.cells import cell_text, mark
from data_access.serving.gate.released import Cell, Released
from data_access.serving.prose import told_change

STEPS = 5
NONE, WITHHELD, UNKNOWN, OUTSIDE = "none", "withheld", "unknown", "outside"
"""Classes beside those of figures: no imports, withheld, no figure for another reason, not in the selection."""
FILLS = {
    NONE: "#f3f3f1",
    OUTSIDE: "#e3e5e8",
    WITHHELD: "url(#hatch-withheld)",
    UNKNOWN: "url(#hatch-unknown)",
}
"""Paint of classes; the hatches are those of templates/patterns.html."""
KIND_WORDS = {
    NONE: "none",
    WITHHELD: "(D) withheld",
    UNKNOWN: "no figure",
    OUTSIDE: "not in this selection",
}


@dataclass(frozen=True, slots=True)
class Area:
    """A country as drawn: id of its outline, style class, and the words that it shows when pointed at."""

    id: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Marker:
    """A country too small for an outline: its place in the drawing, style class and words."""

    id: str
    x: int
    y: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldMap:
    """All that `templates/map.html` draws; `fills` tells the paint of each class."""

    width: int
    height: int
    areas: tuple[Area, ...]
    markers: tuple[Marker, ...]
    legend: tuple[tuple[str, str], ...]
    breaks: tuple[float, ...]
    fills: dict[str, str]
    elsewhere: tuple[str, ...]
    """Members with a figure that the map cannot draw."""


def world_map(
    released: Released, lines: Sequence[Line], vocabulary: Reference, *, before: Mapping[str, Cell], on: str
) -> WorldMap:
    """The map of `lines` (of `released`, one period, by country).

    `before` holds cells of the same months of the year before, which `on` names. Classes are quantiles of the positive
    figures with round breaks. Countries that an answer of all countries lacks had none.
    """
    cells = {line.member: line.cells[0] for line in lines}
    breaks = breaks_of(cell.value or 0 for cell in cells.values())
    whole = ALL in released.filters.countries
    areas: list[Area] = []
    markers: list[Marker] = []
    for country in vocabulary.countries:
        cell = cells.get(country.id)
        kind = _kind(cell, breaks, whole=whole)
        title = f"{country.name}: {_words(cell, kind, released, before.get(country.id), on)}"
        if country.id in AREAS:
            areas.append(Area(country.id, kind, title))
        elif country.id in MARKERS and kind not in (NONE, OUTSIDE):
            markers.append(Marker(country.id, *MARKERS[country.id], kind, title))
    drawn = {*AREAS, *MARKERS}
    return WorldMap(
        width=WIDTH,
        height=HEIGHT,
        areas=tuple(areas),
        markers=tuple(markers),
        legend=_legend(
            breaks, released.filters.measure, {*(one.kind for one in areas), *(one.kind for one in markers)}
        ),
        breaks=breaks,
        fills=FILLS | {f"q{step}": color for step, color in enumerate(hues(released.filters.series[0]), start=1)},
        elsewhere=tuple(line.member_label for line in lines if line.member not in drawn and line.cells[0].value),
    )


def _kind(cell: Cell | None, breaks: Sequence[float], *, whole: bool) -> str:
    if cell is None:
        return NONE if whole else OUTSIDE
    if cell.value is None:
        return WITHHELD if cell.status is Status.WITHHELD else UNKNOWN
    return f"q{class_of(cell.value, breaks) + STEPS - len(breaks)}" if cell.value > 0 else NONE


def _words(cell: Cell | None, kind: str, released: Released, before: Cell | None, on: str) -> str:
    if cell is None:
        return "none" if kind == NONE else "not in this selection"
    if cell.value is None:
        return f"{cell_text(cell)}, {mark(cell)[1]}"
    words = f"{cell_text(cell)} {released.unit}"
    change = told_change(cell, before, on)
    return f"{words}, {change}" if change else words


def _legend(breaks: Sequence[float], measure: Measure, kinds: set[str]) -> tuple[tuple[str, str], ...]:
    """Style class and words, light to dark, then those without a figure that are on the map."""
    first = STEPS - len(breaks)
    classes = [(f"q{first + place}", words) for place, words in enumerate(class_words(breaks, measure))]
    if not any(kind.startswith("q") for kind in kinds):
        classes = []
    return (*classes, *((kind, words) for kind, words in KIND_WORDS.items() if kind in kinds))
