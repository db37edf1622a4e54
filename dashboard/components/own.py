"""The Dash components of this project; their other half is `assets/boot.js`.

`Html` shows what our templates write, one string in place of a tree of components; `Chart` draws a Plotly figure once
it comes into sight. The templates escape every value, so no string holds foreign markup.
"""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

NAMESPACE = "aim_monitor"


class _Own(Component):
    """A component with fixed properties; each kind names its own."""

    _children_props: list[str] = []  # noqa: RUF012 - as Dash reads it
    _base_nodes: list[str] = ["children"]  # noqa: RUF012
    _namespace = NAMESPACE
    _names: tuple[str, ...] = ()

    def __init__(self, **properties: Any) -> None:
        self._prop_names = list(self._names)
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties: list[str] = []
        super().__init__(**properties)  # type: ignore[no-untyped-call]


class Address(_Own):
    """The query string of the page (`search`, with '?'); it shows nothing."""

    _type = "Address"
    _names = ("id", "search")


class Screen(_Own):
    """How wide the reader's screen is (`data`: 'wide' or 'narrow'); it shows nothing."""

    _type = "Screen"
    _names = ("id", "data")


class Root(_Own):
    """A whole view."""

    _type = "Root"
    _names = ("id", "children", "className")


class Box(_Own):
    """An element named `tag` around other components, with `attributes` as HTML has them."""

    _type = "Box"
    _names = ("id", "children", "tag", "className", "attributes")


class Html(_Own):
    """`html` inside an element named `tag`."""

    _type = "Html"
    _names = ("id", "html", "tag", "className")


class Chart(_Own):
    """A chart: `figure` is a Plotly figure as a plain dictionary."""

    _type = "Chart"
    _names = ("id", "figure")
