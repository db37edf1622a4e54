"""Thresholds of the surge list: applied to what the tests measured once, with the same outcome as from scratch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from release_builder import write_release
from test_surges import LAST, MONTHS, licenses, rows

from data_access.filters import Filters
from data_access.serving.gate.released import Released
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics, open_statistics
from data_access.serving.surges.flags import SurgeList, surges
from data_access.thresholds import THRESHOLDS, Thresholds

NEXT = text(number(LAST) + 1)
SOME = (
    "",
    "r1=10&r2=5",
    "r1=1000&r1_alone=1000",
    "r1=26&floor=4001",
    "z=1&p=0",
    "floor_share=50",
    "floor=0&floor_share=0",
)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases: Canada rises in both, China in the second alone, there and in a license month; both unsteady."""
    base = tmp_path_factory.mktemp("thresholds")
    wave = {(origin, month): usual * (1 + place % 5 / 20) for place, month in enumerate(MONTHS)
            for origin, usual in (("CHN", 1000.0), ("CAN", 4000.0))}  # fmt: skip
    for hour, change in ((15, {("CAN", LAST): 9000.0}), (16, {("CAN", LAST): 9000.0, ("CHN", LAST): 1400.0})):
        write_release(base, rows({**wave, **change}), licenses(NEXT, tons=5000), id_=f"2026-03-20T{hour}-00-00Z-aaaaaa")
    return base


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Filters]]:
    """What is asked of any release."""
    found: list[Filters] = []
    series = Statistics.series

    def counted(self: Statistics, filters: Filters) -> Released:
        found.append(filters)
        return series(self, filters)

    monkeypatch.setattr(Statistics, "series", counted)
    yield found


def listed(statistics: Statistics, query: str) -> SurgeList:
    return surges(statistics, statistics.parse(f"product=foil&{query}"))


def test_other_thresholds_ask_for_no_figure_again(releases: Path, asked: list[Filters]) -> None:
    statistics = open_statistics(releases)
    flags = listed(statistics, "r1=0&r2=0").flags
    assert len(flags) > 2
    asked.clear()
    fewer = listed(statistics, "r1=60&r1_alone=60&z=9")
    assert 0 < len(fewer.flags) < len(flags)
    assert asked == []


def test_a_flag_more_asks_for_its_own_origin_alone(releases: Path, asked: list[Filters]) -> None:
    statistics = open_statistics(releases)
    known = {flag.country for flag in listed(statistics, "series=public&r1_alone=90&r1=90").flags}
    asked.clear()
    more = {flag.country for flag in listed(statistics, "series=public&r1=0&r2=0").flags} - known
    assert more
    assert {country for filters in asked for country in filters.countries} == more | {"all"}


@pytest.mark.parametrize("query", SOME)
def test_a_list_is_the_same_whatever_thresholds_were_asked_before(releases: Path, query: str) -> None:
    statistics = open_statistics(releases)
    for other in SOME:
        listed(statistics, other)
    assert listed(statistics, query) == listed(open_statistics(releases), query)


def test_each_threshold_of_the_list_is_the_one_that_was_asked(releases: Path) -> None:
    statistics = open_statistics(releases)
    listed(statistics, "")
    usual = Thresholds()
    for name in ("r1", "r2", "r2y", "r3", "z", "p"):
        limits = THRESHOLDS[name]
        other = (getattr(usual, name) + limits.low) / 2
        (result,) = {
            (one.threshold, one.met) for one in listed(statistics, f"{name}={other}&country=CAN").flags[0].tests
            if one.id == name
        }  # fmt: skip
        assert result[0] == other
