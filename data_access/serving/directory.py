"""Where releases lie: a directory on this machine, with its link `current`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from data_access.contracts import MANIFEST, SIGNATURE
from data_access.errors import UserError

CURRENT = "current"


class NotHereError(UserError):
    """A release cannot be had whole; of the current one, `release` is the name where it is known, and its manifest may
    be there (`Place.listed`)."""

    def __init__(self, message: str, release: str | None = None) -> None:
        super().__init__(message)
        self.release = release


class UnreachableError(NotHereError):
    """The place does not answer; `release` is what was current when it last did."""


class Place(Protocol):
    """Where releases lie. What it gives is on this machine, and not checked."""

    def current(self) -> Path | None:
        """Where the release that is to be used lies, None where there is none; raises `NotHereError` where it cannot be
        had, `UnreachableError` where the place does not answer."""

    def names(self) -> tuple[str, ...]:
        """Names of all releases, the newest first; each begins with the time of its publication."""

    def folder(self, name: str) -> Path:
        """Where a release of `names` lies; raises UserError where it cannot be had."""

    def listed(self, name: str) -> tuple[Path, Mapping[str, int]]:
        """A directory with the manifest of a release of `names` at least, and the sizes of its files in bytes."""


class Directory:
    """Releases in a directory."""

    def __init__(self, releases: Path) -> None:
        self._releases = releases

    def current(self) -> Path | None:
        """Where `current` leads to, also where nothing is."""
        link = self._releases / CURRENT
        try:
            return link.parent / link.readlink() if link.is_symlink() else link.resolve(strict=True)
        except OSError:
            return None

    def names(self) -> tuple[str, ...]:
        """Names of the releases of the directory."""
        try:
            # A publisher writes the next one aside, under a name that begins with a dot.
            folders = [
                path
                for path in self._releases.iterdir()
                if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
            ]
            return tuple(sorted((path.name for path in folders if (path / MANIFEST).is_file()), reverse=True))
        except OSError:
            return ()

    def folder(self, name: str) -> Path:
        """Where a release lies."""
        return self._releases / name

    def listed(self, name: str) -> tuple[Path, Mapping[str, int]]:
        """The release itself."""
        return self._releases / name, sizes_of(self._releases / name)


def sizes_of(folder: Path) -> dict[str, int]:
    """Sizes of the files of a release, in bytes; none where it cannot be read."""
    try:
        return {path.name: path.stat().st_size for path in folder.iterdir() if path.name not in (MANIFEST, SIGNATURE)}
    except OSError:
        return {}
