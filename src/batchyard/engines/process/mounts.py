"""What a container sees at other paths than the host has it: volumes, file systems in memory, /dev/shm.

The root stays the host's. A path that is not there is made in a copy of the folder above it, whose entries are the
host's own: the host gets no new folder. What a command writes into such a copy itself ends with its task.
"""

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.engines.process import namespaces

SHARED_MEMORY = "/dev/shm"
MOST_ENTRIES = 4096
"""Of a folder that is to be copied: each takes a mount."""


class Mounts:
    """The mounts of one container, ready to be made in its own process."""

    def __init__(
        self, told: Mapping[str, Any], *, sources: Mapping[str, str], scaffold: str, user: int | None
    ) -> None:
        """`told`: `mounts`, `tmpfs`, `shared_memory_mib` of the container in the server's words. `sources`: the host's
        path of each volume. `scaffold`: an empty folder for copies. `user`: with whose rights sources are found."""
        self._binds = [
            (sources[one["volume"]], os.path.normpath(one["path"]), bool(one["read_only"]))
            for one in told["mounts"]
        ]
        self._tmpfs = [
            (os.path.normpath(one["path"]), int(one["size_mib"]), tuple(one["options"]))
            for one in told["tmpfs"]
        ]
        if told["shared_memory_mib"] is not None:
            self._tmpfs.append((SHARED_MEMORY, int(told["shared_memory_mib"]), ()))
        self._scaffold = scaffold
        self._user = user
        self._copies = 0
        self._mounted: list[str] = []
        self._made: set[str] = set()
        """Folders of copies, where new ones are nobody else's."""

    @property
    def folders(self) -> list[str]:
        """What is mounted as it is, and so need only be there."""
        return [source for source, path, ro in self._binds if source == path and not ro]

    @property
    def are_needed(self) -> bool:
        """Is there anything that the host does not show already?"""
        return bool(self._tmpfs) or any(source != path or ro for source, path, ro in self._binds)

    def enter(self) -> None:
        """Make them, in the process that becomes the command; OSError with what could not be made."""
        namespaces.unshare(user=os.geteuid() != 0)
        held = [(self._open(source), path, ro) for source, path, ro in self._binds]
        mask = os.umask(0o022)
        binds = {path: (fd, ro) for fd, path, ro in held}
        memory = {path: (size, options) for path, size, options in self._tmpfs}
        root = self._root([*binds, *memory])
        for path in sorted([*binds, *memory]):
            target = root + path
            if path in binds:
                fd, read_only = binds[path]
                self._make_target(target, root, is_folder=stat.S_ISDIR(os.fstat(fd).st_mode))
                namespaces.bind(f"/proc/self/fd/{fd}", target, read_only=read_only)
                os.close(fd)
            if path in memory:
                self._make_target(target, root, is_folder=True)
                namespaces.tmpfs(target, *memory[path])
            self._mounted.append(target)
        os.umask(mask)
        if root:
            os.chroot(root)

    def _open(self, source: str) -> int:
        """The source, found by the user's own rights; a folder that is missing is made, as Docker does."""
        if self._user is not None:
            os.setegid(self._user)
            os.seteuid(self._user)
        try:
            if not os.path.lexists(source):
                os.makedirs(source, exist_ok=True)
            return os.open(source, os.O_PATH | os.O_CLOEXEC)
        finally:
            if self._user is not None:
                os.seteuid(0)
                os.setegid(0)

    def _root(self, paths: Sequence[str]) -> str:
        """A copy of / to change to, where one of the paths begins with a folder that / does not have; else nothing."""
        if all(os.path.lexists("/" + path.split("/")[1]) for path in paths):
            return ""
        root = self._copy_into("/")
        self._made.add(root)
        return root

    def _make_target(self, target: str, root: str, *, is_folder: bool) -> None:
        """Where something is to be mounted: in a volume it is made there, elsewhere in a copy of what is above it."""
        if os.path.lexists(target):
            return
        above = os.path.dirname(target)
        while not os.path.lexists(above):
            above = os.path.dirname(above)
        is_in_volume = any(f"{above}/".startswith(f"{path}/") for path in self._mounted)
        if above not in self._made and not is_in_volume:
            namespaces.bind(self._copy_into(above), above)
            self._made.add(above)
        folder = target if is_folder else os.path.dirname(target)
        os.makedirs(folder, exist_ok=True)
        while folder != above and not is_in_volume:
            self._made.add(folder)
            folder = os.path.dirname(folder)
        if not is_folder:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))

    def _copy_into(self, folder: str) -> str:
        """A folder of the scaffold with the entries of another one: links as they are, all else mounted."""
        self._copies += 1
        copy = os.path.join(self._scaffold, str(self._copies))
        os.makedirs(copy)
        found = os.stat(folder)
        with contextlib.suppress(OSError):
            os.chown(copy, found.st_uid, found.st_gid)
        os.chmod(copy, stat.S_IMODE(found.st_mode))
        names = os.listdir(folder)
        if len(names) > MOST_ENTRIES:
            raise OSError(
                f"{folder} has more than {MOST_ENTRIES} entries, too many to mount something new in it"
            )
        for name in names:
            source, target = os.path.join(folder, name), os.path.join(copy, name)
            mode = os.lstat(source).st_mode
            if stat.S_ISLNK(mode):
                os.symlink(os.readlink(source), target)
                continue
            if stat.S_ISDIR(mode):
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            namespaces.bind(source, target)
        return copy
