"""What counts as a use of AWSServiceRoleForBatch: each environment that has it, in whatever state, anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.iam.test_role_deletion_races import (
    COMPUTE,
    DELETION,
    NAME,
    PRINCIPAL,
    described,
    environment,
    role_id,
)
from services.iam.undriven import Owner, Undriven


@pytest.fixture(scope="module")
def undriven() -> Iterator[Undriven]:
    one = Undriven()
    yield one
    one.close()


@pytest.fixture
def owner(undriven: Undriven) -> Owner:
    return undriven.account()


def delete_role(owner: Owner, **where: str) -> dict[str, Any]:
    task = owner.invoke("iam", "DeleteServiceLinkedRole", RoleName=NAME, **where)["DeletionTaskId"]
    for _ in range(2):
        owner.step(DELETION, task, **where)
    return owner.invoke("iam", "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task, **where)


def create(owner: Owner, name: str = "one", region: str = "us-east-1", **changes: Any) -> None:
    request = {**environment(owner, name, region=region), **changes}
    owner.invoke("batch", "CreateComputeEnvironment", region=region, **request)


def bring_to(owner: Owner, status: str) -> None:
    """Leave the environment `one` in a state, by what leads to it."""
    if status == "INVALID":
        subnet = {**environment(owner)["computeResources"], "subnets": ["subnet-00000000000000000"]}
        create(owner, computeResources=subnet)
        owner.step(COMPUTE, "one")
        return
    create(owner)
    if status == "CREATING":
        return
    owner.step(COMPUTE, "one")
    if status == "VALID":
        return
    owner.invoke("batch", "UpdateComputeEnvironment", computeEnvironment="one", state="DISABLED")
    if status == "UPDATING":
        return
    owner.step(COMPUTE, "one")
    if status == "DELETING":
        owner.invoke("batch", "DeleteComputeEnvironment", computeEnvironment="one")


@pytest.mark.parametrize("status", ["CREATING", "VALID", "INVALID", "UPDATING", "DISABLED", "DELETING"])
def test_every_state_counts(owner: Owner, status: str) -> None:
    bring_to(owner, status)
    shown = described(owner, "one")
    assert status in (shown["status"], shown["state"])
    answer = delete_role(owner)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"]["RoleUsageList"][0]["Resources"] == [shown["computeEnvironmentArn"]]
    assert role_id(owner) is not None


def test_every_region_is_told(owner: Owner) -> None:
    for name, region in (("a", "eu-west-1"), ("b", "eu-west-1"), ("c", "us-east-1"), ("d", "me-south-1")):
        create(owner, name, region)
    arn = "arn:aws:batch:{}:" + owner.account + ":compute-environment/{}"
    answer = delete_role(owner)
    assert answer["Reason"]["RoleUsageList"] == [
        {"Region": "eu-west-1", "Resources": [arn.format("eu-west-1", one) for one in "ab"]},
        {"Region": "me-south-1", "Resources": [arn.format("me-south-1", "d")]},
        {"Region": "us-east-1", "Resources": [arn.format("us-east-1", "c")]},
    ]
    for region in ("eu-west-1", "me-south-1", "us-east-1"):
        assert region in answer["Reason"]["Reason"]


def test_an_environment_with_another_role_does_not_count(owner: Owner) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    owner.invoke("iam", "CreateRole", RoleName="mine", AssumeRolePolicyDocument=trust)
    owner.invoke("iam", "CreateServiceLinkedRole", AWSServiceName=PRINCIPAL)
    create(owner, serviceRole="mine")
    assert delete_role(owner) == {"Status": "SUCCEEDED"}
    assert role_id(owner) is None


def test_another_account_does_not_count(undriven: Undriven, owner: Owner) -> None:
    create(undriven.account())
    owner.invoke("iam", "CreateServiceLinkedRole", AWSServiceName=PRINCIPAL)
    assert delete_role(owner) == {"Status": "SUCCEEDED"}


def test_each_partition_has_its_own_role(owner: Owner) -> None:
    china = {"region": "cn-north-1", "partition": "aws-cn"}
    owner.invoke("iam", "CreateServiceLinkedRole", AWSServiceName=PRINCIPAL)
    request = environment(owner, **china)
    owner.invoke("batch", "CreateComputeEnvironment", **china, **request)
    linked = f"arn:aws-cn:iam::{owner.account}:role/aws-service-role/{PRINCIPAL}/{NAME}"
    assert described(owner, "one", **china)["serviceRole"] == linked
    assert delete_role(owner) == {"Status": "SUCCEEDED"}
    answer = delete_role(owner, **china)
    assert answer["Status"] == "FAILED"
    assert [one["Region"] for one in answer["Reason"]["RoleUsageList"]] == ["cn-north-1"]
    assert owner.invoke("iam", "GetRole", RoleName=NAME, **china)["Role"]["Arn"] == linked
