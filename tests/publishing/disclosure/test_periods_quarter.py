"""Quarters: crossed tables that give nothing of their months away, alone and together with years to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layered import many_firms
from several_months import Attacker, Months, records

from data_access.publishing.disclosure.final_months import by_table, pack_parts, unpack_parts
from data_access.publishing.disclosure.periods import SolvedPeriod
from data_access.publishing.disclosure.tables import Depth, levels_of

BOTH = (Depth.TOTAL, Depth.GROUP)
LEVELS = levels_of({"origin": BOTH, "smelt": BOTH, "cast": BOTH})
CODES = ("7601100000", "7606110000")
SEED = 8


def three_months(seed: int) -> Months:
    """Three countries whose cells are mostly safe, and two in which other firms are each month, too few of them."""
    parts = []
    for month in range(3):
        few = {"UUU": {f"u{month}{n}": 1.0 + n for n in range(2)}, "WWW": {f"w{month}{n}": 1.0 for n in range(2)}}
        parts.append(
            pd.concat([many_firms(10 * seed + month, records=240), *(records(few, code=code) for code in CODES)])
        )
    return Months([part.reset_index(drop=True) for part in parts], levels=LEVELS)


def plain_months(seed: int) -> Months:
    """Months in which most countries of a group are shown, for attackers who know which crossings there are."""
    return Months(
        [many_firms(10 * seed + month, records=500) for month in range(3)], levels=LEVELS, crossings_known=True
    )


@pytest.fixture(scope="module")
def case() -> Months:
    return three_months(SEED)


@pytest.fixture(scope="module")
def quarter(case: Months) -> SolvedPeriod:
    return case.quarter()


def _figures(solved: SolvedPeriod) -> dict[str, tuple[int, int]]:
    rows = pd.concat(list(solved.rows.values()))
    keys = rows[["product", "origin", "smelt", "smelt2", "cast"]].agg("|".join, axis=1)
    return dict(zip(keys, zip(rows["value"], rows["kg"], strict=True), strict=True))


def _with(solved: SolvedPeriod, key: str, licenses: pd.DataFrame, group: str) -> SolvedPeriod:
    """The same with one more row, as the records make it."""
    _, origin, smelt, _, cast = key.split("|")
    codes = {"unwrought": "76011", "sheet": "76061", "castings": "76169"}
    here = licenses[licenses["hts10"].str.startswith(codes[group]) & (licenses["origin"] == origin)]
    here = here[(here["smelt1"] == smelt) if smelt != "all" else (here["cast"] == cast)]
    value, kilograms = here[["value_usd", "quantity_kg"]].sum().to_numpy(int)
    return replace(solved, rows=by_table({**_figures(solved), key: (value, kilograms)}))


def _withheld(case: Months, solved: SolvedPeriod) -> Iterator[tuple[str, str]]:
    """Crossed cells of listed countries that are withheld, with their group."""
    for group, listed in unpack_parts(solved.certificate)[0]["listed"].items():
        licenses = pd.concat(list(case.licenses))
        here = licenses[licenses["hts10"].str.startswith({"unwrought": "76011", "sheet": "76061"}.get(group, "76169"))]
        for origin, smelt in sorted(set(zip(here["origin"], here["smelt1"], strict=True))):
            key = f"{group}|{origin}|{smelt}|all|all"
            if origin in listed["origin"] and smelt in listed["smelt"] and key not in solved.published():
                yield key, group


def test_a_quarter_is_published_and_proven(case: Months, quarter: SolvedPeriod) -> None:
    assert case.wrong(quarter) == []
    for level in ("total×origin×smelt", "group×origin×smelt", "group×origin×cast"):
        assert quarter.summary.levels[level].shown > 0


def test_its_months_withhold_countries_that_it_does_not_list(case: Months, quarter: SolvedPeriod) -> None:
    listed = unpack_parts(quarter.certificate)[0]["listed"]["sheet"]
    assert "sheet|UUU|all|all|all" in case.withheld(0)
    assert "UUU" not in listed["origin"]
    assert "AAA" in listed["origin"]


def _no_breach(months: Months) -> None:
    solved = months.quarter()
    to_date: list[SolvedPeriod] = []
    for count in range(1, 4):
        to_date.append(months.to_date(count, to_date))
        assert months.wrong(to_date[-1], to_date[:-1]) == []
    assert months.wrong(solved) == []
    attacker = Attacker(months, 3, [*to_date, solved])
    assert attacker.breaches(targets=2) == []
    assert attacker.crossed_breaches(targets=5) == []


@settings(max_examples=2)
@given(seed=st.integers(0, 500))
def test_no_attacker_comes_too_close_to_months_or_quarter(seed: int) -> None:
    try:
        months = three_months(seed)
    except AssertionError:
        return
    _no_breach(months)


@pytest.mark.parametrize("seed", [0, 3])
def test_nor_one_who_knows_which_crossings_there_are(seed: int) -> None:
    _no_breach(plain_months(seed))


def test_for_such_attackers_groups_with_a_withheld_country_are_not_crossed(case: Months) -> None:
    strict = replace(case, crossings_known=True)
    assert strict.quarter().published() == set()
    assert any("not all of its countries" in problem for problem in strict.wrong(case.quarter()))


def test_one_more_cell_is_caught(case: Months, quarter: SolvedPeriod) -> None:
    licenses = pd.concat(list(case.licenses))
    more = [_with(quarter, key, licenses, group) for key, group in _withheld(case, quarter)]
    assert len(more) > 3
    assert all(case.wrong(leak) for leak in more)
    assert any(Attacker(case, 3, [leak]).crossed_breaches(targets=30, firms=3) for leak in more[:6])


def test_a_list_with_a_country_that_a_month_withholds_is_caught(case: Months, quarter: SolvedPeriod) -> None:
    words, parts = unpack_parts(quarter.certificate)
    words["listed"]["sheet"]["origin"].append("UUU")
    tampered = replace(quarter, certificate=pack_parts(words, parts))
    assert any("listed, yet withheld in a month" in problem for problem in case.wrong(tampered))


def test_a_group_without_its_certificate_is_caught(case: Months, quarter: SolvedPeriod) -> None:
    words, parts = unpack_parts(quarter.certificate)
    names = list(words["listed"])
    words["listed"] = {name: words["listed"][name] for name in names[1:]}
    tampered = replace(quarter, certificate=pack_parts(words, parts[1:]))
    assert any("no certificate is about it" in problem for problem in case.wrong(tampered))


def test_a_total_that_is_no_sum_of_published_groups_is_caught(case: Months, quarter: SolvedPeriod) -> None:
    figures = _figures(quarter)
    total = next(key for key in figures if key.startswith("aim|"))
    group = next(key for key in figures if not key.startswith("aim|") and key.split("|")[1:] == total.split("|")[1:])
    del figures[group]
    assert any("not all groups are published" in p for p in case.wrong(replace(quarter, rows=by_table(figures))))


def test_other_figures_and_other_certificates_are_caught(case: Months, quarter: SolvedPeriod) -> None:
    rows = {name: frame.assign(kg=frame["kg"] + np.arange(len(frame)) % 2) for name, frame in quarter.rows.items()}
    assert any("not what the records say" in problem for problem in case.wrong(replace(quarter, rows=rows)))
    assert case.wrong(replace(quarter, certificate=b"none")) != []
    assert case.wrong(replace(quarter, period="2020-Q2")) != []


def test_the_same_input_gives_the_same_quarter(case: Months, quarter: SolvedPeriod) -> None:
    assert _figures(case.quarter()) == _figures(quarter)


def test_a_quarter_needs_its_three_months(case: Months) -> None:
    gap = Months(case.licenses[:2], levels=LEVELS)
    with pytest.raises(ValueError, match="expected the months 2020-01, 2020-02, 2020-03"):
        gap.quarter()


def test_words_of_a_certificate_name_no_figures(quarter: SolvedPeriod) -> None:
    words = unpack_parts(quarter.certificate)[0]
    assert set(words) == {"period", "listed", "salt"}
    assert json.dumps(words)
