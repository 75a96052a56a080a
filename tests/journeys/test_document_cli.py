"""The unmodified aws CLI walks the document from top to bottom, in three Regions and two partitions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import wait_for
from docs.warm_aws import warm_aws
from journeys.served import Served, served

ROLE = "AWSServiceRoleForBatch"
REGIONS = {"aws": ("us-east-1", "eu-west-1", "ap-southeast-2"), "aws-cn": ("cn-north-1",)}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served("--ephemeral", "--pace", "0.1") as one:
        yield one


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same command, kept in memory between calls: the longer walk would take too long with cold starts."""
    with warm_aws(tmp_path_factory.mktemp("aws")) as directory:
        yield directory


class CommandFailed(Exception):
    """The aws command ended with an error; the text is what it printed."""


class Shell:
    """The aws command as one account's root, in one Region."""

    def __init__(self, server: Served, account: str, region: str, commands: Path | None) -> None:
        self._environment = server.environment(key=account, region=region)
        if commands is not None:
            self._environment["PATH"] = f"{commands}:{self._environment['PATH']}"
        self.region = region

    def aws(self, *arguments: str) -> Any:
        done = subprocess.run(
            ["aws", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise CommandFailed(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def make_environment(self) -> None:
        subnet = self.aws("ec2", "describe-subnets")["Subnets"][0]["SubnetId"]
        group = self.aws("ec2", "describe-security-groups")["SecurityGroups"][0]["GroupId"]
        resources = f"type=FARGATE,maxvCpus=4,subnets={subnet},securityGroupIds={group}"
        names = ("--compute-environment-name", "one", "--type", "MANAGED")
        self.aws("batch", "create-compute-environment", *names, "--compute-resources", resources)
        self.settled()

    def environment(self) -> Any:
        found = self.aws("batch", "describe-compute-environments")["computeEnvironments"]
        return found[0] if found else None

    def settled(self) -> Any:
        return wait_for(lambda: (found := self.environment())["status"] in ("VALID", "INVALID") and found)

    def delete_environment(self) -> None:
        self.aws("batch", "update-compute-environment", "--compute-environment", "one", "--state", "DISABLED")
        self.settled()
        self.aws("batch", "delete-compute-environment", "--compute-environment", "one")
        wait_for(lambda: self.environment() is None)

    def delete_role(self) -> Any:
        task = self.aws("iam", "delete-service-linked-role", "--role-name", ROLE)["DeletionTaskId"]
        ask = ("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task)
        return wait_for(
            lambda: (status := self.aws(*ask))["Status"] not in ("NOT_STARTED", "IN_PROGRESS") and status
        )


@pytest.mark.parametrize("partition", ["aws", pytest.param("aws-cn", marks=pytest.mark.slow)])
@pytest.mark.timeout(300)
def test_the_document_from_top_to_bottom(server: Served, warm: Path, account: str, partition: str) -> None:
    """The document, sentence by sentence:

    > You don't need to manually create a service-linked role.
    > When you CreateComputeEnvironment in the AWS Management Console, the AWS CLI, or the AWS API, and don't
      specify a value for the serviceRole parameter, AWS Batch creates the service-linked role for you.
    > When you CreateComputeEnvironment, AWS Batch creates the service-linked role for you again.
    > You can view the Regions where the role is being used.
    > You can use IAM commands from the AWS Command Line Interface to delete a service-linked role.
    > Because a service-linked role can't be deleted if it's being used or has associated resources, you must
      submit a deletion request.
    > That request can be denied if these conditions aren't met.
    > You must capture the deletion-task-id from the response to check the status of the deletion task.
    > Enter the following command to submit a service-linked role deletion request: $ aws iam
      delete-service-linked-role --role-name AWSServiceRoleForBatch
    > Use the following command to check the status of the deletion task: $ aws iam
      get-service-linked-role-deletion-status --deletion-task-id deletion-task-id
    """
    commands = warm if partition == "aws" else None
    shells = [Shell(server, account, region, commands) for region in REGIONS[partition]]
    here = shells[0]
    arn = f"arn:{partition}:iam::{account}:role/aws-service-role/batch.amazonaws.com/{ROLE}"
    # Creating: no role is named, in any Region.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Shell.make_environment, shells))
    for shell in shells:
        environment = shell.environment()
        assert (environment["status"], environment["serviceRole"]) == ("VALID", arn)
    before = here.aws("iam", "get-role", "--role-name", ROLE)["Role"]
    assert before["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "Service": "batch.amazonaws.com"
    }
    # Editing: only the description.
    with pytest.raises(CommandFailed, match="this role is only modifiable by AWS"):
        here.aws("iam", "delete-role", "--role-name", ROLE)
    here.aws("iam", "update-role", "--role-name", ROLE, "--description", "what Batch acts as")
    after = here.aws("iam", "get-role", "--role-name", ROLE)["Role"]
    assert after["Description"] == "what Batch acts as"
    assert (after["Arn"], after["RoleId"]) == (before["Arn"], before["RoleId"])
    # Deleting: it fails with the Regions in use, until every environment is gone.
    status = here.delete_role()
    assert status["Status"] == "FAILED"
    assert [one["Region"] for one in status["Reason"]["RoleUsageList"]] == sorted(REGIONS[partition])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Shell.delete_environment, shells))
    assert here.delete_role() == {"Status": "SUCCEEDED"}
    with pytest.raises(CommandFailed, match=f"The role with name {ROLE} cannot be found"):
        here.aws("iam", "get-role", "--role-name", ROLE)
    # "AWS Batch creates the service-linked role for you again."
    here.make_environment()
    assert here.aws("iam", "get-role", "--role-name", ROLE)["Role"]["RoleId"] != before["RoleId"]
