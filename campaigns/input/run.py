"""Send generated bad requests to a served process and see that it stays well: `make bad-input COUNT=1000000 SEED=1`.

What must hold: every request that HTTP lets one answer is answered, none with 5xx but the clear 501; requests that
never come whole are ended; nothing is logged as an error; memory does not grow; others are served meanwhile; the server
restarts on what was written. A fault is printed with its number, and `--only NUMBER --seed SEED` sends that one again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))

from input import generate
from input.message import Message
from input.scene import Scene, prepare
from input.served import Process, served
from input.traffic import Record, Traffic

CONNECTIONS = 8
A_SCENE_LASTS = 5_000
"""How many requests one account takes: then it is forgotten, and the next begins with everything there again."""

MOST_GROWTH_KIB = 64 * 1024
"""How much more memory the server may have at the end than after half of the requests."""

WATCHED_ACCOUNT = "999999999999"
LOAD_SECONDS = 4.0


@dataclass
class Findings:
    """What a run saw. `problems` is empty where all that must hold held."""

    record: Record
    problems: list[str] = field(default_factory=list)
    requests_per_second: float = 0.0
    cpu_milliseconds: float = 0.0
    """What a request cost the server."""
    memory_kib: list[int] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    """Of ordinary calls in each phase: how many there were, and their median."""


def run(*, count: int, seed: int, only: int | None = None, say: Callable[[str], None] = print) -> Findings:
    """Serve, send, and judge."""
    with tempfile.TemporaryDirectory(prefix="bad-input-") as directory:
        log = Path(directory, "log")
        with served(Path(directory, "data"), log) as process:
            findings = Findings(Record())
            loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
            with loop:
                loop.run(_send_all(process, findings, count=count, seed=seed, only=only, say=say))
            _judge(findings, process, log)
        with served(Path(directory, "data"), log) as process:
            _health(process)
    return findings


async def _send_all(
    process: Process,
    findings: Findings,
    *,
    count: int,
    seed: int,
    only: int | None,
    say: Callable[[str], None],
) -> None:
    prepare(process.endpoint, WATCHED_ACCOUNT)
    parts = urlsplit(process.endpoint)
    traffic = Traffic(str(parts.hostname), int(parts.port or 0), connections=CONNECTIONS, say=say)
    findings.record = traffic.record
    watcher = _Watcher(process, WATCHED_ACCOUNT)
    scene = prepare(process.endpoint, _account(seed, 0))
    if only is None:
        await watcher.phase("usual", _sleeping(LOAD_SECONDS))
        ordinary = Traffic(*traffic.address, connections=CONNECTIONS)
        await watcher.phase("under ordinary load", ordinary.send(_ordinary(seed, scene)))
    sending, used = 0.0, process.cpu_seconds()
    for first in range(0, count, A_SCENE_LASTS) if only is None else [only]:
        last = min(first + A_SCENE_LASTS, count) if only is None else only + 1
        if first:
            _forget(process, scene)
            scene = prepare(process.endpoint, _account(seed, first // A_SCENE_LASTS))
        started = time.monotonic()
        numbered = ((number, generate.message(seed, number, scene)) for number in range(first, last))
        await watcher.phase("under bad input", traffic.send(numbered))
        sending += time.monotonic() - started
        findings.memory_kib.append(process.memory_kib())
        say(f"{last} sent, {len(traffic.record.faults)} faults, {findings.memory_kib[-1] // 1024} MiB")
    findings.requests_per_second = traffic.record.sent / sending
    findings.cpu_milliseconds = (process.cpu_seconds() - used) / traffic.record.sent * 1000
    await watcher.phase("beside stalled requests", traffic.settle())
    findings.milliseconds = watcher.stop()


def _account(seed: int, scene: int) -> str:
    return f"{seed % 10**5:05}{scene:07}"


def _ordinary(seed: int, scene: Scene) -> Iterator[tuple[int, Message]]:
    ends = time.monotonic() + LOAD_SECONDS
    number = 0
    while time.monotonic() < ends:
        number += 1
        yield number, generate.ordinary(seed, number, scene)


async def _sleeping(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _forget(process: Process, scene: Scene) -> None:
    _post(f"{process.endpoint}/_batchyard/reset?account={scene.account}")


def _post(url: str) -> None:
    request = urllib.request.Request(url, method="POST", headers={"x-batchyard-confirm": "yes"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _health(process: Process) -> dict[str, object]:
    with urllib.request.urlopen(f"{process.endpoint}/_batchyard/health?details=1", timeout=30) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


class _Watcher:
    """The process that makes ordinary calls meanwhile."""

    def __init__(self, process: Process, account: str) -> None:
        parts = urlsplit(process.endpoint)
        command = [sys.executable, str(Path(__file__).with_name("watch.py"))]
        self._process = subprocess.Popen(
            [*command, str(parts.hostname), str(parts.port), account],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def phase(self, name: str, work: object) -> None:
        """Time what goes on while `work` is awaited under this name."""
        self._say(name)
        await work  # type: ignore[misc]
        self._say("between")

    def _say(self, name: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()

    def stop(self) -> dict[str, list[float]]:
        found, _ = self._process.communicate(timeout=120)
        return json.loads(found) if found else {}


def _judge(findings: Findings, process: Process, log: Path) -> None:
    record, problems = findings.record, findings.problems
    problems += map(str, record.faults)
    exceptions = _health(process).get("controllerExceptions")
    if exceptions:
        problems.append(f"controllers raised: {exceptions}")
    problems += [f"{times} × in the log: {last}" for last, times in logged(log.read_text()).most_common()]
    memory = findings.memory_kib
    if len(memory) >= 3 and memory[-1] - memory[len(memory) // 2] > MOST_GROWTH_KIB:
        problems.append(f"memory grew from {memory[len(memory) // 2]} to {memory[-1]} KiB")
    if not findings.milliseconds:
        problems.append("the watcher failed")


def logged(text: str) -> Counter[str]:
    """The errors of a log, by their last line."""
    found: Counter[str] = Counter()
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("Traceback "):
            rest = lines[place + 1 :]
            ends = next((one for one, text in enumerate(rest) if text and not text.startswith(" ")), 0)
            where = next((one.strip() for one in reversed(rest[:ends]) if "batchyard" in one), "")
            found[f"{rest[ends]} {where}"] += 1
        elif " ERROR " in line or " CRITICAL " in line:
            found["an ERROR line"] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n", 1)[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--only", type=int, help="send just this one of the seed's requests")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    findings = run(count=given.count, seed=given.seed, only=given.only)
    record = findings.record
    print(
        f"{record.sent} requests, {findings.requests_per_second:.0f}/s, "
        f"{findings.cpu_milliseconds:.2f} ms of CPU each, stalled {record.stalled}"
    )
    print("kinds", dict(record.kinds))
    print("statuses", dict(sorted(record.statuses.items())))
    print("MiB", [kib // 1024 for kib in findings.memory_kib])
    for name, (number, median) in findings.milliseconds.items():
        print(f"ordinary calls {name}: median {median:.2f} ms of {number}")
    for problem in findings.problems:
        print("PROBLEM", problem[:600])
    print(f"{len(findings.problems)} problems")
    return 1 if findings.problems else 0


if __name__ == "__main__":
    sys.exit(main())
