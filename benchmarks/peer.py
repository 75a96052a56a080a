"""The peer of the policy decisions: `iam-simulate` from npm by its fastest entry, run by node as a process of its own.

It is AGPL-3.0 and stays outside: installed into the user's cache directory, never imported by Batchyard.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from decisions import Decided, Workload

PACKAGE = "@cloud-copilot/iam-simulate"
VERSION = "0.1.173"
SCRIPT = Path(__file__).with_name("iam_simulate.mjs")
INSTALL_SECONDS = 180


class NoPeer(Exception):
    """Why the peer could not be run."""


def decide(workloads: Sequence[Workload], seconds: float) -> list[Decided]:
    """What the peer makes of the same inputs; raises NoPeer, with the reason, where it can't be run."""
    node = _program("node")
    entry = _install()
    asked = {"seconds": seconds, "workloads": [one.as_json() for one in workloads]}
    try:
        ran = subprocess.run(
            [node, str(SCRIPT), str(entry)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=60 + 4 * seconds * len(workloads),
        )
    except subprocess.TimeoutExpired as error:
        raise NoPeer(f"node did not end within {error.timeout:.0f} s") from error
    if ran.returncode != 0:
        raise NoPeer(f"node failed: {_last_line(ran.stderr)}")
    return [Decided(one["per_cpu_second"], one["outcomes"]) for one in json.loads(ran.stdout)]


def _install() -> Path:
    """The package's entry file, installed by npm where it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "batchyard" / "peers" / f"iam-simulate-{VERSION}"
    entry = place / "node_modules" / PACKAGE / "dist" / "esm" / "index.js"
    if entry.exists():
        return entry
    npm = _program("npm")
    place.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(place), "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NoPeer(f"npm did not install {PACKAGE} within {INSTALL_SECONDS} s") from error
    if ran.returncode != 0 or not entry.exists():
        raise NoPeer(f"npm could not install {PACKAGE}: {_last_line(ran.stderr)}")
    return entry


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoPeer(f"{name} is not on this machine")
    return found


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
