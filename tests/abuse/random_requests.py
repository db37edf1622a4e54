"""Random requests, drawn by Hypothesis: half sense, half nonsense, to pages, API and callbacks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from data_access.filters import PARAMETERS
from tests.abuse.asking import Request
from tests.abuse.callbacks import PLACES, bent, bodies, request_of, with_value
from tests.abuse.crafted import HEADERS, METHODS, OTHERS, OWN, PAGES, RAW, STRINGS, api_paths
from tests.callbacks import Body

GOOD = {
    "product": ("aim", "76", "foil", "wire", "7607", "760711", "scrap", "nope"),
    "country": ("all", "CAN", "ZAF", "ARG", "GRC", "EU", "USMCA"),
    "smelt": ("CAN", "unknown", "not_applicable"),
    "cast": ("CAN", "all"),
    "from": ("2025-01", "2025-06", "2026-02", "1980-01"),
    "to": ("2025-06", "2026-03", "2099-12"),
    "freq": ("month", "quarter", "year", "ytd", "roll3", "roll12", "range"),
    "measure": ("volume", "value", "auv", "share"),
    "of": ("value", "volume"),
    "series": ("public", "license", "combined"),
    "by": ("none", "product", "country", "smelt", "cast"),
    "across": ("none", "product", "country", "smelt", "cast"),
    "basis": ("consumption", "general"),
    "show": ("level", "yoy", "index"),
    "chart": ("trend", "map"),
    "compare": ("product=foil", "country=ZAF&series=license", "compare=product%3Dfoil"),
    "format": ("json", "csv", "xlsx", "parquet"),
    "view": ("overview", "explore", "surges"),
    "card": ("trend", "map"),
    "width": ("330", "760", "99999"),
    "scale": ("1", "2", "9"),
}
NAMES = st.sampled_from([*PARAMETERS, *OWN]) | st.text(max_size=20)
TEXT = st.text(max_size=60) | st.sampled_from(STRINGS) | st.integers().map(str) | st.floats().map(str)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    if draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(GOOD)))
        return name, draw(st.sampled_from(GOOD[name]))
    return draw(NAMES), draw(TEXT)


def written(given: list[tuple[str, str]]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in given)


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


QUERIES = st.lists(pairs(), max_size=6).map(written) | st.sampled_from(RAW)
VISIBLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=80)
HEADER = st.sampled_from(HEADERS) | st.tuples(st.sampled_from([name for name, _ in HEADERS]), VISIBLE)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def reads(draw: st.DrawFn) -> Request:
    """A request to a page or to the API."""
    known = st.sampled_from([*PAGES, *OTHERS, *api_paths(), "/api/v1/tables/public.parquet"])
    path = draw(known) if draw(st.integers(0, 9)) else "/" + quote(draw(TEXT).encode("utf-8", "surrogatepass"))
    headers = tuple(draw(st.lists(HEADER, max_size=2))) if not draw(st.integers(0, 3)) else ()
    method = "GET" if draw(st.integers(0, 9)) else draw(st.sampled_from(METHODS))
    return Request(method=method, path=path, query=draw(QUERIES)[:8_000], headers=headers)


@st.composite
def updates(draw: st.DrawFn, known: list[Body]) -> Request:
    """A callback, as a page sends it or not quite."""
    body = draw(st.sampled_from(known))
    shape = draw(st.integers(0, 5))
    if shape < 3:
        return request_of(with_value(body, "?" + draw(QUERIES)))
    if shape == 3:
        return request_of(with_value(body, draw(JUNK), draw(st.integers(0, 3))))
    if shape == 4:
        return request_of(bent(body, draw(st.sampled_from(PLACES)), draw(JUNK)))
    return request_of(draw(st.binary(max_size=200) | JUNK))


def requests(app: Any) -> st.SearchStrategy[Request]:
    """Any request."""
    return reads() | updates(bodies(app))
