"""`batchyard serve`, `env` and `--version` as a user meets them."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from batchyard import __version__
from cli.commands import batchyard
from conftest import client
from journeys.served import served


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
