"""Statistics over tiny releases, and over real figures where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from release_builder import real_release, write_release
from small_release import Ask, Build, small_licenses, small_public

from data_access.serving.statistics import Statistics, open_statistics


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A directory with one small release, public and license data."""
    write_release(tmp_path, small_public(), small_licenses(), not_yet=("2026-03",))
    return tmp_path


@pytest.fixture
def statistics(releases: Path) -> Statistics:
    """Statistics over that release."""
    return open_statistics(releases)


@pytest.fixture
def ask(statistics: Statistics) -> Ask:
    """Ask the small release a query."""
    return lambda query: statistics.series(statistics.parse(query))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Ask a release made of the rows given."""

    def ask_release(public: list[dict[str, Any]], licenses: list[dict[str, Any]] | None = None, **more: Any) -> Ask:
        write_release(tmp_path / "own", public, licenses, **more)
        statistics = open_statistics(tmp_path / "own")
        return lambda query: statistics.series(statistics.parse(query))

    return ask_release


@pytest.fixture(scope="session")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ask]:
    """Ask releases of real figures, by the name of their file."""
    opened: dict[str, Statistics] = {}

    def ask_file(name: str) -> Ask:
        if name not in opened:
            directory = tmp_path_factory.mktemp("real")
            real_release(directory, shared / "data" / "census" / f"{name}.csv")
            opened[name] = open_statistics(directory)
        statistics = opened[name]
        return lambda query: statistics.series(statistics.parse(query))

    return ask_file
