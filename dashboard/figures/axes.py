"""Axes and ground of every chart: few gridlines, a stronger zero line, ticks that can be read at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from data_access.filters import MONTH_NAMES, Freq, Measure, Show
from data_access.serving.prose import MINUS, period_words

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif'
INK, SOFT, HAIR, ZERO = "#1b1b1b", "#51575f", "#e3e5e9", "#71767a"
TICK_SIZE = 12  # px
CHAR = 6.7  # px, mean width of a letter at that size
STEPS = (1, 2, 2.5, 5, 10)
HEIGHT = {False: 400, True: 320}
"""Height of a chart, wide and narrow, px; the same as in layout.css."""
TOP, BOTTOM = 14, 42  # px


def base_layout(*, left: int, right: int, top: int = TOP, bottom: int = BOTTOM) -> dict[str, Any]:
    """What all charts share."""
    return {
        "font": {"family": FONT, "size": TICK_SIZE, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": left, "r": right, "t": top, "b": bottom, "pad": 0, "autoexpand": False},
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": ZERO, "font": {"size": 13, "color": INK}, "align": "left"},
        "barmode": "overlay",
        "annotations": [],
        "shapes": [],
    }


def period_axis(periods: Sequence[str], freq: Freq, *, narrow: bool) -> dict[str, Any]:
    """A category axis of period names, with a tick where a reader looks for one."""
    ticks = period_ticks(periods, freq, room=5 if narrow else 13)
    return {
        "type": "category",
        "unifiedhovertitle": {"text": "%{x}"},
        "range": [-0.5, len(periods) - 0.5],
        "tickmode": "array",
        "tickvals": [place for place, _ in ticks],
        "ticktext": [words for _, words in ticks],
        "tickangle": 0,
        "ticks": "outside",
        "ticklen": 5,
        "tickcolor": ZERO,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": SOFT, "size": TICK_SIZE},
    }


def period_ticks(periods: Sequence[str], freq: Freq, *, room: int) -> list[tuple[int, str]]:
    """Places and words of at most about `room` ticks; the year stands under the first tick of it."""
    count = len(periods)
    if freq in (Freq.YEAR, Freq.RANGE):
        step = max(1, math.ceil(count / room))
        return [(place, period_words(periods[place], freq)) for place in range(count - 1, -1, -step)][::-1]
    unit, per_year = ("Q", 4) if freq is Freq.QUARTER else ("", 12)
    number = [int(period[6:]) if unit else int(period[5:7]) for period in periods]
    apart = next((step for step in (1, 3, 6, 12) if per_year % step == 0 and count / step <= room), per_year)
    places = [place for place in range(count) if (number[place] - 1) % apart == 0]
    if apart == per_year:
        every = max(1, math.ceil(len(places) / room))
        return [(place, periods[place][:4]) for place in places[::-every]][::-1]
    named = [f"Q{one}" if unit else MONTH_NAMES[one - 1] for one in number]
    seen: set[str] = set()
    ticks = []
    for place in places:
        year = periods[place][:4]
        ticks.append((place, named[place] if year in seen else f"{named[place]}<br>{year}"))
        seen.add(year)
    return ticks


def value_axis(
    values: Sequence[float], measure: Measure, *, from_zero: bool = True, show: Show = Show.LEVEL
) -> dict[str, Any]:
    """A value axis over `values`, from zero unless they are far from it and need not be; `show` tells their unit."""
    low, high, step = value_range(values, from_zero=from_zero)
    ticks = [low + step * place for place in range(round((high - low) / step) + 1)]
    return {
        "range": [low, high],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [shown_tick(tick, measure, step, show) for tick in ticks],
        "showgrid": True,
        "gridcolor": HAIR,
        "gridwidth": 1,
        "zeroline": low <= 0,
        "zerolinecolor": ZERO,
        "zerolinewidth": 1.5,
        "fixedrange": True,
        "tickfont": {"color": SOFT, "size": TICK_SIZE},
        "ticks": "",
        "ticklabelstandoff": 6,
    }


def value_range(values: Sequence[float], *, from_zero: bool) -> tuple[float, float, float]:
    """Lowest and highest tick and their distance: four to six round steps."""
    top = max(values, default=1) or 1
    bottom = min(0.0, *values) if from_zero and values else min(values, default=0)
    if from_zero and values and top < 0:
        top = 0.0
    spread = (top - bottom) or abs(top)
    rough = spread / 4.5
    scale = 10 ** math.floor(math.log10(rough))
    step = next(one * scale for one in STEPS if one * scale >= rough * 0.999)
    low = math.floor(bottom / step + 1e-9) * step
    high = math.ceil(top / step - 1e-9) * step
    return low, high if high > low else low + step, step


def shown_tick(value: float, measure: Measure, step: float, show: Show) -> str:
    """A figure on an axis of levels, of changes on the year ('+10 %', '−10 %') or of an index ('100')."""
    match show:
        case Show.LEVEL:
            return tick_words(value, measure, step)
        case Show.INDEX:
            return _trim(value, step)
        case Show.YOY:
            unit = "" if measure is Measure.SHARE else " %"
            sign = "+" if value > 0 else MINUS if value < 0 else ""
            return f"{sign}{_trim(abs(value), step)}{unit}"


def tick_words(value: float, measure: Measure, step: float) -> str:
    """A figure on an axis: '400,000', '$500 million', '$1.5 billion', '2,500', '40 %'."""
    sign = "$" if measure is Measure.VALUE else ""
    if value < 0:
        return f"{MINUS}{tick_words(-value, measure, step)}"
    if value == 0:
        return f"{sign}0" if measure is not Measure.SHARE else "0 %"
    if measure is Measure.SHARE:
        return f"{_trim(value, step)} %"
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if value >= size and step * 1000 >= size:
            return f"{sign}{_trim(value / size, step / size)}{word}"
    return f"{sign}{_trim(value, step)}"


def _trim(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if decimals == 0 and step % 1:
        decimals = 1
    elif 0 < step < 1 and round(step * 10**decimals, 6) % 1:
        decimals += 1
    return f"{value:,.{decimals}f}"


def left_margin(axis: dict[str, Any], *, least: int) -> int:
    """Room for the labels of a value axis, px."""
    return max(least, round(max(len(text) for text in axis["ticktext"]) * CHAR) + 18)
