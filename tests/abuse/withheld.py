"""The figures that the sample release withholds, which its maker knows, in all forms in which one could slip out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from unittest.mock import patch

from tests.dashboard import sample

MANY_TONS = 10_000_000  # kg
KEY = ("period", "product", "origin")


@dataclass(frozen=True)
class Secrets:
    """Withheld values (US$) and weights (kg)."""

    values: frozenset[int]
    weights: frozenset[int]

    @cached_property
    def forms(self) -> dict[str, int]:
        """How a figure may be written, and which it is: whole, with separators, in tons.

        Tons without decimals only where they have so many digits that no other figure is likely to have the same.
        """
        found = {}
        for one in self.values | self.weights:
            found |= {str(one): one, f"{one:,}": one}
        for one in self.weights:
            found |= {f"{one / 1000:.3f}": one, f"{one / 1000:,.3f}": one}
            if one >= MANY_TONS:
                found |= {f"{one / 1000:,.0f}": one}
        return found

    def in_text(self, text: str) -> list[int]:
        """Those that a text holds as a number of its own."""
        return [
            one
            for form, one in self.forms.items()
            if form in text and re.search(rf"(?<![\d.,]){re.escape(form)}(?![\d]|[.,]\d)", text)
        ]

    def in_numbers(self, numbers: Iterable[float]) -> list[int]:
        """Those among numbers, in their own unit or in tons."""
        told = {round(one, 3) for one in numbers}
        return [one for one in self.values | self.weights if {float(one), one / 1000} & told]


def secrets() -> Secrets:
    """What the sample withholds and nothing else tells: no published cell has the same figure."""
    rows = sample.license_rows()
    with patch.multiple(sample, WITHHELD_GROUPS=set(), WITHHELD_ORIGINS=set(), WITHHELD_TOTAL=""):
        truth = {tuple(row[name] for name in KEY): row for row in sample.license_rows()}
    hidden = [truth[tuple(row[name] for name in KEY)] for row in rows if row["status"] == "withheld"]
    shown = {row[name] for row in [*rows, *sample.public_rows()] for name in ("value", "kg") if name in row}
    values = {int(str(row["value"])) for row in hidden} - shown
    weights = {int(str(row["kg"])) for row in hidden} - shown
    return Secrets(frozenset(values), frozenset(weights))
