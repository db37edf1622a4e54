"""Larger inputs for the bench: public pulls and license records of a market with more codes and countries.

Both are synthetic. `times` is how many times as many codes and as many countries there are; rows grow with its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_access.contracts import RAW_PUBLIC
from data_access.publishing.demo import write_demo
from data_access.publishing.sources.vintages import newest, pulled_at, read_month, write_month
from data_access.reference import load
from tests.bench.records import Size, write_records

AS_OF = date(2026, 11, 20)
LICENSE_FILE = f"licenses-{AS_OF}.parquet"
LICENSE_MONTHS = ("2026-08", "2026-09", "2026-10")
TOTAL = "-"
FACTORS = 3
"""Copies have once to three times the figures of what they copy."""
FIGURES = tuple(field.name for field in RAW_PUBLIC if field.type == pa.int64())
LICENSES = Size(licenses=4_000, importers=600, filers=60, countries=30)


def write_demonstration(directory: Path) -> None:
    """Public pulls and a policy to start from."""
    write_demo(out=directory, seed=1, as_of=AS_OF, months=2, licenses=100, weeks=1, progress=False)


def write_licenses(directory: Path, months: Sequence[str], times: int) -> None:
    """License records: so many times as many countries, and its square of records, importers and filers."""
    area = times**2
    size = Size(
        licenses=LICENSES.licenses * area,
        importers=LICENSES.importers * area,
        filers=LICENSES.filers * area,
        countries=LICENSES.countries * times,
    )
    write_records(directory / LICENSE_FILE, list(months), size=size)


def write_wider(source: Path, target: Path, times: int, *, months: int | None = None) -> None:
    """The newest pulls of `source` (of its last `months`), each code and country so many times.

    A copied code is one of its subheading that the reference tables lack, a copied country a Schedule C code that they
    lack: publication names both in the manifest as observed, and servers take them from there. Total rows are sums.
    """
    files = newest(source)
    wanted = sorted(files)[-(months or len(files)) :]
    tables = {key: read_month(files[key]) for key in wanted}
    codes = _codes({code for table in tables.values() for code in table["hts"].unique().to_pylist()}, times)
    countries = _countries(
        {code for table in tables.values() for code in table["cty_code"].unique().to_pylist()}, times
    )
    for (level, month), table in tables.items():
        rows = pa.concat_tables(_copies(table, codes, countries))
        write_month(
            target, level=level, month=month, rows=rows, pulled_at=pulled_at(files[level, month]), demonstration=True
        )


Names = dict[str, str]
"""Codes of a copy by those that it copies."""


def _codes(known: set[str], times: int) -> list[Names]:
    """For each copy the codes of it; the first one is what it copies."""
    taken = {product.id for product in load().products} | known
    found: list[Names] = [{code: code for code in known}]
    for _ in range(1, times):
        names: Names = {}
        for code in sorted(known):
            names[code] = next(new for new in (f"{code[:6]}{9999 - n:04d}" for n in count()) if new not in taken)
            taken.add(names[code])
        found.append(names)
    return found


def _countries(known: set[str], times: int) -> list[Names]:
    taken = {code for country in load().countries for code in country.census_codes} | known
    free = (code for code in (f"{n:04d}" for n in range(1000, 10_000)) if code not in taken)
    first = {code: code for code in known}
    return [first] + [{code: TOTAL if code == TOTAL else next(free) for code in sorted(known)} for _ in range(1, times)]


def _copies(table: pa.Table, codes: list[Names], countries: list[Names]) -> list[pa.Table]:
    """All copies of a month's rows; a total row of a code once, the sum of those copies of its countries."""
    is_total: Any = pc.equal(table["cty_code"], pa.scalar(TOTAL))
    parts, totals = table.filter(pc.invert(is_total)), table.filter(is_total)
    found = []
    for code, own in enumerate(codes):
        factors = [1 + (code + country) % FACTORS for country in range(len(countries))]
        found.append(_copy(totals, own, countries[0], sum(factors)))
        found += [_copy(parts, own, names, factor) for names, factor in zip(countries, factors, strict=True)]
    return found


def _copy(table: pa.Table, codes: Names, countries: Names, factor: int) -> pa.Table:
    columns: dict[str, Any] = {name: table[name] for name in table.column_names}
    columns["hts"] = _renamed(table["hts"], codes)
    columns["cty_code"] = _renamed(table["cty_code"], countries)
    columns |= {name: pc.multiply(table[name], factor) for name in FIGURES}
    return pa.table(columns, schema=RAW_PUBLIC)


def _renamed(column: Any, names: Names) -> Any:
    encoded: Any = column.combine_chunks().dictionary_encode()
    return pa.array([names[one] for one in encoded.dictionary.to_pylist()]).take(encoded.indices)
