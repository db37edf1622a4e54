"""What an attacker hears: every figure that the running application answers, whatever way it is asked."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import pyarrow.parquet as pq
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.attack.market import ALL, GROUPS, HTS6, ORIGINS
from tests.callbacks import body_for, listed

API = "/api/v1/series"
PLACES = ("country", "smelt", "smelt2", "cast")
SMELTS = (*ORIGINS, "not_applicable")
MEMBERS = {"country": ORIGINS, "smelt": SMELTS, "smelt2": ("CAN", "ARE", "not_applicable"), "cast": ORIGINS}
PRODUCTS = ("aim", *GROUPS, *HTS6)
PARTS = [*combinations(GROUPS, 2), HTS6[:2], HTS6[2:], ("aim", GROUPS[0])]
"""Selections of several products."""
FREQS = ("month", "quarter", "year", "ytd", "range")
TELLING = ("month", "quarter", "ytd")
"""Periods of which cells may be told that are no sums of months; the others are asked less often."""
MEASURES = ({"measure": "value"}, {"measure": "volume"}, {"measure": "auv"}, *(
    {"measure": "share", "of": of} for of in ("value", "volume")
))  # fmt: skip
Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Heard:
    """One license figure as answered, or that there is none: `value` is None then, and `status` says why.

    `places` are those of origin, smelt, smelt2 and cast; a share is `of` value or volume.
    """

    freq: str
    period: str
    products: tuple[str, ...]
    places: tuple[tuple[str, ...], ...]
    measure: str
    of: str
    value: float | None
    status: str
    as_of: str | None
    low: float | None = None
    high: float | None = None
    of_places: bool = False
    """Whether the query names or splits places, so that a share is of all places and not of all products."""


class Listener:
    """Asks one running application and keeps all that it hears."""

    def __init__(self, client: FlaskClient, *, first: str, last: str) -> None:
        self._client = client
        self._span = {"from": first, "to": last, "series": "license"}
        self.heard: set[Heard] = set()

    def meta(self) -> dict[str, object]:
        """What the application tells of its license data."""
        answer: dict[str, object] = self._client.get("/api/v1/meta").get_json()
        return answer

    def get(self, path: str, query: Query) -> dict[str, Any]:
        """The JSON answer of a path of the API to a query."""
        answer = self._client.get(path, query_string=urlencode(query, doseq=True))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found

    def file(self, path: str) -> bytes:
        """A file that the application gives out."""
        with self._client.get(path) as answer:
            assert answer.status_code == 200, path
            return bytes(answer.get_data())

    def ask(self, query: Query) -> list[Heard]:
        """The license cells of a query, from the API."""
        query = {**self._span, **query}
        answer = self._client.get(API, query_string=urlencode(query, doseq=True))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found = list(read_cells(answer.get_json()["cells"], query))
        self.heard.update(found)
        return found

    def ask_grid(self, *, freqs: Sequence[str] = FREQS) -> None:
        """Every product split every way in every period and measure, and the sums that one may ask for."""
        for query in grid(freqs):
            self.ask(query)

    def ask_at_random(self, times: int, *, seed: int) -> None:
        """Selections drawn from the whole grammar."""
        dice = random.Random(seed)
        for _ in range(times):
            query: dict[str, object] = {
                "product": dice.sample(PRODUCTS, dice.choice((1, 1, 2, 3))),
                "freq": dice.choice(FREQS),
                "by": dice.choice(("none", "product", *PLACES)),
                "series": dice.choice(("license", "combined")),
                **dice.choice(MEASURES),
            }
            for place in dice.sample(PLACES, dice.choice((0, 1, 1, 2))):
                query[place] = dice.sample(MEMBERS[place], dice.choice((1, 2)))
            self.ask(query)

    def exports(self, query: Query) -> dict[str, list[Heard]]:
        """The same cells from each kind of file."""
        query = {**self._span, **query}
        found = {}
        for kind, read in (("csv", read_csv), ("xlsx", read_xlsx), ("parquet", read_parquet)):
            answer = self._client.get(API, query_string=urlencode({**query, "format": kind}, doseq=True))
            assert answer.status_code == 200
            found[kind] = list(read_cells(read(answer.get_data()), query))
            self.heard.update(found[kind])
        return found

    def page(self, view: str, query: Query) -> tuple[list[float], list[float]]:
        """Figures of a page's charts and tables, and those of the files that its cards offer."""
        search = "?" + urlencode({**self._span, **query}, doseq=True)
        response = self._callback(view, search)
        charts = [number for figure in _figures(response) for number in drawn(figure)]
        words = json.dumps(response)
        tables = [float(text.replace(",", "")) for text in re.findall(r">(-?[\d,]+(?:\.\d+)?)</td>", words)]
        files = []
        for found in sorted(set(re.findall(r"/api/v1/series\?[^\"\\]*?format=csv", words))):
            link = found.replace("&amp;", "&")
            given = {name: values if len(values) > 1 else values[0] for name, values in parse_qs(link[15:]).items()}
            answer = self._client.get(link)
            rows = read_csv(answer.get_data())
            self.heard.update(read_cells(rows, given))
            files += [float(str(row["value"])) for row in rows if row["value"] not in (None, "")]
        return charts + tables, files

    def _callback(self, view: str, search: str) -> dict[str, object]:
        own = listed(self._client.get("/_dash-dependencies").get_json(), view)
        answer = self._client.post("/_dash-update-component", json=body_for(own, search))
        assert answer.status_code == 200
        response: dict[str, object] = answer.get_json()["response"]
        return response


def grid(freqs: Sequence[str]) -> Iterator[Query]:
    """The systematic part of what is asked."""
    for freq in freqs:
        for measure in MEASURES if freq in TELLING else MEASURES[:2]:
            for product in PRODUCTS:
                for by in ("none", *PLACES):
                    named = {} if by == "none" else {by: MEMBERS[by]}
                    yield {"product": product, "freq": freq, "by": by, **named, **measure}
            yield {"freq": freq, "by": "product", **measure}
        for measure in MEASURES[:2] if freq in TELLING else ():
            yield from _sums(freq, measure)
    if "quarter" in freqs:
        yield from _crossed()


def _sums(freq: str, measure: Query) -> Iterator[Query]:
    for products in PARTS:
        yield {"product": products, "freq": freq, **measure}
        for by in PLACES:
            yield {"product": products, "freq": freq, "by": by, by: MEMBERS[by], **measure}
    for place in PLACES:
        for pair in combinations(MEMBERS[place], 2):
            yield {"freq": freq, place: pair, **measure}
        yield {"freq": freq, place: MEMBERS[place][1:], **measure}


def _crossed() -> Iterator[Query]:
    for measure in MEASURES:
        for product in ("aim", *GROUPS):
            for origin in ORIGINS:
                for by in ("smelt", "cast"):
                    yield {
                        "product": product,
                        "country": origin,
                        "by": by,
                        by: MEMBERS[by],
                        "freq": "quarter",
                        **measure,
                    }


# -- reading answers --------------------------------------------------------------------------------------------------


def read_cells(rows: Iterable[Mapping[str, object]], query: Query) -> Iterator[Heard]:
    """License cells of an answer, from rows of the API's JSON or of a file."""
    for row in rows:
        if row["series"] == "public" or row.get("source") in ("public", "public+license"):
            continue
        value = row["value"] if row["status"] == "published" else None
        yield Heard(
            freq=str(query.get("freq", "month")),
            period=str(row["period"]),
            products=_names(row["product"]),
            places=tuple(_names(row.get(place) or ALL) for place in PLACES),
            measure=str(row["measure"]),
            of=str(query.get("of", "volume")) if row["measure"] == "share" else "",
            value=None if value is None else float(str(value)),
            status=str(row["status"]),
            as_of=str(row["as_of"]) if row["as_of"] else None,
            low=_number(row.get("low")),
            high=_number(row.get("high")),
            of_places=query.get("by") in PLACES or any(_names_places(query, place) for place in PLACES),
        )


def _number(value: object) -> float | None:
    return None if value in (None, "") else float(str(value))


def _names_places(query: Query, place: str) -> bool:
    return place in query and (place != "country" or ALL not in _listed(query[place]))


def _listed(given: object) -> list[str]:
    return [given] if isinstance(given, str) else [str(one) for one in given]  # type: ignore[attr-defined]


def _names(text: object) -> tuple[str, ...]:
    return tuple(sorted(str(text).split("+")))


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    lines = [line for line in data.decode().splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(lines))


def read_xlsx(data: bytes) -> list[dict[str, object]]:
    """Rows of a workbook."""
    header, *rows = load_workbook(io.BytesIO(data))["Figures"].iter_rows(values_only=True)
    return [dict(zip([str(name) for name in header], row, strict=True)) for row in rows]


def read_parquet(data: bytes) -> list[dict[str, object]]:
    """Rows of a Parquet file."""
    rows: list[dict[str, object]] = pq.ParquetFile(io.BytesIO(data)).read().to_pylist()
    return rows


def _figures(response: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for properties in response.values():
        assert isinstance(properties, dict)
        if "figure" in properties:
            yield properties["figure"]


def drawn(figure: Mapping[str, object]) -> list[float]:
    """Numbers that the traces of a chart hold, arrays in base64 decoded; lanes, which show no figures, left out."""
    found: list[float] = []
    data = figure["data"]
    assert isinstance(data, list)
    for trace in data:
        if trace.get("yaxis") == "y2":
            continue
        for axis in ("x", "y"):
            values = trace.get(axis, [])
            if isinstance(values, dict):
                values = np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"])).tolist()
            found += [float(one) for one in values if isinstance(one, int | float) and one == one]  # noqa: PLR0124
    return found
