"""What README says of settings, commands and make words is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from dashboard.settings import SETTINGS
from data_access.cli import app
from data_access.contracts import Status

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", README, flags=re.MULTILINE)
    told = [(name, default.strip("`"), meaning) for name, default, meaning in rows if name.isupper()]
    assert told == [(setting.name, setting.default or "none", setting.meaning) for setting in SETTINGS]


def test_every_command_readme_uses_exists() -> None:
    command = typer.main.get_command(app)
    known = set(command.commands)  # type: ignore[attr-defined]
    used = set(re.findall(r"(?:\.venv/bin/aim-monitor|`aim-monitor) ([a-z]+)", README))
    assert used
    assert used <= known


def test_every_make_word_of_readme_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    used = set(re.findall(r"^make ([a-z]+)", README, flags=re.MULTILINE))
    assert {"run", "test", "check", "bench"} <= used <= targets


def test_every_status_of_a_cell_is_explained() -> None:
    for status in Status:
        assert f"| `{status}` |" in README


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README))
def test_every_link_into_the_project_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
