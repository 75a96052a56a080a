"""What a launch asks for: a request of RunInstances over the launch template that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.ec2.launching.launch_template_rows import (
    find_template,
    find_version,
    require_template,
    require_version,
)
from batchyard.services.ec2.places import Place, place
from batchyard.services.ec2.tags.tag_specifications import by_type
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

HONOURED = frozenset(
    {
        "BlockDeviceMappings",
        "CreditSpecification",
        "EbsOptimized",
        "IamInstanceProfile",
        "ImageId",
        "InstanceInitiatedShutdownBehavior",
        "InstanceMarketOptions",
        "InstanceType",
        "KeyName",
        "MaintenanceOptions",
        "MetadataOptions",
        "Monitoring",
        "NetworkInterfaces",
        "Placement",
        "PrivateDnsNameOptions",
        "SecurityGroupIds",
        "SecurityGroups",
        "TagSpecifications",
        "UserData",
    }
)
"""Members that a launch and a launch template share and that are honoured. User data, volumes, metadata and CPU
credit options, monitoring and shutdown behaviour are kept and shown; on `process` they have no further effect."""

_NEUTRAL = (
    "CapacityReservationSpecification",
    "CpuOptions",
    "DisableApiStop",
    "DisableApiTermination",
    "ElasticInferenceAccelerators",
    "EnclaveOptions.Enabled",
    "HibernationOptions.Configured",
    "KernelId",
    "LicenseSpecifications",
    "NetworkPerformanceOptions",
    "Operator",
    "SecondaryInterfaces",
    "Placement.Affinity",
    "Placement.AvailabilityZoneId",
    "Placement.GroupId",
    "Placement.HostId",
    "Placement.HostResourceGroupArn",
    "Placement.PartitionNumber",
    "Placement.SpreadDomain",
    "InstanceMarketOptions.SpotOptions.BlockDurationMinutes",
    "InstanceMarketOptions.SpotOptions.ValidUntil",
    "NetworkInterfaces.AssociateCarrierIpAddress",
    "NetworkInterfaces.ConnectionTrackingSpecification",
    "NetworkInterfaces.EnaQueueCount",
    "NetworkInterfaces.EnaSrdSpecification",
    "NetworkInterfaces.Ipv4PrefixCount",
    "NetworkInterfaces.Ipv4Prefixes",
    "NetworkInterfaces.Ipv6AddressCount",
    "NetworkInterfaces.Ipv6Addresses",
    "NetworkInterfaces.Ipv6PrefixCount",
    "NetworkInterfaces.Ipv6Prefixes",
    "NetworkInterfaces.NetworkInterfaceId",
    "NetworkInterfaces.PrimaryIpv6",
    "NetworkInterfaces.PrivateIpAddresses",
    "NetworkInterfaces.SecondaryPrivateIpAddressCount",
)
"""Members refused in a launch and in a template, unless they say what is so anyway (false, empty)."""

REFUSED_IN_LAUNCH = (
    *_NEUTRAL,
    "BlockDeviceMappings.Ebs.AvailabilityZone",
    "BlockDeviceMappings.Ebs.AvailabilityZoneId",
    "BlockDeviceMappings.Ebs.OutpostArn",
    "Monitoring.MetricCategoryIds",
    "RamdiskId",
    "ElasticGpuSpecification",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "EnablePrimaryIpv6",
    "AdditionalInfo",
)
REFUSED_IN_TEMPLATE = (
    *_NEUTRAL,
    "RamDiskId",
    "ElasticGpuSpecifications",
    "InstanceRequirements",
    "Monitoring.MetricCategoryIds",
)

HONOURED_IN_LAUNCH = (
    HONOURED
    | {"ClientToken", "LaunchTemplate", "MaxCount", "MinCount", "PrivateIpAddress", "SubnetId"}
    | {path.partition(".")[0] for path in REFUSED_IN_LAUNCH}
)
_NOT_INHERITED = {"TagSpecifications", "LaunchTemplate", "ClientToken", "MaxCount", "MinCount", "DryRun"}


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch: the merged members, which of them the request gave itself, its tags by resource type."""

    data: dict[str, Any]
    own: frozenset[str]
    tags: dict[str, dict[str, str]]
    template: Row | None = None
    version: int | None = None

    @property
    def is_spot(self) -> bool:
        options = self.data.get("InstanceMarketOptions") or {}
        return bool(options.get("MarketType") == "spot")

    @property
    def interface(self) -> Mapping[str, Any]:
        """The network interface that is described, if any."""
        interfaces = self.data.get("NetworkInterfaces") or [{}]
        found: Mapping[str, Any] = interfaces[0]
        return found


def read_launch(tx: Transaction, where: Place, request: Mapping[str, Any]) -> Launch:
    """The launch that a request asks for, for authorization: a template that is not there adds nothing."""
    named = request.get("LaunchTemplate")
    if not named:
        return _merged(request, None, None)
    template = find_template(tx, where, named)
    version = template and find_version(tx, where, template, named.get("Version", "$Default"))
    return _merged(request, template, version)


def require_launch(ctx: Context, request: Mapping[str, Any]) -> Launch:
    """As `read_launch`; raises where the template or its version is not there."""
    named = request.get("LaunchTemplate")
    if not named:
        return _merged(request, None, None)
    template = require_template(ctx.read, place(ctx), named)
    version = require_version(ctx.read, place(ctx), template, named.get("Version", "$Default"))
    return _merged(request, template, version)


def _merged(request: Mapping[str, Any], template: Row | None, version: Row | None) -> Launch:
    """Each member of the request over the template's; tags key by key (EC2 User Guide, launch templates)."""
    own = {key: value for key, value in request.items() if key not in _NOT_INHERITED}
    stored: dict[str, Any] = dict(version.data) if version else {}
    tags = by_type(stored.pop("TagSpecifications", ()))
    for kind, given in by_type(request.get("TagSpecifications")).items():
        tags.setdefault(kind, {}).update(given)
    return Launch(
        data={**stored, **own},
        own=frozenset(own),
        tags=tags,
        template=template,
        version=version.version if version else None,
    )
