"""Signatures on the publishing side: what is signed is followed by signed releases, and carried over only as signed."""

from __future__ import annotations

from pathlib import Path

from data_access.contracts import MANIFEST, SIGNATURE, UnsignedError, check_release, read_manifest
from data_access.errors import UserError, writing
from data_access.publishing.files import new_file, sync
from data_access.signing import SignKey, read_sign_key

NEW_SIGNATURE = ".new-signature"


def expect_signing(release: Path, signer: SignKey | None) -> None:
    """Raises UserError where this release is signed and the one to follow would not be: servers would refuse it."""
    if signer is None and (release / SIGNATURE).exists():
        raise UserError(
            f"{release}: this release is signed, so the next one must be; name the private key with --sign-key "
            f"(AIM_SIGN_KEY), or remove its {SIGNATURE} where servers ask for signatures no more"
        )


def expect_sound(release: Path, signer: SignKey | None) -> None:
    """Check a release whose license tables are carried over; with `signer` nothing is signed that it did not sign.

    Raises UserError.
    """
    try:
        check_release(release, signer.public if signer else None)
    except UnsignedError:
        raise UserError(
            f"{release}: expected a release signed with the key of --sign-key, found another or none; its license data "
            "would be carried over and signed: check it with 'aim-monitor verify', then sign it with 'aim-monitor sign'"
        ) from None


def sign_release(release: Path, key: Path) -> str:
    """Sign a release that was published unsigned, or with another key; gives what was done, in words.

    Raises UserError where it is not sound, or where the key is none.
    """
    signer = read_sign_key(key)
    folder = release.resolve()
    manifest = check_release(folder)
    write_signature(folder, signer, aside=folder.parent / NEW_SIGNATURE)
    return f"{release}: release {manifest.id} is signed"


def write_signature(folder: Path, signer: SignKey, *, aside: Path | None = None) -> None:
    """Sign the manifest of a folder; `aside` is where the signature is written before it takes its name."""
    signature = signer.sign((folder / MANIFEST).read_bytes())
    path = folder / SIGNATURE
    with new_file(aside or path) as file:
        file.write(signature)
    if aside is not None:
        with writing(path):
            aside.replace(path)
            sync(folder)
    read_manifest(folder, signer.public)
