"""A Dash component that shows HTML written by this project's templates: one string in place of a tree of components.

Its other half is in `assets/monitor.js`. The templates escape every value, so the string holds no foreign markup.
"""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component


class Html(Component):
    """`html` inside an element named `tag`."""

    _children_props: list[str] = []  # noqa: RUF012 - as Dash reads it
    _base_nodes: list[str] = ["children"]  # noqa: RUF012
    _namespace = "aim_monitor"
    _type = "Html"

    def __init__(self, *, id: str, html: str = "", tag: str = "div", className: str = "") -> None:  # noqa: A002, N803
        names = ["id", "html", "tag", "className"]
        self._prop_names = names
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = names
        self.available_wildcard_properties: list[str] = []
        properties: dict[str, Any] = {"id": id, "html": html, "tag": tag, "className": className}
        super().__init__(**properties)  # type: ignore[no-untyped-call]
