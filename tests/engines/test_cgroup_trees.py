"""Finding control groups on machines of every kind, with files where the kernel would be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchyard.engines.process import cgroup_trees
from batchyard.engines.process.cgroup_trees import Tree, own_directories

MOUNT = "30 20 0:26 {root} {at} rw,nosuid shared:9 - {kind} cgroup {options}\n"


def proc(tmp_path: Path, groups: str, *mounts: tuple[str, str, str, str]) -> str:
    """A /proc/self with these groups and (root, mounted at, kind, options)."""
    lines = [MOUNT.format(root=root, at=at, kind=kind, options=options) for root, at, kind, options in mounts]
    (tmp_path / "mountinfo").write_text("".join(["20 1 8:1 / / rw - ext4 /dev/sda rw\n", *lines]))
    (tmp_path / "cgroup").write_text(groups)
    return str(tmp_path)


def test_version_2(tmp_path: Path) -> None:
    where = proc(tmp_path, "0::/user.slice/run.scope\n", ("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate"))
    assert own_directories(where) == {"unified": "/sys/fs/cgroup/user.slice/run.scope"}


def test_version_1_and_both(tmp_path: Path) -> None:
    groups = "4:memory:/a\n3:cpu,cpuacct:/\n2:name=systemd:/b\n0::/c\n"
    where = proc(
        tmp_path,
        groups,
        ("/", "/cg/memory", "cgroup", "rw,memory"),
        ("/", "/cg/cpu", "cgroup", "rw,cpu,cpuacct"),
        ("/", "/cg/systemd", "cgroup", "rw,xattr,name=systemd"),
        ("/", "/cg/unified", "cgroup2", "rw"),
    )
    assert own_directories(where) == {"memory": "/cg/memory/a", "cpu": "/cg/cpu", "unified": "/cg/unified/c"}


def test_a_container_sees_its_own_part(tmp_path: Path) -> None:
    where = proc(tmp_path, "4:memory:/docker/x/y\n", ("/docker/x", "/cg/memory", "cgroup", "rw,memory"))
    assert own_directories(where) == {"memory": "/cg/memory/y"}


def test_no_proc(tmp_path: Path) -> None:
    assert own_directories(str(tmp_path / "none")) == {}


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version 2 hierarchy of files: new groups get control files, subtree_control understands +name.

    Below `slice` (memory and cpu on for its children) is our own group `own`.
    """

    really_make = os.mkdir

    def fill(path: str) -> None:
        for name in (
            "cgroup.procs",
            "cgroup.subtree_control",
            "memory.max",
            "memory.oom.group",
            "cpu.weight",
        ):
            Path(path, name).touch()

    def make(path: str, mode: int = 0o777, exist_ok: bool = False) -> None:
        really_make(path)
        fill(path)

    def write(path: str, value: str) -> None:
        file = Path(path)
        if not file.exists() or (file.parent / "busy").exists():
            raise OSError(16, "busy")
        if file.name == "cgroup.subtree_control":
            value = " ".join(sorted({*file.read_text().split(), value.removeprefix("+")}))
        file.write_text(value)

    monkeypatch.setattr(os, "makedirs", make)
    monkeypatch.setattr(os, "mkdir", make)
    monkeypatch.setattr(cgroup_trees, "write", write)
    make(str(tmp_path / "slice"))
    make(str(tmp_path / "slice" / "own"))
    (tmp_path / "slice" / "cgroup.subtree_control").write_text("memory cpu")
    monkeypatch.setattr(cgroup_trees, "own_directories", lambda: {"unified": str(tmp_path / "slice" / "own")})
    return tmp_path / "slice"


def test_version_2_limits_below_the_own_group(paper: Path) -> None:
    tree = Tree("yard")
    group = tree.group("a")
    tree.make(group, memory_mib=3, vcpus=1)
    made = paper / "own" / "yard" / "a"
    assert group.directories == {"unified": str(made)}
    assert (made / "memory.max").read_text() == str(3 << 20)
    assert (made / "memory.oom.group").read_text() == "1"
    assert (made / "cpu.weight").read_text() == "39"


def test_version_2_goes_beside_an_own_group_that_holds_others(paper: Path) -> None:
    (paper / "own" / "busy").touch()
    tree = Tree("yard")
    assert tree.group("a").directories == {"unified": str(paper / "yard" / "a")}
    assert tree.limits_memory
    assert tree.shares_cpu


def test_version_2_without_controllers_still_holds(paper: Path) -> None:
    (paper / "own" / "busy").touch()
    (paper / "busy").touch()
    (paper / "cgroup.subtree_control").write_text("pids")
    tree = Tree("yard")
    assert tree.group("a").directories == {"unified": str(paper / "own" / "yard" / "a")}
    assert not tree.limits_memory
    tree.make(tree.group("a"), memory_mib=3, vcpus=1)
    assert (paper / "own" / "yard" / "a" / "memory.max").read_text() == ""


def test_roles_that_are_not_wanted_are_left_alone(paper: Path) -> None:
    assert Tree("yard", ()).roles == []
    assert not (paper / "own" / "yard").exists()
