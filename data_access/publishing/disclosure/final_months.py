"""Months that nothing revises any more, and what is published over several of them."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from data_access.contracts import Status
from data_access.publishing.disclosure.certificate import SALT_BYTES
from data_access.publishing.disclosure.layers import Kind, Layer
from data_access.publishing.disclosure.month import row_keys
from data_access.publishing.disclosure.tables import ALL, DIMENSIONS

FIGURES: Final = ["value", "kg"]
"""Columns of rows, in the order of measures."""

ROWS: Final = ["product", *DIMENSIONS, *FIGURES, "status"]
"""Columns of the rows of a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalMonth:
    """A final month ('2025-03') as published: its layers, oldest first, and the certificate of all of them."""

    month: str
    layers: Sequence[Layer]
    certificate: bytes

    @property
    def newest(self) -> Layer:
        """The layer that tells what counts in the end; raises ValueError unless it is a final one."""
        if not self.layers or self.layers[-1].kind != Kind.FINAL:
            raise ValueError(f"{self.month}: expected a final month, found none; wait until it is")
        return self.layers[-1]

    def figures(self) -> dict[str, tuple[int, int] | None]:
        """US$ and kg of each key that has records, None where they are withheld."""
        rows = self.newest.rows
        shown = (rows["status"] == Status.PUBLISHED).to_numpy()
        value, kilograms = (rows[name].fillna(0).astype(np.int64).tolist() for name in FIGURES)
        return {key: (value[row], kilograms[row]) if shown[row] else None for row, key in enumerate(row_keys(rows))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodLevel:
    """One level of a period: its cells and their US$, and those of them that are published."""

    cells: int
    shown: int
    value: float
    value_shown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSummary:
    """For staff: figures by level name, seconds by stage, and in words what was given up and why."""

    levels: Mapping[str, PeriodLevel] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    programs: int = 0
    given_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedPeriod:
    """What is published of a period ('2025-Q1', or '2025-01/2025-06' for a year to date), with its certificate.

    `rows` holds by table the rows that are published, all others are withheld; columns as of a layer's rows.
    """

    period: str
    rows: Mapping[str, pd.DataFrame]
    certificate: bytes
    summary: PeriodSummary = field(default_factory=PeriodSummary)

    def published(self) -> set[str]:
        """Keys of the published rows of all tables."""
        return {key for frame in self.rows.values() for key in row_keys(frame)}


def rows_of(figures: Mapping[str, tuple[int, int]]) -> pd.DataFrame:
    """Published rows of these keys, in order of keys."""
    parts = [[*key.split("|"), *figures[key]] for key in sorted(figures)]
    frame = pd.DataFrame(parts, columns=["product", *DIMENSIONS, *FIGURES])
    text = {name: frame[name].astype("str") for name in ("product", *DIMENSIONS)}
    numbers = {name: frame[name].astype("Int64") for name in FIGURES}
    return frame.assign(**text, **numbers, status=pd.Series(Status.PUBLISHED.value, index=frame.index, dtype="str"))


def key_of(product: str, **members: str) -> str:
    """The key of a row; members by dimension, `ALL` where not given."""
    return "|".join([product, *(members.get(name, ALL) for name in DIMENSIONS)])


def table_of(key: str) -> str:
    """The table that holds a row: its dimensions joined by '_', `origin` where it has none."""
    there = [name for name, member in zip(DIMENSIONS, key.split("|")[1:], strict=True) if member != ALL]
    return "_".join(there) or "origin"


def by_table(figures: Mapping[str, tuple[int, int]]) -> dict[str, pd.DataFrame]:
    """Published rows by table."""
    parts: dict[str, dict[str, tuple[int, int]]] = {}
    for key, amounts in figures.items():
        parts.setdefault(table_of(key), {})[key] = amounts
    return {name: rows_of(part) for name, part in sorted(parts.items())}


def require_months(months: Sequence[FinalMonth], expected: Sequence[str]) -> None:
    """Raises ValueError unless these are the months, in order, and final."""
    found = [month.month for month in months]
    if found != list(expected):
        raise ValueError(f"expected the months {', '.join(expected)}, found {', '.join(found) or 'none'}")
    for month in months:
        _ = month.newest


def months_from(first: str, count: int) -> list[str]:
    """So many months of one year from the first one ('2025-04') on."""
    start = date.fromisoformat(f"{first}-01")
    return [start.replace(month=start.month + number).strftime("%Y-%m") for number in range(count)]


def pack_parts(words: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    """A certificate of several parts, salted."""
    words = {**words, "salt": secrets.token_hex(SALT_BYTES)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("words.json", json.dumps(words))
        for number, part in enumerate(parts):
            file.writestr(f"{number}.part", part)
    return buffer.getvalue()


def unpack_parts(certificate: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What `pack_parts` packed. Raises ValueError where it cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(certificate)) as file:
            words = json.loads(file.read("words.json"))
            parts = [file.read(f"{number}.part") for number in range(len(file.namelist()) - 1)]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ValueError(f"the certificate cannot be read: {error}") from error
    if not isinstance(words, dict):
        raise ValueError("the certificate cannot be read: its words are of another kind")
    return words, parts
