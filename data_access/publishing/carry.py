"""What was published before: license months are carried over unchanged, and only with the state that proves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.contracts import LICENSE_DIMENSIONS, LicensePart, Manifest, license_file, license_schema
from data_access.errors import UserError
from data_access.publishing.state import SolvedMonth, State, release_certificate
from data_access.publishing.swap import all_releases, current_release


@dataclass(frozen=True, slots=True)
class Plan:
    """The license part of the release to be: all its `months`, and those of them that are `new` to the state."""

    part: LicensePart | None
    months: list[SolvedMonth]
    new: list[SolvedMonth]
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Before:
    """What was published before: all months of the state, and the license part of the current release."""

    months: Mapping[str, SolvedMonth]
    license: LicensePart | None
    demonstration: bool

    @classmethod
    def of(cls, releases: Path, state: State | None) -> Before:
        """Raises UserError where any release there has license data that the state does not hold.

        That is so of releases no longer current too: none of their months may be published anew.
        """
        months = {} if state is None else state.months()
        current = current_release(releases)
        for directory, manifest in all_releases(releases):
            if manifest.license is not None:
                _check_state(directory, manifest, state, months)
        if current is None or current[1].license is None:
            return cls(months, None, False)
        return cls(months, current[1].license, current[1].demonstration)

    def carried_over(self) -> Plan:
        """The license part as it stands."""
        months = [] if self.license is None else [self.months[month] for month in self.license.months]
        return Plan(self.license, months, [], self.demonstration)


def _check_state(release: Path, manifest: Manifest, state: State | None, months: Mapping[str, SolvedMonth]) -> None:
    assert manifest.license is not None  # noqa: S101 - the caller looked
    if state is None:
        raise UserError(
            f"{release}: this release has license data, so the next one needs its state; name it with --state "
            "(published months are carried over unchanged)"
        )
    held = [months[month] for month in manifest.license.months if month in months]
    whole = len(held) == len(manifest.license.months)
    if whole and release_certificate(held) == manifest.license.certificate and _stand_in(release, held):
        return
    raise UserError(
        f"{state.directory}: expected the state of all releases in {release.parent}, {release.name} among them, found "
        "another or an incomplete one; name their state with --state or restore its newest backup (a month published "
        "once is never published anew)"
    )


def _stand_in(release: Path, months: list[SolvedMonth]) -> bool:
    """Whether the license tables of a release are those of the months."""
    return all(
        pq.read_table(release / license_file(name)).equals(license_table(months, name)) for name in LICENSE_DIMENSIONS
    )


def license_table(months: Sequence[SolvedMonth], name: str) -> pa.Table:
    """The license table of these months, sorted."""
    keys = ("period", "product", *LICENSE_DIMENSIONS[name])
    rows = pa.concat_tables([license_schema(name).empty_table(), *(month.cells[name] for month in months)])
    return rows.sort_by([(key, "ascending") for key in keys]).combine_chunks()
