"""Periods: which there are, what adds up to them, and which of them are partial."""

from __future__ import annotations

from typing import Any

import pytest
from release_builder import license_row, public_row, withheld_row
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


def year_to_date(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """January to March of the total and of Canada, whose February is withheld, and what is said of longer periods."""
    return [
        *(license_row(f"2026-0{month}", "aim", "all", 100, 10) for month in (1, 2, 3)),
        license_row("2026-01", "aim", "CAN", 40, 4),
        withheld_row("2026-02", "aim", "CAN"),
        license_row("2026-03", "aim", "CAN", 30, 3),
        *rows,
    ]


def test_a_year_to_date_that_has_a_row_of_its_own_is_that_row(build: Build) -> None:
    own = license_row("2026-01/2026-03", "aim", "CAN", 90, 9)
    ask = build([], year_to_date(own))
    query = "series=license&country=CAN&measure=value&from=2026-01&to=2026-03"
    assert [(cell.value, cell.status) for cell in ask(f"{query}&freq=ytd").cells] == [
        (40, "published"),
        (None, "withheld"),
        (90, "published"),
    ]
    (whole,) = ask(f"{query}&freq=range").cells
    assert (whole.value, whole.status) == (90, "published")
    assert [cell.status for cell in ask(f"{query}&freq=quarter").cells] == ["withheld"]


def test_without_such_a_row_it_is_the_sum_of_its_months(build: Build) -> None:
    ask = build([], year_to_date())
    query = "series=license&measure=value&from=2026-03&to=2026-03&freq=ytd"
    assert [(cell.value, cell.status) for cell in ask(query).cells] == [(300, "published")]
    assert [(cell.value, cell.status) for cell in ask(f"{query}&country=CAN").cells] == [(None, "withheld")]


def test_the_row_of_a_whole_year_comes_before_the_sum_of_its_months(build: Build) -> None:
    rows = [license_row(f"2025-{month:02d}", "aim", "CAN", 1, 1) for month in WHOLE]
    rows += [license_row(f"2025-{month:02d}", "aim", "all", 2, 2) for month in WHOLE]
    ask = build([], [*rows, license_row("2025-01/2025-12", "aim", "CAN", 13, 13)])
    (cell,) = ask("series=license&country=CAN&measure=value&freq=year&from=2025-01&to=2025-12").cells
    assert (cell.value, cell.status) == (13, "published")


def test_a_share_of_a_row_of_its_own_needs_a_whole_of_the_newest_figures(build: Build) -> None:
    own = license_row("2026-01/2026-03", "aim", "CAN", 90, 9)
    query = "series=license&country=CAN&measure=share&of=value&from=2026-03&to=2026-03&freq=ytd"
    (cell,) = build([], year_to_date(own))(query).cells
    assert (cell.value, cell.status) == (30, "published")


def test_a_share_of_a_row_of_its_own_is_withheld_where_the_whole_holds_an_earlier_figure(build: Build) -> None:
    own = license_row("2026-01/2026-03", "aim", "CAN", 90, 9)
    rows = year_to_date(own)
    rows[0] |= {"as_of": "2026-02-20"}
    (cell,) = build([], rows)(
        "series=license&country=CAN&measure=share&of=value&from=2026-03&to=2026-03&freq=ytd"
    ).cells
    assert (cell.value, cell.status) == (None, "withheld")


def test_rows_of_longer_periods_add_up_where_all_are_there(build: Build) -> None:
    own = [license_row("2026-01/2026-03", "aim", country, 90, 9) for country in ("CAN", "MEX")]
    rows = [*year_to_date(*own), *(license_row(f"2026-0{month}", "aim", "MEX", 30, 3) for month in (1, 2, 3))]
    query = "series=license&country=CAN&country=MEX&measure=value&from=2026-03&to=2026-03&freq=ytd"
    (cell,) = build([], rows)(query).cells
    assert (cell.value, cell.status) == (180, "published")


def test_a_sum_of_longer_periods_is_withheld_where_one_has_no_figure(build: Build) -> None:
    own = license_row("2026-01/2026-03", "aim", "MEX", 90, 9)
    rows = [*year_to_date(own), *(license_row(f"2026-0{month}", "aim", "MEX", 30, 3) for month in (1, 2, 3))]
    query = "series=license&country=CAN&country=MEX&measure=value&from=2026-03&to=2026-03&freq=ytd"
    (cell,) = build([], rows)(query).cells
    assert (cell.value, cell.status) == (None, "withheld")
