"""What the reviewer's report tells of one month's newest layer. Confidential: figures of withheld cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from data_access.contracts import MEMBERS, Status
from data_access.publishing.disclosure.month import WEEKLY_LEVELS, Kind, Layer
from data_access.publishing.disclosure.tables import Level, build_tables, level_names

KEY: Final = ("product", *MEMBERS)
LARGEST: Final = 20
"""Withheld cells that the report names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """The newest layer of a month.

    `summary` holds the fields of `layers.Summary` by name, `refused` why nothing is shown. `held` counts, by level, the
    rows that show an earlier figure; `largest` are its largest withheld rows: product, members, value (US$), kg, level.
    """

    month: str
    as_of: str
    kind: Kind
    is_new: bool
    refused: str | None
    summary: Mapping[str, Any]
    held: Mapping[str, int]
    largest: pd.DataFrame

    @classmethod
    def of(
        cls,
        month: str,
        layer: Layer,
        summary: Mapping[str, Any],
        *,
        released: pd.DataFrame,
        tree: pd.DataFrame,
        levels: tuple[Level, ...],
        is_new: bool = True,
        refused: str | None = None,
    ) -> MonthReport:
        """`released` are the month's rows as a release shows them (with as_of); `levels` those of a closed month."""
        return cls(
            month=month,
            as_of=layer.as_of,
            kind=layer.kind,
            is_new=is_new,
            refused=refused,
            summary=summary,
            held=_held(released, layer.as_of, tree),
            largest=largest_withheld(layer, released, tree=tree, levels=levels),
        )

    def total(self, name: str) -> float:
        """A figure of all levels together."""
        return float(sum(level[name] for level in self.summary["levels"].values()))


def _held(released: pd.DataFrame, as_of: str, tree: pd.DataFrame) -> dict[str, int]:
    held = released[(released["status"] == Status.PUBLISHED) & (released["as_of"] != as_of)]
    return {
        str(name): int(count)
        for name, count in level_names(held, frozenset(tree["group"])).value_counts(sort=False).items()
    }


def largest_withheld(
    layer: Layer, released: pd.DataFrame, *, tree: pd.DataFrame, levels: tuple[Level, ...], most: int = LARGEST
) -> pd.DataFrame:
    """The largest rows that a release withholds of a month: product, members, value (US$), kg, level; from records."""
    withheld = released[released["status"] == Status.WITHHELD]
    if withheld.empty or layer.licenses.empty:
        return pd.DataFrame(columns=[*KEY, "value", "kg", "level"])
    tables = build_tables(layer.licenses, tree, levels=WEEKLY_LEVELS if layer.kind is Kind.WEEKLY else levels)
    value, kg = tables.figures[:, tables.rows["cell"].to_numpy()]
    names = np.array([level.name for level in tables.levels], object)[tables.rows["level"].to_numpy()]
    figures = tables.rows[list(KEY)].assign(value=value, kg=kg, level=names)
    found = withheld[list(KEY)].merge(figures, on=list(KEY))
    return found.sort_values(["value", *KEY], ascending=[False, *[True] * len(KEY)], ignore_index=True).head(most)
