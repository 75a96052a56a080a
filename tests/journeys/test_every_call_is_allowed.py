"""Each call by a service-linked role, from creation to deletion, was allowed by a statement that the audit names.

The events are read as an administrator reads them (LookupEvents), the policy too (GetPolicyVersion). What a statement's
conditions ask for is taken from the recorded requests, and the naive evaluator of tests/policy is asked again. Which
statement allowed which actions stands in tests/services/statements.json, and in docs/statements.md for users.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore import xform_name

from journeys import every_step
from journeys.every_step import records
from policy import reference
from services.statement_table import ROLES, Role

Aws = Callable[..., Any]
PASSED_TO = {
    "CreateLaunchTemplate": "ec2.amazonaws.com",
    "RequestSpotFleet": "ec2.amazonaws.com",
    "RunInstances": "ec2.amazonaws.com",
    "RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "RunTask": "ecs-tasks.amazonaws.com",
}
RESOURCE_ID = re.compile(r"\b(?:i-[0-9a-f]{17}|lt-[0-9a-f]{17}|sfr-[0-9a-f-]{36})\b")
BATCH = Path(__file__).parents[2] / "src/batchyard/services/batch"


def lowered(value: Any) -> Any:
    """The same with member names in lower case, however a service writes them; an item's number is left out."""
    if isinstance(value, dict):
        return {name.lower(): lowered(inner) for name, inner in value.items() if name != "tag"}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def tags_in(value: Any) -> dict[str, str]:
    """Every tag that a request gives, however deep its pairs are."""
    if isinstance(value, list):
        return {name: one for item in value for name, one in tags_in(item).items()}
    if not isinstance(value, dict):
        return {}
    if isinstance(value.get("key"), str) and isinstance(value.get("value"), str):
        return {value["key"]: value["value"]}
    return tags_in(list(value.values()))


class Made:
    """What was made in an account: each resource's tags by its id, each launch template's tags for what it launches."""

    def __init__(self, aws: Aws) -> None:
        self.tags: dict[str, dict[str, str]] = {}
        self.templates: dict[str, list[Any]] = {}
        for name in ("CreateLaunchTemplate", "RequestSpotFleet", "RunInstances"):
            for record in records(aws, None, name):
                self._note(lowered(record["requestParameters"]), json.dumps(record["responseElements"]))

    def of(self, arn: str) -> dict[str, str]:
        """The tags that a resource got when it was made, whoever made it."""
        return self.tags.get(arn.rsplit("/", 1)[-1], {})

    def given(self, request: Any) -> dict[str, str]:
        """The tags that a request gives, and those that its launch template gives."""
        named = request.get("launchtemplate") or {}
        template = self.templates.get(
            named.get("launchtemplateid") or named.get("launchtemplatename") or "", []
        )
        return {**tags_in({"specifications": template}), **tags_in(request)}

    def _note(self, request: Any, response: str) -> None:
        request = request.get("createlaunchtemplaterequest", request)
        asked = request.get("spotfleetrequestconfig", request)
        for identity in RESOURCE_ID.findall(response):
            self.tags[identity] = tags_in({"specifications": specifications_in(asked)})
            if "launchtemplatedata" in request:
                launched = specifications_in(request["launchtemplatedata"])
                self.templates |= {identity: launched, request["launchtemplatename"]: launched}


def specifications_in(asked: dict[str, Any]) -> Any:
    """The tag specifications of a request, however a record names the member."""
    return [value for name, value in asked.items() if name.startswith("tagspecification")]


def context_of(record: Any, decision: Any, made: Made) -> dict[str, Any]:
    """The condition keys of one check, from what was asked."""
    request = lowered(record["requestParameters"] or {})
    context: dict[str, Any] = {f"aws:RequestTag/{name}": value for name, value in made.given(request).items()}
    for name, value in made.of(decision["resource"]).items():
        context |= {f"aws:ResourceTag/{name}": value, f"ec2:ResourceTag/{name}": value}
    if decision["action"] == "iam:PassRole":
        context["iam:PassedToService"] = PASSED_TO[record["eventName"]]
    if decision["action"] == "ec2:CreateTags":
        context["ec2:CreateAction"] = record["eventName"]
    if record["eventName"] == "CreateServiceLinkedRole":
        context["iam:AWSServiceName"] = request["awsservicename"]
    return context


def ask(statements: list[Any], record: Any, decision: Any, context: dict[str, Any]) -> str:
    """What the naive evaluator says of one check, with a policy of these statements."""
    identity = record["userIdentity"]
    account = identity["accountId"]
    case = {
        "request": {
            "action": decision["action"],
            "resource": decision["resource"],
            "context": context,
            "principal": {
                "kind": "role-session",
                "account": account,
                "arn": identity["arn"],
                "id": identity["principalId"],
                "role_arn": identity["sessionContext"]["sessionIssuer"]["arn"],
            },
            "resource_account": account,
        },
        "policies": {"identity": [{"Version": "2012-10-17", "Statement": statements}]},
    }
    outcome: str = reference.decide(case)[0]
    return outcome


TOLD_ELSEWHERE = {"describe_scaling_activities"}
"""Asked once a launch has failed, which no step of the story does: services/batch/test_waiting_reasons.py."""


def used_by(aws: Aws, account: str, role: Role, made: Made) -> dict[int, set[str]]:
    """The actions that each statement of the role's policy allowed; every call is checked on the way."""
    version = aws("iam").get_policy(PolicyArn=role.policy_arn)["Policy"]["DefaultVersionId"]
    answer = aws("iam").get_policy_version(PolicyArn=role.policy_arn, VersionId=version)
    statements = answer["PolicyVersion"]["Document"]["Statement"]
    used: dict[int, set[str]] = defaultdict(set)
    for record in records(aws, role.session):
        assert record["userIdentity"]["arn"] == (
            f"arn:aws:sts::{account}:assumed-role/{role.name}/{role.session}"
        )
        assert record["userIdentity"]["invokedBy"].endswith(".amazonaws.com")
        decisions = record["additionalEventData"]["decision"]
        assert decisions, record["eventName"]
        for decision in decisions:
            what = f"{record['eventName']}: {decision}"
            assert decision["outcome"] == "allowed", what
            context = context_of(record, decision, made)
            assert ask(statements, record, decision, context) == "allowed", what
            assert decision["statements"], what
            for named in decision["statements"]:
                assert (named["policy"], named["version"]) == (role.policy_arn, version), what
                statement = statements[named["statement"] - 1]
                assert statement.get("Sid") == named.get("sid"), what
                assert ask([statement], record, decision, context) == "allowed", what
                used[named["statement"]].add(decision["action"])
            named_ones = {one["statement"] for one in decision["statements"]}
            others = [one for number, one in enumerate(statements, 1) if number not in named_ones]
            assert ask(others, record, decision, context) == "implicitDeny", what
    return used


def test_every_call_by_a_role_names_its_statement_and_the_reference_agrees(
    aws: Aws, app: Any, account: str, user_client: Callable[..., Any]
) -> None:
    """And no action is used that statements.json does not tell, none told that is not used.

    > Service-linked roles are predefined by AWS Batch and include all the permissions that the service
      requires to call other AWS services on your behalf.
    > The AWSServiceRoleForBatch role allows AWS Batch to create and manage AWS resources on your behalf.
    > The IAM policy named BatchServiceRolePolicy allows AWS Batch to complete the following actions on
      specific resources:
    """
    every_step.tell(aws, user_client)
    made = Made(aws)
    for role in ROLES:
        assert used_by(aws, account, role, made) == role.actions, role.name
    told = {xform_name(one["eventName"]) for one in records(aws, "aws-batch")}
    assert calls_in_source() - TOLD_ELSEWHERE <= told
    app.reset(account)


def calls_in_source() -> set[str]:
    """The operations that Batch's controllers call as an environment's role."""
    text = "".join(one.read_text() for one in BATCH.rglob("*.py"))
    return set(re.findall(r"\baws\.\w+\.(\w+)", text))
