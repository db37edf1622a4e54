"""The files of a demonstration: the same for the same arguments, all marked, ready for a publication."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_access.contracts import DEMONSTRATION_MARK, LICENSES
from data_access.errors import UserError
from data_access.publishing.decisions import read_decisions
from data_access.publishing.demo import write_demo
from data_access.publishing.policy import _KEYS, read_policy
from data_access.publishing.review import Review
from data_access.publishing.sources.vintages import newest

SMALL = {"as_of": date(2022, 3, 15), "months": 2, "licenses": 200, "progress": False}


def hashes(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def small_demo(out: Path, seed: int = 1) -> dict[str, str]:
    write_demo(out=out, seed=seed, **SMALL)  # type: ignore[arg-type]
    return hashes(out)


def test_the_same_arguments_give_the_same_files_byte_for_byte(tmp_path: Path) -> None:
    first = small_demo(tmp_path / "a")
    assert small_demo(tmp_path / "b") == first
    assert small_demo(tmp_path / "b") == first, "written over itself"


def test_another_seed_gives_other_figures_under_the_same_names(tmp_path: Path) -> None:
    first, other = small_demo(tmp_path / "a"), small_demo(tmp_path / "b", seed=2)
    assert other.keys() == first.keys()
    same = {name for name, digest in first.items() if other[name] == digest}
    assert not {name for name in same if name.endswith((".parquet", ".toml"))}


def test_license_arguments_leave_public_figures_as_they_are(tmp_path: Path) -> None:
    first = small_demo(tmp_path / "a")
    write_demo(out=tmp_path / "b", seed=1, as_of=SMALL["as_of"], months=4, licenses=300, progress=False)  # type: ignore[arg-type]
    other = hashes(tmp_path / "b")
    assert {name: digest for name, digest in other.items() if name.startswith("public")} == {
        name: digest for name, digest in first.items() if name.startswith("public")
    }


def test_every_file_carries_the_mark_of_a_demonstration(demo: Path) -> None:
    files = list(demo.rglob("*.parquet"))
    assert len(files) > 100
    assert all((pq.read_schema(path).metadata or {}).get(DEMONSTRATION_MARK) == b"true" for path in files)
    assert tomllib.loads((demo / "policy.toml").read_text())["demonstration"] is True


def test_license_files_have_the_columns_of_the_contract(demo: Path) -> None:
    for path in demo.glob("licenses-*.parquet"):
        assert pq.read_schema(path).remove_metadata().equals(LICENSES)


def test_public_statistics_run_from_2013_to_the_last_month_that_would_be_out(demo: Path) -> None:
    months = sorted(month for level, month in newest(demo / "public") if level == "HS10")
    assert (months[0], months[-1], len(months)) == ("2013-01", "2026-09", 165)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [(date(2022, 3, 8), "2021-12"), (date(2022, 3, 9), "2022-01"), (date(2022, 4, 5), "2022-01")],
)
def test_a_month_is_out_37_days_after_its_end(tmp_path: Path, as_of: date, last: str) -> None:
    write_demo(out=tmp_path, as_of=as_of, months=2, licenses=100, weeks=1, progress=False)
    assert max(month for _, month in newest(tmp_path / "public")) == last
    pulls = {path.stem for path in newest(tmp_path / "public").values()}
    assert len(pulls) == 1
    assert pulls.pop()[:10] <= str(as_of)


def test_the_policy_is_one_that_a_publication_reads(demo: Path) -> None:
    policy = read_policy(demo / "policy.toml")
    assert (policy.name, policy.rules.p, policy.rules.n_min) == ("demonstration", 10, 3)
    assert policy.ranges
    assert policy.review == Review()


def test_the_policy_names_every_key_with_its_default_but_two(demo: Path, tmp_path: Path) -> None:
    """Whoever begins with it sees all that can be set."""
    least = [
        line for line in (demo / "policy.toml").read_text().splitlines() if line.startswith(("name", "secret", "demo"))
    ]
    (tmp_path / "least.toml").write_text("\n".join([*least, "[rules]", "p = 10", "n_min = 3"]))
    assert read_policy(demo / "policy.toml") == replace(read_policy(tmp_path / "least.toml"), ranges=True, clean_up=0)
    given = tomllib.loads((demo / "policy.toml").read_text())
    named = {f"{key}.{name}" for key, value in given.items() if isinstance(value, dict) for name in value}
    assert {key for key in _KEYS if "." in key} - named == {"rules.n", "rules.k"}


def test_the_one_decision_leaves_out_the_slip(demo: Path) -> None:
    assert len(read_decisions(demo / "decisions.csv").left_out) == 1


def test_an_earlier_demonstration_is_replaced(tmp_path: Path) -> None:
    write_demo(out=tmp_path, as_of=date(2022, 9, 20), months=2, licenses=100, progress=False)
    small_demo(tmp_path)
    assert max(month for _, month in newest(tmp_path / "public")) == "2022-01"
    assert [path.name for path in sorted(tmp_path.glob("licenses-*"))] == [
        "licenses-2022-03-08.parquet",
        "licenses-2022-03-15.parquet",
    ]


def test_real_data_are_never_replaced(tmp_path: Path) -> None:
    real = tmp_path / "public" / "HS10" / "2025-03" / "2025-05-08T12-30-00Z.parquet"
    real.parent.mkdir(parents=True)
    pq.write_table(LICENSES.empty_table(), real)
    with pytest.raises(UserError, match="nothing but synthetic data"):
        small_demo(tmp_path)
    assert real.is_file()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"months": 1}, "at least 2 months"),
        ({"licenses": 99}, "100 licenses"),
        ({"months": 11}, "at most 10 license months up to 2022-03"),
    ],
)
def test_arguments_out_of_range_are_told(tmp_path: Path, change: dict[str, int], told: str) -> None:
    with pytest.raises(UserError, match=told):
        write_demo(out=tmp_path, **(SMALL | change))  # type: ignore[arg-type]


def test_license_months_may_begin_where_licenses_were_first_required(tmp_path: Path) -> None:
    write_demo(out=tmp_path, **(SMALL | {"months": 10}))  # type: ignore[arg-type]
    days = pq.read_table(tmp_path / "licenses-2022-03-15.parquet")["expected_import_on"].to_pylist()
    assert min(days) == date(2021, 6, 28)
