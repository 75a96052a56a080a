"""Users and roles deleted and made again under the same name: trust policies do not mean the new ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.iam.answers import allow, refused


def trusting(*arns: str, name: str = "AWS") -> str:
    """A trust policy for principals."""
    named = list(arns) if len(arns) > 1 else arns[0]
    statement = {"Effect": "Allow", "Principal": {name: named}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal_of(iam: Any, role: str) -> Any:
    """The AWS principals in a role's trust policy, as GetRole shows them."""
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return document["Statement"][0]["Principal"]["AWS"]


def make_user(iam: Any) -> tuple[Any, dict[str, str]]:
    """The user `/x/worker`, who may assume what trusts it, and a key of its."""
    made = iam.create_user(UserName="worker", Path="/x/")["User"]
    iam.put_user_policy(UserName="worker", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    return made, key


def delete_user(iam: Any, key: dict[str, str]) -> None:
    iam.delete_access_key(UserName="worker", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="worker", PolicyName="p")
    iam.delete_user(UserName="worker")


def test_a_user_made_anew_is_not_the_one_that_was_trusted(iam: Any, signed: Any) -> None:
    made, key = make_user(iam)
    target = iam.create_role(RoleName="target", AssumeRolePolicyDocument=trusting(made["Arn"]))["Role"]["Arn"]
    sts = signed("sts", key["AccessKeyId"], key["SecretAccessKey"])
    sts.assume_role(RoleArn=target, RoleSessionName="first")
    delete_user(iam, key)
    assert principal_of(iam, "target") == made["UserId"]
    again, key = make_user(iam)
    assert again["Arn"] == made["Arn"]
    sts = signed("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert refused(sts.assume_role, RoleArn=target, RoleSessionName="second")[0] == "AccessDenied"
    iam.update_assume_role_policy(RoleName="target", PolicyDocument=trusting(again["Arn"]))
    sts.assume_role(RoleArn=target, RoleSessionName="third")


@pytest.mark.parametrize("listed", [False, True])
def test_a_roles_id_stands_where_its_arn_stood_and_nothing_else_moves(
    iam: Any, account: str, listed: bool
) -> None:
    root = f"arn:aws:iam::{account}:root"
    made = iam.create_role(RoleName="gone", AssumeRolePolicyDocument=trusting(root))["Role"]
    near = iam.create_role(RoleName="gone-not", AssumeRolePolicyDocument=trusting(root))["Role"]
    names = (made["Arn"], near["Arn"]) if listed else (made["Arn"],)
    iam.create_role(RoleName="target", AssumeRolePolicyDocument=trusting(*names))
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trusting(near["Arn"]))
    iam.delete_role(RoleName="gone")
    kept = principal_of(iam, "target")
    assert kept == ([made["RoleId"], near["Arn"]] if listed else made["RoleId"])
    assert principal_of(iam, "other") == near["Arn"]


def test_a_deleted_linked_role_leaves_its_id_too(iam: Any, wait_for: Any) -> None:
    made = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
    iam.create_role(RoleName="target", AssumeRolePolicyDocument=trusting(made["Arn"]))
    task = iam.delete_service_linked_role(RoleName=made["RoleName"])["DeletionTaskId"]
    ask = iam.get_service_linked_role_deletion_status
    wait_for(lambda: ask(DeletionTaskId=task)["Status"] == "SUCCEEDED")
    assert principal_of(iam, "target") == made["RoleId"]
