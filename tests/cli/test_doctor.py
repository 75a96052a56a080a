"""`batchyard doctor`: what works on this machine, told truly, with a meaningful exit code."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from batchyard.cli import run
from batchyard.cli.doctor.engines import engines
from batchyard.config import Settings
from batchyard.store.migrations import numbered
from cli.commands import batchyard, sql
from journeys.served import served


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BATCHYARD_")]:
        monkeypatch.delenv(name)


class Doctor:
    """Runs the command in this process and reads its JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str], directory: Path) -> None:
        self._capsys = capsys
        self.directory = directory
        self.code = -1

    def __call__(self, *arguments: str) -> dict[str, Any]:
        self.code = run(
            ["doctor", "--port", "0", "--data-dir", str(self.directory), "--output", "json", *arguments]
        )
        answer = json.loads(self._capsys.readouterr().out)
        assert answer["works"] == (self.code == 0)
        return {check["name"]: check for check in answer["checks"]}


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    return Doctor(capsys, tmp_path / "data")


def test_a_fresh_machine_works_and_is_left_as_it_was(doctor: Doctor) -> None:
    checks = doctor()
    assert doctor.code == 0
    assert checks["data directory"]["detail"] == f"{doctor.directory} will be made, and can be written"
    assert checks["database"]["detail"] == "none yet"
    assert checks["engine process"]["status"] == "ok"
    assert "images have no effect" in checks["engine process"]["detail"]
    assert {checks[f"engine {name}"]["status"] for name in ("slurm", "kubernetes")} == {"not built"}
    assert {"python", "settings", "disk", "port", "cgroups", "aws"} <= checks.keys()
    assert not doctor.directory.exists()


def test_a_running_server_is_told_from_a_stranger_on_the_port(doctor: Doctor) -> None:
    with served("--data-dir", str(doctor.directory)) as server:
        port = server.endpoint.rpartition(":")[2]
        checks = doctor("--port", port)
        assert doctor.code == 0
        assert checks["database"]["detail"] == "a running server has it open"
        assert "has this data directory open answers at http://127.0.0.1" in checks["port"]["detail"]
        checks = doctor("--port", port, "--data-dir", str(doctor.directory.parent / "other"))
        assert doctor.code == 1
        assert "with another data directory answers" in checks["port"]["detail"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        checks = doctor("--port", port)
        assert (checks["port"]["status"], doctor.code) == ("failed", 1)
        assert checks["port"]["detail"] == f"cannot listen on `127.0.0.1:{port}`: address already in use"


def test_what_is_in_a_servers_way_fails(doctor: Doctor) -> None:
    doctor.directory.write_text("mine")
    checks = doctor()
    assert (checks["data directory"]["status"], doctor.code) == ("failed", 1)
    assert "not a directory" in checks["data directory"]["detail"]


def test_what_others_may_open_is_told_and_left(doctor: Doctor, used: Path) -> None:
    doctor.directory = used
    used.chmod(0o755)
    (used / "batchyard.db").chmod(0o644)
    check = doctor()["data directory"]
    assert (check["status"], doctor.code) == ("warning", 0)
    assert (
        check["detail"]
        == f"others may open `{used}` (mode 0755), and 1 more; `batchyard serve` closes it to them"
    )
    assert used.stat().st_mode & 0o777 == 0o755
    (used / "batchyard.db").unlink()
    (used / "key").unlink()
    check = doctor()["data directory"]
    assert (check["status"], doctor.code) == ("failed", 1)
    assert "it holds what is not Batchyard's" in check["detail"]


def test_the_database_and_the_administrator(doctor: Doctor, used: Path) -> None:
    assert doctor("--host", "0.0.0.0")["administrator"]["status"] == "failed"
    assert doctor("--public-url", "https://batchyard.example.com")["administrator"]["status"] == "warning"
    assert "administrator" not in doctor("--public-url", "http://batchyard.localhost")
    doctor.directory = used
    checks = doctor("--host", "0.0.0.0")
    assert (checks["administrator"]["status"], doctor.code) == ("ok", 0)
    assert checks["key file"]["detail"] == "there, and only its owner may read it"
    newest = numbered()[-1][0]
    assert checks["database"]["detail"] == f"layout {newest}"
    (doctor.directory / "key").chmod(0o644)
    assert doctor()["key file"]["status"] == "warning"
    sql(doctor.directory, f"PRAGMA user_version={newest + 1}")
    checks = doctor()
    assert (checks["database"]["status"], doctor.code) == ("failed", 1)
    assert "written by a newer version" in checks["database"]["detail"]


def test_an_engine_that_was_chosen_and_is_not_built_fails(doctor: Doctor) -> None:
    assert doctor("--engine", "slurm")["engine slurm"]["status"] == "failed"
    assert doctor.code == 1


def test_the_settings_file_is_named(doctor: Doctor) -> None:
    Path("batchyard.toml").write_text("slots = 7\n")
    checks = doctor()
    assert checks["settings"]["detail"] == "read from batchyard.toml"
    assert ", 7 at once" in checks["engine process"]["detail"]


def test_docker_and_slurm_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that answers /_ping, and commands in place of Slurm's."""
    for name, printed in (("sbatch", "slurm 24.05"), ("sinfo", "debug*")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{printed}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    listener.settimeout(10)

    info = b'{"ServerVersion": "20.10.24", "Driver": "vfs", "LiveRestoreEnabled": false}'

    def answer() -> None:
        for body in (b"OK", info):
            connected, _ = listener.accept()
            with connected:
                connected.recv(1024)
                head = f"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: {len(body)}\r\n\r\n"
                connected.sendall(head.encode() + body)

    thread = threading.Thread(target=answer)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 's'}")
    found = {check.name: check.detail for check in engines(Settings())}
    thread.join(10)
    listener.close()
    assert found["engine docker"] == (
        f"Docker's API 1.47 answers at {tmp_path / 's'}; version 20.10.24, images on vfs, containers end when the"
        " daemon does (live-restore is off)"
    )
    assert found["engine slurm"] == "slurm 24.05, partitions debug*"
    found = {check.name: check.detail for check in engines(Settings())}
    assert "is there but does not answer: connection refused" in found["engine docker"].lower()


def test_people_get_lines(tmp_path: Path) -> None:
    done = batchyard("doctor", "--data-dir", str(tmp_path / "data"), "--port", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "ok        engine process: commands run as processes" in done.stdout
    assert "not built engine slurm: " in done.stdout
    assert done.stdout.splitlines()[-1] == "a server can run here"
