"""Ordinary calls on a connection of their own, timed: a process, so that what sends the load does not disturb it.

`watch.py HOST PORT KEY`: each line on stdin begins a phase of that name; at the end of stdin it prints one line of
JSON, for each phase the number of calls and their median time in milliseconds.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from input.message import Credentials, Request

PAUSE_SECONDS = 0.01
CALLS = (
    ("sts", "/", b"Action=GetCallerIdentity&Version=2011-06-15"),
    ("iam", "/", b"Action=ListRoles&Version=2010-05-08"),
    ("batch", "/v1/describejobqueues", b"{}"),
    ("batch", "/v1/describecomputeenvironments", b"{}"),
)


def main(host: str, port: str, key: str) -> None:
    phases: dict[str, list[float]] = {}
    current = ["none"]
    reader = threading.Thread(target=lambda: _read(current), daemon=True)
    reader.start()
    credentials = Credentials(key, "test")
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    number = 0
    while reader.is_alive():
        service, path, body = CALLS[number % len(CALLS)]
        number += 1
        request = Request(service, "POST", path, headers=[("host", f"{host}:{port}")], body=body)
        headers = dict(request.sign(credentials).headers)
        phase = current[0]
        started = time.perf_counter()
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - started
        if answer.status != 200:
            raise SystemExit(f"an ordinary call was answered {answer.status}")
        phases.setdefault(phase, []).append(took * 1000)
        time.sleep(PAUSE_SECONDS)
    found = {name: [len(times), statistics.median(times)] for name, times in phases.items()}
    print(json.dumps(found))


def _read(current: list[str]) -> None:
    for line in sys.stdin:
        current[0] = line.strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
