"""Years to date and calendar years, from final months.

A figure over January to a month is plain arithmetic where all its months are shown. Where some are withheld, each
published one fixes the sum over a *block*: the months withheld since the one published before. Such a sum is given
away. It is published if

- the block, and every union of withheld cells that it gives away with what the months give away, passes the primary
  rules as a union over months;
- every month keeps its proof: wherever a table of a month's certificate serves an attacker and moves a block's sum,
  tables of other months take that back (an *exchange*).

Months are independent systems but for these sums. A month's table is feasible for an attacker up to the multiple to
which it can follow it, and so is what lies between tables and the truth: parts λ of them with Σ λ/multiple <= 1. An
exchange is such parts of other months' tables (a small linear program: columns are tables, rows the sums of published
blocks in both measures). Whoever follows the table at some share follows its exchange at the same.

Quarters add nothing to this: they leave what a month may withhold as free as it was (see `quarters`).

Conservative: an attacker is taken to need a table as far as it can follow it (up to the whole), not only as far as its
level asks; other tables than those of the certificates are not looked for; where no exchange is found the new block is
not published. What is published once cuts the year: a single month withheld after it leaves the rest of the year open,
unless `hold` kept that sum back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence

import pandas as pd

from data_access.contracts import Status
from data_access.publishing.disclosure.exchanges import Exchange, Exchanges, exchanges_of, unserved
from data_access.publishing.disclosure.final_months import (
    FinalMonth,
    PeriodSummary,
    SolvedPeriod,
    by_table,
    pack_parts,
    unpack_parts,
)
from data_access.publishing.disclosure.layers import JointMonth
from data_access.publishing.disclosure.month import row_keys
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.suppress import Step
from data_access.publishing.disclosure.tables import Level
from data_access.publishing.disclosure.year import YEARLY, ZEROS, Block, Year


def solve_year_to_date(
    months: Sequence[FinalMonth],
    *,
    published: Sequence[SolvedPeriod] = (),
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    zeros: frozenset[Level] = ZEROS,
    systems: MutableMapping[str, JointMonth] | None = None,
    hold: bool = False,
    step: Step | None = None,
) -> SolvedPeriod:
    """What may be published of January to the last of these months, beyond sums of months that are all shown.

    `months` are all months from January on, final; `published` the earlier years to date of this year; the rest as
    `solve_layer` takes it; at levels other than `zeros` a month without a row is not known to be 0. `systems` keeps the
    months' systems from one call to the next, which saves most of the time. With `hold` no new block is told, in favor
    of a later one. Raises ValueError for other months.
    """
    start = time.perf_counter()
    year = Year(months, tree=tree, numbers=numbers, listed=listed, regime=regime, zeros=zeros, systems=systems)
    told = year.told(published)
    old, new = year.blocks(told), set() if hold else year.open_blocks(told)
    safe = year.safe_beside(old, {block for block in new if year.are_safe([block])})
    exchange = Exchanges(year, old, set(safe), earlier=_exchanges(published), step=step)
    exchange.run()
    blocks = {block.key for block in exchange.new}
    given_up = [f"{block.key}: unsafe" for block in sorted(new - safe)]
    given_up += [f"{block.key}: no exchange" for block in sorted(safe - exchange.new)]
    given_up += [f"{exchange.stuck} tables: no exchange any more"] if exchange.stuck else []
    shown = {key: year.sum_of(key) for key in year.all_keys() if year.may_show(key, told, blocks)}
    return SolvedPeriod(
        period=f"{months[0].month}/{months[-1].month}",
        rows=by_table(shown),
        certificate=pack_parts({"exchanges": exchange.words()}, []),
        summary=PeriodSummary(
            levels=year.summary(shown),
            seconds={"year to date": round(time.perf_counter() - start, 3)},
            programs=exchange.programs,
            given_up=tuple(given_up),
        ),
    )


def _exchanges(published: Sequence[SolvedPeriod]) -> list[Exchange]:
    """Exchanges of the newest of these."""
    if not published:
        return []
    newest = max(published, key=lambda solved: solved.period)
    return exchanges_of(unpack_parts(newest.certificate)[0]["exchanges"])


def verify_year_to_date(
    solved: SolvedPeriod,
    months: Sequence[FinalMonth],
    *,
    published: Sequence[SolvedPeriod] = (),
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    zeros: frozenset[Level] = ZEROS,
) -> list[str]:
    """What is wrong with a year to date, given the earlier ones, or its certificate; an empty list if nothing is.

    By arithmetic; the newest one proves all that is published of the year. The months are to be verified on their own.
    The problems name cells: they are for the staff side only.
    """
    try:
        year = Year(months, tree=tree, numbers=numbers, listed=listed, regime=regime, zeros=zeros)
        if solved.period != f"{months[0].month}/{months[-1].month}":
            return ["the certificate is not about this year to date"]
        exchanges = exchanges_of(unpack_parts(solved.certificate)[0]["exchanges"])
        told = year.told(published)
        now = {key: [*told.get(key, []), len(months) - 1] for key in solved.published()}
        blocks = sorted(year.blocks({**told, **now}))
        found = list(_wrong_rows(solved, year, told))
        found += [f"{block.key}: its months' sum is unsafe" for block in blocks if not year.are_safe([block])]
        if not found and not year.are_safe(blocks):
            found.append("an unsafe union of withheld cells is given away by several years to date together")
        return found + list(unserved(year, blocks, exchanges))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return [f"the year to date cannot be checked: {error}"]


def _wrong_rows(solved: SolvedPeriod, year: Year, told: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Rows that are no sums of the records, or of which some month is not known to be 0."""
    keys = set(year.all_keys())
    for frame in solved.rows.values():
        for key, row in zip(row_keys(frame), frame.to_dict("records"), strict=True):
            if key not in keys or row["status"] != Status.PUBLISHED:
                yield f"{key}: no row of a year to date"
            elif (row["value"], row["kg"]) != year.sum_of(key):
                yield f"{key}: not what the records say"
            elif not year.may_show(key, told, {key}):
                yield f"{key}: tells that a month has no record"


__all__ = ["YEARLY", "ZEROS", "Block", "solve_year_to_date", "verify_year_to_date"]
