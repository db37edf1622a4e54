"""Rolling periods, changes on the year, indices, answers split twice, and earlier releases."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_builder import license_row, public_row, with_totals, withheld_row, write_release
from small_release import Ask, Build, by_period

from data_access.contracts import Status
from data_access.filters import BadQuery
from data_access.serving import holder
from data_access.serving import statistics as module
from data_access.serving.earlier import MAX_OPEN
from data_access.serving.statistics import Statistics, open_statistics
from data_access.thresholds import Thresholds

CODE = "7601103000"


def months(first: int, count: int) -> list[str]:
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, first + count)]


def two_years(*, skip: frozenset[str] = frozenset()) -> list[dict[str, object]]:
    """US$ 1, 2, 3 … and as many kg, from January 2024 on."""
    named = enumerate(months(2024 * 12, 24), start=1)
    return [public_row(month, CODE, "all", place, place) for place, month in named if month not in skip]


def test_a_rolling_period_ends_in_its_month_and_adds_up_the_months_before(build: Build) -> None:
    ask = build(two_years())
    query = "series=public&measure=value&from=2024-11&to=2025-01"
    assert [(one.period, one.value) for one in ask(f"{query}&freq=roll3").cells] == [
        ("2024-11", 9 + 10 + 11),
        ("2024-12", 10 + 11 + 12),
        ("2025-01", 11 + 12 + 13),
    ]
    rolled = ask(f"{query}&freq=roll12").cells
    assert [one.value for one in rolled[1:]] == [sum(range(1, 13)), sum(range(2, 14))]
    assert (rolled[0].value, rolled[0].status) == (None, Status.NOT_REPORTED), "eleven months are not twelve"


def test_a_change_on_the_year_is_of_the_same_month_even_before_the_range(build: Build) -> None:
    ask = build(two_years())
    answer = ask("series=public&measure=value&show=yoy&floor=0&floor_value=0&from=2025-01&to=2025-02")
    assert [one.value for one in answer.cells] == [1200.0, 600.0]  # 13 on 1, 14 on 2
    assert answer.unit == "% on the year before"
    assert "was 600.0" in answer.summary
    earlier = ask("series=public&measure=value&show=yoy&floor=0&floor_value=0&from=2024-12&to=2024-12").cells[0]
    assert (earlier.value, earlier.status) == (None, Status.NOT_REPORTED)


@pytest.mark.parametrize("freq", ["quarter", "ytd", "year"])
def test_other_periods_change_on_the_same_of_the_year_before(build: Build, freq: str) -> None:
    ask = build(two_years())
    cells = ask(f"series=public&measure=value&show=yoy&floor=0&floor_value=0&from=2025-01&to=2025-12&freq={freq}").cells
    level = ask(f"series=public&measure=value&from=2025-01&to=2025-12&freq={freq}").cells
    past = ask(f"series=public&measure=value&from=2024-01&to=2024-12&freq={freq}").cells
    expected = [
        round((a.value / b.value - 1) * 100, 2) for a, b in zip(level, past, strict=True) if a.value and b.value
    ]
    assert [one.value for one in cells] == expected
    assert len(expected) == len(cells)


FLOORS = {"value": Thresholds().floor_value, "volume": Thresholds().floor * 1000}
"""In US$ and kg."""


@pytest.mark.parametrize(
    ("query", "behind"),
    [
        ("measure=value", "value"),
        ("measure=volume", "volume"),
        ("measure=auv", "volume"),
        ("measure=share&of=volume", "volume"),
        ("measure=share&of=value", "value"),
    ],
)
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_change_on_the_year_needs_the_floor_of_what_is_behind_it(
    build: Build, query: str, behind: str, beside: int
) -> None:
    base = round(FLOORS[behind]) + beside
    figures = (base, 1000) if behind == "value" else (1000, base)
    rows = [public_row(month, CODE, "CAN", *figures) for month in ("2024-01", "2025-01")]
    answer = build(with_totals(rows))(f"country=CAN&series=public&{query}&show=yoy&from=2025-01&to=2025-01")
    told = answer.cells[0].value is not None
    assert told is (beside >= 0)
    assert (answer.cells[0].status == Status.NOT_APPLICABLE) is not told
    assert any("nothing or too little a year before" in note for note in answer.notes)
    assert ("too little a year before" in answer.summary) is not told


def test_the_floor_of_a_change_is_of_the_base_alone(build: Build) -> None:
    much, little = round(FLOORS["volume"]), 1000
    rows = [public_row(month, CODE, "CAN", 10, kg) for month, kg in (("2024-01", much), ("2025-01", little))]
    rows += [public_row(month, CODE, "DEU", 10, kg) for month, kg in (("2024-01", little), ("2025-01", much))]
    answer = build(with_totals(rows))("by=country&series=public&show=yoy&from=2025-01&to=2025-01")
    assert {one.country: one.value is not None for one in answer.cells} == {"CAN": True, "DEU": False}


def test_there_is_no_growth_from_nothing(build: Build) -> None:
    rows = [public_row(month, CODE, "CAN", value, value) for month, value in (("2024-01", 0), ("2025-01", 9))]
    cell = build(with_totals(rows))(
        "series=public&measure=value&show=yoy&floor=0&floor_value=0&from=2025-01&to=2025-01"
    ).cells[0]
    assert (cell.value, cell.status) == (None, Status.NOT_APPLICABLE)


def test_shares_change_by_percentage_points(build: Build) -> None:
    rows = []
    for month, canada, germany in (("2024-01", 20, 80), ("2025-01", 50, 50)):
        rows += [public_row(month, CODE, "CAN", canada, 1), public_row(month, CODE, "DEU", germany, 1)]
    answer = build(with_totals(rows))(
        "country=CAN&series=public&measure=share&of=value&show=yoy&floor=0&floor_value=0&from=2025-01&to=2025-01"
    )
    assert (answer.cells[0].value, answer.unit) == (30.0, "percentage points on the year before")


def licensed(status: str, *, now: int = 40) -> list[dict[str, object]]:
    first = license_row("2025-01", "aim", "all", 20, 20)
    hidden = withheld_row("2025-01", "aim", "all")
    return [first if status == "published" else hidden, license_row("2026-01", "aim", "all", now, now)]


def test_a_change_on_a_withheld_figure_is_withheld(build: Build) -> None:
    query = "series=license&measure=value&show=yoy&floor=0&floor_value=0&from=2026-01&to=2026-01"
    shown = build([public_row("2025-01", CODE, "all", 1, 1)], licensed("published"))(query).cells[0]
    assert (shown.value, shown.status) == (100.0, Status.PUBLISHED)
    rows = [public_row("2025-01", CODE, "all", 1, 1)]
    hidden = build(rows, licensed("withheld"), id_="2026-04-20T15-00-00Z-bbbbbb")(query).cells[0]
    assert (hidden.value, hidden.status) == (None, Status.WITHHELD)


def test_a_combined_series_does_not_change_across_its_sources(build: Build) -> None:
    ask = build([public_row("2025-01", CODE, "all", 10, 10)], licensed("published"))
    cell = ask("series=combined&measure=value&show=yoy&floor=0&floor_value=0&from=2026-01&to=2026-01").cells[0]
    assert (cell.value, cell.status) == (None, Status.NOT_APPLICABLE)


def test_an_index_is_100_in_the_first_published_period_of_each_line(build: Build) -> None:
    rows = [public_row("2025-01", CODE, "DEU", 0, 0), public_row("2025-02", CODE, "DEU", 50, 5)]
    rows += [public_row("2025-01", CODE, "CAN", 10, 1), public_row("2025-02", CODE, "CAN", 15, 1)]
    answer = build(with_totals(rows))("by=country&series=public&measure=value&show=index&from=2025-01&to=2025-02")
    assert [one.value for one in answer.cells if one.country == "CAN"] == [100.0, 150.0]
    assert [one.value for one in answer.cells if one.country == "DEU"] == [0.0, 100.0]
    assert answer.unit == "index, first period of each line = 100"
    note = next(note for note in answer.notes if note.startswith("Index:"))
    assert note.endswith("is 100: Jan 2025 (1 line), Feb 2025 (1 line).")


def test_an_index_of_withheld_figures_shows_none(build: Build) -> None:
    rows = [withheld_row("2025-01", "aim", "all"), license_row("2025-02", "aim", "all", 5, 5)]
    ask = build([public_row("2025-01", CODE, "all", 1, 1)], rows)
    cells = ask("series=license&measure=value&show=index&from=2025-01&to=2025-02").cells
    assert [(one.value, one.status) for one in cells] == [(None, Status.WITHHELD), (100.0, Status.PUBLISHED)]


def test_an_answer_split_twice_has_a_cell_for_every_pair(ask: Ask) -> None:
    answer = ask("by=product&across=country&series=public&measure=value&from=2026-01&to=2026-01")
    found = {(one.product, one.country): one.value for one in answer.cells}
    assert found["unwrought", "CAN"] == 3 * 1500
    assert found["unwrought", "DEU"] == 3 * 700
    assert found["sheet", "CAN"] == 3 * 300
    assert found["sheet", "DEU"] == 0
    turned = ask("by=country&across=product&series=public&measure=value&from=2026-01&to=2026-01")
    assert {(one.product, one.country): one.value for one in turned.cells} == found
    assert answer.title.endswith("by product and country")


def test_a_pair_holds_the_figure_of_the_same_cell_asked_alone(ask: Ask) -> None:
    query = "series=public&series=license&measure=value&from=2026-01&to=2026-01"
    for cell in ask(f"by=product&across=country&{query}").cells:
        alone = by_period(ask(f"product={cell.product}&country={cell.country}&{query}"), series=cell.series)["2026-01"]
        assert (cell.value, cell.status, cell.hidden) == (alone.value, alone.status, alone.hidden), cell


def test_too_many_pairs_are_refused(statistics: Statistics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CELLS", 17)
    query = "by=product&across=country&series=public&from=2026-01&to=2026-01"
    with pytest.raises(BadQuery, match="17 are the most"):
        statistics.series(statistics.parse(query))


def test_the_second_selection_shares_all_but_what_it_names(statistics: Statistics) -> None:
    filters = statistics.parse("product=foil&country=DEU&measure=value&compare=country%3DCAN%26series%3Dpublic")
    second = filters.second(statistics.vocabulary)
    assert second
    assert (second.products, second.countries) == (("aim",), ("CAN",))
    assert (second.measure, second.series, second.compare) == (filters.measure, ("public",), "")


def test_earlier_releases_answer_for_themselves(tmp_path: Path) -> None:
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 5, 5)], id_="2025-03-01T00-00-00Z-aaaaaa")
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 7, 7)], id_="2025-04-01T00-00-00Z-bbbbbb")
    statistics = open_statistics(tmp_path)
    filters = statistics.parse("series=public&measure=value&from=2025-01&to=2025-01")
    before = statistics.previous()
    assert before
    assert [one.series(filters).cells[0].value for one in (statistics, before)] == [7, 5]
    assert [one.id for one in statistics.log()] == ["2025-04-01T00-00-00Z-bbbbbb", "2025-03-01T00-00-00Z-aaaaaa"]
    assert statistics.at("2025-03-01T00-00-00Z-aaaaaa").info().id == before.info().id
    assert before.previous() is None
    with pytest.raises(KeyError):
        statistics.at("../etc")


def test_pinned_answers_stay_with_their_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY", 0.0)
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 5, 5)], id_="2025-03-01T00-00-00Z-aaaaaa")
    statistics = open_statistics(tmp_path)
    filters = statistics.parse("series=public&measure=value&from=2025-01&to=2025-01")
    pinned = statistics.pinned()
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 7, 7)], id_="2025-04-01T00-00-00Z-bbbbbb")
    assert [one.series(filters).cells[0].value for one in (statistics, pinned)] == [7, 5]
    assert pinned.previous() is None


def test_no_more_than_a_few_earlier_releases_are_kept_open(tmp_path: Path) -> None:
    for month in range(1, 7):
        write_release(
            tmp_path, [public_row("2025-01", CODE, "all", month, month)], id_=f"2025-0{month}-01T00-00-00Z-aaaaaa"
        )
    statistics = open_statistics(tmp_path)
    filters = statistics.parse("series=public&measure=value&from=2025-01&to=2025-01")
    ids = [one.id for one in statistics.log()]
    assert [statistics.at(id_).series(filters).cells[0].value for id_ in ids] == [6, 5, 4, 3, 2, 1]
    assert len(statistics._earlier) == MAX_OPEN


def test_an_unsound_earlier_release_is_passed_over(tmp_path: Path) -> None:
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 5, 5)], id_="2025-03-01T00-00-00Z-aaaaaa")
    write_release(tmp_path, [public_row("2025-01", CODE, "all", 7, 7)], id_="2025-04-01T00-00-00Z-bbbbbb")
    (tmp_path / "2025-03-01T00-00-00Z-aaaaaa" / "public.parquet").write_bytes(b"no")
    assert open_statistics(tmp_path).previous() is None
