"""Indicators: pure functions of figures that may be shown. None stands for a figure that is not."""

from __future__ import annotations

Figure = int | float | None


def change(now: Figure, before: Figure) -> float | None:
    """Relative change, 0.12 for +12 %; None where either figure is missing or there is nothing to grow from."""
    if now is None or before is None or before <= 0:
        return None
    return now / before - 1
