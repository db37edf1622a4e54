"""What staff can check with the confidential inputs: the certificate by arithmetic, and the judge."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from publication_inputs import Inputs, usual_month

from data_access.contracts import file_entry, license_schema, read_manifest
from data_access.errors import UserError
from data_access.publishing import audit as staff
from data_access.publishing import state as state_module
from data_access.publishing.disclosure.judge import Breach


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A quarter that is final, and a month that runs."""
    inputs = Inputs(tmp_path_factory.mktemp("audit"))
    months = [usual_month(f"2025-0{number}", scale=number) for number in (1, 2, 3)]
    inputs.write_licenses(*months, usual_month("2025-06"), day="2025-06-20")
    inputs.publish()
    return inputs


def verify(inputs: Inputs, **changed: object) -> str:
    arguments: dict[str, object] = {
        "certificate": None,
        "licenses": inputs.licenses,
        "policy": inputs.base / "policy.toml",
        "state": inputs.state,
        "step": lambda done, of: None,
    }
    return staff.verify_release(inputs.current, **(arguments | changed))  # type: ignore[arg-type]


def audit(inputs: Inputs, **changed: object) -> str:
    arguments: dict[str, object] = {
        "licenses": inputs.licenses,
        "policy": inputs.base / "policy.toml",
        "state": inputs.state,
        "only": None,
        "sample": None,
        "step": lambda done, of: None,
    }
    return staff.audit_release(inputs.current, **(arguments | changed))  # type: ignore[arg-type]


def test_a_release_is_proven_month_by_month_and_over_longer_periods(published: Inputs) -> None:
    part = read_manifest(published.current).license
    assert part is not None
    assert list(part.quarters) == ["2025-Q1"]
    assert "6 months and 1 longer period proven safe by arithmetic" in verify(published)


def test_the_judge_finds_nothing_in_a_sound_release(published: Inputs) -> None:
    assert (
        "the judge found nothing in 6 months (every unsafe cell and attacker; longer periods are for verify)"
        in audit(published)
    )
    assert "the judge found nothing in 1 month (2 unsafe cells" in audit(published, only="2025-02", sample=2)


def test_a_month_that_the_release_lacks_cannot_be_judged(published: Inputs) -> None:
    with pytest.raises(UserError, match="expected license data of 2024-02, found none"):
        audit(published, only="2024-02")


def test_the_certificate_is_the_one_whose_hash_the_release_carries(published: Inputs, tmp_path: Path) -> None:
    part = read_manifest(published.current).license
    assert part is not None
    certificate = published.state / "releases" / part.certificate
    assert "holds" in verify(published, certificate=certificate)
    other = tmp_path / "other"
    other.write_text(certificate.read_text() + "\n")
    for path in (other, tmp_path / "none"):
        with pytest.raises(UserError, match="expected the certificate whose hash the release carries"):
            verify(published, certificate=path)


def test_a_stricter_policy_is_not_proven_by_the_same_certificate(published: Inputs, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text((published.base / "policy.toml").read_text().replace("p = 10", "p = 40"))
    with pytest.raises(UserError, match="its license data is not proven safe"):
        verify(published, policy=policy)


def test_the_state_of_other_releases_proves_nothing(published: Inputs, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="found another or an incomplete one"):
        verify(published, state=tmp_path / "empty")


def test_a_release_without_license_data_has_no_certificate(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path / "public")
    inputs.publish()
    inputs.licenses = tmp_path / "none.parquet"
    with pytest.raises(UserError, match="expected a release with license data"):
        verify(inputs)


def tampered(inputs: Inputs, monkeypatch: pytest.MonkeyPatch, month: str, show: bool) -> None:
    """The state as it would be had a withheld row been shown (or a shown one withheld), its own hashes in order."""
    rows = state_module.KeptLayer.rows

    def changed(layer: state_module.KeptLayer) -> pd.DataFrame:
        found = rows(layer)
        if layer.path.parent.name == month:
            at = int(np.flatnonzero(found["status"] == ("withheld" if show else "published"))[-1])
            found.loc[at, "status"] = "published" if show else "withheld"
            found.loc[at, ["value", "kg"]] = [7654, 1914] if show else [pd.NA, pd.NA]
        return found

    monkeypatch.setattr(state_module.KeptLayer, "rows", changed)
    monkeypatch.setattr(staff.joblib, "cpu_count", lambda: 1)


@pytest.mark.parametrize("show", [True, False])
def test_a_pattern_other_than_the_proven_one_is_caught(
    published: Inputs, monkeypatch: pytest.MonkeyPatch, show: bool
) -> None:
    tampered(published, monkeypatch, "2025-02", show)
    with pytest.raises(UserError, match="its license data is not proven safe") as error:
        verify(published)
    assert "expected the rows of the state's layers, found others" in str(error.value)


def altered(inputs: Inputs, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """The release as it would be had someone changed a file and fitted the manifest to it."""
    monkeypatch.setattr(staff.joblib, "cpu_count", lambda: 1)
    manifest = json.loads((inputs.current / "manifest.json").read_text())
    if change == "a manifest":
        manifest["license"]["months"]["2025-02"] = "2025-06-19"
    else:
        path = inputs.current / "license_origin.parquet"
        rows = pq.read_table(path).to_pylist()
        row = next(row for row in rows if row["status"] == "withheld" and row["period"] == "2025-02")
        row |= {"status": "published", "value": 7654, "kg": 1914} if change == "a cell" else {"value_low": 7654}
        row |= {"value_low": None, "value_high": None, "kg_low": None, "kg_high": None} if change == "a cell" else {}
        pq.write_table(pa.Table.from_pylist(rows, schema=license_schema("origin", ranges=True)), path)
        manifest["files"][path.name] = asdict(file_entry(path))
        manifest["license"]["withheld"]["origin"] -= change == "a cell"
    (inputs.current / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("change", ["a cell", "a range", "a manifest"])
def test_a_release_that_is_not_what_the_state_makes_is_caught_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    inputs = Inputs(tmp_path / "altered")
    policy = inputs.base / "policy.toml"
    policy.write_text("ranges = true\n" + policy.read_text())
    inputs.write_licenses(usual_month("2025-02"), day="2025-06-20")
    inputs.publish()
    assert "holds" in verify(inputs)
    altered(inputs, monkeypatch, change)
    for check in (verify, audit):
        with pytest.raises(UserError, match=r"expected (the rows of the state's layers|of license data what)"):
            check(inputs)


def test_the_judge_names_cell_attacker_and_bound(published: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    tampered(published, monkeypatch, "2025-02", True)
    with pytest.raises(UserError, match="cells or files are not as they must be") as error:
        audit(published, only="2025-02")
    assert "2025-02: " in str(error.value)


@pytest.mark.parametrize(
    ("breach", "words"),
    [
        (
            Breach("aim|CHN|all|all|all", "f1", 0, 0, 105.0, 110.0),
            "aim|CHN|all|all|all: firm f1 works out a value of at most 105 US$, which must not be under 110",
        ),
        (
            Breach("aim|CHN|all|all|all", "", 1, 1, 99.0, 90.0),
            "aim|CHN|all|all|all: anyone works out a weight of at least 99 kg, which must not be over 90",
        ),
        (Breach("a", "", 0, 0, 0.0, 0.0, "shown"), "a: unsafe, yet shown"),
        (Breach("a + b", "", 0, 0, 0.0, 0.0, "union"), "a + b: an unsafe sum of withheld cells"),
    ],
)
def test_findings_are_told_in_words(
    published: Inputs, monkeypatch: pytest.MonkeyPatch, breach: Breach, words: str
) -> None:
    monkeypatch.setattr(staff.joblib, "cpu_count", lambda: 1)
    monkeypatch.setattr(staff, "judge_layers", lambda *args, **given: [breach])
    with pytest.raises(UserError) as error:
        audit(published, only="2025-02")
    assert f"2025-02: {words}" in str(error.value)


def test_a_damaged_proof_is_refused(published: Inputs, tmp_path: Path) -> None:
    layer = published.state / "months" / "2025-02" / "2025-06-20" / "layer.json"
    before = layer.read_text()
    try:
        layer.write_text(json.dumps(json.loads(before) | {"salt": "0" * 64}))
        with pytest.raises(UserError, match="restore the state directory from its backup"):
            verify(published)
    finally:
        layer.write_text(before)
