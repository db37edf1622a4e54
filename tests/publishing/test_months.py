"""License months: what is due of each on a day, and what public statistics give to their publication."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from publication_inputs import CANADA, CHINA, FOIL, MEXICO, UNWROUGHT, raw_row, usual_month, write_raw

from data_access.publishing.build import build_public
from data_access.publishing.disclosure.layers import Kind
from data_access.publishing.months import due, kind_on
from data_access.publishing.policy import Calendar
from data_access.publishing.public_figures import largest_origins, licensed_imports, product_tree, public_sizes
from data_access.publishing.state import KeptLayer, KeptMonth, fingerprint
from data_access.reference import load

REFERENCE = load()
SCRAP, CASTING, FITTING = "7602000097", "7616995160", "7609000000"
DAYS = Calendar(close_days=7, final_days=75, listed=20)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2024-01-31", None),
        ("2024-02-01", Kind.WEEKLY),
        ("2024-03-06", Kind.WEEKLY),
        ("2024-03-07", Kind.CLOSED),
        ("2024-05-13", Kind.CLOSED),
        ("2024-05-14", Kind.FINAL),
    ],
)
def test_a_month_runs_closes_and_becomes_final(day: str, kind: Kind | None) -> None:
    assert kind_on("2024-02", date.fromisoformat(day), DAYS) == kind


def records(*months: str, scale: float = 1.0) -> pd.DataFrame:
    return pd.concat([usual_month(month, scale=scale).assign(month=month) for month in months], ignore_index=True)


def kept(month: str, kind: Kind, as_of: str, *, scale: float = 1.0, final: str | None = None) -> KeptMonth:
    """A month with one layer of the usual records."""
    layer = KeptLayer(
        path=Path(),
        as_of=as_of,
        kind=kind,
        policy="",
        demonstration=False,
        refused=None,
        summary={},
        records=fingerprint(
            due(records(month, scale=scale), as_of=date(2030, 1, 1), days=DAYS, kept={}).layers[0].licenses
        ),
        hash="",
    )
    return KeptMonth(month=month, layers=(layer,), final=final)


def told(found: object) -> tuple[list[tuple[str, Kind]], list[str], list[str]]:
    return [(job.month, job.kind) for job in found.layers], found.final, found.held_back  # type: ignore[attr-defined]


def test_every_month_up_to_the_running_one_is_due_at_first_and_one_without_licenses_too() -> None:
    found = due(records("2025-01", "2025-03", "2025-05"), as_of=date(2025, 4, 10), days=DAYS, kept={})
    assert told(found)[0] == [("2025-01", Kind.CLOSED), ("2025-02", Kind.CLOSED), ("2025-03", Kind.CLOSED)]
    assert [len(job.licenses) > 0 for job in found.layers] == [True, False, True]


def test_months_before_july_2021_are_never_due() -> None:
    found = due(records("2021-06", "2021-07"), as_of=date(2021, 12, 1), days=DAYS, kept={})
    assert [job.month for job in found.layers][:1] == ["2021-07"]


def test_months_before_the_last_ones_can_wait_unless_they_are_published_already() -> None:
    every = records("2025-01", "2025-02", "2025-03")
    assert [job.month for job in due(every, as_of=date(2025, 4, 10), days=DAYS, kept={}, last=2).layers] == ["2025-03"]
    published = {"2025-01": kept("2025-01", Kind.CLOSED, "2025-02-10")}
    assert told(due(every, as_of=date(2025, 6, 1), days=DAYS, kept=published, last=1)) == ([], ["2025-01"], [])


def test_unchanged_records_are_not_solved_again() -> None:
    before = {"2025-03": kept("2025-03", Kind.WEEKLY, "2025-03-20")}
    assert told(due(records("2025-03"), as_of=date(2025, 3, 27), days=DAYS, kept=before)) == ([], [], [])


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_closed_month_waits_for_its_final_figures_whatever_changes(scale: float) -> None:
    before = {"2025-03": kept("2025-03", Kind.CLOSED, "2025-04-10")}
    assert told(due(records("2025-03", scale=scale), as_of=date(2025, 5, 1), days=DAYS, kept=before))[0] == []


def test_a_closed_month_becomes_final_as_it_stands_where_nothing_changed() -> None:
    before = {"2025-03": kept("2025-03", Kind.CLOSED, "2025-04-10")}
    found = due(records("2025-03"), as_of=date(2025, 6, 20), days=DAYS, kept=before)
    assert told(found)[1] == ["2025-03"]
    assert "2025-03" not in [job.month for job in found.layers]


def test_a_final_month_is_frozen_whatever_its_records_say_now() -> None:
    before = {"2025-03": kept("2025-03", Kind.FINAL, "2025-06-20", final="2025-06-20")}
    found = due(records("2025-03", scale=3.0), as_of=date(2025, 8, 1), days=DAYS, kept=before)
    assert "2025-03" not in [job.month for job in found.layers] + found.final + found.held_back


def test_other_records_of_the_same_date_wait() -> None:
    before = {"2025-03": kept("2025-03", Kind.WEEKLY, "2025-03-20")}
    found = due(records("2025-03", scale=2.0), as_of=date(2025, 3, 20), days=DAYS, kept=before)
    assert told(found) == ([], [], ["2025-03"])


def test_records_are_the_same_in_whatever_order() -> None:
    one = usual_month("2025-03")
    assert fingerprint(one) == fingerprint(one.iloc[::-1])
    assert fingerprint(one) != fingerprint(one.assign(value_usd=one["value_usd"] + 1))


def test_a_code_that_the_tables_lack_belongs_to_the_group_of_its_heading() -> None:
    tree = product_tree(REFERENCE, ["7601999999"])
    assert tree.loc["7601999999", "group"] == "unwrought"
    assert tree["group"].nunique() == 9
    assert SCRAP not in tree.index


def test_a_group_that_is_one_hts6_or_has_none_of_its_own_is_not_divided() -> None:
    tree = product_tree(REFERENCE, [])
    assert tree.loc[UNWROUGHT, "hts6"] == "760110"
    assert pd.isna(tree.loc[CASTING, "hts6"])
    assert pd.isna(tree.loc[FITTING, "hts6"])


def sizes(directory: Path, year: int) -> dict[str, float]:
    public, _ = build_public(directory, REFERENCE)
    found = public_sizes(licensed_imports(public, REFERENCE, year))
    return {key: size for key, size in found.items() if key.endswith("|all|all|all")}


def test_public_sizes_are_those_of_licensed_goods_in_that_year(tmp_path: Path) -> None:
    write_raw(tmp_path, "2023-01", [raw_row(UNWROUGHT, CANADA, 900), raw_row(SCRAP, MEXICO, 5000)])
    write_raw(tmp_path, "2023-02", [raw_row(UNWROUGHT, CANADA, 80), raw_row(FOIL, CHINA, 7)])
    write_raw(tmp_path, "2024-01", [raw_row(UNWROUGHT, MEXICO, 1)])
    by_country = {"aim|CAN": 980, "aim|CHN": 7, "unwrought|CAN": 980, "760110|CAN": 980, "foil|CHN": 7, "760711|CHN": 7}
    alone = {"aim|all": 987, "unwrought|all": 980, "760110|all": 980, "foil|all": 7, "760711|all": 7}
    assert sizes(tmp_path, 2023) == {f"{key}|all|all|all": size for key, size in (by_country | alone).items()}
    assert sizes(tmp_path, 2020) == {}


def test_smelt_and_cast_have_the_size_of_the_origin(tmp_path: Path) -> None:
    write_raw(tmp_path, "2023-01", [raw_row(UNWROUGHT, CANADA, 900)])
    public, _ = build_public(tmp_path, REFERENCE)
    found = public_sizes(licensed_imports(public, REFERENCE, 2023))
    assert found["aim|all|CAN|all|all"] == found["aim|all|all|all|CAN"] == found["aim|CAN|all|all|all"] == 900


def test_public_sizes_come_from_coarser_pulls_too(tmp_path: Path) -> None:
    write_raw(tmp_path, "2023-01", [raw_row("7601", CANADA, 900), raw_row("7616", CANADA, 50)], level="HS4")
    found = sizes(tmp_path, 2023)
    assert found["aim|CAN|all|all|all"] == found["unwrought|all|all|all|all"] == 900


def test_the_list_holds_the_largest_origins_of_licensed_products(tmp_path: Path) -> None:
    rows = [raw_row(UNWROUGHT, CANADA, 900), raw_row(SCRAP, MEXICO, 5000), raw_row(FOIL, CHINA, 7)]
    write_raw(tmp_path, "2023-01", [*rows, raw_row(UNWROUGHT, MEXICO, 70)])
    public, _ = build_public(tmp_path, REFERENCE)
    imports = licensed_imports(public, REFERENCE, 2023)
    assert largest_origins(imports, 2, REFERENCE) == ["CAN", "MEX"]
    assert largest_origins(imports, 20, REFERENCE) == ["CAN", "CHN", "MEX"]
