"""Confidential state of a deployment: what was published of each month, from which records, and the proof of it.

    months/2026-03/2026-04-10/   a layer: licenses.parquet, rows.parquet, certificate.npz, layer.json
    months/2026-03/final.json    the date from which on the month is frozen
    periods/2026-Q1/             figures over several months: rows_<table>.parquet, certificate.npz, period.json
    releases/<certificate>       the certificate of each release: its parts by hash, a line each
    fixed.json                   what may not change between releases: levels, what absent rows mean, listed countries
    ranges/                      of withheld cells, month by month; worked out from the release alone
    reports/<release>.md         what the reviewer is told of each release
    links.parquet                enterprise groups that any record ever named

A layer's hash is over its salt and all its files; the release carries the hash over those of its layers and periods.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from data_access.errors import UserError, writing
from data_access.publishing.disclosure.layers import Kind, Layer
from data_access.publishing.files import new_file, sync, whole_file

SALT_BYTES: Final = 32
LICENSES, ROWS, CERTIFICATE, LAYER, PERIOD, FINAL = (
    "licenses.parquet",
    "rows.parquet",
    "certificate.npz",
    "layer.json",
    "period.json",
    "final.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLayer:
    """A layer in the state; its records and rows are read when asked for."""

    path: Path
    as_of: str
    kind: Kind
    policy: str
    demonstration: bool
    refused: str | None
    summary: Mapping[str, Any]
    records: str
    """Fingerprint of the records it is of."""
    hash: str

    def load(self) -> Layer:
        """The layer with its records and rows."""
        licenses = pd.read_parquet(self.path / LICENSES)
        return Layer(as_of=self.as_of, kind=self.kind, licenses=licenses, rows=self.rows())

    def rows(self) -> pd.DataFrame:
        """Its rows, figures as nullable integers."""
        rows = pd.read_parquet(self.path / ROWS)
        return rows.astype({"value": "Int64", "kg": "Int64"})

    def certificate(self) -> bytes:
        """The proof of this layer and those before it."""
        return (self.path / CERTIFICATE).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMonth:
    """The layers of a month, oldest first, and since when it is final."""

    month: str
    layers: tuple[KeptLayer, ...]
    final: str | None

    @property
    def last(self) -> KeptLayer:
        """The newest layer."""
        return self.layers[-1]

    @property
    def closed(self) -> bool:
        """Whether all its tables are published."""
        return self.last.kind is not Kind.WEEKLY


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPeriod:
    """Figures over several months in the state."""

    path: Path
    period: str
    as_of: str
    summary: Mapping[str, Any]
    tables: tuple[str, ...]
    hash: str

    def rows(self, table: str) -> pd.DataFrame:
        """Its rows of a table."""
        return pd.read_parquet(self.path / f"rows_{table}.parquet").astype({"value": "Int64", "kg": "Int64"})

    def certificate(self) -> bytes:
        """Its proof."""
        return (self.path / CERTIFICATE).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLayer:
    """A layer to be kept."""

    month: str
    layer: Layer
    certificate: bytes
    summary: Mapping[str, Any]
    refused: str | None
    policy: str
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPeriod:
    """Figures over several months to be kept."""

    period: str
    as_of: str
    rows: Mapping[str, pd.DataFrame]
    certificate: bytes
    summary: Mapping[str, Any]


def fingerprint(licenses: pd.DataFrame) -> str:
    """A hash of records, whatever their order."""
    ordered = licenses.sort_values("license_id", kind="stable", ignore_index=True)
    return hashlib.sha256(pd.util.hash_pandas_object(ordered.astype(str), index=False).to_numpy().tobytes()).hexdigest()


def release_lines(months: Iterable[KeptMonth], periods: Iterable[KeptPeriod]) -> str:
    """What a release consists of, a line for each part; the release carries the hash of these lines."""
    lines = []
    for one in months:
        lines += [f"layer {one.month} {layer.as_of} {layer.hash}" for layer in one.layers]
        lines += [f"final {one.month} {one.final}"] if one.final else []
    lines += [f"period {one.period} {one.as_of} {one.hash}" for one in periods]
    return "".join(f"{line}\n" for line in sorted(lines))


def release_certificate(lines: str) -> str:
    """The hash that a release of these parts carries."""
    return hashlib.sha256(lines.encode()).hexdigest()


class State:
    """The state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._months = directory / "months"
        self._periods = directory / "periods"
        self._releases = directory / "releases"
        # Each file is read and held against its hash once, until something is kept.
        self._kept_months: dict[str, KeptMonth] | None = None
        self._kept_periods: dict[str, KeptPeriod] | None = None

    # -- reading ----------------------------------------------------------------------------------------------------

    def months(self) -> dict[str, KeptMonth]:
        """All months kept, in order; raises UserError where one is damaged."""
        if self._kept_months is None:
            self._kept_months = self._read_months()
        return dict(self._kept_months)

    def _read_months(self) -> dict[str, KeptMonth]:
        found = {}
        for path in sorted(self._months.glob("????-??")):
            layers = tuple(self._layer(one) for one in sorted(path.glob("????-??-??")))
            if layers:
                found[path.name] = KeptMonth(month=path.name, layers=layers, final=self._final(path))
        return found

    def periods(self) -> dict[str, KeptPeriod]:
        """All figures over several months that are kept, by period."""
        if self._kept_periods is None:
            found = [self._period(path) for path in sorted(self._periods.glob("[0-9]*"))]
            self._kept_periods = {one.period: one for one in found}
        return dict(self._kept_periods)

    def fixed(self) -> dict[str, Any]:
        """What may not change between releases; empty before the first."""
        path = self.directory / "fixed.json"
        return dict(self._json(path)) if self._there(path) else {}

    def _there(self, path: Path) -> bool:
        """Whether a file is there, which it must be once months are."""
        if not path.exists() and any(self._months.glob("????-??")):
            raise self._damaged(path)
        return path.exists()

    def links(self) -> pd.DataFrame:
        """Columns importer_id, enterprise_group: what any record ever named."""
        path = self.directory / "links.parquet"
        if not self._there(path):
            return pd.DataFrame({"importer_id": pd.Series(dtype="str"), "enterprise_group": pd.Series(dtype="str")})
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError):
            raise self._damaged(path) from None

    def parts_of(self, certificate: str) -> tuple[list[KeptMonth], list[KeptPeriod]] | None:
        """The months and periods that a release with this certificate consists of; None where this state lacks any."""
        path = self._releases / certificate
        try:
            lines = path.read_text(encoding="utf-8")
        except OSError:
            return None
        if release_certificate(lines) != certificate:
            return None
        told = {tuple(line.split()[:3]): line.split()[-1] for line in lines.splitlines()}
        months = [one for month in self.months().values() if (one := _as_told(month, told)) is not None]
        periods = [one for one in self.periods().values() if ("period", one.period, one.as_of) in told]
        return (months, periods) if release_lines(months, periods) == lines else None

    def _final(self, path: Path) -> str | None:
        mark = path / FINAL
        return str(self._json(mark)["as_of"]) if mark.exists() else None

    def _layer(self, path: Path) -> KeptLayer:
        told = self._told(path, LAYER)
        try:
            return KeptLayer(
                path=path,
                as_of=path.name,
                kind=Kind(told["kind"]),
                policy=str(told["policy"]),
                demonstration=bool(told["demonstration"]),
                refused=told["refused"],
                summary=told["summary"],
                records=str(told["records"]),
                hash=str(told["hash"]),
            )
        except (KeyError, ValueError, TypeError):
            raise self._damaged(path) from None

    def _period(self, path: Path) -> KeptPeriod:
        told = self._told(path, PERIOD)
        try:
            return KeptPeriod(
                path=path,
                period=str(told["period"]),
                as_of=str(told["as_of"]),
                summary=told["summary"],
                tables=tuple(told["tables"]),
                hash=str(told["hash"]),
            )
        except (KeyError, ValueError, TypeError):
            raise self._damaged(path) from None

    def _told(self, path: Path, name: str) -> dict[str, Any]:
        """The description of a layer or period, its files checked against its hash."""
        told = dict(self._json(path / name))
        try:
            whole = _hash(path, name, {key: value for key, value in told.items() if key != "hash"}) == told["hash"]
        except (OSError, KeyError):
            raise self._damaged(path) from None
        if not whole:
            raise self._damaged(path)
        return told

    def _json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise self._damaged(path.parent) from None

    def _damaged(self, path: Path) -> UserError:
        return UserError(
            f"{path}: expected what was kept of a publication, found it incomplete or changed; "
            "restore the state directory from its backup"
        )

    # -- writing ----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Remove what an interrupted publication left."""
        for path in [*self._months.glob("*/.new-*"), *self._periods.glob(".new-*")]:
            with writing(path):
                shutil.rmtree(path)
        for pattern in (".*.json", ".*.parquet", "months/*/.*.json", "releases/.*", "ranges/.*", "reports/.*"):
            for path in self.directory.glob(pattern):
                with writing(path):
                    path.unlink()

    def directories(self) -> Iterator[Path]:
        """Those that a publication writes to, where they are there."""
        own = (self._months, self._periods, self._releases, self.directory / "ranges", self.directory / "reports")
        yield from (path for path in (self.directory, *own, *self._months.glob("????-??")) if path.is_dir())

    def keep_layer(self, new: NewLayer) -> None:
        """Keep a layer; it is written aside and moved in whole."""
        self._kept_months = None
        target = self._months / new.month / new.layer.as_of
        aside = _aside(target)
        _write_frame(aside / LICENSES, new.layer.licenses)
        _write_frame(aside / ROWS, new.layer.rows)
        _write_bytes(aside / CERTIFICATE, new.certificate)
        told = {
            "kind": str(new.layer.kind),
            "policy": new.policy,
            "demonstration": new.demonstration,
            "refused": new.refused,
            "summary": dict(new.summary),
            "records": fingerprint(new.layer.licenses),
        }
        _finish(aside, target, LAYER, told)

    def keep_period(self, new: NewPeriod) -> None:
        """Keep figures over several months."""
        self._kept_periods = None
        target = self._periods / new.period.replace("/", "_")
        aside = _aside(target)
        for table, rows in new.rows.items():
            _write_frame(aside / f"rows_{table}.parquet", rows)
        _write_bytes(aside / CERTIFICATE, new.certificate)
        told = {"period": new.period, "as_of": new.as_of, "summary": dict(new.summary), "tables": sorted(new.rows)}
        _finish(aside, target, PERIOD, told)

    def keep_final(self, month: str, as_of: str) -> None:
        """A month is frozen from now on."""
        self._kept_months = None
        _write(self._months / month / FINAL, {"as_of": as_of})

    def keep_fixed(self, fixed: Mapping[str, Any]) -> None:
        """What may not change from now on."""
        _write(self.directory / "fixed.json", dict(fixed))

    def keep_links(self, links: pd.DataFrame) -> None:
        """What records named so far."""
        with whole_file(self.directory / "links.parquet") as file:
            links.to_parquet(file, compression="zstd", index=False)

    def ranges(self, month: KeptMonth, rows: pd.DataFrame) -> pd.DataFrame | None:
        """The ranges kept of a month with just these layers and rows."""
        try:
            return pd.read_parquet(self._ranges(month, rows)).astype("Int64")
        except (OSError, ValueError):  # none, or one half written: they are worked out anew
            return None

    def keep_ranges(self, month: KeptMonth, rows: pd.DataFrame, ranges: pd.DataFrame) -> None:
        """Keep the ranges of a month, earlier ones no longer."""
        path = self._ranges(month, rows)
        with writing(path.parent):
            path.parent.mkdir(exist_ok=True)
            for earlier in path.parent.glob(f"{month.month}-*"):
                earlier.unlink()
        with whole_file(path) as file:
            ranges.to_parquet(file, compression="zstd")

    def _ranges(self, month: KeptMonth, rows: pd.DataFrame) -> Path:
        # Which figures are held, and bind nothing, depends on the date of the newest layer too.
        content = pd.util.hash_pandas_object(rows.astype(str)).to_numpy().tobytes() + month.last.hash.encode()
        return self.directory / "ranges" / f"{month.month}-{hashlib.sha256(content).hexdigest()}.parquet"

    def keep_report(self, release: str, text: str) -> Path:
        """The reviewer's report on a release; gives where it is."""
        path = self.directory / "reports" / f"{release}.md"
        _write(path, text)
        return path

    def keep_release(self, lines: str) -> None:
        """What a release consists of."""
        _write(self._releases / release_certificate(lines), lines)


def _as_told(month: KeptMonth, told: Mapping[tuple[str, ...], str]) -> KeptMonth | None:
    """A month as it was in a release: with the layers and the mark that it had then."""
    layers = tuple(layer for layer in month.layers if ("layer", month.month, layer.as_of) in told)
    final = month.final if month.final and ("final", month.month, month.final) in told else None
    return replace(month, layers=layers, final=final) if layers else None


def _hash(path: Path, name: str, told: Mapping[str, Any]) -> str:
    """SHA-256 over what is told of a directory, its salt included, and over its files."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for file in sorted(path.iterdir()):
        if file.name != name:
            digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _aside(target: Path) -> Path:
    aside = target.parent / f".new-{target.name}"
    with writing(aside):
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
    return aside


def _finish(aside: Path, target: Path, name: str, told: dict[str, Any]) -> None:
    told["salt"] = secrets.token_hex(SALT_BYTES)
    told = json.loads(json.dumps(told))
    told["hash"] = _hash(aside, name, told)
    _write_bytes(aside / name, f"{json.dumps(told, indent=1)}\n".encode())
    with writing(target):
        sync(aside)
        aside.rename(target)
        sync(target.parent)


def _write_frame(path: Path, frame: pd.DataFrame) -> None:
    with new_file(path) as file:
        frame.to_parquet(file, compression="zstd", index=False)


def _write_bytes(path: Path, content: bytes) -> None:
    with new_file(path) as file:
        file.write(content)


def _write(path: Path, told: Mapping[str, Any] | str) -> None:
    text = told if isinstance(told, str) else json.dumps(told, indent=1, sort_keys=True) + "\n"
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(text.encode())
