"""What the engine keeps of attempts beside what the daemon does: which start was sent, and ends without a container.

One file for each attempt, of lines that are only added, and locked while a container of it is started.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Records:
    """The files of one engine, in its directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._attempts = directory / "attempts"

    def identity(self) -> str:
        """The engine's name among all that use the daemon; made once, for all servers of this directory."""
        path = self._directory / "identity"
        with contextlib.suppress(FileNotFoundError):
            return path.read_text(encoding="utf-8")
        self._attempts.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = path.with_name(f"identity.{os.getpid()}.{secrets.token_hex(4)}")
        made.write_text(secrets.token_hex(6), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
        return path.read_text(encoding="utf-8")

    def are_there(self) -> bool:
        """Whether the engine was ever told of an attempt."""
        return self._attempts.is_dir() and any(self._attempts.iterdir())

    @contextlib.contextmanager
    def starting(self, attempt: str) -> Iterator[None]:
        """Alone with an attempt, also among servers: nobody else starts a container of it meanwhile."""
        descriptor = os.open(self._path(attempt), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def note_start(self, attempt: str, container: str, generation: str) -> None:
        """A start is about to be sent to this run of the daemon."""
        self._add(attempt, {"start": container, "to": generation})

    def note_end(self, attempt: str, end: dict[str, Any]) -> None:
        """An attempt has ended, and no container tells of it."""
        self._add(attempt, {"end": end})

    def starts(self, attempt: str) -> dict[str, str]:
        """To which run of the daemon the last start of each container was sent."""
        return {line["start"]: line["to"] for line in self._lines(attempt) if "start" in line}

    def end(self, attempt: str) -> dict[str, Any] | None:
        """What `note_end` noted."""
        return next((line["end"] for line in self._lines(attempt) if "end" in line), None)

    def ended(self) -> dict[str, dict[str, Any]]:
        """All ends that were noted, by attempt."""
        names = [one.name for one in self._attempts.iterdir()] if self._attempts.is_dir() else []
        return {name: end for name in names if (end := self.end(name)) is not None}

    def old(self, before: float) -> list[str]:
        """Attempts of which nothing was noted since a moment (seconds since 1970)."""
        found = []
        for one in self._attempts.iterdir() if self._attempts.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if one.stat().st_mtime < before:
                    found.append(one.name)
        return found

    def forget(self, attempt: str) -> None:
        """Remove what is kept of an attempt."""
        with contextlib.suppress(FileNotFoundError):
            self._path(attempt).unlink()

    def _path(self, attempt: str) -> Path:
        return self._attempts / attempt

    def _add(self, attempt: str, line: dict[str, Any]) -> None:
        with open(self._path(attempt), "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _lines(self, attempt: str) -> list[dict[str, Any]]:
        try:
            text = self._path(attempt).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        # A line without its end was not finished when the server was killed.
        return [json.loads(line) for line in text.split("\n")[:-1]]
