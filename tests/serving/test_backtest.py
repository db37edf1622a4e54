"""The default rule on real figures: which months it flags, and that no change of codes is taken for a surge."""

from __future__ import annotations

from pathlib import Path

from tests.bench.backtest import CANADA, CANADA_QUERY, CODES, CODES_QUERY, backtest, of_changed_codes, opened


def test_the_default_rule_flags_12_of_98_months_of_canadian_metal(shared: Path, tmp_path: Path) -> None:
    statistics = opened(shared / "data" / "census" / CANADA, tmp_path)
    every = list(backtest(statistics, CANADA_QUERY))
    flagged = [month for month, flags in every if flags]
    assert (len(flagged), len(every)) == (12, 98)
    assert {"2014-03", "2018-03", "2019-06"} <= set(flagged)


def test_no_code_that_was_split_or_re_cut_is_flagged(shared: Path, tmp_path: Path) -> None:
    statistics = opened(shared / "data" / "census" / CODES, tmp_path)
    every = list(backtest(statistics, CODES_QUERY))
    assert of_changed_codes(statistics.vocabulary, iter(every)) == []
    # What is flagged of scrap as a whole rose a month before its codes were re-cut.
    recut = {link.new for link in statistics.vocabulary.products.changes if link.date == "2026-02"}
    at_the_change = {id_ for month, flags in every if month >= "2026-02" for flag in flags for id_ in flag.products}
    assert not at_the_change & {"scrap", *recut}
