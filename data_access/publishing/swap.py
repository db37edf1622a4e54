"""The directory of releases: one publication at a time, written aside, checked, swapped in by one rename."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import MANIFEST, FileEntry, Manifest, check_release, file_entry, read_manifest
from data_access.errors import UserError
from data_access.publishing.state import sync, sync_tree

CURRENT = "current"
ASIDE = ".new-release"
NEW_LINK = ".new-current"
LOCK = ".lock"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
"""Time of publication, UTC, as release ids begin with it."""
ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}")


@contextmanager
def locked(directory: Path, *, mode: int = 0o777) -> Iterator[None]:
    """Hold a directory for this publication; raises UserError where another one holds it.

    `mode` is what the directory is made with where it is new.
    """
    directory.mkdir(mode=mode, parents=True, exist_ok=True)
    with (directory / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{directory}: another publication is running; wait until it is done, then start this one again"
            ) from None
        yield


def current_release(releases: Path) -> tuple[Path, Manifest] | None:
    """The release that is in use, None where there is none yet.

    Raises UserError where there is one that cannot be read: what it published cannot be known then.
    """
    link = releases / CURRENT
    if not link.is_symlink() and not link.exists():
        return None
    directory = link.resolve()
    return directory, read_manifest(directory)


def all_releases(releases: Path) -> list[tuple[Path, Manifest]]:
    """Every release of a directory, the current one and those before it; raises UserError for one that is illegible."""
    found = {path.resolve() for path in releases.iterdir() if ID.fullmatch(path.name) and path.is_dir()}
    if (releases / CURRENT).exists():
        found.add((releases / CURRENT).resolve())
    return [(path, read_manifest(path)) for path in sorted(found)]


def stage(releases: Path, tables: Mapping[str, pa.Table]) -> tuple[Path, dict[str, FileEntry]]:
    """Write the tables of a release aside; leftovers of interrupted publications are removed first."""
    aside = releases / ASIDE
    if aside.exists():
        shutil.rmtree(aside)
    (releases / NEW_LINK).unlink(missing_ok=True)
    aside.mkdir()
    for name, table in tables.items():
        pq.write_table(table, aside / name, compression="zstd")
    return aside, {name: file_entry(aside / name) for name in sorted(tables)}


def release_id(releases: Path, files: Mapping[str, FileEntry], now: datetime) -> tuple[str, datetime]:
    """An id not yet taken, of the time of publication and the content, with that time."""
    content = hashlib.sha256("".join(f"{name} {files[name].sha256}\n" for name in sorted(files)).encode()).hexdigest()
    while (releases / f"{now.strftime(STAMP)}-{content[:6]}").exists():
        now += timedelta(seconds=1)
    return f"{now.strftime(STAMP)}-{content[:6]}", now


def finish(aside: Path, manifest: Manifest) -> None:
    """Write the manifest, check the release as anyone would, and force it to disk."""
    (aside / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    check_release(aside)
    sync_tree(aside)


def swap_in(aside: Path, releases: Path, id_: str) -> Path:
    """Give a finished release its name and point `current` to it, each by one rename."""
    final = releases / id_
    aside.rename(final)
    sync(releases)
    link = releases / NEW_LINK
    link.symlink_to(id_, target_is_directory=True)
    link.replace(releases / CURRENT)
    sync(releases)
    return final
