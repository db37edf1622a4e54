"""One schema per extract, of input and of release; a release is checked here, all problems told at once.

Both halves import this module and the reference tables, and nothing else of each other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.errors import UserError, all_at_once

SCHEMA_VERSION = 2
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
CERTIFICATE = re.compile(r"[0-9a-f]{64}")
MANIFEST = "manifest.json"
PUBLIC_FILE = "public.parquet"
LAYERS_FILE = "layers.parquet"
ALL = "all"
"""Member that stands for all members of a dimension."""
LICENSED = "aim"
"""Product that stands for all licensed products."""
DEMONSTRATION_MARK = b"demonstration"
"""Key of the schema metadata that marks synthetic input; its value is b"true"."""


class Status(StrEnum):
    """What a cell without a figure means; `published` alone carries one."""

    PUBLISHED = "published"
    WITHHELD = "withheld"
    NOT_YET = "not_yet"
    NOT_REPORTED = "not_reported"
    NOT_PUBLISHED = "not_published"
    NOT_APPLICABLE = "not_applicable"


class Weight(StrEnum):
    """Whether a public row has a weight: in kg, in pieces only, or with no quantity reported."""

    KG = "kg"
    NONE = "none"
    NOT_REPORTED = "not_reported"


def _schema(fields: list[pa.Field[Any]]) -> pa.Schema:
    return pa.schema(fields)


LEVELS = ("HS2", "HS4", "HS6", "HS10")
"""Levels of a pull of public statistics, coarse to fine."""

RAW_PUBLIC = _schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("hts", pa.string(), nullable=False),
        pa.field("level", pa.string(), nullable=False),
        pa.field("cty_code", pa.string(), nullable=False),
        pa.field("cty_name", pa.string(), nullable=False),
        pa.field("general_value", pa.int64()),
        pa.field("consumption_value", pa.int64()),
        pa.field("general_qty1", pa.int64()),
        pa.field("consumption_qty1", pa.int64()),
        pa.field("unit1", pa.string()),
        pa.field("general_qty2", pa.int64()),
        pa.field("consumption_qty2", pa.int64()),
        pa.field("unit2", pa.string()),
        pa.field("general_qty1_flag", pa.string()),
        pa.field("consumption_qty1_flag", pa.string()),
        pa.field("general_qty2_flag", pa.string()),
        pa.field("consumption_qty2_flag", pa.string()),
        pa.field("last_update", pa.string()),
    ]
)
"""Rows of chapter 76 as the Census API gives them, typed; US$ and the units' own quantities; '-' is the total row."""

LICENSES = _schema(
    [
        pa.field("license_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("applied_on", pa.date32(), nullable=False),
        pa.field("expected_import_on", pa.date32(), nullable=False),
        pa.field("entry_type", pa.string(), nullable=False),
        pa.field("low_value", pa.bool_(), nullable=False),
        pa.field("filer_id", pa.string(), nullable=False),
        pa.field("importer_id", pa.string(), nullable=False),
        pa.field("enterprise_group", pa.string()),
        pa.field("exporter_id", pa.string()),
        pa.field("manufacturer_id", pa.string()),
        pa.field("hts10", pa.string(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("exportation", pa.string()),
        pa.field("port", pa.string()),
        pa.field("smelt1", pa.string(), nullable=False),
        pa.field("smelt2", pa.string(), nullable=False),
        pa.field("cast", pa.string(), nullable=False),
        pa.field("quantity_kg", pa.float64(), nullable=False),
        pa.field("value_usd", pa.float64(), nullable=False),
    ]
)
"""License records, one row a license (19 CFR 361.103(c)(1)); confidential, staff side only."""

PUBLIC = _schema(
    [
        pa.field("month", pa.string(), nullable=False),
        pa.field("product", pa.string(), nullable=False),
        pa.field("level", pa.string(), nullable=False),
        pa.field("country", pa.string(), nullable=False),
        pa.field("general_value", pa.int64()),
        pa.field("general_kg", pa.int64()),
        pa.field("consumption_value", pa.int64()),
        pa.field("consumption_kg", pa.int64()),
        pa.field("weight", pa.string(), nullable=False),
    ]
)
"""Public statistics of a release: per month and basis the finest level pulled, codes of that level only; country 'all'
is the pulled total row of the code (the sum of its countries where none was pulled). A basis not pulled is null."""

LICENSE_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "origin": ("origin",),
    "smelt": ("smelt",),
    "smelt2": ("smelt2",),
    "cast": ("cast",),
    "origin_smelt": ("origin", "smelt"),
    "origin_cast": ("origin", "cast"),
}
"""License tables and their own columns beside period and product. Products for all countries are in `origin` alone."""

MEMBERS = ("origin", "smelt", "smelt2", "cast")
"""All dimensions of license tables, in the order of columns and keys."""

RANGES = ("value_low", "value_high", "kg_low", "kg_high")
"""Columns of ranges, where a release has them: what anyone can work out of a withheld cell from the release alone."""


def license_schema(table: str, *, ranges: bool = False) -> pa.Schema:
    """Schema of `license_<table>.parquet`: value in US$, weight in kg, null unless published."""
    own: list[pa.Field[Any]] = [pa.field(name, pa.string(), nullable=False) for name in LICENSE_DIMENSIONS[table]]
    bounds: list[pa.Field[Any]] = [pa.field(name, pa.int64()) for name in RANGES] if ranges else []
    return _schema(
        [
            pa.field("period", pa.string(), nullable=False),
            pa.field("product", pa.string(), nullable=False),
            *own,
            pa.field("value", pa.int64()),
            pa.field("kg", pa.int64()),
            pa.field("status", pa.string(), nullable=False),
            pa.field("as_of", pa.string(), nullable=False),
            *bounds,
        ]
    )


LAYERS = _schema(
    [
        pa.field("table", pa.string(), nullable=False),
        pa.field("period", pa.string(), nullable=False),
        pa.field("product", pa.string(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in MEMBERS),
        pa.field("value", pa.int64(), nullable=False),
        pa.field("kg", pa.int64(), nullable=False),
        pa.field("as_of", pa.string(), nullable=False),
    ]
)
"""Figures that earlier releases published of a month and later ones replaced: `as_of` is the earlier date."""


def license_file(table: str) -> str:
    """File name of a license table within a release."""
    return f"license_{table}.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPart:
    """What a release holds of public statistics.

    `coverage` maps basis ('consumption', 'general') to month to level pulled; `vintages` month to the pull it is of;
    `total_differs` lists months whose pulled total row is not the sum of the countries pulled.
    """

    as_of: str
    coverage: dict[str, dict[str, str]]
    vintages: dict[str, str]
    total_differs: list[str] = field(default_factory=list)
    observed_products: list[str] = field(default_factory=list)
    observed_countries: dict[str, str] = field(default_factory=dict)


class Absent(StrEnum):
    """What it means of a closed period that a level of a license table has no row for a cell."""

    ZERO = "zero"
    HIDDEN = "hidden"
    """None or withheld: the policy hides presence there, so that only published cells have rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensePart:
    """What a release holds of license data.

    `months` maps each closed month to the date of its newest figures, `final` lists those that change no more,
    `not_yet` those still filling (weekly figures may be there); `quarters` maps quarters to their date. `levels` maps
    the name of each level published to what an absent row means; `listed` a year to the countries published weekly.
    `withheld` counts withheld rows per table.
    """

    as_of: str
    policy: str
    certificate: str
    months: dict[str, str]
    final: list[str]
    not_yet: list[str]
    quarters: dict[str, str]
    levels: dict[str, Absent]
    listed: dict[str, list[str]]
    ranges: bool
    under_review: bool
    withheld: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """Integrity of one file of a release."""

    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`manifest.json` of a release."""

    schema: int
    id: str
    published: str
    demonstration: bool
    public: PublicPart
    license: LicensePart | None
    files: dict[str, FileEntry]

    def to_json(self) -> str:
        """The manifest as it stands on disk."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def read_manifest(release: Path) -> Manifest:
    """The manifest of a release directory.

    Raises UserError where it is missing, is not one, or is of another schema version.
    """
    path = release / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: expected a release manifest, found no such file; name a release directory") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected a readable JSON manifest, found {error}; publish the release anew") from None
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA_VERSION:
        raise UserError(f"{path}: expected schema {SCHEMA_VERSION}, found {found!r}; use the version that wrote it")
    try:
        return _manifest(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path}: expected the fields of schema {SCHEMA_VERSION}, found {error}; publish anew"
        ) from None


def _manifest(raw: dict[str, Any]) -> Manifest:
    _expect_fields("manifest", raw, Manifest)
    license_part = raw["license"]
    return Manifest(
        schema=raw["schema"],
        id=_text("id", raw["id"]),
        published=_text("published", raw["published"]),
        demonstration=_of_type("demonstration", raw["demonstration"], bool),
        public=public_part(raw["public"]),
        license=None if license_part is None else _license_part(license_part),
        files={name: _entry(name, entry) for name, entry in raw["files"].items()},
    )


def public_part(raw: Any) -> PublicPart:
    """The public part of a manifest as read from JSON; raises ValueError for anything that is none."""
    _expect_fields("public", raw, PublicPart)
    coverage = {
        basis: {_month("coverage", month): level for month, level in months.items()}
        for basis, months in _of_type("coverage", raw["coverage"], dict).items()
    }
    if any(level not in LEVELS for months in coverage.values() for level in months.values()):
        raise ValueError(f"a level of coverage other than {', '.join(LEVELS)}")
    return PublicPart(
        as_of=_month("as_of", raw["as_of"]) if raw["as_of"] else "",
        coverage=coverage,
        vintages={_text("vintages", key): _text("vintages", value) for key, value in raw["vintages"].items()},
        total_differs=_listed("total_differs", raw["total_differs"], _month),
        observed_products=_listed("observed_products", raw["observed_products"], _text),
        observed_countries={
            _text("observed_countries", key): _text("observed_countries", value)
            for key, value in raw["observed_countries"].items()
        },
    )


def _license_part(raw: Any) -> LicensePart:
    _expect_fields("license", raw, LicensePart)
    dated = {name: _of_type(name, raw[name], dict) for name in ("months", "quarters", "levels", "listed", "withheld")}
    return LicensePart(
        as_of=_text("as_of", raw["as_of"]),
        policy=_text("policy", raw["policy"]),
        certificate=_text("certificate", raw["certificate"]),
        months={_month("months", month): _text("months", day) for month, day in dated["months"].items()},
        final=_listed("final", raw["final"], _month),
        not_yet=_listed("not_yet", raw["not_yet"], _month),
        quarters={_text("quarters", name): _text("quarters", day) for name, day in dated["quarters"].items()},
        levels={_text("levels", name): Absent(absent) for name, absent in dated["levels"].items()},
        listed={_text("listed", year): _listed("listed", ids, _text) for year, ids in dated["listed"].items()},
        ranges=_of_type("ranges", raw["ranges"], bool),
        under_review=_of_type("under_review", raw["under_review"], bool),
        withheld={table: _of_type("withheld", count, int) for table, count in dated["withheld"].items()},
    )


def _entry(name: str, raw: Any) -> FileEntry:
    _expect_fields(name, raw, FileEntry)
    return FileEntry(sha256=_text("sha256", raw["sha256"]), rows=_of_type("rows", raw["rows"], int))


def _expect_fields(name: str, raw: Any, kind: type[Any]) -> None:
    """Exactly the fields of a dataclass: one more could tell what a release must not hold."""
    expected, found = {field.name for field in fields(kind)}, set(_of_type(name, raw, dict))
    if expected != found:
        raise ValueError(f"fields of {name} missing or not known: {', '.join(sorted(map(str, expected ^ found)))}")


def _of_type(name: str, value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{name} of type {type(value).__name__} in place of {kind.__name__}")
    return value


def _text(name: str, value: Any) -> str:
    text: str = _of_type(name, value, str)
    return text


def _month(name: str, value: Any) -> str:
    if not MONTH.fullmatch(_text(name, value)):
        raise ValueError(f"{name} with something other than a month YYYY-MM")
    return str(value)


def _listed(name: str, value: Any, one: Callable[[str, Any], str]) -> list[str]:
    return [one(name, item) for item in _of_type(name, value, list)]


def expected_files(manifest: Manifest) -> dict[str, pa.Schema]:
    """The files a release of this manifest consists of, with their schemas."""
    files = {PUBLIC_FILE: PUBLIC}
    if manifest.license is not None:
        ranges = manifest.license.ranges
        files |= {license_file(table): license_schema(table, ranges=ranges) for table in LICENSE_DIMENSIONS}
        files[LAYERS_FILE] = LAYERS
    return files


def file_entry(path: Path) -> FileEntry:
    """Hash and row count of a Parquet file as the manifest holds them."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return FileEntry(sha256=digest, rows=pq.read_metadata(path).num_rows)


def check_release(release: Path) -> Manifest:
    """Check what anyone can check of a release: files, hashes, schemas, no column more, withheld cells null.

    Raises UserError that lists every problem found.
    """
    manifest = read_manifest(release)
    schemas = expected_files(manifest)
    problems = _file_list_problems(release, manifest, schemas)
    for name, schema in schemas.items():
        if name in manifest.files and (release / name).is_file():
            problems += _file_problems(release / name, manifest.files[name], schema)
    if not problems and manifest.license is not None:
        problems += _license_problems(release, manifest.license)
    if problems:
        raise all_at_once(f"{release}: not a sound release; the last good one stays in use", problems)
    return manifest


def _file_list_problems(release: Path, manifest: Manifest, schemas: dict[str, pa.Schema]) -> list[str]:
    present = {path.name for path in release.iterdir()} - {MANIFEST}
    problems = [
        f"{name}: expected by the schema, not listed in the manifest" for name in schemas.keys() - manifest.files
    ]
    problems += [f"{name}: listed in the manifest, no such file" for name in manifest.files.keys() - present]
    problems += [f"{name}: expected no such file in a release of this schema" for name in present - schemas.keys()]
    return sorted(problems)


def _file_problems(path: Path, entry: FileEntry, schema: pa.Schema) -> list[str]:
    try:
        found = file_entry(path)
        actual = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        return [f"{path.name}: expected a Parquet file, found {error}"]
    problems = []
    if found.sha256 != entry.sha256:
        problems.append(f"{path.name}: expected SHA-256 {entry.sha256[:12]}…, found {found.sha256[:12]}…")
    if found.rows != entry.rows:
        problems.append(f"{path.name}: expected {entry.rows:,} rows, found {found.rows:,}")
    if actual.metadata:
        problems.append(f"{path.name}: expected no metadata of its own, found some")
    if not actual.remove_metadata().equals(schema):
        problems.append(f"{path.name}: expected columns {', '.join(schema.names)}, found {', '.join(actual.names)}")
    return problems


def _license_problems(release: Path, part: LicensePart) -> list[str]:
    problems = []
    if not CERTIFICATE.fullmatch(part.certificate):
        problems.append(f"{MANIFEST}: expected a certificate hash for license data, found none")
    if not set(part.final) <= set(part.months) or set(part.months) & set(part.not_yet):
        problems.append(f"{MANIFEST}: expected final months among the closed ones, and those apart from running ones")
    for table, own in LICENSE_DIMENSIONS.items():
        name = license_file(table)
        # Not `read_table`, which imports pandas; the serving half does without.
        cells = pq.ParquetFile(release / name).read()
        problems += [f"{name}: {problem}" for problem in _cell_problems(cells, ["period", "product", *own])]
        problems += [f"{name}: {problem}" for problem in _part_problems(table, cells, part)]
    return problems


def _part_problems(table: str, cells: pa.Table, part: LicensePart) -> list[str]:
    """Where the rows of a license table are not what the manifest says of them."""
    problems = []
    crossed = len(LICENSE_DIMENSIONS[table]) > 1
    periods = {str(period) for period in cells["period"].to_pylist()}
    told = set(part.quarters) if crossed else {*part.months, *part.not_yet}
    if any(period not in told and (crossed or not _is_sum_of(period, part.months)) for period in periods):
        problems.append("expected rows of the periods that the manifest names, found others")
    if max(map(str, cells["as_of"].to_pylist()), default="") > part.as_of:
        problems.append(f"column as_of: expected dates up to {part.as_of}, found a later one")
    statuses = cells["status"].to_pylist()
    if (withheld := statuses.count(Status.WITHHELD)) != part.withheld.get(table):
        problems.append(f"expected {part.withheld.get(table)} withheld cells, found {withheld}")
    hidden = {name for name, absent in part.levels.items() if absent is Absent.HIDDEN}
    keys = zip(*(cells[name].to_pylist() for name in ("product", *LICENSE_DIMENSIONS[table])), strict=True)
    names = (level_name(table, *key) for key in keys)
    if any(name in hidden and status != Status.PUBLISHED for name, status in zip(names, statuses, strict=True)):
        problems.append("expected published cells only where presence is hidden, found others")
    if part.ranges and not all(_is_range(row) for row in cells.select(["status", *RANGES]).to_pylist()):
        problems.append("expected ranges of withheld cells only, low to high, found others")
    return problems


def level_name(table: str, product: str, *members: str) -> str:
    """The name of a row's level, as `LicensePart.levels` has it."""
    depth = "total" if product == LICENSED else "hts6" if product.isdigit() else "group"
    told = [name for name, member in zip(LICENSE_DIMENSIONS[table], members, strict=True) if member != ALL]
    return "×".join([depth, *told])


def _is_range(row: dict[str, Any]) -> bool:
    bounds = [(row[low], row[high]) for low, high in (RANGES[:2], RANGES[2:])]
    if row["status"] != Status.WITHHELD:
        return all(low is None and high is None for low, high in bounds)
    return all(low is None or high is None or low <= high for low, high in bounds)


def _is_sum_of(period: str, months: Iterable[str]) -> bool:
    """Whether a period is January to a month of the same year, all of them closed."""
    first, _, last = period.partition("/")
    if not (MONTH.fullmatch(first) and MONTH.fullmatch(last) and first == f"{last[:4]}-01"):
        return False
    return {f"{last[:4]}-{number:02d}" for number in range(1, int(last[5:]) + 1)} <= set(months)


def _cell_problems(cells: pa.Table, key: list[str]) -> list[str]:
    problems = []
    statuses = [str(status) for status in cells["status"].to_pylist()]
    unknown = sorted(set(statuses) - set(Status))
    if unknown:
        problems.append(f"column status: expected one of {', '.join(Status)}, found {', '.join(unknown)}")
    for column in ("value", "kg"):
        figures = list(zip(cells[column].to_pylist(), statuses, strict=True))
        leaking = sum(figure is not None and status != Status.PUBLISHED for figure, status in figures)
        missing = sum(figure is None and status == Status.PUBLISHED for figure, status in figures)
        if leaking:
            problems.append(f"column {column}: expected null in cells that are not published, found {leaking} figures")
        if missing:
            problems.append(f"column {column}: expected a figure in published cells, found {missing} nulls")
    rows = list(zip(*(cells[name].to_pylist() for name in key), strict=True))
    if len(set(rows)) != len(rows):
        problems.append(f"expected one row for each {', '.join(key)}, found repeated ones")
    return problems
