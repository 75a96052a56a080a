"""Facts about processes that only the operating system knows: start times, environment marks, ties to a parent."""

import contextlib
import os
import signal
import sys
from collections.abc import Collection

MARK = "BATCHYARD_ATTEMPT_DIRECTORY"
"""The environment variable that tells whose a process is where no cgroup does."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36
_SIGKILL = int(signal.SIGKILL)

try:
    import ctypes

    _prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
except (ImportError, OSError, AttributeError):
    _prctl = None


def adopt_orphans() -> bool:
    """Become the parent of descendants whose parent ends, so that they are reaped here; False if impossible."""
    return _prctl is not None and _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with(parent: int) -> None:
    """Have the kernel end this process when `parent` ends; for a fresh child, before it becomes the command."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(128 + _SIGKILL)


def forbid_new_privileges() -> None:
    """Have set-user-ID programs give no rights to this process from here on; for what becomes another user."""
    if _prctl is not None:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def boot() -> str:
    """What tells this run of the kernel from every other; empty where the system does not say."""
    return _text("/proc/sys/kernel/random/boot_id").strip()


def started(pid: int) -> str | None:
    """When the process started, in the kernel's ticks; None if there is none or only its zombie."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return None if len(fields) < 20 or fields[0] in "ZX" else fields[19]


def marked(directories: Collection[str]) -> dict[str, list[int]]:
    """The living processes whose environment names one of these attempt directories."""
    found: dict[str, list[int]] = {}
    own = os.getpid()
    wanted = {f"{MARK}={directory}".encode(): directory for directory in directories}
    for entry in os.listdir("/proc") if wanted and os.path.isdir("/proc") else ():
        if not entry.isdigit() or int(entry) == own:
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:
            continue
        for directory in {wanted[variable] for variable in variables if variable in wanted}:
            found.setdefault(directory, []).append(int(entry))
    return found


def kill(pid: int, number: int) -> None:
    """Send a signal; a process that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group(group: int, number: int) -> None:
    """Send a signal to a process group; a group that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
