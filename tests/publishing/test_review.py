"""Review: licenses whose unit value cannot be, and none that can."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_access.publishing.review import Review, stopped
from data_access.reference import Reference, load

SHEET, OTHER_SHEET, FOIL = "7606123096", "7606123045", "7607116010"
CASTINGS, FORGINGS = "7616995160", "7616995170"
REVIEW = Review()


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load()


def records(unit_values: list[float], hts10: str = SHEET, *, kg: float = 1000.0, start: int = 0) -> pd.DataFrame:
    """Licenses of as many kg each at these unit values."""
    return pd.DataFrame(
        {
            "license_id": [f"{hts10} {start + place}" for place in range(len(unit_values))],
            "month": "2026-10",
            "hts10": hts10,
            "value_usd": np.array(unit_values, float) * kg,
            "quantity_kg": kg,
        }
    )


def usual(count: int = 40, middle: float = 4.0) -> list[float]:
    """Unit values evenly between 0.9 and 1.1 of a middle."""
    return (middle * np.linspace(0.9, 1.1, count)).tolist()


def test_tons_entered_for_kilograms_are_stopped_with_the_bounds_they_miss(reference: Reference) -> None:
    found = stopped(records([*usual(), 4000.0]), REVIEW, reference)
    (row,) = found.to_dict("records")
    assert (row["license_id"], row["month"], row["hts10"]) == (f"{SHEET} 40", "2026-10", SHEET)
    assert (row["value_usd"], row["quantity_kg"], row["unit_value"]) == (4_000_000, 1000, 4000)
    assert (row["low"], row["high"], row["basis"]) == (
        pytest.approx(3.6 / 3, rel=0.01),
        pytest.approx(4.4 * 3, rel=0.01),
        SHEET,
    )


def test_nothing_is_stopped_where_all_is_usual(reference: Reference) -> None:
    assert stopped(records(usual()), REVIEW, reference).empty


@pytest.mark.parametrize(("times", "caught"), [(0.99, False), (1.01, True)])
@pytest.mark.parametrize("bound", ["low", "high"])
def test_a_license_is_stopped_beyond_the_percentile_times_the_factor(
    reference: Reference, bound: str, times: float, caught: bool
) -> None:
    # All others cost the same, so that both percentiles are 4.
    review = Review(low=10, high=90, factor=2)
    price = 4 * 2 * times if bound == "high" else 4 / 2 / times
    assert len(stopped(records([*[4.0] * 40, price]), review, reference)) == caught


def test_percentiles_are_those_of_the_policy(reference: Reference) -> None:
    values = np.linspace(1, 3, 101).tolist()
    (wide,) = stopped(records([*values, 100.0]), Review(low=1, high=99), reference).to_dict("records")
    (narrow,) = stopped(records([*values, 100.0]), Review(low=25, high=75), reference).to_dict("records")
    assert (wide["low"] * 3, wide["high"] / 3) == (pytest.approx(1.02), pytest.approx(2.98))
    assert (narrow["low"] * 3, narrow["high"] / 3) == (pytest.approx(1.5), pytest.approx(2.5))


@pytest.mark.parametrize("wrong", [1, 5, 19])
def test_several_wrong_ones_do_not_vouch_for_each_other(reference: Reference, wrong: int) -> None:
    found = stopped(records([*usual(20), *[4000.0] * wrong]), REVIEW, reference)
    assert len(found) == wrong


def test_wrong_ones_in_both_directions_are_stopped(reference: Reference) -> None:
    found = stopped(records([*usual(), 4000.0, 0.004, 4100.0]), REVIEW, reference)
    assert found["unit_value"].tolist() == [4100, 4000, 0.004], "the most valuable first"


def test_a_product_with_too_few_licenses_takes_the_bounds_of_its_hts6(reference: Reference) -> None:
    few = records([4.0, 4000.0], OTHER_SHEET)
    (row,) = stopped(pd.concat([records(usual(19)), few]), REVIEW, reference).to_dict("records")
    assert (row["license_id"], row["basis"]) == (f"{OTHER_SHEET} 1", "760612")


def test_and_where_the_hts6_has_too_few_those_of_its_group_and_else_of_all(reference: Reference) -> None:
    few = records([4000.0], SHEET)
    group = records(usual(25), "7606116000")
    (row,) = stopped(pd.concat([few, group]), REVIEW, reference).to_dict("records")
    assert row["basis"] == "sheet"
    (row,) = stopped(pd.concat([few, records(usual(25), FOIL)]), REVIEW, reference).to_dict("records")
    assert row["basis"] == "aim"


def test_twenty_licenses_have_percentiles_of_their_own_nineteen_have_not(reference: Reference) -> None:
    others = records(usual(30, middle=400.0), "7606116000")
    assert stopped(pd.concat([records(usual(20)), others]), REVIEW, reference).empty
    found = stopped(pd.concat([records(usual(19)), others]), REVIEW, reference)
    assert set(found["basis"]) == {"sheet"}
    assert len(found) == 19


def test_castings_are_not_judged_by_an_hts6_that_is_mostly_not_theirs(reference: Reference) -> None:
    castings = records([*usual(5), 4000.0], CASTINGS)
    forgings = records(usual(25), FORGINGS)
    (row,) = stopped(pd.concat([castings, forgings]), REVIEW, reference).to_dict("records")
    assert row["basis"] == "aim"
    (row,) = stopped(pd.concat([castings, forgings]), Review(least=3), reference).to_dict("records")
    assert row["basis"] == CASTINGS


@pytest.mark.parametrize(("value", "kg", "unit_value"), [(5000.0, 0.0, np.inf), (0.0, 1000.0, 0.0)])
def test_a_value_without_quantity_and_a_quantity_without_value_are_stopped(
    reference: Reference, value: float, kg: float, unit_value: float
) -> None:
    one = records([1.0], start=99).assign(value_usd=value, quantity_kg=kg)
    (row,) = stopped(pd.concat([records(usual()), one]), REVIEW, reference).to_dict("records")
    assert (row["license_id"], row["unit_value"]) == (f"{SHEET} 99", unit_value)


def test_a_license_of_nothing_is_let_through(reference: Reference) -> None:
    nothing = records([1.0], start=99).assign(value_usd=0.0, quantity_kg=0.0)
    assert stopped(pd.concat([records(usual()), nothing]), REVIEW, reference).empty


def test_a_code_that_the_tables_lack_is_judged_by_its_heading(reference: Reference) -> None:
    unknown = records([4000.0], "7606129999")
    (row,) = stopped(pd.concat([records(usual()), unknown]), REVIEW, reference).to_dict("records")
    assert row["basis"] == "760612"


def test_no_records_no_licenses(reference: Reference) -> None:
    assert stopped(records(usual()).iloc[:0], REVIEW, reference).empty


def test_the_order_of_records_changes_nothing(reference: Reference) -> None:
    every = pd.concat([records([*usual(), 4000.0, 0.001]), records([*usual(30, 7.0), 9000.0], FOIL)], ignore_index=True)
    shuffled = every.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(stopped(every, REVIEW, reference), stopped(shuffled, REVIEW, reference))
