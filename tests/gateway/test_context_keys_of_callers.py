"""The request context, key by key, through real calls: what it tells of the caller (iam-evaluation.md 4).

The keys that every call brings are in tests/corpus/policy/calls.json.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from batchyard.app import App
from batchyard.clock import wall_now
from batchyard.identity.session import Session
from gateway.permissions import is_denied
from gateway.raw_requests import allow, policy

AsAllowed = Callable[..., Any]


@pytest.mark.parametrize("region", ["eu-central-1", "ap-southeast-2"])
def test_iam_is_always_asked_in_its_one_region(asked: AsAllowed, region: str) -> None:
    """IAM user guide, aws:RequestedRegion: calls of IAM are made to us-east-1, wherever the caller is."""
    key = ("StringEquals", "aws:RequestedRegion")
    assert asked("iam", "iam:ListUsers", *key, "us-east-1", region=region).list_users()
    wrong = asked("iam", "iam:ListUsers", *key, region, region=region)
    assert is_denied(wrong.list_users, "iam:ListUsers")
    assert asked("batch", "batch:DescribeJobQueues", *key, region, region=region).describe_job_queues()


def trusting(account: str, **condition: Any) -> list[Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return [{**statement, "Condition": condition}]


@pytest.mark.parametrize(
    ("operator", "key", "value", "right", "wrong"),
    [
        ("StringEquals", "sts:ExternalId", "12345", {"ExternalId": "12345"}, {"ExternalId": "54321"}),
        ("StringLike", "sts:RoleSessionName", "ci-*", {"RoleSessionName": "ci-1"}, {"RoleSessionName": "x1"}),
        (
            "StringEquals",
            "aws:RequestTag/team",
            "blue",
            {"Tags": [{"Key": "team", "Value": "blue"}]},
            {"Tags": [{"Key": "team", "Value": "red"}]},
        ),
        (
            "ForAllValues:StringEquals",
            "sts:TransitiveTagKeys",
            ["team"],
            {"Tags": [{"Key": "team", "Value": "a"}], "TransitiveTagKeys": ["team"]},
            {"Tags": [{"Key": "cost", "Value": "a"}], "TransitiveTagKeys": ["cost"]},
        ),
    ],
)
def test_assuming_a_role_tells_its_terms(
    account: str,
    role: Any,
    user: Any,
    sign_in: Any,
    operator: str,
    key: str,
    value: Any,
    right: Any,
    wrong: Any,
) -> None:
    arn = role("target", trust=trusting(account, **{operator: {key: value}}))
    sts = sign_in("sts", user(policy(allow(["sts:AssumeRole", "sts:TagSession"]))))
    given = {"RoleArn": arn, "RoleSessionName": "some"}
    assert sts.assume_role(**{**given, **right})["Credentials"]
    assert is_denied(lambda: sts.assume_role(**{**given, **wrong}), "sts:AssumeRole")


def test_what_a_session_carries(aws: Any, role: Any, session_of: Any, sign_in: Any) -> None:
    """Session tags over the role's own; the source identity; the time of issue."""

    def may(**condition: Any) -> dict[str, Any]:
        return allow("batch:DescribeJobQueues", Condition=condition)

    cases = [
        (
            may(StringEquals={"aws:PrincipalTag/team": "blue"}),
            {"Tags": [{"Key": "Team", "Value": "blue"}]},
            False,
        ),
        (may(StringEquals={"aws:PrincipalTag/team": "red"}), {}, False),
        (
            may(StringEquals={"aws:PrincipalTag/team": "red"}),
            {"Tags": [{"Key": "team", "Value": "blue"}]},
            True,
        ),
        (may(Null={"aws:SourceIdentity": "true"}), {}, False),
        (may(Null={"aws:TokenIssueTime": "true"}), {}, True),
    ]
    for number, (statement, given, denied) in enumerate(cases):
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        arn = role(f"r{number}", policy(statement), trust=[trust], Tags=[{"Key": "team", "Value": "red"}])
        batch = sign_in("batch", session_of(arn, **given))
        assert is_denied(batch.describe_job_queues, "batch:DescribeJobQueues") is denied, number


def test_temporary_keys_of_a_user_say_that_no_mfa_was_used(user: Any, sign_in: Any) -> None:
    """IAM user guide, aws:MultiFactorAuthPresent: absent for access keys, false for temporary ones without MFA."""
    made = user(
        policy(
            allow("batch:DescribeJobQueues", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
            allow("ecs:ListClusters", Condition={"Null": {"aws:MultiFactorAuthAge": "true"}}),
        )
    )
    assert is_denied(sign_in("batch", made).describe_job_queues, "batch:DescribeJobQueues")
    temporary = sign_in("sts", made).get_session_token()["Credentials"]
    assert sign_in("batch", temporary).describe_job_queues()["jobQueues"] == []
    assert sign_in("ecs", temporary).list_clusters()["clusterArns"] == []


def test_how_long_ago_mfa_was_used(app: App, aws: Any, account: str, user: Any, sign_in: Any) -> None:
    """aws:MultiFactorAuthAge: the seconds since the session was made with a code (IAM user guide)."""
    lately = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
    }
    made = user(policy(allow("batch:DescribeJobQueues", Condition=lately)))
    user_id = aws("iam").get_user(UserName=made["name"])["User"]["UserId"]
    session = Session("user", "aws", account, made["arn"], user_id, app.runtime.epochs.of(account))
    for hours, denied in ((0, False), (2, True)):
        issued_at = wall_now() - timedelta(hours=hours)
        given = app.runtime.issuer.issue_temporary(
            session, issued_at=issued_at, expires_at=wall_now() + timedelta(hours=1), mfa=True
        )
        batch = sign_in("batch", given)
        assert is_denied(batch.describe_job_queues, "batch:DescribeJobQueues") is denied


def test_a_caller_carried_on_by_a_service_shows_the_service(aws: Any, user: Any, sign_in: Any) -> None:
    """aws:ViaAWSService, aws:CalledViaFirst and Last; no address of its own (CreateComputeEnvironment makes a role)."""
    ec2 = aws("ec2")
    environment = {
        "type": "MANAGED",
        "computeResources": {
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    }
    wrong = {"StringEquals": {"aws:CalledViaFirst": "ecs.amazonaws.com"}}
    right = {
        "Bool": {"aws:ViaAWSService": "true", "aws:PrincipalIsAWSService": "false"},
        "StringEquals": {
            "aws:CalledViaFirst": "batch.amazonaws.com",
            "aws:CalledViaLast": "batch.amazonaws.com",
            "aws:PrincipalType": "User",
        },
        "Null": {"aws:SourceIp": "true"},
    }
    for number, (condition, denied) in enumerate(((wrong, True), (right, False))):
        made = user(
            policy(
                allow("batch:CreateComputeEnvironment"),
                allow("iam:CreateServiceLinkedRole", Condition=condition),
            )
        )
        batch = sign_in("batch", made)
        name = f"e{number}"
        found = is_denied(
            partial(batch.create_compute_environment, computeEnvironmentName=name, **environment),
            "iam:CreateServiceLinkedRole",
        )
        assert found is denied


def test_a_service_tells_for_which_resource_it_assumes_a_role(aws: Any, account: str, wait_for: Any) -> None:
    """Batch user guide, confused deputy: aws:SourceArn is the compute environment, aws:SourceAccount its account."""
    environments = f"arn:aws:batch:us-east-1:{account}:compute-environment"
    conditions = {
        "right": {
            "ArnLike": {"aws:SourceArn": f"{environments}/ri*"},
            "StringEquals": {"aws:SourceAccount": account, "aws:PrincipalServiceName": "batch.amazonaws.com"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        },
        "wrong": {"ArnLike": {"aws:SourceArn": f"{environments}/other"}},
    }
    iam, batch, ec2 = aws("iam"), aws("batch"), aws("ec2")
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    for name, condition in conditions.items():
        principal = {"Service": "batch.amazonaws.com"}
        trust = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(allow("*")))
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            serviceRole=made["Arn"],
            computeResources={"type": "FARGATE", "maxvCpus": 1, **network},
        )

    def status(name: str) -> str:
        found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
        return "" if found[0]["status"] == "CREATING" else str(found[0]["status"])

    assert {name: wait_for(partial(status, name)) for name in conditions} == {
        "right": "VALID",
        "wrong": "INVALID",
    }
