"""The version of the software, and its changelog."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flask import Flask, Response, abort

ROOT = Path(__file__).resolve().parent.parent
NAME = "aim-monitor"
CHANGELOG = "/changelog.txt"


def software_version() -> str:
    """The version installed, or that of the checkout where nothing is."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project["version"])


def add_changelog(server: Flask) -> None:
    """Add the route of the changelog as plain text."""

    @server.get(CHANGELOG)
    def changelog() -> Response:
        path = ROOT / "CHANGELOG.md"
        if not path.is_file():
            abort(404)
        return Response(path.read_text(encoding="utf-8"), content_type="text/plain; charset=utf-8")
