"""What is kept of attempts on disk: one directory each, readable by the supervisor and by the server.

attempts/NAME/        made by mkdir: that is the claim, so a name starts once
  reserved            the boot in which the name was taken ahead of its start; of no account once there is a claim
  claim               what was asked for, without command and environment (they may hold secrets)
  process             pid and start time of the leader, where no control group holds what it starts
  failure             why the command could not be executed
  output              stdout and stderr
  work/               the command's working directory
  volumes/ mounts/    volumes that end with the task; copies of folders that got mounts
  containers/NAME/    of a task of several containers: process, failure, output, work and mounts of each
  end                 how it ended, by write-then-rename, after its last process is gone
forgotten/            directories on their way out
"""

import contextlib
import json
import os
from typing import Any

Record = dict[str, Any]


class AttemptsDirectory:
    """The files of all attempts below one directory."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._attempts = os.path.join(root, "attempts")
        self.forgotten = os.path.join(root, "forgotten")

    def make(self) -> None:
        """Create the directories, private to this user."""
        for path in (self.root, self._attempts, self.forgotten):
            os.makedirs(path, mode=0o700, exist_ok=True)

    def path(self, attempt: str, name: str = "") -> str:
        """The attempt's directory, or a file in it."""
        return os.path.join(self._attempts, attempt, name) if name else os.path.join(self._attempts, attempt)

    def output(self, attempt: str, container: str) -> str:
        """The file that a container's output goes to."""
        own = self.path(attempt, f"containers/{container}")
        return os.path.join(own, "output") if os.path.isdir(own) else self.path(attempt, "output")

    def names(self) -> list[str]:
        """All attempts claimed and not forgotten; none when nothing was ever made here."""
        try:
            return sorted(os.listdir(self._attempts))
        except FileNotFoundError:
            return []

    def claim(self, attempt: str) -> bool:
        """Take the name; False if it was taken before."""
        try:
            os.mkdir(self.path(attempt), 0o700)
        except FileExistsError:
            return False
        os.mkdir(self.path(attempt, "work"), 0o755)
        return True

    def sync(self) -> None:
        """Make claims survive a power cut, so that not even then a name starts twice."""
        descriptor = os.open(self._attempts, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def create(self, attempt: str, name: str, record: Record) -> None:
        """Write a record that nobody reads before a crash could tear it anyway."""
        descriptor = os.open(self.path(attempt, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, json.dumps(record).encode())
        finally:
            os.close(descriptor)

    def write(self, attempt: str, name: str, record: Record) -> None:
        """Put a record in place, whole or not at all.

        Not fsynced: after a power cut a missing `end` reads as a lost host, which is then the truth.
        """
        self.create(attempt, name + ".new", record)
        path = self.path(attempt, name)
        os.rename(path + ".new", path)

    def read(self, attempt: str, name: str) -> Record | None:
        """A record; None if it is missing or torn."""
        try:
            with open(self.path(attempt, name), "rb", buffering=0) as file:
                record = json.loads(file.read())
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def has_ended(self, attempt: str) -> bool:
        """Whether the attempt's output is complete: its end is on disk."""
        return os.path.exists(self.path(attempt, "end"))

    def set_aside(self, attempt: str) -> None:
        """Take an attempt out at once; the slow removal of its files is `forgotten`'s."""
        with contextlib.suppress(FileNotFoundError):
            os.rename(self.path(attempt), os.path.join(self.forgotten, f"{attempt}.{os.urandom(4).hex()}"))
