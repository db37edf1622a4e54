"""Years to date: what is published of several months gives none of them away, and what would is caught."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from several_months import Attacker, Months, many, records

from data_access.publishing.disclosure.final_months import by_table, pack_parts, unpack_parts
from data_access.publishing.disclosure.periods import SolvedPeriod

LEAKY, COMPLEMENT = "aim|UUU|all|all|all", "aim|BBB|all|all|all"


def _month(number: int, **of_country: dict[str, float]) -> pd.DataFrame:
    """Three large countries, and those given."""
    large = {"AAA": many("a", 100 + number), "BBB": many("b", 80 + number), "CCC": many("c", 60 - number)}
    return records(large | of_country)


@pytest.fixture(scope="module")
def year() -> Months:
    """UUU is withheld in January, February and April, each time for other firms; with it BBB."""
    few = [{"u1": 10.0, "u2": 6.0}, {"u3": 11.0, "u4": 5.0}, many("v", 5), {"u5": 9.0, "u6": 9.0}]
    found = Months([_month(number, UUU=firms) for number, firms in enumerate(few)])
    assert [LEAKY in found.withheld(month) for month in range(4)] == [True, True, False, True]
    return found


@pytest.fixture(scope="module")
def told(year: Months) -> list[SolvedPeriod]:
    found: list[SolvedPeriod] = []
    for count in range(1, 5):
        found.append(year.to_date(count, found))
    return found


def _leak(year: Months, count: int, key: str, certificate: bytes) -> SolvedPeriod:
    """A year to date that tells this sum whatever it gives away."""
    figures = np.zeros(2, int)
    for licenses in year.licenses[:count]:
        here = licenses[licenses["origin"] == key.split("|")[1]]
        figures += here[["value_usd", "quantity_kg"]].sum().to_numpy(int)
    return SolvedPeriod(
        period=f"2020-01/2020-{count:02d}",
        rows=by_table({key: (int(figures[0]), int(figures[1]))}),
        certificate=certificate,
    )


def test_a_sum_over_two_withheld_months_is_published_and_proven(year: Months, told: list[SolvedPeriod]) -> None:
    assert told[1].published() == told[2].published() == {LEAKY, COMPLEMENT}
    for count, solved in enumerate(told):
        assert year.wrong(solved, told[:count]) == []


def test_its_figures_are_the_sums_of_the_records(year: Months, told: list[SolvedPeriod]) -> None:
    rows = told[2].rows["origin"].set_index("origin")
    for country in ("UUU", "BBB"):
        here = [licenses[licenses["origin"] == country]["value_usd"].sum() for licenses in year.licenses[:3]]
        assert rows.loc[country, "value"] == sum(here)


@pytest.mark.parametrize("count", [1, 4])
def test_a_sum_that_tells_a_single_withheld_month_is_not_published(told: list[SolvedPeriod], count: int) -> None:
    assert LEAKY not in told[count - 1].published()


def test_a_year_that_was_held_back_is_published_with_all_its_withheld_months(year: Months) -> None:
    whole = year.to_date(4)
    assert whole.published() == {LEAKY, COMPLEMENT}
    assert year.wrong(whole) == []
    assert Attacker(year, 4, [whole]).breaches() == []


def test_no_attacker_comes_too_close_once_sums_are_published(year: Months, told: list[SolvedPeriod]) -> None:
    assert Attacker(year, 4, told).breaches(firms=3) == []


def test_a_sum_that_leaves_one_withheld_month_is_caught(year: Months, told: list[SolvedPeriod]) -> None:
    leak = _leak(year, 4, LEAKY, told[3].certificate)
    assert Attacker(year, 4, [*told[:3], leak]).breaches() != []
    assert any("unsafe" in problem for problem in year.wrong(leak, told[:3]))


def test_a_complement_that_is_told_alone_is_caught_although_it_is_safe(year: Months, told: list[SolvedPeriod]) -> None:
    leak = _leak(year, 4, COMPLEMENT, told[3].certificate)
    assert Attacker(year, 4, [*told[:3], leak]).breaches() != []
    assert any("learn from published sums" in problem for problem in year.wrong(leak, told[:3]))


def test_a_certificate_that_lacks_an_exchange_is_caught(year: Months, told: list[SolvedPeriod]) -> None:
    words, _ = unpack_parts(told[1].certificate)
    assert words["exchanges"]
    for left_out in range(len(words["exchanges"])):
        kept = [one for number, one in enumerate(words["exchanges"]) if number != left_out]
        tampered = replace(told[1], certificate=pack_parts({"exchanges": kept}, []))
        assert year.wrong(tampered, told[:1]) != []


def test_a_certificate_whose_exchange_goes_too_far_is_caught(year: Months, told: list[SolvedPeriod]) -> None:
    words, _ = unpack_parts(told[1].certificate)
    for exchange in words["exchanges"]:
        exchange[2] = [[month, table, part * 1.01] for month, table, part in exchange[2]]
    assert year.wrong(replace(told[1], certificate=pack_parts(words, [])), told[:1]) != []


def test_other_figures_and_other_rows_are_caught(year: Months, told: list[SolvedPeriod]) -> None:
    rows = {name: frame.assign(value=frame["value"] + 1) for name, frame in told[1].rows.items()}
    assert any("not what the records say" in problem for problem in year.wrong(replace(told[1], rows=rows), told[:1]))
    assert year.wrong(replace(told[1], certificate=b"none"), told[:1]) != []


def test_the_same_two_firms_in_all_months_are_never_told() -> None:
    always = Months([_month(number, UUU={"u1": 10.0 + number, "u2": 6.0}) for number in range(3)])
    found: list[SolvedPeriod] = []
    for count in range(1, 4):
        found.append(always.to_date(count, found))
    assert all(LEAKY not in solved.published() for solved in found)


def test_a_firm_that_is_most_of_a_country_in_all_months_is_not_told_by_the_sum() -> None:
    few = [{"u1": 100.0, "x1": 3.0}, {"u1": 90.0, "x2": 4.0}, {"u1": 95.0, "x3": 3.0}]
    case = Months([_month(number, UUU=firms) for number, firms in enumerate(few)])
    assert LEAKY not in case.to_date(3).published()


def test_months_that_are_all_shown_need_no_sum_of_their_own(year: Months, told: list[SolvedPeriod]) -> None:
    assert "aim|AAA|all|all|all" not in told[2].published()
    assert told[2].summary.levels["total×origin"].shown == 4


def test_months_have_to_be_all_from_january_on(year: Months) -> None:
    gap = Months(year.licenses[:1], months=year.months[1:2])
    with pytest.raises(ValueError, match="expected the months 2020-01"):
        gap.to_date(1)


def test_the_chain_of_sums_to_date_is_not_closed_over_one_withheld_month(shared: Path) -> None:
    expected = json.loads((shared / "data/disclosure_cases/ytd_chain/expected.json").read_text())
    m1, m2, m3 = (float(amount) for amount in expected["months"].values())
    others = {"YYY": many("y", 70), "ZZZ": many("z", 50)}
    alone = records({"XXX": {"x0": m1}} | others)
    case = Months([alone, *(records({"XXX": {f"x{i}": month / 5 for i in range(5)}} | others) for month in (m2, m3))])
    key = "aim|XXX|all|all|all"
    assert [key in case.withheld(month) for month in range(3)] == [
        name in expected["suppressed"] for name in ("m1", "m2", "m3")
    ]
    found: list[SolvedPeriod] = []
    for count in range(1, 4):
        found.append(case.to_date(count, found))
        assert key not in found[-1].published()
    leak = _leak(case, 3, key, found[2].certificate)
    attacker = Attacker(case, 3, [leak])
    cell = attacker.judges[0].place["aim", "XXX", "all", "all", "all"]
    low, high = attacker.puzzle().interval([cell], 1)
    assert low == pytest.approx(expected["recovered"]["m1"] * 1000) == high
    assert case.wrong(leak, found[:2]) != []
