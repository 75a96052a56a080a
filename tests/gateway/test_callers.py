"""Who may call, who is dead, and who carries whom on: root, users, role sessions, temporary credentials, services."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.app import App
from gateway.raw_requests import READS, allow, policy, send, sign, unsigned

ENDED = {
    "iam": ("InvalidClientTokenId", 403),
    "sts": ("InvalidClientTokenId", 403),
    "autoscaling": ("InvalidClientTokenId", 403),
    "ec2": ("AuthFailure", 401),
    "batch": ("UnrecognizedClientException", 403),
    "eks": ("UnrecognizedClientException", 403),
    "ecs": ("UnrecognizedClientException", 400),
    "logs": ("UnrecognizedClientException", 400),
    "cloudtrail": ("UnrecognizedClientException", 400),
}


def refused(endpoint: str, service: str, given: Any) -> tuple[str, int]:
    """Code and status of the refusal of a harmless call with STS's credentials."""
    signed = sign(
        unsigned(endpoint, service),
        service,
        key=given["AccessKeyId"],
        secret=given["SecretAccessKey"],
        token=given["SessionToken"],
    )
    reply = send(endpoint, signed)
    return reply.error(service)[0], reply.status


def test_each_kind_of_caller_is_who_it_is(
    aws: Any, account: str, user: Callable[..., Any], role: Any, session_of: Any, sign_in: Any
) -> None:
    made = user(None)
    of_user = sign_in("sts", made).get_session_token()["Credentials"]
    of_root = aws("sts").get_session_token()["Credentials"]
    of_role = session_of(role("acting"), name="work")
    shown = [
        sign_in("sts", one).get_caller_identity()["Arn"]
        for one in ({"key": account, "secret": "test"}, of_root, made, of_user, of_role)
    ]
    root = f"arn:aws:iam::{account}:root"
    of_role_arn = f"arn:aws:sts::{account}:assumed-role/acting/work"
    assert shown == [root, root, made["arn"], made["arn"], of_role_arn]


def test_a_session_of_a_user_has_the_users_permissions(user: Callable[..., Any], sign_in: Any) -> None:
    made = user(policy(allow("logs:DescribeLogGroups")))
    given = sign_in("sts", made).get_session_token()["Credentials"]
    assert sign_in("logs", given).describe_log_groups()["logGroups"] == []
    with pytest.raises(ClientError, match="not authorized to perform: ecs:ListClusters"):
        sign_in("ecs", given).list_clusters()


@pytest.mark.parametrize("service", sorted(READS))
def test_a_deleted_roles_session_is_dead(
    service: str, endpoint: str, aws: Any, role: Any, session_of: Any
) -> None:
    arn = role("gone", policy(allow("*")))
    given = session_of(arn)
    assert refused(endpoint, service, given) == ("", 200)
    aws("iam").delete_role_policy(RoleName="gone", PolicyName="inline")
    aws("iam").delete_role(RoleName="gone")
    assert refused(endpoint, service, given) == ENDED[service]
    role("gone", policy(allow("*")))
    assert refused(endpoint, service, given) == ENDED[service], "a role of that name, but another RoleId"


def test_a_deleted_users_session_is_dead(
    endpoint: str, aws: Any, user: Callable[..., Any], sign_in: Any
) -> None:
    made = user(None)
    given = sign_in("sts", made).get_session_token()["Credentials"]
    assert refused(endpoint, "sts", given) == ("", 200)
    aws("iam").delete_access_key(UserName=made["name"], AccessKeyId=made["key"])
    aws("iam").delete_user(UserName=made["name"])
    assert refused(endpoint, "sts", given) == ENDED["sts"]


def test_a_reset_ends_every_session_of_the_account(
    endpoint: str, app: App, account: str, aws: Any, role: Any, session_of: Any
) -> None:
    given = session_of(role("acting", policy(allow("*"))))
    of_root = aws("sts").get_session_token()["Credentials"]
    app.reset(account)
    assert refused(endpoint, "iam", given) == ENDED["iam"]
    assert refused(endpoint, "iam", of_root) == ENDED["iam"]


def test_a_key_belongs_to_its_partition(endpoint: str, user: Callable[..., Any]) -> None:
    made = user(policy(allow("*")))
    signed = sign(
        unsigned(endpoint, "iam"), "iam", key=made["key"], secret=made["secret"], region="cn-northwest-1"
    )
    assert send(endpoint, signed).error("iam")[0] == "InvalidClientTokenId"


def records(aws: Any, name: str, wait_for: Any, *, count: int = 1) -> list[Any]:
    """The CloudTrail records of an event's name, the newest first."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]

    def ask() -> list[Any]:
        found = aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
        return [json.loads(one["CloudTrailEvent"]) for one in found] if len(found) >= count else []

    found: list[Any] = wait_for(ask)
    return found


def test_a_caller_carried_on_by_a_service_shows_it(
    aws: Any, user: Callable[..., Any], sign_in: Any, wait_for: Any
) -> None:
    """Batch makes its role as the caller: the caller's permissions, with aws:CalledVia, and invokedBy."""
    via_batch = {"ForAnyValue:StringEquals": {"aws:CalledVia": "batch.amazonaws.com"}}
    made = user(
        policy(
            allow("batch:CreateComputeEnvironment"),
            allow("iam:CreateServiceLinkedRole", Condition=via_batch),
            allow("sts:GetSessionToken"),
        )
    )
    with pytest.raises(ClientError, match="not authorized to perform: iam:CreateServiceLinkedRole"):
        sign_in("iam", made).create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    ec2 = aws("ec2")
    sign_in("batch", made).create_compute_environment(
        computeEnvironmentName="one",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    carried = next(
        one
        for one in records(aws, "CreateServiceLinkedRole", wait_for)
        if "errorCode" not in one and one["requestParameters"]["aWSServiceName"] == "batch.amazonaws.com"
    )
    asked = records(aws, "CreateComputeEnvironment", wait_for)[0]
    assert carried["userIdentity"]["arn"] == made["arn"]
    assert carried["userIdentity"]["invokedBy"] == "batch.amazonaws.com"
    assert carried["sourceIPAddress"] == carried["userAgent"] == "batch.amazonaws.com"
    assert carried["requestID"] != asked["requestID"]
    assert "invokedBy" not in asked["userIdentity"]
    assert asked["sourceIPAddress"] == "127.0.0.1"
    direct = [one for one in records(aws, "CreateServiceLinkedRole", wait_for) if "errorCode" in one]
    assert [one["errorCode"] for one in direct] == ["AccessDenied"]


def test_a_service_principal_is_allowed_nothing_but_what_trusts_it(app: App, account: str) -> None:
    """Identity comes from sessions alone: a service's own session may assume roles, and do nothing else."""
    from batchyard.framework.errors import AccessDenied
    from batchyard.gateway.sessions import service_session
    from batchyard.identity.session import Call

    epoch = app.runtime.epochs.of(account)
    session = service_session("batch.amazonaws.com", partition="aws", account=account, epoch=epoch)
    with pytest.raises(AccessDenied, match=r"^AccessDenied: User: batch\.amazonaws\.com is not authorized"):
        app.gateway.invoke(session, Call("iam", "ListUsers", {}, "us-east-1"))
