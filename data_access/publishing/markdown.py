"""Markdown for staff: tables that read well as plain text too, lists, numbers in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, text: int = 1) -> Iterator[str]:
    """Lines of a table, its columns padded; the first `text` columns are words, the others figures (to the right)."""
    lines = [[_escaped(field) for field in row] for row in (heads, *rows)]
    width = [max(3, *(len(line[place]) for line in lines)) for place in range(len(heads))]
    rule = ["-" * wide if place < text else "-" * (wide - 1) + ":" for place, wide in enumerate(width)]
    for line in (lines[0], rule, *lines[1:]):
        fields = [
            field.ljust(width[place]) if place < text else field.rjust(width[place]) for place, field in enumerate(line)
        ]
        yield f"| {' | '.join(fields)} |"
    yield ""


def _escaped(field: object) -> str:
    return str(field).replace("|", "\\|").replace("\n", " ")


def listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    """A section with a list; nothing where the list is empty."""
    if lines:
        yield from [f"## {title}", "", *(f"- {line}" for line in lines), ""]


def percent(part: float, whole: float) -> str:
    """A part in percent of the whole, a dash where that is nothing."""
    return f"{100 * part / whole:.1f} %" if whole > 0 else "–"


def number_of(number: int, word: str) -> str:
    """A number of things."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
