"""A real server with two workers under load: what it logs and counts, and what befalls it, from a killed worker to its
end. The tests share the server and stand in the order of its life."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.settings import Settings
from tests.loopback import free_port
from tests.operation.servers import Server, get, is_running, running, start, visited, wait_until

A_WHILE = 0.5
"""Seconds of load before and after."""
ELSEWHERE = "127.0.0.77"
"""An address of this machine that only these tests ask from."""


@pytest.fixture(scope="module")
def server(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server."""
    settings = Settings(releases=releases, port=free_port(), metrics_port=free_port(), rate=0)
    with running(tmp_path_factory.mktemp("server"), settings) as server:
        yield server


def metrics(server: Server) -> dict[str, float]:
    """The metrics of a server, by name with labels."""
    text = get(server.settings.metrics_port or 0, "/metrics")[1].decode()
    return {name: float(value) for name, value in re.findall(r"^([a-z].*) (\S+)$", text, flags=re.MULTILINE)}


def test_the_log_is_one_object_a_line_and_tells_nothing_of_who_asked(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.port, source_address=(ELSEWHERE, 0))
    headers = {"User-Agent": "curious-agent", "Referer": "http://from.example/", "Authorization": "Basic dXNlcjpwdw=="}
    connection.request("GET", "/no%0a%7b%22level%22:%22forged%22%7d?curious-query", headers=headers)
    assert connection.getresponse().read()
    connection.close()
    with socket.create_connection(("127.0.0.1", server.settings.port), source_address=(ELSEWHERE, 0)) as raw:
        raw.sendall(b"GET /?curious-query HTTP/9\r\nHost: curious\r\n\r\n")
        raw.recv(1000)
    line = wait_until(
        lambda: next((one for one in server.lines() if "forged" in one.get("path", "")), None), "its line"
    )
    assert (line["method"], line["path"], line["status"]) == ("GET", '/no\n{"level":"forged"}', 404)
    assert line["level"] == "info"
    assert line["bytes"] > 0
    assert 0 < line["ms"] < 60_000
    assert line["release"] == server_release(server)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    text = server.log.read_text()
    assert all(one.startswith("{") for one in text.splitlines())
    for told in (ELSEWHERE, "curious", "from.example", "dXNlcjpwdw"):
        assert told not in text


def server_release(server: Server) -> str:
    """The release that the server says it has."""
    import json

    return str(json.loads(server.get("/readyz")[1])["release"])


def test_metrics_add_up_what_all_workers_answered(server: Server) -> None:
    before = metrics(server)
    paths = ["/", "/api/v1/products", "/api/v1/picture.svg", "/api/v1/tables/public.parquet", "/healthz", "/nothing"]
    for path in paths * 4:
        server.get(path)

    def counted() -> dict[str, float] | None:
        now = metrics(server)
        grown = {name: value - before.get(name, 0.0) for name, value in now.items()}
        return (
            grown if sum(grown[f'aim_requests_total{{kind="{kind}",status="2xx"}}'] for kind in kinds) >= 20 else None
        )

    kinds = ("page", "api", "picture", "file", "health")
    grown = wait_until(counted, "metrics of what was asked")
    for kind in kinds:
        assert grown[f'aim_requests_total{{kind="{kind}",status="2xx"}}'] == 4
        assert grown[f'aim_request_seconds_count{{kind="{kind}"}}'] == 4
        assert grown[f'aim_request_seconds_bucket{{kind="{kind}",le="+Inf"}}'] == 4
    assert grown['aim_requests_total{kind="other",status="4xx"}'] == 4


def test_metrics_tell_the_state_of_the_release(server: Server) -> None:
    told = wait_until(lambda: (now := metrics(server)).get("aim_release_workers") == 2.0 and now, "notes of workers")
    assert told[f'aim_release_info{{id="{server_release(server)}"}}'] == 1
    assert told["aim_release_problem"] == 0
    assert told["aim_release_reload_failures_total"] == 0
    assert told['aim_release_withheld_cells{table="origin"}'] > 0
    published = told["aim_release_published_timestamp_seconds"]
    assert told["aim_release_age_seconds"] == pytest.approx(max(0.0, time.time() - published), abs=60)


def test_no_label_of_a_metric_holds_what_a_visitor_chose(server: Server) -> None:
    for path in ("/curious-path", "/api/v1/curious-path", "/assets/curious-path?curious-query"):
        server.get(path)
    assert not [name for name in metrics(server) if "curious" in name]


def test_metrics_are_not_on_the_public_port(server: Server) -> None:
    assert server.get("/metrics")[0] == 404


def test_a_killed_worker_fails_no_more_than_it_had_in_hand_and_is_replaced(server: Server) -> None:
    clients = 4  # as many as one worker lets in at once where all ask what is costly
    before = metrics(server)
    with visited(server.settings.port, clients=clients) as visits:
        time.sleep(A_WHILE)
        killed, other = server.workers()
        os.kill(killed, signal.SIGKILL)
        answered = len(visits.answered)
        wait_until(lambda: len(visits.answered) > answered + 20, "answers of the other worker")
        (new,) = wait_until(lambda: [one for one in server.workers() if one not in (killed, other)], "the next worker")
        time.sleep(A_WHILE)
    # A client has one request or one connection open, and the next one it makes goes to another worker.
    assert len(visits.failed) <= clients
    assert set(visits.answered) == {200}
    assert sorted(server.workers()) == sorted([other, new])
    after = metrics(server)
    assert after["aim_workers_started_total"] == before["aim_workers_started_total"] + 1
    for name, value in before.items():  # what the killed worker counted is not lost
        if name.endswith(("_total", "_count")):
            assert after[name] >= value, name


def test_a_restart_by_usr2_and_term_fails_no_request(server: Server) -> None:
    (old,) = server.masters()
    workers = server.workers()
    with visited(server.settings.port) as visits:
        time.sleep(A_WHILE)
        os.kill(old, signal.SIGUSR2)
        (new,) = wait_until(lambda: [one for one in server.masters() if one != old], "the next master")
        wait_until(lambda: len(server.workers()) == 4, "workers of the next master")
        os.kill(old, signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
        time.sleep(A_WHILE)
    assert visits.failed == []
    assert set(visits.answered) == {200}
    assert server.masters() == [new]
    assert not set(workers) & set(server.workers())
    told = wait_until(lambda: _metrics_or_none(server), "metrics of the next master")
    assert told["aim_workers_started_total"] == 2


def _metrics_or_none(server: Server) -> dict[str, float] | None:
    try:
        return metrics(server)
    except OSError:
        return None


def test_what_was_asked_before_a_stop_is_answered(server: Server) -> None:
    (master,) = server.masters()
    workers = server.workers()
    kept = http.client.HTTPConnection("127.0.0.1", server.settings.port, timeout=10)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read()
    with visited(server.settings.port, paths=["/api/v1/series?by=country&format=xlsx"]) as visits:
        time.sleep(A_WHILE)
        stop = time.monotonic()
        os.kill(master, signal.SIGTERM)
        time.sleep(0.2)
        # A client may have sent its next request before it can know of the stop.
        kept.request("GET", "/healthz")
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (200, "close")
        kept.close()
        wait_until(lambda: not is_running(master), "the end of the server")
    # What comes after the stop finds nobody; what came before was answered, also what was in the making.
    assert [error for asked, error in visits.failed if asked < stop] == []
    assert set(visits.answered) == {200}
    assert not any(map(is_running, workers))


def test_a_restart_over_a_socket_that_systemd_holds_fails_no_request(releases: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as held:
        settings = Settings(releases=releases, port=held.getsockname()[1], rate=0, workers=1)
        # As systemd does: the socket is file 3, and LISTEN_PID is the process that becomes the server.
        as_systemd = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
            "os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}; os.execv(sys.argv[2], sys.argv[2:])"
        )
        prefix, handed = (sys.executable, "-c", as_systemd, str(held.fileno())), [held.fileno()]
        servers = [start(tmp_path, settings, prefix=prefix, pass_fds=handed)]
        try:
            servers[0].wait()
            with visited(settings.port) as visits:
                time.sleep(A_WHILE)
                servers[0].end()
                servers.append(start(tmp_path, settings, prefix=prefix, pass_fds=handed))
                wait_until(servers[1].workers, "workers of the next server")
                time.sleep(A_WHILE)
            assert visits.failed == []
            assert set(visits.answered) == {200}
        finally:
            for server in servers:
                server.end()
