"""Weekly snapshots of license records: what the license system holds on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data_access.contracts import DEMONSTRATION_MARK, LICENSES
from data_access.publishing.demo.records import Records
from data_access.publishing.files import whole_file

KG_PER_TON: Final = 1000.0
SLIP_HEADINGS: Final = ("7606", "7604", "7607", "76")
"""Headings to look for a slip in, the first with a record that fits."""

STATUSES: Final = ("active", "used", "cancelled", "expired_unused")


@dataclass(frozen=True, slots=True)
class Slip:
    """One record whose quantity is stated in tons where kg should stand: a thousandth of what it was."""

    license_id: str
    place: int


def with_slip(records: Records, *, month: str, before: date) -> Slip | None:
    """Put a slip into the largest record of worked metal of a month, applied for before a day; changes the records.

    None where no record fits.
    """
    of_month = records.expected_import_on.astype("datetime64[M]") == np.datetime64(month)
    fits = of_month & (records.applied_on < np.datetime64(before)) & ~np.isnat(records.used_on)
    codes, kg = records.columns["hts10"], records.columns["quantity_kg"]
    for heading in SLIP_HEADINGS:
        here = np.flatnonzero(fits & np.array([code.startswith(heading) for code in codes]))
        if len(here):
            place = int(here[np.argmax(kg[here])])
            kg[place] /= KG_PER_TON
            return Slip(str(records.columns["license_id"][place]), place)
    return None


def write_snapshot(path: Path, records: Records, *, day: date) -> int:
    """Write what is known on a day; gives the number of licenses."""
    known = records.applied_on <= np.datetime64(day)
    columns: dict[str, Any] = {name: column[known] for name, column in records.columns.items()}
    columns["status"] = np.array(STATUSES, dtype=object)[_status(records, day)[known]]
    columns["applied_on"] = records.applied_on[known]
    columns["expected_import_on"] = records.expected_import_on[known]
    arrays = [pa.array(columns[field.name], type=field.type, from_pandas=True) for field in LICENSES]
    schema = LICENSES.with_metadata({DEMONSTRATION_MARK: b"true"})
    with whole_file(path) as file:
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file, compression="zstd")
    return int(known.sum())


def _status(records: Records, day: date) -> NDArray[np.int64]:
    """Number of each record's status on a day; a day that never comes is not reached."""
    today = np.datetime64(day)
    reached = [records.used_on <= today, records.cancelled_on <= today, records.expired_on <= today]
    return np.select(reached, [1, 2, 3], 0).astype(np.int64)
