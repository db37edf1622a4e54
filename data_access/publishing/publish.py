"""Publication: build, protect and check a release, then swap it in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.progress import Progress

from data_access.contracts import (
    LICENSE_DIMENSIONS,
    PUBLIC_FILE,
    SCHEMA_VERSION,
    LicensePart,
    Manifest,
    PublicPart,
    Status,
    license_file,
)
from data_access.errors import UserError
from data_access.publishing.build import build_public
from data_access.publishing.carry import Before, Plan, license_table
from data_access.publishing.decisions import left_out
from data_access.publishing.disclosure.holdings import firm_numbers
from data_access.publishing.months import months_not_yet, months_to_publish, solve_months
from data_access.publishing.policy import Policy, read_policy
from data_access.publishing.sources.licenses import counted, read_licenses
from data_access.publishing.sources.vintages import is_demonstration, newest
from data_access.publishing.state import State, release_certificate
from data_access.publishing.swap import finish, locked, release_id, stage, swap_in
from data_access.reference import Reference, load

CONFIDENTIAL = 0o700
"""Mode of the state directory: for its owner alone."""

Steps = Callable[[str], Callable[[int, int], None]]


def publish(
    *,
    public: Path,
    licenses: Path | None,
    policy: Path | None,
    out: Path,
    state: Path | None,
    decisions: Path | None,
    as_of: date | None,
    progress: bool,
) -> str:
    """Publish a release into the directory `out` and make it the current one; gives what was done, in words.

    License months that were published before are carried over unchanged, as they stand in `state`. Raises UserError
    where an input cannot be understood, where the state does not belong to the current release, or where another
    publication is running; the current release then stays as it is.
    """
    if licenses is not None and state is None:
        raise UserError("--licenses: expected --state with it, the confidential state directory, found none; name one")
    if licenses is not None and policy is None:
        raise UserError("--licenses: expected --policy with it, the deployment's policy file, found none; name one")
    if state is not None:
        _keep_apart(state, out)
    rules = None if policy is None else read_policy(policy)
    reference = load()
    with ExitStack() as stack:
        stack.enter_context(locked(out))
        kept = _open_state(stack, state)
        steps = stack.enter_context(_progress(progress))
        before = Before.of(out, kept)
        table, part = build_public(public, reference, step=steps("Reading public statistics"))
        plan = before.carried_over()
        notes: list[str] = []
        if licenses is not None and rules is not None:
            source = _Source.read(licenses, decisions=decisions, as_of=as_of, reference=reference)
            plan = _plan(
                source,
                before,
                public=table,
                reference=reference,
                policy=rules,
                step=steps("Protecting license months"),
            )
            notes = list(source.notes(rules))
        synthetic_public = any(is_demonstration(path) for path in newest(public).values())
        if before.demonstration and not synthetic_public:
            raise UserError(f"{out}: holds a demonstration; publish real figures into another directory (--out)")
        demonstration = plan.demonstration or synthetic_public
        written = _write(out, kept, table, part, plan, demonstration=demonstration)
        return "\n".join([written, *notes])


def _keep_apart(state: Path, out: Path) -> None:
    """Releases are copied and served; the confidential state is neither among them nor around them."""
    confidential, public = state.resolve(), out.resolve()
    if confidential == public or confidential in public.parents or public in confidential.parents:
        raise UserError(
            f"--state: expected a directory apart from that of releases ({out}), found {state}; name another"
        )


def _open_state(stack: ExitStack, state: Path | None) -> State | None:
    if state is None:
        return None
    stack.enter_context(locked(state, mode=CONFIDENTIAL))
    try:
        state.chmod(CONFIDENTIAL)
    except OSError:
        raise UserError(
            f"{state}: expected a directory of the user who publishes; give it to that user alone"
        ) from None
    kept = State(state)
    kept.clean()
    return kept


@contextmanager
def _progress(wanted: bool) -> Iterator[Steps]:
    """Progress bars on standard error, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (wanted and console.is_terminal)) as bars:

        def steps(words: str) -> Callable[[int, int], None]:
            task = bars.add_task(words, total=None)
            return lambda done, of: bars.update(task, completed=done, total=of)

        yield steps


@dataclass(frozen=True, slots=True)
class _Source:
    """License records that count, the number of each firm, the date they are of, and whether some were left out.

    Firms are told from all records of the file: a group named on a cancelled one still makes its ids one firm.
    """

    records: pd.DataFrame
    firms: pd.Series
    as_of: date
    demonstration: bool
    under_review: bool

    @classmethod
    def read(cls, path: Path, *, decisions: Path | None, as_of: date | None, reference: Reference) -> _Source:
        """Raises UserError where the records or the decisions cannot be understood."""
        read = read_licenses(path, reference=reference)
        records = counted(read.frame)
        out = frozenset() if decisions is None else left_out(decisions)
        kept = records[~records["license_id"].isin(out)]
        # Records are whole up to the file's date only: a later date of release closes no month that they half hold.
        day = min([day for day in (as_of, read.as_of) if day is not None], default=datetime.now(UTC).date())
        firms = firm_numbers(read.frame)
        return cls(kept.reset_index(drop=True), firms, day, read.demonstration, len(kept) < len(records))

    def notes(self, policy: Policy) -> Iterator[str]:
        """What the log adds on these records."""
        if self.under_review:
            yield "  licenses under review are not included"
        if policy.demonstration and not self.demonstration:
            yield "  warning: this policy is the demonstration's, its secret is public; write one for real license data"


def _plan(
    source: _Source,
    before: Before,
    *,
    public: pa.Table,
    reference: Reference,
    policy: Policy,
    step: Callable[[int, int], None],
) -> Plan:
    """Months published before stay as they are; the others that are closed are protected now."""
    closed = months_to_publish(source.records["month"], source.as_of, policy)
    new = solve_months(
        [month for month in closed if month not in before.months],
        source.records,
        firms=source.firms,
        as_of=source.as_of,
        public=public,
        reference=reference,
        policy=policy,
        demonstration=source.demonstration,
        step=step,
    )
    months = sorted([*before.months.values(), *new], key=lambda one: one.month)
    # Records older than those of the last release take nothing back of what it said.
    newest_day = max(source.as_of, date.fromisoformat(before.license.as_of) if before.license else date.min)
    part = LicensePart(
        as_of=newest_day.isoformat(),
        policy=policy.name,
        certificate=release_certificate(months),
        months=[one.month for one in months],
        not_yet=months_not_yet([one.month for one in months], newest_day),
        withheld={name: _withheld(license_table(months, name)) for name in LICENSE_DIMENSIONS},
    )
    demonstration = source.demonstration or before.demonstration or any(one.demonstration for one in months)
    return Plan(part, months, new, demonstration)


def _withheld(table: pa.Table) -> int:
    return table.filter(pc.equal(table["status"], pa.scalar(str(Status.WITHHELD)))).num_rows


def _write(
    out: Path, state: State | None, public: pa.Table, part: PublicPart, plan: Plan, *, demonstration: bool
) -> str:
    """Write the release aside, check it, keep the state of its new months, swap it in.

    The state goes first: months that it alone holds are carried over by the next publication, while a release without
    its state could never be followed by another.
    """
    tables = {PUBLIC_FILE: public}
    if plan.part is not None:
        tables |= {license_file(name): license_table(plan.months, name) for name in LICENSE_DIMENSIONS}
    aside, files = stage(out, tables)
    id_, published = release_id(out, files, datetime.now(UTC))
    manifest = Manifest(
        schema=SCHEMA_VERSION,
        id=id_,
        published=f"{published:%Y-%m-%dT%H:%M:%SZ}",
        demonstration=demonstration,
        public=part,
        license=plan.part,
        files=files,
    )
    finish(aside, manifest)
    if state is not None and plan.new:
        state.keep(plan.new)
    release = swap_in(aside, out, id_)
    return "\n".join([f"{release}: published, and current now", *_log(manifest, plan)])


def _log(manifest: Manifest, plan: Plan) -> Iterator[str]:
    """What the release holds and what changed, in words that tell no more than the release does."""
    yield f"  public statistics up to {manifest.public.as_of}"
    if manifest.demonstration:
        yield "  a demonstration: it holds synthetic data"
    if manifest.license is None:
        yield "  no license data"
        return
    new = [one.month for one in plan.new]
    carried = [one.month for one in plan.months if one.month not in new]
    yield f"  license data as of {manifest.license.as_of}, policy {manifest.license.policy}"
    if new:
        yield f"  license months published now: {_span(new)}"
    if carried:
        yield f"  license months carried over unchanged, as published before: {_span(carried)}"
    if manifest.license.not_yet:
        yield f"  not yet: {_span(manifest.license.not_yet)}"


def _span(months: list[str]) -> str:
    """Months in words: first and last, and how many."""
    return months[0] if len(months) == 1 else f"{months[0]} to {months[-1]} ({len(months)})"
