"""Templates, and what they may ask: addresses of scripts and style sheets, marks, terms of the glossary."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from flask import has_request_context
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.base_url import absolute
from dashboard.glossary import Glossary
from dashboard.statics import installed
from data_access.reference.glossary import load_glossary

TEMPLATES = Path(__file__).with_name("templates")
SHAPES = {
    "circle": "M3.5 0A3.5 3.5 0 1 1-3.5 0 3.5 3.5 0 1 1 3.5 0Z",
    "square": "M-3.3-3.3H3.3V3.3H-3.3Z",
    "diamond": "M0-4.5 4.5 0 0 4.5-4.5 0Z",
    "triangle-up": "M0-4.5 4.2 3H-4.2Z",
    "triangle-down": "M0 4.5 4.2-3H-4.2Z",
    "pentagon": "M0-4.3 4.1-1.3 2.5 3.5H-2.5L-4.1-1.3Z",
    "cross": "M-1.4-4.2H1.4V-1.4H4.2V1.4H1.4V4.2H-1.4V1.4H-4.2V-1.4H-1.4Z",
    "star": "M0-4.8 1.3-1.6 4.6-1.5 2 .6 2.9 3.9 0 2-2.9 3.9-2 .6-4.6-1.5-1.3-1.6Z",
}
"""Markers of charts as paths, for their legends."""


class Templates:
    """Renders the project's templates; every value is escaped, a name that is missing is an error."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        glossary = Glossary(load_glossary())
        self._environment.globals |= {"asset": installed().url, "shapes": SHAPES}
        self._environment.globals |= {"whole": whole, "frame": frame}
        self._environment.globals |= {"glossary": glossary.terms, "term": glossary.term}
        self._environment.filters["terms"] = glossary.marked

    def render(self, name: str, **context: Any) -> str:
        """A whole page."""
        return self._environment.get_template(name).render(**context)

    def parts(self) -> Any:
        """The macros of `parts.html`, as functions that give markup."""
        return self._environment.get_template("parts.html").module


def whole(path: str) -> str:
    """The absolute address of a path of this site; the path itself where no request tells the site's address."""
    return absolute(path) if path.startswith("/") and has_request_context() else path


def frame(path: str, title: str, *, height: int) -> str:
    """The code by which another site shows one of our pages in a frame."""
    address, name = html.escape(whole(path)), html.escape(title)
    return f'<iframe src="{address}" title="{name}" width="100%" height="{height}" loading="lazy"></iframe>'
