"""The data dictionary: every column of answers and of the tables of a release, what it is, and its unit or values."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.api.schemas import CELL_FIELDS
from data_access.contracts import Status


@dataclass(frozen=True, slots=True)
class Entry:
    """One column."""

    column: str
    meaning: str
    values: str


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one kind of file."""

    id: str
    heading: str
    text: str
    entries: tuple[Entry, ...]


VALUES = {
    "period": "YYYY-MM, YYYY-Qn, YYYY, or first/last month",
    "product": "id of /api/v1/products",
    "country": "ISO alpha-3, group, all",
    "smelt": "ISO alpha-3, not_applicable, unknown, all",
    "smelt2": "as smelt",
    "cast": "as smelt",
    "unit": "t, US$, US$/t, %",
    "value": "in unit",
    "status": ", ".join(Status),
    "partial": "true, false",
    "as_of": "YYYY-MM of public statistics, YYYY-MM-DD of license data",
    "source": "public, license, public+license",
    "low": "in unit",
    "high": "in unit",
    "series": "public, license, combined",
    "basis": "consumption, general; empty for license data",
    "measure": "volume, value, auv, share",
}
"""Units and values of the columns of answers."""
ANSWERS = tuple(Entry(name, str(schema["description"]), VALUES[name]) for name, schema in CELL_FIELDS.items())
PUBLIC = (
    Entry("month", "month of import", "YYYY-MM"),
    Entry("product", "HTS code of the finest level pulled of that month", "2, 4, 6 or 10 digits"),
    Entry("level", "that level", "HS2, HS4, HS6, HS10"),
    Entry("country", "country of origin; all: the total row of the code", "ISO alpha-3, XKX, all"),
    Entry("general_value", "customs value of general imports", "US$"),
    Entry("general_kg", "their weight", "kg; empty where there is none"),
    Entry("consumption_value", "customs value of imports for consumption", "US$"),
    Entry("consumption_kg", "their weight", "kg; empty where there is none"),
    Entry(
        "weight", "whether the row has a weight, counts pieces only, or reports no quantity", "kg, none, not_reported"
    ),
)
LICENSE = (
    Entry("period", "license month, quarter, or year to date", "YYYY-MM, YYYY-Qn, first/last month"),
    Entry("product", "all licensed products, group, or HTS 6-digit code", "aim, foil, 760711, …"),
    Entry("origin", "country of origin (in tables of origin)", "ISO alpha-3, other, all"),
    Entry("smelt", "country of largest smelt (in tables of smelt)", "ISO alpha-3, not_applicable, unknown, other, all"),
    Entry("smelt2", "country of second largest smelt (in its table)", "as smelt"),
    Entry("cast", "country of most recent cast (in tables of cast)", "as smelt"),
    Entry("value", "customs value on licenses", "US$; empty unless published"),
    Entry("kg", "weight on licenses", "kg; empty unless published"),
    Entry("status", "whether there is a figure, and if not, why", "published, withheld, not_yet"),
    Entry("as_of", "date of the license records that the figure is of", "YYYY-MM-DD"),
    Entry("value_low", "where the release tells ranges: the least a withheld value can be", "US$"),
    Entry("value_high", "the most it can be", "US$"),
    Entry("kg_low", "the least a withheld weight can be", "kg"),
    Entry("kg_high", "the most it can be", "kg"),
)
LAYERS = (
    Entry("table", "the license table that held the figure", "origin, smelt, smelt2, cast, …"),
    Entry("period", "license month, quarter, or year to date", "as in license tables"),
    Entry("product", "all licensed products, group, or HTS 6-digit code", "as in license tables"),
    *(Entry(name, f"{words}; all where the table does not tell it", "as in license tables") for name, words in (
        ("origin", "country of origin"), ("smelt", "largest smelt"), ("smelt2", "second smelt"),
        ("cast", "most recent cast"),
    )),
    Entry("value", "customs value as it was published", "US$"),
    Entry("kg", "weight as it was published", "kg"),
    Entry("as_of", "date of the license records that it was of", "YYYY-MM-DD"),
)  # fmt: skip
DICTIONARY = (
    Part("answers", "Files and answers of a selection", "CSV, XLSX, JSON and Parquet have the same columns.", ANSWERS),
    Part("public", "public.parquet", "Public statistics; a basis that was not pulled is empty.", PUBLIC),
    Part("license", "license_*.parquet", "License data, a row for each cell; a table has places of its own.", LICENSE),
    Part("layers", "layers.parquet", "License figures that later releases replaced.", LAYERS),
)  # fmt: skip
