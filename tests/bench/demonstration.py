"""A demonstration release for the bench: all public months, a few license months."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from data_access.publishing.demo import write_demo
from data_access.publishing.publish import publish

AS_OF = date(2026, 11, 13)
MONTHS = 4


def write_demonstration(base: Path, *, months: int = MONTHS) -> Path:
    """The directory of releases, made under `base`."""
    inputs, releases = base / "demo", base / "releases"
    write_demo(out=inputs, seed=1, as_of=AS_OF, months=months, weeks=1, progress=False)
    licenses = sorted(inputs.glob("licenses-*.parquet"))[-1]
    publish(
        public=inputs / "public",
        licenses=licenses,
        policy=inputs / "policy.toml",
        out=releases,
        state=base / "state",
        decisions=inputs / "decisions.csv",
        as_of=None,
        progress=False,
    )
    return releases
