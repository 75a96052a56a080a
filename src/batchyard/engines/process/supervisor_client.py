"""The server's side of the supervisor: finds or starts it, asks it, and hears of changes."""

import contextlib
import json
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path
from typing import Any

import batchyard
from batchyard import private_files
from batchyard.clock import monotonic
from batchyard.engines.contract import EngineError
from batchyard.engines.process.messages import PROTOCOL, Incoming, Message, encode
from batchyard.engines.process.sockets import address

ANSWER_SECONDS = 60.0
START_SECONDS = 15.0
TAKEN = 3

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")

_BOOTSTRAP = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from batchyard.engines.process.supervisor import main; main(sys.argv[2], sys.argv[3])"
)

log = logging.getLogger(__name__)


class Link:
    """One connection, with the answers that are being waited for."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._lock = threading.Lock()
        self._number = 0
        self._waiting: dict[int, Future[Any]] = {}
        self._is_broken = False

    def ask(self, do: str, fields: dict[str, Any]) -> Any:
        """The answer; ConnectionError when the supervisor went away, EngineError when it refused."""
        future: Future[Any] = Future()
        with self._lock:
            if self._is_broken:
                raise ConnectionError("the supervisor went away")
            self._number += 1
            number = self._number
            self._waiting[number] = future
            self._socket.sendall(encode({"id": number, "do": do, "with": fields}))
        try:
            return future.result(ANSWER_SECONDS)
        except NoAnswer:
            raise EngineError(f"the supervisor did not answer {do} within {ANSWER_SECONDS:.0f} s") from None

    def listen(self, on_change: Callable[[list[str]], None]) -> None:
        """Take in messages until the supervisor goes away; then everyone who waits is told."""
        incoming = Incoming()
        with contextlib.suppress(OSError, ValueError):
            while data := self._socket.recv(1 << 18):
                for message in incoming.feed(data):
                    if "changed" in message:
                        on_change(message["changed"])
                    else:
                        self._deliver(message)
        with self._lock:
            self._is_broken = True
            waiting, self._waiting = self._waiting, {}
        self._socket.close()
        for future in waiting.values():
            future.set_exception(ConnectionError("the supervisor went away"))

    def shut(self) -> None:
        """End the connection from our side."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _deliver(self, message: Message) -> None:
        with self._lock:
            future = self._waiting.pop(message["id"], None)
        if future is None:
            return
        if "error" in message:
            future.set_exception(EngineError(message["error"]))
        else:
            future.set_result(message["answer"])


class SupervisorClient:
    """Speaks to the supervisor of one directory and starts a new one whenever there is none."""

    def __init__(
        self, root: Path, options: dict[str, Any], on_change: Callable[[Sequence[str]], None]
    ) -> None:
        """`on_change` is called from a thread of this object; it may ask the supervisor in turn."""
        self._root = root
        self._options = options
        self._on_change = on_change
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._is_closed = False
        self._threads: list[threading.Thread] = []
        self._changes: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def ask(self, do: str, **fields: Any) -> Any:
        """The supervisor's answer. Everything asked is harmless to ask twice, so a lost supervisor is
        replaced and asked again; EngineError if that does not help for START_SECONDS."""
        give_up_at = monotonic() + START_SECONDS
        while monotonic() < give_up_at:
            with contextlib.suppress(ConnectionError):
                return self._linked().ask(do, fields)
            # The lost link is noticed, and taken away, by the thread that follows it: let it come to that.
            threading.Event().wait(0.01)
        raise EngineError(f"the supervisor of {self._root} keeps ending; see supervisor.log there")

    def close(self, *, end_attempts: bool, must_start: bool = False) -> None:
        """Let go of the supervisor, or have it end all attempts and itself first.

        `must_start`: where none runs, start it for that, because an earlier supervisor may have left something.
        """
        if end_attempts:
            self._end(must_start=must_start)
        with self._lock:
            self._is_closed = True
            link = self._link
        if link is not None:
            link.shut()
        self._changes.put(None)
        self._join(5, "engine-link", "engine-changes")

    def _end(self, *, must_start: bool) -> None:
        with self._lock:
            self._is_closed = True
            with contextlib.suppress(ConnectionError, FileNotFoundError):
                self._link = self._link or (self._connect_or_start() if must_start else self._connect())
            link = self._link
        if link is not None:
            with contextlib.suppress(ConnectionError):
                link.ask("end", {})
            self._join(ANSWER_SECONDS, "engine-link")

    def _join(self, seconds: float, *names: str) -> None:
        for thread in self._threads:
            if thread is not threading.current_thread() and thread.name in names:
                thread.join(seconds)

    def _linked(self) -> Link:
        with self._lock:
            if self._is_closed:
                raise EngineError("the engine is closed")
            if self._link is None:
                self._link = self._connect_or_start()
            return self._link

    def _connect_or_start(self) -> Link:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        give_up_at = monotonic() + START_SECONDS
        while monotonic() < give_up_at:
            with contextlib.suppress(ConnectionError, FileNotFoundError):
                return self._connect()
            if not self._start():
                threading.Event().wait(0.02)
        raise EngineError(f"another supervisor holds {self._root} and does not answer")

    def _connect(self) -> Link:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(str(self._root / "supervisor.sock")) as short:
                connected.connect(short)
        except OSError:
            connected.close()
            raise
        link = Link(connected)
        self._run("engine-link", lambda: self._follow(link))
        hello = link.ask("hello", {})
        if hello["protocol"] != PROTOCOL:
            link.shut()
            raise EngineError(
                "the running supervisor is of another version; end its jobs with that version first"
            )
        if not any(thread.name == "engine-changes" for thread in self._threads):
            self._run("engine-changes", self._announce)
        return link

    def _start(self) -> bool:
        """Start a supervisor and wait until it listens; False if another one holds the place."""
        source = str(Path(batchyard.__file__).parent.parent)
        command = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            _BOOTSTRAP,
            source,
            str(self._root),
            json.dumps(self._options),
        ]
        # Not the server's whole environment: its secrets would stay readable for as long as jobs run.
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        try:
            with open(self._root / "supervisor.log", "ab", opener=private_files.opener) as output:
                started = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    start_new_session=True,
                    timeout=START_SECONDS,
                    check=False,
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(f"the supervisor did not start: {error}") from error
        if started.returncode not in (0, TAKEN):
            raise EngineError(f"the supervisor did not start; see {self._root / 'supervisor.log'}")
        return started.returncode == 0

    def _follow(self, link: Link) -> None:
        """Listen until the supervisor is gone; unless we close, a new supervisor is started at once, which kills
        what the old one left and reports it as lost."""
        link.listen(self._changes.put)
        with self._lock:
            if self._link is not link:
                return
            self._link = None
            if self._is_closed:
                return
        log.warning("the supervisor of %s ended; starting another", self._root)
        try:
            self._changes.put(
                [status["attempt"] for status in self.ask("recover") if status["state"] == "lost"]
            )
        except EngineError:
            log.exception("no supervisor for %s", self._root)

    def _announce(self) -> None:
        while (names := self._changes.get()) is not None:
            try:
                self._on_change(names)
            except Exception:
                log.exception("a listener of the engine failed")

    def _run(self, name: str, target: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
