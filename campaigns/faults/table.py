"""The table: every step that a recorded scene took × what may go wrong there; and one case of it played."""

from __future__ import annotations

import argparse
import random
import secrets
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from faults.invariants import (
    check_events,
    check_jobs,
    check_machinery,
    check_nothing_remains,
    check_resources,
    check_shares,
    check_sweeping,
)
from faults.scene import Scene
from faults.stage import Nursery, Stage
from faults.steps import Fault

_BOTH = ("before", "after")
_CLOCK = [("before", "clock forward"), ("after", "clock back")]
_KINDS: dict[str, list[tuple[str, str]]] = {
    "call": [(side, kind) for side in _BOTH for kind in ("SIGKILL", "exception")] + _CLOCK,
    "write": [(side, "exception") for side in _BOTH] + _CLOCK,
    "commit": [("before", "SIGKILL"), ("after", "SIGKILL"), ("before", "disk full"), ("before", "I/O error")],
    "engine": [(side, kind) for side in _BOTH for kind in ("SIGKILL", "engine error", "supervisor killed")]
    + [("before", "engine slow"), *_CLOCK],
    "supervisor message": [(side, kind) for side in _BOTH for kind in ("SIGKILL", "supervisor killed")]
    + [("before", "exception"), ("before", "engine slow")],
    "supervisor file": [
        ("before", "supervisor killed"),
        ("after", "supervisor killed"),
        ("before", "disk full"),
    ],
}
"""(side, kind) by the family of a step: what stands before its colon."""


def record(nursery: Nursery, directory: Path) -> Counter[str]:
    """The steps of one scene without a fault, with how often each was taken."""
    with Stage(nursery, directory, supervised=True) as stage:
        play(stage)
        return Counter(stage.steps())


def faults_of(steps: Counter[str]) -> list[Fault]:
    """Every fault at every step; where a step is taken often, at its first time and in the middle."""
    return [
        Fault(step, number, side, kind)
        for step, count in sorted(steps.items())
        for number in sorted({1, (count + 1) // 2})
        for side, kind in _KINDS[step.partition(":")[0]]
        # The middle differs from run to run: one fault is enough to look there.
        if number == 1 or kind in ("SIGKILL", "exception", "supervisor killed")
    ]


def sample(faults: Sequence[Fault], size: int, seed: int) -> list[Fault]:
    """So many of the table, spread evenly over it and chosen by the seed."""
    chance = random.Random(seed)
    if size >= len(faults):
        return list(faults)
    width = len(faults) / size
    return [faults[int(index * width + chance.random() * width)] for index in range(size)]


def play(stage: Stage, *, at_once: bool = False) -> None:
    """The whole scene, then everything that must hold."""
    scene = Scene(stage, at_once=at_once)
    scene.play()
    check_jobs(scene)
    check_resources(scene)
    check_shares(scene)
    check_events(scene)
    check_nothing_remains(scene)
    check_machinery(scene)
    check_sweeping(scene)


def try_fault(nursery: Nursery, directory: Path, fault: Fault, *, at_once: bool = False) -> bool:
    """One case; raises where an invariant does not hold, and says whether the fault struck.

    A server that lives on is killed where the act ends, or `at_once`.
    """
    with Stage(nursery, directory, fault) as stage:
        try:
            play(stage, at_once=at_once)
        except BaseException as error:
            log = (directory / "log").read_text()[-6000:]
            raise AssertionError(f"{fault}: {error}\n{log}") from error
        return stage.has_struck


def memory() -> Path | None:
    """Where a directory costs no disk: the faults are of processes, not of power."""
    place = Path("/dev/shm")
    return place if place.is_dir() else None


def main() -> int:
    """Play the table, or a part of it, and say what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=0, help="how many faults; 0: all")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--part", default="0/1", help="I/N: every Nth fault, from the Ith on")
    parser.add_argument("--only", default="", help="faults whose text contains this")
    parser.add_argument(
        "--at-once", action="store_true", help="kill a server that lives on before the next call"
    )
    parser.add_argument("--steps", type=Path, help="a file of steps, instead of recording them")
    given = parser.parse_args()
    nursery = Nursery()
    with tempfile.TemporaryDirectory(dir=memory()) as place:
        if given.steps and given.steps.exists():
            steps = Counter(given.steps.read_text().splitlines())
        else:
            steps = record(nursery, Path(place) / "recorded")
            if given.steps:
                given.steps.write_text("\n".join(steps.elements()))
        faults = [one for one in faults_of(steps) if given.only in str(one)]
        faults = sample(faults, given.size or len(faults), given.seed)
        random.Random(given.seed).shuffle(faults)
        first, _, every = given.part.partition("/")
        print(f"{len(faults)} faults, seed {given.seed}", flush=True)
        chosen = faults[int(first) :: int(every)]
        failed = _try_each(nursery, Path(place), chosen, at_once=given.at_once)
    nursery.close()
    return 1 if failed else 0


def _try_each(nursery: Nursery, place: Path, faults: Sequence[Fault], *, at_once: bool) -> int:
    failed = 0
    for number, fault in enumerate(faults):
        directory = place / f"case-{number}"
        began = time.monotonic()
        try:
            struck = try_fault(nursery, directory, fault, at_once=at_once)
            verdict = "ok" if struck else "not reached"
        except Exception:
            failed += 1
            verdict = "FAILED\n" + traceback.format_exc()
        print(f"{number} {time.monotonic() - began:.1f} s {fault}: {verdict}", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
