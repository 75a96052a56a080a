"""No request, however heavy, lets another account's call wait: eight connections send the worst that there are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conftest import client
from input import worst
from input.waiting import Waited, measure
from journeys.served import Served, served

LONGEST_WAIT_MS = 250
_MEMORY = Path("/dev/shm")
HEAVY, OTHER = "111111111111", "222222222222"
needs_schedstat = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(),
    reason="the kernel does not tell a thread's CPU time (schedstat)",
)


@contextmanager
def _scene(scale: int) -> Iterator[tuple[Served, dict[str, bytes], list[bytes]]]:
    """A server with what the heavy requests read; these by name; and two light requests of another account."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as directory:
        with served("--data-dir", directory, "--pace", "0.01") as one:
            as_heavy = partial(client, one.endpoint, access_key=HEAVY)
            jobs, nodes = worst.submit_jobs(as_heavy), worst.submit_nodes(as_heavy)
        with served("--data-dir", directory, "--pace", "3600") as one:
            yield _prepared(one, {"jobs": jobs, "job of nodes": nodes}, scale)


def _prepared(one: Served, made: dict[str, Any], scale: int) -> tuple[Served, dict[str, bytes], list[bytes]]:
    def heavy(service: str) -> Any:
        return client(one.endpoint, service, access_key=HEAVY)

    def other(service: str) -> Any:
        return client(one.endpoint, service, access_key=OTHER)

    names = {**worst.prepare(heavy, scale=scale), **made}
    other("logs").create_log_group(logGroupName="light")
    light: list[worst.Request] = [
        ("sts", "get_caller_identity", {}),
        ("logs", "put_retention_policy", {"logGroupName": "light", "retentionInDays": 7}),
    ]
    return (
        one,
        {name: worst.as_bytes(heavy, request) for name, request in worst.requests(names).items()},
        [worst.as_bytes(other, request) for request in light],
    )


def _waited(one: Served, heavy: list[bytes], light: list[bytes], *, times: int) -> Waited:
    return measure(one.process.pid, one.endpoint, heavy, light, times)


@needs_schedstat
def test_nobody_waits_for_all_heavy_requests_at_once() -> None:
    with _scene(1) as (one, heavy, light):
        waited = _waited(one, list(heavy.values()), light, times=1)
    assert waited.heavy == len(heavy)
    assert waited.light > 5
    assert waited.worst_cpu < LONGEST_WAIT_MS, waited


@pytest.mark.slow
@needs_schedstat
def test_nobody_waits_for_any_heavy_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Each alone, over all connections, with ten times as much to read. What was measured is printed."""
    found: dict[str, Waited] = {}
    with _scene(10) as (one, heavy, light):
        for name, request in heavy.items():
            found[name] = _waited(one, [request], light, times=24)
    with capsys.disabled():
        for name, waited in sorted(found.items(), key=lambda pair: -pair[1].worst_cpu):
            told = ", ".join(f"{count} x {status}" for status, count in waited.statuses.items())
            print(
                f"\n{waited.worst_cpu:6.0f} ms of CPU, {waited.worst_wall:6.0f} ms: {name} ({told})", end=""
            )
        print()
    assert {name: one for name, one in found.items() if one.worst_cpu >= LONGEST_WAIT_MS} == {}
