"""From what is kept to what is released: the newest figure of each cell, and the history of those replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.contracts import (
    ALL,
    LAYERS,
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    LICENSED,
    MEMBERS,
    RANGES,
    Absent,
    Status,
    license_file,
    license_schema,
)
from data_access.publishing.disclosure.layers import OTHER, Kind
from data_access.publishing.disclosure.tables import level_names
from data_access.publishing.state import KeptMonth, KeptPeriod

KEY: Final = ["product", *MEMBERS]
TABLE_OF: Final = {frozenset(own): table for table, own in LICENSE_DIMENSIONS.items()} | {frozenset(): "origin"}
FIGURES: Final = ["value", "kg"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How rows are read: the licensed groups, and what an absent row means by level."""

    groups: frozenset[str]
    absent: Mapping[str, Absent]

    def level_names(self, rows: pd.DataFrame) -> pd.Series:
        """The name of each row's level."""
        return level_names(rows, self.groups)


def newest(month: KeptMonth) -> pd.DataFrame:
    """The rows of a month as released, one for each cell that the newest layer has records of.

    Columns: key, value, kg, status, as_of. What the newest layer withholds and an earlier one showed is held: it keeps
    the earlier figure and date. A cell that lost its last record has no row, like any without records.
    """
    layers = _layers(month)
    now = layers[layers["as_of"] == month.last.as_of]
    shown = layers[layers["status"] == Status.PUBLISHED].drop_duplicates(KEY, keep="last")
    held = now[now["status"] != Status.PUBLISHED][KEY].merge(shown, on=KEY)
    hidden = now[now["status"] != Status.PUBLISHED].merge(held[KEY], on=KEY, how="left", indicator="held")
    hidden = hidden[hidden["held"] == "left_only"].drop(columns="held")
    return pd.concat([now[now["status"] == Status.PUBLISHED], held, hidden], ignore_index=True)


def _vanished(month: KeptMonth, rows: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Figures shown of cells that lost their last record: where presence is hidden they are held like any other."""
    layers = _layers(month)
    shown = layers[layers["status"] == Status.PUBLISHED].drop_duplicates(KEY, keep="last")
    gone = shown.merge(rows[KEY], on=KEY, how="left", indicator="there")
    gone = gone[gone["there"] == "left_only"].drop(columns="there")
    found: pd.DataFrame = gone[scope.level_names(gone).map(scope.absent) == Absent.HIDDEN]
    return found


def _layers(month: KeptMonth) -> pd.DataFrame:
    """All rows of all layers, oldest first, those of countries that are no cell of their own left out."""
    parts = [layer.rows().assign(as_of=layer.as_of) for layer in month.layers]
    rows = pd.concat(parts, ignore_index=True)
    return rows[~(rows[list(MEMBERS)] == OTHER).any(axis=1)]


def replaced(month: KeptMonth) -> pd.DataFrame:
    """Figures of a month that earlier layers published and later ones replaced."""
    layers = _layers(month)
    shown = layers[layers["status"] == Status.PUBLISHED]
    found: pd.DataFrame = shown[shown.duplicated(KEY, keep="last")]
    return found


def zeros(month: KeptMonth, rows: pd.DataFrame, *, scope: Scope, listed: Sequence[str]) -> pd.DataFrame:
    """Rows of 0 for cells of the weekly figures of a running month that no record is of."""
    if month.last.kind is not Kind.WEEKLY:
        return rows.iloc[:0]
    keys = [(LICENSED, *[ALL] * len(MEMBERS)), *((group, *[ALL] * len(MEMBERS)) for group in sorted(scope.groups))]
    for position, member in enumerate(MEMBERS):
        if member != "smelt2":
            keys += [(LICENSED, *_members(position, country)) for country in listed]
    found = pd.DataFrame(keys, columns=KEY)
    found = found[scope.level_names(found).map(scope.absent) == Absent.ZERO]
    found = found.merge(rows[KEY], on=KEY, how="left", indicator="there")
    found = found[found["there"] == "left_only"].drop(columns="there")
    zero = pd.array(np.zeros(len(found), np.int64), "Int64")
    return found.assign(value=zero, kg=zero.copy(), status=Status.PUBLISHED.value, as_of=month.last.as_of)


def _members(position: int, country: str) -> list[str]:
    return [country if place == position else ALL for place in range(len(MEMBERS))]


def month_rows(month: KeptMonth, *, scope: Scope, listed: Sequence[str]) -> pd.DataFrame:
    """The rows that a release has of a month: where presence is hidden, published ones only."""
    rows = newest(month)
    rows = pd.concat(
        [rows, zeros(month, rows, scope=scope, listed=listed), _vanished(month, rows, scope)], ignore_index=True
    )
    told = (rows["status"] == Status.PUBLISHED) | (scope.level_names(rows).map(scope.absent) != Absent.HIDDEN)
    return rows[told].reset_index(drop=True)


def license_tables(
    rows: Mapping[str, pd.DataFrame],
    months: Iterable[KeptMonth],
    periods: Iterable[KeptPeriod],
    *,
    ranges: Mapping[str, pd.DataFrame] | None,
) -> dict[str, pa.Table]:
    """The license files of a release by name.

    `rows` are those of each month; `ranges` (None: the release has none) the columns RANGES of each of them.
    """
    parts = [
        (of_month if ranges is None else of_month.join(ranges[month])).assign(period=month)
        for month, of_month in rows.items()
    ]
    for period in periods:
        parts += [period.rows(table).assign(period=period.period, as_of=period.as_of) for table in period.tables]
    every = pd.concat(parts, ignore_index=True) if parts else _nothing()
    every = every.assign(table=_tables_of(every))
    files = {
        license_file(table): _table(every[every["table"] == table], table, ranges=ranges is not None)
        for table in LICENSE_DIMENSIONS
    }
    files[LAYERS_FILE] = _history([replaced(month).assign(period=month.month) for month in months])
    return files


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in [*KEY, *FIGURES, "status", "as_of", "period"]})


def _tables_of(rows: pd.DataFrame) -> pd.Series:
    used = (rows[list(MEMBERS)] != ALL).to_numpy()
    names = [TABLE_OF[frozenset(np.array(MEMBERS)[row].tolist())] for row in used]
    return pd.Series(names, index=rows.index, dtype=object)


def _table(rows: pd.DataFrame, table: str, *, ranges: bool) -> pa.Table:
    schema = license_schema(table, ranges=ranges)
    rows = rows.reindex(columns=schema.names)
    rows = rows.astype(dict.fromkeys((*FIGURES, *(RANGES if ranges else ())), "Int64"))
    found = pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata()
    keys = ("period", "product", *LICENSE_DIMENSIONS[table])
    return found.sort_by([(key, "ascending") for key in keys]).combine_chunks()


def _history(parts: list[pd.DataFrame]) -> pa.Table:
    rows = pd.concat(parts, ignore_index=True) if parts else _nothing()
    rows = rows.assign(table=_tables_of(rows)).reindex(columns=LAYERS.names)
    found = pa.Table.from_pandas(rows, schema=LAYERS, preserve_index=False).replace_schema_metadata()
    keys = ("table", "period", *KEY, "as_of")
    return found.sort_by([(key, "ascending") for key in keys]).combine_chunks()
