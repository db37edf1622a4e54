"""The policy file: what it may say, and how it is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_access.errors import UserError
from data_access.publishing.policy import read_policy

GOOD = """\
name = "example"
secret = "00112233445566778899aabbccddeeff"

[rules]
p = 10
n_min = 3
"""
KEY_LINE = 'secret = "00112233445566778899aabbccddeeff"\n'


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return read_policy(path)


def test_a_short_policy_has_defaults_for_the_rest(tmp_path: Path) -> None:
    policy = read_policy((tmp_path / "p.toml").write_text(GOOD) and tmp_path / "p.toml")
    assert (policy.name, policy.demonstration, policy.rules.p, policy.rules.n_min) == ("example", False, 10, 3)
    known = policy.assumptions
    assert (known.unit_value_unwrought, known.unit_value_others, known.twins) == (0.10, 0.25, 0.05)
    assert (known.public_group, known.public_country, known.public_group_country) == (0.05, 0.15, 0.30)
    assert (policy.calendar.close_days, policy.calendar.final_days, policy.calendar.listed) == (7, 75, 20)
    assert policy.show_zero == {"total", "group", "country", "origin"}
    assert policy.unit_roles == ("importer_id", "filer_id")
    assert (policy.ranges, policy.clean_up) == (False, 400)
    assert (policy.review.low, policy.review.high, policy.review.factor, policy.review.least) == (1, 99, 3, 20)
    assert len(policy.secret) == 16


def test_every_key_can_be_given(tmp_path: Path) -> None:
    text = (
        'name = "full"\ndemonstration = true\nshow_zero = ["total"]\nranges = true\nclean_up = 7\n'
        + 'unit_maps = ["manufacturer", "importer", "filer"]\n'
        + KEY_LINE
        + "[rules]\np = 12.5\nn_min = 4\nn = 2\nk = 85\n[unit_value]\nunwrought = 0.2\nothers = 0.3\n"
        + "[public_knowledge]\ngroup = 0.1\ncountry = 0.2\ngroup_country = 0.4\n"
        + "twins = 0.1\n[calendar]\nclose_days = 10\nfinal_days = 90\nlisted = 0\n"
        + '[tables]\norigin = ["total"]\nsmelt = []\ncast = ["total", "group", "hts6"]\n'
        + "[review]\nlow = 0.5\nhigh = 99.5\nfactor = 2\nleast = 10\n"
    )
    policy = read_policy((tmp_path / "p.toml").write_text(text) and tmp_path / "p.toml")
    assert (policy.rules.n, policy.rules.k, policy.calendar.close_days) == (2, 85, 10)
    assert policy.demonstration
    assert policy.show_zero == {"total"}
    assert (policy.ranges, policy.clean_up) == (True, 7)
    assert (policy.calendar.listed, policy.assumptions.twins) == (0, 0.1)
    assert policy.unit_roles == ("importer_id", "filer_id", "manufacturer_id")
    names = [level.name for level in policy.month_levels]
    assert names == [
        "total", "group", "hts6", "total×cast", "total×origin", "total×smelt2", "group×cast", "hts6×cast",
    ]  # fmt: skip


def test_levels_by_default_are_those_of_months_and_of_quarters(tmp_path: Path) -> None:
    policy = read_policy((tmp_path / "p.toml").write_text(GOOD) and tmp_path / "p.toml")
    words = {level.name: str(policy.absent(level)) for level in (*policy.month_levels, *policy.quarter_levels)}
    assert words == {
        "total": "zero", "group": "zero", "hts6": "zero",
        "total×origin": "zero", "group×origin": "zero",
        "total×smelt": "zero", "group×smelt": "hidden",
        "total×smelt2": "zero",
        "total×cast": "zero", "group×cast": "hidden",
        "total×origin×smelt": "hidden", "group×origin×smelt": "hidden",
        "total×origin×cast": "hidden", "group×origin×cast": "hidden",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("p = 10\n", ""), r"\[rules\] p: expected percent above 0, at most 100, found no such key; add it"),
        (("p = 10", "p = 0"), r"\[rules\] p: .*found 0"),
        (("p = 10", "p = 101"), r"\[rules\] p: .*found 101"),
        (("p = 10", "p = nan"), r"\[rules\] p: .*found nan"),
        (("p = 10", 'p = "10"'), r"\[rules\] p: .*found '10'"),
        (("n_min = 3", "n_min = 1"), r"\[rules\] n_min: expected a whole number from 2 on, found 1"),
        (("n_min = 3", "n_min = 3\nn = 2"), r"n, k: expected both or neither"),
        (("n_min = 3", "n_min = 3\nq = 2"), r"\[rules\] q: expected no such key"),
        (('name = "example"', 'name = ""'), r"name: expected a name"),
        (('name = "example"', 'name = "x"\nextra = 1'), r"extra: expected no such key"),
        (('name = "example"', 'name = "x"\nshow_zero = ["hts6"]'), r"show_zero: expected a list of some of total"),
        (("[rules]", "[unit_value]\nothers = 0\n[rules]"), r"\[unit_value\] others: .*found 0"),
        (("[rules]", "[calendar]\nclose_days = 2.5\n[rules]"), r"\[calendar\] close_days: .*found 2.5"),
        (("[rules]", "rules = 3\n[x]"), r"rules: expected no such key"),
        (("[rules]", '[tables]\norigin = ["hts4"]\n[rules]'), r"\[tables\] origin: expected a list of some of total"),
        (("[rules]", '[tables]\norigin_smelt = ["hts6"]\n[rules]'), r"\[tables\] origin_smelt: expected a list"),
        (("[rules]", "[tables]\nports = []\n[rules]"), r"\[tables\] ports: expected no such key"),
        (('name = "example"', 'name = "x"\nunit_maps = ["importer"]'), r"unit_maps: expected importer, filer"),
        (("[rules]", "[calendar]\nfinal_days = 6\n[rules]"), r"final_days: expected at least close_days"),
        (("[rules]", "[review]\nlow = 99\n[rules]"), r"\[review\] low: expected less than high"),
        (("[rules]", "[tables]\nsmelt = []\n[rules]"), r"\[tables\] smelt: expected 'total' in it where countries"),
        (("[rules]", '[tables]\ncast = ["group"]\n[rules]'), r"\[tables\] cast: expected 'total' in it"),
        (("[rules]", "[review]\nfactor = 1\n[rules]"), r"\[review\] factor: expected a number above 1, found 1"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_expected_and_found(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    assert change[0] in GOOD
    with pytest.raises(UserError, match=words) as error:
        read(tmp_path, GOOD.replace(*change))
    assert "policy.toml" in str(error.value)


@pytest.mark.parametrize("secret", ["00112233", "0011223344556677_8899aabbccddeeff", "0" * 33, ""])
def test_a_weak_secret_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    with pytest.raises(UserError, match="secret: expected at least 32 hexadecimal digits") as error:
        read(tmp_path, GOOD.replace("00112233445566778899aabbccddeeff", secret))
    assert not secret or secret not in str(error.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, 'name = ""\n[rules]\np = -1\n')
    assert all(key in str(error.value) for key in ("name:", "secret:", "[rules] p:", "[rules] n_min:"))


def test_a_file_that_is_none_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; `demo` writes an example"):
        read_policy(tmp_path / "none.toml")
    with pytest.raises(UserError, match=r"policy\.toml: expected a TOML file"):
        read(tmp_path, "name = ")
