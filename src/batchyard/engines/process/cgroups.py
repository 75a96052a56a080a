"""The control groups of one attempt: they hold its processes together and end them together."""

import contextlib
import os
import signal
from collections.abc import Iterator

from batchyard.engines.process.processes import kill


class Group:
    """The groups of one attempt, one directory per role; with no role it limits and holds nothing."""

    def __init__(self, directories: dict[str, str]) -> None:
        self.directories = directories
        roles = (role for role in ("unified", "freezer", "memory") if role in directories)
        self._holder = next((directories[role] for role in roles), None)

    @property
    def holds(self) -> bool:
        """Whether every process of the attempt can be found here."""
        return self._holder is not None

    def join(self) -> None:
        """Move the calling process in; OSError if that is refused."""
        for directory in self.directories.values():
            write(f"{directory}/cgroup.procs", "0")

    def pids(self) -> list[int]:
        """The processes in the group itself (not in groups that they made below it)."""
        return [int(pid) for pid in read(f"{self._holder}/cgroup.procs").split()] if self._holder else []

    def is_empty(self) -> bool:
        """Whether no process is left, here or below."""
        if "unified" in self.directories:
            events = read(f"{self.directories['unified']}/cgroup.events").split()
            return "populated" not in events or events[events.index("populated") + 1] == "0"
        return not self.pids()

    def kill(self) -> None:
        """End everything in it; what forks too fast for one pass (without cgroup.kill) needs another."""
        if "unified" in self.directories:
            with contextlib.suppress(OSError):
                write(f"{self.directories['unified']}/cgroup.kill", "1")
                return
        with self._frozen():
            for pid in self.pids():
                kill(pid, signal.SIGKILL)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed one of its processes for want of memory."""
        if "memory" in self.directories:
            counts = read(f"{self.directories['memory']}/memory.oom_control").split()
        else:
            counts = read(f"{self.directories.get('unified')}/memory.events").split()
        return "oom_kill" in counts and counts[counts.index("oom_kill") + 1] != "0"

    def remove(self) -> bool:
        """Remove the directories; False while the kernel still holds one of them."""
        return all(list(map(remove, self.directories.values())))

    @contextlib.contextmanager
    def _frozen(self) -> Iterator[None]:
        if "freezer" in self.directories:
            switch, frozen, thawed = f"{self.directories['freezer']}/freezer.state", "FROZEN", "THAWED"
        else:
            switch, frozen, thawed = f"{self._holder}/cgroup.freeze", "1", "0"
        with contextlib.suppress(OSError):
            write(switch, frozen)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                write(switch, thawed)


def read(path: str) -> str:
    """A control file's text; empty if it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def write(path: str, value: str) -> None:
    """Write a control file in one go; OSError if it is missing or the kernel refuses the value."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def remove(directory: str) -> bool:
    """Remove a group and those below it; False while a process is left in them."""
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return True
    except OSError:
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            if below and all(list(map(remove, below))):
                return remove(directory)
        return False
    return True
