"""The examples for containers and systemd hold together, and name only what there is."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from dashboard.serve import ROOT
from dashboard.settings import SETTINGS, Settings
from data_access.cli import app

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("aim-*"))
PROGRAM = "/opt/aim-monitor/.venv/bin/aim-monitor"
CONTAINERFILE = (ROOT / "Containerfile").read_text()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file."""
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return told


def _lines(unit: Path) -> list[str]:
    """The lines of a unit, continued ones joined."""
    return unit.read_text().replace("\\\n", " ").splitlines()


def test_examples_name_settings_of_the_server_alone() -> None:
    own = {setting.name for setting in SETTINGS} | {"AIM_HOSTNAME", "AIM_CERTIFICATES"}  # the last two are compose's
    for path in (*UNITS, DEPLOY / "compose.yaml", DEPLOY / "nginx.conf", ROOT / "Containerfile"):
        assert set(re.findall(r"\bAIM_[A-Z_]+", path.read_text())) <= own, path.name


def test_settings_of_the_examples_are_accepted(compose: dict[str, Any]) -> None:
    given = {name: value.split("${")[0] + "aim.example.gov" if "${" in value else value for name, value in
             compose["services"]["monitor-a"]["environment"].items()}  # fmt: skip
    assert Settings.from_env(given).metrics_port == 9090
    words = [word for line in _lines(DEPLOY / "aim-monitor.service") if line.startswith("Environment=")
             for word in line.removeprefix("Environment=").split()]  # fmt: skip
    assert Settings.from_env(dict(word.split("=", 1) for word in words)).trusted_proxies


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_commands_of_units_exist_with_their_options(unit: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in _lines(unit):
        if PROGRAM not in line:
            continue
        words = shlex.split(line.partition(PROGRAM)[2].rstrip("'"))
        known = {
            option for parameter in commands[words[0]].params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in words if word.startswith("--")} <= known


def test_units_are_such_as_systemd_takes(tmp_path: Path) -> None:
    program = Path(sys.prefix) / "bin" / "aim-monitor"
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, str(program)))
    if shutil.which("systemd-analyze"):
        every = [str(tmp_path / unit.name) for unit in UNITS]
        done = subprocess.run(["systemd-analyze", "verify", *every], capture_output=True, text=True, check=False)
        about_ours = [line for line in done.stderr.splitlines() if "aim-" in line]
        assert (done.returncode, about_ours) == (0, [])
    for unit in UNITS:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=False, delimiters="=")
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string("\n".join(_lines(unit)))
        assert "Unit" in parser.sections()


def test_the_public_side_may_do_little() -> None:
    text = (DEPLOY / "aim-monitor.service").read_text()
    for line in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
                 "CapabilityBoundingSet=", "MemoryMax=1G"):  # fmt: skip
        assert line in text.splitlines()
    assert "licenses" not in text
    assert "state" not in text


def test_each_container_is_locked(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["tmpfs"], name
        assert service["mem_limit"], name
        for volume in service["volumes"]:
            assert volume["read_only"] is True, name
    assert [name for name, service in compose["services"].items() if service.get("ports")] == ["nginx"]


def test_the_cache_fits_into_its_disk_in_memory_and_that_into_the_memory_of_the_container(
    compose: dict[str, Any],
) -> None:
    kept = re.search(r"max_size=(\d+)m", (DEPLOY / "nginx.conf").read_text())
    disk = re.search(r":size=(\d+)m", compose["services"]["nginx"]["tmpfs"][0])
    assert kept
    assert disk
    memory = int(compose["services"]["nginx"]["mem_limit"].removesuffix("m"))
    assert 2 * int(kept[1]) <= int(disk[1])
    assert 2 * int(disk[1]) <= memory


def test_the_proxy_that_is_believed_is_nginx_and_the_servers_are_those_it_asks(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("monitor-a", "monitor-b"):
        own = services[name]
        assert own["environment"]["AIM_TRUSTED_PROXIES"] == services["nginx"]["networks"]["inner"]["ipv4_address"]
        assert f"server {name}:8050" in (DEPLOY / "nginx.conf").read_text()
    assert compose["networks"]["inner"]["internal"] is True


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    last = CONTAINERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER (?!0\b|root\b)\d+$", last, flags=re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "/healthz" in last
    assert "AIM_HOST=0.0.0.0" in last


def test_what_the_image_takes_is_there_and_holds_nothing_of_the_staff_side() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, flags=re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"data_access/publishing", "state", "licenses-*", "policy*.toml", "decisions*.csv"} <= set(ignored)
