"""RunInstances: a launch, checked as EC2 checks it and written as instances that are pending."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from batchyard.data import instance_types
from batchyard.data.instance_types import InstanceType
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.instances.images import find_image
from batchyard.services.ec2.instances.instance_rows import (
    CONTROLLER,
    GROUPING,
    TOPIC,
    find_launched,
    insert_instances,
    list_instances,
)
from batchyard.services.ec2.instances.instance_views import describe_rows, reservations
from batchyard.services.ec2.instances.key_pair_rows import require_key_pair
from batchyard.services.ec2.instances.placement_group_rows import find_placement_group
from batchyard.services.ec2.instances.profiles import profile_arn, require_profile
from batchyard.services.ec2.launching.launch_checks import (
    TAGGABLE,
    launch_checks,
    launch_passes,
    most_at_once,
)
from batchyard.services.ec2.launching.launch_networks import Attachment, attach
from batchyard.services.ec2.launching.launches import (
    HONOURED_IN_LAUNCH,
    REFUSED_IN_LAUNCH,
    Launch,
    require_launch,
)
from batchyard.services.ec2.places import arn, new_id, place
from batchyard.services.ec2.refusals import IMAGE, invalid_combination, invalid_value, missing, token_mismatch
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.service_role import SPOT_PRINCIPAL, ensure_role
from batchyard.services.ec2.tags.tag_rows import put_tags
from batchyard.services.ec2.tags.tag_specifications import check_number, checked
from batchyard.store.prepared import Row
from batchyard.store.types import encode

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import RunInstancesRequestTypeDef

LARGEST_USER_DATA = 16384
_DEFAULT_TYPE = "m1.small"

_MARKET_TYPES = ec2.unbuilt(
    "`InstanceMarketOptions.MarketType` other than `spot` and `on-demand`", on=["RunInstances"]
)
_SPOT_TYPES = ec2.unbuilt(
    "`InstanceMarketOptions.SpotOptions.SpotInstanceType` other than `one-time`", on=["RunInstances"]
)


def _would_launch(ctx: Context, request: Any) -> dict[str, str]:
    """What a dry run asks for beside permissions: that the things named are there; tells the template and its version.

    So what was allowed is what is there, not what may be made under its name later. That EC2 looks it up is
    recorded through Auto Scaling, which makes a dry run and tells EC2's text behind its own
    (hashicorp/terraform-provider-aws#4769: an instance profile that is not there).
    """
    return _template_of(_required(ctx, request))


def _required(ctx: Context, request: Any) -> Launch:
    """The launch that a request asks for; raises where a thing that it names is missing or does not fit."""
    checked(request.get("TagSpecifications"), allowed=TAGGABLE)
    launch = require_launch(ctx, request)
    for given in launch.tags.values():
        check_number(given)
    _count(request, most_at_once(ctx, launch))
    _image_and_type(ctx, launch.data)
    _check_options(ctx, launch)
    require_profile(ctx, launch.data.get("IamInstanceProfile"))
    return launch


@ec2.operation(
    on=[launch_checks],
    passes=[launch_passes],
    writes=True,
    honours=HONOURED_IN_LAUNCH,
    refuses=REFUSED_IN_LAUNCH,
    requires=_would_launch,
)
def run_instances(ctx: Context, request: RunInstancesRequestTypeDef) -> dict[str, Any]:
    """Launch MaxCount instances: an instance is a row with its type's vCPUs and memory (docs/decisions/0000).

    A client token launches once; its instances are then answered as they are now.
    """
    token = request.get("ClientToken")
    digest = digest_of(request)
    before = find_launched(ctx.read, place(ctx), token) if token else []
    if before:
        if before[0].request_digest != digest:
            raise token_mismatch()
        return _answer(ctx, before)
    launch = _required(ctx, request)
    rows = _rows(ctx, launch, _count(request, most_at_once(ctx, launch)), token=token, digest=digest)
    insert_instances(ctx.write, rows)
    _tag(ctx, launch, rows)
    for row in rows:
        ctx.intend(CONTROLLER, row["id"], grouping=GROUPING, delay_seconds=ctx.runtime.settings.pace)
        ctx.announce(TOPIC, row["id"])
        ctx.note_resource(arn(place(ctx), f"instance/{row['id']}"))
    return _answer(ctx, _as_read(ctx, rows))


def digest_of(request: Mapping[str, Any]) -> str:
    """What an idempotent request asks for, as a short digest."""
    text = encode({key: request[key] for key in sorted(request) if key != "DryRun"})
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _answer(ctx: Context, rows: list[Row]) -> dict[str, Any]:
    described = describe_rows(ctx, rows)
    return reservations(ctx, [(rows[0].reservation_id, one) for one in described])[0]


def _count(request: Any, most: int) -> int:
    """How many: MaxCount, or fewer but MinCount at least, where that many are not launched at once."""
    smallest, largest = request["MinCount"], request["MaxCount"]
    if smallest < 1:
        raise invalid_value(f"Value ({smallest}) for parameter minCount is invalid. Must be greater than 0.")
    if largest < smallest:
        raise invalid_combination(f"MinCount ({smallest}) may not be greater than MaxCount ({largest})")
    if smallest > most:
        # As where a zone has no room for all of them; the text is EC2's for that, shortened [guess].
        text = f"We currently do not have sufficient capacity for {smallest} instances in one request."
        raise ApiError("InsufficientInstanceCapacity", text, status=500)
    return int(min(largest, most))


def _rows(
    ctx: Context, launch: Launch, count: int, *, token: str | None, digest: str
) -> list[dict[str, Any]]:
    """The new instances' rows; raises where the network has no room for them."""
    image, kind = _image_and_type(ctx, launch.data)
    profile = profile_arn(ctx, launch.data.get("IamInstanceProfile"))
    attachment = attach(ctx, launch, count)
    if launch.is_spot:
        ensure_role(ctx, SPOT_PRINCIPAL)
    shared = {
        **place(ctx),
        **_where(attachment),
        **_what(image, kind),
        "reservation_id": new_id("r-"),
        "client_token": token,
        "request_digest": digest,
        "state": "pending",
        "state_reason": None,
        "profile_arn": profile,
        "lifecycle": "spot" if launch.is_spot else "",
        "launched_at": ctx.now,
        "state_at": ctx.now,
    }
    return [
        {
            **shared,
            "id": new_id("i-"),
            "launch_index": index,
            "private_ip": address,
            "spot_request_id": new_id("sir-")[:12] if launch.is_spot else None,
            "launched_with": _kept(launch, image),
        }
        for index, address in enumerate(attachment.addresses)
    ]


def _what(image: Mapping[str, Any], kind: InstanceType) -> dict[str, Any]:
    return {
        "image_id": image["ImageId"],
        "instance_type": kind.name,
        "vcpus": kind.vcpus,
        "memory_mib": kind.memory_mib,
    }


def _where(attachment: Attachment) -> dict[str, Any]:
    subnet = attachment.subnet
    return {
        "subnet_id": subnet.id,
        "vpc_id": subnet.vpc_id,
        "availability_zone": subnet.availability_zone,
        "security_groups": [{"GroupId": one.id, "GroupName": one.name} for one in attachment.groups],
    }


def _image_and_type(ctx: Context, data: Mapping[str, Any]) -> tuple[dict[str, Any], InstanceType]:
    if not data.get("ImageId"):
        raise missing("ImageId")
    image = find_image(ctx.region, data["ImageId"])
    if image is None:
        raise IMAGE.error(ctx, data["ImageId"])
    name = data.get("InstanceType", _DEFAULT_TYPE)
    kind = instance_types.find(name)
    if kind is None:
        raise invalid_value(f"Invalid value '{name}' for InstanceType.")
    if kind.architecture != image["Architecture"] and kind.architecture != "i386":
        raise invalid_value(
            f"The architecture '{kind.architecture}' of the specified instance type does not match the"
            f" architecture '{image['Architecture']}' of the specified AMI. Specify an instance type and an AMI"
            " that have matching architectures, and try again. You can use 'describe-instance-types' or"
            " 'describe-images' to discover the architecture of the instance type or AMI."
        )
    return image, kind


def _check_options(ctx: Context, launch: Launch) -> None:
    data = launch.data
    if data.get("KeyName"):
        require_key_pair(ctx, data["KeyName"])
    group = (data.get("Placement") or {}).get("GroupName")
    if group and find_placement_group(ctx, group) is None:
        raise ApiError("InvalidPlacementGroup.Unknown", f"The Placement Group '{group}' is unknown.")
    market = data.get("InstanceMarketOptions") or {}
    if market.get("MarketType", "spot") not in ("spot", "on-demand"):
        raise _MARKET_TYPES(f"the market type {market['MarketType']}")
    if (market.get("SpotOptions") or {}).get("SpotInstanceType", "one-time") != "one-time":
        raise _SPOT_TYPES("persistent Spot Instance requests")
    if "UserData" in data:
        check_user_data(data["UserData"])


def check_user_data(text: str) -> None:
    """User data comes as base64 of at most 16 KiB."""
    try:
        raw = base64.b64decode(text, validate=False)
    except binascii.Error as error:
        raise invalid_value("Invalid BASE64 encoding of user data.") from error
    if len(raw) > LARGEST_USER_DATA:
        raise invalid_value(f"User data is limited to {LARGEST_USER_DATA} bytes")


def _kept(launch: Launch, image: Mapping[str, Any]) -> dict[str, Any]:
    """What one instance was launched with, and the volumes and the interface that it got of its own."""
    root = image["RootDeviceName"]
    devices: dict[str, bool] = {root: True}
    for mapping in launch.data.get("BlockDeviceMappings") or ():
        if "Ebs" in mapping:
            devices[mapping.get("DeviceName", root)] = mapping["Ebs"].get("DeleteOnTermination", True)
    return {
        **launch.data,
        "Architecture": image["Architecture"],
        "RootDeviceName": root,
        "NetworkInterfaceId": new_id("eni-"),
        "Volumes": [
            {"DeviceName": name, "VolumeId": new_id("vol-"), "DeleteOnTermination": ends}
            for name, ends in devices.items()
        ],
        **_template_of(launch),
    }


def _template_of(launch: Launch) -> dict[str, str]:
    if launch.template is None:
        return {}
    return {"LaunchTemplateId": launch.template.id, "LaunchTemplateVersion": str(launch.version)}


def _tag(ctx: Context, launch: Launch, rows: list[dict[str, Any]]) -> None:
    given = dict(launch.tags)
    if launch.template is not None:
        origin = {
            "aws:ec2launchtemplate:id": launch.template.id,
            "aws:ec2launchtemplate:version": str(launch.version),
        }
        given["instance"] = {**given.get("instance", {}), **origin}
    kept = [(row, row["launched_with"]) for row in rows]
    made = {
        "instance": [row["id"] for row in rows],
        "volume": [volume["VolumeId"] for _, launched in kept for volume in launched["Volumes"]],
        "network-interface": [launched["NetworkInterfaceId"] for _, launched in kept],
        "spot-instances-request": [row["spot_request_id"] for row in rows if row["spot_request_id"]],
    }
    for kind, identities in made.items():
        put_tags(ctx.write, place(ctx), kind, identities, given.get(kind, {}))


def _as_read(ctx: Context, rows: list[dict[str, Any]]) -> list[Row]:
    """The rows just written, as they are read."""
    found = [
        one for chunk in list_instances(ctx.read, place(ctx), [row["id"] for row in rows]) for one in chunk
    ]
    return sorted(found, key=lambda one: int(one.launch_index))
