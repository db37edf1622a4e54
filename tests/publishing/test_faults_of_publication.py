"""Faults while publishing: killed at each step, no room, read-only, two at once, a clock that jumps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from disturbed import current_of
from publication_inputs import CANADA, TOTAL, UNWROUGHT, Inputs, raw_row, usual_month, write_raw

from data_access.contracts import check_release, read_manifest
from data_access.errors import UserError
from data_access.publishing import build, license_source
from data_access.publishing import publish as publication
from data_access.publishing.state import State
from data_access.publishing.swap import ID

ROOT = Path(__file__).resolve().parents[2]
AGAIN = "then run the same command again"
NO_ROOM = f"expected to write it, found: No space left on device; free some space, {AGAIN}"


def campaign(name: str, base: Path, kind: str = "licenses") -> dict[str, Any]:
    """What `disturbed` found."""
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("disturbed.py"), name, base, kind],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def figures(release: Path) -> dict[str, bytes]:
    """All tables of a release."""
    return {path.name: path.read_bytes() for path in release.glob("*.parquet")}


def releases(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if ID.fullmatch(path.name))


def expect_sound(copy: Path, first: Path, whole: Path) -> None:
    """The release before or the new one is current, both of them untouched, and the state can be read."""
    for release in releases(copy / "releases"):
        check_release(release)
        assert figures(release) in (figures(first), figures(whole))
    assert current_of(copy / "releases") in (first.name[-6:], whole.name[-6:])
    assert figures(copy / "releases" / first.name) == figures(first)
    state = State(copy / "state")
    assert set(state.months()) <= {"2025-03", "2025-04"}
    state.periods()
    state.links()


@pytest.mark.parametrize("kind", ["public", "licenses"])
def test_a_publication_killed_at_any_step_is_made_up_for_by_the_next(tmp_path: Path, kind: str) -> None:
    found = campaign("killed", tmp_path, kind)
    first = (tmp_path / "start" / "releases" / "current").resolve()
    whole = (tmp_path / "whole" / "releases" / "current").resolve()
    assert first.name[-6:] != whole.name[-6:]
    steps = found["steps"]
    for needed in [
        "written public.parquet",
        "written manifest.json",
        "os.rename .new-release",
        "os.rename .new-current",
    ]:
        assert needed in steps
    if kind == "licenses":
        for needed in ["written .fixed.json", "written .links.parquet", "written layer.json", "written .final.json"]:
            assert needed in steps
    for number in range(1, len(steps) + 1):
        expect_sound(tmp_path / f"at-{number}", first, whole)
    for number in found["again"]:
        expect_sound(tmp_path / f"killed-{number}", first, whole)
        again = tmp_path / f"again-{number}"
        expect_sound(again, first, whole)
        assert figures((again / "releases" / "current").resolve()) == figures(whole)
        assert [path for path in again.rglob(".*") if path.name != ".lock"] == []
    if kind == "licenses":
        assert sum(current_of(tmp_path / f"killed-{n}" / "releases") == first.name[-6:] for n in found["again"]) >= 6


@pytest.mark.parametrize("kind", ["public", "licenses"])
def test_without_room_it_says_which_file_and_what_to_do_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    found = campaign("full", tmp_path, kind)
    first = (tmp_path / "start" / "releases" / "current").resolve()
    whole = (tmp_path / "whole" / "releases" / "current").resolve()
    assert len(found["told"]) >= (7)
    for number, told in found["told"].items():
        assert told["code"] == 1, told
        assert NO_ROOM in told["answer"], told
        assert str(tmp_path / f"full-{number}") in told["answer"]
        assert "\n" not in told["answer"]
        assert told["hidden"] == [], told
        assert told["as_if_killed"], told
        expect_sound(tmp_path / f"full-{number}", first, whole)
        is_current = current_of(tmp_path / f"full-{number}" / "releases") == whole.name[-6:]
        assert is_current == ("published, and current now, but without its report" in told["answer"])


def command(*arguments: str, cwd: Path, **changed: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data_access.cli", *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        text=True,
        check=False,
        timeout=120,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | changed),
    )


DISK = """\
mount -t tmpfs -o size=400k tmpfs disk || exit 99
cd disk
"$0" -m data_access.cli publish --public ../public --out releases || exit 98
before="$(readlink releases/current)"
dd if=/dev/zero of=filler bs=1k 2> /dev/null
"$0" -m data_access.cli publish --public ../public --out releases 2> ../told
echo "$?" > ../code
"$0" -m data_access.cli verify releases/current || exit 97
test "$before" = "$(readlink releases/current)" || exit 96
rm filler
"$0" -m data_access.cli publish --public ../public --out releases || exit 95
test "$before" != "$(readlink releases/current)" || exit 94
"""


def test_a_disk_that_is_full_indeed_is_no_different(tmp_path: Path) -> None:
    own = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here, not even in a name space; the tests above make do without")
    Inputs(tmp_path)
    (tmp_path / "disk").mkdir()
    run = subprocess.run(
        [*own, "sh", "-c", DISK, sys.executable],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    told = (tmp_path / "told").read_text()
    assert (tmp_path / "code").read_text().strip() == "1"
    assert told.startswith("aim-monitor: releases/")
    assert told.rstrip().endswith(NO_ROOM)


def test_a_demonstration_without_room_says_so_and_is_written_anew(tmp_path: Path) -> None:
    limited = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh", sys.executable, "-m", "data_access.cli", "demo"]
    told = subprocess.run(
        [*limited, "--out", "demo", "--months", "2", "--licenses", "100", "--weeks", "1"],
        cwd=tmp_path,
        # Byte code cut short by the limit would be kept, and fail others.
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert told.returncode == 1
    assert told.stderr.startswith("aim-monitor: demo/")
    assert told.stderr.rstrip().endswith(f"found: File too large; free some space, {AGAIN}")
    assert not list(tmp_path.rglob(".*"))


def test_a_query_whose_answer_cannot_be_written_ends_with_an_error(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path)
    inputs.publish()
    with Path("/dev/full").open("w") as full:
        told = command("query", "product=7601", "--releases", "releases", cwd=tmp_path, stdout=full)
    assert told.returncode == 1
    assert told.stderr == f"aim-monitor: standard output: {NO_ROOM}\n"


def test_a_reader_who_has_enough_is_no_error_to_tell(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path)
    inputs.publish()
    reader, writer = os.pipe()
    os.close(reader)
    told = command("query", "product=7601", "--releases", "releases", cwd=tmp_path, stdout=writer)
    os.close(writer)
    assert told.stderr == ""


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other users reach as well."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_cannot_be_written_to_is_told_before_the_long_work(open_directory: Path) -> None:
    found = campaign("read_only", open_directory)["told"]
    assert set(found) == {"releases", "state", "state/months", "state/months/2025-04"}
    for name, told in found.items():
        assert told["code"] == 1, told
        assert (
            f"{name}: expected a directory that this user can write to, found one that is read-only" in told["answer"]
        )


def test_of_two_publications_at_once_the_second_says_so(tmp_path: Path) -> None:
    found = campaign("twice", tmp_path)["told"]
    for name, directory in {"out": "releases", "state": "state"}.items():
        assert found[name]["code"] == 1
        assert f"first/{directory}: another publication is running; wait until" in found[name]["answer"]
    whole, first = ((tmp_path / name / "releases" / "current").resolve() for name in ("whole", "first"))
    assert figures(first) == figures(whole)
    assert not (tmp_path / "elsewhere" / "current").exists()


def test_pulls_that_arrive_while_a_release_is_made_wait_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = Inputs(tmp_path)
    real = build.read_month

    def read(path: Path) -> Any:
        for month, value in (("2025-01", 111), ("2025-03", 333)):
            rows = [raw_row(UNWROUGHT, country, value) for country in (CANADA, TOTAL)]
            write_raw(inputs.base / "public", month, rows, pulled=datetime(2026, 11, 9, tzinfo=UTC))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(build, "read_month", read)
        inputs.publish()
    part = check_release(inputs.current).public
    assert part.as_of == "2025-02"
    assert set(part.vintages.values()) == {"2026-11-08T00-00-00Z"}
    values = {row["consumption_value"] for row in pq.read_table(inputs.current / "public.parquet").to_pylist()}
    assert not values & {111, 333}
    inputs.publish()
    assert check_release(inputs.current).public.as_of == "2025-03"


class Jumping(datetime):
    """A clock that stands where a test puts it."""

    at = datetime(2026, 11, 20, 12, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.at.astimezone(tz)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Jumping]:
    monkeypatch.setattr(publication, "datetime", Jumping)
    monkeypatch.setattr(license_source, "datetime", Jumping)
    Jumping.at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return Jumping


def test_releases_stay_in_order_whatever_the_clock_says(tmp_path: Path, clock: type[Jumping]) -> None:
    """It is right, an hour behind, ten years ahead, and right again."""
    inputs = Inputs(tmp_path)
    inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"))
    names, behind = [], []
    for at in (clock.at, clock.at - timedelta(hours=1), clock.at + timedelta(days=3653), clock.at + timedelta(days=7)):
        clock.at = at
        behind.append("warning: the clock is behind the newest release" in inputs.publish())
        names.append(inputs.current.name)
        manifest = check_release(inputs.current)
        assert manifest.published.replace(":", "-") == manifest.id[:20]
        assert manifest.license is not None
        assert (manifest.license.as_of, list(manifest.license.months)) == ("2025-04-10", ["2025-03"])
    assert [name[:20] for name in names] == [
        "2026-11-20T12-00-00Z",
        "2026-11-20T12-00-01Z",
        "2036-11-20T12-00-00Z",
        "2036-11-20T12-00-01Z",
    ]
    assert behind == [False, True, False, True]
    assert [path.name for path in releases(inputs.releases)] == names


@pytest.mark.parametrize("days", [-30, 400])
def test_a_wrong_clock_closes_no_month_of_records_without_a_date(
    tmp_path: Path, clock: type[Jumping], days: int
) -> None:
    inputs = Inputs(tmp_path)
    dated = inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"))
    inputs.licenses = dated.rename(inputs.base / "records.parquet")
    clock.at = datetime(2025, 4, 2, tzinfo=UTC) + timedelta(days=days)
    with pytest.raises(UserError, match=r"records of today.*name the day that the records are of with --as-of"):
        inputs.publish()
    assert not (inputs.releases / "current").exists()
    clock.at = datetime(2025, 4, 10, tzinfo=UTC)
    inputs.publish()
    part = read_manifest(inputs.current).license
    assert part is not None
    assert part.as_of == "2025-04-10"


def test_a_named_day_needs_no_clock(tmp_path: Path, clock: type[Jumping]) -> None:
    inputs = Inputs(tmp_path)
    dated = inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"))
    inputs.licenses = dated.rename(inputs.base / "records.parquet")
    clock.at = datetime(2036, 1, 1, tzinfo=UTC)
    inputs.publish(as_of=date(2025, 4, 10))
    part = read_manifest(inputs.current).license
    assert part is not None
    assert part.as_of == "2025-04-10"
