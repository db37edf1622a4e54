"""Dependencies: pinned by hash, licensed, listed, none of the tests' in what runs; the unchecked not called clean."""

from __future__ import annotations

import ast
import json
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.supply import facts
from tests.supply.__main__ import npm_verdict, python_verdict

HASH = "--hash=sha256:" + "0" * 64
EXTRAS = {"dask", "distributed"}
TYPES_ONLY = {"_typeshed"}


def test_locks_bundle_and_licenses_are_in_order() -> None:
    assert facts.problems() == []


def test_what_runs_is_locked_the_same_where_it_is_tested() -> None:
    run, dev = (facts.pinned(path.read_text()) for path in (facts.RUN, facts.DEV))
    assert len(run) > 30
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"dash==4.4.1 \\\n    {HASH}\n    # via x\n", None),
        (f"dash>=4.4.1 \\\n    {HASH}\n", "expected name==version"),
        ("dash==4.4.1\n", "expected SHA-256 hashes"),
        (f"dash==4.4.1 \\\n    {HASH[:-1]}\n", "expected SHA-256 hashes"),
        (f"--index-url https://example.org\ndash==4.4.1 \\\n    {HASH}\n", "expected no address"),
        (f"dash @ file:dash.whl \\\n    {HASH}\n", "expected no address"),
    ],
)
def test_a_lock_holds_versions_and_hashes_and_no_address(text: str, problem: str | None) -> None:
    found = facts.lock_problems(text)
    assert (found == []) if problem is None else (problem in found[0])


def test_another_version_than_the_locked_one_is_told() -> None:
    version = facts.pinned(facts.DEV.read_text())["dash"]
    changed = facts.DEV.read_text().replace(f"dash=={version} ", "dash==0.1 ")
    assert facts.environment_problems(changed) == [f"dash: expected 0.1, found {version}"]


def test_a_package_of_npm_without_a_hash_or_with_an_address_is_told() -> None:
    lock = {"packages": {"": {}, "node_modules/a": {"resolved": "https://example.org/a.tgz"}}}
    assert facts.npm_problems(lock) == [
        "node_modules/a: expected a SHA-512 hash, found none",
        "node_modules/a: expected no address, found one",
    ]


@pytest.mark.parametrize(
    ("license_", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0", True),
        ("Apache-2.0 AND GPL-3.0", False),
        ("GPL-3.0", False),
        ("", False),
    ],
)
def test_a_license_that_nobody_looked_at_is_told(license_: str, good: bool) -> None:
    found = facts.license_problems([facts.Licensed("npm", "a", "1", license_, "lock")])
    assert (found == []) == good


def test_a_finding_of_an_audit_fails() -> None:
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": [], "fix_versions": ["2"]}]},
            {"name": "b", "version": "1", "vulns": []},
        ]
    }
    findings, line = python_verdict(answer)
    assert findings == ["a 1: PYSEC-1; mended in 2"]
    assert line == "pip-audit: 2 packages checked, 1 findings"
    advisory = {"title": "Bad", "url": "https://example.org/GHSA-1"}
    answer = {"vulnerabilities": {"c": {"severity": "high", "via": [advisory]}}, "metadata": {}}
    assert npm_verdict(answer)[0] == ["c: Bad (high)"]


@pytest.mark.parametrize("answer", [None, {}, {"dependencies": [{"name": "a", "skip_reason": "not found"}]}])
def test_what_no_service_answers_is_said_to_be_unchecked(answer: object) -> None:
    findings, line = python_verdict(answer)
    assert findings == []
    assert "not checked" in line
    findings, line = npm_verdict({"message": "405", "error": {}})
    assert (findings, "not checked" in line) == ([], True)


def test_what_a_service_does_not_know_is_named() -> None:
    answer = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]}
    assert python_verdict(answer)[1] == (
        "pip-audit: 1 packages checked, 0 findings; not checked, unknown to the service: b"
    )


def test_what_runs_imports_nothing_that_only_the_tests_need() -> None:
    """The image holds the packages of `.lock/run.txt` alone."""
    run = facts.pinned(facts.RUN.read_text())
    of = packages_distributions()
    own = {"app", "dashboard", "data_access"}
    imported: dict[str, Path] = {}
    files = [facts.ROOT / "app.py", *(path for name in own - {"app"} for path in (facts.ROOT / name).rglob("*.py"))]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            imported |= dict.fromkeys((name.partition(".")[0] for name in names), path)
    outside = {
        f"{name} in {path.relative_to(facts.ROOT)}"
        for name, path in imported.items()
        if name not in sys.stdlib_module_names | own | EXTRAS | TYPES_ONLY
        and not {facts.normal(one) for one in of.get(name, [])} & run.keys()
    }
    assert outside == set()
    container = (facts.ROOT / "Containerfile").read_text()
    assert "--require-hashes" in container
    assert "COPY .lock/run.txt" in container
    assert "dev.txt" not in container


def test_material_that_is_passed_on_lies_beside_its_license() -> None:
    text = json.dumps([one.name for one in facts.MATERIAL])
    for path in ("assets/world.svg", "dashboard/pictures/fonts"):
        assert (facts.ROOT / path).exists()
        assert path in text
    assert "SIL OPEN FONT LICENSE" in (facts.ROOT / "dashboard/pictures/fonts/OFL.txt").read_text().upper()
