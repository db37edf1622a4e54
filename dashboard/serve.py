"""Start the server process: check what it needs, tell where it will be, hand over to gunicorn."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dashboard.logs import configure
from dashboard.settings import Settings
from data_access.errors import UserError
from data_access.object_store import ObjectStore
from data_access.signing import read_verify_key

CONFIGURATION = Path(__file__).with_name("gunicorn_conf.py")
ROOT = Path(__file__).resolve().parent.parent
PROCESS = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""The environment of the process, unless it is told otherwise; read as it starts. Memory that is free again goes back
to the system, in the place of a store of each thread and one of Arrow's own: a third less for the workers. Libraries
start no threads for each core, which each worker would have besides those that answer."""
CURRENT, MAX_CURRENT = "current", 1024
_log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Replace this process by gunicorn over the releases of `settings`.

    Raises `UserError` when no release is there or the address cannot be listened on.
    """
    configure(settings.log)
    check_release(settings.releases, settings.cache)
    if settings.verify_key:
        read_verify_key(settings.verify_key)
    if not inherits_socket(os.environ):
        check_address(settings.host, settings.port)
    if settings.metrics_port:
        check_address(settings.host, settings.metrics_port, variable="AIM_METRICS_PORT")
        check_temporary()
    told = f"AIM Monitor: {address(settings)} (releases in {settings.releases}; stop with Ctrl+C)"
    if settings.log == "text":
        print(told, flush=True)  # noqa: T201 - to the person who started it
    else:
        _log.info(told)
    os.chdir(ROOT)
    os.execve(sys.executable, command(), environment(settings, os.environ))  # noqa: S606


def command() -> list[str]:
    """The words of the gunicorn command."""
    return [sys.executable, "-m", "gunicorn", "--config", str(CONFIGURATION), "app:server"]


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that carries `settings` over to gunicorn and its workers, paths made absolute."""
    return {
        **PROCESS,
        **environ,
        "AIM_RELEASES": settings.releases if isinstance(settings.releases, str) else str(settings.releases.absolute()),
        "AIM_HOST": settings.host,
        "AIM_PORT": str(settings.port),
        "AIM_WORKERS": str(settings.workers),
        "AIM_CONTACT": settings.contact,
        "AIM_BASE_URL": settings.base_url,
        "AIM_VERIFY_KEY": str(settings.verify_key.absolute()) if settings.verify_key else "",
        "AIM_CACHE": str(settings.cache.absolute()) if settings.cache else "",
        "AIM_TRUSTED_PROXIES": ",".join(map(str, settings.trusted_proxies)),
        "AIM_RATE": str(settings.rate),
        "AIM_METRICS_PORT": str(settings.metrics_port or ""),
        "AIM_LOG": settings.log,
    }


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the monitor."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}/"


def check_release(releases: Path | str, cache: Path | None = None) -> None:
    """Raise `UserError` unless a release is current in that directory or object storage.

    Where the storage does not answer, what an earlier run left in `cache` is served until it does.
    """
    if isinstance(releases, str):
        try:
            ObjectStore.at(releases).read(CURRENT, most=MAX_CURRENT)
        except FileNotFoundError:
            raise UserError(
                f"{releases}: expected a current release, found none; 'aim-monitor upload DIRECTORY {releases}' puts "
                "the releases of a directory there"
            ) from None
        except UserError as error:
            if cache is None or not cache.is_dir() or not any(cache.iterdir()):
                raise
            _log.warning("%s; releases fetched before are served until it answers", error)
        return
    if not (releases / "current" / "manifest.json").is_file():
        raise UserError(
            f"{releases}: expected a current release, found none.\n"
            "  Make one with synthetic data:\n"
            "    aim-monitor demo --out demo\n"
            "    aim-monitor publish --public demo/public --licenses demo/licenses-<date>.parquet "
            f"--policy demo/policy.toml --state state --out {releases}\n"
            "  or from the Census API: aim-monitor census --help. AIM_RELEASES names another directory."
        )


def inherits_socket(environ: Mapping[str, str]) -> bool:
    """Whether systemd hands over a socket that listens already, as `aim-monitor.socket` does."""
    return environ.get("LISTEN_PID") == str(os.getpid())


def check_temporary() -> None:
    """Raise `UserError` when there is no place for the files in which workers count."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise UserError(f"metrics need a directory for temporary files: {error}. TMPDIR names one.") from None


def check_address(host: str, port: int, *, variable: str = "AIM_PORT") -> None:
    """Raise `UserError` when nothing can listen on that address now; `variable` is the setting that tells the port."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        raise UserError(
            f"{host}:{port}: cannot listen there ({error.strerror or error}). "
            f"{variable} and AIM_HOST name another address, for example: {variable}={port + 1} aim-monitor serve"
        ) from None
