"""Primary rules: the published examples of the field, and a plain reading of the rules on random cells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_months import OUTSIDER, Month, Record, is_unsafe, level_of

from data_access.publishing.disclosure.holdings import firm_numbers, holdings_of
from data_access.publishing.disclosure.rules import Rules, required_levels, unit_maps, unsafe_cells

HANDBOOK = {
    "ex1": [50_000, 49_000, 1_000],
    "ex2": [52_000, 50_000, 8_000],
    "ex4": [300, 20, 10],
    "ex1d_51firms": [9_900] + [2] * 50,
}
"""Contributions of the examples of the Handbook on Statistical Disclosure Control, section 4.2 (CC BY-SA 4.0)."""

HOLDINGS = [  # tau-ARGUS manual 4.1, section 4.4.4: cell, value, holding
    ("800|20", 599, "1"), ("800|20", 344, "1"), ("800|20", 244, "1"), ("800|30", 355, "1"), ("800|20", 644, "2"),
    ("800|30", 433, "2"), ("800|30", 323, "3"), ("800|30", 343, "3"), ("900|20", 23, "4"), ("900|20", 43, "5"),
    ("900|20", 34, "5"), ("900|20", 53, "5"), ("900|30", 700, "6"), ("900|30", 200, "6"), ("900|30", 60, "7"),
    ("900|30", 40, "8"), ("900|30", 10, "9"),
]  # fmt: skip

DOMINANCE = [  # ssb-gausssuppression, tests of the dominance rule (MIT): cell, value, holding
    ("v1", 100, "A"), ("v2", 90, "C"), ("v2", 10, "B"), ("v3", 80, "A"), ("v3", 20, "C"), ("v4", 70, "C"),
    ("v4", 30, "C"), ("v5", 80, "C"), ("v5", 10, "B"), ("v5", 10, "A"), ("v6", 70, "A"), ("v6", 10, "B"),
    ("v6", 10, "A"), ("v6", 10, "A"), ("v7", 60, "C"), ("v7", 20, "A"), ("v7", 10, "B"), ("v7", 10, "A"),
]  # fmt: skip

BROKER = [
    *(Record("X", "h", value, filer=filer) for value, filer in ((65, "b"), (32.5, "f1"), (32.5, "f2"))),
    *(
        Record("X", f"c{i}", value, filer="b")
        for i, value in enumerate([13.5, 13.9, 10.2, 16.0, 10.7, 13.3, 14.0, 11.1, 15.9, 14.4])
    ),
    Record("X", "r", 3.0, filer="f3"),
]
"""A broker that files for many: safe for importers and for filers as units, not for the broker as attacker."""

ALONE = 1
"""Fewest units of a rule that is to work without a minimum number."""


def month_of(values: list[float]) -> Month:
    return Month([Record("X", f"u{i}", value) for i, value in enumerate(values)])


def unsafe(month: Month, rules: Rules) -> list[str]:
    return [cell for cell, bad in zip(month.cells, unsafe_cells(month.maps(), rules), strict=True) if bad]


@pytest.mark.parametrize(
    ("example", "p", "n_1_90", "n_1_85", "n_2_909"),
    [
        ("ex1", True, False, False, True),
        ("ex2", False, False, False, True),
        ("ex4", True, True, True, True),
        ("ex1d_51firms", True, True, True, True),
    ],
)
def test_the_handbooks_examples_fail_the_rules_that_it_says(
    example: str, p: bool, n_1_90: bool, n_1_85: bool, n_2_909: bool
) -> None:
    month = month_of(HANDBOOK[example])
    weakest = 1e-6
    found = [
        bool(unsafe(month, Rules(p=percent, n_min=ALONE, n=n, k=k)))
        for percent, n, k in ((10, None, None), (weakest, 1, 90), (weakest, 1, 85), (weakest, 2, 90.909))
    ]
    assert found == [p, n_1_90, n_1_85, n_2_909]


@pytest.mark.parametrize(("example", "level"), [("ex1", 4_000), ("ex1d_51firms", 892), ("ex4", 20), ("ex2", 0)])
def test_the_level_for_the_second_largest_is_the_handbooks(example: str, level: float) -> None:
    month = month_of(HANDBOOK[example])
    levels = required_levels(month.maps(), 0, Rules(p=10, n_min=ALONE))
    second = levels.level[list(levels.firm).index(month.firms.index("u1"))]
    assert second == pytest.approx(level)


def test_the_level_of_dominance_is_the_handbooks() -> None:
    levels = required_levels(month_of(HANDBOOK["ex4"]).maps(), 0, Rules(p=1e-9, n_min=ALONE, n=1, k=85))
    assert levels.outsider[0] == pytest.approx(22.941176)


def test_units_are_merged_to_their_enterprise() -> None:
    firms = Month([Record(cell, f"u{i}", value) for i, (cell, value, _) in enumerate(HOLDINGS)])
    groups = Month([Record(cell, holding, value) for cell, value, holding in HOLDINGS])
    assert unsafe(firms, Rules(p=10, n_min=3)) == []
    assert unsafe(groups, Rules(p=10, n_min=3)) == ["800|20", "900|20", "900|30"]


@pytest.mark.parametrize("rules", [Rules(p=1e-6, n_min=ALONE, n=2, k=90), Rules(p=10, n_min=ALONE)])
def test_dominance_and_p_percent_see_holdings_where_units_hide_them(rules: Rules) -> None:
    units = Month([Record(cell, f"u{i}", value) for i, (cell, value, _) in enumerate(DOMINANCE)])
    holdings = Month([Record(cell, holding, value) for cell, value, holding in DOMINANCE])
    assert unsafe(units, rules) == ["v1", "v2", "v3", "v4"]
    assert unsafe(holdings, rules) == ["v1", "v2", "v3", "v4", "v6"]


def test_a_broker_who_knows_part_of_the_largest_importer_makes_a_cell_unsafe() -> None:
    month = Month(BROKER)
    levels = required_levels(month.maps(), 0, month.rules)
    needed = {month.firms[firm]: level for firm, level in zip(levels.firm, levels.level, strict=True) if level}
    assert month.figure("X", 0) == 266.0
    assert levels.outsider[0] == 0
    assert needed["b"] == pytest.approx(10.0)


def test_without_the_brokers_knowledge_the_same_cell_is_safe() -> None:
    importers = Month([record._replace(filer=None) for record in BROKER])
    filers = Month([record._replace(importer=str(record.filer), filer=None) for record in BROKER])
    assert not unsafe(importers, importers.rules)
    assert not unsafe(filers, filers.rules)


@pytest.mark.parametrize(("role", "bad"), [("port", False), ("exporter_id", True), ("manufacturer_id", True)])
def test_exporters_and_manufacturers_attack_too(role: str, bad: bool) -> None:
    frame = licenses([("a", 100.0), ("b", 60.0), ("c", 30.0), ("d", 12.0)])
    frame.loc[1:2, role] = "seller"
    holdings = holdings_of(frame, firm_numbers(frame))
    maps = unit_maps(holdings, np.zeros(len(frame), np.int64), cells=1)
    assert unsafe_cells(maps, Rules(p=15, n_min=3))[0] == bad


@pytest.mark.parametrize(
    ("values", "bad"),
    [
        ([100, -95, 2], True),
        ([-5], True),
        ([5, -5], True),
        ([100, -95, 90], False),
    ],
)
def test_corrections_count_by_their_size(values: list[float], bad: bool) -> None:
    assert unsafe_cells(month_of(values).maps(), Rules(p=10, n_min=3))[0] == bad


@pytest.mark.parametrize(("rest", "bad"), [(9.99, True), (10.0, False), (10.01, False)])
def test_the_p_percent_rule_is_strict(rest: float, bad: bool) -> None:
    assert unsafe_cells(month_of([100, 50, rest / 2, rest / 2]).maps(), Rules(p=10, n_min=3))[0] == bad


@pytest.mark.parametrize(("units", "bad"), [(2, True), (3, False), (4, False)])
def test_fewer_units_than_the_minimum_are_unsafe(units: int, bad: bool) -> None:
    assert unsafe_cells(month_of([100.0] * units).maps(), Rules(p=10, n_min=3))[0] == bad


def test_units_that_contribute_nothing_do_not_count() -> None:
    assert unsafe_cells(month_of([100.0, 100.0, 0.0]).maps(), Rules(p=10, n_min=3))[0]


def test_a_cell_is_unsafe_when_only_its_quantity_is() -> None:
    month = Month([Record("X", firm, 100, quantity) for firm, quantity in (("a", 900), ("b", 40), ("c", 20))])
    assert unsafe(month, month.rules) == ["X"]
    assert not required_levels(month.maps(), 0, month.rules).unsafe[0]


def test_few_filers_make_a_cell_unsafe_that_has_many_importers() -> None:
    month = Month([Record("X", f"u{i}", 100, filer=f"f{i % 2}") for i in range(10)])
    assert unsafe(month, month.rules) == ["X"]


def licenses(rows: list[tuple[str, float]], groups: dict[str, str] | None = None) -> pd.DataFrame:
    """License records, each filed by its importer."""
    return pd.DataFrame(
        {
            "importer_id": [firm for firm, _ in rows],
            "filer_id": [firm for firm, _ in rows],
            "exporter_id": pd.Series([None] * len(rows), dtype=object),
            "manufacturer_id": pd.Series(["unknown"] * len(rows), dtype=object),
            "enterprise_group": pd.Series([(groups or {}).get(firm) for firm, _ in rows], dtype=object),
            "value_usd": [value for _, value in rows],
            "quantity_kg": [value for _, value in rows],
        }
    )


def test_a_group_covers_its_ids_in_every_role() -> None:
    frame = licenses([("a", 1.0), ("b", 1.0), ("c", 1.0)], groups={"a": "G", "b": "G"})
    frame.loc[2, "exporter_id"] = "b"
    numbers = firm_numbers(frame)
    assert numbers["a"] == numbers["b"] == numbers["G"] != numbers["c"]
    holdings = holdings_of(frame, numbers)
    knows = set(zip(holdings.known_record.tolist(), holdings.known_firm.tolist(), strict=True))
    group = holdings.units[0][0]
    assert {(0, group), (1, group), (2, group)} <= knows


def test_an_unknown_manufacturer_is_no_firm() -> None:
    frame = licenses([("a", 1.0), ("b", 1.0)])
    holdings = holdings_of(frame, firm_numbers(frame))
    assert holdings.firms == 2
    assert len(holdings.known_record) == 2


firms = st.sampled_from("abcdef")
records = st.lists(
    st.builds(
        Record,
        cell=st.sampled_from("XY"),
        importer=firms,
        value=st.integers(-20, 200).map(float),
        quantity=st.integers(0, 50).map(float),
        filer=st.one_of(st.none(), firms, st.just("broker")),
        others=st.lists(firms, max_size=1).map(tuple),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(records)
def test_levels_are_those_of_a_plain_reading_of_the_rules(rows: list[Record]) -> None:
    month = Month(rows)
    assert unsafe(month, month.rules) == [cell for cell in month.cells if is_unsafe(month, {cell})]
    for measure in (0, 1):
        levels = required_levels(month.maps(), measure, month.rules)
        for place, cell in enumerate(month.cells):
            assert levels.outsider[place] == pytest.approx(level_of(month, {cell}, OUTSIDER, measure))
        for place, firm, level in zip(levels.cell, levels.firm, levels.level, strict=True):
            expected = level_of(month, {month.cells[place]}, month.firms[firm], measure)
            assert level == pytest.approx(expected), (month.cells[place], month.firms[firm])


def test_the_shared_cases_have_the_same_primaries(shared: Path) -> None:
    cases = shared / "data" / "disclosure_cases"
    holding = json.loads((cases / "tauargus_holding" / "expected.json").read_text())["expected"]
    expected = sorted(
        cell for cell, kinds in holding.items() if kinds["group"]["p10_unsafe"] or kinds["group"]["below3"]
    )
    micro = pd.read_csv(cases / "tauargus_holding" / "micro.csv", dtype=str)
    rows = zip(micro["a"] + "|" + micro["b"], micro["enterprise_group"], micro["value"].astype(float), strict=True)
    assert unsafe(Month([Record(*row) for row in rows]), Rules(p=10, n_min=3)) == expected
    dominance = json.loads((cases / "ssb_dominance_unit" / "expected.json").read_text())
    micro = pd.read_csv(cases / "ssb_dominance_unit" / "micro.csv")
    rows = zip(micro["cell"], micro["holding"], micro["num"], strict=True)
    assert unsafe(Month([Record(*row) for row in rows]), Rules(p=10, n_min=1)) == dominance["p10_unsafe_by_holding"]


def test_the_shared_handbook_levels_are_ours(shared: Path) -> None:
    case = shared / "data" / "disclosure_cases" / "handbook_rules"
    expected = json.loads((case / "expected.json").read_text())["expected"]
    contributions = pd.read_csv(case / "contributions.csv").groupby("cell")["value"].apply(list)
    for name, values in contributions.items():
        assert HANDBOOK[str(name)] == values
        levels = required_levels(month_of(values).maps(), 0, Rules(p=10, n_min=1))
        assert levels.unsafe[0] == expected[name]["unsafe_p10"]
        assert levels.level.max() == pytest.approx(max(expected[name]["upl_p10"], 0))
