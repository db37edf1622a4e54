"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure; what is timed is in `make bench`.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real figures beside the checkout; its tests skip where it is absent, and never in CI."""
    if (SHARED / "data").is_dir():
        return SHARED
    if os.environ.get("CI") == "true":
        pytest.fail("the folder of real figures beside the checkout is missing; CI must have it")
    pytest.skip("no folder of real figures (../shared) beside the checkout")
