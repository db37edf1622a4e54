"""A small release for the servers of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.sample import write_sample


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases with the sample in it."""
    releases = tmp_path_factory.mktemp("operation") / "releases"
    write_sample(releases)
    return releases
