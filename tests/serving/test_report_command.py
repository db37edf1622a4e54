"""The command `report`: what it writes, prints and ends with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def report(*arguments: str, releases: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data_access.cli", "report", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "AIM_RELEASES": str(releases)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_writes_the_newest_whole_license_month_unless_told(releases: Path, tmp_path: Path) -> None:
    told = report("--out", str(tmp_path / "new" / "report.xlsx"), releases=releases)
    assert told.returncode == 0, told.stderr
    assert "license month 2026-02 against the mean of Nov 2025 to Jan 2026" in told.stdout
    assert (tmp_path / "new" / "report.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--month", "2026-03"), 1, "whole ones: 2025-12 to 2026-02"),
        (("--month", "March"), 2, "expected a month as YYYY-MM"),
        (("--against", "census"), 2, "expected public or license"),
        (("--out", "report.csv"), 2, "ends in .xlsx"),
    ],
)
def test_what_it_cannot_do_it_says(
    releases: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    told = report("--out", str(tmp_path / "report.xlsx"), *arguments, releases=releases)
    assert told.returncode == code
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_it_needs_a_release(tmp_path: Path) -> None:
    told = report("--out", str(tmp_path / "report.xlsx"), releases=tmp_path / "nowhere")
    assert told.returncode == 1
    assert "publish one" in told.stderr


def test_its_help_names_its_options(tmp_path: Path) -> None:
    told = report("--help", releases=tmp_path)
    assert told.returncode == 0
    assert all(name in told.stdout for name in ("--month", "--out", "--releases", "--against", "--base-url"))


def test_it_never_loads_the_half_that_holds_records(releases: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from data_access.cli import app; "
        f"app(['report', '--out', {str(tmp_path / 'r.xlsx')!r}], standalone_mode=False); "
        "print([name for name in sys.modules if name.startswith(('data_access.publishing', 'pandas', 'dashboard'))])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "AIM_RELEASES": str(releases)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[-1] == "[]"
