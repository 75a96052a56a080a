"""The process that owns the attempts of one data directory and outlives the server that speaks to it.

One thread, one loop: messages from servers, exits of children, what they write, and few timers. It is started
without site packages and imports little, so that it is there in a moment.
"""

import contextlib
import fcntl
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import traceback
from typing import Any

from batchyard import private_files
from batchyard.clock import monotonic
from batchyard.engines.process.attempts import Attempts
from batchyard.engines.process.attempts_directory import AttemptsDirectory
from batchyard.engines.process.cgroup_trees import ROLES, Tree
from batchyard.engines.process.launch import open_more_files
from batchyard.engines.process.messages import PROTOCOL, Incoming, Message, encode
from batchyard.engines.process.processes import adopt_orphans
from batchyard.engines.process.sockets import address

TAKEN = 3
"""The exit code of a supervisor that finds another supervisor in its place."""

IDLE_SECONDS = 60.0
SETTLING_SECONDS = 0.005


class Connection:
    """One server that speaks to us."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.incoming = Incoming()
        self.outgoing = bytearray()


class Supervisor:
    """The loop; `run` returns when it has nothing left to be there for."""

    def __init__(self, root: str, options: dict[str, Any]) -> None:
        """`options`: `roles` (cgroup hierarchies to use), `idle_seconds`, `ephemeral` (end with the last server)."""
        self._directory = AttemptsDirectory(root)
        self._idle_seconds = options.get("idle_seconds", IDLE_SECONDS)
        self._ephemeral = options.get("ephemeral", False)
        stat = os.stat(root)
        self._tree = Tree(f"batchyard-{stat.st_dev:x}-{stat.st_ino:x}", options.get("roles", ROLES))
        self._attempts = Attempts(self._directory, self._tree)
        self._captures = self._attempts.captures
        self._awaits_output = False
        self._timeouts_due: float | None = None
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._alone_since = monotonic()
        self._going = False
        self._signals, signals_in = os.pipe()
        for end in (self._signals, signals_in):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(signals_in, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda number, frame: None)
        self._selector.register(self._signals, selectors.EVENT_READ)

    def open(self) -> None:
        """End what an earlier supervisor left running, then listen."""
        self._directory.make()
        self._attempts.recover()
        self._attempts.settle()
        while self._attempts.are_ending:
            self._selector.select(SETTLING_SECONDS)
            self._attempts.settle()
        self._attempts.changed.clear()
        path = os.path.join(self._directory.root, "supervisor.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(path) as short:
            self._listener.bind(short)
        self._listener.listen(16)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until told to end, or until idle for long."""
        while not self._is_done():
            for key, mask in self._selector.select(self._patience()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fd == self._signals:
                    self._heed_signals()
                elif key.data is not None:
                    self._exchange(key.data, mask)
            self._take_outputs()
            if self._attempts.are_ending:
                self._attempts.settle()
            if not self._connections:
                self._attempts.keep_deadlines()
            self._timeouts_due = self._attempts.keep_timeouts()
            self._tell_changes()
        self._listener.close()
        self._tree.remove()

    def _is_done(self) -> bool:
        if self._attempts.are_running:
            return False
        alone = not self._connections and monotonic() - self._alone_since >= self._idle_seconds
        return alone or (self._going and not any(connection.outgoing for connection in self._connections))

    def _take_outputs(self) -> None:
        self._captures.look()
        if self._awaits_output == self._captures.are_resting:
            self._awaits_output = not self._awaits_output
            if self._awaits_output:
                self._selector.register(self._captures, selectors.EVENT_READ)
            else:
                self._selector.unregister(self._captures)

    def _patience(self) -> float | None:
        """Seconds until something must be looked at that no event announces."""
        known = (self._patience_with_attempts(), self._captures.patience(), self._timeouts_due)
        return min((seconds for seconds in known if seconds is not None), default=None)

    def _patience_with_attempts(self) -> float | None:
        if self._attempts.are_ending:
            return SETTLING_SECONDS
        if self._connections:
            return None
        return 1.0 if self._attempts.are_running else max(self._idle_seconds / 10, 0.01)

    def _heed_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if signal.SIGTERM in os.read(self._signals, 4096):
                self._going = True
                self._attempts.lose_all()
        self._attempts.reap()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connected, _ = self._listener.accept()
            connected.setblocking(False)
            connection = Connection(connected)
            self._connections.add(connection)
            self._selector.register(connected, selectors.EVENT_READ, connection)

    def _exchange(self, connection: Connection, mask: int) -> None:
        try:
            if mask & selectors.EVENT_READ:
                data = connection.socket.recv(1 << 18)
                if not data:
                    raise ConnectionResetError
                for message in connection.incoming.feed(data):
                    self._send(connection, self._answer(message))
            if mask & selectors.EVENT_WRITE:
                self._flush(connection)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._drop(connection)

    def _answer(self, message: Message) -> Message:
        try:
            answer = getattr(self, "_do_" + message["do"])(**message.get("with", {}))
        except Exception as error:
            traceback.print_exc()
            return {"id": message.get("id"), "error": f"{type(error).__name__}: {error}"}
        return {"id": message["id"], "answer": answer}

    def _send(self, connection: Connection, message: Message) -> None:
        connection.outgoing += encode(message)
        self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        with contextlib.suppress(BlockingIOError):
            del connection.outgoing[: connection.socket.send(connection.outgoing, socket.MSG_NOSIGNAL)]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.outgoing else 0)
        self._selector.modify(connection.socket, events, connection)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()
        if not self._connections:
            self._alone_since = monotonic()
            if self._ephemeral:
                self._going = True
                self._attempts.stop_all()

    def _tell_changes(self) -> None:
        changed, self._attempts.changed[:] = list(self._attempts.changed), []
        for connection in list(self._connections) if changed else ():
            try:
                self._send(connection, {"changed": changed})
            except OSError:
                self._drop(connection)

    def _do_hello(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "cgroups": self._tree.roles,
            "limits_memory": self._tree.limits_memory,
            "shares_cpu": self._tree.shares_cpu,
        }

    def _do_start(self, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._going:
            raise RuntimeError("the supervisor is ending")
        return self._attempts.start(specs)

    def _do_reserve(self, attempts: list[str]) -> None:
        self._attempts.reserve(attempts)

    def _do_poll(self, attempts: list[str]) -> list[dict[str, Any]]:
        return self._attempts.statuses(attempts)

    def _do_recover(self) -> list[dict[str, Any]]:
        return self._attempts.statuses()

    def _do_held(self) -> list[dict[str, Any]]:
        return self._attempts.held()

    def _do_stop(self, attempts: list[str], force: bool) -> None:
        self._attempts.stop(attempts, force=force)

    def _do_stop_account(self, account: str) -> list[str]:
        return self._attempts.drop_account(account)

    def _do_forget(self, attempts: list[str]) -> None:
        self._attempts.forget(attempts)

    def _do_end(self) -> None:
        self._going = True
        self._attempts.stop_all()


def main(root: str, options: str) -> None:
    """Become the supervisor of `root`; the calling process returns to its parent when it is ready."""
    ready, tell_ready = os.pipe()
    if os.fork():
        os.close(tell_ready)
        os._exit((os.read(ready, 1) or b"\1")[0])
    os.close(ready)
    os.chdir(root)
    private_files.begin()
    # The hard limit stays: a job may ask for core files of its own.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    open_more_files()
    # Python ignores it, and commands would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    lock = os.open("supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.write(tell_ready, bytes([TAKEN]))
        sys.exit(TAKEN)
    adopt_orphans()
    supervisor = Supervisor(root, json.loads(options))
    supervisor.open()
    gc.freeze()
    os.write(tell_ready, b"\0")
    os.close(tell_ready)
    supervisor.run()
