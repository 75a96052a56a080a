"""A deletion task outlives a server that is killed in the middle of it (issue 3, C.5)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from services.iam.answers import refused

NAME = "AWSServiceRoleForBatch"


@contextmanager
def _served(directory: Path) -> Iterator[tuple[Any, subprocess.Popen[str]]]:
    """A server started as a user starts it, and IAM of it; killed at the end whatever happened."""
    command = [sys.executable, "-m", "batchyard", "serve", "--port", "0", "--output", "json", "--pace", "1.5"]
    process = subprocess.Popen(
        [*command, "--data-dir", str(directory)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        endpoint = json.loads(process.stdout.readline())["endpoint"]
        client = boto3.Session().client(
            "iam",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        yield client, process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("killed_at", ["NOT_STARTED", "IN_PROGRESS"])
def test_a_killed_server_goes_on_with_the_task(tmp_path: Path, wait_for: Any, killed_at: str) -> None:
    with _served(tmp_path) as (iam, process):
        before = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
        task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
        status = iam.get_service_linked_role_deletion_status
        wait_for(lambda: status(DeletionTaskId=task)["Status"] == killed_at)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with _served(tmp_path) as (iam, _):
        status = iam.get_service_linked_role_deletion_status
        wait_for(lambda: status(DeletionTaskId=task)["Status"] == "SUCCEEDED", seconds=30)
        assert refused(iam.get_role, RoleName=NAME)[0] == "NoSuchEntity"
        after = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
        assert after["RoleId"] != before["RoleId"]
