"""`make bench`: what a call costs the server, beside an empty ASGI application on the same settings.

Server CPU is the process's own (/proc/PID/stat), so a busy machine spoils the rates more than the costs.
`--quick` takes a minute instead of six, with fewer jobs held.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import decisions
import ended_jobs
import iam_reads
import peer
import share_steps
from decisions import Decided
from ended_jobs import Beside
from iam_reads import Reads
from processes import Measured, Served, batchyard, empty, load
from rich.console import Console
from rich.table import Table
from scene import Scene
from throughput import Finished, finish, xargs

FEW = 1_000
DECIDING_SECONDS = 2


@dataclass(frozen=True)
class Length:
    """How long everything takes."""

    load_seconds: float
    fill_seconds: float
    many: int
    no_ops: int
    waiting: int
    """Jobs before a scheduling step."""


FULL = Length(load_seconds=8, fill_seconds=240, many=100_000, no_ops=2_000, waiting=1_000_000)
QUICK = Length(load_seconds=2.5, fill_seconds=15, many=10_000, no_ops=500, waiting=100_000)


@dataclass(frozen=True)
class Findings:
    """What a run found."""

    nothing: Measured
    submit: Measured
    describe: Measured
    reads: Reads
    few: Measured
    many: Measured
    many_held: int
    ready_empty: float
    ready_many: float
    resident_many: float
    """MiB, with `many_held` jobs."""
    finished: Finished
    by_xargs: Finished
    decisions: list[Decided]
    peer: list[Decided] | str
    """The peer's, or why there are none."""


def measure(length: Length, scratch: Path) -> Findings:
    """The whole run, on data directories below `scratch`."""
    directory = scratch / "jobs"
    with empty() as one:
        nothing = load(one, [_any_request(one)], most=10**9, seconds=length.load_seconds / 2)
    with batchyard(directory) as one:
        ready_empty = one.ready_seconds
        scene = Scene(one.endpoint)
        submissions = scene.submissions()
        load(one, submissions, most=FEW, seconds=30)
        few = load(one, submissions, most=FEW, seconds=30)
        submit = load(one, submissions, most=10**9, seconds=length.load_seconds)
        describe = load(one, scene.descriptions(), most=10**9, seconds=length.load_seconds / 2)
        held = _held(directory)
        load(one, submissions, most=max(1, length.many - held), seconds=length.fill_seconds)
        held = _held(directory)
        many = load(one, submissions, most=FEW, seconds=30)
        resident = one.resident_mib()
    with batchyard(directory) as one:
        ready_many = one.ready_seconds
    decided = [decisions.decide(one, DECIDING_SECONDS) for one in decisions.WORKLOADS]
    reads = iam_reads.measure(scratch / "iam", seconds=length.load_seconds / 4)
    return Findings(
        nothing,
        submit,
        describe,
        reads,
        few,
        many,
        held,
        ready_empty,
        ready_many,
        resident,
        finish_jobs(length, scratch / "working"),
        xargs(length.no_ops),
        decided,
        _peer(),
    )


def finish_jobs(length: Length, directory: Path) -> Finished:
    """No-op jobs through a server of their own."""
    with batchyard(directory) as one:
        return finish(one, Scene(one.endpoint), directory, length.no_ops)


def steps_with_shares(length: Length, directory: Path) -> list[share_steps.Step]:
    """Few jobs and many, of 500 shares; and many of five."""
    return share_steps.measure(directory, [(10_000, 500), (length.waiting, 500), (length.waiting, 5)])


def _peer() -> list[Decided] | str:
    try:
        return peer.decide(decisions.WORKLOADS, DECIDING_SECONDS)
    except peer.NoPeer as reason:
        return str(reason)


def _any_request(one: Served) -> bytes:
    """A SubmitJob as Scene signs it: the empty application reads the same bytes."""
    keys = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40}
    return Scene(one.endpoint, keys).submissions()[0]


def _held(directory: Path) -> int:
    """How many jobs the database holds."""
    connection = sqlite3.connect(f"file:{directory / 'batchyard.db'}?mode=ro", uri=True)
    try:
        count: int = connection.execute("SELECT count(*) FROM batch_jobs").fetchone()[0]
        return count
    finally:
        connection.close()


def show(found: Findings, console: Console) -> None:
    """The findings as two tables."""
    costs = Table(title="One call, 8 connections")
    for name in ("call", "server CPU", "x empty ASGI", "calls/s"):
        costs.add_column(name, justify="left" if name == "call" else "right")
    rows: Sequence[tuple[str, Measured]] = (
        ("empty ASGI application", found.nothing),
        ("SubmitJob, signed, authorized, audited, durable", found.submit),
        ("DescribeJobs of 100", found.describe),
        *found.reads.many.items(),
    )
    for name, one in rows:
        ratio = one.cpu_microseconds / found.nothing.cpu_microseconds
        costs.add_row(name, f"{one.cpu_microseconds:.0f} µs", f"{ratio:.1f}", f"{one.per_second:.0f}")
    console.print(costs)
    rest = Table(title="And")
    rest.add_column("what")
    rest.add_column("found", justify="right")
    rest.add_row(f"SubmitJob at {FEW:,} jobs held", _rate(found.few))
    rest.add_row(f"SubmitJob at {found.many_held:,} jobs held", _rate(found.many))
    change = found.many.per_second / found.few.per_second - 1
    rest.add_row("the second beside the first", f"{change:+.0%}")
    growth = found.reads.many["GetRole"].cpu_microseconds / found.reads.few.cpu_microseconds - 1
    rest.add_row(f"GetRole with {iam_reads.MANY:,} roles beside GetRole with two", f"{growth:+.0%} CPU")
    rest.add_row(f"resident memory at {found.many_held:,} jobs held", f"{found.resident_many:.0f} MiB")
    rest.add_row("start to ready, empty directory", f"{found.ready_empty:.2f} s")
    rest.add_row(f"start to ready, {found.many_held:,} jobs held", f"{found.ready_many:.2f} s")
    console.print(rest)
    show_jobs(found.finished, found.by_xargs, console)
    show_decisions(found.decisions, found.peer, console)


def show_jobs(ours: Finished, others: Finished, console: Console) -> None:
    """No-op jobs beside xargs."""
    table = Table(title=f"{ours.jobs:,} no-op jobs")
    for name in ("how", "jobs/s", "CPU of a job", "ratio"):
        table.add_column(name, justify="left" if name == "how" else "right")
    server, supervisor = (1e3 * one / ours.jobs for one in (ours.server_cpu, ours.supervisor_cpu))
    cpu = f"server {server:.1f} ms, supervisor {supervisor:.1f} ms"
    table.add_row("SubmitJob to SUCCEEDED", f"{ours.per_second:.0f}", cpu, "1")
    ratio = others.per_second / ours.per_second
    table.add_row("xargs -P2", f"{others.per_second:.0f}", "", f"{ratio:.1f} x")
    console.print(table)


def show_beside(found: Sequence[Beside], console: Console) -> None:
    """What calls cost beside many ended jobs, in proportion to the same beside few."""
    few, many = found
    table = Table(title=f"CPU beside {few.ended:,} and {many.ended:,} ended jobs")
    for name in ("call", "few", "many", "ratio"):
        table.add_column(name, justify="left" if name == "call" else "right")
    for name, cost in few.calls().items():
        other = many.calls()[name]
        table.add_row(name, f"{cost:.0f} µs", f"{other:.0f} µs", f"{other / cost:.2f}")
    table.add_row("resident memory", f"{few.resident_mib:.0f} MiB", f"{many.resident_mib:.0f} MiB", "")
    console.print(table)


def show_decisions(ours: list[Decided], peers: list[Decided] | str, console: Console) -> None:
    """Decisions beside the peer's, or why it has none. Raises where the two do not decide alike."""
    table = Table(title="Policy decisions per CPU second")
    for name in ("policies", "Batchyard", "iam-simulate", "ratio"):
        table.add_column(name, justify="left" if name == "policies" else "right")
    for index, workload in enumerate(decisions.WORKLOADS):
        row = [workload.title, f"{ours[index].per_cpu_second:,.0f}"]
        if isinstance(peers, str):
            row += ["not measured", "-"]
        else:
            one = peers[index]
            if one.outcomes != ours[index].outcomes:
                raise RuntimeError(f"{workload.title}: {ours[index].outcomes}, the peer {one.outcomes}")
            row += [
                f"{one.per_cpu_second:,.0f}",
                f"{ours[index].per_cpu_second / one.per_cpu_second:.0f} x",
            ]
        table.add_row(*row)
    console.print(table)
    if isinstance(peers, str):
        console.print(f"iam-simulate was not run beside it: {peers}.")


def _rate(one: Measured) -> str:
    return f"{one.per_second:.0f}/s, {one.cpu_microseconds:.0f} µs CPU"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, with fewer jobs held")
    parser.add_argument("--decisions", action="store_true", help="the policy decisions alone, in 10 seconds")
    parser.add_argument(
        "--ended",
        action="store_true",
        help="reads beside 10,000 and 1,000,000 ended jobs alone, in two minutes",
    )
    parser.add_argument("--shares", action="store_true", help="the scheduling steps with shares alone")
    parser.add_argument("--jobs", action="store_true", help="the no-op jobs alone, in a minute")
    given = parser.parse_args()
    if given.decisions:
        decided = [decisions.decide(one, DECIDING_SECONDS) for one in decisions.WORKLOADS]
        show_decisions(decided, _peer(), Console(width=100))
        return
    length = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="batchyard-bench-") as directory:
        if given.ended:
            beside = ended_jobs.measure(Path(directory) / "ended", seconds=length.load_seconds / 2)
            show_beside(beside, Console(width=100))
            return
        if given.shares:
            share_steps.show(steps_with_shares(length, Path(directory)), Console(width=100))
            return
        if given.jobs:
            ours = finish_jobs(length, Path(directory))
            show_jobs(ours, xargs(length.no_ops), Console(width=100))
            return
        found = measure(length, Path(directory))
        counts = (ended_jobs.FEW, ended_jobs.FEW * 10 if given.quick else ended_jobs.MANY)
        beside = ended_jobs.measure(Path(directory) / "ended", seconds=length.load_seconds / 2, counts=counts)
        steps = steps_with_shares(length, Path(directory))
    show(found, Console(width=100))
    show_beside(beside, Console(width=100))
    share_steps.show(steps, Console(width=100))


if __name__ == "__main__":
    main()
