"""Requests to callbacks, as pages send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.views.base import View, outputs

Body = dict[str, Any]


def body_for(callback: Mapping[str, Any], search: str = "", screen: str = "wide") -> Body:
    """The body for a callback as `/_dash-dependencies` lists it, asked for the first time with these values."""
    names = callback["output"].strip(".").split("...")
    parts = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    values = {"search": search, "data": screen}
    inputs = [
        {"id": one["id"], "property": one["property"], "value": values[one["property"]]} for one in callback["inputs"]
    ]
    changed = [f"{inputs[0]['id']}.{inputs[0]['property']}"]
    return {
        "output": callback["output"],
        "outputs": parts if callback["output"].startswith("..") else parts[0],
        "inputs": inputs,
        "changedPropIds": changed,
        "parsedChangedPropsIds": changed,
    }


def listed(callbacks: Iterable[Mapping[str, Any]], view: str) -> Mapping[str, Any]:
    """The callback of a view, by the view's name."""
    (found,) = (one for one in callbacks if one["inputs"][0]["id"] == f"{view}-url")
    return found


def body_of(view: View, search: str = "", screen: str = "wide") -> Body:
    """The body for the callback of a view."""
    names = [f"{one.component_id}.{one.component_property}" for one in outputs(view)]
    inputs = [{"id": view.id("URL"), "property": "search"}, {"id": view.id("SCREEN"), "property": "data"}]
    return body_for({"output": f"..{'...'.join(names)}..", "inputs": inputs}, search, screen)
