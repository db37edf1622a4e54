"""`reference check`: the tables are sound, each check catches its error, and unknown codes of pulls are listed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.contracts import RAW_PUBLIC
from data_access.errors import UserError
from data_access.reference import load
from data_access.reference.check import check_reference
from data_access.reference.tables import COLUMNS

Plant = Callable[[Path], None]


def rows_of(directory: Path, table: str) -> list[dict[str, str]]:
    with (directory / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(directory: Path, table: str, rows: list[dict[str, str]]) -> None:
    with (directory / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS[table])
        writer.writeheader()
        writer.writerows(rows)


def change(table: str, where: dict[str, str], **cells: str) -> Plant:
    """An error: other cells in the rows that have the cells of `where`."""

    def plant(directory: Path) -> None:
        rows = rows_of(directory, table)
        hit = [row for row in rows if where.items() <= row.items()]
        assert hit, f"no row of {table} has {where}"
        for row in hit:
            row.update(cells)
        write(directory, table, rows)

    return plant


def drop(table: str, **where: str) -> Plant:
    """An error: the rows that have these cells are missing."""

    def plant(directory: Path) -> None:
        rows = rows_of(directory, table)
        kept = [row for row in rows if not where.items() <= row.items()]
        assert len(kept) < len(rows)
        write(directory, table, kept)

    return plant


def again(table: str, where: dict[str, str], **cells: str) -> Plant:
    """An error: a second row like the one of `where`, with other cells."""

    def plant(directory: Path) -> None:
        rows = rows_of(directory, table)
        copy = next(row for row in rows if where.items() <= row.items())
        write(directory, table, [*rows, {**copy, **cells}])

    return plant


def product(id_: str, **cells: str) -> Plant:
    return change("products", {"id": id_}, **cells)


def country(code: str, **cells: str) -> Plant:
    return change("countries", {"iso3": code}, **cells)


CAN_SPLIT = {"old": "7612901030", "new": "7612901040"}
UK_IN_EU = {"group": "EU", "iso3": "GBR"}

PLANTED: list[tuple[str, Plant, str]] = [
    ("orphan parent", product("7601103000", parent="760111"), "parent: expected a product of the table, found 760111"),
    ("no parent", product("7601103000", parent=""), "parent: expected the product above it, found nothing"),
    ("parent too fine", product("760110", parent="7601103000"), "parent: expected a product of a level above hts6"),
    ("parent of another heading", product("7601103000", parent="760120"), "parent: expected a code that begins"),
    ("node without codes", drop("products", parent="760310"), "id: expected at least one ten-digit code under it"),
    ("twice the same id", again("products", {"id": "7601103000"}), "id: expected an entry of its own"),
    ("id of another level", product("7601103000", level="hts6"), "id: expected an id of level hts6"),
    ("unknown level", product("7601103000", level="hts8"), "level: expected one of chapter, aim"),
    ("unknown unit", product("7601103000", units="lb"), "units: expected units among kg, No., m2, found lb"),
    ("code without unit", product("7601103000", units=""), "units: expected the unit of quantity of a code"),
    ("node with unit", product("7601", units="kg"), "units: expected no unit, but for ten-digit codes"),
    ("node with validity", product("7601", valid_from="2020-01"), "valid_from: expected nothing, but for ten-digit"),
    ("unlicensed code in a licensed group", product("7601103000", licensed="none"), "licensed: expected mixed, as of"),
    ("licensed code in scrap", product("7602000035", licensed="all"), "licensed: expected mixed, as of"),
    ("half licensed code", product("7601103000", licensed="mixed"), "licensed: expected all or none for a code"),
    ("unknown license word", product("7601103000", licensed="yes"), "licensed: expected one of all, none, mixed"),
    ("no such month", product("7601106030", valid_to="2025-13"), "valid_to: expected a month as YYYY-MM"),
    ("ends before it begins", product("7601106040", valid_to="2025-06"), "valid_to: expected no month before"),
    ("two ends", product("7601106030", gone_by="2025-07"), "gone_by: expected nothing where valid_to is known"),
    ("no label", product("7601103000", label=""), "label: expected an entry, found nothing"),
    ("product without source", product("7601103000", source=""), "source: expected an entry, found nothing"),
    ("end without a change", product("7609000000", valid_to="2025-06"), "valid_to: expected a change of 7609000000"),
    ("change of an unknown code", drop("products", id="7601106045"), "new: expected a ten-digit code of products.csv"),
    ("change of no code", change("code_changes", {"new": "7602000045"}, new=""), "old: expected an old or a new code"),
    ("split into nothing", change("code_changes", CAN_SPLIT, new=""), "new: expected a code for a split"),
    ("unknown kind", change("code_changes", CAN_SPLIT, kind="divide"), "kind: expected one of rename, split"),
    ("kind that does not fit", change("code_changes", {"family": "castings"}, kind="split"), "1 old and 1 new codes"),
    ("two kinds in a family", change("code_changes", CAN_SPLIT, kind="re-cut"), "kind: expected the family's own"),
    ("two dates in a family", change("code_changes", CAN_SPLIT, date="2025-08"), "date: expected the family's own"),
    ("no such month of change", change("code_changes", CAN_SPLIT, date="7/2025"), "date: expected a month as YYYY-MM"),
    ("change without source", change("code_changes", CAN_SPLIT, source=""), "source: expected an entry"),
    ("old code too long", product("7601106030", valid_to="2025-07"), "no validity that overlaps 7601106040"),
    ("old code ends early", product("7601106030", valid_to="2025-05"), "expected valid_to of 7601106030 to be"),
    ("new code late", product("7601106040", valid_from="2025-08"), "expected valid_from of 7601106040 to be 2025-07"),
    ("iso3 twice", country("MEX", iso3="CAN"), "iso3: expected an entry of its own"),
    ("iso2 twice", country("MEX", iso2="CA"), "iso2: expected an entry of its own"),
    ("name twice", country("MEX", name="Canada"), "name: expected an entry of its own"),
    ("census code twice", country("MEX", census_codes="1220"), "census_codes: expected no code of CAN, found 1220"),
    ("iso3 of two letters", country("CAN", iso3="CA"), "iso3: expected an ISO 3166 alpha-3 code"),
    ("census code of three digits", country("CAN", census_codes="122"), "census_codes: expected Schedule C codes"),
    ("unknown region", country("CAN", region="Arctic"), "region: expected one of North America"),
    ("smelter in other words", country("CAN", smelter="true"), "smelter: expected one of yes, no"),
    ("smelter without production", country("CAN", last_smelted=""), "last_smelted: expected 2017"),
    ("production without smelter", country("CAN", smelter="no"), "last_smelted: expected a year before 2017"),
    ("no year", country("CAN", smelter_year=""), "smelter_year: expected a year"),
    ("country without source", country("CAN", source=""), "source: expected an entry"),
    ("unknown member", change("groups", UK_IN_EU, iso3="UKX"), "iso3: expected a country of countries.csv, found UKX"),
    ("no such month of leaving", change("groups", UK_IN_EU, member_to="2020"), "member_to: expected a month"),
    ("left before joining", change("groups", UK_IN_EU, member_to="1990-01"), "member_to: expected no month before"),
    ("member twice at once", again("groups", UK_IN_EU, member_from="2019-01"), "expected a time of GBR in EU after"),
    ("group named as a country", change("groups", {"group": "G7"}, group="CAN"), "capitals that name no country"),
    ("group with two names", change("groups", UK_IN_EU, label="Union"), "label: expected the group's own"),
    ("group without source", change("groups", UK_IN_EU, source=""), "source: expected an entry"),
    ("event twice", again("events", {"id": "section-232"}), "id: expected an entry of its own"),
    ("no such day", change("events", {"id": "section-232"}, date="2018-02-30"), "date: expected a day as YYYY-MM-DD"),
    ("long label", change("events", {"id": "section-232"}, label="x" * 33), "label: expected at most 32 characters"),
    ("odd event id", change("events", {"id": "section-232"}, id="Section 232"), "id: expected small letters"),
    ("event without source", change("events", {"id": "section-232"}, source=""), "source: expected an entry"),
    ("term twice", again("glossary", {"id": "auv"}, id="unit-value"), "term: expected an entry of its own"),
    ("odd term id", change("glossary", {"id": "auv"}, id="AUV"), "id: expected small letters"),
    ("term without meaning", change("glossary", {"id": "auv"}, definition=""), "definition: expected an entry"),
    ("half a sentence", change("glossary", {"id": "auv"}, definition="Value by weight"), "expected whole sentences"),
    ("long definition", change("glossary", {"id": "auv"}, definition="x" * 240 + "."), "at most 240 characters"),
    (
        "phrase of two terms",
        change("glossary", {"id": "auv"}, phrases="Volume"),
        "phrases: expected no phrase of volume",
    ),
    ("term without source", change("glossary", {"id": "auv"}, source=""), "source: expected an entry"),
]


def test_the_tables_are_sound() -> None:
    assert check_reference() == ([], [])


@pytest.mark.parametrize(("plant", "finding"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_a_planted_error_is_found_and_said_where(tables: Path, plant: Plant, finding: str) -> None:
    assert check_reference(directory=tables)[0] == []
    plant(tables)
    errors, _ = check_reference(directory=tables)
    assert [error for error in errors if finding in error and ".csv, line " in error]


def test_all_errors_are_told_at_once(tables: Path) -> None:
    product("7601103000", units="lb")(tables)
    country("CAN", region="Arctic")(tables)
    change("events", {"id": "section-232"}, date="soon")(tables)
    errors, _ = check_reference(directory=tables)
    assert len(errors) == 3


def test_a_missing_table_is_an_error(tables: Path) -> None:
    (tables / "groups.csv").unlink()
    (error,) = check_reference(directory=tables)[0]
    assert "groups.csv: expected the table of groups, found no such file" in error
    with pytest.raises(UserError, match="found no such file"):
        load(tables)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (b"id;date\n", "expected columns id, date, label, text, source, found id;date"),
        (b"", "expected columns id, date, label, text, source, found none"),
        (b"id,date,label,text,source\na,2020-01-01,b\n", "line 2: expected 5 cells, found 3"),
        (b"id,date,label,text,source\na,2020-01-01,b,\xff,c\n", "expected a CSV file in UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_an_error(tables: Path, text: bytes, finding: str) -> None:
    (tables / "events.csv").write_bytes(text)
    (error,) = check_reference(directory=tables)[0]
    assert finding in error


@pytest.mark.parametrize(
    "plant", [product("7601103000", level="hts8"), product("7601103000", parent="760111"), drop("products", id="76")]
)
def test_tables_that_cannot_be_used_are_refused_with_the_remedy(tables: Path, plant: Plant) -> None:
    plant(tables)
    with pytest.raises(UserError, match="run `aim-monitor reference check`"):
        load(tables)


def pull(directory: Path, month: str, rows: list[tuple[str, str, str, int]], *, level: str = "HS10") -> None:
    """Write a pull of rows (code, Census country, name, consumption value)."""
    path = directory / level / month / "2026-11-20T15-00-00Z.parquet"
    path.parent.mkdir(parents=True)
    columns: dict[str, list[object]] = {name: [None] * len(rows) for name in RAW_PUBLIC.names}
    columns["month"] = [month] * len(rows)
    columns["level"] = [level] * len(rows)
    for position, name in enumerate(("hts", "cty_code", "cty_name", "consumption_value")):
        columns[name] = [row[position] for row in rows]
    pq.write_table(pa.table(columns, schema=RAW_PUBLIC), path)


def test_codes_of_pulls_that_the_tables_lack_are_listed_with_where_they_are_kept(tmp_path: Path) -> None:
    for month in ("2026-01", "2026-02"):
        rows = [
            ("7601109999", "1220", "CANADA", 5),
            ("7616999999", "5999", "NEWLAND", 0),
            ("7601103000", "-", "ALL", 1),
        ]
        pull(tmp_path, month, rows)
    errors, notes = check_reference(tmp_path)
    assert errors == []
    assert notes == [
        "product code 7601109999, seen 2026-01 to 2026-02 (2 months), is not in products.csv; kept under 760110",
        "product code 7616999999, seen 2026-01 to 2026-02 (2 months), is not in products.csv; kept under other",
        "country code 5999 (NEWLAND), seen 2026-01 to 2026-02 (2 months), is not in countries.csv; kept as C5999",
    ]


def test_figures_outside_the_validity_of_a_code_are_listed_and_zeros_are_not(tmp_path: Path) -> None:
    rows = [("7602000065", "1220", "CANADA", 7), ("7602000055", "1220", "CANADA", 0), ("7602000097", "-", "ALL", 9)]
    pull(tmp_path, "2026-01", rows)
    _, (note,) = check_reference(tmp_path)
    assert note == "product code 7602000065 has figures outside its validity, 2026-01: mend products.csv"


def test_codes_of_coarser_pulls_are_looked_up_too(tmp_path: Path) -> None:
    pull(tmp_path, "2020-01", [("760110", "1220", "CANADA", 7), ("760133", "1220", "CANADA", 7)], level="HS6")
    _, (note,) = check_reference(tmp_path)
    assert note == "product code 760133, seen 2020-01, is not in products.csv; kept under 7601"


def test_a_code_of_another_chapter_is_named_not_kept(tmp_path: Path) -> None:
    pull(tmp_path, "2020-01", [("7208000000", "1220", "CANADA", 7)])
    _, (note,) = check_reference(tmp_path)
    assert note.endswith("is not in products.csv; of no place in the tree, so not kept")


def test_a_sound_pull_gives_no_notes(tmp_path: Path) -> None:
    pull(tmp_path, "2025-03", [("7601103000", "-", "TOTAL FOR ALL COUNTRIES", 7), ("7601103000", "5082", "GAZA", 7)])
    assert check_reference(tmp_path) == ([], [])


def test_a_directory_without_pulls_says_so(tmp_path: Path) -> None:
    assert check_reference(tmp_path) == ([], ["no pulls of public statistics found"])
    errors, _ = check_reference(tmp_path / "nowhere")
    assert errors == [f"{tmp_path / 'nowhere'}: expected a directory of pulls of public statistics, found none"]


def test_an_unreadable_pull_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "HS10/2025-01/2026-11-20T15-00-00Z.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no parquet")
    errors, _ = check_reference(tmp_path)
    assert len(errors) == 1
    assert "expected a pull of public statistics" in errors[0]


def test_wrong_tables_are_told_before_any_pull_is_read(tables: Path, tmp_path: Path) -> None:
    product("7601103000", units="lb")(tables)
    errors, notes = check_reference(tmp_path / "pulls", directory=tables)
    assert (len(errors), notes) == (1, [])
