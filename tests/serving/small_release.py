"""The small release of these tests, and what asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from release_builder import license_row, public_row, with_totals

from data_access.serving.gate.released import Cell, Released

Ask = Callable[[str], Released]
Build = Callable[..., Ask]
PUBLIC_MONTHS = ("2025-11", "2025-12", "2026-01")
LICENSE_MONTHS = ("2025-12", "2026-01", "2026-02")
GROUPS = ("unwrought", "bars", "wire", "sheet", "foil", "tubes", "fittings", "castings", "forgings")


def small_public() -> list[dict[str, Any]]:
    """Three months at HS10: two unwrought codes and sheet from Canada, unwrought metal from Germany."""
    rows = []
    for place, month in enumerate(PUBLIC_MONTHS, start=1):
        rows += [
            public_row(month, "7601103000", "CAN", 1000 * place, 400 * place),
            public_row(month, "7601209045", "CAN", 500 * place, 100 * place),
            public_row(month, "7606113030", "CAN", 300 * place, 50 * place),
            public_row(month, "7601103000", "DEU", 700 * place, 200 * place),
        ]
    return with_totals(rows)


def small_licenses() -> list[dict[str, Any]]:
    """Three closed months: the total, nine groups of which foil is withheld, four origins of which two are."""
    rows = []
    for place, month in enumerate(LICENSE_MONTHS, start=1):
        rows.append(license_row(month, "aim", "all", 3000 * place, 900 * place))
        for group in GROUPS:
            hidden = group in ("foil", "wire")
            figures = (None, None) if hidden else (100 * place, 30 * place)
            rows.append(license_row(month, group, "all", *figures, status="withheld" if hidden else "published"))
        for origin, hidden in (("CAN", False), ("DEU", False), ("FRA", True), ("CHN", True)):
            figures = (None, None) if hidden else (800 * place, 250 * place)
            rows.append(license_row(month, "aim", origin, *figures, status="withheld" if hidden else "published"))
        rows.append(license_row(month, "aim", "MLT", 0, 0))
    return rows


def by_period(released: Released, **wanted: str) -> dict[str, Cell]:
    """Cells by period, of those whose fields are as wanted."""
    return {
        cell.period: cell
        for cell in released.cells
        if all(getattr(cell, name) == value for name, value in wanted.items())
    }
