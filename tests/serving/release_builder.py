"""Tiny releases for tests, written from the contracts' schemas, and releases of real figures where they are."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import (
    ALL,
    LAYERS,
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    MANIFEST,
    MEMBERS,
    MONTH,
    PUBLIC,
    PUBLIC_FILE,
    RANGES,
    SCHEMA_VERSION,
    Absent,
    FileEntry,
    LicensePart,
    Manifest,
    PublicPart,
    file_entry,
    license_file,
    license_schema,
)
from data_access.reference import load, observed_id

LICENSE_AS_OF = "2026-03-20"
LEVELS = {2: "HS2", 4: "HS4", 6: "HS6", 10: "HS10"}


def public_row(
    month: str,
    product: str,
    country: str,
    value: int | None,
    kg: int | None = None,
    *,
    weight: str | None = None,
    general: tuple[int | None, int | None] | None = None,
) -> dict[str, Any]:
    """A row of public statistics; general imports are those for consumption unless given."""
    general_value, general_kg = (value, kg) if general is None else general
    return {
        "month": month,
        "product": product,
        "level": LEVELS[len(product)],
        "country": country,
        "general_value": general_value,
        "general_kg": general_kg,
        "consumption_value": value,
        "consumption_kg": kg,
        "weight": weight or ("not_reported" if kg is None and general_kg is None else "kg"),
    }


def with_totals(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows and the total row of each code and month, their sum."""
    rows = list(rows)
    return [*rows, *totals_of(rows)]


def totals_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The total row of each code and month; it has a weight where any of its rows has."""
    figures = ("general_value", "general_kg", "consumption_value", "consumption_kg")
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["month"], row["product"]].append(row)
    totals = []
    for group in groups.values():
        weights = sorted({row["weight"] for row in group})
        total = {**group[0], "country": "all", "weight": "kg" if "kg" in weights else weights[0]}
        for name in figures:
            known = [row[name] for row in group if row[name] is not None]
            total[name] = sum(known) if known else None
        totals.append(total)
    return totals


def license_row(
    period: str,
    product: str,
    origin: str,
    value: int | None,
    kg: int | None = None,
    *,
    smelt: str = ALL,
    smelt2: str = ALL,
    cast: str = ALL,
    status: str = "published",
    as_of: str = LICENSE_AS_OF,
    ranges: tuple[int | None, ...] = (None, None, None, None),
) -> dict[str, Any]:
    """A cell of a license table: that of the dimensions in which it names a member; `ranges` of value, then of kg."""
    return {
        "period": period,
        "product": product,
        "origin": origin,
        "smelt": smelt,
        "smelt2": smelt2,
        "cast": cast,
        "value": value,
        "kg": kg,
        "status": status,
        "as_of": as_of,
        **dict(zip(RANGES, ranges, strict=True)),
    }


def withheld_row(period: str, product: str, origin: str, **more: Any) -> dict[str, Any]:
    """A withheld cell of a license table."""
    return license_row(period, product, origin, None, status="withheld", **more)


def own_members(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Dimensions in which a row names a member."""
    return tuple(name for name in MEMBERS if row[name] != ALL)


def table_of(row: Mapping[str, Any]) -> str:
    """The table that a row belongs to."""
    own = own_members(row)
    return "origin" if not own else next(name for name, dims in LICENSE_DIMENSIONS.items() if dims == own)


def level_of(row: Mapping[str, Any]) -> str:
    """The name of a row's level."""
    product = row["product"]
    depth = "total" if product == "aim" else "hts6" if product.isdigit() else "group"
    return "×".join((depth, *own_members(row)))


def coverage_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Month to level, by basis, as the rows have figures."""
    coverage: dict[str, dict[str, str]] = {"consumption": {}, "general": {}}
    for row in rows:
        for basis, months in coverage.items():
            if row[f"{basis}_value"] is not None:
                months[row["month"]] = row["level"]
    return coverage


def write_release(
    releases: Path,
    public: Iterable[dict[str, Any]],
    licenses: Iterable[dict[str, Any]] | None = None,
    *,
    id_: str = "2026-03-20T15-00-00Z-aaaaaa",
    not_yet: tuple[str, ...] = (),
    levels: Mapping[str, str] | None = None,
    ranges: bool = False,
    under_review: bool = False,
    licensed_on: str = LICENSE_AS_OF,
    certificate: str = "f" * 64,
    demonstration: bool = False,
    coverage: dict[str, dict[str, str]] | None = None,
    total_differs: tuple[str, ...] = (),
    observed_countries: dict[str, str] | None = None,
    current: bool = True,
    layers: Iterable[dict[str, Any]] = (),
) -> Path:
    """Write a release and point `current` to it; gives its directory.

    `levels` maps the name of a published level to what an absent row means; without it all levels that rows are of, and
    the total, groups and countries of origin, show zeros.
    `layers` are rows of `license_row` that later figures replaced.
    """
    rows = list(public)
    cells = None if licenses is None else list(licenses)
    directory = releases / id_
    directory.mkdir(parents=True)
    files = {PUBLIC_FILE: _write(directory / PUBLIC_FILE, rows, PUBLIC)}
    if cells is not None:
        for table in LICENSE_DIMENSIONS:
            own = [cell for cell in cells if table_of(cell) == table]
            schema, name = license_schema(table, ranges=ranges), license_file(table)
            files[name] = _write(directory / name, own, schema)
        earlier = [{**row, "table": table_of(row)} for row in layers]
        files[LAYERS_FILE] = _write(directory / LAYERS_FILE, earlier, LAYERS)
    coverage = coverage or coverage_of(rows)
    months = sorted({month for by_month in coverage.values() for month in by_month})
    codes = sorted({row["product"] for row in rows})
    products = load().products
    manifest = Manifest(
        schema=SCHEMA_VERSION,
        id=id_,
        published="2026-03-20T15:00:00Z",
        demonstration=demonstration,
        public=PublicPart(
            as_of=months[-1] if months else "",
            coverage=coverage,
            vintages=dict.fromkeys(months, "2026-03-18T12-00-00Z"),
            total_differs=list(total_differs),
            observed_products=[code for code in codes if code not in products],
            observed_countries=observed_countries or {},
        ),
        license=None
        if cells is None
        else _license_part(
            cells,
            not_yet,
            certificate,
            levels=levels or levels_of(cells),
            ranges=ranges,
            under_review=under_review,
            as_of=licensed_on,
        ),
        files=files,
    )
    (directory / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    if current:
        point_to(releases, id_)
    return directory


def point_to(releases: Path, id_: str) -> None:
    """Move `current`, as the publisher does."""
    new = releases / ".next"
    new.symlink_to(id_)
    new.replace(releases / "current")


def levels_of(cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Levels that show zeros: those of the cells, and the total, groups and countries of origin."""
    return dict.fromkeys(["total", "group", "total×origin", *(level_of(cell) for cell in cells)], "zero")


def _license_part(
    cells: list[dict[str, Any]],
    not_yet: tuple[str, ...],
    certificate: str,
    *,
    levels: Mapping[str, str],
    ranges: bool,
    under_review: bool,
    as_of: str,
) -> LicensePart:
    newest: dict[str, str] = {}
    for cell in cells:
        newest[cell["period"]] = max(cell["as_of"], newest.get(cell["period"], ""))
    months = {period: day for period, day in sorted(newest.items()) if MONTH.fullmatch(period)}
    withheld = [table_of(cell) for cell in cells if cell["status"] == "withheld"]
    return LicensePart(
        as_of=as_of,
        policy="test",
        certificate=certificate,
        months={month: day for month, day in months.items() if month not in not_yet},
        final=[],
        not_yet=list(not_yet),
        quarters={period: day for period, day in sorted(newest.items()) if "Q" in period},
        levels={name: Absent(absent) for name, absent in levels.items()},
        listed={},
        ranges=ranges,
        under_review=under_review,
        withheld={table: withheld.count(table) for table in LICENSE_DIMENSIONS},
    )


def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> FileEntry:
    rows = [{name: row[name] for name in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return file_entry(path)


# -- real figures ---------------------------------------------------------------------------------------------------


def real_rows(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Rows of a file of real figures, and countries that the tables lack; overlapping groups of countries left out."""
    countries = load().countries
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    observed: dict[str, str] = {}
    has_total = False
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            census = line["CTY_CODE"]
            if census != "-" and (census.startswith("00") or census.endswith("XXX")):
                continue
            has_total |= census == "-"
            country = "all" if census == "-" else countries.by_census(census)
            if country is None:
                country = observed_id(census)
                observed[country] = line["CTY_NAME"]
            _add(sums, line, country)
    rows = list(sums.values())
    return (rows if has_total else [*rows, *totals_of(rows)]), observed


def _add(sums: dict[tuple[str, str, str], dict[str, Any]], line: dict[str, str], country: str) -> None:
    key = (line["time"], line["I_COMMODITY"], country)
    figures = {
        "general_value": line.get("GEN_VAL_MO"),
        "general_kg": None,
        "consumption_value": line.get("CON_VAL_MO"),
        "consumption_kg": line.get("CON_QY1_MO"),
    }
    row = sums.setdefault(
        key,
        {
            "month": key[0],
            "product": key[1],
            "level": line["COMM_LVL"],
            "country": country,
            **dict.fromkeys(figures),
            "weight": "kg" if line.get("UNIT_QY1") == "KG" else "not_reported",
        },
    )
    for name, figure in figures.items():
        if figure:
            row[name] = (row[name] or 0) + int(figure)


def real_release(releases: Path, path: Path) -> Path:
    """A release of a file of real figures, public part only."""
    rows, observed = real_rows(path)
    return write_release(releases, rows, observed_countries=observed)
