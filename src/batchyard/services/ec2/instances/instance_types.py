"""Instance types: what EC2 offers, from the table of AWS's own list."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.data import instance_types
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.networks.zones import zone_id, zone_names
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        DescribeInstanceTypeOfferingsRequestTypeDef,
        DescribeInstanceTypesRequestTypeDef,
    )

_FILTERS: dict[str, filters.Attribute] = {
    "bare-metal": "BareMetal",
    "current-generation": "CurrentGeneration",
    "instance-type": "InstanceType",
    "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
    "processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures",
    "supported-usage-class": "SupportedUsageClasses",
    "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
}
_PAGE = 100


@ec2.operation(on=ANY, honours={"InstanceTypes", "Filters", "NextToken", "MaxResults"})
def describe_instance_types(ctx: Context, request: DescribeInstanceTypesRequestTypeDef) -> dict[str, Any]:
    """Instance types by name, 100 at a time where no types are named (EC2 API reference)."""
    named = request.get("InstanceTypes")
    unknown = [one for one in named or () if instance_types.find(one) is None]
    if unknown:
        raise ApiError(
            "InvalidInstanceType",
            f"The following supplied instance types do not exist: [{', '.join(unknown)}]",
        )
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="InstanceType")
    items = pages.sorted_items(
        request,
        map(described, named or instance_types.names()),
        position="InstanceType",
    )
    paged = request if named else {"MaxResults": _PAGE, **request}
    return pages.answer(
        ctx, paged, "InstanceTypes", filter(matches, items), position="InstanceType", largest=_PAGE
    )


@functools.cache
def described(name: str) -> dict[str, Any]:
    """What the table knows of an instance type, as DescribeInstanceTypes gives it."""
    found = instance_types.find(name)
    if found is None:
        raise LookupError(f"the instance type {name} is not in the table")
    answer: dict[str, Any] = {
        "InstanceType": found.name,
        "CurrentGeneration": found.is_current_generation,
        "BareMetal": found.is_bare_metal,
        "SupportedUsageClasses": ["on-demand", "spot"],
        "SupportedRootDeviceTypes": ["ebs"],
        "SupportedVirtualizationTypes": ["hvm"],
        "ProcessorInfo": {"SupportedArchitectures": [found.architecture]},
        "VCpuInfo": {"DefaultVCpus": found.vcpus},
        "MemoryInfo": {"SizeInMiB": found.memory_mib},
    }
    if found.gpus:
        answer["GpuInfo"] = {"Gpus": [{"Count": found.gpus}]}
    return answer


_OFFERING_FILTERS: dict[str, filters.Attribute] = {"instance-type": "InstanceType", "location": "Location"}


@ec2.operation(on=ANY, honours={"LocationType", "Filters", "NextToken", "MaxResults"})
def describe_instance_type_offerings(
    ctx: Context, request: DescribeInstanceTypeOfferingsRequestTypeDef
) -> dict[str, Any]:
    """Which types are offered where: here all of them, in every zone."""
    kind = request.get("LocationType", "region")
    matches = filters.predicate(ctx, request.get("Filters"), _OFFERING_FILTERS, key=_position)
    after = pages.start(request)
    offered = (one for one in _offerings(ctx, kind) if _position(one) > after and matches(one))
    return pages.answer(ctx, request, "InstanceTypeOfferings", offered, position=_position)


def _offerings(ctx: Context, kind: str) -> Iterable[dict[str, Any]]:
    locations = {
        "region": [ctx.region],
        "availability-zone": zone_names(ctx.region),
        "availability-zone-id": [zone_id(one) for one in zone_names(ctx.region)],
    }.get(kind, [])
    for name in sorted(instance_types.names()):
        for location in locations:
            yield {"InstanceType": name, "LocationType": kind, "Location": location}


def _position(offering: dict[str, Any]) -> str:
    return f"{offering['InstanceType']}/{offering['Location']}"
