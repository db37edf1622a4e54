"""Disks that cannot be written to, and clocks that jump."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.metrics import release_metrics
from dashboard.serve import ROOT, check_temporary, environment
from dashboard.settings import Settings
from data_access.errors import UserError
from tests.loopback import free_port
from tests.operation.servers import running

DAY = 86_400.0
MEMORY = Path("/dev/shm")  # noqa: S108 - what a server may write to that has no disk
LOCKED = 'mount --make-rprivate / && mount -o remount,ro,bind / && exec "$@"'


@pytest.fixture
def locked(releases: Path, tmp_path: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Words that start a command which cannot write to any disk, and releases to read; in memory (/dev/shm) it can.

    Where that may not be had, releases that cannot be written to.
    """
    own = tmp_path / "releases"
    shutil.copytree(releases, own, symlinks=True)
    every = [own, *own.rglob("*")]
    for path in every:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    words = ("unshare", "--mount", "sh", "-c", LOCKED, "sh")
    if subprocess.run([*words, "true"], check=False, capture_output=True).returncode:
        words = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
    yield words, own
    for path in every:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def test_the_server_needs_no_disk_to_write_to(
    locked: tuple[tuple[str, ...], Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    words, releases = locked
    settings = Settings(releases=releases, port=free_port(), metrics_port=free_port(), workers=1, rate=0)
    paths = ["/readyz", "/", "/api/v1/picture.png", "/api/v1/tables/public.parquet"]
    paths += [f"/api/v1/series?format={name}" for name in ("csv", "xlsx", "parquet")]
    own = Path(tempfile.mkdtemp(prefix="aim-test-", dir=MEMORY))
    request.addfinalizer(lambda: shutil.rmtree(own))
    with running(tmp_path, settings, prefix=words, TMPDIR=str(own), PYTHONDONTWRITEBYTECODE="1") as server:
        assert {path: server.get(path)[0] for path in paths} == dict.fromkeys(paths, 200)
    assert not [line for line in server.lines() if line["level"] not in ("info", "warning")]
    assert not list(own.iterdir())


def test_metrics_without_a_place_for_their_files_are_told_before_the_start(
    monkeypatch: pytest.MonkeyPatch, releases: Path
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    with pytest.raises(UserError, match="TMPDIR"):
        check_temporary()


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_clock_that_jumps_changes_no_answer(releases: Path, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    client: FlaskClient = create_app(Settings(releases=releases, rate=20)).server.test_client()
    path = "/api/v1/series?product=foil"
    before = client.get(path)
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + jump)
    after = client.get(path)
    assert (after.status_code, after.data) == (200, before.data)
    assert after.headers["ETag"] == before.headers["ETag"]
    assert after.headers["Cache-Control"] == before.headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    assert {client.get(page).status_code for page in ("/", "/about", "/readyz", "/healthz")} == {200}


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_limit_neither_ends_nor_stays_by_a_clock_that_jumps(
    releases: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    client: FlaskClient = create_app(Settings(releases=releases, rate=3)).server.test_client()
    path = "/api/v1/products"
    assert [client.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + jump)
    answer = client.get(path)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_the_age_of_a_release_is_never_below_zero() -> None:
    note = {
        "noted": 1.0,
        "release": "r",
        "published": "2026-11-24T12:00:00Z",
        "problem": None,
        "withheld": {},
        "reload_failures": 0,
    }
    told = {metric.name: metric for metric in release_metrics([note], now=0.0)}
    assert told["aim_release_age_seconds"].samples[0].value == 0


def test_two_settings_cannot_name_one_port() -> None:
    with pytest.raises(UserError, match="AIM_METRICS_PORT: expected another port than AIM_PORT"):
        Settings.from_env({"AIM_PORT": "8050", "AIM_METRICS_PORT": "8050"})


def test_a_port_of_metrics_that_is_taken_is_told_before_the_start(releases: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(releases=releases, port=free_port(), metrics_port=port)
        done = subprocess.run(
            [sys.executable, "-m", "data_access.cli", "serve"],
            cwd=ROOT,
            env=environment(settings, os.environ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port}: cannot listen there" in done.stderr
    assert "AIM_METRICS_PORT" in done.stderr
