"""Where this machine lets us make control groups: version 1, version 2, both side by side, or nowhere."""

import contextlib
import os
from collections.abc import Collection

from batchyard.engines.process.cgroups import Group, read, remove, write

ROLES = ("unified", "memory", "cpu", "freezer")
"""`unified` is the version 2 hierarchy; the others are version 1 controllers."""


def own_directories(proc: str = "/proc/self") -> dict[str, str]:
    """Role → the directory of this process's own group; only hierarchies that are mounted here."""
    paths: dict[str, str] = {}
    for line in read(f"{proc}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller or "unified"] = path
    found: dict[str, str] = {}
    for line in read(f"{proc}/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, mounted_at = before.split(" ")[3:5]
        roles = (
            ["unified"]
            if kind == "cgroup2"
            else options.split(" ")[-1].split(",")
            if kind == "cgroup"
            else []
        )
        for role in roles:
            if role in ROLES and role in paths and role not in found:
                inside = os.path.relpath(paths[role], root) if paths[role].startswith(root) else "."
                found[role] = os.path.normpath(os.path.join(mounted_at, inside))
    return found


class Tree:
    """The group that all attempts of one data directory live below, in every hierarchy that may be written."""

    def __init__(self, name: str, roles: Collection[str] = ROLES) -> None:
        """Make it below this process's own group, so that limits set from outside go on holding (see _open_unified
        for the one exception)."""
        self._directories: dict[str, str] = {}
        self._enabled: set[str] = set()
        above = own_directories()
        for role in ROLES:
            if role not in above or role not in roles:
                continue
            if role == "unified":
                self._open_unified(above[role], name)
            elif role != "freezer" or "unified" not in self._directories:
                self._open(role, os.path.join(above[role], name))

    def group(self, attempt: str) -> Group:
        """The attempt's directories; nothing is made yet, so a claim can name them first."""
        return Group({role: os.path.join(path, attempt) for role, path in self._directories.items()})

    def make(self, group: Group, *, memory_mib: int | None, vcpus: float) -> None:
        """Make an attempt's groups with their limits; OSError if the kernel refuses a group."""
        for directory in group.directories.values():
            os.mkdir(directory, 0o755)
        if memory_mib is not None and self.limits_memory:
            _limit_memory(group, memory_mib << 20)
        if vcpus > 0:
            shares = min(max(int(vcpus * 1024), 2), 262144)
            if "cpu" in group.directories:
                write(f"{group.directories['cpu']}/cpu.shares", str(shares))
            elif "cpu" in self._enabled:
                weight = 1 + (shares - 2) * 9999 // 262142
                write(f"{group.directories['unified']}/cpu.weight", str(weight))

    @property
    def limits_memory(self) -> bool:
        """Whether memory is limited for an attempt as a whole."""
        return "memory" in self._directories or "memory" in self._enabled

    @property
    def shares_cpu(self) -> bool:
        """Whether vCPUs become shares of the processors."""
        return "cpu" in self._directories or "cpu" in self._enabled

    @property
    def roles(self) -> list[str]:
        """The hierarchies in use."""
        return sorted(self._directories)

    def remove(self) -> None:
        """Take the parent groups away again, if empty."""
        for directory in self._directories.values():
            remove(directory)

    def _open(self, role: str, path: str) -> bool:
        try:
            os.makedirs(path, exist_ok=True)
        except OSError:
            return False
        if not os.access(f"{path}/cgroup.procs", os.W_OK):
            return False
        self._directories[role] = path
        return True

    def _open_unified(self, above: str, name: str) -> None:
        """Version 2 gives controllers only to groups without processes of their own, so the parent must have them
        on already, be the root, or hold only us; else the group above it is asked (a systemd slice)."""
        for parent in (above, os.path.dirname(above)):
            path = os.path.join(parent, name)
            enabled = _enable(parent) if os.access(f"{parent}/cgroup.procs", os.W_OK) else set()
            if parent == above and "memory" not in enabled and _offers(os.path.dirname(above)):
                continue
            if self._open("unified", path):
                self._enabled = enabled & _enable(path)
                return


def _offers(parent: str) -> bool:
    """Whether a version 2 group has memory on for its children and lets us make a group."""
    on = read(f"{parent}/cgroup.subtree_control").split()
    return "memory" in on and os.access(f"{parent}/cgroup.procs", os.W_OK) and os.access(parent, os.W_OK)


def _enable(directory: str) -> set[str]:
    """Turn memory and cpu on for a version 2 group's children; returns which of them are on."""
    for controller in ("memory", "cpu"):
        with contextlib.suppress(OSError):
            write(f"{directory}/cgroup.subtree_control", f"+{controller}")
    return {"memory", "cpu"} & set(read(f"{directory}/cgroup.subtree_control").split())


def _limit_memory(group: Group, size: int) -> None:
    """No swap beyond the limit either, as far as the kernel counts it."""
    if "memory" in group.directories:
        directory = group.directories["memory"]
        write(f"{directory}/memory.limit_in_bytes", str(size))
        with contextlib.suppress(OSError):
            write(f"{directory}/memory.memsw.limit_in_bytes", str(size))
        return
    directory = group.directories["unified"]
    write(f"{directory}/memory.max", str(size))
    for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
        with contextlib.suppress(OSError):
            write(f"{directory}/{name}", value)
