"""Each call by AWSServiceRoleForBatch, from creation to deletion, was allowed by a statement that the audit names.

The events are read as an administrator reads them (LookupEvents), the policy too (GetPolicyVersion). What a statement's
conditions ask for is taken from the recorded requests, and the naive evaluator of tests/policy is asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import wait_for
from policy import reference
from services.batch.environments import (
    delete,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)

Aws = Callable[..., Any]
POLICY = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
PASSED_TO = {
    "CreateAutoScalingGroup": "ec2.amazonaws.com",
    "CreateLaunchTemplate": "ec2.amazonaws.com",
    "RequestSpotFleet": "ec2.amazonaws.com",
    "RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "RunTask": "ecs-tasks.amazonaws.com",
}
RESOURCE_ID = re.compile(r"\b(?:i-[0-9a-f]{17}|lt-[0-9a-f]{17}|sfr-[0-9a-f-]{36})\b")
USED = {1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 14, 17}
"""Statement 9 is for launch configurations, 13 for stopping tasks, 15 and 16 for
instances without a group; 18 and 19 for a type of environment that is not built."""


@pytest.fixture
def story(aws: Aws, app: Any, account: str) -> Iterator[list[Any]]:
    """The records of every call that the role made in the life of three environments and their jobs."""
    batch = aws("batch")
    make_instance_profile(aws)
    aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=trust("spotfleet.amazonaws.com"))
    execution = aws("iam").create_role(
        RoleName="execution", AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com")
    )["Role"]["Arn"]
    resources = {
        "grouped": on_instances(aws),
        "fleet": on_instances(aws, type="SPOT", spotIamFleetRole="fleet"),
        "fargate": on_fargate(aws),
    }
    for name, given in resources.items():
        batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=given)
    for name in resources:
        shown = settled(batch, name)
        assert (shown["status"], shown["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    jobs = [run_job(batch, name, execution if name == "fargate" else None) for name in resources]
    wait_for(lambda: all(one["status"] == "SUCCEEDED" for one in described(batch, jobs)), seconds=60)
    for job in described(batch, jobs):
        stream = job["container"]["logStreamName"]
        wait_for(lambda stream=stream: written(aws, stream) == ["hello"])
    ec2 = aws("ec2")
    wait_for(lambda: live_instances(ec2) == [], seconds=60)
    for name in resources:
        end_queue(batch, name)
        delete(batch, name)
    yield records(aws)
    app.reset(account)


def run_job(batch: Any, name: str, execution: str | None) -> str:
    """Submit one job to a queue on the environment; its id."""
    batch.create_job_queue(
        jobQueueName=name, priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": name}]
    )
    wait_for(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    container = {"image": "busybox", "command": ["echo", "hello"], "resourceRequirements": sizes}
    definition = batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["FARGATE" if execution else "EC2"],
        containerProperties={**container, **({"executionRoleArn": execution} if execution else {})},
    )["jobDefinitionArn"]
    job: str = batch.submit_job(jobName="j", jobQueue=name, jobDefinition=definition)["jobId"]
    return job


def described(batch: Any, jobs: list[str]) -> list[Any]:
    found: list[Any] = batch.describe_jobs(jobs=jobs)["jobs"]
    return found


def written(aws: Aws, stream: str) -> list[str]:
    answer = aws("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)
    return [one["message"] for one in answer["events"]]


def live_instances(ec2: Any) -> list[str]:
    pages = ec2.get_paginator("describe_instances").paginate()
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    return [one["InstanceId"] for one in found if one["State"]["Name"] in ("pending", "running")]


def end_queue(batch: Any, name: str) -> None:
    batch.update_job_queue(jobQueue=name, state="DISABLED")
    wait_for(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue=name)
    wait_for(lambda: not batch.describe_job_queues(jobQueues=[name])["jobQueues"])


def records(aws: Aws, key: str = "Username", value: str = "aws-batch") -> list[Any]:
    """The records by the role's session, or others, the oldest first."""
    attributes = [{"AttributeKey": key, "AttributeValue": value}]
    pages = aws("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]][::-1]


def lowered(value: Any) -> Any:
    """The same with member names in lower case, however a service writes them."""
    if isinstance(value, dict):
        return {name.lower(): lowered(inner) for name, inner in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def tags_in(value: Any) -> dict[str, str]:
    """Every tag that a request gives, however deep its lists of pairs are."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "tags" and isinstance(inner, list):
                found |= {one["key"]: one["value"] for one in inner}
            else:
                found |= tags_in(inner)
    elif isinstance(value, list):
        for item in value:
            found |= tags_in(item)
    return found


def tags_of_made(aws: Aws) -> dict[str, dict[str, str]]:
    """The tags that resources got when they were made, whoever made them, by their ids."""
    made: dict[str, dict[str, str]] = {}
    for name in ("CreateLaunchTemplate", "RequestSpotFleet", "RunInstances"):
        for record in records(aws, "EventName", name):
            asked = lowered(record["requestParameters"])
            asked = asked.get("spotfleetrequestconfig", asked)
            for identity in RESOURCE_ID.findall(json.dumps(record["responseElements"])):
                made[identity] = tags_in({"specifications": specifications_in(asked)})
    return made


def specifications_in(asked: dict[str, Any]) -> Any:
    """The tag specifications of a request, however a record names the member."""
    return [value for name, value in asked.items() if name.startswith("tagspecification")]


def context_of(record: Any, decision: Any, made: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The condition keys of one check, from what was asked."""
    request = lowered(record["requestParameters"] or {})
    context: dict[str, Any] = {f"aws:RequestTag/{name}": value for name, value in tags_in(request).items()}
    own = made.get(decision["resource"].rsplit("/", 1)[-1], {})
    context |= {f"aws:ResourceTag/{name}": value for name, value in own.items()}
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
    outcome: str = reference.decide(case)[0]  # type: ignore[no-untyped-call]
    return outcome


def test_every_call_by_the_role_names_its_statement_and_the_reference_agrees(
    aws: Aws, account: str, story: list[Any]
) -> None:
    version = aws("iam").get_policy(PolicyArn=POLICY)["Policy"]["DefaultVersionId"]
    document = aws("iam").get_policy_version(PolicyArn=POLICY, VersionId=version)["PolicyVersion"]["Document"]
    statements = document["Statement"]
    role = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForBatch/aws-batch"
    made = tags_of_made(aws)
    used: set[int] = set()
    for record in story:
        assert record["userIdentity"]["arn"] == role
        assert record["userIdentity"]["invokedBy"] == "batch.amazonaws.com"
        decisions = record["additionalEventData"]["decision"]
        assert decisions, record["eventName"]
        for decision in decisions:
            what = f"{record['eventName']}: {decision}"
            assert decision["outcome"] == "allowed", what
            context = context_of(record, decision, made)
            assert ask(statements, record, decision, context) == "allowed", what
            assert decision["statements"], what
            for named in decision["statements"]:
                assert (named["policy"], named["version"]) == (POLICY, version), what
                statement = statements[named["statement"]]
                assert statement["Sid"] == named["sid"], what
                assert ask([statement], record, decision, context) == "allowed", what
                used.add(int(named["sid"].removeprefix("AWSBatchPolicyStatement")))
            named_ones = {one["statement"] for one in decision["statements"]}
            others = [one for number, one in enumerate(statements) if number not in named_ones]
            assert ask(others, record, decision, context) == "implicitDeny", what
    assert used == USED
