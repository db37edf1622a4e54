"""One schema per extract, of input and of release; a release is checked here, all problems told at once.

Both halves import this module and the reference tables, and nothing else of each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.errors import UserError, all_at_once

if TYPE_CHECKING:
    from data_access.signing import VerifyKey

SCHEMA_VERSION = 2
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
CERTIFICATE = re.compile(r"[0-9a-f]{64}")
RELEASE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
PUBLISHED = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
"""Beside the manifest of a signed release: its signature, see `data_access.signing`."""
PUBLIC_FILE = "public.parquet"
LAYERS_FILE = "layers.parquet"
ALL = "all"
"""Member that stands for all members of a dimension."""
LICENSED = "aim"
"""Product that stands for all licensed products."""
MAX_MANIFEST = 1 << 24
"""Bytes of a manifest."""
MAX_SIGNATURE = 1 << 10
MAX_FILE = 1 << 29
"""Bytes of a file of a release."""
MAX_ROWS = 50_000_000
MAX_UNPACKED = 1 << 32
"""Bytes of a file's columns once unpacked, as the file itself tells."""
MAX_FIGURE = 1 << 53
"""US$ or kg: sums are exact below it."""
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


class UnsignedError(UserError):
    """A release without a signature by the key that is asked for."""


def read_manifest(release: Path, key: VerifyKey | None = None) -> Manifest:
    """The manifest of a release directory; with `key` it must be signed by it.

    Raises UserError where it is missing, is not one, or is of another schema version, and `UnsignedError`.
    """
    path = release / MANIFEST
    try:
        data = read_regular(path, most=MAX_MANIFEST)
    except FileNotFoundError:
        raise UserError(f"{path}: expected a release manifest, found no such file; name a release directory") from None
    except OSError as error:
        raise _not_readable(path, error) from None
    if key is not None:
        _check_signature(release, data, key)
    return parse_manifest(data, path)


def parse_manifest(data: bytes, path: Path) -> Manifest:
    """The manifest that these bytes of `path` are; raises UserError as `read_manifest` does."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _not_readable(path, error) from None
    found = raw.get("schema") if isinstance(raw, dict) else None
    if type(found) is not int or found != SCHEMA_VERSION:
        raise UserError(f"{path}: expected schema {SCHEMA_VERSION}, found {found!r}; use the version that wrote it")
    try:
        return _manifest(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path}: expected the fields of schema {SCHEMA_VERSION}, found {error}; publish anew"
        ) from None


def _not_readable(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: expected a readable JSON manifest, found {error}; publish the release anew")


def _check_signature(release: Path, manifest: bytes, key: VerifyKey) -> None:
    try:
        signature = read_regular(release / SIGNATURE, most=MAX_SIGNATURE)
    except FileNotFoundError:
        raise UnsignedError(
            f"{release}: expected a signed release, found no {SIGNATURE}; publish with --sign-key, or sign it with "
            "'aim-monitor sign' once you have checked it"
        ) from None
    except OSError as error:
        raise UnsignedError(f"{release / SIGNATURE}: expected a signature, found {error}; publish anew") from None
    if not key.holds(manifest, signature):
        raise UnsignedError(
            f"{release / SIGNATURE}: expected a signature of this manifest by the key asked for, found another; the "
            "release was altered or signed with another key (--verify-key, AIM_VERIFY_KEY name the file of the key)"
        )


def read_regular(path: Path, *, most: int) -> bytes:
    """The bytes of a regular file, no link; raises OSError for anything else, and for one of more than `most` bytes."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("no regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(f"more than {most:,} bytes")
    return data


def _manifest(raw: dict[str, Any]) -> Manifest:
    _expect_fields("manifest", raw, Manifest)
    license_part = raw["license"]
    return Manifest(
        schema=raw["schema"],
        id=release_name(raw["id"]),
        published=time_published(raw["published"]),
        demonstration=_of_type("demonstration", raw["demonstration"], bool),
        public=public_part(raw["public"]),
        license=None if license_part is None else _license_part(license_part),
        files={name: _entry(name, entry) for name, entry in raw["files"].items()},
    )


def release_name(value: Any) -> str:
    """The id of a release, fit for a file name and an address; raises ValueError for anything else."""
    if not RELEASE_NAME.fullmatch(_text("id", value)):
        raise ValueError("id with something other than letters, digits, dots and dashes")
    return str(value)


def time_published(value: Any) -> str:
    """The time of publication; raises ValueError for anything else."""
    if not PUBLISHED.fullmatch(_text("published", value)):
        raise ValueError("published with something other than a time YYYY-MM-DDThh:mm:ssZ")
    return str(value)


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
    return _entry_of(path.read_bytes())


def _entry_of(data: bytes) -> FileEntry:
    rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    return FileEntry(sha256=hashlib.sha256(data).hexdigest(), rows=rows)


def check_release(release: Path, key: VerifyKey | None = None) -> Manifest:
    """Check what anyone can check of a release: files, hashes, schemas, no column more, withheld cells null.

    With `key` it must also be signed by it. Raises UserError that lists every problem found, and `UnsignedError`.
    """
    return read_release(release, key)[0]


def read_release(release: Path, key: VerifyKey | None = None) -> tuple[Manifest, dict[str, bytes]]:
    """As `check_release`, with the bytes of its files, which are those that were checked whatever lies there since."""
    manifest = read_manifest(release, key)
    schemas = expected_files(manifest)
    problems = _file_list_problems(release, manifest, schemas)
    files: dict[str, bytes] = {}
    for name, schema in schemas.items():
        if name in manifest.files and os.path.lexists(release / name):
            data, found = file_problems(release / name, manifest.files[name], schema)
            files[name] = data
            problems += found
    if not problems:
        problems += public_problems(files[PUBLIC_FILE])
        problems += _license_problems(files, manifest.license) if manifest.license else []
    if problems:
        raise all_at_once(f"{release}: not a sound release; the last good one stays in use", problems)
    return manifest, files


def _file_list_problems(release: Path, manifest: Manifest, schemas: dict[str, pa.Schema]) -> list[str]:
    present = {path.name for path in release.iterdir()} - {MANIFEST, SIGNATURE}
    problems = [
        f"{name}: expected by the schema, not listed in the manifest" for name in schemas.keys() - manifest.files
    ]
    problems += [f"{name}: listed in the manifest, no such file" for name in manifest.files.keys() - present]
    problems += [f"{name}: expected no such file in a release of this schema" for name in present - schemas.keys()]
    return sorted(problems)


def file_problems(path: Path, entry: FileEntry, schema: pa.Schema) -> tuple[bytes, list[str]]:
    """The bytes of a file, and where they are not what a manifest and the schema say."""
    data = b""
    try:
        data = read_regular(path, most=MAX_FILE)
        metadata = pq.read_metadata(pa.BufferReader(data))
        actual = metadata.schema.to_arrow_schema()
        unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    except (OSError, ValueError, pa.ArrowException) as error:
        return data, [f"{path.name}: expected a Parquet file, found {error}"]
    problems = []
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.sha256:
        problems.append(f"{path.name}: expected SHA-256 {entry.sha256[:12]}…, found {digest[:12]}…")
    if metadata.num_rows != entry.rows:
        problems.append(f"{path.name}: expected {entry.rows:,} rows, found {metadata.num_rows:,}")
    if metadata.num_rows > MAX_ROWS or unpacked > MAX_UNPACKED:
        problems.append(f"{path.name}: expected at most {MAX_ROWS:,} rows and {MAX_UNPACKED:,} bytes, found more")
    if actual.metadata:
        problems.append(f"{path.name}: expected no metadata of its own, found some")
    if not actual.remove_metadata().equals(schema):
        problems.append(f"{path.name}: expected columns {', '.join(schema.names)}, found {', '.join(actual.names)}")
    return data, problems


def public_problems(data: bytes) -> list[str]:
    """Where rows of public statistics, of the right schema, hold what none can."""
    texts: dict[str, Callable[[str], object]] = {
        "month": MONTH.fullmatch,
        "product": re.compile(r"(?:\d\d){1,5}", re.ASCII).fullmatch,
        "level": LEVELS.__contains__,
        "country": re.compile(r"[\w.+-]{1,40}").fullmatch,
        "weight": frozenset(Weight).__contains__,
    }
    try:
        rows = pq.ParquetFile(pa.BufferReader(data), read_dictionary=list(texts)).read()
        problems = [
            f"{PUBLIC_FILE}: column {name}: expected a {name}, found something else"
            for name, allowed in texts.items()
            if not all(allowed(word) for word in _words(rows, name))
        ]
    except (OSError, ValueError, pa.ArrowException) as error:
        return [f"{PUBLIC_FILE}: expected columns that can be read, found {error}"]
    figures = [field.name for field in PUBLIC if field.type == pa.int64()]
    return problems + [f"{PUBLIC_FILE}: {problem}" for problem in _figure_problems(rows, figures)]


def _words(rows: pa.Table, name: str) -> set[str]:
    """The texts of a column read as a dictionary."""
    chunks: list[Any] = rows[name].chunks
    return {word for chunk in chunks for word in chunk.dictionary.to_pylist()}


def _figure_problems(rows: pa.Table, columns: Iterable[str]) -> list[str]:
    problems = []
    for name in columns:
        bounds: Any = pc.min_max(rows[name]).as_py()
        if bounds["min"] is not None and not 0 <= bounds["min"] <= bounds["max"] <= MAX_FIGURE:
            problems.append(f"column {name}: expected figures from 0 to {MAX_FIGURE:,}, found others")
    return problems


def _license_problems(files: Mapping[str, bytes], part: LicensePart) -> list[str]:
    problems = []
    if not CERTIFICATE.fullmatch(part.certificate):
        problems.append(f"{MANIFEST}: expected a certificate hash for license data, found none")
    if not set(part.final) <= set(part.months) or set(part.months) & set(part.not_yet):
        problems.append(f"{MANIFEST}: expected final months among the closed ones, and those apart from running ones")
    names = {license_file(table): table for table in LICENSE_DIMENSIONS}
    for name in (*names, LAYERS_FILE):
        try:
            # Not `read_table`, which imports pandas; the serving half does without.
            cells = pq.ParquetFile(pa.BufferReader(files[name])).read()
        except (OSError, ValueError, pa.ArrowException) as error:
            problems.append(f"{name}: expected columns that can be read, found {error}")
            continue
        found = _figure_problems(cells, ["value", "kg"])
        if name in names:
            found += _cell_problems(cells, ["period", "product", *LICENSE_DIMENSIONS[names[name]]])
            found += _part_problems(names[name], cells, part)
        problems += [f"{name}: {problem}" for problem in found]
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
