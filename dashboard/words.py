"""Words that pages add to those of an answer."""

from __future__ import annotations

from data_access.filters import MONTH_NAMES


def date_words(date: str) -> str:
    """'2026-11-20' as 'Nov 20, 2026'; anything else as it is."""
    parts = date[:10].split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return date
    return f"{MONTH_NAMES[int(parts[1]) - 1]} {int(parts[2])}, {parts[0]}"
