"""The steps of the supervisor: each message that it handles or sends, each file that it writes; and their faults."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from batchyard.engines.process.attempts_directory import AttemptsDirectory
from batchyard.engines.process.supervisor import Supervisor
from faults.steps import SLOW_SECONDS, Fault, Struck


class SupervisorSteps:
    """Counts and strikes; the supervisor has one thread."""

    def __init__(self, record: str, fault: Fault | None) -> None:
        self._fault = fault
        self._file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._counts: Counter[str] = Counter()

    def around(self, step: str, owner: Supervisor | None, function: Callable[[], Any]) -> Any:
        """Do `function` as a step; `owner` where it is a message's."""
        self._counts[step] += 1
        number = self._counts[step]
        os.write(self._file, f"{step}\n".encode())
        self._strike(step, number, "before", owner)
        answer = function()
        self._strike(step, number, "after", owner)
        return answer

    def _strike(self, step: str, number: int, side: str, owner: Supervisor | None) -> None:
        fault = self._fault
        if fault is None or (step, number, side) != (fault.step, fault.number, fault.side):
            return
        os.write(self._file, b"struck\n")
        if fault.kind == "supervisor killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault.kind == "disk full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif fault.kind == "exception":
            raise Struck("a fault of the test")
        elif fault.kind == "engine slow":
            threading.Event().wait(SLOW_SECONDS)
        elif fault.kind == "SIGKILL" and owner is not None:
            for connection in owner._connections:
                os.kill(_peer(connection.socket), signal.SIGKILL)


def _peer(connected: socket.socket) -> int:
    """The pid at the other end: a server's."""
    size = struct.calcsize("3i")
    pid: int = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]
    return pid


def wrap(record: str, fault: Fault | None) -> None:
    """Wrap the supervisor's doors in this process: its message handlers, and what writes its files."""
    steps = SupervisorSteps(record, fault)
    for name in [one for one in vars(Supervisor) if one.startswith("_do_")]:
        step = f"supervisor message: {name.removeprefix('_do_')}"
        setattr(Supervisor, name, _message(steps, step, getattr(Supervisor, name)))
    _wrap_changes(steps)
    for name in ("claim", "sync", "create", "write", "set_aside"):
        setattr(AttemptsDirectory, name, _file(steps, name, getattr(AttemptsDirectory, name)))


def _message(steps: SupervisorSteps, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def handled(self: Supervisor, **fields: Any) -> Any:
        return steps.around(step, self, lambda: function(self, **fields))

    return handled


def _wrap_changes(steps: SupervisorSteps) -> None:
    tell = Supervisor._tell_changes

    def told(self: Supervisor) -> None:
        if self._attempts.changed:
            steps.around("supervisor message: changed", self, lambda: tell(self))

    Supervisor._tell_changes = told  # type: ignore[method-assign]


def _file(steps: SupervisorSteps, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def written(self: AttemptsDirectory, *arguments: Any) -> Any:
        which = f" {arguments[1]}" if len(arguments) > 1 else ""
        return steps.around(f"supervisor file: {name}{which}", None, lambda: function(self, *arguments))

    return written
