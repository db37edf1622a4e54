"""Public statistics of a release, from the raw pulls: the newest vintage, the finest level, countries by ISO code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data_access.contracts import LEVELS, PUBLIC, PublicPart, Weight
from data_access.errors import UserError
from data_access.publishing.sources.vintages import newest, read_month
from data_access.reference import Reference, observed_id
from data_access.reference.product import is_chapter_code

BASES = ("consumption", "general")
KINDS = ("value", "kg")
TOTAL_ROW = "-"
ALL = "all"
NO_UNIT = ("", "-")
NO_FLAG = ("", "0")
CELL = ["month", "level", "product", "country"]

WEIGHTS = (Weight.NOT_REPORTED, Weight.NONE, Weight.KG)
"""In the order in which they win where rows add up."""

Files = Mapping[tuple[str, str], Path]
Coverage = dict[str, dict[str, str]]


def build_public(
    directory: Path,
    reference: Reference,
    *,
    until: date | None = None,
    step: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[pa.Table, PublicPart]:
    """The table `contracts.PUBLIC` of all months pulled, sorted, and what the manifest says of it.

    `until` leaves out what was pulled after that day (`vintages.newest`). `step` is told how many pulls are read, and
    of how many. Raises UserError where nothing was pulled.
    """
    files = newest(directory, until=until)
    if not files:
        raise UserError(
            f"{directory}: expected pulls of public statistics, found none; run `aim-monitor census --out {directory}`"
        )
    raw = _read(files, step)
    names = _names(raw)
    ids = {code: reference.countries.by_census(code) or observed_id(code) for code in names} | {TOTAL_ROW: ALL}
    rows = _figures(raw)
    rows["country"] = rows["country"].astype(object).map(ids).astype("category")
    coverage = {basis: _coverage(rows, basis) for basis in BASES}
    rows = _finest(rows, coverage)
    countries, totals = _added(rows[rows["country"] != ALL], CELL), _added(rows[rows["country"] == ALL], CELL)
    sums = _added(countries, CELL[:-1])
    cells = pd.concat([countries, totals, _without(sums, totals)], ignore_index=True)
    codes = sorted(cells["product"].astype(str).unique())
    part = PublicPart(
        as_of=max(max(months, default="") for months in coverage.values()),
        coverage=coverage,
        vintages=_vintages(files, coverage),
        total_differs=_total_differs(sums, totals),
        observed_products=[code for code in codes if code not in reference.products and is_chapter_code(code)],
        observed_countries={
            id_: names[code] for code, id_ in sorted(ids.items()) if code != TOTAL_ROW and id_ == observed_id(code)
        },
    )
    return _table(cells), part


def _read(files: Files, step: Callable[[int, int], None]) -> pd.DataFrame:
    tables = []
    for done, key in enumerate(sorted(files), start=1):
        tables.append(read_month(files[key]))
        step(done, len(files))
    raw = pa.concat_tables(tables)
    for index, field in enumerate(raw.schema):
        if field.type == pa.string():
            raw = raw.set_column(index, field.name, raw[field.name].dictionary_encode())
    return pd.DataFrame(raw.to_pandas())


def _names(raw: pd.DataFrame) -> dict[str, str]:
    """Census code to name, the one of the latest row."""
    last = raw.drop_duplicates("cty_code", keep="last")
    names = dict(zip(last["cty_code"].astype(str), last["cty_name"].astype(str), strict=True))
    return {code: name for code, name in names.items() if code != TOTAL_ROW}


def _figures(raw: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns of a release; a quantity is a weight where its unit is kg."""
    rows = pd.DataFrame(
        {"month": raw["month"], "level": raw["level"], "product": raw["hts"], "country": raw["cty_code"]}
    )
    units = [_text(raw[f"unit{number}"]) for number in (1, 2)]
    in_kg = [(unit.str.upper() == "KG").to_numpy() for unit in units]
    for basis in BASES:
        first, second = (_quantity(raw, f"{basis}_qty{number}") for number in (1, 2))
        rows[f"{basis}_value"] = raw[f"{basis}_value"].astype("float64")
        rows[f"{basis}_kg"] = np.where(in_kg[0], first, np.where(in_kg[1], second, np.nan))
    weighed = rows[[f"{basis}_kg" for basis in BASES]].notna().any(axis=1)
    other_unit = ~(units[0].isin(NO_UNIT) & units[1].isin(NO_UNIT)) & ~(in_kg[0] | in_kg[1])
    rows["weight"] = np.select([weighed, other_unit], [WEIGHTS.index(Weight.KG), WEIGHTS.index(Weight.NONE)], 0)
    return rows


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").str.strip()


def _quantity(raw: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A quantity, missing where it is a zero that its flag tells from a true one."""
    quantity = raw[name].to_numpy(np.float64, na_value=np.nan)
    flagged = ~_text(raw[f"{name}_flag"]).isin(NO_FLAG).to_numpy()
    return np.where((quantity == 0) & flagged, np.nan, quantity)


def _coverage(rows: pd.DataFrame, basis: str) -> dict[str, str]:
    """Month to the finest level with figures of this basis."""
    present = rows.loc[rows[f"{basis}_value"].notna(), ["month", "level"]].drop_duplicates().astype(str)
    finest: dict[str, str] = {}
    for month, level in sorted(zip(present["month"], present["level"], strict=True)):
        if month not in finest or LEVELS.index(level) > LEVELS.index(finest[month]):
            finest[month] = level
    return finest


def _finest(rows: pd.DataFrame, coverage: Coverage) -> pd.DataFrame:
    """Rows of the levels covered; figures of a basis only at its own level."""
    kept = np.zeros(len(rows), bool)
    rows = rows.copy()
    for basis, months in coverage.items():
        at_level = (rows["month"].map(months).astype(object) == rows["level"].astype(object)).to_numpy()
        rows.loc[~at_level, [f"{basis}_{kind}" for kind in KINDS]] = np.nan
        kept |= at_level & rows[f"{basis}_value"].notna().to_numpy()
    return rows[kept]


def _added(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sums of rows by cell; a weight that one of them lacks, of goods worth something, is not known of their sum."""
    figures = [f"{basis}_{kind}" for basis in BASES for kind in KINDS]
    grouped = rows.groupby(by, observed=True, sort=False)
    sums = grouped[figures].sum(min_count=1)
    sums["weight"] = grouped["weight"].max()
    lacking = pd.DataFrame({f"{basis}_kg": _lacks_weight(rows, basis) for basis in BASES})
    lacks = lacking.groupby([rows[name] for name in by], observed=True, sort=False).any()
    for name in lacking.columns:
        sums[name] = sums[name].mask(lacks[name])
    unweighed = sums[[f"{basis}_kg" for basis in BASES]].isna().all(axis=1) & (
        sums["weight"] == WEIGHTS.index(Weight.KG)
    )
    sums["weight"] = sums["weight"].mask(unweighed, WEIGHTS.index(Weight.NOT_REPORTED))
    sums = sums.reset_index()
    if "country" not in by:
        sums["country"] = ALL
    return sums


def _lacks_weight(rows: pd.DataFrame, basis: str) -> pd.Series:
    return rows[f"{basis}_kg"].isna() & (rows[f"{basis}_value"].fillna(0) != 0)


def _without(sums: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """The sums of codes that have no total row."""
    key = CELL[:-1]
    known = pd.MultiIndex.from_frame(totals[key].astype(str))
    return sums[~pd.MultiIndex.from_frame(sums[key].astype(str)).isin(known)]


def _total_differs(sums: pd.DataFrame, totals: pd.DataFrame) -> list[str]:
    """Months in which a pulled total row is not the sum of the countries pulled."""
    values = [f"{basis}_value" for basis in BASES]
    key = CELL[:-1]
    both = totals[key + values].merge(sums[key + values], on=key, how="left", suffixes=("", "_sum"))
    differs = [both[name].fillna(0) != both[f"{name}_sum"].fillna(0) for name in values]
    return sorted(both.loc[differs[0] | differs[1], "month"].astype(str).unique())


def _vintages(files: Files, coverage: Coverage) -> dict[str, str]:
    """Month to the newest pull that its figures are of."""
    used = {(level, month) for months in coverage.values() for month, level in months.items()}
    vintages: dict[str, str] = {}
    for level, month in sorted(used):
        vintages[month] = max(vintages.get(month, ""), files[level, month].stem)
    return dict(sorted(vintages.items()))


def _table(cells: pd.DataFrame) -> pa.Table:
    """The table of a release, sorted by month, product and country."""
    columns: dict[str, pd.Series] = {name: cells[name].astype(str) for name in CELL}
    columns["weight"] = cells["weight"].map(dict(enumerate(WEIGHTS))).astype(str)
    for field in PUBLIC:
        if field.type == pa.int64():
            columns[field.name] = cells[field.name].round().astype("Int64")
    table = pa.Table.from_pandas(pd.DataFrame(columns), schema=PUBLIC, preserve_index=False).replace_schema_metadata()
    return table.sort_by([(name, "ascending") for name in ("month", "product", "country", "level")])
