"""The monthly report: the tables that a trade association prints, from one release, as a workbook."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from data_access.contracts import Status
from data_access.errors import cannot_write
from data_access.filters import By, Measure, month_words
from data_access.serving.notes import DEMONSTRATION, MARKS
from data_access.serving.prose import amount, change_words
from data_access.serving.report.book import workbook
from data_access.serving.report.growth import by_country, by_product, largest_changes, month_and_year, year_to_date
from data_access.serving.report.levels import matrix, products, scrap, smelt_or_cast
from data_access.serving.report.tables import FLOOR, Against, Scope, Table, scope_of
from data_access.serving.statistics import Statistics

UNFINISHED = ".tmp"


def write_report(
    statistics: Statistics,
    out: Path,
    *,
    month: str | None = None,
    against: Against = Against.PUBLIC,
    base_url: str = "",
) -> str:
    """Write the report of a whole license month (the newest if None) as an XLSX file; gives what it holds, in words.

    Its figures are those of the API. The same release and arguments give the same bytes; the file appears whole or not
    at all. Raises UserError where there are no figures for the month, or the file cannot be written.
    """
    # A release published meanwhile would else give some of the tables.
    scope = scope_of(statistics.pinned(), month=month, against=against, base_url=base_url.rstrip("/"))
    tables = tables_of(scope)
    title = f"U.S. aluminum imports: license month {month_words(scope.month)}"
    content = workbook(_cover(scope, tables), tables, title=title, footer=_footer(scope))
    _write(out, content)
    return (
        f"{out}: license month {scope.month} against the {scope.base_words}, {len(tables)} tables, release "
        f"{scope.statistics.info().id}"
    )


def tables_of(scope: Scope) -> tuple[Table, ...]:
    """All tables of a report, in the order of its sheets."""
    return (
        by_product(scope),
        by_country(scope),
        largest_changes(scope),
        month_and_year(scope),
        year_to_date(scope),
        products(scope),
        matrix(scope, "license"),
        matrix(scope, "public"),
        smelt_or_cast(scope, By.SMELT),
        smelt_or_cast(scope, By.CAST),
        scrap(scope),
    )


def _footer(scope: Scope) -> str:
    info = scope.statistics.info()
    kind = "DEMONSTRATION DATA, not real trade. " if info.demonstration else ""
    return f"{kind}AIM Monitor, release {info.id}"


def _cover(scope: Scope, tables: Sequence[Table]) -> list[tuple[str, str]]:
    info = scope.statistics.info()
    first = tables[0]
    return [
        *([("Demonstration", DEMONSTRATION)] if info.demonstration else []),
        ("In short", _sentence(scope, first)),
        ("License month", f"{month_words(scope.month)}, whole"),
        ("Held against", scope.base_words),
        ("Newest public month used", month_words(scope.public)),
        ("Products", "all licensed products, and scrap from public statistics"),
        ("Units", "volume in metric tons (t), customs value in US$, average unit value in US$/t"),
        ("Basis of public statistics", "imports for consumption"),
        ("License data as of", info.license_as_of or ""),
        ("Public statistics as of", info.public_as_of or ""),
        ("Release", f"{info.id}, published {info.published}"),
        ("Growth", f"Told where the base is at least {FLOOR:,.0f} t, else “n/a (thin base)”."),
        *((f"Mark “{MARKS[status][0]}”", MARKS[status][1]) for status in MARKS if status is not Status.PUBLISHED),
        *(("Note", note) for note in first.notes),
        ("Permalink of the first table", first.links[0]),
        ("Cite as", first.cite),
    ]


def _sentence(scope: Scope, first: Table) -> str:
    """The total of the first table in one sentence."""
    name, now, *_, mean, change = first.rows[-1]
    if isinstance(now, str) or isinstance(mean, str):
        return f"{name}: {now if isinstance(now, str) else mean} for {month_words(scope.month)}."
    volume = amount(now, Measure.VOLUME)
    on = "" if isinstance(change, str) else f", {change_words(now, mean, Measure.VOLUME, f'the {scope.base_words}')}"
    return f"{name}: {volume} in licenses for {month_words(scope.month)}{on}."


def _write(out: Path, content: bytes) -> None:
    unfinished = out.with_name(f".{out.name}{UNFINISHED}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, out)  # noqa: PTH105 - atomic
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise cannot_write(out, error) from None
