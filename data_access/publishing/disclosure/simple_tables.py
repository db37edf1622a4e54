"""License tables of a month in their simple form: product groups, and countries of origin, linked by the total only.

This is the seam for linked tables: `protect_month` takes a month's records and gives rows to publish and their proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data_access.contracts import Status, license_schema
from data_access.publishing.disclosure.holdings import QUANTITY, VALUE, Holdings, holdings_of
from data_access.publishing.disclosure.order import complement_order
from data_access.publishing.disclosure.rounding import rounded
from data_access.publishing.disclosure.rules import unit_maps, unsafe_cells
from data_access.publishing.disclosure.suppress import Breakdown, Pattern, suppress
from data_access.publishing.policy import Policy

ORIGIN = "origin"
ALL = "all"
LICENSED = "aim"
UNWROUGHT = "unwrought"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a month's tables consist of: licensed groups in order, HTS10 code to group, ids of countries of origin."""

    groups: tuple[str, ...]
    group_of: Mapping[str, str]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProtectedMonth:
    """Rows of each license table, and the alternative tables of each breakdown that prove them safe."""

    tables: dict[str, pa.Table]
    solutions: dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Level:
    """One breakdown of the month's total: ids of its cells, the cell of each record, what is known of the cells."""

    name: str
    ids: tuple[str, ...]
    cell: NDArray[np.int64]
    unit_value: NDArray[np.float64]
    public: float

    def figures(self, holdings: Holdings) -> NDArray[np.float64]:
        """Measure x cell."""
        sums = [np.bincount(self.cell, row, minlength=len(self.ids)) for row in holdings.amounts]
        return np.stack(sums).astype(np.float64)


def protect_month(
    licenses: pd.DataFrame,
    *,
    month: str,
    as_of: str,
    firms: pd.Series,
    scope: Scope,
    sizes: Mapping[str, float],
    policy: Policy,
) -> ProtectedMonth:
    """Protect the tables of one month.

    `licenses` are the records that count in it, `firms` numbers their firms, `sizes` holds the public figures of an
    earlier year by group and country. Where the month's total is not safe, or a breakdown cannot be made safe beside
    it, every cell of the month is withheld: cells of one breakdown would else give away the total of the other.
    """
    holdings = holdings_of(licenses, firms)
    levels = _levels(licenses, holdings, scope, policy)
    patterns = _patterns(holdings, levels, sizes, policy, year=int(month[:4]))
    rows = _rows(holdings, levels, patterns, policy)
    rows.insert(0, "period", month)
    rows["as_of"] = as_of
    table = pa.Table.from_pandas(rows, schema=license_schema(ORIGIN), preserve_index=False).replace_schema_metadata()
    return ProtectedMonth(
        tables={ORIGIN: table.sort_by([(name, "ascending") for name in ("period", "product", ORIGIN)])},
        solutions={level.name: pattern.tables for level, pattern in zip(levels, patterns or [], strict=False)},
    )


def _levels(licenses: pd.DataFrame, holdings: Holdings, scope: Scope, policy: Policy) -> list[_Level]:
    group = pd.Index(scope.groups).get_indexer(pd.Index(licenses["hts10"].map(scope.group_of))).astype(np.int64)
    country = pd.Index(scope.countries).get_indexer(pd.Index(licenses["origin"])).astype(np.int64)
    bands = policy.unit_value
    unwrought = np.array([name == UNWROUGHT for name in scope.groups])
    # A country's unit value is as well known as that of the goods it sends.
    worth = np.bincount(country, holdings.amounts[VALUE], minlength=len(scope.countries))
    metal = np.bincount(country, holdings.amounts[VALUE] * unwrought[group], minlength=len(scope.countries))
    share = np.divide(metal, worth, out=np.zeros(len(worth)), where=worth > 0)
    knowledge = policy.public_knowledge
    return [
        _Level("group", scope.groups, group, np.where(unwrought, bands.unwrought, bands.others), knowledge.group),
        _Level(
            "country",
            scope.countries,
            country,
            share * bands.unwrought + (1 - share) * bands.others,
            knowledge.country,
        ),
    ]


def _patterns(
    holdings: Holdings, levels: list[_Level], sizes: Mapping[str, float], policy: Policy, *, year: int
) -> list[Pattern] | None:
    """A pattern a level; None where the whole month must be withheld."""
    whole = unit_maps(holdings, np.zeros(holdings.amounts.shape[1], np.int64), cells=1)
    if unsafe_cells(whole, policy.rules).any():
        return None
    patterns = []
    for level in levels:
        pattern = suppress(
            Breakdown(
                figures=level.figures(holdings),
                maps=unit_maps(holdings, level.cell, cells=len(level.ids)),
                unit_value=level.unit_value,
                public=np.full(len(level.ids), level.public),
                order=complement_order(level.ids, sizes, secret=policy.secret, year=year),
            ),
            policy.rules,
        )
        if pattern is None:
            return None
        patterns.append(pattern)
    return patterns


def _rows(holdings: Holdings, levels: list[_Level], patterns: list[Pattern] | None, policy: Policy) -> pd.DataFrame:
    """Rows of all cells, value and kg null unless published."""
    totals = [round(float(row.sum())) for row in holdings.amounts]
    records = holdings.amounts.shape[1]
    total_shown = patterns is not None and (records > 0 or "total" in policy.show_zero)
    parts = [_part([LICENSED], [ALL], np.array(totals)[:, None], shown=np.array([total_shown]))]
    for position, level in enumerate(levels):
        figures = level.figures(holdings)
        whole = np.stack([rounded(figures[measure], totals[measure]) for measure in (VALUE, QUANTITY)])
        empty = np.bincount(level.cell, minlength=len(level.ids)) == 0
        hidden = empty & (level.name not in policy.show_zero)
        shown = np.zeros(len(level.ids), bool) if patterns is None else ~patterns[position].withheld & ~hidden
        products = list(level.ids) if level.name == "group" else [LICENSED] * len(level.ids)
        origins = [ALL] * len(level.ids) if level.name == "group" else list(level.ids)
        parts.append(_part(products, origins, whole, shown=shown))
    return pd.concat(parts, ignore_index=True)


def _part(
    products: list[str], origins: list[str], figures: NDArray[np.int64], *, shown: NDArray[np.bool_]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": products,
            ORIGIN: origins,
            "value": pd.array(figures[VALUE], "Int64").copy(),
            "kg": pd.array(figures[QUANTITY], "Int64").copy(),
            "status": np.where(shown, Status.PUBLISHED.value, Status.WITHHELD.value),
        }
    ).assign(
        value=lambda rows: rows["value"].where(shown),
        kg=lambda rows: rows["kg"].where(shown),
    )
