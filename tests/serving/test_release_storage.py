"""Releases in object storage: uploaded whole, mirrored, and the last good one goes on whatever the storage does."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from release_builder import point_to, public_row, write_release
from small_release import small_licenses
from storage_server import BUCKET, client, environment, serving

from data_access.contracts import MANIFEST, SIGNATURE
from data_access.errors import UserError
from data_access.object_store import ObjectStore
from data_access.publishing.signed import sign_release
from data_access.publishing.upload import upload
from data_access.serving import holder, mirror
from data_access.serving.directory import UnreachableError
from data_access.serving.statistics import Statistics, open_statistics
from data_access.signing import make_keys
from tests.loopback import free_port

IDS = [f"2026-03-{day}T15-00-00Z-aaaaaa" for day in (13, 20, 27)]
OLD, GOOD, NEXT = IDS
DATES = dict(zip(IDS, ("2026-03-13", "2026-03-20", "2026-03-27"), strict=True))
prefixes = count()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server of object storage."""
    with serving() as port:
        yield port


@pytest.fixture(autouse=True)
def _reaches_the_server(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(mirror, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_here)


real_ask = mirror.Mirror._ask


def ask_here(self: mirror.Mirror, *names: str) -> str | None:
    """Do in this process what a process of its own does, which takes its time to start."""
    told = mirror.main([self._address, str(self._root), *names])
    return None if told == mirror.DONE else told


class Objects:
    """The objects of a release directory in the storage, each test's its own."""

    def __init__(self, port: int) -> None:
        self.client = client(port)
        self.prefix = f"test-{next(prefixes)}/releases"

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")["Body"].read()
        return data

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}", Body=data)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")

    def all_keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix).get("Contents", [])
        return [one["Key"].removeprefix(f"{self.prefix}/") for one in found]


@pytest.fixture
def objects(port: int) -> Objects:
    return Objects(port)


@pytest.fixture
def address(objects: Objects) -> str:
    return f"s3://{BUCKET}/{objects.prefix}"


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Two releases, the newer one current."""
    for id_ in (OLD, GOOD):
        publish(tmp_path / "releases", id_)
    return tmp_path / "releases"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def publish(releases: Path, id_: str) -> Path:
    cells = [{**cell, "as_of": DATES[OLD]} for cell in small_licenses()]
    rows = [public_row("2026-01", "7601103000", "all", 100 + IDS.index(id_), 5)]
    return write_release(releases, rows, cells, not_yet=("2026-03",), id_=id_, licensed_on=DATES[id_])


def send(releases: Path, address: str) -> str:
    return upload(releases, address, step=lambda done, of: None)


def ask_one_that_does_not_answer(self: mirror.Mirror, *names: str) -> str | None:
    """The storage as it looks when nothing listens at its address."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        return ask_here(self, *names)


def figure(statistics: Statistics) -> float | None:
    filters = statistics.parse("series=public&measure=value&from=2026-01&to=2026-01&product=76")
    return statistics.series(filters).cells[0].value


def test_what_was_uploaded_is_served_with_its_log_files_and_earlier_releases(
    releases: Path, address: str, cache: Path
) -> None:
    told = send(releases, address)
    assert told == f"{address}: release {GOOD} is current now; 2 releases are there, 2 of them sent now"
    statistics = open_statistics(address, cache=cache)
    assert (statistics.info().id, statistics.info().license_off, figure(statistics)) == (GOOD, None, 101)
    by_directory = open_statistics(releases)
    assert statistics.log() == by_directory.log()
    assert not list(cache.rglob(f"releases/{OLD}/*.parquet")), "fetched when asked for"
    before = statistics.previous()
    assert before
    assert (before.info().id, figure(before)) == (OLD, 100)
    with statistics.file("public.parquet") as file, by_directory.file("public.parquet") as same:
        assert file.read() == same.read()


def test_the_next_release_takes_over(releases: Path, address: str, cache: Path) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    publish(releases, NEXT)
    assert "3 releases are there, 1 of them sent now" in send(releases, address)
    assert (figure(statistics), statistics.info().id) == (102, NEXT)
    point_to(releases, GOOD)
    assert "2 releases are there, 0 of them sent now" in send(releases, address)
    assert (figure(statistics), statistics.info().id) == (101, GOOD)


def test_a_storage_without_a_current_release_says_so_until_one_comes(releases: Path, address: str, cache: Path) -> None:
    statistics = open_statistics(address, cache=cache)
    assert statistics.state() == "no release is there yet"
    send(releases, address)
    assert figure(statistics) == 101


def without_a_file(objects: Objects) -> None:
    objects.delete(f"{NEXT}/public.parquet")


def with_half_a_file(objects: Objects) -> None:
    data = objects.get(f"{NEXT}/license_origin.parquet")
    objects.put(f"{NEXT}/license_origin.parquet", data[: len(data) // 2])


def without_a_manifest(objects: Objects) -> None:
    objects.delete(f"{NEXT}/{MANIFEST}")


def with_another_manifest(objects: Objects) -> None:
    objects.put(f"{NEXT}/{MANIFEST}", objects.get(f"{OLD}/{MANIFEST}"))


def with_paths_in_its_manifest(objects: Objects) -> None:
    data = objects.get(f"{NEXT}/{MANIFEST}")
    objects.put(f"{NEXT}/{MANIFEST}", data.replace(b'"public.parquet"', b'"../../../public.parquet"'))


def with_a_file_more(objects: Objects) -> None:
    manifest = json.loads(objects.get(f"{NEXT}/{MANIFEST}"))
    data = objects.get(f"{NEXT}/public.parquet")
    objects.put(f"{NEXT}/more.parquet", data)
    manifest["files"]["more.parquet"] = manifest["files"]["public.parquet"]
    objects.put(f"{NEXT}/{MANIFEST}", json.dumps(manifest).encode())


@pytest.mark.parametrize(
    "spoil",
    [
        with_a_file_more,
        without_a_file,
        with_half_a_file,
        without_a_manifest,
        with_another_manifest,
        with_paths_in_its_manifest,
    ],
)
def test_a_release_that_is_not_whole_in_the_storage_is_refused_until_it_is(
    releases: Path, address: str, cache: Path, objects: Objects, spoil: Callable[[Objects], None]
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    publish(releases, NEXT)
    send(releases, address)
    spoil(objects)
    assert (figure(statistics), statistics.info().id) == (101, GOOD)
    health = statistics.health()
    assert "did not pass its check" in str(health.problem)
    assert health.reload_failures == 1
    assert not list(cache.rglob(f"releases/{NEXT}")), "nothing of it takes its name"
    send(releases, address)
    if spoil in (with_a_file_more, with_another_manifest, with_paths_in_its_manifest):
        objects.delete(f"{NEXT}/{MANIFEST}")
        send(releases, address)
    assert (figure(statistics), statistics.health().problem) == (102, None)


def test_a_release_without_licenses_that_is_not_whole_in_the_storage_takes_those_of_the_last_one_off(
    releases: Path, address: str, cache: Path, objects: Objects
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    assert statistics.info().license_off is None
    write_release(releases, [public_row("2026-01", "7601103000", "all", 102, 5)], id_=NEXT)
    send(releases, address)
    whole = objects.get(f"{NEXT}/public.parquet")
    objects.put(f"{NEXT}/public.parquet", whole[:-1])
    for one in (statistics, open_statistics(address, cache=cache), open_statistics(address, cache=cache / "new")):
        assert (one.info().id, figure(one), one.info().license_off) == (GOOD, 101, holder.WITHDRAWN)
        assert one.info().problem == holder.NOT_FETCHED
    objects.put(f"{NEXT}/public.parquet", whole)
    assert (statistics.info().id, figure(statistics), statistics.info().problem) == (NEXT, 102, None)


def test_a_start_does_not_begin_with_a_release_that_was_taken_back(
    releases: Path, address: str, cache: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(releases, NEXT)
    send(releases, address)
    assert figure(open_statistics(address, cache=cache)) == 102
    point_to(releases, GOOD)
    send(releases, address)
    assert figure(open_statistics(address, cache=cache)) == 101
    objects.delete(f"{GOOD}/public.parquet")
    assert figure(open_statistics(address, cache=cache / "new")) == 100, "GOOD is not whole"
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_one_that_does_not_answer)
    assert figure(open_statistics(address, cache=cache)) == 101, "GOOD was fetched before"


def test_the_last_release_goes_on_while_the_storage_does_not_answer(
    releases: Path, address: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_one_that_does_not_answer)
    assert figure(statistics) == 101
    assert statistics.health().problem == "the storage of releases does not answer"
    assert statistics.previous() is None, "not fetched before, and not to be had now"
    publish(releases, NEXT)
    restarted = open_statistics(address, cache=cache)
    assert (figure(restarted), restarted.health().problem) == (101, "the storage of releases does not answer")
    assert open_statistics(address, cache=cache / "new").state() == "the storage of releases does not answer"
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_here)
    send(releases, address)
    assert (figure(statistics), statistics.health().problem) == (102, None)


def test_a_start_without_an_answer_tries_earlier_releases_once_and_not_at_every_look(
    releases: Path, address: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    open_statistics(address, cache=cache)
    (root,) = cache.iterdir()
    for folder in (root / "releases").glob("[!.]*"):
        shutil.rmtree(folder)
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_one_that_does_not_answer)
    tried: list[str] = []
    use = holder.Holder._use_if_sound

    def counted(self: holder.Holder, name: str, *, withdrawn: bool) -> bool:
        tried.append(name)
        return use(self, name, withdrawn=withdrawn)

    monkeypatch.setattr(holder.Holder, "_use_if_sound", counted)
    statistics = open_statistics(address, cache=cache)
    for _ in range(3):
        assert statistics.state() == "the storage of releases does not answer"
    assert tried == [GOOD, OLD]
    monkeypatch.setattr(holder, "RETRY_EVERY", 0.0)
    assert statistics.state() == "the storage of releases does not answer"
    assert len(tried) > 2


def test_what_one_process_learns_of_the_storage_holds_for_all_of_them(
    releases: Path, address: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    one, other = (mirror.open_mirror(address, cache) for _ in range(2))
    (root,) = cache.iterdir()
    assert one.current() == root / "releases" / GOOD
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_one_that_does_not_answer)
    with pytest.raises(UnreachableError, match="NETWORK_CONNECTION"):
        one.current()
    for each in (one, other):
        with pytest.raises(UnreachableError, match="NETWORK_CONNECTION"):
            each.folder(OLD)
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_here)
    assert other.current()
    assert one.folder(OLD).is_dir()


def test_a_process_goes_on_by_what_is_known_while_another_looks(
    releases: Path, address: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    one, other = (mirror.open_mirror(address, cache) for _ in range(2))
    (root,) = cache.iterdir()
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_one_that_does_not_answer)
    with pytest.raises(UnreachableError):
        one.current()
    monkeypatch.setattr(mirror.Mirror, "_ask", ask_here)
    assert other.current()
    with (root / ".asking").open("w") as asking:
        fcntl.flock(asking, fcntl.LOCK_EX)
        assert one.current() == root / "releases" / GOOD
        long_ago = time.time() - 2 * mirror.STALE
        os.utime(root / "index.json", (long_ago, long_ago))
        with pytest.raises(UnreachableError, match="no answer of the storage for 60 s"):
            one.current()


@pytest.mark.parametrize("text", [b"../../elsewhere", b"\xff", b"", b"x" * 2000, b"2026-04-03T15-00-00Z-dddddd"])
def test_what_is_no_id_of_a_release_is_not_followed(
    releases: Path, address: str, cache: Path, objects: Objects, text: bytes
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    objects.put("current", text)
    assert figure(statistics) == 101
    assert statistics.health().problem


def test_signatures_hold_in_object_storage_as_well(
    releases: Path, address: str, cache: Path, objects: Objects, tmp_path: Path
) -> None:
    private, public = make_keys(tmp_path / "keys")
    send(releases, address)
    statistics = open_statistics(address, cache=cache, verify_key=public)
    assert statistics.state() == f"release {GOOD} is not signed as it must be"
    for id_ in (OLD, GOOD):
        sign_release(releases / id_, private)
    assert "2 of them sent now" in send(releases, address)
    for _ in range(2):  # fetched anew, then tried anew
        holder_of(statistics)._failed = None
        figure(statistics)
    assert statistics.info().id == GOOD
    assert len(statistics.log()) == 2
    objects.delete(f"{OLD}/{SIGNATURE}")
    figure(statistics)
    assert [one.id for one in statistics.log()] == [GOOD]


def holder_of(statistics: Statistics) -> Any:
    return statistics._holder


# -- upload -----------------------------------------------------------------------------------------------------------


def test_files_go_before_the_manifest_and_what_is_current_changes_last(
    releases: Path, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_release(releases / GOOD, make_keys(tmp_path / "keys")[0])
    written: list[str] = []
    monkeypatch.setattr(ObjectStore, "write", lambda self, key, data: written.append(key))
    send(releases, address)
    for id_, last in ((OLD, [f"{OLD}/{MANIFEST}"]), (GOOD, [f"{GOOD}/{SIGNATURE}", f"{GOOD}/{MANIFEST}"])):
        of_release = [key for key in written if key.startswith(id_)]
        assert of_release[-len(last) :] == last
        assert len(of_release) == len(list((releases / id_).iterdir()))
    assert written[-1] == "current"


def test_an_upload_that_was_interrupted_goes_on(
    releases: Path, address: str, cache: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    publish(releases, NEXT)
    write, left = ObjectStore.write, iter(range(4))

    def cut_off(self: ObjectStore, key: str, data: bytes) -> None:
        if next(left, None) is None:
            raise UserError("object storage: the line is cut")
        write(self, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "write", cut_off)
        with pytest.raises(UserError, match="the line is cut"):
            send(releases, address)
    assert 0 < len([key for key in objects.all_keys() if key.startswith(NEXT)]) < 9
    assert (figure(statistics), statistics.health().problem) == (101, None)
    assert "1 of them sent now" in send(releases, address)
    assert figure(statistics) == 102


def test_releases_of_another_directory_are_not_mixed_in(releases: Path, address: str, tmp_path: Path) -> None:
    publish(tmp_path / "others", NEXT)
    send(tmp_path / "others", address)
    with pytest.raises(UserError, match="is newer than any of them; name another prefix"):
        send(releases, address)


def test_a_release_that_is_not_sound_is_not_uploaded(releases: Path, address: str, objects: Objects) -> None:
    (releases / GOOD / "public.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="not a sound release"):
        send(releases, address)
    assert "current" not in objects.all_keys()


def test_a_directory_without_a_release_and_a_bucket_that_is_not_there_are_told(tmp_path: Path, releases: Path) -> None:
    with pytest.raises(UserError, match="expected a current release, found none"):
        send(tmp_path / "none", f"s3://{BUCKET}/x")
    with pytest.raises(UserError, match=r"object storage s3://nobody/x: .*(NO_SUCH_BUCKET|does not exist|404)"):
        send(releases, "s3://nobody/x")


# -- addresses and the mirror ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3://key:secret@bucket/prefix",
        "s3://bucket/../x",
        "s3://bucket/a//b",
        "s3://bucket/x?access_key=secret",
        "s3://bucket/x?scheme=ftp",
        "s3://bucket/x#y",
        "s3://UPPER/x",
        "s3://[",
    ],
)
def test_an_address_that_is_none_is_told_without_repeating_what_it_may_hold(address: str) -> None:
    with pytest.raises(UserError, match="expected s3://bucket/prefix") as told:
        open_statistics(address)
    assert "secret" not in str(told.value)


def test_options_of_an_address_name_another_server(
    releases: Path, port: int, cache: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    address = f"s3://{BUCKET}/{objects.prefix}?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
    send(releases, address)
    assert figure(open_statistics(address, cache=cache)) == 101


def test_storages_that_differ_in_server_or_region_alone_share_no_mirror(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://one.example")
    addresses = (
        *("s3://bucket/x", "s3://bucket/x?region=eu-central-1"),
        *("s3://bucket/x?endpoint_override=two.example", "s3://bucket/x?endpoint_override=two.example&scheme=http"),
    )
    roots = {mirror.open_mirror(address, cache)._root for address in addresses}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://three.example")
    roots.add(mirror.open_mirror(addresses[0], cache)._root)
    assert len(roots) == len(addresses) + 1


def test_a_mirror_that_another_user_could_write_is_refused(
    address: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.open_mirror(address, cache)
    (root,) = cache.iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: root.stat().st_uid + 1)
        with pytest.raises(UserError, match="expected a directory of this user, found one of another; AIM_CACHE"):
            mirror.open_mirror(address, cache)
    root.rename(tmp_path / "elsewhere")
    root.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="expected a directory of this user, found a link; AIM_CACHE"):
        mirror.open_mirror(address, cache)


def test_releases_not_used_for_long_leave_the_mirror_and_manifests_with_them(
    releases: Path, address: str, cache: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(releases, address)
    statistics = open_statistics(address, cache=cache)
    assert statistics.previous()
    (root,) = cache.iterdir()
    objects.delete(f"{OLD}/{MANIFEST}")
    long_ago = time.time() - 2 * mirror.UNUSED_SECONDS
    os.utime(root / "releases" / OLD, (long_ago, long_ago))
    monkeypatch.setattr(mirror, "KEEP", 0)
    mirror.look(ObjectStore.at(address), root)
    for part in ("releases", "manifests"):
        assert {path.name for path in (root / part).iterdir()} == {GOOD, f".stamp-{GOOD}"}
    assert root.stat().st_mode & 0o077 == 0


def test_a_mirror_without_a_directory_of_its_own_is_gone_at_the_end(
    releases: Path, address: str, tmp_path: Path
) -> None:
    send(releases, address)
    script = (
        "import sys; from data_access.serving.statistics import open_statistics; "
        "s = open_statistics(sys.argv[1]); print(s.info().id)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, address],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout.strip(), told.stderr) == (GOOD, "")
    assert not list(tmp_path.glob("aim-releases-*"))


def test_a_process_of_its_own_tells_what_went_wrong(
    address: str, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mirror.Mirror, "_ask", real_ask)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    assert open_statistics(address, cache=cache).state() == "the storage of releases does not answer"
    assert "NETWORK_CONNECTION" in caplog.text
    monkeypatch.setattr(mirror, "LOOK_SECONDS", 0.01)
    assert open_statistics(address, cache=cache).state() == "the storage of releases does not answer"
    assert "no answer of the storage within 0 s" in caplog.text
