"""Turns a fresh child of the supervisor into an attempt's command.

A fork, not posix_spawn: it costs the same as posix_spawn of a shell (0.6 ms each on two cores), sets the death
signal, tells exactly why a command could not be executed, and hands on variables whose names no shell accepts.
Safe because the supervisor has one thread.
"""

import contextlib
import json
import os
import resource
import signal
from collections.abc import Iterator, Mapping, Sequence

from batchyard.engines.attempts_directory import AttemptsDirectory
from batchyard.engines.cgroups import Group
from batchyard.engines.processes import MARK, boot, die_with, started

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_RESET_SIGNALS = [signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ]


def launch(
    directory: AttemptsDirectory,
    attempt: str,
    *,
    command: Sequence[str],
    environment: Mapping[str, str],
    group: Group,
    memory_limit: int | None,
) -> int:
    """Start the command and return the pid of its leader, which leads a session and process group too.

    `memory_limit` (bytes) limits each process by itself. A command that cannot be executed leaves the file
    `failure` and ends with 127 (not found) or 126, as Docker does.
    """
    parent = os.getpid()
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(directory, attempt, parent, command, environment, group, memory_limit)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)


def _become(
    directory: AttemptsDirectory,
    attempt: str,
    parent: int,
    command: Sequence[str],
    environment: Mapping[str, str],
    group: Group,
    memory_limit: int | None,
) -> None:
    """Never returns: executes the command or exits. Signals are blocked until the supervisor's ways are shed."""
    code = 126
    try:
        signal.set_wakeup_fd(-1)
        for number in _RESET_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        die_with(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        group.join()
        directory.write(
            attempt, "process", {"pid": os.getpid(), "started": started(os.getpid()), "boot": boot()}
        )
        _connect_output(directory.path(attempt, "output"))
        os.chdir(directory.path(attempt, "work"))
        os.umask(0o022)
        _limit(resource.RLIMIT_CORE, 0)
        if memory_limit is not None:
            _limit(resource.RLIMIT_DATA, memory_limit)
        _execute(command, _complete(environment, directory.path(attempt)))
    except FileNotFoundError as error:
        code = 127
        _explain(directory, attempt, str(error))
    except (OSError, ValueError) as error:
        _explain(directory, attempt, str(error))
    finally:
        os._exit(code)


def _connect_output(path: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _limit(kind: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _complete(environment: Mapping[str, str], directory: str) -> dict[bytes, bytes]:
    own = {"PATH": os.environ.get("PATH", DEFAULT_PATH), "HOME": os.getcwd(), **environment, MARK: directory}
    return {_bytes(name): _bytes(value) for name, value in own.items()}


def _execute(command: Sequence[str], environment: dict[bytes, bytes]) -> None:
    """Replace this process; raises OSError with the text that Docker's runtime has for it."""
    arguments = [_bytes(argument) for argument in command]
    quoted = json.dumps(command[0], ensure_ascii=False)
    denied: OSError | None = None
    for path in _candidates(arguments[0], environment):
        try:
            os.execve(path, arguments, environment)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            denied = denied or error
    if denied is not None:
        raise OSError(f"exec: {quoted}: {(denied.strerror or 'failed').lower()}")
    where = "no such file or directory" if b"/" in arguments[0] else "executable file not found in $PATH"
    raise FileNotFoundError(f"exec: {quoted}: {where}")


def _candidates(program: bytes, environment: dict[bytes, bytes]) -> Iterator[bytes]:
    if b"/" in program or not program:
        yield program
        return
    for directory in environment[b"PATH"].split(b":"):
        yield os.path.join(directory or b".", program)


def _explain(directory: AttemptsDirectory, attempt: str, why: str) -> None:
    with contextlib.suppress(OSError):
        directory.write(attempt, "failure", {"reason": f"CannotStartContainerError: {why}"})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
