"""Who holds what: the license records of one month as arrays, with every firm that knows each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

VALUE, QUANTITY = 0, 1
"""Rows of every array of figures: customs value in US$, quantity in kg."""

MEASURES = 2
ROLES = ("importer_id", "filer_id", "exporter_id", "manufacturer_id")
UNIT_ROLES = ("importer_id", "filer_id")
"""The unit maps: records merged to the importer's enterprise, and to the filer's."""

NO_FIRM = ("", "unknown")


@dataclass(frozen=True, slots=True)
class Holdings:
    """License records of one month.

    `amounts` (measure x record) in US$ and kg; `units`, one array a unit map, the firm each record belongs to;
    `known_record` and `known_firm`, each pair once: the firm knows the record. Firms are numbered 0 to `firms` - 1.
    """

    amounts: NDArray[np.float64]
    units: tuple[NDArray[np.int64], ...]
    known_record: NDArray[np.int64]
    known_firm: NDArray[np.int64]
    firms: int


def firm_numbers(licenses: pd.DataFrame) -> pd.Series:
    """A number for each firm id of all records (index: id); ids of one enterprise share it, in whatever role.

    Firm ids and enterprise groups share one namespace. An importer named with a group at any time belongs to it
    always, so that no firm passes for two.
    """
    columns = [*ROLES, "enterprise_group"]
    codes, ids = pd.factorize(pd.concat([licenses[column] for column in columns], ignore_index=True))
    no_firm = np.flatnonzero(np.isin(ids, NO_FIRM))
    importer = codes[: len(licenses)]
    group = codes[len(ROLES) * len(licenses) :]
    linked = (group >= 0) & ~np.isin(group, no_firm)
    shape = (len(ids), len(ids))
    links = coo_array((np.ones(linked.sum(), bool), (importer[linked], group[linked])), shape=shape)
    _, numbers = connected_components(links, directed=False)
    return pd.Series(numbers.astype(np.int64), index=ids)


def holdings_of(licenses: pd.DataFrame, numbers: pd.Series) -> Holdings:
    """The holdings of these records (columns of `contracts.LICENSES`), firms numbered as `firm_numbers` gives them."""
    numbers = numbers.drop(index=list(NO_FIRM), errors="ignore")
    firms = np.stack([numbers.reindex(licenses[role]).fillna(-1).to_numpy(np.int64) for role in ROLES])
    used, local = np.unique(np.append(firms.ravel(), -1), return_inverse=True)
    local = local[:-1].reshape(firms.shape) - 1
    record = np.broadcast_to(np.arange(len(licenses)), local.shape)
    known = np.unique(np.stack([record[local >= 0], local[local >= 0]]), axis=1)
    return Holdings(
        amounts=licenses[["value_usd", "quantity_kg"]].to_numpy(np.float64).T.copy(),
        units=tuple(local[ROLES.index(role)].astype(np.int64) for role in UNIT_ROLES),
        known_record=known[0].astype(np.int64),
        known_firm=known[1].astype(np.int64),
        firms=len(used) - 1,
    )
