"""What stands beside the figures of releases: their log, from manifests alone, and their files, each by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from data_access.contracts import FileEntry, read_manifest, read_regular
from data_access.errors import UserError
from data_access.serving.directory import sizes_of

if TYPE_CHECKING:
    from data_access.signing import VerifyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One release as its manifest tells it; `withheld` counts withheld cells per license table."""

    id: str
    published: str
    public_as_of: str | None
    license_as_of: str | None
    demonstration: bool
    withheld: dict[str, int]
    files: dict[str, FileEntry]
    sizes: dict[str, int]


def logged(folder: Path, key: VerifyKey | None = None, *, sizes: Mapping[str, int] | None = None) -> Logged | None:
    """The log's entry of a release; None where it has no manifest that can be read, or none signed by `key`.

    `sizes` are those of its files in bytes, where they do not lie beside the manifest.
    """
    try:
        manifest = read_manifest(folder, key)
        known = sizes_of(folder) if sizes is None else sizes
        sizes = {name: known[name] for name in sorted(manifest.files)}
    except (UserError, OSError, KeyError):
        return None
    return Logged(
        id=manifest.id,
        published=manifest.published,
        public_as_of=manifest.public.as_of or None,
        license_as_of=manifest.license.as_of if manifest.license else None,
        demonstration=manifest.demonstration,
        withheld=dict(manifest.license.withheld) if manifest.license else {},
        files=dict(manifest.files),
        sizes=dict(sizes),
    )


def open_file(folder: Path, entry: Logged, name: str) -> BinaryIO:
    """A file of a release: the very bytes whose hash is that of the manifest, whatever becomes of the file meanwhile.

    Raises KeyError for a file that the manifest does not name, UserError for one that is not as it says.
    """
    wanted = entry.files[name]
    try:
        data = read_regular(folder / name, most=entry.sizes[name])
    except OSError as error:
        raise UserError(f"{name}: expected the file that the manifest names, found {error}") from None
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise UserError(f"{name}: expected the file that the manifest names, found another; it is not given out")
    return BytesIO(data)
