"""The surge list → JSON, CSV, XLSX: a row for each flag, the words beside it; the writer of API, exports and feeds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from data_access.filters import Detail
from data_access.serving.answers.cells import few, named
from data_access.serving.answers.sheet import Column, Kind, Sheet, csv_file, xlsx_file
from data_access.serving.gate.released import Cell
from data_access.serving.meta import release_dict
from data_access.serving.notes import mark
from data_access.serving.surges.flags import Flag, SurgeList
from data_access.serving.surges.rules import NAMES, Result
from data_access.serving.surges.words import MEANINGS

DECIMALS = 2
"""Of percent and z in files; what the tests compare is not rounded."""
TESTS = tuple(NAMES)
COLUMNS = (
    Column("rank", Kind.WHOLE),
    Column("severity", Kind.WHOLE),
    Column("level"),
    Column("new", Kind.FLAG),
    Column("product"),
    Column("product_name"),
    Column("country"),
    Column("country_name"),
    Column("series"),
    Column("month"),
    Column("unit"),
    Column("value", Kind.NUMBER, 3),
    Column("mean_before", Kind.NUMBER, 3),
    Column("share", Kind.NUMBER, DECIMALS),
    *(Column(f"{test}", Kind.NUMBER, DECIMALS) for test in TESTS if test != "n"),
    Column("new_supplier", Kind.FLAG),
    Column("tests_met"),
    Column("thin_base", Kind.FLAG),
    Column("headline"),
    Column("notes"),
    Column("link"),
)


def to_json(found: SurgeList, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/surges: words, months tested, thresholds, and the flags with tests and small trends.

    `base` (scheme and host) makes its links absolute.
    """
    return {
        **_words(found, base),
        "flags": [_flag(rank, flag, base) for rank, flag in enumerate(found.flags, start=1)],
    }


def to_csv(found: SurgeList) -> str:
    """Comment lines of the words, then a row for each flag."""
    return csv_file(sheet(found))


def to_xlsx(found: SurgeList) -> bytes:
    """A workbook: a sheet of the flags, a sheet of all the words."""
    return xlsx_file(sheet(found))


def file_name(found: SurgeList, ext: str) -> str:
    """What a file of this list is called: selection, level, months tested and release; safe on every system."""
    filters, release = found.filters, found.release
    parts = [
        "aim-demonstration" if release.demonstration else "aim",
        "surges",
        few(filters.products),
        few(filters.countries),
        *([str(filters.detail)] if filters.detail is not Detail.GROUP else []),
        found.months.last or "no-month",
        release.id or "no-release",
    ]
    return named(parts, ext)


def sheet(found: SurgeList, *, base: str = "") -> Sheet:
    """The list as columns and rows; `base` makes its links absolute."""
    return Sheet(
        title=found.title,
        permalink=base + found.permalink,
        facts=_facts(found, base),
        words=_words(found, base),
        columns=COLUMNS,
        rows=[_row(rank, flag, base) for rank, flag in enumerate(found.flags, start=1)],
        marks={
            (row, place): "no result"
            for row, flag in enumerate(found.flags)
            for place, column in enumerate(COLUMNS)
            if column.name in TESTS and _result(flag, column.name).value is None
        },
    )


def _words(found: SurgeList, base: str) -> dict[str, Any]:
    return {
        "release": release_dict(found.release),
        "compared_with": found.previous,
        "query": found.filters.to_dict(),
        "thresholds": asdict(found.filters.tests),
        "tests": MEANINGS,
        "months": {
            "public": found.months.public,
            "license": list(found.months.license),
            "running": found.months.running,
        },
        "title": found.title,
        "summary": found.summary,
        "notes": list(found.notes),
        "permalink": base + found.permalink,
        "cite": _cite(found, base),
    }


def _cite(found: SurgeList, base: str) -> str:
    return found.cite.removesuffix(found.permalink) + base + found.permalink


def _facts(found: SurgeList, base: str) -> tuple[tuple[str, str], ...]:
    release = {name: value for name, value in release_dict(found.release).items() if value is not None}
    return (
        ("title", found.title),
        ("summary", found.summary),
        *((f"release {name}", str(value).lower() if value is True or value is False else str(value))
          for name, value in release.items()),
        ("compared with release", found.previous or "none"),
        ("query", found.permalink.partition("?")[2]),
        *((f"threshold {name}", f"{value:.13g}") for name, value in asdict(found.filters.tests).items()),
        *(("note", note) for note in found.notes),
        ("permalink", base + found.permalink),
        ("cite", _cite(found, base)),
    )  # fmt: skip


def _row(rank: int, flag: Flag, base: str) -> list[Any]:
    return [
        rank,
        flag.severity,
        flag.level,
        flag.is_new,
        flag.product,
        flag.product_name,
        flag.country,
        flag.country_name,
        str(flag.series),
        flag.month,
        flag.unit,
        flag.value,
        round(flag.base, 3),
        round(flag.share, DECIMALS),
        *(_rounded(_result(flag, test)) for test in TESTS if test != "n"),
        flag.new_supplier,
        " ".join(one.id for one in flag.tests if one.met),
        flag.thin,
        flag.headline,
        " ".join(flag.notes),
        base + flag.link,
    ]


def _result(flag: Flag, test: str) -> Result:
    return next(one for one in flag.tests if one.id == test)


def _rounded(result: Result) -> float | None:
    return None if result.value is None else round(result.value, DECIMALS)


def _flag(rank: int, flag: Flag, base: str) -> dict[str, Any]:
    return {
        "rank": rank,
        "severity": flag.severity,
        "level": flag.level,
        "new": flag.is_new,
        "flagged_before": flag.before,
        "product": list(flag.products),
        "product_name": flag.product_name,
        "country": flag.country,
        "country_name": flag.country_name,
        "series": str(flag.series),
        "month": flag.month,
        "measure": str(flag.measure),
        "unit": flag.unit,
        "value": flag.value,
        "mean_before": round(flag.base, 3),
        "share": round(flag.share, DECIMALS),
        "tests": {one.id: _test(one) for one in flag.tests},
        "new_supplier": flag.new_supplier,
        "thin_base": flag.thin,
        "headline": flag.headline,
        "notes": list(flag.notes),
        "link": base + flag.link,
        "trend": [_point(cell) for cell in flag.trend],
    }


def _test(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"met": result.met}
    if result.id != "n":
        told = {"value": _rounded(result), "threshold": result.threshold, "unit": result.unit, **told}
    return {**told, "no_result": result.missing} if result.missing else told


def _point(cell: Cell) -> dict[str, Any]:
    point = {"month": cell.period, "series": str(cell.series), "value": cell.value, "status": str(cell.status)}
    return {**point, "mark": mark(cell)[0]} if cell.value is None else point
