"""The application over the sample release, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.settings import Settings
from dashboard.shell import MonitorDash
from data_access.serving.statistics import Statistics, open_statistics
from tests.dashboard.sample import write_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases with the sample in it."""
    releases = tmp_path_factory.mktemp("sample") / "releases"
    write_sample(releases)
    return releases


@pytest.fixture(scope="session")
def statistics(sample: Path) -> Statistics:
    """Answers from the sample."""
    return open_statistics(sample)


@pytest.fixture(scope="session")
def monitor_app(sample: Path) -> MonitorDash:
    """The application over the sample."""
    return create_app(Settings(releases=sample, rate=0))


@pytest.fixture
def client(monitor_app: MonitorDash) -> FlaskClient:
    """A client of the application."""
    client: FlaskClient = monitor_app.server.test_client()
    return client
