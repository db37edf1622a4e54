"""The surge tests of one product, origin, series and month: each with its figure, its threshold, or why it has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from data_access.contracts import Status
from data_access.filters import month_words
from data_access.serving import indicators as ind
from data_access.serving.gate.released import Cell
from data_access.thresholds import Thresholds

DECIMALS = 9
"""Figures are rounded to these before they are held against a threshold, so that +15 % is +15 %."""
MONTHS = {"r1": (0, 4), "r2": (0, 6), "r2y": (0, 15), "r3": (0, 24), "z": (0, 37), "p": (0, 13), "n": (1, 25)}
"""How many months back each test reaches: first and last, in months before the one tested."""
LONGEST = 37
NAMES = {
    "r1": "R1, month on three-month mean",
    "r2": "R2, three months on three",
    "r2y": "R2y, three months on the year before",
    "r3": "R3, twelve months on twelve",
    "z": "Z, robust z without season",
    "p": "P, price undercutting",
    "n": "N, new supplier",
}
STATUS_WORDS = {
    Status.WITHHELD: "withheld",
    Status.NOT_YET: "not yet published",
    Status.NOT_REPORTED: "not reported",
    Status.NOT_PUBLISHED: "not published",
    Status.NOT_APPLICABLE: "not applicable",
    Status.PUBLISHED: "not whole",
}
NOTHING = "nothing to compare with: no imports in the months before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one test says: `value` in `unit` (%, or none for z and N), `missing` why it has none."""

    id: str
    value: float | None
    threshold: float | None
    unit: str
    met: bool
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A month held against the tests: its figure, the mean it is compared with, the total of all origins (None where
    there is none of the same date), its share of that in %."""

    month: str
    value: float
    base: float
    of_all: ind.Figure
    share: float
    results: tuple[Result, ...]

    def result(self, id_: str) -> Result:
        """The result of one test."""
        return next(one for one in self.results if one.id == id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Cells month by month, the month tested last: its own series, the public one that R1 and N compare with (up to the
    last public month, itself left out where it is the one tested), and the total of all origins in the month."""

    own: tuple[Cell, ...]
    compared: tuple[Cell, ...]
    of_all: Cell | None


def whole(cell: Cell | None) -> ind.Figure:
    """The figure of a cell of a whole period; None for any other."""
    return None if cell is None or cell.partial else cell.value


def held_against(history: History, thresholds: Thresholds) -> Outcome | None:
    """The tests of a month that rest on its own series: all but P; None where its figure, or the mean of the three
    months before, is missing. The share of all origins is of figures of one date; without them no floor is met."""
    own = [whole(cell) for cell in history.own]
    compared = [whole(cell) for cell in history.compared]
    month, base = own[-1], ind.mean(compared[-3:]) if len(compared) >= 3 else None
    of_all = whole(history.of_all) if history.of_all and history.of_all.as_of == history.own[-1].as_of else None
    if month is None or base is None:
        return None
    new = ind.is_new_supplier(compared)
    results = (
        _result("r1", ind.month_on_mean(month, compared), thresholds.r1, NOTHING),
        _summed("r2", ind.three_on_three, thresholds.r2, history.own),
        _summed("r2y", ind.three_on_year, thresholds.r2y, history.own),
        _summed("r3", ind.twelve_on_twelve, thresholds.r3, history.own),
        z_result(history.own, thresholds),
        Result(
            id="n",
            value=None,
            threshold=None,
            unit="",
            met=bool(new) and month > 0,
            missing="" if new is not None else why(history.compared[-ind.SUPPLY :], ind.SUPPLY),
        ),
    )
    return Outcome(
        month=history.own[-1].period,
        value=month,
        base=base,
        of_all=of_all,
        share=100 * month / of_all if of_all else 0,
        results=results,
    )


def is_flagged(outcome: Outcome, thresholds: Thresholds, *, floor: float) -> bool:
    """Whether a month is a flag under these thresholds; what the tests measured does not depend on them."""
    reached = ind.reaches_floor(outcome.value, outcome.base, outcome.of_all, floor=floor, share=thresholds.floor_share)
    if not reached:
        return False
    met = {one.id for one in outcome.results if _is_met(one, thresholds)}
    return ind.is_flag(
        floor=reached,
        r1=outcome.result("r1").value,
        r1_least=thresholds.r1,
        r1_alone=thresholds.r1_alone,
        others=bool(met & {"r2", "r2y", "r3"}),
        new="n" in met,
    )


def against(result: Result, thresholds: Thresholds) -> Result:
    """A result held against another threshold; N has none."""
    if result.threshold is None:
        return result
    return replace(result, threshold=getattr(thresholds, result.id), met=_is_met(result, thresholds))


def _is_met(result: Result, thresholds: Thresholds) -> bool:
    if result.threshold is None or result.value is None:
        return result.met
    threshold: float = getattr(thresholds, result.id)
    return result.value <= threshold if result.id == "p" else result.value >= threshold


def z_result(own: Sequence[Cell], thresholds: Thresholds) -> Result:
    """Z of the last of these months."""
    z = ind.robust_z([whole(cell) for cell in own])
    missing = "" if z is not None else why(own[-LONGEST:], LONGEST) or "the months before do not vary"
    rounded = None if z is None else round(z, DECIMALS)
    met = rounded is not None and rounded >= thresholds.z
    return Result(id="z", value=rounded, threshold=thresholds.z, unit="", met=met, missing=missing)


def price_result(ratios: Sequence[ind.Figure], cells: Sequence[Cell], thresholds: Thresholds) -> Result:
    """P, from the price ratios of 13 months; `cells` are the unit values of the origin, of the same months."""
    found = ind.undercutting(ratios)
    value = None if found is None else round(100 * found, DECIMALS)
    missing = "" if value is not None else why(cells[-13:], 13) or "the unit value of other origins is not known"
    met = value is not None and value <= thresholds.p
    return Result(id="p", value=value, threshold=thresholds.p, unit="%", met=met, missing=missing)


def _summed(
    id_: str, test: Callable[[Sequence[ind.Figure]], float | None], threshold: float, own: Sequence[Cell]
) -> Result:
    reach = MONTHS[id_][1]
    needed = [*own[-3:], *own[-15:-12]] if id_ == "r2y" else own[-reach:]
    missing = why(needed, 6 if id_ == "r2y" else reach) or NOTHING
    return _result(id_, test([whole(cell) for cell in own]), threshold, missing)


def _result(id_: str, relative: float | None, threshold: float, missing: str) -> Result:
    value = None if relative is None else round(100 * relative, DECIMALS)
    met = value is not None and value >= threshold
    return Result(
        id=id_, value=value, threshold=threshold, unit="%", met=met, missing="" if value is not None else missing
    )


def why(cells: Sequence[Cell], needed: int) -> str:
    """Why a test over these cells has no result; '' where no figure is missing."""
    for cell in cells:
        if whole(cell) is None:
            return f"needs {month_words(cell.period)}, which is {STATUS_WORDS[cell.status]}"
    return f"needs {needed} months, {len(cells)} are at hand" if len(cells) < needed else ""
