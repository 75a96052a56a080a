"""Turns a fresh child of the supervisor into an attempt's command.

A fork, not posix_spawn of a shell: it costs a little more (1.0 instead of 0.9 ms on two cores of a virtual machine),
but sets the death signal, tells exactly why a command could not be executed, and hands on variables whose names no
shell accepts. Safe because the supervisor has one thread. What can be prepared is prepared before the fork: each
page that the child touches is copied.
"""

import contextlib
import json
import os
import resource
import signal
from collections.abc import Mapping, Sequence

from batchyard.engines.process.attempts_directory import AttemptsDirectory
from batchyard.engines.process.capture import Capture
from batchyard.engines.process.cgroups import Group
from batchyard.engines.process.mounts import Mounts
from batchyard.engines.process.processes import MARK, die_with, forbid_new_privileges

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_HELD_SIGNALS = (signal.SIGCHLD, signal.SIGTERM)
# A server that was started by nohup, or in the background of a script, ignores the others; its jobs must not.
# The supervisor itself ignores SIGXFSZ.
_DEFAULT_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGXFSZ)

_UMASK = 0o022
"""What a command expects of a login; what it writes lies in a directory that only its user enters."""

_UMASK_OF_USERS = 0o077
"""Where every account has a user: what a job leaves in /tmp is not for the others."""

_nothing = os.open(os.devnull, os.O_RDONLY)

_files = resource.getrlimit(resource.RLIMIT_NOFILE)
"""How many files a command may open: as many as whoever started us."""


def open_more_files() -> None:
    """Let this process open as many files as the system allows: it holds two for each attempt. Commands may not."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_files[1], _files[1]))


class Launch:
    """One command made ready to be executed in its attempt's directory."""

    def __init__(
        self,
        directory: AttemptsDirectory,
        attempt: str,
        *,
        command: Sequence[str],
        environment: Mapping[str, str],
        group: Group,
        memory_limit: int | None,
        work: str,
        mounts: Mounts,
        ulimits: Sequence[tuple[str, int, int]] = (),
        user: int | None = None,
        inside: str = "",
    ) -> None:
        """`memory_limit` (bytes) limits each process by itself, `ulimits` are (name, soft, hard). `user`: who the
        command becomes, and its group; None: who we are. `inside`: the place of the container's files in the attempt's
        directory."""
        self._directory = directory
        self._attempt = attempt
        self._inside = inside
        self._program = command[0]
        self._group = group
        self._memory_limit = memory_limit
        self._ulimits = [(name, (_value(soft), _value(hard))) for name, soft, hard in ulimits]
        self._work = work
        self._mounts = mounts
        self._user = user
        self._failure: int | None = None
        own = {"PATH": os.environ.get("PATH", DEFAULT_PATH), "HOME": self._work}
        complete = {**own, **environment, MARK: directory.path(attempt, inside).rstrip("/")}
        self._arguments = [_bytes(argument) for argument in command]
        self._environment = {_bytes(name): _bytes(value) for name, value in complete.items()}
        self._paths = _candidates(
            self._arguments[0], self._environment[b"PATH"], may_be_mounted=mounts.are_needed
        )

    def start(self, capture: Capture) -> int:
        """The pid of the new leader, which leads a session and process group too; OSError if there can be none.

        What it writes goes to `capture`, whose writer is closed here.

        A command that cannot be executed leaves the record `failure` and ends with 127 (not found) or 126, as
        Docker does. Expects SIGPIPE in its default way, which a command inherits.
        """
        parent = os.getpid()
        try:
            if self._user is not None or self._mounts.are_needed:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                path = self._directory.path(self._attempt, self._inside + "failure")
                self._failure = os.open(path, flags, 0o600)
            return self._fork(parent, capture.writer)
        finally:
            os.close(capture.writer)
            if self._failure is not None:
                os.close(self._failure)

    def _fork(self, parent: int, output: int) -> int:
        # A signal that the child catches with the supervisor's ways would be lost, and told to the supervisor.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(parent, output)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_SIGNALS)
        return pid

    def _become(self, parent: int, output: int) -> None:
        """Never returns: executes the command or exits."""
        code = 126
        try:
            os.setsid()
            os.umask(_UMASK if self._user is None else _UMASK_OF_USERS)
            die_with(parent)
            for number in _DEFAULT_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_SIGNALS)
            self._group.join()
            os.dup2(_nothing, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            here = os.open(self._work, os.O_PATH | os.O_DIRECTORY) if self._user is None else None
            if self._mounts.are_needed:
                self._mounts.enter()
            for name, limits in self._ulimits:
                _set_limit(name, limits)
            if self._user is not None:
                _become_user(self._user)
                # The kernel forgets it with the change of users.
                die_with(parent)
                for folder in (self._work, *self._mounts.folders):
                    os.makedirs(folder, exist_ok=True)
            _change_to(self._work, here)
            if _files[0] != _files[1] and all(name != "nofile" for name, _ in self._ulimits):
                resource.setrlimit(resource.RLIMIT_NOFILE, _files)
            if self._memory_limit is not None:
                _lower(resource.RLIMIT_DATA, self._memory_limit)
            self._execute()
        except FileNotFoundError as error:
            code = 127
            self._explain(error)
        except (OSError, ValueError) as error:
            self._explain(error)
        finally:
            os._exit(code)

    def _execute(self) -> None:
        """Replace this process; raises OSError with the text that Docker's runtime has for it."""
        denied: OSError | None = None
        for path in self._paths:
            try:
                os.execve(path, self._arguments, self._environment)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                denied = denied or error
        quoted = json.dumps(self._program, ensure_ascii=False)
        if denied is not None:
            raise OSError(f"exec: {quoted}: {(denied.strerror or 'failed').lower()}")
        where = "no such file or directory" if "/" in self._program else "executable file not found in $PATH"
        raise FileNotFoundError(f"exec: {quoted}: {where}")

    def _explain(self, error: Exception) -> None:
        record = {"reason": f"CannotStartContainerError: {error}"}
        with contextlib.suppress(OSError):
            if self._failure is None:
                self._directory.write(self._attempt, self._inside + "failure", record)
            else:
                os.write(self._failure, json.dumps(record).encode())


def make_folder(path: str) -> None:
    """A folder of the host that a task mounts and that is missing: made, as Docker does."""
    mask = os.umask(0o022)
    try:
        if not os.path.exists(path):
            os.makedirs(path, exist_ok=True)
    finally:
        os.umask(mask)


def _become_user(user: int) -> None:
    """For good: no group of root's is left, and no program gives other rights."""
    forbid_new_privileges()
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _change_to(path: str, opened: int | None) -> None:
    """Go to the working directory, also where something was mounted over the way to it."""
    try:
        os.chdir(path)
    except OSError:
        if opened is None:
            raise
        os.fchdir(opened)
    if opened is not None:
        os.close(opened)


def _set_limit(name: str, limits: tuple[int, int]) -> None:
    """`locks` is a limit that the kernel ignores, and that Python has no name for."""
    kind = 10 if name == "locks" else getattr(resource, f"RLIMIT_{name.upper()}")
    try:
        resource.setrlimit(kind, limits)
    except ValueError:
        own = resource.getrlimit(kind)[1]
        raise OSError(f"error setting rlimit {name}: the server itself may have no more than {own}") from None


def _value(limit: int) -> int:
    return resource.RLIM_INFINITY if limit == -1 else limit


def _candidates(program: bytes, search: bytes, *, may_be_mounted: bool) -> list[bytes]:
    """Where the program may be; looked up before the fork, as an execve in vain costs as much as one that works.
    `may_be_mounted`: it may lie in what is not mounted yet."""
    if b"/" in program or not program:
        return [program]
    paths = [os.path.join(directory or b".", program) for directory in search.split(b":")]
    return [path for path in paths if may_be_mounted or not path.startswith(b"/") or os.path.exists(path)]


def _lower(kind: int, value: int) -> None:
    """Lower a limit for good; a limit that is lower already stays."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
