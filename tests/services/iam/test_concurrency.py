"""Many at once: one maker wins, and the rest are told so in AWS's words."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from services.iam.answers import EC2_TRUST

AT_ONCE = 50


def _outcomes(call: Any, *arguments: dict[str, Any]) -> Counter[str]:
    def one(request: dict[str, Any]) -> str:
        try:
            call(**request)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "made"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(threads.map(one, arguments))


def test_fifty_at_once_make_one_role(iam: Any) -> None:
    names = ("Same", "same", "SAME", "sAmE", "saME")
    requests = [
        {"RoleName": names[number % 5], "AssumeRolePolicyDocument": EC2_TRUST} for number in range(AT_ONCE)
    ]
    assert _outcomes(iam.create_role, *requests) == {"made": 1, "EntityAlreadyExists": AT_ONCE - 1}
    assert len(iam.list_roles()["Roles"]) == 1


def test_fifty_at_once_make_one_linked_role(iam: Any) -> None:
    requests = [{"AWSServiceName": "batch.amazonaws.com"}] * AT_ONCE
    assert _outcomes(iam.create_service_linked_role, *requests) == {"made": 1, "InvalidInput": AT_ONCE - 1}
    (role,) = iam.list_roles()["Roles"]
    assert len(iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]) == 1


def test_fifty_at_once_ask_for_one_deletion(iam: Any, wait_for: Any) -> None:
    iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    name = "AWSServiceRoleForBatch"

    def ask(_: int) -> str:
        try:
            return str(iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"])
        except iam.exceptions.NoSuchEntityException:
            return "gone"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        tasks = set(threads.map(ask, range(AT_ONCE))) - {"gone"}
    (task,) = tasks
    status = iam.get_service_linked_role_deletion_status
    wait_for(lambda: status(DeletionTaskId=task)["Status"] == "SUCCEEDED")
    assert iam.list_roles()["Roles"] == []


def test_the_quotas_hold_under_a_rush(iam: Any) -> None:
    iam.create_user(UserName="u")
    outcomes = _outcomes(iam.create_access_key, *([{"UserName": "u"}] * 20))
    assert outcomes == {"made": 2, "LimitExceeded": 18}
    assert len(iam.list_access_keys(UserName="u")["AccessKeyMetadata"]) == 2
