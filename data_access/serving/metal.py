"""Signals of smelt and cast: metal from elsewhere, pairs first seen, jumps. Pure functions of released cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_access.contracts import Status
from data_access.serving.gate.released import Cell
from data_access.serving.indicators import Figure

UNNAMED = ("not_applicable", "unknown")
"""What a license may state in place of a country of smelt."""
BEFORE = 3
"""Months that a jump is measured on."""
PRIOR = 24
"""Months (8 quarters) without a figure after which a country or a pair counts as first seen."""
LEAST_PRIOR = 12
"""Months of published figures that are needed to say so at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How much metal was smelted (or cast) in another country than it came from, in the unit of the cells.

    `exact` tells a sum of published pairs from a lower bound. `named` is the same of metal with a country of smelt or
    cast alone, which leaves out "not applicable" and "unknown". Shares (of `total`) are relative.
    """

    total: float
    elsewhere: float
    named: float
    exact: bool

    @property
    def share(self) -> float:
        """Part of the total."""
        return self.elsewhere / self.total

    @property
    def named_share(self) -> float:
        """The same of metal with a named country."""
        return self.named / self.total


def at_least_elsewhere(origins: Mapping[str, Cell], metals: Mapping[str, Cell], total: Cell) -> Elsewhere | None:
    """A lower bound of the metal smelted (cast) elsewhere, from the totals by origin O and by smelt S alone.

    Metal from c that was smelted in c is at most min(O_c, S_c). So at least max(0, O_c - S_c) of the metal from c was
    smelted elsewhere or nowhere, and at least max(0, S_c - O_c) of the metal smelted in c came from elsewhere; both add
    up over countries, as no ton is counted twice. Metal without a country of smelt (`UNNAMED`) is elsewhere, too. A
    country of which either figure is missing, or is of another date than the total, adds nothing, which keeps the bound
    true. None where the total is not there.
    """
    if not total.value or total.partial:
        return None
    pairs = [
        (origins[one].value, metals[one].value)
        for one in origins
        if one in metals and origins[one].as_of == metals[one].as_of == total.as_of
    ]
    known = [(own, metal) for own, metal in pairs if own is not None and metal is not None]
    named = sum(max(0.0, metal - own) for own, metal in known)
    unnamed = [metals[word] for word in UNNAMED if word in metals and metals[word].as_of == total.as_of]
    return Elsewhere(
        total=total.value,
        elsewhere=max(
            sum(max(0.0, own - metal) for own, metal in known), named + sum(cell.value or 0 for cell in unnamed)
        ),
        named=named,
        exact=False,
    )


def elsewhere_of_pairs(pairs: Mapping[tuple[str, str], Cell], total: Cell, *, unnamed: Sequence[str]) -> Elsewhere:
    """The metal of published pairs (origin, smelt or cast) that are two places; exact where all pairs are published
    and add up to the total, else a lower bound. Raises ValueError where the total is not there."""
    if not total.value:
        raise ValueError("elsewhere: the total is not published")
    known = {pair: cell.value for pair, cell in pairs.items() if cell.value is not None and cell.as_of == total.as_of}
    apart = {pair: value for pair, value in known.items() if pair[0] != pair[1]}
    whole = sum(known.values())
    return Elsewhere(
        total=total.value,
        elsewhere=sum(apart.values()),
        named=sum(value for (_, metal), value in apart.items() if metal not in unnamed),
        exact=len(known) == len(pairs) and abs(whole - total.value) <= total.value * 1e-9,
    )


def is_first_seen(cells: Sequence[Cell], *, per_year: int = 12) -> bool:
    """Whether the last of a line of cells (by period) has a figure, and all of the 24 months before it that the line
    holds are published and 0; `per_year` is the number of its periods in a year. A figure that is withheld before, or
    fewer than 12 months, settles nothing."""
    *before, now = cells
    recent = before[-PRIOR * per_year // 12 :]
    known = [cell for cell in recent if cell.status is not Status.NOT_REPORTED]
    enough = len(known) * 12 >= LEAST_PRIOR * per_year
    return bool(now.value) and not now.partial and enough and all(cell.value == 0 for cell in known)


def jump(shares: Sequence[Figure]) -> tuple[float, float] | None:
    """The last of monthly shares and its difference to the mean of the three before, in their unit; None where any of
    the four is missing."""
    recent = [one for one in shares[-BEFORE - 1 :] if one is not None]
    if len(recent) < BEFORE + 1:
        return None
    return recent[-1], recent[-1] - sum(recent[:-1]) / BEFORE
