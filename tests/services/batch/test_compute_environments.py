"""Compute environments: states, wrong roles and how they heal, update, delete (batch-on-behalf.md 4-6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from conftest import Serving, client, wait_for
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
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def create(aws: Aws, name: str = "one", region: str = "us-east-1", **changes: Any) -> Any:
    request = {"computeEnvironmentName": name, "type": "MANAGED", **changes}
    request.setdefault("computeResources", on_fargate(aws, region=region))
    return aws("batch", region=region).create_compute_environment(**request)


@pytest.fixture(scope="module")
def unhurried() -> Iterator[Serving]:
    """A server that stays in each state long enough for a busy machine to see it."""
    one = Serving(Settings(ephemeral=True, port=0, pace=1))
    yield one
    one.close()


@pytest.fixture
def there(unhurried: Serving, account: str) -> Aws:
    """`aws`, on the unhurried server."""
    return lambda service, region="us-east-1": client(
        unhurried.endpoint, service, access_key=account, region=region
    )


def test_it_passes_through_awss_states(there: Aws, account: str) -> None:
    answer = create(there)
    arn = f"arn:aws:batch:us-east-1:{account}:compute-environment/one"
    assert answer == {
        "computeEnvironmentName": "one",
        "computeEnvironmentArn": arn,
        "ResponseMetadata": answer["ResponseMetadata"],
    }
    batch = there("batch")
    assert describe(batch, arn)["status"] == "CREATING"
    valid = settled(batch, "one")
    assert (valid["status"], valid["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert valid["ecsClusterArn"].startswith(f"arn:aws:ecs:us-east-1:{account}:cluster/AWSBatch-one-")
    batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
    assert describe(batch, "one")["status"] == "UPDATING"
    assert settled(batch, "one")["state"] == "DISABLED"
    batch.delete_compute_environment(computeEnvironment="one")
    assert describe(batch, "one")["status"] == "DELETING"
    wait_for(lambda: describe(batch, "one") is None)


def test_everything_that_batch_made_is_gone_afterwards_and_nothing_else(aws: Aws) -> None:
    make_instance_profile(aws)
    aws("ecs").create_cluster(clusterName="mine")
    aws("ec2").create_launch_template(
        LaunchTemplateName="mine", LaunchTemplateData={"InstanceType": "c5.large"}
    )
    create(aws, computeResources=on_instances(aws, minvCpus=2))
    batch = aws("batch")
    assert settled(batch, "one")["status"] == "VALID"
    wait_for(lambda: len(running_instances(aws)) == 1)
    delete(batch, "one")
    assert [arn.rsplit("/", 1)[-1] for arn in aws("ecs").list_clusters()["clusterArns"]] == ["mine"]
    templates = aws("ec2").describe_launch_templates()["LaunchTemplates"]
    assert [one["LaunchTemplateName"] for one in templates] == ["mine"]
    assert aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert running_instances(aws) == []


def running_instances(aws: Aws) -> list[Any]:
    reservations = aws("ec2").describe_instances()["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    return [one for one in instances if one["State"]["Name"] not in ("terminated", "shutting-down")]


def test_one_whose_cluster_is_gone_already_can_be_deleted(aws: Aws) -> None:
    """A deletion may have come that far before the server was killed; or the owner was quicker."""
    batch = aws("batch")
    create(aws)
    cluster = settled(batch, "one")["ecsClusterArn"]
    aws("ecs").delete_cluster(cluster=cluster)
    delete(batch, "one")


def test_a_managed_environment_on_instances_is_built_as_recorded(aws: Aws, account: str) -> None:
    """batch-on-behalf.md 2: names, tags and the fields of the Auto Scaling group."""
    make_instance_profile(aws)
    create(aws, computeResources=on_instances(aws, minvCpus=4, tags={"team": "blue"}))
    assert settled(aws("batch"), "one")["status"] == "VALID"
    group = wait_for(
        lambda: [
            one
            for one in aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
            if len(one["Instances"]) == 2
        ]
    )[0]
    unique = re.fullmatch(r"AWSBatch-one-asg-([0-9a-f-]{36})", group["AutoScalingGroupName"])
    assert unique is not None
    assert group["LaunchTemplate"]["LaunchTemplateName"] == f"Batch-lt-{unique.group(1)}"
    assert (group["MinSize"], group["DesiredCapacity"], group["DefaultCooldown"]) == (0, 2, 300)
    assert (group["HealthCheckType"], group["HealthCheckGracePeriod"]) == ("EC2", 0)
    assert group["NewInstancesProtectedFromScaleIn"] is True
    assert group["TerminationPolicies"] == ["Default"]
    assert [one["ProcessName"] for one in group["SuspendedProcesses"]] == ["AZRebalance"]
    linked = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert group["ServiceLinkedRoleARN"] == f"arn:aws:iam::{account}:{linked}"
    tags = {one["Key"]: one["Value"] for one in group["Tags"]}
    assert tags == {"team": "blue", "AWSBatchServiceTag": "batch"}
    instances = wait_for(lambda: running_instances(aws))
    instance_tags = {one["Key"]: one["Value"] for one in instances[0]["Tags"]}
    assert instance_tags["AWSBatchServiceTag"] == "batch"
    assert instance_tags["aws:autoscaling:groupName"] == group["AutoScalingGroupName"]
    cluster = describe(aws("batch"), "one")["ecsClusterArn"]
    wait_for(lambda: len(aws("ecs").list_container_instances(cluster=cluster)["containerInstanceArns"]) == 2)


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("arn:aws:iam::{account}:role/absent", "arn:aws:iam::{account}:role/absent"),
        (
            "arn:aws:iam::{account}:role/AWSServiceRoleForBatch",
            "arn:aws:iam::{account}:role/AWSServiceRoleForBatch",
        ),
        ("pathed", "arn:aws:iam::{account}:role/pathed"),
        ("other", "arn:aws:iam::{account}:role/other"),
    ],
    ids=["missing", "wrong-path", "bare-name-of-a-role-with-a-path", "trusts-another-service"],
)
def test_a_wrong_role_is_accepted_turns_invalid_and_heals(
    aws: Aws, account: str, role: str, reason: str
) -> None:
    """batch-on-behalf.md 4 and 6, iam-evaluation.md 6; UpdateComputeEnvironment with a right role heals it."""
    iam = aws("iam")
    iam.create_role(RoleName="pathed", Path="/team/", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_role(RoleName="right", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    iam.put_role_policy(RoleName="right", PolicyName="all", PolicyDocument=EVERYTHING)
    create(aws, serviceRole=role.format(account=account))
    batch = aws("batch")
    invalid = settled(batch, "one")
    assert invalid["status"] == "INVALID"
    assert re.fullmatch(
        r"CLIENT_ERROR - User: batch\.amazonaws\.com is not authorized to perform: sts:AssumeRole on resource: "
        + re.escape(reason.format(account=account))
        + r" \(Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; Request ID: [0-9a-f-]{36};"
        r" Proxy: null\)",
        invalid["statusReason"],
    )
    batch.update_compute_environment(computeEnvironment="one", serviceRole="right")
    wait_for(lambda: describe(batch, "one")["status"] == "VALID")
    assert describe(batch, "one")["serviceRole"] == f"arn:aws:iam::{account}:role/right"
    delete(batch, "one")


def test_an_invalid_environment_can_be_disabled_and_deleted(aws: Aws, account: str) -> None:
    create(aws, serviceRole=f"arn:aws:iam::{account}:role/absent")
    batch = aws("batch")
    assert settled(batch, "one")["status"] == "INVALID"
    delete(batch, "one")


def test_a_role_that_loses_a_right_makes_it_invalid_in_awss_words(aws: Aws, account: str) -> None:
    """batch-on-behalf.md 3 and 6; iam-evaluation.md 7 for the name of Batch's sessions."""
    iam = aws("iam")
    iam.create_role(RoleName="right", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    document = EVERYTHING.replace('"Action":"*"', '"NotAction":"ecs:CreateCluster"')
    iam.put_role_policy(RoleName="right", PolicyName="some", PolicyDocument=document)
    create(aws, serviceRole="right")
    batch = aws("batch")
    reason = settled(batch, "one")["statusReason"]
    assert reason.startswith(
        f"CLIENT_ERROR - User: arn:aws:sts::{account}:assumed-role/right/aws-batch is not authorized to perform:"
        " ecs:CreateCluster on resource: "
    )
    assert "because no identity-based policy allows the ecs:CreateCluster action" in reason
    assert "(Service: AmazonECS; Status Code: 400; Error Code: AccessDeniedException; Request ID: " in reason
    iam.put_role_policy(RoleName="right", PolicyName="some", PolicyDocument=EVERYTHING)
    wait_for(lambda: describe(batch, "one")["status"] == "VALID")


def test_the_kind_of_role_is_for_life(aws: Aws, account: str) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="right", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    iam.put_role_policy(RoleName="right", PolicyName="all", PolicyDocument=EVERYTHING)
    create(aws, "linked")
    create(aws, "mine", serviceRole="right")
    batch = aws("batch")
    settled(batch, "linked")
    settled(batch, "mine")
    linked = f"arn:aws:iam::{account}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    for name, role in (("linked", "right"), ("mine", linked)):
        with pytest.raises(ClientError) as refused:
            batch.update_compute_environment(computeEnvironment=name, serviceRole=role)
        assert refused.value.response["Error"]["Code"] == "ClientException"
        assert describe(batch, name)["status"] == "VALID"


def test_a_name_in_use_is_a_409(aws: Aws) -> None:
    """batch-jobs.md 14: `Object already exists.` with HTTP 409."""
    create(aws)
    with pytest.raises(ClientError, match=r"Object already exists\.") as clash:
        create(aws)
    assert clash.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_it_must_be_disabled_and_settled_to_be_deleted(there: Aws) -> None:
    create(there)
    batch = there("batch")
    with pytest.raises(ClientError, match=r"Cannot delete, resource is being modified\."):
        batch.delete_compute_environment(computeEnvironment="one")
    settled(batch, "one")
    with pytest.raises(ClientError, match="DISABLED"):
        batch.delete_compute_environment(computeEnvironment="one")


def test_an_absent_instance_profile_is_the_reason(aws: Aws) -> None:
    create(aws, computeResources=on_instances(aws, instanceRole="absent"))
    invalid = settled(aws("batch"), "one")
    assert invalid["statusReason"] == "CLIENT_ERROR - Instance profile absent does not exist"


def test_an_absent_kubernetes_cluster_is_the_reason_in_ekss_words(aws: Aws, account: str) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to describe the Amazon EKS cluster resource for validations.
    """
    create(
        aws,
        computeResources=on_instances(aws),
        eksConfiguration={
            "eksClusterArn": f"arn:aws:eks:us-east-1:{account}:cluster/none",
            "kubernetesNamespace": "jobs",
        },
    )
    invalid = settled(aws("batch"), "one")
    assert invalid["status"] == "INVALID"
    assert invalid["statusReason"].startswith(
        "CLIENT_ERROR - No cluster found for name: none. (Service: AmazonEKS; Status Code: 404;"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instanceRole": None}, "Instance role is required."),
        ({"instanceRole": None, "minvCpus": None}, "Instance role is required."),
        ({"minvCpus": None}, "Resource minvCpus is required."),
        ({"instanceTypes": ["x9.huge"]}, "Instance type can only be one of ["),
        ({"type": "SPOT"}, "ComputeResources.spotIamFleetRole cannot not be null or empty"),
    ],
)
def test_what_aws_refuses_at_once(aws: Aws, changes: dict[str, Any], text: str) -> None:
    """batch-jobs.md 14."""
    resources = {key: value for key, value in on_instances(aws, **changes).items() if value is not None}
    with pytest.raises(ClientError, match=re.escape(text)) as refused:
        create(aws, computeResources=resources)
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert describe(aws("batch"), "one") is None
    with pytest.raises(ClientError):
        aws("iam").get_role(RoleName="AWSServiceRoleForBatch")


@pytest.mark.parametrize("member", ["instanceTypes", "tags", "minvCpus"])
def test_what_is_not_for_fargate_is_refused(aws: Aws, member: str) -> None:
    values: dict[str, Any] = {"instanceTypes": ["c5.large"], "tags": {"a": "b"}, "minvCpus": 0}
    with pytest.raises(ClientError, match=f"{member} is not applicable for Fargate"):
        create(aws, computeResources=on_fargate(aws, **{member: values[member]}))


def test_a_parameter_that_is_not_honoured_is_refused_by_name(aws: Aws) -> None:
    create(aws)
    settled(aws("batch"), "one")
    settings = {"containerInsights": "ENABLED"}
    with pytest.raises(ClientError, match="ecsSettings") as refused:
        aws("batch").update_compute_environment(computeEnvironment="one", ecsSettings=settings)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_describe_pages_by_name(aws: Aws) -> None:
    for number in range(5):
        create(aws, f"one-{number}")
    pages = (
        aws("batch").get_paginator("describe_compute_environments").paginate(PaginationConfig={"PageSize": 2})
    )
    names = [[one["computeEnvironmentName"] for one in page["computeEnvironments"]] for page in pages]
    assert names == [["one-0", "one-1"], ["one-2", "one-3"], ["one-4"]]
