"""Signals of smelt and cast, of cells made up."""

from __future__ import annotations

import pytest

from data_access.contracts import Status
from data_access.filters import Measure, Series
from data_access.serving import metal
from data_access.serving.gate.released import Cell


def cell(
    value: float | None, *, status: Status = Status.PUBLISHED, as_of: str = "2026-03-20", partial: bool = False
) -> Cell:
    """A cell of license volume."""
    place = ("2026-02", "aim", "all", None, None, None)
    measured = (Series.LICENSE, None, Measure.VOLUME, "t")
    return Cell(*place, *measured, value, status, partial, as_of, None)


HIDDEN = cell(None, status=Status.WITHHELD)


def test_what_a_country_ships_beyond_what_it_smelts_came_from_elsewhere() -> None:
    origins = {"CAN": cell(60.0), "MEX": cell(40.0), "RUS": cell(0.0)}
    metals = {"CAN": cell(55.0), "MEX": cell(0.0), "RUS": cell(25.0), "not_applicable": cell(20.0)}
    found = metal.at_least_elsewhere(origins, metals, cell(100.0))
    assert found is not None
    assert (found.elsewhere, found.named, found.exact) == (45.0, 25.0, False)


def test_the_bound_never_exceeds_the_truth() -> None:
    flows = {("A", "A"): 5.0, ("A", "B"): 4.0, ("B", "A"): 3.0, ("B", "not_applicable"): 2.0, ("C", "B"): 1.0}
    places = ("A", "B", "C")
    origins = {one: cell(sum(kg for (o, _), kg in flows.items() if o == one)) for one in places}
    metals = {one: cell(sum(kg for (_, s), kg in flows.items() if s == one)) for one in (*places, "not_applicable")}
    found = metal.at_least_elsewhere(origins, metals, cell(sum(flows.values())))
    assert found is not None
    assert found.elsewhere <= sum(kg for (o, s), kg in flows.items() if o != s)
    assert found.named <= sum(kg for (o, s), kg in flows.items() if o != s and s in places)


@pytest.mark.parametrize("other", [HIDDEN, cell(0.0, as_of="2026-03-13")])
def test_a_figure_missing_or_of_another_date_adds_nothing_to_the_bound(other: Cell) -> None:
    found = metal.at_least_elsewhere({"CAN": cell(60.0)}, {"CAN": other}, cell(100.0))
    assert found is not None
    assert found.elsewhere == 0


@pytest.mark.parametrize(("day", "elsewhere"), [("2026-03-13", 0.0), ("2026-03-20", 20.0)])
def test_two_figures_of_another_date_than_the_total_add_nothing_to_the_bound(day: str, elsewhere: float) -> None:
    found = metal.at_least_elsewhere(
        {"CAN": cell(60.0, as_of=day)}, {"CAN": cell(40.0, as_of=day)}, cell(100.0, as_of="2026-03-20")
    )
    assert found is not None
    assert found.elsewhere == elsewhere


def test_without_the_total_there_is_no_bound() -> None:
    assert metal.at_least_elsewhere({}, {}, HIDDEN) is None


def test_pairs_that_add_up_are_exact_and_others_a_bound() -> None:
    pairs = {("CAN", "CAN"): cell(70.0), ("MEX", "CHN"): cell(20.0), ("MEX", "not_applicable"): cell(10.0)}
    whole = metal.elsewhere_of_pairs(pairs, cell(100.0), unnamed=metal.UNNAMED)
    assert (whole.elsewhere, whole.named, whole.exact) == (30.0, 20.0, True)
    part = metal.elsewhere_of_pairs({**pairs, ("MEX", "RUS"): HIDDEN}, cell(100.0), unnamed=metal.UNNAMED)
    assert not part.exact


@pytest.mark.parametrize(
    ("before", "now", "first"),
    [
        ([cell(0.0)] * 12, cell(1.0), True),
        ([cell(0.0)] * 11, cell(1.0), False),
        ([cell(0.0)] * 11 + [HIDDEN], cell(1.0), False),
        ([cell(0.0)] * 11 + [cell(1.0)], cell(1.0), False),
        ([cell(1.0)] + [cell(0.0)] * metal.PRIOR, cell(1.0), True),
        ([cell(0.0)] * 12, cell(0.0), False),
        ([cell(0.0)] * 12, HIDDEN, False),
        ([cell(0.0)] * 12, cell(1.0, partial=True), False),
    ],
)
def test_a_country_is_first_seen_after_published_zeros_alone(before: list[Cell], now: Cell, first: bool) -> None:
    assert metal.is_first_seen([*before, now]) is first


def test_quarters_are_counted_as_three_months() -> None:
    assert metal.is_first_seen([*[cell(0.0)] * 4, cell(1.0)], per_year=4)
    assert not metal.is_first_seen([*[cell(0.0)] * 3, cell(1.0)], per_year=4)


def test_a_jump_is_measured_on_the_mean_of_the_three_before() -> None:
    assert metal.jump([99.0, 8.0, 9.0, 10.0, 12.0]) == (12.0, 3.0)
    assert metal.jump([8.0, None, 10.0, 12.0]) is None
    assert metal.jump([8.0, 10.0, 12.0]) is None
