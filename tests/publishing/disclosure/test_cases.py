"""The shared disclosure cases: what is known to be unsafe is told so, and what is known not to protect is not accepted.

Where a case shows what a pattern gives away, the engine has to find another pattern for the same records, or none.
"""

from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from abstract import Abstract, abstract, alone, many
from plain_rules import Plain, Record

from data_access.publishing.disclosure.judge import Puzzle
from data_access.publishing.disclosure.rules import Rules, all_levels, required_levels, unsafe_cells
from data_access.publishing.disclosure.unions import given_away, mask_of, union_levels

P10 = Rules(p=10, n_min=0)
CELLS = "data/disclosure_cases"


def _case(shared: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((shared / CELLS / name / "expected.json").read_text()))


def _rows(shared: Path, name: str, file: str = "micro.csv") -> list[dict[str, str]]:
    with (shared / CELLS / name / file).open() as handle:
        return list(csv.DictReader(handle))


def _unsafe(records: list[Record], rules: Rules) -> set[str]:
    plain = Plain(records, rules)
    return {plain.cells[i] for i in np.flatnonzero(unsafe_cells(all_levels(plain.maps(), rules)))}


def _published(one: Abstract) -> set[str]:
    """What the engine withholds, once the judge has found nothing too close."""
    withheld = one.withheld()
    assert withheld is not None
    assert one.breaches(withheld) == []
    return withheld


def _puzzle(
    values: dict[str, float], equations: list[Any], withheld: list[str], **known: Any
) -> tuple[Puzzle, list[str]]:
    """A puzzle of one measure."""
    names = list(values)
    truth = np.array([[values[name] for name in names]])
    epsilon = known.get("epsilon", {})
    low = np.array([[values[n] * (1 - epsilon[n]) if n in epsilon else 0.0 for n in names]])
    high = np.array([[values[n] * (1 + epsilon[n]) if n in epsilon else truth.max() * 10 for n in names]])
    numbered = [(names.index(p), [names.index(c) for c in children]) for p, children in equations]
    twins = [(names.index(a), names.index(b), tau, 0) for a, b, tau in known.get("twins", ())]
    shown = np.array([name not in withheld for name in names])
    unit_value = np.full(len(names), np.inf)
    puzzle = Puzzle(
        truth=truth, shown=shown, equations=numbered, low=low, high=high, unit_value=unit_value, twins=twins
    )
    return puzzle, names


def _intervals(
    puzzle: Puzzle, names: list[str], of: Any, known: dict[str, float] | None = None
) -> dict[str, tuple[float, float]]:
    parts = {names.index(name): [part] for name, part in (known or {}).items()}
    return {name: puzzle.interval([names.index(name)], 0, parts) for name in of}


DOMINANCE = {
    "dominance_1_80_rows": [(1, 80)],
    "dominance_1_80_2_99_hier_rows": [(1, 80), (2, 99)],
    "dominance_company_linked": [(1, 80), (2, 99)],
}
SCENARIOS = [*DOMINANCE, "min2_rows", "min3_company_hier", "p30_rows_interval", "p10_company_hier"]


def _magnitude(shared: Path, expected: dict[str, Any]) -> list[Record]:
    """A record in each cell that it belongs to, margins included."""
    by_company = expected["contributor"] == "company"
    return [
        Record("|".join(cell), row["company"] if by_company else str(number), float(row["value"]))
        for number, row in enumerate(_rows(shared, "ssb_magnitude1"))
        for cell in product(*([row[name] for name in names] + ["Total"] for names in expected["dims"]))
    ]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_primaries_of_magnitude1_are_those_of_gausssuppression(shared: Path, scenario: str) -> None:
    expected = _case(shared, "ssb_magnitude1")["scenarios"][scenario]
    rule = expected["rule"]
    rules = [Rules(p=0, n_min=0, n=n, k=k) for n, k in DOMINANCE.get(scenario, [])]
    rules = rules or [Rules(p=rule.get("p", 0), n_min=rule.get("nmin", 0))]
    rows = _rows(shared, "ssb_magnitude1", expected["ref_csv"])
    first, second = list(rows[0])[:2]
    published = {f"{row[first]}|{row[second]}" for row in rows}
    found = set().union(*(_unsafe(_magnitude(shared, expected), one) for one in rules))
    assert found & published == set(expected["primary_unsafe"])


def test_levels_of_magnitude1_are_those_of_gausssuppression(shared: Path) -> None:
    case = _case(shared, "ssb_magnitude1")
    plain = Plain(_magnitude(shared, case["scenarios"]["p10_company_hier"]), P10)
    levels = required_levels(plain.maps(), 0, P10)
    for cell, level in case["upl_p10_company"].items():
        place = plain.cells.index(cell)
        needed = max(levels.outsider[place], levels.level[levels.cell == place].max())
        assert needed == pytest.approx(level), cell


@pytest.mark.parametrize("rules", [Rules(p=10, n_min=0), Rules(p=10, n_min=2), Rules(p=0, n_min=0, n=1, k=80)])
def test_what_is_published_of_magnitude1_withstands_the_judge(shared: Path, rules: Rules) -> None:
    """All margins of sector and country; contributors are rows, as four companies leave nothing to publish."""
    micro = _rows(shared, "ssb_magnitude1")
    sectors, countries = (sorted({row[name] for row in micro}) for name in ("sector4", "geo"))
    equations = [("T", sectors), ("T", countries)]
    equations += [(s, [f"{s}|{c}" for c in countries]) for s in sectors]
    equations += [(c, [f"{s}|{c}" for s in sectors]) for c in countries]
    records = [Record(f"{row['sector4']}|{row['geo']}", str(n), float(row["value"])) for n, row in enumerate(micro)]
    one = abstract(equations, records, rules=rules)
    unsafe = one.named(one.protect().unsafe)
    assert unsafe
    assert one.breaches(unsafe)
    assert _published(one) > unsafe


def test_handbook_rules(shared: Path) -> None:
    rows = _rows(shared, "handbook_rules", "contributions.csv")
    plain = Plain([Record(r["cell"], r["contributor"], float(r["value"])) for r in rows], P10)
    maps, cells = plain.maps(), plain.cells
    for name, expected in _case(shared, "handbook_rules")["expected"].items():
        for key, rules in {
            "unsafe_1_90": Rules(p=0, n_min=0, n=1, k=90),
            "unsafe_1_85": Rules(p=0, n_min=0, n=1, k=85),
            "unsafe_2_90_909": Rules(p=0, n_min=0, n=2, k=100 / 1.1),
            "unsafe_p10": P10,
        }.items():
            assert required_levels(maps, 0, rules).unsafe[cells.index(name)] == expected[key], (name, key)
        dominance = required_levels(maps, 0, Rules(p=0, n_min=0, n=1, k=85)).outsider[cells.index(name)]
        assert dominance == pytest.approx(max(expected["upl_1_85"], 0.0))
        levels = required_levels(maps, 0, P10)
        of_cell = levels.level[levels.cell == cells.index(name)]
        assert max(of_cell.max(), levels.outsider[cells.index(name)]) == pytest.approx(max(expected["upl_p10"], 0.0))


def test_holdings_are_one_unit(shared: Path) -> None:
    expected = _case(shared, "tauargus_holding")["expected"]
    rows = _rows(shared, "tauargus_holding")
    for column, kind in (("unit", "unit"), ("enterprise_group", "group")):
        records = [Record(f"{r['a']}|{r['b']}", r[column], float(r["value"])) for r in rows]
        assert _unsafe(records, P10) == {cell for cell, e in expected.items() if e[kind]["p10_unsafe"]}
        few = _unsafe(records, Rules(p=0, n_min=3))
        assert few == {cell for cell, e in expected.items() if e[kind]["below3"]}


def test_dominance_by_unit_and_by_holding(shared: Path) -> None:
    expected = _case(shared, "ssb_dominance_unit")
    for column, name in (("unit", "unit"), ("holding", "holding")):
        records = [Record(r["cell"], r[column], float(r["num"])) for r in _rows(shared, "ssb_dominance_unit")]
        assert _unsafe(records, Rules(p=0, n_min=0, n=2, k=90)) == set(expected[f"nk_2_90_unsafe_by_{name}"])
        assert _unsafe(records, P10) == set(expected[f"p10_unsafe_by_{name}"])


def test_a_broker_that_knows_part_of_the_largest_is_an_attacker(shared: Path) -> None:
    expected = _case(shared, "coalition_partial")
    rows = _rows(shared, "coalition_partial", "licenses.csv")
    records = [Record("x", r["importer"], float(r["value"]), filer=r["filer"]) for r in rows]
    plain = Plain(records, P10)
    levels = required_levels(plain.maps(), 0, P10)
    broker = levels.firm == plain.firms.index(expected["attacker"])
    assert levels.unsafe[0] == expected["unsafe_for_attacker"]
    assert levels.known[broker] == pytest.approx([expected["known"]])
    assert levels.level[broker] == pytest.approx(expected["level"])
    assert not _unsafe([Record("x", r["importer"], float(r["value"])) for r in rows], P10)
    assert not _unsafe([Record("x", r["filer"], float(r["value"])) for r in rows], P10)

    one = abstract([("T", ["x", "y"])], [*records, *many("y", 300)], rules=P10)
    assert one.breaches(set()) == ["x is unsafe and shown"]
    assert _published(one) == {"x", "y"}


def test_intervals_of_the_handbook(shared: Path) -> None:
    expected = _case(shared, "handbook_ex3_interval")
    values = {r["cell"]: float(r["value"]) for r in _rows(shared, "handbook_ex3_interval", "table.csv")}
    puzzle, names = _puzzle(values, expected["equations"], expected["suppressed"])
    for name, found in _intervals(puzzle, names, expected["intervals"]).items():
        assert found == pytest.approx(expected["intervals"][name], abs=1e-6)
    inside = expected["insider_singleton_X12"]["intervals"]
    for name, found in _intervals(puzzle, names, inside, {"X12": 3.0}).items():
        assert found == pytest.approx(inside[name], abs=1e-6)


def test_a_singleton_undoes_a_pattern_that_protects_from_outsiders(shared: Path) -> None:
    expected = _case(shared, "tauargus_singleton")
    values = {r["cell"]: float(r["value"]) for r in _rows(shared, "tauargus_singleton", "table.csv")}
    puzzle, names = _puzzle(values, expected["equations"], expected["pattern_to_reject"])
    for name, found in _intervals(puzzle, names, expected["external_intervals"]).items():
        assert found == pytest.approx(expected["external_intervals"][name], abs=1e-6)
    known = _intervals(puzzle, names, expected["insider_A2_intervals"], {"A2": 15.0})
    assert known["A4"] == pytest.approx((17.0, 17.0))

    finest = [name for name in values if name[0] in "AB" and name[1] != "T"]
    records = [record for name in finest if name not in expected["primary"] for record in many(name, values[name])]
    records += [alone(name, values[name]) for name in expected["primary"]]
    one = abstract(expected["equations"], records, total="TT")
    assert any("A4" in breach and "only of A2" in breach for breach in one.breaches({*expected["pattern_to_reject"]}))
    assert len([name for name in _published(one) if name in {"A1", "A2", "A3", "A4"}]) >= 3


def test_tables_that_are_safe_alone_are_judged_together(shared: Path) -> None:
    expected = _case(shared, "issue136_linked")
    counts = {r["region"]: int(r["n"]) for r in _rows(shared, "issue136_linked")}
    values = {name: float(count) for name, count in counts.items()}
    values |= {"county-1": 20, "county-2": 16, "BIG": 6, "small": 30, "Total": 36}
    puzzle, names = _puzzle(values, expected["equations"], expected["primary"])
    for name, found in _intervals(puzzle, names, expected["joint"]).items():
        assert found == pytest.approx(expected["joint"][name], abs=1e-6)

    records = [Record(name, f"{name}{i}", 1.0) for name, count in counts.items() for i in range(count)]
    one = abstract(expected["equations"], records, rules=Rules(p=10, n_min=4), total="Total")
    assert one.named(one.protect().unsafe) == set(expected["primary"])
    assert any(breach.startswith("K,") for breach in one.breaches(set(expected["primary"])))
    assert one.breaches({*expected["primary"], "N"}) == []
    assert _published(one) > set(expected["primary"])


def test_the_rest_of_a_published_total_is_a_cell(shared: Path) -> None:
    expected = _case(shared, "issue160_union")
    records = [Record(r["nace"], r["enterprise"], float(r["value"])) for r in _rows(shared, "issue160_union")]
    one = abstract([("B", sorted({record.cell for record in records}))], records, total="B")
    assert one.named(one.protect().unsafe) >= set(expected["primary"])
    for name, union in expected["unions"].items():
        members = ["B05", "B06", "B07", *([name[-3:]] if name.startswith("with") else [])]
        mask = mask_of(one.cell(member) for member in members)
        assert union_levels([mask], one.problem.maps, P10)[1][0] == union["p10_unsafe"], name
    assert any(breach.startswith("the union") for breach in one.breaches(set(expected["primary"])))
    assert "B08" in _published(one)


def test_zeros_never_serve_as_complements(shared: Path) -> None:
    case = _case(shared, "issue194_zeros")
    for table, intervals in zip(case["tables"], case["intervals"], strict=True):
        names = [f"c{i}" for i in range(1, len(table["children"]) + 1)]
        values = dict(zip(names, map(float, table["children"]), strict=True)) | {"T": float(table["total"])}
        puzzle, order = _puzzle(values, [("T", names)], table["suppressed"])
        for name, found in _intervals(puzzle, order, intervals).items():
            assert found == pytest.approx((0.0, 0.0), abs=1e-7), name
    records = [alone("a", 10.0), *many("b", 50), alone("zero", 0.0)]
    one = abstract([("T", ["a", "b", "zero", "empty"])], records, price={"b": 9, "empty": 0.1})
    assert one.breaches({"a", "zero", "empty"})
    assert _published(one) == {"a", "b", "zero"}


def test_value_quantity_and_unit_value_have_one_pattern(shared: Path) -> None:
    case = _case(shared, "auv_coupling")
    published = case["published"]
    prices = np.array([[1.0, 1.0], [published["AUV_A"], published["AUV_B"]]])
    solved = np.linalg.solve(prices, [published["Q_total"], published["V_total"]])
    assert solved == pytest.approx([case["recovered"]["q_A"], case["recovered"]["q_B"]])
    # So a cell that fails in quantity alone is withheld in value too: a pattern has no measure.
    records = [Record("a", "u", 30, 97), Record("a", "v", 30, 2), Record("a", "w", 30, 1), *many("b", 90, quantity=100)]
    one = abstract([("T", ["a", "b"])], records, rules=P10)
    levels = all_levels(one.problem.maps, P10)
    assert [bool(part.unsafe[one.cell("a")]) for part in levels] == [False, True]
    assert one.protect().withheld.shape == (len(one.names),)
    assert _published(one) == {"a", "b"}


def test_prices_and_own_figures_are_one_attacker(shared: Path) -> None:
    expected = _case(shared, "combined_attacker")
    cells = ["a", "b", "c"]
    records = [alone(c, v, q) for c, v, q in zip(cells, expected["value"], expected["quantity"], strict=True)]
    strict = abstract([("T", cells)], records, beta=0.05)
    loose = abstract([("T", cells)], records)
    for name, one, firm in (
        ("outsider", loose, None),
        ("insider_of_cell_2", loose, "only of b"),
        ("unit_value_5pct", strict, None),
        ("both", strict, "only of b"),
    ):
        found = one.puzzle({"a", "b", "c"}).interval([one.cell("a")], 1, one.known(firm))
        assert found == pytest.approx(expected["intervals_of_cell_1"][name], abs=1e-2), name
    assert strict.breaches({"a", "b", "c"})
    assert strict.withheld() is None
    with_more = abstract([("T", [*cells, "d"])], [*records, *many("d", 900_000, quantity=180)], beta=0.05)
    assert _published(with_more) == {"a", "b", "c", "d"}


def test_unions_are_found_through_withheld_parents(shared: Path) -> None:
    expected = _case(shared, "union_recursive")
    records = [Record(r["cell"], r["unit"], float(r["value"])) for r in _rows(shared, "union_recursive")]
    one = abstract(expected["equations"], [*records, *many("G3", 300)], rules=P10, price={"G3": 50})
    withheld = np.isin(one.names, expected["withheld"])
    found = given_away(one.problem.splits, withheld)
    union = mask_of(one.cell(name) for name in expected["implied_union"])
    assert union in found.sets
    assert union_levels([union], one.problem.maps, P10)[1][0]
    assert any(breach.startswith("the union") for breach in one.breaches(set(expected["withheld"])))
    assert _published(one) != set(expected["withheld"])


def test_public_statistics_leave_no_room_to_complements(shared: Path) -> None:
    expected = _case(shared, "public_census_side_knowledge")
    finest = {"o|s1": 60.0, "o|s2": 40.0, "p|s1": 30.0, "p|s2": 70.0}
    values = finest | {"o": 100, "p": 100, "T|s1": 90, "T|s2": 110, "T": 200}
    known = {"o": 0.02, "p": 0.02}
    for epsilon, key in (
        ({}, "intervals_without_side_knowledge"),
        (known, "intervals_with_public_origin_totals_pm2pct"),
    ):
        puzzle, names = _puzzle(values, expected["equations"], expected["suppressed"], epsilon=epsilon)
        for name, found in _intervals(puzzle, names, expected[key]).items():
            assert found == pytest.approx(expected[key][name], abs=1e-6)

    records = [alone("o|s1", 60), *(record for name in finest if name != "o|s1" for record in many(name, finest[name]))]
    rejected = set(expected["suppressed"])
    assert abstract(expected["equations"], records).breaches(rejected) == []
    one = abstract(expected["equations"], records, epsilon=known)
    assert one.breaches(rejected)
    assert {"o|s2", "p|s2"} <= _published(one)


def test_a_published_twin_leaves_no_room(shared: Path) -> None:
    expected = _case(shared, "twins")
    values = {**expected["withheld_origin"], "T": expected["published_sum"], "cast X": expected["published_cast_of_X"]}
    for twins, key in (((), "BHR_without_twins"), ((("X", "cast X", 0.05),), "BHR_with_twins")):
        puzzle, names = _puzzle(values, [("T", ["BHR", "X"])], ["BHR", "X"], twins=twins)
        assert _intervals(puzzle, names, ["BHR"])["BHR"] == pytest.approx(expected[key], abs=1e-3)

    records = [alone("BHR, cast elsewhere", 106.0)]
    records += [*many("X, cast there", 61.0), *many("Y, cast in X", 0.3), *many("Y, cast elsewhere", 80)]
    places = {
        "BHR, cast elsewhere": ("BHR", "cast elsewhere"),
        "X, cast there": ("X", "cast X"),
        "Y, cast in X": ("Y", "cast X"),
        "Y, cast elsewhere": ("Y", "cast elsewhere"),
    }
    equations = [("T", ["BHR", "X", "Y"]), ("T", ["cast X", "cast elsewhere"])]
    one = abstract(equations, records, places=places, twins=[("X", "cast X", 0.05)], price={"Y": 9})
    assert any(breach.startswith("BHR") for breach in one.breaches({"BHR", "X"}))
    assert _published(one) > {"BHR"}


@pytest.mark.parametrize("band", ["0.02", "0.05", "0.1", "0.25"])
def test_prices_mix(shared: Path, band: str) -> None:
    expected = _case(shared, "unit_value_mix")
    (q_a, q_b), (price_a, price_b) = expected["quantity"], expected["unit_value"]
    records = [alone("a", q_a * price_a, q_a), *many("b", q_b * price_b, quantity=q_b)]
    one = abstract([("T", ["a", "b"])], records, beta=float(band))
    found = one.puzzle({"a", "b"}).interval([one.cell("a")], 1)
    assert found == pytest.approx(expected["intervals_of_cell_1_by_band"][band], abs=1e-2)
    protected = expected["protected_by_band"][band]
    breaches = one.breaches({"a", "b"})
    assert (not any("measure 1" in breach for breach in breaches)) == protected
    assert one.withheld() == (None if breaches else {"a", "b"})
    dear = abstract(
        [("T", ["a", "b", "c"])], [*records, *many("c", 80 * price_a, quantity=80)], beta=float(band), price={"c": 5}
    )
    assert _published(dear) >= {"a"}


def test_negatives_count_by_their_size(shared: Path) -> None:
    for case in _case(shared, "negative_revision")["cells"]:
        records = [Record("x", unit, float(amount)) for unit, amount in case["contributors"].items()]
        assert _unsafe(records, Rules(p=10, n_min=3)) == {"x"}, case["note"]


def _two_weeks(first: dict[str, float], added: dict[str, float]) -> Abstract:
    """A country's cell in week 1, published, and its candidate of week 2: what it was, and what was added."""
    equations = [
        ("T", ["country", "others"]),
        ("before", ["country before", "others before"]),
        ("country", ["country before", "added to country"]),
        ("others", ["others before", "added to others"]),
    ]
    records = [Record("country before", unit, value) for unit, value in first.items()]
    records += [Record("added to country", unit, value) for unit, value in added.items()]
    records += [*many("others before", 300), *many("added to others", 200)]
    shown = ["before", "country before", "others before"]
    return abstract(equations, records, frozen=shown, virtual=["added to country", "added to others"])


def test_a_refresh_is_judged_by_what_changed(shared: Path) -> None:
    expected = _case(shared, "temporal_delta")
    first, *later = [one["contributors"] for one in expected["snapshots"]]
    for after, said in zip(later, expected["expected"][1:], strict=True):
        changes = {unit: after.get(unit, 0) - first.get(unit, 0) for unit in {*first, *after}}
        records = [Record("x", unit, float(change)) for unit, change in changes.items() if change]
        assert bool(_unsafe(records, Rules(p=10, n_min=3))) != said["delta_safe"]
    second = {unit: float(v - first.get(unit, 0)) for unit, v in later[0].items() if v != first.get(unit, 0)}
    one = _two_weeks({unit: float(value) for unit, value in first.items()}, second)
    assert any(breach.startswith("added to country") for breach in one.breaches({"added to country"}))
    assert {"country", "others"} <= _published(one)


def test_a_later_layer_may_not_bound_an_earlier_one(shared: Path) -> None:
    expected = _case(shared, "layers_retroactive")
    truth = expected["truth"]
    equations = [
        ("T", ["A", "B", "others"]),
        ("first", ["A1", "B1"]),
        ("A", ["A1", "A2"]),
        ("B", ["B1", "B2"]),
        ("others", ["others1", "others2"]),
    ]
    records = [alone("A1", truth["dA1"]), *many("B1", truth["dB1"]), *many("A2", truth["dA2"])]
    records += [*many("others1", 90), *many("others2", 40)]
    one = abstract(equations, records, frozen=["first", "others1"], virtual=["A2", "B2", "others2"])
    shown = {"A1", "B1", "A2", "B2", "others2"}
    low = one.puzzle(shown).interval([one.cell("A1")], 0)[0]
    assert low == pytest.approx(expected["dA1_after_week_2"][0])
    assert any(breach.startswith("A1") for breach in one.breaches(shown))
    assert {"A", "B"} <= _published(one)


def test_months_of_a_year_to_date_are_linked(shared: Path) -> None:
    expected = _case(shared, "ytd_chain")
    months = {name: float(value) for name, value in expected["months"].items()}
    values = months | {"ytd3": sum(months.values())}
    puzzle, names = _puzzle(values, [("ytd3", list(months))], expected["suppressed"])
    assert _intervals(puzzle, names, ["m1"])["m1"] == pytest.approx((expected["recovered"]["m1"],) * 2)
    one = abstract([("ytd3", list(months))], [alone("m1", 10.0), *many("m2", 25), *many("m3", 30)], total="ytd3")
    assert one.breaches({"m1"})
    assert len(_published(one)) == 2


def test_what_a_filter_leaves_out_is_known_from_the_total(shared: Path) -> None:
    assert _case(shared, "filter_differencing")["examples"]
    one = abstract([("T", ["x", "y", "z"])], [alone("x", 10.0), *many("y", 20), *many("z", 30)])
    assert one.breaches({"x"})
    assert len(_published(one)) == 2
