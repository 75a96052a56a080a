"""How many policy decisions a second of CPU makes: on the role's policy, and on an administrator's many."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from batchyard.data import managed_policies
from batchyard.policy.document import parse
from batchyard.policy.evaluate import evaluate
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet, Request, Source

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
ECS = f"arn:aws:ecs:us-east-1:{ACCOUNT}"
GROUP = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:x:autoScalingGroupName/AWSBatch-one-asg-x"
TAGGED = {"aws:RequestTag/AWSBatchServiceTag": "batch"}
ALWAYS = {
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "aws:SecureTransport": "true",
    "aws:SourceIp": "192.0.2.1",
    "aws:RequestedRegion": "us-east-1",
    "aws:PrincipalAccount": ACCOUNT,
    "aws:ViaAWSService": "false",
}
Asked = tuple[str, str, dict[str, str]]


@dataclass(frozen=True)
class Workload:
    """A principal with its managed policies, and what it asks for, in turn."""

    title: str
    principal: Principal
    policy_names: tuple[str, ...]
    asked: tuple[Asked, ...]
    outcomes: frozenset[str] = field(default=frozenset({"allowed", "implicitDeny"}))

    def documents(self) -> dict[str, str]:
        """The policies' documents by name."""
        found = {name: managed_policies.find(name) for name in self.policy_names}
        return {name: one.document for name, one in found.items() if one is not None}

    def as_json(self) -> dict[str, Any]:
        """The same inputs for a peer in another language."""
        return {
            "title": self.title,
            "principal": self.principal.arn,
            "account": ACCOUNT,
            "policies": [
                {"name": name, "policy": json.loads(text)} for name, text in self.documents().items()
            ],
            "asked": [
                {"action": action, "resource": resource, "context": {**ALWAYS, **context}}
                for action, resource, context in self.asked
            ],
        }


WORKLOADS = (
    Workload(
        "BatchServiceRolePolicy, 19 statements",
        Principal(
            kind="role-session",
            account=ACCOUNT,
            arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForBatch/aws-batch",
            id="AROAEXAMPLE:aws-batch",
            role_arn=ROLE,
        ),
        ("BatchServiceRolePolicy",),
        (
            ("ecs:RunTask", f"{ECS}:task-definition/work:1", {}),
            ("ecs:DescribeTasks", f"{ECS}:task/AWSBatch-one/0123456789abcdef", {}),
            ("ecs:CreateCluster", "*", TAGGED),
            ("autoscaling:UpdateAutoScalingGroup", GROUP, {}),
            ("ec2:DescribeSubnets", "*", {}),
            (
                "iam:PassRole",
                f"arn:aws:iam::{ACCOUNT}:role/job",
                {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
            ("iam:DeleteRole", ROLE, {}),
        ),
    ),
    Workload(
        "AdministratorAccess and 10 managed policies",
        Principal(kind="user", account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", id="AIDAEXAMPLE"),
        (
            "AdministratorAccess",
            "AWSBatchFullAccess",
            "IAMFullAccess",
            "AmazonS3ReadOnlyAccess",
            "AmazonEC2FullAccess",
            "AmazonECS_FullAccess",
            "ReadOnlyAccess",
            "CloudWatchLogsFullAccess",
            "AutoScalingFullAccess",
            "SecurityAudit",
            "PowerUserAccess",
        ),
        (
            ("batch:SubmitJob", f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/blue", {}),
            ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/subnet-1", {}),
            ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/x", {}),
            ("ecs:ListClusters", "*", {}),
            ("s3:GetObject", "arn:aws:s3:::bucket/key", {}),
            ("logs:CreateLogGroup", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:x", {}),
            (
                "iam:PassRole",
                f"arn:aws:iam::{ACCOUNT}:role/job",
                {"iam:PassedToService": "ec2.amazonaws.com"},
            ),
        ),
        frozenset({"allowed"}),
    ),
)


@dataclass(frozen=True)
class Decided:
    """What a workload gave: decisions of one CPU second, and the outcome of each of its requests."""

    per_cpu_second: float
    outcomes: list[str]


def decide(workload: Workload, seconds: float) -> Decided:
    """Ask the workload's requests in turn for that many seconds of CPU; parsing is done before."""
    sources = tuple(
        Source(kind="managed", name=name, arn=name, version="v1", policy=parse(text, kind="aws-managed"))
        for name, text in workload.documents().items()
    )
    policies = PolicySet(identity=sources)
    requests = [
        Request(
            action=action,
            resource=resource,
            context={**ALWAYS, **context},
            principal=workload.principal,
            resource_account=ACCOUNT,
        )
        for action, resource, context in workload.asked
    ]
    outcomes = [evaluate(one, policies).outcome for one in requests]
    if set(outcomes) != workload.outcomes:
        raise RuntimeError(f"{workload.title}: the requests should be {sorted(workload.outcomes)}")
    started = time.process_time()
    for count, request in enumerate(itertools.cycle(requests), 1):
        evaluate(request, policies)
        if count % 500 == 0 and time.process_time() - started > seconds:
            return Decided(count / (time.process_time() - started), list(outcomes))
    raise AssertionError("a cycle has no end")
