"""License records of a demonstration: they pass the checks, follow public statistics, and change as a week would."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_access.publishing.build import build_public
from data_access.publishing.decisions import read_decisions
from data_access.publishing.demo import write_demo
from data_access.publishing.fidelity import closer_than_assumed, fidelity
from data_access.publishing.policy import read_policy
from data_access.publishing.public_figures import product_tree
from data_access.publishing.review import Review, stopped
from data_access.publishing.sources.licenses import Licenses, counted, read_licenses
from data_access.reference import Licensed, Reference

EARLIER, LATER = "2026-11-13", "2026-11-20"
RUNNING = "2026-11"


@pytest.fixture(scope="module")
def later(snapshots: dict[str, Licenses]) -> pd.DataFrame:
    return snapshots[LATER].frame


@pytest.fixture(scope="module")
def both(snapshots: dict[str, Licenses]) -> pd.DataFrame:
    """Records of both snapshots side by side, by id."""
    earlier, later = (snapshots[day].frame.set_index("license_id") for day in (EARLIER, LATER))
    return later.join(earlier.add_suffix("_before"), how="outer")


@pytest.fixture(scope="module")
def counting(later: pd.DataFrame) -> pd.DataFrame:
    return counted(later)


@pytest.fixture(scope="module")
def demo_of_2022(tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> pd.DataFrame:
    out = tmp_path_factory.mktemp("demo-2022")
    write_demo(out=out, as_of=date(2022, 7, 20), months=3, licenses=500, progress=False)
    return read_licenses(out / "licenses-2022-07-20.parquet", reference=reference).frame


def test_they_pass_the_checks_and_are_marked(snapshots: dict[str, Licenses]) -> None:
    assert [str(one.as_of) for one in snapshots.values()] == [EARLIER, LATER]
    assert all(one.demonstration for one in snapshots.values())


def test_a_week_adds_licenses_and_loses_none(both: pd.DataFrame) -> None:
    new = both[both["status_before"].isna()]
    assert 300 < len(new) < 1500
    assert both["status"].notna().all()
    assert new["applied_on"].between("2026-11-14", "2026-11-20").all()
    assert (new["expected_import_on"].dt.strftime("%Y-%m") >= "2026-10").all()


def test_a_week_changes_statuses_only_forward(both: pd.DataFrame) -> None:
    old = both[both["status_before"].notna()]
    changed = old[old["status"] != old["status_before"]]
    assert set(changed["status_before"]) == {"active"}
    assert set(changed["status"]) == {"used", "cancelled", "expired_unused"}
    assert (changed["status"] == "cancelled").sum() > 10, "figures of a week fall, too"


def test_a_week_changes_nothing_else_of_a_license(both: pd.DataFrame) -> None:
    old = both[both["status_before"].notna()]
    for name in ("importer_id", "hts10", "origin", "smelt1", "expected_import_on", "quantity_kg", "value_usd"):
        assert (old[name] == old[f"{name}_before"]).all(), name


def test_the_running_month_is_partial_and_grows(snapshots: dict[str, Licenses]) -> None:
    earlier, later = (counted(snapshots[day].frame).groupby("month")["tons"].sum() for day in (EARLIER, LATER))
    assert earlier[RUNNING] < later[RUNNING] < 0.95 * later["2026-10"]
    assert 0 < later["2026-12"] < 0.3 * later[RUNNING]


def test_no_license_is_used_before_its_import(later: pd.DataFrame) -> None:
    used = later[later["status"] == "used"]
    assert (used["expected_import_on"] <= LATER).all()
    expired = later[later["status"] == "expired_unused"]
    assert ((pd.Timestamp(LATER) - expired["applied_on"]).dt.days >= 75).all()


def test_some_are_cancelled_some_expire(later: pd.DataFrame) -> None:
    parts = later["status"].value_counts(normalize=True)
    assert 0.01 < parts["cancelled"] < 0.05
    assert 0.005 < parts["expired_unused"] < 0.04


def test_public_figures_exceed_licenses_as_measured_for_steel(
    counting: pd.DataFrame, public: pd.DataFrame, reference: Reference
) -> None:
    licensed = [code for code in public["hts"].unique() if reference.products[code].licensed is Licensed.ALL]
    totals = public[public["hts"].isin(licensed) & (public["country"] == "-")]
    for column, ours in (("consumption_value", "value_usd"), ("consumption_qty1", "quantity_kg")):
        theirs = totals.groupby("month")[column].sum()
        ratio = theirs / counting.groupby("month")[ours].sum()
        for month in ("2026-07", "2026-08"):
            assert 1.02 < ratio[month] < 1.05, (column, month)


def test_each_country_follows_its_public_figures(
    counting: pd.DataFrame, public: pd.DataFrame, reference: Reference
) -> None:
    licensed = [code for code in public["hts"].unique() if reference.products[code].licensed is Licensed.ALL]
    rows = public[public["hts"].isin(licensed) & (public["month"] == "2026-08")]
    theirs = rows.groupby("country")["consumption_value"].sum()
    ours = counting[counting["month"] == "2026-08"].groupby("origin")["value_usd"].sum()
    for country in ("CAN", "ARE", "KOR", "OMN", "VNM", "MEX"):
        assert ours[country] / theirs[country] == pytest.approx(0.96, abs=0.25), country


def test_one_license_states_tons_for_kg_and_is_the_one_decided(demo: Path, later: pd.DataFrame) -> None:
    (slip,) = read_decisions(demo / "decisions.csv").left_out
    unit_value = later["value_usd"] / later["quantity_kg"]
    assert later.loc[unit_value > 500, "license_id"].tolist() == [slip]
    assert counted(later).set_index("license_id").loc[slip, "month"] == "2026-10"


def test_importers_are_many_and_their_sizes_heavy_tailed(counting: pd.DataFrame) -> None:
    sizes = counting.groupby("importer_id")["value_usd"].sum().sort_values(ascending=False)
    assert len(sizes) > 1000
    assert 0.3 < sizes.iloc[:25].sum() / sizes.sum() < 0.9
    assert sizes.iloc[0] > 100 * sizes.median()


def test_brokers_file_for_many_importers_and_some_importers_for_themselves(counting: pd.DataFrame) -> None:
    clients = counting.groupby("filer_id")["importer_id"].nunique()
    assert clients.max() > 30
    own = counting["filer_id"] == counting["importer_id"]
    assert 0.03 < own.mean() < 0.5


def test_enterprises_join_importers_and_appear_as_exporters(counting: pd.DataFrame) -> None:
    grouped = counting[counting["enterprise_group"].notna()]
    assert grouped.groupby("enterprise_group")["importer_id"].nunique().max() >= 2
    assert grouped.groupby("importer_id")["enterprise_group"].nunique().max() == 1
    assert (grouped["exporter_id"] == grouped["enterprise_group"]).any()


def test_fields_that_may_be_empty_sometimes_are(later: pd.DataFrame) -> None:
    empty = later.isna().mean()
    for name in ("enterprise_group", "exporter_id", "manufacturer_id", "exportation", "port"):
        assert empty[name] > 0, name
    assert (later["manufacturer_id"] == "unknown").mean() > 0.15
    assert set(later["entry_type"]) == {"consumption", "ftz_admission", "warehouse_withdrawal"}
    assert (later.loc[later["low_value"], "value_usd"] < 5000).all()
    assert later["low_value"].any()


def test_metal_is_mostly_smelted_where_unwrought_comes_from(counting: pd.DataFrame) -> None:
    canada = counting[counting["hts10"].str.startswith("760110") & (counting["origin"] == "CAN")]
    assert (canada["smelt1"] == "CAN").mean() > 0.9
    recycled = counting["smelt1"] == "not_applicable"
    assert 0.03 < recycled.mean() < 0.25
    assert (counting.loc[recycled, "smelt2"] == "not_applicable").all()
    assert not recycled[counting["hts10"].str.startswith("760110")].any()


def test_metal_of_others_stands_behind_third_countries(counting: pd.DataFrame) -> None:
    foil = counting[counting["hts10"].str.startswith("760711") & (counting["origin"] == "KHM")]
    assert (foil["smelt1"] == "CHN").mean() > 0.7
    assert (foil["cast"] != "KHM").mean() > 0.3
    behind = counting[~counting["origin"].isin(["CHN", "RUS"])]
    assert {"CHN", "RUS"} <= set(behind["smelt1"])


def test_a_surge_shows_in_licenses_before_it_shows_in_public_figures(counting: pd.DataFrame) -> None:
    rows = counting[counting["hts10"].str.startswith("760110") & (counting["origin"] == "ZAF")]
    by_month = rows.groupby("month")["tons"].sum()
    assert by_month["2026-10"] > 2 * by_month["2026-08"]


def test_unknown_smelt_stands_only_in_early_applications(demo_of_2022: pd.DataFrame) -> None:
    unknown = demo_of_2022[demo_of_2022["smelt1"] == "unknown"]
    assert len(unknown) > 0
    assert (unknown["applied_on"] <= "2022-06-28").all()
    assert (demo_of_2022["applied_on"] > "2022-06-28").any()


def test_review_stops_the_slip_and_nothing_else(demo: Path, counting: pd.DataFrame, reference: Reference) -> None:
    decided = read_decisions(demo / "decisions.csv")
    found = stopped(counting, read_policy(demo / "policy.toml").review, reference)
    assert found["license_id"].tolist() == list(decided.by_license)
    assert decided.undecided(found).empty
    assert stopped(decided.apply(counting), read_policy(demo / "policy.toml").review, reference).empty


@pytest.mark.parametrize(("seed", "months", "licenses"), [(2, 2, 100), (3, 9, 300)])
def test_small_demonstrations_raise_no_false_alarms(
    tmp_path: Path, reference: Reference, seed: int, months: int, licenses: int
) -> None:
    write_demo(out=tmp_path, seed=seed, as_of=date(2022, 3, 15), months=months, licenses=licenses, progress=False)
    records = counted(read_licenses(tmp_path / "licenses-2022-03-15.parquet", reference=reference).frame)
    decided = read_decisions(tmp_path / "decisions.csv")
    assert stopped(records, Review(), reference)["license_id"].tolist() == list(decided.by_license)


def test_public_statistics_tell_license_figures_no_closer_than_the_policy_assumes(
    demo: Path, counting: pd.DataFrame, reference: Reference
) -> None:
    policy = read_policy(demo / "policy.toml")
    spreads = fidelity(
        read_decisions(demo / "decisions.csv").apply(counting),
        build_public(demo / "public", reference)[0],
        tree=product_tree(reference, counting["hts10"].unique()),
        reference=reference,
        assumptions=policy.assumptions,
        months=("2026-07", "2026-08", "2026-09"),
    )
    assert len(spreads) == 10
    assert all(one.cells >= 20 for one in spreads)
    assert closer_than_assumed(spreads) == []


def test_a_group_in_a_month_is_known_within_some_percent_only(
    counting: pd.DataFrame, public: pd.DataFrame, reference: Reference
) -> None:
    ratios = []
    for group in ("unwrought", "bars", "wire", "sheet", "foil", "tubes"):
        codes = reference.products.codes(group)
        theirs = (
            public[public["hts"].isin(codes) & (public["cty_code"] == "-")].groupby("month")["consumption_value"].sum()
        )
        ours = counting[counting["hts10"].isin(codes)].groupby("month")["value_usd"].sum()
        ratios += (ours / theirs)[["2026-07", "2026-08", "2026-09"]].tolist()
    assert 0.03 < pd.Series(ratios).std() < 0.25


def test_second_smelts_are_countries_where_there_is_a_first(counting: pd.DataFrame, reference: Reference) -> None:
    second = counting[counting["smelt2"] != "not_applicable"]
    assert 0.2 < len(second) / len(counting) < 0.6
    assert second["smelt2"].nunique() > 15
    assert (second["smelt1"] != second["smelt2"]).all()
    assert (second["smelt1"] != "not_applicable").all()


def test_exporters_and_manufacturers_sit_in_one_country_each(counting: pd.DataFrame) -> None:
    for role in ("exporter_id", "manufacturer_id"):
        named = counting[counting[role].notna() & (counting[role] != "unknown")]
        countries = named.groupby(role)["origin"].nunique()
        assert (countries == 1).mean() > 0.9, role
        importers = named.groupby(role)["importer_id"].nunique()
        assert importers.max() > 5, role


def test_a_firm_has_prices_of_its_own(counting: pd.DataFrame) -> None:
    sheet = counting[counting["hts10"].str.startswith("760612") & (counting["origin"] == "OMN")]
    price = np.log(sheet["value_usd"] / sheet["quantity_kg"])
    usual = price.groupby(sheet["importer_id"]).transform("mean")
    assert usual.std() > (price - usual).std()
