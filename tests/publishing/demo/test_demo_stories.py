"""Stories of a demonstration, each large enough to be found by whoever looks for it."""

from __future__ import annotations

import pandas as pd
import pytest

from data_access.publishing.sources.licenses import Licenses, counted
from data_access.thresholds import Thresholds

DUTY = "2025-06"
BEFORE, AFTER = ("2024-06", "2025-05"), ("2025-06", "2026-05")
OTHERS = ("ARE", "BHR", "ARG", "AUS", "IND", "QAT")
FLOOR = Thresholds().floor


@pytest.fixture(scope="module")
def countries(public: pd.DataFrame) -> pd.DataFrame:
    return public[public["country"] != "-"]


@pytest.fixture(scope="module")
def counting(snapshots: dict[str, Licenses]) -> pd.DataFrame:
    return counted(snapshots["2026-11-20"].frame)


def tons(rows: pd.DataFrame, start: str, *origins: str) -> pd.Series:
    """Metric tons by month of codes that begin so, of these countries or all; 0 in months without any."""
    found = rows[rows["hts"].str.startswith(start) & (rows["country"].isin(origins) | (not origins))]
    months = sorted(rows["month"].unique())
    return (found.groupby("month")["consumption_qty1"].sum() / 1000).reindex(months, fill_value=0.0)


def licensed(counting: pd.DataFrame, start: str, origin: str) -> pd.Series:
    rows = counting[counting["hts10"].str.startswith(start) & (counting["origin"] == origin)]
    return rows.groupby("month")["tons"].sum()


def share(rows: pd.DataFrame, column: str, value: str) -> pd.Series:
    """Part of the tons of each month that has this value."""
    return rows[rows[column] == value].groupby("month")["tons"].sum() / rows.groupby("month")["tons"].sum()


def test_after_the_50_percent_duty_canada_loses_what_others_partly_gain(countries: pd.DataFrame) -> None:
    canada, others, total = tons(countries, "7601", "CAN"), tons(countries, "7601", *OTHERS), tons(countries, "7601")

    def change(series: pd.Series) -> float:
        return float(series[slice(*AFTER)].sum() - series[slice(*BEFORE)].sum())

    assert change(canada) < -0.25 * canada[slice(*BEFORE)].sum()
    assert change(others) > 0.25 * others[slice(*BEFORE)].sum()
    assert change(total) < 0
    assert change(others) < -change(canada), "in part only"


def test_prices_rise_after_the_duty(countries: pd.DataFrame) -> None:
    rows = countries[countries["hts"].str.startswith("7601")]
    sums = rows.groupby("month")[["consumption_value", "consumption_qty1"]].sum()
    price = sums["consumption_value"] / sums["consumption_qty1"]
    assert price[slice(*AFTER)].mean() > 1.15 * price[slice(*BEFORE)].mean()


def test_foil_from_china_is_clearly_less_than_a_year_ago(countries: pd.DataFrame) -> None:
    foil = tons(countries, "7607", "CHN")
    assert foil["2026-07":"2026-09"].sum() < 0.75 * foil["2025-07":"2025-09"].sum()
    assert foil["2026-09"] > 2 * FLOOR


def test_cambodia_is_a_new_supplier_of_foil_with_metal_of_chinese_smelt(
    countries: pd.DataFrame, counting: pd.DataFrame
) -> None:
    foil = tons(countries, "7607", "KHM")
    assert not foil["2024-06":"2026-05"].any(), "nothing in the 24 months before"
    assert (foil["2026-07":"2026-09"] >= FLOOR).all()
    rows = counting[counting["hts10"].str.startswith("7607") & (counting["origin"] == "KHM")]
    assert share(rows, "smelt1", "CHN")["2026-10"] > 0.7
    assert set(counting.loc[counting["origin"] == "KHM", "hts10"].str[:4]) == {"7607"}


def test_extrusions_from_vietnam_surge_on_metal_of_chinese_smelt(
    countries: pd.DataFrame, counting: pd.DataFrame
) -> None:
    bars = tons(countries, "7604", "VNM")
    assert bars["2026-07":"2026-09"].sum() > 2 * bars["2025-07":"2025-09"].sum()
    rows = counting[counting["hts10"].str.startswith("7604") & (counting["origin"] == "VNM")]
    assert share(rows, "smelt1", "CHN")["2026-07":"2026-10"].mean() > 0.5


def test_metal_from_south_africa_shows_in_licenses_before_public_figures(
    countries: pd.DataFrame, counting: pd.DataFrame
) -> None:
    public, licenses = tons(countries, "7601", "ZAF"), licensed(counting, "7601", "ZAF")
    base = public["2026-07":"2026-09"].mean()
    assert public.max() < 2.5 * base, "no surge in what is public"
    assert licenses["2026-10"] > 2 * base


def test_a_lot_too_small_to_matter_rises_from_nearly_nothing(countries: pd.DataFrame) -> None:
    ghana = tons(countries, "7601", "GHA")
    assert 0 < ghana["2026-09"] < FLOOR
    assert not ghana[:"2026-08"].any()


def test_one_ship_comes_and_nothing_after_it(countries: pd.DataFrame) -> None:
    ship = tons(countries, "7601", "MOZ")
    assert ship["2026-03"] > FLOOR
    assert ship.drop("2026-03").sum() == 0


def test_extrusions_without_primary_metal_jump(counting: pd.DataFrame) -> None:
    bars = counting[counting["hts10"].str.startswith("7604")]
    mexico = share(bars[bars["origin"] == "MEX"], "smelt1", "not_applicable")
    assert mexico["2026-07":"2026-10"].mean() > 0.4


def test_russian_metal_comes_by_way_of_others(counting: pd.DataFrame) -> None:
    for origin, least in (("TUR", 0.2), ("KOR", 0.05)):
        rows = counting[(counting["origin"] == origin) & (counting["month"] <= "2026-10")]
        assert share(rows, "smelt1", "RUS").mean() > least, origin


def test_a_code_that_is_recut_moves_while_its_family_does_not(countries: pd.DataFrame) -> None:
    for old, new, cut in (("7601106030", "7601106040", "2025-07"), ("7602000098", "7602000075", "2026-02")):
        before = str(pd.Period(cut, "M") - 1)
        assert tons(countries, old, "CAN")[before] > 0
        assert tons(countries, new, "CAN")[before] == tons(countries, old, "CAN")[cut] == 0
        assert tons(countries, new, "CAN")[cut] > 0
    family = tons(countries, "7602", "CAN")
    assert family["2026-02"] == pytest.approx(family["2026-01"], rel=0.25)
