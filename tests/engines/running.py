"""Runs attempts to their end and looks at what is left of them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from batchyard.engines.contract import START, ContainerSpec, ContainerStatus, Engine, Limits, Status, TaskSpec
from batchyard.engines.process.engine import ProcessEngine

MAIN = "main"

MakeEngine = Callable[..., Any]


def spec(attempt: str, *command: str, **fields: Any) -> TaskSpec:
    """An attempt of account 1; a single word with spaces is a shell script. Fields are the task's, its container's,
    or its limits'."""
    if len(command) == 1 and " " in command[0]:
        command = ("/bin/sh", "-c", command[0])
    limits = Limits(
        **{name: fields.pop(name) for name in list(fields) if name in Limits.__dataclass_fields__}
    )
    of_container = {
        name: fields.pop(name) for name in list(fields) if name in ContainerSpec.__dataclass_fields__
    }
    whole: dict[str, Any] = {"name": MAIN, "image": "none", "command": command, "limits": limits}
    container = ContainerSpec(**(whole | of_container))
    return TaskSpec(**({"attempt": attempt, "account": "1", "containers": (container,)} | fields))


def only(status: Status) -> ContainerStatus:
    """The one container of an attempt that the engine knows."""
    (container,) = status.containers
    assert container.name == MAIN
    return container


def until(condition: Callable[[], Any], *, seconds: float = 20) -> Any:
    """What `condition()` gives once it is true."""
    give_up_at = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(f"not within {seconds} s; the last value was {value!r}")
        threading.Event().wait(0.01)
    return value


def is_alive(pid: int) -> bool:
    """Whether a process runs; its zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Runs:
    """An engine and what it told of attempts that ended or left its queue."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._told: set[str] = set()
        self._changed = threading.Condition()
        engine.subscribe(self._on_change)

    def _on_change(self, names: Sequence[str]) -> None:
        with self._changed:
            self._told.update(names)
            self._changed.notify_all()

    def wait(self, *names: str, seconds: float = 30) -> list[Status]:
        """Wait until the engine told that these ended; their statuses."""
        with self._changed:
            told = self._changed.wait_for(
                lambda: (
                    self._told.issuperset(names)
                    and all(status.has_ended for status in self.engine.poll(names))
                ),
                seconds,
            )
        assert told, f"not told of {set(names) - self._told}; {self.engine.poll(names)}"
        return self.engine.poll(names)

    def run(self, *specs: TaskSpec) -> list[Status]:
        """Start and wait for the end."""
        self.engine.start(specs)
        return self.wait(*(one.attempt for one in specs))

    def lines(self, attempt: str) -> list[str]:
        """The whole output, read in chunks of 100 lines."""
        return [message for _, message in all_events(self.engine, attempt)]


def all_events(engine: Engine, attempt: str, container: str = MAIN) -> list[tuple[int, str]]:
    """Every event from the beginning on."""
    events: list[tuple[int, str]] = []
    cursor = START
    while True:
        chunk = engine.logs(attempt, container, cursor, 100)
        events += chunk.events
        if chunk.cursor == cursor:
            return events
        cursor = chunk.cursor


def supervisor_of(engine: ProcessEngine) -> int:
    """The pid of the supervisor that serves an engine."""
    pid = engine.describe()["supervisor"]
    assert os.path.exists(f"/proc/{pid}")
    return int(pid)
