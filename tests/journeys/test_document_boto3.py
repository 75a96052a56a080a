"""boto3 walks the document from top to bottom, in three Regions and two partitions, against a served process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client, wait_for
from journeys.served import Served, served

ROLE = "AWSServiceRoleForBatch"
REGIONS = {"aws": ("us-east-1", "eu-west-1", "ap-southeast-2"), "aws-cn": ("cn-north-1", "cn-northwest-1")}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served("--ephemeral", "--pace", "0.1") as one:
        yield one


class Somebody:
    """One identity in one partition."""

    def __init__(self, endpoint: str, key: str, secret: str, home: str) -> None:
        self.endpoint, self.key, self.secret, self.home = endpoint, key, secret, home

    def aws(self, service: str, region: str | None = None) -> Any:
        return client(
            self.endpoint, service, access_key=self.key, secret=self.secret, region=region or self.home
        )

    def create(self, name: str, region: str) -> Any:
        ec2 = self.aws("ec2", region)
        return self.aws("batch", region).create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
                "securityGroupIds": [
                    one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]
                ],
            },
        )

    def environment(self, name: str, region: str) -> Any:
        batch = self.aws("batch", region)
        found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
        return found[0] if found else None

    def settled(self, name: str, region: str) -> Any:
        return wait_for(
            lambda: (
                (found := self.environment(name, region))
                and found["status"] in ("VALID", "INVALID")
                and found
            )
        )

    def delete_environment(self, name: str, region: str) -> None:
        batch = self.aws("batch", region)
        batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
        self.settled(name, region)
        batch.delete_compute_environment(computeEnvironment=name)
        wait_for(lambda: self.environment(name, region) is None)

    def delete_role(self) -> Any:
        iam = self.aws("iam")
        task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
        return wait_for(
            lambda: (
                (status := iam.get_service_linked_role_deletion_status(DeletionTaskId=task))["Status"]
                in ("SUCCEEDED", "FAILED")
                and status
            )
        )


def administrator(server: Served, partition: str, account: str) -> Somebody:
    """An IAM user with AdministratorAccess, made by root."""
    home = REGIONS[partition][0]
    iam = client(server.endpoint, "iam", access_key=account, region=home)
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn=f"arn:{partition}:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    return Somebody(server.endpoint, key["AccessKeyId"], key["SecretAccessKey"], home)


@pytest.mark.parametrize("partition", sorted(REGIONS))
def test_the_document_from_top_to_bottom(server: Served, account: str, partition: str) -> None:
    """The document, sentence by sentence; that Batch makes the role again is recorded, too (slr.md 4):

    > You can delete a service-linked role only after first deleting their related resources.
    > You don't need to manually create a service-linked role.
    > If you delete this service-linked role, and then need to create it again, you can use the same process
      to recreate the role in your account.
    > When you CreateComputeEnvironment, AWS Batch creates the service-linked role for you again.
    > However, you must clean up the resources for your service-linked role before you can manually delete it.
    > Before you can use IAM to delete a service-linked role, you must first confirm that the role has no
      active sessions and delete all of the AWS Batch compute environments that use the role in all AWS
      Regions in a single partition.
    > To check whether the service-linked role has an active session
    > If the service is using the role, then the role will fail to delete.
    > You can view the Regions where the role is being used.
    > To remove AWS Batch resources used by the AWSServiceRoleForBatch service-linked role
    > You must delete all AWS Batch compute environments that use the AWSServiceRoleForBatch role in all AWS
      Regions before you can delete the AWSServiceRoleForBatch role.
    > If the deletion fails because the role is using the service's resources, then the notification includes
      a list of resources, if the service returns that information.
    > You can then clean up the resources and submit the deletion again.
    > You can use the IAM API to delete a service-linked role.
    > To submit a deletion request for a service-linked roll, call DeleteServiceLinkedRole.
    > In the request, specify the AWSServiceRoleForBatch role name.
    > Because a service-linked role cannot be deleted if it is being used or has associated resources, you
      must submit a deletion request.
    > That request can be denied if these conditions are not met.
    > You must capture the DeletionTaskId from the response to check the status of the deletion task.
    > To check the status of the deletion, call GetServiceLinkedRoleDeletionStatus.
    > In the request, specify the DeletionTaskId.
    > AWS Batch supports using service-linked roles in all of the Regions where the service is available.
    """
    admin = administrator(server, partition, account)
    regions = REGIONS[partition]
    iam = admin.aws("iam")
    arn = f"arn:{partition}:iam::{account}:role/aws-service-role/batch.amazonaws.com/{ROLE}"
    # "You don't need to manually create a service-linked role."
    for region in regions:
        admin.create("one", region)
        assert admin.settled("one", region)["status"] == "VALID"
        assert admin.environment("one", region)["serviceRole"] == arn
    role = iam.get_role(RoleName=ROLE)["Role"]
    assert role["Arn"] == arn
    # "trusts the batch.amazonaws.com service principal to assume the role"; "unless defined otherwise, only AWS
    # Batch can assume its roles"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    with pytest.raises(ClientError, match="sts:AssumeRole"):
        admin.aws("sts").assume_role(RoleArn=arn, RoleSessionName="me")
    # "that permissions policy cannot be attached to any other IAM entity"
    policy = f"arn:{partition}:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [policy]
    with pytest.raises(ClientError) as refused:
        iam.attach_user_policy(UserName="admin", PolicyArn=policy)
    assert refused.value.response["Error"]["Code"] == "PolicyNotAttachable"
    # "you can't edit the AWSServiceRoleForBatch service-linked role … you can edit the description"
    with pytest.raises(ClientError, match="only modifiable by AWS"):
        iam.update_assume_role_policy(
            RoleName=ROLE, PolicyDocument=json.dumps(role["AssumeRolePolicyDocument"])
        )
    iam.update_role_description(RoleName=ROLE, Description="ours")
    assert iam.get_role(RoleName=ROLE)["Role"]["Description"] == "ours"
    # "review recent activity for the service-linked role"
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    report = wait_for(
        lambda: (
            (found := iam.get_service_last_accessed_details(JobId=job))["JobStatus"] == "COMPLETED" and found
        )
    )
    used = {one["ServiceNamespace"] for one in report["ServicesLastAccessed"] if "LastAuthenticated" in one}
    assert {"ecs", "ec2", "iam"} <= used <= {"autoscaling", "ec2", "ecs", "eks", "iam", "logs"}
    # "If the service is using the role, then the role will fail to delete. You can view the Regions …"
    for index, region in enumerate(regions):
        status = admin.delete_role()
        assert status["Status"] == "FAILED"
        usage = {one["Region"]: one["Resources"] for one in status["Reason"]["RoleUsageList"]}
        assert sorted(usage) == sorted(regions[index:])
        assert usage[region] == [admin.environment("one", region)["computeEnvironmentArn"]]
        admin.delete_environment("one", region)
    # "If the task succeeds, then the role is removed"
    status = admin.delete_role()
    assert status["Status"] == "SUCCEEDED"
    assert "Reason" not in status
    with pytest.raises(ClientError, match=f"The role with name {ROLE} cannot be found"):
        iam.get_role(RoleName=ROLE)
    # "When you CreateComputeEnvironment, AWS Batch creates the service-linked role for you again."
    admin.create("two", regions[0])
    assert iam.get_role(RoleName=ROLE)["Role"]["RoleId"] != role["RoleId"]
    assert admin.settled("two", regions[0])["status"] == "VALID"


def test_each_partition_has_its_own_role(server: Served, account: str) -> None:
    """The document, sentence by sentence:

    > Before you can use IAM to delete a service-linked role, you must first confirm that the role has no
      active sessions and delete all of the AWS Batch compute environments that use the role in all AWS
      Regions in a single partition.
    """
    here, there = administrator(server, "aws", account), administrator(server, "aws-cn", account)
    here.create("one", "us-east-1")
    with pytest.raises(ClientError, match="cannot be found"):
        there.aws("iam").get_role(RoleName=ROLE)
    there.create("one", "cn-north-1")
    here.settled("one", "us-east-1")
    there.settled("one", "cn-north-1")
    here.delete_environment("one", "us-east-1")
    assert here.delete_role()["Status"] == "SUCCEEDED"
    assert there.aws("iam").get_role(RoleName=ROLE)["Role"]["Arn"].startswith("arn:aws-cn:")
