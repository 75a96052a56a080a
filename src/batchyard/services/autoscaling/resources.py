"""The Auto Scaling group as a noun: its ARN, its tags, and how a request names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchyard.framework.check import Check, Target, Values, members
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun, Words
from batchyard.framework.passing import pass_role
from batchyard.framework.place import place
from batchyard.framework.rows import Rows
from batchyard.services.autoscaling.group_rows import find_instance
from batchyard.services.autoscaling.service import autoscaling
from batchyard.services.autoscaling.tables import groups
from batchyard.store.prepared import Row


def _words(ctx: Context, name: str) -> ApiError:
    return ApiError(
        "ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup: {name} not found"
    )


auto_scaling_group: Noun[Row] = Noun(
    autoscaling,
    "autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
    Rows(groups, key=lambda name: {"name": name.rpartition(":autoScalingGroupName/")[2]}, order="name"),
    words=Words(_words),
    unknown={"uuid": "*"},
    tags=lambda tags: {tag["Key"]: tag["Value"] for tag in tags},
)


def check_on_group(
    ctx: Context,
    name: str,
    *,
    action: str | None = None,
    told: str | None = None,
    context: Mapping[str, Values] | None = None,
) -> Check:
    """A check on the group with this name; a group that is not there (yet) has `*` in the place of its id.

    So a policy that leaves the id open, as AWS's own do (BatchServiceRolePolicy, statement 10), decides by the
    name alone, before and after the group exists. That denials tell the id of a group that is there is recorded
    (kubernetes/autoscaler#1218, terraform-aws-modules/terraform-aws-eks#336).
    """
    check = auto_scaling_group.check(ctx, name, **(context or {}))
    return replace(check, action=action, told=told)


def new_group(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on the group to be made; a denial does not tell whether the name is taken."""
    return [_to_be_made(ctx, request)]


def _to_be_made(ctx: Context, request: dict[str, Any], action: str | None = None) -> Check:
    name = request["AutoScalingGroupName"]
    return check_on_group(ctx, name, action=action, told=auto_scaling_group.arn(ctx, name))


def the_group(path: str = "AutoScalingGroupName", *, action: str | None = None) -> Target:
    """Check on each group that is named at `path` of the request."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        names = dict.fromkeys(members(request, path))
        return [check_on_group(ctx, name, action=action) for name in names]

    return checks


def group_of_instance(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on the group that is named, else on the group that the instance is in; on any where it is in none."""
    name = request.get("AutoScalingGroupName")
    if name is None:
        row = find_instance(ctx.read, place(ctx), request.get("InstanceId", ""))
        name = "*" if row is None else row.group_name
    return [check_on_group(ctx, name)]


def tags_on_creation(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Tags given at creation need autoscaling:CreateOrUpdateTags, too (BatchServiceRolePolicy, statement 4)."""
    if not request.get("Tags"):
        return []
    return [_to_be_made(ctx, request, action="autoscaling:CreateOrUpdateTags")]


def passes_linked_role(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """iam:PassRole on a ServiceLinkedRoleARN that is named, for the group [guess]."""
    role = request.get("ServiceLinkedRoleARN")
    if role:
        group = check_on_group(ctx, request["AutoScalingGroupName"]).resource
        yield pass_role(role, to="autoscaling.amazonaws.com", associated=group)


def group_conditions(ctx: Context, request: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """The service's own condition keys of a create or update (service authorization reference)."""
    keys: dict[str, str | tuple[str, ...]] = {}
    for member in ("MinSize", "MaxSize"):
        if request.get(member) is not None:
            keys[f"autoscaling:{member}"] = str(request[member])
    if "LaunchTemplate" in request:
        given = bool(request["LaunchTemplate"].get("Version"))
        keys["autoscaling:LaunchTemplateVersionSpecified"] = "true" if given else "false"
    if request.get("VPCZoneIdentifier"):
        subnets = (one.strip() for one in request["VPCZoneIdentifier"].split(","))
        keys["autoscaling:VPCZoneIdentifiers"] = tuple(one for one in subnets if one)
    return keys
