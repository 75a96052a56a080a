"""`batchyard serve`, `env` and `--version` as a user meets them."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from batchyard import __version__
from batchyard.config import Settings
from batchyard.server.listen import ready_line
from cli.commands import batchyard
from conftest import client
from journeys.served import confirmed, served


def test_version() -> None:
    assert batchyard("--version").stdout == f"batchyard {__version__}\n"


def test_env_prints_exports_for_the_shell() -> None:
    printed = batchyard(
        "env", "--endpoint", "http://127.0.0.1:4999", "--region", "eu-west-1"
    ).stdout.splitlines()
    assert printed[0] == "export AWS_ENDPOINT_URL=http://127.0.0.1:4999"
    assert "export AWS_DEFAULT_REGION=eu-west-1" in printed


def test_the_ready_line_health_and_reset(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path)) as server:
        answer = json.load(urllib.request.urlopen(f"{server.endpoint}/_batchyard/health"))
        assert answer == {"status": "ready"}
        iam = client(server.endpoint, "iam", access_key="111122223333")
        iam.create_user(UserName="bob")
        other = client(server.endpoint, "iam", access_key="444455556666")
        other.create_user(UserName="eve")
        answer = json.load(confirmed(f"{server.endpoint}/_batchyard/reset?account=111122223333"))
        assert answer == {"reset": "111122223333"}
        assert iam.list_users()["Users"] == []
        assert [user["UserName"] for user in other.list_users()["Users"]] == ["eve"]


def test_development_credentials_can_be_turned_off(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path), "--no-development-credentials") as server:
        sts = client(server.endpoint, "sts", access_key="test")
        with pytest.raises(Exception, match="InvalidClientTokenId"):
            sts.get_caller_identity()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            confirmed(f"{server.endpoint}/_batchyard/reset")


def test_the_test_clock_moves_only_forward() -> None:
    with served("--ephemeral", "--test-clock") as server:
        url = f"{server.endpoint}/_batchyard/clock?advance="
        assert json.load(confirmed(f"{url}3600")) == {"advanced": 3600.0}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            confirmed(f"{url}-1")


def test_behind_a_public_address_serve_and_env_say_that_development_credentials_are_off() -> None:
    settings = ("--public-url", "https://batchyard.example.com", "--port", "4600")
    assert "AWS_ACCESS_KEY_ID" not in batchyard("env", *settings).stdout
    assert (
        "AWS_ACCESS_KEY_ID" in batchyard("env", "--public-url", "http://localhost", "--port", "4600").stdout
    )
    line = ready_line(
        Settings(public_url="https://batchyard.example.com"),
        endpoint="http://x",
        engine="process",
        data_dir="d",
    )
    assert line.endswith(
        "Development credentials are off: `public_url` names another host (batchyard.example.com). "
        "`batchyard init` makes an access key"
    )
