"""Small months from records to pattern: what is shown withstands an independent attacker, what would not is caught."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small import ASSUMED, LEVELS, RULES, SECRET, TREE, Small, protected, small_month
from switches import ASSUMED_FOR, MONTHS, SWITCHES

from data_access.publishing.disclosure.attacker import Assumptions
from data_access.publishing.disclosure.costs import costs
from data_access.publishing.disclosure.rules import Rules
from data_access.publishing.disclosure.suppress import Problem, Protection, suppress
from data_access.publishing.disclosure.tables import Depth, build_tables, levels_of, whole_amounts

SEED = 10
"""A small month with unsafe cells, complements and unions."""

Case = tuple[Small, Problem, Protection]


@pytest.fixture(scope="module")
def case() -> Case:
    return protected(SEED)


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), records=st.integers(20, 50))
def test_what_is_shown_withstands_the_judge(seed: int, records: int) -> None:
    small = small_month(seed, records=records)
    protection = suppress(small.problem())
    assume(protection.sound)
    assert small.judge(protection.withheld) == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_constraint_matters(switch: str) -> None:
    seed, records = MONTHS[switch]
    small, assumed = small_month(seed, records=records), ASSUMED_FOR.get(switch, ASSUMED)
    loose = suppress(SWITCHES[switch](small))
    assert loose.sound
    assert small.judge(loose.withheld, assumed)
    strict = suppress(small.problem(assumed))
    assert not strict.sound or not np.array_equal(strict.withheld, loose.withheld)


@pytest.mark.parametrize("which", range(3))
def test_a_complement_shown_again_fails_the_judge(case: Case, which: int) -> None:
    small, _, protection = case
    complement = np.flatnonzero(protection.withheld & ~protection.unsafe)[which]
    assert small.judge(_without(protection.withheld, complement))


def _without(withheld: np.ndarray, cell: int) -> np.ndarray:
    shown = withheld.copy()
    shown[cell] = False
    return shown


def test_an_unsafe_cell_shown_fails_the_judge(case: Case) -> None:
    small, _, protection = case
    unsafe = np.flatnonzero(protection.unsafe)[0]
    shown = [breach.cell for breach in small.judge(_without(protection.withheld, unsafe)) if breach.why == "shown"]
    assert shown == sorted(small.named(np.arange(len(protection.unsafe)) == unsafe))


def test_a_table_published_beside_those_protected_fails_the_judge() -> None:
    """Protected without the breakdown by smelt, whose safe cells are then published all the same."""
    seed, records = 2, 60
    small = small_month(seed, records=records)
    fewer = tuple(level for level in LEVELS if "smelt" not in level.dimensions)
    alone = small_month(seed, records=records, levels=fewer)
    protection = suppress(alone.problem())
    assert protection.sound
    assert alone.judge(protection.withheld) == []
    withheld = small.cells(alone.named(protection.withheld))
    assert small.judge(withheld | suppress(small.problem()).unsafe)


def test_the_same_input_gives_the_same_pattern() -> None:
    one, two = (suppress(small_month(SEED).problem()) for _ in range(2))
    assert np.array_equal(one.withheld, two.withheld)
    assert np.array_equal(one.moves, two.moves)


def test_the_order_of_records_does_not_matter() -> None:
    small = small_month(SEED)
    shuffled = small.licenses.sample(frac=1, random_state=3).reset_index(drop=True)
    other = Small(shuffled)
    assert small.named(suppress(small.problem()).unsafe) == other.named(suppress(other.problem()).unsafe)


def test_costs_do_not_change_with_what_is_protected() -> None:
    small = small_month(SEED)
    other = small.licenses.assign(
        value_usd=small.licenses["value_usd"] * 3 + 7, quantity_kg=small.licenses["quantity_kg"][::-1].to_numpy()
    )
    sizes, changed = {key: float(len(key)) for key in small.keys}, Small(other).tables
    before = costs(small.tables, sizes, secret=SECRET, year=2020)
    assert np.array_equal(before, costs(changed, sizes, secret=SECRET, year=2020))
    assert not np.array_equal(before, costs(changed, sizes, secret=SECRET, year=2021))
    assert not np.array_equal(before, costs(changed, sizes, secret=b"another" * 5, year=2020))


def test_costs_rise_with_public_figures_beyond_what_the_secret_factor_hides() -> None:
    small = small_month(SEED)
    keys, cell = small.keys, small.tables.rows["cell"].to_numpy()
    large, small_one = keys.index("aim|AAA|all|all|all"), keys.index("aim|BBB|all|all|all")
    sizes = {keys[large]: 1e9, keys[small_one]: 1e3}
    found = costs(small.tables, sizes, secret=SECRET, year=2020)
    assert found[cell[large]] > found[cell[small_one]]


def test_what_is_unsafe_is_so_by_the_judges_rules(case: Case) -> None:
    small, _, protection = case
    nothing = np.zeros_like(protection.withheld)
    shown = {breach.cell for breach in small.judge(nothing, rules=RULES) if breach.why == "shown"}
    assert shown == small.named(protection.unsafe)


def test_dominance_is_judged_alike() -> None:
    rules = Rules(p=10, n_min=3, n=2, k=85)
    small = small_month(SEED, records=60)
    protection = suppress(small.problem(rules=rules))
    nothing = np.zeros_like(protection.withheld)
    shown = {breach.cell for breach in small.judge(nothing, rules=rules) if breach.why == "shown"}
    assert shown == small.named(protection.unsafe)
    assert protection.unsafe.sum() > suppress(small.problem()).unsafe.sum()


def licenses(rows: Sequence[tuple[str, str, float, float]]) -> pd.DataFrame:
    """Records of (code, country, US$, kg), each of an importer of its own."""
    frame = pd.DataFrame(rows, columns=["hts10", "origin", "value_usd", "quantity_kg"])
    names = [f"I{number}" for number in range(len(frame))]
    return frame.assign(
        importer_id=names, filer_id=names, exporter_id="unknown", manufacturer_id="unknown", enterprise_group=None,
        smelt1=frame["origin"], smelt2="not_applicable", cast=frame["origin"],
    )  # fmt: skip


SHEET, CASTINGS = "7606110000", "7616995160"


def test_a_month_has_a_row_for_each_key_that_has_records() -> None:
    tables = build_tables(licenses([(SHEET, "CAN", 5, 2), (CASTINGS, "MEX", 7, 3)]), TREE, levels=LEVELS)
    assert set(tables.keys()) == {
        "|".join([product, *members])
        for product, country in (("aim", "CAN"), ("sheet", "CAN"), ("aim", "MEX"), ("castings", "MEX"))
        for members in (
            ("all",) * 4,
            (country, "all", "all", "all"),
            ("all", country, "all", "all"),
            ("all", "all", "all", country),
        )
        if product == "aim" or members[3] == "all"
    } | {"760611|all|all|all|all"}


def test_parts_add_up_to_the_total_to_the_dollar_and_kilogram() -> None:
    """Each part ends in .4: rounded one by one they would fall short of the total by one."""
    rows = [(code, country, 1000.4, 333.4) for code in (SHEET, CASTINGS) for country in ("CAN", "MEX", "ARE")]
    tables = build_tables(licenses(rows), TREE, levels=LEVELS)
    assert (tables.figures == np.round(tables.figures)).all()
    assert np.abs(tables.equations() @ tables.figures.T).max() == 0
    assert tables.figures.max(axis=1) == pytest.approx([6002, 2000], abs=3)


@given(st.lists(st.tuples(st.floats(-1e6, 1e9), st.integers(0, 4)), min_size=1, max_size=30))
def test_amounts_of_an_atom_add_up_to_their_sum_rounded(rows: list[tuple[float, int]]) -> None:
    amounts = np.array([[amount for amount, _ in rows]] * 2)
    atom = np.unique([number for _, number in rows], return_inverse=True)[1].astype(np.int64)
    whole = whole_amounts(amounts, atom)
    assert (whole == np.round(whole)).all()
    assert np.abs(whole - amounts).max() < 1 + 1e-3
    for number in range(atom.max() + 1):
        assert abs(whole[0, atom == number].sum() - amounts[0, atom == number].sum()) <= 0.5 + 1e-3


def test_a_country_with_one_group_and_that_group_in_it_are_one_cell() -> None:
    rows = [(CASTINGS, "CAN", 5.0, 2.0), (CASTINGS, "CAN", 6.0, 2.0), (SHEET, "MEX", 7.0, 3.0)]
    tables = build_tables(licenses(rows), TREE, levels=LEVELS)
    cells = dict(zip(tables.keys(), tables.rows["cell"], strict=True))
    assert cells["aim|CAN|all|all|all"] == cells["castings|CAN|all|all|all"]
    assert cells["sheet|all|all|all|all"] == cells["760611|all|all|all|all"] == cells["aim|MEX|all|all|all"]
    assert cells["aim|all|all|all|all"] != cells["sheet|all|all|all|all"]


def test_a_merged_cell_is_known_as_well_as_its_best_known_row() -> None:
    """A country with one group is known as country totals are, not only as groups by country."""
    small = Small(licenses([(CASTINGS, "CAN", 50.0, 20.0), (SHEET, "MEX", 70.0, 30.0), (SHEET, "ARE", 70.0, 30.0)]))
    assumed = Assumptions(public_group=None, public_country=0.15, public_group_country=0.3)
    system = small.problem(assumed).system
    cell = np.flatnonzero(small.cells({"castings|CAN|all|all|all"}))
    assert system.down[:, cell] == pytest.approx(0.15 * system.figures[:, cell])


def test_codes_that_the_tree_lacks_are_told() -> None:
    with pytest.raises(KeyError, match="9999999999"):
        build_tables(licenses([("9999999999", "CAN", 1, 1)]), TREE)


def test_a_month_without_records_has_no_rows() -> None:
    tables = build_tables(licenses([]), TREE, levels=LEVELS)
    assert tables.cells == len(tables.rows) == 0


def test_two_dimensions_crossed_add_up_to_each() -> None:
    levels = levels_of({"origin": (Depth.TOTAL,), "smelt": (Depth.TOTAL,), "origin_smelt": (Depth.TOTAL, Depth.GROUP)})
    small = small_month(SEED, levels=levels)
    tables = small.tables
    assert np.abs(tables.equations() @ tables.figures.T).max() == 0
    names = [level.name for level in levels]
    parents = {
        names[int(tables.rows.loc[tables.rows["cell"] == split.parent, "level"].iloc[0])] for split in tables.splits
    }
    assert {"total×origin", "total×smelt", "total×origin×smelt"} <= parents
