"""The console command: what it prints, where, and what it ends with."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_access import cli

COMMANDS = (
    *("census", "demo", "publish", "verify", "audit", "report", "reference", "query", "serve"),
    *("keys", "sign", "upload"),
)


def monitor(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data_access.cli", *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).resolve().parents[1]), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Demonstration inputs and their release, made by the commands a newcomer would use."""
    base = tmp_path_factory.mktemp("cli")
    made = monitor("demo", "--out", "demo", "--months", "3", "--licenses", "400", cwd=base)
    assert made.returncode == 0, made.stderr
    published = monitor(
        *("publish", "--public", "demo/public", "--licenses", "demo/licenses-2026-11-20.parquet"),
        *("--policy", "demo/policy.toml", "--decisions", "demo/decisions.csv", "--state", "state"),
        cwd=base,
    )
    assert published.returncode == 0, published.stderr
    return base


def test_help_names_every_command(tmp_path: Path) -> None:
    told = monitor("--help", cwd=tmp_path)
    assert told.returncode == 0
    for command in COMMANDS:
        assert command in told.stdout


@pytest.mark.parametrize(
    "command",
    [(one,) for one in COMMANDS],
)
def test_every_command_has_its_help(tmp_path: Path, command: tuple[str, ...]) -> None:
    told = monitor(*command, "--help", cwd=tmp_path)
    assert told.returncode == 0
    assert "Usage:" in told.stdout


def test_the_demonstration_release_is_sound(demonstration: Path) -> None:
    told = monitor("verify", "releases/current", cwd=demonstration)
    assert told.returncode == 0
    assert "is sound" in told.stdout


STAFF = ("--licenses", "demo/licenses-2026-11-20.parquet", "--policy", "demo/policy.toml", "--state", "state")


def test_staff_verify_the_proof_by_its_certificate(demonstration: Path) -> None:
    (certificate,) = (demonstration / "state" / "releases").iterdir()
    told = monitor("verify", "releases/current", "--certificate", str(certificate), *STAFF, cwd=demonstration)
    assert told.returncode == 0, told.stderr
    assert "the certificate holds; 3 months and 0 longer periods proven safe by arithmetic" in told.stdout


def test_staff_have_the_judge_look_at_a_month(demonstration: Path) -> None:
    told = monitor("audit", "releases/current", "--month", "2026-09", "--sample", "1", *STAFF, cwd=demonstration)
    assert told.returncode == 0, told.stderr
    assert "the judge found nothing in 1 month" in told.stdout


def test_a_proof_needs_all_its_inputs(demonstration: Path) -> None:
    told = monitor("verify", "releases/current", *STAFF[:4], cwd=demonstration)
    assert told.returncode == 1
    assert "expected --licenses, --policy, --state together, --state missing; name all three" in told.stderr


def test_an_altered_release_is_not_sound(demonstration: Path, tmp_path: Path) -> None:
    release = tmp_path / "release"
    release.mkdir()
    for file in (demonstration / "releases" / "current").iterdir():
        (release / file.name).write_bytes(file.read_bytes())
    with (release / "license_origin.parquet").open("ab") as file:
        file.write(b"x")
    told = monitor("verify", str(release), cwd=tmp_path)
    assert told.returncode == 1
    assert "license_origin.parquet" in told.stderr
    assert told.stdout == ""


def test_a_key_asks_for_signatures_of_every_command_that_opens_a_release(demonstration: Path, tmp_path: Path) -> None:
    made = monitor("keys", "--out", str(tmp_path / "keys"), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    public = {"AIM_VERIFY_KEY": str(tmp_path / "keys" / "aim-verify.pem")}
    private = {"AIM_SIGN_KEY": str(tmp_path / "keys" / "aim-sign.pem")}
    releases = tmp_path / "releases"
    shutil.copytree(demonstration / "releases", releases, symlinks=True)
    for command in (
        ("verify", str(releases / "current")),
        ("query", "product=7601", "--releases", str(releases)),
        ("report", "--out", "report.xlsx", "--releases", str(releases)),
    ):
        told = monitor(*command, cwd=tmp_path, **public)
        assert (told.returncode, told.stdout) == (1, ""), command
        assert "sign" in told.stderr
    signed = monitor("sign", str(releases / "current"), cwd=tmp_path, **private)
    assert signed.returncode == 0, signed.stderr
    told = monitor("verify", str(releases / "current"), cwd=tmp_path, **public)
    assert "it is signed with a key of" in told.stdout
    assert monitor("query", "product=7601", "--releases", str(releases), cwd=tmp_path, **public).returncode == 0
    broken = monitor("serve", cwd=tmp_path, AIM_VERIFY_KEY="nowhere.pem", AIM_RELEASES=str(releases), AIM_LOG="text")
    assert broken.returncode == 1
    assert "nowhere.pem: expected an Ed25519 public key (PEM)" in broken.stderr


def test_query_gives_the_same_figures_as_csv_and_as_json(demonstration: Path) -> None:
    text = "product=7601&country=CAN&measure=value&series=public&from=2026-07&to=2026-08"
    as_json = json.loads(monitor("query", text, "--format", "json", cwd=demonstration).stdout)
    lines = [line for line in monitor("query", text, cwd=demonstration).stdout.splitlines() if not line.startswith("#")]
    header, *rows = [line.split(",") for line in lines]
    from_csv = [int(row[header.index("value")]) for row in rows]
    assert from_csv == [cell["value"] for cell in as_json["cells"]]
    assert len(from_csv) == 2
    assert as_json["release"]["demonstration"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("query", "measure=weight"), 2, "measure: expected one of value, volume, auv, share"),
        (("query", "", "--format", "xml"), 2, "--format: expected csv or json, found 'xml'"),
        (("query", "", "--releases", "nowhere"), 1, "nowhere: no release is there yet"),
        (("query", "", "--releases", "s3://"), 1, "expected s3://bucket/prefix"),
        (("upload", "nowhere", "s3://bucket/x"), 1, "nowhere: expected a current release, found none"),
        (("upload", "releases", "elsewhere"), 1, "expected s3://bucket/prefix"),
        (("sign", "releases/current", "--sign-key", "nowhere.pem"), 1, "expected an Ed25519 private key"),
        (("keys", "--out", "demo/policy.toml"), 1, "demo/policy.toml"),
        (("verify", "nowhere"), 1, "expected a release manifest"),
        (("census", "--from", "2025-13", "--out", "x"), 2, "expected a month as YYYY-MM"),
        (("demo", "--out", "x", "--as-of", "soon"), 2, "expected a date as YYYY-MM-DD"),
        (("publish", "--public", "nowhere", "--policy", "nowhere.toml"), 1, "nowhere"),
    ],
)
def test_a_mistake_gets_one_message_and_no_trace(
    demonstration: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = monitor(*arguments, cwd=demonstration)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_the_census_key_is_asked_for_before_anything_is_pulled(tmp_path: Path) -> None:
    told = monitor("census", "--from", "2025-01", "--out", "pulls", cwd=tmp_path)
    assert told.returncode == 1
    assert "CENSUS_API_KEY" in told.stderr
    assert not (tmp_path / "pulls").exists()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(errno.EACCES, "", "in.parquet"), "in.parquet: Permission denied"),
        (OSError(errno.ENOSPC, "", "out"), "out: expected to write it, found: No space left on device"),
        (OSError(errno.EROFS, "", "out"), "out: expected to write it, found: Read-only file system"),
    ],
)
def test_a_file_is_told_as_one_to_be_written_only_where_that_is_known(
    error: OSError, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err.startswith(f"aim-monitor: {told}")
