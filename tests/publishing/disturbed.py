"""Publications in processes of their own that are disturbed at a step: killed, stopped, or short of disk.

A step is a change of the directories of releases or state: a file begun or written, a directory or link made, renamed
or removed. Forks want a process without threads, so a test starts this as a program: `python disturbed.py CAMPAIGN DIR`
leaves what it found in DIR, and prints it as JSON.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publication_inputs import CANADA, POLICY, TOTAL, UNWROUGHT, Inputs, raw_row, usual_month, write_raw

import data_access.publishing.audit  # noqa: F401 - whatever a publication imports is there before the forks
from data_access.errors import UserError
from data_access.publishing import files, run
from data_access.publishing.state import State
from data_access.publishing.swap import discard

NOBODY = 65534
DAY = "2025-04-24"
QUICK = "quick.toml"
MOST_STEPS = 100
OF_LICENSES = re.compile(r"links|licenses|final|written \.parquet|manifest|written \.$|\.md$")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink")
REMOVALS = ("os.remove", "os.rmdir", "os.rename")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class Steps:
    """Counts the changes of directories, and does something before each."""

    directories: tuple[str, ...]
    at: Callable[[int, str, str], None]
    count: int = 0
    told: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """From now on, for the life of this process."""
        sys.addaudithook(self._audit)
        real = os.fsync

        def fsync(handle: int) -> None:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                self._step("written", str(Path(f"/proc/self/fd/{handle}").readlink()))
            real(handle)

        os.fsync = fsync
        files.os.fsync = fsync  # type: ignore[attr-defined]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES:
            self._step(event, str(arguments[1] if event == "os.symlink" else arguments[0]))
        elif event == "open" and isinstance(arguments[0], str) and (arguments[2] or 0) & WRITES:
            self._step(event, arguments[0])

    def _step(self, event: str, path: str) -> None:
        inside = [one for one in self.directories if path.startswith(one)]
        if inside and not path.endswith(".lock"):
            self.count += 1
            self.told.append(f"{event} {Path(path).name}")
            self.at(self.count, event, path)


def in_child(action: Callable[[], object], answer: Path | None = None) -> int:
    """Start a process; where the action ends with a UserError, its text goes to `answer` and it ends with 1."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        action()
        code = 0
    except UserError as error:
        code = error.exit_code
        if answer is not None:
            answer.write_text(str(error), encoding="utf-8")
    finally:
        if code == 70:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)


def ended(child: int) -> int:
    """How a process ended: its exit code, or a signal as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ended_well(child: int) -> None:
    """Wait for a process that has to end well."""
    code = ended(child)
    assert code == 0, f"a publication ended with {code}"


class Campaign:
    """One publication, after a first one, over and over from the same beginning."""

    def __init__(self, base: Path, *, licenses: bool) -> None:
        self.base = base
        self.licenses = licenses
        self.start = base / "start"

    def prepare(self) -> None:
        """A first release, and the inputs of the one that follows: a month becomes final, another is refreshed."""
        inputs = Inputs(self.start)
        (inputs.base / QUICK).write_text(f"{POLICY}\n[calendar]\nclose_days = 7\nfinal_days = 20\n")
        if self.licenses:
            inputs.write_licenses(usual_month("2025-03"), usual_month("2025-04"), day="2025-04-10")
        inputs.publish(policy=inputs.base / QUICK)
        write_raw(inputs.base / "public", "2025-03", [raw_row(UNWROUGHT, code, 950, 310) for code in (CANADA, TOTAL)])
        if self.licenses:
            inputs.write_licenses(usual_month("2025-03", scale=1.5), usual_month("2025-04", scale=2.0), day=DAY)

    def copy(self, name: str, of: str = "start") -> Inputs:
        """A copy of the beginning, or of another."""
        shutil.copytree(self.base / of, self.base / name, symlinks=True)
        return self.inputs(name)

    def inputs(self, name: str) -> Inputs:
        """Those of a copy."""
        base = self.base / name
        return Inputs(
            base,
            licenses=base / f"licenses-{DAY}.parquet" if self.licenses else None,
            arguments={"policy": base / QUICK},
        )

    def watched(self, inputs: Inputs, at: Callable[[int, str, str], None]) -> None:
        """Publish with a watch on the steps."""
        steps = Steps((str(inputs.releases), str(inputs.state)), at)
        steps.watch()
        inputs.publish(**inputs.arguments)
        (inputs.base / "steps.json").write_text(json.dumps(steps.told))

    def again(self, inputs: Inputs, **changed: object) -> int:
        """A publication that nothing disturbs."""
        return in_child(lambda: inputs.publish(**(inputs.arguments | changed)))

    def steps(self) -> list[str]:
        """Publish undisturbed into `whole`, with a copy of the directories as they are at each step in `at-<step>`."""
        whole = self.copy("whole")

        def keep(count: int, event: str, path: str) -> None:
            half = event == "written"
            size = Path(path).stat().st_size if half else 0
            for directory in (whole.releases, whole.state):
                if directory.exists():
                    target = self.base / f"at-{count}" / directory.name
                    shutil.copytree(directory, target, symlinks=True)
            if half:
                os.truncate(self.base / f"at-{count}" / Path(path).relative_to(whole.base), size // 2)

        for number in range(1, MOST_STEPS):
            (self.base / f"at-{number}").mkdir()
        ended_well(in_child(lambda: self.watched(whole, keep)))
        told: list[str] = json.loads((whole.base / "steps.json").read_text())
        assert len(told) < MOST_STEPS
        return told


def killed(campaign: Campaign) -> dict[str, Any]:
    """Kill at each step after which something else is left than before, and publish anew from there.

    A kill leaves what had been handed to the system till then, so a copy made at a step shows what one at that step
    leaves; a file just written is cut in half, as amid its writing. Leftovers that a publication clears away first
    make no difference.
    """
    steps = campaign.steps()
    left: dict[tuple[str, ...], int] = {}
    for number in range(1, len(steps) + 1):
        left.setdefault(cleared(campaign.inputs(f"at-{number}")), number)
    for number in left.values():
        inputs = campaign.copy(f"killed-{number}")

        def kill(count: int, event: str, path: str, number: int = number) -> None:
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

        code = ended(in_child(lambda inputs=inputs, kill=kill: campaign.watched(inputs, kill)))  # type: ignore[misc]
        assert code == -signal.SIGKILL
        ended_well(campaign.again(campaign.copy(f"again-{number}", of=f"killed-{number}")))
    return {"steps": steps, "again": sorted(left.values())}


def cleared(inputs: Inputs) -> tuple[str, ...]:
    """Names of what is left once leftovers are cleared away; ids without time, certificates without hash."""
    if inputs.state.exists():
        State(inputs.state).clean()
    discard(inputs.releases)
    found = [*inputs.releases.rglob("*"), *inputs.state.rglob("*")]
    names = sorted(_name(path.relative_to(inputs.base)) for path in found if not path.is_symlink())
    return (*names, current_of(inputs.releases))


def current_of(releases: Path) -> str:
    """The content of the current release, as its id tells it."""
    return (releases / "current").readlink().name[-6:]


def _name(path: Path) -> str:
    return "/".join(re.sub("^[0-9a-f]{64}$", "", re.sub("^.{20}-", "", part)) for part in path.parts)


def full(campaign: Campaign) -> dict[str, Any]:
    """From a step on nothing more can be written, for the first of each name; then there is room again."""
    steps = campaign.steps()
    told = {}
    ones = [place for place in range(len(steps), 0, -1) if not steps[place - 1].startswith(REMOVALS)]
    firsts = {re.sub(r"license_\w+|[0-9a-f]{64}", "", steps[place - 1]): place for place in ones}
    if campaign.licenses:  # what differs from those without
        firsts = {
            step: place for step, place in firsts.items() if step.startswith("written") and OF_LICENSES.search(step)
        }
    for number in sorted(firsts.values()):
        inputs = campaign.copy(f"full-{number}")

        def no_room(count: int, event: str, path: str, number: int = number) -> None:
            if count >= number and event not in REMOVALS:
                # A write that fails does not tell of which file.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *([] if event == "written" else [path]))

        answer = inputs.base / "answer"
        action = functools.partial(campaign.watched, inputs, no_room)
        code = ended(in_child(action, answer))
        hidden = [str(path) for path in inputs.base.rglob(".*") if path.name != ".lock"]
        same = cleared(inputs) == cleared(campaign.inputs(f"at-{number}"))
        told[number] = {
            "step": steps[number - 1],
            "code": code,
            "answer": answer.read_text() if answer.exists() else "",
            "hidden": hidden,
            "as_if_killed": same,
        }
    return {"steps": steps, "told": told}


def twice(campaign: Campaign) -> dict[str, Any]:
    """Stop a publication at its middle, start others meanwhile, let it go on."""
    steps = campaign.steps()
    first = campaign.copy("first")

    def stop(count: int, event: str, path: str) -> None:
        if count == len(steps) // 2:
            os.kill(os.getpid(), signal.SIGSTOP)

    child = in_child(lambda: campaign.watched(first, stop))
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    told = {}
    for name, changed in {"out": {}, "state": {"out": campaign.base / "elsewhere"}}.items():
        answer = campaign.base / f"answer-{name}"
        action = functools.partial(first.publish, **(first.arguments | changed))
        code = ended(in_child(action, answer))
        told[name] = {"code": code, "answer": answer.read_text() if answer.exists() else ""}
    os.kill(child, signal.SIGCONT)
    ended_well(child)
    return {"told": told}


def read_only(campaign: Campaign) -> dict[str, Any]:
    """Publish where one of the directories cannot be written to; any protection of months would be told."""
    told = {}
    for name in ("releases", "state", "state/months", "state/months/2025-04"):
        inputs = campaign.copy(name.replace("/", "-"))
        if os.geteuid() == 0:
            for path in [inputs.state, *inputs.state.rglob("*"), inputs.releases]:
                os.chown(path, NOBODY, NOBODY)
            os.chown(inputs.releases / ".lock", NOBODY, NOBODY)
        (inputs.base / name).chmod(0o500)
        answer = inputs.base / "answer"
        answer.touch()
        answer.chmod(0o666)

        def publish(inputs: Inputs = inputs) -> None:
            if os.geteuid() == 0:
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            run.solve = None  # type: ignore[assignment]
            inputs.publish(**inputs.arguments)

        code = ended(in_child(publish, answer))
        (inputs.base / name).chmod(0o700)
        told[name] = {"code": code, "answer": answer.read_text()}
    return {"told": told}


def main(name: str, base: Path, *, licenses: bool) -> None:
    """Run a campaign."""
    campaign = Campaign(base, licenses=licenses)
    ended_well(in_child(campaign.prepare))
    found = {"killed": killed, "full": full, "twice": twice, "read_only": read_only}[name](campaign)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), licenses=sys.argv[3] == "licenses")
