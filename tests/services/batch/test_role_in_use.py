"""The role while environments use it: in every Region, of every state, and until the last of them is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from services.batch.environments import describe, on_fargate, settled

ROLE = "AWSServiceRoleForBatch"
Aws = Callable[..., Any]


@pytest.fixture
def deleted(aws: Aws, wait_for: Callable[..., Any]) -> Callable[[], Any]:
    """`deleted()`: submit the role's deletion; the status of the task once it ended."""
    iam = aws("iam")

    def ask() -> Any:
        task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]

        def ended() -> Any:
            status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
            return status["Status"] in ("SUCCEEDED", "FAILED") and status

        return wait_for(ended)

    return ask


def make(aws: Aws, name: str, region: str = "us-east-1") -> str:
    arn: str = aws("batch", region=region).create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", computeResources=on_fargate(aws, region=region)
    )["computeEnvironmentArn"]
    return arn


def test_what_uses_it_keeps_it_and_goes_on(aws: Aws, deleted: Callable[[], Any]) -> None:
    """The document, sentence by sentence:

    > This protects your AWS Batch resources because you can't inadvertently remove permission to access the
      resources.
    > If you don't know whether AWS Batch is using the AWSServiceRoleForBatch role, you can try to delete the
      role.
    > If the service is using the role, then the role will fail to delete.
    """
    arn = make(aws, "one")
    before = aws("iam").get_role(RoleName=ROLE)["Role"]
    status = deleted()
    assert status["Status"] == "FAILED"
    assert status["Reason"]["RoleUsageList"] == [{"Region": "us-east-1", "Resources": [arn]}]
    assert aws("iam").get_role(RoleName=ROLE)["Role"]["RoleId"] == before["RoleId"]
    attached = aws("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["BatchServiceRolePolicy"]
    assert settled(aws("batch"), "one")["status"] == "VALID"
    assert describe(aws("batch"), "one")["serviceRole"] == before["Arn"]


def test_every_region_has_it(aws: Aws, app: Any, account: str, deleted: Callable[[], Any]) -> None:
    """The document, sentence by sentence:

    > You must delete all AWS Batch compute environments that use the AWSServiceRoleForBatch role in all AWS
      Regions before you can delete the AWSServiceRoleForBatch role.
    > AWS Batch supports using service-linked roles in all of the Regions where the service is available.
    """
    regions = sorted(boto3.Session().get_available_regions("batch"))
    assert len(regions) > 20
    made = {region: make(aws, "one", region) for region in regions}
    status = deleted()
    assert status["Status"] == "FAILED"
    usage = {one["Region"]: one["Resources"] for one in status["Reason"]["RoleUsageList"]}
    assert usage == {region: [arn] for region, arn in made.items()}
    app.reset(account)


def test_its_policy_is_for_it_alone(aws: Aws) -> None:
    """The document, sentence by sentence:

    > The defined permissions include the trust policy and the permissions policy, and that permissions policy
      cannot be attached to any other IAM entity.
    """
    iam = aws("iam")
    make(aws, "one")
    arn = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    iam.create_user(UserName="somebody")
    iam.create_group(GroupName="some")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"batch.amazonaws.com"}}]}'
    )
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust)
    for attach, whom in (
        (iam.attach_user_policy, {"UserName": "somebody"}),
        (iam.attach_group_policy, {"GroupName": "some"}),
        (iam.attach_role_policy, {"RoleName": "other"}),
    ):
        with pytest.raises(ClientError) as refused:
            attach(PolicyArn=arn, **whom)
        assert refused.value.response["Error"]["Code"] == "PolicyNotAttachable"
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [one["RoleName"] for one in entities["PolicyRoles"]] == [ROLE]
    assert (entities["PolicyUsers"], entities["PolicyGroups"]) == ([], [])
