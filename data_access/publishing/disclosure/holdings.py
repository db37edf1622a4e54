"""Who holds what: the license records of one month as arrays, with every firm that knows each of them."""

from __future__ import annotations

from collections.abc import Sequence
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
"""The unit maps by default: records merged to the importer's enterprise, and to the filer's; a policy may add more."""

NO_FIRM = ("", "unknown")


@dataclass(frozen=True, slots=True)
class Holdings:
    """License records of one month.

    `amounts` (measure x record) in US$ and kg; `units`, one array a unit map, the firm each record belongs to (negative
    where it names none: the record then is nobody's part under that map); `known_record` and `known_firm`, each pair
    once: the firm knows the record. Firms are numbered 0 to `firms` - 1.
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


def holdings_of(licenses: pd.DataFrame, numbers: pd.Series, *, unit_roles: Sequence[str] = UNIT_ROLES) -> Holdings:
    """The holdings of these records (columns of `contracts.LICENSES`), firms numbered as `firm_numbers` gives them.

    `unit_roles` names the columns whose firms are protected, each a unit map of its own.
    """
    numbers = numbers.drop(index=list(NO_FIRM), errors="ignore")
    firms = np.stack([numbers.reindex(licenses[role]).fillna(-1).to_numpy(np.int64) for role in ROLES])
    _expect_numbers(licenses, firms)
    used, local = np.unique(np.append(firms.ravel(), -1), return_inverse=True)
    local = local[:-1].reshape(firms.shape) - 1
    record = np.broadcast_to(np.arange(len(licenses)), local.shape)
    known = np.unique(np.stack([record[local >= 0], local[local >= 0]]), axis=1)
    return Holdings(
        amounts=licenses[["value_usd", "quantity_kg"]].to_numpy(np.float64).T.copy(),
        units=tuple(local[ROLES.index(role)].astype(np.int64) for role in unit_roles),
        known_record=known[0].astype(np.int64),
        known_firm=known[1].astype(np.int64),
        firms=len(used) - 1,
    )


def _expect_numbers(licenses: pd.DataFrame, firms: NDArray[np.int64]) -> None:
    """Raises ValueError where a record's firm has no number: it would be nobody's, counted and protected no more."""
    for role, numbers in zip(ROLES, firms, strict=True):
        named = licenses[role].notna() & ~licenses[role].isin(NO_FIRM)
        lacking = (numbers < 0) & (named | (role in UNIT_ROLES))
        if lacking.any():
            raise ValueError(f"{role}: expected a number for the firm of each record, found {lacking.sum()} without")
