"""Open a release: check it, and load what was checked.

Where the license part alone is not sound the public one can be used by itself, unless signatures are asked for: what is
signed is sound as a whole or not used at all.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.contracts import (
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    MANIFEST,
    MAX_MANIFEST,
    MEMBERS,
    PUBLIC,
    PUBLIC_FILE,
    RANGES,
    SCHEMA_VERSION,
    FileEntry,
    LicensePart,
    PublicPart,
    Status,
    Weight,
    file_problems,
    license_file,
    public_part,
    public_problems,
    read_regular,
    read_release,
    release_name,
    time_published,
)
from data_access.errors import UserError
from data_access.filters import ALL, MONTH, Basis
from data_access.reference import Level, Reference, load
from data_access.serving.cube.figures import RANKS
from data_access.serving.cube.layers import LayerColumns, Layers
from data_access.serving.cube.license import Calendar, Columns, LicenseCube, LicenseTable
from data_access.serving.cube.public import MISSING, NAUGHT, PIECES, WEIGHED, PublicCube, RawRows, Rows
from data_access.serving.gate.released import ReleaseInfo
from data_access.serving.periods import number, text

if TYPE_CHECKING:
    from data_access.signing import VerifyKey

MAX_TEXTS = 1 << 15
"""Texts that a column may have: they are numbered in 16 bits."""
NO_LICENSE_DATA = "this release holds no license data"
LICENSE_BROKEN = "the license part of this release did not pass its check"
OTHER_SCHEMA = "this release is of another schema version"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One release in memory; an answer is made of one snapshot only."""

    info: ReleaseInfo
    reference: Reference
    public_file: FileEntry
    part: PublicPart
    license_part: LicensePart | None
    public: PublicCube
    license: LicenseCube | None
    layers: Layers | None
    """Earlier figures of license months, None where the release has no license data."""
    dates: tuple[str, ...]
    """Dates of figures (`as_of`) that cells point to, the oldest first: of license data, and the public month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What of a release may be shown."""

    id: str
    published: str
    demonstration: bool
    public_file: FileEntry
    public: PublicPart
    license: LicensePart | None
    license_off: str | None
    files: Mapping[str, bytes]


def open_release(
    directory: Path,
    reference: Reference | None = None,
    *,
    like: Iterable[Snapshot] = (),
    key: VerifyKey | None = None,
    whole: bool = False,
) -> Snapshot:
    """Check and load a release. Raises UserError where its public part cannot be used.

    With `whole` it must be sound as a whole, and with `key` also signed by it (`UnsignedError`). It shares with those
    in `like` (opened with the same `reference`) what is the same in both: several weekly releases have
    one public table.
    """
    checked = _check(directory, key, whole=whole or key is not None)
    part = checked.public
    like = tuple(like)
    known = _same_reference(part, like) or (reference or load()).with_observed(
        products=part.observed_products, countries=part.observed_countries
    )
    tables = _license_tables(checked.files) if checked.license else {}
    layers = _layer_table(checked.files[LAYERS_FILE]) if checked.license else None
    dates = sorted({part.as_of, *_days([*tables.values(), *([] if layers is None else [layers])], checked.license)})
    snapshot = Snapshot(
        info=ReleaseInfo(
            id=checked.id,
            published=checked.published,
            public_as_of=part.as_of,
            license_as_of=checked.license.as_of if checked.license else None,
            demonstration=checked.demonstration,
            license_off=checked.license_off,
            ranges=bool(checked.license and checked.license.ranges),
            under_review=bool(checked.license and checked.license.under_review),
        ),
        reference=known,
        public_file=checked.public_file,
        part=part,
        license_part=checked.license,
        public=_same_cube(checked, like) or _public_cube(checked.files[PUBLIC_FILE], part),
        license=_license_cube(tables, checked.license, dates, known) if checked.license else None,
        layers=None if layers is None else _layers(layers, dates),
        dates=tuple(dates),
    )
    # What reading took is of no more use, and each worker would carry it.
    pa.default_memory_pool().release_unused()
    return snapshot


def _same_reference(part: PublicPart, like: Sequence[Snapshot]) -> Reference | None:
    """The reference tables of a release with the same observed codes."""
    wanted = part.observed_products, part.observed_countries
    return next(
        (one.reference for one in like if (one.part.observed_products, one.part.observed_countries) == wanted), None
    )


def _same_cube(checked: _Checked, like: Sequence[Snapshot]) -> PublicCube | None:
    """The public statistics of a release with the same file of them, which passed its check, for the same months."""
    wanted = checked.public_file, checked.public.coverage
    return next((one.public for one in like if (one.public_file, one.part.coverage) == wanted), None)


def without_licenses(snapshot: Snapshot, why: str) -> Snapshot:
    """A release without its license part; `why` says why its license series are off."""
    info = replace(snapshot.info, license_as_of=None, license_off=why, ranges=False, under_review=False)
    return replace(snapshot, info=info, license_part=None, license=None, layers=None)


# -- checks ---------------------------------------------------------------------------------------------------------


def _check(directory: Path, key: VerifyKey | None, *, whole: bool) -> _Checked:
    try:
        manifest, files = read_release(directory, key)
    except UserError as error:
        if whole:
            raise
        return _check_public_part(directory, error)
    return _Checked(
        id=manifest.id,
        published=manifest.published,
        demonstration=manifest.demonstration,
        public_file=manifest.files[PUBLIC_FILE],
        public=manifest.public,
        license=manifest.license,
        license_off=None if manifest.license else NO_LICENSE_DATA,
        files=files,
    )


def _check_public_part(directory: Path, whole: UserError) -> _Checked:
    """What can be shown of a release that is not sound as a whole; raises the error where nothing can."""
    raw = _raw_manifest(directory, whole)
    try:
        entry = FileEntry(**raw["files"][PUBLIC_FILE])
        data, problems = file_problems(directory / PUBLIC_FILE, entry, PUBLIC)
        checked = _Checked(
            id=release_name(raw["id"]),
            published=time_published(raw["published"]),
            demonstration=bool(raw["demonstration"]),
            public_file=entry,
            public=public_part(raw["public"]),
            license=None,
            license_off=_reason(raw, known=raw["schema"] == SCHEMA_VERSION),
            files={PUBLIC_FILE: data},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OSError, pa.ArrowException):
        raise whole from None
    if problems or public_problems(data):
        raise whole
    _log.error("license series are off: %s", one_line(whole))
    return checked


def one_line(error: Exception) -> str:
    """What is wrong, on one line; of what nobody foresaw its kind and its first line."""
    lines = str(error).splitlines()
    if isinstance(error, UserError):
        return "; ".join(line.strip() for line in lines)
    return f"{type(error).__name__}: {lines[0] if lines else 'no more is known'}"


def _raw_manifest(directory: Path, whole: UserError) -> dict[str, Any]:
    try:
        raw = json.loads(read_regular(directory / MANIFEST, most=MAX_MANIFEST))
    except (OSError, ValueError, RecursionError):
        raise whole from None
    if not isinstance(raw, dict):
        raise whole
    return raw


def _reason(raw: dict[str, Any], *, known: bool) -> str:
    if not known:
        return OTHER_SCHEMA
    return LICENSE_BROKEN if raw.get("license") else NO_LICENSE_DATA


# -- public statistics ----------------------------------------------------------------------------------------------


def _public_cube(data: bytes, part: PublicPart) -> PublicCube:
    table = _read(data, ["month", "product", "level", "country", "weight"])
    code, codes = _indices(table, "product")
    country, countries = _indices(table, "country")
    covered = [number(month) for by_month in part.coverage.values() for month in by_month]
    base, end = (min(covered), max(covered)) if covered else (0, 0)
    levels = {
        basis: tuple(part.coverage.get(basis, {}).get(text(month)) for month in range(base, end + 1)) for basis in Basis
    }
    total = countries.index(ALL) if ALL in countries else -1
    rows, totals = {}, {}
    for basis in Basis:
        raw = _rows_of(table, basis, levels=levels[basis], base=base, code=code, country=country)
        is_total = raw.country == total
        rows[basis] = Rows(raw.take(np.flatnonzero(~is_total)), countries=len(countries), months=end - base + 1)
        of_all = raw.take(np.flatnonzero(is_total))
        of_all.country[:] = 0
        totals[basis] = Rows(of_all, countries=1, months=end - base + 1)
    return PublicCube(
        base=base,
        levels=levels,
        codes={id_: index for index, id_ in enumerate(codes)},
        countries={id_: index for index, id_ in enumerate(countries) if id_ != ALL},
        rows=rows,
        totals=totals,
    )


def _read(data: bytes, texts: list[str]) -> pa.Table:
    """A table whose columns of texts are dictionaries."""
    return pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read()


def _indices(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int16], list[str]]:
    if not table.num_rows:  # a column without chunks cannot be put together without pandas
        return np.zeros(0, np.int16), []
    array: Any = _whole(table[name].unify_dictionaries())
    if len(array.dictionary) > MAX_TEXTS:
        raise UserError(f"column {name}: expected at most {MAX_TEXTS:,} texts, found {len(array.dictionary):,}")
    return np.from_dlpack(array.indices).astype(np.int16), array.dictionary.to_pylist()


def _whole(column: pa.ChunkedArray[Any]) -> Any:
    """A column in one piece."""
    combined: Any = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _rows_of(
    table: pa.Table,
    basis: Basis,
    *,
    levels: tuple[str | None, ...],
    base: int,
    code: npt.NDArray[np.int16],
    country: npt.NDArray[np.int16],
) -> RawRows:
    """Rows with a figure in this basis, of the level its month was pulled at."""
    month_index, months = _indices(table, "month")
    level_index, level_names = _indices(table, "level")
    place = np.array([number(month) - base for month in months] or [0], np.int16)[month_index]
    by_place = [level_names.index(level) if level in level_names else -1 for level in levels]
    inside = (place >= 0) & (place < len(levels))
    wanted = np.array(by_place, np.int16)[np.where(inside, place, 0)]
    value, valued = _numbers(table, f"{basis}_value")
    kg, _ = _numbers(table, f"{basis}_kg")
    raw = RawRows(
        code=code,
        country=country,
        month=place,
        value=value,
        kg=np.maximum(kg, 0),
        kind=_kinds(table, value, kg),
    )
    return raw.take(np.flatnonzero(valued & inside & (level_index == wanted)))


def _numbers(table: pa.Table, name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """A column as numbers for sums, −1 where null, and where it is not null."""
    numbers, valid = _integers(table, name)
    return numbers.astype(np.float64), valid


def _integers(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A column as whole numbers, −1 where null, and where it is not null.

    It reads the buffer: a conversion by way of Python values would make pyarrow import pandas.
    """
    if not table.num_rows:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    array = _whole(table[name])
    valid = np.from_dlpack(_whole(pc.cast(table[name].is_valid(), pa.uint8()))).astype(np.bool_)
    data = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array)]
    return np.where(valid, data, -1), valid


def _kinds(table: pa.Table, value: npt.NDArray[np.float64], kg: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    index, names = _indices(table, "weight")
    pieces = index == (names.index(Weight.NONE) if Weight.NONE in names else -1)
    weighed = index == (names.index(Weight.KG) if Weight.KG in names else -1)
    kind = np.where(weighed & (kg >= 0), WEIGHED, np.where(pieces, PIECES, MISSING))
    # Neither value nor weight: such a row says nothing on whether the weight of the others is known.
    return np.where((value == 0) & (kg <= 0), NAUGHT, kind).astype(np.int8)


# -- license data ---------------------------------------------------------------------------------------------------

DEPTHS = {Level.AIM: "total", Level.GROUP: "group", Level.HTS6: "hts6"}
"""What names of levels call the products of license tables."""


def _license_tables(files: Mapping[str, bytes]) -> dict[str, pa.Table]:
    tables = {}
    for name, own in LICENSE_DIMENSIONS.items():
        texts = ["period", "product", *own, "status", "as_of"]
        tables[name] = _read(files[license_file(name)], texts)
    return tables


def _days(tables: Sequence[pa.Table], part: LicensePart | None) -> set[str]:
    """The dates of license figures."""
    days = {*part.months.values(), *part.quarters.values()} if part else set()
    return days.union(*(_indices(table, "as_of")[1] for table in tables))


def _license_cube(
    tables: dict[str, pa.Table], part: LicensePart, dates: list[str], reference: Reference
) -> LicenseCube:
    return LicenseCube(
        calendar=Calendar(
            closed={number(month): dates.index(day) for month, day in part.months.items()},
            running=frozenset(number(month) for month in part.not_yet),
            quarters={quarter: dates.index(day) for quarter, day in part.quarters.items()},
        ),
        tables={name: LicenseTable(_columns(name, table, dates)) for name, table in tables.items()},
        levels=part.levels,
        depths={product.id: DEPTHS[product.level] for product in reference.products if product.level in DEPTHS},
    )


def _columns(name: str, table: pa.Table, dates: list[str]) -> Columns:
    keys = [_indices(table, column) for column in ("product", *LICENSE_DIMENSIONS[name])]
    ids = sorted({id_ for _, own in keys for id_ in own})
    place = {id_: index for index, id_ in enumerate(ids)}
    period, periods = _indices(table, "period")
    ranges = [_integers(table, column)[0] for column in RANGES if column in table.column_names]
    return Columns(
        ids=ids,
        periods=periods,
        key=np.stack([_renumbered(index, own, place.__getitem__, np.int32) for index, own in keys]),
        period=period,
        value=np.maximum(_integers(table, "value")[0], 0),
        kg=np.maximum(_integers(table, "kg")[0], 0),
        status=_renumbered(*_indices(table, "status"), lambda status: RANKS[Status(status)], np.int8),
        as_of=_renumbered(*_indices(table, "as_of"), dates.index, np.int16),
        ranges=np.stack(ranges) if ranges else None,
    )


def _layer_table(data: bytes) -> pa.Table:
    """Earlier figures of license months; periods other than months are left out."""
    texts = ["table", "period", "product", *MEMBERS, "as_of"]
    table = _read(data, texts)
    index, periods = _indices(table, "period")
    keep = np.array([MONTH.fullmatch(period) is not None for period in periods] or [True], np.bool_)[index]
    return table if bool(keep.all()) else table.take(_arrow(np.flatnonzero(keep)))


def _arrow(numbers: npt.NDArray[np.int64]) -> Any:
    """Numbers as an Arrow array, made from their buffer: a conversion would make pyarrow import pandas."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers.tobytes())])


def _layers(table: pa.Table, dates: list[str]) -> Layers:
    keys = [_indices(table, column) for column in ("product", *MEMBERS)]
    ids = sorted({id_ for _, own in keys for id_ in own})
    place = {id_: index for index, id_ in enumerate(ids)}
    return Layers(
        LayerColumns(
            ids=ids,
            key=np.stack([_renumbered(index, own, place.__getitem__, np.int32) for index, own in keys]),
            month=_renumbered(*_indices(table, "period"), number, np.int32),
            as_of=_renumbered(*_indices(table, "as_of"), dates.index, np.int16),
            value=np.maximum(_integers(table, "value")[0], 0),
            kg=np.maximum(_integers(table, "kg")[0], 0),
        )
    )


def _renumbered(
    index: npt.NDArray[np.int16], names: list[str], number_of: Callable[[str], int], kind: type[np.generic]
) -> npt.NDArray[Any]:
    """Indices of names as numbers of another kind."""
    return np.array([number_of(name) for name in names] or [0], kind)[index]
