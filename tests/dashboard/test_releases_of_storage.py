"""A real server with two workers over object storage: each picks up the next release, and neither needs the storage."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.serve import check_release
from dashboard.settings import Settings
from data_access.errors import UserError
from data_access.publishing.upload import upload
from tests.loopback import free_port
from tests.operation.servers import Server, running, wait_until
from tests.serving.broken_releases import truncated_public
from tests.serving.release_builder import public_row, write_release
from tests.serving.storage_server import BUCKET, environment, serving

FIRST, NEXT, BROKEN = (f"2026-03-{day}T15-00-00Z-aaaaaa" for day in (13, 20, 27))
ADDRESS = f"s3://{BUCKET}/public"
ASKED = 16
"""Requests of which each worker gets some."""
PATIENCE = 120.0
"""Seconds to wait for what takes two looks at the storage, ten seconds apart, on a machine that is busy."""


def publish(releases: Path, id_: str) -> Path:
    return write_release(releases, [public_row("2026-01", "7601103000", "all", 8, 5)], id_=id_)


def ready(server: Server) -> set[bytes]:
    """What a number of requests over connections of their own are told."""
    return {server.get("/readyz")[1] for _ in range(ASKED)}


def all_use(server: Server, id_: str, *, problem: bytes = b'"problem":null') -> bool:
    return all(id_.encode() in told and problem in told for told in ready(server))


def test_workers_pass_to_the_next_release_and_go_on_without_the_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = tmp_path / "releases"
    publish(releases, FIRST)
    settings = Settings(releases=ADDRESS, port=free_port(), workers=2, cache=tmp_path / "cache")
    with ExitStack() as closing:
        storage = closing.enter_context(serving())
        for name, value in environment(storage).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(UserError, match=f"'aim-monitor upload DIRECTORY {ADDRESS}'"):
            check_release(ADDRESS)
        upload(releases, ADDRESS, step=lambda done, of: None)
        check_release(ADDRESS)
        with running(tmp_path, settings) as server:
            assert all_use(server, FIRST)
            publish(releases, NEXT)
            upload(releases, ADDRESS, step=lambda done, of: None)
            wait_until(lambda: all_use(server, NEXT), "the next release in both workers", seconds=PATIENCE)
            closing.close()
            problem = b"the storage of releases does not answer"
            wait_until(
                lambda: all_use(server, NEXT, problem=problem),
                "word of the storage from both workers",
                seconds=PATIENCE,
            )
            assert server.get("/api/v1/series?series=public&measure=value")[0] == 200
    with pytest.raises(UserError, match="object storage"):
        check_release(ADDRESS, tmp_path / "nowhere")
    check_release(ADDRESS, tmp_path / "cache")


def test_idle_workers_pass_to_the_next_release_by_themselves(tmp_path: Path) -> None:
    """Nobody asks between the swap and the moment the log tells that each worker looked."""
    releases = tmp_path / "releases"
    publish(releases, FIRST)
    with running(tmp_path, Settings(releases=releases, port=free_port(), workers=2)) as server:
        truncated_public(publish(releases, NEXT))

        def told() -> bool:
            return len({line["process"] for line in server.lines() if f"{NEXT} is refused" in line["message"]}) == 2

        wait_until(told, "a word of each worker on the broken release")
        publish(releases, BROKEN)
        wait_until(lambda: all_use(server, BROKEN), "the sound one in both workers")
