"""How many policy decisions a second of CPU makes on the policy of AWSServiceRoleForBatch."""

from __future__ import annotations

import itertools
import time

from batchyard.data import managed_policies
from batchyard.policy.document import parse
from batchyard.policy.evaluate import evaluate
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet, Request, Source

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
ECS = f"arn:aws:ecs:us-east-1:{ACCOUNT}"
GROUP = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/AWSBatch-one-asg-x"
TAGGED = {"aws:requesttag/awsbatchservicetag": "batch"}
ASKED: list[tuple[str, str, dict[str, str]]] = [
    ("ecs:RunTask", f"{ECS}:task-definition/work:1", {}),
    ("ecs:DescribeTasks", f"{ECS}:task/AWSBatch-one/0123456789abcdef", {}),
    ("ecs:CreateCluster", "*", TAGGED),
    ("autoscaling:UpdateAutoScalingGroup", GROUP, {}),
    ("ec2:DescribeSubnets", "*", {}),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/job", {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}),
    ("iam:DeleteRole", ROLE, {}),
]


def per_second(seconds: float) -> float:
    """Decisions of one CPU second, over allowed and refused requests as the role makes them."""
    found = managed_policies.find("BatchServiceRolePolicy")
    assert found is not None
    policy = parse(found.document, kind="aws-managed")
    source = Source(kind="managed", name=found.name, arn=found.arn, version="v8", policy=policy)
    policies = PolicySet(identity=(source,))
    principal = Principal(
        kind="role-session",
        account=ACCOUNT,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForBatch/aws-batch",
        id="AROAEXAMPLE:aws-batch",
        role_arn=ROLE,
    )
    requests = [
        Request(
            action=action, resource=resource, context=context, principal=principal, resource_account=ACCOUNT
        )
        for action, resource, context in ASKED
    ]
    if {evaluate(one, policies).outcome for one in requests} != {"allowed", "implicitDeny"}:
        raise RuntimeError("the requests should be allowed in part")
    started = time.process_time()
    for count, request in enumerate(itertools.cycle(requests), 1):
        evaluate(request, policies)
        if count % 500 == 0 and time.process_time() - started > seconds:
            return count / (time.process_time() - started)
    raise AssertionError("a cycle has no end")
