"""Answers to callbacks, kept as they go out: a view's answer is the same for everybody who asks the same of a release.

An answer depends on the release, the view, its address, the width of the screen, and the site's own address, and on
nothing else of a request. One that was asked for before is sent as it is, compressed; another is made here, with the
content that Dash would give. A request of any other shape than that of our pages is left to Dash.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from dashboard.base_url import base_url
from dashboard.errors import UPDATE
from dashboard.kept_texts import KeptTexts, answer_with
from dashboard.views.base import NARROW, Page, Services, View, answer, outputs, page_for

MOST_BYTES = 12 * 1024 * 1024
"""Bytes of answers that a worker keeps; one takes about 10 KB compressed."""
KNOWN = frozenset({"output", "outputs", "inputs", "changedPropIds", "parsedChangedPropsIds", "state"})
"""What the body of a callback's request may have; a body with more is none of ours."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a callback's request asks for."""

    view: View
    search: str
    narrow: bool


def add_kept_answers(server: Flask, services: Services, views: Sequence[View]) -> None:
    """Answer callbacks of `views` before Dash does."""
    kept = KeptTexts(MOST_BYTES)
    shapes = {shape.output: shape for shape in map(_Shape.of, views)}

    def before() -> Response | None:
        if request.path != UPDATE or request.method != "POST" or request.mimetype != "application/json":
            return None
        asked = _read(request.get_data(), shapes)
        if asked is None:
            return None
        pinned = services.pinned()

        def made() -> tuple[bytes, bool]:
            page = page_for(asked.view, pinned, asked.search, narrow=asked.narrow)
            return written(asked.view, pinned, page), page.sound

        key = base_url(), asked.view.name, asked.search, asked.narrow
        try:
            return answer_with(kept, pinned.statistics.info(), key, made, content_type="application/json", tagged=False)
        except Exception:
            _log.exception("the answer of %s could not be made", asked.view.name)
            return None

    server.before_request(before)


def written(view: View, services: Services, page: Page) -> bytes:
    """The answer of a page, with the content that Dash would give."""
    found: dict[str, dict[str, Any]] = {}
    for output, value in zip(outputs(view), answer(view, services, page), strict=True):
        found.setdefault(str(output.component_id), {})[output.component_property] = value
    return json.dumps({"multi": True, "response": found}, separators=(",", ":"), allow_nan=False).encode()


# -- what our pages send --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """The shape of the request of a view's callback."""

    view: View
    output: str
    outputs: list[dict[str, str]]
    inputs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, view: View) -> _Shape:
        every = [(str(one.component_id), one.component_property) for one in outputs(view)]
        return cls(
            view=view,
            output=f"..{'...'.join(f'{id_}.{name}' for id_, name in every)}..",
            outputs=[{"id": id_, "property": name} for id_, name in every],
            inputs=((view.id("URL"), "search"), (view.id("SCREEN"), "data")),
        )

    def read(self, given: Mapping[str, Any]) -> Asked | None:
        """What a body with the view's `output` asks for; None where it has another shape."""
        inputs = given.get("inputs")
        if given.get("outputs") != self.outputs or given.get("state", []) != [] or not isinstance(inputs, list):
            return None
        names = [f"{id_}.{name}" for id_, name in self.inputs]
        for changed in ("changedPropIds", "parsedChangedPropsIds"):
            listed = given.get(changed, [])
            if not isinstance(listed, list) or len(listed) > len(names) or not all(one in names for one in listed):
                return None
        if len(inputs) != len(self.inputs) or not all(isinstance(one, dict) for one in inputs):
            return None
        values = [one.get("value") for one in inputs]
        expected = [
            {"id": id_, "property": name, "value": value}
            for (id_, name), value in zip(self.inputs, values, strict=True)
        ]
        search, screen = values
        if [{"value": None, **one} for one in inputs] != expected:
            return None
        if not isinstance(search, str | None) or not isinstance(screen, str | None):
            return None
        return Asked(self.view, search or "", narrow=screen == NARROW)


def _read(body: bytes, shapes: Mapping[str, _Shape]) -> Asked | None:
    """What the body of a request asks for; None unless it is just what our pages send."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not given.keys() <= KNOWN:
        return None
    output = given.get("output")
    shape = shapes.get(output) if isinstance(output, str) else None
    return shape.read(given) if shape else None
