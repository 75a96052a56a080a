"""An instance as DescribeInstances shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.ec2.instances.instance_rows import STATE_CODES
from batchyard.services.ec2.networks.zones import zone_id
from batchyard.services.ec2.places import place
from batchyard.services.ec2.tags.tag_rows import tag_lists
from batchyard.store.prepared import Row

_METADATA = {
    "State": "applied",
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": 1,
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}


_SHARED: dict[str, Any] = {
    "PublicDnsName": "",
    "PrivateDnsName": "",
    "StateTransitionReason": "",
    "ProductCodes": [],
    "Hypervisor": "xen",
    "VirtualizationType": "hvm",
    "RootDeviceType": "ebs",
    "EnaSupport": True,
    "PlatformDetails": "Linux/UNIX",
    "UsageOperation": "RunInstances",
    "BlockDeviceMappings": [],
    "SecurityGroups": [],
    "NetworkInterfaces": [],
}
"""What is the same of all; no instance here has a public address."""


def state(name: str) -> dict[str, Any]:
    """A state with its code."""
    return {"Code": STATE_CODES[name], "Name": name}


def describe_rows(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Instances with their tags, each beside its reservation's id under `ReservationId`."""
    tags = tag_lists(ctx.read, place(ctx), [row.id for row in rows])
    return [{**describe(ctx, row), "Tags": tags[row.id]} for row in rows]


def reservations(ctx: Context, described: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """(reservation id, instance) pairs as reservations."""
    ordered = sorted(described, key=lambda one: (one[0], one[1]["AmiLaunchIndex"]))
    return [
        {
            "ReservationId": identity,
            "OwnerId": ctx.account,
            "Groups": [],
            "Instances": [instance for _, instance in members],
        }
        for identity, members in groupby(ordered, key=lambda one: one[0])
    ]


def describe(ctx: Context, row: Row) -> dict[str, Any]:
    """One instance, without its tags."""
    launched = row.launched_with
    answer: dict[str, Any] = {
        **_SHARED,
        "InstanceId": row.id,
        "ImageId": row.image_id,
        "InstanceType": row.instance_type,
        "AmiLaunchIndex": row.launch_index,
        "State": state(row.state),
        "LaunchTime": row.launched_at,
        "Placement": {
            "AvailabilityZone": row.availability_zone,
            "AvailabilityZoneId": zone_id(row.availability_zone),
            "GroupName": (launched.get("Placement") or {}).get("GroupName") or "",
            "Tenancy": (launched.get("Placement") or {}).get("Tenancy") or "default",
        },
        "Monitoring": {
            "State": "enabled" if (launched.get("Monitoring") or {}).get("Enabled") else "disabled"
        },
        "Architecture": launched["Architecture"],
        "RootDeviceName": launched["RootDeviceName"],
        "EbsOptimized": bool(launched.get("EbsOptimized")),
        "ClientToken": row.client_token or "",
        "MetadataOptions": {**_METADATA, **(launched.get("MetadataOptions") or {})},
    }
    answer.update(_optional(row, launched))
    if row.state != "terminated":
        answer.update(_attached(ctx, row, launched))
    return answer


def _optional(row: Row, launched: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if launched.get("KeyName"):
        found["KeyName"] = launched["KeyName"]
    if row.profile_arn:
        found["IamInstanceProfile"] = {"Arn": row.profile_arn}
    if row.lifecycle:
        found["InstanceLifecycle"] = row.lifecycle
        found["SpotInstanceRequestId"] = row.spot_request_id
    if row.state_reason:
        found["StateReason"] = row.state_reason
        found["StateTransitionReason"] = f"User initiated ({row.state_at:%Y-%m-%d %H:%M:%S} GMT)"
    return found


def _attached(ctx: Context, row: Row, launched: Mapping[str, Any]) -> dict[str, Any]:
    """Network and volumes, which a terminated instance no longer has."""
    name = f"ip-{row.private_ip.replace('.', '-')}.{_domain(ctx.region)}"
    attached = {"AttachTime": row.launched_at, "Status": "attached", "DeleteOnTermination": True}
    network = {
        "SubnetId": row.subnet_id,
        "VpcId": row.vpc_id,
        "PrivateIpAddress": row.private_ip,
        "PrivateDnsName": name,
        "SourceDestCheck": True,
    }
    address = {"Primary": True, "PrivateIpAddress": row.private_ip, "PrivateDnsName": name}
    interface = {
        **network,
        "NetworkInterfaceId": launched["NetworkInterfaceId"],
        "OwnerId": ctx.account,
        "Status": "in-use",
        "PrivateIpAddresses": [address],
        "Groups": row.security_groups,
        "InterfaceType": "interface",
        "Attachment": {**attached, "DeviceIndex": 0, "NetworkCardIndex": 0},
    }
    volumes = [
        {
            "DeviceName": one["DeviceName"],
            "Ebs": {
                **attached,
                "DeleteOnTermination": one["DeleteOnTermination"],
                "VolumeId": one["VolumeId"],
            },
        }
        for one in launched["Volumes"]
    ]
    return {
        **network,
        "SecurityGroups": row.security_groups,
        "BlockDeviceMappings": volumes,
        "NetworkInterfaces": [interface],
    }


def _domain(region: str) -> str:
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
