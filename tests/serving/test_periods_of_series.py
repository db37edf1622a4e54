"""Periods: which there are, what adds up to them, and which of them are partial."""

from __future__ import annotations

import pytest
from release_builder import license_row, public_row
from small_release import Ask, Build, by_period

from data_access.filters import Freq
from data_access.serving.periods import number, periods, text


def test_month_numbers_and_texts_are_inverse() -> None:
    assert [text(number(month)) for month in ("2025-01", "2025-12", "1980-06")] == ["2025-01", "2025-12", "1980-06"]


@pytest.mark.parametrize(
    ("freq", "ids"),
    [
        (Freq.MONTH, ["2025-11", "2025-12", "2026-01"]),
        (Freq.YTD, ["2025-11", "2025-12", "2026-01"]),
        (Freq.QUARTER, ["2025-Q4", "2026-Q1"]),
        (Freq.YEAR, ["2025", "2026"]),
        (Freq.RANGE, ["2025-11/2026-01"]),
    ],
)
def test_every_period_that_a_month_of_the_range_lies_in_is_there(freq: Freq, ids: list[str]) -> None:
    assert [period.id for period in periods(freq, "2025-11", "2026-01")] == ids


def year_of(values: dict[int, int], *, year: int = 2025) -> list[dict[str, object]]:
    return [public_row(f"{year}-{month:02d}", "7601103000", "all", value, value) for month, value in values.items()]


WHOLE = {month: month for month in range(1, 13)}


def test_a_year_a_quarter_and_a_year_to_date_are_sums_of_whole_months(build: Build) -> None:
    ask = build(year_of(WHOLE))
    query = "series=public&measure=value&from=2025-02&to=2025-04"
    assert [cell.value for cell in ask(f"{query}&freq=year").cells] == [78]
    assert [cell.value for cell in ask(f"{query}&freq=quarter").cells] == [6, 15]
    assert [(cell.period, cell.value) for cell in ask(f"{query}&freq=ytd").cells] == [
        ("2025-02", 3),
        ("2025-03", 6),
        ("2025-04", 10),
    ]
    assert [(cell.period, cell.value) for cell in ask(f"{query}&freq=range").cells] == [("2025-02/2025-04", 9)]


def test_a_unit_value_of_a_period_divides_the_sums(build: Build) -> None:
    ask = build(
        [public_row("2025-01", "7601103000", "all", 100, 100), public_row("2025-02", "7601103000", "all", 900, 300)]
    )
    (cell,) = ask("series=public&measure=auv&freq=range&from=2025-01&to=2025-02").cells
    assert cell.value == 2500.0


def test_a_period_with_a_month_missing_has_no_sum(build: Build) -> None:
    ask = build(year_of({month: 1 for month in WHOLE if month != 6}))
    (cell,) = ask("series=public&measure=value&freq=year&from=2025-01&to=2025-12").cells
    assert (cell.value, cell.status, cell.partial) == (None, "not_reported", False)


def test_a_running_year_is_partial_and_has_no_sum(build: Build) -> None:
    ask = build([*year_of(WHOLE), *year_of({1: 5, 2: 6}, year=2026)])
    cells = by_period(ask("series=public&measure=value&freq=year&from=2025-01&to=2027-12"))
    assert (cells["2025"].value, cells["2025"].partial) == (78, False)
    assert (cells["2026"].value, cells["2026"].status, cells["2026"].partial) == (None, "not_reported", True)
    assert (cells["2027"].value, cells["2027"].partial) == (None, False)


@pytest.mark.parametrize(
    ("statuses", "first"),
    [
        (("published", "withheld", "not_yet"), "withheld"),
        (("published", "published", "withheld"), "withheld"),
        (("published", "published", "not_yet"), "not_yet"),
    ],
)
def test_a_sum_has_the_first_status_of_its_months(ask: Ask, build: Build, statuses: list[str], first: str) -> None:
    months = ("2026-01", "2026-02", "2026-03")
    rows = [
        license_row(month, "aim", "all", *((1, 1) if status == "published" else (None, None)), status=status)
        for month, status in zip(months, statuses, strict=True)
    ]
    ask = build([], rows)
    (cell,) = ask("series=license&freq=quarter&from=2026-01&to=2026-01").cells
    assert (cell.value, cell.status) == (None, first)


def test_a_quarter_that_the_table_has_of_its_own_is_that_cell(build: Build) -> None:
    rows = [
        license_row("2026-01", "aim", "CAN", None, status="withheld"),
        license_row("2026-02", "aim", "CAN", 1, 1),
        license_row("2026-03", "aim", "CAN", 1, 1),
        license_row("2026-Q1", "aim", "CAN", 70, 7),
    ]
    ask = build([], rows)
    (cell,) = ask("series=license&country=CAN&measure=value&freq=quarter&from=2026-01&to=2026-03").cells
    assert (cell.value, cell.status) == (70, "published")
