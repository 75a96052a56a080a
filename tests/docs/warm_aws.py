"""The unmodified aws command, warm: one process has imported it, and forks for each call.

Starting Python and importing the command costs most of a call; the examples of the pages are hundreds of calls.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SERVICES = ("batch", "cloudtrail", "ec2", "ecs", "iam", "logs", "sts")
CLIENT = """#!{python} -IS
import json, os, socket, sys
place = socket.socket(socket.AF_UNIX)
place.connect({path!r})
socket.send_fds(place, [b"-"], [0, 1, 2])
place.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode())
place.shutdown(socket.SHUT_WR)
answer = place.recv(1)
sys.exit(answer[0] if answer else 255)
"""


@contextmanager
def warm_aws(directory: Path) -> Iterator[Path]:
    """A directory for PATH with an `aws` in it, as long as the context lasts."""
    path = directory / "aws.socket"
    client = directory / "aws"
    client.write_text(CLIENT.format(python=sys.executable, path=str(path)))
    client.chmod(0o755)
    process = subprocess.Popen([sys.executable, __file__, str(path)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield directory
    finally:
        process.terminate()
        process.wait(5)
        if process.stdout is not None:
            process.stdout.close()


def serve(path: str) -> None:
    """Import the command, then fork for whoever connects."""
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    for service in SERVICES:
        driver.session.get_service_model(service)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _call(connection, driver.main)
        connection.close()


def _call(connection: socket.socket, main: Callable[[list[str]], int]) -> None:
    """One call, in a process of its own, with the caller's files, environment and directory."""
    code = 255
    try:
        _, files, _, _ = socket.recv_fds(connection, 1, 3)
        given = b"".join(iter(lambda: connection.recv(65536), b""))
        arguments, environment, directory = json.loads(given)
        for number, file in enumerate(files):
            os.dup2(file, number)
        data_path = os.environ["AWS_DATA_PATH"]  # the command's own, set at its import
        os.environ.clear()
        os.environ.update(environment, AWS_DATA_PATH=data_path)
        os.chdir(directory)
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        connection.sendall(bytes([(code or 0) & 255]))
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
