"""What a group must be like: sizes, template, network, policies, in AWS's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.services.autoscaling.termination_policies import POLICIES
from batchyard.store.prepared import Row

MAX_TAGS = 50

_KEEPING = ("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
_HEALTH_CHECKS = autoscaling.unbuilt("`HealthCheckType` other than `EC2`", on=_KEEPING)
_LAMBDA_POLICIES = autoscaling.unbuilt("an ARN in `TerminationPolicies`", on=_KEEPING)


def invalid(text: str) -> ApiError:
    """A ValidationError, the code of everything that this service finds wrong in a request."""
    return ApiError("ValidationError", text)


def require_group(ctx: Context, request: Mapping[str, Any]) -> Row:
    """The group that a request names; raises ValidationError where it is missing."""
    return auto_scaling_group.require(ctx, request["AutoScalingGroupName"])


def require_living_group(ctx: Context, request: Mapping[str, Any]) -> Row:
    """The group that a request names and that is not being deleted [text of the latter: guess]."""
    row = require_group(ctx, request)
    if row.status:
        raise invalid(f"AutoScalingGroup {row.name} is pending delete")
    return row


def check_name(name: str) -> None:
    """A colon would break the ARN (CreateAutoScalingGroup's reference; text: guess)."""
    if ":" in name:
        raise invalid("The Auto Scaling group name must not contain a colon (:).")


def check_sizes(*, smallest: int, largest: int, desired: int) -> None:
    """MinSize ≤ DesiredCapacity ≤ MaxSize, none negative."""
    for value in (smallest, largest, desired):
        if value < 0:
            raise invalid(f"Size must be greater than or equal to 0: {value}")
    if largest < smallest:
        raise invalid(f"Max bound, {largest}, must be greater than or equal to min bound, {smallest}")
    if not smallest <= desired <= largest:
        raise invalid(
            f"Desired capacity:{desired} must be between the specified min size:{smallest}"
            f" and max size:{largest}"
        )


def check_template(given: Mapping[str, Any] | None) -> dict[str, str]:
    """The launch template as given: by id or by name, not by both; Version `$Default` where left out."""
    if given is None:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or"
            " MixedInstancesPolicy parameter."
        )
    if ("LaunchTemplateId" in given) == ("LaunchTemplateName" in given):
        raise invalid(
            "Valid requests must contain either launchTemplateId or LaunchTemplateName"
            if "LaunchTemplateId" not in given
            else "The parameter LaunchTemplateName may not be used in combination with LaunchTemplateId"
        )
    return dict(given)


def subnet_ids(given: str | None) -> list[str]:
    """VPCZoneIdentifier's subnets: ids joined by commas."""
    return [one.strip() for one in (given or "").split(",") if one.strip()]


def check_network(subnets: Sequence[str], zones: Sequence[str]) -> None:
    """A group needs subnets, or Availability Zones that stand for their default subnets."""
    if not subnets and not zones:
        raise invalid("At least one Availability Zone or VPC Subnet is required.")


def check_health(request: Mapping[str, Any]) -> None:
    """EC2's own state is the only health check built; load balancers and EBS are not here."""
    kind = request.get("HealthCheckType")
    if kind is not None and kind != "EC2":
        raise _HEALTH_CHECKS(f"the HealthCheckType {kind}")
    for member in ("HealthCheckGracePeriod", "DefaultCooldown"):
        if request.get(member, 0) < 0:
            raise invalid(f"{member} must be greater than or equal to 0.")


def check_termination_policies(given: Sequence[str]) -> None:
    """Known names only; a Lambda function as policy is not built."""
    for one in given:
        if one.startswith("arn:"):
            raise _LAMBDA_POLICIES("a Lambda function as termination policy")
        if one not in POLICIES:
            raise invalid(f"Invalid termination policy: {one}")


def check_role(ctx: Context, given: str) -> None:
    """A ServiceLinkedRoleARN must be one of this service's roles, and there [texts: guess]."""
    name = given.rsplit("/", 1)[-1]
    role = ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, name)
    if role is None or role.arn != given or role.path != "/aws-service-role/autoscaling.amazonaws.com/":
        raise invalid(f"Invalid ServiceLinkedRoleARN: {given}")
