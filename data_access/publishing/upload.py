"""Releases of a directory, uploaded to object storage; what is there is not sent again, `current` changes last."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from data_access.contracts import MANIFEST, SIGNATURE, Manifest, check_release
from data_access.errors import UserError
from data_access.object_store import Found, ObjectStore
from data_access.publishing.months import Step
from data_access.publishing.swap import CURRENT, all_releases, current_release


def upload(releases: Path, address: str, *, step: Step) -> str:
    """Upload the releases that the storage lacks and make the current one current there; gives what was done, in words.

    Of each release its files go first and its manifest last, so that whoever reads meets whole ones only, and an upload
    that was interrupted goes on. Raises UserError where a release is not sound, where the storage does not do as asked,
    or where it is of another directory.
    """
    store = ObjectStore.at(address)
    found = current_release(releases) if releases.is_dir() else None
    if found is None:
        raise UserError(f"{releases}: expected a current release, found none; publish one, or name another directory")
    current = found[1].id
    there = store.list()
    _expect_own(store, releases, current, there)
    todo = [(folder, manifest) for folder, manifest in all_releases(releases) if manifest.id <= current]
    sent = 0
    for done, (folder, manifest) in enumerate(todo, start=1):
        sent += _send(store, folder, manifest, there)
        step(done, len(todo))
    store.write(CURRENT, f"{current}\n".encode())
    return f"{store}: release {current} is current now; {len(todo)} releases are there, {sent} of them sent now"


def _expect_own(store: ObjectStore, releases: Path, current: str, there: Mapping[str, Found]) -> None:
    """Raises UserError where the storage has a newer release that this directory lacks: it is of another one."""
    if CURRENT not in there:
        return
    name = store.read(CURRENT, most=1024).decode("ascii", "replace").strip()
    if name > current and not (releases / name).exists():
        raise UserError(
            f"{store}: expected releases of {releases}, found {name} current, which is newer than any of them; name "
            "another prefix, or upload from the directory that it was published to"
        )


def _send(store: ObjectStore, folder: Path, manifest: Manifest, there: Mapping[str, Found]) -> bool:
    """Send what the storage lacks of a release; gives whether it lacked any."""
    name = manifest.id
    if _is_there(store, folder, name, there):
        return False
    check_release(folder)
    for file, entry in manifest.files.items():
        data = (folder / file).read_bytes()
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise UserError(f"{folder / file}: changed while it was sent; check the release with 'aim-monitor verify'")
        store.write(f"{name}/{file}", data)
    for file in (SIGNATURE, MANIFEST):  # whoever meets the manifest meets all the rest
        if (folder / file).exists():
            store.write(f"{name}/{file}", (folder / file).read_bytes())
    return True


def _is_there(store: ObjectStore, folder: Path, name: str, there: Mapping[str, Found]) -> bool:
    """Whether the storage has a release whole, with the signature that it has here."""
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    if any(f"{name}/{file}" not in there or there[f"{name}/{file}"].size != size for file, size in files.items()):
        return False
    signature = folder / SIGNATURE
    return not signature.exists() or store.read(f"{name}/{SIGNATURE}", most=1 << 10) == signature.read_bytes()
