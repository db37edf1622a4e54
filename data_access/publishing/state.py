"""Confidential state of a deployment: for each month published, its cells and the proof that they are safe.

A month's directory holds the published rows of each license table, the alternative tables of the programs, and a salt
drawn for it; the certificate is a hash over all of them. The release carries the hash over its months' certificates.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data_access.contracts import LICENSE_DIMENSIONS, license_file
from data_access.errors import UserError

SALT_BYTES = 32
CERTIFICATE = "certificate.json"
SOLUTIONS = "solutions.npz"

Solutions = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class SolvedMonth:
    """A month as it is published: rows of each license table, solutions by name, salt and certificate."""

    month: str
    cells: Mapping[str, pa.Table]
    solutions: Solutions
    demonstration: bool
    salt: str
    certificate: str

    @classmethod
    def of(cls, month: str, cells: Mapping[str, pa.Table], solutions: Solutions, *, demonstration: bool) -> SolvedMonth:
        """The month with a salt newly drawn."""
        salt = secrets.token_hex(SALT_BYTES)
        return cls(month, cells, solutions, demonstration, salt, certificate_of(month, cells, solutions, salt))


def certificate_of(month: str, cells: Mapping[str, pa.Table], solutions: Solutions, salt: str) -> str:
    """SHA-256 over salt, month, published rows and solutions."""
    digest = hashlib.sha256(f"{salt} {month}\n".encode())
    for table in sorted(cells):
        digest.update(json.dumps([table, cells[table].to_pylist()], sort_keys=True).encode())
    for name in sorted(solutions):
        array = np.ascontiguousarray(solutions[name], dtype="<f8")
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def release_certificate(months: Iterable[SolvedMonth]) -> str:
    """The hash that a release of these months carries."""
    lines = sorted(f"{month.month} {month.certificate}\n" for month in months)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class State:
    """The state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._months = directory / "months"

    def months(self) -> dict[str, SolvedMonth]:
        """All months kept, in order; raises UserError where one is damaged."""
        found = sorted(path for path in self._months.glob("????-??") if path.is_dir())
        return {path.name: self._read(path) for path in found}

    def _read(self, path: Path) -> SolvedMonth:
        try:
            proof = json.loads((path / CERTIFICATE).read_text(encoding="utf-8"))
            salt, certificate = str(proof["salt"]), str(proof["certificate"])
            demonstration = bool(proof["demonstration"])
            cells = {table: pq.read_table(path / license_file(table)) for table in LICENSE_DIMENSIONS}
            with np.load(io.BytesIO((path / SOLUTIONS).read_bytes())) as kept:
                solutions = {name: kept[name] for name in kept.files}
        except (OSError, ValueError, KeyError, TypeError, BadZipFile, pa.ArrowException):
            raise self._damaged(path) from None
        if certificate_of(path.name, cells, solutions, salt) != certificate:
            raise self._damaged(path)
        return SolvedMonth(path.name, cells, solutions, demonstration, salt, certificate)

    def _damaged(self, path: Path) -> UserError:
        return UserError(
            f"{path}: expected the state of a published month, found it incomplete or changed; "
            "restore the state directory from its backup"
        )

    def clean(self) -> None:
        """Remove what an interrupted publication left."""
        for path in self._months.glob(".new-*"):
            shutil.rmtree(path)

    def keep(self, months: Iterable[SolvedMonth]) -> None:
        """Keep months newly solved; each is written aside and moved in whole."""
        self._months.mkdir(parents=True, exist_ok=True)
        for month in months:
            aside = self._months / f".new-{month.month}"
            aside.mkdir()
            for table, cells in month.cells.items():
                pq.write_table(cells, aside / license_file(table), compression="zstd")
            with (aside / SOLUTIONS).open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **month.solutions)
            proof = {"salt": month.salt, "certificate": month.certificate, "demonstration": month.demonstration}
            (aside / CERTIFICATE).write_text(json.dumps(proof, indent=1) + "\n", encoding="utf-8")
            sync_tree(aside)
            aside.rename(self._months / month.month)
        sync(self._months)


def sync_tree(directory: Path) -> None:
    """Force a directory and its files to disk."""
    for path in directory.iterdir():
        sync(path)
    sync(directory)


def sync(path: Path) -> None:
    """Force a file or directory to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
