"""Figures and periods as a sentence says them: '1.23 million t', '$802.6 million', '+12.4 %', 'Mar 2025'."""

from __future__ import annotations

from data_access.filters import Freq, Measure, month_words, span_words
from data_access.serving.gate.released import Cell
from data_access.serving.indicators import change
from data_access.serving.periods import ROLLING, number, text

THIN = "\N{NARROW NO-BREAK SPACE}"
"""A thin space, kept on one line with its unit."""
MINUS = "\N{MINUS SIGN}"
FLAT = 0.0005
"""Changes below 0.05 % print as 0.0 and are told as no change."""
TENFOLD = 10
MILLION, BILLION = 1e6, 1e9


def amount(value: float, measure: Measure) -> str:
    """A figure in prose, with its unit."""
    match measure:
        case Measure.VALUE:
            return money(value)
        case Measure.VOLUME:
            return f"{_scaled(value)}{THIN}t"
        case Measure.AUV:
            return f"{signed(f'{value:,.0f}')}{THIN}US$/t"
        case Measure.SHARE:
            return f"{signed(f'{value:.1f}')}{THIN}%"


def money(value: float) -> str:
    """US$ in prose: '$802.6 million', '$9.29 billion', '$12,345'."""
    sign = MINUS if value < 0 else ""
    return f"{sign}${_scaled(abs(value))}"


def signed(digits: str) -> str:
    """Digits with a true minus sign, for words; data keep the plain one."""
    return digits.replace("-", MINUS)


def percent(relative: float) -> str:
    """A relative change with its sign: '+12.4 %'."""
    return f"{signed(f'{relative * 100:+,.1f}')}{THIN}%"


def _scaled(value: float) -> str:
    # Thresholds lie where rounding would print 1000.0 of the smaller unit.
    if abs(value) >= 0.99995 * BILLION:
        return signed(f"{value / BILLION:,.2f} billion")
    if abs(value) >= 0.999995 * MILLION:
        decimals = 2 if abs(value) < 10 * MILLION else 1
        return signed(f"{value / MILLION:,.{decimals}f} million")
    return signed(f"{value:,.0f}")


def change_words(now: float, before: float, measure: Measure, on: str) -> str:
    """'up 5.3 % on Feb 2025'; shares change by percentage points; empty where there is nothing to compare with."""
    if measure is Measure.SHARE:
        return _points(now - before, on)
    if before == 0 and now > 0:
        return f"from none in {on}"
    relative = change(now, before)
    if relative is None:
        return ""
    if abs(relative) < FLAT:
        return f"unchanged on {on}"
    if relative >= TENFOLD - 1:
        return f"{now / before:,.0f} times that of {on}"
    return f"{'up' if relative > 0 else 'down'} {abs(relative) * 100:,.1f}{THIN}% on {on}"


def told_change(now: Cell, before: Cell | None, on: str) -> str:
    """The change of two cells in words; empty unless both are published, whole and of one source.

    On a base below the floor the earlier figure is told and no percent: 'from 12 t in Sep 2025'.
    """
    if before is None or now.value is None or before.value is None or now.partial or before.partial:
        return ""
    if now.source != before.source:  # a combined series changes what it measures there
        return ""
    if not before.thin:
        return change_words(now.value, before.value, now.measure, on)
    if before.value == 0:
        return f"from none in {on}" if now.value > 0 else ""
    return f"from {amount(before.value, before.measure)} in {on}"


def _points(difference: float, on: str) -> str:
    if abs(difference) < FLAT * 100:
        return f"unchanged on {on}"
    return f"{'up' if difference > 0 else 'down'} {abs(difference):,.1f} percentage points on {on}"


def period_words(period: str, freq: Freq) -> str:
    """A period in words: 'Mar 2025', 'Q1 2025', '2025', 'Jan to Mar 2025'."""
    match freq:
        case Freq.MONTH:
            return month_words(period)
        case Freq.QUARTER:
            return f"{period[5:]} {period[:4]}"
        case Freq.YEAR:
            return period
        case Freq.YTD:
            return month_words(period) if period.endswith("-01") else f"Jan to {month_words(period)}"
        case Freq.ROLL3 | Freq.ROLL12:
            return span_words(text(number(period) - ROLLING[freq] + 1), period)
        case Freq.RANGE:
            return span_words(*period.split("/"))
