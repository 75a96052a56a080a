"""Each tail of an AccessDenied that this version has reasons for (iam-evaluation.md 5, 6, 8), on a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.gateway.denial import denied as denial
from batchyard.policy.decision import Decision, Outcome, Reason
from conftest import client
from gateway.raw_requests import allow, deny, policy

GROUPS = "arn:aws:logs:us-east-1:{account}:log-group::log-stream:"


def denied(call: Callable[..., Any], **request: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of the refusal that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def text(principal: str, tail: str, *, account: str) -> str:
    """The whole message for DescribeLogGroups."""
    resource = GROUPS.format(account=account)
    return f"User: {principal} is not authorized to perform: logs:DescribeLogGroups on resource: {resource} {tail}"


NO_IDENTITY = "because no identity-based policy allows the logs:DescribeLogGroups action"


def test_no_identity_policy_allows(user: Any, sign_in: Any, account: str) -> None:
    made = user(policy(allow("logs:DescribeLogStreams")))
    answer = denied(sign_in("logs", made).describe_log_groups)
    assert answer == ("AccessDeniedException", text(made["arn"], NO_IDENTITY, account=account), 400)


def test_an_identity_policy_denies(user: Any, sign_in: Any, account: str) -> None:
    made = user(policy(allow("*"), deny("logs:Describe*")))
    _, message, _ = denied(sign_in("logs", made).describe_log_groups)
    tail = "with an explicit deny in an identity-based policy"
    assert message == text(made["arn"], tail, account=account)


def bounded(aws: Any, made: Any, boundary: str) -> None:
    arn = aws("iam").create_policy(PolicyName="boundary", PolicyDocument=boundary)["Policy"]["Arn"]
    aws("iam").put_user_permissions_boundary(UserName=made["name"], PermissionsBoundary=arn)


def test_no_permissions_boundary_allows(aws: Any, user: Any, sign_in: Any, account: str) -> None:
    made = user(policy(allow("*")))
    bounded(aws, made, policy(allow("batch:*")))
    _, message, _ = denied(sign_in("logs", made).describe_log_groups)
    tail = "because no permissions boundary allows the logs:DescribeLogGroups action"
    assert message == text(made["arn"], tail, account=account)


def test_a_permissions_boundary_denies(aws: Any, user: Any, sign_in: Any, account: str) -> None:
    made = user(policy(allow("*")))
    bounded(aws, made, policy(allow("*"), deny("logs:*")))
    _, message, _ = denied(sign_in("logs", made).describe_log_groups)
    tail = "with an explicit deny in a permissions boundary"
    assert message == text(made["arn"], tail, account=account)


def test_no_session_policy_allows(role: Any, session_of: Any, sign_in: Any, account: str) -> None:
    given = session_of(role("acting", policy(allow("*"))), Policy=policy(allow("batch:*")))
    _, message, _ = denied(sign_in("logs", given).describe_log_groups)
    tail = "because no session policy allows the logs:DescribeLogGroups action"
    session = f"arn:aws:sts::{account}:assumed-role/acting/work"
    assert message == text(session, tail, account=account)


def test_a_session_policy_denies(role: Any, session_of: Any, sign_in: Any, account: str) -> None:
    document = policy(allow("*"), deny("logs:*"))
    given = session_of(role("acting", policy(allow("*"))), Policy=document)
    _, message, _ = denied(sign_in("logs", given).describe_log_groups)
    session = f"arn:aws:sts::{account}:assumed-role/acting/work"
    assert message == text(session, "with an explicit deny in a session policy", account=account)


def test_a_deny_goes_before_every_lack(aws: Any, user: Any, sign_in: Any, account: str) -> None:
    """An explicit deny anywhere is told, though no identity policy allows (iam-evaluation.md 1)."""
    made = user(None)
    bounded(aws, made, policy(allow("*"), deny("logs:*")))
    _, message, _ = denied(sign_in("logs", made).describe_log_groups)
    tail = "with an explicit deny in a permissions boundary"
    assert message == text(made["arn"], tail, account=account)


def test_a_lack_of_identity_is_told_before_a_lack_of_boundary(
    aws: Any, user: Any, sign_in: Any, account: str
) -> None:
    made = user(None)
    bounded(aws, made, policy(allow("batch:*")))
    _, message, _ = denied(sign_in("logs", made).describe_log_groups)
    assert message == text(made["arn"], NO_IDENTITY, account=account)


def test_no_trust_policy_allows(role: Any, user: Any, sign_in: Any, account: str) -> None:
    trust = [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    arn = role("others", trust=trust)
    made = user(policy(allow("sts:AssumeRole")))
    answer = denied(sign_in("sts", made).assume_role, RoleArn=arn, RoleSessionName="work")
    said = (
        f"User: {made['arn']} is not authorized to perform: sts:AssumeRole on resource: {arn} because no role"
        " trust policy allows the sts:AssumeRole action"
    )
    assert answer == ("AccessDenied", said, 403)


def test_across_accounts_it_is_not_told_which_policy_decided(
    user: Any, sign_in: Any, endpoint: str, other_account: str
) -> None:
    """Nobody learns from a denial what another account's policies say (IAM user guide: access denied)."""
    made = user(policy(allow("sts:AssumeRole")))
    said = f"User: {made['arn']} is not authorized to perform: sts:AssumeRole on resource: "
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    there = client(endpoint, "iam", access_key=other_account)
    arn = there.create_role(RoleName="theirs", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    for one in (arn, f"{arn}-that-is-not-there"):
        answer = denied(sign_in("sts", made).assume_role, RoleArn=one, RoleSessionName="work")
        assert answer == ("AccessDenied", said + one, 403)


def test_a_trust_policy_denies(role: Any, user: Any, sign_in: Any, account: str) -> None:
    everyone = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    made = user(policy(allow("sts:AssumeRole")))
    but_one = {"Effect": "Deny", "Principal": {"AWS": made["arn"]}, "Action": "sts:AssumeRole"}
    arn = role("others", trust=[everyone, but_one])
    _, message, _ = denied(sign_in("sts", made).assume_role, RoleArn=arn, RoleSessionName="work")
    assert message.endswith("with an explicit deny in the role trust policy")


def test_an_identity_policy_denies_passing_a_role(role: Any, user: Any, sign_in: Any, account: str) -> None:
    arn = role("passed")
    made = user(policy(allow("eks:CreateCluster")))
    eks = sign_in("eks", made)
    request = {"name": "x", "roleArn": arn, "resourcesVpcConfig": {}}
    code, message, status = denied(eks.create_cluster, **request)
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: {made['arn']} is not authorized to perform: iam:PassRole on resource: {arn} because no"
        " identity-based policy allows the iam:PassRole action"
    )


def test_without_a_resource_level_the_denial_names_a_star(user: Any, sign_in: Any) -> None:
    made = user(None)
    _, message, _ = denied(sign_in("batch", made).describe_job_queues)
    assert message == (
        f"User: {made['arn']} is not authorized to perform: batch:DescribeJobQueues on resource: * because no"
        " identity-based policy allows the batch:DescribeJobQueues action"
    )


@pytest.mark.parametrize(
    ("reason", "lacking", "denying"),
    [
        (
            "resource-based policy",
            "because no resource-based policy allows the logs:PutLogEvents action",
            "with an explicit deny in a resource-based policy",
        ),
        (
            "service control policy",
            "because no service control policy allows the logs:PutLogEvents action",
            "with an explicit deny in a service control policy",
        ),
        (
            "resource control policy",
            "because no resource control policy allows the logs:PutLogEvents action",
            "with an explicit deny in a resource control policy",
        ),
    ],
)
def test_policies_that_no_account_here_has_are_told_alike(reason: Reason, lacking: str, denying: str) -> None:
    """Organizations and resource-based policies come with simulations alone; the words are made in one place."""
    told: dict[str, Any] = {
        "principal_arn": "arn:aws:iam::123456789012:user/u",
        "action": "logs:PutLogEvents",
    }
    told_as: dict[Outcome, str] = {"implicitDeny": lacking, "explicitDeny": denying}
    for outcome, tail in told_as.items():
        decision = Decision(outcome, reason, ())
        refusal = denial("logs", **told, resource="*", decision=decision)
        assert refusal.message == (
            f"User: {told['principal_arn']} is not authorized to perform: logs:PutLogEvents on resource: * {tail}"
        )


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "start"),
    [
        ("iam", "list_users", "AccessDenied", 403, "User: "),
        ("autoscaling", "describe_auto_scaling_groups", "AccessDenied", 403, "User: "),
        ("ecs", "list_clusters", "AccessDeniedException", 400, "User: "),
        ("logs", "describe_log_groups", "AccessDeniedException", 400, "User: "),
        ("cloudtrail", "lookup_events", "AccessDeniedException", 400, "User: "),
        ("batch", "describe_job_queues", "AccessDeniedException", 403, "User: "),
        ("eks", "list_clusters", "AccessDeniedException", 403, "User: "),
        (
            "ec2",
            "describe_vpcs",
            "UnauthorizedOperation",
            403,
            "You are not authorized to perform this operation. User: ",
        ),
    ],
)
def test_each_protocol_has_its_code(
    service: str, operation: str, code: str, status: int, start: str, user: Any, sign_in: Any
) -> None:
    made = user(None)
    found, message, answered = denied(getattr(sign_in(service, made), operation))
    assert (found, answered) == (code, status)
    assert message.startswith(start + made["arn"])
