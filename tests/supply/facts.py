"""What the project depends on, at which versions, by which hashes and under which licenses; read from the locks alone,
from the metadata of what is installed, and from the bundle's lock. Nothing here asks the network."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUN, DEV = ROOT / ".lock" / "run.txt", ROOT / ".lock" / "dev.txt"
BUNDLE = ROOT / "dashboard" / "bundle" / "package-lock.json"
LICENSES = ROOT / ".lock" / "licenses.csv"
OWN = {"aim-monitor", "pip"}
"""Installed, and in no lock."""

ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0"),
    *("MPL-2.0", "OFL-1.1", "PSF-2.0", "Unlicense", "Zlib", "public domain"),
}
"""All of these let the code be passed on beside Apache-2.0; MPL-2.0 asks that changes to its own files be shown."""

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
FIELDS = {"MIT": "MIT", "MPL-2.0": "MPL-2.0"}
TEXTS = {
    "MIT License": "MIT",
    "Permission is hereby granted, free of charge": "MIT",
    "Mozilla Public License": "MPL-2.0",
    "Apache License": "Apache-2.0",
}

READ_BY_HAND = {
    "node_modules/glsl-resolve/node_modules/xtend": "MIT",
    "node_modules/stack-trace": "MIT",
}
"""Of npm packages too old to say so in the lock: from the file LICENCE or License of the package."""


@dataclass(frozen=True, slots=True, order=True)
class Licensed:
    """One thing that is used or passed on; `source` is where its license was read."""

    part: str
    name: str
    version: str
    license: str
    source: str


MATERIAL = (
    Licensed(
        "material", "Natural Earth outlines (assets/world.svg)", "2.0.2", "public domain", "dashboard/draw_world.py"
    ),
    Licensed("material", "Public Sans (dashboard/pictures/fonts)", "2", "OFL-1.1", "dashboard/pictures/fonts/OFL.txt"),
    Licensed("tests", "axe-core (in axe-playwright-python)", "as installed", "MPL-2.0", "axe.min.js"),
)

REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9._-]*)==([^\s;]+)(\s*;[^\\]*)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(text: str) -> Iterator[tuple[str, list[str]]]:
    """The requirements of a lock, each with the hashes behind it."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            first, *rest = re.split(r"\s+(?=--)", line.strip())
            yield first, rest


def lock_problems(text: str) -> list[str]:
    """Where a lock is not pinned to versions by hashes alone."""
    problems = ["expected no address, found one"] if "://" in text or " @ " in text else []
    for first, hashes in requirements(text):
        if not REQUIREMENT.fullmatch(first):
            problems.append(f"expected name==version, found {first}")
        elif not hashes or not all(HASH.fullmatch(one.strip()) for one in hashes):
            problems.append(f"{first}: expected SHA-256 hashes and nothing else")
    return problems


def pinned(text: str) -> dict[str, str]:
    """Name to version."""
    found = (REQUIREMENT.fullmatch(first) for first, _ in requirements(text))
    return {match[1]: match[2] for match in found if match}


def _always(text: str) -> dict[str, str]:
    """Name to version of what every platform installs."""
    found = (REQUIREMENT.fullmatch(first) for first, _ in requirements(text))
    return {match[1]: match[2] for match in found if match and not match[3]}


def normal(name: str) -> str:
    """A name as locks spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def environment_problems(text: str) -> list[str]:
    """Where what is installed here is not what a lock pins."""
    locked, installed = pinned(text), {normal(one.metadata["Name"]): one.version for one in distributions()}
    missing = [
        f"{name}: expected {version}, found none" for name, version in _always(text).items() if name not in installed
    ]
    other = [
        f"{name}: expected {locked[name]}, found {version}"
        for name, version in installed.items()
        if name in locked and version != locked[name]
    ]
    return sorted([*missing, *other])


def beside(text: str) -> list[str]:
    """What is installed here and in no lock; a leftover, or of whoever works here."""
    return sorted({normal(one.metadata["Name"]) for one in distributions()} - pinned(text).keys() - OWN)


def npm_problems(lock: Mapping[str, Any]) -> list[str]:
    """Where the bundle's lock names a source other than the registry in use, or lacks a hash."""
    problems = []
    for name, entry in lock["packages"].items():
        if name and not str(entry.get("integrity", "")).startswith("sha512-"):
            problems.append(f"{name}: expected a SHA-512 hash, found none")
        if "resolved" in entry:
            problems.append(f"{name}: expected no address, found one")
    return problems


def python_license(one: Distribution) -> tuple[str, str]:
    """The license of an installed distribution and where it was read; ('', '') where it says none."""
    if expression := one.metadata.get("License-Expression"):
        return expression, "License-Expression"
    classes = [
        text.rpartition(" :: ")[2] for text in one.metadata.get_all("Classifier") or [] if text.startswith("License")
    ]
    known = sorted({CLASSIFIERS.get(text, text) for text in classes if text != "OSI Approved"})
    if known:
        return " OR ".join(known), "classifier"
    field = FIELDS.get(one.metadata.get("License") or "") or _short(one.metadata.get("License") or "")
    if field:
        return field, "License"
    for path in one.files or []:
        if path.name.upper().startswith("LICEN") and ".dist-info" in str(path):
            text = str(path.read_text())
            for start, name in TEXTS.items():
                if start in text[:200]:
                    return name, path.name
    return "", ""


def _short(text: str) -> str:
    return {"Apache 2": "Apache-2.0", "BSD": "BSD-3-Clause", "BSD-3-Clause": "BSD-3-Clause", "ISC": "ISC"}.get(text, "")


def listed() -> list[Licensed]:
    """Everything that runs or is passed on, with its license."""
    found = list(MATERIAL)
    for name, version in pinned(RUN.read_text()).items():
        try:
            license_, source = python_license(distribution(name))
        except PackageNotFoundError:  # of another platform
            continue
        found.append(Licensed("Python", name, version, license_, source))
    if BUNDLE.exists():
        for path, entry in json.loads(BUNDLE.read_text())["packages"].items():
            if path:
                told = str(entry.get("license", "")).strip("()")
                name = path.rpartition("node_modules/")[2]
                license_, source = (told, "lock") if told else (READ_BY_HAND.get(path, ""), "its license file")
                found.append(Licensed("npm", name, entry["version"], license_, source))
    return sorted(set(found))


def license_problems(found: list[Licensed]) -> list[str]:
    """What has no license, or one that nobody has looked at."""
    return [
        f"{one.name} {one.version}: expected a license of those allowed, found {one.license or 'none'}"
        for one in found
        if not _allowed(one.license)
    ]


def _allowed(expression: str) -> bool:
    plain = expression.replace("(", "").replace(")", "")
    return all(any(one.strip() in ALLOWED for one in part.split(" OR ")) for part in plain.split(" AND "))


def as_csv(found: list[Licensed]) -> str:
    """The list as it stands in the repository."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([field.name for field in fields(Licensed)])
    writer.writerows(astuple(one) for one in found)
    return out.getvalue()


def problems() -> list[str]:
    """All that can be told without the network."""
    found = listed()
    told = [f".lock/{path.name}: {text}" for path in (RUN, DEV) for text in lock_problems(path.read_text())]
    told += [f"installed: {text}" for text in environment_problems(DEV.read_text())]
    if BUNDLE.exists():
        told += [f"package-lock.json: {text}" for text in npm_problems(json.loads(BUNDLE.read_text()))]
    told += license_problems(found)
    if not LICENSES.exists() or LICENSES.read_text() != as_csv(found):
        told.append(".lock/licenses.csv: expected what is in use now, found another list; run make licenses")
    return told
