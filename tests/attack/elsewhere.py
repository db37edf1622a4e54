"""What an attacker hears beside single series: rankings, matrices, flows, comparisons, and the tables of a release."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pyarrow.parquet as pq

from data_access.contracts import LAYERS_FILE, LICENSE_DIMENSIONS, license_file
from tests.attack.listening import MEMBERS, PLACES, Heard, Listener, Query, read_cells
from tests.attack.market import ALL, GROUPS

RANKED = ("aim", *GROUPS)
COLUMN = {"country": "origin", "smelt": "smelt", "smelt2": "smelt2", "cast": "cast"}
"""What tables of a release call the places of a query."""
AMOUNTS = ("value", "volume")
TWO = (("aim", GROUPS[0]), (GROUPS[0], GROUPS[1]))
KG = 1000


def hear_elsewhere(listener: Listener, months: tuple[str, ...]) -> set[Heard]:
    """Every figure of these answers; the listener keeps them too."""
    found = {
        *(one for query in rankings(months) for one in ranked(listener, query)),
        *(one for query in matrices(months) for one in paired(listener, "/api/v1/matrix", query)),
        *(one for query in flows(months) for one in paired(listener, "/api/v1/flows", query)),
        *(one for query in comparisons(months) for one in compared(listener, query)),
        *released(listener),
    }
    listener.heard.update(found)
    return found


def rankings(months: tuple[str, ...]) -> Iterator[Query]:
    """Every split of every product in each month."""
    for month in months:
        for measure in AMOUNTS:
            usual = {"from": month, "to": month, "series": "license", "measure": measure, "floor": 0, "floor_value": 0}
            for product in RANKED:
                for by in PLACES:
                    yield {**usual, "product": product, "by": by, by: MEMBERS[by]}
            yield {**usual, "by": "product"}


def matrices(months: tuple[str, ...]) -> Iterator[Query]:
    """Products by each kind of place, month by month."""
    for measure in AMOUNTS:
        for across in PLACES:
            usual = {"from": months[0], "to": months[-1], "freq": "month", "series": "license"}
            yield {**usual, "measure": measure, "across": across, across: MEMBERS[across]}


def flows(months: tuple[str, ...]) -> Iterator[Query]:
    """Origins by smelt and by cast."""
    for measure in AMOUNTS:
        for across in ("smelt", "cast"):
            for product in RANKED:
                places = {"country": MEMBERS["country"], across: MEMBERS[across]}
                yield {
                    "from": months[0],
                    "to": months[-1],
                    "product": product,
                    "measure": measure,
                    "across": across,
                    **places,
                }


def comparisons(months: tuple[str, ...]) -> Iterator[Query]:
    """Two products of every origin."""
    for first, second in TWO:
        usual = {
            "from": months[0],
            "to": months[-1],
            "series": "license",
            "by": "country",
            "country": MEMBERS["country"],
        }
        other = urlencode({"product": second, "country": MEMBERS["country"]}, doseq=True)
        yield {**usual, "product": first, "measure": "value", "compare": other}


# -- reading ----------------------------------------------------------------------------------------------------------


def ranked(listener: Listener, query: Query) -> Iterator[Heard]:
    """Rows of a ranking, as cells of the one period it is of, and its total."""
    answer = listener.get("/api/v1/ranking", query)
    by = str(query["by"])
    place = "product" if by == "product" else by
    rows = [
        {"product": query.get("product", "aim"), "country": ALL, **row, place: row["member"]} for row in answer["rows"]
    ]
    for row in rows:
        assert row["value"] is not None or row["share"] is row["change"] is row["rank"] is None
    yield from read_cells(rows, {**query, "freq": "range"})
    if answer["total"]:
        yield from read_cells([answer["total"]], {**query, "freq": "range"})


def paired(listener: Listener, path: str, query: Query) -> Iterator[Heard]:
    """Cells of a matrix or of flows."""
    answer = listener.get(path, query)
    yield from read_cells(answer["cells"], {**query, "freq": answer["query"]["freq"], "by": "country"})


def compared(listener: Listener, query: Query) -> Iterator[Heard]:
    """Cells of both selections."""
    answer = listener.get("/api/v1/compare", query)
    for part in ("first", "second"):
        yield from read_cells(answer[part]["cells"], query)


def released(listener: Listener) -> Iterator[Heard]:
    """Every row of the license tables of a release, and of the figures that were replaced."""
    for name in (*map(license_file, LICENSE_DIMENSIONS), LAYERS_FILE):
        rows = pq.ParquetFile(io.BytesIO(listener.file(f"/api/v1/tables/{name}"))).read().to_pylist()
        for row in rows:
            freq, period = _period(str(row["period"]))
            for measure in AMOUNTS:
                yield from read_cells([_cell(row, period, measure)], {"freq": freq})


def _period(period: str) -> tuple[str, str]:
    """Kind and id of a period as queries have them: year to date is named by the month it ends in."""
    if "/" in period:
        return "ytd", period.partition("/")[2]
    return ("quarter" if "Q" in period else "month"), period


def _cell(row: Mapping[str, Any], period: str, measure: str) -> dict[str, Any]:
    figure = row["value"] if measure == "value" else row["kg"]
    bounds = [row.get(f"{'value' if measure == 'value' else 'kg'}_{end}") for end in ("low", "high")]
    unit = 1 if measure == "value" else KG
    low, high = (None if bound is None else bound / unit for bound in bounds)
    return {
        "series": "license",
        "period": period,
        "product": row["product"],
        "measure": measure,
        "value": None if figure is None else figure / unit,
        "status": row.get("status", "published"),
        "as_of": row["as_of"],
        "low": low,
        "high": high,
        **{place: row.get(column, ALL) for place, column in COLUMN.items()},
    }
