"""Small inputs of a publication: public statistics, license records, a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import DEMONSTRATION_MARK, LICENSES, RAW_PUBLIC
from data_access.publishing.publish import publish
from data_access.publishing.sources.vintages import write_month

POLICY = """\
name = "example"
secret = "00112233445566778899aabbccddeeff"

[rules]
p = 10
n_min = 3
"""

CANADA, MEXICO, CHINA, TOTAL = "1220", "2010", "5700", "-"


def raw_row(hts: str, country: str, value: int | None, kg: int | None = None, **other: object) -> dict[str, object]:
    """A raw row with the same figures on both bases; `other` overrides columns."""
    row: dict[str, object] = dict.fromkeys(RAW_PUBLIC.names)
    row |= {"hts": hts, "cty_code": country, "cty_name": f"COUNTRY {country}"}
    row |= {"general_value": value, "consumption_value": value, "general_qty1": kg, "consumption_qty1": kg}
    return row | {"unit1": "KG" if kg is not None else "-", "unit2": "-"} | other


def write_raw(
    directory: Path,
    month: str,
    rows: Sequence[Mapping[str, object]],
    *,
    level: str = "HS10",
    pulled: datetime = datetime(2026, 11, 8, tzinfo=UTC),
    demonstration: bool = False,
) -> None:
    """One pull of one month."""
    filled = [{**row, "month": month, "level": level} for row in rows]
    table = pa.Table.from_pylist(filled, schema=RAW_PUBLIC)
    write_month(directory, level=level, month=month, rows=table, pulled_at=pulled, demonstration=demonstration)


def license_rows(month: str, cell: tuple[str, str], values: Sequence[float], *, firm: str = "") -> pd.DataFrame:
    """Records of one HTS code and country in a month, each of a firm of its own (or all of `firm`)."""
    hts10, origin = cell
    firms = [firm or f"{hts10} {origin} firm {i}" for i in range(len(values))]
    return pd.DataFrame(
        {
            "license_id": [f"{month} {hts10} {origin} {name} {i}" for i, name in enumerate(firms)],
            "status": "used",
            "applied_on": date.fromisoformat(f"{month}-02"),
            "expected_import_on": date.fromisoformat(f"{month}-12"),
            "entry_type": "consumption",
            "low_value": False,
            "filer_id": firms,
            "importer_id": firms,
            "enterprise_group": None,
            "exporter_id": None,
            "manufacturer_id": "unknown",
            "hts10": hts10,
            "origin": origin,
            "exportation": None,
            "port": None,
            "smelt1": "CAN",
            "smelt2": "not_applicable",
            "cast": "CAN",
            "quantity_kg": [value / 4 for value in values],
            "value_usd": list(values),
        }
    )


UNWROUGHT, SHEET, FOIL = "7601103000", "7606116000", "7607116010"


def usual_month(month: str, *, scale: float = 1.0) -> pd.DataFrame:
    """A month with safe cells, and one country that a single firm alone supplies."""
    base = [20_000.25 * scale + 400 * i for i in range(8)]
    return pd.concat(
        [
            license_rows(month, (UNWROUGHT, "CAN"), base),
            license_rows(month, (UNWROUGHT, "MEX"), [value / 2 for value in base]),
            license_rows(month, (SHEET, "CAN"), [value / 3 for value in base]),
            license_rows(month, (SHEET, "FRA"), [value / 5 for value in base]),
            license_rows(month, (SHEET, "CHN"), [7_654.0 * scale], firm="the only firm"),
        ],
        ignore_index=True,
    )


@dataclass
class Inputs:
    """A folder of inputs and the publication from it; every argument can be overridden."""

    base: Path
    licenses: Path | None = None
    arguments: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.base.mkdir(exist_ok=True)
        (self.base / "policy.toml").write_text(POLICY)
        old = [(UNWROUGHT, CANADA, 900), (UNWROUGHT, MEXICO, 300), (UNWROUGHT, TOTAL, 1200)]
        write_raw(self.base / "public", "2023-01", [raw_row(*row) for row in old])
        for month in ("2025-01", "2025-02"):
            rows = [raw_row(UNWROUGHT, CANADA, 900, 300), raw_row(UNWROUGHT, TOTAL, 900, 300)]
            write_raw(self.base / "public", month, rows)

    @property
    def releases(self) -> Path:
        return self.base / "releases"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def current(self) -> Path:
        return (self.releases / "current").resolve()

    def write_licenses(self, *months: pd.DataFrame, day: str = "2025-04-10", demonstration: bool = False) -> Path:
        """A license file of these records, dated `day`."""
        schema = LICENSES.with_metadata({DEMONSTRATION_MARK: b"true"}) if demonstration else LICENSES
        self.licenses = self.base / f"licenses-{day}.parquet"
        table = pa.Table.from_pandas(pd.concat(months, ignore_index=True), schema=LICENSES, preserve_index=False)
        pq.write_table(table.replace_schema_metadata(schema.metadata), self.licenses)
        return self.licenses

    def publish(self, **overridden: object) -> str:
        """Publish, by default with the licenses written last and the state directory where there are any."""
        arguments: dict[str, object] = {
            "public": self.base / "public",
            "licenses": self.licenses,
            "policy": self.base / "policy.toml",
            "out": self.releases,
            "state": self.state if self.licenses else None,
            "decisions": None,
            "as_of": None,
            "progress": False,
        }
        return publish(**(arguments | overridden))  # type: ignore[arg-type]

    def cells(self, table: str = "origin") -> pd.DataFrame:
        """License cells of a table of the current release."""
        return pd.read_parquet(self.current / f"license_{table}.parquet").set_index(["period", "product", table])
