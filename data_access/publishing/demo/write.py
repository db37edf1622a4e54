"""Writing the demonstration: public statistics, weekly license snapshots, policy, decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from data_access.errors import UserError, writing
from data_access.publishing.demo.history import months_between
from data_access.publishing.demo.imports import Imports, draw_imports
from data_access.publishing.demo.public import last_public_month, write_public
from data_access.publishing.demo.records import REQUIRED_FROM, draw_records
from data_access.publishing.demo.revisions import draw_revisions
from data_access.publishing.demo.shares import read_shares
from data_access.publishing.demo.snapshots import Slip, with_slip, write_snapshot
from data_access.publishing.files import expect_writable, whole_file
from data_access.publishing.review import Review, stopped
from data_access.publishing.sources.licenses import counted, read_licenses
from data_access.publishing.sources.vintages import is_demonstration
from data_access.reference import Reference, load

FIRST_MONTH: Final = "2013-01"
YEAR_OF_SHARES: Final = 2024
SEED: Final = 6
"""By default: every month can be protected under the example policy, after twelve weekly publications as well."""
MONTHS: Final = 30
LICENSES: Final = 6000
WEEKS: Final = 2
MOST_WEEKS: Final = 26
FEWEST_MONTHS: Final = 2
FEWEST_LICENSES: Final = 100
WEEK: Final = timedelta(days=7)

POLICY: Final = """\
# An example policy: every parameter may differ where real license records are published.
name = "demonstration"
demonstration = true
secret = "{secret}"  # draws the costs of complements; of a real policy nobody else may know it
show_zero = ["total", "group", "country", "origin"]  # where an empty cell shows 0; elsewhere: none or withheld
ranges = true  # whether withheld cells show the range that anyone can work out from the release
clean_up = 0  # linear programs a month spent on withholding less; 400 by default, none here to be up sooner
unit_maps = ["importer", "filer"]  # who is protected; exporter and manufacturer may be added

[rules]
p = 10
n_min = 3

[unit_value]  # attackers know prices within this part of the truth
unwrought = 0.10
others = 0.25

[public_knowledge]  # attackers know figures within this part of the truth, from public statistics
group = 0.05
country = 0.15
group_country = 0.30
twins = 0.05  # how close smelt and cast of unwrought metal are to its origin, where they are

[calendar]
close_days = 7
final_days = 75
listed = 20  # countries published weekly before a month closes

[tables]  # how fine the products of each table are; the last two per quarter
origin = ["total", "group"]
smelt = ["total", "group"]
smelt2 = ["total"]
cast = ["total", "group"]
origin_smelt = ["total", "group"]
origin_cast = ["total", "group"]

[review]  # unit values outside these percentiles of their product by more than the factor wait for a decision
low = 1
high = 99
factor = 3
least = 20
"""

Step = Callable[[int, int], None]


def write_demo(
    *,
    out: Path,
    seed: int = SEED,
    as_of: date = date(2026, 11, 20),
    months: int = MONTHS,
    licenses: int = LICENSES,
    weeks: int = WEEKS,
    progress: bool = True,
) -> str:
    """Write synthetic inputs to a directory; gives what was written, in words.

    `public/` holds statistics from 2013 to the last month that would be out on `as_of`, with the vintages that were out
    on the days of the snapshots; `licenses-<date>.parquet` are
    `weeks` weekly snapshots, the last of that day, over `months` license months (the running one included) of about
    `licenses` each; `policy.toml` and `decisions.csv` are for `publish`. The same arguments give the same files, byte
    for byte. An earlier demonstration in the directory is replaced. Raises UserError for arguments out of range, and
    where the directory holds public statistics that are not synthetic.
    """
    wanted = _license_months(as_of, months, licenses)
    days = _days(as_of, weeks)
    _clear(out)
    reference = load()
    with _progress(progress) as step:
        imports = _imports(seed, last=wanted[-1], reference=reference)
        step(1, 4)
        lasts = sorted({last_public_month(day) for day in days})
        public = write_public(
            out / "public",
            imports,
            lasts=lasts,
            revisions=draw_revisions(imports, seed=seed),
            reference=reference,
            step=_within(step, 1, 2),
        )
        records = draw_records(imports, reference, months=wanted, licenses=licenses, seed=seed)
        slip = with_slip(records, month=wanted[-3], before=as_of - WEEK)
        step(3, 4)
        written = {day: write_snapshot(out / f"licenses-{day}.parquet", records, day=day) for day in days}
        _write_texts(out, seed, _decided(out, written, slip, reference))
        step(4, 4)
    return f"{out}: synthetic inputs: {public} months of public statistics up to {lasts[-1]}; {_told(written)}"


def _told(written: dict[date, int]) -> str:
    """How many licenses the first and the last snapshot hold, in words."""
    ends = [f"{written[day]:,} licenses as of {day}" for day in sorted({min(written), max(written)})]
    between = f" ({len(written)} weekly snapshots)" if len(written) > len(ends) else ""
    return " and ".join(ends) + between


def _days(as_of: date, weeks: int) -> tuple[date, ...]:
    """The days of weekly snapshots, the last one `as_of`."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise UserError(f"demo: expected 1 to {MOST_WEEKS} weeks, found {weeks}; ask for as many")
    return tuple(as_of - WEEK * back for back in reversed(range(weeks)))


def _license_months(as_of: date, months: int, licenses: int) -> tuple[str, ...]:
    """License months up to the running one, and the one after, of which a few licenses are there already."""
    if months < FEWEST_MONTHS or licenses < FEWEST_LICENSES:
        raise UserError(
            f"demo: expected at least {FEWEST_MONTHS} months and {FEWEST_LICENSES} licenses, found {months} and "
            f"{licenses}; ask for more"
        )
    running = np.datetime64(f"{as_of:%Y-%m}")
    first = running - (months - 1)
    required = np.datetime64(f"{REQUIRED_FROM:%Y-%m}")
    if first < required:
        most = int((running - required).astype(int)) + 1
        raise UserError(
            f"demo: expected at most {max(most, 0)} license months up to {running} (licenses are required from "
            f"{REQUIRED_FROM} on), found {months}; ask for fewer, or for a later day"
        )
    return months_between(str(first), str(running + 1))


def _imports(seed: int, *, last: str, reference: Reference) -> Imports:
    months = months_between(FIRST_MONTH, max(last, f"{YEAR_OF_SHARES}-12"))
    return draw_imports(read_shares(), reference, months=months, seed=seed)


def _clear(out: Path) -> None:
    """Remove an earlier demonstration, never anything else."""
    earlier = sorted([*out.glob("public/*/*/*.parquet"), *out.glob("licenses-*.parquet")])
    real = [path for path in earlier if not is_demonstration(path)]
    if real:
        raise UserError(f"{real[0]}: expected nothing but synthetic data in {out}, found others; name another --out")
    with writing(out):
        for path in earlier:
            path.unlink()
        out.mkdir(parents=True, exist_ok=True)
    expect_writable([out])


def _decided(out: Path, days: Iterable[date], slip: Slip | None, reference: Reference) -> list[str]:
    """A reviewer's lines on whatever review stops: the slip is left out, any odd lot beside it accepted."""
    found: dict[str, None] = {}
    for day in days:
        records = counted(read_licenses(out / f"licenses-{day}.parquet", reference=reference).frame)
        found |= dict.fromkeys(stopped(records, Review(), reference)["license_id"])
    left_out = {} if slip is None else {slip.license_id: "leave_out,,,tons entered for kilograms; the filer is asked"}
    odd = dict.fromkeys(found, "accept,,,an odd lot; the filer has shown the invoice")
    return [f"{id_},{decision}" for id_, decision in (odd | left_out).items()]


def _write_texts(out: Path, seed: int, decided: list[str]) -> None:
    secret = hashlib.sha256(f"demonstration {seed}".encode()).hexdigest()
    lines = ["license_id,decision,quantity_kg,value_usd,note", *decided]
    texts = {"policy.toml": POLICY.format(secret=secret), "decisions.csv": "\n".join(lines) + "\n"}
    for name, text in texts.items():
        with whole_file(out / name) as file:
            file.write(text.encode())


@contextmanager
def _progress(wanted: bool) -> Iterator[Step]:
    """A progress bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (wanted and console.is_terminal)) as bar:
        task = bar.add_task("Writing synthetic inputs")
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _within(step: Step, before: int, parts: int) -> Step:
    """Steps of one part, told as steps of the whole (four parts)."""
    return lambda done, of: step(before * of + parts * done, 4 * of)
