"""The supervisor outlives servers, and its attempts do not outlive the supervisor."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import EngineError
from batchyard.engines.process.engine import ProcessEngine
from engines.process_variants import of_process  # noqa: F401
from engines.running import MakeEngine, Runs, is_alive, only, spec, supervisor_of, until

SLEEP = ("sleep", "1000")

SERVER = """
import sys, threading
from pathlib import Path
from batchyard.engines.contract import ContainerSpec, TaskSpec
from batchyard.engines.process.engine import ProcessEngine
directory, cgroups, ephemeral, script = sys.argv[1:]
engine = ProcessEngine(Path(directory), cgroups=[c for c in cgroups.split(",") if c], ephemeral=ephemeral == "yes",
    slots=20)
engine.start([
    TaskSpec(
        attempt=f"a{i}",
        account="1",
        containers=(ContainerSpec(name="main", image="", command=("/bin/sh", "-c", script, "sh", str(i))),),
    )
    for i in range(20)
])
print("started", flush=True)
threading.Event().wait()
"""


def pid_in(path: Path) -> int:
    """The pid that a script wrote into a file, once it did."""
    return int(until(lambda: path.exists() and path.read_text().strip()))


def killed_server(directory: Path, variant: dict[str, Any], script: str, *, ephemeral: bool = False) -> None:
    """A server process that starts 20 attempts of `script` and is killed by SIGKILL."""
    cgroups = ",".join(variant.get("cgroups", ("unified", "memory", "cpu", "freezer")))
    arguments = [str(directory), cgroups, "yes" if ephemeral else "no", script]
    with subprocess.Popen([sys.executable, "-c", SERVER, *arguments], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"started\n"
        server.kill()


def test_twenty_attempts_survive_a_killed_server(
    make_engine: MakeEngine, tmp_path: Path, variant: dict[str, Any]
) -> None:
    go = tmp_path / "go"
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    script = f"echo run >> {tmp_path}/ran$1; echo before $1; {wait}; echo after $1; exit $1"
    killed_server(tmp_path / "engine", variant, script)
    engine = make_engine()
    names = [f"a{i}" for i in range(20)]
    assert {(status.attempt, status.state) for status in engine.recover()} == {
        (name, "running") for name in names
    }
    runs = Runs(engine)
    engine.start([spec(name, "echo twice") for name in names])
    go.touch()
    assert [only(status).exit_code for status in runs.wait(*names)] == list(range(20))
    assert [runs.lines(name) for name in names] == [[f"before {i}", f"after {i}"] for i in range(20)]
    assert [(tmp_path / f"ran{i}").read_text() for i in range(20)] == ["run\n"] * 20


def test_attempts_that_end_without_a_server_are_remembered(
    make_engine: MakeEngine, tmp_path: Path, variant: dict[str, Any]
) -> None:
    killed_server(tmp_path / "engine", variant, f'echo "$1"; echo done > {tmp_path}/done"$1"; exit "$1"')
    until(lambda: len(list(tmp_path.glob("done*"))) == 20)
    runs = Runs(make_engine())
    names = [f"a{i}" for i in range(20)]
    until(lambda: all(status.has_ended for status in runs.engine.poll(names)))
    assert [only(status).exit_code for status in runs.engine.poll(names)] == list(range(20))
    assert [runs.lines(name) for name in names] == [[str(i)] for i in range(20)]


def test_ephemeral_attempts_end_with_a_killed_server(tmp_path: Path, variant: dict[str, Any]) -> None:
    script = f"echo $$ > {tmp_path}/new$1; mv {tmp_path}/new$1 {tmp_path}/pid$1; exec sleep 1000"
    killed_server(tmp_path / "engine", variant, script, ephemeral=True)
    until(lambda: len(list((tmp_path / "engine").glob("attempts/*/end"))) == 20)
    assert not [path for path in tmp_path.glob("pid*") if is_alive(pid_in(path))]


def test_a_killed_supervisor_is_a_lost_host(runs: Runs, tmp_path: Path) -> None:
    """Also a grandchild, which no death signal reaches, is gone by the time the loss is told."""
    runs.run(spec("before", "exit 5"))
    script = f"setsid sleep 1000 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/leader; wait"
    runs.engine.start([spec("a", script)])
    leader, child = pid_in(tmp_path / "leader"), pid_in(tmp_path / "child")
    first = supervisor_of(runs.engine)  # type: ignore[arg-type]
    os.kill(first, signal.SIGKILL)
    [lost] = runs.wait("a")
    assert (lost.state, only(lost).exit_code) == ("lost", None)
    reason = only(lost).reason
    assert reason is not None
    assert reason.startswith("Host terminated")
    assert not is_alive(leader)
    assert not is_alive(child)
    assert supervisor_of(runs.engine) != first  # type: ignore[arg-type]
    assert only(runs.engine.poll(["before"])[0]).exit_code == 5
    assert runs.engine.start([spec("a", "echo twice")])[0].state == "lost"
    assert only(runs.run(spec("after", "exit 6"))[0]).exit_code == 6


def test_a_supervisor_killed_without_a_server_is_a_lost_host(make_engine: MakeEngine, tmp_path: Path) -> None:
    first = make_engine()
    first.start([spec("a", f"sleep 1000 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/leader; wait")])
    leader, child = pid_in(tmp_path / "leader"), pid_in(tmp_path / "child")
    supervisor = supervisor_of(first)
    first.close(end_attempts=False)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not is_alive(leader))
    assert [status.state for status in make_engine().recover()] == ["lost"]
    assert not is_alive(child)


def test_a_terminated_supervisor_ends_its_attempts_first(runs: Runs, tmp_path: Path) -> None:
    runs.engine.start([spec("a", f"trap '' TERM; echo $$ > {tmp_path}/leader; while :; do sleep 0.01; done")])
    leader = pid_in(tmp_path / "leader")
    os.kill(supervisor_of(runs.engine), signal.SIGTERM)  # type: ignore[arg-type]
    [lost] = runs.wait("a")
    assert lost.state == "lost"
    assert not is_alive(leader)


def test_a_supervisor_with_nothing_to_do_leaves(make_engine: MakeEngine) -> None:
    engine = make_engine(idle_seconds=0.05)
    runs = Runs(engine)
    runs.run(spec("a", "exit 3"))
    supervisor = supervisor_of(engine)
    engine.close(end_attempts=False)
    until(lambda: not is_alive(supervisor))
    next_one = Runs(make_engine())
    assert [only(status).exit_code for status in next_one.engine.recover()] == [3]
    assert only(next_one.run(spec("b", "exit 4"))[0]).exit_code == 4


def test_a_supervisor_with_attempts_stays(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(idle_seconds=0.5)
    engine.start([spec("a", f"until [ -e {tmp_path}/go ]; do sleep 0.01; done; echo over > {tmp_path}/over")])
    supervisor = supervisor_of(engine)
    engine.close(end_attempts=False)
    (tmp_path / "go").touch()
    until((tmp_path / "over").exists)
    until(lambda: not is_alive(supervisor))
    assert only(make_engine().recover()[0]).exit_code == 0


def test_the_deadline_counts_only_without_a_server(make_engine: MakeEngine) -> None:
    first = make_engine()
    first.start([spec("a", *SLEEP, deadline_seconds=0), spec("b", *SLEEP, deadline_seconds=1000)])
    assert {status.state for status in first.poll(["a", "b"])} == {"running"}
    first.close(end_attempts=False)
    until((Path(first.directory.root) / "attempts" / "a" / "end").exists)
    over, running = make_engine().poll(["a", "b"])
    assert (over.state, only(over).exit_code, running.state) == ("exited", 143, "running")
    reason = only(over).reason
    assert reason is not None
    assert "deadline" in reason


def test_a_deep_directory_has_a_socket_too(make_engine: MakeEngine, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["directory" * 4] * 5)
    engine = make_engine(deep)
    assert only(Runs(engine).run(spec("a", "exit 3"))[0]).exit_code == 3
    engine.close(end_attempts=True)


def test_what_is_written_is_for_one_user_alone(make_engine: MakeEngine, tmp_path: Path) -> None:
    """Whatever the server's umask; a command has the one of a login, in a directory that nobody else enters."""
    before = os.umask(0)
    try:
        runs = Runs(make_engine())
        runs.engine.start([spec("one", "umask; touch made; mkdir folder; stat -c %a made folder")])
        runs.wait("one")
    finally:
        os.umask(before)
    assert runs.lines("one") == ["0022", "644", "755"]
    made = {path: path.lstat().st_mode & 0o777 for path in (tmp_path / "engine").rglob("*")}
    assert {path.name for path in made} >= {"supervisor.sock", "supervisor.log", "output", "work"}
    by_the_command = {"made", "folder"}
    assert [
        str(path) for path, mode in made.items() if mode & 0o077 and path.name not in by_the_command
    ] == []


def test_attempts_that_find_no_room_say_so(make_engine: MakeEngine) -> None:
    """A name that cannot have its files ends at once, and those asked for with it run."""
    engine = make_engine()
    runs = Runs(engine)
    runs.run(spec("first", "true"))
    attempts = Path(engine.directory.root, "attempts")
    attempts.rename(attempts.with_name("elsewhere"))
    [status] = runs.run(spec("a", "true"))
    reason = only(status).reason
    assert reason is not None
    assert reason.startswith("CannotStartContainerError: ")
    attempts.with_name("elsewhere").rename(attempts)
    assert only(runs.run(spec("b", "exit 3"))[0]).exit_code == 3


def test_a_low_limit_of_open_files_is_the_commands_alone(make_engine: MakeEngine, tmp_path: Path) -> None:
    """The supervisor holds two files for each attempt, and none of one that has ended."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    names = [f"a{i}" for i in range(70)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
        runs = Runs(make_engine())
        runs.run(spec("first", "exit 3"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    supervisor = supervisor_of(runs.engine)  # type: ignore[arg-type]
    before = len(os.listdir(f"/proc/{supervisor}/fd"))
    runs.engine.start([spec(name, f": < {gate}; ulimit -Sn") for name in names])
    assert len(os.listdir(f"/proc/{supervisor}/fd")) == before + 2 * len(names)
    opened = os.open(gate, os.O_RDWR)
    runs.wait(*names)
    os.close(opened)
    assert {line for name in names for line in runs.lines(name)} == {"128"}
    assert len(os.listdir(f"/proc/{supervisor}/fd")) == before


def test_control_groups_are_removed(make_engine: MakeEngine, variant: dict[str, Any]) -> None:
    engine = make_engine()
    runs = Runs(engine)
    runs.run(*(spec(f"a{i}", "sleep 1000 & true", memory_mib=100, vcpus=1) for i in range(5)))
    groups = [path for name in ("a0", "a4") for path in groups_of(engine, name)]
    assert bool(groups) == bool(engine.describe()["cgroups"])
    assert not [path for path in groups if path.exists()]
    assert all(path.parent.exists() for path in groups)
    engine.close(end_attempts=True)
    assert not [path for path in groups if path.parent.exists()]


def test_limits_are_set_on_the_groups(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine()
    engine.start([spec("a", *SLEEP, memory_mib=64, vcpus=2)])
    values = {
        path.name: path.read_text().strip()
        for group in groups_of(engine, "a")
        for path in group.iterdir()
        if path.name in ("memory.limit_in_bytes", "memory.max", "cpu.shares", "cpu.weight")
    }
    described = engine.describe()
    if "cgroup" in described["memory_limit"]:
        assert {values.get("memory.limit_in_bytes"), values.get("memory.max")} & {str(64 << 20)}
    if described["vcpus"] != "ignored":
        assert {values.get("cpu.shares"), values.get("cpu.weight")} & {"2048", "79"}


def groups_of(engine: ProcessEngine, attempt: str) -> list[Path]:
    """The control groups that an attempt's claim names."""
    claim = engine.directory.read(attempt, "claim")
    assert claim is not None
    return [Path(path) for path in claim["cgroups"][0].values()]


def test_a_supervisor_that_cannot_start_is_an_engine_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    engine = ProcessEngine(tmp_path / "engine")
    with pytest.raises(EngineError, match=r"supervisor\.log"):
        engine.start([spec("a", "true")])
    engine.close(end_attempts=True)


def test_a_closed_engine_says_so(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.close(end_attempts=False)
    with pytest.raises(EngineError, match="closed"):
        engine.poll(["a"])
    engine.close(end_attempts=False)


def test_nothing_is_started_for_nothing(tmp_path: Path) -> None:
    engine = ProcessEngine(tmp_path / "engine")
    assert engine.recover() == []
    assert engine.stop_account("1") == []
    engine.stop([], force=True)
    engine.close(end_attempts=True)
    assert not (tmp_path / "engine").exists()


def test_a_listener_that_fails_does_not_end_the_telling(runs: Runs) -> None:
    told: list[str] = []

    def fail(names: Sequence[str]) -> None:
        told.extend(names)
        raise RuntimeError("listener")

    runs.engine.subscribe(fail)
    runs.run(spec("a", "true"))
    until(lambda: "a" in told)
    runs.run(spec("b", "true"))
    until(lambda: "b" in told)


def test_a_listener_may_ask_the_engine(make_engine: MakeEngine) -> None:
    engine = make_engine()
    seen: list[int | None] = []
    engine.subscribe(lambda names: seen.extend(only(status).exit_code for status in engine.poll(names)))
    engine.start([spec("a", "exit 3")])
    until(lambda: seen == [3])
