"""Each rule on license records, at its threshold: what is refused, in which words, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

Problems = Callable[..., list[str]]

APPLIED = date(2026, 6, 1)
DAY = timedelta(days=1)


def accepted(**change: Any) -> Any:
    return pytest.param(change, None, id=", ".join(f"{name}={value}" for name, value in change.items()))


def refused(column: str, expected: str, **change: Any) -> Any:
    words = ", ".join(f"{name}={value}" for name, value in change.items())
    return pytest.param(change, f"column {column}: expected {expected}", id=f"not {words}")


def smelt(applied: date, **change: str) -> dict[str, Any]:
    return {"applied_on": applied, "expected_import_on": applied + 60 * DAY, **change}


FIRST_WITHOUT_UNKNOWN = date(2022, 6, 29)
NO_UNKNOWN = "no unknown where applied for from 2022-06-29 on"
CODE = "a ten-digit code that needs a license"
COUNTRY = "a country's ISO alpha-3 code"
VALID = "a code valid in the month of application or import"

CASES = [
    accepted(status="active"),
    accepted(status="expired_unused"),
    refused("status", "one of active, used, cancelled, expired_unused", status="Used"),
    accepted(entry_type="ftz_admission"),
    refused("entry_type", "one of consumption, ftz_admission, warehouse_withdrawal", entry_type="informal"),
    # Smelt: "unknown" up to 28 June 2022, by day of application.
    accepted(**smelt(FIRST_WITHOUT_UNKNOWN - DAY, smelt1="unknown", smelt2="unknown")),
    refused("smelt1", NO_UNKNOWN, **smelt(FIRST_WITHOUT_UNKNOWN, smelt1="unknown")),
    refused("smelt2", NO_UNKNOWN, **smelt(FIRST_WITHOUT_UNKNOWN, smelt2="unknown")),
    accepted(smelt1="not_applicable", smelt2="not_applicable"),
    accepted(smelt1="USA", smelt2="USA", cast="USA", origin="USA"),
    refused("smelt1", f"{COUNTRY} or not_applicable", smelt1="UNKNOWN"),
    refused("smelt2", f"{COUNTRY} or not_applicable", smelt2="N/A"),
    # Cast is a country, always.
    refused("cast", f"{COUNTRY}, never anything else", cast="not_applicable"),
    refused("cast", f"{COUNTRY}, never anything else", cast="unknown", applied_on=date(2022, 6, 1),
            expected_import_on=date(2022, 6, 2)),
    # Countries.
    accepted(origin="XKX"),
    refused("origin", COUNTRY, origin="CA"),
    refused("origin", COUNTRY, origin="EU"),
    refused("origin", COUNTRY, origin="not_applicable"),
    refused("exportation", COUNTRY, exportation="XXX"),
    accepted(exportation="NLD"),
    # Licensed products.
    accepted(hts10="7616995160"),
    accepted(hts10="7616995170"),
    refused("hts10", CODE, hts10="7616995190"),
    refused("hts10", CODE, hts10="7602000035"),
    refused("hts10", CODE, hts10="760612"),
    refused("hts10", CODE, hts10="7606.12.30.96"),
    refused("hts10", CODE, hts10="7208100000"),
    # Codes the tables lack: kept under a licensed heading, not under one that is licensed in part.
    accepted(hts10="7606129999"),
    refused("hts10", CODE, hts10="7616999999"),
    # 7601106030 ended in June 2025, 7601106040 began in July.
    accepted(hts10="7601106030", applied_on=date(2025, 6, 30), expected_import_on=date(2025, 7, 20)),
    accepted(hts10="7601106030", applied_on=date(2025, 7, 3), expected_import_on=date(2025, 6, 30)),
    refused("hts10", VALID, hts10="7601106030", applied_on=date(2025, 7, 1), expected_import_on=date(2025, 7, 20)),
    accepted(hts10="7601106040", applied_on=date(2025, 6, 30), expected_import_on=date(2025, 7, 1)),
    refused("hts10", VALID, hts10="7601106040", applied_on=date(2025, 6, 1), expected_import_on=date(2025, 6, 30)),
    # Figures.
    accepted(quantity_kg=0.0, value_usd=0.0),
    accepted(quantity_kg=0.4),
    refused("quantity_kg", "kg, 0 or more", quantity_kg=-0.001),
    refused("value_usd", "US$, 0 or more", value_usd=-1.0),
    refused("quantity_kg", "kg, 0 or more", quantity_kg=float("inf")),
    refused("value_usd", "US$, 0 or more", value_usd=float("nan")),
    # Dates: an application after the import is allowed.
    accepted(applied_on=APPLIED, expected_import_on=APPLIED - 12 * DAY),
    accepted(applied_on=APPLIED, expected_import_on=APPLIED + 90 * DAY),
    refused("expected_import_on", "at most 90 days after the application", applied_on=APPLIED,
            expected_import_on=APPLIED + 91 * DAY),
    accepted(applied_on=APPLIED, expected_import_on=APPLIED - 365 * DAY),
    refused("expected_import_on", "at most 365 days before the application", applied_on=APPLIED,
            expected_import_on=APPLIED - 366 * DAY),
    accepted(applied_on=date(2026, 11, 20), expected_import_on=date(2026, 12, 1)),
    refused("applied_on", "a day up to 2026-11-20, the date of the file", applied_on=date(2026, 11, 21),
            expected_import_on=date(2026, 12, 1)),
    accepted(applied_on=date(2020, 12, 23), expected_import_on=date(2021, 2, 1)),
    refused("applied_on", "a day from 2020-12-23 on", applied_on=date(2020, 12, 22),
            expected_import_on=date(2021, 2, 1)),
    refused("expected_import_on", "a day from 2020-12-23 on", applied_on=date(2020, 12, 24),
            expected_import_on=date(2020, 12, 22)),
    # Firms: one namespace, an id is one spelling.
    refused("importer_id", "a value", importer_id=None),
    refused("filer_id", "a value", filer_id=""),
    refused("license_id", "a value", license_id=""),
    refused("importer_id", "the id of a firm", importer_id="unknown"),
    refused("filer_id", "the id of a firm", filer_id="unknown"),
    refused("importer_id", "an id without blanks around it", importer_id="F2 "),
    refused("enterprise_group", "an id without blanks around it", enterprise_group=" G1"),
    accepted(filer_id="F2", exporter_id="F2", manufacturer_id="F2", enterprise_group="F2"),
    accepted(manufacturer_id=None, exporter_id="", port="", exportation=""),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), CASES)
def test_a_record_is_refused_only_for_what_cannot_be_true(
    problems: Problems, change: dict[str, Any], told: str | None
) -> None:
    found = problems(change)
    if told is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"row 1, {told}")


def test_an_id_may_stand_once_and_the_second_record_of_it_is_named(problems: Problems) -> None:
    assert problems({"license_id": "A1"}, {"license_id": "A2"}) == []
    found = problems({"license_id": "A1"}, {"license_id": "A2"}, {"license_id": "A1"})
    assert found == ["row 3, column license_id: expected each id once, all of its data in one record, found 'A1'"]


def test_an_error_tells_what_was_found(problems: Problems) -> None:
    assert problems({"origin": "CA", "quantity_kg": -5.0, "expected_import_on": date(2027, 1, 1)}) == [
        "row 1, column expected_import_on: expected at most 90 days after the application (a license is good for 75), "
        "found 2027-01-01",
        "row 1, column origin: expected a country's ISO alpha-3 code, found 'CA'",
        "row 1, column quantity_kg: expected kg, 0 or more, found -5.0",
    ]


def test_all_errors_are_told_at_once_by_row(problems: Problems) -> None:
    found = problems({}, {"cast": "unknown", "hts10": "7602000035"}, {}, {"status": "gone"})
    assert [line.split(":")[0] for line in found] == [
        "row 2, column hts10",
        "row 2, column cast",
        "row 4, column status",
    ]


def test_of_many_errors_the_first_are_listed_and_the_rest_counted(problems: Problems) -> None:
    found = problems(*[{"value_usd": -1.0, "cast": "unknown"}] * 30)
    assert len(found) == 21
    assert found[0].startswith("row 1, column cast")
    assert found[-1] == "… and 40 more"


def test_a_date_after_the_snapshot_is_no_error_where_the_file_has_no_date(problems: Problems) -> None:
    late = {"applied_on": date(2026, 12, 1), "expected_import_on": date(2026, 12, 2)}
    assert problems(late, name="records.parquet") == []
