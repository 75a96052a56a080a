"""Corpus cases as real calls: which can be put as one, and the call that asks a server the same question.

A case can be put where its action is one of CALLS, its resource names what the call touches, and its request
context holds what a real call brings by itself (NATURAL) or what the call's parameters bring.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from batchyard.policy.grammar import CURRENT

TRUST_NOBODY: dict[str, Any] = {
    "Version": CURRENT,
    "Statement": {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
}
_TRUST = json.dumps(TRUST_NOBODY)
_ROLE = r"role/(?P<Path>(?:.+/)?)(?P<RoleName>[^/]+)"
_USER = r"user/(?P<Path>(?:.+/)?)(?P<UserName>[^/]+)"
_LINKED = r"role/aws-service-role/(?P<Principal>[^/]+)/(?P<RoleName>[^/]+)"

CALLS = {
    # action: what the resource's last part looks like, the parameters it gives, fixed ones
    "iam:CreateUser": (_USER, ("UserName", "Path"), {}),
    "iam:GetUser": (r"user/(?P<UserName>[^/]+)", ("UserName",), {}),
    "iam:DeleteUser": (r"user/(?P<UserName>[^/]+)", ("UserName",), {}),
    "iam:CreateAccessKey": (r"user/(?P<UserName>[^/]+)", ("UserName",), {}),
    "iam:ListAccessKeys": (r"user/(?P<UserName>[^/]+)", ("UserName",), {}),
    "iam:DeleteUserPermissionsBoundary": (r"user/(?P<UserName>[^/]+)", ("UserName",), {}),
    "iam:CreateRole": (_ROLE, ("RoleName", "Path"), {"AssumeRolePolicyDocument": _TRUST}),
    "iam:GetRole": (r"role/(?P<RoleName>[^/]+)", ("RoleName",), {}),
    "iam:DeleteRole": (r"role/(?P<RoleName>[^/]+)", ("RoleName",), {}),
    "iam:UpdateRole": (r"role/(?P<RoleName>[^/]+)", ("RoleName",), {}),
    "iam:CreateServiceLinkedRole": (_LINKED, ("AWSServiceName",), {}),
    "iam:DeleteServiceLinkedRole": (_LINKED, ("RoleName",), {}),
    "iam:UpdateRoleDescription": (_LINKED, ("RoleName",), {"Description": "x"}),
    "iam:ListRoles": (r"role/", (), {}),
    "sts:AssumeRole": (r"role/(?P<RoleName>[^/]+)", (), {"RoleSessionName": "asked"}),
    "ec2:DescribeInstances": (r"\*", (), {}),
    "ec2:DescribeSubnets": (r"\*", (), {}),
    "batch:DescribeJobQueues": (r"\*", (), {}),
    "batch:DescribeComputeEnvironments": (r"\*", (), {}),
    "batch:DeleteJobQueue": (r"job-queue/(?P<jobQueue>[^/]+)", ("jobQueue",), {}),
    "batch:DeleteComputeEnvironment": (
        r"compute-environment/(?P<computeEnvironment>[^/]+)",
        ("computeEnvironment",),
        {},
    ),
    "batch:TerminateJob": (r"job/(?P<jobId>[^/]+)", ("jobId",), {"reason": "x"}),
    "batch:CancelJob": (r"job/(?P<jobId>[^/]+)", ("jobId",), {"reason": "x"}),
    "ecs:ListClusters": (r"\*", (), {}),
    "ecs:CreateCluster": (r"\*", (), {"clusterName": "AWSBatch-x"}),
    "ecs:DeleteCluster": (r"cluster/(?P<cluster>.+)", ("cluster",), {}),
    "logs:CreateLogGroup": (r"log-group:(?P<logGroupName>[^:*]+):log-stream:", ("logGroupName",), {}),
    "logs:DeleteLogGroup": (r"log-group:(?P<logGroupName>[^:*]+):log-stream:", ("logGroupName",), {}),
}
_REQUEST_KEYS = {
    "sts:ExternalId": "ExternalId",
    "iam:PermissionsBoundary": "PermissionsBoundary",
}
# What every call brings, and what it says there; None: the value is the moment's, or the client's.
NATURAL = {
    "aws:sourceip": "127.0.0.1",
    "aws:securetransport": "false",
    "aws:viaawsservice": "false",
    "aws:principalisawsservice": "false",
    "aws:currenttime": None,
    "aws:epochtime": None,
    "aws:useragent": None,
    "aws:principalaccount": "account",
    "aws:resourceaccount": "account",
    "aws:principalarn": "arn",
    "aws:principaltype": "type",
    "aws:userid": None,
    "aws:username": "name",
    "aws:requestedregion": "region",
}
_OF_SESSIONS = {"aws:multifactorauthpresent": "false", "aws:tokenissuetime": None}
_TYPES = {"user": "User", "role-session": "AssumedRole", "root": "Account"}
PRINCIPALS = ("user", "role-session", "root")


@dataclass(frozen=True)
class Call:
    """One call: which service and operation, in which Region, with which request; the caller's tags."""

    action: str
    region: str
    request: dict
    principal_tags: dict = field(default_factory=dict)

    @property
    def service(self):
        return self.action.split(":")[0]


def call_of(case):
    """The call that asks what the case asks, or None where no call does."""
    request, policies = case["request"], case["policies"]
    principal = request["principal"]
    if request["action"] not in CALLS or principal["kind"] not in PRINCIPALS:
        return None
    if ":role/aws-service-role/" in (principal.get("role_arn") or ""):
        return None
    if policies.get("scp") or policies.get("rcp") or policies.get("session") == []:
        return None
    if policies.get("resource") and not request.get("trust_required"):
        return None
    if request["action"] == "sts:AssumeRole" and (
        not policies.get("resource") or principal["kind"] == "root"
    ):
        # Who may assume a role that is not there is another question, and root may assume none at all.
        return None
    return _filled(case)


def _filled(case):
    request = case["request"]
    pattern, names, fixed = CALLS[request["action"]]
    region, found = _place(request["resource"], request["resource_account"], pattern)
    if found is None:
        return None
    given = {**fixed, **_parameters(found.groupdict(), names)}
    if request["action"] == "sts:AssumeRole":
        given["RoleArn"] = request["resource"]
    tags, principal_tags, values = {}, {}, dict(found.groupdict(), region=region)
    for key, value in request["context"].items():
        name, _, tag = key.partition("/")
        if key in _REQUEST_KEYS:
            given[_REQUEST_KEYS[key]] = value
        elif name.lower() == "aws:requesttag" and request["action"] in ("iam:CreateUser", "iam:CreateRole"):
            tags[tag] = value
        elif name.lower() == "aws:principaltag" and request["principal"]["kind"] != "root":
            principal_tags[tag] = value
        elif key.lower() != "aws:tagkeys" and not _comes_by_itself(key, value, request, values):
            return None
    if set(request["context"].get("aws:TagKeys", ())) != set(tags) or _leans_on_what_comes(case):
        return None
    if tags:
        given["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return Call(request["action"], region, given, principal_tags)


def _place(resource, account, pattern):
    """The Region of a resource and how its last part matches; it must be the account's."""
    if resource == "*":
        return "us-east-1", re.fullmatch(pattern, "*")
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[4] != account:
        return "", None
    return parts[3] or "us-east-1", re.fullmatch(pattern, parts[5])


def _parameters(found, names):
    values = {name: value for name, value in found.items() if name in names and value}
    if "AWSServiceName" in names:
        values["AWSServiceName"] = found["Principal"]
    if "Path" in values:
        values["Path"] = f"/{values['Path']}"
    return values


def _comes_by_itself(key, value, request, values):
    principal = request["principal"]
    key = key.lower()
    if key == "iam:awsservicename":
        return value == values.get("Principal")
    known = NATURAL if principal["kind"] != "role-session" else {**NATURAL, **_OF_SESSIONS}
    if key not in known:
        return False
    says = {
        "account": request["resource_account"] if key == "aws:resourceaccount" else principal["account"],
        "arn": principal.get("role_arn") or principal["arn"],
        "name": principal["arn"].rpartition("/")[2] if principal["kind"] == "user" else None,
        "region": values["region"],
        "type": _TYPES[principal["kind"]],
    }
    expected = known[key]
    if key == "aws:useragent":
        return value.startswith("Boto3/")
    return expected is None or value == says.get(expected, expected)


def _leans_on_what_comes(case):
    """A policy asks for a key that comes by itself although the case has none."""
    text = json.dumps(case["policies"]).lower()
    given = {key.lower() for key in case["request"]["context"]}
    keys = [*NATURAL, *_OF_SESSIONS, "iam:awsservicename", "sts:rolesessionname"]
    return any(f'"{key}"' in text or f"${{{key}" in text for key in keys if key not in given)
