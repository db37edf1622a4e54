"""A whole picture of a chart card: for a report page, for a link preview, or the bare chart.

`assets/picture.js` lays out the same in the browser; titles, summaries, sources and links are those of the card.
"""

from __future__ import annotations

from enum import StrEnum

from dashboard.components.card import PUBLIC_SOURCE, Card
from dashboard.figures.axes import SOFT
from dashboard.pictures.body import body_size, body_svg, hatches, swatches
from dashboard.pictures.ink import element, escape, line_of_text
from dashboard.pictures.page import OCHRE, Words, foot_of, head_of, legend, paints, stacked, unlabelled
from dashboard.pictures.svg import NARROW, chart_height, chart_svg, svg_root
from dashboard.pictures.typeface import FAMILY, shortened_to, text_width

WIDTH, LEAST_WIDTH, MOST_WIDTH = 1000, 320, 2000
"""Px a picture for a report has, and may have."""
EDGE = {False: 28, True: 14}
"""Px around everything, wide and narrow."""
PREVIEW = (1200, 630)
"""Size of a link's preview, px, as Open Graph readers show it."""
PREVIEW_EDGE = 56
PREVIEW_SCALE = 1.3
"""How much larger a chart is in a preview, which is looked at in the size of a stamp."""
SITE = "AIM Monitor"
SHORT_SOURCE = "U.S. Census Bureau"
GROUND = "#ffffff"


class Layout(StrEnum):
    """What a picture is for."""

    REPORT = "report"
    PREVIEW = "preview"


def picture_svg(card: Card, *, width: int = WIDTH, base: str = "", layout: Layout = Layout.REPORT) -> str:
    """The picture of a card as an SVG, `width` px wide and as high as it needs (a preview has its own size).

    `base` (scheme and host) makes the address in it whole. A card without a chart gives its words alone.
    """
    return _preview(card) if layout is Layout.PREVIEW else _report(card, width=width, base=base)


def chart_of(card: Card, *, width: float, prefix: str, narrow: bool, height: float | None = None) -> tuple[str, float]:
    """The chart of a card alone, or the drawing in its body, and its height; nothing where it has neither."""
    if card.has_chart:
        high = height or chart_height(card.figure, rows=card.rows, narrow=narrow)
        return chart_svg(card.figure, width=width, height=high, prefix=prefix), high
    size = body_size(card.body)
    if size is None or card.empty:
        return "", 0
    high = min(height or width * size[1] / size[0], width * size[1] / size[0])
    return body_svg(card.body, width=width, height=high, prefix=prefix), high


def static_svg(card: Card, *, width: int, narrow: bool, half: bool, name: str) -> str:
    """The bare chart of a card for a page: it fills its room, and its card's title and summary label it."""
    height = chart_height(card.figure, rows=card.rows, narrow=narrow, half=half)
    chart = chart_svg(card.figure, width=width, height=height, prefix=f"{card.id}-{name}")
    return element(
        "svg",
        chart,
        class_=f"static {name}",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        preserveAspectRatio="xMinYMid meet",
        role="img",
        aria_labelledby=f"{card.id}-title",
        aria_describedby=f"{card.id}-summary",
    )


# -- layouts --------------------------------------------------------------------------------------------------------


def _report(card: Card, *, width: int, base: str) -> str:
    narrow = width < NARROW
    edge = EDGE[narrow]
    room = width - 2 * edge
    head, down = stacked(head_of(card), x=edge, top=edge, width=room)
    keys = unlabelled(card.keys, card.figure) if card.has_chart else ()
    names, down = legend(keys, x=edge, top=down + 8, width=room)
    chart, height = chart_of(card, width=room, prefix=card.id, narrow=narrow)
    placed = element("g", chart, transform=f"translate({edge} {down + 8:.1f})") if chart else ""
    below = down + 8 + height
    boxes, end = paints(swatches(card.body) if chart else (), x=edge, top=below + 8, width=room)
    below = end if boxes else below
    link = base + card.permalink if card.permalink.startswith("/") else card.permalink
    foot, end = stacked(foot_of(card, link=link), x=edge, top=below + 12, width=room)
    return _root(head + names + placed + boxes + foot, card, width=width, height=round(end + edge))


def _preview(card: Card) -> str:
    width, height = PREVIEW
    edge, room = PREVIEW_EDGE, width - 2 * PREVIEW_EDGE
    words = (
        Words(text=card.title, size=38, weight=600, most=2),
        Words(text=card.summary or card.empty, size=24, gap=8, most=3),
    )
    head, down = stacked(words, x=edge, top=36, width=room)
    bottom = height - 66
    inner = room / PREVIEW_SCALE, (bottom - down - 30) / PREVIEW_SCALE
    chart, _ = chart_of(card, width=inner[0], prefix=card.id, narrow=False, height=inner[1])
    placed = element("g", chart, transform=f"translate({edge} {down + 20:.1f}) scale({PREVIEW_SCALE})") if chart else ""
    return _root(head + placed + _imprint(card, y=height - 30), card, width=width, height=height)


def _imprint(card: Card, *, y: float) -> str:
    """The site's name, whether it is a demonstration, and the sources: the last line of a preview."""
    width = PREVIEW[0]
    mark = "Demonstration data" if card.export.get("demonstration") else ""
    name = line_of_text(SITE, PREVIEW_EDGE, y, size=20, color="#1a4480", weight=600)
    left = PREVIEW_EDGE + text_width(SITE, 20, weight=600) + 20
    found = [name, line_of_text(mark, left, y, size=20, color=OCHRE, weight=600) if mark else ""]
    left += text_width(mark, 20, weight=600) + 20 if mark else 0
    source = card.source.partition(" Release ")[0].replace(PUBLIC_SOURCE, SHORT_SOURCE)
    source = shortened_to(source, width - PREVIEW_EDGE - left, size=17)
    found.append(line_of_text(source, width - PREVIEW_EDGE, y, size=17, color=SOFT, anchor="right"))
    return "".join(found)


def _root(content: str, card: Card, *, width: float, height: float) -> str:
    words = element("title", escape(card.title)) + (element("desc", escape(card.summary)) if card.summary else "")
    ground = element("rect", width=width, height=height, fill=GROUND)
    if "url(#hatch-" in content and '<pattern id="hatch-' not in content:
        ground += element("defs", hatches())
    return svg_root(words + ground + content, width=width, height=height, font_family=FAMILY, role="img")
