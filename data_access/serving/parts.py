"""Parts and sums of released cells that a page or file tells beside them: of figures of one date and source alone.

The gate forms no sum and no quotient of license figures of several dates; what is worked out after it follows suit.
"""

from __future__ import annotations

from collections.abc import Sequence

from data_access.filters import Series
from data_access.serving.gate.released import Cell


def are_of_one_date(cells: Sequence[Cell]) -> bool:
    """Whether cells go together: one source and, but for public statistics, one date."""
    dates = {cell.as_of for cell in cells if cell.series is not Series.PUBLIC}
    return len({cell.source for cell in cells}) <= 1 and len(dates) <= 1


def fraction_of(part: Cell | None, whole: Cell | None) -> float | None:
    """A part of a whole, 0.25 for a quarter; None where a figure is missing, the whole is 0, or they do not go
    together."""
    if part is None or whole is None or part.value is None or not whole.value:
        return None
    return part.value / whole.value if are_of_one_date((part, whole)) else None


def sum_of(cells: Sequence[Cell]) -> float | None:
    """The sum of the published figures among cells, 0 without any; None where those other than 0 do not go together."""
    known = [cell for cell in cells if cell.value]
    return sum(cell.value or 0 for cell in known) if are_of_one_date(known) else None
