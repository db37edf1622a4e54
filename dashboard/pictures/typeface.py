"""The typeface of pictures: which files, how wide a text is, where its lines break.

Widths are the advance widths of the font's own glyphs (tables cmap and hmtx of OpenType 1.9), without kerning, which
only ever makes a text narrower.
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("fonts")
FONT_FILES = {400: FOLDER / "PublicSans-Regular.ttf", 600: FOLDER / "PublicSans-SemiBold.ttf"}
NAME = "Public Sans"
FAMILY = (
    f"'{NAME}', system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
)
BOLD = 600
UNICODE_RANGES = 4  # format of the cmap's sub-table that is read


def text_width(text: str, size: float, *, weight: int = 400) -> float:
    """Width of one line, px, at a size in px; a sign that the font lacks counts as its widest usual letter."""
    widths, unit = _metrics(_nearest(weight))
    fallback = widths[ord("M")]
    return sum(widths.get(ord(sign), fallback) for sign in text) * size / unit


def wrapped(text: str, width: float, *, size: float, weight: int = 400, most: int = 0) -> list[str]:
    """Lines of at most `width` px; of more than `most` lines the last that is kept ends in an ellipsis (0: keep all).

    A word wider than a line, such as an address, is broken where it must.
    """
    lines: list[str] = []
    for word in _words(text, width, size=size, weight=weight):
        longer = f"{lines[-1]} {word}" if lines and word else word
        if lines and text_width(longer, size, weight=weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if most and len(lines) > most:
        return [*lines[: most - 1], shortened_to(f"{lines[most - 1]} …", width, size=size, weight=weight)]
    return lines


def shortened_to(text: str, width: float, *, size: float, weight: int = 400) -> str:
    """A text cut to `width` px, an ellipsis at its end where it was."""
    if text_width(text, size, weight=weight) <= width:
        return text
    kept = text.removesuffix("…")
    while kept and text_width(f"{kept}…", size, weight=weight) > width:
        kept = kept[:-1].rstrip(" ,.;:")
    return f"{kept}…"


def _words(text: str, width: float, *, size: float, weight: int) -> list[str]:
    found: list[str] = []
    for word in text.replace("\n", " ").split(" "):  # a thin space between figure and unit holds them together
        rest = word.strip()
        while text_width(rest, size, weight=weight) > width and len(rest) > 1:
            head = _head(rest, width, size=size, weight=weight)
            found.append(rest[:head])
            rest = rest[head:]
        found.append(rest)
    return found


def _head(word: str, width: float, *, size: float, weight: int) -> int:
    """How many signs of a word fit; an address breaks before '&' or after '/' where it can."""
    most = next(count for count in range(len(word), 0, -1) if text_width(word[:count], size, weight=weight) <= width)
    nice = max(word.rfind("&", 1, most), word.rfind("/", 0, most) + 1, word.rfind("?", 1, most))
    return nice if nice > most // 2 else max(1, most)


def _nearest(weight: int) -> int:
    return 600 if weight >= 600 else 400


@cache
def _metrics(weight: int) -> tuple[dict[int, int], int]:
    """Advance widths by code point, in units of the font, and how many of these make its size."""
    data = FONT_FILES[weight].read_bytes()
    tables = _tables(data)
    unit = struct.unpack_from(">H", data, tables["head"] + 18)[0]
    long_metrics = struct.unpack_from(">H", data, tables["hhea"] + 34)[0]
    advances = [struct.unpack_from(">H", data, tables["hmtx"] + 4 * glyph)[0] for glyph in range(long_metrics)]
    glyphs = _glyphs(data, tables["cmap"])
    return {code: advances[min(glyph, long_metrics - 1)] for code, glyph in glyphs.items()}, unit


def _tables(data: bytes) -> dict[str, int]:
    """Where each table of the font begins."""
    count = struct.unpack_from(">H", data, 4)[0]
    records = [struct.unpack_from(">4sLLL", data, 12 + 16 * place) for place in range(count)]
    return {tag.decode(): offset for tag, _, offset, _ in records}


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    """Glyph of each code point, from the cmap's sub-table of format 4."""
    count = struct.unpack_from(">H", data, cmap + 2)[0]
    offsets = [struct.unpack_from(">L", data, cmap + 8 + 8 * place)[0] + cmap for place in range(count)]
    table = next(offset for offset in offsets if struct.unpack_from(">H", data, offset)[0] == UNICODE_RANGES)
    segments = struct.unpack_from(">H", data, table + 6)[0] // 2
    ends, starts = table + 14, table + 16 + 2 * segments
    deltas, ranges = starts + 2 * segments, starts + 4 * segments
    found: dict[int, int] = {}
    for segment in range(segments):
        end, start, delta, back = (
            struct.unpack_from(">H", data, place + 2 * segment)[0] for place in (ends, starts, deltas, ranges)
        )
        for code in range(start, min(end, 0xFFFE) + 1):
            at = ranges + 2 * segment + back + 2 * (code - start)
            glyph = struct.unpack_from(">H", data, at)[0] if back else code
            if glyph:
                found[code] = (glyph + delta) & 0xFFFF
    return found
