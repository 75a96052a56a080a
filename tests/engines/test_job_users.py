"""Jobs of one account cannot reach another's, nor anything of the server's: seen with real users, so as root."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchyard.engines.contract import Mount, Volume
from batchyard.engines.process import job_users, namespaces
from batchyard.engines.process.job_users import JobUsers, NoUserLeft
from engines.process_variants import of_process  # noqa: F401
from engines.running import MakeEngine, Runs, only, spec, until

USERS = job_users.default_range()
needs_root = pytest.mark.skipif(
    job_users.why_not() is not None or USERS is None, reason="only root can run jobs as other users"
)
pytestmark = needs_root


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory that everybody may pass through: pytest shuts its own to others as often as one of it begins."""
    with tempfile.TemporaryDirectory(prefix="batchyard-users-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture
def walled(make_engine: MakeEngine, tmp_path: Path) -> Runs:
    """An engine that gives each account a user."""
    return Runs(make_engine(job_users=USERS, job_directory=str(tmp_path / "jobs")))


def test_each_account_has_a_user_without_groups_or_powers(walled: Runs) -> None:
    script = (
        "import os, json; status = dict(line.split(':', 1) for line in open('/proc/self/status'));"
        "print(json.dumps([os.getuid(), os.getgid(), os.getgroups(), status['CapEff'].strip(),"
        " status['NoNewPrivs'].strip(), os.getcwd() == os.environ['HOME']]))"
    )
    program = ("/usr/bin/env", "PATH=/usr/bin:/bin", "python3", "-c", script)
    if not os.path.exists("/usr/bin/python3"):
        pytest.skip("no python3 that every user may execute")
    names = ("a1", "a2", "b1")
    walled.run(*(spec(name, *program, account=name[0]) for name in names))
    seen = [json.loads(walled.lines(name)[0]) for name in names]
    assert USERS is not None
    assert seen[0] == seen[1] == [USERS[0], USERS[0], [], "0" * 16, "1", True]
    assert seen[2][0] == USERS[0] + 1


def test_a_user_opens_the_output_anew(walled: Runs) -> None:
    walled.run(spec("a", "echo a; echo b > /dev/stderr; echo c > /dev/stdout; echo d"))
    assert walled.lines("a") == ["a", "b", "c", "d"]


def test_one_accounts_job_reads_nothing_of_anothers_or_of_the_servers(walled: Runs, tmp_path: Path) -> None:
    key = tmp_path / "engine" / "key"
    secret = "echo secret > file; echo secret; echo secret >> /dev/stdout; exec sleep 1000"
    walled.engine.start([spec("theirs", secret, account="2", environment={"TOKEN": "secret"})])
    until(lambda: walled.lines("theirs") == ["secret", "secret"])
    key.write_text("secret")
    work = next((tmp_path / "jobs").rglob("theirs"))
    pid = until(lambda: _running_in(work))
    tried = [
        f"{work}/file",
        f"{work.parent}",
        f"{tmp_path}/engine/attempts/theirs/output",
        f"{key}",
        f"/proc/{pid}/environ",
        f"/proc/{pid}/fd/1",
        f"/proc/{pid}/cwd/file",
        f"/proc/{os.getpid()}/environ",
    ]
    quoted = " ".join(f"'{path}'" for path in tried)
    script = f'for path in {quoted}; do cat "$path" && echo "read $path"; ls "$path"/ && echo "listed $path"; done;'
    walled.run(spec("mine", f"{script} kill -9 {pid} || echo cannot kill; ls {work.parent.parent}; true"))
    lines = walled.lines("mine")
    assert not [line for line in lines if "secret" in line or line.startswith(("read", "listed"))]
    assert "cannot kill" in lines
    assert walled.engine.poll(["theirs"])[0].state == "running"
    assert len([line for line in lines if "ermission denied" in line]) >= len(tried)
    # Root's own reading of the same paths works: it is the walls that refused, not missing files.
    assert key.read_text() == "secret"
    assert (work / "file").read_text() == "secret\n"
    assert b"TOKEN=secret" in Path(f"/proc/{pid}/environ").read_bytes()
    walled.engine.stop(["theirs"], force=True)


def test_what_a_job_leaves_in_shared_places_is_its_accounts(walled: Runs, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    walled.run(spec("theirs", f"echo secret > {shared}/left", account="2"))
    walled.run(spec("mine", f"cat {shared}/left"))
    assert "secret" not in walled.lines("mine")
    assert stat.S_IMODE((shared / "left").stat().st_mode) == 0o600


def test_a_command_that_cannot_be_executed_says_why_here_too(walled: Runs) -> None:
    [status] = walled.run(spec("a", "/no/such/program"))
    assert only(status).exit_code == 127
    assert only(status).reason == (
        'CannotStartContainerError: exec: "/no/such/program": no such file or directory'
    )
    [status] = walled.run(spec("b", "exit 127"))
    assert (only(status).exit_code, only(status).reason) == (127, None)


def test_a_forgotten_attempt_leaves_no_working_directory(walled: Runs, tmp_path: Path) -> None:
    walled.run(spec("a", "mkdir -p deep/er; ln -s /etc link; echo x > deep/er/file"))
    assert list((tmp_path / "jobs").rglob("file"))
    walled.engine.forget(["a"])
    assert not list((tmp_path / "jobs").rglob("file"))
    assert Path("/etc/passwd").exists()


def test_a_killed_supervisor_takes_its_users_processes_with_it(walled: Runs, tmp_path: Path) -> None:
    walled.engine.start([spec("a", "echo $$; exec sleep 1000")])
    pid = int(until(lambda: walled.lines("a"))[0])
    os.kill(walled.engine.describe()["supervisor"], 9)
    [status] = walled.wait("a")
    assert status.state == "lost"
    until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_an_account_keeps_its_user_and_nobody_gets_it_again(tmp_path: Path) -> None:
    first = JobUsers(str(tmp_path))
    assert [first.user_of(account, (5000, 5001)) for account in "aba"] == [5000, 5001, 5000]
    again = JobUsers(str(tmp_path))
    assert again.user_of("b", (5000, 5001)) == 5001
    with pytest.raises(NoUserLeft, match="job_users"):
        again.user_of("c", (5000, 5001))
    assert again.user_of("c", (5000, 5002)) == 5002


def test_a_place_that_others_could_change_is_refused(walled: Runs, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs").chmod(0o777)
    [status] = walled.run(spec("a", "true"))
    reason = only(status).reason or ""
    assert reason.startswith("CannotStartContainerError: ")
    assert reason.endswith("is not root's alone")


def _running_in(work: Path) -> int | None:
    """The pid of a process in this working directory."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/cwd") == str(work):
                    return int(entry)
            except OSError:
                continue
    return None


def test_an_accounts_folder_is_made_for_its_user_and_mounted_with_its_rights_alone(
    walled: Runs, tmp_path: Path
) -> None:
    """Another account's job that names the same folder cannot mount it, nor what lies behind a link to it."""
    if namespaces.allowed() is None:
        pytest.skip("this machine lets no process have mounts of its own")
    own, link = tmp_path / "folders" / "1", tmp_path / "link"
    own.parent.mkdir()
    own.parent.chmod(0o711)
    link.symlink_to(own)
    mounts = (Mount(volume="v", path="/batchyard-own"),)
    mine = Volume(name="v", host_path=f"{own}/sub", account_folder=str(own))
    script = "echo secret > /batchyard-own/file; id -u"
    [status] = walled.run(spec("mine", script, mounts=mounts, volumes=(mine,)))
    assert only(status).exit_code == 0, status
    assert USERS is not None
    assert walled.lines("mine") == [str(USERS[0])]
    assert (own.stat().st_uid, stat.S_IMODE(own.stat().st_mode)) == (USERS[0], 0o700)
    assert (own / "sub" / "file").read_text() == "secret\n"
    for name, path in (("theirs", f"{own}/sub"), ("linked", f"{link}/sub")):
        theirs = Volume(name="v", host_path=path)
        [status] = walled.run(
            spec(name, "cat /batchyard-own/file", account="2", mounts=mounts, volumes=(theirs,))
        )
        assert only(status).exit_code == 126
        assert "ermission denied" in (only(status).reason or "")
