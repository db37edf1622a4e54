"""The lanes under a chart: one for each series that lacks a figure somewhere, hatched by reason, never at zero.

Withheld, not yet, not reported, not published and not applicable each have a pattern, a mark and an explanation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.axes import CHAR, INK, SOFT
from dashboard.figures.lines import SERIES_LABELS, Line
from data_access.contracts import Status
from data_access.filters import Series
from data_access.serving.answers.cells import mark, status_words

LANE = 22  # px
GAP = 10  # px between the plot and its lanes
LANE_LABELS = {Series.PUBLIC: "Public", Series.LICENSE: "License", Series.COMBINED: "Combined"}
PATTERNS: dict[Status, dict[str, Any]] = {
    Status.WITHHELD: {"shape": "/", "size": 6, "solidity": 0.3, "fgcolor": "#1b1b1b", "bgcolor": "#ffffff"},
    Status.NOT_YET: {"shape": ".", "size": 6, "solidity": 0.2, "fgcolor": "#51575f", "bgcolor": "#ffffff"},
    Status.NOT_REPORTED: {"shape": "", "fgcolor": "#e3e5e9", "bgcolor": "#e3e5e9"},
    Status.NOT_PUBLISHED: {"shape": "x", "size": 7, "solidity": 0.15, "fgcolor": "#71767a", "bgcolor": "#ffffff"},
    Status.NOT_APPLICABLE: {"shape": "-", "size": 6, "solidity": 0.15, "fgcolor": "#a9aeb1", "bgcolor": "#ffffff"},
}
"""In the order in which they win where members of one series differ."""
MAX_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A period of a series without (some) figures: why, of which members, and the mark with its explanation."""

    place: int
    status: Status
    members: tuple[str, ...]
    everywhere: bool
    mark: str
    meaning: str


def gaps(lines: Sequence[Line]) -> dict[Series, list[Gap]]:
    """Periods without figures, by series; series without any are left out."""
    found: dict[Series, list[Gap]] = {}
    for series in dict.fromkeys(line.series for line in lines):
        own = [line for line in lines if line.series is series]
        for place in range(len(own[0].cells)):
            gap = _gap(own, place)
            if gap:
                found.setdefault(series, []).append(gap)
    return found


def _gap(lines: Sequence[Line], place: int) -> Gap | None:
    held = [line.cells[place].status for line in lines]
    missing = [status for status in PATTERNS if status in held]
    # That some member has no figure for want of such a cell is in the table; a lane for it would hide the rest.
    if not missing or (missing[0] is Status.NOT_APPLICABLE and Status.PUBLISHED in held):
        return None
    of_this = [line for line, status in zip(lines, held, strict=True) if status is missing[0]]
    # Where some are withheld for sure, that is what the lane says.
    words, meaning = mark(min((line.cells[place] for line in of_this), key=lambda cell: cell.hidden))
    return Gap(
        place=place,
        status=missing[0],
        members=tuple(line.member_label for line in of_this),
        everywhere=len(of_this) == len(lines),
        mark=words,
        meaning=meaning,
    )


def lane_height(found: dict[Series, list[Gap]]) -> int:
    """Room that the lanes take under the plot, px."""
    return len(found) * LANE + GAP if found else 0


def add_lanes(
    figure: dict[str, Any], found: dict[Series, list[Gap]], *, names: Sequence[str], plot: int, width: int, split: bool
) -> None:
    """Add the lanes to a figure whose plot is `plot` px high, lanes included, and `width` px wide; make room for them.

    `names` are those of the periods, `split` tells whether a series has several members.
    """
    if not found:
        return
    share = lane_height(found) / plot
    layout = figure["layout"]
    layout["yaxis"]["domain"] = [share, 1]
    order = list(found)[::-1]
    layout["yaxis2"] = {
        "domain": [0, share - GAP / plot],
        "range": [0, len(order)],
        "tickmode": "array",
        "tickvals": [row + 0.5 for row in range(len(order))],
        "ticktext": [LANE_LABELS[series] for series in order],
        "tickfont": {"size": 11, "color": SOFT},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "ticks": "",
        "ticklabelstandoff": 6,
    }
    layout["xaxis"]["anchor"] = "y2"
    for status in PATTERNS:
        bars = [(row, series, gap) for row, series in enumerate(order) for gap in found[series] if gap.status is status]
        if bars:
            figure["data"].append(_bars(status, bars, names, split=split))
    for row, series in enumerate(order):
        layout["annotations"] += _marks(found[series], row=row, periods=len(names), width=width)


def _bars(
    status: Status, bars: Sequence[tuple[int, Series, Gap]], names: Sequence[str], *, split: bool
) -> dict[str, Any]:
    pattern = PATTERNS[status]
    return {
        "type": "bar",
        "name": status_words[status][0],
        "meta": str(status),
        "x": [names[gap.place] for _, _, gap in bars],
        "y": [0.72] * len(bars),
        "base": [row + 0.14 for row, _, _ in bars],
        "width": 1,
        "yaxis": "y2",
        "marker": {"color": pattern["bgcolor"], "pattern": pattern, "line": {"width": 0}},
        "text": [_hover(series, gap, split=split) for _, series, gap in bars],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _hover(series: Series, gap: Gap, *, split: bool) -> str:
    # A space before the break tells a wrapped line from a new one, for whoever reads it out.
    words = f"{SERIES_LABELS[series]}: {gap.mark}<br>{' <br>'.join(_wrapped(gap.meaning))}"
    if not split:
        return words
    more = len(gap.members) - MAX_NAMED
    named = ", ".join(gap.members[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{words}<br>{' <br>'.join(_wrapped('Of: ' + named))}"


def _wrapped(text: str, width: int = 52) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _marks(found: Sequence[Gap], *, row: int, periods: int, width: int) -> list[dict[str, Any]]:
    """A mark on each run of periods with one reason, where it fits without touching the one before."""
    marks = []
    free = -1.0
    room = width / periods  # px a period has on a usual screen
    for run in _runs(found):
        half = (len(run[0].mark) * CHAR / 2 + 4) / room
        middle = (run[0].place + run[-1].place) / 2
        middle = max(min(middle, periods - 0.5 - half), half - 0.5)
        if middle - half < free:
            continue
        free = middle + half
        marks.append(
            {
                "x": middle,
                "xref": "x",
                "y": row + 0.5,
                "yref": "y2",
                "text": run[0].mark,
                "showarrow": False,
                "font": {"size": 11, "color": INK},
                "bgcolor": "#ffffff",
                "borderpad": 1,
            }
        )
    return marks


def _runs(found: Sequence[Gap]) -> list[list[Gap]]:
    runs: list[list[Gap]] = []
    for gap in found:
        if runs and runs[-1][-1].place == gap.place - 1 and runs[-1][-1].mark == gap.mark:
            runs[-1].append(gap)
        else:
            runs.append([gap])
    return runs
