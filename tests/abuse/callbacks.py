"""Bodies of callbacks: as the page sends them, and bent in every way that a client could."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.abuse.asking import Request, ask
from tests.callbacks import Body, body_for

UPDATE = "/_dash-update-component"
JSON_TYPE = (("Content-Type", "application/json"),)


def bodies(app: Any) -> list[Body]:
    """The body of each callback that the application has, as its page would send it."""
    found = json.loads(ask(app, Request(path="/_dash-dependencies")).body)
    return [body_for(one, "?product=foil") | {"state": []} for one in found]


def request_of(body: object, **more: Any) -> Request:
    """The request that carries a body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")
    return Request(method="POST", path=UPDATE, headers=JSON_TYPE, body=data, **more)


def with_value(body: Body, value: object, place: int = 0) -> Body:
    """The body with another value of one input."""
    bent = copy.deepcopy(body)
    bent["inputs"][place % len(bent["inputs"])]["value"] = value
    return bent


PLACES: tuple[tuple[Any, ...], ...] = (
    ("output",),
    ("outputs",),
    ("outputs", 0),
    ("outputs", 0, "id"),
    ("outputs", 0, "property"),
    ("inputs",),
    ("inputs", 0),
    ("inputs", 0, "id"),
    ("inputs", 0, "property"),
    ("inputs", 0, "value"),
    ("inputs", 1),
    ("changedPropIds",),
    ("changedPropIds", 0),
    ("state",),
)
MISSING = object()


def bent(body: Body, place: tuple[Any, ...], value: object) -> Body:
    """The body with something else in one place, or with nothing there."""
    found = copy.deepcopy(body)
    inner: Any = found
    for step in place[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return found


WRONG: tuple[object, ...] = (
    MISSING,
    None,
    True,
    0,
    -1,
    1e308,
    2**63,
    "",
    "x",
    "\x00",
    "\ud800",
    [],
    [None],
    {},
    {"id": "x", "property": "y"},
    {"id": {"type": "x", "index": 1}, "property": "html"},
    {"__proto__": {"polluted": True}},
    {"constructor": {"prototype": {"polluted": True}}},
    [[[[[]]]]],
    "x" * 5_000,
    "../../etc/passwd",
    "{{7*7}}",
    "%s%n{0.__class__}",
)


def wrong_bodies(body: Body, other: Body) -> Iterator[object]:
    """Bodies that no page sends: each place with each wrong thing, other views' ids, what is no object at all."""
    for place in PLACES:
        for value in WRONG:
            yield bent(body, place, value)
    yield {**body, "outputs": other["outputs"]}
    yield {**body, "output": other["output"]}
    yield {**body, "inputs": other["inputs"]}
    yield {**body, "state": [{"id": "x", "property": "data", "value": "?product=foil"}]}
    yield {**body, "background": True, "cacheKey": "x", "job": "1"}
    yield {**body, "inputs": body["inputs"] * 100}
    yield {**body, "__proto__": {"isAdmin": True}}
    yield from (None, True, 3, "x", [], [body], {})
    for depth in (500, 5_000, 30_000):
        yield b"[" * depth + b"]" * depth
        yield b'{"inputs":' * (depth // 10) + b"1" + b"}" * (depth // 10)
    yield b'{"a":1,' * 4_000
    yield b"{" + b",".join(b'"k%d":%d' % (one, one) for one in range(5_000)) + b"}"
    yield b'{"output": 1e999999, "inputs": NaN}'
    yield b"9" * 10_000
    yield b'{"output":"' + b"\xff\xfe" + b'"}'
    yield b"\x1f\x8b\x08\x00junk"
    yield b"x" * 70_000
