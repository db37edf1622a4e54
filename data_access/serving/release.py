"""Open a release, check it, hold it, and look for the next one.

Public statistics go on where license data cannot be trusted; a release whose public part is broken is not used at all.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.contracts import (
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    MANIFEST,
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
    check_release,
    file_entry,
    license_file,
    public_part,
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

CURRENT = "current"
LOOK_EVERY = 1.0
"""Seconds between two looks at `current`."""
RETRY_EVERY = 60.0
"""Seconds after which a release that could not be used is tried again."""
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


def open_release(directory: Path, reference: Reference | None = None, *, like: Iterable[Snapshot] = ()) -> Snapshot:
    """Check and load a release. Raises UserError where its public part cannot be used.

    It shares with those in `like` (opened with the same `reference`) what is the same in both: several weekly releases
    have one public table.
    """
    checked = _check(directory)
    part = checked.public
    like = tuple(like)
    known = _same_reference(part, like) or (reference or load()).with_observed(
        products=part.observed_products, countries=part.observed_countries
    )
    tables = _license_tables(directory) if checked.license else {}
    layers = _layer_table(directory) if checked.license else None
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
        public=_same_cube(checked, like) or _public_cube(directory / PUBLIC_FILE, part),
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


def _check(directory: Path) -> _Checked:
    try:
        manifest = check_release(directory)
    except UserError as error:
        return _check_public_part(directory, error)
    return _Checked(
        id=manifest.id,
        published=manifest.published,
        demonstration=manifest.demonstration,
        public_file=manifest.files[PUBLIC_FILE],
        public=manifest.public,
        license=manifest.license,
        license_off=None if manifest.license else NO_LICENSE_DATA,
    )


def _check_public_part(directory: Path, whole: UserError) -> _Checked:
    """What can be shown of a release that is not sound as a whole; raises the error where nothing can."""
    raw = _raw_manifest(directory, whole)
    try:
        part = public_part(raw["public"])
        entry = FileEntry(**raw["files"][PUBLIC_FILE])
        same = file_entry(directory / PUBLIC_FILE) == entry
        schema = pq.read_schema(directory / PUBLIC_FILE).remove_metadata()
        known = raw["schema"] == SCHEMA_VERSION
        checked = _Checked(
            id=str(raw["id"]),
            published=str(raw["published"]),
            demonstration=bool(raw["demonstration"]),
            public_file=entry,
            public=part,
            license=None,
            license_off=_reason(raw, known=known),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OSError, pa.ArrowException):
        raise whole from None
    if not same or not schema.equals(PUBLIC):
        raise whole
    _log.error("license series are off: %s", whole)
    return checked


def _raw_manifest(directory: Path, whole: UserError) -> dict[str, Any]:
    try:
        raw = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise whole from None
    if not isinstance(raw, dict):
        raise whole
    return raw


def _reason(raw: dict[str, Any], *, known: bool) -> str:
    if not known:
        return OTHER_SCHEMA
    return LICENSE_BROKEN if raw.get("license") else NO_LICENSE_DATA


# -- public statistics ----------------------------------------------------------------------------------------------


def _public_cube(path: Path, part: PublicPart) -> PublicCube:
    table = pq.ParquetFile(path, read_dictionary=["month", "product", "level", "country", "weight"]).read()
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


def _indices(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int16], list[str]]:
    if not table.num_rows:  # a column without chunks cannot be put together without pandas
        return np.zeros(0, np.int16), []
    array: Any = _whole(table[name].unify_dictionaries())
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


def _license_tables(directory: Path) -> dict[str, pa.Table]:
    tables = {}
    for name, own in LICENSE_DIMENSIONS.items():
        texts = ["period", "product", *own, "status", "as_of"]
        tables[name] = pq.ParquetFile(directory / license_file(name), read_dictionary=texts).read()
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


def _layer_table(directory: Path) -> pa.Table:
    """Earlier figures of license months; periods other than months are left out."""
    texts = ["table", "period", "product", *MEMBERS, "as_of"]
    table = pq.ParquetFile(directory / LAYERS_FILE, read_dictionary=texts).read()
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


# -- the release in use ---------------------------------------------------------------------------------------------


class Holder:
    """The newest sound release of a directory; `snapshot` looks for the next one, at most once a second."""

    def __init__(self, releases: Path) -> None:
        self._releases = releases
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._target: str | None = None
        self._failed: str | None = None
        self._failed_at = 0.0
        self._problem: str | None = None
        self._reference = load()
        self._look()
        self._looked = time.monotonic()

    @property
    def reference(self) -> Reference:
        """The reference tables as they are without any release."""
        return self._reference

    @property
    def problem(self) -> str | None:
        """Why there is no release, or why the newest one is not in use."""
        return self._problem

    def snapshot(self) -> Snapshot | None:
        """The release in use, None where there is none."""
        now = time.monotonic()
        # Who does not get the lock answers from the release in use while another loads the next one.
        if now - self._looked >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked = now
                self._look()
            finally:
                self._lock.release()
        return self._snapshot

    def names(self) -> tuple[str, ...]:
        """Names of the releases of the directory, the newest first; each begins with the time of its publication."""
        if not self._releases.is_dir():
            return ()
        # A publisher writes the next one aside, under a name that begins with a dot.
        folders = [
            path
            for path in self._releases.iterdir()
            if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
        ]
        return tuple(sorted((path.name for path in folders if (path / MANIFEST).is_file()), reverse=True))

    def folder(self, name: str) -> Path:
        """Where a release of the directory lies, that in use wherever `current` leads; KeyError for no such name."""
        if self._snapshot and self._target and name == self._snapshot.info.id:
            return Path(self._target)
        if name not in self.names():
            raise KeyError(name)
        return self._releases / name

    def open(self, name: str, *, like: Iterable[Snapshot] = ()) -> Snapshot:
        """An earlier release of the directory, opened anew; KeyError for none of its names, UserError if unsound.

        It shares with the one in use, and with those in `like`, what is the same in both.
        """
        if name not in self.names():
            raise KeyError(name)
        return open_release(self._releases / name, self._reference, like=[*self._used(), *like])

    def _used(self) -> list[Snapshot]:
        return [self._snapshot] if self._snapshot else []

    def _look(self) -> None:
        target = self._find()
        if target is None:
            self._problem = "no release is there yet"
            return
        if target == self._target:
            self._problem = None
            return
        if target == self._failed and time.monotonic() - self._failed_at < RETRY_EVERY:
            return
        self._load(target)

    def _find(self) -> str | None:
        link = self._releases / CURRENT
        try:
            return str(link.parent / link.readlink()) if link.is_symlink() else str(link.resolve(strict=True))
        except OSError:
            return None

    def _load(self, target: str) -> None:
        name = Path(target).name
        try:
            snapshot = open_release(Path(target), self._reference, like=self._used())
        except Exception:  # whatever is wrong with it, the last good release goes on
            _log.exception("release %s cannot be used", name)
            self._failed, self._failed_at = target, time.monotonic()
            self._problem = f"release {name} did not pass its check"
            return
        self._snapshot, self._target, self._failed, self._problem = snapshot, target, None, None


class Fixed:
    """Holds one release of a directory that does not change, in the place of the `Holder` that knows the others."""

    def __init__(self, holder: Holder, snapshot: Snapshot | None, *, problem: str | None = None) -> None:
        self.holder = holder
        self._snapshot = snapshot
        self.reference: Reference = holder.reference
        self.problem = problem

    def snapshot(self) -> Snapshot | None:
        """That release; None where there was none."""
        return self._snapshot

    def names(self) -> tuple[str, ...]:
        """Names of the releases of the directory."""
        return self.holder.names()

    def folder(self, name: str) -> Path:
        """Where a release of the directory lies."""
        return self.holder.folder(name)
