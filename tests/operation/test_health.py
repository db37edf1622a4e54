"""/healthz tells that the server is alive, /readyz that it has figures to show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dashboard.factory import create_app
from dashboard.settings import Settings
from data_access.serving.statistics import open_statistics


def test_a_server_with_a_release_is_ready_and_tells_which(releases: Path) -> None:
    client = create_app(Settings(releases=releases)).server.test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    told = answer.get_json()
    manifest = json.loads((releases / "current" / "manifest.json").read_text())
    assert (told["status"], told["release"], told["problem"]) == ("ready", manifest["id"], None)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_server_without_a_release_is_alive_but_not_ready_and_tells_why(tmp_path: Path) -> None:
    client = create_app(Settings(releases=tmp_path)).server.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "not ready"
    assert answer.get_json()["problem"]


def test_a_server_that_could_not_take_the_newest_release_is_ready_and_tells_so(releases: Path, tmp_path: Path) -> None:
    shutil.copytree(releases, tmp_path / "releases", symlinks=True)
    statistics = open_statistics(tmp_path / "releases")
    app = create_app(Settings(releases=tmp_path / "releases"), statistics=statistics)
    good = statistics.info().id
    broken = tmp_path / "releases" / "9999-broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}")
    link = tmp_path / "releases" / "current"
    link.unlink()
    link.symlink_to(broken.name)
    statistics._root._looked = -1e9  # the next look is due
    answer = app.server.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["release"] == good
    assert "9999-broken" in answer.get_json()["problem"]


def test_being_alive_asks_nothing_of_the_release(releases: Path) -> None:
    statistics = open_statistics(releases)
    app = create_app(Settings(releases=releases), statistics=statistics)

    class Unreachable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"the release was asked for {name}")

    statistics._holder = Unreachable()  # type: ignore[assignment]
    assert app.server.test_client().get("/healthz").data == b"ok\n"
