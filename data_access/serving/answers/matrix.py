"""A selection split twice: product by country (the matrix), origin by smelt or cast (the flows)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from data_access.filters import ALL, BadQuery, By, Chart, Filters, Freq, Series, shown
from data_access.serving.answers import cells as answers
from data_access.serving.answers.ranking import member, member_name, one_series
from data_access.serving.answers.sheet import Sheet
from data_access.serving.answers.spans import is_crossed, last_quarter, one_period
from data_access.serving.gate.released import Released
from data_access.serving.statistics import Statistics

METAL = (By.SMELT, By.SMELT2, By.CAST)
FLOWS_PAGE = "/smelt-cast"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Cells of every pair, with the members of rows (`by`) and columns (`across`): id and name, as they come."""

    released: Released
    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    page: str = "/explore"

    @property
    def permalink(self) -> str:
        """The address of the page that shows it."""
        query = self.released.permalink.partition("?")[2]
        return f"{self.page}?{query}" if query else self.page


def matrix(statistics: Statistics, filters: Filters, *, periods: bool) -> Matrix:
    """Product by country unless split otherwise, as one period unless `periods` says that some are asked for."""
    by, across = _pair(filters)
    wanted = replace(filters, by=by, across=across, chart=Chart.MATRIX, compare="")
    wanted = replace(wanted, series=(one_series(wanted),))
    if not periods or is_crossed(wanted):
        wanted = one_period(statistics, wanted)
    return _matrix(statistics, wanted)


def _pair(filters: Filters) -> tuple[By, By]:
    if filters.by is By.NONE:
        return By.PRODUCT, By.COUNTRY
    if filters.across is By.NONE:
        return filters.by, By.PRODUCT if filters.by is By.COUNTRY else By.COUNTRY
    return filters.by, filters.across


def flows(statistics: Statistics, filters: Filters) -> Matrix:
    """Origin by smelt, unless split by other places, of license data by quarter; raises BadQuery for other splits."""
    by = filters.by if filters.by is not By.NONE else By.COUNTRY
    across = filters.across if filters.across is not By.NONE else By.SMELT
    check_flows(by=by, across=across)
    wanted = replace(
        filters, by=by, across=across, series=(Series.LICENSE,), freq=Freq.QUARTER, chart=Chart.TREND, compare=""
    )
    return _matrix(statistics, last_quarter(statistics, wanted), page=FLOWS_PAGE)


def check_flows(*, by: str, across: str) -> None:
    """Raise BadQuery, with what flows can be split by alone, for other splits."""
    for name, given, allowed in (("by", by, (By.COUNTRY, *METAL)), ("across", across, METAL)):
        if given not in allowed:
            words = [str(one) for one in allowed]
            found = shown(given)
            message = f"{name}: flows are from origin, or smelt, to smelt or cast: {', '.join(words)}, found {found}."
            raise BadQuery(name, given=found, allowed=words, message=message)


def _matrix(statistics: Statistics, filters: Filters, *, page: str = "/explore") -> Matrix:
    released = statistics.series(filters)
    vocabulary = statistics.vocabulary
    found = {}
    for by in (filters.by, filters.across):
        ids = dict.fromkeys(member(cell, by) or ALL for cell in released.cells)
        found[by] = tuple((id_, member_name(vocabulary, by, id_)) for id_ in ids if "+" not in id_)
    return Matrix(released, found[filters.by], found[filters.across], page)


def to_json(found: Matrix, *, base: str = "") -> dict[str, Any]:
    """The answer of /api/v1/matrix and /api/v1/flows."""
    return {
        **_words(found, base),
        "cells": [answers.cell_dict(cell) for cell in found.released.cells],
    }


def _words(found: Matrix, base: str) -> dict[str, Any]:
    words = answers.words(found.released, base=base)
    named = {"rows": found.rows, "columns": found.columns}
    return {
        **words,
        "permalink": base + found.permalink,
        "cite": found.released.cite.removesuffix(found.released.permalink) + base + found.permalink,
        **{name: [{"id": id_, "name": text} for id_, text in members] for name, members in named.items()},
    }


def to_sheet(found: Matrix, *, base: str = "") -> Sheet:
    """The cells for files, one a row."""
    sheet = answers.sheet(found.released, base=base)
    words = _words(found, base)
    links = {"permalink": words["permalink"], "cite": words["cite"]}
    facts = tuple((name, links.get(name, value)) for name, value in sheet.facts)
    return replace(sheet, permalink=words["permalink"], facts=facts, words=words)
