"""What plain processes make true."""

from typing import Final

HONOURED: Final = frozenset({"host_volumes"})
IGNORED: Final = frozenset(
    {"images", "privileged", "read_only_root", "networks", "namespaces", "ephemeral_storage", "gpus"}
)
"""A root file system of its own, and the powers, networks and namespaces within, are an image's: here is none. A
process has the machine's disk and sees all of its GPUs; these count when attempts are admitted."""
