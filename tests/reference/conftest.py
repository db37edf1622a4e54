"""Fixtures of the tests of the reference tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data_access.reference import Countries, Products, Reference, load
from data_access.reference.tables import HERE


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load()


@pytest.fixture(scope="session")
def products(reference: Reference) -> Products:
    return reference.products


@pytest.fixture(scope="session")
def countries(reference: Reference) -> Countries:
    return reference.countries


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the tables, to plant errors in."""
    directory = tmp_path / "reference"
    directory.mkdir()
    for path in HERE.glob("*.csv"):
        shutil.copy(path, directory)
    return directory
