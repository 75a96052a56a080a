"""A trust policy names principals that are there, and keeps the very ones that it named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.iam.answers import allow, refused


def trusting(*names: str, element: str = "Principal") -> str:
    statement = {"Effect": "Allow", element: {"AWS": list(names)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize("name", ["user/nobody", "role/nobody", "user/other/alice", "user/Alice"])
@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_user_or_role_that_is_not_there(iam: Any, account: str, name: str, element: str) -> None:
    """hashicorp/terraform-provider-aws#8905, opstrace/opstrace#88 (recorded from CreateRole)."""
    iam.create_user(UserName="alice")
    arn = f"arn:aws:iam::{account}:{name}"
    document = trusting(f"arn:aws:iam::{account}:root", arn, element=element)
    with pytest.raises(ClientError) as caught:
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    assert caught.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert caught.value.response["Error"]["Message"] == f'Invalid principal in policy: "AWS":"{arn}"'
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(account))
    with pytest.raises(ClientError, match="Invalid principal in policy"):
        iam.update_assume_role_policy(RoleName="r", PolicyDocument=document)


def test_principals_that_are_there_and_those_of_other_accounts(iam: Any, account: str) -> None:
    """Other accounts' principals are taken as written: a deliberate difference, as nobody may have made them here."""
    user = iam.create_user(UserName="alice", Path="/team/")["User"]["Arn"]
    role = iam.create_role(RoleName="first", AssumeRolePolicyDocument=trusting(user))["Role"]["Arn"]
    elsewhere = "arn:aws:iam::111122223333:role/ci"
    session = f"arn:aws:sts::{account}:assumed-role/first/x"
    document = trusting(user, role, elsewhere, session, account)
    made = iam.create_role(RoleName="second", AssumeRolePolicyDocument=document)["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(document)


def test_a_renamed_user_is_trusted_as_before_and_a_namesake_is_not(iam: Any, signed: Any) -> None:
    """AWS keeps principals by their unique ids (IAM user guide, "Principal")."""
    made = iam.create_user(UserName="worker", Path="/x/")["User"]
    iam.put_user_policy(UserName="worker", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    # A document may spell the slashes of an ARN with escapes.
    for role, document in (
        ("plain", trusting(made["Arn"])),
        ("escaped", trusting(made["Arn"]).replace("/", "\\/")),
    ):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
    iam.update_user(UserName="worker", NewUserName="builder", NewPath="/y/")
    renamed = iam.get_user(UserName="builder")["User"]["Arn"]
    namesake = iam.create_user(UserName="worker", Path="/x/")["User"]
    assert namesake["Arn"] == made["Arn"] != renamed
    iam.put_user_policy(UserName="worker", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    other = iam.create_access_key(UserName="worker")["AccessKey"]
    for role in ("plain", "escaped"):
        shown = iam.get_role(RoleName=role)["Role"]
        assert shown["AssumeRolePolicyDocument"] == json.loads(trusting(renamed))
        sts = signed("sts", key["AccessKeyId"], key["SecretAccessKey"])
        assert sts.assume_role(RoleArn=shown["Arn"], RoleSessionName="same")
        sts = signed("sts", other["AccessKeyId"], other["SecretAccessKey"])
        assert refused(sts.assume_role, RoleArn=shown["Arn"], RoleSessionName="other")[0] == "AccessDenied"
