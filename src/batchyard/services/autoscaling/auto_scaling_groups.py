"""Auto Scaling groups: create, update, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.framework.place import place
from batchyard.services.autoscaling import activity_rows, group_rules, tag_lists
from batchyard.services.autoscaling.activity_rows import moment
from batchyard.services.autoscaling.group_rows import count_groups, instances_of, update_group
from batchyard.services.autoscaling.group_rules import require_group, require_living_group
from batchyard.services.autoscaling.launch_sources import check_may_launch, resolve_subnets, resolve_template
from batchyard.services.autoscaling.resources import (
    auto_scaling_group,
    group_conditions,
    new_group,
    passes_linked_role,
    tags_on_creation,
    the_group,
)
from batchyard.services.autoscaling.service import autoscaling
from batchyard.services.autoscaling.service_role import PRINCIPAL, ROLE_NAME, role_arn
from batchyard.services.autoscaling.tables import groups
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import (
        CreateAutoScalingGroupTypeTypeDef,
        DeleteAutoScalingGroupTypeTypeDef,
        UpdateAutoScalingGroupTypeTypeDef,
    )

LARGEST_COUNT = 500
"""Groups for each Region (Auto Scaling's default quota)."""
DEFAULT_COOLDOWN_SECONDS = 300
DELETING = "Delete in progress"

_SETTINGS = {
    "AutoScalingGroupName",
    "LaunchTemplate",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "DefaultCooldown",
    "AvailabilityZones",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "VPCZoneIdentifier",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "ServiceLinkedRoleARN",
}
_NEUTRAL = ("CapacityRebalance", "LoadBalancerNames", "TargetGroupARNs", "TrafficSources", "PlacementGroup")
"""Members that may be given with a value that asks for nothing (False, an empty list)."""


@autoscaling.operation(
    on=[new_group, tags_on_creation],
    passes=[passes_linked_role],
    writes=True,
    tags="Tags",
    conditions=group_conditions,
    honours={*_SETTINGS, "Tags", *_NEUTRAL},
    refuses=_NEUTRAL,
)
def create_auto_scaling_group(ctx: Context, request: CreateAutoScalingGroupTypeTypeDef) -> dict[str, Any]:
    """Record a group; the controller launches its instances as the group's service-linked role.

    A deliberate difference from AWS: subnets are looked up as the caller, so a caller who may not describe them learns
    of a missing subnet by the first launch.
    """
    _check_new(ctx, request)
    smallest, largest = request["MinSize"], request["MaxSize"]
    desired = request.get("DesiredCapacity", smallest)
    group_rules.check_sizes(smallest=smallest, largest=largest, desired=desired)
    tags = tag_lists.merged([], tag_lists.checked(request.get("Tags") or ()))
    sources = _sources(ctx, request)
    role = _role(ctx, request)
    name = request["AutoScalingGroupName"]
    ctx.write.run(
        insert(groups).values(
            **place(ctx),
            name=name,
            uuid=ids.uuid4(),
            role_arn=role,
            min_size=smallest,
            max_size=largest,
            desired=desired,
            tags=tags,
            cause=_creation_cause(ctx, desired),
            created_at=ctx.now,
            **sources,
            **_settings(request),
        )
    )
    ctx.note_resource(auto_scaling_group.arn_of(require_group(ctx, request)))
    ctx.intend("autoscaling.groups", name)
    return {}


def _settings(request: Any) -> dict[str, Any]:
    """What a new group has beside its size and its sources: given, or AWS's default."""
    return {
        "default_cooldown_seconds": request.get("DefaultCooldown", DEFAULT_COOLDOWN_SECONDS),
        "health_check_type": request.get("HealthCheckType", "EC2"),
        "health_check_grace_seconds": request.get("HealthCheckGracePeriod", 0),
        "termination_policies": request.get("TerminationPolicies") or ["Default"],
        "protects_new_instances": int(request.get("NewInstancesProtectedFromScaleIn", False)),
        "suspended": [],
        "status": None,
        "failures": 0,
        "retry_at": None,
        "scaled_at": None,
    }


def _creation_cause(ctx: Context, desired: int) -> str:
    if not desired:
        return ""
    return (
        f"At {moment(ctx.now)} a user request created an AutoScalingGroup changing the desired capacity from 0"
        f" to {desired}."
    )


def _check_new(ctx: Context, request: Any) -> None:
    name = request["AutoScalingGroupName"]
    group_rules.check_name(name)
    held = auto_scaling_group.find(ctx, name)
    if held is not None:
        text = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        raise autoscaling.error.AlreadyExistsFault(text + (" and is pending delete" if held.status else ""))
    group_rules.check_health(request)
    group_rules.check_termination_policies(request.get("TerminationPolicies") or ())
    if count_groups(ctx.read, place(ctx)) >= LARGEST_COUNT:
        raise autoscaling.error.LimitExceededFault(
            f"You have already reached the limit of {LARGEST_COUNT} Auto Scaling groups for this account."
        )


def _role(ctx: Context, request: Any) -> str:
    """The group's service-linked role: the named role, else the default, made as the caller where missing."""
    given = request.get("ServiceLinkedRoleARN")
    if given:
        group_rules.check_role(ctx, given)
        return str(given)
    if ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, ROLE_NAME) is None:
        try:
            ctx.forward().iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
        except AccessDenied as denied:
            text = "The default Service-Linked Role for Auto Scaling could not be created. "
            raise ApiError("AccessDenied", text + denied.message, status=403) from denied
    return role_arn(ctx.partition, ctx.account)


def _sources(ctx: Context, request: Any) -> dict[str, Any]:
    """Template and network as the group keeps them; `subnets` is None until somebody may look them up."""
    template = group_rules.check_template(request.get("LaunchTemplate"))
    subnet_ids = group_rules.subnet_ids(request.get("VPCZoneIdentifier"))
    zones = list(request.get("AvailabilityZones") or ())
    group_rules.check_network(subnet_ids, zones)
    return {
        "launch_template": _template(ctx, template, subnet_ids),
        "subnet_ids": subnet_ids,
        "zones": zones,
        "subnets": _subnets(ctx, subnet_ids, zones),
    }


def _template(ctx: Context, given: dict[str, str], subnet_ids: list[str]) -> dict[str, str]:
    """The template with its id and what else the caller may learn of it; refused to whoever may not launch from it.

    By its id, so that nobody puts another template, with another role in it, under its name afterwards.
    """
    try:
        found = resolve_template(ctx.forward(), given)
    except AccessDenied:
        found = given
    identity = check_may_launch(ctx.forward(), given, subnet_ids[0] if subnet_ids else None)
    return {**found, "LaunchTemplateId": identity}


def _subnets(ctx: Context, subnet_ids: list[str], zones: list[str]) -> list[dict[str, str]] | None:
    try:
        return resolve_subnets(ctx.forward(), subnet_ids, zones)
    except AccessDenied:
        return None


@autoscaling.operation(
    on=the_group(),
    passes=[passes_linked_role],
    writes=True,
    conditions=group_conditions,
    honours={*_SETTINGS, *_NEUTRAL},
    refuses=_NEUTRAL,
)
def update_auto_scaling_group(ctx: Context, request: UpdateAutoScalingGroupTypeTypeDef) -> dict[str, Any]:
    """Change what is given; sizes that leave the desired capacity outside move it to the nearer bound."""
    row = require_living_group(ctx, request)
    group_rules.check_health(request)
    values: dict[str, Any] = _sizes(ctx, row, request)
    if "VPCZoneIdentifier" in request or "AvailabilityZones" in request:
        values |= _network(ctx, row, request)
    if "LaunchTemplate" in request:
        subnet_ids = values.get("subnet_ids", row.subnet_ids)
        template = group_rules.check_template(request["LaunchTemplate"])
        values["launch_template"] = _template(ctx, template, subnet_ids)
    if "TerminationPolicies" in request:
        group_rules.check_termination_policies(request["TerminationPolicies"])
        values["termination_policies"] = request["TerminationPolicies"] or ["Default"]
    if request.get("ServiceLinkedRoleARN"):
        group_rules.check_role(ctx, request["ServiceLinkedRoleARN"])
        values["role_arn"] = request["ServiceLinkedRoleARN"]
    if "NewInstancesProtectedFromScaleIn" in request:
        values["protects_new_instances"] = int(request["NewInstancesProtectedFromScaleIn"])
    if "DefaultCooldown" in request:
        values["default_cooldown_seconds"] = request["DefaultCooldown"]
    if "HealthCheckGracePeriod" in request:
        values["health_check_grace_seconds"] = request["HealthCheckGracePeriod"]
    if "HealthCheckType" in request:
        values["health_check_type"] = request["HealthCheckType"]
    update_group(ctx.write, place(ctx), row.name, **values, failures=0, retry_at=None)
    ctx.intend("autoscaling.groups", row.name)
    return {}


def _sizes(ctx: Context, row: Row, request: Any) -> dict[str, Any]:
    smallest = request.get("MinSize", row.min_size)
    largest = request.get("MaxSize", row.max_size)
    desired = request.get("DesiredCapacity")
    if desired is None:
        desired = max(smallest, min(row.desired, largest))
    group_rules.check_sizes(smallest=smallest, largest=largest, desired=desired)
    values: dict[str, Any] = {"min_size": smallest, "max_size": largest, "desired": desired}
    if desired != row.desired:
        values["cause"] = (
            f"At {moment(ctx.now)} a user request update of AutoScalingGroup constraints to min: {smallest},"
            f" max: {largest}, desired: {desired} changing the desired capacity from {row.desired} to {desired}."
        )
    return values


def _network(ctx: Context, row: Row, request: Any) -> dict[str, Any]:
    subnet_ids = (
        group_rules.subnet_ids(request["VPCZoneIdentifier"])
        if "VPCZoneIdentifier" in request
        else row.subnet_ids
    )
    zones = list(request.get("AvailabilityZones") or ())
    if "AvailabilityZones" in request and "VPCZoneIdentifier" not in request:
        subnet_ids = []
    group_rules.check_network(subnet_ids, zones)
    return {"subnet_ids": subnet_ids, "zones": zones, "subnets": _subnets(ctx, subnet_ids, zones)}


def _force_delete(ctx: Context, request: Any) -> dict[str, str]:
    return {"autoscaling:ForceDelete": "true" if request.get("ForceDelete") else "false"}


@autoscaling.operation(on=the_group(), writes=True, conditions=_force_delete)
def delete_auto_scaling_group(ctx: Context, request: DeleteAutoScalingGroupTypeTypeDef) -> dict[str, Any]:
    """Delete an empty group, or with ForceDelete a group whose instances the controller ends first.

    The group stays to be seen as `Delete in progress` for at least the pace. Deleting it again changes nothing.
    """
    row = require_group(ctx, request)
    at = place(ctx)
    if not request.get("ForceDelete") and not row.status:
        if instances_of(ctx.read, at, row.name):
            raise autoscaling.error.ResourceInUseFault(
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance"
                " request(s) still in the group."
            )
        if activity_rows.unfinished(ctx.read, at, row.name):
            raise autoscaling.error.ScalingActivityInProgressFault(
                "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that"
                " group."
            )
    if not row.status:
        update_group(
            ctx.write,
            at,
            row.name,
            status=DELETING,
            min_size=0,
            max_size=0,
            desired=0,
            failures=0,
            retry_at=ctx.now + timedelta(seconds=ctx.runtime.settings.pace),
            cause="",
        )
    ctx.intend("autoscaling.groups", row.name)
    return {}
