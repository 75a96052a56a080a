"""Tasks of several containers: their order, what their ends do, and what each of them writes and sees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import (
    ContainerSpec,
    Dependency,
    Engine,
    Limits,
    Mount,
    Status,
    TaskSpec,
    Tmpfs,
    Ulimit,
    Volume,
)
from batchyard.engines.process import namespaces
from engines.process_variants import of_process  # noqa: F401
from engines.running import MakeEngine, Runs, until

with_mounts = pytest.mark.skipif(
    namespaces.allowed() is None, reason="this machine lets no process have mounts of its own"
)


def container(name: str, script: str, **fields: Any) -> ContainerSpec:
    """One that runs a shell script; `after` maps names to conditions."""
    after = fields.pop("after", {})
    depends_on = tuple(Dependency(container=one, condition=condition) for one, condition in after.items())
    command = ("/bin/sh", "-c", script)
    return ContainerSpec(name=name, image="none", command=command, depends_on=depends_on, **fields)


def task(*containers: ContainerSpec, attempt: str = "a", volumes: tuple[Volume, ...] = ()) -> TaskSpec:
    return TaskSpec(attempt=attempt, account="1", containers=containers, volumes=volumes)


def ends(status: Status) -> dict[str, tuple[int | None, bool]]:
    """By container, exit code and whether it began."""
    return {one.name: (one.exit_code, one.has_begun) for one in status.containers}


def lines(engine: Engine, container: str, attempt: str = "a") -> list[str]:
    return [message for _, message in engine.logs(attempt, container).events]


def test_each_has_its_own_output_variables_directory_and_exit_code(runs: Runs) -> None:
    [status] = runs.run(
        task(
            container("one", "echo $NAME; pwd; exit 3", essential=False, environment={"NAME": "first"}),
            container("two", "echo $NAME; pwd", after={"one": "COMPLETE"}, environment={"NAME": "second"}),
        )
    )
    assert (status.state, ends(status)) == ("exited", {"one": (3, True), "two": (0, True)})
    (first, here), (second, there) = lines(runs.engine, "one"), lines(runs.engine, "two")
    assert (first, second) == ("first", "second")
    assert here != there


def test_containers_begin_in_their_order(runs: Runs, tmp_path: Path) -> None:
    log = tmp_path / "log"
    [status] = runs.run(
        task(
            container("last", f"echo last >> {log}", after={"middle": "SUCCESS", "server": "START"}),
            container("middle", f"echo middle >> {log}", after={"first": "COMPLETE"}, essential=False),
            container("first", f"echo first >> {log}; exit 1", essential=False),
            container("server", "sleep 1000", essential=False),
        )
    )
    assert log.read_text().split() == ["first", "middle", "last"]
    assert [end[0] for end in ends(status).values()] == [0, 0, 1, 143]


def test_what_waits_for_a_success_that_does_not_come_never_begins(runs: Runs) -> None:
    [status] = runs.run(
        task(
            container("setup", "exit 7", essential=False),
            container("main", "echo never", after={"setup": "SUCCESS"}),
            container("aside", "sleep 1000", essential=False),
        )
    )
    assert status.state == "exited"
    assert ends(status)["setup"] == (7, True)
    assert ends(status)["main"] == (None, False)
    assert ends(status)["aside"] == (143, True)
    [main] = [one for one in status.containers if one.name == "main"]
    assert "[setup]" in (main.reason or "")


def test_the_end_of_an_essential_container_stops_the_others_and_those_after_it_first(
    runs: Runs, tmp_path: Path
) -> None:
    log, ready = tmp_path / "log", tmp_path / "ready"
    waits = "while :; do sleep 0.01; done"
    [status] = runs.run(
        task(
            container("database", f"trap 'echo database >> {log}; exit 0' TERM; touch {ready}.d; {waits}"),
            container(
                "proxy",
                f"trap 'sleep 0.1; echo proxy >> {log}; exit 0' TERM; touch {ready}.p; {waits}",
                after={"database": "START"},
            ),
            container("main", f"until [ -e {ready}.d ] && [ -e {ready}.p ]; do sleep 0.01; done; exit 5"),
        )
    )
    assert ends(status) == {"database": (0, True), "proxy": (0, True), "main": (5, True)}
    assert log.read_text().split() == ["proxy", "database"]


def test_what_does_not_end_within_its_stop_timeout_is_killed(runs: Runs, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    [status] = runs.run(
        task(
            container("stays", f"trap '' TERM; touch {ready}; sleep 1000", stop_timeout_seconds=0.2),
            container("main", f"until [ -e {ready} ]; do sleep 0.01; done"),
        )
    )
    assert ends(status) == {"stays": (137, True), "main": (0, True)}


def test_a_start_timeout_lets_those_that_wait_give_up(runs: Runs) -> None:
    [status] = runs.run(
        task(
            container("slow", "sleep 1000", essential=False, start_timeout_seconds=0.2),
            container("main", "echo never", after={"slow": "SUCCESS"}),
        )
    )
    assert ends(status) == {"slow": (143, True), "main": (None, False)}


def test_one_that_cannot_be_executed_ends_a_task_that_needs_it(runs: Runs) -> None:
    missing = ContainerSpec(name="main", image="none", command=("/no/such/program",))
    [status] = runs.run(task(container("aside", "sleep 1000", essential=False), missing))
    assert ends(status)["main"] == (127, True)
    assert (status.containers[1].reason or "").startswith("CannotStartContainerError: ")


def test_a_stop_by_force_ends_all_of_it(runs: Runs) -> None:
    runs.engine.start(
        [task(container("one", "sleep 1000"), container("two", "sleep 1000", after={"one": "SUCCESS"}))]
    )
    runs.engine.stop(["a"], force=True)
    [status] = runs.wait("a")
    assert ends(status) == {"one": (137, True), "two": (None, False)}


def test_several_containers_are_lost_together_and_known_to_the_next_server(make_engine: MakeEngine) -> None:
    first = make_engine()
    first.start([task(container("one", "sleep 1000"), container("two", "sleep 1000"))])
    os.kill(first.describe()["supervisor"], 9)
    second = make_engine()
    [status] = until(lambda: [one for one in second.recover() if one.has_ended])
    assert (status.state, ends(status)) == ("lost", {"one": (None, True), "two": (None, True)})


@with_mounts
@pytest.mark.parametrize("path", ["/srv", "/batchyard-test/below/it", "/srv/batchyard-test/below"])
def test_a_volume_is_at_its_path_in_the_container_alone(runs: Runs, tmp_path: Path, path: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    script = f"echo kept > {path}/file && ls / /srv > /dev/null && readlink -f /bin/sh && cat {path}/file"
    mounts = (Mount(volume="v", path=path),)
    volumes = (Volume(name="v", host_path=str(source)),)
    [status] = runs.run(task(container("one", script, mounts=mounts), volumes=volumes))
    assert ends(status) == {"one": (0, True)}, lines(runs.engine, "one")
    assert (source / "file").read_text() == "kept\n"
    assert not os.path.exists(f"{path}/file")
    assert not os.path.exists("/batchyard-test")
    assert not os.path.exists("/srv/batchyard-test")


@with_mounts
def test_a_read_only_volume_cannot_be_written(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text\n")
    mounts = (Mount(volume="v", path=str(tmp_path), read_only=True),)
    volumes = (Volume(name="v", host_path=str(tmp_path)),)
    script = f"cat {tmp_path}/file; ! touch {tmp_path}/other"
    [status] = runs.run(task(container("one", script, mounts=mounts), volumes=volumes))
    assert ends(status) == {"one": (0, True)}
    assert [one.name for one in tmp_path.iterdir() if one.name == "other"] == []
    assert lines(runs.engine, "one")[0] == "text"


@with_mounts
def test_an_empty_volume_is_the_containers_own_together(runs: Runs) -> None:
    mounts = (Mount(volume="shared", path="/batchyard-shared"),)
    writer = container("writer", "echo told > /batchyard-shared/file", mounts=mounts, essential=False)
    reader = container("reader", "cat /batchyard-shared/file", mounts=mounts, after={"writer": "SUCCESS"})
    [status] = runs.run(task(writer, reader, volumes=(Volume(name="shared"),)))
    assert ends(status) == {"writer": (0, True), "reader": (0, True)}
    assert lines(runs.engine, "reader") == ["told"]


@with_mounts
def test_file_systems_in_memory_have_their_size(runs: Runs) -> None:
    script = (
        "df -k --output=size /dev/shm /batchyard-memory | tail -n 2; findmnt -no OPTIONS /batchyard-memory"
    )
    one = container(
        "one",
        script,
        tmpfs=(Tmpfs(path="/batchyard-memory", size_mib=8, options=("noexec", "mode=700")),),
        limits=Limits(shared_memory_mib=16),
    )
    [status] = runs.run(task(one))
    assert ends(status) == {"one": (0, True)}
    shared, memory, options = lines(runs.engine, "one")
    assert (int(shared), int(memory)) == (16 * 1024, 8 * 1024)
    assert {"noexec", "mode=700"} <= set(options.split(","))


@with_mounts
def test_a_mount_that_cannot_be_made_says_why(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    mounts = (Mount(volume="v", path=str(tmp_path)),)
    volumes = (Volume(name="v", host_path=str(file)),)
    [status] = runs.run(task(container("one", "true", mounts=mounts), volumes=volumes))
    [one] = status.containers
    assert one.exit_code == 126
    assert (one.reason or "").startswith("CannotStartContainerError: ")
    assert "not a directory" in (one.reason or "")


def test_ulimits_are_the_commands_own(runs: Runs) -> None:
    ulimits = (Ulimit(name="nofile", soft=100, hard=200), Ulimit(name="core", soft=0, hard=0))
    [status] = runs.run(
        task(container("one", "ulimit -Sn; ulimit -Hn; ulimit -c", limits=Limits(ulimits=ulimits)))
    )
    assert ends(status) == {"one": (0, True)}
    assert lines(runs.engine, "one") == ["100", "200", "0"]


def test_a_limit_above_the_servers_own_says_so(runs: Runs) -> None:
    above = (Ulimit(name="nice", soft=40, hard=41),)
    [status] = runs.run(task(container("one", "ulimit -e", limits=Limits(ulimits=above))))
    [one] = status.containers
    may_raise = one.exit_code == 0
    assert may_raise or "rlimit nice: the server itself may have no more than" in (one.reason or "")
    assert not may_raise or lines(runs.engine, "one") == ["40"]
