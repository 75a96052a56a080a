"""The machine: Python, the aws command, and what the kernel lets us do to hold attempts."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys

from batchyard.cli.doctor.check import Check
from batchyard.engines.process.cgroup_trees import own_directories
from batchyard.engines.process.cgroups import read

_OLDEST, _NEWEST = (3, 11), (3, 13)


def python() -> Check:
    """The interpreter, and the SQLite that it brings."""
    found = sys.version_info[:2]
    detail = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}"
    if found < _OLDEST or found > _NEWEST:
        return Check("python", "warning", f"{detail}; tested are 3.11 to 3.13")
    return Check("python", "ok", detail)


def aws_command() -> Check:
    """What most people talk to the server with."""
    found = shutil.which("aws")
    if found is None:
        return Check(
            "aws", "warning", "the aws command is not on the PATH", "install the AWS CLI, or use boto3"
        )
    return Check("aws", "ok", found)


def cgroups() -> Check:
    """Whether memory limits hold for an attempt as a whole. Looks at what may be written; tries nothing."""
    writable = {role: path for role, path in own_directories().items() if _may_write(path)}
    unified = writable.get("unified")
    if "memory" in writable or (unified and "memory" in read(f"{unified}/cgroup.controllers").split()):
        place = writable.get("memory", unified)
        return Check("cgroups", "ok", f"memory limits hold for the whole attempt, below {place}")
    found = "none can be written" if not writable else f"only {', '.join(sorted(writable))} can be written"
    return Check(
        "cgroups",
        "warning",
        f"{found}: a memory limit counts for each process of an attempt by itself (RLIMIT_DATA)",
        "run as root, or in a slice that is delegated to you (systemd: Delegate=yes)",
    )


def _may_write(directory: str) -> bool:
    return os.access(directory, os.W_OK) and os.access(f"{directory}/cgroup.procs", os.W_OK)
