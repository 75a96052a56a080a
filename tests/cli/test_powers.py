"""What containers may have of the host is what the settings give: open in development, closed otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.commands import batchyard
from conftest import client
from journeys.served import served

ACCOUNT = "111111111111"
CONTAINER = {"name": "one", "image": "busybox", "command": ["true"], "memory": 64}


@contextmanager
def ecs_of(directory: Path, *options: str, toml: str = "") -> Iterator[Any]:
    """ECS of an administrator with a key of its own, on a served process with these settings."""
    directory.mkdir(exist_ok=True)
    file = directory / "batchyard.toml"
    file.write_text(toml)
    key_file = directory / "administrator"
    data = directory / "data"
    if not key_file.exists():
        done = batchyard("init", "--data-dir", str(data), "--account", ACCOUNT, "--output", "json")
        key_file.write_text(done.stdout)
    key = json.loads(key_file.read_text())
    with served("--data-dir", str(data), "--config", str(file), *options) as server:
        ecs = client(server.endpoint, "ecs", access_key=key["accessKeyId"], secret=key["secretAccessKey"])
        ecs.create_cluster()
        yield ecs


def refusal(ecs: Any, *, volumes: Any = (), **container: Any) -> str:
    """Why a task with this is not run; `runs` where the engine would: then the cluster has no instance for it."""
    ecs.register_task_definition(
        family="work", volumes=list(volumes), containerDefinitions=[{**CONTAINER, **container}]
    )
    with pytest.raises(ClientError) as caught:
        ecs.run_task(taskDefinition="work")
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    text: str = response["Error"]["Message"]
    return "runs" if text == "No Container Instances were found in your cluster." else text


def mounting(path: str) -> dict[str, Any]:
    return {
        "volumes": [{"name": "v", "host": {"sourcePath": path}}],
        "mountPoints": [{"sourceVolume": "v", "containerPath": path}],
    }


def test_the_host_is_open_while_development_credentials_work(tmp_path: Path) -> None:
    with ecs_of(tmp_path) as ecs:
        assert refusal(ecs, privileged=True) == "runs"
        assert refusal(ecs, **mounting("/etc")) == "runs"


def test_the_host_is_closed_where_they_do_not_and_settings_open_it(tmp_path: Path) -> None:
    with ecs_of(tmp_path, "--no-development-credentials") as ecs:
        assert "`allow_privileged`" in refusal(ecs, privileged=True)
        closed = refusal(ecs, **mounting("/etc"))
        assert closed == (
            "the host's folder `/etc`: the setting `host_paths` does not give it to jobs of the engine `process`"
        )
    given = '[engines.process]\nallow_privileged = true\nhost_paths = ["/srv"]\n'
    with ecs_of(tmp_path, "--no-development-credentials", toml=given) as ecs:
        assert refusal(ecs, privileged=True) == "runs"
        assert refusal(ecs, **mounting("/srv/data")) == "runs"
        for path in ("/etc", "/srv/../etc", "/srvx"):
            assert "`host_paths`" in refusal(ecs, **mounting(path))


def test_settings_close_the_host_in_development_too(tmp_path: Path) -> None:
    closed = "[engines.process]\nallow_privileged = false\nhost_paths = []\n"
    with ecs_of(tmp_path, toml=closed) as ecs:
        assert "`allow_privileged`" in refusal(ecs, privileged=True)
        assert "`host_paths`" in refusal(ecs, **mounting("/etc"))
