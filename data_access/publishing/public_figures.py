"""What public statistics and reference tables give to license publication: products, costs, a fixed list of origins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data_access.contracts import ALL, LICENSED, MEMBERS
from data_access.reference import Level, Licensed, Reference

YEARS_BACK: Final = 2
"""Costs and the list are drawn from the year before last: final when a month is published."""


def licensed_groups(reference: Reference) -> frozenset[str]:
    """The groups all of whose products are licensed."""
    products = reference.products
    return frozenset(p.id for p in products if p.level is Level.GROUP and p.licensed is Licensed.ALL)


def product_tree(reference: Reference, codes: Iterable[str]) -> pd.DataFrame:
    """Group and HTS6 of ten-digit codes (index hts10), those of the tables and these; codes of no licensed group are
    left out.

    `hts6` is missing where a group and its HTS6 are one (fittings) or it has none of its own (castings).
    """
    products = reference.products.with_observed(codes)
    found: dict[str, tuple[str, str | None]] = {}
    for group in (product for product in products if product.level is Level.GROUP):
        if group.licensed is Licensed.ALL:
            found |= dict.fromkeys(products.codes(group.id), (group.id, None))
    for hts6 in (product for product in products if product.level is Level.HTS6):
        for code in products.codes(hts6.id) if products.canonical(hts6.id) == hts6.id else ():
            if code in found:
                found[code] = (found[code][0], hts6.id if hts6.licensed is Licensed.ALL else None)
    return pd.DataFrame.from_dict(found, orient="index", columns=["group", "hts6"]).rename_axis("hts10").sort_index()


def licensed_imports(public: pa.Table, reference: Reference, year: int) -> pd.DataFrame:
    """Public imports of licensed products in a year: columns product (`aim`, groups, HTS6), country, value (US$).

    Products are at the finest level that was pulled; `country` ALL is the sum over countries.
    """
    inside = pc.starts_with(public["month"], f"{year}-")
    columns = ["product", "level", "country", "consumption_value", "general_value"]
    frame = public.filter(inside).select(columns).to_pandas()
    frame = frame[frame["country"] != ALL]
    frame["value"] = frame["consumption_value"].fillna(frame["general_value"]).fillna(0.0).astype("float64")
    sums = _summed(frame, ["level", "product", "country"])
    parts = [_of_products(sums, reference, level) for level in (Level.GROUP, Level.HTS6)]
    groups = parts[0]
    by_country = pd.concat([*parts, groups.assign(product=LICENSED)], ignore_index=True)
    found = pd.concat([by_country, by_country.assign(country=ALL)], ignore_index=True)
    return _summed(found, ["product", "country"])


def _summed(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return rows.groupby(by)[["value"]].sum().reset_index()


def _of_products(sums: pd.DataFrame, reference: Reference, level: Level) -> pd.DataFrame:
    """Sums of pulled codes as sums of licensed products of a level."""
    of_code = {
        (pulled, code): product.id
        for product in reference.products
        if product.level is level and product.licensed is Licensed.ALL
        for pulled in sums["level"].unique()
        for code in reference.products.parts(product.id, pulled) or ()
    }
    keys = zip(sums["level"], sums["product"], strict=True)
    named = sums.assign(product=pd.Series([of_code.get(key) for key in keys], index=sums.index, dtype=object))
    return named[named["product"].notna()][["product", "country", "value"]]


def public_sizes(imports: pd.DataFrame) -> dict[str, float]:
    """Public US$ by row key of license tables, which costs of complements are drawn from.

    Public statistics know the origin only: smelt and cast take the origin's figure.
    """
    found: dict[str, float] = {}
    for product, country, value in imports.itertuples(index=False):
        for dimension in MEMBERS:
            members = (country if name == dimension else ALL for name in MEMBERS)
            found["|".join([str(product), *map(str, members)])] = float(value)
    return found


def largest_origins(imports: pd.DataFrame, count: int, reference: Reference) -> list[str]:
    """The countries that most of the licensed imports came from, sorted by id."""
    known = {country.iso3 for country in reference.countries}
    rows = imports[(imports["product"] == LICENSED) & imports["country"].isin(known) & (imports["value"] > 0)]
    ordered = rows.sort_values(["value", "country"], ascending=[False, True])
    return sorted(ordered["country"].head(count))
