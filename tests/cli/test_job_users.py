"""Where development credentials do not work, a job is its account's user and no more: seen on a served process."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.engines.process import job_users
from cli.commands import batchyard, refused
from conftest import client
from journeys.served import served

ACCOUNTS = ("111111111111", "222222222222")
as_root = pytest.mark.skipif(
    job_users.why_not() is not None or job_users.default_range() is None,
    reason="only root can run jobs as other users",
)


def administrator(directory: Path, account: str, endpoint: Callable[[], str]) -> Callable[[str], Any]:
    """A maker of clients of the account's administrator, by an access key of its own."""
    done = batchyard("init", "--data-dir", str(directory), "--account", account, "--output", "json")
    key = json.loads(done.stdout)

    def make(service: str) -> Any:
        return client(endpoint(), service, access_key=key["accessKeyId"], secret=key["secretAccessKey"])

    return make


def run(aws: Callable[[str], Any], script: str) -> str:
    """The ARN of a task that runs a shell script and logs to the group `/jobs`."""
    ecs = aws("ecs")
    ecs.create_cluster()
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    iam = aws("iam")
    role = iam.create_role(RoleName="jobs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="jobs", PolicyName="logs", PolicyDocument=json.dumps(allow))
    aws("logs").create_log_group(logGroupName="/jobs")
    options = {"awslogs-group": "/jobs", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    ecs.register_task_definition(
        family="job",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "default",
                "image": "busybox",
                "command": ["/bin/sh", "-c", script],
                "environment": [{"name": "TOKEN", "value": "secret"}],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    answer = ecs.run_task(taskDefinition="job", launchType="FARGATE", networkConfiguration=network)
    arn: str = answer["tasks"][0]["taskArn"]
    return arn


def output(aws: Callable[[str], Any], arn: str) -> list[str]:
    stream = f"p/default/{arn.rsplit('/', 1)[-1]}"
    logs = aws("logs")
    try:
        events = logs.get_log_events(logGroupName="/jobs", logStreamName=stream, startFromHead=True)
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [one["message"] for one in events["events"]]


@as_root
def test_a_job_reads_neither_the_key_file_nor_anothers_job(wait_for: Callable[..., Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="batchyard-walls-") as place:
        os.chmod(place, 0o711)
        directory = Path(place) / "data"
        endpoint = ""
        mine, theirs = (administrator(directory, one, lambda: endpoint) for one in ACCOUNTS)
        jobs = Path(place) / "jobs"
        options = ("--no-development-credentials", "--job-directory", str(jobs))
        log = Path(place) / "log"
        with served("--data-dir", str(directory), *options, log=log) as server:
            endpoint = server.endpoint
            their_task = run(theirs, "id -u; echo $$; echo secret > kept; pwd; exec sleep 600")
            lines = wait_for(lambda: (found := output(theirs, their_task))[2:] and found)
            their_user, pid, work = int(lines[0]), lines[1], lines[2]
            name = their_task.rsplit("/", 1)[-1]
            tried = (
                f"{directory}/key",
                f"{directory}/batchyard.db",
                f"{directory}/attempts/{name}/output",
                f"{work}/kept",
                f"/proc/{pid}/environ",
                f"/proc/{server.process.pid}/environ",
            )
            script = "id -u; " + "; ".join(f"cat {path} && echo READ {path}" for path in tried) + "; echo end"
            my_task = run(mine, script)
            lines = wait_for(lambda: (found := output(mine, my_task)) and found[-1] == "end" and found)
            users = job_users.default_range()
            assert users is not None
            assert {int(lines[0]), their_user} == {users[0], users[0] + 1}
            assert len([line for line in lines if "ermission denied" in line]) == len(tried), lines
            assert not [line for line in lines if "secret" in line or line.startswith("READ")]
            for path in tried:
                assert Path(path).read_bytes(), f"{path} is there for root"
            theirs("ecs").stop_task(task=their_task)
            task = wait_for(
                lambda: [
                    one
                    for one in theirs("ecs").describe_tasks(tasks=[their_task])["tasks"]
                    if one["lastStatus"] == "STOPPED"
                ]
            )
            assert task[0]["containers"][0]["exitCode"] == 143
        assert "server's user" not in log.read_text()


def test_a_server_that_cannot_change_users_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`none` stands for a server that was not started as root."""
    log = tmp_path / "log"
    options = ("--data-dir", str(tmp_path / "data"), "--job-users", "none")
    with served(*options, "--no-development-credentials", log=log):
        pass
    assert "jobs run as the server's user" in log.read_text()
    with served(*options, log=tmp_path / "quiet"):
        pass
    assert "server's user" not in (tmp_path / "quiet").read_text()
    checked = batchyard("doctor", *options, "--no-development-credentials", "--output", "json", "--port", "0")
    found = {one["name"]: one for one in json.loads(checked.stdout)["checks"]}["job users"]
    assert (found["status"], found["detail"]) == (
        "warning",
        "jobs run as the server's user: `job_users` is `none`",
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    users, reason = job_users.choose(job_users.AUTO, walls=True)
    assert (users, reason) == (None, "the server was not started as root")


@as_root
def test_doctor_tells_whose_user_a_job_is(tmp_path: Path) -> None:
    def told(*options: str) -> Any:
        done = batchyard(
            "doctor", "--data-dir", str(tmp_path / "data"), "--port", "0", "--output", "json", *options
        )
        return {one["name"]: one for one in json.loads(done.stdout)["checks"]}["job users"]

    assert told()["detail"].startswith("jobs run as the server's user: development credentials work")
    assert told("--no-development-credentials")["detail"] == (
        "each account's jobs run as a user of its own, of 2000000000 to 2000065535"
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            "some",
            "takes auto, none or a range of users (FIRST-LAST, from 1000 to 2147483646), not `some`",
        ),
        ("500-600", "not `500-600`"),
        ("9-1", "not `9-1`"),
        ("1000-99999", "is among `--job-users 1000-99999`"),
    ],
)
def test_users_that_cannot_be_given_are_refused(given: str, text: str) -> None:
    assert text in refused(batchyard("serve", "--job-users", given, "--ephemeral", "--port", "0"))


def test_the_walls_are_down_while_development_credentials_work() -> None:
    assert job_users.choose(Settings().job_users, walls=False)[0] is None
