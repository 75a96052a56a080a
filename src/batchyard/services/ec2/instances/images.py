"""Amazon Machine Images: a few of Amazon's own in every Region. `process` runs attempts without them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from batchyard import ids
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.refusals import IMAGE
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import DescribeImagesRequestTypeDef

ECS_OWNER = "591542846629"
"""The account that publishes the ECS-optimised images [recorded in public AMI listings]."""
LINUX_OWNER = "137112412989"
"""The account that publishes Amazon Linux [recorded in public AMI listings]."""

ROOT_DEVICE = "/dev/xvda"

_PUBLISHED = (
    ("al2023-ami-ecs-hvm-2023.0.20250610-kernel-6.1-x86_64", "x86_64", ECS_OWNER, "2025-06-10"),
    ("al2023-ami-ecs-hvm-2023.0.20250610-kernel-6.1-arm64", "arm64", ECS_OWNER, "2025-06-10"),
    ("al2023-ami-ecs-gpu-hvm-2023.0.20250610-kernel-6.1-x86_64-ebs", "x86_64", ECS_OWNER, "2025-06-10"),
    ("amzn2-ami-ecs-hvm-2.0.20250610-x86_64-ebs", "x86_64", ECS_OWNER, "2025-06-10"),
    ("amzn2-ami-ecs-hvm-2.0.20250610-arm64-ebs", "arm64", ECS_OWNER, "2025-06-10"),
    ("amzn2-ami-ecs-gpu-hvm-2.0.20250610-x86_64-ebs", "x86_64", ECS_OWNER, "2025-06-10"),
    ("al2023-ami-2023.7.20250609.0-kernel-6.1-x86_64", "x86_64", LINUX_OWNER, "2025-06-09"),
    ("al2023-ami-2023.7.20250609.0-kernel-6.1-arm64", "arm64", LINUX_OWNER, "2025-06-09"),
)
"""Names in the form of AWS's; ids are made from Region and name, so they stay the same."""

_FILTERS: dict[str, filters.Attribute] = {
    "architecture": "Architecture",
    "creation-date": "CreationDate",
    "description": "Description",
    "ena-support": "EnaSupport",
    "hypervisor": "Hypervisor",
    "image-id": "ImageId",
    "image-type": "ImageType",
    "is-public": "Public",
    "name": "Name",
    "owner-alias": "ImageOwnerAlias",
    "owner-id": "OwnerId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "state": "State",
    "virtualization-type": "VirtualizationType",
}


@functools.lru_cache(maxsize=128)
def published(region: str) -> dict[str, dict[str, Any]]:
    """The images of a Region by id, as DescribeImages gives them."""
    described = [_describe(region, *one) for one in _PUBLISHED]
    return {one["ImageId"]: one for one in described}


def find_image(region: str, identity: str) -> dict[str, Any] | None:
    """An image by its id."""
    return published(region).get(identity)


_SHARED: dict[str, Any] = {
    "ImageType": "machine",
    "ImageOwnerAlias": "amazon",
    "Public": True,
    "State": "available",
    "PlatformDetails": "Linux/UNIX",
    "UsageOperation": "RunInstances",
    "EnaSupport": True,
    "Hypervisor": "xen",
    "VirtualizationType": "hvm",
    "RootDeviceName": ROOT_DEVICE,
    "RootDeviceType": "ebs",
    "Tags": [],
}


def _describe(region: str, name: str, architecture: str, owner: str, day: str) -> dict[str, Any]:
    unique = ids.uuid3(f"{region}/{name}").replace("-", "")
    root = {
        "DeleteOnTermination": True,
        "Encrypted": False,
        "SnapshotId": f"snap-{unique[-17:]}",
        "VolumeSize": 30 if owner == ECS_OWNER else 8,
        "VolumeType": "gp3" if name.startswith("al2023") else "gp2",
    }
    return {
        **_SHARED,
        "ImageId": f"ami-{unique[:17]}",
        "Name": name,
        "Description": f"Amazon Linux image {name}",
        "ImageLocation": f"amazon/{name}",
        "OwnerId": owner,
        "Architecture": architecture,
        "CreationDate": f"{day}T00:00:00.000Z",
        "BlockDeviceMappings": [{"DeviceName": ROOT_DEVICE, "Ebs": root}],
    }


@ec2.operation(
    on=ANY,
    honours={
        "ImageIds",
        "Owners",
        "Filters",
        "IncludeDeprecated",
        "IncludeDisabled",
        "NextToken",
        "MaxResults",
    },
)
def describe_images(ctx: Context, request: DescribeImagesRequestTypeDef) -> dict[str, Any]:
    """Amazon's images of the Region, or those named."""
    found = list(published(ctx.region).values())
    named = request.get("ImageIds")
    for one in named or ():
        if find_image(ctx.region, one) is None:
            raise IMAGE.error(ctx, one)
    owners = request.get("Owners")
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="ImageId")
    items = [
        one
        for one in found
        if (not named or one["ImageId"] in named) and (not owners or {"amazon", one["OwnerId"]} & set(owners))
    ]
    listed = filter(matches, pages.sorted_items(request, items, position="ImageId"))
    return pages.answer(ctx, request, "Images", listed, position="ImageId", smallest=1)
