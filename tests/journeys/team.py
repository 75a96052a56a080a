"""A team's account as its people see it: who they are, what they may do, and a reason for everything they may not."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.cli.explain.client import Clients
from batchyard.cli.explain.events import explain_event
from batchyard.cli.explain.questions import ask
from conftest import client, wait_for
from journeys.served import BIN, Served

REGION = "us-east-1"
OWN = "${aws:PrincipalTag/team}"


@dataclass(frozen=True)
class Credentials:
    """Somebody's keys."""

    key: str
    secret: str
    token: str | None = None

    @classmethod
    def given(cls, answer: Mapping[str, Any]) -> Credentials:
        """Of CreateAccessKey's AccessKey, or of the Credentials of STS."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))

    def variables(self) -> dict[str, str]:
        """As environment variables."""
        named = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
        return named if self.token is None else {**named, "AWS_SESSION_TOKEN": self.token}


@dataclass(frozen=True)
class Denial:
    """A refusal as the caller sees it, and what `batchyard explain` tells the administrator of it."""

    code: str
    message: str
    event_id: str
    decision: Mapping[str, Any]

    @property
    def statement(self) -> tuple[str, int, str | None]:
        """The one statement that decided: policy, place and Sid."""
        (one,) = self.decision["statements"]
        return one["policy"], one["statement"], one["sid"]


class Team:
    """An account with an administrator, who can explain everything that happens in it."""

    def __init__(self, server: Served, account: str, administrator: Credentials) -> None:
        self.server = server
        self.account = account
        self.administrator = administrator
        self._clients = Clients(endpoint=server.endpoint, region=REGION)
        self._iam = self.as_(administrator, "iam")
        self._trail = self.as_(administrator, "cloudtrail")

    def arn(self, resource: str, service: str = "iam") -> str:
        """The ARN of something in the account."""
        return f"arn:aws:{service}:{'' if service == 'iam' else REGION}:{self.account}:{resource}"

    def as_(self, who: Credentials, service: str) -> Any:
        """A client with somebody's credentials."""
        return client(self.server.endpoint, service, access_key=who.key, secret=who.secret, token=who.token)

    def joins(self, name: str, group: str, **tags: str) -> Credentials:
        """A new user in a group, with keys."""
        self._iam.create_user(UserName=name, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        self._iam.add_user_to_group(UserName=name, GroupName=group)
        return Credentials.given(self._iam.create_access_key(UserName=name)["AccessKey"])

    def denied(self, call: Callable[..., Any], **request: Any) -> Denial:
        """The denial that a call ends in, explained."""
        with pytest.raises(ClientError) as caught:
            call(**request)
        answer = caught.value.response
        event_id = self._event(caught.value.operation_name, answer["ResponseMetadata"]["RequestId"])
        told = explain_event(self._clients, event_id)
        assert (told["errorCode"], told["errorMessage"]) == _as_event(answer["Error"])
        (decision,) = [one for one in told["decisions"] if one["outcome"] != "allowed"]
        return Denial(answer["Error"]["Code"], answer["Error"]["Message"], event_id, decision)

    def nearest(self, denial: Denial, *context: str) -> Any:
        """What came nearest to allowing, by the command that the explanation itself advises, with condition keys."""
        words = shlex.split(denial.decision["ask"])
        assert words[:2] == ["batchyard", "explain"]
        question = {
            name.removeprefix("--"): value for name, value in zip(words[2::2], words[3::2], strict=True)
        }
        answer = ask(self._iam, **question, context=context, region=REGION)
        assert answer["outcome"] == "implicitDeny"
        return answer["nearestMiss"]

    def explained(self, event_id: str) -> str:
        """What the command prints of an event."""
        environment = {**self.server.environment(), **self.administrator.variables()}
        command = [str(BIN / "batchyard"), "explain", event_id]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    def _event(self, name: str, request_id: str) -> str:
        """The event of a request, once it is there."""
        attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]

        def find() -> str | None:
            for event in self._trail.lookup_events(LookupAttributes=attributes)["Events"]:
                if json.loads(event["CloudTrailEvent"])["requestID"] == request_id:
                    return str(event["EventId"])
            return None

        return str(wait_for(find))


def _as_event(error: Mapping[str, Any]) -> tuple[str, str]:
    return error["Code"], error["Message"]


def aws(environment: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """The unmodified aws command."""
    return subprocess.run(
        ["aws", *command],
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "AWS_EC2_METADATA_DISABLED": "true", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def document(*statements: Mapping[str, Any]) -> str:
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal: Mapping[str, str], action: str = "sts:AssumeRole", **conditions: Any) -> str:
    """A trust policy as text."""
    statement = {"Sid": "Trusted", "Effect": "Allow", "Principal": principal, "Action": action}
    return document({**statement, "Condition": conditions} if conditions else statement)


def developers(team: Team) -> str:
    """Developers make roles within the boundary alone, hand those to Batch alone, and use what has their team's tag."""
    roles = team.arn("role/team/*")
    within = {"StringEquals": {"iam:PermissionsBoundary": team.arn("policy/boundary")}}
    batch = ["batch.amazonaws.com", "ecs-tasks.amazonaws.com"]
    changes = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"]
    removals = ["iam:DeleteRolePermissionsBoundary", "iam:DeletePolicy", "iam:CreatePolicyVersion"]
    own = {"StringEquals": {"aws:ResourceTag/team": OWN}}
    other_share = {
        "StringNotEquals": {"batch:ShareIdentifier": OWN},
        "Null": {"batch:ShareIdentifier": "false"},
    }
    return document(
        _may("RolesWithinTheBoundary", changes, roles, Condition=within),
        {**_may("KeepTheBoundary", removals, "*"), "Effect": "Deny"},
        _may(
            "HandRolesToBatch",
            "iam:PassRole",
            roles,
            Condition={"StringEquals": {"iam:PassedToService": batch}},
        ),
        _may("Look", ["batch:Describe*", "batch:List*"], "*"),
        _may("Define", ["batch:RegisterJobDefinition", "batch:TagResource", "eks:CreateCluster"], "*"),
        _may("SubmitToTheTeam", "batch:SubmitJob", "*", Condition=own),
        {**_may("OwnShareOnly", "batch:SubmitJob", "*", Condition=other_share), "Effect": "Deny"},
        _may("Operate", "sts:AssumeRole", team.arn("role/operator")),
    )


def _may(sid: str, action: str | list[str], resource: str, **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, **more}
