"""The event lens as charts: who gained and lost, and what the change in value is made of; and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.figures.axes import CHAR, INK, ZERO, base_layout
from dashboard.figures.labels import MAX_CHARS, NARROW_CHARS, short_number, shortened
from dashboard.figures.palette import OTHER
from dashboard.graph import Figure
from data_access.filters import Measure, listed
from data_access.serving.lens import Contribution, Contributions, Split
from data_access.serving.prose import MINUS, THIN, amount, money, percent

ROWS, EACH = 8, 3
"""Members that a chart draws, those of the largest changes, and of each side at least so many; the others are one
more."""
GAIN, LOSS, WHOLE = "#1a4480", "#9a3412", "#3d4551"
PLOT = {False: 860, True: 350}
"""Width of the plot of a card as wide as the page, and half as wide, px."""
NARROW_PLOT = 160
NAMED = 3
UNWEIGHED = "Without a weight"
KG = 1000
JOINER = "\N{WORD JOINER}"
"""Keeps a minus sign on the line of its figure."""


def shown_members(found: Contributions) -> list[Contribution]:
    """Rows of the chart: the largest changes, losses first; then what all others changed by together, to the unit."""
    ordered = sorted(found.members, key=lambda one: -abs(one.change))
    # Some of each side, since what one lost another may have gained.
    sides = [[one for one in ordered if (one.change > 0) is gained][:EACH] for gained in (False, True)]
    some = [*sides[0], *sides[1]]
    largest = [*some, *(one for one in ordered if one not in some)][:ROWS]
    kept = [one for one in found.members if one in largest]
    others = [one for one in (*found.members, found.rest) if one not in largest and (one.before or one.after)]
    if not others:
        return kept
    label = others[0].label if len(others) == 1 else f"{len(others)} others together"
    return [
        *kept,
        Contribution(
            id="", label=label, before=sum(one.before for one in others), after=sum(one.after for one in others)
        ),
    ]


def contribution_figure(found: Contributions, *, narrow: bool = False, half: bool = False) -> Figure:
    """A bar for each member to the left where it lost, to the right where it gained."""
    rows = shown_members(found)
    measure = found.windows.measure
    bars = [
        (
            shortened(one.label, NARROW_CHARS if narrow else MAX_CHARS),
            _figure(one.change, measure),
            _short(_figure(one.change, measure), measure) if narrow else _signed(one.change, measure),
            _color(one),
        )
        for one in rows
    ]
    hovers = [
        f"{one.label}: {_plain(one.before, measure)} before, {_plain(one.after, measure)} after, "
        f"{_signed(one.change, measure)}"
        for one in rows
    ]
    return _bars(bars, hovers, narrow=narrow, half=half)


def split_figure(split: Split, *, narrow: bool = False, half: bool = False) -> Figure:
    """A bar for each part of the change in value, then the change that they add up to."""
    parts = [*split_rows(split), ("Change in value", split.change)]
    bars = [
        (
            label,
            value,
            _short(value, Measure.VALUE) if narrow else _money(value),
            WHOLE if label == "Change in value" else GAIN if value >= 0 else LOSS,
        )
        for label, value in parts
    ]
    hovers = [f"{label}: {'' if value >= 0 else MINUS}US$ {abs(value):,}" for label, value in parts]
    return _bars(bars, hovers, narrow=narrow, half=half)


def split_rows(split: Split) -> list[tuple[str, int]]:
    """Parts of the change that there are, by name."""
    parts = [("Volume", split.volume), ("Price", split.price)]
    if split.mix is not None:
        parts.append(("Mix", split.mix))
    if split.unweighed:
        parts.append((UNWEIGHED, split.unweighed))
    return parts


def _color(one: Contribution) -> str:
    if not one.id:
        return OTHER
    return GAIN if one.change >= 0 else LOSS


def _bars(bars: Sequence[tuple[str, float, str, str]], hovers: Sequence[str], *, narrow: bool, half: bool) -> Figure:
    values = [value for _, value, _, _ in bars]
    names = [name for name, _, _, _ in bars]
    ends = _ends(bars, width=NARROW_PLOT if narrow else PLOT[half])
    layout = base_layout(left=round(max(map(len, names)) * CHAR) + 32, right=12, top=4, bottom=8)
    layout |= {
        "xaxis": {"range": ends, "visible": False, "fixedrange": True},
        "yaxis": _names_axis(names, narrow=narrow),
        "hovermode": "closest",
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": 0,
                "y0": -0.5,
                "y1": len(bars) - 0.5,
                "line": {"color": ZERO, "width": 1},
            }
        ],
    }
    trace = {
        "type": "bar",
        "orientation": "h",
        "meta": "public",
        "x": values,
        "y": list(range(len(bars))),
        "width": 0.68,
        "marker": {"color": [color for _, _, _, color in bars]},
        "text": [text for _, _, text, _ in bars],
        "textposition": "outside",
        "textfont": {"size": 12, "color": INK},
        "cliponaxis": False,
        "hovertext": list(hovers),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
    return {"data": [trace], "layout": layout}


def _ends(bars: Sequence[tuple[str, float, str, str]], *, width: int) -> list[float]:
    """Ends of the axis of a plot `width` px wide, with room for the figures beside the bars."""
    low, high = min(0.0, *(value for _, value, _, _ in bars)), max(0.0, *(value for _, value, _, _ in bars))
    left = max((len(text) * CHAR + 12 for _, value, text, _ in bars if value < 0), default=6)
    right = max((len(text) * CHAR + 12 for _, value, text, _ in bars if value >= 0), default=6)
    scale = ((high - low) or 1.0) / max(width - left - right, width / 5)
    return [low - left * scale, high + right * scale]


def _names_axis(names: Sequence[str], *, narrow: bool) -> dict[str, Any]:
    return {
        "range": [len(names) - 0.5, -0.5],
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "tickfont": {"size": 12 if narrow else 13, "color": INK},
        "ticks": "",
        "ticklabelstandoff": 6,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }


# -- words ----------------------------------------------------------------------------------------------------------


def contribution_summary(found: Contributions) -> str:
    """How the total changed, who lost and gained most, and what became of the largest share."""
    measure, total = found.windows.measure, found.total
    months = "month" if found.windows.months == 1 else f"{found.windows.months} months"
    rate = f" ({percent(total.change / total.before)})" if total.before else ""
    verb = "rose by" if total.change > 0 else "fell by" if total.change < 0 else "stayed the same:"
    first = (
        f"In the {months} from the event on, imports {verb} {_plain(abs(total.change), measure)}{rate} "
        f"to {_plain(total.after, measure)}."
    )
    losses = [one for one in found.members if one.change < 0][:NAMED]
    gains = [one for one in reversed(found.members) if one.change > 0][:NAMED]
    said = [
        f"{listed([f'{one.label} {_plain(abs(one.change), measure)}' for one in side])}"
        for side in (losses, gains)
        if side
    ]
    verbs = [verb for verb, side in (("lost most", losses), ("gained most", gains)) if side]
    moves = "; ".join(f"{verb}: {words}" for verb, words in zip(verbs, said, strict=True))
    return " ".join(part for part in (first, f"{moves[0].upper()}{moves[1:]}." if moves else "", _share(found)) if part)


def _share(found: Contributions) -> str:
    """What became of the share of the member that had the largest."""
    if not found.members or len(found.members) == 1:
        return ""
    top = max(found.members, key=lambda one: one.before)
    before, after = found.share(top, after=False), found.share(top, after=True)
    if before is None or after is None:
        return ""
    return f"The share of {top.label} went from {before:.1f}{THIN}% to {after:.1f}{THIN}%."


def split_summary(split: Split) -> str:
    """'Of the change in value of −$1.20 billion, volume made −$1.00 billion, price … and mix ….'"""
    (_, volume), *rest = split_rows(split)
    others = [f"{'codes without a weight' if one == UNWEIGHED else one.lower()} {_money(value)}" for one, value in rest]
    parts = listed([f"volume made {_money(volume)}", *others])
    words = f"Of the change in value of {_money(split.change)}, {parts}."
    return words.replace(MINUS, f"{MINUS}{JOINER}")


def _figure(value: int, measure: Measure) -> float:
    return value / KG if measure is Measure.VOLUME else value


def _plain(value: int, measure: Measure) -> str:
    return amount(_figure(value, measure), measure)


def _signed(value: int, measure: Measure) -> str:
    words = _plain(abs(value), measure)
    return f"+{words}" if value > 0 else f"{MINUS}{words}" if value < 0 else words


def _short(value: float, measure: Measure) -> str:
    """A change in few signs, for a narrow screen: '−840k', '+$3.9B'."""
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{'$' if measure is Measure.VALUE else ''}{short_number(abs(value))}"


def _money(value: int) -> str:
    return f"+{money(value)}" if value > 0 else money(value)
