"""Public statistics of a release: newest vintage, finest level, countries that add up, weights in kilograms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from publication_inputs import CANADA, CHINA, MEXICO, TOTAL, UNWROUGHT, raw_row, write_raw

from data_access.contracts import PUBLIC, PublicPart
from data_access.errors import UserError
from data_access.publishing.build import build_public
from data_access.reference import load

REFERENCE = load()
FIGURES = ["general_value", "general_kg", "consumption_value", "consumption_kg"]


def built(directory: Path) -> tuple[pd.DataFrame, PublicPart]:
    table, part = build_public(directory, REFERENCE)
    assert table.schema == PUBLIC
    return table.to_pandas(types_mapper=lambda kind: pd.Int64Dtype() if kind == "int64" else None).set_index(
        ["month", "product", "country"]
    ), part


def test_rows_keep_their_figures_and_the_total_row_is_all(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, 100, 40), raw_row(UNWROUGHT, TOTAL, 100, 40)])
    cells, part = built(tmp_path)
    assert cells.loc[("2025-01", UNWROUGHT, "CAN"), FIGURES].tolist() == [100, 40, 100, 40]
    assert cells.loc[("2025-01", UNWROUGHT, "all"), FIGURES].tolist() == [100, 40, 100, 40]
    assert set(cells["weight"]) == {"kg"}
    assert len(cells) == 2
    assert (part.as_of, part.total_differs, part.observed_products, part.observed_countries) == ("2025-01", [], [], {})
    assert part.coverage == {"consumption": {"2025-01": "HS10"}, "general": {"2025-01": "HS10"}}
    assert part.vintages == {"2025-01": "2026-11-08T00-00-00Z"}


def test_without_a_total_row_all_is_the_sum_of_countries(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, 100, 40), raw_row(UNWROUGHT, MEXICO, 11, 5)])
    cells, part = built(tmp_path)
    assert cells.loc[("2025-01", UNWROUGHT, "all"), FIGURES].tolist() == [111, 45, 111, 45]
    assert part.total_differs == []


def test_months_whose_total_row_is_not_the_sum_are_named(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, 100), raw_row(UNWROUGHT, TOTAL, 100)])
    write_raw(tmp_path, "2025-02", [raw_row(UNWROUGHT, CANADA, 100), raw_row(UNWROUGHT, TOTAL, 130)])
    cells, part = built(tmp_path)
    assert part.total_differs == ["2025-02"]
    assert cells.loc[("2025-02", UNWROUGHT, "all"), "general_value"] == 130


def test_two_census_codes_of_one_country_add_up(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, "5082", 7, 3), raw_row(UNWROUGHT, "5083", 5, 2)])
    cells, _ = built(tmp_path)
    assert cells.loc[("2025-01", UNWROUGHT, "PSE"), FIGURES].tolist() == [12, 5, 12, 5]


def test_the_newest_vintage_counts(tmp_path: Path) -> None:
    for day, value in ((1, 100), (9, 120)):
        write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, value)], pulled=datetime(2025, 3, day, tzinfo=UTC))
    cells, part = built(tmp_path)
    assert cells.loc[("2025-01", UNWROUGHT, "CAN"), "general_value"] == 120
    assert part.vintages == {"2025-01": "2025-03-09T00-00-00Z"}


def test_the_finest_level_of_each_basis_counts_and_nothing_twice(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row("76", CANADA, 900)], level="HS2")
    fine = raw_row(UNWROUGHT, CANADA, 100, general_value=None)
    write_raw(tmp_path, "2025-01", [fine])
    cells, part = built(tmp_path)
    assert part.coverage == {"consumption": {"2025-01": "HS10"}, "general": {"2025-01": "HS2"}}
    assert cells.loc[("2025-01", "76", "CAN"), FIGURES].fillna(-1).tolist() == [900, -1, -1, -1]
    assert cells.loc[("2025-01", UNWROUGHT, "CAN"), FIGURES].fillna(-1).tolist() == [-1, -1, 100, -1]
    assert len(cells) == 4


def test_a_coarser_pull_of_the_same_month_does_not_count(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row("760110", CANADA, 900)], level="HS6")
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, 100)])
    cells, part = built(tmp_path)
    assert set(cells.index.get_level_values("product")) == {UNWROUGHT}
    assert part.coverage["general"] == {"2025-01": "HS10"}


@pytest.mark.parametrize(
    ("units", "kg", "weight"),
    [
        ({"unit1": "KG", "general_qty1": 40, "consumption_qty1": 40}, 40, "kg"),
        ({"unit1": "kg", "general_qty1": 0, "consumption_qty1": 0}, 0, "kg"),
        ({"unit1": "No.", "unit2": "KG", "general_qty1": 9, "general_qty2": 7, "consumption_qty2": 7}, 7, "kg"),
        ({"unit1": "NO", "general_qty1": 9, "consumption_qty1": 9}, None, "none"),
        ({"unit1": "KG"}, None, "not_reported"),
        ({"unit1": "-"}, None, "not_reported"),
        ({"unit1": None, "unit2": None}, None, "not_reported"),
        (
            {
                "unit1": "KG",
                "general_qty1": 0,
                "general_qty1_flag": "M",
                "consumption_qty1": 0,
                "consumption_qty1_flag": "M",
            },
            None,
            "not_reported",
        ),
    ],
)
def test_weight_is_the_quantity_whose_unit_is_kg(
    tmp_path: Path, units: dict[str, object], kg: int | None, weight: str
) -> None:
    write_raw(tmp_path, "2025-01", [raw_row(UNWROUGHT, CANADA, 100, **units)])
    cells, _ = built(tmp_path)
    for country in ("CAN", "all"):
        row = cells.loc[("2025-01", UNWROUGHT, country)]
        assert (None if pd.isna(row["general_kg"]) else row["general_kg"]) == kg
        assert row["weight"] == weight


def test_a_sum_of_which_a_part_lacks_its_weight_has_none(tmp_path: Path) -> None:
    rows = [raw_row(UNWROUGHT, CANADA, 100, 40), raw_row(UNWROUGHT, CHINA, 50, None, unit1="KG")]
    write_raw(tmp_path, "2025-01", rows)
    cells, _ = built(tmp_path)
    assert cells.loc[("2025-01", UNWROUGHT, "CAN"), "weight"] == "kg"
    row = cells.loc[("2025-01", UNWROUGHT, "all")]
    assert row["general_value"] == 150
    assert pd.isna(row["general_kg"])
    assert row["weight"] == "not_reported"


def test_codes_and_countries_that_the_tables_lack_are_kept_and_listed(tmp_path: Path) -> None:
    write_raw(tmp_path, "2025-01", [raw_row("7601999999", "5999", 100, cty_name="ATLANTIS")])
    cells, part = built(tmp_path)
    assert cells.loc[("2025-01", "7601999999", "C5999"), "general_value"] == 100
    assert part.observed_products == ["7601999999"]
    assert part.observed_countries == {"C5999": "ATLANTIS"}


def test_rows_are_sorted_and_the_same_again(tmp_path: Path) -> None:
    for month in ("2025-02", "2025-01"):
        write_raw(
            tmp_path, month, [raw_row(code, c, 5) for code in (UNWROUGHT, "7602000097") for c in (MEXICO, CANADA)]
        )
    first, _ = build_public(tmp_path, REFERENCE)
    again, _ = build_public(tmp_path, REFERENCE)
    assert first.equals(again)
    keys = first.select(["month", "product", "country"]).to_pylist()
    assert keys == sorted(keys, key=lambda row: tuple(row.values()))


def test_a_directory_without_pulls_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `aim-monitor census"):
        build_public(tmp_path, REFERENCE)


def test_the_real_figures_of_2024_come_out_to_the_dollar(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "census" / "hts10_monthly_all_countries_2024_allocated.csv"
    frame = pd.read_csv(path, dtype={"CTY_CODE": str, "I_COMMODITY": str})
    for month, rows in frame.groupby("time"):
        raw = [
            raw_row(row.I_COMMODITY, row.CTY_CODE, 0, general_value=row.GEN_VAL_MO, consumption_value=row.CON_VAL_MO)
            for row in rows.itertuples()
        ]
        write_raw(tmp_path, str(month), raw)
    cells, part = built(tmp_path)
    total = cells.xs("all", level="country")
    assert total["consumption_value"].sum() == 26_518_229_856
    assert total["general_value"].sum() == 27_445_346_667
    canada = cells.xs("CAN", level="country")["consumption_value"]
    assert canada[canada.index.get_level_values("product").str.startswith("7601")].sum() == 7_751_105_424
    assert cells["general_kg"].isna().all()
    assert set(cells["weight"]) == {"not_reported"}
    assert part.as_of == "2024-12"
