"""The console command `aim-monitor`; each half of the project is imported only when a command asks for it."""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from data_access.errors import FULL, UserError, cannot_write

if TYPE_CHECKING:
    from data_access.serving.statistics import Statistics

RELEASES = Path("releases")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Public monitor of U.S. aluminum imports: pull figures, publish releases, check them, ask and serve them.",
)
reference_app = typer.Typer(no_args_is_help=True, help="The reference tables: products, countries, groups, events.")
app.add_typer(reference_app, name="reference")

ReleasesOption = Annotated[
    str,
    typer.Option(
        "--releases",
        envvar="AIM_RELEASES",
        help="Directory of releases, with its link 'current', or s3://bucket/prefix.",
    ),
]
SignKeyOption = typer.Option(
    "--sign-key", envvar="AIM_SIGN_KEY", help="File of the Ed25519 private key (PEM) to sign with."
)
VerifyKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--verify-key",
        envvar="AIM_VERIFY_KEY",
        help="File of the Ed25519 public key (PEM) that releases must be signed for.",
    ),
]
ProgressOption = Annotated[bool, typer.Option(help="Show a progress bar on a terminal.")]


def _month(text: str) -> str:
    if MONTH.fullmatch(text):
        return text
    raise typer.BadParameter(f"expected a month as YYYY-MM, found {text!r}")


def _month_or_latest(text: str) -> str:
    return text if text == "latest" else _month(text)


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a date as YYYY-MM-DD, found {text!r}") from None


@contextmanager
def _bar(words: str, wanted: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (wanted and console.is_terminal)) as bars:
        task = bars.add_task(words, total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)


@app.command()
def census(
    start: Annotated[str, typer.Option("--from", callback=_month, help="First month, YYYY-MM.")],
    out: Annotated[Path, typer.Option("--out", help="Directory of pulls; each month keeps its vintages there.")],
    end: Annotated[
        str, typer.Option("--to", callback=_month_or_latest, help="Last month, YYYY-MM or 'latest'.")
    ] = "latest",
    key: Annotated[
        str | None, typer.Option(envvar="CENSUS_API_KEY", help="Key of the Census API.", show_envvar=True)
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Scheme and host of another server that answers like the API.")
    ] = None,
    level: Annotated[str, typer.Option(help="HS2, HS4, HS6 or HS10.")] = "HS10",
    progress: ProgressOption = True,
) -> None:
    """Pull chapter 76 by country from the Census API: both bases, value and quantities.

    Exit code 3: some months had no data (they are named); 1: nothing was pulled.
    """
    from data_access.publishing.sources.census import pull_imports

    typer.echo(pull_imports(out=out, start=start, end=end, key=key, base_url=base_url, level=level, progress=progress))


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Directory to write the synthetic inputs to.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed; the same arguments give the same files.")] = 6,
    as_of: Annotated[
        str, typer.Option(callback=lambda text: text, help="Date of the newer license snapshot.")
    ] = "2026-11-20",
    months: Annotated[
        int, typer.Option(min=2, max=66, help="Months of license records, the running one included.")
    ] = 30,
    licenses: Annotated[int, typer.Option(min=100, help="Licenses a month.")] = 6000,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="Weekly license snapshots up to that date.")] = 2,
    progress: ProgressOption = True,
) -> None:
    """Write synthetic inputs: public statistics, weekly license snapshots, a policy, decisions."""
    from data_access.publishing.demo import write_demo

    day = _day(as_of)
    assert day is not None  # noqa: S101 - the option has a default
    typer.echo(
        write_demo(out=out, seed=seed, as_of=day, months=months, licenses=licenses, weeks=weeks, progress=progress)
    )


@app.command()
def publish(
    public: Annotated[Path, typer.Option(help="Directory of pulls of public statistics.")],
    out: Annotated[Path, typer.Option("--out", help="Directory of releases.")] = RELEASES,
    licenses: Annotated[Path | None, typer.Option(help="License records (Parquet or CSV).")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy file (TOML) of the deployment; required with --licenses.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Confidential state directory; required with --licenses.")] = None,
    decisions: Annotated[Path | None, typer.Option(help="Reviewer's decisions (CSV).")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Date of the release, YYYY-MM-DD (pulls made after it are not used); else that in the license file's "
            "name, or today."
        ),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to solve months on; else this machine's cores.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help="Leave months before the last N, and longer periods, for later.")
    ] = None,
    sign_key: Annotated[Path | None, SignKeyOption] = None,
    progress: ProgressOption = True,
) -> None:
    """Build, review, protect and check a release, then swap it in.

    License months published before are carried over from --state; of each month what is due is published: weekly
    figures until it closes, all tables then, and its final figures.
    """
    from data_access.publishing.publish import publish as run

    typer.echo(
        run(
            public=public,
            licenses=licenses,
            policy=policy,
            out=out,
            state=state,
            decisions=decisions,
            as_of=_day(as_of),
            dask=dask,
            last=last,
            sign_key=sign_key,
            progress=progress,
        )
    )


ReleaseArgument = Annotated[Path, typer.Argument(help="A release directory, or the link 'current'.")]


@app.command()
def verify(
    release: ReleaseArgument,
    certificate: Annotated[
        Path | None, typer.Option(help="The release's certificate, a file in STATE/releases; staff side.")
    ] = None,
    licenses: Annotated[Path | None, typer.Option(help="License records; staff side.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Policy file; staff side.")] = None,
    state: Annotated[Path | None, typer.Option(help="Confidential state directory; staff side.")] = None,
    verify_key: VerifyKeyOption = None,
    progress: ProgressOption = True,
) -> None:
    """Check a release as anyone can: files, hashes, schemas, nothing beyond them, withheld cells null.

    With --licenses, --policy and --state also its certificate: equations, levels, attackers and unions are rebuilt
    from the records kept in the state, and every proof is checked by arithmetic, without a solver.
    """
    from data_access.contracts import check_release
    from data_access.signing import read_verify_key

    manifest = check_release(release, read_verify_key(verify_key) if verify_key else None)
    cells = "no license data" if manifest.license is None else f"withheld cells {manifest.license.withheld}"
    typer.echo(f"{release}: release {manifest.id} is sound ({len(manifest.files)} files, {cells})")
    if verify_key is not None:
        typer.echo(f"{release}: it is signed with a key of {verify_key}")
    given = {"--licenses": licenses, "--policy": policy, "--state": state}
    missing = [name for name, path in given.items() if path is None]
    if len(missing) == len(given) and certificate is None:
        return
    if licenses is None or policy is None or state is None:
        raise UserError(f"verify: expected {', '.join(given)} together, {', '.join(missing)} missing; name all three")
    from data_access.publishing.audit import verify_release

    with _bar("Verifying months", progress) as step:
        typer.echo(
            verify_release(release, certificate=certificate, licenses=licenses, policy=policy, state=state, step=step)
        )


@app.command()
def audit(
    release: ReleaseArgument,
    licenses: Annotated[Path, typer.Option(help="License records.")],
    policy: Annotated[Path, typer.Option(help="Policy file.")],
    state: Annotated[Path, typer.Option(help="Confidential state directory.")],
    month: Annotated[str | None, typer.Option(help="One month only, YYYY-MM.")] = None,
    sample: Annotated[
        int, typer.Option(min=0, help="Unsafe cells a month, each for the outsider and so many firms; 0: all of them.")
    ] = 4,
    verify_key: VerifyKeyOption = None,
    progress: ProgressOption = True,
) -> None:
    """Have the independent judge look for cells that some attacker can bound too well: own matrices, another solver.

    What it prints is confidential. Exit code 1 where it finds any.
    """
    from data_access.contracts import read_manifest
    from data_access.publishing.audit import audit_release
    from data_access.signing import read_verify_key

    if verify_key:
        read_manifest(release, read_verify_key(verify_key))
    with _bar("Judging months", progress) as step:
        typer.echo(
            audit_release(
                release,
                licenses=licenses,
                policy=policy,
                state=state,
                only=None if month is None else _month(month),
                sample=sample or None,
                step=step,
            )
        )


@reference_app.command()
def check(
    public: Annotated[Path | None, typer.Option(help="Directory of pulls whose codes to look up.")] = None,
) -> None:
    """Validate the reference tables and list codes seen in data that they lack."""
    from data_access.reference.check import check_reference

    errors, notes = check_reference(public)
    for line in notes:
        typer.echo(line)
    if errors:
        raise UserError("\n".join(["reference tables:", *(f"  {line}" for line in errors)]))
    typer.echo("reference tables are sound")


@app.command()
def keys(
    out: Annotated[Path, typer.Option("--out", help="Directory to write the pair to; nothing is overwritten.")],
) -> None:
    """Make a pair of Ed25519 keys: a private one that signs releases, a public one that servers verify them with."""
    from data_access.signing import make_keys

    private, public = make_keys(out)
    typer.echo(
        f"{private}: private, stays on the staff side; publish --sign-key (AIM_SIGN_KEY) signs with it\n"
        f"{public}: public, for servers (AIM_VERIFY_KEY); releases that are not signed for it are refused"
    )


@app.command()
def sign(
    release: ReleaseArgument,
    sign_key: Annotated[Path, SignKeyOption],
) -> None:
    """Sign a release that was published without a signature, or with another key; check it first ('verify')."""
    from data_access.publishing.signed import sign_release

    typer.echo(sign_release(release, sign_key))


@app.command()
def upload(
    releases: Annotated[Path, typer.Argument(help="Directory of releases, with its link 'current'.")],
    address: Annotated[str, typer.Argument(help="s3://bucket/prefix; credentials come from the AWS environment.")],
    progress: ProgressOption = True,
) -> None:
    """Upload the releases that object storage lacks, then make the current one current there.

    It can be run again at any time: what is there is not sent again, and an interrupted upload goes on.
    """
    from data_access.publishing.upload import upload as run

    with _bar("Uploading releases", progress) as step:
        told = run(releases, address, step=step)
    typer.echo(told)


def _open(releases: str, verify_key: Path | None) -> Statistics:
    """The releases that a command answers from."""
    from data_access.serving.statistics import open_statistics

    cache = os.environ.get("AIM_CACHE")
    statistics = open_statistics(releases, verify_key=verify_key, cache=Path(cache) if cache else None)
    if problem := statistics.state():
        raise UserError(f"{releases}: {problem}; publish one, or name another place with --releases")
    return statistics


@app.command()
def query(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="As in a page's address: 'product=7601&country=CAN'.")],
    output: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    releases: ReleasesOption = str(RELEASES),
    verify_key: VerifyKeyOption = None,
) -> None:
    """Print what the API answers to a query, from a release, without a server."""
    import json

    from data_access.filters import BadQuery
    from data_access.serving.answers.cells import to_csv, to_json

    if output not in ("csv", "json"):
        raise UserError(f"--format: expected csv or json, found {output!r}", exit_code=2)
    statistics = _open(releases, verify_key)
    try:
        released = statistics.series(statistics.parse(text))
    except BadQuery as error:
        raise UserError(str(error), exit_code=2) from None
    sys.stdout.write(to_csv(released) if output == "csv" else json.dumps(to_json(released), indent=1) + "\n")


@app.command()
def report(
    out: Annotated[Path, typer.Option("--out", help="File to write, .xlsx.")],
    month: Annotated[str | None, typer.Option(help="License month, YYYY-MM; the newest whole one if left out.")] = None,
    against: Annotated[
        str, typer.Option(help="Hold the month against the last three months of: public or license.")
    ] = "public",
    base_url: Annotated[
        str, typer.Option(envvar="AIM_BASE_URL", help="Scheme and host of the monitor, for links in the file.")
    ] = "",
    releases: ReleasesOption = str(RELEASES),
    verify_key: VerifyKeyOption = None,
) -> None:
    """Write the monthly tables of a license month as a workbook: growth, levels, countries, smelt and cast, scrap.

    Exit code 1: there are no license or public figures for the month (those there are get named).
    """
    from data_access.serving.report.tables import Against
    from data_access.serving.report.workbook import write_report

    if against not in tuple(Against):
        raise UserError(f"--against: expected public or license, found {against!r}", exit_code=2)
    if out.suffix.lower() != ".xlsx":
        raise UserError(f"--out: expected a file that ends in .xlsx, found {out}", exit_code=2)
    statistics = _open(releases, verify_key)
    told = write_report(
        statistics,
        out,
        month=None if month is None else _month(month),
        against=Against(against),
        base_url=base_url,
    )
    typer.echo(told)
    if not base_url:
        typer.echo("note: links in the file are paths of the monitor; --base-url https://… makes them whole", err=True)


@app.command()
def serve() -> None:
    """Serve the monitor with gunicorn; settings come from the environment (README, "Settings")."""
    from dashboard.serve import serve as run
    from dashboard.settings import Settings

    run(Settings.from_env())


def main() -> None:
    """Entry point: a problem that the user can mend ends as one message, without a trace."""
    try:
        try:
            app()
        finally:
            _flush()
    except UserError as error:
        _end(error)
    except OSError as error:
        if error.errno in (*FULL, errno.EROFS):
            _end(cannot_write(error.filename or "standard output", error))
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EIO):
            raise
        # It may have been to be read as well as to be written.
        _end(UserError(f"{error.filename or 'input or output'}: {os.strerror(error.errno)}"))


def _flush() -> None:
    """What is printed is written before the command ends: only now is a full disk told."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try again at its end, and tell that with a trace.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # else whoever reads has enough
            raise cannot_write("standard output", error) from None


def _end(error: UserError) -> NoReturn:
    typer.echo(f"aim-monitor: {error}", err=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
