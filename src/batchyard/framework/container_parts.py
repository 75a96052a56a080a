"""What Batch and ECS check alike of a container's volumes, limits and Linux parameters.

Names of ulimits, and what Fargate does not take: batch-jobs.md 7. The text about an unknown volume is ECS's; the others
were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batchyard.framework.errors import ApiError

ULIMITS = frozenset(
    (
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    )
)
NOT_ON_FARGATE = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")
MOST_SWAPPINESS = 100
_PERMISSIONS = ("READ", "WRITE", "MKNOD")

Refuse = Callable[[str], ApiError]
"""Makes the service's own error of a text."""


def check_volumes(volumes: Sequence[Mapping[str, Any]], refuse: Refuse, *, fargate: bool) -> None:
    """Each has a name of its own; folders of the host are absolute, and Fargate has none."""
    names: set[str] = set()
    for volume in volumes:
        name = volume.get("name")
        if not name:
            raise refuse("Volume name should not be null or empty.")
        if name in names:
            raise refuse(f"Duplicate volume name: {name}.")
        names.add(name)
        path = (volume.get("host") or {}).get("sourcePath")
        if path is not None and not path.startswith("/"):
            raise refuse(f"host.sourcePath of volume '{name}' must be an absolute path.")
        if path is not None and fargate:
            raise refuse("host.sourcePath is not applicable for Fargate.")


def check_parts(
    container: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]], refuse: Refuse, *, fargate: bool
) -> None:
    """Raise what `refuse` makes for what AWS refuses of one container; `volumes` are its task's."""
    names = {one.get("name") for one in volumes}
    for mount in container.get("mountPoints") or ():
        if mount.get("sourceVolume") not in names:
            raise refuse("Unknown volume.")
        if not mount.get("containerPath", "").startswith("/"):
            raise refuse("containerPath of a mount point must be an absolute path.")
    for limit in container.get("ulimits") or ():
        if limit["name"] not in ULIMITS:
            raise refuse(f"Ulimit name {limit['name']} is not supported.")
        if limit["softLimit"] > limit["hardLimit"]:
            raise refuse(f"The soft limit of ulimit {limit['name']} is higher than its hard limit.")
    _check_linux(container.get("linuxParameters") or {}, refuse, fargate=fargate)


def _check_linux(given: Mapping[str, Any], refuse: Refuse, *, fargate: bool) -> None:
    for member in NOT_ON_FARGATE:
        if fargate and given.get(member):
            raise refuse(f"linuxParameters.{member} is not applicable for Fargate.")
    for device in given.get("devices") or ():
        if not device["hostPath"].startswith("/"):
            raise refuse("hostPath of a device must be an absolute path.")
        for one in device.get("permissions") or ():
            if one.upper() not in _PERMISSIONS:
                raise refuse(f"Device permission {one} is not one of {', '.join(_PERMISSIONS)}.")
    for one in given.get("tmpfs") or ():
        if one["size"] < 1 or not one["containerPath"].startswith("/"):
            raise refuse("A tmpfs must have a size of at least 1 MiB and an absolute containerPath.")
    if given.get("sharedMemorySize", 1) < 1:
        raise refuse("sharedMemorySize must be at least 1 MiB.")
    if given.get("maxSwap", 0) < 0 or not 0 <= given.get("swappiness", 0) <= MOST_SWAPPINESS:
        raise refuse(f"maxSwap must not be negative, and swappiness must be between 0 and {MOST_SWAPPINESS}.")
