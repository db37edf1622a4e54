"""Scripts, style sheets and images of the site, of Dash and of Plotly under addresses that hold a fingerprint.

`/static/<fingerprint>/<name>` is good for a year: what changes gets another address, and an address that is not of
what there is now does not exist. `python -m dashboard.statics` (part of `make setup`) compresses each once as far as
it goes, into `assets/built`, by the hash of its content; what has no copy there is compressed less at its first use.
Plotly is the bundle of `dashboard/bundle` where that was built, else the full one of the Python package.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import brotli
from dash import _dash_renderer
from flask import Flask, Response, abort, request

from dashboard.compression import CODINGS, coding_of, encoded

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUILT = "built"
"""Folder below the assets for what set-up makes: Plotly's bundle and compressed copies; not in the repository."""
BUNDLE = "plotly.js"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml; charset=utf-8",
}
DASH = {
    "dash/react.js": "deps/react@",
    "dash/react-dom.js": "deps/react-dom@",
    "dash/prop-types.js": "deps/prop-types@",
    "dash/renderer.js": "dash-renderer/build/dash_renderer",
}
"""Scripts of Dash by our name: how their path in its package begins."""
JOINED = {
    "site.css": ("tokens.css", "layout.css", "pages.css", "map.css", "metal.css", "surges.css"),
    "dash.js": tuple(DASH),
    "site.js": ("monitor.js", "filters.js", "reader.js", "picture.js", "boot.js"),
}
"""Files in one, in this order, for fewer requests."""
STATICS = "statics"
"""Where the application keeps them, among its extensions."""
SUFFIXES = {"br": ".br", "gzip": ".gz"}
YEAR = 31_536_000  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: its name, its content and where compressed copies of it may be."""

    name: str
    body: bytes
    digest: str
    copies: Path
    _encoded: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """What its address holds: the beginning of the SHA-256 of its content."""
        return self.digest[:12]

    @property
    def address(self) -> str:
        """Where it is served."""
        return f"/static/{self.fingerprint}/{self.name}"

    def copy(self, coding: str) -> Path:
        """The compressed copy; by its content, so that it is never that of another."""
        return self.copies / f"{self.digest}{SUFFIXES[coding]}"

    def encoded(self, coding: str) -> bytes:
        """The content in a coding, from its copy where that is there and whole."""
        if coding not in self._encoded:
            self._encoded[coding] = self._copied(coding) or encoded(self.body, coding)
        return self._encoded[coding]

    def _copied(self, coding: str) -> bytes | None:
        try:
            found = self.copy(coding).read_bytes()
            plain = brotli.decompress(found) if coding == "br" else gzip.decompress(found)
        except (OSError, EOFError, zlib.error, brotli.error):
            return None
        return found if plain == self.body else None


class Statics:
    """All files that pages load, as they are when it is made."""

    def __init__(self, assets: Path = ASSETS) -> None:
        """Read the files. Raises `FileNotFoundError` when the installed Dash or Plotly lacks one."""
        copies = assets / BUILT
        bodies = {name: path.read_bytes() for name, path in _paths(assets).items()}
        for name, parts in JOINED.items():
            if all(part in bodies for part in parts):
                bodies[name] = _joined([bodies[part] for part in parts], script=name.endswith(".js"))
        self.files: Mapping[str, StaticFile] = {
            name: StaticFile(name, body, hashlib.sha256(body).hexdigest(), copies) for name, body in bodies.items()
        }
        self.folder = copies
        self.full_plotly = not (copies / BUNDLE).is_file()

    def url(self, name: str) -> str:
        """The address of a file; raises `KeyError` for one that is not there."""
        return self.files[name].address

    def find(self, fingerprint: str, name: str) -> StaticFile | None:
        """The file of an address, or None."""
        file = self.files.get(name)
        return file if file and file.fingerprint == fingerprint else None

    def prepare(self) -> None:
        """Have all compressed contents in memory, for workers to share."""
        for file in self.files.values():
            for coding in CODINGS:
                file.encoded(coding)


@cache
def installed() -> Statics:
    """The files of this installation, read once."""
    return Statics()


def _paths(assets: Path) -> dict[str, Path]:
    found = {
        name: path
        for path in sorted(assets.rglob("*"))
        if path.suffix in TYPES and not (name := path.relative_to(assets).as_posix()).startswith(f"{BUILT}/")
    }
    return found | _dash_paths() | {BUNDLE: _plotly_path(assets / BUILT)}


def _dash_paths() -> dict[str, Path]:
    """Dash's scripts, those of the versions that it would use by itself."""
    package = Path(_dash_renderer.__file__).parent
    libraries: Any = _dash_renderer._js_dist_dependencies
    renderer: Any = _dash_renderer._js_dist
    listed = [
        *libraries[0]["relative_package_path"]["prod"],
        *(one["relative_package_path"] for one in renderer if not one.get("dynamic")),
    ]
    found = {}
    for name, start in DASH.items():
        path = next((package / one for one in listed if one.startswith(start) and one.endswith(".js")), None)
        if path is None or not path.is_file():
            raise FileNotFoundError(f"{name}: the installed Dash has no script {package}/{start}….js")
        found[name] = path
    return found


def _plotly_path(built: Path) -> Path:
    if (built / BUNDLE).is_file():
        return built / BUNDLE
    package = find_spec("plotly")
    path = Path(package.origin).with_name("package_data") / "plotly.min.js" if package and package.origin else None
    if path is None or not path.is_file():
        raise FileNotFoundError(f"{BUNDLE}: neither a bundle in {built} nor the one of the installed plotly")
    return path


def _joined(parts: list[bytes], *, script: bool) -> bytes:
    """Files one after the other; a script may end without a semicolon or in a comment."""
    return b"".join(part + (b"\n;\n" if script else b"\n") for part in parts)


def add_statics(server: Flask, statics: Statics) -> None:
    """Serve the files at their addresses."""
    if statics.full_plotly:
        _log.warning(
            "Plotly's full bundle is served, four times as large as our own, which `make setup` builds with npm"
        )
    server.extensions[STATICS] = statics

    def static_file(fingerprint: str, name: str) -> Response:
        file = statics.find(fingerprint, name)
        return _answer(file) if file else abort(404)

    server.add_url_rule("/static/<fingerprint>/<path:name>", view_func=static_file)


def _answer(file: StaticFile) -> Response:
    coding = coding_of(request.headers.get("Accept-Encoding", ""))
    response = Response(file.encoded(coding) if coding else file.body, content_type=TYPES[Path(file.name).suffix])
    if coding:
        response.headers["Content-Encoding"] = coding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.set_etag(f"{file.fingerprint}-{coding or 'plain'}")
    response.make_conditional(request)
    return response


def compress(statics: Statics) -> list[Path]:
    """Write the copies that are missing, as small as they get, and remove those of files that are no more."""
    statics.folder.mkdir(exist_ok=True)
    wanted = {file.copy(coding): (file, coding) for file in statics.files.values() for coding in CODINGS}
    for path in statics.folder.iterdir():
        if path.suffix in SUFFIXES.values() and path not in wanted:
            path.unlink()
    written = []
    for path, (file, coding) in wanted.items():
        if path.is_file():
            continue
        whole = path.with_suffix(f"{path.suffix}.part")
        whole.write_bytes(encoded(file.body, coding, quality=11, level=9))
        whole.replace(path)
        written.append(path)
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{len(compress(Statics()))} compressed copies written to {ASSETS / BUILT}\n")
