"""Publication: what a release holds, what is carried over, and that nothing but a whole release is ever current."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from publication_inputs import (
    CANADA,
    FOIL,
    SHEET,
    TOTAL,
    UNWROUGHT,
    Inputs,
    license_rows,
    raw_row,
    usual_month,
    write_raw,
)

from data_access.contracts import LICENSE_DIMENSIONS, check_release, read_manifest
from data_access.errors import UserError
from data_access.publishing import publish as publication
from data_access.publishing import run, swap
from data_access.publishing import state as state_module

GROUPS = ("unwrought", "bars", "wire", "sheet", "foil", "tubes", "fittings", "castings", "forgings")


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """Public statistics of two months and a policy."""
    return Inputs(tmp_path)


@pytest.fixture
def published(inputs: Inputs) -> Inputs:
    """One license month published, the next one running."""
    inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"))
    inputs.publish()
    return inputs


def releases(inputs: Inputs) -> list[str]:
    return sorted(
        path.name for path in inputs.releases.iterdir() if not path.name.startswith(".") and path.name != "current"
    )


def test_without_licenses_a_release_holds_public_statistics_only(inputs: Inputs) -> None:
    log = inputs.publish()
    manifest = check_release(inputs.current)
    assert manifest.license is None
    assert manifest.public.as_of == "2025-02"
    assert list(manifest.files) == ["public.parquet"]
    assert not manifest.demonstration
    assert "no license data" in log
    assert str(inputs.current) in log


def test_public_statistics_alone_need_no_policy_and_license_records_do(inputs: Inputs) -> None:
    inputs.publish(policy=None)
    assert check_release(inputs.current).license is None
    inputs.write_licenses(usual_month("2025-03"))
    with pytest.raises(UserError, match="--licenses: expected --policy with it"):
        inputs.publish(policy=None)


def test_a_release_is_named_by_its_time_and_content(published: Inputs) -> None:
    manifest = read_manifest(published.current)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}", manifest.id)
    assert published.current.name == manifest.id
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", manifest.published)
    assert (published.releases / "current").is_symlink()


def test_whole_months_are_published_and_the_running_one_is_not_yet(published: Inputs) -> None:
    part = check_release(published.current).license
    assert part is not None
    assert (part.as_of, part.policy) == ("2025-04-10", "example")
    assert (part.months, part.not_yet) == ({"2025-03": "2025-04-10"}, ["2025-04"])
    assert set(published.cells()["as_of"]) == {"2025-04-10"}


def test_a_running_month_shows_its_total_its_groups_and_the_countries_of_the_list(published: Inputs) -> None:
    """The list of 2025 is made of the public statistics of 2023, in which Canada and Mexico are."""
    part = read_manifest(published.current).license
    assert part is not None
    assert part.listed == {"2025": ["CAN", "MEX"]}
    running = published.cells().loc["2025-04"]
    assert {product for product, origin in running.index if origin == "all"} == {"aim", *GROUPS}
    assert {origin for product, origin in running.index if origin != "all"} == {"CAN", "MEX"}
    assert set(published.cells("cast").loc["2025-04"].index) == {("aim", "CAN"), ("aim", "MEX")}
    assert published.cells("cast").loc[("2025-04", "aim", "MEX"), ["value", "status"]].tolist() == [0, "published"]


@pytest.mark.parametrize(
    ("day", "months", "not_yet"),
    [
        ("2025-04-06", [], ["2025-03", "2025-04"]),
        ("2025-04-07", ["2025-03"], ["2025-04"]),
        ("2025-05-07", ["2025-03", "2025-04"], ["2025-05"]),
    ],
)
def test_a_month_closes_seven_days_after_its_end(
    inputs: Inputs, day: str, months: list[str], not_yet: list[str]
) -> None:
    inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"), day="2025-05-07")
    inputs.publish(as_of=date.fromisoformat(day))
    part = read_manifest(inputs.current).license
    assert part is not None
    assert (list(part.months), part.not_yet, part.as_of) == (months, not_yet, day)


def test_a_date_after_that_of_the_records_closes_no_month_that_they_half_hold(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"), day="2025-04-10")
    inputs.publish(as_of=date(2025, 6, 30))
    part = read_manifest(inputs.current).license
    assert part is not None
    assert (list(part.months), part.not_yet, part.as_of) == (["2025-03"], ["2025-04"], "2025-04-10")


def test_the_first_month_is_july_2021_since_licenses_are_required_from_the_end_of_june(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2021-06"), usual_month("2021-07"), day="2021-08-20")
    inputs.publish()
    part = read_manifest(inputs.current).license
    assert part is not None
    assert list(part.months) == ["2021-07"]


def test_a_month_between_without_licenses_is_closed_and_has_no_rows(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2025-01"), usual_month("2025-03"))
    inputs.publish()
    part = read_manifest(inputs.current).license
    assert part is not None
    assert list(part.months) == ["2025-01", "2025-02", "2025-03"]
    assert "2025-02" not in inputs.cells().index.get_level_values("period")


def test_published_figures_add_up(published: Inputs) -> None:
    cells = published.cells().loc["2025-03"]
    whole = cells.loc[("aim", "all"), ["value", "kg"]].tolist()
    groups = cells.xs("all", level="origin").loc[["unwrought", "sheet"]]
    assert (groups["status"] == "published").all()
    assert groups[["value", "kg"]].sum().tolist() == whole
    casts = published.cells("cast").loc["2025-03"].xs("aim", level="product")
    assert casts[["value", "kg"]].sum().tolist() == whole


def test_no_row_tells_presence_where_the_policy_hides_it(published: Inputs) -> None:
    part = read_manifest(published.current).license
    assert part is not None
    assert part.levels["group×origin"] == part.levels["total×smelt"] == "zero"
    assert part.levels["group×smelt"] == part.levels["group×cast"] == "hidden"
    assert (published.cells("origin")["status"] == "withheld").any()
    for table in ("smelt", "cast"):
        cells = published.cells(table).reset_index()
        assert (cells.loc[cells["product"] != "aim", "status"] == "published").all()


def test_the_only_firm_of_a_country_is_withheld_with_others_and_holds_null(published: Inputs) -> None:
    cells = published.cells()
    withheld = cells[cells["status"] == "withheld"]
    assert ("2025-03", "aim", "CHN") in withheld.index
    assert len(withheld) >= 2
    assert withheld[["value", "kg"]].isna().all(axis=None)
    part = read_manifest(published.current).license
    assert part is not None
    assert part.withheld["origin"] == len(withheld)


def test_cancelled_licenses_and_those_a_reviewer_leaves_out_do_not_count(inputs: Inputs) -> None:
    rows = usual_month("2025-03")
    wrong = license_rows("2025-03", (FOIL, "CAN"), [9e4, 8e4, 7e4, 6e4])
    cancelled = license_rows("2025-03", (SHEET, "CAN"), [5e4]).assign(status="cancelled", license_id="cancelled")
    inputs.write_licenses(rows, wrong, cancelled)
    decisions = inputs.base / "decisions.csv"
    lines = [f"{license_id},leave_out" for license_id in wrong["license_id"]]
    decisions.write_text("\n".join(["license_id,decision", f"{rows['license_id'][0]},accept", *lines]) + "\n")
    log = inputs.publish(decisions=decisions)
    cells = inputs.cells()
    assert cells.loc[("2025-03", "aim", "all"), "value"] == rows["value_usd"].round().sum()
    assert ("2025-03", "foil", "all") not in cells.index
    assert "licenses under review are not included" in log


@pytest.mark.parametrize(
    ("named_on", "status"),
    [("no record", "published"), ("a cancelled record", "withheld"), ("a record left out", "withheld")],
)
def test_a_group_named_only_on_a_record_that_does_not_count_still_makes_its_importers_one_firm(
    inputs: Inputs, named_on: str, status: str
) -> None:
    safe = usual_month("2025-03").loc[lambda rows: rows["origin"] != "CHN"]
    three = license_rows("2025-03", (FOIL, "LUX"), [5_000.0, 5_100.0, 5_200.0])
    naming = three.assign(
        license_id=[f"naming {place}" for place in range(3)],
        enterprise_group=None if named_on == "no record" else "one group",
        status="used" if named_on == "a record left out" else "cancelled",
    )
    decisions = inputs.base / "decisions.csv"
    decisions.write_text("license_id,decision\n" + "".join(f"naming {place},leave_out\n" for place in range(3)))
    inputs.write_licenses(safe, three, naming)
    inputs.publish(decisions=decisions)
    assert inputs.cells().loc[("2025-03", "aim", "LUX"), "status"] == status


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("license_id\nx\n", "column decision: expected it"),
        (
            "license_id,decision\nx,drop\n",
            "row 2, column decision: expected accept or correct or leave_out, found 'drop'",
        ),
    ],
)
def test_decisions_that_cannot_be_understood_are_refused(inputs: Inputs, text: str | None, words: str) -> None:
    inputs.write_licenses(usual_month("2025-03"))
    decisions = inputs.base / "decisions.csv"
    if text is not None:
        decisions.write_text(text)
    with pytest.raises(UserError, match=words):
        inputs.publish(decisions=decisions)
    assert not (inputs.releases / "current").exists()


def test_a_closed_month_is_carried_over_unchanged_whatever_its_records_say_now(published: Inputs) -> None:
    before = published.cells()
    published.write_licenses(
        usual_month("2025-03", scale=3.0), usual_month("2025-04"), usual_month("2025-05"), day="2025-05-09"
    )
    log = published.publish()
    after = published.cells()
    pd.testing.assert_frame_equal(after.loc[["2025-03"]], before.loc[["2025-03"]])
    assert set(after.loc["2025-04", "as_of"]) == {"2025-05-09"}
    assert "carried over as published before: 2025-03" in log
    assert "closed now: 2025-04" in log


def test_final_figures_replace_those_of_the_close_and_the_release_keeps_both(published: Inputs) -> None:
    more = license_rows("2025-03", (UNWROUGHT, "CAN"), [3_000.0 + i for i in range(9)]).assign(
        license_id=[f"late {i}" for i in range(9)],
        importer_id=[f"late {i}" for i in range(9)],
        filer_id=[f"late {i}" for i in range(9)],
    )
    before = published.cells().loc[("2025-03", "aim", "all"), "value"]
    published.write_licenses(usual_month("2025-03"), more, usual_month("2025-04"), day="2025-06-20")
    log = published.publish()
    part = read_manifest(published.current).license
    assert part is not None
    assert (part.final, part.months["2025-03"]) == (["2025-03"], "2025-06-20")
    assert "final now: 2025-03" in log
    total = published.cells().loc[("2025-03", "aim", "all")]
    assert (total["value"], total["as_of"]) == (before + more["value_usd"].sum(), "2025-06-20")
    history = pd.read_parquet(published.current / "layers.parquet").query("table == 'origin'")
    earlier = history.set_index(["period", "product", "origin", "as_of"]).loc[("2025-03", "aim", "all", "2025-04-10")]
    assert earlier["value"] == before


def test_a_final_month_is_frozen(published: Inputs) -> None:
    published.write_licenses(usual_month("2025-03"), day="2025-06-20")
    published.publish()
    before = published.cells().loc[["2025-03"]]
    assert set(before["as_of"]) == {"2025-04-10"}
    published.write_licenses(usual_month("2025-03", scale=3.0), day="2025-07-04")
    published.publish()
    pd.testing.assert_frame_equal(published.cells().loc[["2025-03"]], before)


def test_weekly_figures_are_refreshed_until_the_month_closes(published: Inputs) -> None:
    before = published.cells().loc[("2025-04", "aim", "all"), "value"]
    more = usual_month("2025-04").assign(license_id=lambda rows: "more " + rows["license_id"])
    published.write_licenses(usual_month("2025-03"), usual_month("2025-04"), more, day="2025-04-17")
    log = published.publish()
    total = published.cells().loc[("2025-04", "aim", "all")]
    assert (total["value"], total["as_of"]) == (2 * before, "2025-04-17")
    assert "weekly figures refreshed: 2025-04" in log


def test_what_one_firm_changed_in_a_week_is_not_told(published: Inputs) -> None:
    """One more license of one firm: every figure that it would change keeps its last value and date."""
    before = published.cells()
    more = license_rows("2025-04", (UNWROUGHT, "CAN"), [9_999.0], firm="a newcomer")
    published.write_licenses(usual_month("2025-03"), usual_month("2025-04"), more, day="2025-04-17")
    published.publish()
    after = published.cells()
    for cell in (("2025-04", "aim", "all"), ("2025-04", "unwrought", "all"), ("2025-04", "aim", "CAN")):
        assert after.loc[cell, ["value", "as_of"]].tolist() == before.loc[cell, ["value", "as_of"]].tolist()


def test_a_published_month_stays_when_the_file_no_longer_holds_it(published: Inputs) -> None:
    before = published.cells().loc[["2025-03"]]
    published.write_licenses(usual_month("2025-04"), day="2025-05-09")
    published.publish()
    pd.testing.assert_frame_equal(published.cells().loc[["2025-03"]], before)


def test_public_statistics_alone_carry_the_license_data_over(published: Inputs) -> None:
    before = published.cells()
    write_raw(published.base / "public", "2025-03", [raw_row(UNWROUGHT, CANADA, 950), raw_row(UNWROUGHT, TOTAL, 950)])
    log = published.publish(licenses=None)
    manifest = check_release(published.current)
    assert manifest.public.as_of == "2025-03"
    assert manifest.license is not None
    assert manifest.license.as_of == "2025-04-10"
    pd.testing.assert_frame_equal(published.cells(), before)
    assert "carried over as published before" in log


@pytest.mark.parametrize("current", ["missing", "another release"])
def test_a_month_of_any_release_there_is_not_published_anew_without_its_state(published: Inputs, current: str) -> None:
    (published.releases / "current").unlink()
    if current == "another release":
        (published.base / "elsewhere").mkdir()
        public_only = Inputs(published.base / "elsewhere")
        public_only.publish()
        public_only.current.rename(published.releases / public_only.current.name)
        (published.releases / "current").symlink_to(public_only.current.name)
    with pytest.raises(UserError, match="what is published once is never published anew"):
        published.publish(state=published.base / "fresh state")
    with pytest.raises(UserError, match="this release has license data, so the next one needs its state"):
        published.publish(licenses=None, state=None)


def test_records_older_than_the_last_release_take_nothing_back(published: Inputs) -> None:
    published.write_licenses(usual_month("2025-03"), usual_month("2025-04"), day="2025-05-09")
    published.publish()
    published.write_licenses(usual_month("2025-03"), day="2025-04-10")
    published.publish()
    part = check_release(published.current).license
    assert part is not None
    assert (part.as_of, list(part.months), part.not_yet) == ("2025-05-09", ["2025-03", "2025-04"], ["2025-05"])


@pytest.mark.parametrize("place", ["releases", "releases/state", "."])
def test_the_state_lies_apart_from_the_releases(inputs: Inputs, place: str) -> None:
    inputs.write_licenses(usual_month("2025-03"))
    with pytest.raises(UserError, match="--state: expected a directory apart from that of releases"):
        inputs.publish(state=inputs.base / place)


def test_the_state_is_closed_to_others_even_where_its_directory_was_there_before(inputs: Inputs) -> None:
    inputs.state.mkdir(mode=0o755)
    inputs.write_licenses(usual_month("2025-03"))
    inputs.publish()
    assert inputs.state.stat().st_mode & 0o077 == 0


def test_licenses_need_a_state(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2025-03"))
    with pytest.raises(UserError, match="--licenses: expected --state with it"):
        inputs.publish(state=None)


@pytest.mark.parametrize("with_licenses", [True, False])
@pytest.mark.parametrize("state", [None, "empty"])
def test_license_data_are_not_followed_by_a_release_without_their_state(
    published: Inputs, with_licenses: bool, state: str | None
) -> None:
    before = published.current
    changed = {} if with_licenses else {"licenses": None}
    other = None if state is None else published.base / state
    with pytest.raises(UserError, match="--state"):
        published.publish(state=other, **changed)
    assert published.current == before


def test_the_state_of_another_deployment_is_refused(published: Inputs, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Inputs(tmp_path / "other")
    other.write_licenses(usual_month("2025-03", scale=2.0))
    other.publish()
    with pytest.raises(UserError, match="expected the state of all releases"):
        published.publish(state=other.state)


@pytest.mark.parametrize("file", ["rows.parquet", "licenses.parquet", "certificate.npz", "layer.json"])
def test_a_damaged_state_is_refused(published: Inputs, file: str) -> None:
    path = published.state / "months" / "2025-03" / "2025-04-10" / file
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="restore the state directory from its backup"):
        published.publish()


@pytest.mark.parametrize("key", ["salt", "kind", "refused"])
def test_a_state_of_which_something_was_changed_is_refused(published: Inputs, key: str) -> None:
    path = published.state / "months" / "2025-03" / "2025-04-10" / "layer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: "final"}))
    with pytest.raises(UserError, match="incomplete or changed"):
        published.publish()


def test_the_certificate_of_a_release_is_salted_and_tells_its_parts_by_hash(published: Inputs, tmp_path: Path) -> None:
    part = read_manifest(published.current).license
    assert part is not None
    certificate = (published.state / "releases" / part.certificate).read_text()
    assert hashlib.sha256(certificate.encode()).hexdigest() == part.certificate
    assert [line.split()[:3] for line in certificate.splitlines()] == [
        ["layer", "2025-03", "2025-04-10"],
        ["layer", "2025-04", "2025-04-10"],
    ]
    published.publish(out=tmp_path / "elsewhere", state=tmp_path / "another state")
    again = read_manifest((tmp_path / "elsewhere" / "current").resolve()).license
    assert again is not None
    assert again.certificate != part.certificate


def test_other_tables_than_the_state_began_with_are_refused(published: Inputs) -> None:
    policy = published.base / "policy.toml"
    policy.write_text(policy.read_text() + '\n[tables]\nsmelt = ["total"]\n')
    with pytest.raises(UserError, match="expected the tables and show_zero of the policy that this state began with"):
        published.publish()


def test_a_group_named_only_in_an_earlier_file_is_remembered(published: Inputs) -> None:
    """Three importers of foil were one enterprise in the first file; the second no longer says so."""
    three = [5_000.0, 5_100.0, 5_200.0]
    named = license_rows("2025-03", (FOIL, "LUX"), three).assign(enterprise_group="one group", status="cancelled")
    other = Inputs(published.base / "other")
    other.write_licenses(usual_month("2025-03").loc[lambda rows: rows["origin"] != "CHN"], named)
    other.publish()
    april = usual_month("2025-04").loc[lambda rows: rows["origin"] != "CHN"]
    other.write_licenses(april, license_rows("2025-04", (FOIL, "LUX"), three), day="2025-05-09")
    other.publish()
    assert other.cells().loc[("2025-04", "aim", "LUX"), "status"] == "withheld"


@pytest.mark.parametrize(
    "ids",
    [
        ["Acme", "ACME", "acme"],
        ["Soci\u00e9t\u00e9", "Socie\u0301te\u0301", "SOCI\u00c9T\u00c9"],
        ["a b", "a  b", "A B"],
    ],
)
def test_ids_that_differ_by_case_blanks_or_form_of_letters_are_one_firm(inputs: Inputs, ids: list[str]) -> None:
    safe = usual_month("2025-03").loc[lambda rows: rows["origin"] != "CHN"]
    three = license_rows("2025-03", (FOIL, "LUX"), [5_000.0, 5_100.0, 5_200.0])
    inputs.write_licenses(safe, three.assign(importer_id=ids, filer_id=ids))
    inputs.publish()
    assert inputs.cells().loc[("2025-03", "aim", "LUX"), "status"] == "withheld"


@pytest.mark.parametrize("role", ["importer_id", "filer_id"])
def test_nobody_is_no_importer_and_no_filer_however_it_is_spelled(inputs: Inputs, role: str) -> None:
    inputs.write_licenses(usual_month("2025-03").assign(**{role: "Unknown"}))
    with pytest.raises(UserError, match=f"column {role}: expected the id of a firm"):
        inputs.publish()


@pytest.mark.parametrize("file", ["fixed.json", "links.parquet"])
def test_a_state_that_lost_what_holds_for_all_months_is_refused(published: Inputs, file: str) -> None:
    (published.state / file).unlink()
    with pytest.raises(UserError, match="restore the state directory from its backup"):
        published.publish()


def test_firms_that_turn_out_to_be_one_stop_no_other_month(inputs: Inputs) -> None:
    """LUX was safe with three importers; by its final figures two of them name the same enterprise."""
    four = [5_000.0, 5_100.0, 5_200.0, 5_300.0]
    march = pd.concat([usual_month("2025-03"), license_rows("2025-03", (FOIL, "LUX"), four)], ignore_index=True)
    inputs.write_licenses(march)
    inputs.publish()
    before = inputs.cells().loc[["2025-03"]]
    assert before.loc[("2025-03", "aim", "LUX"), "status"] == "published"
    named = license_rows("2025-03", (FOIL, "LUX"), four).assign(
        license_id=[f"named {i}" for i in range(4)], enterprise_group="one group", status="cancelled"
    )
    more = usual_month("2025-03").assign(license_id=lambda rows: "more " + rows["license_id"])
    inputs.write_licenses(march, more, named, usual_month("2025-05"), day="2025-06-20")
    log = inputs.publish()
    assert "warning: left as published before: 2025-03" in log
    assert "closed now: 2025-04 to 2025-05 (2)" in log
    pd.testing.assert_frame_equal(inputs.cells().loc[["2025-03"]], before)


def test_a_release_of_no_license_month_can_be_followed(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2025-04").assign(status="cancelled"))
    inputs.publish()
    inputs.write_licenses(usual_month("2025-04"), day="2025-04-17")
    inputs.publish()
    assert "2025-04" in inputs.cells().index.get_level_values("period")


def test_a_month_that_is_closed_runs_no_more_whatever_the_policy_says_now(published: Inputs) -> None:
    before = published.cells().loc[["2025-03"]]
    policy = published.base / "policy.toml"
    policy.write_text(policy.read_text() + "\n[calendar]\nclose_days = 45\n")
    published.write_licenses(usual_month("2025-03", scale=2.0), day="2025-04-17")
    published.publish()
    pd.testing.assert_frame_equal(published.cells().loc[["2025-03"]], before)


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        (["2025-03"], "2025-03 (1)"),
        (["2024-11", "2024-12", "2025-01", "2025-03"], "2024-11 to 2025-01, 2025-03 (4)"),
        (["2025-Q1", "2025-Q2"], "2025-Q1, 2025-Q2"),
    ],
)
def test_the_log_tells_months_by_their_runs(periods: list[str], words: str) -> None:
    assert publication.in_runs(periods) == words


def test_the_state_is_for_its_owner_alone(published: Inputs) -> None:
    assert published.state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("moment", ["file_entry", "check_release", "swap_in", "keep_layer", "keep_release", "_write"])
def test_a_crash_at_any_moment_leaves_the_current_release(
    published: Inputs, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    before, cells = published.current, published.cells()
    published.write_licenses(usual_month("2025-04"), usual_month("2025-05"), day="2025-05-09")

    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("power cut")

    owner = {
        "keep_layer": state_module.State,
        "keep_release": state_module.State,
        "swap_in": publication,
        "_write": publication,
    }.get(moment, swap)
    with monkeypatch.context() as patch:
        patch.setattr(owner, moment, crash)
        with pytest.raises(RuntimeError, match="power cut"):
            published.publish()
    assert published.current == before
    check_release(published.current)
    published.publish()
    assert releases(published) == sorted([before.name, published.current.name])
    assert not [path for path in published.releases.iterdir() if path.name.startswith(".new")]
    pd.testing.assert_frame_equal(published.cells().loc[["2025-03"]], cells.loc[["2025-03"]])
    assert set(published.cells().index.get_level_values("period")) == {"2025-03", "2025-04", "2025-05"}


def test_a_crash_between_the_two_renames_leaves_the_current_release(
    published: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published.current
    rename = Path.replace

    def crash(self: Path, target: Path) -> Path:
        if target.name == "current":
            raise RuntimeError("power cut")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(RuntimeError, match="power cut"):
            published.publish()
    assert published.current == before
    published.publish()
    check_release(published.current)
    assert published.current != before


def test_a_release_that_does_not_pass_the_check_is_not_swapped_in(
    published: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted leak: a withheld cell with its figure."""
    before = published.current
    tables = run.license_tables

    def leaking(*args: object, **given: object) -> dict[str, pa.Table]:
        found = tables(*args, **given)  # type: ignore[arg-type]
        rows = found["license_origin.parquet"].to_pylist()
        leaky = [row | {"value": 7_654 if row["value"] is None else row["value"]} for row in rows]
        return found | {
            "license_origin.parquet": pa.Table.from_pylist(leaky, schema=found["license_origin.parquet"].schema)
        }

    monkeypatch.setattr(run, "license_tables", leaking)
    with pytest.raises(UserError, match="expected null in cells that are not published"):
        published.publish()
    assert published.current == before


@pytest.mark.parametrize("directory", ["releases", "state"])
def test_a_second_publication_at_once_says_so(published: Inputs, directory: str) -> None:
    with (published.base / directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another publication is running"):
            published.publish()
    published.publish()


def test_a_current_release_that_cannot_be_read_is_not_passed_over(published: Inputs) -> None:
    (published.current / "manifest.json").unlink()
    with pytest.raises(UserError, match="manifest"):
        published.publish()


@pytest.mark.parametrize(("public", "licenses"), [(True, False), (False, True), (False, False)])
def test_a_release_is_a_demonstration_if_any_data_is(inputs: Inputs, public: bool, licenses: bool) -> None:
    write_raw(inputs.base / "public", "2025-03", [raw_row(UNWROUGHT, CANADA, 900)], demonstration=public)
    inputs.write_licenses(usual_month("2025-03"), demonstration=licenses)
    log = inputs.publish()
    assert read_manifest(inputs.current).demonstration == (public or licenses)
    assert ("synthetic" in log) == (public or licenses)


def test_real_figures_are_not_published_over_a_demonstration(inputs: Inputs) -> None:
    inputs.write_licenses(usual_month("2025-03"), demonstration=True)
    inputs.publish()
    before = inputs.current
    with pytest.raises(UserError, match="holds a demonstration, found real public statistics; publish them into"):
        inputs.publish(licenses=None)
    assert inputs.current == before
    rows = [raw_row(UNWROUGHT, CANADA, 950), raw_row(UNWROUGHT, TOTAL, 950)]
    write_raw(inputs.base / "public", "2025-03", rows, demonstration=True)
    inputs.publish(licenses=None)
    assert read_manifest(inputs.current).demonstration


def test_the_demonstrations_policy_with_real_licenses_is_warned_of(inputs: Inputs) -> None:
    policy = inputs.base / "policy.toml"
    policy.write_text("demonstration = true\n" + policy.read_text())
    inputs.write_licenses(usual_month("2025-03"))
    assert "secret is public" in inputs.publish()
    other = Inputs(inputs.base / "other")
    policy = other.base / "policy.toml"
    policy.write_text("demonstration = true\n" + policy.read_text())
    other.write_licenses(usual_month("2025-04"), day="2025-05-09", demonstration=True)
    assert "secret is public" not in other.publish()


@pytest.mark.parametrize("what", ["public statistics", "licenses"])
def test_a_demonstration_is_not_published_over_real_figures(published: Inputs, what: str) -> None:
    before = published.current
    if what == "licenses":
        published.write_licenses(usual_month("2025-04"), day="2025-05-09", demonstration=True)
    else:
        rows = [raw_row(UNWROUGHT, CANADA, 950), raw_row(UNWROUGHT, TOTAL, 950)]
        write_raw(published.base / "public", "2025-03", rows, demonstration=True)
    with pytest.raises(UserError, match=f"holds real figures, found synthetic {what}"):
        published.publish()
    assert published.current == before


def test_the_same_inputs_give_the_same_files(inputs: Inputs, tmp_path: Path) -> None:
    inputs.write_licenses(usual_month("2025-03"))
    inputs.publish()
    first = read_manifest(inputs.current).files
    inputs.publish(out=tmp_path / "elsewhere", state=tmp_path / "another state")
    assert read_manifest((tmp_path / "elsewhere" / "current").resolve()).files == first


CONFIDENTIAL = re.compile(
    r"primar|complement|unsafe|domina|contribut|\bunit|\bp ?%|n_min|secret|salt|the only firm|firm \d|7.?654\b",
    re.IGNORECASE,
)


def test_nothing_confidential_is_in_release_or_log(published: Inputs) -> None:
    published.write_licenses(usual_month("2025-04"), usual_month("2025-05"), day="2025-05-09")
    log = published.publish()
    assert not CONFIDENTIAL.search(log)
    manifest = (published.current / "manifest.json").read_text()
    assert not CONFIDENTIAL.search(manifest)
    assert {path.name for path in published.current.iterdir()} == {
        "manifest.json",
        "public.parquet",
        "layers.parquet",
        *(f"license_{table}.parquet" for table in LICENSE_DIMENSIONS),
    }
    text = published.cells().reset_index().to_csv()
    assert not CONFIDENTIAL.search(text)
    assert "lone" not in text


def test_which_cells_are_withheld_is_not_told_by_a_hash_of_the_policy(inputs: Inputs, tmp_path: Path) -> None:
    """Another minimum, the same cells: the files are the same, and no parameter can be told from the manifest."""
    inputs.write_licenses(usual_month("2025-03"))
    inputs.publish()
    policy = inputs.base / "policy.toml"
    policy.write_text(policy.read_text().replace("n_min = 3", "n_min = 4"))
    inputs.publish(out=tmp_path / "elsewhere", state=tmp_path / "another state")
    before = json.loads((inputs.current / "manifest.json").read_text())
    after = json.loads(((tmp_path / "elsewhere" / "current") / "manifest.json").read_text())
    for manifest in (before, after):
        for varying in ("id", "published"):
            manifest.pop(varying)
        manifest["license"].pop("certificate")
    assert before == after
