"""Where a scene is played: one data directory, its server with or without a fault, and restarts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from batchyard.engines.process.engine import ProcessEngine
from conftest import client
from faults.steps import JUMP_SECONDS, Fault

ACCOUNT = "123456789012"
_CAMPAIGNS = Path(__file__).parent.parent
_CLOCK_KINDS = {"clock forward": JUMP_SECONDS, "clock back": -JUMP_SECONDS}


class Nursery:
    """The process that servers are forked from: one at a time."""

    def __init__(self) -> None:
        self.port = 0
        """All servers of one nursery have the same port, so that clients stay good."""
        self.clients: dict[tuple[str, ...], Any] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.faulty_server"],
            cwd=_CAMPAIGNS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **fields: Any) -> Any:
        """One request to `faulty_server.main`, answered."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        directory: Path,
        *,
        log: Path,
        record: str = os.devnull,
        fault: Fault | None = None,
        clock: float = 0.0,
        **fields: Any,
    ) -> Any:
        """Fork a server on a data directory; answers its port and pid, or nothing where it died before it listened."""
        return self.ask(
            "start",
            directory=str(directory),
            record=record,
            log=str(log),
            fault=None if fault is None else fault.plain(),
            clock=clock,
            **fields,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Stage:
    """A data directory with a server on it; the first one has the fault, the later ones have none."""

    def __init__(
        self, nursery: Nursery, directory: Path, fault: Fault | None = None, *, supervised: bool = False
    ) -> None:
        """`supervised`: the supervisor takes down its steps, too, as it does where the fault is its own."""
        self.directory = directory
        self.fault = fault
        self.account = ACCOUNT
        self.markers = directory / "markers"
        self.servers = 0
        self._nursery = nursery
        self._record = directory / "steps"
        self._pid = 0
        self.clock = 0.0
        self._supervisor: subprocess.Popen[bytes] | None = None
        directory.mkdir(exist_ok=True)
        (directory / "data").mkdir(mode=0o700, exist_ok=True)
        if supervised or (fault is not None and fault.step.startswith("supervisor")):
            self._start_supervisor()
        self._start()

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end(signal.SIGKILL)
        ProcessEngine(self.directory / "data").close(end_attempts=True)
        if self._supervisor is not None:
            self._supervisor.kill()
            self._supervisor.wait(10)

    @property
    def endpoint(self) -> str:
        """Where the server is reached."""
        return f"http://127.0.0.1:{self._nursery.port}"

    @property
    def has_struck(self) -> bool:
        """Has the fault come?"""
        return "struck" in self.steps()

    def steps(self) -> list[str]:
        """The steps that were taken, in their order."""
        return self._record.read_text().splitlines() if self._record.exists() else []

    def client(self, service: str, *, region: str = "us-east-1", key: str = "", secret: str = "test") -> Any:
        """A client, as root of the account or with a key: it stays good when the server is another."""
        place = (service, region, key)
        if place not in self._nursery.clients:
            self._nursery.clients[place] = client(
                self.endpoint,
                service,
                access_key=key or self.account,
                secret=secret,
                region=region,
            )
        return self._nursery.clients[place]

    def is_alive(self) -> bool:
        """Does the server's process run?"""
        if not self._pid:
            return False
        with open(f"/proc/{self._pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"

    def restart(self, number: int = signal.SIGKILL) -> None:
        """End the server by a signal, where it still lives, and start one without a fault."""
        self._end(number)
        self._start()

    def let_pass(self, seconds: float) -> None:
        """Let so much time go by for the server that runs, and for those after it."""
        self.clock += seconds
        self._nursery.ask("pass", seconds=seconds)

    def _start(self) -> None:
        first = self.servers == 0
        self.servers += 1
        answer = self._nursery.start(
            self.directory / "data",
            record=str(self._record if first else os.devnull),
            log=self.directory / "log",
            fault=self.fault if first else None,
            clock=self.clock,
        )
        if answer:
            self._nursery.port, self._pid = answer["port"], answer["pid"]
            return
        assert first, (
            f"a server without a fault does not start: {(self.directory / 'log').read_text()[-2000:]}"
        )
        self._nursery.ask("wait")
        self._start()

    def _end(self, number: int) -> None:
        if not self._pid:
            return
        if self.is_alive():
            os.kill(self._pid, number)
        status = self._nursery.ask("wait")["status"]
        assert status in (0, -signal.SIGKILL), f"the server ended with {status}"
        if self.servers == 1 and self.fault is not None and self.has_struck:
            self.clock += _CLOCK_KINDS.get(self.fault.kind, 0.0)
        self._pid = 0

    def _start_supervisor(self) -> None:
        started: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
        with open(self.directory / "supervisor.log", "ab") as log:
            self._supervisor = started(
                [
                    sys.executable,
                    "-m",
                    "faults.faulty_supervisor",
                    str(self.directory / "data"),
                    str(self._record),
                    json.dumps(None if self.fault is None else self.fault.plain()),
                ],
                cwd=_CAMPAIGNS,
                stdout=log,
                stderr=log,
            )
        for _ in range(1500):
            if (self.directory / "data" / "supervisor.sock").exists():
                return
            threading.Event().wait(0.02)
        raise AssertionError("the supervisor did not start")
