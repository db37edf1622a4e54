"""The default rule on real figures: which months it flags, and that no change of codes is taken for a surge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_access.filters import Detail
from data_access.serving.statistics import Statistics
from data_access.serving.surges import tested as surge_tests
from data_access.serving.surges.flags import Flag, surges
from tests.bench.backtest import CANADA, CANADA_QUERY, CODES, CODES_QUERY, alone, backtest, of_changed_codes, opened

Every = list[tuple[str, tuple[Flag, ...]]]


@pytest.fixture(scope="module")
def codes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    return opened(shared / "data" / "census" / CODES, tmp_path_factory.mktemp("codes"))


@pytest.fixture(scope="module")
def every(codes: Statistics) -> Every:
    return list(backtest(codes, CODES_QUERY))


def test_the_default_rule_flags_12_of_98_months_of_canadian_metal(shared: Path, tmp_path: Path) -> None:
    statistics = opened(shared / "data" / "census" / CANADA, tmp_path)
    every = list(backtest(statistics, CANADA_QUERY))
    flagged = [month for month, flags in every if flags]
    assert (len(flagged), len(every)) == (12, 98)
    assert {"2014-03", "2018-03", "2019-06"} <= set(flagged)


def test_no_code_that_was_split_or_re_cut_is_flagged(codes: Statistics, every: Every) -> None:
    assert of_changed_codes(codes.vocabulary, iter(every)) == []
    # What is flagged of scrap as a whole rose a month before its codes were re-cut.
    recut = {link.new for link in codes.vocabulary.products.changes if link.date == "2026-02"}
    at_the_change = {id_ for month, flags in every if month >= "2026-02" for flag in flags for id_ in flag.products}
    assert not at_the_change & {"scrap", *recut}


def test_without_the_families_changed_codes_would_be_flagged(
    codes: Statistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surge_tests, "units_of", alone)
    assert of_changed_codes(codes.vocabulary, backtest(Statistics(codes._holder), CODES_QUERY))


def test_a_family_is_flagged_only_where_its_hts6_rose_too(codes: Statistics, every: Every) -> None:
    families = [(month, flag) for month, flags in every for flag in flags if len(flag.products) > 1]
    assert families  # else the families had no figures to be tested on
    for month, flag in families:
        filters = codes.parse(f"product={flag.products[0][:6]}&country={flag.country}&series=public&to={month}")
        (above,) = surges(codes, replace(filters, detail=Detail.HTS6)).flags
        assert flag.month == above.month == month
