"""Ranges of withheld cells: the exact interval that the release itself leaves, and nothing of what it hides."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from data_access.contracts import ALL, MEMBERS, RANGES, Absent
from data_access.publishing.disclosure.ranges import Contradiction, month_levels, ranges
from data_access.publishing.disclosure.tables import Depth, build_tables, levels_of

TREE = pd.DataFrame(
    {"group": ["foil", "foil", "sheet", "sheet", "castings"], "hts6": ["760711", "760719", "760611", "760612", None]},
    index=pd.Index(["7607110000", "7607190000", "7606110000", "7606120000", "7616995160"], name="hts10"),
)
ZERO, HIDDEN = Absent.ZERO, Absent.HIDDEN
WITHHELD = None


def row(
    product: str, value: int | None, kg: int | None = None, as_of: str = "2026-02-10", **members: str
) -> dict[str, object]:
    """A row of a release; one without a value is withheld."""
    told = {"product": product, **dict.fromkeys(MEMBERS, ALL), **members}
    kg = value if kg is None else kg
    return told | {"value": value, "kg": kg, "status": "withheld" if value is None else "published", "as_of": as_of}


def frame(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows).astype({"value": "Int64", "kg": "Int64"})


def of(rows: Iterable[dict[str, object]], levels: dict[str, Absent], **options: str) -> list[tuple[object, object]]:
    """Low and high value of each row, None where there is none."""
    found = ranges(frame(rows), tree=TREE, levels=levels, **options)
    low, high = (found[name].astype(object).where(found[name].notna(), None) for name in RANGES[:2])
    return list(zip(low, high, strict=True))


def test_two_withheld_parts_may_each_be_all_that_is_left() -> None:
    rows = [row("aim", 100), row("foil", 30), row("sheet", WITHHELD), row("castings", WITHHELD)]
    assert of(rows, {"total": ZERO, "group": ZERO}) == [(None, None), (None, None), (0, 70), (0, 70)]


def test_a_published_part_is_the_least_of_its_withheld_whole() -> None:
    rows = [
        row("aim", 100),
        row("foil", WITHHELD),
        row("sheet", WITHHELD),
        row("castings", 10),
        row("760711", 40),
        row("760719", WITHHELD),
        row("760611", WITHHELD),
        row("760612", WITHHELD),
    ]
    found = of(rows, {"total": ZERO, "group": ZERO, "hts6": ZERO})
    assert found[1:3] == [(40, 90), (0, 50)]
    assert found[5:] == [(0, 50), (0, 50), (0, 50)]


def test_a_cell_that_the_others_give_away_is_told_exactly() -> None:
    rows = [row("aim", 100), row("foil", 30), row("sheet", WITHHELD), row("castings", 21)]
    assert of(rows, {"total": ZERO, "group": ZERO})[2] == (49, 49)


def test_countries_and_products_bound_a_cell_together() -> None:
    levels = {"total": ZERO, "group": ZERO, "total×origin": ZERO, "group×origin": ZERO}
    rows = [
        row("aim", 100),
        row("foil", 60),
        row("sheet", 40),
        row("aim", 75, origin="CAN"),
        row("aim", 25, origin="MEX"),
        *(row(group, WITHHELD, origin=country) for group in ("foil", "sheet") for country in ("CAN", "MEX")),
    ]
    # The cell foil × CAN is at least 60 + 75 - 100.
    assert of(rows, levels)[5:] == [(35, 60), (0, 25), (15, 40), (0, 25)]


def test_both_measures_stand_alone() -> None:
    rows = [row("aim", 100, 1000), row("foil", 90, 400), row("sheet", WITHHELD), row("castings", WITHHELD)]
    found = ranges(frame(rows), tree=TREE, levels={"total": ZERO, "group": ZERO})
    assert found.loc[2].tolist() == [0, 10, 0, 600]


def test_an_absent_row_is_none_where_the_level_says_so_and_anything_where_it_hides_presence() -> None:
    rows = [row("aim", 100), row("aim", 80, smelt="CAN"), row("aim", WITHHELD, smelt="RUS")]
    assert of(rows, {"total": ZERO, "total×smelt": ZERO})[2] == (20, 20)
    assert of(rows, {"total": ZERO, "total×smelt": HIDDEN})[2] == (0, 20)


def test_hidden_cells_are_bound_by_what_they_add_up_to() -> None:
    levels = {"total": ZERO, "group": ZERO, "total×smelt": ZERO, "group×smelt": HIDDEN}
    rows = [
        row("aim", 100),
        row("foil", 60),
        row("sheet", 40),
        row("aim", WITHHELD, smelt="CAN"),
        row("aim", WITHHELD, smelt="RUS"),
        row("foil", 50, smelt="CAN"),
    ]
    # The other 10 of foil must be Russian; all of sheet may be either.
    assert of(rows, levels)[3:5] == [(50, 90), (10, 50)]


def test_a_held_figure_binds_nothing_and_has_no_range() -> None:
    rows = [row("aim", 100), row("foil", 70, as_of="2026-02-03"), row("sheet", WITHHELD), row("castings", 5)]
    levels = {"total": ZERO, "group": ZERO}
    assert of(rows, levels, as_of="2026-02-10") == [(None, None), (None, None), (0, 95), (None, None)]
    assert of(rows, levels)[2] == (25, 25), "without a date all published figures are of one layer"


def test_nothing_bounds_a_cell_above_where_no_sum_of_it_is_published() -> None:
    rows = [row("aim", WITHHELD), row("foil", 30), row("sheet", WITHHELD)]
    assert of(rows, {"total": ZERO, "group": ZERO}) == [(30, None), (None, None), (0, None)]


def test_published_cells_that_no_table_holds_are_an_error() -> None:
    levels = {"total": ZERO, "group": ZERO, "hts6": ZERO}
    with pytest.raises(Contradiction, match="add up"):
        of([row("aim", 100), row("foil", 30), row("sheet", 69)], {"total": ZERO, "group": ZERO})
    rows = [row("aim", 100), row("foil", WITHHELD), row("sheet", 70), row("760711", 40), row("760719", WITHHELD)]
    rows += [row("760611", 70)]
    with pytest.raises(Contradiction, match="contradict"):
        of(rows, levels)


def test_a_group_without_products_below_it_is_its_own_only_part() -> None:
    levels = {"total": ZERO, "group": ZERO, "hts6": ZERO}
    rows = [row("aim", 100), row("castings", WITHHELD), row("sheet", WITHHELD), row("760611", WITHHELD)]
    assert of(rows, levels)[1:] == [(0, 100), (0, 100), (0, 100)]


def test_levels_of_a_month_leave_out_those_of_quarters() -> None:
    told = {"total": ZERO, "group": ZERO, "total×origin": ZERO, "group×smelt": HIDDEN, "total×origin×smelt": HIDDEN}
    assert month_levels(told, running=False) == {name: told[name] for name in list(told)[:4]}


def test_in_a_running_month_a_country_that_is_not_listed_is_not_none() -> None:
    levels = month_levels({"total": ZERO, "group": ZERO, "hts6": ZERO, "total×origin": ZERO}, running=True)
    assert levels == {"total": ZERO, "group": ZERO, "total×origin": HIDDEN}
    rows = [row("aim", 100), row("foil", 60), row("sheet", 40), row("aim", 70, origin="CAN")]
    rows += [row("aim", WITHHELD, origin="MEX")]
    assert of(rows, levels)[4] == (0, 30)


def test_no_row_withheld_no_range() -> None:
    found = ranges(frame([row("aim", 1), row("foil", 1)]), tree=TREE, levels={"total": ZERO, "group": ZERO})
    assert found.columns.tolist() == list(RANGES)
    assert found.isna().all(axis=None)


LEVELS = levels_of({"origin": (Depth.TOTAL, Depth.GROUP), "smelt": (Depth.TOTAL, Depth.GROUP)})


def random_release(seed: int) -> tuple[pd.DataFrame, dict[str, Absent], pd.DataFrame]:
    """Rows of a month with a random pattern, the meaning of absent rows, and the true figures of its rows."""
    draw = np.random.default_rng(seed)
    size = int(draw.integers(8, 30))
    licenses = pd.DataFrame(
        {
            "hts10": draw.choice(TREE.index.to_numpy(), size),
            "origin": draw.choice(["CAN", "MEX", "CHN"], size),
            "smelt1": draw.choice(["CAN", "RUS", "not_applicable"], size),
            "smelt2": "not_applicable",
            "cast": "CAN",
            "value_usd": draw.integers(1, 10**8, size).astype(float),
            "quantity_kg": draw.integers(1, 10**6, size).astype(float),
        }
    )
    tables = build_tables(licenses, TREE, levels=LEVELS)
    cell = tables.rows["cell"].to_numpy()
    shown = ~(draw.random(tables.cells) < draw.uniform(0.2, 0.7))
    shown[cell[0]] = True
    truth = tables.rows.drop(columns=["level", "cell"]).assign(
        value=tables.figures[0, cell].astype(int), kg=tables.figures[1, cell].astype(int)
    )
    names = np.array([level.name for level in tables.levels], object)[tables.rows["level"]]
    absent = {level.name: HIDDEN if draw.random() < 0.5 and level.dimensions else ZERO for level in LEVELS}
    hidden = np.array([absent[name] == HIDDEN for name in names])
    rows = truth.astype({"value": "Int64", "kg": "Int64"})
    for measure in ("value", "kg"):
        rows[measure] = rows[measure].mask(~shown[cell])
    rows["status"] = np.where(shown[cell], "published", "withheld")
    told = shown[cell] | ~hidden
    return rows[told].reset_index(drop=True), absent, truth[told].reset_index(drop=True)


def by_atoms(rows: pd.DataFrame, absent: dict[str, Absent], target: pd.Series, measure: str) -> tuple[float, float]:
    """The interval of one cell by another solver and in other variables: product × origin × smelt, and a member more
    of each that no row names."""
    products = list(dict.fromkeys(zip(TREE["group"], TREE["hts6"].fillna(TREE["group"]), strict=True)))
    members = {name: [*sorted(set(rows[name]) - {ALL}), "none of these"] for name in ("origin", "smelt")}
    atoms = [(g, h, o, s) for g, h in products for o in members["origin"] for s in members["smelt"]]

    def inside(product: str, origin: str, smelt: str) -> np.ndarray:
        return np.array(
            [product in ("aim", g, h) and origin in (ALL, o) and smelt in (ALL, s) for g, h, o, s in atoms], float
        )

    keys = {(one.product, one.origin, one.smelt): getattr(one, measure) for one in rows.itertuples()}
    equal = {key: figure for key, figure in keys.items() if not pd.isna(figure)}
    by_depth = {"total": ["aim"], "group": sorted({g for g, _ in products}), "hts6": [h for _, h in products]}
    for name, word in absent.items():
        depth, *dimensions = name.split("×")
        for product in by_depth[depth] if word == ZERO else ():
            for origin in members["origin"] if "origin" in dimensions else [ALL]:
                for smelt in members["smelt"] if "smelt" in dimensions else [ALL]:
                    if (product, origin, smelt) not in keys:
                        equal[product, origin, smelt] = 0
    matrix = np.array([inside(*key) for key in equal])
    right = np.array([float(figure) for figure in equal.values()]) / 1e4
    goal = inside(target["product"], target["origin"], target["smelt"])
    found = [linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=(0, None)) for sign in (1, -1)]
    return found[0].fun * 1e4, -found[1].fun * 1e4


@pytest.mark.parametrize("seed", range(25))
def test_ranges_are_the_exact_intervals_of_another_solver(seed: int) -> None:
    rows, absent, truth = random_release(seed)
    found = ranges(rows, tree=TREE, levels=absent)
    withheld = np.flatnonzero(rows["status"] == "withheld")
    for place in withheld[:6]:
        for measure in ("value", "kg"):
            low, high = (int(found.at[place, f"{measure}_{end}"]) for end in ("low", "high"))
            assert low <= truth.at[place, measure] <= high
            assert (low, high) == pytest.approx(by_atoms(rows, absent, rows.loc[place], measure), abs=1.01)


@pytest.mark.parametrize("seed", range(25, 35))
def test_held_figures_that_are_no_longer_true_mislead_nobody(seed: int) -> None:
    rows, absent, truth = random_release(seed)
    draw = np.random.default_rng(seed)
    held = (rows["status"] == "published") & (draw.random(len(rows)) < 0.3)
    rows = rows.assign(as_of=np.where(held, "2026-02-03", "2026-02-10"))
    for measure in ("value", "kg"):
        rows.loc[held, measure] = rows.loc[held, measure] * 3 + 7
    found = ranges(rows, tree=TREE, levels=absent, as_of="2026-02-10")
    withheld = rows["status"] == "withheld"
    assert found[~withheld].isna().all(axis=None)
    for measure in ("value", "kg"):
        low, high = (found.loc[withheld, f"{measure}_{end}"] for end in ("low", "high"))
        assert (low <= truth.loc[withheld, measure]).all()
        assert (high.isna() | (high >= truth.loc[withheld, measure])).all()


def test_nothing_that_sees_records_is_within_reach() -> None:
    """The module is loaded alone: of the publishing half it brings in nothing but itself."""
    code = (
        "import sys, data_access.publishing.disclosure.ranges\n"
        "print(*sorted(name for name in sys.modules if name.startswith('data_access.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    packages = ["data_access.publishing", "data_access.publishing.disclosure"]
    ranges_only = [*packages, "data_access.publishing.disclosure.ranges"]
    assert [name for name in loaded if name.startswith("data_access.publishing")] == ranges_only
    assert set(loaded) - set(ranges_only) <= {"data_access.contracts", "data_access.errors"}
