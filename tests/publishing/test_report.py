"""The reviewer's report: its figures are those of the months, and nothing that staff must see is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_access.contracts import ALL, MEMBERS
from data_access.publishing.decisions import Decided, Decision, Decisions
from data_access.publishing.disclosure.month import Kind, Layer
from data_access.publishing.disclosure.tables import DEFAULT_TABLES, levels_of
from data_access.publishing.fidelity import Spread
from data_access.publishing.month_report import MonthReport, largest_withheld
from data_access.publishing.report import render_report

TREE = pd.DataFrame(
    {"group": ["sheet", "foil"], "hts6": ["760612", "760711"]},
    index=pd.Index(["7606123096", "7607116010"], name="hts10"),
)
LEVELS = levels_of(DEFAULT_TABLES)
NOTHING = pd.DataFrame(
    columns=["license_id", "month", "hts10", "value_usd", "quantity_kg", "unit_value", "low", "high", "basis"]
)


NAMES = ("cells", "unsafe", "withheld", "value", "value_primary", "value_shown")


def level(*figures: float) -> dict[str, float]:
    return dict(zip(NAMES, figures, strict=True))


def summary(**levels: dict[str, float]) -> dict[str, Any]:
    told = {"group": level(9, 0, 0, 1000, 1000, 1000), "group×origin": level(200, 40, 55, 1000, 900, 800)} | levels
    further = {"manufacturer_id": {"cells": 7, "value": 50.0}}
    return {"levels": told, "further": further, "programs": 1234, "seconds": {"outsider": 2.5, "clean-up": 4.0}}


def licenses() -> pd.DataFrame:
    """Records of two products from two countries."""
    frame = pd.DataFrame(
        {"hts10": ["7606123096", "7606123096", "7607116010"], "origin": ["CAN", "OMN", "CAN"]},
    )
    frame = frame.assign(smelt1="ARE", smelt2="not_applicable", cast=frame["origin"])
    return frame.assign(value_usd=[700.0, 200.0, 100.0], quantity_kg=[7000.0, 2000.0, 1000.0])


def row(product: str, status: str, as_of: str = "2026-11-20", **members: str) -> dict[str, str]:
    return {"product": product, **dict.fromkeys(MEMBERS, ALL), **members, "status": status, "as_of": as_of}


RELEASED = pd.DataFrame(
    [
        row("aim", "published"),
        row("sheet", "published", as_of="2026-11-13"),
        row("sheet", "withheld", origin="OMN"),
        row("sheet", "withheld", origin="CAN"),
        row("foil", "published", as_of="2026-11-13", origin="CAN"),
    ]
)
LAYER = Layer(as_of="2026-11-20", kind=Kind.CLOSED, licenses=licenses(), rows=RELEASED)


def month(name: str = "2026-10", **changes: Any) -> MonthReport:
    made = MonthReport.of(name, LAYER, summary(), released=RELEASED, tree=TREE, levels=LEVELS)
    return replace(made, **changes)


def report(*months: MonthReport, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "release": "2026-11-20T15-00-00Z-ab12cd",
        "as_of": "2026-11-20",
        "policy": "example",
        "months": months or (month(),),
        "findings": [],
        "stopped": NOTHING,
        "decisions": Decisions(),
        "spreads": [],
        "seconds": {},
    }
    return render_report(**(arguments | changes))


def fields(text: str, section: str, first: str) -> list[str]:
    """The fields of the line of a section's table that begins with a word."""
    part = text.split(f"## {section}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    (line,) = [line for line in part.splitlines() if line.startswith(f"| {first}")]
    return [field.strip() for field in line.strip("|").split("|")]


def test_each_level_is_told_with_its_counts_and_shares() -> None:
    told = fields(report(), "What closed months show", "group×origin")
    assert told == ["group×origin", "200", "145", "40", "15", "1", "90.0 %", "80.0 %"]


def test_longer_periods_are_told_with_what_is_known_of_them() -> None:
    known = {"cells": 60, "shown": 45, "value": 2000.0, "value_shown": 1500.0}
    text = report(periods={"2025-01/2025-06": {"levels": {"total×origin": known}}})
    told = fields(text, "Quarters and years to date", "2025-01/2025-06")
    assert told == ["2025-01/2025-06", "total×origin", "60", "45", "75.0 %"]
    assert "Quarters and years to date" not in report()


def test_levels_add_up_over_months() -> None:
    further = month("2026-09", summary=summary(**{"group×origin": level(100, 10, 10, 3000, 3000, 3000)}))
    text = report(month(), further)
    told = fields(text, "What closed months show", "group×origin")
    assert told == ["group×origin", "300", "235", "50", "15", "2", "97.5 %", "95.0 %"]
    assert "2 closed months, 0 running; 2 solved now." in text


def test_running_months_are_told_apart() -> None:
    text = report(month(), month("2026-11", kind=Kind.WEEKLY, summary=summary(group=level(9, 1, 3, 100, 90, 70))))
    assert fields(text, "What closed months show", "group ")[2] == "9"
    told = fields(text, "What running months show (weekly figures)", "group ")
    assert told == ["group", "9", "6", "1", "2", "1", "90.0 %", "70.0 %"]


def test_held_figures_are_counted_by_level() -> None:
    assert month().held == {"group": 1, "group×origin": 1}


def test_the_largest_withheld_cells_are_named_with_their_figures() -> None:
    told = largest_withheld(LAYER, RELEASED, tree=TREE, levels=LEVELS)
    assert told[["product", "origin", "value", "kg"]].to_numpy().tolist() == [
        ["sheet", "CAN", 700, 7000],
        ["sheet", "OMN", 200, 2000],
    ]
    line = fields(report(), "Largest withheld cells of the months solved now", "2026-10 | sheet, origin CAN")
    assert line == ["2026-10", "sheet, origin CAN", "group×origin", "700", "7"]


def test_months_are_listed_with_what_they_took() -> None:
    told = fields(report(), "Months", "2026-10")
    assert told == ["2026-10", "closed", "2026-11-20", "209", "40", "55", "2", "90.0 %", "1,234", "6.5"]


def test_months_carried_over_count_no_run_time() -> None:
    text = report(month(is_new=False), seconds={"reading": 3.0})
    assert fields(text, "Months", "2026-10")[-1] == "–"
    assert "clean-up" not in text
    assert fields(text, "Run times", "reading") == ["reading", "3.0"]


def test_run_times_add_up_over_the_months_solved() -> None:
    told = fields(report(month(), month("2026-09")), "Run times", "months solved now, all together: clean-up")
    assert told[1] == "8.0"


def test_a_refused_month_is_told_at_the_top_and_why() -> None:
    text = report(month(refused="3 goals without an alternative table"))
    assert "**Nothing is shown of 2026-10**" in text.split("## ")[0]
    assert "3 goals without an alternative table" in text


def test_the_judges_findings_are_listed_or_their_absence_told() -> None:
    assert "Judge: no findings." in report()
    text = report(findings=["2026-10 sheet|OMN: bounded to ± 3 %"] * 60)
    assert "Judge: 60 findings." in text
    assert text.count("bounded to") == 50
    assert "… and 10 more." in text


def test_a_judge_who_was_not_asked_has_not_found_nothing() -> None:
    text = report(findings=None)
    assert "Judge: not asked" in text
    assert "no findings" not in text
    assert "No cell was found" not in text


def test_licenses_under_review_are_told_with_the_decision_on_them() -> None:
    told = {"month": "2026-10", "hts10": "7606123096", "value_usd": 4000.0, "quantity_kg": 1.0, "unit_value": 4000.0}
    told |= {"low": 1.2, "high": 13.2, "basis": "760612"}
    stopped = pd.DataFrame([{"license_id": id_} | told for id_ in ("A1", "A2", "A3")])
    decisions = Decisions({"A1": Decided(Decision.LEAVE_OUT), "A2": Decided(Decision.CORRECT, {"quantity_kg": 1000.0})})
    text = report(stopped=stopped, decisions=decisions)
    assert "Review stopped 3 licenses; 1 of them left out." in text
    assert fields(text, "Licenses under review", "A1")[3:] == [
        "4,000",
        "1",
        "4,000",
        "1.20 to 13.2 (760612)",
        "leave out",
    ]
    assert fields(text, "Licenses under review", "A2")[-1] == "correct: quantity_kg 1,000"
    assert fields(text, "Licenses under review", "A3")[-1] == "**none**"


def test_what_a_further_unit_map_would_cost_is_told() -> None:
    told = fields(report(month(), month("2026-09")), "What a further unit map would cost", "manufacturer")
    assert told == ["manufacturer", "14", "100", "2.5 %"]


def spread(two_thirds: float, assumed: float | None = 0.15) -> Spread:
    return Spread(level="country", measure="value", cells=100, half=0.04, two_thirds=two_thirds, assumed=assumed)


@pytest.mark.parametrize(("two_thirds", "warned"), [(0.149, True), (0.15, False), (np.inf, False)])
def test_a_warning_where_public_figures_are_closer_than_assumed(two_thirds: float, warned: bool) -> None:
    text = report(spreads=[spread(two_thirds)])
    assert ("**Warning:**" in text) is warned
    assert ("closer to license figures than the policy assumes" in text) is warned


def test_remarks_of_the_publication_are_kept() -> None:
    assert "- corrected licenses" in report(remarks=["corrected licenses that are outside the bounds still (1): A1"])


def test_every_table_is_one_that_markdown_readers_understand() -> None:
    text = report(findings=["a | b"], spreads=[spread(0.1)], seconds={"reading | writing": 1.0})
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        bars = {line.replace("\\|", "").count("|") for line in lines}
        assert len(bars) <= 1
        assert not lines or set(lines[1]) <= set("|-: ")


def test_a_publication_without_license_months_has_a_report_too() -> None:
    text = report(months=())
    assert "0 closed months, 0 running; 0 solved now." in text
    assert "nan" not in text
