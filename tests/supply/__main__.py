"""`make check`'s look at what the project depends on: locks, licenses, and known vulnerabilities where services answer.

`python -m tests.supply --write` writes the list of licenses.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.supply.facts import BUNDLE, DEV, LICENSES, as_csv, beside, listed, problems

SECONDS = 60
"""How long a service is waited for."""

EXPLAINED: dict[str, str] = {}
"""Advisories that do not reach this project, each with its reason."""

Verdict = tuple[list[str], str]
"""Findings, and a line on what was looked at."""


def asked(*command: str, cwd: Path) -> Any:
    """The JSON that a command prints; None where it has none to give within the time."""
    try:
        run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=SECONDS)
        return json.loads(run.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def python_verdict(answer: Any) -> Verdict:
    """What pip-audit says; a package that the service does not know was not checked."""
    if not isinstance(answer, dict) or "dependencies" not in answer:
        return [], "pip-audit: not checked: no advisory service answers"
    every = answer["dependencies"]
    skipped = [one["name"] for one in every if "skip_reason" in one]
    findings = [
        f"{one['name']} {one['version']}: {known['id']}; mended in {', '.join(known['fix_versions']) or 'no version'}"
        for one in every
        for known in one.get("vulns", [])
        if EXPLAINED.keys().isdisjoint([known["id"], *known.get("aliases", [])])
    ]
    if len(skipped) == len(every):
        return findings, f"pip-audit: not checked: the service here knows none of the {len(every)} packages"
    rest = f"; not checked, unknown to the service: {', '.join(skipped)}" if skipped else ""
    return findings, f"pip-audit: {len(every) - len(skipped)} packages checked, {len(findings)} findings{rest}"


def npm_verdict(answer: Any) -> Verdict:
    """What npm audit says."""
    if not isinstance(answer, dict) or "vulnerabilities" not in answer:
        return [], "npm audit: not checked: no advisory service answers"
    findings = []
    for name, one in answer["vulnerabilities"].items():
        advisories = [via for via in one.get("via", []) if isinstance(via, dict)]
        findings += [
            f"{name}: {via.get('title', via.get('source'))} ({one.get('severity')})"
            for via in advisories
            if str(via.get("url", "")).rpartition("/")[2] not in EXPLAINED
        ]
    count = answer.get("metadata", {}).get("dependencies", {}).get("total", "all")
    return findings, f"npm audit: {count} packages checked, {len(findings)} findings"


def audits() -> list[Verdict]:
    """Both, of the locks alone: nothing is installed or resolved."""
    audit = (sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", str(DEV))
    told = [python_verdict(asked(*audit, "--format", "json", "--progress-spinner", "off", cwd=DEV.parent))]
    if BUNDLE.exists() and (npm := shutil.which("npm")):
        with tempfile.TemporaryDirectory() as name:
            for file in ("package.json", "package-lock.json"):
                shutil.copy(BUNDLE.with_name(file), name)
            command = (npm, "audit", "--package-lock-only", "--json", "--fetch-retries=0")
            told.append(npm_verdict(asked(*command, cwd=Path(name))))
    else:
        told.append(([], "npm audit: not checked: npm is missing"))
    return told


def main(*, write: bool) -> int:
    """Print what was found; gives the exit code."""
    if write:
        LICENSES.write_text(as_csv(listed()), encoding="utf-8")
    told = problems()
    lines = [f"locks and licenses: {len(listed())} entries, {len(told)} problems"]
    if more := beside(DEV.read_text()):
        lines.append(f"installed beside the locks: {', '.join(more)}")
    for findings, line in audits():
        lines.append(line)
        told += findings
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stderr.write("".join(f"supply: {line}\n" for line in told))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv[1:]))
