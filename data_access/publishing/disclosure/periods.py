"""Figures over several months, from final months only: quarters and years to date, each with its certificate."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from data_access.publishing.disclosure.final_months import FinalMonth, PeriodLevel, PeriodSummary, SolvedPeriod
from data_access.publishing.disclosure.quarters import CROSSED, quarter_months, solve_quarter, verify_quarter
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.tables import Level
from data_access.publishing.disclosure.yearly import YEARLY, ZEROS, solve_year_to_date, verify_year_to_date

__all__ = [
    "CROSSED",
    "YEARLY",
    "ZEROS",
    "FinalMonth",
    "PeriodLevel",
    "PeriodSummary",
    "SolvedPeriod",
    "quarter_months",
    "solve_quarter",
    "solve_year_to_date",
    "verify_period",
]


def verify_period(
    solved: SolvedPeriod,
    months: Sequence[FinalMonth],
    *,
    published: Sequence[SolvedPeriod] = (),
    tree: pd.DataFrame,
    numbers: pd.Series,
    listed: frozenset[str],
    regime: Regime,
    levels: tuple[Level, ...] = CROSSED,
    zeros: frozenset[Level] = ZEROS,
    crossings_known: bool = True,
) -> list[str]:
    """What is wrong with a period's rows or certificate, by arithmetic alone; an empty list if nothing is.

    `months` are those of the period; `published` (of a year to date) the earlier ones of its year; `levels` and
    `crossings_known` (of a quarter) and `zeros` (of a year to date) as they were solved. The problems are for the staff
    side only.
    """
    if "Q" in solved.period:
        return verify_quarter(
            solved, months, tree=tree, numbers=numbers, regime=regime, levels=levels, crossings_known=crossings_known
        )
    return verify_year_to_date(
        solved, months, published=published, tree=tree, numbers=numbers, listed=listed, regime=regime, zeros=zeros
    )
