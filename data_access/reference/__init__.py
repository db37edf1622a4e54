"""Reference tables: products, code changes, countries, groups, events, trade orders and watch list.

They are small CSV files with their sources. Nothing is read at import: `load()` reads the tables, its caller keeps what
it gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from data_access.errors import UserError
from data_access.reference.changes import CodeChange, CodeChanges, Kind, parse_change
from data_access.reference.countries import (
    Countries,
    Country,
    Group,
    UnknownCountry,
    observed_id,
    parse_country,
    parse_membership,
)
from data_access.reference.events import Event, parse_event
from data_access.reference.glossary import Term, load_glossary
from data_access.reference.orders import Order, Watched, parse_order, parse_watched
from data_access.reference.product import Level, Licensed, Product, UnknownProduct, parse_product
from data_access.reference.products import Products
from data_access.reference.tables import Row, read_rows, table_path

__all__ = [
    "CodeChange",
    "CodeChanges",
    "Countries",
    "Country",
    "Event",
    "Group",
    "Kind",
    "Level",
    "Licensed",
    "Order",
    "Product",
    "Products",
    "Reference",
    "Term",
    "UnknownCountry",
    "UnknownProduct",
    "Watched",
    "load",
    "observed_id",
]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference tables: products with their code changes, countries with their groups, events by date, trade
    measures on products by origin, the watch list of smelt and cast, and the glossary."""

    products: Products
    countries: Countries
    events: tuple[Event, ...]
    orders: tuple[Order, ...] = ()
    watch: tuple[Watched, ...] = ()
    glossary: tuple[Term, ...] = ()

    def with_observed(self, *, products: list[str], countries: dict[str, str]) -> Reference:
        """These tables and what was seen in data that they lack: product codes, and country ids with their names."""
        return Reference(
            products=self.products.with_observed(products),
            countries=self.countries.with_observed(countries),
            events=self.events,
            orders=self.orders,
            watch=self.watch,
            glossary=self.glossary,
        )


def load(directory: Path | None = None) -> Reference:
    """Read the reference tables of a directory, by default those of this package.

    Raises UserError where a table is missing or a row cannot be read; `check.check_reference` finds what is wrong
    beyond that.
    """
    return Reference(
        products=Products(
            _parsed(directory, "products", parse_product),
            CodeChanges(_parsed(directory, "code_changes", parse_change)),
        ),
        countries=Countries(
            _parsed(directory, "countries", parse_country),
            _parsed(directory, "groups", parse_membership),
        ),
        events=tuple(sorted(_parsed(directory, "events", parse_event), key=lambda event: (event.date, event.id))),
        orders=tuple(_parsed(directory, "orders", parse_order)),
        watch=tuple(_parsed(directory, "watch", parse_watched)),
        glossary=load_glossary(directory),
    )


def _parsed(directory: Path | None, name: str, parse: Callable[[Row], _T]) -> list[_T]:
    rows = []
    for line, row in enumerate(read_rows(directory, name), start=2):
        try:
            rows.append(parse(row))
        except ValueError as error:
            raise UserError(
                f"{table_path(directory, name)}, row {line}: {error}; run `aim-monitor reference check`"
            ) from None
    return rows
