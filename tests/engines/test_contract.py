"""What every engine promises, asked of each one that works here."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import START, ContainerSpec, Group, Mount, TaskSpec
from batchyard.engines.process.doctor import cores
from engines.running import MakeEngine, Runs, is_alive, only, spec, until

SLEEP = ("sleep", "1000")

LISTEN = """
import os, socket, sys
door = socket.create_server(("", 0))
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(door.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
print(door.accept()[0].recv(9).decode())
"""
TALK = """
import os, socket, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
with open(sys.argv[1]) as file, socket.create_connection((os.environ["MAIN"], int(file.read()))) as door:
    door.send(b"hello")
"""

STUBBORN = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(1000)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
if sys.argv[2] == "stay":
    time.sleep(1000)
"""


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 129, "é"])
def test_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="attempt name"):
        spec(name, "true")


def test_a_task_without_a_container_is_refused() -> None:
    with pytest.raises(ValueError, match="no container"):
        TaskSpec(attempt="a", account="1", containers=())


@pytest.mark.parametrize("names", [("",), ("../x",), ("a/b",), ("x" * 256,), ("a", "a")])
def test_a_containers_name_is_no_path_and_its_own(names: tuple[str, ...]) -> None:
    containers = tuple(ContainerSpec(name=name, image="none") for name in names)
    with pytest.raises(ValueError, match="container names"):
        TaskSpec(attempt="a", account="1", containers=containers)


def test_what_is_mounted_is_a_volume_of_the_task() -> None:
    with pytest.raises(ValueError, match="mounts what is no volume"):
        spec("a", "true", mounts=(Mount(volume="v", path="/v"),))


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_exit_codes_are_dockers(runs: Runs, script: str, code: int) -> None:
    [status] = runs.run(spec("a", script, init=True))
    assert (status.state, only(status).exit_code, only(status).reason) == ("exited", code, None)
    assert status.started_at is not None
    assert status.stopped_at is not None
    assert status.started_at <= status.stopped_at


@pytest.mark.parametrize(
    ("command", "code", "why"),
    [
        ("no-such-program", 127, "executable file not found in $PATH"),
        ("/no/such/program", 127, "no such file or directory"),
        ("/etc/passwd", 126, "permission denied"),
    ],
)
def test_a_command_that_cannot_be_executed_says_why(runs: Runs, command: str, code: int, why: str) -> None:
    [status] = runs.run(spec("a", command))
    assert (status.state, only(status).exit_code) == ("exited", code)
    reason = only(status).reason
    assert reason is not None
    assert reason.startswith("CannotStartContainerError: ")
    assert f'exec: "{command}": ' in reason
    assert why in reason


def test_a_program_without_its_interpreter_cannot_start(runs: Runs, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    [status] = runs.run(spec("a", str(program)))
    assert only(status).exit_code != 0
    # Docker calls the container started, and has it write the reason itself.
    reason = only(status).reason or runs.lines("a")[0]
    assert "program" in reason
    assert "no such file or directory" in reason


@pytest.mark.parametrize("command", ["nul\0byte", "surrogate\ud800", ""])
def test_a_command_that_no_system_accepts_does_not_stop_the_others(runs: Runs, command: str) -> None:
    refused, accepted = runs.run(spec("a", command), spec("b", "exit 3"))
    assert only(refused).exit_code in (126, 127)
    reason = only(refused).reason
    assert reason is not None
    assert reason.startswith("CannotStartContainerError: ")
    assert only(accepted).exit_code == 3


def test_exit_code_127_of_the_command_itself_is_its_own(runs: Runs) -> None:
    [status] = runs.run(spec("a", "exit 127"))
    assert (only(status).exit_code, only(status).reason) == (127, None)


def test_the_environment_is_what_was_given(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SECRET", "leaked")
    given = {"A": "1 2\n3", "with.dot-and-dash": "yes", "ÜBER": "größer", "EMPTY": ""}
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    runs.run(spec("a", sys.executable, "-I", "-S", "-c", script, environment=given))
    seen = json.loads(runs.lines("a")[0])
    assert given.items() <= seen.items()
    assert "SERVER_SECRET" not in seen
    assert seen["PATH"]


def test_each_attempt_has_a_working_directory_of_its_own(runs: Runs) -> None:
    runs.run(
        *(spec(name, f"test -e file && echo taken; echo {name} > file; cat file") for name in ("a", "b"))
    )
    assert [runs.lines(name) for name in ("a", "b")] == [["a"], ["b"]]


def test_arguments_arrive_as_they_are(runs: Runs) -> None:
    arguments = ["", "a b", "$HOME", "'\"\\", "über"]
    script = "import json, sys; print(json.dumps(sys.argv[1:]))"
    runs.run(spec("a", sys.executable, "-I", "-S", "-c", script, *arguments))
    assert json.loads(runs.lines("a")[0]) == arguments


def test_stdout_and_stderr_keep_their_order(runs: Runs) -> None:
    runs.run(spec("a", "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done; printf rest"))
    lines = runs.lines("a")
    wanted = [f"{where} {i}" for i in range(1, 6) for where in ("out", "err")] + ["rest"]
    if "images" in runs.engine.abilities.honoured:
        # Docker reads two pipes: each is in order, the two side by side.
        assert [one for one in lines if one.startswith("err")] == wanted[1::2]
        assert [one for one in lines if not one.startswith("err")] == wanted[::2]
    else:
        assert lines == wanted


def test_output_that_is_opened_anew_is_added(runs: Runs) -> None:
    """Scripts write `> /dev/stderr`; on a regular file that would cut off all lines before."""
    runs.run(spec("a", "echo a; echo b > /dev/stderr; echo c > /dev/stdout; echo d"))
    assert sorted(runs.lines("a")) == ["a", "b", "c", "d"]


def test_lines_can_be_read_while_the_attempt_runs(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    runs.engine.start([spec("a", f"echo a; echo b; until [ -e {go} ]; do sleep 0.05; done; echo c")])
    until(lambda: runs.lines("a") == ["a", "b"])
    assert runs.engine.poll(["a"])[0].state == "running"
    go.touch()
    runs.wait("a")
    assert runs.lines("a") == ["a", "b", "c"]


def test_output_is_complete_when_an_attempt_has_ended(runs: Runs) -> None:
    """Many that write more than a pipe holds and end at once with it."""
    names = [f"a{i}" for i in range(8)]
    runs.run(*(spec(name, "seq 1 60000; printf end") for name in names))
    for name in names:
        assert runs.lines(name) == [*map(str, range(1, 60001)), "end"]


def test_output_that_was_closed_early(runs: Runs) -> None:
    [status] = runs.run(spec("a", "echo a; exec >&- 2>&-; sleep 0.2; exit 3"))
    assert runs.lines("a") == ["a"]
    assert only(status).exit_code == 3


def test_what_outlives_its_attempt_does_not_hold_it(runs: Runs, tmp_path: Path) -> None:
    """A process that hid from the engine still has the output open, and writes without end."""
    found = tmp_path / "survivor"
    hidden = f"echo $$ > {found}.new; mv {found}.new {found}; while :; do echo more; done"
    wait = f"until [ -e {found} ]; do sleep 0.05; done"
    [status] = runs.run(
        spec("a", f"echo first; setsid env -i /bin/sh -c '{hidden}' & {wait}; exit 3", pid_mode="host")
    )
    assert only(status).exit_code == 3
    lines = runs.lines("a")
    assert lines[0] == "first"
    assert set(lines[1:]) <= {"more"}
    survivor = int(found.read_text())
    until(lambda: not is_alive(survivor))
    assert runs.lines("a") == lines


def test_signals_have_their_default_ways(runs: Runs) -> None:
    """A server ignores SIGPIPE; a command that inherited that would never end in a pipe."""
    runs.run(spec("a", "/bin/sh", "-c", 'exec grep -E "^Sig(Ign|Blk)" /proc/self/status'))
    # glibc's posix_spawn leaves its two internal signals (32, 33) ignored in what it starts, this test among it.
    internal = 1 << 31 | 1 << 32
    assert [int(line.split()[1], 16) & ~internal for line in runs.lines("a")] == [0, 0]


def test_a_name_starts_once(runs: Runs, tmp_path: Path) -> None:
    one = spec("a", f"echo run >> {tmp_path}/count")
    [before] = runs.run(one)
    [again] = runs.engine.start([one])
    assert again == before
    assert runs.engine.start([one, one]) == [before, before]
    assert (tmp_path / "count").read_text() == "run\n"


def test_a_name_starts_once_for_two_servers_at_a_time(make_engine: MakeEngine, tmp_path: Path) -> None:
    engines = [make_engine(), make_engine()]
    specs = [spec(f"a{i}", f"echo {i} >> {tmp_path}/count") for i in range(30)]
    threads = [threading.Thread(target=engine.start, args=(specs,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: all(status.has_ended for status in engines[0].poll([one.attempt for one in specs])))
    assert sorted((tmp_path / "count").read_text().split(), key=int) == [str(i) for i in range(30)]


def test_many_at_once(runs: Runs) -> None:
    # A container takes a daemon some hundred milliseconds.
    many = 40 if "images" in runs.engine.abilities.honoured else 200
    specs = [spec(f"a{i}", f"echo {i}; exit {i % 7}") for i in range(many)]
    statuses = runs.run(*specs)
    assert [only(status).exit_code for status in statuses] == [i % 7 for i in range(many)]
    assert [runs.lines(f"a{i}") for i in range(many)] == [[str(i)] for i in range(many)]
    runs.engine.forget([one.attempt for one in specs])
    assert runs.engine.recover() == []


def test_a_gang_starts_whole_and_its_members_reach_each_other(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """One member more than there are slots left waits with the others; then they talk."""
    engine = make_engine(slots=3)
    if "gang" not in engine.abilities.groups:
        pytest.skip("no gangs")
    runs = Runs(engine)
    group = Group(kind="gang", name="g", index=0, size=2)
    other = replace(group, index=1, addresses={"MAIN": 0})
    port = str(tmp_path / "port")
    main = spec("main", sys.executable, "-c", LISTEN, port, group=group)
    child = spec("child", sys.executable, "-c", TALK, port, group=other)
    engine.start([spec("a", "sleep 600"), spec("b", "sleep 600")])
    assert [status.state for status in engine.start([main])] == ["queued"]
    assert [status.state for status in engine.start([child])] == ["queued"]
    engine.stop(["a"], force=True)
    assert [only(status).exit_code for status in runs.wait("main", "child")] == [0, 0]
    assert runs.lines("main") == ["hello"]
    engine.stop(["b"], force=True)


def test_stop_asks_and_force_kills(runs: Runs) -> None:
    trap = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"
    runs.engine.start(
        [spec("polite", trap), spec("plain", *SLEEP, init=True), spec("deaf", f"trap '' TERM; {trap[19:]}")]
    )
    until(lambda: runs.lines("polite") and runs.lines("deaf"))
    until(lambda: runs.engine.poll(["plain"])[0].state == "running")
    runs.engine.stop(["polite", "plain", "deaf", "never-started"], force=False)
    assert [only(status).exit_code for status in runs.wait("polite", "plain")] == [7, 143]
    assert runs.engine.poll(["deaf"])[0].state == "running"
    runs.engine.stop(["deaf", "plain"], force=True)
    assert only(runs.wait("deaf")[0]).exit_code == 137


def test_stop_right_after_start_is_not_lost(runs: Runs) -> None:
    """It never begins, or it gets the signal."""
    names = [f"a{i}" for i in range(20)]
    runs.engine.start([spec(name, *SLEEP, init=True) for name in names])
    runs.engine.stop(names, force=False)
    until(lambda: all(one.has_ended or one.state == "unknown" for one in runs.engine.poll(names)))
    ended = [status for status in runs.engine.poll(names) if status.has_ended]
    assert {only(status).exit_code for status in ended} <= {143}


@pytest.mark.parametrize("way", ["stay", "leave"])
def test_a_grandchild_in_its_own_session_is_not_left_behind(runs: Runs, tmp_path: Path, way: str) -> None:
    found = tmp_path / "grandchild"
    runs.engine.start([spec("a", sys.executable, "-c", STUBBORN, str(found), way, pid_mode="host")])
    until(found.exists)
    grandchild = int(found.read_text())
    if way == "stay":
        assert is_alive(grandchild)
        runs.engine.stop(["a"], force=True)
    [status] = runs.wait("a")
    assert only(status).exit_code == (137 if way == "stay" else 0)
    assert not is_alive(grandchild)


def test_memory_is_limited(runs: Runs) -> None:
    hog = spec("hog", sys.executable, "-c", "len(b'x' * (400 << 20)); print('had it')", memory_mib=100)
    modest = spec("modest", sys.executable, "-c", "len(b'x' * (10 << 20)); print('had it')", memory_mib=100)
    hogged, modestly = runs.run(hog, modest)
    assert (only(modestly).exit_code, runs.lines("modest")) == (0, ["had it"])
    assert "had it" not in runs.lines("hog")
    if "cgroup" in runs.engine.describe()["memory_limit"]:
        assert only(hogged).exit_code == 137
        assert only(hogged).reason == "OutOfMemoryError: Container killed due to memory usage"
    else:
        assert (only(hogged).exit_code, only(hogged).reason) == (1, None)
        assert "MemoryError" in runs.lines("hog")[-1]


def test_unknown_attempts(runs: Runs) -> None:
    assert [status.state for status in runs.engine.poll(["never"])] == ["unknown"]
    chunk = runs.engine.logs("never", "main", START, 10)
    assert (chunk.events, chunk.cursor) == ([], START)
    runs.engine.forget(["never"])
    assert runs.engine.poll([]) == []


def test_forget_removes_ended_attempts_only(runs: Runs, tmp_path: Path) -> None:
    runs.run(spec("ended", "echo x"))
    runs.engine.start([spec("running", *SLEEP)])
    until(lambda: runs.engine.poll(["running"])[0].state == "running")
    runs.engine.forget(["ended", "running"])
    assert [status.state for status in runs.engine.poll(["ended", "running"])] == ["unknown", "running"]
    assert runs.lines("ended") == []
    until(lambda: not [path for path in tmp_path.rglob("*") if "ended" in path.name])


def test_an_account_is_ended_and_forgotten(runs: Runs) -> None:
    runs.run(spec("old", "true", account="2"))
    runs.engine.start([spec("mine", *SLEEP, account="1"), spec("theirs", *SLEEP, account="2")])
    until(lambda: {one.state for one in runs.engine.poll(["mine", "theirs"])} == {"running"})
    assert sorted(runs.engine.stop_account("2")) == ["old", "theirs"]
    until(lambda: [status.state for status in runs.engine.poll(["old", "theirs"])] == ["unknown", "unknown"])
    assert runs.engine.poll(["mine"])[0].state == "running"


def test_the_next_server_finds_everything(make_engine: MakeEngine, tmp_path: Path) -> None:
    first = Runs(make_engine())
    go = tmp_path / "go"
    first.run(spec("ended", "echo done; exit 4"))
    first.engine.start([spec("running", f"echo before; until [ -e {go} ]; do sleep 0.01; done; echo after")])
    until(lambda: first.lines("running"))
    first.engine.close(end_attempts=False)
    second = Runs(make_engine())
    found = {status.attempt: status for status in second.engine.recover()}
    assert (only(found["ended"]).exit_code, found["running"].state) == (4, "running")
    assert second.engine.start([spec("running", "echo twice")])[0].state == "running"
    go.touch()
    assert only(second.wait("running")[0]).exit_code == 0
    assert second.lines("running") == ["before", "after"]


def test_close_can_end_attempts(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine()
    engine.start([spec("a", f"echo $$ > {tmp_path}/pid; exec sleep 1000", pid_mode="host")])
    pid = until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    engine.close(end_attempts=True)
    assert not is_alive(int(pid))
    assert [only(status).exit_code for status in make_engine().recover()] == [137]


def test_capacity_and_description(make_engine: MakeEngine, variant: dict[str, Any]) -> None:
    capacity = make_engine(slots=5).capacity()
    assert capacity.slots == 5
    assert capacity.vcpus == max(5, cores())
    assert capacity.memory_mib > 100
    assert make_engine(slots=0).capacity().slots == 2 * cores()
    described = make_engine().describe()
    assert set(described["cgroups"]) <= set(variant.get("cgroups", described["cgroups"]))
    assert set(described["ignored"]) == make_engine().abilities.ignored
