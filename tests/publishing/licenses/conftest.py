"""License files of a few records: one good record, and changes to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.contracts import LICENSES
from data_access.errors import UserError
from data_access.publishing.sources.licenses import Licenses, read_licenses
from data_access.reference import Reference, load

GOOD = {
    "license_id": "A1",
    "status": "used",
    "applied_on": date(2026, 9, 10),
    "expected_import_on": date(2026, 10, 1),
    "entry_type": "consumption",
    "low_value": False,
    "filer_id": "F1",
    "importer_id": "F2",
    "enterprise_group": None,
    "exporter_id": None,
    "manufacturer_id": "unknown",
    "hts10": "7606123096",
    "origin": "OMN",
    "exportation": None,
    "port": "1001",
    "smelt1": "ARE",
    "smelt2": "not_applicable",
    "cast": "OMN",
    "quantity_kg": 20_000.0,
    "value_usd": 80_000.0,
}

Write = Callable[..., Path]
Read = Callable[..., Licenses]
Problems = Callable[..., list[str]]


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes records, each the good one with changes (ids A1, A2, … unless given), as a Parquet file."""

    def write(*changes: dict[str, Any], name: str = "licenses-2026-11-20.parquet", **metadata: str) -> Path:
        rows = [GOOD | {"license_id": f"A{place}"} | change for place, change in enumerate(changes, start=1)]
        schema = pa.schema([field.with_nullable(True) for field in LICENSES], metadata=metadata or None)
        path = tmp_path / name
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        return path

    return write


@pytest.fixture
def read(write: Write, reference: Reference) -> Read:
    """Reads records that `write` writes."""
    return lambda *changes, **options: read_licenses(write(*changes, **options), reference=reference)


@pytest.fixture
def problems(read: Read) -> Problems:
    """The errors told of records: one line each, none for good records."""

    def problems(*changes: dict[str, Any], **options: str) -> list[str]:
        try:
            read(*changes, **options)
        except UserError as error:
            return [line.strip() for line in str(error).splitlines()[1:]]
        return []

    return problems
