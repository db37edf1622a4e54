"""Releases that change 100 times, every other one broken, while the application is asked all the time."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from dashboard.factory import create_app
from dashboard.settings import Settings
from dashboard.views import explore
from data_access.serving import holder
from data_access.serving.release import Snapshot
from data_access.serving.statistics import MAX_KEPT, open_statistics
from tests.callbacks import body_of
from tests.serving.broken_releases import BREAKS, missing_file
from tests.serving.release_builder import license_row, point_to, public_row, with_totals, write_release

SWAPS = 100
TONS = 90_000
"""Tons of foil a month of the release numbered 0; each has a ton more than the one before."""
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
QUERY = "product=foil&measure=volume"
LONG = 120
"""Seconds that a swap may take."""


def id_of(number: int) -> str:
    return f"2026-03-20T15-{number // 60:02d}-{number % 60:02d}Z-aaaaaa"


def publish(releases: Path, number: int) -> Path:
    """A release whose every figure of foil tells its number."""
    tons = TONS + number
    rows = [public_row(month, "7607113000", "CAN", tons * 3000, tons * 1000) for month in MONTHS]
    cells = [
        license_row("2026-01", product, origin, tons * 3000, tons * 1000)
        for product in ("aim", "foil")
        for origin in ("all", "CAN")
    ]
    return write_release(releases, with_totals(rows), cells, id_=id_of(number), current=False)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """The first release, and as many to come as there are swaps, the odd ones broken each in another way."""
    for number in range(SWAPS + 1):
        folder = publish(tmp_path / "releases", number)
        if number % 2:
            BREAKS[number // 2 % len(BREAKS)](folder)
    point_to(tmp_path / "releases", id_of(0))
    return tmp_path / "releases"


def of_one_release(text: str) -> set[str]:
    """What is wrong with a text that names a release and its figures: each must be of that one.

    A release that is not in use may be named beside it, and where the log is listed all of them are.
    """
    used = set(re.findall(r"[Rr]elease (2026-03-20T15-\d\d-\d\dZ-aaaaaa), public", text))
    tons = {int(found.replace(",", "")) for found in re.findall(r"\b(9\d,\d{3})(?:\.000)?\u202ft\b", text)}
    if len(used) == 1 and tons == {TONS + number for number in range(SWAPS + 1) if id_of(number) in used}:
        return set()
    return {f"releases {used} with figures {tons}"}


class Load:
    """Clients that ask one thing after another; what they met that they should not have."""

    def __init__(self, server: Flask) -> None:
        self._server = server
        self._body = body_of(explore.VIEW, f"?{QUERY}")
        self._over = threading.Event()
        self.faults: set[str] = set()
        self.answers = 0
        asks = (self.page, self.callback, self.program)
        self._threads = [threading.Thread(target=self._run, args=(ask,)) for ask in asks]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, ask: Callable[[], set[str]]) -> None:
        while not self._over.is_set():
            try:
                self.faults |= ask()
            except Exception as error:
                self.faults.add(f"{ask.__name__}: {error!r}")
            self.answers += 1

    def page(self) -> set[str]:
        answer = self._server.test_client().get(f"/explore?{QUERY}")
        return of_one_release(answer.text) if answer.status_code == 200 else {f"page: {answer.status}"}

    def callback(self) -> set[str]:
        answer = self._server.test_client().post("/_dash-update-component", json=self._body)
        if answer.status_code != 200:
            return {f"callback: {answer.status}"}
        return of_one_release(json.dumps(answer.get_json(), ensure_ascii=False))

    def program(self) -> set[str]:
        """One after the other: programs that ask much at a time are told to wait."""
        return self.api() | self.file()

    def api(self) -> set[str]:
        answer = self._server.test_client().get(f"/api/v1/series?{QUERY}&from=2025-12&to=2026-01")
        if answer.status_code != 200:
            return {f"api: {answer.status}"}
        told = answer.get_json()
        values = {cell["value"] for cell in told["cells"] if cell["status"] == "published"}
        wanted = {TONS + number for number in range(SWAPS + 1) if id_of(number) == told["release"]["id"]}
        return set() if values == wanted else {f"api: {told['release']['id']} with {values}"}

    def file(self) -> set[str]:
        with self._server.test_client().get("/api/v1/tables/public.parquet") as answer:
            if answer.status_code != 200:
                return {f"file: {answer.status}"}
            digest = hashlib.sha256(answer.data).hexdigest()
            return set() if answer.headers["ETag"] == f'"{digest}"' else {"file: of another hash"}


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def snapshots() -> int:
    """Releases that are in memory."""
    gc.collect()
    return sum(isinstance(one, Snapshot) for one in gc.get_objects())


def test_no_answer_fails_or_mixes_releases_and_memory_does_not_grow(
    releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.01)
    statistics = open_statistics(releases)
    server = create_app(Settings(releases=releases, rate=0), statistics=statistics).server
    looked = threading.Event()
    look = holder.Holder._look

    def tell(self: holder.Holder) -> None:
        look(self)
        looked.set()

    monkeypatch.setattr(holder.Holder, "_look", tell)
    statistics.watch()
    before = snapshots()
    with Load(server) as load:
        half = 0
        for number in range(1, SWAPS + 1):
            point_to(releases, id_of(number))
            for _ in range(2):  # the look that was under way, and one that began after
                looked.clear()
                assert looked.wait(LONG)
            health = statistics.health()
            assert health.release == id_of(number - number % 2)
            assert (health.problem is None) == (number % 2 == 0)
            if number == SWAPS // 2:
                half = resident()
    assert load.faults == set()
    assert load.answers > SWAPS
    health = statistics.health()
    assert (health.release, health.reload_failures) == (id_of(SWAPS), SWAPS // 2)
    assert server.test_client().get("/api/v1/meta").get_json()["release"]["id"] == id_of(SWAPS)
    # The one in use, and the earlier ones that pages compare with.
    assert snapshots() - before <= 6
    assert len(statistics._kept) <= MAX_KEPT
    assert resident() - half < 48 * 1024 * 1024


def test_page_and_api_tell_of_a_release_that_is_not_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    publish(tmp_path, 0)
    missing_file(publish(tmp_path, 1))
    point_to(tmp_path, id_of(0))
    client = create_app(Settings(releases=tmp_path, rate=0)).server.test_client()
    point_to(tmp_path, id_of(1))
    page = client.get(f"/explore?{QUERY}").text
    assert f"release {id_of(1)} did not pass its check" in page
    assert of_one_release(page) == set()
    told = client.get("/api/v1/meta").get_json()["release"]
    assert (told["id"], told["problem"]) == (id_of(0), f"release {id_of(1)} did not pass its check")
    assert str(tmp_path) not in page
