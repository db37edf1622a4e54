"""A real server over a small release, and a real Chromium; a missing Chromium fails the tests, it never skips them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from dashboard.serve import ROOT, command, environment
from dashboard.settings import Settings
from tests.browser.visits import WATCH, Monitor
from tests.dashboard.sample import write_sample
from tests.loopback import free_port

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real server, gunicorn with the project's configuration, over the sample release."""
    folder = tmp_path_factory.mktemp("browser")
    write_sample(folder / "releases")
    settings = Settings(
        releases=folder / "releases", port=free_port(), workers=1, contact="mailto:aim@example.gov", rate=0
    )
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command(), cwd=ROOT, env=environment(settings, os.environ), stdout=sink, stderr=subprocess.STDOUT
        )
    base = f"http://127.0.0.1:{settings.port}"
    try:
        _wait_for(base, process, log)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, (shutil.which(name) for name in names)), None)
    if path is None:
        pytest.fail("expected Chromium for the browser tests, found none on PATH; run tests/browser/chromium.sh")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def monitor(server: str, browser: Browser) -> Iterator[Monitor]:
    """The running monitor; its pages share a cache, as a visitor's do."""
    context = browser.new_context(accept_downloads=True, locale="en-US", reduced_motion="reduce")
    context.add_init_script(WATCH)
    yield Monitor(server, context)
    context.close()


@pytest.fixture
def visit(monitor: Monitor) -> Iterator[Monitor]:
    """The monitor, whose pages are closed after the test."""
    yield monitor
    for page in monitor.context.pages:
        page.close()
