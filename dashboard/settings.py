"""Settings of the server, read once from the environment; `SETTINGS` is the one list that README repeats."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from data_access.errors import UserError, all_at_once
from data_access.object_store import ObjectStore, is_object_store

MAX_PORT = 65535
MAX_WORKERS = 64
MAX_RATE = 100_000
LOGS = ("json", "text")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, the default as a person would write it, and what it does."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("AIM_RELEASES", "./releases", "directory of releases, with its link `current`, or `s3://bucket/prefix`"),
    Setting("AIM_HOST", "127.0.0.1", "address to listen on"),
    Setting("AIM_PORT", "8050", "port to listen on"),
    Setting("AIM_WORKERS", "2", f"worker processes, 1 to {MAX_WORKERS}"),
    Setting("AIM_CONTACT", "", "mail or web address for comments on a view; none: no such link"),
    Setting(
        "AIM_BASE_URL",
        "",
        "address under which the public reaches the site, for links in files and feeds; none: as asked",
    ),
    Setting(
        "AIM_VERIFY_KEY", "", "file of the Ed25519 public key (PEM) that releases must be signed for; none: not asked"
    ),
    Setting("AIM_CACHE", "", "directory for releases fetched from object storage; none: a temporary one"),
    Setting(
        "AIM_TRUSTED_PROXIES",
        "",
        "addresses or networks of proxies whose X-Forwarded headers are believed, separated by commas; none: nobody's",
    ),
    Setting(
        "AIM_RATE",
        "240",
        f"requests a minute that one client may send to API and files, in each worker, 1 to {MAX_RATE}; 0: no limit",
    ),
    Setting("AIM_METRICS_PORT", "", "port of the metrics for Prometheus, on AIM_HOST; none: no metrics"),
    Setting("AIM_LOG", "json", "how log lines are written: json or text"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server needs to know; made by `from_env`, or directly in tests."""

    releases: Path | str = Path("releases")
    """A directory, or the address of object storage."""
    host: str = "127.0.0.1"
    port: int = 8050
    workers: int = 2
    contact: str = ""
    base_url: str = ""
    verify_key: Path | None = None
    cache: Path | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    rate: int = 240
    """Requests a minute of one client; 0 for no limit."""
    metrics_port: int | None = None
    log: str = "json"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings of this environment; an empty value counts as not set.

        Raises `UserError` with all bad values at once.
        """
        given = os.environ if environ is None else environ
        text = {setting.name: given.get(setting.name) or setting.default for setting in SETTINGS}
        problems: list[str] = []
        settings = cls(
            releases=_releases(text["AIM_RELEASES"], problems=problems),
            host=text["AIM_HOST"],
            port=_number(text, "AIM_PORT", low=1, high=MAX_PORT, problems=problems),
            workers=_number(text, "AIM_WORKERS", low=1, high=MAX_WORKERS, problems=problems),
            contact=_contact(text["AIM_CONTACT"], problems=problems),
            base_url=_base_url(text["AIM_BASE_URL"], problems=problems),
            verify_key=Path(text["AIM_VERIFY_KEY"]) if text["AIM_VERIFY_KEY"] else None,
            cache=Path(text["AIM_CACHE"]) if text["AIM_CACHE"] else None,
            trusted_proxies=_networks(text["AIM_TRUSTED_PROXIES"], problems=problems),
            rate=_number(text, "AIM_RATE", low=0, high=MAX_RATE, problems=problems),
            metrics_port=_number(text, "AIM_METRICS_PORT", low=1, high=MAX_PORT, problems=problems)
            if text["AIM_METRICS_PORT"]
            else None,
            log=_one_of(text, "AIM_LOG", LOGS, problems=problems),
        )
        if settings.metrics_port == settings.port:
            problems.append(f"AIM_METRICS_PORT: expected another port than AIM_PORT, found {settings.port} for both")
        if problems:
            raise all_at_once("These settings of the environment cannot be used:", problems, exit_code=2)
        return settings


def _releases(value: str, *, problems: list[str]) -> Path | str:
    if not is_object_store(value):
        return Path(value)
    try:
        ObjectStore.at(value)
    except UserError as error:
        problems.append(f"AIM_RELEASES: {str(error).removeprefix('object storage: ')}")
    return value


def _number(text: Mapping[str, str], name: str, *, low: int, high: int, problems: list[str]) -> int:
    value = text[name]
    if value.isascii() and value.isdigit() and low <= int(value) <= high:
        return int(value)
    problems.append(f"{name}: expected a whole number from {low} to {high}, found {value!r}")
    return low


def _one_of(text: Mapping[str, str], name: str, allowed: Sequence[str], *, problems: list[str]) -> str:
    if text[name] not in allowed:
        problems.append(f"{name}: expected {' or '.join(allowed)}, found {text[name]!r}")
    return text[name]


def _networks(value: str, *, problems: list[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for one in filter(None, (part.strip() for part in value.split(","))):
        try:
            found.append(ip_network(one))
        except ValueError:
            problems.append(
                f"AIM_TRUSTED_PROXIES: expected addresses or networks as 10.0.0.5 or 10.0.0.0/24, found {one!r}"
            )
    return tuple(found)


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
