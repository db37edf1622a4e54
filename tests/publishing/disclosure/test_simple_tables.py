"""License tables of a month: which rows there are, what they hold, and that their figures add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.publishing.disclosure.holdings import firm_numbers
from data_access.publishing.disclosure.order import complement_order
from data_access.publishing.disclosure.rounding import rounded
from data_access.publishing.disclosure.rules import Rules
from data_access.publishing.disclosure.simple_tables import ProtectedMonth, Scope, protect_month
from data_access.publishing.policy import Calendar, Policy, PublicKnowledge, UnitValue

SCOPE = Scope(
    groups=("unwrought", "wire", "foil"),
    group_of={"7601103000": "unwrought", "7605190000": "wire", "7607116000": "foil"},
    countries=("ARE", "CAN", "FRA", "MEX"),
)
CODES = {group: code for code, group in SCOPE.group_of.items()}
POLICY = Policy(
    name="example",
    demonstration=True,
    secret=bytes(16),
    rules=Rules(p=10, n_min=3),
    unit_value=UnitValue(unwrought=0.10, others=0.25),
    public_knowledge=PublicKnowledge(group=0.05, country=0.15, group_country=0.30),
    calendar=Calendar(close_days=7, final_days=75),
    show_zero=frozenset({"total", "group", "country"}),
)

Row = tuple[str, str, str, float, float]


def licenses(rows: list[Row]) -> pd.DataFrame:
    """Records of (group, country, firm, value, kg), each filed by its importer."""
    frame = pd.DataFrame(rows, columns=["group", "origin", "importer_id", "value_usd", "quantity_kg"])
    nothing = pd.Series([None] * len(frame), dtype=object)
    return frame.assign(
        hts10=frame["group"].map(CODES),
        filer_id=frame["importer_id"],
        exporter_id=nothing,
        manufacturer_id=nothing,
        enterprise_group=nothing,
    )


def month_of(rows: list[Row], policy: Policy = POLICY) -> ProtectedMonth:
    frame = licenses(rows)
    return protect_month(
        frame,
        month="2025-03",
        as_of="2025-04-11",
        firms=firm_numbers(frame),
        scope=SCOPE,
        sizes={"CAN": 900.0, "MEX": 90.0},
        policy=policy,
    )


def cells_of(month: ProtectedMonth) -> pd.DataFrame:
    return month.tables["origin"].to_pandas().set_index(["product", "origin"])


def many(group: str, country: str, value: float, *, firms: int = 8) -> list[Row]:
    """Records of several firms of similar size."""
    return [(group, country, f"{group} {country} {i}", value + i, (value + i) / 3) for i in range(firms)]


SAFE = [*many("unwrought", "CAN", 1000.5), *many("wire", "MEX", 900.25), *many("wire", "CAN", 800)]


def test_a_month_has_a_row_for_the_total_each_group_and_each_country() -> None:
    cells = cells_of(month_of(SAFE))
    assert set(cells.index) == {
        ("aim", "all"),
        *((group, "all") for group in SCOPE.groups),
        *(("aim", country) for country in SCOPE.countries),
    }
    assert set(cells["period"]) == {"2025-03"}
    assert set(cells["as_of"]) == {"2025-04-11"}


def test_cells_that_hold_nothing_are_published_as_zero() -> None:
    cells = cells_of(month_of(SAFE))
    assert cells.loc[("foil", "all"), ["value", "kg", "status"]].tolist() == [0, 0, "published"]
    assert cells.loc[("aim", "FRA"), ["value", "kg", "status"]].tolist() == [0, 0, "published"]


@pytest.mark.parametrize(("level", "cell"), [("group", ("foil", "all")), ("country", ("aim", "FRA"))])
def test_where_the_policy_does_not_show_zeros_they_read_as_withheld(level: str, cell: tuple[str, str]) -> None:
    cells = cells_of(month_of(SAFE, policy_with(show_zero=POLICY.show_zero - {level})))
    assert cells.loc[cell, "status"] == "withheld"
    assert pd.isna(cells.loc[cell, "value"])
    assert (cells["status"] == "withheld").sum() == (1 if level == "group" else 2)


def policy_with(**changes: object) -> Policy:
    values = {name: getattr(POLICY, name) for name in Policy.__slots__} | changes
    return Policy(**values)


def test_published_groups_and_countries_add_up_to_the_total_to_the_dollar_and_kilogram() -> None:
    """Each part ends in .4 or nearly so: rounded one by one they would fall short of the total by one."""
    parts = [("unwrought", "CAN"), ("wire", "MEX"), ("foil", "ARE")]
    cells = cells_of(month_of([row for part in parts for row in many(*part, 1000.05)]))
    assert cells.loc[("aim", "all"), "value"] == 3 * 8028 + 1
    assert (cells["status"] == "published").all()
    for figure in ("value", "kg"):
        groups = cells.loc[[(group, "all") for group in SCOPE.groups], figure].sum()
        countries = cells.loc[[("aim", country) for country in SCOPE.countries], figure].sum()
        assert groups == countries == cells.loc[("aim", "all"), figure]


def test_withheld_cells_hold_null_in_both_measures() -> None:
    cells = cells_of(month_of([*SAFE, ("unwrought", "FRA", "only one", 5000.0, 900.0), *many("wire", "ARE", 4000)]))
    withheld = cells[cells["status"] == "withheld"]
    assert ("aim", "FRA") in withheld.index
    assert len(withheld) >= 2
    assert withheld[["value", "kg"]].isna().all(axis=None)
    assert cells.drop(withheld.index)[["value", "kg"]].notna().all(axis=None)


@pytest.mark.parametrize(
    "rows",
    [
        [("unwrought", "CAN", "a", 100.0, 10.0), ("wire", "MEX", "b", 90.0, 9.0)],
        [*many("unwrought", "CAN", 10.0), ("wire", "MEX", "giant", 1e6, 1e5)],
        [
            ("unwrought", "CAN", "a", 100.0, 33.0),
            ("unwrought", "CAN", "b", 90.0, 30.0),
            ("wire", "CAN", "c", 80.0, 27.0),
        ],
    ],
    ids=["too few firms", "one firm dominates", "the only firm of a group learns the other group"],
)
def test_a_month_that_cannot_be_protected_is_withheld_as_a_whole(rows: list[Row]) -> None:
    cells = cells_of(month_of(rows))
    assert (cells["status"] == "withheld").all()
    assert cells[["value", "kg"]].isna().all(axis=None)


def test_a_month_without_records_is_zero_throughout() -> None:
    cells = cells_of(month_of(SAFE[:0]))
    assert (cells["value"] == 0).all()
    assert (cells["status"] == "published").all()


def test_the_proof_holds_tables_of_each_level() -> None:
    month = month_of([*SAFE, ("unwrought", "FRA", "only one", 50.0, 9.0), *many("wire", "ARE", 4000)])
    assert set(month.solutions) == {"group", "country"}
    assert month.solutions["country"].shape[1:] == (2, len(SCOPE.countries))
    assert len(month.solutions["country"])


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_rounded_figures_are_whole_close_and_add_up(figures: list[float]) -> None:
    exact = np.array(figures)
    total = round(float(exact.sum()))
    whole = rounded(exact, total)
    assert whole.sum() == total
    assert (np.abs(whole - exact) <= 1 + 1e-5).all()
    assert (whole[exact == 0] == 0).all()


def test_whole_figures_are_not_changed_by_rounding() -> None:
    exact = np.array([0.1 + 0.2 + 0.7, 3.0, 0.0, 1e9])
    assert rounded(exact, 1_000_000_004).tolist() == [1, 3, 0, 1_000_000_000]


def test_small_public_figures_join_first_within_what_the_secret_factor_allows() -> None:
    cells = ["large", "small", "none"]
    order = complement_order(cells, {"large": 1e9, "small": 1e3}, secret=bytes(16), year=2025)
    assert order == [2, 1, 0]


def test_the_order_differs_by_secret_and_by_year_and_is_the_same_again() -> None:
    cells = [f"cell {i}" for i in range(40)]
    sizes = dict.fromkeys(cells, 1000.0)
    orders = [
        complement_order(cells, sizes, secret=secret, year=year)
        for secret, year in ((bytes(16), 2025), (bytes(16), 2025), (bytes(16), 2026), (b"x" * 16, 2025))
    ]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != orders[3]
