"""A release is checked as anyone can check it, and each way to break one is caught."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.contracts import (
    LAYERS,
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    MANIFEST,
    PUBLIC,
    PUBLIC_FILE,
    SCHEMA_VERSION,
    Absent,
    LicensePart,
    Manifest,
    PublicPart,
    check_release,
    file_entry,
    license_file,
    license_schema,
)
from data_access.errors import UserError

ORIGIN = license_file("origin")
CELLS: list[dict[str, Any]] = [
    {"product": "aim", "origin": "all", "value": 900, "kg": 300, "status": "published"},
    {"product": "aim", "origin": "CAN", "value": 500, "kg": 200, "status": "published"},
    {"product": "aim", "origin": "DEU", "value": None, "kg": None, "status": "withheld"},
    {"product": "aim", "origin": "FRA", "value": None, "kg": None, "status": "withheld"},
    {"product": "aim", "origin": "XKX", "value": 0, "kg": 0, "status": "published"},
]


def write(
    release: Path,
    cells: list[dict[str, Any]] = CELLS,
    *,
    withheld: int = 2,
    certificate: str = "c0ffee" * 10 + "abcd",
    ranges: bool = False,
) -> Manifest:
    release.mkdir(exist_ok=True)
    public = {"month": "2026-08", "product": "7601103000", "level": "HS10", "country": "all", "weight": "not_reported"}
    pq.write_table(pa.Table.from_pylist([{**public, "consumption_value": 5}], schema=PUBLIC), release / PUBLIC_FILE)
    rows = [{"period": "2026-09", "as_of": "2026-11-20", **cell} for cell in cells]
    for table in LICENSE_DIMENSIONS:
        of_table = rows if table == "origin" else []
        schema = license_schema(table, ranges=ranges)
        pq.write_table(pa.Table.from_pylist(of_table, schema=schema), release / license_file(table))
    pq.write_table(LAYERS.empty_table(), release / LAYERS_FILE)
    names = [PUBLIC_FILE, LAYERS_FILE, *(license_file(table) for table in LICENSE_DIMENSIONS)]
    manifest = Manifest(
        schema=SCHEMA_VERSION,
        id="2026-11-20T15-00-00Z-ab12cd",
        published="2026-11-20T15:00:00Z",
        demonstration=True,
        public=PublicPart(as_of="2026-08", coverage={"consumption": {"2026-08": "HS10"}, "general": {}}, vintages={}),
        license=LicensePart(
            as_of="2026-11-20",
            policy="demonstration",
            certificate=certificate,
            months={"2026-09": "2026-11-20"},
            final=[],
            not_yet=["2026-10"],
            quarters={},
            levels={"total": Absent.ZERO, "total×origin": Absent.ZERO, "group×smelt": Absent.HIDDEN},
            listed={"2026": ["CAN"]},
            ranges=ranges,
            under_review=False,
            withheld={table: withheld if table == "origin" else 0 for table in LICENSE_DIMENSIONS},
        ),
        files={name: file_entry(release / name) for name in names},
    )
    (release / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def changed(index: int, **columns: object) -> list[dict[str, Any]]:
    return [{**cell, **columns} if i == index else cell for i, cell in enumerate(CELLS)]


def test_a_sound_release_passes_and_its_manifest_reads_back_equal(tmp_path: Path) -> None:
    manifest = write(tmp_path)
    assert check_release(tmp_path) == manifest


def cut_file(release: Path) -> None:
    data = (release / ORIGIN).read_bytes()
    (release / ORIGIN).write_bytes(data[: len(data) // 2])


def other_bytes(release: Path) -> None:
    pq.write_table(pq.read_table(release / ORIGIN), release / ORIGIN, compression="none")


def drop_file(release: Path) -> None:
    (release / PUBLIC_FILE).unlink()


def add_file(release: Path) -> None:
    (release / "contributors.parquet").write_bytes(b"")


def add_column(release: Path) -> None:
    table = pq.read_table(release / ORIGIN)
    pq.write_table(table.append_column("units", pa.array([3] * table.num_rows)), release / ORIGIN)
    manifest = json.loads((release / MANIFEST).read_text())
    manifest["files"][ORIGIN] = dataclasses.asdict(file_entry(release / ORIGIN))
    (release / MANIFEST).write_text(json.dumps(manifest))


def add_metadata(release: Path) -> None:
    table = pq.read_table(release / ORIGIN).replace_schema_metadata({"contributors": "2"})
    pq.write_table(table, release / ORIGIN)
    edit(release, files={ORIGIN: dataclasses.asdict(file_entry(release / ORIGIN))})


def edit(release: Path, **parts: dict[str, object]) -> None:
    manifest = json.loads((release / MANIFEST).read_text())
    for name, changes in parts.items():
        manifest[name] = {**manifest.get(name, {}), **changes}
    (release / MANIFEST).write_text(json.dumps(manifest))


def newer_schema(release: Path) -> None:
    manifest = json.loads((release / MANIFEST).read_text())
    (release / MANIFEST).write_text(json.dumps({**manifest, "schema": SCHEMA_VERSION + 1}))


def no_manifest(release: Path) -> None:
    (release / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (cut_file, "expected a Parquet file"),
        (other_bytes, "expected SHA-256"),
        (drop_file, "no such file"),
        (add_file, "contributors.parquet: expected no such file"),
        (add_column, "expected columns period, product, origin, value, kg, status, as_of, found"),
        (add_metadata, "expected no metadata of its own, found some"),
        (lambda release: edit(release, contributors={"CAN": 2}), "fields of manifest missing or not known: contrib"),
        (lambda release: edit(release, license={"units": 3}), "fields of license missing or not known: units"),
        (lambda release: edit(release, license={"withheld": []}), "withheld of type list in place of dict"),
        (lambda release: edit(release, license={"months": None}), "months of type NoneType in place of dict"),
        (lambda release: edit(release, license={"not_yet": [1]}), "not_yet of type int in place of str"),
        (lambda release: edit(release, license={"months": {"soon": "2026-11-20"}}), "other than a month YYYY-MM"),
        (lambda release: edit(release, license={"months": {}}), "expected rows of the periods that the manifest names"),
        (lambda release: edit(release, license={"final": ["2026-10"]}), "expected final months among the closed ones"),
        (lambda release: edit(release, license={"not_yet": ["2026-09"]}), "those apart from running ones"),
        (lambda release: edit(release, license={"levels": {"total": "perhaps"}}), "'perhaps' is not a valid Absent"),
        (lambda release: edit(release, license={"ranges": True}), "expected columns period, product, origin, value"),
        (
            lambda release: edit(release, license={"as_of": "2026-11-19"}),
            "column as_of: expected dates up to 2026-11-19",
        ),
        (lambda release: edit(release, license={"certificate": "x"}), "expected a certificate hash"),
        (newer_schema, f"expected schema {SCHEMA_VERSION}, found {SCHEMA_VERSION + 1}"),
        (no_manifest, "expected a release manifest"),
    ],
)
def test_a_spoilt_release_is_refused_with_what_is_wrong(
    tmp_path: Path, spoil: Callable[[Path], None], told: str
) -> None:
    write(tmp_path)
    spoil(tmp_path)
    with pytest.raises(UserError, match=told):
        check_release(tmp_path)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (changed(2, value=400), "column value: expected null in cells that are not published, found 1"),
        (changed(3, kg=100), "column kg: expected null in cells that are not published, found 1"),
        (changed(1, value=None), "column value: expected a figure in published cells, found 1"),
        (changed(4, status="hidden"), "column status: expected one of"),
        (changed(4, origin="CAN"), "one row for each period, product, origin"),
        (changed(2, status="not_yet"), "expected 2 withheld cells, found 1"),
    ],
)
def test_a_release_that_tells_too_much_or_too_little_is_refused(
    tmp_path: Path, cells: list[dict[str, Any]], told: str
) -> None:
    write(tmp_path, cells)
    with pytest.raises(UserError, match=told):
        check_release(tmp_path)


def test_license_data_without_a_certificate_hash_are_refused(tmp_path: Path) -> None:
    write(tmp_path, certificate="")
    with pytest.raises(UserError, match="expected a certificate hash"):
        check_release(tmp_path)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path)
    drop_file(tmp_path)
    add_file(tmp_path)
    with pytest.raises(UserError) as told:
        check_release(tmp_path)
    assert "public.parquet" in str(told.value)
    assert "contributors.parquet" in str(told.value)


def test_a_row_that_tells_presence_where_the_policy_hides_it_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    row = {"period": "2026-09", "as_of": "2026-11-20", "product": "sheet", "smelt": "CAN", "status": "withheld"}
    smelt = license_file("smelt")
    pq.write_table(pa.Table.from_pylist([row], schema=license_schema("smelt")), tmp_path / smelt)
    entry = dataclasses.asdict(file_entry(tmp_path / smelt))
    edit(
        tmp_path,
        files={smelt: entry},
        license={"withheld": {**dict.fromkeys(LICENSE_DIMENSIONS, 0), "origin": 2, "smelt": 1}},
    )
    with pytest.raises(
        UserError, match=r"license_smelt\.parquet: expected published cells only where presence is hidden"
    ):
        check_release(tmp_path)


def test_a_range_of_a_published_cell_and_one_turned_around_are_refused(tmp_path: Path) -> None:
    write(tmp_path, changed(2, value_low=0, value_high=400), ranges=True)
    check_release(tmp_path)
    for cells in (changed(1, value_low=0, value_high=900), changed(2, kg_low=5, kg_high=4)):
        write(tmp_path, cells, ranges=True)
        with pytest.raises(UserError, match="expected ranges of withheld cells only, low to high"):
            check_release(tmp_path)
