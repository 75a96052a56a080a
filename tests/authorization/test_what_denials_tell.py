"""A denial is the same for what is there and for what is not: of every built operation that looks a name up."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from authorization.checks import SERVICES, Asked, asked, built
from authorization.full_requests import NAME, full_request
from authorization.names import Planted
from conftest import Serving, client

CASES = Path(__file__).parent / "cases"
HERE, NOWHERE = "100000000001", "100000000002"
"""An account with one of everything, and one with nothing."""

TOLD_BY_AWS = {
    "iam:PassRole": "the role inside a profile, too (AWS re:Post, ec2-not-auth-launch)",
    "ecs:RunTask": "the newest revision of a family (aws/aws-cdk#30390, LBHackney-IT/Data-Platform#1818)",
    "ecs:StartTask": "as RunTask",
    **dict.fromkeys(
        (
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteAutoScalingGroup",
            "autoscaling:DeleteTags",
            "autoscaling:ResumeProcesses",
            "autoscaling:SetDesiredCapacity",
            "autoscaling:SetInstanceProtection",
            "autoscaling:SuspendProcesses",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            "autoscaling:UpdateAutoScalingGroup",
        ),
        "a group's id (kubernetes/autoscaler#1218, terraform-aws-modules/terraform-aws-eks#336)",
    ),
}
"""Actions whose denials tell on AWS what a name stands for, with the evidence; docs/security.md says so."""

OPERATIONS = sorted((service, name) for service in SERVICES for name in built(service))
_IDENTITY = re.compile(r"(Ids?|Arns?|ARNs?)$", re.IGNORECASE)


@pytest.fixture(scope="module")
def planted(serving: Serving) -> Iterator[Planted]:
    """One of each in the account HERE."""
    yield Planted(serving.app, HERE, NAME)
    for account in (HERE, NOWHERE):
        serving.app.reset(account)


def by_name(value: Any) -> Any:
    """A request without its ids, ARNs and revisions: what is left of them names things."""
    if isinstance(value, dict):
        return {key: by_name(inner) for key, inner in value.items() if not _IDENTITY.search(key)}
    if isinstance(value, list):
        return [by_name(inner) for inner in value]
    return value.replace(f"{NAME}:1", NAME) if isinstance(value, str) else value


def requests(service: str, operation: str, account: str, planted: Planted) -> Iterator[dict[str, Any]]:
    """The full request of an operation, and the same by names alone; ids that stand for names are planted ones."""
    arn = f"arn:aws:{service}:us-east-1:{account}:{NAME}"
    whole = full_request(service, operation, account, arn, {})
    for request in (whole, by_name(whole)):
        if "AccessKeyId" in request:
            request["AccessKeyId"] = planted.access_key
        if "KeyPairId" in request:
            request |= {"KeyPairId": planted.key_pair, "KeyName": ""}
        yield request


def checks(serving: Serving, account: str, service: str, operation: str, request: Any) -> list[Asked]:
    try:
        found = list(asked(serving.app, account, service, operation, request))
    except KeyError:  # A required id is left out: nothing is looked up by name.
        return []
    return [one for one in found if one.action not in TOLD_BY_AWS]


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_what_a_check_tells_does_not_depend_on_what_is_there(
    serving: Serving, planted: Planted, service: str, operation: str
) -> None:
    def told(account: str) -> list[list[tuple[str, str]]]:
        return [
            [
                (one.action, one.told.replace(account, "ACCOUNT"))
                for one in checks(serving, account, service, operation, request)
            ]
            for request in requests(service, operation, account, planted)
        ]

    assert told(HERE) == told(NOWHERE)


def looking_up(serving: Serving, planted: Planted) -> set[tuple[str, str]]:
    """The operations whose checks are on other resources where the things are there."""
    found = set()
    for service, operation in OPERATIONS:
        here, nowhere = (
            [
                [
                    one.resource.replace(account, "ACCOUNT")
                    for one in checks(serving, account, service, operation, request)
                ]
                for request in requests(service, operation, account, planted)
            ]
            for account in (HERE, NOWHERE)
        )
        if here != nowhere:
            found.add((service, operation))
    return found


def test_the_operations_that_look_names_up_are_found(serving: Serving, planted: Planted) -> None:
    """Else the comparison would compare nothing; and each exception is one that is still needed."""
    found = looking_up(serving, planted)
    assert found >= {
        ("autoscaling", "CreateAutoScalingGroup"),
        ("ec2", "AuthorizeSecurityGroupIngress"),
        ("ec2", "DeleteKeyPair"),
        ("ec2", "DeleteLaunchTemplate"),
        ("ec2", "RequestSpotFleet"),
        ("ec2", "RunInstances"),
        ("iam", "DeleteServiceLinkedRole"),
        ("iam", "GetAccessKeyLastUsed"),
        ("iam", "GetGroup"),
        ("iam", "GetInstanceProfile"),
        ("iam", "GetRole"),
        ("iam", "GetUser"),
        ("iam", "UpdateUser"),
    }
    assert len(found) > 80
    told = set()
    for service, operation in OPERATIONS:
        here, nowhere = (
            {
                (one.action, one.told.replace(account, "ACCOUNT"))
                for request in requests(service, operation, account, planted)
                for one in _asked(serving, account, service, operation, request)
            }
            for account in (HERE, NOWHERE)
        )
        told |= {action for action, _ in here ^ nowhere}
    assert told == set(TOLD_BY_AWS)


def _asked(serving: Serving, account: str, service: str, operation: str, request: Any) -> list[Asked]:
    try:
        return list(asked(serving.app, account, service, operation, request))
    except KeyError:
        return []


_TEMPLATE = {"LaunchTemplateName": NAME, "Version": "1"}
_FURTHER: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "RunInstances", {"LaunchTemplate": _TEMPLATE, "MinCount": 1, "MaxCount": 1}),
    ("ec2", "RunInstances", {"SecurityGroups": [NAME], "KeyName": NAME, "MinCount": 1, "MaxCount": 1}),
    (
        "ec2",
        "RequestSpotFleet",
        {
            "SpotFleetRequestConfig": {
                "IamFleetRole": "arn:aws:iam::{account}:role/fleet",
                "TargetCapacity": 0,
                "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": _TEMPLATE}],
            }
        },
    ),
    ("ec2", "DeleteKeyPair", {"KeyPairId": "{key pair}"}),
    ("iam", "UpdateUser", {"UserName": NAME, "NewUserName": "another"}),
    ("iam", "UpdateGroup", {"GroupName": NAME, "NewGroupName": "another"}),
]
"""Requests that look up something else than the rows in `cases/`."""

_MEMBERS = {
    "LaunchTemplateId": "LaunchTemplateName",
    "GroupId": "GroupName",
    **{
        one: one
        for one in (
            "UserName",
            "RoleName",
            "GroupName",
            "InstanceProfileName",
            "LaunchTemplateName",
            "AutoScalingGroupName",
            "KeyName",
        )
    },
}


def _named(value: Any) -> Any:
    """A row's request, with the planted name in place of its names and ids."""
    if isinstance(value, dict):
        return {
            _MEMBERS.get(key, key): NAME if key in _MEMBERS else _named(inner) for key, inner in value.items()
        }
    return [_named(one) for one in value] if isinstance(value, list) else value


def _calls(found: set[tuple[str, str]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for service in sorted({service for service, _ in found}):
        for row in json.loads((CASES / f"{service}.json").read_text()):
            if (service, row["operation"]) in found:
                yield service, row["operation"], _named(row["request"])
    yield from _FURTHER


class Caller:
    """The user `somebody` of an account, with one policy at a time."""

    def __init__(self, endpoint: str, account: str) -> None:
        self._iam = client(endpoint, "iam", access_key=account)
        self._iam.create_user(UserName="somebody")
        key = self._iam.create_access_key(UserName="somebody")["AccessKey"]
        self._account = account
        credentials = {"access_key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        self._client = functools.cache(lambda service: client(endpoint, service, **credentials))
        self._allowed: str | None = ""

    def denial(self, service: str, operation: str, request: Any, but: str | None) -> tuple[str, str, int]:
        """What a call is told by one who may do nothing, or everything but one action; no account is in it.

        Code, text, and how long the encoded message is.
        """
        self._may(but)
        given = json.loads(json.dumps(request).replace("{account}", self._account))
        try:
            getattr(self._client(service), xform_name(operation))(**given)
        except ClientError as error:
            text = error.response["Error"]["Message"].replace(self._account, "ACCOUNT")
            plain, _, encoded = text.partition("Encoded authorization failure message: ")
            return error.response["Error"]["Code"], plain, len(encoded)
        return "", "", 0

    def _may(self, but: str | None) -> None:
        if self._allowed == but:
            return
        self._allowed = but
        statement = {"Effect": "Deny" if but is None else "Allow", "Resource": "*"}
        which = {"Action": "none:Nothing"} if but is None else {"NotAction": but}
        document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **which}]})
        self._iam.put_user_policy(UserName="somebody", PolicyName="p", PolicyDocument=document)


def test_denials_over_the_wire_do_not_differ(serving: Serving, planted: Planted) -> None:
    callers = {account: Caller(serving.endpoint, account) for account in (HERE, NOWHERE)}
    ids = {"{key pair}": planted.key_pair, "AKIAIOSFODNN7EXAMPLE": planted.access_key}
    compared = 0
    for service, operation, request in _calls(looking_up(serving, planted)):
        text = json.dumps(request)
        for placeholder, value in ids.items():
            text = text.replace(placeholder, value)
        given = json.loads(text)
        lacking = {one.action for one in checks(serving, HERE, service, operation, given)}
        for but in itertools.chain([None], sorted(lacking)):
            here, nowhere = (
                callers[account].denial(service, operation, given, but) for account in (HERE, NOWHERE)
            )
            assert here == nowhere, (operation, request, but)
            assert "not authorized" in here[1], (operation, request, but)
            compared += 1
    assert compared > 160
