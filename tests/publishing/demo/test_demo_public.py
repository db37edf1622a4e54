"""Public statistics of a demonstration: sound as a pull is, and in the shape of the real ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data_access.publishing.demo.history import FURTHER
from data_access.publishing.demo.shares import Shares, read_shares
from data_access.publishing.sources.vintages import newest
from data_access.reference import Reference

FIGURES = ["general_value", "consumption_value", "general_qty1", "consumption_qty1", "general_qty2", "consumption_qty2"]
UNIT = {"kg": "KG", "No.": "NO", "m2": "M2"}


@pytest.fixture(scope="module")
def shares() -> Shares:
    return read_shares()


@pytest.fixture(scope="module")
def countries(public: pd.DataFrame) -> pd.DataFrame:
    return public[public["country"] != "-"]


@pytest.fixture(scope="module")
def in_2024(countries: pd.DataFrame, shares: Shares) -> pd.DataFrame:
    """Rows of 2024 with the product of the committed shares."""
    rows = countries[countries["year"] == "2024"]
    return rows.assign(product=rows["hts"].map(shares.product_of))


def percents(values: pd.Series, by: list[str]) -> pd.Series:
    return 100 * values / values.groupby(by).transform("sum")


def metal_price(countries: pd.DataFrame, year: str) -> float:
    rows = countries[countries["hts"].str.startswith("7601") & (countries["year"] == year)]
    return float(rows["consumption_value"].sum() / rows["consumption_qty1"].sum())


def tons(countries: pd.DataFrame, start: str, country: str) -> pd.Series:
    """Metric tons by month of codes that begin so."""
    rows = countries[countries["hts"].str.startswith(start) & (countries["country"] == country)]
    return rows.groupby("month")["consumption_qty1"].sum() / 1000


def test_the_total_row_of_each_code_is_the_sum_of_its_countries(public: pd.DataFrame) -> None:
    totals = public[public["country"] == "-"].set_index(["month", "hts"])[FIGURES]
    sums = public[public["country"] != "-"].groupby(["month", "hts"])[FIGURES].sum(min_count=1)
    pd.testing.assert_frame_equal(totals.sort_index(), sums.sort_index(), check_dtype=False)


def test_codes_stand_only_in_months_in_which_they_are_valid(public: pd.DataFrame, reference: Reference) -> None:
    pairs = public[["hts", "month"]].drop_duplicates()
    assert [
        (code, month)
        for code, month in pairs.itertuples(index=False)
        if code not in reference.products or not reference.products.is_valid(code, month)
    ] == []


def test_codes_that_end_pass_to_their_successors(public: pd.DataFrame) -> None:
    def present(code: str) -> tuple[str, str]:
        months = public.loc[public["hts"] == code, "month"]
        return months.min(), months.max()

    assert present("7601106030") == ("2013-01", "2025-06")
    assert present("7601106040") == ("2025-07", "2026-09")
    assert present("7602000097") == ("2013-01", "2026-01")
    assert present("7602000065") == ("2026-02", "2026-09")
    assert present("7616995060")[1] < present("7616995160")[0]


def test_units_are_those_of_the_reference_tables(public: pd.DataFrame, reference: Reference) -> None:
    units = public[["hts", "unit1", "unit2"]].drop_duplicates()
    for code, first, second in units.itertuples(index=False):
        expected = [UNIT[unit] for unit in reference.products[code].units]
        assert [unit for unit in (first, second) if pd.notna(unit)] == expected
    assert set(units["unit1"]) == {"KG", "NO"}
    assert public.loc[public["unit2"].isna(), "consumption_qty2"].isna().all()


def test_only_small_flows_pause(countries: pd.DataFrame) -> None:
    months = (
        countries[countries["year"] == "2024"].groupby(["hts", "country"])["consumption_value"].agg(["size", "sum"])
    )
    assert (months.loc[months["sum"] > 30e6, "size"] == 12).all()
    assert (months["size"] < 12).mean() > 0.3


def test_shares_of_2024_are_the_committed_ones(in_2024: pd.DataFrame, shares: Shares) -> None:
    sums = in_2024.groupby(["product", "country"])["consumption_value"].sum()
    found = percents(sums, ["product"])
    totals = in_2024.groupby("product")["consumption_value"].sum()
    large = [product for product, value in shares.value.items() if value > 300e6]
    assert len(large) > 10
    for product in large:
        further = sum(percent for (of, _), percent in FURTHER.items() if of == product)
        assert totals[product] == pytest.approx(shares.value[product], rel=0.1 + further / 100)
        flows = {country: percent for country, percent in shares.origins[product].items() if percent >= 5}
        for country, percent in flows.items():
            assert found[product, country] == pytest.approx(percent, abs=1 + 0.15 * percent), (product, country)


def test_shares_of_2024_are_close_to_the_real_ones(shared: Path, in_2024: pd.DataFrame, reference: Reference) -> None:
    real = pd.read_csv(
        shared / "data/census/hts10_annual_all_countries_2024_2025.csv", dtype={"CTY_CODE": str, "I_COMMODITY": str}
    )
    real = real[real["year"] == 2024]
    real_country = real["CTY_CODE"].map(reference.countries.by_census)
    for ours, theirs, most in (
        (in_2024["country"], real_country, 1.5),
        (in_2024["hts"].str[:4], real["I_COMMODITY"].str[:4], 1.5),
        (in_2024["hts"].str[:6], real["I_COMMODITY"].str[:6], 1.5),
    ):
        found = in_2024.groupby(ours)["consumption_value"].sum() / in_2024["consumption_value"].sum()
        wanted = real.groupby(theirs)["CON_VAL_YR"].sum() / real["CON_VAL_YR"].sum()
        assert (100 * found.sub(wanted, fill_value=0).abs()).max() < most
    assert in_2024["consumption_value"].sum() == pytest.approx(real["CON_VAL_YR"].sum(), rel=0.05)
    assert in_2024["general_value"].sum() == pytest.approx(real["GEN_VAL_YR"].sum(), rel=0.05)


def test_flows_beside_the_committed_table_are_not_in_it(shares: Shares) -> None:
    assert [key for key in FURTHER if key[1] in shares.origins[key[0]]] == []


def test_the_two_bases_differ_where_goods_are_warehoused(in_2024: pd.DataFrame) -> None:
    sums = in_2024.groupby("country")[["general_value", "consumption_value"]].sum()
    ratio = sums["general_value"] / sums["consumption_value"]
    assert ratio["ARE"] == pytest.approx(1.24, abs=0.08)
    assert ratio["CAN"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("year", "price"), [("2013", 2.0), ("2016", 1.8), ("2018", 2.4), ("2020", 1.8), ("2022", 3.6), ("2024", 2.8)]
)
def test_the_price_of_metal_follows_the_years(countries: pd.DataFrame, year: str, price: float) -> None:
    assert metal_price(countries, year) == pytest.approx(price, rel=0.12)


def test_duties_leave_their_marks(countries: pd.DataFrame) -> None:
    canada = tons(countries, "7601", "CAN")
    assert canada["2018-03"] > 1.4 * canada["2018-02"]
    assert canada["2025-07"] < 0.6 * canada["2025-03"]
    russia = tons(countries, "7601", "RUS")
    assert russia["2017-01":"2017-12"].sum() > 100_000
    assert russia.index.max() < "2023-05"


def test_surges_are_there_to_be_found(countries: pd.DataFrame) -> None:
    foil = tons(countries, "760711", "KHM")
    assert foil.index.min() == "2026-06"
    assert foil["2026-09"] > 500
    extrusions = tons(countries, "7604", "VNM")
    assert extrusions["2026-07":"2026-09"].sum() > 2 * extrusions["2025-07":"2025-09"].sum()
    sheet = tons(countries, "760612", "OMN")
    assert sheet["2026-07":"2026-09"].mean() > 1.5 * sheet["2026-01":"2026-03"].mean()


def test_the_pull_has_the_layout_of_one_from_the_census(demo: Path) -> None:
    path = newest(demo / "public")["HS10", "2026-09"]
    assert path.relative_to(demo) == Path("public/HS10/2026-09/2026-11-06T13-30-00Z.parquet")
