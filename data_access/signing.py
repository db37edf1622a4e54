"""Ed25519 signatures of manifests: who holds the private key made a release, and nobody altered it since.

A signature is kept beside the manifest, in base64, over the manifest's bytes; these hold the hash of every file.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_access.errors import UserError, writing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE_NAME = "aim-sign.pem"
PUBLIC_NAME = "aim-verify.pem"
MAX_KEY_FILE = 1 << 16
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """One or more public keys; a signature by any of them holds, so that keys can change."""

    keys: tuple[Ed25519PublicKey, ...]

    def holds(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature`, in base64, is of these bytes by one of the keys."""
        from cryptography.exceptions import InvalidSignature

        try:
            raw = base64.b64decode(signature.strip(), validate=True)
        except ValueError:
            return False
        for key in self.keys:
            try:
                key.verify(raw, data)
            except InvalidSignature:
                continue
            return True
        return False


@dataclass(frozen=True, slots=True)
class SignKey:
    """A private key."""

    key: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """The signature of these bytes, in base64, on a line."""
        return base64.b64encode(self.key.sign(data)) + b"\n"

    @property
    def public(self) -> VerifyKey:
        """What its signatures are verified with."""
        return VerifyKey((self.key.public_key(),))


def read_verify_key(path: Path) -> VerifyKey:
    """The public keys of a PEM file; raises UserError where it holds none, or anything else."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    blocks = list(_PEM.finditer(_read(path, "public")))
    if any(b"PRIVATE" in block[1] for block in blocks):
        raise UserError(
            f"{path}: expected an Ed25519 public key (PEM), found a private one; it belongs on the staff side alone, "
            f"servers get {PUBLIC_NAME}"
        )
    keys: list[Ed25519PublicKey] = []
    for block in blocks:
        try:
            key = load_pem_public_key(block[0])
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key(path, "public")
        keys.append(key)
    if not keys:
        raise _no_key(path, "public")
    return VerifyKey(tuple(keys))


def read_sign_key(path: Path) -> SignKey:
    """The private key of a PEM file; raises UserError where it holds none, or others could read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path, "private")
    if path.stat().st_mode & 0o077:
        raise UserError(
            f"{path}: expected a private key that its owner alone can read, found one open to others; chmod 600 it"
        )
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        raise _no_key(path, "private") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return SignKey(key)


def make_keys(directory: Path) -> tuple[Path, Path]:
    """Write a new pair of keys; gives the files of the private and of the public one.

    Raises UserError where either is there already: no key is ever overwritten.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private, public = directory / PRIVATE_NAME, directory / PUBLIC_NAME
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise UserError(
                f"{path}: expected no such file, found one; keys are not overwritten, name another directory"
            )
    key = Ed25519PrivateKey.generate()
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    _write_new(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), mode=0o644)
    return private, public


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    with writing(path), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _read(path: Path, kind: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY_FILE)
    except OSError as error:
        raise UserError(
            f"{path}: expected an Ed25519 {kind} key (PEM), found {error.strerror or error}; "
            "'aim-monitor keys' makes a pair"
        ) from None


def _no_key(path: Path, kind: str) -> UserError:
    return UserError(
        f"{path}: expected an Ed25519 {kind} key (PEM), found something else; 'aim-monitor keys' makes a pair"
    )
