"""A Marker has at most 320 characters (the model), however long the names are that a page ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

ANYTHING = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [ANYTHING]})


def trust() -> str:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def pages(call: Callable[..., Any], member: str, **request: Any) -> list[Any]:
    """All items, one a page."""
    found: list[Any] = []
    while True:
        answer = call(**request, MaxItems=1)
        found += answer[member]
        if not answer["IsTruncated"]:
            return found
        assert len(answer["Marker"]) <= 320
        request["Marker"] = answer["Marker"]


def test_policies_of_long_names_and_paths(aws: Callable[..., Any]) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    names = [f"{'n' * 127}{letter}" for letter in "abc"]
    for name in names:
        arn = iam.create_policy(PolicyName=name, Path=f"/{'p' * 300}/", PolicyDocument=DOCUMENT)["Policy"][
            "Arn"
        ]
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    attached = pages(iam.list_attached_role_policies, "AttachedPolicies", RoleName="r")
    assert [one["PolicyName"] for one in attached] == names
    assert [one["PolicyName"] for one in pages(iam.list_policies, "Policies", Scope="Local")] == names


def test_tags_of_long_keys_and_one_that_goes_meanwhile(aws: Callable[..., Any]) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    keys = [f"{'鍵' * 127}{letter}" for letter in "abcd"]
    iam.tag_role(RoleName="r", Tags=[{"Key": key, "Value": "v"} for key in keys])
    assert [one["Key"] for one in pages(iam.list_role_tags, "Tags", RoleName="r")] == keys
    marker = iam.list_role_tags(RoleName="r", MaxItems=2)["Marker"]
    iam.untag_role(RoleName="r", TagKeys=[keys[1]])
    rest = iam.list_role_tags(RoleName="r", Marker=marker)["Tags"]
    # Where exactly it stood is gone with it: none is left out.
    assert {one["Key"] for one in rest} >= set(keys[2:])
