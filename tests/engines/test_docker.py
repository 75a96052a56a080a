"""What Docker makes true of a task, beyond the contract."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import (
    ContainerSpec,
    Dependency,
    EngineAway,
    Limits,
    Mount,
    TaskSpec,
    Tmpfs,
    Ulimit,
    Volume,
)
from batchyard.engines.docker.engine import DockerEngine
from batchyard.engines.docker.settings import DockerSettings
from docker_host.daemons import DockerHost
from docker_host.images import BUSYBOX, GREETER
from engines.running import Runs, all_events, only, until

GONE = """
import os, signal, sys
from pathlib import Path
from batchyard.engines.docker.engine import DockerEngine
from batchyard.engines.docker.settings import DockerSettings
from engines.running import until
from engines.test_docker import shell, task
engine = DockerEngine(Path(sys.argv[1]), settings=DockerSettings(socket=sys.argv[2]), ephemeral=True)
engine.start([task("a", shell("sleep 1000"))])
until(lambda: engine.poll(["a"])[0].state == "running")
os.kill(os.getpid(), signal.SIGKILL)
"""
pytestmark = pytest.mark.docker


@pytest.fixture
def docker_engine(tmp_path: Path, daemon: DockerHost) -> Iterator[DockerEngine]:
    engine = DockerEngine(tmp_path / "engine", settings=DockerSettings(socket=str(daemon.socket)), slots=8)
    yield engine
    engine.close(end_attempts=True)
    daemon.empty()


@pytest.fixture
def runs(docker_engine: DockerEngine) -> Runs:
    return Runs(docker_engine)


def task(attempt: str, *containers: ContainerSpec, **fields: Any) -> TaskSpec:
    return TaskSpec(attempt=attempt, account="1", containers=containers, **fields)


def shell(script: str, *, name: str = "main", image: str = BUSYBOX, **fields: Any) -> ContainerSpec:
    return ContainerSpec(name=name, image=image, entry_point=("sh", "-c"), command=(script,), **fields)


def test_an_image_says_what_runs_as_whom_and_where(runs: Runs) -> None:
    own, commanded, whole = runs.run(
        task("a", ContainerSpec(name="main", image=GREETER)),
        task("b", ContainerSpec(name="main", image=GREETER, command=("you",))),
        task("c", shell("id -un; pwd", image=GREETER)),
    )
    assert [only(one).exit_code for one in (own, commanded, whole)] == [0, 0, 0]
    assert runs.lines("a") == ["greetings from the image"]
    assert runs.lines("b") == ["greetings you"]
    assert runs.lines("c") == ["daemon", "/work"]


def test_what_a_container_asks_for_is_so(runs: Runs, tmp_path: Path) -> None:
    script = (
        "id -u; pwd; ulimit -n; df -m /dev/shm /memory | awk 'NR>1{print $2}'; touch /no 2>/dev/null || echo sealed;"
        " cat /seen/file; touch /seen/x 2>/dev/null || echo kept; ps -o pid,comm | sed -n 2p"
    )
    host = tmp_path / "host"
    host.mkdir(mode=0o755)
    (host / "file").write_text("of the host\n")
    container = shell(
        script,
        user="1234",
        working_directory="/tmp",
        read_only_root=True,
        init=True,
        tmpfs=(Tmpfs(path="/memory", size_mib=3, options=("noexec",)),),
        mounts=(Mount(volume="host", path="/seen", read_only=True),),
        limits=Limits(
            memory_mib=64, shared_memory_mib=7, ulimits=(Ulimit(name="nofile", soft=99, hard=100),)
        ),
    )
    volumes = (Volume(name="host", host_path=str(host)),)
    runs.run(task("a", container, volumes=volumes))
    assert runs.lines("a")[:8] == ["1234", "/tmp", "99", "7", "3", "sealed", "of the host", "kept"]
    assert "docker-init" in runs.lines("a")[8]


def test_several_containers_share_volumes_and_come_in_their_order(runs: Runs) -> None:
    mounts = (Mount(volume="between", path="/between"),)
    [status] = runs.run(
        task(
            "a",
            shell(
                "cat /between/word; test -e /between/go || sleep 0.2; exit 3",
                mounts=mounts,
                depends_on=(
                    Dependency(container="first", condition="SUCCESS"),
                    Dependency(container="side", condition="START"),
                ),
            ),
            shell("echo made > /between/word", name="first", essential=False, mounts=mounts),
            shell("trap 'echo bye; exit 5' TERM; while :; do sleep 0.05; done", name="side", essential=False),
            shell(
                "echo never",
                name="never",
                essential=False,
                depends_on=(Dependency(container="main", condition="SUCCESS"),),
            ),
            volumes=(Volume(name="between"),),
        )
    )
    ends = {one.name: (one.exit_code, one.has_begun) for one in status.containers}
    assert ends == {"main": (3, True), "first": (0, True), "side": (5, True), "never": (None, False)}
    assert runs.lines("a") == ["made"]
    assert [line for _, line in all_events(runs.engine, "a", "side")] == ["bye"]


def test_an_image_that_is_not_to_be_had(runs: Runs) -> None:
    [status] = runs.run(task("a", ContainerSpec(name="main", image="registry.invalid/nothing:1")))
    assert (status.state, only(status).exit_code) == ("exited", None)
    assert (only(status).reason or "").startswith("CannotPullContainerError: Error response from daemon: ")


def test_what_ends_leaves_nothing_in_the_daemon(
    docker_engine: DockerEngine, runs: Runs, daemon: DockerHost
) -> None:
    mounts = (Mount(volume="own", path="/own"),)
    runs.run(task("a", shell("echo x > /own/x", mounts=mounts), volumes=(Volume(name="own"),)))
    client = daemon.client()
    assert len(client.volumes()["Volumes"]) == 1
    docker_engine.forget(["a"])
    until(lambda: not client.containers(all=True) and not client.volumes()["Volumes"])
    client.close()


def test_a_daemon_that_is_restarted_takes_and_loses_nothing(
    runs: Runs, daemon: DockerHost, tmp_path: Path
) -> None:
    """Its containers go on (live-restore); what was asked for meanwhile waits for it."""
    mounts = (Mount(volume="host", path="/host"),)
    volumes = (Volume(name="host", host_path=str(tmp_path)),)
    script = "echo before; until [ -e /host/go ]; do sleep 0.05; done; echo after; exit 4"
    runs.engine.start([task("a", shell(script, mounts=mounts), volumes=volumes)])
    until(lambda: runs.lines("a") == ["before"])
    daemon.kill()
    with pytest.raises(EngineAway):
        runs.engine.logs("a", "main")
    assert runs.engine.poll(["a"])[0].state == "running"
    [waiting] = runs.engine.start([task("b", shell("echo b >> /host/b", mounts=mounts), volumes=volumes)])
    until(lambda: "does not answer" in (runs.engine.poll(["b"])[0].reason or ""))
    assert waiting.state == "starting"
    daemon.start()
    (tmp_path / "go").touch()
    ended, begun = runs.wait("a", "b")
    assert (only(ended).exit_code, only(begun).exit_code) == (4, 0)
    assert runs.lines("a") == ["before", "after"]
    assert (tmp_path / "b").read_text() == "b\n"


def test_containers_of_a_killed_ephemeral_server_are_cleaned_away(daemon: DockerHost, tmp_path: Path) -> None:
    settings = DockerSettings(socket=str(daemon.socket))
    arguments = [str(tmp_path / "gone"), str(daemon.socket)]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", GONE, *arguments], check=False, env=variables)
    assert killed.returncode == -signal.SIGKILL
    client = daemon.client()
    assert len(client.containers()) == 1
    other = DockerEngine(tmp_path / "other", settings=settings)
    other.clean()
    assert client.containers(all=True) == []
    other.close(end_attempts=False)
    client.close()
