"""What is kept: the results used last, each made once, of one release, and never a fault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from release_builder import public_row, write_release

from data_access.serving import earlier, holder
from data_access.serving.directory import Directory
from data_access.serving.holder import Holder
from data_access.serving.kept import Kept
from data_access.serving.release import Snapshot
from data_access.serving.statistics import MAX_KEPT, Statistics, open_statistics

CODE = "7601103000"
OLD, NEW = "2025-03-01T00-00-00Z-aaaaaa", "2025-04-01T00-00-00Z-bbbbbb"
LONG = 10
"""Seconds that a thread may take."""


def publish(directory: Path, *, value: int, id_: str) -> None:
    write_release(directory, [public_row("2025-01", CODE, "all", value, value)], id_=id_)


@pytest.fixture
def two(tmp_path: Path) -> Statistics:
    """Two releases that differ."""
    publish(tmp_path, value=5, id_=OLD)
    publish(tmp_path, value=7, id_=NEW)
    return open_statistics(tmp_path)


def value_of(statistics: Statistics) -> float | None:
    filters = statistics.parse("series=public&measure=value&from=2025-01&to=2025-01")
    return statistics.series(filters).cells[0].value


def test_what_was_used_last_stays_and_the_rest_goes(two: Statistics) -> None:
    made: list[int] = []

    def asked(key: int) -> None:
        two.remember(key, lambda _: made.append(key))

    for key in range(MAX_KEPT):
        asked(key)
    asked(0)
    asked(MAX_KEPT)
    made.clear()
    asked(0)
    assert made == [], "it was asked for a moment ago"
    asked(1)
    assert made == [1], "it was not asked for since it was made"


def test_many_who_ask_at_a_time_have_it_made_once() -> None:
    kept, made, begun, go_on = Kept(4), [], threading.Event(), threading.Event()

    def make() -> int:
        begun.set()
        assert go_on.wait(LONG)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(kept.get, "key", make)
        assert begun.wait(LONG)
        others = [threads.submit(kept.get, "key", make) for _ in range(3)]
        assert kept.get("another", lambda: "at once") == "at once", "who asks for something else does not wait"
        go_on.set()
        assert [one.result(LONG) for one in (first, *others)] == [1] * 4


def test_a_fault_reaches_who_waits_and_is_not_kept() -> None:
    kept, begun, go_on = Kept(4), threading.Event(), threading.Event()

    def fail() -> str:
        begun.set()
        assert go_on.wait(LONG)
        raise OSError("for a moment")

    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(kept.get, "key", fail)]
        assert begun.wait(LONG)
        asked.append(threads.submit(kept.get, "key", fail))
        go_on.set()
        assert [type(one.exception(LONG)) for one in asked] == [OSError, OSError]
    assert kept.get("key", lambda: "now it works") == "now it works"


def test_what_is_not_to_be_kept_is_made_again() -> None:
    kept = Kept(4)
    assert [kept.get("key", lambda: one, keep=lambda made: made > 1) for one in (1, 2, 3)] == [1, 2, 2]  # noqa: B023


def test_results_together_are_never_larger_than_what_may_be_kept() -> None:
    kept = Kept(10, size=len)
    made = [kept.get(key, lambda key=key: key * 4) for key in "abc"]  # type: ignore[misc]
    assert made == ["aaaa", "bbbb", "cccc"]
    assert (kept.values(), kept.size) == (("bbbb", "cccc"), 8)
    assert kept.get("d", lambda: "d" * 11) == "d" * 11, "larger than all that may be kept: made anew each time"
    assert (kept.values(), kept.size) == (("bbbb", "cccc"), 8)


def test_what_is_too_old_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("data_access.serving.kept.time.monotonic", lambda: now[0])
    kept = Kept(4, seconds=60.0)

    def asked(at: float) -> float:
        now[0] = at
        return kept.get("key", lambda: at)

    assert [asked(at) for at in (0.0, 59.0, 61.0, 100.0)] == [0.0, 0.0, 61.0, 61.0]
    assert kept.size == 1


def test_what_is_forgotten_makes_room() -> None:
    kept = Kept(3)
    for key in (1, 2, 3):
        kept.get(key, lambda: "first")
    kept.forget(lambda key: key < 3)
    assert (len(kept), kept.size) == (1, 1)
    assert [kept.get(key, lambda: "again") for key in (1, 2, 3)] == ["again", "again", "first"]


def test_what_the_cards_of_a_page_ask_again_is_worked_out_once(two: Statistics) -> None:
    filters = two.parse("series=public&measure=value&from=2025-01&to=2025-01")
    pinned = two.pinned()
    assert pinned.series(filters) is pinned.series(filters)
    assert two.pinned().series(filters) is not pinned.series(filters), "kept no longer than for one page"


def test_a_result_is_of_one_release_whatever_comes_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    publish(tmp_path, value=5, id_=OLD)
    statistics = open_statistics(tmp_path)

    def make(now: Statistics) -> tuple[float | None, float | None]:
        first = value_of(now)
        publish(tmp_path, value=7, id_=NEW)
        return first, value_of(now)

    assert statistics.remember("both", make) == (5, 5)
    assert statistics.remember("both", lambda now: (value_of(now), value_of(now))) == (7, 7)


# -- earlier releases -----------------------------------------------------------------------------------------------


def failing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Holder.open
    faults = iter([OSError("the disk is away for a moment")])

    def open_(self: Holder, name: str, **more: object) -> Snapshot:
        for fault in faults:
            raise fault
        return opened(self, name, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Holder, "open", open_)


def test_an_earlier_release_that_could_not_be_opened_is_tried_again(
    two: Statistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_once(monkeypatch)
    assert two.previous() is None
    assert two.previous() is None, "not at once"
    monkeypatch.setattr(earlier, "RETRY_EVERY", 0.0)
    before = two.previous()
    assert before
    assert value_of(before) == 5


def test_opening_an_earlier_release_holds_up_nobody_else(two: Statistics, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, begun, go_on = Holder.open, threading.Event(), threading.Event()

    def slow(self: Holder, name: str, **more: object) -> Snapshot:
        begun.set()
        assert go_on.wait(LONG)
        return opened(self, name, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Holder, "open", slow)
    with ThreadPoolExecutor(2) as threads:
        waiting = threads.submit(two.previous)
        assert begun.wait(LONG)
        assert threads.submit(two.remember, "key", value_of).result(LONG) == 7
        go_on.set()
        assert waiting.result(LONG)


def snapshot_of(statistics: Statistics | None) -> Snapshot:
    assert statistics
    found = statistics._holder.snapshot()
    assert found
    return found


@pytest.mark.parametrize(("now", "shared"), [(5, True), (7, False)])
def test_releases_of_one_public_table_hold_it_once(tmp_path: Path, now: int, shared: bool) -> None:
    publish(tmp_path, value=5, id_=OLD)
    publish(tmp_path, value=now, id_=NEW)
    statistics = open_statistics(tmp_path)
    before = statistics.previous()
    assert (snapshot_of(before).public is snapshot_of(statistics).public) is shared
    assert (value_of(statistics), before and value_of(before)) == (now, 5)


def test_the_next_release_takes_over_a_public_table_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    publish(tmp_path, value=5, id_=OLD)
    statistics = open_statistics(tmp_path)
    first = snapshot_of(statistics)
    publish(tmp_path, value=5, id_=NEW)
    assert snapshot_of(statistics).info.id == NEW
    assert snapshot_of(statistics).public is first.public


def test_a_release_that_is_pinned_does_not_hold_on_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    publish(tmp_path, value=5, id_=OLD)
    publish(tmp_path, value=7, id_=NEW)
    held = Holder(Directory(tmp_path))
    pinned: Callable[[], Statistics] = Statistics(held).pinned
    before = pinned().previous()
    assert before
    assert before.pinned() is before
    assert before._holder.holder is held  # type: ignore[union-attr]
