"""What a service may call: clients that look like boto3's, bound to one session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_batch import BatchClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_ecs import ECSClient
    from types_boto3_eks import EKSClient
    from types_boto3_iam import IAMClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_sts import STSClient


class Clients(Protocol):
    """`aws.ecs.run_task(cluster=…)` is a call through the gateway by this object's session.

    A refusal is an `ApiError` (AccessDenied among them). Answers are plain dicts in AWS's member names.
    """

    @property
    def autoscaling(self) -> AutoScalingClient: ...
    @property
    def batch(self) -> BatchClient: ...
    @property
    def ec2(self) -> EC2Client: ...
    @property
    def ecs(self) -> ECSClient: ...
    @property
    def eks(self) -> EKSClient: ...
    @property
    def iam(self) -> IAMClient: ...
    @property
    def logs(self) -> CloudWatchLogsClient: ...
    @property
    def sts(self) -> STSClient: ...


def pages(operation: Any, result: str, *, token: str = "nextToken", **request: Any) -> Iterator[Any]:
    """Every item of a paged listing: `pages(aws.ecs.list_tasks, "taskArns", cluster=…)`."""
    given = token[0].upper() + token[1:] if result[0].isupper() else token
    while True:
        answer = operation(**request)
        yield from answer.get(result, ())
        if not answer.get(given):
            return
        request[given] = answer[given]
