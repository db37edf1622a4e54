"""Countries, their groups, and the events to mark."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from data_access.reference import Countries, Reference, UnknownCountry, observed_id


@pytest.mark.parametrize(
    ("code", "iso3", "name"),
    [
        ("1220", "CAN", "Canada"),
        ("2010", "MEX", "Mexico"),
        ("4621", "RUS", "Russia"),
        ("5200", "ARE", "United Arab Emirates"),
        ("5700", "CHN", "China"),
        ("5800", "KOR", "South Korea"),
        ("4803", "XKX", "Kosovo"),
        ("5082", "PSE", "Palestinian Territories"),
        ("5083", "PSE", "Palestinian Territories"),
        ("7660", "COD", "Congo (Kinshasa)"),
        ("1000", "USA", "United States"),
    ],
)
def test_a_census_code_leads_to_its_country(countries: Countries, code: str, iso3: str, name: str) -> None:
    assert countries.by_census(code) == iso3
    assert countries[iso3].name == name
    assert code in countries[iso3].census_codes


def test_every_schedule_c_code_has_a_country(countries: Countries, shared: Path) -> None:
    with (shared / "data/reference/schedule_c_countries.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 240
    for row in rows:
        iso3 = countries.by_census(row["cty_code"])
        assert iso3 is not None, row
        # The list's row of Congo (Kinshasa) is shifted by one column.
        if row["iso3"] and row["cty_code"] != "7660":
            assert iso3 == row["iso3"]


def test_countries_come_by_name(countries: Countries) -> None:
    names = [country.name for country in countries]
    assert names[0] == "Afghanistan"
    assert names.index("Costa Rica") < names.index("Côte d'Ivoire") < names.index("Croatia")
    assert len(names) == len(countries) == 239


@pytest.mark.parametrize(
    ("given", "meant"), [("Canada", ("CAN",)), ("can", ("CAN",)), ("AE", ("ARE",)), ("Eu", ("EU",)), ("Atlantis", ())]
)
def test_an_unknown_country_is_refused_with_what_may_be_meant(
    countries: Countries, given: str, meant: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownCountry, match=f"expected an ISO alpha-3 code, found '{given}'") as caught:
        countries[given]
    assert caught.value.close == meant
    assert given not in countries


def test_a_census_code_of_no_country_leads_nowhere(countries: Countries) -> None:
    assert countries.by_census("9999") is None


@pytest.mark.parametrize(
    ("iso3", "smelter", "last"),
    [
        ("CAN", True, 2017),
        ("ARE", True, 2017),
        ("JPN", False, 2014),
        ("ITA", False, 2012),
        ("KOR", False, None),
        ("THA", False, None),
    ],
)
def test_a_country_says_whether_it_smelts_and_as_of_when(
    countries: Countries, iso3: str, smelter: bool, last: int | None
) -> None:
    country = countries[iso3]
    assert (country.smelter, country.smelter_year, country.last_smelted) == (smelter, 2017, last)


@pytest.mark.parametrize(
    ("group", "iso3", "month", "member"),
    [
        ("EU", "GBR", "2020-01", True),
        ("EU", "GBR", "2020-02", False),
        ("EU", "HRV", "2013-06", False),
        ("EU", "HRV", "2013-07", True),
        ("EU", "DEU", "2026-01", True),
        ("EU", "NOR", "2026-01", False),
        ("USMCA", "CAN", "2013-01", True),
        ("ASEAN", "VNM", "2024-01", True),
        ("ASEAN", "TLS", "2025-09", False),
        ("ASEAN", "TLS", "2025-10", True),
        ("GCC", "ARE", "2024-01", True),
        ("G7", "JPN", "2024-01", True),
        ("EUROPE", "RUS", "2024-01", True),
        ("NORTH_AMERICA", "MEX", "2024-01", True),
    ],
)
def test_membership_is_dated(countries: Countries, group: str, iso3: str, month: str, member: bool) -> None:
    assert (iso3 in countries.members(group, month)) is member


@pytest.mark.parametrize(("month", "size"), [("2013-01", 27), ("2013-07", 28), ("2020-01", 28), ("2020-02", 27)])
def test_the_european_union_has_as_many_members_as_it_had(countries: Countries, month: str, size: int) -> None:
    assert len(countries.members("EU", month)) == size


def test_all_members_of_a_period_include_those_that_left_in_it(countries: Countries) -> None:
    assert "GBR" in countries.ever_members("EU")
    assert "GBR" in countries.ever_members("EU", start="2020-01", end="2024-12")
    assert "GBR" not in countries.ever_members("EU", start="2020-02")


def test_groups_are_told_from_countries(countries: Countries) -> None:
    ids = [group.id for group in countries.groups]
    assert ids[:5] == ["EU", "USMCA", "ASEAN", "GCC", "G7"]
    assert all(countries.is_group(id_) and id_ not in countries for id_ in ids)
    assert not countries.is_group("CAN")
    assert countries.group("EU").label == "European Union"
    with pytest.raises(UnknownCountry):
        countries.members("EEC", "2024-01")


def test_every_country_is_in_one_region(countries: Countries) -> None:
    regions = [group.id for group in countries.groups][5:]
    members = [countries.members(region, "2024-01") for region in regions]
    assert sum(map(len, members)) == len(countries)
    assert frozenset().union(*members) == {country.iso3 for country in countries}


@pytest.mark.parametrize(
    ("group", "census"),
    [
        ("EU", "0003"),
        ("USMCA", "0020"),
        ("ASEAN", "0027"),
        ("NORTH_AMERICA", "1XXX"),
        ("CENTRAL_AMERICA", "2XXX"),
        ("SOUTH_AMERICA", "3XXX"),
        ("EUROPE", "4XXX"),
        ("ASIA", "5XXX"),
        ("OCEANIA", "6XXX"),
        ("AFRICA", "7XXX"),
    ],
)
def test_members_add_up_to_the_groups_of_the_census_bureau(
    countries: Countries, shared: Path, group: str, census: str
) -> None:
    ours: dict[str, int] = defaultdict(int)
    theirs: dict[str, int] = {}
    with (shared / "data/census/hs2_monthly_all_countries_2023_2024.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            month, code, value = row["time"], row["CTY_CODE"], int(row["GEN_VAL_MO"])
            if code == census:
                theirs[month] = value
            elif countries.by_census(code) in countries.members(group, month):
                ours[month] += value
    assert len(theirs) == 24
    assert dict(ours) == theirs


def test_a_census_code_that_the_tables_lack_becomes_a_country_of_its_own(countries: Countries) -> None:
    wider = countries.with_observed({observed_id("5999"): "NEWLAND", "CAN": "CANADA"})
    assert wider.by_census("5999") == "C5999"
    assert (wider["C5999"].name, wider["C5999"].observed, wider["C5999"].region) == ("NEWLAND", True, "")
    assert wider["CAN"].name == "Canada"
    assert "C5999" not in countries
    assert countries.with_observed({}) is countries


def test_events_come_by_date_with_their_source(reference: Reference) -> None:
    dates = [event.date for event in reference.events]
    assert dates == sorted(dates)
    assert dates[0] == "2018-03-23"
    assert dates[-1] == "2026-06-08"
    assert len(dates) == 15
    sources = {event.id: event.source for event in reference.events}
    assert sources["section-232"] == "Proc. 9704, 83 FR 11619"
    assert reference.events[0].month == "2018-03"


def test_tables_widened_by_what_was_seen_keep_the_rest(reference: Reference) -> None:
    wider = reference.with_observed(products=["7601109999"], countries={"C5999": "NEWLAND"})
    assert "7601109999" in wider.products
    assert "C5999" in wider.countries
    assert wider.events == reference.events
