"""The reviewer's decisions: read with clear errors, applied to records, and asked for where they lack."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data_access.errors import UserError
from data_access.publishing.decisions import Decisions, read_decisions, to_decide

HEAD = "license_id,decision,quantity_kg,value_usd\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "decisions.csv"


def read(file: Path, text: str) -> Decisions:
    file.write_text(text, encoding="utf-8")
    return read_decisions(file)


def problems(file: Path, text: str) -> list[str]:
    with pytest.raises(UserError) as error:
        read(file, text)
    heading, *lines = str(error.value).splitlines()
    assert heading.startswith(f"{file}: ")
    return [line.strip() for line in lines]


def records() -> pd.DataFrame:
    frame = pd.DataFrame(
        {"license_id": ["A1", "A2", "A3"], "quantity_kg": [1.0, 2000.0, 3000.0], "value_usd": [4000.0, 8000.0, 12000.0]}
    )
    return frame.assign(month="2026-10", hts10="7606123096", tons=frame["quantity_kg"] / 1000)


def stopped(*ids: str) -> pd.DataFrame:
    told = {"month": "2026-10", "hts10": "7606123096", "value_usd": 4000.0, "quantity_kg": 1.0, "unit_value": 4000.0}
    told |= {"low": 1.2, "high": 13.2, "basis": "7606123096"}
    columns = ["license_id", *told]
    return pd.DataFrame([{"license_id": id_} | told for id_ in ids], columns=columns)


def test_what_is_left_out_is_absent(file: Path) -> None:
    decided = read(file, HEAD + "A1,leave_out,,\nA2,accept,,\n")
    assert decided.left_out == {"A1"}
    assert decided.apply(records())["license_id"].to_dict() == {0: "A2", 1: "A3"}


def test_what_is_accepted_stays_as_it_is(file: Path) -> None:
    pd.testing.assert_frame_equal(read(file, HEAD + "A1,accept,,\n").apply(records()), records())


def test_what_is_corrected_has_the_figures_given_and_no_other_record_changes(file: Path) -> None:
    corrected = read(file, HEAD + "A1,correct,1000,\nA2,correct,,9000.5\nA3,correct,4000,7000\n").apply(records())
    assert corrected["quantity_kg"].tolist() == [1000, 2000, 4000]
    assert corrected["value_usd"].tolist() == [4000, 9000.5, 7000]
    assert corrected["tons"].tolist() == [1, 2, 4]


def test_records_handed_in_stay_as_they_are(file: Path) -> None:
    before = records()
    read(file, HEAD + "A1,correct,1000,\nA2,leave_out,,\n").apply(before)
    pd.testing.assert_frame_equal(before, records())


@pytest.mark.parametrize("decision", ["accept,,", "leave_out,,", "correct,1000,"])
def test_any_decision_is_one(file: Path, decision: str) -> None:
    decided = read(file, f"{HEAD}A1,{decision}\n")
    assert decided.undecided(stopped("A1", "A2"))["license_id"].tolist() == ["A2"]


def test_without_a_file_nothing_is_decided() -> None:
    assert len(Decisions().undecided(stopped("A1", "A2"))) == 2
    pd.testing.assert_frame_equal(Decisions().apply(records()), records())


def test_two_columns_are_enough_to_accept_and_leave_out(file: Path) -> None:
    assert read(file, "license_id,decision\nA1,leave_out\n").left_out == {"A1"}


def test_short_rows_notes_and_blanks_around_words_are_understood(file: Path) -> None:
    decided = read(file, "decision, license_id,note,quantity_kg\ncorrect, A1 ,tons,1000\nleave_out,A2\n\n")
    assert decided.left_out == {"A2"}
    assert decided.apply(records())["quantity_kg"].tolist() == [1000, 3000]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A1,drop,,", "row 2, column decision: expected accept or correct or leave_out, found 'drop'"),
        ("A1,,,", "row 2, column decision: expected accept or correct or leave_out, found ''"),
        (",accept,,", "row 2, column license_id: expected the id of a license, found nothing"),
        (
            "A1,correct,,",
            "row 2, column quantity_kg: expected a figure here or in value_usd to correct with, found none",
        ),
        ("A1,correct,0,", "row 2, column quantity_kg: expected a number above 0, found '0'"),
        ("A1,correct,-5,", "row 2, column quantity_kg: expected a number above 0, found '-5'"),
        ("A1,correct,,12 t", "row 2, column value_usd: expected a number above 0, found '12 t'"),
        ("A1,correct,,nan", "row 2, column value_usd: expected a number above 0, found 'nan'"),
        ("A1,correct,1_000,", "row 2, column quantity_kg: expected a number above 0, found '1_000'"),
        ("A1,correct,inf,", "row 2, column quantity_kg: expected a number above 0, found 'inf'"),
        ('A1,correct,"1,000",', "row 2, column quantity_kg: expected a number above 0, found '1,000'"),
        ("A1,accept,1000,", "row 2, column quantity_kg: expected nothing with accept, found '1000'"),
        ("A1,leave_out,,5", "row 2, column value_usd: expected nothing with leave_out, found '5'"),
    ],
)
def test_a_row_that_decides_nothing_is_told_with_row_and_column(file: Path, row: str, told: str) -> None:
    assert problems(file, f"{HEAD}{row}\n") == [told]


def test_a_license_decided_twice_is_told_with_both_rows(file: Path) -> None:
    told = problems(file, HEAD + "A1,accept,,\nA2,accept,,\nA1,leave_out,,\n")
    assert told == ["row 4, column license_id: expected each license once, found A1 in row 2 too"]


def test_all_errors_are_told_at_once(file: Path) -> None:
    assert len(problems(file, HEAD + "A1,drop,,\nA2,correct,,\nA2,accept,,\n")) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("license_id\nA1\n", "column decision: expected it, found none"),
        ("", "column license_id: expected it, found none"),
        ("license_id,decision,quantity\nA1,accept,\n", "column quantity: expected one of license_id, decision"),
        ("license_id,decision,decision\nA1,accept,\n", "column decision: expected it once"),
        ("license_id,decision\nA1,correct,1000\n", "row 2: expected 2 fields, found more"),
    ],
)
def test_a_file_of_other_columns_is_told(file: Path, text: str, told: str) -> None:
    assert problems(file, text)[0].startswith(told)


def test_no_file_and_no_text_are_told(file: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_decisions(file)
    file.write_bytes(b"\xff\xfe\x00license")
    with pytest.raises(UserError, match="UTF-8"):
        read_decisions(file)


def test_decisions_on_no_license_at_hand_are_a_note_not_an_error(file: Path) -> None:
    decided = read(file, HEAD + "A1,accept,,\nB7,leave_out,,\n")
    (note,) = decided.notes(records(), stopped())
    assert note == "decisions on licenses that count in no month at hand (1): B7"
    assert len(decided.apply(records())) == 3


def test_a_correction_that_is_outside_the_bounds_too_is_noted(file: Path) -> None:
    decided = read(file, HEAD + "A1,correct,2,\nA2,accept,,\n")
    assert decided.notes(records(), stopped("A1", "A2")) == [
        "corrected licenses that are outside the bounds still (1): A1"
    ]


def test_the_error_names_license_unit_value_and_bounds(file: Path) -> None:
    told = str(to_decide(stopped("A1"), file))
    assert told.startswith("1 license has a unit value that its product hardly can have")
    assert "A1, 2026-10, 7606123096: 4,000 US$, 1 kg, 4,000 US$/kg; expected 1.20 to 13.2 US$/kg" in told


def test_the_error_says_whose_bounds_they_are_where_not_the_product_own() -> None:
    assert "13.2 US$/kg (of 760612)" in str(to_decide(stopped("A1").assign(basis="760612"), None))


def test_the_error_tells_a_license_without_quantity_in_words() -> None:
    told = str(to_decide(stopped("A1").assign(quantity_kg=0.0, unit_value=float("inf")), None))
    assert "4,000 US$, 0 kg, no quantity; expected" in told


def test_its_last_lines_can_be_pasted_and_then_decide(file: Path) -> None:
    ids = ["A1", "A2"]
    told = str(to_decide(stopped(*ids), file)).split("\n\n")[1]
    assert read(file, f"{told}\n").left_out == set(ids)


def test_where_the_file_is_there_the_lines_go_below_its_own(file: Path) -> None:
    read(file, HEAD + "A9,correct,1000,\n")
    told = str(to_decide(stopped("A1", "A2"), file))
    assert f"Add these lines to {file}" in told
    added = told.split("\n\n")[1]
    with file.open("a", encoding="utf-8") as existing:
        existing.write(f"{added}\n")
    assert read_decisions(file).left_out == {"A1", "A2"}


def test_twenty_are_shown_and_the_rest_counted() -> None:
    told = str(to_decide(stopped(*(f"A{number}" for number in range(1234))), None))
    assert "1,234 licenses have" in told
    assert "… and 1,214 more" in told
    assert told.count("leave_out") == 21
