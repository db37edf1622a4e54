"""Writing the demonstration: public statistics, two license snapshots, policy, decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from data_access.errors import UserError
from data_access.publishing.demo.history import months_between
from data_access.publishing.demo.imports import Imports, draw_imports
from data_access.publishing.demo.public import last_public_month, write_public
from data_access.publishing.demo.records import REQUIRED_FROM, draw_records
from data_access.publishing.demo.shares import read_shares
from data_access.publishing.demo.snapshots import Slip, with_slip, write_snapshot
from data_access.publishing.sources.vintages import is_demonstration
from data_access.reference import Reference, load

FIRST_MONTH: Final = "2013-01"
YEAR_OF_SHARES: Final = 2024
MONTHS: Final = 30
LICENSES: Final = 6000
FEWEST_MONTHS: Final = 2
FEWEST_LICENSES: Final = 100
WEEK: Final = timedelta(days=7)

POLICY: Final = """\
# An example policy: every parameter may differ where real license records are published.
name = "demonstration"
demonstration = true
secret = "{secret}"
show_zero = ["total", "group", "country"]

[rules]
p = 10
n_min = 3

[unit_value]
unwrought = 0.10
others = 0.25

[public_knowledge]
group = 0.05
country = 0.15
group_country = 0.30

[calendar]
close_days = 7
final_days = 75
"""

Step = Callable[[int, int], None]


def write_demo(
    *,
    out: Path,
    seed: int = 1,
    as_of: date = date(2026, 11, 20),
    months: int = MONTHS,
    licenses: int = LICENSES,
    progress: bool = True,
) -> str:
    """Write synthetic inputs to a directory; gives what was written, in words.

    `public/` holds statistics from 2013 to the last month that would be out on `as_of`; `licenses-<date>.parquet` are
    snapshots of that day and a week before, over `months` license months (the running one included) of about
    `licenses` each; `policy.toml` and `decisions.csv` are for `publish`. The same arguments give the same files, byte
    for byte. An earlier demonstration in the directory is replaced. Raises UserError for arguments out of range, and
    where the directory holds public statistics that are not synthetic.
    """
    wanted = _license_months(as_of, months, licenses)
    _clear(out)
    reference = load()
    with _progress(progress) as step:
        imports = _imports(seed, last=wanted[-1], reference=reference)
        step(1, 4)
        last = last_public_month(as_of)
        public = write_public(out / "public", imports, last=last, reference=reference, step=_within(step, 1, 2))
        records = draw_records(imports, reference, months=wanted, licenses=licenses, seed=seed)
        slip = with_slip(records, month=wanted[-3], before=as_of - WEEK)
        step(3, 4)
        written = {
            day: write_snapshot(out / f"licenses-{day}.parquet", records, day=day) for day in (as_of - WEEK, as_of)
        }
        _write_texts(out, seed, slip)
        step(4, 4)
    count = " and ".join(f"{number:,} licenses as of {day}" for day, number in written.items())
    return f"{out}: synthetic inputs: {public} months of public statistics up to {last}; {count}"


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
    for path in earlier:
        path.unlink()
    out.mkdir(parents=True, exist_ok=True)


def _write_texts(out: Path, seed: int, slip: Slip | None) -> None:
    secret = hashlib.sha256(f"demonstration {seed}".encode()).hexdigest()
    (out / "policy.toml").write_text(POLICY.format(secret=secret), encoding="utf-8", newline="\n")
    lines = ["license_id,decision"] + ([f"{slip.license_id},leave_out"] if slip else [])
    (out / "decisions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


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
