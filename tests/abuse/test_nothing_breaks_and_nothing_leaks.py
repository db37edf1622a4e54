"""Whatever a client sends: no fault, no trace, no path of the machine, no withheld figure, no growth.

A share of what `python -m tests.abuse` runs whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.abuse.asking import Answer, Judge, Request, ask
from tests.abuse.crafted import crafted
from tests.abuse.memory import resident
from tests.abuse.random_requests import requests
from tests.abuse.withheld import Secrets

SHARE = 9
"""Every so many of the crafted requests."""
RANDOM = 150
ROUNDS = 1_000
GROWTH = 12
"""MB that so many more requests may add, once everything was asked once; a leak of 16 KB a request would be more."""


def test_crafted_requests(app: Flask, judge: Judge) -> None:
    wrong = [
        (request, problems)
        for request in islice(crafted(app), 0, None, SHARE)
        if (problems := judge.problems(ask(app, request)))
    ]
    assert wrong == []
    assert judge.counts.total() > 300


def test_random_requests(app: Flask, judge: Judge) -> None:
    @settings(
        max_examples=RANDOM,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests(app))
    def asks(request: Request) -> None:
        assert judge.problems(ask(app, request)) == []

    asks()
    assert judge.counts[200] > RANDOM / 6
    assert judge.counts[400] > RANDOM / 20


def test_memory_does_not_grow_with_requests(app: Flask) -> None:
    def some(count: int) -> Iterator[Request]:
        for number in range(count):
            yield Request(path="/api/v1/series", query=f"product=foil&x{number}={'y' * 2_000}")
            yield Request(path=f"/nope-{number}", headers=(("X-Forwarded-For", f"192.0.2.{number % 250}"),))
            yield Request(path="/api/v1/releases", headers=(("Host", f"h{number}.example"),))
            yield Request(method="POST", path="/_dash-update-component", body=b"{" + b"x" * number)

    for one in some(ROUNDS // 10):
        ask(app, one)
    before = resident()
    for one in some(ROUNDS // 4):
        ask(app, one)
    assert resident() - before <= GROWTH


# -- the judge sees what it should ----------------------------------------------------------------------------------


def told(answer: Answer, judge: Judge, **changed: object) -> list[str]:
    return judge.problems(Answer(**{"status": 200, "headers": answer.headers, "body": answer.body, **changed}))  # type: ignore[arg-type]


@pytest.fixture
def answer(app: Flask) -> Answer:
    return ask(app, Request(path="/api/v1/meta"))


def test_the_judge_finds_nothing_wrong_with_a_plain_answer(answer: Answer, judge: Judge) -> None:
    assert judge.problems(answer) == []


@pytest.mark.parametrize(
    "body", [b'Traceback (most recent call last)\n  File "/x.py"', b"/usr/lib/python3/site-packages/x"]
)
def test_the_judge_sees_a_trace(answer: Answer, judge: Judge, body: bytes) -> None:
    assert told(answer, judge, body=body)


def test_the_judge_sees_a_missing_header_and_a_cookie(answer: Answer, judge: Judge) -> None:
    headers = answer.headers.copy()
    headers.set("Set-Cookie", "a=b")
    del headers["X-Content-Type-Options"]
    assert len(told(answer, judge, headers=headers)) == 2


@given(data=st.data())
@settings(max_examples=25, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_judge_sees_a_withheld_figure_in_any_form(withheld: Secrets, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(withheld.forms)))
    assert withheld.in_text(f'{{"value": {form}}}')
    assert withheld.in_text(f"<td>{form}</td>")
    assert not withheld.in_text(f"1{form}")
    weight = data.draw(st.sampled_from(sorted(withheld.weights)))
    assert withheld.in_numbers([1.0, weight / 1000])


def test_there_are_figures_to_leak(withheld: Secrets, app: Flask, judge: Judge) -> None:
    assert len(withheld.values) > 20
    page = ask(app, Request(path="/explore", query="product=foil&series=license&from=2025-04&to=2025-08"))
    assert "(D)" in page.body.decode()
    assert judge.problems(page) == []
