"""What this machine lets the process engine do."""

import os
import re
from contextlib import suppress

from batchyard.engines.process import namespaces
from batchyard.engines.process.cgroup_trees import own_directories
from batchyard.engines.process.cgroups import read

_GPU = re.compile(r"nvidia[0-9]+")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slots_of(given: int) -> int:
    """How many attempts run at once where the settings say `given`: 0 means twice the cores."""
    return given or 2 * cores()


def machine_memory_mib() -> int:
    """This machine's memory in MiB, or what a control group leaves this process of it."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    above = own_directories() if os.path.isdir("/proc/self") else {}
    for role, file in (("unified", "memory.max"), ("memory", "memory.limit_in_bytes")):
        with suppress(ValueError):
            limits.append(int(read(f"{above.get(role)}/{file}")))
    return max(1, min(limits) >> 20)


def gpus() -> int:
    """How many GPUs this machine shows to processes."""
    return sum(1 for name in os.listdir("/dev") if _GPU.fullmatch(name)) if os.path.isdir("/dev") else 0


def found(slots: int) -> str:
    """What runs here, in one sentence."""
    return f"commands run as processes of this machine, {slots_of(slots)} at once; images have no effect"


def mounts() -> str:
    """Whether jobs can have mounts of their own, and how, in one sentence."""
    way = namespaces.allowed()
    if way is None:
        return "none: volumes at other paths, tmpfs and shared memory are refused"
    return "a mount namespace each" + (" in a user namespace" if way == "user" else "")
