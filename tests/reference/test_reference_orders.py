"""Trade orders and the watch list: sound, found by product and origin, and each check catches its error."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from data_access.reference import Reference
from data_access.reference.check import check_tables
from data_access.reference.orders import OrderKind, OrderStatus, watched
from data_access.reference.tables import COLUMNS


def test_orders_name_the_cases_of_the_federal_register(reference: Reference) -> None:
    cases = {(order.case, origin) for order in reference.orders for origin in order.origins}
    for case, origin in (("A-570-967", "CHN"), ("C-570-968", "CHN"), ("A-570-053", "CHN"), ("A-831-804", "ARM"),
                         ("A-489-839", "TUR"), ("C-533-896", "IND"), ("A-570-170", "CHN")):  # fmt: skip
        assert (case, origin) in cases
    sheet = [one for one in reference.orders if one.issued == "2021-04-27" and one.kind is OrderKind.ANTIDUMPING]
    assert len({one.origins for one in sheet}) == 16


def test_an_investigation_without_an_order_is_not_in_force(reference: Reference) -> None:
    (ended,) = [order for order in reference.orders if order.status is OrderStatus.NOT_ISSUED]
    assert not ended.in_force
    assert len(ended.origins) == 14


def test_an_order_on_every_country_is_on_each(reference: Reference) -> None:
    everywhere = next(order for order in reference.orders if order.id == "section-232")
    assert everywhere.is_on("CAN")
    russia = next(order for order in reference.orders if order.id == "section-232-rus")
    assert (russia.is_on("RUS"), russia.is_on("CAN")) == (True, False)


def test_the_watch_list_tells_smelt_from_cast(reference: Reference) -> None:
    assert watched(reference.watch, "smelt") == {"RUS", "CHN", "BLR", "IRN"}
    assert watched(reference.watch, "cast") == {"RUS", "CHN", "BLR", "IRN"}


def test_tables_with_what_was_observed_keep_orders_and_watch_list(reference: Reference) -> None:
    wider = reference.with_observed(products=["7607113999"], countries={})
    assert (wider.orders, wider.watch) == (reference.orders, reference.watch)


def planted(table: str, **cells: str) -> Callable[[Path], None]:
    """An error: other cells in the first row of a table."""

    def plant(directory: Path) -> None:
        path = directory / f"{table}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        rows[0].update(cells)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=COLUMNS[table])
            writer.writeheader()
            writer.writerows(rows)

    return plant


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (planted("orders", kind="tariff"), "kind: expected one of antidumping"),
        (planted("orders", status="open"), "status: expected one of in force, ended, not issued"),
        (planted("orders", scope="exact"), "scope: expected one of approximate, related"),
        (planted("orders", case="570-967"), "case: expected a case number as A-570-967"),
        (planted("orders", id="Extrusions"), "id: expected small letters"),
        (planted("orders", products="760499"), "products: expected ids of products.csv"),
        (planted("orders", origins="CHINA"), "origins: expected ids of countries.csv"),
        (planted("orders", issued="2011"), "issued: expected a day as YYYY-MM-DD"),
        (planted("orders", confirmed="2010-01-01"), "confirmed: expected no day before issued"),
        (planted("orders", ended="2020-01-01"), "ended: expected a day where the status is ended"),
        (planted("orders", source=""), "source: expected an entry"),
        (planted("watch", iso3="RU"), "iso3: expected a country of countries.csv"),
        (planted("watch", smelt="maybe"), "smelt: expected one of yes, no"),
        (planted("watch", smelt="no", cast="no"), "cast: expected yes for smelt or for cast"),
        (planted("watch", since="2023"), "since: expected a day as YYYY-MM-DD"),
        (planted("watch", reason=""), "reason: expected an entry"),
    ],
)
def test_each_check_catches_its_error(tables: Path, plant: Callable[[Path], None], told: str) -> None:
    assert check_tables(tables) == []
    plant(tables)
    assert any(told in line for line in check_tables(tables))
