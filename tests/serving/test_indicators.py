"""Growth: a figure that is missing leaves no figure made of it."""

from __future__ import annotations

import pytest

from data_access.serving.indicators import change


@pytest.mark.parametrize(
    ("now", "before", "relative"),
    [(112, 100, 0.12), (0, 100, -1), (None, 100, None), (100, None, None), (100, 0, None), (100, -1, None)],
)
def test_change(now: float | None, before: float | None, relative: float | None) -> None:
    assert change(now, before) == pytest.approx(relative)
