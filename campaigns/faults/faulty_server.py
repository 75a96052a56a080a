"""A place that servers with a fault are forked from: `batchyard serve` as far as anyone outside can tell.

Reads one line of JSON after the other (see `main`), and answers each with one. Forked rather than started anew,
because loading everything takes longer than most cases.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from batchyard import ids
from batchyard.app import App
from batchyard.config import Settings
from batchyard.server.listen import AddressInUse, listen, make_server, run
from batchyard.services import load_services
from batchyard.store.writer import CommitHook
from batchyard.wire import model as wire_model
from faults.steps import Fault, Group, MachineClock, Steps, instrument

HELD_SECONDS = 2.0
"""How long a port may stay taken after its server was killed."""


def serve(request: dict[str, Any], tell: int, heard: int) -> None:
    """Be a server until SIGTERM; `tell` is told the endpoint, `heard` gives seconds that pass at once."""
    turned = MachineClock(request["clock"])
    fault = None if request["fault"] is None else Fault(**request["fault"])
    steps = Steps(fault, Path(request["record"]))
    steps.turn_clock = turned.turn
    group = Group(steps)
    quick = {"pace": 0.02, "scale_down_delay": 0.3, "slots": 6, **request.get("settings", {})}
    settings = Settings(data_dir=Path(request["directory"]), port=request["port"], **quick)
    with _listen(settings) as listener:
        app = App(settings, commit_hook=_doomed(request.get("doom")) or group.commit, check_results=True)
        instrument(app, steps, group)
        threading.Thread(target=_heed, args=(heard, turned, app), daemon=True).start()
        port = listener.getsockname()[1]
        app.start(f"http://{settings.host}:{port}")
        ready = json.dumps({"port": port, "pid": os.getpid()}).encode()
        run(make_server(app.application), listener, when_ready=lambda: _tell(tell, ready))
        app.close()


def _listen(settings: Settings) -> socket.socket:
    """A server that was killed as it started its supervisor leaves that child the socket until the child's exec."""
    deadline = time.monotonic() + HELD_SECONDS
    while True:
        try:
            return listen(settings.host, settings.port)
        except AddressInUse:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(0.01)


def _doomed(doom: Sequence[Any] | None) -> CommitHook | None:
    """`doom`: the number of the commit at which the server dies, and whether `before` or `after` it."""
    if doom is None:
        return None

    def die(commit: int, moment: str) -> None:
        if [commit, moment] == doom:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def _tell(descriptor: int, message: bytes) -> None:
    os.write(descriptor, message)
    os.close(descriptor)


def _heed(heard: int, turned: MachineClock, app: App) -> None:
    """Let time pass as told; the driver, which sleeps until its next key is due, is told so."""
    with os.fdopen(heard) as lines:
        for line in lines:
            turned.let_pass(float(line))
            app.driver._clock_changed()


def fork(request: dict[str, Any]) -> tuple[int, int, dict[str, Any]]:
    """(pid, where to write seconds that are to pass, its ready message or nothing where it died before)."""
    ready, tell = os.pipe()
    heard, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(ready)
            os.close(say)
            ids._randomness = ids._Randomness()
            log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            logging.basicConfig(
                level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
            )
            serve(request, tell, heard)
            code = 0
        except BaseException:
            logging.exception("the server ended")
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(tell)
    os.close(heard)
    message = b""
    if select.select([ready], [], [], 30)[0]:
        message = os.read(ready, 4096)
    os.close(ready)
    return pid, say, json.loads(message or b"{}")


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port that is bound for as long: no connection gets it as its own while no server listens on it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def main() -> None:
    """`start` (with what `serve` wants): its port and pid, or nothing; `wait`: how it ended; `pass`: time.

    All servers have the same port.
    """
    for service in load_services():
        wire_model.load(service)
    with held_port() as port:
        answer_requests(port)


def answer_requests(port: int) -> None:
    """Until the input ends."""
    pid = say = 0
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        if request["do"] == "start":
            pid, say, answer = fork({**request, "port": port})
        elif request["do"] == "pass":
            os.write(say, f"{request['seconds']}\n".encode())
        else:
            _, status = os.waitpid(pid, 0)
            os.close(say)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
