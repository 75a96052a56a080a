"""What policies may ask about an instance and about the volumes of a launch (service authorization reference)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.services.ec2.instances.images import find_image
from batchyard.services.ec2.instances.instance_rows import find_instance
from batchyard.services.ec2.networks.zones import zone_id
from batchyard.services.ec2.places import place

_METADATA = ("HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit")
_OF_VOLUME = {
    "VolumeSize": "VolumeSize",
    "VolumeType": "VolumeType",
    "Iops": "VolumeIops",
    "Throughput": "VolumeThroughput",
    "VolumeInitializationRate": "VolumeInitializationRate",
    "KmsKeyId": "KmsKeyID",
}


def instance_keys(ctx: Context, identity: str) -> dict[str, Values]:
    """The ec2: keys of an instance; none where it does not exist."""
    row = find_instance(ctx.read, place(ctx), identity)
    if row is None:
        return {}
    keys = {
        "ec2:InstanceID": identity,
        "ec2:InstanceType": row.instance_type,
        "ec2:AvailabilityZone": row.availability_zone,
        "ec2:AvailabilityZoneId": zone_id(row.availability_zone),
        "ec2:InstanceMarketType": row.lifecycle or "on-demand",
        **launched_keys(row.launched_with),
    }
    if row.profile_arn:
        keys["ec2:InstanceProfile"] = row.profile_arn
    return keys


def launched_keys(data: Mapping[str, Any]) -> dict[str, Values]:
    """The keys of what an instance is launched with, before and after."""
    options = data.get("MetadataOptions") or {}
    keys: dict[str, Values] = {
        "ec2:Tenancy": (data.get("Placement") or {}).get("Tenancy") or "default",
        "ec2:EbsOptimized": "true" if data.get("EbsOptimized") else "false",
        "ec2:RootDeviceType": "ebs",
    }
    keys.update({f"ec2:Metadata{name}": str(options[name]) for name in _METADATA if name in options})
    if "InstanceMetadataTags" in options:
        keys["ec2:InstanceMetadataTags"] = options["InstanceMetadataTags"]
    return keys


def volumes_keys(region: str, data: Mapping[str, Any]) -> Iterator[dict[str, Values]]:
    """The keys of each volume that a launch makes: the image's, with what the request says of them, then its own."""
    image = find_image(region, data.get("ImageId") or "")
    devices: dict[str, dict[str, Any]] = {}
    for mappings in ((image or {}).get("BlockDeviceMappings"), data.get("BlockDeviceMappings")):
        for one in mappings or ():
            if "Ebs" in one:
                devices.setdefault(one.get("DeviceName", ""), {}).update(one["Ebs"])
    for ebs in devices.values():
        keys: dict[str, Values] = {"ec2:Encrypted": "true" if ebs.get("Encrypted") else "false"}
        yield keys | {f"ec2:{key}": str(ebs[name]) for name, key in _OF_VOLUME.items() if name in ebs}


def snapshots(data: Mapping[str, Any]) -> list[str]:
    """The snapshots that a launch names for its volumes."""
    named = ((one.get("Ebs") or {}).get("SnapshotId") for one in data.get("BlockDeviceMappings") or ())
    return [one for one in named if one]
