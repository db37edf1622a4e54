"""Publication: build, review, protect and check a release, then swap it in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.progress import Progress

from data_access.contracts import MONTH, PUBLIC_FILE, SCHEMA_VERSION, Manifest, PublicPart
from data_access.errors import UserError
from data_access.publishing.build import build_public
from data_access.publishing.files import expect_writable
from data_access.publishing.license_source import Source
from data_access.publishing.months import Step, Workers, month_range
from data_access.publishing.policy import read_policy
from data_access.publishing.reporting import write_report
from data_access.publishing.run import Before, Outcome, Run
from data_access.publishing.signed import expect_signing, expect_sound
from data_access.publishing.sources.vintages import is_demonstration, newest
from data_access.publishing.state import State, release_lines
from data_access.publishing.swap import discard, finish, locked, release_id, stage, swap_in
from data_access.reference import load
from data_access.signing import SignKey, read_sign_key

CONFIDENTIAL = 0o700
"""Mode of the state directory: for its owner alone."""
PUBLISHED = "%Y-%m-%dT%H:%M:%SZ"
SKEW = timedelta(minutes=1)
"""How far the clock may be behind the newest release without a word."""


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
    dask: str | None = None,
    last: int | None = None,
    sign_key: Path | None = None,
) -> str:
    """Publish a release into the directory `out` and make it the current one; gives what was done, in words.

    What was published before stands in `state` and is carried over; of each month a new layer is solved where one is
    due. `as_of` is the date of the release: of licenses that in the file's name if None, and public statistics pulled
    after it are not used. `last` leaves months before the newest ones, not yet published, to a later publication;
    `dask` is the address of a cluster; with `sign_key`, a file, the release is signed. Raises UserError where an input
    cannot be understood, where licenses wait for a decision, where the state does not belong to the releases, where a
    signed release would be followed by an unsigned one, or where another publication is running; the current release
    then stays.
    """
    if licenses is not None and state is None:
        raise UserError("--licenses: expected --state with it, the confidential state directory, found none; name one")
    if licenses is not None and policy is None:
        raise UserError("--licenses: expected --policy with it, the deployment's policy file, found none; name one")
    if state is not None:
        _keep_apart(state, out)
    rules = None if policy is None else read_policy(policy)
    signer = None if sign_key is None else read_sign_key(sign_key)
    reference = load()
    with ExitStack() as stack:
        stack.enter_context(locked(out))
        stack.callback(_tidy, out)
        kept = _open_state(stack, state)
        before = Before.of(out, kept)
        if before.directory is not None:
            expect_signing(before.directory, signer)
        steps = stack.enter_context(_progress(progress))
        table, part = build_public(public, reference, until=as_of, step=steps("Reading public statistics"))
        synthetic_public = any(is_demonstration(path) for path in newest(public, until=as_of).values())
        _expect_alike(out, before, synthetic_public, "public statistics")
        run = Run(reference=reference, public=table, before=before, workers=Workers(dask), steps=steps)
        if licenses is None or rules is None or kept is None:
            if before.directory is not None and before.license is not None:
                expect_sound(before.directory, signer)
            outcome = run.carry_over()
            demonstration = outcome.demonstration or synthetic_public
            manifest, release = _write(out, kept, table, part, outcome, signer=signer, demonstration=demonstration)
            return "\n".join([f"{release}: published, and current now", *_log(manifest, outcome)])
        frozen = [month.month for month in kept.months().values() if month.final]
        source = Source.read(
            licenses, decisions=decisions, as_of=as_of, policy=rules, frozen=frozen, reference=reference
        )
        _expect_alike(out, before, source.demonstration or (synthetic_public and not before.license), "licenses")
        outcome = run.publish(source, rules, kept, last=last)
        demonstration = outcome.demonstration or synthetic_public
        manifest, release = _write(out, kept, table, part, outcome, signer=signer, demonstration=demonstration)
        try:
            report, warnings = write_report(
                kept, manifest, outcome, source=source, policy=rules, public=table, reference=reference
            )
        except UserError as error:
            raise UserError(f"{release}: published, and current now, but without its report; {error}") from None
        return "\n".join(
            [
                f"{release}: published, and current now",
                *_log(manifest, outcome),
                *source.notes(rules),
                f"  report for the reviewer (confidential): {report}",
                *_warnings(outcome, measures=len(warnings)),
            ]
        )


def _expect_alike(out: Path, before: Before, synthetic: bool, what: str) -> None:
    """Synthetic and real figures follow each other in no directory."""
    if before.demonstration is None or before.demonstration == synthetic:
        return
    holds, found = ("a demonstration", "real") if before.demonstration else ("real figures", "synthetic")
    raise UserError(f"{out}: holds {holds}, found {found} {what}; publish them into another directory (--out)")


def _warnings(outcome: Outcome, *, measures: int) -> Iterator[str]:
    """What staff should look into, without a figure or parameter; the report tells more."""
    refused = [one.month for one in outcome.solved if one.refused]
    if refused:
        yield f"  warning: nothing new could be shown of {', '.join(refused)}; the report tells why"
    if outcome.stale:
        yield (
            f"  warning: left as published before: {', '.join(outcome.stale)}; earlier figures no longer pass with the "
            "firms known and the policy of today"
        )
    if outcome.held_back:
        yield f"  warning: records of {', '.join(outcome.held_back)} changed without a later date; they wait for one"
    if measures:
        yield f"  warning: public statistics are closer to license figures than the policy assumes, in {measures} ways"


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
    expect_writable(kept.directories())
    kept.clean()
    stack.callback(_tidy, kept)
    return kept


def _tidy(left: Path | State) -> None:
    """Remove what this publication left where it did not end; the next one does where this one cannot."""
    with suppress(OSError, UserError):
        if isinstance(left, State):
            left.clean()
        else:
            discard(left)


class Steps:
    """Progress bars on standard error, one a task."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def __call__(self, words: str) -> Step:
        """A new bar."""
        task = self._bars.add_task(words, total=None)
        return lambda done, of: self._bars.update(task, completed=done, total=of)


@contextmanager
def _progress(wanted: bool) -> Iterator[Steps]:
    """Progress bars, where standard error is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (wanted and console.is_terminal)) as bars:
        yield Steps(bars)


def _write(
    out: Path,
    state: State | None,
    public: pa.Table,
    part: PublicPart,
    outcome: Outcome,
    *,
    signer: SignKey | None,
    demonstration: bool,
) -> tuple[Manifest, Path]:
    """Write the release aside, check it, swap it in; gives its manifest and directory.

    The state has its layers already: what it alone holds is released by the next publication, while a release without
    its state could never be followed by another.
    """
    aside, files = stage(out, {PUBLIC_FILE: public, **outcome.tables})
    id_, published = release_id(out, files, datetime.now(UTC))
    manifest = Manifest(
        schema=SCHEMA_VERSION,
        id=id_,
        published=published.strftime(PUBLISHED),
        demonstration=demonstration,
        public=part,
        license=outcome.part,
        files=files,
    )
    finish(aside, manifest, signer)
    if state is not None and outcome.part is not None and outcome.is_new:
        state.keep_release(release_lines(outcome.months, outcome.periods))
    return manifest, swap_in(aside, out, id_)


def _log(manifest: Manifest, outcome: Outcome) -> Iterator[str]:
    """What the release holds and what changed, in words that tell no more than the release does."""
    behind = datetime.strptime(manifest.published, PUBLISHED).replace(tzinfo=UTC) - datetime.now(UTC)
    if behind > SKEW:
        yield (
            "  warning: the clock is behind the newest release there was; this one is dated a second after it, to "
            "follow it; set the clock right"
        )
    yield f"  public statistics up to {manifest.public.as_of}"
    if manifest.demonstration:
        yield "  a demonstration: it holds synthetic data"
    part = manifest.license
    if part is None:
        yield "  no license data"
        return
    yield f"  license data as of {part.as_of}, policy {part.policy}"
    told = {
        "closed now": outcome.closed_now,
        "final now": outcome.final_now,
        "weekly figures refreshed": outcome.refreshed,
        "carried over as published before": outcome.carried,
        "not yet closed": part.not_yet,
        "quarters published now": outcome.quarters_now,
    }
    for words, periods in told.items():
        if periods:
            yield f"  {words}: {in_runs(periods)}"


def in_runs(periods: list[str]) -> str:
    """Periods in words: each run of months by its first and last."""
    if any(not MONTH.fullmatch(period) for period in periods):
        return ", ".join(periods)
    runs: list[list[str]] = []
    for month in periods:
        if runs and month_range(runs[-1][-1], month)[1:] == [month]:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(one[0] if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in runs) + f" ({len(periods)})"
