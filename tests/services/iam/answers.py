"""What the IAM tests say often: documents, and the error that a call ends in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

EC2_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> str:
    """A policy that allows this, as text."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of the error that the call ends in; fails where it succeeds."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return (
        answer["Error"]["Code"],
        answer["Error"]["Message"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
    )


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without botocore's own addition."""
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


OWNERS = {
    "user": {
        "create": "create_user",
        "get": "get_user",
        "delete": "delete_user",
        "put_policy": "put_user_policy",
        "get_policy": "get_user_policy",
        "list_policies": "list_user_policies",
        "delete_policy": "delete_user_policy",
        "attach_policy": "attach_user_policy",
        "detach_policy": "detach_user_policy",
        "list_attached": "list_attached_user_policies",
        "put_boundary": "put_user_permissions_boundary",
        "delete_boundary": "delete_user_permissions_boundary",
    },
    "group": {
        "create": "create_group",
        "put_policy": "put_group_policy",
        "get_policy": "get_group_policy",
        "list_policies": "list_group_policies",
        "delete_policy": "delete_group_policy",
        "attach_policy": "attach_group_policy",
        "detach_policy": "detach_group_policy",
        "list_attached": "list_attached_group_policies",
    },
    "role": {
        "create": "create_role",
        "get": "get_role",
        "delete": "delete_role",
        "put_policy": "put_role_policy",
        "get_policy": "get_role_policy",
        "list_policies": "list_role_policies",
        "delete_policy": "delete_role_policy",
        "attach_policy": "attach_role_policy",
        "detach_policy": "detach_role_policy",
        "list_attached": "list_attached_role_policies",
        "put_boundary": "put_role_permissions_boundary",
        "delete_boundary": "delete_role_permissions_boundary",
    },
}


class Owner:
    """A user, group or role that the tests put policies on; the three are tested alike."""

    def __init__(self, iam: Any, kind: str) -> None:
        self.kind = kind
        self.name = {f"{kind.capitalize()}Name": "owner"}
        self._iam = iam
        extra = {"AssumeRolePolicyDocument": EC2_TRUST} if kind == "role" else {}
        self.call("create")(**self.name, **extra)

    def call(self, verb: str) -> Any:
        """The client's method for this kind of owner: `owner.call("put_policy")`."""
        return getattr(self._iam, OWNERS[self.kind][verb])
