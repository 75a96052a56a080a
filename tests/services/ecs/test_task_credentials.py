"""A task is its task role: it finds credentials at its own address, and nobody else does."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from batchyard.gateway import assuming
from batchyard.services.ecs.tasks.task_rows import find_task
from conftest import EXECUTION_POLICY, Serving, client

Make = Callable[..., Any]
LOG = {"awslogs-group": "/x", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def document(*statements: Any) -> str:
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def roles(aws: Make) -> dict[str, str]:
    """The ARNs of an execution role and of a task role that may do nothing yet."""
    iam = aws("iam")
    made = {}
    for name in ("execution", "worker"):
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))
        made[name] = role["Role"]["Arn"]
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    return made


@pytest.fixture
def run(ecs: Any, logs: Any, roles: dict[str, str]) -> Make:
    """`run(["true"])`: a Fargate task's ARN, with the task role `worker` unless told otherwise."""
    ecs.create_cluster(clusterName="c")
    logs.create_log_group(logGroupName="/x")

    def start(command: list[str], *, role: str | None = "worker", **request: Any) -> str:
        container = {
            "name": "default",
            "image": "busybox",
            "command": command,
            "environment": request.pop("environment", []),
            "logConfiguration": {"logDriver": "awslogs", "options": LOG},
        }
        ecs.register_task_definition(
            family="work",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=roles["execution"],
            containerDefinitions=[container],
            **({"taskRoleArn": roles[role]} if role else {}),
        )
        answer = ecs.run_task(
            cluster="c",
            taskDefinition="work",
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            **request,
        )
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    return start


@pytest.fixture
def told(run: Make, logs: Any, wait_for: Make) -> Make:
    """`told()`: a task that sleeps, and the AWS variables that it sees; arguments are `run`'s."""

    def look(**arguments: Any) -> tuple[str, dict[str, str]]:
        task = run(["/bin/sh", "-c", "env; echo END; exec sleep 600"], **arguments)
        lines = wait_for(lambda: (seen := said(logs, task)) and "END" in seen and seen)
        variables = dict(line.partition("=")[::2] for line in lines if "=" in line)
        return task, {name: value for name, value in variables.items() if name.startswith(("AWS_", "ECS_"))}

    return look


def said(logs: Any, task: str) -> list[str]:
    """What a task wrote so far."""
    stream = f"p/default/{task.rsplit('/', 1)[-1]}"
    try:
        events = logs.get_log_events(logGroupName="/x", logStreamName=stream, startFromHead=True)["events"]
    except ClientError:
        return []
    return [event["message"] for event in events]


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    """(status, JSON) of a request with these headers, as `sec_fetch_site="none"`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def door_of(variables: dict[str, str]) -> tuple[str, str]:
    """A task's address of credentials, and its token."""
    return variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]


def test_boto3_in_a_task_is_its_role(
    run: Make, account: str, logs: Any, stopped: Make, records: Make
) -> None:
    task = run([sys.executable, "-c", WHO])
    assert stopped(task, seconds=40)["containers"][0]["exitCode"] == 0
    identity = task.rsplit("/", 1)[-1]
    assert said(logs, task) == [f"arn:aws:sts::{account}:assumed-role/worker/{identity}"]
    assumed = [
        one for one in records("AssumeRole") if one["requestParameters"]["roleArn"].endswith("/worker")
    ]
    assert [one["requestParameters"]["roleSessionName"] for one in assumed] == [identity]
    assert assumed[0]["userIdentity"] == {"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"}


def test_it_may_what_its_role_may_and_is_denied_by_name(
    run: Make, aws: Make, account: str, logs: Any, stopped: Make
) -> None:
    script = (
        "import boto3\n"
        "try:\n print(len(boto3.client('ecs').list_clusters()['clusterArns']))\n"
        "except Exception as error:\n print(error)"
    )
    task = run([sys.executable, "-c", script])
    stopped(task, seconds=40)
    identity = task.rsplit("/", 1)[-1]
    [line] = said(logs, task)
    assert (
        f"User: arn:aws:sts::{account}:assumed-role/worker/{identity} is not authorized to perform: ecs:"
        in line
    )
    allow = document({"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"})
    aws("iam").put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow)
    task = run([sys.executable, "-c", script])
    stopped(task, seconds=40)
    assert said(logs, task) == ["1"]


def test_the_answer_is_ecss(told: Make, account: str, endpoint: str) -> None:
    task, variables = told()
    url, token = door_of(variables)
    identity = task.rsplit("/", 1)[-1]
    assert url == f"{endpoint}/_batchyard/task-credentials/{identity}"
    status, answer = get(url, authorization=token)
    assert (status, set(answer)) == (
        200,
        {"RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"},
    )
    assert answer["RoleArn"] == f"arn:aws:iam::{account}:role/worker"
    left = datetime.fromisoformat(answer["Expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)
    sts = client(
        endpoint,
        "sts",
        access_key=answer["AccessKeyId"],
        secret=answer["SecretAccessKey"],
        token=answer["Token"],
    )
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{account}:assumed-role/worker/{identity}"
    assert get(url, authorization=token) == (status, answer)


def test_nobody_else_gets_them(told: Make) -> None:
    """Not without the token, with another task's, by another task's address, from a web page, or by POST."""
    _, mine = told()
    _, theirs = told()
    url, token = door_of(mine)
    other_url, other = door_of(theirs)
    assert token != other
    for headers in ({}, {"authorization": ""}, {"authorization": other}, {"authorization": token[:-1]}):
        status, answer = get(url, **headers)
        assert (status, answer["code"], answer["HTTPErrorCode"]) == (401, "InvalidIdInRequest", 401)
    assert get(other_url, authorization=token)[0] == 401
    assert get(url.rsplit("/", 1)[0] + "/" + "0" * 32, authorization=token)[0] == 404
    assert get(url + "/", authorization=token)[0] == 404
    for name, value in (
        ("origin", "https://evil.example"),
        ("sec_fetch_site", "cross-site"),
        ("sec_fetch_site", "same-origin"),
        ("sec_fetch_site", "none"),
    ):
        assert get(url, authorization=token, **{name: value})[0] == 403
    assert get(url, authorization=token, sec_fetch_mode="cors")[0] == 200, "fetch of Node says so of itself"
    assert get(url, "POST", authorization=token)[0] == 405


def test_a_token_ends_with_its_task(told: Make, ecs: Any, app: Any, stopped: Make) -> None:
    task, variables = told()
    url, token = door_of(variables)
    assert get(url, authorization=token)[0] == 200
    ecs.stop_task(cluster="c", task=task)
    stopped(task)
    status, answer = get(url, authorization=token)
    assert (status, answer["code"]) == (404, "InvalidIdInRequest")
    assert get(variables["ECS_CONTAINER_METADATA_URI_V4"])[0] == 404


def test_a_reset_ends_it_too(told: Make, app: Any, account: str) -> None:
    _, variables = told()
    url, token = door_of(variables)
    app.reset(account)
    assert get(url, authorization=token)[0] == 404


def test_a_role_that_is_deleted_gives_none_and_made_anew_gives_others(told: Make, aws: Make) -> None:
    _, variables = told()
    url, token = door_of(variables)
    _, before = get(url, authorization=token)
    iam = aws("iam")
    iam.delete_role(RoleName="worker")
    status, answer = get(url, authorization=token)
    assert (status, answer["code"]) == (403, "NoCredentialsAssociated")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document(TRUST))
    status, after = get(url, authorization=token)
    assert (status, after["AccessKeyId"] == before["AccessKeyId"]) == (200, False)


def test_a_role_that_ecs_may_not_assume_any_more_ends_with_its_session(
    told: Make, aws: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session goes on to its end, as on AWS; then there is no other."""
    _, variables = told()
    url, token = door_of(variables)
    other = document({**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}})
    aws("iam").update_assume_role_policy(RoleName="worker", PolicyDocument=other)
    assert get(url, authorization=token)[0] == 200
    later(monkeypatch, 41)
    assert get(url, authorization=token)[0] == 403


def test_others_come_when_less_than_twenty_minutes_are_left(
    told: Make, monkeypatch: pytest.MonkeyPatch, records: Make
) -> None:
    _, variables = told()
    url, token = door_of(variables)
    _, first = get(url, authorization=token)
    later(monkeypatch, 39)
    assert get(url, authorization=token)[1] == first
    later(monkeypatch, 41)
    _, second = get(url, authorization=token)
    assert second["AccessKeyId"] != first["AccessKeyId"]


def later(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    """Let who keeps sessions think that so much time has passed."""
    monkeypatch.setattr(assuming, "wall_now", lambda: datetime.now(UTC) + timedelta(minutes=minutes))


def test_a_role_that_ecs_may_not_assume_fails_the_task_at_its_start(
    run: Make, aws: Make, account: str, stopped: Make
) -> None:
    other = document({**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}})
    aws("iam").update_assume_role_policy(RoleName="worker", PolicyDocument=other)
    end = stopped(run(["true"]))
    assert (end["stopCode"], end["stoppedReason"]) == (
        "TaskFailedToStart",
        f"ECS was unable to assume the role 'arn:aws:iam::{account}:role/worker' that was provided for this task."
        " Please verify that the role being passed has the proper trust relationship and permissions and that your"
        " IAM user has permissions to pass this role.",
    )


def test_run_task_may_name_another_role(
    run: Make, roles: dict[str, str], account: str, logs: Any, stopped: Make
) -> None:
    task = run([sys.executable, "-c", WHO], role=None, overrides={"taskRoleArn": roles["execution"]})
    stopped(task, seconds=40)
    identity = task.rsplit("/", 1)[-1]
    assert said(logs, task) == [f"arn:aws:sts::{account}:assumed-role/execution/{identity}"]


def test_a_task_without_a_role_has_no_credentials_of_anybody(told: Make) -> None:
    _, variables = told(role=None)
    assert set(variables) == {
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_EC2_METADATA_DISABLED",
        "ECS_CONTAINER_METADATA_URI_V4",
    }
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"


def test_a_definition_cannot_put_another_door_in_its_place(told: Make) -> None:
    names = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "ECS_CONTAINER_METADATA_URI_V4")
    environment = [{"name": name, "value": "http://127.0.0.1:1/"} for name in names]
    _, variables = told(environment=environment)
    assert [variables[name] for name in names if variables[name] == "http://127.0.0.1:1/"] == []


class TestMetadata:
    """Version 4 of the task metadata endpoint."""

    def test_task_and_container(self, told: Make, account: str) -> None:
        task, variables = told()
        url = variables["ECS_CONTAINER_METADATA_URI_V4"]
        status, shown = get(f"{url}/task")
        assert status == 200
        assert shown["TaskARN"] == task
        assert (shown["Family"], shown["Revision"], shown["LaunchType"]) == ("work", "1", "FARGATE")
        assert shown["Cluster"] == f"arn:aws:ecs:us-east-1:{account}:cluster/c"
        assert shown["Limits"] == {"CPU": 0.25, "Memory": 512}
        assert (shown["DesiredStatus"], shown["KnownStatus"]) == ("RUNNING", "RUNNING")
        status, container = get(url)
        assert (status, container["Name"], container["Image"]) == (200, "default", "busybox")
        assert container["Labels"]["com.amazonaws.ecs.task-arn"] == task
        assert container["LogOptions"]["awslogs-stream"] == f"p/default/{task.rsplit('/', 1)[-1]}"
        assert [one["Name"] for one in shown["Containers"]] == ["default"]

    def test_what_is_not_known_is_not_made_up(self, told: Make) -> None:
        _, variables = told()
        url = variables["ECS_CONTAINER_METADATA_URI_V4"]
        assert get(f"{url}/stats")[0] == get(f"{url}/task/stats")[0] == 501
        assert get(f"{url}/nothing")[0] == 404

    def test_the_address_is_the_secret(self, told: Make) -> None:
        _, mine = told()
        _, theirs = told()
        url, other = mine["ECS_CONTAINER_METADATA_URI_V4"], theirs["ECS_CONTAINER_METADATA_URI_V4"]
        swapped = f"{url.rsplit('/', 1)[0]}/{other.rsplit('/', 1)[1]}"
        for wrong in (swapped, url.rsplit("/", 1)[0], url[:-1]):
            assert get(wrong)[0] == 404
        assert get(url, origin="https://evil.example")[0] == 403
        assert mine["AWS_CONTAINER_AUTHORIZATION_TOKEN"] not in url


def test_no_token_is_kept_in_clear(told: Make, app: Any, account: str, ecs: Any, records: Make) -> None:
    """Neither in the database, nor in what ECS or the audit tell of the task."""
    task, variables = told()
    _, token = door_of(variables)
    with app.store.connect() as connection:
        dumped = "\n".join(connection.connection.driver_connection.iterdump())
    assert task.rsplit("/", 1)[-1] in dumped
    lines = [line for line in dumped.splitlines() if token in line]
    assert [line[:60] for line in lines if "logs_" not in line.split("VALUES")[0]] == []
    assert token not in json.dumps(ecs.describe_tasks(cluster="c", tasks=[task]), default=str)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Serving]]:
    """Opens a server of this test's own on one directory; the one before is closed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"):
        monkeypatch.setenv(name, "of-the-server")
    opened: list[Serving] = []

    def open_one() -> Serving:
        if opened:
            opened.pop().close()
        opened.append(Serving(Settings(data_dir=tmp_path / "data", port=0, pace=0.02, slots=1)))
        return opened[0]

    yield open_one
    opened[0].app.reset(None)
    opened[0].close()


def test_what_the_server_has_of_aws_reaches_no_task(
    own: Callable[[], Serving], tmp_path: Path, wait_for: Make
) -> None:
    one = own()
    ecs = client(one.endpoint, "ecs", access_key="210987654321")
    ecs.create_cluster()
    register(ecs, f"env > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/env")
    ecs.run_task(taskDefinition="work", launchType="FARGATE", networkConfiguration=NETWORK)
    wait_for((tmp_path / "env").exists)
    assert "of-the-server" not in (tmp_path / "env").read_text()


def test_a_start_that_is_repeated_says_the_same(
    own: Callable[[], Serving], tmp_path: Path, wait_for: Make
) -> None:
    """What waited in the engine is told to it again after a restart, with the token that it had."""
    one = own()
    ecs = client(one.endpoint, "ecs", access_key="210987654321")
    role = client(one.endpoint, "iam", access_key="210987654321").create_role(
        RoleName="worker", AssumeRolePolicyDocument=document(TRUST)
    )["Role"]["Arn"]
    ecs.create_cluster()
    register(ecs, f"touch {tmp_path}/up; until [ -e {tmp_path}/gate ]; do sleep 0.02; done", role)
    request = {"taskDefinition": "work", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    ecs.run_task(**request)
    wait_for((tmp_path / "up").exists)
    register(ecs, f"env > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/env; exec sleep 600", role)
    waiting = ecs.run_task(**request)["tasks"][0]["taskArn"].rsplit("/", 1)[-1]
    doors = one.app.runtime.keyring

    def sealed(serving: Serving) -> str | None:
        with serving.app.store.read() as tx:
            row = find_task(tx, waiting)
            return None if row is None else row.sealed_token

    before = wait_for(lambda: sealed(one))
    token = doors.open("task-token", before)
    one = own()
    (tmp_path / "gate").touch()
    wait_for((tmp_path / "env").exists)
    told = re.search("^AWS_CONTAINER_AUTHORIZATION_TOKEN=(.*)$", (tmp_path / "env").read_text(), re.M)
    assert told is not None
    assert (told[1], sealed(one)) == (token, before)
    assert get(f"{one.endpoint}/_batchyard/task-credentials/{waiting}", authorization=token)[0] == 200


def register(ecs: Any, script: str, role: str | None = None) -> None:
    """A Fargate task that runs a shell script."""
    container = {"name": "default", "image": "busybox", "command": ["/bin/sh", "-c", script]}
    ecs.register_task_definition(
        family="work",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[container],
        **({"taskRoleArn": role} if role else {}),
    )
