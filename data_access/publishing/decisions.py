"""The reviewer's decisions on single licenses that review stopped: a CSV file, on the confidential side.

Columns license_id and decision (`accept`, `correct`, `leave_out`), and for `correct` quantity_kg or value_usd or both:
the figures that stand in place of the record's. A column note is for the reviewer alone.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import pandas as pd

from data_access.errors import MAX_SHOWN, UserError, all_at_once
from data_access.publishing.sources.licenses import KG_PER_TON


class Decision(StrEnum):
    """What becomes of a license."""

    ACCEPT = "accept"
    CORRECT = "correct"
    LEAVE_OUT = "leave_out"


REQUIRED: Final = ("license_id", "decision")
FIGURES: Final = ("quantity_kg", "value_usd")
ALLOWED: Final = (*REQUIRED, *FIGURES, "note")


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision; `figures` are those corrected, by column."""

    decision: Decision
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions by license id; none where there is no file."""

    by_license: Mapping[str, Decided] = field(default_factory=dict)

    @property
    def left_out(self) -> frozenset[str]:
        """Ids of the licenses left out."""
        return frozenset(self._ids(Decision.LEAVE_OUT))

    def apply(self, records: pd.DataFrame) -> pd.DataFrame:
        """Records with corrected figures and without those left out; `records` itself stays as it is."""
        kept = records[~records["license_id"].isin(self.left_out)].reset_index(drop=True)
        corrected = {id_: self.by_license[id_].figures for id_ in self._ids(Decision.CORRECT)}
        for name in FIGURES:
            figures = {id_: of[name] for id_, of in corrected.items() if name in of}
            if figures:
                kept[name] = kept["license_id"].map(figures).astype("float64").fillna(kept[name])
        if "tons" in kept:
            kept["tons"] = kept["quantity_kg"] / KG_PER_TON
        return kept

    def undecided(self, stopped: pd.DataFrame) -> pd.DataFrame:
        """Of the licenses that `review.stopped` gives, those that nobody decided on."""
        return stopped[~stopped["license_id"].isin(list(self.by_license))].reset_index(drop=True)

    def notes(self, records: pd.DataFrame, stopped: pd.DataFrame) -> list[str]:
        """What a reviewer may want to know: decisions on licenses not in `records` (the file's, none left out), and
        corrections that `stopped` (review of the records corrected) would stop again."""
        absent = sorted(set(self.by_license) - set(records["license_id"]))
        again = sorted(set(self._ids(Decision.CORRECT)) & set(stopped["license_id"]))
        notes = []
        if absent:
            notes.append(f"decisions on licenses that count in no month at hand ({len(absent):,}): {_some(absent)}")
        if again:
            notes.append(f"corrected licenses that are outside the bounds still ({len(again):,}): {_some(again)}")
        return notes

    def _ids(self, decision: Decision) -> Iterator[str]:
        return (id_ for id_, one in self.by_license.items() if one.decision is decision)


def read_decisions(path: Path) -> Decisions:
    """The decisions of a CSV file.

    Raises UserError for a file that is none, and one that lists all rows that decide nothing: an unknown decision,
    a correction without a figure, a figure that is no positive number, a license decided twice.
    """
    lines = _lines(path)
    problems: list[str] = []
    found: dict[str, Decided] = {}
    first: dict[str, int] = {}
    for row, line in lines:
        problems += [f"row {row}, {problem}" for problem in _problems(line)]
        id_ = line["license_id"]
        if id_ in first:
            problems.append(
                f"row {row}, column license_id: expected each license once, found {id_} in row {first[id_]} too"
            )
        first.setdefault(id_, row)
        if not problems:
            figures = {name: float(line[name]) for name in FIGURES if line[name]}
            found[id_] = Decided(Decision(line["decision"]), figures)
    if problems:
        raise all_at_once(f"{path}: decisions that are none; mend these rows", problems)
    return Decisions(found)


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Number and fields of each row, all columns there; rows are counted as an editor does."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="", strict=True)
            names = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            lines = [(reader.line_num, line) for line in reader]
    except FileNotFoundError:
        raise UserError(f"{path}: expected a decisions file, found no such file; mend or drop --decisions") from None
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path}: expected a CSV file in UTF-8, found {error}; save it as such") from None
    problems = [f"column {name}: expected it, found none" for name in REQUIRED if name not in names]
    problems += [f"column {name}: expected one of {', '.join(ALLOWED)}" for name in names if name not in ALLOWED]
    problems += [f"column {name}: expected it once" for name in dict.fromkeys(names) if names.count(name) > 1]
    problems += [f"row {row}: expected {len(names)} fields, found more" for row, line in lines if "" in line]
    if problems:
        raise all_at_once(f"{path}: not a decisions file", problems)
    return [(row, {name: (line.get(name) or "").strip() for name in ALLOWED}) for row, line in lines]


def _problems(line: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one row."""
    if not line["license_id"]:
        yield "column license_id: expected the id of a license, found nothing"
    if line["decision"] not in list(Decision):
        yield f"column decision: expected {' or '.join(Decision)}, found {line['decision']!r}"
        return
    given = [name for name in FIGURES if line[name]]
    if line["decision"] != Decision.CORRECT:
        for name in given:
            yield f"column {name}: expected nothing with {line['decision']}, found {line[name]!r}"
        return
    if not given:
        yield f"column {FIGURES[0]}: expected a figure here or in {FIGURES[1]} to correct with, found none"
    for name in given:
        if not _is_positive(line[name]):
            yield f"column {name}: expected a number above 0, found {line[name]!r}"


def _is_positive(text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and number > 0 and "_" not in text


def to_decide(undecided: pd.DataFrame, path: Path | None) -> UserError:
    """The error of a publication that stops: which licenses, why, and the lines to add to which file.

    `undecided` as `Decisions.undecided` gives it, `path` the decisions file where one was named. Staff side: it tells
    figures of single licenses.
    """
    shown = undecided.head(MAX_SHOWN)
    more = len(undecided) - len(shown)
    rest = [f"  … and {more:,} more, told once these are decided"] if more else []
    count = "1 license has" if len(undecided) == 1 else f"{len(undecided):,} licenses have"
    lines = [
        f"{count} a unit value that its product hardly can have; nothing is published until each is decided on",
        *(f"  {_in_words(row)}" for row in shown.to_dict("records")),
        *rest,
        *_remedy(path),
        *(["", ",".join(REQUIRED)] if path is None or not path.exists() else [""]),
        *(f"{id_},{Decision.LEAVE_OUT}" for id_ in shown["license_id"]),
    ]
    return UserError("\n".join(lines))


def _remedy(path: Path | None) -> Iterator[str]:
    where = "to a file that --decisions names" if path is None else f"to {path}"
    yield f"Add these lines {where}, each as it should be: {Decision.LEAVE_OUT} (counts as absent), {Decision.ACCEPT}"
    yield f"(the figures are true), or {Decision.CORRECT} with the true figure under {FIGURES[0]} or {FIGURES[1]}:"


def _in_words(row: Mapping[Hashable, object]) -> str:
    """One stopped license, with its unit value and bounds."""
    number = {name: float(str(row[name])) for name in ("value_usd", "quantity_kg", "unit_value", "low", "high")}
    unit_value = f"{figure(number['unit_value'])} US$/kg" if number["quantity_kg"] > 0 else "no quantity"
    bounds = f"{figure(number['low'])} to {figure(number['high'])} US$/kg"
    basis = "" if row["basis"] == row["hts10"] else f" (of {row['basis']})"
    return (
        f"{row['license_id']}, {row['month']}, {row['hts10']}: {number['value_usd']:,.0f} US$, "
        f"{number['quantity_kg']:,.0f} kg, {unit_value}; expected {bounds}{basis}"
    )


def figure(number: float) -> str:
    """A unit value with three digits that count, none more."""
    if not math.isfinite(number):
        return "–"
    digits = max(0, 2 - math.floor(math.log10(number))) if number > 0 else 0
    return f"{number:,.{digits}f}"


def _some(ids: Sequence[str]) -> str:
    more = f" … and {len(ids) - MAX_SHOWN:,} more" if len(ids) > MAX_SHOWN else ""
    return ", ".join(ids[:MAX_SHOWN]) + more
