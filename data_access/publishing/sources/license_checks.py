"""What a license record must be (19 CFR 361.101, 361.103), and where records are not.

Refused is only what cannot be true. Accepted, because it may be: an application after the import (due at the entry
summary), a quantity or value of 0, a second smelt equal to the first, an importer in two enterprise groups, an
unknown code under a licensed heading (kept there as observed), a code that a change of the tariff schedule ended
between application and import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_access.contracts import LICENSES
from data_access.reference import Licensed, Reference
from data_access.reference.product import CODE_LENGTH, is_chapter_code

STATUSES: Final = ("active", "used", "cancelled", "expired_unused")
ENTRY_TYPES: Final = ("consumption", "ftz_admission", "warehouse_withdrawal")

NOT_APPLICABLE: Final = "not_applicable"
UNKNOWN: Final = "unknown"

UNKNOWN_SMELT_ENDS: Final = date(2022, 6, 29)
"""First day on which an application may not state "unknown" as country of smelt (86 FR 27513)."""

PROGRAM_BEGINS: Final = date(2020, 12, 23)
"""The day the license program was published (85 FR 83804): no license is older."""

DAYS_AHEAD: Final = 90
"""A license is good for 75 days (19 CFR 361.103); an import expected more than 15 days past that is a wrong date."""

DAYS_AFTER: Final = 365
"""An application is due at the entry summary, days after the import; one more than a year later is a wrong date."""

FIRMS: Final = ("filer_id", "importer_id", "enterprise_group", "exporter_id", "manufacturer_id")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """Records (`rows`, from 0) whose column is not as `expected`; `values` the whole column, None where empty."""

    column: str
    rows: NDArray[np.int64]
    expected: str
    values: Any

    @classmethod
    def of(cls, column: str, mask: Any, expected: str, values: Any) -> Found:
        """Where a mask (null: no) is true."""
        return cls(column, np.flatnonzero(_mask(mask)), expected, values)

    def line(self, row: int) -> str:
        """One error in words."""
        value = None if self.values is None else self.values[row].as_py()
        found = "nothing" if value is None else f"{value!r}" if isinstance(value, str) else f"{value}"
        return f"row {row + 1:,}, column {self.column}: expected {self.expected}, found {found}"

    @staticmethod
    def merged(found: Iterable[Found]) -> Sequence[str]:
        """All errors in words, by row and then column; put into words only when looked at."""
        return _Lines([one for one in found if len(one.rows)])


class _Lines(Sequence[str]):
    """Errors by row, column and rule, as text: a file may have a million, a reader sees the first few."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = found
        rows = np.concatenate([one.rows for one in found]) if found else np.zeros(0, np.int64)
        rule = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
        column = np.array([LICENSES.names.index(one.column) for one in found], np.int64)[rule]
        order = np.lexsort((rule, column, rows))
        self._rows, self._rule = rows[order], rule[order]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        found = self._found[int(self._rule[index])]
        return found.line(int(self._rows[index]))


def check_records(table: pa.Table, *, reference: Reference, as_of: date | None) -> list[Found]:
    """All that is wrong with records (columns of `contracts.LICENSES`; nulls are told elsewhere).

    `as_of` is the date of the snapshot where known: none of its applications is later.
    """
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    checks = [_words(columns), _ids(columns), _figures(columns), _dates(columns, as_of)]
    checks += [_codes(columns, reference), _countries(columns, reference)]
    return [found for check in checks for found in check]


def _words(columns: dict[str, Any]) -> Iterator[Found]:
    for name, allowed in (("status", STATUSES), ("entry_type", ENTRY_TYPES)):
        values = columns[name]
        yield Found.of(name, _not_in(values, allowed), f"one of {', '.join(allowed)}", values)


def _ids(columns: dict[str, Any]) -> Iterator[Found]:
    ids = columns["license_id"]
    numbers = ids.dictionary_encode().indices
    _, first = np.unique(numbers.fill_null(-1).to_numpy(), return_index=True)
    again = np.ones(len(ids), bool)
    again[first] = False
    yield Found.of("license_id", again & _mask(ids.is_valid()), "each id once, all of its data in one record", ids)
    for name in ("license_id", *FIRMS):
        values = columns[name]
        # " A1" and "A1" would pass for two firms, and one of them for protected.
        blank = pc.not_equal(values, pc.utf8_trim_whitespace(values))
        yield Found.of(name, blank, "an id without blanks around it", values)
    for name in ("filer_id", "importer_id"):
        nobody = pc.equal(pc.utf8_lower(columns[name]), pa.scalar(UNKNOWN))
        yield Found.of(name, nobody, "the id of a firm", columns[name])


def _figures(columns: dict[str, Any]) -> Iterator[Found]:
    for name, unit in (("quantity_kg", "kg"), ("value_usd", "US$")):
        values = columns[name]
        good = pc.and_(pc.is_finite(values), pc.greater_equal(values, pa.scalar(0.0)))
        yield Found.of(name, pc.invert(good), f"{unit}, 0 or more", values)


def _dates(columns: dict[str, Any], as_of: date | None) -> Iterator[Found]:
    applied, imported = columns["applied_on"], columns["expected_import_on"]
    for name in ("applied_on", "expected_import_on"):
        early = pc.less(columns[name], pa.scalar(PROGRAM_BEGINS))
        yield Found.of(name, early, f"a day from {PROGRAM_BEGINS} on, when the program was published", columns[name])
    if as_of is not None:
        later = pc.greater(applied, pa.scalar(as_of))
        yield Found.of("applied_on", later, f"a day up to {as_of}, the date of the file", applied)
    days = pc.subtract(imported.cast(pa.int32()), applied.cast(pa.int32()))
    ahead, after = pc.greater(days, pa.scalar(DAYS_AHEAD)), pc.less(days, pa.scalar(-DAYS_AFTER))
    expected = f"at most {DAYS_AHEAD} days after the application (a license is good for 75)"
    yield Found.of("expected_import_on", ahead, expected, imported)
    expected = f"at most {DAYS_AFTER} days before the application (due at the entry summary)"
    yield Found.of("expected_import_on", after, expected, imported)


def _codes(columns: dict[str, Any], reference: Reference) -> Iterator[Found]:
    codes = columns["hts10"].dictionary_encode()
    known = codes.dictionary.to_pylist()
    of_row = codes.indices.fill_null(-1).to_numpy()
    shaped = [is_chapter_code(code) and len(code) == CODE_LENGTH["HS10"] for code in known]
    products = reference.products.with_observed(code for code, good in zip(known, shaped, strict=True) if good)
    licensed = [good and products[code].licensed is Licensed.ALL for code, good in zip(known, shaped, strict=True)]
    unlicensed = ~np.array([*licensed, True])[of_row]
    yield Found.of("hts10", unlicensed, "a ten-digit code that needs a license (19 CFR 361.101)", columns["hts10"])
    months = [_months(columns[name]) for name in ("applied_on", "expected_import_on")]
    never = np.zeros(len(of_row), bool)
    for place, code in enumerate(known):
        if shaped[place] and code in reference.products and not _always_valid(reference, code):
            rows = np.flatnonzero(of_row == place)
            invalid = [_invalid(reference, code, month[rows]) for month in months]
            never[rows] = invalid[0] & invalid[1]
    yield Found.of("hts10", never, "a code valid in the month of application or import", columns["hts10"])


def _always_valid(reference: Reference, code: str) -> bool:
    product = reference.products[code]
    return product.valid_from is None and product.valid_to is None and product.gone_by is None


def _months(dates: Any) -> NDArray[np.datetime64]:
    return np.asarray(dates.to_numpy(zero_copy_only=False)).astype("datetime64[M]")


def _invalid(reference: Reference, code: str, months: NDArray[np.datetime64]) -> Mask:
    """Where a code is known not to exist; a missing date tells nothing."""
    unique, place = np.unique(months, return_inverse=True)
    invalid = [not np.isnat(month) and not reference.products.is_valid(code, str(month)) for month in unique]
    return np.array(invalid, bool)[place]


def _countries(columns: dict[str, Any], reference: Reference) -> Iterator[Found]:
    ids = [country.iso3 for country in reference.countries]
    for name in ("origin", "exportation", "cast"):
        values = columns[name]
        expected = f"a country's ISO alpha-3 code{', never anything else' if name == 'cast' else ''}"
        yield Found.of(name, _not_in(values, ids), expected, values)
    before = pc.fill_null(pc.less(columns["applied_on"], pa.scalar(UNKNOWN_SMELT_ENDS)), True)
    for name in ("smelt1", "smelt2"):
        values = columns[name]
        unknown = pc.equal(values, pa.scalar(UNKNOWN))
        bad = pc.and_not(_not_in(values, [*ids, NOT_APPLICABLE]), unknown)
        yield Found.of(name, bad, f"a country's ISO alpha-3 code or {NOT_APPLICABLE}", values)
        late = pc.and_not(unknown, before)
        expected = f"no {UNKNOWN} where applied for from {UNKNOWN_SMELT_ENDS} on"
        yield Found.of(name, late, expected, values)


def _not_in(values: Any, allowed: Sequence[str]) -> Any:
    """Where a value is there and not one of those allowed."""
    return pc.and_(values.is_valid(), pc.invert(pc.is_in(values, pa.array(allowed))))


def _mask(mask: Any) -> Mask:
    if isinstance(mask, np.ndarray):
        return mask
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), bool)
