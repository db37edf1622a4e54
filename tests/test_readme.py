"""What README says of settings, commands and make words is what the code has."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from dashboard.logs import JsonFormatter
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


def test_every_metric_is_explained_and_no_other() -> None:
    script = (
        "from dashboard import metrics; every = metrics.Metrics(metrics.make_directory(), ['/']);"
        "from data_access.serving.health import Health;"
        "every.note(Health(release='r', published='2026-01-01', problem=None, reload_failures=0,"
        " withheld={'origin': 1}));"
        "print(*{sample.name for one in every.collect() for sample in one.samples})"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    known = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told.split()}
    rows = [row for row in README.splitlines() if row.startswith("| `aim_")]
    assert {name for row in rows for name in re.findall(r"`(aim_\w+)`", row.split(" | ")[0])} == known
    assert set(re.findall(r"\baim_\w+", README)) <= known


def test_every_field_of_a_log_line_is_explained() -> None:
    (text,) = re.findall(r"\*\*Logs\.\*\*(.*?)\n\n", README, flags=re.DOTALL)
    line = JsonFormatter().format(logging.LogRecord("x", logging.INFO, "", 1, "x", (), (None, None, None)))
    fields = {*json.loads(line), "exception", "method", "path", "status", "bytes", "ms", "release"}
    assert set(re.findall(r"`([a-z]+)`", text)) == fields


def test_every_status_of_a_cell_is_explained() -> None:
    for status in Status:
        assert f"| `{status}` |" in README


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README))
def test_every_link_into_the_project_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
