"""Checks of `glossary.csv`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data_access.reference.checks import Lines, filled, finding, unique

GLOSSARY = "glossary"
LONGEST = 240
"""Characters of a definition: what a reader takes in where the term stands."""
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_glossary(lines: Lines) -> Iterator[str]:
    """Findings of the glossary."""
    yield from filled(GLOSSARY, lines, ("term", "definition", "source"))
    yield from unique(GLOSSARY, lines, "id")
    yield from unique(GLOSSARY, lines, "term")
    yield from _phrases(lines)
    for line, row in lines:
        if not _ID.fullmatch(row["id"]):
            yield finding(GLOSSARY, line, "id", "small letters and digits, hyphens between", row["id"])
        if row["definition"] and not row["definition"].endswith("."):
            yield finding(GLOSSARY, line, "definition", "whole sentences", row["definition"])
        if len(row["definition"]) > LONGEST:
            yield finding(GLOSSARY, line, "definition", f"at most {LONGEST} characters", row["definition"])


def _phrases(lines: Lines) -> Iterator[str]:
    """A phrase stands for one term."""
    seen: dict[str, str] = {}
    for line, row in lines:
        for phrase in filter(None, map(str.strip, row["phrases"].casefold().split(";"))):
            if seen.setdefault(phrase, row["id"]) != row["id"]:
                yield finding(GLOSSARY, line, "phrases", f"no phrase of {seen[phrase]}", phrase)
