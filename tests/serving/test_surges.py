"""The surge list over small releases: what is flagged, on which figures, and what is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from release_builder import LICENSE_AS_OF, license_row, public_row, with_totals, withheld_row, write_release

from data_access.filters import Series
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics, open_statistics
from data_access.serving.surges.flags import Flag, SurgeList, surges
from data_access.serving.surges.units import units_of

LAST = "2026-01"
MONTHS = tuple(text(month) for month in range(number(LAST) - 39, number(LAST) + 1))
FOIL, SHEET, SCRAP = "7607113000", "7606123096", "7602000035"
Change = Mapping[tuple[str, str], float]
Make = Callable[..., Statistics]


def rows(change: Change, *, code: str = FOIL, weights: bool = True, months: tuple[str, ...] = MONTHS) -> list[Any]:
    """Steady imports of a code from China and Canada, in t and 3 US$/kg, but for the months and origins in `change`."""
    found = []
    for month in months:
        for origin, usual in (("CHN", 1000.0), ("CAN", 4000.0)):
            tons = change.get((origin, month), usual)
            kg = round(tons * 1000)
            found.append(public_row(month, code, origin, 3 * kg, kg if weights else None))
    return with_totals(found)


def licenses(month: str, *, tons: float | None, product: str = "foil") -> list[dict[str, Any]]:
    """License cells of a product in one month: its total and the origin China, withheld for None."""
    cells = [license_row(month, "aim", "all", 90_000_000, 30_000_000)]
    cells.append(license_row(month, product, "all", 15_000_000, 5_000_000))
    kg = 0 if tons is None else round(tons * 1000)
    cells.append(
        withheld_row(month, product, "CHN") if tons is None else license_row(month, product, "CHN", 3 * kg, kg)
    )
    return cells


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Statistics over a release of these rows; later ones are newer."""

    def write(public: list[Any], cells: list[Any] | None = None, *, hour: int = 15, **more: Any) -> Statistics:
        write_release(tmp_path, public, cells, id_=f"2026-03-20T{hour}-00-00Z-aaaaaa", **more)
        return open_statistics(tmp_path)

    return write


def listed(statistics: Statistics, query: str = "product=foil") -> SurgeList:
    return surges(statistics, statistics.parse(query))


def only(found: SurgeList) -> Flag:
    (flag,) = found.flags
    return flag


@pytest.mark.parametrize(("tons", "flagged"), [(1999, False), (2000, True), (2001, True)])
def test_a_month_twice_the_mean_before_is_a_flag_by_itself(make: Make, tons: float, flagged: bool) -> None:
    # Months before are high a year ago, so that no other test is met.
    change = {("CHN", month): 4000.0 for month in MONTHS[-16:-6]} | {("CHN", LAST): float(tons)}
    found = listed(make(rows(change)), "product=foil&country=CHN&r2=1000&r2y=1000&r3=1000")
    assert bool(found.flags) is flagged


@pytest.mark.parametrize(("tons", "flagged"), [(1249, False), (1250, True), (1251, True)])
def test_a_month_a_quarter_above_needs_another_test(make: Make, tons: float, flagged: bool) -> None:
    statistics = make(rows({("CHN", LAST): float(tons)}))
    assert bool(listed(statistics, "product=foil&country=CHN&r2=8").flags) is flagged
    assert not listed(statistics, "product=foil&country=CHN").flags


def test_a_flag_holds_the_figures_behind_it(make: Make) -> None:
    flag = only(listed(make(rows({("CHN", LAST): 2500.0}))))
    assert (flag.product, flag.country, flag.series, flag.month) == ("foil", "CHN", Series.PUBLIC, LAST)
    assert (flag.value, flag.base, flag.unit) == (2500, 1000, "t")
    assert flag.share == pytest.approx(100 * 2500 / 6500)
    results = {one.id: one for one in flag.tests}
    assert results["r1"].value == pytest.approx(150)
    assert results["r2"].value == pytest.approx(50)
    assert results["z"].missing == "the months before do not vary"
    assert [cell.value for cell in flag.trend] == [1000.0] * 23 + [2500.0]
    assert (
        flag.headline
        == "2,500\u202ft in Jan 2026, up 150.0\u202f% on the mean of the three months before (1,000\u202ft)."
    )


@pytest.mark.parametrize(("floor", "flagged"), [(2501, False), (2500, True), (2499, True)])
def test_the_floor_holds_back_small_trade(make: Make, floor: int, flagged: bool) -> None:
    statistics = make(rows({("CHN", LAST): 2500.0}))
    assert bool(listed(statistics, f"product=foil&floor={floor}").flags) is flagged


def test_the_floor_share_is_of_all_origins(make: Make) -> None:
    statistics = make(rows({("CHN", LAST): 2500.0}))
    assert listed(statistics, "product=foil&country=CHN&floor_share=38").flags
    assert not listed(statistics, "product=foil&country=CHN&floor_share=39").flags


def test_a_thin_base_is_told(make: Make) -> None:
    change = {("CHN", month): 100.0 for month in MONTHS} | {("CHN", LAST): 900.0}
    flag = only(listed(make(rows(change))))
    assert flag.thin
    assert flag.notes[0].startswith("Thin base: the mean it is compared with, 100\u202ft")


def test_a_supplier_without_imports_for_24_months_is_new(make: Make) -> None:
    change = {("CHN", month): 0.0 for month in MONTHS[-25:]} | {("CHN", LAST): 900.0}
    flag = only(listed(make(rows(change))))
    assert flag.new_supplier
    assert flag.headline == "900\u202ft in Jan 2026, after no imports in the 24 months before."
    again = {**change, ("CHN", MONTHS[-24]): 5.0}
    assert not listed(make(rows(again), hour=16)).flags


def test_products_without_weights_are_tested_by_value(make: Make) -> None:
    statistics = make(rows({("CHN", LAST): 2500.0}, weights=False))
    flag = only(listed(statistics))
    assert (flag.unit, flag.value) == ("US$", 7_500_000)
    assert "customs value is tested" in " ".join(flag.notes)
    assert not listed(statistics, "product=foil&floor_value=7500001").flags


def test_price_undercutting_adds_severity(make: Make) -> None:
    cheap = [
        {
            **row,
            "consumption_value": row["consumption_value"] * 8 // 10,
            "general_value": row["general_value"] * 8 // 10,
        }
        if (row["country"], row["month"]) == ("CHN", LAST)
        else row
        for row in rows({("CHN", LAST): 2500.0})
        if row["country"] != "all"
    ]
    flag = only(listed(make(with_totals(cheap))))
    price = next(one for one in flag.tests if one.id == "p")
    assert (price.value, price.met) == (pytest.approx(-20, abs=0.001), True)
    assert flag.severity == only(listed(make(rows({("CHN", LAST): 2500.0}), hour=16))).severity + 1


# -- license months -------------------------------------------------------------------------------------------------


def test_a_license_month_is_held_against_public_months(make: Make) -> None:
    found = listed(make(rows({}), licenses("2026-02", tons=2500)))
    flag = only(found)
    assert (flag.series, flag.month, flag.value, flag.base) == (Series.LICENSE, "2026-02", 2500, 1000)
    assert found.months.license == ("2026-02",)
    assert flag.headline.startswith(
        "2,500\u202ft licensed for Feb 2026, up 150.0\u202f% on the mean of the last three public"
    )
    assert [str(cell.series) for cell in flag.trend[-2:]] == ["public", "license"]


def test_all_tests_of_a_license_month_take_public_figures_where_they_cover_a_month(make: Make) -> None:
    hidden = [row for month in ("2025-02", "2025-12") for row in licenses(month, tons=None)]
    found = only(listed(make(rows({}), [*hidden, *licenses("2026-02", tons=2500)])))
    told = {result.id: result.value for result in found.tests}
    assert told["r2"] == 50.0  # 1,000 + 1,000 + 2,500 on three times 1,000
    assert told["r2y"] == 50.0
    assert told["r3"] == 12.5
    assert told["z"] is None, "steady imports do not vary"


@pytest.mark.parametrize(("day", "flagged"), [("2026-03-13", False), (LICENSE_AS_OF, True)])
def test_a_share_of_all_origins_is_of_figures_of_one_date(make: Make, day: str, flagged: bool) -> None:
    cells = [{**row, "as_of": day} if row["origin"] == "CHN" else row for row in licenses("2026-02", tons=2500)]
    assert bool(listed(make(rows({}), cells)).flags) is flagged


def test_a_month_still_running_is_named_and_not_tested(make: Make) -> None:
    cells = [*licenses("2026-02", tons=1000), license_row("2026-03", "aim", "all", 90_000_000, 30_000_000)]
    found = listed(make(rows({}), [*cells, *licenses("2026-03", tons=9000)[1:]], not_yet=("2026-03",)))
    assert not found.flags
    assert (found.months.license, found.months.running) == (("2026-02",), "2026-03")
    assert "License month Mar 2026 is still running and is not tested." in found.notes


def test_a_withheld_figure_makes_no_flag_and_changes_no_word(make: Make) -> None:
    quiet = listed(make(rows({}), licenses("2026-02", tons=1000)))
    withheld = listed(make(rows({}), licenses("2026-02", tons=None), hour=16))
    assert not quiet.flags
    assert not withheld.flags
    assert (withheld.summary, withheld.notes[1:]) == (quiet.summary, quiet.notes[1:])


def test_a_list_without_licenses_asks_for_none(make: Make) -> None:
    found = listed(make(rows({}), licenses("2026-02", tons=2500)), "product=foil&series=public")
    assert (found.flags, found.months.license) == ((), ())


# -- code changes ---------------------------------------------------------------------------------------------------

RENEWED = {"7601106030": "7601106045"}


def renamed() -> list[Any]:
    """An HTS code whose trade passes to a new one in the middle of the months."""
    old, new = next(iter(RENEWED.items()))
    return [
        *rows({}, code=old, months=tuple(month for month in MONTHS if month < "2025-07")),
        *rows({}, code=new, months=tuple(month for month in MONTHS if month >= "2025-07")),
    ]


def test_a_new_code_is_tested_with_the_one_it_came_from(make: Make) -> None:
    statistics = make(renamed())
    found = listed(statistics, "product=760110&detail=hts10&to=2025-07")
    assert not found.flags
    units = units_of(statistics.vocabulary, statistics.parse("product=760110&detail=hts10"), since="2023-01")
    family = next(unit for unit in units if "7601106045" in unit.products)
    assert {"7601106030", "7601106040", "7601106045"} <= set(family.products)
    assert family.note.startswith("Codes changed within these months")


def test_a_surge_across_a_new_code_is_flagged(make: Make) -> None:
    old, new = next(iter(RENEWED.items()))
    statistics = make(
        [
            *rows({}, code=old, months=tuple(month for month in MONTHS if month < "2025-07")),
            *rows({("CHN", "2025-07"): 90_000.0}, code=new, months=("2025-07",)),
        ]
    )
    flag = only(listed(statistics, "product=760110&detail=hts10&to=2025-07"))
    assert (flag.country, flag.value, flag.base) == ("CHN", 90_000, 1_000)
    assert {old, new} <= set(flag.products)
    assert {one.id for one in flag.tests if not one.missing} >= {"r1", "r2", "r2y", "r3"}


def test_a_code_that_the_tables_lack_is_tested_as_its_hts6(make: Make) -> None:
    statistics = make(rows({}, code="7607113999"))
    units = units_of(statistics.vocabulary, statistics.parse("product=760711&detail=hts10"), since="2023-01")
    assert any(unit.products == ("760711",) and "not known" in unit.note for unit in units)
    assert not any("7607113999" in unit.products for unit in units)


@pytest.mark.parametrize(
    ("query", "products"),
    [
        ("product=foil", {"foil"}),
        ("product=foil&detail=hts6", {"760711", "760719", "760720"}),
        ("product=760711", {"760711"}),
    ],
)
def test_products_are_tested_at_the_level_asked_for(make: Make, query: str, products: set[str]) -> None:
    statistics = make(rows({}))
    units = units_of(statistics.vocabulary, statistics.parse(query), since="2023-01")
    assert {unit.id for unit in units} == products


# -- against the release before -------------------------------------------------------------------------------------


def test_without_an_earlier_release_nothing_is_new(make: Make) -> None:
    statistics = make(rows({("CHN", LAST): 2500.0}))
    found = listed(statistics)
    assert found.previous is None
    assert [flag.is_new for flag in found.flags] == [False]


def test_a_flag_that_the_release_before_lacks_is_new(make: Make) -> None:
    make(rows({("CAN", LAST): 9000.0}))
    statistics = make(rows({("CAN", LAST): 9000.0, ("CHN", LAST): 2500.0}), hour=16)
    found = listed(statistics)
    assert {flag.country: flag.is_new for flag in found.flags} == {"CAN": False, "CHN": True}
    assert [flag.country for flag in listed(statistics).new] == ["CHN"]
    assert found.summary.startswith("2 flags, 1 of them new since the release before; the most severe of the new ones")


def test_a_later_month_of_the_same_supplier_is_new_and_tells_the_month_before(make: Make) -> None:
    make(rows({("CHN", MONTHS[-2]): 2500.0}, months=MONTHS[:-1]))
    found = listed(make(rows({("CHN", MONTHS[-2]): 2500.0, ("CHN", LAST): 6000.0}), hour=16))
    flag = only(found)
    assert (flag.is_new, flag.before) == (True, MONTHS[-2])


def test_the_list_can_be_asked_for_an_earlier_month(make: Make) -> None:
    statistics = make(rows({("CHN", MONTHS[-2]): 2500.0}))
    assert not listed(statistics).flags
    assert only(listed(statistics, f"product=foil&to={MONTHS[-2]}")).month == MONTHS[-2]
    assert not listed(statistics, "product=foil&to=2019-01").months.last
