"""How much one client may ask: budgets by minute, what counts more, what is free, and costly answers at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard import limits
from dashboard.factory import create_app
from dashboard.limits import PAGES, WINDOW, Counts, Turns
from dashboard.settings import Settings

RATE = 20
ME, OTHER = "192.0.2.1", "192.0.2.2"


def made(sample: Path, rate: int = RATE) -> FlaskClient:
    client: FlaskClient = create_app(Settings(releases=sample, rate=rate)).server.test_client()
    return client


@pytest.fixture
def limited(sample: Path) -> FlaskClient:
    """A client of an application with a small budget that nobody has used."""
    return made(sample)


def statuses(client: FlaskClient, path: str, count: int, *, who: str = ME) -> list[int]:
    found = []
    for _ in range(count):
        with client.get(path, environ_base={"REMOTE_ADDR": who}) as answer:
            found.append(answer.status_code)
    return found


def test_a_client_has_so_many_requests_a_minute_and_the_next_is_told_when_to_come_again(limited: FlaskClient) -> None:
    assert statuses(limited, "/api/v1/releases", RATE) == [200] * RATE
    answer = limited.get("/api/v1/series", environ_base={"REMOTE_ADDR": ME})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW
    error = answer.get_json()["error"]
    assert set(error) == {"parameter", "given", "allowed", "message"}
    assert answer.headers["Retry-After"] in error["message"]
    assert answer.headers["Cache-Control"] == "no-cache"


def test_another_client_is_not_touched(limited: FlaskClient) -> None:
    statuses(limited, "/api/v1/releases", RATE + 1)
    assert statuses(limited, "/api/v1/releases", 1, who=OTHER) == [200]


def test_the_budget_comes_back_after_its_minute(limited: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(limited, "/api/v1/releases", RATE + 1)
    now = limits.monotonic()
    monkeypatch.setattr(limits, "monotonic", lambda: now + WINDOW + 1)
    assert statuses(limited, "/api/v1/releases", 1) == [200]


@pytest.mark.parametrize("path", ["/feeds/releases.atom", "/data.json", "/embed", "/api/nope"])
def test_all_paths_of_programs_share_one_budget(limited: FlaskClient, path: str) -> None:
    statuses(limited, path, RATE)
    assert statuses(limited, "/api/v1/releases", 1) == [429]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/series?product=foil&format=xlsx",
        "/api/v1/series?product=foil&format=parquet",
        "/api/v1/picture.png?product=foil&width=330&scale=1",
        "/api/v1/tables/public.parquet",
    ],
)
def test_costly_formats_count_for_several(limited: FlaskClient, path: str) -> None:
    assert statuses(limited, path, 3) == [200, 200, 429]


def test_the_smallest_budget_still_allows_one_costly_answer(sample: Path) -> None:
    assert statuses(made(sample, 1), "/api/v1/products?format=xlsx", 2) == [200, 429]


def test_pages_have_a_budget_of_their_own_and_a_page_says_that_it_is_used_up(limited: FlaskClient) -> None:
    statuses(limited, "/api/v1/releases", RATE + 1)
    assert statuses(limited, "/nope", RATE * PAGES) == [404] * (RATE * PAGES)
    answer = limited.get("/about", environ_base={"REMOTE_ADDR": ME})
    assert answer.status_code == 429
    assert "Too many requests from here" in answer.text
    assert answer.headers["Retry-After"]
    update = limited.post("/_dash-update-component", json={}, environ_base={"REMOTE_ADDR": ME})
    assert update.status_code == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/x/y.js"])
def test_health_checks_and_files_that_never_change_are_free(limited: FlaskClient, path: str) -> None:
    statuses(limited, "/nope", RATE * PAGES + 1)
    assert statuses(limited, path, 3).count(429) == 0


def test_neighbors_of_one_ipv6_network_count_as_one_client(limited: FlaskClient) -> None:
    for number in range(RATE):
        statuses(limited, "/api/v1/releases", 1, who=f"2001:db8:1:2::{number:x}")
    assert statuses(limited, "/api/v1/releases", 1, who="2001:db8:1:2:ffff::1") == [429]
    assert statuses(limited, "/api/v1/releases", 1, who="2001:db8:1:3::1") == [200]


def test_a_forged_address_does_not_give_a_budget_of_its_own(limited: FlaskClient) -> None:
    statuses(limited, "/api/v1/releases", RATE)
    forged = {"X-Forwarded-For": "203.0.113.77"}
    answer = limited.get("/api/v1/releases", headers=forged, environ_base={"REMOTE_ADDR": ME})
    assert answer.status_code == 429


def test_the_policy_is_told_with_each_answer_of_the_api(limited: FlaskClient) -> None:
    assert limited.get("/api/v1/releases").headers["RateLimit-Policy"] == f'"client";q={RATE};w={WINDOW}'
    assert "RateLimit-Policy" not in limited.get("/about").headers


def test_zero_turns_budgets_off(sample: Path) -> None:
    client = made(sample, 0)
    assert set(statuses(client, "/api/nope", 300)) == {404}
    assert "RateLimit-Policy" not in client.get("/api/v1/releases").headers


def test_clients_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CLIENTS", 10)
    counts = Counts()
    for number in range(100):
        counts.incr(f"k{number}", WINDOW)
    assert len(counts) == 10
    assert counts.get("k99") == 1
    assert counts.get("k0") == 0


def test_clients_are_forgotten_after_their_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts()
    for number in range(100):
        counts.incr(f"k{number}", WINDOW)
    now = limits.monotonic()
    monkeypatch.setattr(limits, "monotonic", lambda: now + WINDOW + 1)
    counts.incr("new", WINDOW)
    assert len(counts) == 1


def test_counts_of_many_threads_add_up() -> None:
    counts = Counts()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counts.incr("k", WINDOW), range(2_000)))
    assert counts.get("k") == 2_000


# -- turns ----------------------------------------------------------------------------------------------------------


def test_a_few_costly_answers_are_made_at_once_a_few_wait_and_the_others_are_turned_away() -> None:
    turns = Turns(at_once=1, waiting=1, patience=30, each=9)
    assert turns.take("a")
    took: list[bool] = []
    waiter = threading.Thread(target=lambda: took.append(turns.take("a")))
    waiter.start()
    deadline = time.monotonic() + 20
    while turns._of["a"] < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not turns.take("a")
    turns.give("a")
    waiter.join()
    assert took == [True]
    turns.give("a")
    assert turns.take("a")


def test_nobody_waits_forever() -> None:
    turns = Turns(at_once=1, waiting=1, patience=0.01, each=9)
    assert turns.take("a")
    assert not turns.take("a")
    turns.give("a")
    assert turns.take("a")


def test_one_client_cannot_take_all_turns() -> None:
    turns = Turns(at_once=3, waiting=0, patience=0.01, each=2)
    assert turns.take("a")
    assert turns.take("a")
    assert not turns.take("a")
    assert turns.take("b")
    turns.give("a")
    assert turns.take("a")


def test_who_is_turned_away_hears_when_to_come_again_and_pages_go_on(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turns, "take", lambda *_: False)
    client = made(sample)
    assert client.get("/embed?product=foil").status_code == 200
    answer = client.get("/api/v1/releases")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too much is asked at once" in answer.get_json()["error"]["message"]
    assert client.get("/about").status_code == 200


def test_each_turn_is_given_back_also_after_a_fault(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.01)
    client = made(sample, 0)
    paths = ("/api/v1/series?x=1", "/api/nope", "/api/v1/tables/public.parquet", "/embed?card=nope", "/api/v1/releases")
    for path in paths * 3:
        with client.get(path) as answer:
            assert answer.status_code != 503
