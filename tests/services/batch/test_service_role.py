"""AWSServiceRoleForBatch, made by CreateComputeEnvironment: the document's "Creating" and the note on top of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.environments import (
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)

ROLE = "AWSServiceRoleForBatch"
Aws = Callable[..., Any]


def arn_of(account: str) -> str:
    return f"arn:aws:iam::{account}:role/aws-service-role/batch.amazonaws.com/{ROLE}"


@pytest.mark.parametrize("given", [{}, {"serviceRole": ""}], ids=["left-out", "empty"])
def test_it_is_made_when_no_role_is_named(aws: Aws, account: str, given: dict[str, str]) -> None:
    """'When you CreateComputeEnvironment … and don't specify a value for the serviceRole parameter, AWS Batch
    creates the service-linked role for you.' 'Use an empty string for the service role.'

    > A service-linked role makes setting up AWS Batch easier because you don't have to manually add the
      necessary permissions.
    > Do one of the following to specify a service role for an AWS Batch compute environment.
    > Use an empty string for the service role.
    > This lets AWS Batch create the service role.
    > AWS Batch uses the service-linked role named AWSServiceRoleForBatch.
    > When you CreateComputeEnvironment in the AWS Management Console, the AWS CLI, or the AWS API, and don't
      specify a value for the serviceRole parameter, AWS Batch creates the service-linked role for you.
    """
    batch = aws("batch")
    batch.create_compute_environment(
        computeEnvironmentName="one", type="MANAGED", computeResources=on_fargate(aws), **given
    )
    assert describe(batch, "one")["serviceRole"] == arn_of(account)
    role = aws("iam").get_role(RoleName=ROLE)["Role"]
    assert role["Arn"] == arn_of(account)
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "batch.amazonaws.com"}
    assert settled(batch, "one")["status"] == "VALID"


@pytest.mark.parametrize("kind", ["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "EKS"])
def test_it_is_made_for_every_managed_type(aws: Aws, account: str, kind: str) -> None:
    """The document, sentence by sentence:

    > AWS Batch uses AWS Identity and Access Management (IAM) service-linked roles.
    """
    request: dict[str, Any] = {}
    if kind.startswith("FARGATE"):
        request["computeResources"] = on_fargate(aws, type=kind)
    elif kind == "EKS":
        request["computeResources"] = on_instances(aws)
        request["eksConfiguration"] = {
            "eksClusterArn": f"arn:aws:eks:us-east-1:{account}:cluster/none",
            "kubernetesNamespace": "jobs",
        }
    else:
        changes = {"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"} if kind == "SPOT" else {}
        request["computeResources"] = on_instances(aws, type=kind, **changes)
    aws("batch").create_compute_environment(computeEnvironmentName="one", type="MANAGED", **request)
    assert aws("iam").get_role(RoleName=ROLE)["Role"]["Arn"] == arn_of(account)


def test_fifty_creations_at_once_in_several_regions_make_one_role(aws: Aws, account: str) -> None:
    regions = ("us-east-1", "eu-west-1", "ap-northeast-1")
    resources = {region: on_fargate(aws, region=region) for region in regions}

    def make(number: int) -> None:
        region = regions[number % 3]
        aws("batch", region=region).create_compute_environment(
            computeEnvironmentName=f"one-{number}", type="MANAGED", computeResources=resources[region]
        )

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(make, range(50)))
    events = aws("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateServiceLinkedRole"}]
    )["Events"]
    asked = '"aWSServiceName":"batch.amazonaws.com"'
    batch_roles = [event for event in events if asked in event["CloudTrailEvent"]]
    assert len(batch_roles) == 1
    roles = {
        environment["serviceRole"]
        for region in regions
        for environment in aws("batch", region=region).describe_compute_environments()["computeEnvironments"]
    }
    assert roles == {arn_of(account)}


def test_an_unmanaged_environment_needs_a_role_or_one_that_is_there(aws: Aws, account: str) -> None:
    """batch-on-behalf.md 4: `ServiceRole is required.`; if the account has the role, it is the default.

    > This service-linked role can appear in your account if you completed an action in another service that
      uses the features supported by this role.
    """
    batch = aws("batch")
    with pytest.raises(ClientError, match=r"ServiceRole is required\."):
        batch.create_compute_environment(computeEnvironmentName="mine", type="UNMANAGED")
    assert describe(batch, "mine") is None
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    batch.create_compute_environment(computeEnvironmentName="mine", type="UNMANAGED")
    assert describe(batch, "mine")["serviceRole"] == arn_of(account)
    assert settled(batch, "mine")["status"] == "VALID"


def test_the_callers_permission_is_checked_when_the_role_must_be_made_and_only_then(
    aws: Aws, account: str, user_client: Aws
) -> None:
    """slr.md 2: the CALLER's iam:CreateServiceLinkedRole is checked."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "batch:*", "Resource": "*"}],
    }
    batch = user_client("batch", policy)
    request = {"computeEnvironmentName": "one", "type": "MANAGED", "computeResources": on_fargate(aws)}
    with pytest.raises(ClientError) as denied:
        batch.create_compute_environment(**request)
    error = denied.value.response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert (
        f"is not authorized to perform: iam:CreateServiceLinkedRole on resource: {arn_of(account)} because no"
        " identity-based policy allows the iam:CreateServiceLinkedRole action" in error["Error"]["Message"]
    )
    assert describe(aws("batch"), "one") is None
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    batch.create_compute_environment(**request)
    assert describe(aws("batch"), "one")["serviceRole"] == arn_of(account)


@pytest.mark.parametrize(("name", "allowed"), [("batch.amazonaws.com", True), ("ecs.amazonaws.com", False)])
def test_the_condition_on_the_service_name_decides(
    aws: Aws, user_client: Aws, name: str, allowed: bool
) -> None:
    condition = {"StringLike": {"iam:AWSServiceName": name}}
    statements = [
        {"Effect": "Allow", "Action": "batch:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": condition},
    ]
    batch = user_client("batch", {"Version": "2012-10-17", "Statement": statements})
    request = {"computeEnvironmentName": "one", "type": "MANAGED", "computeResources": on_fargate(aws)}
    if allowed:
        batch.create_compute_environment(**request)
    else:
        with pytest.raises(ClientError, match="iam:CreateServiceLinkedRole"):
            batch.create_compute_environment(**request)
    assert (describe(aws("batch"), "one") is not None) is allowed


def test_the_full_arn_works_and_needs_pass_role(aws: Aws, account: str, user_client: Aws) -> None:
    """'Specify the service role in the following format: arn:aws:iam::account_number:role/aws-service-role/…'

    > Do one of the following to specify a service role for an AWS Batch compute environment.
    > Specify the service role in the following format: arn:aws:iam::.account_number
      :role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch
    """
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "batch:*", "Resource": "*"}],
    }
    request = {
        "computeEnvironmentName": "one",
        "type": "MANAGED",
        "computeResources": on_fargate(aws),
        "serviceRole": arn_of(account),
    }
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {arn_of(account)}"):
        user_client("batch", policy).create_compute_environment(**request)
    aws("batch").create_compute_environment(**request)
    assert settled(aws("batch"), "one")["status"] == "VALID"


def test_pass_role_is_checked_for_each_role_that_is_handed_over(
    aws: Aws, account: str, user_client: Aws
) -> None:
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    make_instance_profile(aws)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "batch:*", "Resource": "*"}],
    }
    batch = user_client("batch", policy)
    resources = on_instances(aws)
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: arn:aws:iam::{account}:role/nodes "):
        batch.create_compute_environment(
            computeEnvironmentName="one", type="MANAGED", computeResources=resources
        )
    absent = {**resources, "instanceRole": "absent"}
    profile = f"arn:aws:iam::{account}:instance-profile/absent "
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {profile}"):
        batch.create_compute_environment(
            computeEnvironmentName="one", type="MANAGED", computeResources=absent
        )


def test_a_passed_service_role_by_name_is_checked_as_its_arn(
    aws: Aws, account: str, user_client: Aws
) -> None:
    aws("iam").create_role(RoleName="mine", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    passing = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": f"arn:aws:iam::{account}:role/mine",
        "Condition": {"StringEquals": {"iam:PassedToService": "batch.amazonaws.com"}},
    }
    statements = [{"Effect": "Allow", "Action": "batch:*", "Resource": "*"}]
    request = {
        "computeEnvironmentName": "one",
        "type": "MANAGED",
        "computeResources": on_fargate(aws),
        "serviceRole": "mine",
    }
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: arn:aws:iam::{account}:role/mine"):
        user_client("batch", {"Version": "2012-10-17", "Statement": statements}).create_compute_environment(
            **request
        )
    user_client(
        "batch", {"Version": "2012-10-17", "Statement": [*statements, passing]}
    ).create_compute_environment(**request)
    assert describe(aws("batch"), "one")["serviceRole"] == f"arn:aws:iam::{account}:role/mine"
