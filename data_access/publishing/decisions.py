"""The reviewer's decisions on single licenses: a CSV file with the columns license_id and decision."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_access.errors import UserError, all_at_once

ACCEPT, LEAVE_OUT = "accept", "leave_out"
COLUMNS = ("license_id", "decision")


def left_out(path: Path) -> frozenset[str]:
    """Ids of the licenses that a reviewer leaves out.

    Raises UserError for a file that is none, that lacks a column, or that holds another decision.
    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise UserError(f"{path}: expected a decisions file, found no such file; mend or drop --decisions") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected a CSV file in UTF-8, found {error}; save it as such") from None
    missing = [f"column {name}: expected it, found none" for name in COLUMNS if name not in rows]
    if missing:
        raise all_at_once(f"{path}: not a decisions file", missing)
    known = rows["decision"].isin([ACCEPT, LEAVE_OUT])
    problems = [
        f"row {row + 2}, column decision: expected {ACCEPT} or {LEAVE_OUT}, found {rows['decision'][row]!r}"
        for row in rows.index[~known]
    ]
    if problems:
        raise all_at_once(f"{path}: decisions that are none", problems)
    return frozenset(rows.loc[rows["decision"] == LEAVE_OUT, "license_id"])
