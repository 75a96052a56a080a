"""How many decisions a CPU second gives: `python tests/policy/measure.py`."""

import time

from batchyard.data import managed_policies
from batchyard.policy.document import parse
from batchyard.policy.evaluate import PolicySet, Principal, Request, Source, evaluate

ACCOUNT = "123456789012"
ROLE = Principal(
    "role-session",
    ACCOUNT,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForBatch/aws-batch",
    "AROAEXAMPLE:aws-batch",
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
)
USER = Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", "AIDAEXAMPLE")
CONTEXT = {
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "aws:SourceIp": "127.0.0.1",
    "aws:RequestTag/AWSBatchServiceTag": "batch",
    "iam:PassedToService": "ecs-tasks.amazonaws.com",
}
ASKED = [
    ("ecs:RunTask", f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/x:1"),
    ("ecs:RunTask", f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/AWSBatch-x"),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/subnet-1"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/x"),
    ("ecs:CreateCluster", "*"),
    ("ec2:DescribeInstances", "*"),
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
    ("ecs:DeleteCluster", f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/other"),
]
TEN = (
    "AWSBatchFullAccess IAMFullAccess AmazonS3ReadOnlyAccess AmazonEC2FullAccess AmazonECS_FullAccess ReadOnlyAccess "
    "CloudWatchLogsFullAccess AutoScalingFullAccess SecurityAudit PowerUserAccess"
)


def sources(*names: str) -> tuple[Source, ...]:
    found = [managed_policies.find(name) for name in names]
    return tuple(
        Source("managed", one.name, one.arn, "v1", parse(one.document, kind="aws-managed"))
        for one in found
        if one
    )


def measure(title: str, principal: Principal, policies: PolicySet, *, count: int = 80_000) -> None:
    requests = [Request(action, resource, CONTEXT, principal, ACCOUNT) for action, resource in ASKED]
    outcomes = [evaluate(request, policies).outcome for request in requests]
    started = time.process_time()
    for number in range(count):
        evaluate(requests[number % len(requests)], policies)
    rate = count / (time.process_time() - started)
    print(
        f"{title}: {rate:,.0f} decisions per CPU second ({outcomes.count('allowed')} of {len(outcomes)} allowed)"
    )


def main() -> None:
    measure("BatchServiceRolePolicy, 19 statements", ROLE, PolicySet(sources("BatchServiceRolePolicy")))
    many = sources("AdministratorAccess", *TEN.split())
    measure(f"AdministratorAccess and {len(many) - 1} managed policies", USER, PolicySet(many))
    names = managed_policies.names()
    documents = [found.document for name in names if (found := managed_policies.find(name))]
    started = time.process_time()
    for document in documents:
        parse(document, kind="aws-managed")
    spent = time.process_time() - started
    print(
        f"parse and compile: {spent / len(documents) * 1e6:,.0f} µs a managed policy ({len(documents)} of them)"
    )


if __name__ == "__main__":
    main()
