"""Unix socket addresses that fit: a path in a deep directory is longer than the 107 bytes that the kernel takes."""

import contextlib
import os
from collections.abc import Iterator

LONGEST = 100


@contextlib.contextmanager
def address(path: str) -> Iterator[str]:
    """The shortest name for a socket's path while the context lasts: through a descriptor of its directory,
    so nobody else can stand in between; on systems without /proc a long path stays as it is, and fails."""
    if len(os.fsencode(path)) <= LONGEST or not os.path.isdir("/proc/self/fd"):
        yield path
        return
    directory, name = os.path.split(path)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
