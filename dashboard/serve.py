"""Start the server process: check what it needs, tell where it will be, hand over to gunicorn."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from dashboard.settings import Settings
from data_access.errors import UserError

CONFIGURATION = Path(__file__).with_name("gunicorn_conf.py")
ROOT = Path(__file__).resolve().parent.parent


def serve(settings: Settings) -> None:
    """Replace this process by gunicorn over the releases of `settings`.

    Raises `UserError` when no release is there or the address cannot be listened on.
    """
    check_release(settings.releases)
    check_address(settings.host, settings.port)
    print(f"AIM Monitor: {address(settings)} (release directory {settings.releases}; stop with Ctrl+C)", flush=True)  # noqa: T201
    os.chdir(ROOT)
    os.execve(sys.executable, command(), environment(settings, os.environ))  # noqa: S606


def command() -> list[str]:
    """The words of the gunicorn command."""
    return [sys.executable, "-m", "gunicorn", "--config", str(CONFIGURATION), "app:server"]


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that carries `settings` over to gunicorn and its workers, paths made absolute."""
    return {
        **environ,
        "AIM_RELEASES": str(settings.releases.absolute()),
        "AIM_HOST": settings.host,
        "AIM_PORT": str(settings.port),
        "AIM_WORKERS": str(settings.workers),
        "AIM_CONTACT": settings.contact,
        "AIM_BASE_URL": settings.base_url,
    }


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the monitor."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}/"


def check_release(releases: Path) -> None:
    """Raise `UserError` unless a release is current in that directory."""
    if not (releases / "current" / "manifest.json").is_file():
        raise UserError(
            f"{releases}: expected a current release, found none.\n"
            "  Make one with synthetic data:\n"
            "    aim-monitor demo --out demo\n"
            "    aim-monitor publish --public demo/public --licenses demo/licenses-<date>.parquet "
            f"--policy demo/policy.toml --state state --out {releases}\n"
            "  or from the Census API: aim-monitor census --help. AIM_RELEASES names another directory."
        )


def check_address(host: str, port: int) -> None:
    """Raise `UserError` when nothing can listen on that address now."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        raise UserError(
            f"{host}:{port}: cannot listen there ({error.strerror or error}). "
            "AIM_PORT and AIM_HOST name another address, for example: AIM_PORT=8051 aim-monitor serve"
        ) from None
