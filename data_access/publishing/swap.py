"""The directory of releases: one publication at a time, written aside, checked, swapped in by one rename."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import MANIFEST, FileEntry, Manifest, check_release, file_entry, read_manifest
from data_access.errors import UserError, writing
from data_access.publishing.files import expect_writable, new_file, sync, sync_tree
from data_access.publishing.signed import write_signature
from data_access.signing import SignKey

CURRENT = "current"
ASIDE = ".new-release"
NEW_LINK = ".new-current"
LOCK = ".lock"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
"""Time of publication, UTC, as release ids begin with it."""
ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}")


@contextmanager
def locked(directory: Path, *, mode: int = 0o777) -> Iterator[None]:
    """Hold a directory for this publication; raises UserError where another one holds it, or where it is read-only.

    `mode` is what the directory is made with where it is new.
    """
    with writing(directory):
        directory.mkdir(mode=mode, parents=True, exist_ok=True)
        lock = (directory / LOCK).open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{directory}: another publication is running; wait until it is done, then start this one again"
            ) from None
        expect_writable([directory])
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
    with writing(aside):
        discard(releases)
        aside.mkdir()
    for name, table in tables.items():
        with new_file(aside / name) as file:
            pq.write_table(table, file, compression="zstd")
    return aside, {name: file_entry(aside / name) for name in sorted(tables)}


def discard(releases: Path) -> None:
    """Remove what a publication left that did not end; it takes room, and is of no use."""
    aside = releases / ASIDE
    if aside.exists():
        shutil.rmtree(aside)
    (releases / NEW_LINK).unlink(missing_ok=True)


def newest_time(releases: Path) -> datetime | None:
    """When the newest release there was published, by its id, UTC; None where there is none."""
    names = [*(path.name for path in releases.iterdir()), (releases / CURRENT).resolve().name]
    times = [name.rpartition("-")[0] for name in names if ID.fullmatch(name)]
    return datetime.strptime(max(times), STAMP).replace(tzinfo=UTC) if times else None


def release_id(releases: Path, files: Mapping[str, FileEntry], now: datetime) -> tuple[str, datetime]:
    """An id of the time of publication and the content, with that time.

    Ids are in the order of publication whatever the clock says: the time is after that of every release there.
    """
    before = newest_time(releases)
    now = now if before is None else max(now, before + timedelta(seconds=1))
    content = hashlib.sha256("".join(f"{name} {files[name].sha256}\n" for name in sorted(files)).encode()).hexdigest()
    return f"{now.strftime(STAMP)}-{content[:6]}", now


def finish(aside: Path, manifest: Manifest, signer: SignKey | None = None) -> None:
    """Write the manifest, sign it where there is a key, check the release as anyone would, and force it to disk."""
    with new_file(aside / MANIFEST) as file:
        file.write(manifest.to_json().encode())
    if signer is not None:
        write_signature(aside, signer)
    check_release(aside)
    sync_tree(aside)


def swap_in(aside: Path, releases: Path, id_: str) -> Path:
    """Give a finished release its name and point `current` to it, each by one rename."""
    final = releases / id_
    with writing(final):
        aside.rename(final)
        sync(releases)
        link = releases / NEW_LINK
        link.symlink_to(id_, target_is_directory=True)
        link.replace(releases / CURRENT)
        sync(releases)
    return final
