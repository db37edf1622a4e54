"""Primary rules: the published examples of the field, and a plain reading of the rules on random cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rules import OUTSIDER, Plain, Record, is_unsafe, level_of

from data_access.publishing.disclosure.holdings import firm_numbers, holdings_of
from data_access.publishing.disclosure.rules import (
    Rules,
    UnitMap,
    all_levels,
    required_levels,
    unit_maps,
    unsafe_cells,
)
from data_access.publishing.disclosure.unions import mask_of, union_levels

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


def one_cell(values: list[float]) -> Plain:
    return Plain([Record("X", f"u{i}", value) for i, value in enumerate(values)])


def unsafe(plain: Plain, rules: Rules) -> list[str]:
    return [cell for cell, bad in zip(plain.cells, fails(plain.maps(), rules), strict=True) if bad]


def fails(maps: tuple[UnitMap, ...], rules: Rules) -> list[bool]:
    """Whether each cell is unsafe."""
    return [bool(bad) for bad in unsafe_cells(all_levels(maps, rules))]


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
    plain = one_cell(HANDBOOK[example])
    weakest = 1e-6
    found = [
        bool(unsafe(plain, Rules(p=percent, n_min=ALONE, n=n, k=k)))
        for percent, n, k in ((10, None, None), (weakest, 1, 90), (weakest, 1, 85), (weakest, 2, 90.909))
    ]
    assert found == [p, n_1_90, n_1_85, n_2_909]


@pytest.mark.parametrize(("example", "level"), [("ex1", 4_000), ("ex1d_51firms", 892), ("ex4", 20), ("ex2", 0)])
def test_the_level_for_the_second_largest_is_the_handbooks(example: str, level: float) -> None:
    plain = one_cell(HANDBOOK[example])
    levels = required_levels(plain.maps(), 0, Rules(p=10, n_min=ALONE))
    second = levels.level[list(levels.firm).index(plain.firms.index("u1"))]
    assert second == pytest.approx(level)


def test_the_level_of_dominance_is_the_handbooks() -> None:
    levels = required_levels(one_cell(HANDBOOK["ex4"]).maps(), 0, Rules(p=1e-9, n_min=ALONE, n=1, k=85))
    assert levels.outsider[0] == pytest.approx(22.941176)


def test_units_are_merged_to_their_enterprise() -> None:
    firms = Plain([Record(cell, f"u{i}", value) for i, (cell, value, _) in enumerate(HOLDINGS)])
    groups = Plain([Record(cell, holding, value) for cell, value, holding in HOLDINGS])
    assert unsafe(firms, Rules(p=10, n_min=3)) == []
    assert unsafe(groups, Rules(p=10, n_min=3)) == ["800|20", "900|20", "900|30"]


@pytest.mark.parametrize("rules", [Rules(p=1e-6, n_min=ALONE, n=2, k=90), Rules(p=10, n_min=ALONE)])
def test_dominance_and_p_percent_see_holdings_where_units_hide_them(rules: Rules) -> None:
    units = Plain([Record(cell, f"u{i}", value) for i, (cell, value, _) in enumerate(DOMINANCE)])
    holdings = Plain([Record(cell, holding, value) for cell, value, holding in DOMINANCE])
    assert unsafe(units, rules) == ["v1", "v2", "v3", "v4"]
    assert unsafe(holdings, rules) == ["v1", "v2", "v3", "v4", "v6"]


def test_a_broker_who_knows_part_of_the_largest_importer_makes_a_cell_unsafe() -> None:
    plain = Plain(BROKER)
    levels = required_levels(plain.maps(), 0, plain.rules)
    needed = {plain.firms[firm]: level for firm, level in zip(levels.firm, levels.level, strict=True) if level}
    assert levels.outsider[0] == 0
    assert needed["b"] == pytest.approx(10.0)


def test_without_the_brokers_knowledge_the_same_cell_is_safe() -> None:
    importers = Plain([record._replace(filer=None) for record in BROKER])
    filers = Plain([record._replace(importer=str(record.filer), filer=None) for record in BROKER])
    assert not unsafe(importers, importers.rules)
    assert not unsafe(filers, filers.rules)


@pytest.mark.parametrize(("role", "bad"), [("port", False), ("exporter_id", True), ("manufacturer_id", True)])
def test_exporters_and_manufacturers_attack_too(role: str, bad: bool) -> None:
    frame = licenses([("a", 100.0), ("b", 60.0), ("c", 30.0), ("d", 12.0)])
    frame.loc[1:2, role] = "seller"
    holdings = holdings_of(frame, firm_numbers(frame))
    maps = unit_maps(holdings, holdings.amounts, np.arange(len(frame)), np.zeros(len(frame), np.int64), cells=1)
    assert fails(maps, Rules(p=15, n_min=3))[0] == bad


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
    assert fails(one_cell(values).maps(), Rules(p=10, n_min=3))[0] == bad


@pytest.mark.parametrize(("rest", "bad"), [(9.99, True), (10.0, False), (10.01, False)])
def test_the_p_percent_rule_is_strict(rest: float, bad: bool) -> None:
    assert fails(one_cell([100, 50, rest / 2, rest / 2]).maps(), Rules(p=10, n_min=3))[0] == bad


@pytest.mark.parametrize(("units", "bad"), [(2, True), (3, False), (4, False)])
def test_fewer_units_than_the_minimum_are_unsafe(units: int, bad: bool) -> None:
    assert fails(one_cell([100.0] * units).maps(), Rules(p=10, n_min=3))[0] == bad


def test_units_that_contribute_nothing_do_not_count() -> None:
    assert fails(one_cell([100.0, 100.0, 0.0]).maps(), Rules(p=10, n_min=3))[0]


def test_a_cell_is_unsafe_when_only_its_quantity_is() -> None:
    plain = Plain([Record("X", firm, 100, quantity) for firm, quantity in (("a", 900), ("b", 40), ("c", 20))])
    assert unsafe(plain, plain.rules) == ["X"]
    assert not required_levels(plain.maps(), 0, plain.rules).unsafe[0]


def test_few_filers_make_a_cell_unsafe_that_has_many_importers() -> None:
    plain = Plain([Record("X", f"u{i}", 100, filer=f"f{i % 2}") for i in range(10)])
    assert unsafe(plain, plain.rules) == ["X"]


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


some_rules = st.sampled_from(
    [Rules(p=10, n_min=3), Rules(p=30, n_min=ALONE), Rules(p=5, n_min=2, n=1, k=60), Rules(p=10, n_min=3, n=2, k=90)]
)


@settings(max_examples=120)
@given(records, some_rules)
def test_levels_are_those_of_a_plain_reading_of_the_rules(rows: list[Record], rules: Rules) -> None:
    plain = Plain(rows, rules)
    assert unsafe(plain, rules) == [cell for cell in plain.cells if is_unsafe(plain, {cell})]
    for measure in (0, 1):
        levels = required_levels(plain.maps(), measure, rules)
        for place, cell in enumerate(plain.cells):
            assert levels.outsider[place] == pytest.approx(level_of(plain, {cell}, OUTSIDER, measure))
        for place, firm, level in zip(levels.cell, levels.firm, levels.level, strict=True):
            expected = level_of(plain, {plain.cells[place]}, plain.firms[firm], measure)
            assert level == pytest.approx(expected), (plain.cells[place], plain.firms[firm])


@settings(max_examples=60)
@given(records, some_rules)
def test_units_are_counted_anew_in_a_union_of_cells(rows: list[Record], rules: Rules) -> None:
    plain = Plain(rows, rules)
    every = mask_of(range(len(plain.cells)))
    assert union_levels([every], plain.maps(), rules)[1][0] == is_unsafe(plain, set(plain.cells))
