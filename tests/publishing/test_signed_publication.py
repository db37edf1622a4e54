"""Publication with a key: what it signs, what it refuses to sign, and what may not follow a signed release."""

from __future__ import annotations

from pathlib import Path

import pytest
from publication_inputs import Inputs, usual_month

from data_access.contracts import SIGNATURE, UnsignedError, check_release
from data_access.errors import UserError
from data_access.publishing.signed import sign_release
from data_access.signing import make_keys, read_verify_key


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """Public statistics of two months, and license records of two."""
    found = Inputs(tmp_path)
    found.write_licenses(usual_month("2025-03"), usual_month("2025-04"))
    return found


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return make_keys(tmp_path / "keys")


def carried_over(inputs: Inputs, sign_key: Path | None) -> str:
    """Publish public statistics anew; license data are carried over."""
    return inputs.publish(licenses=None, sign_key=sign_key)


def test_a_release_published_with_a_key_is_signed_with_it(inputs: Inputs, keys: tuple[Path, Path]) -> None:
    inputs.publish(sign_key=keys[0])
    check_release(inputs.current, read_verify_key(keys[1]))
    carried_over(inputs, keys[0])
    assert check_release(inputs.current, read_verify_key(keys[1])).license
    assert len(list(inputs.releases.glob("2*"))) == 2


def test_a_release_published_without_a_key_is_not_signed(inputs: Inputs, keys: tuple[Path, Path]) -> None:
    inputs.publish()
    assert not (inputs.current / SIGNATURE).exists()
    with pytest.raises(UnsignedError):
        check_release(inputs.current, read_verify_key(keys[1]))


def test_no_unsigned_release_follows_a_signed_one(inputs: Inputs, keys: tuple[Path, Path]) -> None:
    inputs.publish(sign_key=keys[0])
    before = inputs.current
    with pytest.raises(UserError, match=r"the next one must be; name the private key with --sign-key"):
        inputs.publish()
    assert inputs.current == before
    (before / SIGNATURE).unlink()
    inputs.publish()
    assert inputs.current != before


def test_license_data_that_nobody_signed_are_not_carried_over_and_signed(
    inputs: Inputs, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    inputs.publish()
    with pytest.raises(UserError, match=r"check it with 'aim-monitor verify', then sign it with 'aim-monitor sign'"):
        carried_over(inputs, keys[0])
    sign_release(inputs.current, make_keys(tmp_path / "others")[0])
    with pytest.raises(UserError, match="found another or none"):
        carried_over(inputs, keys[0])
    assert "is signed" in sign_release(inputs.releases / "current", keys[0])
    carried_over(inputs, keys[0])
    check_release(inputs.current, read_verify_key(keys[1]))


@pytest.mark.parametrize("signed", [True, False])
def test_license_data_that_were_altered_are_not_carried_over(
    inputs: Inputs, keys: tuple[Path, Path], signed: bool
) -> None:
    key = keys[0] if signed else None
    inputs.publish(sign_key=key)
    table = inputs.current / "license_origin.parquet"
    table.write_bytes((inputs.current / "license_cast.parquet").read_bytes())
    with pytest.raises(UserError, match="not a sound release"):
        carried_over(inputs, key)


def test_only_a_sound_release_is_signed_and_nothing_is_left_beside_it(inputs: Inputs, keys: tuple[Path, Path]) -> None:
    inputs.publish()
    sign_release(inputs.current, keys[0])
    assert not list(inputs.releases.glob(".new*"))
    (inputs.current / SIGNATURE).unlink()
    (inputs.current / "public.parquet").unlink()
    with pytest.raises(UserError, match="not a sound release"):
        sign_release(inputs.current, keys[0])
    assert not (inputs.current / SIGNATURE).exists()


def test_a_key_that_is_none_stops_the_publication_before_it_begins(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected an Ed25519 private key"):
        inputs.publish(sign_key=tmp_path / "none.pem")
    assert not inputs.releases.exists()
