"""`python -m tests.bench.backtest`: the surge list of every month of real figures, as a table.

On unalloyed unwrought aluminum from Canada, 2013 to 2021, the default rule; on ten-digit codes from Canada and Mexico,
2025 and 2026, whether codes that were split or re-cut are taken for surges: each alone, and as the list tests them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from data_access.filters import Filters
from data_access.reference import Reference
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics, open_statistics
from data_access.serving.surges import tested
from data_access.serving.surges.flags import Flag, surges
from data_access.serving.surges.units import Unit
from data_access.serving.surges.words import result_words
from tests.serving.release_builder import real_release

CENSUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "census"
CANADA = "hs6_760110_canada_2013_2021.csv"
CODES = "hts10_monthly_canada_mexico_2025_2026.csv"
CANADA_QUERY = "product=760110&country=CAN&detail=hts6&series=public"
CODES_QUERY = "product=76&country=CAN&country=MEX&detail=hts10&series=public"


def opened(file: Path, directory: Path) -> Statistics:
    """Answers from a release made of a file of real figures."""
    real_release(directory, file)
    return open_statistics(directory)


def backtest(statistics: Statistics, query: str) -> Iterator[tuple[str, tuple[Flag, ...]]]:
    """The flags of each month that public figures cover, as the list of that month had them."""
    filters = statistics.parse(query)
    spans = statistics.meta()["months"]["public"]["consumption"]
    for month in range(number(spans[0]["from"]), number(spans[-1]["to"]) + 1):
        yield text(month), surges(statistics, replace(filters, end=text(month))).flags


def of_changed_codes(reference: Reference, flags: Iterator[tuple[str, tuple[Flag, ...]]]) -> list[tuple[str, Flag]]:
    """Flags on single codes of which a change is known: those that a change can have made."""
    changed = {code for link in reference.products.changes for code in link.codes}
    return [(month, flag) for month, found in flags for flag in found if changed.issuperset(flag.products[:1])
            and len(flag.products) == 1]  # fmt: skip


def alone(reference: Reference, filters: Filters, *, since: str) -> tuple[Unit, ...]:
    """What a list without the concordance would test: every ten-digit code by itself."""
    del filters, since
    return tuple(Unit((one.id,), one.label) for one in reference.products if one.is_code)


def say(text_: str) -> None:
    sys.stdout.write(text_ + "\n")


def main() -> None:
    if not CENSUS.is_dir():
        say("The backtest is left out: no folder of real figures (../shared/data/census) beside the checkout.")
        return
    with tempfile.TemporaryDirectory(prefix="aim-backtest-") as base:
        _canada(opened(CENSUS / CANADA, Path(base) / "canada"))
        _codes(opened(CENSUS / CODES, Path(base) / "codes"))


def _canada(statistics: Statistics) -> None:
    every = list(backtest(statistics, CANADA_QUERY))
    flagged = [(month, flag) for month, flags in every for flag in flags]
    say(f"HTS 7601.10 from Canada, {every[0][0]} to {every[-1][0]}: {len(flagged)} of {len(every)} months flagged")
    say(f"{'month':8} {'severity':8} {'t':>9} " + " ".join(f"{one:>10}" for one in ("R1", "R2", "R2y", "R3", "Z", "P")))
    for month, flag in flagged:
        told = {one.id: result_words(one)[0] for one in flag.tests}
        columns = " ".join(f"{told[one]:>10}" for one in ("r1", "r2", "r2y", "r3", "z", "p"))
        say(f"{month:8} {flag.level:8} {flag.value:9,.0f} {columns}")


def _codes(statistics: Statistics) -> None:
    reference = statistics.vocabulary
    every = list(backtest(statistics, CODES_QUERY))
    families = [(month, flag) for month, flags in every for flag in flags if len(flag.products) > 1]
    listed = of_changed_codes(reference, iter(every))
    with patch.object(tested, "units_of", alone):
        naive = of_changed_codes(reference, backtest(_again(statistics), CODES_QUERY))
    say(f"\nTen-digit codes from Canada and Mexico, {every[0][0]} to {every[-1][0]}, by customs value")
    say(f"flags in all                                  {sum(len(flags) for _, flags in every):4}")
    say(f"on changed codes, each code by itself         {len(naive):4}")
    say(f"on changed codes, as the list tests           {len(listed):4}")
    say(f"on families of changed codes                  {len(families):4}")
    for month, flag in [*families, *listed]:
        say(f"  {month} {flag.product_name} from {flag.country_name}: {flag.headline}")


def _again(statistics: Statistics) -> Statistics:
    """The same release, with nothing kept."""
    return Statistics(statistics._holder)


if __name__ == "__main__":
    main()
