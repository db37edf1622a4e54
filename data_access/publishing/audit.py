"""What staff can check of a release with the confidential inputs: its certificate by arithmetic, and the judge's word.

Findings name cells and firms: they are for the staff side only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import joblib
import pandas as pd
import pyarrow.parquet as pq

from data_access.contracts import (
    LAYERS_FILE,
    LICENSE_DIMENSIONS,
    MANIFEST,
    Absent,
    Manifest,
    check_release,
    license_file,
)
from data_access.errors import UserError, all_at_once
from data_access.publishing.assemble import Scope, license_tables, month_rows
from data_access.publishing.disclosure.judge import Breach
from data_access.publishing.disclosure.layers import Layer, judge_layers, verify_layers
from data_access.publishing.disclosure.ranges import month_levels
from data_access.publishing.disclosure.ranges import ranges as ranges_of
from data_access.publishing.license_source import with_one_spelling
from data_access.publishing.longer_periods import checked, final_month, months_of, solved_before
from data_access.publishing.markdown import number_of
from data_access.publishing.months import Step, Workers, numbers_of
from data_access.publishing.policy import Policy, read_policy
from data_access.publishing.public_figures import licensed_groups, product_tree
from data_access.publishing.run import license_part
from data_access.publishing.sources.licenses import read_licenses
from data_access.publishing.state import KeptMonth, KeptPeriod, State, release_certificate
from data_access.reference import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release with all that its license data can be checked against."""

    manifest: Manifest
    state: State
    policy: Policy
    months: Sequence[KeptMonth]
    periods: Sequence[KeptPeriod]
    tree: pd.DataFrame
    numbers: pd.Series

    @classmethod
    def open(cls, release: Path, *, licenses: Path, policy: Path, state: Path) -> Case:
        """Raises UserError where the release has no license data or is not of this state."""
        manifest = check_release(release)
        if manifest.license is None:
            raise UserError(f"{release}: expected a release with license data, found none in it; name another")
        kept = State(state)
        parts = kept.parts_of(manifest.license.certificate)
        if parts is None:
            raise UserError(
                f"{state}: expected the state of {release}, found another or an incomplete one; name it with --state"
            )
        reference = load()
        firms = with_one_spelling(read_licenses(licenses, reference=reference).frame)
        layers = [layer.load() for month in parts[0] for layer in month.layers]
        codes = pd.concat([layer.licenses["hts10"] for layer in layers]).unique() if layers else []
        return cls(
            manifest=manifest,
            state=kept,
            policy=read_policy(policy),
            months=parts[0],
            periods=parts[1],
            tree=product_tree(reference, codes),
            numbers=numbers_of(firms, kept.links(), layers),
        )

    def layers(self, month: KeptMonth) -> list[Layer]:
        """The layers of a month, loaded."""
        return [layer.load() for layer in month.layers]

    def listed(self, month: KeptMonth) -> frozenset[str]:
        """The countries published weekly in a month's year."""
        return frozenset(self.state.fixed()["listed"][month.month[:4]])


def verify_release(
    release: Path, *, certificate: Path | None, licenses: Path, policy: Path, state: Path, step: Step
) -> str:
    """Check a release's certificate: tables, hashes and every alternative table, by arithmetic; gives a summary.

    Raises UserError that lists what is wrong.
    """
    case = Case.open(release, licenses=licenses, policy=policy, state=state)
    assert case.manifest.license is not None  # noqa: S101 - `open` looked
    problems = []
    if certificate is not None and not _is_certificate(certificate, case.manifest.license.certificate):
        found = "another" if certificate.is_file() else "no such file"
        problems.append(f"{certificate}: expected the certificate whose hash the release carries, found {found}")
    problems += _table_problems(release, case)
    tasks = [joblib.delayed(verified)(case, month) for month in case.months]
    tasks += [joblib.delayed(_verified_period)(case, period) for period in case.periods]
    for done, found in enumerate(Workers().run(iter(tasks), len(tasks)), start=1):
        problems += found
        step(done, len(tasks))
    if problems:
        raise all_at_once(f"{release}: its license data is not proven safe", problems)
    proofs = f"{number_of(len(case.months), 'month')} and {number_of(len(case.periods), 'longer period')}"
    return f"{release}: the certificate holds; {proofs} proven safe by arithmetic"


def _is_certificate(path: Path, expected: str) -> bool:
    try:
        return release_certificate(path.read_text(encoding="utf-8")) == expected
    except (OSError, UnicodeDecodeError):
        return False


def _table_problems(release: Path, case: Case) -> list[str]:
    """Where the release's tables are not what the state makes of its layers."""
    part = case.manifest.license
    assert part is not None  # noqa: S101 - `open` looked
    absent = {name: Absent(word) for name, word in case.state.fixed()["levels"].items()}
    scope = Scope(groups=licensed_groups(load()), absent=absent)
    fixed = case.state.fixed()
    rows = {one.month: month_rows(one, scope=scope, listed=fixed["listed"][one.month[:4]]) for one in case.months}
    ranges = {one.month: _ranges(case, one, rows[one.month]) for one in case.months} if part.ranges else None
    made = license_tables(rows, case.months, case.periods, ranges=ranges)
    names = [*(license_file(table) for table in LICENSE_DIMENSIONS), LAYERS_FILE]
    found = {name: pq.read_table(release / name) for name in names}
    problems = [
        f"{name}: expected the rows of the state's layers, found others"
        for name in names
        if not found[name].equals(made[name])
    ]
    told = license_part(
        case.months,
        case.periods,
        fixed,
        made,
        as_of=date.fromisoformat(part.as_of),
        policy=part.policy,
        ranges=part.ranges,
        under_review=part.under_review,
    )
    if told != part:
        problems.append(f"{MANIFEST}: expected of license data what the state's layers are, found something else")
    return problems


def _ranges(case: Case, month: KeptMonth, rows: pd.DataFrame) -> pd.DataFrame:
    """The ranges of a month, worked out anew from its rows."""
    levels = {name: Absent(word) for name, word in case.state.fixed()["levels"].items()}
    return ranges_of(
        rows,
        tree=product_tree(load(), []),
        levels=month_levels(levels, running=not month.closed),
        as_of=month.last.as_of,
    )


def verified(case: Case, month: KeptMonth) -> list[str]:
    """What is wrong with a month's certificate, by arithmetic; an empty list if nothing is."""
    layers = case.layers(month)
    if not month.last.certificate():
        return [] if all(layer.rows.empty for layer in layers) else [f"{month.month}: no certificate"]
    problems = verify_layers(
        layers,
        month.last.certificate(),
        tree=case.tree,
        numbers=case.numbers,
        listed=case.listed(month),
        regime=case.policy.regime,
    )
    return [f"{month.month}: {problem}" for problem in problems]


def _verified_period(case: Case, period: KeptPeriod) -> list[str]:
    months = {month.month: month for month in case.months}
    before = [one for one in case.periods if one.period[:4] == period.period[:4] and "/" in one.period]
    problems = checked(
        solved_before(period),
        [final_month(months[month]) for month in months_of(period.period)],
        [solved_before(one) for one in before],
        tree=case.tree,
        numbers=case.numbers,
        policy=case.policy,
        listed=frozenset(case.state.fixed()["listed"][period.period[:4]]),
    )
    return [f"{period.period}: {problem}" for problem in problems]


def audit_release(
    release: Path,
    *,
    licenses: Path,
    policy: Path,
    state: Path,
    only: str | None,
    sample: int | None,
    step: Step,
) -> str:
    """The independent judge's word on the months of a release: own matrices, another solver; gives a summary.

    Longer periods it does not look at: `verify_release` proves them.

    `only` is one month to look at. Of large months it looks at a `sample` of cells, drawn by chance, each for the
    outsider and as many firms; None looks at all. Raises UserError that tells each cell that some attacker bounds too
    well, with attacker and bound.
    """
    case = Case.open(release, licenses=licenses, policy=policy, state=state)
    months = [month for month in case.months if only in (None, month.month)]
    if not months:
        there = f"{case.months[0].month} to {case.months[-1].month}" if case.months else "no month"
        raise UserError(f"{release}: expected license data of {only}, found none; it holds {there}")
    tasks = [joblib.delayed(_judged)(case, month, sample) for month in months]
    problems = _table_problems(release, case)
    for done, found in enumerate(Workers().run(iter(tasks), len(tasks)), start=1):
        problems += found
        step(done, len(tasks))
    if problems:
        raise all_at_once(f"{release}: {len(problems):,} cells or files are not as they must be", problems)
    looked = (
        "every unsafe cell and attacker" if sample is None else f"{sample} unsafe cells a month, {sample} firms each"
    )
    looked += "; longer periods are for verify"
    return f"{release}: the judge found nothing in {number_of(len(months), 'month')} ({looked})"


def _judged(case: Case, month: KeptMonth, sample: int | None) -> list[str]:
    found = judge_layers(
        case.layers(month),
        tree=case.tree,
        listed=case.listed(month),
        regime=case.policy.regime,
        links=case.state.links(),
        targets=sample,
        attackers=sample,
    )
    return [f"{month.month}: {_in_words(breach)}" for breach in found]


def _in_words(breach: Breach) -> str:
    who = f"firm {breach.attacker}" if breach.attacker else "anyone"
    if breach.why == "shown":
        return f"{breach.cell}: unsafe, yet shown"
    if breach.why == "union":
        return f"{breach.cell}: an unsafe sum of withheld cells that published ones give away"
    measure, unit = (("value", "US$"), ("weight", "kg"))[breach.measure]
    side, than = (("at most", "must not be under"), ("at least", "must not be over"))[breach.direction]
    return (
        f"{breach.cell}: {who} works out a {measure} of {side} {breach.bound:,.0f} {unit}, "
        f"which {than} {breach.needed:,.0f}"
    )
