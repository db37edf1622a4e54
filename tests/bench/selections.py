"""What users of the bench choose: the same selections for the monitor and for its peer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product as pairs
from pathlib import Path

import numpy as np
import pandas as pd

from data_access.reference import load

GROUPS = ("aim", "unwrought", "bars", "wire", "sheet", "foil", "tubes", "fittings", "castings", "forgings")
COUNTRIES = 30
STEPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A product, a country ('' for all) and the first and last month, all as the monitor names them."""

    product: str
    country: str
    start: int
    end: int


class Market:
    """What is there to choose from in a release."""

    def __init__(self, releases: Path) -> None:
        public = pd.read_parquet(releases / "current" / "public.parquet")
        self.rows = len(public)
        public = public[public["country"] != "all"]
        self.months: list[str] = sorted(public["month"].unique())
        recent = public[public["month"] >= self.months[-12]]
        largest = recent.groupby("country")["consumption_value"].sum().sort_values(ascending=False)
        self.countries: list[str] = [one for one in largest.index if len(one) == 3][:COUNTRIES]
        by_code = recent.groupby("product")["consumption_value"].sum().sort_values(ascending=False)
        products = load().products
        self.codes_of = {group: sorted(products.codes(group)) for group in GROUPS[1:]}
        licensed = {code for codes in self.codes_of.values() for code in codes}
        self.codes: list[str] = [code for code in by_code.index if code in licensed][:COUNTRIES]

    def popular(self) -> list[Selection]:
        """Three hundred, the most popular first: the view that opens, then by how much is imported."""
        last = len(self.months) - 1
        found = [
            Selection(product=group, country=country, start=last - 35, end=last)
            for country, group in pairs(["", *self.countries], GROUPS)
        ]
        places = [(1 + at // len(GROUPS)) * (1 + at % len(GROUPS)) for at in range(len(found))]
        return [found[at] for at in np.argsort(places, kind="stable")][:300]

    def unasked(self) -> Iterator[Selection]:
        """One after the other, none twice, over years back."""
        last = len(self.months) - 1
        draw = np.random.default_rng(3)
        windows = [(start, end) for start in range(last - 24) for end in range(max(start + 12, last - 60), last)]
        places = len(GROUPS) * len(self.countries) * len(windows)
        for place in draw.permutation(places):
            rest, group = divmod(int(place), len(GROUPS))
            window, country = divmod(rest, len(self.countries))
            start, end = windows[window]
            yield Selection(product=GROUPS[group], country=self.countries[country], start=start, end=end)

    def monitor_body(self, recorded: str, selection: Selection) -> bytes:
        """The request of the monitor's page for a selection, after one that its page sent."""
        query = [f"product={selection.product}"] if selection.product != GROUPS[0] else []
        query += [f"country={selection.country}"] if selection.country else []
        if selection.end != len(self.months) - 1 or selection.start != selection.end - 35:
            query += [f"from={self.months[selection.start]}", f"to={self.months[selection.end]}"]
        return _with(recorded, {"search": f"?{'&'.join(query)}" if query else ""})

    def naive_body(self, recorded: str, selection: Selection) -> bytes:
        """The request of the peer's page for a selection, after one that its page sent."""
        values = {
            "products": self.codes_of.get(selection.product),
            "countries": [selection.country] if selection.country else None,
            "months": [selection.start, selection.end],
        }
        return _with(recorded, values)


def _with(recorded: str, values: Mapping[str, object]) -> bytes:
    body = json.loads(recorded)
    for one in body["inputs"]:
        for name in (one["id"], one["property"]):
            if name in values:
                one["value"] = values[name]
    return json.dumps(body, separators=(",", ":")).encode()
