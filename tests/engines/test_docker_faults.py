"""Docker: server and daemon are killed before and after each call between them. Nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import ContainerSpec, EngineError, Mount, TaskSpec, Volume
from batchyard.engines.docker.daemon import Daemon
from batchyard.engines.docker.engine import DockerEngine
from batchyard.engines.docker.settings import DockerSettings
from docker_host.daemons import DockerHost
from docker_host.images import BUSYBOX
from engines.running import Runs, only

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

LINES = [f"line {number}" for number in range(300)]
SCRIPT = "echo run >> /shared/runs; i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; exit 7"
MOST_CALLS = 40

SERVER = """
import os, signal, sys, threading
from pathlib import Path
from batchyard.engines.docker.daemon import Daemon
from engines.test_docker_faults import an_engine, the_task
directory, socket, at, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
calls, lock, whole = [], threading.Lock(), Daemon._call
def call(self, what):
    with lock:
        calls.append(what)
        mine = len(calls) == at
    if mine and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = whole(self, what)
    if mine:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
Daemon._call = call
engine = an_engine(directory, socket)
ended = threading.Event()
engine.subscribe(lambda names: ended.set() if engine.poll(["a"])[0].has_ended else None)
engine.start([the_task(directory)])
ended.wait(60)
engine.logs("a", "main")
engine.close(end_attempts=False)
"""


def an_engine(directory: Path, socket: str) -> DockerEngine:
    return DockerEngine(directory / "engine", settings=DockerSettings(socket=socket), slots=4)


def the_task(directory: Path) -> TaskSpec:
    container = ContainerSpec(
        name="main",
        image=BUSYBOX,
        command=("sh", "-c", SCRIPT),
        mounts=(Mount(volume="shared", path="/shared"),),
    )
    volumes = (Volume(name="shared", host_path=str(directory)),)
    return TaskSpec(attempt="a", account="1", containers=(container,), volumes=volumes)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_killed_at_any_call(daemon: DockerHost, tmp_path: Path, when: str) -> None:
    for at in range(1, MOST_CALLS):
        directory = tmp_path / str(at)
        directory.mkdir()
        arguments = [str(directory), str(daemon.socket), str(at), when]
        code = subprocess.run(
            [sys.executable, "-c", SERVER, *arguments], check=False, env=_environment()
        ).returncode
        runs = Runs(an_engine(directory, str(daemon.socket)))
        runs.engine.recover()
        [status] = runs.run(the_task(directory))
        assert (at, status.state, only(status).exit_code) == (at, "exited", 7)
        assert runs.lines("a") == LINES
        assert (directory / "runs").read_text() == "run\n", f"killed {when} call {at}"
        runs.engine.close(end_attempts=False)
        daemon.empty()
        if code == 0:
            assert at > 5
            return
        assert code == -signal.SIGKILL
    pytest.fail("the server never came to its end")


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_daemon_killed_at_any_call(
    daemon: DockerHost, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not known whether a container ran, or how it ended, the attempt is lost, and was not begun twice.

    Of the output, Docker loses what it had not read of the pipe, or not written, when it was killed.
    """
    for at in range(1, MOST_CALLS):
        directory = tmp_path / str(at)
        directory.mkdir()
        killer = _Killer(daemon, at, when)
        monkeypatch.setattr(Daemon, "_call", killer.call)
        engine = an_engine(directory, str(daemon.socket))
        runs = Runs(engine)
        killer.start(engine, the_task(directory))
        [status] = runs.wait("a", seconds=60)
        is_over = not killer.has_killed
        killer.restore()
        ran = (directory / "runs").read_text() if (directory / "runs").exists() else ""
        assert ran.count("run") <= 1, f"killed {when} call {at}"
        if status.state == "exited":
            assert (only(status).exit_code, ran) == (7, "run\n"), f"killed {when} call {at}"
            lines = runs.lines("a")
            assert lines == LINES[: len(lines)]
            assert lines == LINES or killer.has_killed
        else:
            assert status.state == "lost"
        engine.close(end_attempts=False)
        monkeypatch.undo()
        daemon.empty()
        if is_over:
            assert at > 5
            return
    pytest.fail("the attempt never came to its end")


class _Killer:
    """Kills the daemon at one call, and starts it again."""

    def __init__(self, daemon: DockerHost, at: int, when: str) -> None:
        self._daemon = daemon
        self._at = at
        self._when = when
        self._calls = 0
        self._lock = threading.Lock()
        self._whole: Any = Daemon._call
        self.has_killed = False
        self._timer: threading.Timer | None = None
        owner = self

        def call(self: Daemon, what: Any) -> Any:
            return owner._called(self, what)

        self.call = call

    def restore(self) -> None:
        """Kill no more, and let the daemon be there."""
        self._at = 0
        if self._timer is not None:
            self._timer.join()

    def start(self, engine: DockerEngine, task: TaskSpec) -> None:
        """Ask until the daemon that was killed meanwhile answers."""
        while True:
            try:
                engine.start([task])
                return
            except EngineError:
                continue

    def _called(self, daemon: Daemon, what: Any) -> Any:
        with self._lock:
            self._calls += 1
            mine = self._calls == self._at
        if not mine:
            return self._whole(daemon, what)
        self.has_killed = True
        if self._when == "during":
            # In the middle of a start, mostly.
            self._timer = threading.Timer(0.03 * (self._at % 10), self._restart)
            self._timer.start()
            return self._whole(daemon, what)
        if self._when == "before":
            self._restart()
            return self._whole(daemon, what)
        answer = self._whole(daemon, what)
        self._restart()
        return answer

    def _restart(self) -> None:
        self._daemon.kill()
        self._daemon.start()


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
