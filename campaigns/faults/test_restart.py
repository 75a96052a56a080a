"""A server that is stopped, or killed, and started again: what it held, and what it was in the middle of."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import client, wait_for
from faults.servers import SERVE, Server, forked_server, server
from faults.stage import Nursery

QUICK = ("--pace", "0.02")
SLOW: dict[str, Any] = {"pace": 1}
ROLE = "AWSServiceRoleForBatch"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "batch:*", "Resource": "*"}]}

End = Callable[[Server], None]


def fargate(one: Server) -> dict[str, Any]:
    """computeResources in the default VPC."""
    ec2 = one.client("ec2")
    return {
        "type": "FARGATE",
        "maxvCpus": 1,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }


def make_environment(one: Server, name: str = "one") -> None:
    one.client("batch").create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", computeResources=fargate(one), tags={"a": "b"}
    )


def environment(one: Server, name: str = "one") -> Any:
    """The environment as described, or None."""
    answer = one.client("batch").describe_compute_environments(computeEnvironments=[name])
    return answer["computeEnvironments"][0] if answer["computeEnvironments"] else None


def valid(one: Server, name: str = "one") -> Any:
    """The environment once it is VALID."""
    return wait_for(lambda: (shown := environment(one, name))["status"] == "VALID" and shown)


def shown(one: Server, keys: dict[str, str]) -> list[Any]:
    """All that the test made, as described through the API."""
    batch, iam = one.client("batch"), one.client("iam")
    role = iam.get_role(RoleName=ROLE)["Role"]
    role.pop("RoleLastUsed")
    by_user = client(
        one.endpoint, "batch", access_key=keys["AccessKeyId"], secret=keys["SecretAccessKey"]
    ).describe_job_queues()["jobQueues"]
    tokens = client(
        one.endpoint,
        "sts",
        access_key=keys["AccessKeyId"],
        secret=keys["SecretAccessKey"],
    ).get_caller_identity()["Arn"]
    definitions = batch.describe_job_definitions()["jobDefinitions"]
    return [environment(one), batch.describe_job_queues()["jobQueues"], by_user, role, tokens, definitions]


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["SIGTERM", "SIGKILL"])
def test_everything_is_there_after_a_restart(end: End, nursery: Nursery, tmp_path: Path) -> None:
    with server(tmp_path, *QUICK) as one:
        iam = one.client("iam")
        iam.create_user(UserName="ada")
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=json.dumps(POLICY))
        keys = iam.create_access_key(UserName="ada")["AccessKey"]
        make_environment(one)
        valid(one)
        batch = one.client("batch")
        order = [{"order": 1, "computeEnvironment": "one"}]
        batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
        wait_for(lambda: batch.describe_job_queues()["jobQueues"][0]["status"] == "VALID")
        container = {"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 64}
        batch.register_job_definition(
            jobDefinitionName="work", type="container", containerProperties=container
        )
        token = one.client("sts").get_session_token()["Credentials"]
        before = shown(one, keys)
        end(one)
    with forked_server(nursery, tmp_path) as one:
        assert shown(one, keys) == before
        sts = client(
            one.endpoint,
            "sts",
            access_key=token["AccessKeyId"],
            secret=token["SecretAccessKey"],
            token=token["SessionToken"],
        )
        assert sts.get_caller_identity()["Arn"].endswith(":root")
        one.stop()


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(Server.stop, id="SIGTERM", marks=pytest.mark.slow),
        pytest.param(Server.kill, id="SIGKILL"),
    ],
)
def test_what_was_being_made_is_made_after_the_restart(end: End, nursery: Nursery, tmp_path: Path) -> None:
    with forked_server(nursery, tmp_path, **SLOW) as one:
        make_environment(one)
        assert environment(one)["status"] == "CREATING"
        end(one)
    with forked_server(nursery, tmp_path) as one:
        found = valid(one)
        assert found["ecsClusterArn"] in one.client("ecs").list_clusters()["clusterArns"]
        assert len(one.client("ecs").list_clusters()["clusterArns"]) == 1
        one.stop()


@pytest.mark.parametrize(
    ("status", "in_use"),
    [
        ("IN_PROGRESS", False),
        ("NOT_STARTED", True),
        pytest.param("NOT_STARTED", False, marks=pytest.mark.slow),
        pytest.param("IN_PROGRESS", True, marks=pytest.mark.slow),
    ],
)
def test_a_deletion_task_survives_sigkill(
    status: str, in_use: bool, nursery: Nursery, tmp_path: Path
) -> None:
    with forked_server(nursery, tmp_path, **SLOW) as one:
        if in_use:
            make_environment(one)
        else:
            one.client("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
        iam = one.client("iam")
        task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
        wait_for(lambda: status_of(one, task)["Status"] == status)
        one.kill()
    with forked_server(nursery, tmp_path) as one:
        ended = wait_for(lambda: (now := status_of(one, task))["Status"] in ("SUCCEEDED", "FAILED") and now)
        roles = [role["RoleName"] for role in one.client("iam").list_roles()["Roles"]]
        assert ended["Status"] == ("FAILED" if in_use else "SUCCEEDED")
        assert (ROLE in roles) == in_use
        one.kill()
    with forked_server(nursery, tmp_path) as one:
        assert status_of(one, task) == ended
        one.stop()


def status_of(one: Server, task: str) -> Any:
    """The deletion task's status, with its reason."""
    answer = one.client("iam").get_service_linked_role_deletion_status(DeletionTaskId=task)
    answer.pop("ResponseMetadata")
    return answer


def test_sigterm_ends_the_server_though_a_client_says_nothing(tmp_path: Path) -> None:
    """Idle connections and a request that never ends do not hold it up beyond 5 s."""
    with server(tmp_path) as one:
        host, port = one.endpoint.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as idle:
            idle.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
            one.client("sts").get_caller_identity()
            started = time.monotonic()
            one.stop(seconds=5)
            assert time.monotonic() - started < 5


def test_sigterm_under_load_loses_no_answer(nursery: Nursery, tmp_path: Path) -> None:
    """Who was answered before the end finds its group after it."""
    with server(tmp_path) as one:
        answered: list[str] = []
        began = threading.Event()

        def load(first: int) -> None:
            logs = one.client("logs")
            for number in range(400):
                name = f"g-{first}-{number}"
                try:
                    logs.create_log_group(logGroupName=name)
                except Exception:
                    return
                answered.append(name)
                began.set()

        threads = [threading.Thread(target=load, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        assert began.wait(10)
        one.stop()
        for thread in threads:
            thread.join()
    with forked_server(nursery, tmp_path) as one:
        pages = one.client("logs").get_paginator("describe_log_groups").paginate()
        there = {group["logGroupName"] for page in pages for group in page["logGroups"]}
        assert set(answered) <= there
        one.stop()


def test_a_directory_has_one_server(tmp_path: Path) -> None:
    with server(tmp_path) as one:
        second = subprocess.run(
            [*SERVE, "--data-dir", str(tmp_path)], capture_output=True, text=True, timeout=20, check=False
        )
        assert second.returncode == 2
        assert "in use by a running server" in second.stderr
        one.client("sts").get_caller_identity()
        one.stop()
