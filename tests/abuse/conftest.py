"""The application over the sample release, which withholds figures that its maker knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from dashboard.factory import create_app
from dashboard.settings import Settings
from tests.abuse.asking import Judge
from tests.abuse.withheld import Secrets, secrets
from tests.dashboard.sample import write_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of releases."""
    releases = tmp_path_factory.mktemp("abused") / "releases"
    write_sample(releases)
    return releases


@pytest.fixture(scope="session")
def app(sample: Path) -> Flask:
    """The application, without limits: one client asks everything."""
    server: Flask = create_app(Settings(releases=sample, rate=0)).server
    return server


@pytest.fixture(scope="session")
def withheld() -> Secrets:
    return secrets()


@pytest.fixture
def judge(withheld: Secrets, sample: Path) -> Judge:
    return Judge(withheld, folders=[sample])
