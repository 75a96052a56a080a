"""DescribeAutoScalingGroups: every recorded field of a group and of its instances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.effort import of_answer
from batchyard.framework.place import place
from batchyard.services.autoscaling import pages, tag_lists
from batchyard.services.autoscaling.group_rows import instances_of
from batchyard.services.autoscaling.group_rules import invalid
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import AutoScalingGroupNamesTypeTypeDef

PAGE_SIZE = 50


@autoscaling.operation(
    on=ANY,
    honours={
        "AutoScalingGroupNames",
        "Filters",
        "IncludeInstances",
        "IncludeManagedResources",
        "MaxRecords",
        "NextToken",
    },
)
def describe_auto_scaling_groups(ctx: Context, request: AutoScalingGroupNamesTypeTypeDef) -> dict[str, Any]:
    """The named groups, or all, by name; missing names are left out.

    No group here is managed by another service in the sense of IncludeManagedResources (the `Operator` member is
    refused at creation), so that changes nothing.
    """
    limit, after = pages.start(request, default=PAGE_SIZE)
    names = request.get("AutoScalingGroupNames")
    filters = request.get("Filters") or ()
    tests = [_test(one) for one in filters]

    def matches(row: Row) -> bool:
        ctx.effort.spend(pages.PER_TAG_AND_FILTER * len(row.tags) * len(tests))
        return all(test(row) for test in tests)

    def read(after: str, size: int) -> Sequence[Row]:
        if not names:
            return auto_scaling_group.source.after(ctx.read, place(ctx), after, size)
        wanted = sorted({name for name in names if name > after})[:size]
        found = (auto_scaling_group.find(ctx, name) for name in wanted)
        return [row for row in found if row is not None]

    if names and len(names) > max(limit, PAGE_SIZE):
        raise invalid("The number of group names that may be passed in is limited to 50")
    rows, token = pages.collect(
        ctx,
        read,
        after=after,
        limit=max(limit, len(names)) if names else limit,
        position=lambda row: str(row.name),
        matches=matches,
    )
    include = request.get("IncludeInstances", True)
    described: list[dict[str, Any]] = []
    for row in rows:
        if described and ctx.effort.is_used_up:
            return pages.answer("AutoScalingGroups", described, described[-1]["AutoScalingGroupName"])
        described.append(describe(ctx, row, instances=include))
        ctx.effort.spend(of_answer(described[-1]))
    return pages.answer("AutoScalingGroups", described, token)


def _test(one: Any) -> Callable[[Row], bool]:
    """Whether a group meets a filter; raises ValidationError for an unknown filter."""
    name, values = one.get("Name", ""), frozenset(one.get("Values") or ())
    if name not in ("tag-key", "tag-value") and not name.startswith("tag:"):
        raise invalid(
            f"Filter type {name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>"
        )
    if name == "tag-key":
        return lambda row: any(tag["Key"] in values for tag in row.tags)
    if name == "tag-value":
        return lambda row: any(tag["Value"] in values for tag in row.tags)
    key = name.removeprefix("tag:")
    return lambda row: any(tag["Key"] == key and tag["Value"] in values for tag in row.tags)


def describe(ctx: Context, row: Row, *, instances: bool) -> dict[str, Any]:
    """A group as DescribeAutoScalingGroups gives it."""
    subnets = row.subnets or ()
    answer: dict[str, Any] = {
        "AutoScalingGroupName": row.name,
        "AutoScalingGroupARN": auto_scaling_group.arn_of(row),
        "LaunchTemplate": row.launch_template,
        "MinSize": row.min_size,
        "MaxSize": row.max_size,
        "DesiredCapacity": row.desired,
        "DefaultCooldown": row.default_cooldown_seconds,
        "AvailabilityZones": sorted({one["AvailabilityZone"] for one in subnets} or set(row.zones)),
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": row.health_check_type,
        "HealthCheckGracePeriod": row.health_check_grace_seconds,
        "CreatedTime": row.created_at,
        "SuspendedProcesses": row.suspended,
        "VPCZoneIdentifier": ",".join(row.subnet_ids),
        "EnabledMetrics": [],
        "Tags": tag_lists.described(row.tags, row.name),
        "TerminationPolicies": row.termination_policies,
        "NewInstancesProtectedFromScaleIn": bool(row.protects_new_instances),
        "ServiceLinkedRoleARN": row.role_arn,
        "TrafficSources": [],
    }
    if instances:
        answer["Instances"] = [describe_instance(one) for one in instances_of(ctx.read, place(ctx), row.name)]
    if row.status:
        answer["Status"] = row.status
    return answer


def describe_instance(row: Row) -> dict[str, Any]:
    """An instance as both describing operations give it (the group's name apart)."""
    zone_id = {"AvailabilityZoneId": row.zone_id} if row.zone_id else {}
    image = {"ImageId": row.image_id} if row.image_id else {}
    return {
        "InstanceId": row.instance_id,
        "InstanceType": row.instance_type,
        "AvailabilityZone": row.availability_zone,
        **zone_id,
        "LifecycleState": row.lifecycle_state,
        "HealthStatus": row.health_status,
        "LaunchTemplate": row.launch_template,
        **image,
        "ProtectedFromScaleIn": bool(row.is_protected),
    }
