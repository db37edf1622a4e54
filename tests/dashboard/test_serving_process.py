"""Starting the server: it says where it is, or what is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from dashboard.logs import ACCESS_TEXT, OneLineLogger
from dashboard.serve import ROOT, address, check_address, check_release, command, environment
from dashboard.settings import Settings
from data_access.errors import UserError

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container listens on


def test_a_missing_release_is_told_with_the_commands_that_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"aim-monitor publish .* --out"):
        check_release(tmp_path)


def test_a_release_that_is_there_is_enough(sample: Path) -> None:
    check_release(sample)


def test_a_port_that_is_taken_is_told_by_number() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"127\.0\.0\.1:{port}: cannot listen there .*AIM_PORT"):
            check_address("127.0.0.1", port)
    check_address("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "told"),
    [("127.0.0.1", "http://127.0.0.1:8050/"), (EVERYWHERE, "http://127.0.0.1:8050/"), ("::1", "http://[::1]:8050/")],
)
def test_the_address_can_be_opened_on_this_machine(host: str, told: str) -> None:
    assert address(Settings(host=host)) == told


def test_the_command_loads_the_release_once_before_workers_fork(sample: Path) -> None:
    settings = Settings(releases=sample, port=18_050, workers=3)
    told = subprocess.run(
        [*command(), "--print-config"],
        cwd=ROOT,
        env=environment(settings, os.environ),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    config = dict(line.split("=", 1) for line in told.replace(" ", "").splitlines() if "=" in line)
    assert config["preload_app"] == "True"
    assert config["control_socket_disable"] == "True"
    assert config["worker_class"] == "gthread"
    assert config["forwarded_allow_ips"] == "[]"
    assert config["secure_scheme_headers"] == "{}"
    assert config["bind"] == "['127.0.0.1:18050']"
    assert config["workers"] == "3"
    assert not any(field in config["access_log_format"] for field in ("(h)", "(u)", "(a)", "(f)", "(q)", "(r)"))


def test_a_path_cannot_begin_a_line_of_the_access_log_of_its_own() -> None:
    logger = OneLineLogger(Config())
    environ = {
        "PATH_INFO": "/x\nGET /fake 200",
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/x",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    line = ACCESS_TEXT % logger.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    assert "\n" not in line
    assert "/x\\x0aGET /fake 200" in line


def test_a_serving_process_holds_neither_pandas_nor_scipy(sample: Path) -> None:
    script = (
        "import sys, app; c = app.server.test_client(); c.get('/'); c.get('/api/v1/series?format=xlsx');"
        "c.get('/api/v1/series?format=parquet'); print([n for n in ('pandas', 'scipy') if n in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "AIM_RELEASES": str(sample)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_memory_that_is_free_goes_back_unless_the_operator_says_otherwise() -> None:
    given = environment(Settings(), {"MALLOC_ARENA_MAX": "4"})
    assert (given["MALLOC_ARENA_MAX"], given["ARROW_DEFAULT_MEMORY_POOL"]) == ("4", "system")
