"""With a key configured, releases that are unsigned, altered or signed by another are refused wherever they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from broken_releases import another_id, edit_manifest, extra_file, newer_manifest, truncated_license
from release_builder import point_to, write_release
from small_release import small_licenses, small_public

from data_access.contracts import MANIFEST, SIGNATURE, UnsignedError, check_release
from data_access.errors import UserError
from data_access.publishing.signed import sign_release
from data_access.serving import holder
from data_access.serving.release import open_release
from data_access.serving.statistics import Statistics, open_statistics
from data_access.signing import make_keys, read_sign_key, read_verify_key

OLD, GOOD, NEXT = "2026-03-13T15-00-00Z-aaaaaa", "2026-03-20T15-00-00Z-bbbbbb", "2026-03-27T15-00-00Z-cccccc"
DATES = {OLD: "2026-03-13", GOOD: "2026-03-20", NEXT: "2026-03-27"}


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public key."""
    return make_keys(tmp_path / "keys")


@pytest.fixture
def releases(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    """An earlier release and the current one, both signed."""
    for id_ in (OLD, GOOD):
        sign_release(publish(tmp_path / "releases", id_), keys[0])
    return tmp_path / "releases"


def publish(releases: Path, id_: str) -> Path:
    cells = [{**cell, "as_of": DATES[OLD]} for cell in small_licenses()]
    return write_release(releases, small_public(), cells, not_yet=("2026-03",), id_=id_, licensed_on=DATES[id_])


def opened(releases: Path, keys: tuple[Path, Path]) -> Statistics:
    return open_statistics(releases, verify_key=keys[1])


def test_signed_releases_are_used_with_all_they_hold(releases: Path, keys: tuple[Path, Path]) -> None:
    statistics = opened(releases, keys)
    before = statistics.previous()
    assert (statistics.info().id, statistics.info().license_off, statistics.info().problem) == (GOOD, None, None)
    assert before
    assert before.info().id == OLD
    assert [one.id for one in statistics.log()] == [GOOD, OLD]
    with statistics.file("license_origin.parquet") as file:
        assert file.read(4) == b"PAR1"


def test_a_signed_release_is_sound_also_where_no_signature_is_asked_for(releases: Path) -> None:
    assert open_statistics(releases).info().license_off is None


def unsign(folder: Path) -> None:
    (folder / SIGNATURE).unlink()


def sign_by_another(folder: Path) -> None:
    sign_release(folder, make_keys(folder.parents[1] / "foreign")[0])


def sign_with_noise(folder: Path) -> None:
    (folder / SIGNATURE).write_bytes(b"\xff not base64")


def borrow_a_signature(folder: Path) -> None:
    (folder / SIGNATURE).write_bytes((folder.parent / OLD / SIGNATURE).read_bytes())


def alter_a_word(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    edit_manifest(folder, license=manifest["license"] | {"under_review": True})


def take_the_license_part_out(folder: Path) -> None:
    """What is left is sound, and less than was signed."""
    manifest = json.loads((folder / MANIFEST).read_text())
    files = {"public.parquet": manifest["files"]["public.parquet"]}
    edit_manifest(folder, license=None, files=files)
    for path in folder.glob("li*.parquet"):
        path.unlink()


def link_the_signature(folder: Path) -> None:
    (folder / SIGNATURE).rename(folder.parent / ".elsewhere")
    (folder / SIGNATURE).symlink_to(folder.parent / ".elsewhere")


FORGED: tuple[Callable[[Path], None], ...] = (
    unsign,
    sign_by_another,
    sign_with_noise,
    borrow_a_signature,
    alter_a_word,
    take_the_license_part_out,
    link_the_signature,
)


@pytest.mark.parametrize("forge", [*FORGED, truncated_license, newer_manifest, another_id])
def test_what_is_not_as_signed_is_refused_whole(
    releases: Path, keys: tuple[Path, Path], forge: Callable[[Path], None]
) -> None:
    statistics = opened(releases, keys)
    folder = publish(releases, NEXT)
    sign_release(folder, keys[0])
    forge(folder)
    assert statistics.info().id == GOOD
    told = "is not signed as it must be" if forge in FORGED else NEXT
    assert told in str(statistics.info().problem)
    with pytest.raises(UserError):
        open_release(folder, key=read_verify_key(keys[1]))
    assert opened(releases, keys).info().id == GOOD, "neither at a start"


@pytest.mark.parametrize("forge", FORGED)
def test_the_public_part_alone_is_no_way_around(
    tmp_path: Path, keys: tuple[Path, Path], forge: Callable[[Path], None]
) -> None:
    only = tmp_path / "only"
    sign_release(publish(only, OLD), keys[0])
    folder = publish(only, NEXT)
    sign_release(folder, keys[0])
    forge(folder)
    if forge is not borrow_a_signature:
        for path in (only / OLD).iterdir():
            path.unlink()
        (only / OLD).rmdir()
    else:
        unsign(only / OLD)
    statistics = opened(only, keys)
    assert statistics.state() == f"release {NEXT} is not signed as it must be"
    assert statistics.log() == ()
    with pytest.raises(KeyError):
        statistics.file("public.parquet")


def test_license_data_are_withdrawn_by_a_signed_release_alone(releases: Path, keys: tuple[Path, Path]) -> None:
    folder = publish(releases, NEXT)
    take_the_license_part_out(folder)
    (folder / "layers.parquet").unlink()
    for statistics in (opened(releases, keys), opened(releases, keys)):
        assert (statistics.info().id, statistics.info().license_off) == (GOOD, None)
    statistics = opened(releases, keys)
    sign_release(folder, keys[0])
    (folder / "public.parquet").write_bytes(b"PAR1")
    statistics._holder._failed = None  # type: ignore[union-attr]  # tried again at once
    for one in (statistics, opened(releases, keys)):
        assert (one.info().id, one.info().license_off) == (GOOD, holder.WITHDRAWN)


@pytest.mark.parametrize("forge", [unsign, sign_by_another, alter_a_word])
def test_an_earlier_release_is_refused_as_well(
    releases: Path, keys: tuple[Path, Path], forge: Callable[[Path], None]
) -> None:
    forge(releases / OLD)
    statistics = opened(releases, keys)
    assert statistics.previous() is None
    with pytest.raises(KeyError):
        statistics.at(OLD)
    assert [one.id for one in statistics.log()] == [GOOD]


def test_files_are_not_given_out_once_the_manifest_was_altered(releases: Path, keys: tuple[Path, Path]) -> None:
    statistics = opened(releases, keys)
    table = releases / GOOD / "license_origin.parquet"
    table.write_bytes(table.read_bytes() + b"more")
    with pytest.raises(UserError, match="found another"):
        statistics.file(table.name)
    alter_a_word(releases / GOOD)
    with pytest.raises(KeyError):
        statistics.file("public.parquet")


def test_an_earlier_release_that_is_signed_may_be_made_current_again(releases: Path, keys: tuple[Path, Path]) -> None:
    statistics = opened(releases, keys)
    point_to(releases, OLD)
    assert (statistics.info().id, statistics.info().problem) == (OLD, None)


def test_a_signed_release_under_the_name_of_another_is_refused(releases: Path, keys: tuple[Path, Path]) -> None:
    (releases / OLD).rename(releases / NEXT)
    point_to(releases, NEXT)
    assert opened(releases, keys).info().id == GOOD


def test_while_keys_change_a_file_may_hold_both(releases: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = make_keys(tmp_path / "next")
    both = tmp_path / "both.pem"
    both.write_bytes(keys[1].read_bytes() + public.read_bytes())
    statistics = open_statistics(releases, verify_key=both)
    sign_release(publish(releases, NEXT), private)
    assert (statistics.info().id, len(statistics.log())) == (NEXT, 3)


def test_the_message_on_an_unsigned_release_tells_the_remedy(releases: Path, keys: tuple[Path, Path]) -> None:
    unsign(releases / GOOD)
    with pytest.raises(UnsignedError, match=r"publish with --sign-key, or sign it with 'aim-monitor sign'"):
        check_release(releases / GOOD, read_verify_key(keys[1]))


def test_a_signature_does_not_excuse_what_else_a_release_must_not_hold(releases: Path, keys: tuple[Path, Path]) -> None:
    extra_file(releases / GOOD)
    with pytest.raises(UserError, match="expected no such file"):
        check_release(releases / GOOD, read_verify_key(keys[1]))


# -- keys -----------------------------------------------------------------------------------------------------------


def test_the_private_key_is_for_its_owner_alone_and_no_key_is_overwritten(keys: tuple[Path, Path]) -> None:
    private, public = keys
    assert private.stat().st_mode & 0o777 == 0o600
    before = private.read_bytes(), public.read_bytes()
    with pytest.raises(UserError, match="keys are not overwritten"):
        make_keys(private.parent)
    private.unlink()
    with pytest.raises(UserError, match="keys are not overwritten"):
        make_keys(private.parent)
    assert not private.exists()
    assert public.read_bytes() == before[1]


def test_a_private_key_that_others_may_read_is_refused(keys: tuple[Path, Path]) -> None:
    keys[0].chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        read_sign_key(keys[0])


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_broken_key_file_stops_the_start_and_is_not_taken_for_none(
    releases: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "broken.pem"
    path.write_bytes(content)
    with pytest.raises(UserError, match="expected an Ed25519 public key"):
        open_statistics(releases, verify_key=path)
    with pytest.raises(UserError, match="expected an Ed25519 private key"):
        path.chmod(0o600)
        read_sign_key(path)


def test_a_key_file_that_is_missing_stops_the_start(releases: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected an Ed25519 public key \(PEM\), found No such file"):
        open_statistics(releases, verify_key=tmp_path / "absent.pem")


def test_a_private_key_in_the_place_of_the_public_one_is_told(keys: tuple[Path, Path], releases: Path) -> None:
    with pytest.raises(UserError, match="found a private one; it belongs on the staff side alone"):
        open_statistics(releases, verify_key=keys[0])
