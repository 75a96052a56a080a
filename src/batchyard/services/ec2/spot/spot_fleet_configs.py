"""What a Spot Fleet request asks for: its launch specifications as launches, and the rules for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.launching.launches import HONOURED, REFUSED_IN_LAUNCH
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.spot.spot_fleet_rows import FLEET_TAG

_SAME = HONOURED - {"TagSpecifications", "SecurityGroups", "Placement"}
_REFUSED = (
    "Context",
    "LoadBalancersConfig",
    "OnDemandMaxTotalPrice",
    "OnDemandTargetCapacity",
    "SpotMaintenanceStrategies",
    "TargetCapacityUnitType",
    "ValidFrom",
    "ValidUntil",
    "LaunchSpecifications.AddressingType",
    "LaunchSpecifications.InstanceRequirements",
    "LaunchTemplateConfigs.Overrides.InstanceRequirements",
    "LaunchTemplateConfigs.Overrides.AvailabilityZoneId",
)
REFUSED = (
    *(f"SpotFleetRequestConfig.{path}" for path in _REFUSED),
    *(f"SpotFleetRequestConfig.LaunchSpecifications.{path}" for path in REFUSED_IN_LAUNCH),
)
"""Refused with 501. Prices, interruption behaviour and pools are kept and shown: here nothing has a price and
nothing is interrupted."""

_PLACEMENT_GROUPS = ec2.unbuilt(
    "`SpotFleetRequestConfig.LaunchSpecifications.Placement.GroupName`", on=["RequestSpotFleet"]
)
_STRATEGIES = {
    "lowestPrice",
    "diversified",
    "capacityOptimized",
    "capacityOptimizedPrioritized",
    "priceCapacityOptimized",
}


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to launch: RunInstances' members, the subnets to choose from, the capacity that one instance is."""

    launch: dict[str, Any]
    subnets: tuple[str, ...]
    weight: float
    priority: float = 0.0


def invalid(member: str) -> ApiError:
    """InvalidSpotFleetRequestConfig (batch-on-behalf.md 6)."""
    return ApiError(
        "InvalidSpotFleetRequestConfig", f"Parameter: SpotFleetRequestConfig.{member} is invalid."
    )


def check_config(ctx: Context, config: Mapping[str, Any]) -> None:
    """Refuse what EC2 refuses before it takes a request on."""
    _check_role(ctx, str(config.get("IamFleetRole", "")))
    if config["TargetCapacity"] < 0:
        raise invalid("TargetCapacity")
    if config.get("Type", "maintain") not in ("maintain", "request"):
        raise invalid("Type")
    if config.get("AllocationStrategy", "lowestPrice") not in _STRATEGIES:
        raise invalid("AllocationStrategy")
    if bool(config.get("LaunchSpecifications")) == bool(config.get("LaunchTemplateConfigs")):
        raise invalid("LaunchSpecifications")
    for one in specifications(config):
        if one.weight <= 0:
            raise invalid("LaunchSpecifications")
    for one in config.get("LaunchSpecifications") or ():
        if "ImageId" not in one or "InstanceType" not in one:
            raise invalid("LaunchSpecifications")
        if (one.get("Placement") or {}).get("GroupName"):
            raise _PLACEMENT_GROUPS("placement groups of a Spot Fleet")


def _check_role(ctx: Context, role_arn: str) -> None:
    """The fleet's role has to be a role of the account that is there."""
    owner = f"arn:{ctx.partition}:iam::{ctx.account}:role/"
    name = role_arn.rsplit("/", 1)[-1]
    found = ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, name)
    if not role_arn.startswith(owner) or found is None or found.arn != role_arn:
        raise invalid("IamFleetRole")


def specifications(config: Mapping[str, Any]) -> list[Specification]:
    """The ways to launch, in the order in which the strategy tries them.

    Nothing has a price here, so `lowestPrice` and its kin take the first; priorities count from low to high.
    """
    found = [_of_specification(one) for one in config.get("LaunchSpecifications") or ()]
    for one in config.get("LaunchTemplateConfigs") or ():
        named = {"LaunchTemplate": dict(one.get("LaunchTemplateSpecification") or {})}
        overrides = one.get("Overrides") or [{}]
        found += [_of_override(named, override) for override in overrides]
    if config.get("AllocationStrategy") == "capacityOptimizedPrioritized":
        found.sort(key=lambda one: one.priority)
    return found


def _of_specification(given: Mapping[str, Any]) -> Specification:
    launch = {key: value for key, value in given.items() if key in _SAME}
    groups = given.get("SecurityGroups") or ()
    ids = [one["GroupId"] for one in groups if "GroupId" in one]
    names = [one["GroupName"] for one in groups if "GroupId" not in one and "GroupName" in one]
    placement = given.get("Placement") or {}
    if ids:
        launch["SecurityGroupIds"] = ids
    if names:
        launch["SecurityGroups"] = names
    if placement.get("Tenancy"):
        launch["Placement"] = {"Tenancy": placement["Tenancy"]}
    if given.get("TagSpecifications"):
        launch["TagSpecifications"] = given["TagSpecifications"]
    return _spread(
        launch, given.get("SubnetId"), placement.get("AvailabilityZone"), given.get("WeightedCapacity")
    )


def _of_override(named: Mapping[str, Any], given: Mapping[str, Any]) -> Specification:
    launch = dict(named)
    if "InstanceType" in given:
        launch["InstanceType"] = given["InstanceType"]
    return _spread(
        launch,
        given.get("SubnetId"),
        given.get("AvailabilityZone"),
        given.get("WeightedCapacity"),
        priority=given.get("Priority", 0.0),
    )


def _spread(
    launch: dict[str, Any],
    subnets: str | None,
    zones: str | None,
    weight: float | None,
    *,
    priority: float = 0.0,
) -> Specification:
    """Subnets come as a list with commas; so do zones, of which the first is taken."""
    if zones:
        zone = zones.split(",")[0].strip()
        launch["Placement"] = {**launch.get("Placement", {}), "AvailabilityZone": zone}
    chosen = tuple(one.strip() for one in (subnets or "").split(",") if one.strip())
    return Specification(launch, chosen, 1.0 if weight is None else float(weight), priority)


def launch_request(
    specification: Specification, *, fleet_id: str, token: str, count: int, turn: int
) -> dict[str, Any]:
    """RunInstances' request for `count` instances of a fleet; `turn` chooses among the subnets."""
    request: dict[str, Any] = dict(specification.launch)
    tags = [dict(one) for one in request.pop("TagSpecifications", ())]
    own = {"Key": FLEET_TAG, "Value": fleet_id}
    for one in tags:
        if one.get("ResourceType") == "instance":
            one["Tags"] = [*(one.get("Tags") or ()), own]
            break
    else:
        tags.append({"ResourceType": "instance", "Tags": [own]})
    if specification.subnets:
        request["SubnetId"] = specification.subnets[turn % len(specification.subnets)]
    return {
        **request,
        "TagSpecifications": tags,
        "InstanceMarketOptions": {"MarketType": "spot"},
        "MinCount": count,
        "MaxCount": count,
        "ClientToken": token,
    }
