"""When a ten-digit code is valid, and what it passed into."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from data_access.reference import Kind, Products

SCRAP = {f"76020000{suffix}" for suffix in ["35", "45", "55", "65", "75", "95", "97", "98"]}


@pytest.mark.parametrize(
    ("code", "last_before", "first_after"),
    [
        ("7601106040", "2025-06", "2025-07"),
        ("7601106045", "2025-06", "2025-07"),
        ("7612901040", "2025-06", "2025-07"),
        ("7612901045", "2025-06", "2025-07"),
        ("7602000045", "2026-01", "2026-02"),
        ("7602000055", "2026-01", "2026-02"),
        ("7602000065", "2026-01", "2026-02"),
        ("7602000075", "2026-01", "2026-02"),
    ],
)
def test_a_new_code_begins_with_its_first_month(
    products: Products, code: str, last_before: str, first_after: str
) -> None:
    assert not products.is_valid(code, last_before)
    assert products.is_valid(code, first_after)


@pytest.mark.parametrize(
    ("code", "last", "next_"),
    [
        ("7601106030", "2025-06", "2025-07"),
        ("7612901030", "2025-06", "2025-07"),
        ("7602000095", "2026-01", "2026-02"),
        ("7602000097", "2026-01", "2026-02"),
        ("7602000098", "2026-01", "2026-02"),
    ],
)
def test_an_old_code_ends_with_its_last_month(products: Products, code: str, last: str, next_: str) -> None:
    assert products.is_valid(code, last)
    assert not products.is_valid(code, next_)


def test_a_suffix_used_again_goes_on(products: Products) -> None:
    assert all(products.is_valid("7602000035", month) for month in ("2024-01", "2026-01", "2026-02"))


@pytest.mark.parametrize(
    ("code", "month", "valid"),
    [
        ("7601106000", "2018-01", True),
        ("7601106000", "2024-12", True),
        ("7601106000", "2025-01", False),
        ("7616995060", "2018-02", True),
        ("7616995060", "2018-03", False),
    ],
)
def test_a_code_of_unknown_end_is_invalid_only_from_when_it_is_known_to_be_gone(
    products: Products, code: str, month: str, valid: bool
) -> None:
    assert products.is_valid(code, month) is valid


@pytest.mark.parametrize("id_", ["76", "aim", "scrap", "7602", "760200"])
def test_a_product_that_is_no_ten_digit_code_is_always_valid(products: Products, id_: str) -> None:
    assert products.is_valid(id_, "1990-01")
    assert products.code_note(id_, "1990-01") is None


@pytest.mark.parametrize(
    ("code", "month", "words"),
    [
        ("7602000065", "2026-01", ["begins in 2026-02", "7602000097", *sorted(SCRAP - {"7602000065"})]),
        ("7602000097", "2026-02", ["ended in 2026-01", "mainly into 7602000065"]),
        ("7602000045", "2026-01", ["begins in 2026-02", "no single counterpart", "7602000098"]),
        ("7601106030", "2025-07", ["ended in 2025-06", "split into 7601106040 and 7601106045"]),
        ("7601106040", "2025-06", ["begins in 2025-07", "split from 7601106030", "7601106045"]),
        ("7616995060", "2024-01", ["no longer in use in 2018-03", "it became 7616995160"]),
    ],
)
def test_a_note_says_why_a_code_is_not_valid_and_names_its_relatives(
    products: Products, code: str, month: str, words: list[str]
) -> None:
    note = products.code_note(code, month)
    assert note is not None
    assert [word for word in [code, *words] if word not in note] == []
    assert note.count(".") == 1


@pytest.mark.parametrize(("code", "month"), [("7602000065", "2026-02"), ("7602000097", "2026-01")])
def test_a_valid_code_needs_no_note(products: Products, code: str, month: str) -> None:
    assert products.code_note(code, month) is None


def test_the_scrap_codes_of_the_recut_are_one_family(products: Products) -> None:
    assert all(products.family(code) == SCRAP for code in SCRAP)
    assert products.codes("scrap") == SCRAP


def test_a_family_reaches_over_several_changes(products: Products) -> None:
    whole = {f"76011060{suffix}" for suffix in ["00", "30", "40", "45", "90"]}
    assert products.family("7601106045") == whole


def test_a_family_within_a_period_leaves_out_changes_that_were_over_before(products: Products) -> None:
    recent = {f"76011060{suffix}" for suffix in ["30", "40", "45"]}
    assert products.family("7601106045", since="2025-01") == recent
    assert products.family("7601106045", since="2025-07") == recent
    assert products.family("7601106045", since="2025-08") == {"7601106045"}
    assert products.family("7601106090", since="2025-01") == {"7601106090"}
    assert "7601106090" in products.family("7601106045", since="2024-12")


def test_a_code_that_never_changed_is_its_own_family(products: Products) -> None:
    assert products.family("7609000000") == {"7609000000"}


def test_castings_and_forgings_were_renamed(products: Products) -> None:
    renamed = {(link.old, link.new) for link in products.changes if link.kind is Kind.RENAME}
    assert renamed == {("7616995060", "7616995160"), ("7616995070", "7616995170")}


@pytest.mark.parametrize(
    ("name", "period", "values"),
    [
        ("hts10_monthly_canada_mexico_2025_2026", "time", ["CON_VAL_MO"]),
        ("hts10_monthly_all_countries_2024_allocated", "time", ["GEN_VAL_MO", "CON_VAL_MO"]),
        ("hts10_annual_all_countries_2024_2025", "year", ["GEN_VAL_YR", "CON_VAL_YR"]),
    ],
)
def test_real_figures_lie_within_the_validity_of_their_codes(
    products: Products, shared: Path, name: str, period: str, values: list[str]
) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    with (shared / f"data/census/{name}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if any(int(row[value] or 0) for value in values):
                seen[row["I_COMMODITY"]].add(row[period])
    assert len(seen) > 100
    for code, periods in seen.items():
        for one in periods:
            months = [one] if "-" in one else [f"{one}-{number:02}" for number in range(1, 13)]
            assert any(products.is_valid(code, month) for month in months), (code, one)
