"""How long another account waits while eight connections send the heaviest requests there are.

A process of its own: `waiting.py PID HOST:PORT TIMES` reads JSON from stdin, `{"heavy": […], "light": […]}`, each
request its bytes of HTTP in base64. A child sends each heavy one so many times, over CONNECTIONS connections at
once; meanwhile this process sends the light ones in turn and measures. It prints one line of JSON; see `Waited`.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8


@dataclass(frozen=True)
class Waited:
    """What was measured; times are in milliseconds."""

    light: int
    heavy: int
    worst_cpu: float
    """The most CPU that the server used, in all its threads, while one light call waited: whatever else runs on the
    machine, so much of the server's work stood before that call."""
    worst_wall: float
    statuses: dict[str, int]
    """How often which HTTP status answered a heavy request."""


def measure(pid: int, endpoint: str, heavy: list[bytes], light: list[bytes], times: int) -> Waited:
    """Run it."""
    given = {
        name: [base64.b64encode(one).decode() for one in some]
        for name, some in (("heavy", heavy), ("light", light))
    }
    command = [sys.executable, __file__, str(pid), endpoint.removeprefix("http://"), str(times)]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return Waited(**json.loads(done.stdout))


def cpu_milliseconds(pid: int) -> float:
    """The CPU time of all threads of a process, finer than /proc/PID/stat tells it."""
    used = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            used += int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            continue
    return used / 1e6


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=60)

    def ask(self, request: bytes) -> int:
        """Send a request and read its whole answer; returns its status."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        left = length - len(body)
        while left > 0:
            left -= len(self._more())
        return int(head[9:12])

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server ended the connection")
        return data


def _press(address: tuple[str, int], requests: list[bytes], times: int, writes_to: int) -> None:
    statuses: dict[str, int] = {}
    numbers = iter(range(times * len(requests)))
    taking = threading.Lock()

    def send() -> None:
        connection = _Connection(address)
        while True:
            with taking:
                number = next(numbers, None)
            if number is None:
                return
            status = str(connection.ask(requests[number % len(requests)]))
            with taking:
                statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    os.write(writes_to, json.dumps(statuses).encode())


def _probe(pid: int, address: tuple[str, int], requests: list[bytes], child: int) -> tuple[int, float, float]:
    """Ask until the child has sent all that is heavy."""
    connection = _Connection(address)
    calls, worst_cpu, worst_wall = 0, 0.0, 0.0
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        used, began = cpu_milliseconds(pid), time.monotonic()
        status = connection.ask(requests[calls % len(requests)])
        if status != 200:
            raise RuntimeError(f"a light call was answered with {status}")
        worst_cpu = max(worst_cpu, cpu_milliseconds(pid) - used)
        worst_wall = max(worst_wall, (time.monotonic() - began) * 1000)
        calls += 1
        threading.Event().wait(0.004)
    return calls, worst_cpu, worst_wall


def main() -> None:
    pid, where, times = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    host, _, port = where.partition(":")
    address = (host, int(port))
    given = {name: [base64.b64decode(one) for one in some] for name, some in json.load(sys.stdin).items()}
    reads_from, writes_to = os.pipe()
    child = os.fork()
    if child == 0:
        _press(address, given["heavy"], times, writes_to)
        os._exit(0)
    os.close(writes_to)
    calls, worst_cpu, worst_wall = _probe(pid, address, given["light"], child)
    statuses = json.loads(os.read(reads_from, 65536))
    print(
        json.dumps(
            {
                "light": calls,
                "heavy": sum(statuses.values()),
                "worst_cpu": worst_cpu,
                "worst_wall": worst_wall,
                "statuses": statuses,
            }
        )
    )


if __name__ == "__main__":
    main()
