"""Opening a release, refusing a broken one, and passing to the next."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from release_builder import point_to, public_row, write_release
from small_release import small_licenses, small_public

from data_access.contracts import MANIFEST, file_entry, license_schema
from data_access.errors import UserError
from data_access.serving import holder
from data_access.serving.directory import Directory
from data_access.serving.release import open_release
from data_access.serving.statistics import Statistics, open_statistics

QUERY = "measure=value&from=2026-01&to=2026-01"


def shown(statistics: Statistics) -> list[tuple[int | float | None, str]]:
    return [(cell.value, cell.status) for cell in statistics.series(statistics.parse(QUERY)).cells]


def edit_manifest(directory: Path, **changes: object) -> None:
    path = directory / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changes), encoding="utf-8")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_release(tmp_path, small_public(), small_licenses(), not_yet=("2026-03",))


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)


def test_a_sound_release_is_open_with_both_parts(directory: Path) -> None:
    statistics = open_statistics(directory.parent)
    info = statistics.info()
    assert statistics.state() is None
    assert (info.id, info.license_off, info.problem, info.stale) == (directory.name, None, None, False)
    assert (info.public_as_of, info.license_as_of) == ("2026-01", "2026-03-20")
    assert shown(statistics) == [(7500, "published"), (6000, "published")]


def test_the_log_of_many_releases_lists_the_directory_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 4):
        write_release(directory.parent, small_public(), id_=f"2026-03-0{day}T15-00-00Z-aaaaaa", current=False)
    statistics = open_statistics(directory.parent)
    listed: list[Path] = []
    names = Directory.names

    def counted(self: Directory) -> tuple[str, ...]:
        listed.append(self._releases)
        return names(self)

    monkeypatch.setattr(Directory, "names", counted)
    assert len(statistics.log()) == 4
    assert len(listed) == 1


def test_no_release_is_a_state_that_says_so(tmp_path: Path) -> None:
    for releases in (tmp_path, tmp_path / "absent"):
        statistics = open_statistics(releases)
        released = statistics.series(statistics.parse("product=7601"))
        assert "no release is there yet" in str(statistics.state())
        assert released.cells == ()
        assert released.release.id is None
        assert "no release is there yet" in released.summary
        assert statistics.meta()["release"]["id"] is None


def test_a_release_that_comes_later_is_found(tmp_path: Path) -> None:
    statistics = open_statistics(tmp_path)
    write_release(tmp_path, small_public())
    assert shown(statistics)[0] == (7500, "published")
    assert statistics.state() is None


def test_the_next_release_takes_over(directory: Path) -> None:
    statistics = open_statistics(directory.parent)
    write_release(directory.parent, [public_row("2026-01", "7601103000", "all", 8)], id_="later")
    assert shown(statistics)[0] == (8, "published")
    assert statistics.info().id == "later"


def test_a_broken_next_release_keeps_the_last_good_one_and_says_so(directory: Path) -> None:
    statistics = open_statistics(directory.parent)
    broken = write_release(directory.parent, small_public(), small_licenses(), not_yet=("2026-03",), id_="broken")
    (broken / "public.parquet").write_bytes(b"PAR1 but no more")
    assert shown(statistics) == [(7500, "published"), (6000, "published")]
    info = statistics.info()
    assert info.stale
    assert info.problem == "release broken did not pass its check"
    notes = statistics.series(statistics.parse(QUERY)).notes
    assert any("These may not be the newest figures" in note for note in notes)
    point_to(directory.parent, directory.name)
    assert statistics.info().problem is None


def break_one_without_licenses(releases: Path) -> None:
    broken = write_release(releases, small_public(), id_="withdrawn")
    (broken / "public.parquet").write_bytes(b"PAR1 but no more")


def gives_out_no_licenses(statistics: Statistics) -> bool:
    with statistics.file("public.parquet"):
        pass
    with pytest.raises(KeyError):
        statistics.file("license_origin.parquet")
    info = statistics.info()
    return (info.license_off, info.license_as_of) == (holder.WITHDRAWN, None)


def test_a_broken_next_release_without_licenses_takes_those_of_the_last_good_one_off(directory: Path) -> None:
    statistics = open_statistics(directory.parent)
    assert statistics.remember("key", shown) == [(7500, "published"), (6000, "published")]
    break_one_without_licenses(directory.parent)
    public_alone = [(7500, "published"), (None, "not_published")]
    assert shown(statistics) == public_alone
    assert statistics.remember("key", shown) == public_alone
    assert statistics.info().id == directory.name
    assert gives_out_no_licenses(statistics)
    assert statistics.health().withheld == {}
    assert shown(statistics.at(directory.name)) == public_alone
    point_to(directory.parent, directory.name)
    assert shown(statistics) == [(7500, "published"), (6000, "published")], "published again as it is"
    assert (statistics.info().license_off, statistics.info().problem) == (None, None)


def test_a_start_with_a_broken_release_without_licenses_shows_none_of_an_earlier_one(directory: Path) -> None:
    break_one_without_licenses(directory.parent)
    statistics = open_statistics(directory.parent)
    assert shown(statistics) == [(7500, "published"), (None, "not_published")]
    assert (statistics.info().id, statistics.info().stale) == (directory.name, True)
    assert gives_out_no_licenses(statistics)


def test_a_start_with_the_sound_part_alone_says_so_until_the_release_is_mended(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = directory / "license_origin.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")
    statistics = open_statistics(directory.parent)
    problem = f"release {directory.name} did not pass its check"
    for _ in range(2):
        assert (statistics.health().problem, statistics.info().license_off is None) == (problem, False)
    assert f"Not all of the newest release is shown: {problem}." in statistics.series(statistics.parse(QUERY)).notes
    path.write_bytes(whole)
    health = statistics.health()
    assert (health.problem, health.reload_failures) == (problem, 1), "not tried again at once"
    monkeypatch.setattr(holder, "RETRY_EVERY", 0.0)
    assert shown(statistics) == [(7500, "published"), (6000, "published")]
    assert (statistics.health().problem, statistics.info().license_off) == (None, None)


def test_a_release_whose_link_is_gone_stays_in_use(directory: Path) -> None:
    statistics = open_statistics(directory.parent)
    (directory.parent / "current").unlink()
    assert shown(statistics)[0] == (7500, "published")
    assert statistics.info().problem is not None


@pytest.mark.parametrize("readable", [True, False])
def test_a_broken_public_file_is_refused(directory: Path, readable: bool) -> None:
    path = directory / "public.parquet"
    if readable:
        pq.write_table(pq.ParquetFile(path).read().slice(1), path)
    else:
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UserError):
        open_release(directory)
    assert "did not pass its check" in str(open_statistics(directory.parent).state())


def break_hash(directory: Path) -> None:
    path = directory / "license_origin.parquet"
    path.write_bytes(path.read_bytes() + b" ")


def drop_certificate(directory: Path) -> None:
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    edit_manifest(directory, license=manifest["license"] | {"certificate": ""})


def plant_a_withheld_figure(directory: Path) -> None:
    path = directory / "license_origin.parquet"
    rows = pq.ParquetFile(path).read().to_pylist()
    row = next(row for row in rows if row["status"] == "withheld")
    row["value"], row["kg"] = 123_456_789, 987_654_321
    pq.write_table(pa.Table.from_pylist(rows, schema=license_schema("origin")), path)
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    entry = file_entry(path)
    manifest["files"][path.name] = {"sha256": entry.sha256, "rows": entry.rows}
    edit_manifest(directory, files=manifest["files"])


def remove_file(directory: Path) -> None:
    (directory / "license_origin.parquet").unlink()


def add_file(directory: Path) -> None:
    (directory / "contributors.parquet").write_bytes(b"")


def other_schema(directory: Path) -> None:
    edit_manifest(directory, schema=99)


def malform_license(directory: Path) -> None:
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    edit_manifest(directory, license=manifest["license"] | {"withheld": [], "months": None})


@pytest.mark.parametrize(
    "break_it",
    [break_hash, drop_certificate, plant_a_withheld_figure, remove_file, add_file, other_schema, malform_license],
)
def test_a_broken_license_part_is_off_with_its_reason_and_public_goes_on(directory: Path, break_it) -> None:  # type: ignore[no-untyped-def]
    break_it(directory)
    statistics = open_statistics(directory.parent)
    assert statistics.state() is None
    assert shown(statistics) == [(7500, "published"), (None, "not_published")]
    reason = statistics.info().license_off
    assert reason
    notes = statistics.series(statistics.parse(QUERY)).notes
    assert f"License series are not shown: {reason}." in notes
    assert str(directory) not in " ".join(notes)


def test_an_answer_is_of_one_release_also_while_the_next_is_swapped_in(directory: Path) -> None:
    """Figures of the two releases differ by a factor; a mixture would show in one answer."""
    releases = directory.parent
    doubled = [
        {**row, "consumption_value": row["consumption_value"] * 2, "general_value": row["general_value"] * 2}
        for row in small_public()
    ]
    write_release(releases, doubled, id_="doubled", current=False)
    statistics = open_statistics(releases)
    filters = statistics.parse("series=public&measure=value&freq=month&from=2025-11&to=2026-01&by=product")
    plain = {cell.period: cell.value for cell in statistics.series(filters).cells if cell.product == "unwrought"}
    faults: list[str] = []
    done = threading.Event()

    def swap() -> None:
        for turn in range(20):
            point_to(releases, ("doubled", directory.name)[turn % 2])
        done.set()

    def read() -> None:
        while not done.is_set():
            released = statistics.series(filters)
            factor = 2 if released.release.id == "doubled" else 1
            for cell in released.cells:
                if cell.product == "unwrought" and cell.value != (plain[cell.period] or 0) * factor:
                    faults.append(f"{released.release.id}: {cell}")

    threads = [threading.Thread(target=target) for target in (swap, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_the_serving_half_itself_imports_no_pandas() -> None:
    code = (
        "import sys; import data_access.serving.statistics, data_access.serving.answers.cells; "
        "assert not {'pandas', 'scipy'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reading_a_release_and_writing_an_answer_import_no_pandas(directory: Path) -> None:
    """pyarrow imports pandas as soon as it converts a Python value, which would cost each worker 50 MB."""
    code = f"""
import sys
from pathlib import Path
from data_access.serving.statistics import open_statistics
from data_access.serving.answers.cells import to_csv, to_json, to_parquet, to_xlsx
statistics = open_statistics(Path({str(directory.parent)!r}))
released = statistics.series(statistics.parse("by=country"))
for write in (to_csv, to_json, to_parquet, to_xlsx):
    write(released)
assert released.cells and "pandas" not in sys.modules, "imported"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
