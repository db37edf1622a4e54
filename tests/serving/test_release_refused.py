"""A broken release is refused whole while a good one is in use, which goes on; log and health tell."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from broken_releases import BREAKS, missing_file, truncated_public
from release_builder import point_to, public_row, write_release
from small_release import small_licenses, small_public

from data_access import contracts
from data_access.contracts import MANIFEST
from data_access.serving import holder
from data_access.serving.statistics import Statistics, open_statistics

GOOD, NEXT, LATER = "2026-03-20T15-00-00Z-aaaaaa", "2026-03-27T15-00-00Z-bbbbbb", "2026-04-03T15-00-00Z-cccccc"
QUERY = "measure=value&from=2026-01&to=2026-01"


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    write_release(tmp_path / "releases", small_public(), small_licenses(), not_yet=("2026-03",), id_=GOOD)
    return tmp_path / "releases"


def publish(releases: Path, id_: str = NEXT, spoil: Callable[[Path], None] | None = None) -> None:
    folder = write_release(
        releases, small_public(), small_licenses(), not_yet=("2026-03",), id_=id_, current=spoil is None
    )
    if spoil:
        spoil(folder)
        point_to(releases, id_)


def shown(statistics: Statistics) -> list[tuple[int | float | None, str]]:
    return [(cell.value, cell.status) for cell in statistics.series(statistics.parse(QUERY)).cells]


@pytest.mark.parametrize("spoil", BREAKS)
def test_the_last_good_release_goes_on_and_log_health_and_notes_say_so(
    releases: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    statistics = open_statistics(releases)
    before = shown(statistics)
    publish(releases, spoil=spoil)
    with caplog.at_level(logging.INFO):
        assert shown(statistics) == before
        assert shown(statistics) == before
    health = statistics.health()
    assert (health.release, health.reload_failures) == (GOOD, 1)
    assert health.problem == f"release {NEXT} did not pass its check"
    assert health.withheld == {**dict.fromkeys(health.withheld, 0), "origin": health.withheld["origin"]}
    (told,) = caplog.records
    assert told.levelno == logging.ERROR
    assert told.getMessage().startswith(f"release {NEXT} is refused, release {GOOD} goes on: ")
    assert "\n" not in told.getMessage()
    assert told.exc_info is None
    released = statistics.series(statistics.parse(QUERY))
    assert any(NEXT in note and GOOD in note for note in released.notes)
    assert str(releases) not in json.dumps([released.notes, statistics.meta()["release"]])


@pytest.mark.parametrize("file", ["public.parquet", "layers.parquet", MANIFEST])
def test_a_release_that_may_not_be_read_is_refused(releases: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    statistics = open_statistics(releases)
    read = contracts.read_regular

    def forbidden(path: Path, *, most: int) -> bytes:
        if path.name == file:  # what a file without permissions says to all but root
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path, most=most)

    monkeypatch.setattr(contracts, "read_regular", forbidden)
    publish(releases)
    assert statistics.health().release == GOOD
    assert statistics.health().problem == f"release {NEXT} did not pass its check"


def test_a_good_release_after_broken_ones_takes_over_and_nothing_is_wrong_any_more(releases: Path) -> None:
    statistics = open_statistics(releases)
    publish(releases, NEXT, missing_file)
    assert statistics.health().problem
    publish(releases, LATER)
    health = statistics.health()
    assert (health.release, health.problem, health.reload_failures) == (LATER, None, 1)


def test_a_release_that_is_mended_is_tried_again(releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = open_statistics(releases)
    publish(releases, NEXT, missing_file)
    assert statistics.health().release == GOOD
    table = (releases / GOOD / "license_origin.parquet").read_bytes()
    (releases / NEXT / "license_origin.parquet").write_bytes(table)
    assert statistics.health().release == GOOD, "not at once: each try reads all of it"
    monkeypatch.setattr(holder, "RETRY_EVERY", 0.0)
    assert statistics.health().release == NEXT


def test_a_start_with_a_broken_current_release_takes_the_newest_sound_one_before_it(releases: Path) -> None:
    publish(releases, NEXT, truncated_public)
    publish(releases, LATER, missing_file)
    health = open_statistics(releases).health()
    assert (health.release, health.problem) == (GOOD, f"release {LATER} did not pass its check")


def test_a_start_does_not_take_a_release_newer_than_the_current_one(releases: Path) -> None:
    publish(releases, LATER)
    publish(releases, NEXT, missing_file)
    assert open_statistics(releases).health().release == GOOD


def test_an_older_release_that_is_made_current_again_is_used_and_the_log_tells(
    releases: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = write_release(releases, [public_row("2026-01", "7601103000", "all", 8)], id_=NEXT)
    manifest = (later / "manifest.json").read_text().replace("2026-03-20T15:00:00Z", "2026-03-27T15:00:00Z")
    (later / "manifest.json").write_text(manifest)
    statistics = open_statistics(releases)
    point_to(releases, GOOD)
    assert statistics.health().release == GOOD
    assert f"release {GOOD} takes over from the later one {NEXT}" in caplog.text


def test_what_is_shown_is_what_was_checked_even_if_the_files_change_between(
    releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write to the directory cannot put figures in once the hashes are compared."""
    from data_access.serving import release as opening

    read = opening.read_release

    def then_altered(folder: Path, *more: object) -> object:
        found = read(folder, *more)  # type: ignore[arg-type]
        if folder.name == NEXT:
            for path in folder.glob("*.parquet"):
                path.write_bytes((releases / GOOD / "layers.parquet").read_bytes())
        return found

    monkeypatch.setattr(opening, "read_release", then_altered)
    statistics = open_statistics(releases)
    before = shown(statistics)
    publish(releases)
    assert (shown(statistics), statistics.health().release) == (before, NEXT)


def test_results_made_of_an_earlier_release_go_when_the_next_one_comes(releases: Path) -> None:
    statistics = open_statistics(releases)
    for key in range(5):
        statistics.remember(key, lambda _: "made")
    publish(releases)
    statistics.remember("key", lambda _: "made")
    assert len(statistics._kept) == 1
