"""PNG of an SVG of ours, with our own typeface alone: the same bytes on every server, fonts or none."""

from __future__ import annotations

import re

import resvg_py

from dashboard.pictures.typeface import FONT_FILES, NAME

MOST_PIXELS = 16_000_000
"""Pixels of the largest PNG that is made; drawing takes four bytes for each."""
_SIZE = re.compile(r'<svg [^>]*?\bwidth="([\d.]+)" height="([\d.]+)"')


def pixels(svg: str, *, scale: float = 1) -> float:
    """How many pixels a picture of ours would have as PNG."""
    found = _SIZE.search(svg)
    return float(found.group(1)) * float(found.group(2)) * scale * scale if found else 0.0


def to_png(svg: str, *, scale: float = 1) -> bytes:
    """The picture as PNG, `scale` pixels a px. Nothing is read but the picture and the typeface."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            background="#ffffff",
            skip_system_fonts=True,
            font_files=[str(path) for path in FONT_FILES.values()],
            font_family=NAME,
            sans_serif_family=NAME,
        )
    )
