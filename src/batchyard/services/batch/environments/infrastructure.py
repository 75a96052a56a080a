"""An infrastructure update: new instances are as the environment is now described, old ones stay for their jobs.

Each infrastructure has groups and launch templates of its own. Instances of an old one end once their jobs have, or
when the update's time is up (Batch user guide, "Updating compute environments"); new jobs wait for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from batchyard.framework.clients import Clients, pages
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.names import group_name, launch_template_name
from batchyard.store.prepared import Row

DEFAULT_POLICY = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30}
"""Of botocore's model, UpdatePolicy."""


def renewed(made: Mapping[str, Any], policy: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`made` once an infrastructure update has begun: what was made so far is old, with the moment when it ends."""
    number = made.get("infrastructure", 0)
    minutes = 0 if policy["terminateJobsOnUpdate"] else policy["jobExecutionTimeoutMinutes"]
    ends = (now + timedelta(minutes=minutes)).isoformat()
    before = {"infrastructure": number, "groups": made.get("groups", []), "ends": ends}
    old = [*made.get("old", ()), before] if before["groups"] else list(made.get("old", ()))
    return {**made, "infrastructure": number + 1, "groups": [], "old": old}


def has_old_instances(row: Row) -> bool:
    """Does an update wait for old instances? ECS might place a new task there, so none is asked for meanwhile."""
    return bool(row.made.get("old"))


def old_groups(row: Row) -> list[tuple[str, str]]:
    """The Auto Scaling group and launch template of each instance type of an old infrastructure."""
    return [names for old in row.made.get("old", ()) for names in _names(row, old)]


def _names(row: Row, old: Mapping[str, Any]) -> list[tuple[str, str]]:
    number = old["infrastructure"]
    return [(group_name(row, one, number), launch_template_name(row, one, number)) for one in old["groups"]]


def leaving(aws: Clients, row: Row) -> set[str]:
    """The ids of the instances of old infrastructures; nothing is asked where there are none."""
    names = [group for group, _ in old_groups(row)]
    return {one["InstanceId"] for group in _groups(aws, names) for one in group["Instances"]}


def _groups(aws: Clients, names: list[str]) -> list[Any]:
    if not names:
        return []
    found: list[Any] = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)[
        "AutoScalingGroups"
    ]
    return found


def retire(aws: Clients, row: Row, now: datetime) -> list[dict[str, Any]]:
    """End what may end of the old infrastructures; returns those that are left. Harmless when made twice."""
    left: list[dict[str, Any]] = []
    for old in row.made.get("old", ()):
        names = _names(row, old)
        groups = _groups(aws, [group for group, _ in names])
        is_over = now >= datetime.fromisoformat(old["ends"])
        for group in groups:
            _shrink(aws, row, group, is_over)
        ended = [_has_ended(aws, group, template, groups) for group, template in names]
        if not all(ended):
            left.append(old)
    return left


def _shrink(aws: Clients, row: Row, group: Any, is_over: bool) -> None:
    present = [
        one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] in ("Pending", "InService")
    ]
    busy = set() if is_over or not present else _busy(aws, row.made["cluster_arn"])
    for instance in present:
        if instance not in busy:
            aws.autoscaling.terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=True
            )
    if group["DesiredCapacity"] > len(present):
        aws.autoscaling.set_desired_capacity(
            AutoScalingGroupName=group["AutoScalingGroupName"],
            DesiredCapacity=len(busy.intersection(present)),
            HonorCooldown=False,
        )


def _busy(aws: Clients, cluster: str) -> set[str]:
    """The ids of the cluster's instances that have tasks."""
    arns = list(pages(aws.ecs.list_container_instances, "containerInstanceArns", cluster=cluster))
    found: set[str] = set()
    for chunk in _chunks(arns):
        answer = aws.ecs.describe_container_instances(cluster=cluster, containerInstances=chunk)
        found |= {
            one["ec2InstanceId"]
            for one in answer["containerInstances"]
            if one.get("runningTasksCount") or one.get("pendingTasksCount")
        }
    return found


def _chunks(arns: list[str]) -> Iterable[list[str]]:
    return (arns[start : start + 100] for start in range(0, len(arns), 100))


def _has_ended(aws: Clients, name: str, template: str, groups: list[Any]) -> bool:
    """Delete an old group that is empty, then its launch template; True once both are gone."""
    group = next((one for one in groups if one["AutoScalingGroupName"] == name), None)
    if group is None:
        delete_launch_template(aws, template)
        return True
    if not group["Instances"] and not group.get("Status"):
        aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    return False


def delete_launch_template(aws: Clients, name: str) -> None:
    """Looked for first: a missing template has no tag, and without the tag the role may not ask for its deletion."""
    try:
        aws.ec2.describe_launch_template_versions(LaunchTemplateName=name)
        aws.ec2.delete_launch_template(LaunchTemplateName=name)
    except ApiError as error:
        if error.code != "InvalidLaunchTemplateName.NotFoundException":
            raise
