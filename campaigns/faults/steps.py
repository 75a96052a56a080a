"""The steps that a server takes, counted and named as they happen, and the one at which its fault is to strike.

Nothing in the product knows of this: the doors that every step goes through (the gateway's `invoke`, the store's
`write`, the engine's methods, the commit hook) are wrapped on the one App of this process.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from batchyard import clock
from batchyard.app import App
from batchyard.engines.contract import EngineError
from batchyard.identity.session import Call, Session

FULL_SECONDS = 0.3
"""How long a full disk stays full."""
SLOW_SECONDS = 1.5
JUMP_SECONDS = 600.0
"""Within what a signature may be old or new: clients go on."""


@dataclass(frozen=True)
class Fault:
    """`kind` strikes at the `number`th time that a step of this name is reached, on this `side` of it."""

    step: str
    number: int
    side: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.side} {self.step} ({self.number})"

    def plain(self) -> dict[str, Any]:
        """For a message to another process."""
        return asdict(self)


class Struck(Exception):
    """The exception of a test, where none was to be expected."""


class Steps:
    """Counts steps by name, writes them down, and strikes."""

    def __init__(self, fault: Fault | None, record: Path) -> None:
        """`record`: a file to which each step is appended, and the word `struck` when the fault strikes."""
        self._fault = fault
        self._file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._full_until = 0.0
        self.kill_supervisor: Callable[[], None] = lambda: None
        self.turn_clock: Callable[[float], None] = lambda seconds: None

    def enter(self, step: str) -> int:
        """Before a step; its number among those of the same name, for `leave`."""
        with self._lock:
            self._counts[step] += 1
            number = self._counts[step]
        os.write(self._file, f"{step}\n".encode())
        self._strike(step, number, "before")
        return number

    def leave(self, step: str, number: int) -> None:
        """After a step that went well."""
        self._strike(step, number, "after")

    def require_room(self) -> None:
        """Raise as SQLite does while the disk is full."""
        if clock.monotonic() < self._full_until:
            raise sqlite3.OperationalError("database or disk is full")

    def _strike(self, step: str, number: int, side: str) -> None:
        if self._fault is None or (step, number, side) != (
            self._fault.step,
            self._fault.number,
            self._fault.side,
        ):
            return
        os.write(self._file, b"struck\n")
        KINDS[self._fault.kind](self)

    def fill_disk(self) -> None:
        """From now on, and for a while, nothing can be committed."""
        self._full_until = clock.monotonic() + FULL_SECONDS
        self.require_room()


def _kill(steps: Steps) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def _raise(steps: Steps) -> None:
    raise Struck("a fault of the test")


def _raise_engine_error(steps: Steps) -> None:
    raise EngineError("a fault of the test")


def _raise_io_error(steps: Steps) -> None:
    raise sqlite3.OperationalError("disk I/O error")


KINDS: dict[str, Callable[[Steps], None]] = {
    "SIGKILL": _kill,
    "exception": _raise,
    "engine error": _raise_engine_error,
    "I/O error": _raise_io_error,
    "disk full": Steps.fill_disk,
    "clock forward": lambda steps: steps.turn_clock(JUMP_SECONDS),
    "clock back": lambda steps: steps.turn_clock(-JUMP_SECONDS),
    "supervisor killed": lambda steps: steps.kill_supervisor(),
    "engine slow": lambda steps: _wait(),
}


def _wait() -> None:
    threading.Event().wait(SLOW_SECONDS)


class _Doing(threading.local):
    """What this thread is at work on: a controller's name."""

    controller: str | None = None


_doing = _Doing()


def _who() -> str | None:
    """The controller that this thread works for; one's own pool of threads is told by its name."""
    if _doing.controller:
        return _doing.controller
    name = threading.current_thread().name
    return "batch.placing" if name.startswith("starting") else None


class Group:
    """What the open transaction holds, by name; the steps are its commit, once for each name."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._names: dict[str, None] = {}
        self._numbers: dict[str, int] = {}

    def note(self, name: str) -> None:
        self._names[f"commit: {name}"] = None

    def commit(self, number: int, moment: str) -> None:
        """The store's commit hook."""
        if moment == "before":
            names, self._names = self._names, {}
            self._numbers = {}
            self._steps.require_room()
            for name in names:
                self._numbers[name] = self._steps.enter(name)
        else:
            for name, which in self._numbers.items():
                self._steps.leave(name, which)


def instrument(app: App, steps: Steps, group: Group) -> None:
    """Wrap the doors of `app`, which was not started yet."""
    for controller in app._controllers:
        for method in ("reconcile", "started"):
            setattr(controller, method, _as_controller(controller.name, getattr(controller, method)))
    _wrap_operations(app, group)
    _wrap_gateway(app, steps)
    _wrap_store(app, steps, group)
    _wrap_engine(app, steps)


def _as_controller(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def within(*arguments: Any) -> Any:
        # Not taken back: the driver writes what became of it after it returned.
        _doing.controller = name
        return function(*arguments)

    return within


def _wrap_operations(app: App, group: Group) -> None:
    for service in app.services.values():
        for operation, entry in service.operations.items():
            if entry.writes:
                wrapped = _noting(group, f"{service.name}:{entry.name}", entry.function)
                object.__setattr__(entry, "function", wrapped)
            assert service.operations[operation] is entry


def _noting(group: Group, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(ctx: Any, request: Any) -> Any:
        group.note(name)
        return function(ctx, request)

    return noted


def _wrap_gateway(app: App, steps: Steps) -> None:
    invoke = app.gateway.invoke

    def stepped(session: Session, call: Call) -> Any:
        who = _who()
        if who is None:
            return invoke(session, call)
        step = f"call: {who} {call.service}:{call.operation}"
        number = steps.enter(step)
        answer = invoke(session, call)
        steps.leave(step, number)
        return answer

    app.gateway.invoke = stepped  # type: ignore[method-assign]


def _wrap_store(app: App, steps: Steps, group: Group) -> None:
    write, write_soon = app.store.write, app.store.write_soon

    def named(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        name = f"{_who() or 'server'} {_name(function)}"

        def within(tx: Any) -> Any:
            group.note(name)
            return function(tx)

        # What reads leave in the audit is told by the gateway, and may be lost.
        return function if "Gateway." in name else within

    def stepped(function: Callable[[Any], Any]) -> Any:
        who = _who()
        if who is None:
            return write(named(function))
        step = f"write: {who} {_name(function)}"
        number = steps.enter(step)
        answer = write(named(function))
        steps.leave(step, number)
        return answer

    app.store.write = stepped  # type: ignore[method-assign]
    app.store.write_soon = lambda function: write_soon(named(function))  # type: ignore[method-assign]


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", function)).replace(".<locals>.<lambda>", "")


def _wrap_engine(app: App, steps: Steps) -> None:
    for method in ("start", "poll", "stop", "logs", "forget", "recover"):
        setattr(app.engine, method, _engine_step(steps, method, getattr(app.engine, method)))
    describe = app.engine.describe

    def kill_supervisor() -> None:
        os.kill(describe()["supervisor"], signal.SIGKILL)

    steps.kill_supervisor = kill_supervisor


def _engine_step(steps: Steps, method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*arguments: Any, **options: Any) -> Any:
        step = f"engine: {_who() or 'server'} {method}"
        number = steps.enter(step)
        answer = function(*arguments, **options)
        steps.leave(step, number)
        return answer

    return stepped


class MachineClock:
    """This process's clocks, the machine's own as far as Batchyard can tell: the wall clock, and the one that flows."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self.seconds = seconds
        self.passed = 0.0
        machine, flowing = self, clock.monotonic

        class Turned(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # the clock takes any instant
                return datetime.now(tz) + timedelta(seconds=machine.seconds + machine.passed)

        clock.datetime = Turned  # type: ignore[attr-defined]
        clock.monotonic = lambda: flowing() + machine.passed

    def turn(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        with self._lock:
            self.seconds += seconds

    def let_pass(self, seconds: float) -> None:
        """So much time goes by, by both clocks at once."""
        with self._lock:
            self.passed += seconds
