"""What RunInstances asks the policies: every resource that a launch touches, makes or passes on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.services.ec2.instances.images import find_image
from batchyard.services.ec2.instances.instance_keys import launched_keys, snapshots, volumes_keys
from batchyard.services.ec2.instances.key_pair_rows import find_key_pair, key_pair_tags
from batchyard.services.ec2.instances.placement_group_rows import find_placement_group
from batchyard.services.ec2.instances.profiles import passed_role, profile_arn
from batchyard.services.ec2.launching.launch_networks import Spot, read_spot
from batchyard.services.ec2.launching.launches import Launch, read_launch
from batchyard.services.ec2.networks.zones import zone_keys
from batchyard.services.ec2.nouns import LAUNCH_TEMPLATE, SECURITY_GROUP, SUBNET
from batchyard.services.ec2.places import arn, place
from batchyard.services.ec2.resources import placement_group_check
from batchyard.services.ec2.tags.tag_specifications import tag_keys, tagging_checks
from batchyard.store.types import encode

TAGGABLE = ("instance", "volume", "network-interface", "spot-instances-request")
"""What a launch makes and may tag."""


def launch_checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The resources of RunInstances in the service authorization reference, then ec2:CreateTags on what gets tags.

    Where the request names its template by name, a denial tells only what the request itself has [guess]: the same
    as if there were no such template.
    """
    launch = read_launch(ctx.read, place(ctx), request)
    ctx.effort.spend(per_instance(launch) * min(request.get("MaxCount") or 1, most_at_once(ctx, launch)))
    checks = _launch_checks(ctx, request, launch)
    if not (request.get("LaunchTemplate") or {}).get("LaunchTemplateName"):
        return checks
    given = encode({name: request[name] for name in request if name in launch.own})
    return (replace(check, told=_told(check, given)) for check in checks)


def _told(check: Check, given: str) -> str:
    """The check's ARN, with `*` for an identity that does not stand in `given`."""
    kind, _, identity = check.resource.partition("/")
    return check.resource if identity in given else f"{kind}/*"


def _launch_checks(ctx: Context, request: dict[str, Any], launch: Launch) -> Iterable[Check]:
    spot = read_spot(ctx.read, place(ctx), launch)
    yield _made(
        ctx, launch, "instance", {**_template_keys(ctx, launch, "InstanceType"), **_about(ctx, launch, spot)}
    )
    yield from _used(ctx, launch, spot)
    yield from _template(ctx, request.get("LaunchTemplate") or {}, launch)
    network: dict[str, Values] = {"ec2:Vpc": arn(place(ctx), f"vpc/{spot.vpc_id}")} if spot.vpc_id else {}
    if spot.subnet_id:
        network["ec2:Subnet"] = arn(place(ctx), f"subnet/{spot.subnet_id}")
    if "AssociatePublicIpAddress" in launch.interface:
        network["ec2:AssociatePublicIpAddress"] = str(launch.interface["AssociatePublicIpAddress"]).lower()
    yield _made(
        ctx, launch, "network-interface", {**_template_keys(ctx, launch, "NetworkInterfaces"), **network}
    )
    volume = _template_keys(ctx, launch, "BlockDeviceMappings")
    zone: dict[str, Values] = {"ec2:AvailabilityZone": spot.zone} if spot.zone else {}
    for keys in list(volumes_keys(ctx.region, launch.data)) or [{}]:
        yield _made(ctx, launch, "volume", {**volume, **zone, **keys})
    if launch.is_spot and launch.tags.get("spot-instances-request"):
        yield _made(ctx, launch, "spot-instances-request", {})
    made = [(arn(place(ctx), f"{kind}/*"), launch.tags.get(kind, {})) for kind in TAGGABLE]
    yield from tagging_checks("RunInstances", made)


_PER_INSTANCE, _PER_TAG, _FOR_LAUNCHES = 350.0, 15.0, 80_000.0
"""Microseconds for a launched instance, for a tag of one, and for all that one call launches."""


def per_instance(launch: Launch) -> float:
    """What it costs to launch one instance, and to tell it."""
    return _PER_INSTANCE + _PER_TAG * sum(map(len, launch.tags.values()))


def most_at_once(ctx: Context, launch: Launch) -> int:
    """How many instances one call launches at most."""
    return int(_FOR_LAUNCHES / per_instance(launch)) if ctx.call.origin.outside else sys.maxsize


def _made(ctx: Context, launch: Launch, kind: str, context: dict[str, Values]) -> Check:
    return Check(
        resource=arn(place(ctx), f"{kind}/*"), context={**context, **tag_keys(launch.tags.get(kind, {}))}
    )


def _template_keys(ctx: Context, launch: Launch, member: str) -> dict[str, Values]:
    """ec2:LaunchTemplate and, for what the template brings, ec2:IsLaunchTemplateResource."""
    if launch.template is None:
        return {"ec2:IsLaunchTemplateResource": "false"}
    return {
        "ec2:LaunchTemplate": arn(place(ctx), f"launch-template/{launch.template.id}"),
        "ec2:IsLaunchTemplateResource": "false" if member in launch.own else "true",
    }


def _about(ctx: Context, launch: Launch, spot: Spot) -> dict[str, Values]:
    data = launch.data
    keys: dict[str, Values] = {
        "ec2:InstanceType": data.get("InstanceType", "m1.small"),
        "ec2:InstanceMarketType": "spot" if launch.is_spot else "on-demand",
        **launched_keys(data),
    }
    if spot.zone:
        keys |= zone_keys(ctx, spot.zone)
    profile = profile_arn(ctx, data.get("IamInstanceProfile"))
    if profile:
        keys["ec2:InstanceProfile"] = profile
    return keys


def _used(ctx: Context, launch: Launch, spot: Spot) -> Iterable[Check]:
    """Image, subnet, security groups, key pair, placement group and snapshots."""
    data = launch.data
    yield image_check(ctx, data.get("ImageId"), **_template_keys(ctx, launch, "ImageId"))
    keys = _template_keys(ctx, launch, "SubnetId")
    yield SUBNET.check(ctx, spot.subnet_id or "*", **keys)
    told = arn(place(ctx), "security-group/*") if data.get("SecurityGroups") else None
    for group in spot.group_ids or ("*",):
        group_keys = _template_keys(ctx, launch, "SecurityGroupIds")
        check = SECURITY_GROUP.check(ctx, group, **group_keys)
        yield replace(check, told=told)
    if data.get("KeyName"):
        yield key_pair_check(ctx, data["KeyName"], **_template_keys(ctx, launch, "KeyName"))
    placed = (data.get("Placement") or {}).get("GroupName")
    if placed:
        check = placement_group_check(ctx, find_placement_group(ctx, placed), placed)
        keys = {**check.context, **_template_keys(ctx, launch, "Placement")}
        yield replace(check, context=keys, told=check.resource)
    for snapshot in snapshots(data):
        whole = f"arn:{ctx.partition}:ec2:{ctx.region}::snapshot/{snapshot}"
        yield Check(resource=whole, context=_template_keys(ctx, launch, "BlockDeviceMappings"))


def _template(ctx: Context, named: dict[str, Any], launch: Launch) -> Iterable[Check]:
    """The launch template, whether it is there or not."""
    if named:
        identity = launch.template.id if launch.template else named.get("LaunchTemplateId", "*")
        keys = _template_keys(ctx, launch, "LaunchTemplate")
        yield LAUNCH_TEMPLATE.check(ctx, identity, **keys)


def image_check(ctx: Context, image_id: str | None, **context: Values) -> Check:
    """The check on an image. It is Amazon's and public, so the caller's own policies decide about it alone."""
    image = find_image(ctx.region, image_id or "")
    keys: dict[str, Values] = {**context, "ec2:RootDeviceType": "ebs", "ec2:ImageType": "machine"}
    if image is not None and image_id:
        keys |= {"ec2:ImageID": image_id, "ec2:Owner": "amazon", "ec2:Public": "true"}
    return Check(
        resource=f"arn:{ctx.partition}:ec2:{ctx.region}::image/{image_id or '*'}",
        context=keys,
    )


def key_pair_check(ctx: Context, name: str, **context: Values) -> Check:
    """The check on a key pair, whose ARN has its name while its tags hang on its id.

    A denial tells nothing else of it, so that it is the same where there is no such pair.
    """
    keys = {"ec2:KeyPairName": name, **context}
    row = find_key_pair(ctx.read, place(ctx), name)
    if row is not None:
        keys["ec2:KeyPairType"] = row.key_type
    whole = arn(place(ctx), f"key-pair/{name}")
    return Check(resource=whole, context=keys, tags=lambda: key_pair_tags(ctx, name), told=whole)


def launch_passes(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """iam:PassRole for the role inside the instance profile."""
    launch = read_launch(ctx.read, place(ctx), request)
    return passed_role(ctx, launch.data.get("IamInstanceProfile"))
