"""Settings of the server, read once from the environment; `SETTINGS` is the one list that README repeats."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data_access.errors import all_at_once

MAX_PORT = 65535
MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, the default as a person would write it, and what it does."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("AIM_RELEASES", "./releases", "directory of releases, with its link `current`"),
    Setting("AIM_HOST", "127.0.0.1", "address to listen on"),
    Setting("AIM_PORT", "8050", "port to listen on"),
    Setting("AIM_WORKERS", "2", f"worker processes, 1 to {MAX_WORKERS}"),
    Setting("AIM_CONTACT", "", "mail or web address for comments on a view; none: no such link"),
    Setting(
        "AIM_BASE_URL",
        "",
        "address under which the public reaches the site, for links in files and feeds; none: as asked",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server needs to know; made by `from_env`, or directly in tests."""

    releases: Path = Path("releases")
    host: str = "127.0.0.1"
    port: int = 8050
    workers: int = 2
    contact: str = ""
    base_url: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings of this environment; an empty value counts as not set.

        Raises `UserError` with all bad values at once.
        """
        given = os.environ if environ is None else environ
        text = {setting.name: given.get(setting.name) or setting.default for setting in SETTINGS}
        problems: list[str] = []
        settings = cls(
            releases=Path(text["AIM_RELEASES"]),
            host=text["AIM_HOST"],
            port=_number(text, "AIM_PORT", low=1, high=MAX_PORT, problems=problems),
            workers=_number(text, "AIM_WORKERS", low=1, high=MAX_WORKERS, problems=problems),
            contact=_contact(text["AIM_CONTACT"], problems=problems),
            base_url=_base_url(text["AIM_BASE_URL"], problems=problems),
        )
        if problems:
            raise all_at_once("These settings of the environment cannot be used:", problems, exit_code=2)
        return settings


def _number(text: Mapping[str, str], name: str, *, low: int, high: int, problems: list[str]) -> int:
    value = text[name]
    if value.isascii() and value.isdigit() and low <= int(value) <= high:
        return int(value)
    problems.append(f"{name}: expected a whole number from {low} to {high}, found {value!r}")
    return low


def _contact(value: str, *, problems: list[str]) -> str:
    """A web address stays as it is, a mail address becomes a mailto link."""
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme in ("http", "https") and parts.netloc:
        return value
    address = parts.path if parts.scheme == "mailto" else value
    if address.count("@") == 1 and not any(sign in address for sign in " ?&<>\"'") and not address.startswith("@"):
        return f"mailto:{address}"
    problems.append(f"AIM_CONTACT: expected a mail address or a web address, found {value!r}")
    return ""


def _base_url(value: str, *, problems: list[str]) -> str:
    """Scheme and host, without a slash at the end: views and API lie at the root of their host."""
    if not value:
        return ""
    parts = urlsplit(value)
    if (
        parts.scheme in ("http", "https")
        and parts.netloc
        and not (parts.path.strip("/") or parts.query or parts.fragment)
    ):
        return f"{parts.scheme}://{parts.netloc}"
    problems.append(f"AIM_BASE_URL: expected a web address without a path, as https://aim.example.gov, found {value!r}")
    return ""
