"""The layer contracts hold, and each of them fails on a planted violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]

PLANTED = {
    "The public side never reaches": ("data_access/reference/check.py", "import data_access.publishing.policy"),
    "The publishing half shares": ("data_access/publishing/build.py", "import data_access.serving.statistics"),
    "Only the gate can make": ("data_access/serving/statistics.py", "import data_access.serving.gate._seal"),
    "Pages see released figures only": ("dashboard/feeds.py", "import data_access.serving.cube"),
    "What is worked out of figures": ("data_access/serving/surges/rules.py", "import data_access.serving.cube.license"),
    "Data access knows nothing of pages": ("data_access/serving/answers/cells.py", "import dashboard.settings"),
    "A worker that serves pages never imports": ("data_access/serving/indicators.py", "import pandas"),
    "The judge shares no rule": (
        "data_access/publishing/disclosure/judge.py",
        "import data_access.publishing.disclosure.rules",
    ),
    "Whoever checks a certificate": (
        "data_access/publishing/disclosure/certificate.py",
        "import data_access.publishing.disclosure.program",
    ),
    "Ranges are worked out from a release": (
        "data_access/publishing/disclosure/ranges.py",
        "import data_access.publishing.disclosure.holdings",
    ),
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's modules and contracts, free to be broken."""
    for package in ("data_access", "dashboard"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_has_a_planted_violation() -> None:
    matched = [name for name in CONTRACTS if any(name.startswith(start) for start in PLANTED)]
    assert matched == CONTRACTS
    assert len(CONTRACTS) == len(PLANTED)


def test_the_project_keeps_its_contracts(tree: Path) -> None:
    result = lint(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("start", PLANTED)
def test_a_planted_violation_breaks_its_contract(tree: Path, start: str) -> None:
    file, line = PLANTED[start]
    with (tree / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    result = lint(tree)
    broken = [text for text in result.stdout.splitlines() if text.startswith(start) and "BROKEN" in text]
    assert result.returncode != 0
    assert broken, result.stdout
