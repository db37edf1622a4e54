"""The map in the body of a card as part of a picture: its shapes and hatches inlined, its colors kept, its legend.

On a page a map (`<svg class="map">`, templates/map.html) takes shapes from a file of ours by
`<use href="/static/…/world.svg#CAN">` and hatches from templates/patterns.html; a picture must hold them itself.
"""

from __future__ import annotations

import html
import re
from functools import cache

from dashboard.statics import ASSETS
from dashboard.templating import TEMPLATES

_SVG = re.compile(r'<svg\b[^>]*\bclass="map"[^>]*>.*?</svg>', re.DOTALL)
_LEGEND = re.compile(r'<ul class="map-legend".*?</ul>', re.DOTALL)
_ENTRY = re.compile(r'<li>.*?\bfill="([^"]+)".*?</svg>(.*?)</li>', re.DOTALL)
_EVENTS = re.compile(r'<div class="events">.*?</ol>', re.DOTALL)
_EVENT = re.compile(r'<li value="(\d+)"[^>]*><a [^>]*>(.*?)</a>', re.DOTALL)
_DEFS = re.compile(r"<defs>(.*)</defs>", re.DOTALL)
_VIEW = re.compile(r'\bviewBox="([-\d. ]+)"')
_USE = re.compile(r'\bhref="/static/\w+/([\w./-]+?\.svg)#([\w-]+)"')
_SHAPE = re.compile(r'<(path|g|symbol)\b[^>]*\bid="([\w-]+)"[^>]*?(?:/>|>.*?</\1>)', re.DOTALL)
_ID = re.compile(r'\bid="([\w-]+)"')
_ROOM = re.compile(r'\s(?:width|height|class|role|aria-[a-z]+|tabindex|focusable|x|y|preserveAspectRatio|id)="[^"]*"')


def body_size(body: str) -> tuple[float, float] | None:
    """Width and height of the map in a body, in its own units; None where there is none."""
    found = _SVG.search(body)
    view = _VIEW.search(found.group(0).partition(">")[0]) if found else None
    if not view:
        return None
    _, _, width, height = (float(one) for one in view.group(1).split())
    return (width, height) if width > 0 and height > 0 else None


def body_svg(body: str, *, width: float, height: float, prefix: str) -> str:
    """The map of a body as a nested SVG of this size, with the shapes it uses."""
    found = _SVG.search(body)
    if not found:
        return ""
    opening, _, rest = found.group(0).partition(">")
    used = {(name, id_) for name, id_ in _USE.findall(rest)}
    shapes = "".join(_shape(name, id_, prefix) for name, id_ in sorted(used))
    inner = _USE.sub(lambda match: f'href="#{prefix}-{match.group(2)}"', rest)
    shapes += hatches() if "url(#" in inner else ""
    room = f' width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="xMidYMid meet"'
    return f"{_ROOM.sub('', opening)}{room}>{f'<defs>{shapes}</defs>' if shapes else ''}{inner}"


def swatches(body: str) -> list[tuple[str, str]]:
    """Paint and words of the legend in a body."""
    found = _LEGEND.search(body)
    return [(paint, html.unescape(words).strip()) for paint, words in _ENTRY.findall(found.group(0))] if found else []


def events(body: str) -> str:
    """What the numbers of events on a chart stand for (templates/events.html), in one line."""
    found = _EVENTS.search(body)
    marks = _EVENT.findall(found.group(0)) if found else []
    return "; ".join(f"{number}\u202f=\u202f{html.unescape(words).strip()}" for number, words in marks)


@cache
def hatches() -> str:
    """The patterns that maps and their legends refer to."""
    found = _DEFS.search((TEMPLATES / "patterns.html").read_text())
    return found.group(1).strip() if found else ""


def _shape(name: str, id_: str, prefix: str) -> str:
    shape = _shapes(name).get(id_, "")
    return _ID.sub(f'id="{prefix}-{id_}"', shape, count=1)


@cache
def _shapes(name: str) -> dict[str, str]:
    """Shapes of one of our files by id; none where there is no such file among the assets."""
    path = (ASSETS / name).resolve()
    if not path.is_relative_to(ASSETS) or not path.is_file():
        return {}
    return {match.group(2): match.group(0) for match in _SHAPE.finditer(path.read_text())}
