"""Weeks of a demonstration: a snapshot each, and public statistics as they were out on the day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_access.errors import UserError
from data_access.publishing.demo import write_demo
from data_access.publishing.sources.vintages import newest, read_month

AS_OF = date(2022, 4, 12)
WEEKS = 10
FIRST = AS_OF - timedelta(weeks=WEEKS - 1)


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weeks of a small demonstration, over the publication of three months of public statistics."""
    out = tmp_path_factory.mktemp("weeks")
    write_demo(out=out, as_of=AS_OF, months=4, licenses=300, weeks=WEEKS, progress=False)
    return out


def known(out: Path, month: str, day: date) -> pd.DataFrame:
    """Rows of a month as out on a day, by code and country."""
    table = read_month(newest(out / "public", until=day)["HS10", month])
    return pd.DataFrame(table.to_pandas()).set_index(["hts", "cty_code"])


def last_month(out: Path, day: date) -> str:
    return max(month for _, month in newest(out / "public", until=day))


def test_there_is_a_snapshot_each_week_up_to_the_day(weeks: Path) -> None:
    expected = [f"licenses-{FIRST + timedelta(weeks=number)}.parquet" for number in range(WEEKS)]
    assert [path.name for path in sorted(weeks.glob("licenses-*"))] == expected


def test_each_week_holds_the_licenses_of_the_week_before_and_new_ones(weeks: Path) -> None:
    ids = [set(pq.read_table(path)["license_id"].to_pylist()) for path in sorted(weeks.glob("licenses-*"))]
    assert all(earlier < later for earlier, later in pairwise(ids))


def test_a_day_knows_the_public_months_that_were_out_on_it(weeks: Path) -> None:
    assert last_month(weeks, FIRST) == "2021-12"
    assert last_month(weeks, date(2022, 3, 8)) == "2021-12"
    assert last_month(weeks, date(2022, 3, 9)) == "2022-01"
    assert last_month(weeks, AS_OF) == "2022-02"


def test_the_first_figures_of_a_month_are_revised_upward_and_then_stand(weeks: Path) -> None:
    totals = [
        known(weeks, "2021-12", day).loc[(slice(None), "-"), "consumption_value"].sum()
        for day in (FIRST, date(2022, 3, 10), AS_OF)
    ]
    assert totals == sorted(totals)
    assert 1.001 < totals[-1] / totals[0] < 1.03


def test_few_rows_are_revised_and_a_few_come_late(weeks: Path) -> None:
    first, now = known(weeks, "2021-12", FIRST), known(weeks, "2021-12", AS_OF)
    assert set(first.index) < set(now.index)
    countries = first[first.index.get_level_values("cty_code") != "-"]
    changed = countries["consumption_value"] != now.loc[countries.index, "consumption_value"]
    assert 0.02 < changed.mean() < 0.2


def test_months_that_are_settled_are_pulled_once(weeks: Path) -> None:
    assert len(list((weeks / "public" / "HS10" / "2021-06").iterdir())) == 1
    assert len(list((weeks / "public" / "HS10" / "2021-12").iterdir())) > 1


def test_how_many_weeks_are_written_changes_no_figure_of_the_last_day(weeks: Path, tmp_path: Path) -> None:
    write_demo(out=tmp_path, as_of=AS_OF, months=4, licenses=300, weeks=1, progress=False)
    name = f"licenses-{AS_OF}.parquet"
    assert (tmp_path / name).read_bytes() == (weeks / name).read_bytes()
    for month in ("2021-06", "2021-12", "2022-01", "2022-02"):
        one, other = (known(out, month, AS_OF).drop(columns="last_update") for out in (tmp_path, weeks))
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("wrong", [0, 27])
def test_a_number_of_weeks_out_of_range_is_told(tmp_path: Path, wrong: int) -> None:
    with pytest.raises(UserError, match=f"1 to 26 weeks, found {wrong}"):
        write_demo(out=tmp_path, weeks=wrong, progress=False)
