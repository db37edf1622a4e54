"""How well public statistics tell license figures: what a policy assumes of attackers, held against what is measured.

A policy says within which part of the truth attackers know a cell from public statistics, and its unit value. Where
public figures are closer than that, the policy protects less than it says. Confidential: for the staff side only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_access.contracts import ALL
from data_access.publishing.disclosure.attacker import Assumptions
from data_access.reference import Reference

Floats = NDArray[np.float64]

BASES: Final = ("consumption", "general")
LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "group": ("group",),
    "HTS6": ("hts6",),
    "country": ("origin",),
    "group × country": ("group", "origin"),
}
"""Levels that public statistics tell, and what their cells are told apart by, beside the month."""

TYPICAL: Final = 2 / 3
"""Part of the cells that lie within the error held against the policy: about one standard deviation."""

FEWEST: Final = 20
"""Cells from which on an error tells anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Errors of public figures of license cells: half of these `cells` lie within `half` of the truth, two thirds
    within `two_thirds`; `assumed` is what the policy takes attackers to know, None where it assumes nothing.

    Of both bases of public statistics it is the closer one.
    """

    level: str
    measure: str
    cells: int
    half: float
    two_thirds: float
    assumed: float | None

    @property
    def is_closer(self) -> bool:
        """Whether attackers know more than the policy assumes."""
        if self.cells < FEWEST:
            return False
        return self.two_thirds < (np.inf if self.assumed is None else self.assumed)


def fidelity(
    records: pd.DataFrame,
    public: pa.Table,
    *,
    tree: pd.DataFrame,
    reference: Reference,
    assumptions: Assumptions,
    months: Collection[str],
) -> list[Spread]:
    """The spread between license cells and public statistics in these months (closed ones), by level and measure.

    `records` are those that count (column `month`), `public` the table of a release, `tree` gives group and HTS6 by
    ten-digit code. Public figures are first scaled, month by month, to the published total of licenses, as any reader
    can. Unit values are compared by group and country, unwrought metal apart. Empty where no month is in both.
    """
    of_licenses = _of_licenses(records, tree, months)
    found: list[Spread] = []
    for basis in BASES:
        of_public = _of_public(public, basis, tree, reference, months)
        both = sorted(set(of_licenses["month"]) & set(of_public["month"]))
        if both:
            found += _spreads(
                of_licenses[of_licenses["month"].isin(both)], of_public[of_public["month"].isin(both)], assumptions
            )
    closest = sorted(found, key=lambda one: one.two_thirds)
    order = {(one.level, one.measure): None for one in found}
    return [next(one for one in closest if (one.level, one.measure) == key) for key in order]


def closer_than_assumed(spreads: Iterable[Spread]) -> list[str]:
    """Warnings for whoever keeps the policy: where public figures are closer than it assumes."""
    return [
        f"{one.level}, {one.measure}: public statistics tell two thirds of the cells within "
        f"{100 * one.two_thirds:.1f} %, the policy assumes "
        + ("nothing" if one.assumed is None else f"{100 * one.assumed:.1f} %")
        for one in spreads
        if one.is_closer
    ]


def _of_licenses(records: pd.DataFrame, tree: pd.DataFrame, months: Collection[str]) -> pd.DataFrame:
    """Columns month, group, hts6, origin, value, kg; hts6 is the group where that has none."""
    here = records[records["month"].isin(list(months))]
    products = tree.reindex(here["hts10"])
    frame = pd.DataFrame(
        {
            "month": here["month"].to_numpy(object),
            "group": products["group"].to_numpy(object),
            "hts6": products["hts6"].fillna(products["group"]).to_numpy(object),
            "origin": here["origin"].to_numpy(object),
            "value": here["value_usd"].to_numpy(np.float64),
            "kg": here["quantity_kg"].to_numpy(np.float64),
        }
    )
    return frame.groupby(["month", "group", "hts6", "origin"], as_index=False, sort=False)[["value", "kg"]].sum()


def _of_public(
    public: pa.Table, basis: str, tree: pd.DataFrame, reference: Reference, months: Collection[str]
) -> pd.DataFrame:
    """The same columns of public statistics of licensed products; a weight that is not known is missing."""
    of_months = pc.is_in(public["month"], pa.array(sorted(months), pa.string()))
    rows = public.filter(pc.and_(of_months, pc.not_equal(public["country"], pa.scalar(ALL))))
    rows = rows.select(["month", "level", "product", "country", f"{basis}_value", f"{basis}_kg"])
    frame = rows.to_pandas().dropna(subset=f"{basis}_value")
    products = _products(frame, tree, reference)
    frame = frame.merge(products, on=["level", "product"])
    frame = frame.rename(columns={"country": "origin", f"{basis}_value": "value", f"{basis}_kg": "kg"})
    return frame.astype({"value": "float64", "kg": "float64"})[["month", "group", "hts6", "origin", "value", "kg"]]


def _products(frame: pd.DataFrame, tree: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Group and HTS6 of each pulled product that is wholly of one licensed group."""
    found = []
    of_group = tree.groupby("group")["hts6"].agg(set)
    for level in frame["level"].unique():
        for group, inside in of_group.items():
            for code in reference.products.parts(str(group), str(level)) or ():
                hts6 = code[:6] if code[:6] in inside else group if inside == {None} or len(code) >= 6 else None
                found.append((str(level), code, str(group), hts6))
    return pd.DataFrame(found, columns=["level", "product", "group", "hts6"])


def _spreads(licenses: pd.DataFrame, public: pd.DataFrame, assumptions: Assumptions) -> Iterator[Spread]:
    totals = [frame.groupby("month")[["value", "kg"]].sum() for frame in (licenses, public)]
    scale = totals[0] / totals[1]
    assumed = dict(zip(LEVELS, _assumed(assumptions), strict=True))
    for level, by in LEVELS.items():
        cells = _cells(licenses, public, list(by))
        for name, measure in (("value", "value"), ("kg", "weight")):
            told = cells[f"{name}_public"] * cells["month"].map(scale[name])
            yield _spread(cells[name], told, level=level, measure=measure, assumed=assumed[level])
        if level == "group × country":
            yield from _unit_values(cells, level, assumptions)


def _assumed(assumptions: Assumptions) -> tuple[float | None, ...]:
    group, country = assumptions.public_group, assumptions.public_country
    return group, group, country, assumptions.public_group_country


def _cells(licenses: pd.DataFrame, public: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """License cells and the public figure of each: 0 where there is none, missing where its weight is not known."""
    keys = ["month", *by]
    ours = licenses.groupby(keys)[["value", "kg"]].sum()
    public = public.assign(unknown=public["kg"].isna())
    sums = public.groupby(keys)[["value", "kg", "unknown"]].sum()
    theirs = sums[["value"]].assign(kg=sums["kg"].mask(sums["unknown"] > 0))
    joined = ours.join(theirs.add_suffix("_public"), how="left")
    joined["value_public"] = joined["value_public"].fillna(0.0)
    return joined.reset_index()


def _unit_values(cells: pd.DataFrame, level: str, assumptions: Assumptions) -> Iterator[Spread]:
    told = cells[(cells["kg"] > 0) & (cells["kg_public"] > 0)]
    ours, theirs = told["value"] / told["kg"], told["value_public"] / told["kg_public"]
    unwrought = told["group"] == assumptions.unwrought
    kinds = (
        ("unwrought", unwrought, assumptions.unit_value_unwrought),
        ("others", ~unwrought, assumptions.unit_value_others),
    )
    for kind, here, assumed in kinds:
        yield _spread(ours[here], theirs[here], level=level, measure=f"unit value, {kind}", assumed=assumed)


def _spread(truth: pd.Series, told: pd.Series, *, level: str, measure: str, assumed: float | None) -> Spread:
    """Errors relative to the truth; a cell whose public figure is not known is none to compare."""
    ours, theirs = (one.to_numpy(np.float64) for one in (truth, told))
    here = (ours > 0) & np.isfinite(theirs)
    errors = np.abs(theirs[here] / ours[here] - 1.0)
    half, two_thirds = np.quantile(errors, [0.5, TYPICAL]).tolist() if len(errors) else (np.inf, np.inf)
    return Spread(level=level, measure=measure, cells=len(errors), half=half, two_thirds=two_thirds, assumed=assumed)
