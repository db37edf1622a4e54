"""One small demonstration for all tests of it: three license months."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from data_access.publishing.demo import write_demo
from data_access.publishing.sources.licenses import Licenses, read_licenses
from data_access.publishing.sources.vintages import newest, read_month
from data_access.reference import Reference, load

AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a demonstration with months 2026-07 to 2026-11."""
    out = tmp_path_factory.mktemp("demo")
    write_demo(out=out, seed=7, as_of=AS_OF, months=5, licenses=3000, progress=False)
    return out


@pytest.fixture(scope="session")
def public(demo: Path, reference: Reference) -> pd.DataFrame:
    """All rows of its public statistics, countries by ISO code ('-' for the total)."""
    tables = [read_month(path) for path in newest(demo / "public").values()]
    frame = pd.DataFrame(pa.concat_tables(tables).to_pandas())
    ids = {code: reference.countries.by_census(code) or code for code in frame["cty_code"].unique()}
    return frame.assign(country=frame["cty_code"].map(ids), year=frame["month"].str[:4])


@pytest.fixture(scope="session")
def snapshots(demo: Path, reference: Reference) -> dict[str, Licenses]:
    """Its two license files by date, as the reader gives them."""
    return {
        day: read_licenses(demo / f"licenses-{day}.parquet", reference=reference)
        for day in ("2026-11-13", "2026-11-20")
    }
