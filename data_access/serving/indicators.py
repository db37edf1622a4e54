"""Growth, shares, rolling sums: pure functions of figures that may be shown. None stands for a figure that is not."""

from __future__ import annotations

from collections.abc import Sequence

Figure = int | float | None


def change(now: Figure, before: Figure) -> float | None:
    """Relative change, 0.12 for +12 %; None where either figure is missing or there is nothing to grow from."""
    if now is None or before is None or before <= 0:
        return None
    return now / before - 1


def changes(values: Sequence[Figure], lag: int) -> tuple[float | None, ...]:
    """Relative change of each figure on that `lag` periods before."""
    return tuple(change(value, values[place - lag]) if place >= lag else None for place, value in enumerate(values))


def share(part: Figure, whole: Figure) -> float | None:
    """Part of a whole in percent; None where either is missing or the whole is nil."""
    return None if part is None or not whole else part / whole * 100


def rolling_sum(values: Sequence[Figure], width: int) -> tuple[Figure, ...]:
    """Sum of each figure and the `width` − 1 before it; None where any of them is missing."""
    return tuple(
        _sum(values[place - width + 1 : place + 1]) if place >= width - 1 else None for place in range(len(values))
    )


def rolling_mean(values: Sequence[Figure], width: int) -> tuple[float | None, ...]:
    """Mean of each figure and the `width` − 1 before it; None where any of them is missing."""
    return tuple(None if total is None else total / width for total in rolling_sum(values, width))


def against_mean(now: Figure, before: Sequence[Figure]) -> float | None:
    """A figure against the mean of those before it, less 1: the Aluminum Association's license month ÷ mean of the
    last three public months − 1. None where any is missing."""
    total = _sum(before) if before else None
    return None if total is None else change(now, total / len(before))


def _sum(values: Sequence[Figure]) -> Figure:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
