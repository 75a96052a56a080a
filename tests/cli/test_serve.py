"""`batchyard serve`, `env` and `--version` as a user meets them."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from batchyard import __version__
from conftest import client
from journeys.served import BIN, served


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "batchyard"), *arguments], capture_output=True, text=True, timeout=30, check=False
    )


def test_version() -> None:
    assert run("--version").stdout == f"batchyard {__version__}\n"


def test_env_prints_exports_for_the_shell() -> None:
    printed = run("env", "--endpoint", "http://127.0.0.1:4999", "--region", "eu-west-1").stdout.splitlines()
    assert printed[0] == "export AWS_ENDPOINT_URL=http://127.0.0.1:4999"
    assert "export AWS_DEFAULT_REGION=eu-west-1" in printed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--engine", "docker"), "the engine `docker` is not built yet: use `process`"),
        (("--engine", "slurm"), "the engine `slurm` is not built yet: use `process`"),
        (("--engine", "kubernetes"), "the engine `kubernetes` is not built yet: use `process`"),
        (("--engine", "abacus"), "unknown engine `abacus`: choose one of auto, process"),
        (("--database-url", "postgresql://x"), "is not built yet"),
        (("--host", "0.0.0.0"), "`0.0.0.0` is not a loopback address"),
        (("--test-clock",), "`--test-clock` works with `--ephemeral` only"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_and_a_data_directory_in_use_are_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), "--data-dir", str(tmp_path / "other"))
        assert done.returncode == 2
        assert f"cannot listen on `127.0.0.1:{port}`" in done.stderr
    with served("--data-dir", str(tmp_path / "data")):
        done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
        assert done.returncode == 2
        assert "is in use by a running server" in done.stderr


def test_the_ready_line_health_and_reset(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path)) as server:
        answer = json.load(urllib.request.urlopen(f"{server.endpoint}/_batchyard/health"))
        assert answer == {"status": "ready"}
        iam = client(server.endpoint, "iam", access_key="111122223333")
        iam.create_user(UserName="bob")
        other = client(server.endpoint, "iam", access_key="444455556666")
        other.create_user(UserName="eve")
        request = urllib.request.Request(
            f"{server.endpoint}/_batchyard/reset?account=111122223333", method="POST"
        )
        assert json.load(urllib.request.urlopen(request)) == {"reset": "111122223333"}
        assert iam.list_users()["Users"] == []
        assert [user["UserName"] for user in other.list_users()["Users"]] == ["eve"]


def test_development_credentials_can_be_turned_off(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path), "--no-development-credentials") as server:
        sts = client(server.endpoint, "sts", access_key="test")
        with pytest.raises(Exception, match="InvalidClientTokenId"):
            sts.get_caller_identity()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(
                urllib.request.Request(f"{server.endpoint}/_batchyard/reset", method="POST")
            )


def test_the_test_clock_moves_only_forward() -> None:
    with served("--ephemeral", "--test-clock") as server:
        url = f"{server.endpoint}/_batchyard/clock?advance="
        moved = urllib.request.urlopen(urllib.request.Request(f"{url}3600", method="POST"))
        assert json.load(moved) == {"advanced": 3600.0}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(urllib.request.Request(f"{url}-1", method="POST"))
