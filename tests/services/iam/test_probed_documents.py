"""What IAM was probed with (cdk-preflight, rules/iam), asked from outside; each form stands in tests/corpus/policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


def trusting(principal: Any, action: str = "sts:AssumeRole") -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def update(aws: Any) -> Any:
    """`update(trust)`: the refusal of UpdateAssumeRolePolicy as (code, text); None where it is taken."""
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"Service": "ec2.amazonaws.com"}))

    def call(document: str) -> tuple[str, str] | None:
        try:
            iam.update_assume_role_policy(RoleName="r", PolicyDocument=document)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        return None

    return call


def test_trust_policies(update: Any, account: str) -> None:
    actions = "AssumeRole policy may only specify STS AssumeRole actions."
    for action in ("sts:*", "sts:assumerole", "*", "sts:AssumeRoot"):
        found = update(trusting({"AWS": account}, action))
        assert found == ("MalformedPolicyDocument", actions)
    service = 'Invalid principal in policy: "SERVICE":"lambda.example.com"'
    assert update(trusting({"Service": "lambda.example.com"})) == ("MalformedPolicyDocument", service)
    missing = f"arn:aws:sts::{account}:assumed-role/x/y"
    text = f'Invalid principal in policy: "AWS":"{missing}"'
    assert update(trusting({"AWS": missing})) == ("MalformedPolicyDocument", text)
    assert update(trusting({"AWS": f"arn:aws:sts::{account}:assumed-role/r/y"})) is None


def test_an_account_with_dashes_is_that_account(
    update: Any, aws: Any, user_client: Any, account: str
) -> None:
    dashed = f"{account[:4]}-{account[4:8]}-{account[8:]}"
    assert update(trusting({"AWS": dashed})) is None
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    sts = user_client("sts", {"Version": "2012-10-17", "Statement": may})
    role = f"arn:aws:iam::{account}:role/r"
    assert sts.assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    other = "9" + dashed[1:] if dashed[0] != "9" else "8" + dashed[1:]
    assert update(trusting({"AWS": other})) is None
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="work")


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        ("NumericLessThan", "1e3", None),
        ("ArnLike", "nope", "The policy failed legacy parsing"),
        ("ArnLike", "${aws:PrincipalArn}", "The policy failed legacy parsing"),
        ("BinaryEquals", "YWJj==", "Syntax errors in policy."),
    ],
)
def test_values_of_conditions(operator: str, value: str, text: str | None, aws: Any, user: Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    condition = {"Condition": {operator: {"s3:max-keys": value}}}
    document = json.dumps({"Version": "2012-10-17", "Statement": {**statement, **condition}})
    put = {"UserName": user(None)["name"], "PolicyName": "p", "PolicyDocument": document}
    if text is None:
        aws("iam").put_user_policy(**put)
        return
    with pytest.raises(ClientError) as caught:
        aws("iam").put_user_policy(**put)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("MalformedPolicyDocument", text)
