"""What a command writes is for its user alone, also where the place was there before."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import batchyard, refused
from journeys.served import served

NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A place that every user of the machine comes to; pytest's own is closed to them."""
    place = Path(tempfile.mkdtemp(prefix="batchyard-private-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def open_umask() -> None:
    """For `before`: what is made without a word is everybody's."""
    os.umask(0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(directory: Path) -> list[str]:
    """What of a data directory, itself included, has bits for group or others."""
    return [str(path) for path in (directory, *directory.rglob("*")) if mode(path) & 0o077]


def opened(directory: Path, bits: int) -> Path:
    """The directory and all in it, with these modes: without the bits to enter for what is no directory."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(bits if path.is_dir() else bits & 0o666)
    return directory


def cat_as_nobody(path: Path) -> str:
    """What another user of the machine reads, or the reason why not."""
    done = subprocess.run(
        ["cat", str(path)],
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False, timeout=20,
    )  # fmt: skip
    return (done.stdout + done.stderr).decode(errors="replace")


def test_a_server_writes_for_its_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    directory = tmp_path / "above" / "data"
    with served("--data-dir", str(directory), before=open_umask):
        assert {"batchyard.db", "batchyard.db-wal", "batchyard.db-shm", "key", "lock"} <= {
            path.name for path in directory.iterdir()
        }
        assert open_to_others(tmp_path / "above") == []


def test_init_and_rotate_keys_do_likewise(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    for command in ("init", "rotate-keys"):
        assert batchyard(command, "--data-dir", str(directory), before=open_umask).returncode == 0
        assert open_to_others(directory) == []


@pytest.mark.parametrize("bits", [0o755, 0o770, 0o703])
def test_an_existing_directory_and_its_files_are_closed(used: Path, bits: int, tmp_path: Path) -> None:
    keys = used / "identity-keys" / "issuer.example"
    keys.mkdir(parents=True)
    (keys / "jwks.json").write_text("{}")
    opened(used, bits)
    with served("--data-dir", str(used), log=tmp_path / "log"):
        assert open_to_others(used) == []
    told = (tmp_path / "log").read_text()
    assert f"others could open {used}: it is closed to them from now on" in told
    assert str(keys / "jwks.json") in told


@AS_ROOT
def test_another_user_reads_nothing_in_a_directory_that_was_open(reachable: Path) -> None:
    """`mkdir -m 755` before the first start left the database to everybody."""
    directory = opened_directory(reachable)
    with served("--data-dir", str(directory), before=lambda: None):
        for again in (False, True):
            if again:
                # Somebody opens it, for a backup: the files in it are closed by themselves.
                directory.chmod(0o755)
            for name in ("batchyard.db", "batchyard.db-wal", "batchyard.db-shm", "key", "lock"):
                assert cat_as_nobody(directory / name).endswith("Permission denied\n")


def opened_directory(place: Path) -> Path:
    directory = place / "data"
    directory.mkdir()
    directory.chmod(0o755)
    return directory


def test_a_place_that_holds_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    directory = opened_directory(tmp_path)
    (directory / "notes.txt").write_text("mine")
    for command in (("serve", "--port", "0"), ("init",)):
        sentence = refused(batchyard(*command, "--data-dir", str(directory)))
        assert sentence == (
            f"others may open `{directory}` (mode 0755): it holds what is not Batchyard's, so its mode stays as it is"
        )
    assert (mode(directory), [path.name for path in directory.iterdir()]) == (0o755, ["notes.txt"])
    directory.chmod(0o700)
    assert batchyard("init", "--data-dir", str(directory)).returncode == 0


def test_a_place_of_many_users_is_refused(tmp_path: Path) -> None:
    directory = opened_directory(tmp_path)
    directory.chmod(0o1777)
    sentence = refused(batchyard("init", "--data-dir", str(directory)))
    assert sentence == f"others may open `{directory}` (mode 1777): it is a place of many users"
    assert mode(directory) == 0o1777


@AS_ROOT
@pytest.mark.parametrize("name", ["", "key", "batchyard.db", "attempts"])
def test_what_belongs_to_another_user_is_refused(used: Path, name: str) -> None:
    """Also where root could use it: its owner can open and change it."""
    (used / "attempts").mkdir()
    path = used / name if name else used
    os.chown(path, NOBODY, NOBODY)
    sentence = refused(batchyard("serve", "--port", "0", "--data-dir", str(used)))
    assert sentence == f"`{path}` belongs to another user (nobody)"


def test_a_key_elsewhere_is_not_changed(used: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "key"
    (used / "key").rename(elsewhere)
    (used / "key").symlink_to(elsewhere)
    elsewhere.chmod(0o644)
    sentence = refused(batchyard("serve", "--port", "0", "--data-dir", str(used)))
    assert sentence == (
        f"others may open `{elsewhere}` (mode 0644): it lies outside the data directory, so its mode stays as it is"
    )
    elsewhere.chmod(0o600)
    with served("--data-dir", str(used)):
        pass


@pytest.mark.parametrize("kept", [("--ephemeral",), ()])
def test_identity_keys_elsewhere_may_be_read_and_not_written(kept: tuple[str, ...], tmp_path: Path) -> None:
    keys = tmp_path / "keys" / "issuer.example"
    keys.mkdir(parents=True)
    (keys / "jwks.json").write_text("{}")
    opened(tmp_path / "keys", 0o777)
    where = kept or ("--data-dir", str(tmp_path / "data"))
    with served("--identity-keys", str(tmp_path / "keys"), *where):
        assert mode(keys) == mode(tmp_path / "keys") == 0o755
        assert mode(keys / "jwks.json") == 0o644


@AS_ROOT
def test_identity_keys_of_another_user_are_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    os.chown(keys, NOBODY, NOBODY)
    sentence = refused(batchyard("serve", "--port", "0", "--ephemeral", "--identity-keys", str(keys)))
    assert sentence == f"`{keys}` belongs to another user (nobody)"
