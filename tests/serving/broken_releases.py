"""Ways in which a release can be broken; each takes the directory of a sound one with license data."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import MANIFEST, PUBLIC_FILE, file_entry

ORIGIN = "license_origin.parquet"


def edit_manifest(directory: Path, **changes: object) -> None:
    """Replace parts of a manifest."""
    path = directory / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changes), encoding="utf-8")


def rewrite(directory: Path, name: str, change: Callable[[pa.Table], pa.Table], **how: Any) -> None:
    """Change a table, and give the manifest its new hash."""
    pq.write_table(change(pq.ParquetFile(directory / name).read()), directory / name, **how)
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    entry = file_entry(directory / name)
    edit_manifest(directory, files=manifest["files"] | {name: {"sha256": entry.sha256, "rows": entry.rows}})


def with_column(name: str, make: Callable[[pa.Table], Any]) -> Callable[[pa.Table], pa.Table]:
    """A table with a column replaced; its field stays required where it was, unless the type is another."""

    def change(table: pa.Table) -> pa.Table:
        place, field = table.schema.get_field_index(name), table.schema.field(name)
        column = make(table)
        return table.set_column(place, field if column.type == field.type else name, column)

    return change


def truncated_public(directory: Path) -> None:
    data = (directory / PUBLIC_FILE).read_bytes()
    (directory / PUBLIC_FILE).write_bytes(data[: len(data) // 2])


def truncated_license(directory: Path) -> None:
    data = (directory / ORIGIN).read_bytes()
    (directory / ORIGIN).write_bytes(data[: len(data) // 2])


def wrong_hash(directory: Path) -> None:
    pq.write_table(pq.ParquetFile(directory / ORIGIN).read(), directory / ORIGIN, compression="none")


def wrong_schema(directory: Path) -> None:
    rewrite(directory, ORIGIN, lambda table: table.append_column("units", pa.array([3] * table.num_rows)))


def missing_file(directory: Path) -> None:
    (directory / ORIGIN).unlink()


def extra_file(directory: Path) -> None:
    (directory / "contributors.parquet").write_bytes(b"")


def newer_manifest(directory: Path) -> None:
    edit_manifest(directory, schema=99)


def no_json(directory: Path) -> None:
    (directory / MANIFEST).write_text("{", encoding="utf-8")


def deep_json(directory: Path) -> None:
    (directory / MANIFEST).write_text("[" * 200_000, encoding="utf-8")


def empty_directory(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def gone(directory: Path) -> None:
    shutil.rmtree(directory)


def negative_weight(directory: Path) -> None:
    rewrite(directory, PUBLIC_FILE, with_column("general_kg", lambda table: pa.array([-5] * table.num_rows)))


def negative_license_value(directory: Path) -> None:
    def negated(table: pa.Table) -> Any:
        return pa.array([value and -value for value in table["value"].to_pylist()], pa.int64())

    rewrite(directory, ORIGIN, with_column("value", negated))


def no_number(directory: Path) -> None:
    rewrite(directory, PUBLIC_FILE, with_column("general_kg", lambda table: pa.array([float("nan")] * table.num_rows)))


def nested_column(directory: Path) -> None:
    rewrite(directory, PUBLIC_FILE, with_column("general_kg", lambda table: pa.array([[5]] * table.num_rows)))


def huge_dictionary(directory: Path) -> None:
    """More countries than are numbered; they would be taken for others."""

    def long(table: pa.Table) -> pa.Table:
        row, many = table.slice(0, 1).to_pylist()[0], 70_000
        return pa.table(
            {name: [f"X{i}" for i in range(many)] if name == "country" else [row[name]] * many for name in row},
            schema=table.schema,
        )

    rewrite(directory, PUBLIC_FILE, long)


def no_month(directory: Path) -> None:
    rewrite(directory, PUBLIC_FILE, with_column("month", lambda table: pa.array(["soon"] * table.num_rows)))


def file_elsewhere(directory: Path) -> None:
    """A link to a file outside, even where that is the right one."""
    outside = directory.parent / f".outside-{directory.name}"
    (directory / ORIGIN).rename(outside)
    (directory / ORIGIN).symlink_to(outside)


def endless_file(directory: Path) -> None:
    """A pipe, which would be read from for ever."""
    (directory / PUBLIC_FILE).unlink()
    os.mkfifo(directory / PUBLIC_FILE)


def another_id(directory: Path) -> None:
    """A copy of another release under this name."""
    edit_manifest(directory, id="2020-01-01T00-00-00Z-000000")


def hostile_id(directory: Path) -> None:
    edit_manifest(directory, id="../../etc\r\nX-Header: 1")


BREAKS: tuple[Callable[[Path], None], ...] = (
    truncated_public,
    truncated_license,
    wrong_hash,
    wrong_schema,
    missing_file,
    extra_file,
    newer_manifest,
    no_json,
    deep_json,
    empty_directory,
    gone,
    negative_weight,
    negative_license_value,
    no_number,
    nested_column,
    huge_dictionary,
    no_month,
    file_elsewhere,
    endless_file,
    another_id,
    hostile_id,
)
