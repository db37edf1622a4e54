"""How close public statistics are to license figures, against what the policy assumes of attackers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data_access.contracts import PUBLIC
from data_access.publishing.disclosure.attacker import Assumptions
from data_access.publishing.fidelity import Spread, closer_than_assumed, fidelity
from data_access.publishing.public_figures import product_tree
from data_access.reference import Reference, load

SHEET, FOIL, UNWROUGHT = "7606123096", "7607116010", "7601103000"
COUNTRIES = ("CAN", "MEX", "KOR", "DEU", "OMN", "IND", "CHN", "TUR", "GRC", "AUT")
MONTHS = ("2026-07", "2026-08", "2026-09")


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load()


def licenses(*codes: str, months: tuple[str, ...] = MONTHS) -> pd.DataFrame:
    """One license of 1,000 US$ and 250 kg for each code, country and month."""
    keys = [(month, code, country) for month in months for code in codes for country in COUNTRIES]
    frame = pd.DataFrame(keys, columns=["month", "hts10", "origin"])
    return frame.assign(value_usd=1000.0, quantity_kg=250.0)


def public(records: pd.DataFrame, value: object = 1.0, kg: object = 1.0, **basis: object) -> pa.Table:
    """Public statistics of the same cells, as a multiple of the licenses; the other basis is twice as much and random,
    unless given."""
    draw = np.random.default_rng(5)
    frame = pd.DataFrame({"month": records["month"], "product": records["hts10"], "country": records["origin"]})
    frame["level"], frame["weight"] = "HS10", "kg"
    other, another = np.exp(2 * draw.standard_normal((2, len(frame))))
    frame["consumption_value"] = np.asarray(records["value_usd"] * value)
    frame["consumption_kg"] = np.asarray(records["quantity_kg"] * kg)
    frame["general_value"] = np.asarray(records["value_usd"] * basis.get("general", 2 * other))
    frame["general_kg"] = np.asarray(records["quantity_kg"] * basis.get("general", 2 * another))
    for name in ("consumption_value", "consumption_kg", "general_value", "general_kg"):
        frame[name] = frame[name].round().astype("Int64")
    return pa.Table.from_pandas(frame, schema=PUBLIC, preserve_index=False)


def measured(
    records: pd.DataFrame, table: pa.Table, reference: Reference, **changes: object
) -> dict[tuple[str, str], Spread]:
    arguments = {
        "assumptions": Assumptions(),
        "months": MONTHS,
        "tree": product_tree(reference, records["hts10"].unique()),
    }
    found = fidelity(records, table, reference=reference, **(arguments | changes))  # type: ignore[arg-type]
    return {(one.level, one.measure): one for one in found}


def test_figures_that_follow_public_ones_are_warned_of(reference: Reference) -> None:
    records = licenses(SHEET, FOIL, UNWROUGHT)
    found = measured(records, public(records), reference)
    assert found["group × country", "value"].two_thirds == 0
    warned = closer_than_assumed(found.values())
    assert (
        "country, value: public statistics tell two thirds of the cells within 0.0 %, the policy assumes 15.0 %"
        in warned
    )
    assert any("unit value, unwrought" in line for line in warned)


def test_a_common_factor_hides_nothing(reference: Reference) -> None:
    records = licenses(SHEET, FOIL)
    found = measured(records, public(records, value=1.04, kg=1.2), reference)
    assert found["group × country", "value"].two_thirds == pytest.approx(0, abs=0.002)
    assert found["group × country", "weight"].two_thirds == pytest.approx(0, abs=0.002)


def test_the_error_is_what_two_thirds_of_the_cells_lie_within(reference: Reference) -> None:
    records = licenses(SHEET)
    # Ten countries: seven of them 20 % off, three 80 %; all together as much as licenses.
    off = np.tile([1.2, 0.8, 1.2, 0.8, 1.2, 0.8, 1.0, 1.8, 0.2, 1.0], len(MONTHS))
    found = measured(records, public(records, value=off), reference)
    assert found["country", "value"].half == pytest.approx(0.2, abs=0.001)
    assert found["country", "value"].two_thirds == pytest.approx(0.2, abs=0.001)
    assert found["country", "value"].cells == 30


@pytest.mark.parametrize(("assumed", "warned"), [(0.25, True), (0.19, False)])
def test_a_warning_only_where_the_policy_assumes_less(reference: Reference, assumed: float, warned: bool) -> None:
    records = licenses(SHEET)
    off = np.tile([1.2, 0.8] * 5, len(MONTHS))
    found = measured(
        records, public(records, value=off, kg=off), reference, assumptions=Assumptions(public_country=assumed)
    )
    assert found["country", "value"].is_closer is warned


def test_the_closer_basis_counts(reference: Reference) -> None:
    records = licenses(SHEET)
    off = np.tile([1.5, 0.5] * 5, len(MONTHS))
    found = measured(records, public(records, value=off, kg=off, general=1.0), reference)
    assert found["country", "value"].two_thirds == 0


def test_unit_values_are_compared_by_metal_and_products(reference: Reference) -> None:
    records = licenses(SHEET, UNWROUGHT)
    dearer = np.where(records["hts10"] == SHEET, np.tile([1.5, 0.5], len(records) // 2), 1.0)
    found = measured(records, public(records, value=dearer), reference)
    assert found["group × country", "unit value, unwrought"].two_thirds == pytest.approx(0, abs=0.001)
    assert found["group × country", "unit value, others"].two_thirds == pytest.approx(0.5, abs=0.001)
    assert found["group × country", "unit value, others"].assumed == 0.25


def test_a_cell_without_a_public_figure_is_one_that_public_statistics_do_not_tell(reference: Reference) -> None:
    records = licenses(SHEET)
    table = public(records).filter(pa.array(records["origin"].isin(COUNTRIES[:5])))
    found = measured(records, table, reference)
    assert found["country", "value"].two_thirds == 1.0


def test_months_that_only_one_source_has_are_not_compared(reference: Reference) -> None:
    records = licenses(SHEET, months=(*MONTHS, "2026-10"))
    table = public(licenses(SHEET))
    assert measured(records, table, reference, months=(*MONTHS, "2026-10"))["country", "value"].cells == 30
    assert measured(records, table, reference, months=("2026-10",)) == {}


def test_a_handful_of_cells_warns_of_nothing(reference: Reference) -> None:
    records = licenses(SHEET, months=MONTHS[:1])
    assert closer_than_assumed(measured(records, public(records), reference).values()) == []


def test_a_weight_that_is_not_known_is_no_weight_to_compare(reference: Reference) -> None:
    records = licenses(SHEET, FOIL)
    kg = pd.Series(1.0, index=records.index).mask((records["hts10"] == SHEET) & records["origin"].isin(COUNTRIES[:4]))
    found = measured(records, public(records, kg=kg, general=kg), reference)
    assert found["country", "weight"].cells == 18, "a country of unknown sheet has no weight of its own"
    assert found["group × country", "weight"].cells == 48


def test_where_the_policy_assumes_nothing_any_public_figure_is_closer(reference: Reference) -> None:
    records = licenses(SHEET)
    found = measured(records, public(records), reference, assumptions=Assumptions(public_country=None))
    assert (
        "country, value: public statistics tell two thirds of the cells within 0.0 %, the policy assumes nothing"
        in (closer_than_assumed(found.values()))
    )
