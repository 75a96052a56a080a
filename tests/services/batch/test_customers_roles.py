"""Roles of the customer's own: AWS's policy for them suffices, and what is no role is told, not stumbled over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.services.batch.service_role import role_arn
from conftest import wait_for
from services.batch.environments import (
    delete,
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)

Aws = Callable[..., Any]
SERVICE_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
FLEET_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonEC2SpotFleetTaggingRole"


@pytest.fixture
def own_role(aws: Aws) -> str:
    """A service role as the guides make it: AWSBatchServiceRole attached, nothing else; its ARN."""
    iam = aws("iam")
    name = "AWSBatchServiceRole"
    made = iam.create_role(
        RoleName=name, Path="/service-role/", AssumeRolePolicyDocument=trust("batch.amazonaws.com")
    )
    iam.attach_role_policy(RoleName=name, PolicyArn=SERVICE_POLICY)
    arn: str = made["Role"]["Arn"]
    return arn


def create(aws: Aws, resources: dict[str, Any], **changes: Any) -> Any:
    """Create the environment `one` and wait for what becomes of it."""
    request = {"computeEnvironmentName": "one", "type": "MANAGED", "computeResources": resources, **changes}
    aws("batch").create_compute_environment(**request)
    return settled(aws("batch"), "one")


def spot(aws: Aws, **changes: Any) -> dict[str, Any]:
    """computeResources of a Spot Fleet request, with its fleet role."""
    iam = aws("iam")
    iam.create_role(RoleName="fleet", AssumeRolePolicyDocument=trust("spotfleet.amazonaws.com"))
    iam.attach_role_policy(RoleName="fleet", PolicyArn=FLEET_POLICY)
    return on_instances(aws, type="SPOT", spotIamFleetRole="fleet", **changes)


@pytest.mark.parametrize("kind", ["FARGATE", "EC2", "SPOT"])
def test_awss_policy_for_service_roles_suffices(aws: Aws, own_role: str, kind: str) -> None:
    """AWSBatchServiceRole tags tasks alone: what the role makes has no tags that it would need more for."""
    make_instance_profile(aws)
    shapes = {"FARGATE": on_fargate, "EC2": on_instances, "SPOT": spot}
    changes = {} if kind == "FARGATE" else {"minvCpus": 2}
    valid = create(aws, shapes[kind](aws, **changes), serviceRole=own_role)
    assert (valid["status"], valid["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert valid["ecsClusterArn"].rsplit("/", 1)[-1].startswith("one_Batch_")
    if kind != "FARGATE":
        wait_for(lambda: aws("ecs").list_container_instances(cluster=valid["ecsClusterArn"]))
    delete(aws("batch"), "one")
    assert aws("ecs").list_clusters()["clusterArns"] == []


def test_a_job_runs_under_awss_policy(
    aws: Aws, batch: Any, own_role: str, define: Any, reached: Any, said: Any
) -> None:
    create(aws, on_fargate(aws), serviceRole=own_role)
    batch.create_job_queue(
        jobQueueName="queue", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "one"}]
    )
    wait_for(lambda: batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["status"] == "VALID")
    job = batch.submit_job(jobName="job", jobQueue="queue", jobDefinition=define("echo hello"))
    ended = reached(job["jobId"])
    assert (ended["status"], said(ended)) == ("SUCCEEDED", ["hello"])


@pytest.mark.parametrize("given", ["arn:foo", "arn:aws:iam:", "arn:aws:iam::{account}:user/x"])
def test_what_is_no_roles_arn_turns_invalid(aws: Aws, account: str, given: str) -> None:
    """Role faults are found asynchronously (batch-on-behalf.md 4)."""
    wrong = given.format(account=account)
    assert create(aws, on_fargate(aws), serviceRole=wrong)["status"] == "INVALID"
    delete(aws("batch"), "one")
    assert describe(aws("batch"), "one") is None


@pytest.mark.parametrize(
    "given",
    [
        "arn:foo",
        "arn:aws:iam::{account}:role/nodes",
        "arn:aws:iam::{account}:instance-profile/elsewhere/nodes",
    ],
)
def test_an_instance_profile_is_meant_by_its_whole_arn(aws: Aws, account: str, given: str) -> None:
    make_instance_profile(aws)
    wrong = given.format(account=account)
    invalid = create(aws, on_instances(aws, instanceRole=wrong))
    assert (invalid["status"], invalid["statusReason"]) == (
        "INVALID",
        f"CLIENT_ERROR - Instance profile {wrong} does not exist",
    )


def test_the_right_arn_of_a_profile_with_a_path_is_found(aws: Aws) -> None:
    iam = aws("iam")
    arn = iam.create_instance_profile(InstanceProfileName="deep", Path="/a/b/")["InstanceProfile"]["Arn"]
    iam.create_role(RoleName="deep", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.add_role_to_instance_profile(InstanceProfileName="deep", RoleName="deep")
    assert create(aws, on_instances(aws, instanceRole=arn))["status"] == "VALID"


def test_another_accounts_profile_is_not_ones_own_namesake(aws: Aws, user_client: Aws) -> None:
    """PassRole is checked on the ARN given, so it is denied: nobody passes another account's role."""
    make_instance_profile(aws)
    theirs = "arn:aws:iam::999999999999:instance-profile/nodes"
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {theirs}"):
        create(aws, on_instances(aws, instanceRole=theirs))
    assert describe(aws("batch"), "one") is None


def test_what_is_no_fleet_role_turns_invalid(aws: Aws) -> None:
    make_instance_profile(aws)
    resources = on_instances(aws, type="SPOT", spotIamFleetRole="arn:foo")
    assert create(aws, resources)["status"] == "INVALID"


@pytest.mark.parametrize("member", ["jobRoleArn", "executionRoleArn"])
def test_a_job_definitions_malformed_role_is_no_server_error(batch: Any, member: str) -> None:
    """It counts as the caller's own for iam:PassRole; the tasks that would need it are refused by ECS."""
    container = {"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 128, member: "arn:foo"}
    answer = batch.register_job_definition(
        jobDefinitionName="one", type="container", containerProperties=container
    )
    assert answer["revision"] == 1


def test_the_name_taken_by_a_customers_role_is_told_in_batchs_shape(aws: Aws) -> None:
    """IAM refuses the service-linked role (slr.md 2); Batch tells it as its own ClientException [guess]."""
    aws("iam").create_role(
        RoleName="AWSServiceRoleForBatch", AssumeRolePolicyDocument=trust("batch.amazonaws.com")
    )
    with pytest.raises(aws("batch").exceptions.ClientException, match="has been taken in this account"):
        create(aws, on_fargate(aws))
    assert describe(aws("batch"), "one") is None


def test_an_empty_role_stands_for_the_service_linked_one_in_updates_too(
    aws: Aws, account: str, own_role: str
) -> None:
    """One role kind for life (batch-on-behalf.md 4), whichever way the service-linked role is named."""
    create(aws, on_fargate(aws), serviceRole=own_role)
    batch = aws("batch")
    with pytest.raises(batch.exceptions.ClientException, match="cannot be changed from or to"):
        batch.update_compute_environment(computeEnvironment="one", serviceRole="")
    batch.create_compute_environment(
        computeEnvironmentName="two", type="MANAGED", computeResources=on_fargate(aws)
    )
    settled(batch, "two")
    batch.update_compute_environment(computeEnvironment="two", serviceRole="")
    assert settled(batch, "two")["serviceRole"] == role_arn("aws", account)
