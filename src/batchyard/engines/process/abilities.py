"""What plain processes make true, on any machine and on this one."""

import os
from typing import Final

from batchyard.engines.process import namespaces

HONOURED: Final = frozenset({"host_volumes", "several_containers", "init", "ulimits"})
"""Orphans are reaped: the supervisor adopts them. A limit above the server's own (without CAP_SYS_RESOURCE) is no
ability: the command does not start, and says so."""
WITH_NAMESPACES: Final = frozenset({"other_paths", "read_only_volumes", "tmpfs", "shared_memory"})
"""Where a process may have a mount namespace of its own."""
IGNORED: Final = frozenset(
    {"images", "privileged", "read_only_root", "networks", "namespaces", "ephemeral_storage", "gpus"}
)
"""A root file system of its own, and the powers, networks and namespaces within, are an image's: here is none. A
process has the machine's disk and sees all of its GPUs; these count when attempts are admitted."""


def here() -> frozenset[str]:
    """What they make true on this machine, with the rights of this process."""
    found = HONOURED | (WITH_NAMESPACES if namespaces.allowed() is not None else frozenset())
    machine = os.uname().machine
    return found | {"arm64"} if machine == "aarch64" else found
