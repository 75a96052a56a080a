"""Files that are for this user alone: how they are made, and whether those that are there are.

The one place of that rule, for the data directory and everything that is written below it. Only the standard
library: the supervisor imports it, too.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

UMASK = 0o077
"""What every command that writes has as its umask: nothing for the group, nothing for others."""
ALL = 0o077
"""The bits of a mode that let others do anything."""
WRITE = 0o022
"""The bits that let others change something that they may read."""


def begin() -> None:
    """Make everything that this process writes from here on private, whatever umask it was started with."""
    os.umask(UMASK)


def opener(path: str, flags: int) -> int:
    """For `open`: a new file is private also where the process has another umask."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def is_of_another(path: Path) -> bool:
    """Whether it belongs to another user, root apart, who can do anything anyway. Links are not followed."""
    return path.lstat().st_uid not in (os.geteuid(), 0)


def is_open(path: Path, bits: int = ALL) -> bool:
    """Whether others than its owner have one of `bits`. A link's own mode says nothing: it is never open."""
    mode = path.lstat().st_mode
    return not stat.S_ISLNK(mode) and bool(mode & bits)


def is_shared(path: Path) -> bool:
    """Whether it is a place of many users, like /tmp, which must stay as it is."""
    return bool(path.stat().st_mode & stat.S_ISVTX)


def close(path: Path, bits: int = ALL) -> bool:
    """Take `bits` from everybody but the owner; False where the file system or another owner does not let us."""
    try:
        os.chmod(path, stat.S_IMODE(path.stat().st_mode) & ~bits)
    except OSError:
        return False
    return not is_open(path, bits)


def mode_text(path: Path) -> str:
    """The mode as `chmod` takes it: 0755."""
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"
