"""License records as a publication takes them: read, reviewed, decided on, and with their firms told."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from data_access.errors import UserError
from data_access.publishing.decisions import Decisions, read_decisions, to_decide
from data_access.publishing.months import FIRM_COLUMNS
from data_access.publishing.policy import Policy
from data_access.publishing.review import stopped
from data_access.publishing.sources.licenses import counted, read_licenses
from data_access.reference import Reference

LONGEST_QUIET: Final = timedelta(days=31)
"""A file without any later application is not of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`records` count (column `month`); `named` holds the firm columns of all records of the file, those that do not
    count among them; `stopped` what review stopped, `left_out` how many records the reviewer leaves out."""

    records: pd.DataFrame
    named: pd.DataFrame
    as_of: date
    demonstration: bool
    stopped: pd.DataFrame
    decisions: Decisions
    left_out: int
    remarks: tuple[str, ...]

    @classmethod
    def read(
        cls,
        path: Path,
        *,
        decisions: Path | None,
        as_of: date | None,
        policy: Policy,
        frozen: Iterable[str],
        reference: Reference,
    ) -> Source:
        """Raises UserError where records or decisions cannot be understood, and where licenses wait for a decision.

        Those of `frozen` months change nothing any more, and wait for none.
        """
        read = read_licenses(path, reference=reference)
        frame = with_one_spelling(read.frame)
        records = counted(frame)
        decided = Decisions() if decisions is None else read_decisions(decisions)
        found = stopped(records, policy.review, reference)
        found = found[~found["month"].isin(list(frozen))].reset_index(drop=True)
        undecided = decided.undecided(found)
        if len(undecided):
            raise to_decide(undecided, decisions)
        kept = decided.apply(records)
        # Records are whole up to the file's date only: a later date of release closes no month that they half hold.
        told = [day for day in (as_of, read.as_of) if day is not None]
        day = min(told) if told else _today(path, frame)
        return cls(
            records=kept,
            named=frame[list(FIRM_COLUMNS)],
            as_of=day,
            demonstration=read.demonstration,
            stopped=found,
            decisions=decided,
            left_out=len(records) - len(kept),
            remarks=tuple(decided.notes(records, stopped(kept, policy.review, reference))),
        )

    @property
    def links(self) -> pd.DataFrame:
        """Enterprise groups that records name, each pair once: columns importer_id, enterprise_group."""
        pairs = self.named[["importer_id", "enterprise_group"]].dropna().drop_duplicates()
        return pairs.sort_values(["importer_id", "enterprise_group"], ignore_index=True)

    def notes(self, policy: Policy) -> Iterator[str]:
        """What the log adds on these records."""
        if self.left_out:
            yield "  licenses under review are not included"
        if policy.demonstration and not self.demonstration:
            yield "  warning: this policy is the demonstration's, its secret is public; write one for real license data"


def _today(path: Path, records: pd.DataFrame) -> date:
    """The day of records that nothing tells, by the clock; a wrong one would close months, for good.

    Raises UserError where the clock and the records' applications are further apart than a file of today can be.
    """
    today = datetime.now(UTC).date()
    newest = pd.Timestamp(records["applied_on"].max()).date() if len(records) else today
    if not newest <= today <= newest + LONGEST_QUIET:
        raise UserError(
            f"{path}: expected records of today, {today} by the clock, found {newest} as the newest application; name "
            "the day that the records are of with --as-of, or set the clock right"
        )
    return today


def with_one_spelling(records: pd.DataFrame) -> pd.DataFrame:
    """Records whose firm ids are spelled one way: ids that differ by case, blanks or the form of their letters in
    Unicode are one firm."""
    return records.assign(**{name: _one_spelling(records[name]) for name in FIRM_COLUMNS})


def _one_spelling(ids: pd.Series) -> pd.Series:
    spelled = {one: _spelled(one) for one in ids.dropna().unique()}
    return ids.map(spelled).astype(ids.dtype)


def _spelled(id_: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", id_).casefold()).split())
