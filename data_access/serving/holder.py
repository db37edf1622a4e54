"""Hold the newest sound release of a place, and pass to the next one.

A release that is not sound is refused and the last good one goes on. Only where none is in use yet, as at a start, the
newest earlier sound one takes its place, or else what is sound of it: its public part.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from data_access.contracts import UnsignedError, read_manifest
from data_access.errors import UserError
from data_access.reference import Reference, load
from data_access.serving.directory import CURRENT, NotHereError, Place, UnreachableError
from data_access.serving.release import Snapshot, one_line, open_release, without_licenses
from data_access.serving.release_files import Logged, logged

if TYPE_CHECKING:
    from data_access.signing import VerifyKey

LOOK_EVERY = 1.0
"""Seconds between two looks at `current`."""
RETRY_EVERY = 20.0
"""Seconds after which a release that could not be used is tried again."""
NO_RELEASE = "no release is there yet"
GONE = "the current release is not named any more"
UNREACHABLE = "the storage of releases does not answer"
NOT_FETCHED = "the newest release did not pass its check"
WITHDRAWN = "the newest release holds no license data"
MAX_TRIED = 8
"""Earlier releases that are tried at a start where the current one is not sound."""
_log = logging.getLogger(__name__)


class Used(NamedTuple):
    """A release in use, and where it lies; None where another one is current.

    Not `whole`: it goes without a part that it has, so it is loaded anew as soon as it can be.
    """

    snapshot: Snapshot
    target: Path | None
    whole: bool = True


class Holder:
    """The newest sound release of a place.

    `snapshot` looks for the next one, at most once a second; after `watch` a thread does, so that nobody who asks waits
    for it. With `key` every release must be signed by it, also earlier ones.
    """

    def __init__(self, place: Place, key: VerifyKey | None = None) -> None:
        self._place = place
        self._key = key
        self._lock = threading.Lock()
        self._watching = threading.Event()
        self._ended = threading.Event()
        self._used: Used | None = None
        self._failed: tuple[Path | None, str] | None = None
        self._failed_at = 0.0
        self._problem: str | None = None
        self._reference = load()
        self.reload_failures = 0
        """Looks at a release, or for one, that failed."""
        self.loads = 0
        """Releases that came into use."""
        self._look()
        self._looked = time.monotonic()

    @property
    def reference(self) -> Reference:
        """The reference tables as they are without any release."""
        return self._reference

    @property
    def problem(self) -> str | None:
        """Why there is no release, or why the newest one is not in use; fit for the public."""
        return self._problem

    def snapshot(self) -> Snapshot | None:
        """The release in use, None where there is none."""
        now = time.monotonic()
        # Who does not get the lock answers from the release in use while another loads the next one.
        if not self._watching.is_set() and now - self._looked >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked = now
                self._look()
            finally:
                self._lock.release()
        return self._used.snapshot if self._used else None

    def watch(self) -> None:
        """Look for the next release in a thread of this process from now on; to be called after a fork, once."""
        thread = threading.Thread(target=self._watch, name="aim-releases", daemon=True)
        self._watching.set()
        thread.start()
        atexit.register(self._end, thread)

    def _watch(self) -> None:
        try:
            while not self._ended.wait(LOOK_EVERY):
                try:
                    with self._lock:
                        self._look()
                except Exception:  # whatever it is, the release in use goes on and the next look comes
                    _log.exception("the next release could not be looked for")
        finally:
            self._watching.clear()

    def _end(self, thread: threading.Thread) -> None:
        self._ended.set()
        thread.join(timeout=5)

    def names(self) -> tuple[str, ...]:
        """Names of the releases of the place, the newest first; each begins with the time of its publication."""
        return self._place.names()

    def folder(self, name: str) -> Path:
        """Where a release of the place lies, that in use wherever `current` leads; KeyError for no such name.

        Raises UserError where it cannot be had now.
        """
        target = self._target_of(name)
        if target is not None and target.is_dir():
            return target
        if name not in self.names():
            raise KeyError(name)
        return self._place.folder(name)

    def logged(self, name: str, *, names: Collection[str] | None = None) -> Logged | None:
        """What the manifest of a release tells; None where it cannot be read, or is not signed as it must be.

        `names` are those of the place, where they are known already: to list them takes time.
        """
        if name in (self.names() if names is None else names):
            folder, sizes = self._place.listed(name)
            return logged(folder, self._key, sizes=sizes)
        target = self._target_of(name)
        return None if target is None else logged(target, self._key)

    def open(self, name: str, *, like: Iterable[Snapshot] = (), whole: bool = False) -> Snapshot:
        """An earlier release of the place, opened anew; KeyError for none of its names, UserError if unsound.

        It shares with the one in use, and with those in `like`, what is the same in both.
        """
        if name not in self.names():
            raise KeyError(name)
        return self._open(self._place.folder(name), like=like, whole=whole)

    def _target_of(self, name: str) -> Path | None:
        """Where the release in use lies, if it is that one."""
        used = self._used
        return used.target if used and name == used.snapshot.info.id else None

    def _open(self, folder: Path, *, like: Iterable[Snapshot] = (), whole: bool) -> Snapshot:
        used = [self._used.snapshot] if self._used else []
        found = open_release(folder, self._reference, like=[*used, *like], key=self._key, whole=whole)
        if folder.name not in (found.info.id, CURRENT):
            raise UserError(f"expected release {folder.name}, found another under its name: {found.info.id}")
        return found

    def _look(self) -> None:
        try:
            target = self._place.current()
        except NotHereError as error:
            self._go_without(error)
            return
        if target is None:
            self._problem = GONE if self._used else NO_RELEASE
        elif self._used and self._used.whole and target == self._used.target:
            self._failed = self._problem = None
        elif not (self._failed and self._failed[0] == target) or self._may_retry():
            self._load(target)

    def _go_without(self, error: NotHereError) -> None:
        """What is current cannot be had; its manifest may tell that there are no license data."""
        problem = UNREACHABLE if isinstance(error, UnreachableError) else NOT_FETCHED
        counts = self._fail(None, problem, error)
        told = self._place.listed(error.release)[0] if error.release else None
        if self._used is None:
            if counts:
                self._begin_with_another(None, told)
        elif told is not None:
            self._withdraw_as(told)

    def _may_retry(self) -> bool:
        return time.monotonic() - self._failed_at >= RETRY_EVERY

    def _load(self, target: Path) -> None:
        try:
            self._use(self._open(target, whole=True), target)
        except Exception as error:  # whatever is wrong with it, the last good release goes on
            self._fail(target, _public_words(target.name, error), error)
            if self._used is None:
                self._begin_with_another(target, target)
            else:
                self._withdraw_as(target)

    def _withdraw_as(self, told: Path) -> None:
        """Where the newest release, sound or not, has no license data, those of the one in use are not shown either."""
        if self._used and self._used.snapshot.license and self._has_no_licenses(told):
            _log.warning("license data of release %s are not shown any more", self._used.snapshot.info.id)
            self._used = self._used._replace(snapshot=without_licenses(self._used.snapshot, WITHDRAWN), whole=False)

    def _begin_with_another(self, target: Path | None, told: Path | None) -> None:
        """Where nothing is in use yet: the newest sound release before it, or what is sound of it.

        `target` is where it lies, None where it cannot be had now: then it is tried once more. `told` is where its
        manifest lies, None where it is not known what is current.
        """
        problem, failed = self._problem, self._failed
        withdrawn = told is not None and self._has_no_licenses(told)
        # A later one than what is current was taken back.
        names = [name for name in self.names() if told is None or name <= told.name]
        earlier = [name for name in names if target is None or name != target.name]
        for name in earlier[:MAX_TRIED]:
            if self._use_if_sound(name, withdrawn=withdrawn):
                self._problem = problem
                return
        if self._key is not None or target is None:
            return
        try:
            self._use(self._open(target, whole=False), target, whole=False)
        except Exception as error:  # told already, when it was opened as a whole
            _log.debug("nothing of release %s can be used: %s", target.name, one_line(error))
        self._problem, self._failed = problem, failed

    def _has_no_licenses(self, told: Path) -> bool:
        """Whether a release, sound or not, tells that there are no license data: then earlier ones are not shown."""
        try:
            return read_manifest(told, self._key).license is None
        except (UserError, OSError):
            return False

    def _use_if_sound(self, name: str, *, withdrawn: bool) -> bool:
        try:
            found = self.open(name, whole=True)
            self._use(without_licenses(found, WITHDRAWN) if withdrawn else found, None)
        except Exception as error:
            _log.warning("release %s is not used either: %s", name, one_line(error))
            return False
        return True

    def _use(self, snapshot: Snapshot, target: Path | None, *, whole: bool = True) -> None:
        before = self._used.snapshot.info if self._used else None
        if before and (snapshot.info.published or "") < (before.published or ""):
            _log.warning("release %s takes over from the later one %s", snapshot.info.id, before.id)
        self._used, self._problem = Used(snapshot, target, whole), None
        if target is not None:
            self._failed = None
        self.loads += 1

    def _fail(self, target: Path | None, problem: str, error: Exception) -> bool:
        """Keep and tell what went wrong; whether it counts: not where it is the same again within `RETRY_EVERY`."""
        told = one_line(error)
        # Words on a storage that does not answer hold how many milliseconds it took.
        failed = target, problem if target is None else told
        if failed == self._failed and not self._may_retry():
            return False
        if failed != self._failed:
            name = "the current release" if target is None else f"release {target.name}"
            used = f"release {self._used.snapshot.info.id} goes on" if self._used else "none is in use"
            _log.error("%s is refused, %s: %s", name, used, told)
        self._failed, self._failed_at, self._problem = failed, time.monotonic(), problem
        self.reload_failures += 1
        return True


def _public_words(name: str, error: Exception) -> str:
    if isinstance(error, UnsignedError):
        return f"release {name} is not signed as it must be"
    return f"release {name} did not pass its check"


class Fixed:
    """Holds one release of a place that does not change, in the place of the `Holder` that knows the others."""

    def __init__(self, holder: Holder, snapshot: Snapshot | None, *, problem: str | None = None) -> None:
        self.holder = holder
        self._snapshot = snapshot
        self.reference: Reference = holder.reference
        self.problem = problem

    def snapshot(self) -> Snapshot | None:
        """That release; None where there was none."""
        return self._snapshot

    def names(self) -> tuple[str, ...]:
        """Names of the releases of the place."""
        return self.holder.names()

    def folder(self, name: str) -> Path:
        """Where a release of the place lies."""
        return self.holder.folder(name)

    def logged(self, name: str, *, names: Collection[str] | None = None) -> Logged | None:
        """What the manifest of a release of the place tells."""
        return self.holder.logged(name, names=names)
