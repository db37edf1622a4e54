"""The event lens: windows at their edges, contributions that add up, and a split of value exact to the dollar."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from release_builder import public_row, real_release, totals_of, with_totals, write_release

from data_access.filters import By, Filters
from data_access.reference import Event
from data_access.serving.lens import Item, NoLens, Windows, contributions, split_of, value_split, windows
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics, open_statistics

Open = Callable[[list[dict[str, Any]]], Statistics]
EVENT = Event(id="some", date="2024-03-12", label="Some", text="Something.", source="Some source")


@pytest.fixture
def opened(tmp_path: Any) -> Open:
    def of(rows: list[dict[str, Any]]) -> Statistics:
        write_release(tmp_path / "lens", with_totals(rows))
        return open_statistics(tmp_path / "lens")

    return of


def months(first: str, count: int) -> list[str]:
    return [text(number(first) + place) for place in range(count)]


def steady(first: str, count: int, code: str = "7601103000", country: str = "CAN") -> list[dict[str, Any]]:
    return [public_row(month, code, country, 1000, 400) for month in months(first, count)]


def asked(statistics: Statistics, query: str) -> Filters:
    return statistics.resolve(statistics.parse(query))


def window(statistics: Statistics, query: str = "") -> Windows:
    return windows(statistics.series, asked(statistics, query), EVENT)


# -- months ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(11, 20, 11), (12, 20, 12), (13, 20, 12), (20, 11, 11), (20, 12, 12), (20, 13, 12), (1, 1, 1)],
)
def test_a_window_has_as_many_months_before_as_after_and_twelve_at_most(
    opened: Open, before: int, after: int, expected: int
) -> None:
    found = window(opened(steady(text(number("2024-03") - before), before + after)))
    assert found.months == expected
    assert found.after == ("2024-03", text(number("2024-03") + expected - 1))
    assert found.before == (text(number("2024-03") - expected), "2024-02")
    assert found.whole_years is (expected == 12)


@pytest.mark.parametrize(("first", "count", "month"), [("2023-01", 14, "Mar 2024"), ("2024-03", 5, "Feb 2024")])
def test_a_side_without_months_is_refused_with_the_month_that_lacks_a_figure(
    opened: Open, first: str, count: int, month: str
) -> None:
    with pytest.raises(NoLens, match=f"{month} has no figure, as public statistics at hand do not cover it"):
        window(opened(steady(first, count)))


def test_a_selection_without_weights_is_compared_by_value(opened: Open) -> None:
    rows = [public_row(month, "7611000000", "CAN", 500, None, weight="none") for month in months("2024-01", 6)]
    assert window(opened(rows), "product=7611").measure == "value"


# -- contributions --------------------------------------------------------------------------------------------------


def moved(seed: int) -> list[dict[str, Any]]:
    """Three codes from five countries over two years of drawn figures; some countries on one side alone."""
    draw = random.Random(seed)
    rows = []
    for month in months("2023-03", 24):
        for country in ("CAN", "MEX", "CHN", "DEU", "ARE"):
            if (country, month < "2024-03") in (("MEX", True), ("CHN", False)):
                continue
            for code in ("7601103000", "7606123096", "7607113000"):
                rows.append(public_row(month, code, country, draw.randrange(1, 10**9), draw.randrange(1, 10**8)))
    return rows


@pytest.mark.parametrize("by", [By.COUNTRY, By.PRODUCT])
@pytest.mark.parametrize("query", ["", "measure=value", "country=CAN&country=MEX", "product=foil&product=sheet"])
def test_contributions_add_up_to_the_change_of_the_total(opened: Open, by: By, query: str) -> None:
    rows = moved(7)
    statistics = opened(rows)
    found = contributions(
        statistics.series, asked(statistics, query), window(statistics, query), by, statistics.vocabulary
    )
    assert len(found.members) >= 2
    assert sum(one.change for one in found.members) + found.rest.change == found.total.change
    assert sum(one.after for one in found.members) + found.rest.after == found.total.after
    assert [one.change for one in found.members] == sorted(one.change for one in found.members)


def test_contributions_are_the_figures_of_the_input_to_the_kg(opened: Open) -> None:
    rows = moved(3)
    statistics = opened(rows)
    found = contributions(
        statistics.series, asked(statistics, ""), window(statistics), By.COUNTRY, statistics.vocabulary
    )
    own = {
        one: sum(
            row["consumption_kg"] * (1 if row["month"] >= "2024-03" else -1) for row in rows if row["country"] == one
        )
        for one in ("CAN", "MEX", "CHN", "DEU", "ARE")
    }
    assert {one.id: one.change for one in found.members} == own
    assert found.rest.change == 0
    shares = [found.share(one, after=True) or 0 for one in found.members]
    assert sum(shares) == pytest.approx(100)


def test_what_the_total_holds_beyond_its_countries_is_a_part_of_its_own(tmp_path: Any) -> None:
    pulled = steady("2023-03", 24)
    beyond = [public_row(month, "7601103000", "CHN", 70, 30) for month in months("2024-03", 12)]
    write_release(tmp_path, [*pulled, *totals_of([*pulled, *beyond])])
    statistics = open_statistics(tmp_path)
    found = contributions(
        statistics.series, asked(statistics, ""), window(statistics), By.COUNTRY, statistics.vocabulary
    )
    assert [one.id for one in found.members] == ["CAN"]
    assert (found.rest.before, found.rest.after) == (0, 12 * 30)
    assert found.members[0].change + found.rest.change == found.total.change


# -- volume, price, mix ---------------------------------------------------------------------------------------------


def item(*figures: int, weighed: bool = True, code: str = "1") -> Item:
    v0, v1, q0, q1 = figures
    return Item(codes=frozenset({code}), value=(v0, v1), kg=(q0, q1), weighed=weighed)


def parts(items: list[Item]) -> tuple[int, int, int | None, int]:
    split = split_of(items)
    return split.volume, split.price, split.mix, split.unweighed


def test_more_weight_at_the_same_prices_and_shares_is_volume_alone() -> None:
    assert parts([item(100, 200, 10, 20), item(300, 600, 10, 20)]) == (400, 0, 0, 0)


def test_dearer_codes_of_the_same_weight_are_price_alone() -> None:
    assert parts([item(100, 150, 10, 10), item(300, 310, 10, 10)]) == (0, 60, 0, 0)


def test_a_shift_to_dearer_codes_is_mix_alone() -> None:
    assert parts([item(100, 50, 10, 5), item(300, 450, 10, 15)]) == (0, 0, 100, 0)


def test_one_code_alone_has_no_mix() -> None:
    split = split_of([item(7, 12, 3, 4)])
    assert split.mix is None
    assert split.volume + split.price == split.change == 5


def test_a_new_and_an_ended_code_have_no_price_change() -> None:
    assert parts([item(100, 100, 10, 10), item(0, 500, 0, 10)])[1] == 0
    assert parts([item(100, 100, 10, 10), item(500, 0, 10, 0)])[1] == 0


def test_value_without_a_weight_is_a_part_of_its_own() -> None:
    assert parts([item(100, 200, 10, 20), item(40, 95, 0, 0, weighed=False)])[3] == 55


def test_nothing_weighed_before_is_refused() -> None:
    with pytest.raises(NoLens, match="had a weight before"):
        split_of([item(0, 100, 0, 10)])


@pytest.mark.parametrize("seed", range(40))
def test_the_parts_add_up_to_the_dollar_whatever_the_figures(seed: int) -> None:
    draw = random.Random(seed)
    items = []
    for code in range(draw.randrange(2, 90)):
        v0, v1 = draw.randrange(10**10), draw.randrange(10**10)
        q0, q1 = draw.randrange(1, 10**9), draw.randrange(1, 10**9)
        gone = draw.random()
        v0, q0 = (0, 0) if gone < 0.1 else (v0, q0)
        v1, q1 = (0, 0) if gone > 0.9 else (v1, q1)
        items.append(item(v0, v1, q0, q1, weighed=draw.random() > 0.1, code=str(code)))
    split = split_of(items)
    assert split.mix is not None
    assert split.volume + split.price + split.mix + split.unweighed == split.after - split.before
    assert all(isinstance(one, int) for one in (split.volume, split.price, split.mix, split.unweighed))
    weighed = [one for one in items if one.weighed]
    exact = sum(
        (
            one.kg[1] * (Fraction(one.value[1], one.kg[1]) - Fraction(one.value[0], one.kg[0]))
            for one in weighed
            if all(one.kg)
        ),
        Fraction(0),
    )
    assert abs(split.price - exact) <= Fraction(1, 2)


def test_a_selection_is_split_over_its_ten_digit_codes(opened: Open) -> None:
    rows = moved(11)
    statistics = opened(rows)
    split = value_split(statistics.series, asked(statistics, ""), window(statistics), statistics.vocabulary)
    before, after = (
        sum(row["consumption_value"] for row in rows if (row["month"] >= "2024-03") is side) for side in (False, True)
    )
    assert (split.before, split.after) == (before, after)
    assert split.items == 3
    assert split.volume + split.price + (split.mix or 0) + split.unweighed == after - before


def test_a_code_a_part_of_which_has_no_weight_is_not_priced(opened: Open) -> None:
    rows = steady("2023-03", 24) + [public_row(month, "7607113000", "CAN", 100, 10) for month in months("2023-03", 24)]
    rows += [public_row(month, "7607113000", "CHN", 900, None) for month in months("2024-03", 12)]
    statistics, both = opened(rows), "country=CAN&country=CHN"
    split = value_split(statistics.series, asked(statistics, both), window(statistics, both), statistics.vocabulary)
    assert split.unweighed == 12 * 900
    assert split.items == 1


def test_codes_that_succeed_one_another_are_one(opened: Open) -> None:
    """7601.10.60.30 was split into .40 and .45 in July 2025: neither is new metal."""
    rows = [public_row(month, "7601106030", "CAN", 1000, 100) for month in months("2024-07", 12)]
    rows += [public_row(month, "7601106040", "CAN", 1200, 100) for month in months("2025-07", 12)]
    statistics = opened(rows)
    event = Event(id="one", date="2025-07-01", label="One", text="One.", source="One")
    filters = asked(statistics, "product=760110")
    split = value_split(statistics.series, filters, windows(statistics.series, filters, event), statistics.vocabulary)
    assert (split.volume, split.price, split.mix) == (0, 12 * 200, None)


def test_where_ten_digit_codes_are_not_reported_the_code_above_is_the_finest(opened: Open) -> None:
    rows = [
        public_row(month, code, "CAN", value, 100)
        for month in months("2023-03", 24)
        for code, value in (("760110", 1000), ("760120", 3000 if month < "2024-03" else 4000))
    ]
    statistics = opened(rows)
    filters = asked(statistics, "product=7601")
    split = value_split(statistics.series, filters, window(statistics, "product=7601"), statistics.vocabulary)
    assert (split.items, split.volume, split.price, split.mix) == (2, 0, 12_000, 0)


def test_real_figures_of_canadian_metal_are_split_to_the_dollar(shared: Any, tmp_path: Any) -> None:
    real_release(tmp_path, shared / "data" / "census" / "hs6_760110_canada_2013_2021.csv")
    statistics = open_statistics(tmp_path)
    event = next(one for one in statistics.vocabulary.events if one.id == "section-232")
    filters = asked(statistics, "product=760110&country=CAN")
    found = windows(statistics.series, filters, event)
    split = value_split(statistics.series, filters, found, statistics.vocabulary)
    assert found.months == 12
    assert split.mix is None
    assert split.volume + split.price == split.change != 0


def test_real_figures_of_canada_and_mexico_add_up_to_the_dollar_and_have_no_weights(shared: Any, tmp_path: Any) -> None:
    real_release(tmp_path, shared / "data" / "census" / "hts10_monthly_canada_mexico_2025_2026.csv")
    statistics = open_statistics(tmp_path)
    event = next(one for one in statistics.vocabulary.events if one.id == "section-232-50")
    filters = asked(statistics, "product=aim&country=CAN&country=MEX")
    found = windows(statistics.series, filters, event)
    told = contributions(statistics.series, filters, found, By.COUNTRY, statistics.vocabulary)
    assert sum(one.change for one in told.members) == told.total.change != 0
    with pytest.raises(NoLens, match="had a weight before"):
        value_split(statistics.series, filters, found, statistics.vocabulary)


RECUT = Event(id="one", date="2025-07-01", label="One", text="One.", source="One")
FAMILY = "7601106030+7601106040+7601106045"


def recut(*, weights: bool = True) -> list[dict[str, Any]]:
    """7601.10.60.30, of which .40 and .45 came in July 2025, beside a code that stays."""
    rows = [
        public_row(month, code, "CAN", 1000, 100 if weights else None)
        for month in months("2025-03", 8)
        for code in (["7601106030"] if month < "2025-07" else ["7601106040", "7601106045"])
    ]
    return [*rows, *(public_row(month, "7601103000", "CAN", 500, 50) for month in months("2025-03", 8))]


@pytest.mark.parametrize("query", ["product=760110", "product=760110&measure=value"])
def test_changed_codes_are_told_apart_as_the_one_line_they_are(opened: Open, query: str) -> None:
    statistics = opened(recut())
    filters = asked(statistics, query)
    found = windows(statistics.series, filters, RECUT)
    told = contributions(statistics.series, filters, found, By.PRODUCT, statistics.vocabulary)
    unit = 1000 if "value" in query else 100
    assert {one.id: (one.before, one.after) for one in told.members} == {
        FAMILY: (4 * unit, 8 * unit),
        "7601103000": (2 * unit, 2 * unit),
    }
    assert (told.rest.before, told.rest.after) == (0, 0)
    assert "code family of 7601.10.60.30" in told.members[-1].label


def test_a_code_that_begins_with_the_event_adds_nothing_before_it(opened: Open) -> None:
    rows = [row for row in recut() if row["product"] != "7601106040"]
    statistics = opened(rows)
    filters = asked(statistics, "product=7601106045&product=7601103000")
    found = windows(statistics.series, filters, RECUT)
    told = contributions(statistics.series, filters, found, By.PRODUCT, statistics.vocabulary)
    assert {one.id: (one.before, one.after) for one in told.members} == {
        "7601106045": (0, 400),
        "7601103000": (200, 200),
    }
    assert (told.rest.before, told.rest.after) == (0, 0)
