"""License months: which are closed, and the public figures that order complements."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from publication_inputs import CANADA, CHINA, FOIL, MEXICO, UNWROUGHT, raw_row, write_raw

from data_access.publishing.build import build_public
from data_access.publishing.months import is_closed, license_scope, months_not_yet, public_sizes
from data_access.reference import load

REFERENCE = load()
SCRAP = "7602000097"


@pytest.mark.parametrize(("day", "closed"), [("2024-03-06", False), ("2024-03-07", True), ("2024-03-08", True)])
def test_a_month_closes_days_after_its_last_day(day: str, closed: bool) -> None:
    assert is_closed("2024-02", date.fromisoformat(day), 7) == closed


@pytest.mark.parametrize(
    ("published", "day", "not_yet"),
    [
        (["2025-02", "2025-03"], "2025-05-02", ["2025-04", "2025-05"]),
        (["2025-12"], "2026-01-20", ["2026-01"]),
        ([], "2025-05-02", ["2025-05"]),
        (["2025-05"], "2025-05-02", []),
    ],
)
def test_months_after_the_last_published_one_are_not_yet(published: list[str], day: str, not_yet: list[str]) -> None:
    assert months_not_yet(published, date.fromisoformat(day)) == not_yet


def test_a_code_that_the_tables_lack_belongs_to_the_group_of_its_heading() -> None:
    scope = license_scope(REFERENCE, ["7601999999"])
    assert scope.group_of["7601999999"] == "unwrought"
    assert len(scope.groups) == 9
    assert SCRAP not in scope.group_of


def test_public_sizes_are_those_of_licensed_goods_in_that_year(tmp_path: Path) -> None:
    write_raw(tmp_path, "2023-01", [raw_row(UNWROUGHT, CANADA, 900), raw_row(SCRAP, MEXICO, 5000)])
    write_raw(tmp_path, "2023-02", [raw_row(UNWROUGHT, CANADA, 80), raw_row(FOIL, CHINA, 7)])
    write_raw(tmp_path, "2024-01", [raw_row(UNWROUGHT, MEXICO, 1)])
    public, _ = build_public(tmp_path, REFERENCE)
    scope = license_scope(REFERENCE, [])
    assert public_sizes(public, REFERENCE, scope, 2023) == {"CAN": 980, "CHN": 7, "unwrought": 980, "foil": 7}
    assert public_sizes(public, REFERENCE, scope, 2020) == {}


def test_public_sizes_come_from_coarser_pulls_too(tmp_path: Path) -> None:
    write_raw(tmp_path, "2023-01", [raw_row("7601", CANADA, 900), raw_row("7616", CANADA, 50)], level="HS4")
    public, _ = build_public(tmp_path, REFERENCE)
    assert public_sizes(public, REFERENCE, license_scope(REFERENCE, []), 2023) == {"CAN": 900, "unwrought": 900}
