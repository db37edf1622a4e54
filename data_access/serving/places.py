"""Which place an address of releases means: a directory, or object storage with a mirror on this machine."""

from __future__ import annotations

from pathlib import Path

from data_access.object_store import is_object_store
from data_access.serving.directory import Directory, Place


def open_place(releases: Path | str, cache: Path | None) -> Place:
    """The place at this address; raises UserError for an address of object storage that is none."""
    if not is_object_store(releases):
        return Directory(Path(releases))
    from data_access.serving.mirror import open_mirror  # noqa: PLC0415 - of no use for a directory

    return open_mirror(str(releases), cache)
