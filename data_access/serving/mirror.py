"""Releases of object storage, mirrored into a directory of this machine that all processes of a server share.

The storage has no links: its object `current` holds the id of the release to be used. A process of its own, which ends
after each look, reads the storage and writes the mirror; nothing that answers requests ever waits for the network for
longer than that process may take, and none is forked with the library's threads in it. The mirror holds the manifests
of all releases, and the files of those asked for, each checked against its manifest before it takes its name.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from data_access.contracts import (
    MANIFEST,
    MAX_FILE,
    MAX_MANIFEST,
    MAX_SIGNATURE,
    RELEASE_NAME,
    SIGNATURE,
    expected_files,
    parse_manifest,
)
from data_access.errors import UserError
from data_access.object_store import Found, ObjectStore
from data_access.serving.directory import CURRENT, NotHereError, UnreachableError

LOOK_EVERY = 10.0
"""Seconds between two looks at the storage, of all processes together."""
STALE = 60.0
"""Seconds without an answer of the storage after which that is told."""
LOOK_SECONDS = 120.0
"""Seconds that a look may take; it may fetch a release."""
MAX_LISTED = 104
"""Releases that the mirror knows: two years of weekly ones."""
KEEP = 8
"""Releases whose files stay; more do while they are in use."""
UNUSED_SECONDS = 3600.0
ROOT = Path(__file__).resolve().parents[2]
DONE = "done"
TROUBLE = "trouble"
"""File of the mirror with what went wrong at the last look; there is none after one that went well."""
EMPTY: dict[str, Any] = {"current": None, "trouble": None, "releases": {}}
"""What is known before the first look."""


def open_mirror(address: str, cache: Path | None) -> Mirror:
    """The mirror of this address in `cache`; None for a temporary directory, gone when this process ends."""
    store = ObjectStore.at(address)
    if cache is None:
        cache = Path(tempfile.mkdtemp(prefix="aim-releases-"))
        atexit.register(_remove, cache, os.getpid())
    root = cache / hashlib.sha256(store.identity().encode()).hexdigest()[:16]
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{cache}: expected a directory to write releases to, found {error.strerror}; AIM_CACHE names another"
        ) from None
    _check_owner(cache, root)
    return Mirror(address, root)


def _check_owner(cache: Path, root: Path) -> None:
    """Raises UserError where another user could write what is served from the mirror."""
    me = os.geteuid()
    if root.is_symlink():
        raise UserError(f"{root}: expected a directory of this user, found a link; AIM_CACHE names another")
    for path, owners in ((cache, (me, 0)), (root, (me,))):
        if path.stat().st_uid not in owners:
            raise UserError(
                f"{path}: expected a directory of this user, found one of another; AIM_CACHE names another place"
            )


def _remove(cache: Path, owner: int) -> None:
    if os.getpid() == owner:  # not at the end of a worker
        shutil.rmtree(cache, ignore_errors=True)


class Mirror:
    """Releases of object storage, as a place on this machine."""

    def __init__(self, address: str, root: Path) -> None:
        self._address = address
        self._root = root
        self._next_look = 0.0
        self._read: tuple[object, dict[str, Any]] = None, {}

    def current(self) -> Path | None:
        """Where the current release lies; raises `UnreachableError` while the storage does not answer, `NotHereError`
        where the release is not whole there."""
        if not self._answered_within(LOOK_EVERY):
            self._look()
            trouble = self._trouble()
            if trouble or not self._answered_within(STALE):
                trouble = trouble or f"no answer of the storage for {STALE:.0f} s"
                raise UnreachableError(trouble, self._index()["current"])
        index = self._index()
        if index["current"] is None:
            return None
        folder: Path = self._root / "releases" / index["current"]
        if not folder.is_dir():
            name = index["current"]
            raise NotHereError(index["trouble"] or f"release {name} could not be fetched", name)
        return folder

    def names(self) -> tuple[str, ...]:
        """Names of the releases that the storage had at the last look."""
        return tuple(sorted(self._index()["releases"], reverse=True))

    def folder(self, name: str) -> Path:
        """Where a release lies; it is fetched where it is not here yet."""
        folder = self._root / "releases" / name
        if not folder.is_dir():
            if trouble := self._trouble():
                raise UnreachableError(trouble)
            if trouble := self._ask(name):
                raise UserError(trouble)
        with suppress(OSError):
            os.utime(folder)  # in use, so it stays
        return folder

    def listed(self, name: str) -> tuple[Path, Mapping[str, int]]:
        """The manifest of a release, and sizes as the storage tells them."""
        return self._root / "manifests" / name, self._index()["releases"].get(name, {}).get("sizes", {})

    def _index(self) -> dict[str, Any]:
        """What the last look found; it is read anew only where there is a newer one."""
        path = self._root / "index.json"
        try:
            status = path.stat()
        except OSError:
            return EMPTY
        stamp = status.st_mtime_ns, status.st_ino, status.st_size
        read, found = self._read
        if read != stamp:
            found = _read_json(path) or EMPTY
            self._read = stamp, found
        return found

    def _answered_within(self, seconds: float) -> bool:
        return _is_younger(self._root / "index.json", seconds)

    def _trouble(self) -> str | None:
        """What went wrong at the last look, of whichever process; None where it went well."""
        try:
            return (self._root / TROUBLE).read_text() or None
        except (OSError, ValueError):
            return None

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        with (self._root / ".asking").open("w") as asking:
            try:
                fcntl.flock(asking, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # another process of this server looks
            if not self._answered_within(LOOK_EVERY) and not _is_younger(self._root / TROUBLE, LOOK_EVERY):
                self._tell(self._ask())
                self._next_look = time.monotonic() + LOOK_EVERY

    def _tell(self, trouble: str | None) -> None:
        """Keep what went wrong at a look for all processes, or that it went well."""
        with suppress(OSError):  # on a full disk: that the storage is silent is told after `STALE`
            if trouble is None:
                (self._root / TROUBLE).unlink(missing_ok=True)
            else:
                _write(self._root / TROUBLE, trouble.encode())

    def _ask(self, *names: str) -> str | None:
        """Have a process of its own look at the storage, or fetch releases; gives what went wrong."""
        command = [sys.executable, "-m", __name__, self._address, str(self._root), *names]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        try:
            told = subprocess.run(  # noqa: S603 - an address that was checked
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LOOK_SECONDS,
                check=False,
                env={**os.environ, "PYTHONPATH": path},
            )
        except subprocess.TimeoutExpired:
            return f"no answer of the storage within {LOOK_SECONDS:.0f} s"
        except OSError as error:
            return f"the storage could not be looked at: {error}"
        # Not by the exit code: a master of workers may have waited for any child.
        lines = told.stdout.splitlines() or told.stderr.splitlines() or ["the storage could not be looked at"]
        return None if lines[-1] == DONE else lines[-1]


# -- the process that reads the storage -------------------------------------------------------------------------------


def look(store: ObjectStore, root: Path) -> None:
    """Bring the mirror up to date: what is current, all manifests, the files of the current release."""
    objects = store.list()
    releases = _releases_of(objects)
    current = _current(store) if CURRENT in objects else None
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: _mirror_manifest(store, root, name, releases[name]["stamp"]), releases))
    trouble = None
    if current is not None:
        try:
            if current not in releases:
                raise UserError(f"release {current}: expected its {MANIFEST} in the storage, found none")
            fetch(store, root, current, stamp=releases[current]["stamp"])
        except UserError as error:
            trouble = str(error)
    _write(root / "index.json", json.dumps({"current": current, "trouble": trouble, "releases": releases}).encode())
    _prune(root, current, releases)


def _releases_of(objects: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
    """The newest releases with a manifest: sizes of their files, and a stamp that changes with any of them."""
    by_name: dict[str, dict[str, Found]] = {}
    for key, found in sorted(objects.items()):
        name, _, file = key.partition("/")
        if RELEASE_NAME.fullmatch(name) and file and "/" not in file:
            by_name.setdefault(name, {})[file] = found
    whole = sorted((name for name, files in by_name.items() if MANIFEST in files), reverse=True)[:MAX_LISTED]
    return {
        name: {
            "sizes": {file: one.size for file, one in by_name[name].items() if file not in (MANIFEST, SIGNATURE)},
            "stamp": hashlib.sha256(repr(by_name[name]).encode()).hexdigest(),
        }
        for name in whole
    }


def _current(store: ObjectStore) -> str:
    """The id that the object `current` holds."""
    name = store.read(CURRENT, most=1024).decode("ascii", "replace").strip()
    if not RELEASE_NAME.fullmatch(name):
        raise UserError(f"object storage {store}: {CURRENT}: expected the id of a release, found something else")
    return name


def _mirror_manifest(store: ObjectStore, root: Path, name: str, stamp: str) -> None:
    folder = root / "manifests" / name
    if _stamp_of(folder) == stamp:
        return
    with suppress(UserError, FileNotFoundError), _replacing(folder, stamp) as new:
        _read_manifest(store, name, new)


def _read_manifest(store: ObjectStore, name: str, into: Path) -> bytes:
    """Fetch manifest and signature of a release."""
    data = store.read(f"{name}/{MANIFEST}", most=MAX_MANIFEST)
    (into / MANIFEST).write_bytes(data)
    with suppress(FileNotFoundError):  # unsigned: whoever asks for signatures refuses it
        (into / SIGNATURE).write_bytes(store.read(f"{name}/{SIGNATURE}", most=MAX_SIGNATURE))
    return data


def fetch(store: ObjectStore, root: Path, name: str, *, stamp: str | None = None) -> None:
    """Fetch a release where it is not here as `stamp` says; raises UserError where it is not as its manifest says.

    Only what the manifest names is fetched, and what a release consists of.
    """
    folder = root / "releases" / name
    if folder.is_dir() and stamp in (None, _stamp_of(folder)):
        return
    stamp = stamp or (_read_json(root / "index.json") or {}).get("releases", {}).get(name, {}).get("stamp", "")
    with _replacing(folder, str(stamp)) as new:
        try:
            manifest = parse_manifest(_read_manifest(store, name, new), Path(name, MANIFEST))
            if manifest.id != name or not manifest.files.keys() <= expected_files(manifest).keys():
                raise UserError(f"release {name}: expected a manifest of its own with files of a release")
            for file, entry in manifest.files.items():
                data = store.read(f"{name}/{file}", most=MAX_FILE)
                if hashlib.sha256(data).hexdigest() != entry.sha256:
                    raise UserError(f"release {name}: {file}: expected the file that the manifest names, found another")
                (new / file).write_bytes(data)
        except FileNotFoundError as error:
            raise UserError(f"release {name}: expected all its files in the storage; {error.args[-1]}") from None


@contextmanager
def _replacing(folder: Path, stamp: str) -> Iterator[Path]:
    """A directory to write to that takes the place of `folder` when it is whole."""
    new, old, mark = (folder.with_name(f".{word}-{folder.name}") for word in ("new", "old", "stamp"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        mark.unlink(missing_ok=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        _write(mark, stamp.encode())
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _stamp_of(folder: Path) -> str | None:
    try:
        return folder.with_name(f".stamp-{folder.name}").read_text() if folder.is_dir() else None
    except OSError:
        return None


def _prune(root: Path, current: str | None, releases: Mapping[str, Any]) -> None:
    """Drop the files of releases not used lately, and manifests of those that the storage has no more."""
    held = [path for path in (root / "releases").glob("[!.]*") if path.name != current]
    held.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    unused = [path for path in held[KEEP:] if time.time() - path.stat().st_mtime > UNUSED_SECONDS]
    gone = [path for path in (root / "manifests").glob("[!.]*") if path.name not in releases]
    for path in (*unused, *gone):
        shutil.rmtree(path, ignore_errors=True)
        path.with_name(f".stamp-{path.name}").unlink(missing_ok=True)


def _is_younger(path: Path, seconds: float) -> bool:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return 0 <= age < seconds  # a clock that was set back tells nothing


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f".new-{path.name}")
    new.write_bytes(data)
    new.replace(path)


def main(arguments: Sequence[str]) -> str:
    """Look at the storage, or fetch the releases named; gives what to tell in one line."""
    address, root, *names = arguments
    try:
        store = ObjectStore.at(address)
        with (Path(root) / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not names:
                look(store, Path(root))
            for name in names:
                fetch(store, Path(root), name)
    except (UserError, OSError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return DONE


if __name__ == "__main__":
    print(main(sys.argv[1:]))  # noqa: T201 - to the process that asks
