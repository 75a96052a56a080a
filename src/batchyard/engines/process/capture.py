"""Takes what attempts write from their pipes into their output files.

A pipe, as with Docker: a script that opens /dev/stderr anew for writing would cut off a regular file. stdout and
stderr share one, so that their order stays. Where the disk is slower than the writer, or full, the pipe fills and
the writer waits.
"""

import errno
import fcntl
import os
import selectors
import sys
import termios

from batchyard.clock import monotonic

PIPE_BYTES = 1 << 16
"""What a pipe holds on Linux unless its writer asks for more, and what is taken of one at a time."""

REST_SECONDS = 0.02
"""How long what is written may lie in a pipe: many short writes, and many short attempts, share one look."""

BUSY_SECONDS = 0.1
"""How long there is no rest after a pipe was found half full: its writer would wait."""

RETRY_SECONDS = 1.0

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Capture:
    """One attempt's pipe and file. Raises OSError where there can be none."""

    __slots__ = ("_file", "_held", "pipe", "writer")

    def __init__(self, path: str, user: int | None) -> None:
        """`user`: who else may open the pipe anew; the file stays ours."""
        self._held = b""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.pipe, self.writer = os.pipe()
        except OSError:
            os.close(self._file)
            raise
        os.set_blocking(self.pipe, False)
        if user is not None:
            os.fchown(self.writer, user, user)

    @property
    def holds(self) -> bool:
        """Whether something was taken that found no room on disk yet."""
        return bool(self._held)

    def move(self) -> int | None:
        """Take what is there, once; how many bytes, or None where none will follow.

        None is also the answer where the file can take no more for another reason than a full disk, like a limit of
        its size. Its writer then gets SIGPIPE.
        """
        try:
            data = self._held or os.read(self.pipe, PIPE_BYTES)
        except BlockingIOError:
            return 0
        if not data:
            return None
        try:
            self._held = data[os.write(self._file, data) :]
        except OSError as error:
            self._held = data if error.errno in _NO_ROOM else b""
            if not self._held:
                print(f"an output ends early: {error}", file=sys.stderr, flush=True)
                return None
        return len(data)

    def waiting(self) -> int:
        """How many bytes lie in the pipe."""
        return int.from_bytes(fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)), sys.byteorder)

    def close(self) -> None:
        """Close what we have of it; whoever still writes gets SIGPIPE."""
        if self._held:
            print(
                f"an output lost {len(self._held)} bytes or more to a full disk", file=sys.stderr, flush=True
            )
        os.close(self.pipe)
        os.close(self._file)


class Captures:
    """The pipes of all attempts that run, looked at in rounds with a rest between them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._open: set[Capture] = set()
        self._fresh: set[Capture] = set()
        """Not looked at before the next rest is over: most short attempts have ended by then."""
        self._watched: set[Capture] = set()
        self._held: set[Capture] = set()
        self._retry_at = 0.0
        self._busy_until = 0.0
        self._rest_until: float | None = None

    def fileno(self) -> int:
        """Readable where a pipe has something."""
        return self._selector.fileno()

    @property
    def are_resting(self) -> bool:
        """Whether `look` is due by `patience` alone, however much is readable."""
        return self._rest_until is not None

    def patience(self) -> float | None:
        """Seconds until `look` is due; None: when something is readable."""
        due = [self._rest_until] if self._rest_until is not None else []
        due += [self._retry_at] if self._held else []
        return max(min(due) - monotonic(), 0.0) if due else None

    def open(self, path: str, user: int | None) -> Capture:
        """A pipe for a new attempt; its `writer` is the caller's to close."""
        capture = Capture(path, user)
        self._open.add(capture)
        self._take_up(capture)
        return capture

    def look(self) -> None:
        """Take from each pipe what it has, if that is due."""
        now = monotonic()
        if self._held and now >= self._retry_at:
            for capture in list(self._held):
                self._move(capture)
        if self._rest_until is not None and now < self._rest_until:
            return
        while self._fresh:
            capture = self._fresh.pop()
            self._watched.add(capture)
            self._selector.register(capture.pipe, selectors.EVENT_READ, capture)
        taken = [self._move(key.data) for key, _ in self._selector.select(0)]
        if max(taken, default=0) >= PIPE_BYTES // 2:
            self._busy_until = now + BUSY_SECONDS
        is_calm = now >= self._busy_until
        self._rest_until = now + REST_SECONDS if self._fresh or (taken and is_calm) else None

    def empty(self, capture: Capture) -> bool:
        """Take all that lies in the pipe now; False where the disk has no room for it.

        What a process adds meanwhile that outlived its attempt is not waited for.
        """
        if capture not in self._open:
            return True
        if capture.holds and not self._move(capture):
            return True
        left = capture.waiting() if not capture.holds else 0
        while left > 0 and (taken := self._move(capture)) and not capture.holds:
            left -= taken
        return not capture.holds

    def close(self, capture: Capture) -> None:
        """Look at it no more."""
        if capture not in self._open:
            return
        self._open.discard(capture)
        self._held.discard(capture)
        self._leave(capture)
        capture.close()

    def _take_up(self, capture: Capture) -> None:
        self._fresh.add(capture)
        if self._rest_until is None:
            self._rest_until = monotonic() + REST_SECONDS

    def _leave(self, capture: Capture) -> None:
        self._fresh.discard(capture)
        if capture in self._watched:
            self._watched.discard(capture)
            self._selector.unregister(capture.pipe)

    def _move(self, capture: Capture) -> int:
        taken = capture.move()
        if taken is None:
            self.close(capture)
        elif capture.holds:
            self._leave(capture)
            self._held.add(capture)
            self._retry_at = monotonic() + RETRY_SECONDS
        elif capture in self._held:
            self._held.discard(capture)
            self._take_up(capture)
        return taken or 0
